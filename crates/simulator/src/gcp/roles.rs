//! Google's predefined roles around Kubernetes.
//!
//! The real basic roles hold thousands of permissions (editor 11,979, owner 13,568, viewer 6,064 in August 2026).
//! These are cut to what decides something about security; none grants more than the real one.

use serde::Deserialize;

/// One predefined role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Predefined {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) permissions: Vec<String>,
}

/// All of them.
pub(super) fn all() -> Vec<Predefined> {
    // The file is ours and of the right form, which a test proves.
    serde_json::from_str(include_str!("predefined_roles.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Predefined, all};

    fn role(name: &str) -> Predefined {
        all().into_iter().find(|role| role.name == name).unwrap()
    }

    #[test]
    fn no_two_roles_share_a_name() {
        let all = all();
        let names: BTreeSet<_> = all.iter().map(|role| &role.name).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn editor_cannot_hand_out_roles_nor_read_secrets_of_secret_manager() {
        let editor = role("roles/editor");
        for missing in [
            "resourcemanager.projects.setIamPolicy",
            "secretmanager.versions.access",
            "iam.serviceAccounts.getAccessToken",
        ] {
            assert!(!editor.permissions.iter().any(|held| held == missing), "{missing}");
        }
    }

    #[test]
    fn the_node_role_has_its_six_permissions() {
        assert_eq!(role("roles/container.defaultNodeServiceAccount").permissions.len(), 6);
    }
}
