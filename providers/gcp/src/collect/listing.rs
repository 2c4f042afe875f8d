//! The members of the lists that discovery reads.

use crate::record::{
    lenient::{list, text},
    word::{Table, Word},
};
use serde::Deserialize;

/// `Project.State` and `Folder.State` of cloudresourcemanager/v3.
const STATE: Table = &[(0, "STATE_UNSPECIFIED"), (1, "ACTIVE"), (2, "DELETE_REQUESTED")];

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
    #[serde(default, rename = "projectId", deserialize_with = "text")]
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
    pub(crate) state: Option<Word>,
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
    pub(crate) state: Option<Word>,
}

/// Whether something is in use, by its state.
pub(crate) fn is_active(state: Option<&Word>) -> bool {
    state.is_none_or(|state| state.is(STATE, "ACTIVE"))
}
