//! cloudkms/v1: the key behind a cluster's database.

use super::{lenient::text, word::Word};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CryptoKey {
    pub(crate) primary: Option<Version>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) rotation_period: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) create_time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) destroy_scheduled_duration: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    pub(crate) state: Option<Word>,
    pub(crate) protection_level: Option<Word>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) create_time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) destroy_time: Option<String>,
}
