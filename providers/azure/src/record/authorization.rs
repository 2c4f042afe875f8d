//! `Microsoft.Authorization`, api-version 2022-04-01.

use super::lenient;
use serde::Deserialize;

macro_rules! resource {
    ($(#[$doc:meta])* $name:ident { $properties:ty }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(crate) struct $name {
            #[serde(deserialize_with = "lenient::text")]
            pub(crate) id: Option<String>,
            #[serde(deserialize_with = "lenient::text")]
            pub(crate) name: Option<String>,
            #[serde(deserialize_with = "lenient::object")]
            pub(crate) properties: $properties,
        }
    };
}

resource! {
    /// Somebody holds a role somewhere.
    RoleAssignment { RoleAssignmentProperties }
}

/// Who, which, where, and when.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RoleAssignmentProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) role_definition_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) scope: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) condition: Option<String>,
}

resource! {
    /// What a role allows.
    RoleDefinition { RoleDefinitionProperties }
}

/// Its name and its permissions.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RoleDefinitionProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) role_name: Option<String>,
    /// Absent they are not known, which is not the same as none.
    pub(crate) permissions: Option<Vec<Permission>>,
}

/// Actions, less the ones taken out again. Azure writes down both lists of what is allowed, also when they are empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Permission {
    pub(crate) actions: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) not_data_actions: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) condition: Option<String>,
}

resource! {
    /// Something nobody may do, whatever their roles.
    DenyAssignment { DenyAssignmentProperties }
}

/// What, where, who, and who may after all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DenyAssignmentProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) deny_assignment_name: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) permissions: Vec<Permission>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) scope: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) do_not_apply_to_child_scopes: Option<bool>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) principals: Vec<Principal>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) exclude_principals: Vec<Principal>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) condition: Option<String>,
}

/// Somebody in a group, as Microsoft Graph v1.0 tells it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
}

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Principal {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
}
