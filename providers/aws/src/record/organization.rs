//! Organizations, JSON 1.1, API version 2016-11-28.

use super::leaf;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Accounts {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Account {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
}
