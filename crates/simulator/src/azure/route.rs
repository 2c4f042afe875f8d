//! Which operation a path stands for.

use crate::http::{Operation, Request};

/// The scope of what belongs to no subscription.
pub(crate) const TENANT: &str = "tenant";

/// How the last page of a list says that it is the last: services of Azure disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastPage {
    /// No `nextLink`.
    Silent,
    /// `"nextLink": ""`.
    Empty,
    /// `"nextLink": null`.
    Null,
}

/// A resource type that is served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// In the spelling of the permission: `<name>/read`.
    pub(crate) name: &'static str,
    /// The newest api-version that exists.
    pub(crate) newest: &'static str,
    pub(crate) last_page: LastPage,
    /// Some services answer an empty page with a `nextLink` first (recorded from Key Vault, September 2023).
    pub(crate) empty_first: bool,
    /// Lists that are computed on demand are asked for with `POST`, page on by a token in the body, and take a permission
    /// for an action.
    pub(crate) computed: bool,
}

const fn kind(name: &'static str, newest: &'static str) -> Kind {
    Kind { name, newest, last_page: LastPage::Silent, empty_first: false, computed: false }
}

const NETWORK: &str = "2026-03-01";
const AKS: &str = "2026-08-01";
const AUTHORIZATION: &str = "2022-05-01-preview";

static KINDS: &[Kind] = &[
    kind("Microsoft.ContainerService/managedClusters", AKS),
    kind("Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles", AKS),
    kind("Microsoft.ContainerService/managedClusters/privateEndpointConnections", AKS),
    kind("Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings", AKS),
    kind("Microsoft.ContainerService/managedClusters/maintenanceConfigurations", AKS),
    kind(VERSIONS, AKS),
    kind(FEATURES, "2021-07-01"),
    kind("Microsoft.Authorization/locks", "2020-05-01"),
    kind("Microsoft.Authorization/policyAssignments", "2022-06-01"),
    kind("Microsoft.Authorization/policyExemptions", "2022-07-01-preview"),
    kind("Microsoft.Authorization/policySetDefinitions", "2021-06-01"),
    kind("Microsoft.Authorization/policyDefinitions", "2021-06-01"),
    kind("Microsoft.Network/loadBalancers", NETWORK),
    kind("Microsoft.Network/natGateways", NETWORK),
    kind("Microsoft.Network/networkInterfaces", NETWORK),
    kind("Microsoft.Network/networkSecurityGroups", NETWORK),
    kind("Microsoft.Network/networkWatchers", NETWORK),
    kind("Microsoft.Network/networkWatchers/flowLogs", NETWORK),
    kind("Microsoft.Network/publicIPAddresses", NETWORK),
    kind("Microsoft.Network/routeTables", NETWORK),
    kind("Microsoft.Network/virtualNetworks", NETWORK),
    Kind {
        computed: true,
        ..kind("Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules", NETWORK)
    },
    Kind { last_page: LastPage::Empty, ..kind("Microsoft.Compute/virtualMachineScaleSets", "2026-04-01") },
    kind("Microsoft.Compute/virtualMachines", "2026-04-01"),
    kind("Microsoft.Automation/automationAccounts", "2024-10-23"),
    // The network views of a scale set stopped at this version.
    kind("Microsoft.Compute/virtualMachineScaleSets/networkInterfaces", "2018-10-01"),
    kind("Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses", "2018-10-01"),
    kind("Microsoft.Authorization/denyAssignments", AUTHORIZATION),
    Kind { last_page: LastPage::Null, ..kind("Microsoft.Authorization/roleAssignments", AUTHORIZATION) },
    kind("Microsoft.Authorization/roleDefinitions", AUTHORIZATION),
    kind("Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
    kind("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "2024-11-30"),
    Kind { empty_first: true, ..kind("Microsoft.KeyVault/vaults", "2026-05-15") },
    kind("Microsoft.KeyVault/vaults/keys", "2026-05-15"),
    kind("Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"),
    kind("Microsoft.OperationalInsights/workspaces/tables", "2022-10-01"),
    kind("Microsoft.DataProtection/backupVaults", "2025-01-01"),
    kind("Microsoft.DataProtection/backupVaults/backupInstances", "2025-01-01"),
    kind("Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints", "2025-01-01"),
    kind("Microsoft.Security/pricings", "2024-01-01"),
    kind("Microsoft.ContainerRegistry/registries", "2025-04-01"),
    Kind { last_page: LastPage::Null, ..kind("Microsoft.Management/managementGroups", "2023-04-01") },
    Kind { last_page: LastPage::Null, ..kind("Microsoft.Management/managementGroups/descendants", "2023-04-01") },
    kind("Microsoft.Resources/subscriptions", "2022-12-01"),
    kind("Microsoft.ResourceGraph/resources", "2024-04-01"),
    kind(MEMBERS, "v1.0"),
];

/// The versions of Kubernetes that AKS offers in a region: one document and not a list.
const VERSIONS: &str = "Microsoft.ContainerService/locations/kubernetesVersions";

/// The preview features of a provider, which stand below two providers in the path.
const FEATURES: &str = "Microsoft.Features/providers/features";

/// What it takes in Microsoft Graph to read who is in a group.
const MEMBERS: &str = "GroupMember.Read.All";

impl Kind {
    /// Whether Microsoft Graph serves it and not Azure Resource Manager.
    pub(crate) fn is_of_graph(&self) -> bool {
        self.name == MEMBERS
    }
}

/// A request whose path stands for something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) kind: &'static Kind,
    pub(crate) shape: Shape,
    /// The subscription's GUID, or `tenant`.
    pub(crate) scope: String,
    /// What is asked for, inside the scope.
    pub(crate) subject: String,
}

/// What the path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A collection.
    List,
    /// One resource.
    Resource,
    /// The query endpoint of Resource Graph.
    Query,
}

impl Route {
    /// Reads a path; `None` when no service answers there.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = path.trim_end_matches('/');
        let lower = path.to_ascii_lowercase();
        if lower == "/subscriptions" {
            return Some(Self::new("Microsoft.Resources/subscriptions", Shape::List, TENANT, String::new()));
        }
        if let Some(group) = lower.strip_prefix("/v1.0/groups/") {
            let group = group.strip_suffix("/transitivemembers/microsoft.graph.serviceprincipal")?;
            return (!group.contains('/')).then(|| Self::new(MEMBERS, Shape::List, TENANT, group.to_owned()));
        }
        let (scope, rest) = subscription_of(path);
        if rest.eq_ignore_ascii_case("providers/microsoft.features/providers/microsoft.containerservice/features") {
            return Some(Self::new(FEATURES, Shape::List, scope, rest.to_owned()));
        }
        let Some((at, own)) = lower.rfind("/providers/").map(|at| (at, at + "/providers/".len())) else {
            // Only the subscription itself is served without a provider.
            return (scope != TENANT && rest.is_empty())
                .then(|| Self::new("Microsoft.Resources/subscriptions", Shape::Resource, scope, String::new()));
        };
        let mut parts = lower.get(own..)?.split('/');
        let mut name = parts.next()?.to_owned();
        let mut shape = Shape::Resource;
        for (position, part) in parts.enumerate() {
            shape = Shape::Resource;
            if position % 2 == 0 {
                name.push('/');
                name.push_str(part);
                shape = Shape::List;
            }
        }
        let kind = KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(&name))?;
        if kind.name == "Microsoft.ResourceGraph/resources" {
            shape = Shape::Query;
        }
        if kind.name == VERSIONS {
            shape = Shape::Resource;
        }
        // Settings hang on any resource; what is asked for is that resource.
        let subject = match kind.name {
            "Microsoft.Insights/diagnosticSettings" => path.get(..at)?.to_owned(),
            _ => path.get(own..)?.to_owned(),
        };
        Some(Self { kind, shape, scope: scope.to_owned(), subject })
    }

    fn new(name: &str, shape: Shape, scope: &str, subject: String) -> Self {
        // INVARIANT: called only with names of the table; the fallback is never seen.
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap_or(&NOTHING);
        Self { kind, shape, scope: scope.to_owned(), subject }
    }

    /// The operation that the ledger counts.
    pub(crate) fn operation(&self, request: &Request) -> Operation {
        let mut subject = self.subject.clone();
        let in_body = if self.kind.computed { body_token(request) } else { None };
        if let Some(token) = skip_token(request).or(in_body.as_deref()) {
            subject.push('#');
            subject.push_str(token);
        }
        if let (Shape::Query, Some(subscription)) = (self.shape, assessed_subscription(request)) {
            if let Some(token) = graph_token(request) {
                subject.push('#');
                subject.push_str(&token);
            }
            let permission = "Microsoft.Security/assessments/read".to_owned();
            return Operation { permission, scope: subscription, subject };
        }
        if matches!(self.shape, Shape::Query) && asks_for_clusters(request) {
            if let Some(token) = graph_token(request) {
                subject.push('#');
                subject.push_str(&token);
            }
            let permission = "Microsoft.ContainerService/managedClusters/read".to_owned();
            return Operation { permission, scope: self.scope.clone(), subject };
        }
        let permission = match self.kind {
            kind if kind.is_of_graph() => kind.name.to_owned(),
            kind if kind.computed => format!("{}/action", kind.name),
            kind => format!("{}/read", kind.name),
        };
        Operation { permission, scope: self.scope.clone(), subject }
    }
}

static NOTHING: Kind = kind("Microsoft.Resources/nothing", "2022-12-01");

/// The page that a request asks for, under either spelling that services use.
pub(crate) fn skip_token(request: &Request) -> Option<&str> {
    request
        .query
        .iter()
        .find(|(key, _value)| key.eq_ignore_ascii_case("$skiptoken"))
        .map(|(_key, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

/// The page that a request asks for in its body.
pub(crate) fn body_token(request: &Request) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    body.get("skipToken")?.as_str().filter(|token| !token.is_empty()).map(str::to_owned)
}

/// The subscription whose assessments a query of Resource Graph asks for: what may be read decides, not the service. Where
/// Azure leaves out what the caller may not read, the simulator refuses: an answer without rows is told by its story.
fn assessed_subscription(request: &Request) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    let query = body.get("query")?.as_str()?;
    let is_of_assessments = query.trim_start().to_ascii_lowercase().starts_with(ASSESSMENTS);
    let subscription = body.get("subscriptions")?.as_array()?.first()?.as_str()?;
    is_of_assessments.then(|| subscription.to_owned())
}

/// Whether a query of Resource Graph asks for clusters: that takes the right to read them, and none of the service's own.
fn asks_for_clusters(request: &Request) -> bool {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let query = body.get("query").and_then(serde_json::Value::as_str).unwrap_or_default();
    query.to_ascii_lowercase().contains("'microsoft.containerservice/managedclusters'")
}

/// The page that a query of Resource Graph asks for.
fn graph_token(request: &Request) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    body.pointer("/options/$skipToken")?.as_str().filter(|token| !token.is_empty()).map(str::to_owned)
}

/// The table of Resource Graph that holds what Defender says.
pub(crate) const ASSESSMENTS: &str = "securityresources";

/// The subscription in a path and what follows it.
fn subscription_of(path: &str) -> (&str, &str) {
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(word), Some(id)) if word.eq_ignore_ascii_case("subscriptions") && !id.is_empty() => {
            (id, parts.next().unwrap_or_default())
        }
        _ => (TENANT, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(path: &str) -> Option<String> {
        Route::of(path).map(|route| format!("{}/read", route.kind.name))
    }

    #[test]
    fn a_list_of_a_subscription_is_its_type_with_read() {
        let path = "/subscriptions/s1/providers/Microsoft.Network/networkSecurityGroups";
        assert_eq!(permission(path).unwrap(), "Microsoft.Network/networkSecurityGroups/read");
        assert_eq!(Route::of(path).unwrap().scope, "s1");
    }

    #[test]
    fn case_does_not_matter_in_a_path() {
        let path = "/SUBSCRIPTIONS/s1/resourcegroups/G/providers/microsoft.containerservice/managedclusters/C";
        let route = Route::of(path).unwrap();
        assert_eq!(route.kind.name, "Microsoft.ContainerService/managedClusters");
        assert_eq!(route.shape, Shape::Resource);
    }

    #[test]
    fn diagnostic_settings_belong_to_the_resource_they_hang_on() {
        let path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/providers/Microsoft.Insights/diagnosticSettings";
        let route = Route::of(path).unwrap();
        assert_eq!(route.kind.name, "Microsoft.Insights/diagnosticSettings");
        assert!(route.subject.ends_with("managedClusters/c"));
        assert_eq!(route.shape, Shape::List);
    }

    #[test]
    fn what_belongs_to_no_subscription_has_the_tenant_as_scope() {
        let path = "/providers/Microsoft.Management/managementGroups/acme/descendants";
        let route = Route::of(path).unwrap();
        assert_eq!(route.kind.name, "Microsoft.Management/managementGroups/descendants");
        assert_eq!(route.scope, TENANT);
    }

    #[test]
    fn an_unknown_type_is_no_route() {
        assert_eq!(Route::of("/subscriptions/s/providers/Microsoft.Cooking/recipes"), None);
        assert_eq!(Route::of("/nowhere"), None);
    }
}
