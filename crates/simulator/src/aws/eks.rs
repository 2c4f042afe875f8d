//! EKS: REST and JSON, dispatched by path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::World;
use super::call::Call;
use super::error::Failure;
use super::expand::Fabric;
use super::expand::cluster::{Facts, Listed};
use super::moment::Moment;
use super::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "maxResults",
    token: "nextToken",
    smallest: 1,
    largest: 100,
    usual: 100,
    bad_size: "InvalidParameterException",
    bad_token: "InvalidParameterException",
};

/// What a cluster has many of: the path, the two actions, the label of one, and how the answers call many and one.
struct Collection {
    path: &'static str,
    list: &'static str,
    describe: &'static str,
    label: &'static str,
    many: &'static str,
    one: &'static str,
    /// What the error calls it.
    noun: &'static str,
}

const COLLECTIONS: [Collection; 6] = [
    Collection {
        path: "node-groups",
        list: "ListNodegroups",
        describe: "DescribeNodegroup",
        label: "nodegroupName",
        many: "nodegroups",
        one: "nodegroup",
        noun: "node group",
    },
    Collection {
        path: "fargate-profiles",
        list: "ListFargateProfiles",
        describe: "DescribeFargateProfile",
        label: "fargateProfileName",
        many: "fargateProfileNames",
        one: "fargateProfile",
        noun: "Fargate Profile",
    },
    Collection {
        path: "addons",
        list: "ListAddons",
        describe: "DescribeAddon",
        label: "addonName",
        many: "addons",
        one: "addon",
        noun: "addon",
    },
    Collection {
        path: "access-entries",
        list: "ListAccessEntries",
        describe: "DescribeAccessEntry",
        label: "principalArn",
        many: "accessEntries",
        one: "accessEntry",
        noun: "principalArn",
    },
    Collection {
        path: "pod-identity-associations",
        list: "ListPodIdentityAssociations",
        describe: "DescribePodIdentityAssociation",
        label: "associationId",
        many: "associations",
        one: "association",
        noun: "association",
    },
    Collection {
        path: "capabilities",
        list: "ListCapabilities",
        describe: "DescribeCapability",
        label: "capabilityName",
        many: "capabilities",
        one: "capability",
        noun: "capability",
    },
];

/// The action behind a path, with the labels in the path.
pub(crate) fn route(method: &str, path: &str) -> Option<(&'static str, BTreeMap<String, String>)> {
    let path = path.strip_prefix('/')?;
    let mut labels = BTreeMap::new();
    // The one question of ours that EKS takes with POST: its filter stands in the body.
    if method == "POST" {
        let cluster = path.strip_prefix("clusters/")?.strip_suffix("/insights")?;
        labels.insert("name".to_owned(), cluster.to_owned());
        return Some(("ListInsights", labels));
    }
    if method != "GET" {
        return None;
    }
    match path {
        "cluster-versions" => return Some(("DescribeClusterVersions", labels)),
        "addons/supported-versions" => return Some(("DescribeAddonVersions", labels)),
        _ => {}
    }
    let rest = path.strip_prefix("clusters")?;
    let Some(rest) = rest.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        return rest.trim_end_matches('/').is_empty().then_some(("ListClusters", labels));
    };
    let (cluster, rest) = rest.split_once('/').unwrap_or((rest, ""));
    labels.insert("name".to_owned(), cluster.to_owned());
    if rest.is_empty() {
        return Some(("DescribeCluster", labels));
    }
    let (collection, one) = rest.split_once('/').unwrap_or((rest, ""));
    let collection = COLLECTIONS.iter().find(|known| known.path == collection)?;
    if one.is_empty() {
        return Some((collection.list, labels));
    }
    // A principal's ARN has slashes of its own once it is decoded.
    let policies = (collection.path == "access-entries").then(|| one.strip_suffix("/access-policies")).flatten();
    let action = if policies.is_some() { "ListAssociatedAccessPolicies" } else { collection.describe };
    labels.insert(collection.label.to_owned(), policies.unwrap_or(one).to_owned());
    Some((action, labels))
}

pub(crate) fn answer(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    if call.action == "ListClusters" {
        let names: Vec<Value> = fabric.clusters.keys().map(|name| json!(name)).collect();
        return list(world, call, "clusters", &names, Map::new());
    }
    if call.action == "DescribeClusterVersions" {
        return list(world, call, "clusterVersions", &versions(), Map::new());
    }
    if call.action == "DescribeAddonVersions" {
        return list(world, call, "addons", &offers(fabric, call), Map::new());
    }
    let name = call.required("name")?;
    let cluster = fabric.clusters.get(name).ok_or_else(|| missing(format!("No cluster found for name: {name}.")))?;
    if call.action == "DescribeCluster" {
        return Ok(Reply::json(200, &json!({ "cluster": cluster.describe })));
    }
    if call.action == "ListInsights" {
        return list(world, call, "insights", &cluster.insights, Map::new());
    }
    if call.action.contains("Access") && !cluster.has_access_entries {
        return Err(Failure::client(
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
        ));
    }
    if call.action == "ListAssociatedAccessPolicies" {
        let principal = call.required("principalArn")?;
        let policies = cluster.access_policies.get(principal).ok_or_else(|| unknown("principalArn", principal))?;
        let mut around = Map::new();
        around.insert("clusterName".to_owned(), json!(name));
        around.insert("principalArn".to_owned(), json!(principal));
        return list(world, call, "associatedAccessPolicies", policies, around);
    }
    for collection in &COLLECTIONS {
        if call.action == collection.list {
            let things = of(cluster, collection).values().filter(|thing| passes(call, &thing.summary));
            let summaries: Vec<Value> = things.map(|thing| thing.summary.clone()).collect();
            return list(world, call, collection.many, &summaries, Map::new());
        }
        if call.action == collection.describe {
            let id = call.required(collection.label)?;
            let thing = of(cluster, collection).get(id).ok_or_else(|| unknown(collection.noun, id))?;
            return Ok(Reply::json(200, &json!({ collection.one: thing.describe })));
        }
    }
    Err(Failure::new(404, "UnknownOperationException", "The requested operation is not recognized"))
}

/// Minor versions with the ends of their standard and extended support, as EKS told them in November 2026.
const VERSIONS: [(&str, &str, &str); 9] = [
    ("1.35", "2027-03-27", "2028-03-27"),
    ("1.34", "2026-12-02", "2027-12-02"),
    ("1.33", "2026-07-29", "2027-07-29"),
    ("1.32", "2026-03-23", "2027-03-23"),
    ("1.31", "2025-11-26", "2026-11-26"),
    ("1.30", "2025-07-23", "2026-07-23"),
    ("1.29", "2025-03-23", "2026-03-23"),
    ("1.28", "2024-11-26", "2025-11-26"),
    ("1.27", "2024-07-24", "2025-07-24"),
];

fn versions() -> Vec<Value> {
    let moment = |day: &str| Moment::try_from(day.to_owned()).unwrap_or(Moment::STORY);
    let one = |(version, standard, extended): (&str, &str, &str)| {
        let (standard, extended) = (moment(standard), moment(extended));
        let status = if standard > Moment::STORY {
            "STANDARD_SUPPORT"
        } else if extended > Moment::STORY {
            "EXTENDED_SUPPORT"
        } else {
            "UNSUPPORTED"
        };
        json!({
            "clusterVersion": version,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.8",
            "defaultVersion": version == "1.34",
            "versionStatus": status,
            "endOfStandardSupportDate": standard.epoch(),
            "endOfExtendedSupportDate": extended.epoch(),
        })
    };
    VERSIONS.into_iter().map(one).collect()
}

/// The versions of an add-on that go with a version of Kubernetes.
fn offers(fabric: &Fabric, call: &Call) -> Vec<Value> {
    let (addon, version) = (call.parameter("addonName"), call.parameter("kubernetesVersion"));
    let (Some(addon), Some(version)) = (addon, version) else { return Vec::new() };
    let clusters = fabric.clusters.values().filter(|cluster| cluster.version == version);
    let offered: BTreeSet<&String> = clusters.filter_map(|cluster| cluster.offers.get(addon)).flatten().collect();
    if offered.is_empty() {
        return Vec::new();
    }
    let versions: Vec<Value> = offered
        .into_iter()
        .rev()
        .map(|offer| {
            json!({
                "addonVersion": offer,
                "architecture": ["amd64", "arm64"],
                "compatibilities": [{ "clusterVersion": version, "platformVersions": ["*"], "defaultVersion": false }],
                "requiresConfiguration": false,
            })
        })
        .collect();
    vec![
        json!({ "addonName": addon, "type": "networking", "addonVersions": versions, "publisher": "eks", "owner": "aws" }),
    ]
}

fn of<'cluster>(cluster: &'cluster Facts, collection: &Collection) -> &'cluster BTreeMap<String, Listed> {
    match collection.path {
        "node-groups" => &cluster.node_groups,
        "fargate-profiles" => &cluster.fargate,
        "addons" => &cluster.addons,
        "access-entries" => &cluster.access,
        "pod-identity-associations" => &cluster.pod_identities,
        _ => &cluster.capabilities,
    }
}

/// The two filters that a list of pod identity associations knows.
fn passes(call: &Call, summary: &Value) -> bool {
    ["namespace", "serviceAccount"]
        .into_iter()
        .all(|name| call.parameter(name).is_none_or(|wanted| summary.get(name).and_then(Value::as_str) == Some(wanted)))
}

fn list(
    world: &World,
    call: &Call,
    name: &str,
    values: &[Value],
    mut around: Map<String, Value>,
) -> Result<Reply, Failure> {
    let page = PAGING.page(call, values.len(), world.page_limit)?;
    around.insert(name.to_owned(), Value::Array(page.of(values).to_vec()));
    // EKS says `null` where there is no further page.
    around.insert("nextToken".to_owned(), json!(page.next));
    Ok(Reply::json(200, &Value::Object(around)))
}

fn missing(message: String) -> Failure {
    Failure::new(404, "ResourceNotFoundException", message)
}

fn unknown(noun: &str, id: &str) -> Failure {
    missing(format!("No {noun} found for name: {id}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(path: &str) -> Option<(&'static str, Vec<String>)> {
        route("GET", path).map(|(action, labels)| (action, labels.into_values().collect()))
    }

    #[test]
    fn a_path_is_an_action_with_labels() {
        assert_eq!(action("/clusters"), Some(("ListClusters", vec![])));
        assert_eq!(action("/clusters/shop"), Some(("DescribeCluster", vec!["shop".to_owned()])));
        assert_eq!(action("/clusters/shop/node-groups"), Some(("ListNodegroups", vec!["shop".to_owned()])));
        assert_eq!(
            action("/clusters/shop/capabilities/argo"),
            Some(("DescribeCapability", vec!["argo".to_owned(), "shop".to_owned()]))
        );
        assert_eq!(action("/cluster-versions"), Some(("DescribeClusterVersions", vec![])));
        assert_eq!(action("/addons/supported-versions"), Some(("DescribeAddonVersions", vec![])));
        let insights = route("POST", "/clusters/shop/insights").map(|(action, _)| action);
        assert_eq!(insights, Some("ListInsights"));
        assert_eq!(action("/health"), None);
        assert_eq!(action("/clusters/shop/unheard-of"), None);
        assert_eq!(route("DELETE", "/clusters/shop"), None);
    }

    #[test]
    fn a_principal_may_have_slashes() {
        let arn = "arn:aws:iam::1:role/team/admin";
        let (action, labels) = route("GET", &format!("/clusters/shop/access-entries/{arn}/access-policies")).unwrap();
        assert_eq!((action, labels["principalArn"].as_str()), ("ListAssociatedAccessPolicies", arn));
        let (action, labels) = route("GET", &format!("/clusters/shop/access-entries/{arn}")).unwrap();
        assert_eq!((action, labels["principalArn"].as_str()), ("DescribeAccessEntry", arn));
    }
}
