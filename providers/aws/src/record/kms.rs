//! KMS, JSON 1.1, API version 2014-11-01.

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

record!(DescribeKey {
    key_metadata: Option<KeyMetadata>,
});
record!(KeyMetadata {
    #[serde(deserialize_with = "leaf::text")]
    key_state: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    key_manager: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    origin: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    deletion_date: Option<Timestamp>,
    #[serde(deserialize_with = "leaf::moment")]
    valid_to: Option<Timestamp>,
});
record!(KeyRotationStatus {
    #[serde(deserialize_with = "leaf::boolean")]
    key_rotation_enabled: Option<bool>,
    #[serde(deserialize_with = "leaf::number")]
    rotation_period_in_days: Option<i64>,
});
record!(KeyPolicy {
    policy: Option<Text>,
});
page!(Grants {
    #[serde(deserialize_with = "leaf::list")]
    grants: Vec<Grant>,
});
record!(Grant {
    #[serde(deserialize_with = "leaf::text")]
    grant_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    grantee_principal: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    operations: Vec<String>,
});
