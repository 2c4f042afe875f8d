//! cloudresourcemanager/v3: what stands above what.

use super::lenient::text;
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Project {
    /// `projects/NUMBER`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    /// `folders/ID` or `organizations/ID`; a project may stand alone.
    #[serde(default, deserialize_with = "text")]
    pub(crate) parent: Option<String>,
}

impl Project {
    /// The number.
    pub(crate) fn number(&self) -> Option<&str> {
        self.name.as_deref()?.strip_prefix("projects/")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Folder {
    /// `folders/ID` or `organizations/ID`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) parent: Option<String>,
}
