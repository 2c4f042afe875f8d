//! Which operation a path stands for.

use super::wire::Wire;
use crate::http::{Operation, Request};

pub(crate) const COMPUTE: &str = "compute.googleapis.com";
pub(crate) const CONTAINER: &str = "container.googleapis.com";
const IAM: &str = "iam.googleapis.com";
const KMS: &str = "cloudkms.googleapis.com";
const MANAGER: &str = "cloudresourcemanager.googleapis.com";
const RECOMMENDER: &str = "recommender.googleapis.com";
const LOGGING: &str = "logging.googleapis.com";
const USAGE: &str = "serviceusage.googleapis.com";
const BACKUP: &str = "gkebackup.googleapis.com";
const ATTESTATION: &str = "binaryauthorization.googleapis.com";
const CONSTRAINTS: &str = "orgpolicy.googleapis.com";
const ASSETS: &str = "cloudasset.googleapis.com";
const ARTIFACTS: &str = "artifactregistry.googleapis.com";
const ANALYSIS: &str = "containeranalysis.googleapis.com";

/// A request whose path stands for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) service: &'static str,
    pub(crate) permission: &'static str,
    pub(crate) method: &'static str,
    /// A project's id, `folders/…`, `organizations/…` or `global`.
    pub(crate) scope: String,
    pub(crate) shape: Shape,
    /// The path with project numbers turned into ids.
    pub(crate) path: String,
}

/// How an answer is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One object.
    Resource,
    /// An allow policy: who asks without `requestedPolicyVersion=3` gets another one.
    Policy,
    /// A list without pages.
    Whole { field: &'static str },
    /// A list in pages: by default and at most so many.
    Pages { field: &'static str, default: usize, most: usize },
    /// A list over all scopes.
    Aggregated { field: &'static str },
}

const fn pages(field: &'static str, default: usize, most: usize) -> Shape {
    Shape::Pages { field, default, most }
}

impl Route {
    /// Reads a path; `None` when no API answers there.
    pub(crate) fn of(wire: &Wire, request: &Request) -> Option<Self> {
        let mut asked = request.path.clone();
        // Google's Rust client asks for all roles here, those of a project too.
        if let Some(parent) = request.query.get("parent").filter(|parent| asked == "/v1/roles" && !parent.is_empty()) {
            asked = format!("/v1/{parent}/roles");
        }
        let path = canonical(wire, &asked);
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (service, permission, shape, method) = match parts.as_slice() {
            ["compute", "v1", "projects", _project, rest @ ..] => {
                let (permission, shape) = compute(rest)?;
                (COMPUTE, permission, shape, "GET")
            }
            ["v3", rest @ ..] => {
                let (permission, shape) = manager(rest)?;
                (MANAGER, permission, shape, if shape == Shape::Policy { "POST" } else { "GET" })
            }
            ["v2", "policies", .., "denypolicies"] => {
                (IAM, "iam.denypolicies.list", pages("policies", 1000, 1000), "GET")
            }
            ["v2", "policies", .., "denypolicies", _name] => (IAM, "iam.denypolicies.get", Shape::Resource, "GET"),
            ["v2", "projects", _, "locations", _, "buckets"] => {
                (LOGGING, "logging.buckets.list", pages("buckets", 50, 1000), "GET")
            }
            ["v2", "projects", _, "policies", name] if name.ends_with(":getEffectivePolicy") => {
                (CONSTRAINTS, "orgpolicy.policy.get", Shape::Resource, "GET")
            }
            ["v2", "projects", _, "sinks"] => (LOGGING, "logging.sinks.list", pages("sinks", 50, 1000), "GET"),
            ["v1", rest @ ..] => first(rest)?,
            _ => return None,
        };
        let scope = scope(wire, &parts, &path);
        Some(Self { service, permission, method, scope, shape, path })
    }

    /// The operation that the ledger counts.
    pub(crate) fn operation(&self, request: &Request) -> Operation {
        let mut subject = self.path.clone();
        for name in ["parent", "query", "filter", "network", "pageToken"] {
            if let Some(value) = request.query.get(name).filter(|value| !value.is_empty()) {
                subject.push('#');
                subject.push_str(value);
            }
        }
        Operation { permission: self.permission.to_owned(), scope: self.scope.clone(), subject }
    }
}

/// The calls below `/compute/v1/projects/{project}`.
fn compute(rest: &[&str]) -> Option<(&'static str, Shape)> {
    let all = |field| pages(field, 500, 500);
    Some(match rest {
        [] => ("compute.projects.get", Shape::Resource),
        ["global", "firewalls"] => ("compute.firewalls.list", all("items")),
        ["global", "networks"] => ("compute.networks.list", all("items")),
        ["global", "routes"] => ("compute.routes.list", all("items")),
        ["global", "networks", _network, "getEffectiveFirewalls"] => {
            ("compute.networks.getEffectiveFirewalls", Shape::Resource)
        }
        ["regions", _region, "firewallPolicies", "getEffectiveFirewalls"] => {
            ("compute.networks.getRegionEffectiveFirewalls", Shape::Resource)
        }
        ["aggregated", "subnetworks"] => ("compute.subnetworks.list", Shape::Aggregated { field: "subnetworks" }),
        ["aggregated", "instances"] => ("compute.instances.list", Shape::Aggregated { field: "instances" }),
        ["aggregated", "forwardingRules"] => {
            ("compute.forwardingRules.list", Shape::Aggregated { field: "forwardingRules" })
        }
        ["aggregated", "targetPools"] => ("compute.targetPools.list", Shape::Aggregated { field: "targetPools" }),
        ["aggregated", "routers"] => ("compute.routers.list", Shape::Aggregated { field: "routers" }),
        _ => return None,
    })
}

/// The calls below `/v3`.
fn manager(rest: &[&str]) -> Option<(&'static str, Shape)> {
    Some(match rest {
        ["projects:search"] => ("resourcemanager.projects.get", pages("projects", 300, 500)),
        ["folders:search"] => ("resourcemanager.folders.get", pages("folders", 300, 500)),
        ["organizations:search"] => ("resourcemanager.organizations.get", pages("organizations", 300, 500)),
        ["projects"] => ("resourcemanager.projects.list", pages("projects", 300, 500)),
        ["folders"] => ("resourcemanager.folders.list", pages("folders", 300, 500)),
        ["projects", name] if is_policy(name) => ("resourcemanager.projects.getIamPolicy", Shape::Policy),
        ["folders", name] if is_policy(name) => ("resourcemanager.folders.getIamPolicy", Shape::Policy),
        ["organizations", name] if is_policy(name) => ("resourcemanager.organizations.getIamPolicy", Shape::Policy),
        ["projects", _name] => ("resourcemanager.projects.get", Shape::Resource),
        ["folders", _name] => ("resourcemanager.folders.get", Shape::Resource),
        ["organizations", _name] => ("resourcemanager.organizations.get", Shape::Resource),
        _ => return None,
    })
}

/// The calls below `/v1`, which four services share.
fn first(rest: &[&str]) -> Option<(&'static str, &'static str, Shape, &'static str)> {
    Some(match rest {
        ["organizations" | "folders", name] if name.ends_with(":searchAllResources") => {
            (ASSETS, "cloudasset.assets.searchAllResources", pages("results", 100, 500), "GET")
        }
        ["roles"] | ["projects" | "organizations", _, "roles"] => {
            (IAM, "iam.roles.list", pages("roles", 300, 1000), "GET")
        }
        ["roles", _role] | ["projects" | "organizations", _, "roles", _role] => {
            (IAM, "iam.roles.get", Shape::Resource, "GET")
        }
        ["projects", _, "serviceAccounts"] => (IAM, "iam.serviceAccounts.list", pages("accounts", 20, 100), "GET"),
        ["projects", _, "serviceAccounts", name] if is_policy(name) => {
            (IAM, "iam.serviceAccounts.getIamPolicy", Shape::Policy, "POST")
        }
        ["projects", _, "serviceAccounts", _name] => (IAM, "iam.serviceAccounts.get", Shape::Resource, "GET"),
        ["projects", _, "serviceAccounts", _name, "keys"] => {
            (IAM, "iam.serviceAccountKeys.list", Shape::Whole { field: "keys" }, "GET")
        }
        ["projects", _, "locations", _, "clusters"] => {
            (CONTAINER, "container.clusters.list", Shape::Whole { field: "clusters" }, "GET")
        }
        ["projects", _, "locations", _, "clusters", name] if name.ends_with(":fetchClusterUpgradeInfo") => {
            (CONTAINER, "container.clusters.get", Shape::Resource, "GET")
        }
        ["projects", _, "locations", _, "clusters", _name] => {
            (CONTAINER, "container.clusters.get", Shape::Resource, "GET")
        }
        ["projects", _, "locations", _, "keyRings", _, "cryptoKeys"] => {
            (KMS, "cloudkms.cryptoKeys.list", pages("cryptoKeys", 100, 1000), "GET")
        }
        ["projects", _, "locations", _, "keyRings", _, "cryptoKeys", name] if is_policy(name) => {
            (KMS, "cloudkms.cryptoKeys.getIamPolicy", Shape::Policy, "GET")
        }
        ["projects", _, "locations", _, "keyRings", _, "cryptoKeys", _name] => {
            (KMS, "cloudkms.cryptoKeys.get", Shape::Resource, "GET")
        }
        ["projects", _, "locations", _, "keyRings", name] if is_policy(name) => {
            (KMS, "cloudkms.keyRings.getIamPolicy", Shape::Policy, "GET")
        }
        ["projects", _, "policy"] => (ATTESTATION, "binaryauthorization.policy.get", Shape::Resource, "GET"),
        ["projects", _, "services:batchGet"] => (USAGE, "serviceusage.services.get", Shape::Resource, "GET"),
        ["projects", _, "locations", _, "backupPlans"] => {
            (BACKUP, "gkebackup.backupPlans.list", pages("backupPlans", 50, 1000), "GET")
        }
        ["projects", _, "occurrences"] => {
            (ANALYSIS, "containeranalysis.occurrences.list", pages("occurrences", 20, 1000), "GET")
        }
        ["projects", _, "locations", _, "repositories"] => {
            (ARTIFACTS, "artifactregistry.repositories.list", pages("repositories", 100, 1000), "GET")
        }
        ["projects", _, "locations", _, "repositories", name] if is_policy(name) => {
            (ARTIFACTS, "artifactregistry.repositories.getIamPolicy", Shape::Policy, "GET")
        }
        ["projects", _, "locations", "global", "insightTypes", "google.iam.policy.Insight", "insights"] => {
            (RECOMMENDER, "recommender.iamPolicyInsights.list", pages("insights", 100, 1000), "GET")
        }
        _ => return None,
    })
}

fn is_policy(name: &str) -> bool {
    name.ends_with(":getIamPolicy")
}

/// The service behind a permission.
pub(crate) fn service_of(permission: &str) -> &'static str {
    match permission.split('.').next() {
        Some("compute") => COMPUTE,
        Some("container") => CONTAINER,
        Some("cloudkms") => KMS,
        Some("recommender") => RECOMMENDER,
        Some("logging") => LOGGING,
        Some("serviceusage") => USAGE,
        Some("gkebackup") => BACKUP,
        Some("cloudasset") => ASSETS,
        Some("artifactregistry") => ARTIFACTS,
        Some("containeranalysis") => ANALYSIS,
        Some("binaryauthorization") => ATTESTATION,
        Some("orgpolicy") => CONSTRAINTS,
        Some("resourcemanager") => MANAGER,
        _ => IAM,
    }
}

/// Whether the operation is one of the three searches, which hide what the caller may not see.
pub(crate) fn is_search(operation: &Operation) -> bool {
    operation.subject.split('#').next().is_some_and(|path| path.ends_with(":search"))
}

/// The path with `%2F` decoded once more (attachment points are encoded twice) and project numbers turned into ids.
fn canonical(wire: &Wire, path: &str) -> String {
    let path = path.trim_end_matches('/').replace("%2F", "/").replace("%2f", "/");
    let mut parts = Vec::new();
    let mut before = "";
    for part in path.split('/') {
        let (name, verb) = part.split_once(':').map_or((part, None), |(name, verb)| (name, Some(verb)));
        let known = (before == "projects").then(|| wire.numbers.get(name)).flatten();
        parts.push(match (known, verb) {
            (Some(id), None) => id.clone(),
            (Some(id), Some(verb)) => format!("{id}:{verb}"),
            (None, _) => part.to_owned(),
        });
        before = part;
    }
    parts.join("/")
}

fn scope(wire: &Wire, parts: &[&str], path: &str) -> String {
    let organization = || format!("organizations/{}", wire.organization);
    let mut before = "";
    for part in parts {
        let name = part.split(':').next().unwrap_or_default();
        match before {
            "projects" => return name.to_owned(),
            "folders" | "organizations" => return format!("{before}/{name}"),
            _ => {}
        }
        before = part;
    }
    if path.starts_with("/v1/roles") { "global".to_owned() } else { organization() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn route(method: &str, path: &str) -> Option<Route> {
        let mut wire = Wire::default();
        wire.organization = "1".to_owned();
        wire.numbers.insert("42".to_owned(), "acme".to_owned());
        let request = Request {
            method: method.to_owned(),
            host: String::new(),
            path: path.to_owned(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            body: Vec::new(),
        };
        Route::of(&wire, &request)
    }

    #[test]
    fn a_project_may_be_called_by_its_number() {
        let found = route("GET", "/v1/projects/42/locations/-/clusters").unwrap();
        assert_eq!((found.scope.as_str(), found.permission), ("acme", "container.clusters.list"));
        assert_eq!(found.path, "/v1/projects/acme/locations/-/clusters");
    }

    #[test]
    fn the_policy_of_a_folder_is_asked_in_the_folder() {
        let found = route("POST", "/v3/folders/7:getIamPolicy").unwrap();
        assert_eq!((found.scope.as_str(), found.permission), ("folders/7", "resourcemanager.folders.getIamPolicy"));
    }

    #[test]
    fn an_attachment_point_is_read_encoded_and_decoded() {
        for path in [
            "/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2F42/denypolicies",
            "/v2/policies/cloudresourcemanager.googleapis.com/projects/acme/denypolicies",
        ] {
            let found = route("GET", path).unwrap();
            assert_eq!((found.scope.as_str(), found.permission), ("acme", "iam.denypolicies.list"));
        }
    }

    #[test]
    fn an_unknown_path_is_no_route() {
        assert_eq!(route("GET", "/v1/projects/acme/recipes"), None);
        assert_eq!(route("GET", "/"), None);
    }
}
