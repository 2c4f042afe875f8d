//! The exact role that the declared calls need, in each provider's own form.

use crate::{Call, permissions};
use palisade_model::Provider;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What the role is called.
const NAME: &str = "PalisadeReader";
/// What the role is for.
const PURPOSE: &str = "Reads what Palisade judges. Generated from the calls it declares; read-only.";

/// The role in the provider's own JSON: an IAM policy, an Azure role definition, a GCP custom role.
pub fn role_json(provider: Provider, calls: &[Call]) -> Value {
    let names = of_role(provider, calls);
    match provider {
        Provider::Aws => json!({
            "Version": "2012-10-17",
            "Statement": [{ "Sid": NAME, "Effect": "Allow", "Action": names, "Resource": "*" }],
        }),
        Provider::Azure => json!({
            "Name": NAME,
            "IsCustom": true,
            "Description": PURPOSE,
            "Actions": names,
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/YOUR_MANAGEMENT_GROUP"],
        }),
        Provider::Gcp => json!({
            "title": NAME,
            "description": PURPOSE,
            "stage": "GA",
            "includedPermissions": names,
        }),
        Provider::Kubernetes => json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": { "name": "palisade-reader" },
            "rules": [],
        }),
    }
}

/// The permissions that a role can hold. Those of Microsoft Graph are no actions of Azure Resource Manager: an application is
/// granted them in Entra, beside its role.
fn of_role(provider: Provider, calls: &[Call]) -> Vec<&'static str> {
    let is_action = |name: &&str| provider != Provider::Azure || name.contains('/');
    permissions(calls).into_iter().filter(is_action).collect()
}

/// The role as a Terraform resource.
pub fn role_terraform(provider: Provider, calls: &[Call]) -> String {
    let names = of_role(provider, calls);
    let list = |indent: &str| {
        let mut text = String::new();
        for name in &names {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{indent}\"{name}\",");
        }
        text
    };
    match provider {
        Provider::Aws => format!(
            "resource \"aws_iam_policy\" \"palisade_reader\" {{\n  name        = \"{NAME}\"\n  description = \"{PURPOSE}\"\n  policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [{{\n      Sid    = \"{NAME}\"\n      Effect = \"Allow\"\n      Action = [\n{}      ]\n      Resource = \"*\"\n    }}]\n  }})\n}}\n",
            list("        ")
        ),
        Provider::Azure => format!(
            "variable \"management_group_id\" {{\n  description = \"The management group whose subscriptions are read.\"\n  type        = string\n}}\n\nresource \"azurerm_role_definition\" \"palisade_reader\" {{\n  name        = \"{NAME}\"\n  description = \"{PURPOSE}\"\n  scope       = var.management_group_id\n  permissions {{\n    actions = [\n{}    ]\n    not_actions = []\n  }}\n  assignable_scopes = [var.management_group_id]\n}}\n",
            list("      ")
        ),
        Provider::Gcp => format!(
            "variable \"org_id\" {{\n  description = \"The organization whose projects are read.\"\n  type        = string\n}}\n\nresource \"google_organization_iam_custom_role\" \"palisade_reader\" {{\n  org_id      = var.org_id\n  role_id     = \"palisadeReader\"\n  title       = \"{NAME}\"\n  description = \"{PURPOSE}\"\n  permissions = [\n{}  ]\n}}\n",
            list("    ")
        ),
        Provider::Kubernetes => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Per;
    use palisade_model::FactKind;

    const CALLS: &[Call] =
        &[call("eks:ListClusters"), call("eks:DescribeCluster"), call("eks:DescribeCluster"), call("")];

    const fn call(permission: &'static str) -> Call {
        Call { name: permission, permission, per: Per::Region, feeds: &[FactKind::Version], redact: &[], purpose: "" }
    }

    #[test]
    fn each_permission_stands_once_and_a_call_that_needs_none_adds_none() {
        let role = role_json(Provider::Aws, CALLS);
        assert_eq!(role["Statement"][0]["Action"], json!(["eks:DescribeCluster", "eks:ListClusters"]));
        let text = role_terraform(Provider::Gcp, CALLS);
        assert_eq!(text.matches("eks:DescribeCluster").count(), 1);
    }

    #[test]
    fn what_entra_grants_is_no_action_of_an_azure_role() {
        let calls = [call("Microsoft.Network/routeTables/read"), call("GroupMember.Read.All")];
        let role = role_json(Provider::Azure, &calls);
        assert_eq!(role["Actions"], json!(["Microsoft.Network/routeTables/read"]));
        assert!(!role_terraform(Provider::Azure, &calls).contains("GroupMember"));
    }
}
