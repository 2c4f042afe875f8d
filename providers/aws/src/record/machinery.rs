//! EC2: images, disks and types of machines, and what is recorded of their traffic, API version 2016-11-15.

use super::{
    leaf,
    network::{page, record},
};
use jiff::Timestamp;
use serde::Deserialize;

page!(Images {
    #[serde(deserialize_with = "leaf::list")]
    images_set: Vec<Image>,
});
record!(Image {
    #[serde(deserialize_with = "leaf::text")]
    image_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    name: Option<String>,
    /// `amazon` for what AWS itself publishes.
    #[serde(deserialize_with = "leaf::text")]
    image_owner_alias: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    creation_date: Option<Timestamp>,
});

page!(Volumes {
    #[serde(deserialize_with = "leaf::list")]
    volume_set: Vec<Volume>,
});
record!(Volume {
    #[serde(deserialize_with = "leaf::text")]
    volume_id: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    encrypted: Option<bool>,
    #[serde(deserialize_with = "leaf::text")]
    kms_key_id: Option<String>,
});

record!(EncryptionByDefault {
    #[serde(deserialize_with = "leaf::boolean")]
    ebs_encryption_by_default: Option<bool>,
});

page!(FlowLogs {
    #[serde(deserialize_with = "leaf::list")]
    flow_log_set: Vec<FlowLog>,
});
record!(FlowLog {
    #[serde(deserialize_with = "leaf::text")]
    flow_log_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    flow_log_status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    deliver_logs_status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    resource_id: Option<String>,
});

page!(VpcEndpoints {
    #[serde(deserialize_with = "leaf::list")]
    vpc_endpoint_set: Vec<VpcEndpoint>,
});
record!(VpcEndpoint {
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    service_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
});

page!(InstanceTypes {
    #[serde(deserialize_with = "leaf::list")]
    instance_type_set: Vec<InstanceType>,
});
record!(InstanceType {
    #[serde(deserialize_with = "leaf::text")]
    instance_type: Option<String>,
    network_info: Option<NetworkInfo>,
});
record!(NetworkInfo {
    #[serde(deserialize_with = "leaf::boolean")]
    encryption_in_transit_supported: Option<bool>,
});
