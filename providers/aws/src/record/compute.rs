//! EC2's machines and interfaces, launch templates and auto scaling groups.

use super::{
    leaf,
    network::{page, record},
};
use serde::Deserialize;

page!(Reservations {
    #[serde(deserialize_with = "leaf::list")]
    reservation_set: Vec<Reservation>,
});
record!(Reservation {
    #[serde(deserialize_with = "leaf::list")]
    instances_set: Vec<Instance>,
});
record!(Instance {
    #[serde(deserialize_with = "leaf::text")]
    instance_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    private_dns_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    subnet_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    key_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    image_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    instance_type: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    root_device_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    current_instance_boot_mode: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    tpm_support: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    block_device_mapping: Vec<BlockDevice>,
    #[serde(deserialize_with = "leaf::text")]
    instance_lifecycle: Option<String>,
    instance_state: Option<InstanceState>,
    iam_instance_profile: Option<InstanceProfile>,
    metadata_options: Option<MetadataOptions>,
    #[serde(deserialize_with = "leaf::list")]
    network_interface_set: Vec<Interface>,
    #[serde(deserialize_with = "leaf::list")]
    tag_set: Vec<Tag>,
});
impl Instance {
    /// Whether it runs or starts.
    pub(crate) fn is_up(&self) -> bool {
        let state = self.instance_state.as_ref().and_then(|state| state.name.as_deref());
        matches!(state, Some("pending" | "running"))
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, wanted: &str) -> Option<&str> {
        self.tag_set.iter().find(|tag| tag.key.as_deref() == Some(wanted)).and_then(|tag| tag.value.as_deref())
    }

    /// The clusters it says it belongs to, by the tags of whoever started it: self-managed
    /// (`kubernetes.io/cluster/NAME`), any that joined (`aws:eks:cluster-name`), managed (`eks:cluster-name`) and
    /// automatic (`eks:eks-cluster-name`).
    pub(crate) fn clusters(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for tag in &self.tag_set {
            let (Some(key), value) = (tag.key.as_deref(), tag.value.as_deref()) else { continue };
            match key {
                "aws:eks:cluster-name" | "eks:cluster-name" | "eks:eks-cluster-name" => names.extend(value),
                // The value is `owned`, or blanked when the cluster's name looks like that of a secret.
                _ => names.extend(key.strip_prefix("kubernetes.io/cluster/").filter(|_| value != Some("shared"))),
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

record!(InstanceState {
    #[serde(deserialize_with = "leaf::text")]
    name: Option<String>,
});
record!(BlockDevice {
    #[serde(deserialize_with = "leaf::text")]
    device_name: Option<String>,
    ebs: Option<BlockVolume>,
});
record!(BlockVolume {
    #[serde(deserialize_with = "leaf::text")]
    volume_id: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    delete_on_termination: Option<bool>,
});
record!(InstanceProfile {
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
});
record!(MetadataOptions {
    #[serde(deserialize_with = "leaf::text")]
    http_tokens: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    http_put_response_hop_limit: Option<i64>,
    #[serde(deserialize_with = "leaf::text")]
    http_endpoint: Option<String>,
});
record!(Tag {
    #[serde(deserialize_with = "leaf::text")]
    key: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    value: Option<String>,
});

page!(Interfaces {
    #[serde(deserialize_with = "leaf::list")]
    network_interface_set: Vec<Interface>,
});
record!(Interface {
    #[serde(deserialize_with = "leaf::text")]
    network_interface_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    subnet_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    description: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    interface_type: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    group_set: Vec<GroupId>,
    association: Option<Association>,
    #[serde(deserialize_with = "leaf::list")]
    private_ip_addresses_set: Vec<PrivateAddress>,
    #[serde(rename = "ipv6AddressesSet", deserialize_with = "leaf::list")]
    ipv6_addresses: Vec<Ipv6Address>,
    #[serde(rename = "ipv6PrefixSet", deserialize_with = "leaf::list")]
    ipv6_prefixes: Vec<Ipv6Prefix>,
});
record!(GroupId {
    #[serde(deserialize_with = "leaf::text")]
    group_id: Option<String>,
});
record!(Association {
    #[serde(deserialize_with = "leaf::text")]
    public_ip: Option<String>,
});
record!(PrivateAddress {
    #[serde(deserialize_with = "leaf::text")]
    private_ip_address: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    primary: Option<bool>,
    association: Option<Association>,
});
record!(Ipv6Address {
    #[serde(rename = "ipv6Address", deserialize_with = "leaf::text")]
    ipv6_address: Option<String>,
});
record!(Ipv6Prefix {
    #[serde(rename = "ipv6Prefix", deserialize_with = "leaf::text")]
    ipv6_prefix: Option<String>,
});

page!(LaunchTemplateVersions {
    #[serde(rename = "launchTemplateVersionSet", deserialize_with = "leaf::list")]
    versions: Vec<LaunchTemplateVersion>,
});
record!(LaunchTemplateVersion {
    #[serde(deserialize_with = "leaf::text")]
    version_number: Option<String>,
    launch_template_data: Option<LaunchTemplateData>,
});
record!(LaunchTemplateData {
    #[serde(deserialize_with = "leaf::text")]
    key_name: Option<String>,
    metadata_options: Option<MetadataOptions>,
    #[serde(deserialize_with = "leaf::list")]
    network_interface_set: Vec<TemplateInterface>,
    #[serde(deserialize_with = "leaf::text")]
    image_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    block_device_mapping_set: Vec<TemplateDevice>,
});
record!(TemplateDevice {
    ebs: Option<TemplateVolume>,
});
record!(TemplateVolume {
    #[serde(deserialize_with = "leaf::boolean")]
    encrypted: Option<bool>,
    #[serde(deserialize_with = "leaf::text")]
    kms_key_id: Option<String>,
});
record!(TemplateInterface {
    #[serde(deserialize_with = "leaf::boolean")]
    associate_public_ip_address: Option<bool>,
});

/// Auto scaling groups; the query protocol writes names in Pascal case.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AutoScalingGroups {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) auto_scaling_groups: Vec<AutoScalingGroup>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AutoScalingGroup {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) auto_scaling_group_name: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) instances: Vec<GroupInstance>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct GroupInstance {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) instance_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) lifecycle_state: Option<String>,
}

impl GroupInstance {
    /// Whether it is on its way out: its machine may be gone from EC2's list already.
    pub(crate) fn is_leaving(&self) -> bool {
        self.lifecycle_state.as_deref().is_some_and(|state| state.starts_with("Terminat"))
    }
}
