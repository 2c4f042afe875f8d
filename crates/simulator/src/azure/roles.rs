//! Azure's built-in roles, with their real GUIDs.
//!
//! The permissions are those that Microsoft publishes in "Azure built-in roles" (read 2026-11), for the roles that
//! appear around Kubernetes. Long lists are cut to what decides something; none grants more than the real one.

use serde::Deserialize;

/// One built-in role.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BuiltIn {
    pub(super) guid: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) actions: Vec<String>,
    pub(super) not_actions: Vec<String>,
    pub(super) data_actions: Vec<String>,
    pub(super) not_data_actions: Vec<String>,
}

/// All of them.
pub(super) fn all() -> Vec<BuiltIn> {
    // The file is ours and of the right form, which a test proves.
    serde_json::from_str(include_str!("built_in_roles.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn no_two_roles_share_a_guid_or_a_name() {
        let all = all();
        assert_eq!(all.len(), 33);
        let guids: BTreeSet<_> = all.iter().map(|role| &role.guid).collect();
        let names: BTreeSet<_> = all.iter().map(|role| &role.name).collect();
        assert_eq!((guids.len(), names.len()), (all.len(), all.len()));
    }
}
