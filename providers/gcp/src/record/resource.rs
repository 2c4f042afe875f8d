//! cloudresourcemanager/v3: projects, folders, what stands above what.

use super::{
    lenient::{list, text},
    word::{RESOURCE_STATE, Word},
};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Projects {
    #[serde(default, deserialize_with = "list")]
    pub(crate) projects: Vec<Project>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    /// `projects/NUMBER`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) project_id: Option<String>,
    /// `folders/ID` or `organizations/ID`; a project may stand alone.
    #[serde(default, deserialize_with = "text")]
    pub(crate) parent: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
    pub(crate) state: Option<Word>,
}

impl Project {
    /// The number.
    pub(crate) fn number(&self) -> Option<&str> {
        self.name.as_deref()?.strip_prefix("projects/")
    }

    /// Whether it is in use.
    pub(crate) fn is_active(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.is(RESOURCE_STATE, "ACTIVE"))
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Folders {
    #[serde(default, deserialize_with = "list")]
    pub(crate) folders: Vec<Folder>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Folder {
    /// `folders/ID`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) parent: Option<String>,
    pub(crate) state: Option<Word>,
}

impl Folder {
    /// Whether it is in use.
    pub(crate) fn is_active(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.is(RESOURCE_STATE, "ACTIVE"))
    }
}
