//! IAM and STS, the query protocol: names in Pascal case.

use super::{document::Text, leaf};
use jiff::Timestamp;
use serde::Deserialize;

macro_rules! record {
    ($name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "PascalCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

/// A page of a list: without the list it is no such page, and not an empty one.
macro_rules! page {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

record!(AuthorizationDetails {
    #[serde(deserialize_with = "leaf::list")]
    user_detail_list: Vec<User>,
    #[serde(deserialize_with = "leaf::list")]
    group_detail_list: Vec<Group>,
    #[serde(deserialize_with = "leaf::list")]
    role_detail_list: Vec<Role>,
    #[serde(deserialize_with = "leaf::list")]
    policies: Vec<ManagedPolicy>,
});
record!(Role {
    #[serde(deserialize_with = "leaf::text")]
    role_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    path: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    create_date: Option<Timestamp>,
    assume_role_policy_document: Option<Text>,
    #[serde(deserialize_with = "leaf::list")]
    instance_profile_list: Vec<InstanceProfile>,
    #[serde(deserialize_with = "leaf::list")]
    role_policy_list: Vec<InlinePolicy>,
    #[serde(deserialize_with = "leaf::list")]
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<Boundary>,
    #[serde(deserialize_with = "leaf::list")]
    tags: Vec<Tag>,
});
record!(User {
    #[serde(deserialize_with = "leaf::text")]
    user_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    user_policy_list: Vec<InlinePolicy>,
    #[serde(deserialize_with = "leaf::list")]
    group_list: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<Boundary>,
    #[serde(deserialize_with = "leaf::list")]
    tags: Vec<Tag>,
});
record!(Group {
    #[serde(deserialize_with = "leaf::text")]
    group_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    group_policy_list: Vec<InlinePolicy>,
    #[serde(deserialize_with = "leaf::list")]
    attached_managed_policies: Vec<AttachedPolicy>,
});
record!(ManagedPolicy {
    #[serde(deserialize_with = "leaf::text")]
    policy_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    default_version_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    policy_version_list: Vec<PolicyVersion>,
});
record!(PolicyVersion {
    document: Option<Text>,
    #[serde(deserialize_with = "leaf::text")]
    version_id: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    is_default_version: Option<bool>,
});
record!(InlinePolicy {
    #[serde(deserialize_with = "leaf::text")]
    policy_name: Option<String>,
    policy_document: Option<Text>,
});
record!(AttachedPolicy {
    #[serde(deserialize_with = "leaf::text")]
    policy_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    policy_arn: Option<String>,
});
record!(Boundary {
    #[serde(deserialize_with = "leaf::text")]
    permissions_boundary_arn: Option<String>,
});
record!(InstanceProfile {
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
});
record!(Tag {
    #[serde(deserialize_with = "leaf::text")]
    key: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    value: Option<String>,
});

page!(OpenIdConnectProviders {
    #[serde(rename = "OpenIDConnectProviderList", deserialize_with = "leaf::list")]
    providers: Vec<OpenIdConnectProvider>,
});
record!(OpenIdConnectProvider {
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
});

page!(AccessKeys {
    #[serde(deserialize_with = "leaf::list")]
    access_key_metadata: Vec<AccessKey>,
});
record!(AccessKey {
    #[serde(deserialize_with = "leaf::text")]
    access_key_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    status: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    create_date: Option<Timestamp>,
});

#[cfg(feature = "collect")]
record!(LastAccessedJob {
    #[serde(deserialize_with = "leaf::text")]
    job_id: Option<String>,
});
record!(LastAccessed {
    #[serde(deserialize_with = "leaf::text")]
    job_status: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    services_last_accessed: Vec<ServiceLastAccessed>,
});
record!(ServiceLastAccessed {
    #[serde(deserialize_with = "leaf::text")]
    service_namespace: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    last_authenticated: Option<Timestamp>,
});

record!(CallerIdentity {
    #[serde(deserialize_with = "leaf::text")]
    account: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    arn: Option<String>,
});
