//! The whole of the Google Cloud side, driven as a client drives it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{World, denied, operation, reply, server_error, throttled};
use crate::http::{Operation, Reply, Request};

fn acme() -> World {
    serde_saphyr::from_str(include_str!("../../worlds/acme/gcp.yaml")).unwrap()
}

fn request(method: &str, path: &str, query: &[(&str, &str)]) -> Request {
    Request {
        method: method.to_owned(),
        host: "127.0.0.1".to_owned(),
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        headers: BTreeMap::new(),
        body: Vec::new(),
    }
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn get(world: &World, path: &str, query: &[(&str, &str)]) -> Value {
    let reply = reply(world, &request("GET", path, query));
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    json(&reply)
}

fn clusters(world: &World, project: &str) -> Value {
    get(world, &format!("/v1/projects/{project}/locations/-/clusters"), &[])
}

fn named<'all>(all: &'all Value, name: &str) -> &'all Value {
    all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn acme_has_four_clusters_and_eighteen_nodes() {
    let world = acme();
    let mut names = Vec::new();
    let mut nodes = 0;
    for project in ["acme-prod-4711", "acme-lab-0815"] {
        let found = clusters(&world, project);
        names.extend(found["clusters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()));
        let instances = get(&world, &format!("/compute/v1/projects/{project}/aggregated/instances"), &[]);
        let scopes = instances["items"].as_object().unwrap();
        nodes += scopes.values().filter_map(|scope| scope["instances"].as_array()).map(Vec::len).sum::<usize>();
    }
    assert_eq!(names, ["search-prod", "edge", "ml-lab", "data"]);
    assert_eq!(nodes, 18);
}

#[test]
fn a_zone_that_cannot_be_reached_is_named() {
    assert_eq!(clusters(&acme(), "acme-lab-0815")["missingZones"], json!(["us-central1-f"]));
    assert_eq!(clusters(&acme(), "acme-prod-4711").get("missingZones"), None);
}

#[test]
fn the_client_of_rust_gets_enumerations_as_numbers() {
    let world = acme();
    let path = "/v1/projects/acme-prod-4711/locations/-/clusters";
    let numbered = get(&world, path, &[("$alt", "json;enum-encoding=int")]);
    assert_eq!(named(&numbered["clusters"], "search-prod")["databaseEncryption"]["state"], json!(3));
    assert_eq!(
        named(&numbered["clusters"], "search-prod")["nodePools"][0]["config"]["workloadMetadataConfig"]["mode"],
        json!(2)
    );
    let written = get(&world, path, &[]);
    assert_eq!(
        named(&written["clusters"], "search-prod")["databaseEncryption"]["state"],
        "ALL_OBJECTS_ENCRYPTION_ENABLED"
    );
}

#[test]
fn an_endpoint_that_is_off_says_so_and_the_old_fields_do_not() {
    let found = clusters(&acme(), "acme-prod-4711");
    let edge = named(&found["clusters"], "edge");
    assert_eq!(edge["controlPlaneEndpointsConfig"]["ipEndpointsConfig"], json!({"enabled": false}));
    assert_eq!(edge["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"], json!(true));
    assert!(edge["privateClusterConfig"]["publicEndpoint"].is_string(), "the trap of the recordings");
    let search = named(&found["clusters"], "search-prod");
    assert_eq!(search["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["enablePublicEndpoint"], json!(false));
}

#[test]
fn authorised_networks_that_are_off_have_no_field_that_says_so() {
    let found = clusters(&acme(), "acme-lab-0815");
    let lab = named(&found["clusters"], "ml-lab");
    assert_eq!(lab["masterAuthorizedNetworksConfig"], json!({}));
    let data = named(&found["clusters"], "data");
    assert_eq!(data["masterAuthorizedNetworksConfig"]["cidrBlocks"][0]["cidrBlock"], "0.0.0.0/0");
}

#[test]
fn every_scope_is_on_every_page_and_every_instance_on_one() {
    let world = acme();
    let mut token = String::new();
    let mut names = BTreeSet::new();
    for page in 0.. {
        let body = get(
            &world,
            "/compute/v1/projects/acme-prod-4711/aggregated/instances",
            &[("maxResults", "4"), ("pageToken", &token)],
        );
        let scopes = body["items"].as_object().unwrap();
        assert_eq!(scopes.len(), 19);
        for scope in scopes.values() {
            assert_ne!(scope.get("instances").is_some(), scope.get("warning").is_some());
            for instance in scope["instances"].as_array().into_iter().flatten() {
                assert!(names.insert(instance["selfLink"].as_str().unwrap().to_owned()));
            }
        }
        let Some(next) = body["nextPageToken"].as_str() else {
            assert_eq!(page, 2);
            break;
        };
        next.clone_into(&mut token);
    }
    assert_eq!(names.len(), 10);
}

#[test]
fn an_empty_list_of_compute_engine_has_no_items_and_others_are_empty_objects() {
    let world: World = serde_saphyr::from_str("{projects: [{id: p}]}").unwrap();
    let list = get(&world, "/compute/v1/projects/p/global/firewalls", &[]);
    assert_eq!((list["kind"].as_str(), list.get("items")), (Some("compute#firewallList"), None));
    assert_eq!(get(&world, "/v1/projects/p/locations/-/clusters", &[]), json!({}));
    assert_eq!(get(&world, "/v1/projects/p/serviceAccounts", &[]), json!({}));
}

#[test]
fn a_list_comes_in_the_pages_that_were_asked_for() {
    let world = acme();
    let path = "/v1/projects/acme-prod-4711/serviceAccounts";
    let first = get(&world, path, &[("pageSize", "3")]);
    assert_eq!(first["accounts"].as_array().unwrap().len(), 3);
    let token = first["nextPageToken"].as_str().unwrap();
    let rest = get(&world, path, &[("pageSize", "3"), ("pageToken", token)]);
    assert_eq!((rest["accounts"].as_array().unwrap().len(), rest.get("nextPageToken")), (2, None));
    let forged = reply(&world, &request("GET", path, &[("pageToken", "?")]));
    assert_eq!(forged.status, 400);
}

#[test]
fn who_does_not_ask_for_version_three_gets_roles_that_do_not_exist() {
    let world = acme();
    let mut asked = request("POST", "/v3/projects/acme-prod-4711:getIamPolicy", &[]);
    let old = json(&reply(&world, &asked));
    assert_eq!(old["version"], 1);
    assert!(old.to_string().contains("roles/secretmanager.secretAccessor_withcond_"));
    assert!(!old.to_string().contains("request.time"));
    asked.body = json!({"options": {"requestedPolicyVersion": 3}}).to_string().into_bytes();
    let new = json(&reply(&world, &asked));
    assert_eq!(new["version"], 3);
    assert!(new.to_string().contains("request.time"));
}

#[test]
fn the_effective_firewalls_hold_the_policies_from_above_in_their_order() {
    let world = acme();
    let path = "/compute/v1/projects/acme-prod-4711/global/networks/prod/getEffectiveFirewalls";
    let found = get(&world, path, &[]);
    let kinds: Vec<&str> =
        found["firewallPolicys"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["HIERARCHY", "NETWORK"]);
    let names: Vec<&str> =
        found["firewalls"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("gke-search-prod-") && name.ends_with("-master")));
    let regional = get(
        &world,
        "/compute/v1/projects/acme-prod-4711/regions/europe-west4/firewallPolicies/getEffectiveFirewalls",
        &[("network", "projects/acme-prod-4711/global/networks/prod")],
    );
    assert_eq!(regional["firewallPolicys"][2]["type"], "NETWORK_REGIONAL");
}

#[test]
fn numbers_of_sixty_four_bits_are_text() {
    let found = get(&acme(), "/compute/v1/projects/acme-lab-0815/global/networks", &[]);
    assert!(found["items"][0]["id"].as_str().unwrap().parse::<u64>().unwrap() > 1 << 53);
}

#[test]
fn a_project_is_found_by_its_number_and_by_its_parent() {
    let world = acme();
    assert_eq!(get(&world, "/v3/projects/470011220033", &[])["projectId"], "acme-prod-4711");
    let below = get(&world, "/v3/projects:search", &[("query", "parent:folders/700100200300 state:ACTIVE")]);
    assert_eq!(below["projects"].as_array().unwrap().len(), 2);
    let none = get(&world, "/v3/projects", &[("parent", "organizations/481516234200")]);
    assert_eq!(none, json!({}));
    let unknown = reply(&world, &request("GET", "/v3/projects:search", &[("query", "labels.color:red")]));
    assert_eq!(unknown.status, 400);
}

#[test]
fn deny_policies_are_found_under_an_encoded_attachment_point() {
    let path = "/v2/policies/cloudresourcemanager.googleapis.com%2Forganizations%2F481516234200/denypolicies";
    let world = acme();
    let found = get(&world, path, &[]);
    assert_eq!(found["policies"][0].get("rules"), None, "the list does not say what is denied");
    let policy = get(&world, &format!("/v2/{}", found["policies"][0]["name"].as_str().unwrap()), &[]);
    assert_eq!(policy["rules"][0]["denyRule"]["deniedPrincipals"][0], "principalSet://goog/public:all");
}

#[test]
fn the_permissions_of_custom_roles_are_listed_only_in_the_full_view() {
    let world = acme();
    let basic = get(&world, "/v1/projects/acme-lab-0815/roles", &[]);
    assert_eq!(basic["roles"][0].get("includedPermissions"), None);
    let full = get(&world, "/v1/projects/acme-lab-0815/roles", &[("view", "FULL")]);
    assert_eq!(full["roles"][0]["includedPermissions"][0], "iam.roles.update");
    let by_parent = get(&world, "/v1/roles", &[("parent", "projects/815081508150"), ("view", "1")]);
    assert_eq!(by_parent, full);
}

#[test]
fn an_api_that_is_off_says_so() {
    let path = "/v1/projects/acme-lab-0815/locations/global/insightTypes/google.iam.policy.Insight/insights";
    let refusal = reply(&acme(), &request("GET", path, &[]));
    assert_eq!(refusal.status, 403);
    let detail = &json(&refusal)["error"]["details"][0];
    assert_eq!(
        (detail["reason"].as_str(), detail["metadata"]["service"].as_str()),
        (Some("SERVICE_DISABLED"), Some("recommender.googleapis.com"))
    );
}

#[test]
fn a_project_that_does_not_exist_is_denied_and_not_missing() {
    let refusal = reply(&acme(), &request("GET", "/v1/projects/nobody/locations/-/clusters", &[]));
    assert_eq!(
        (refusal.status, json(&refusal)["error"]["details"][0]["reason"].as_str()),
        (403, Some("CONSUMER_INVALID"))
    );
    let missing = reply(&acme(), &request("GET", "/compute/v1/projects/nobody/global/networks", &[]));
    assert_eq!(missing.status, 404);
}

#[test]
fn a_refusal_names_the_permission_except_in_a_search() {
    let world = acme();
    let operation = operation(&world, &request("GET", "/v1/projects/470011220033/locations/-/clusters", &[])).unwrap();
    let expected = Operation {
        permission: "container.clusters.list".to_owned(),
        scope: "acme-prod-4711".to_owned(),
        subject: "/v1/projects/acme-prod-4711/locations/-/clusters".to_owned(),
    };
    assert_eq!(operation, expected);
    let refusal = json(&denied(&operation));
    assert_eq!(refusal["error"]["details"][0]["metadata"]["permission"], "container.clusters.list");
    assert_eq!(refusal["error"]["details"][0]["reason"], "IAM_PERMISSION_DENIED");
    assert_eq!((throttled(&operation).status, server_error(&operation).status), (429, 500));
    let search = super::operation(&world, &request("GET", "/v3/projects:search", &[])).unwrap();
    assert_eq!((denied(&search).status, json(&denied(&search))), (200, json!({})));
}

#[test]
fn a_policy_must_be_asked_for_with_the_right_method() {
    let world = acme();
    assert_eq!(operation(&world, &request("GET", "/v3/projects/acme-prod-4711:getIamPolicy", &[])), None);
    let key = "/v1/projects/acme-lab-0815/locations/us-east1/keyRings/lab/cryptoKeys/data-etcd";
    let policy = get(&world, &format!("{key}:getIamPolicy"), &[]);
    assert!(policy.to_string().contains("allAuthenticatedUsers"));
    assert_eq!(get(&world, key, &[])["primary"]["state"], "DESTROY_SCHEDULED");
}

#[test]
fn a_description_that_does_not_hang_together_is_refused() {
    let text = "{projects: [{id: p, clusters: [{name: c, location: us-east1-b}]}]}";
    let refusal = serde_saphyr::from_str::<World>(text).unwrap_err().to_string();
    assert!(refusal.contains("subnet `default`"), "{refusal}");
}
