//! The whole of the Azure side, driven as a client drives it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{World, denied, operation, reply, server_error, throttled};
use crate::http::{Reply, Request};

const PRODUCTION: &str = "/subscriptions/3d4b5a69-1c2e-4f80-8a7b-90c1d2e3f401";
const SANDBOX: &str = "/subscriptions/9e8d7c6b-5a49-4382-b716-05f4e3d2c102";

fn acme() -> World {
    serde_saphyr::from_str(include_str!("../../worlds/acme/azure.yaml")).unwrap()
}

/// A request as the shell hands it on; `query` without the question mark.
fn request(method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> Request {
    Request {
        method: method.to_owned(),
        host: "127.0.0.1".to_owned(),
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        headers: BTreeMap::from([
            ("host".to_owned(), "127.0.0.1:4711".to_owned()),
            ("authorization".to_owned(), "Bearer t".to_owned()),
        ]),
        body: body.to_string().into_bytes(),
    }
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn get(world: &World, path: &str, version: &str) -> Value {
    let reply = reply(world, &request("GET", path, &[("api-version", version)], &Value::Null));
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    json(&reply)
}

/// A whole list, following `nextLink`.
fn list(world: &World, path: &str, version: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut asked = request("GET", path, &[("api-version", version)], &Value::Null);
    for _page in 0..1000 {
        let body = json(&reply(world, &asked));
        found.extend(body["value"].as_array().unwrap().iter().cloned());
        let next = body["nextLink"].as_str().unwrap_or_default();
        if next.is_empty() {
            return found;
        }
        let (address, query) = next.split_once('?').unwrap();
        assert_eq!(address, format!("http://127.0.0.1:4711{path}"));
        asked.query = crate::http::pairs(query);
    }
    panic!("the list of {path} does not end")
}

fn clusters(world: &World, subscription: &str) -> Vec<Value> {
    list(world, &format!("{subscription}/providers/Microsoft.ContainerService/managedClusters"), "2026-08-01")
}

fn named<'all>(all: &'all [Value], name: &str) -> &'all Value {
    all.iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn acme_has_five_clusters_and_nineteen_nodes() {
    let world = acme();
    let all = [clusters(&world, PRODUCTION), clusters(&world, SANDBOX)].concat();
    let names: Vec<&str> = all.iter().map(|cluster| cluster["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["checkout-prod", "web-prod", "archive", "batch-dev", "lab-west"]);
    let nodes: u64 = all
        .iter()
        .flat_map(|cluster| cluster["properties"]["agentPoolProfiles"].as_array().unwrap())
        .map(|pool| pool["count"].as_u64().unwrap())
        .sum();
    assert_eq!(nodes, 19);
}

#[test]
fn a_private_cluster_has_no_public_name_and_a_closed_api_server() {
    let all = clusters(&acme(), PRODUCTION);
    let checkout = &named(&all, "checkout-prod")["properties"];
    assert_eq!(checkout["apiServerAccessProfile"]["enablePrivateCluster"], json!(true));
    assert_eq!(checkout["apiServerAccessProfile"]["disableRunCommand"], json!(true));
    assert_eq!(checkout["publicNetworkAccess"], "Disabled");
    assert_eq!(checkout.get("fqdn"), None);
    assert_eq!(checkout["securityProfile"]["azureKeyVaultKms"]["keyVaultNetworkAccess"], "Private");
}

#[test]
fn a_cluster_that_nobody_restricted_has_no_access_profile_at_all() {
    let all = clusters(&acme(), SANDBOX);
    let batch = named(&all, "batch-dev");
    assert_eq!(batch["properties"].get("apiServerAccessProfile"), None);
    assert_eq!(batch.get("identity"), None, "a service principal is no identity");
    assert_ne!(batch["properties"]["servicePrincipalProfile"]["clientId"], "msi");
}

#[test]
fn a_deny_assignment_locks_the_node_group_of_a_locked_cluster() {
    let path = format!("{PRODUCTION}/providers/Microsoft.Authorization/denyAssignments");
    let all = list(&acme(), &path, "2022-04-01");
    assert_eq!(all.len(), 1);
    let properties = &all[0]["properties"];
    assert_eq!(properties["principals"][0]["type"], "SystemDefined");
    assert!(properties["scope"].as_str().unwrap().ends_with("/MC_checkout_checkout-prod_westeurope"));
}

#[test]
fn node_interfaces_are_in_their_scale_set_and_in_no_list_of_the_subscription() {
    let world = acme();
    let flat = list(&world, &format!("{SANDBOX}/providers/Microsoft.Network/networkInterfaces"), "2026-03-01");
    assert_eq!(flat, Vec::<Value>::new());
    let sets = list(&world, &format!("{SANDBOX}/providers/Microsoft.Compute/virtualMachineScaleSets"), "2026-04-01");
    let spot = sets.iter().find(|set| set["name"].as_str().unwrap().contains("-spot-")).unwrap();
    let id = spot["id"].as_str().unwrap();
    let interfaces = list(&world, &format!("{id}/networkInterfaces"), "2018-10-01");
    let addresses = list(&world, &format!("{id}/publicipaddresses"), "2018-10-01");
    assert_eq!((interfaces.len(), addresses.len()), (2, 2));
    let configuration = &interfaces[0]["properties"]["ipConfigurations"][0]["properties"];
    assert_eq!(configuration["publicIPAddress"]["id"], addresses[0]["id"]);
}

#[test]
fn a_security_group_knows_its_subnets_and_a_subnet_its_interfaces() {
    let world = acme();
    let groups = list(&world, &format!("{SANDBOX}/providers/Microsoft.Network/networkSecurityGroups"), "2026-03-01");
    let batch = named(&groups, "batch-nodes");
    let subnet = batch["properties"]["subnets"][0]["id"].as_str().unwrap();
    assert!(subnet.ends_with("/virtualNetworks/sandbox/subnets/batch"));
    let networks = list(&world, &format!("{SANDBOX}/providers/Microsoft.Network/virtualNetworks"), "2026-03-01");
    let subnet = &named(&networks, "sandbox")["properties"]["subnets"][0]["properties"];
    assert_eq!(subnet["ipConfigurations"].as_array().unwrap().len(), 4);
    assert_eq!(subnet["networkSecurityGroup"]["id"], batch["id"]);
}

#[test]
fn what_a_management_group_grants_is_listed_in_the_subscription() {
    let path = format!("{PRODUCTION}/providers/Microsoft.Authorization/roleAssignments");
    let all = list(&acme(), &path, "2022-04-01");
    let inherited: Vec<&str> = all
        .iter()
        .filter_map(|one| one["properties"]["scope"].as_str())
        .filter(|scope| scope.starts_with("/providers/Microsoft.Management/"))
        .collect();
    assert_eq!(inherited.len(), 3);
}

#[test]
fn the_issuer_of_a_federated_credential_is_the_issuer_of_its_cluster() {
    let world = acme();
    let path = format!(
        "{PRODUCTION}/resourceGroups/checkout/providers/Microsoft.ManagedIdentity/userAssignedIdentities/checkout-orders/federatedIdentityCredentials"
    );
    let trust = list(&world, &path, "2024-11-30");
    let all = clusters(&world, PRODUCTION);
    let issuer = &named(&all, "checkout-prod")["properties"]["oidcIssuerProfile"]["issuerURL"];
    assert_eq!(trust[0]["properties"]["issuer"], *issuer);
}

#[test]
fn a_list_comes_in_pages_of_the_size_of_the_world() {
    let world: World =
        serde_saphyr::from_str("{page_size: 2, subscriptions: [{id: a, name: a}, {id: b, name: b}, {id: c, name: c}]}")
            .unwrap();
    let first = get(&world, "/subscriptions", "2022-12-01");
    assert_eq!(first["value"].as_array().unwrap().len(), 2);
    assert_eq!(list(&world, "/subscriptions", "2022-12-01").len(), 3);
}

#[test]
fn key_vault_answers_an_empty_page_first() {
    let world = acme();
    let path = format!("{PRODUCTION}/providers/Microsoft.KeyVault/vaults");
    let first = get(&world, &path, "2026-05-15");
    assert_eq!(first["value"], json!([]));
    assert_eq!(list(&world, &path, "2026-05-15").len(), 2);
}

#[test]
fn services_disagree_about_how_the_last_page_ends() {
    let world = acme();
    let sets = get(&world, &format!("{PRODUCTION}/providers/Microsoft.Compute/virtualMachineScaleSets"), "2026-04-01");
    assert_eq!(sets["nextLink"], "");
    let grants = get(&world, &format!("{PRODUCTION}/providers/Microsoft.Authorization/roleAssignments"), "2022-04-01");
    assert_eq!(grants.get("nextLink"), Some(&Value::Null));
    let groups = get(&world, &format!("{PRODUCTION}/providers/Microsoft.Network/networkSecurityGroups"), "2026-03-01");
    assert_eq!(groups.get("nextLink"), None);
}

#[test]
fn what_a_client_gets_wrong_is_refused_as_azure_refuses_it() {
    let world = acme();
    let path = format!("{PRODUCTION}/providers/Microsoft.ContainerService/managedClusters");
    let code = |request: &Request| {
        let reply = reply(&world, request);
        (reply.status, json(&reply)["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let good = request("GET", &path, &[("api-version", "2026-08-01")], &Value::Null);
    let mut anonymous = good.clone();
    anonymous.headers.remove("authorization");
    assert_eq!(code(&anonymous), (401, "AuthenticationFailed".to_owned()));
    let mut unversioned = good.clone();
    unversioned.query.clear();
    assert_eq!(code(&unversioned), (400, "MissingApiVersionParameter".to_owned()));
    let mut future = good.clone();
    future.query.insert("api-version".to_owned(), "2027-01-01".to_owned());
    assert_eq!(code(&future), (400, "NoRegisteredProviderFound".to_owned()));
    let mut filtered = good.clone();
    filtered.query.insert("$filter".to_owned(), "startswith(name, 'a')".to_owned());
    assert_eq!(code(&filtered), (400, "UnsupportedQuery".to_owned()));
    let mut written = good.clone();
    written.method = "DELETE".to_owned();
    assert_eq!(code(&written), (405, "MethodNotAllowed".to_owned()));
    let mut lost = good.clone();
    lost.path = format!("{PRODUCTION}/resourceGroups/x/providers/Microsoft.ContainerService/managedClusters/y");
    assert_eq!(code(&lost), (404, "ResourceNotFound".to_owned()));
    let mut nowhere = good;
    nowhere.path = "/nowhere".to_owned();
    assert_eq!(code(&nowhere), (404, "NotFound".to_owned()));
}

#[test]
fn resource_graph_pages_and_writes_types_in_lower_case() {
    let world = acme();
    let mut found = Vec::new();
    let mut token = Value::Null;
    for _page in 0..10 {
        let body = json!({
            "query": "Resources | where type =~ 'Microsoft.ContainerService/managedClusters'",
            "options": {"$top": 3, "$skipToken": token},
        });
        let asked =
            request("POST", "/providers/Microsoft.ResourceGraph/resources", &[("api-version", "2021-03-01")], &body);
        let page = json(&reply(&world, &asked));
        assert_eq!(page["resultTruncated"], "false");
        found.extend(page["data"].as_array().unwrap().iter().cloned());
        token = page.get("$skipToken").cloned().unwrap_or_default();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|row| row["type"] == "microsoft.containerservice/managedclusters"));
}

#[test]
fn resource_graph_looks_into_one_management_group() {
    let body = json!({"managementGroups": ["acme-sandbox"], "query": "resources | project id, subscriptionId"});
    let asked =
        request("POST", "/providers/Microsoft.ResourceGraph/resources", &[("api-version", "2021-03-01")], &body);
    assert_eq!(json(&reply(&acme(), &asked))["totalRecords"], 2);
}

#[test]
fn the_token_endpoint_gives_a_token_to_anyone() {
    let mut asked = request("POST", "/6f1d2c3b/oauth2/v2.0/token", &[], &Value::Null);
    asked.headers.clear();
    assert_eq!(json(&reply(&World::default(), &asked))["token_type"], "Bearer");
}

#[test]
fn a_refusal_names_the_action_and_the_scope() {
    let world = acme();
    let path = format!("{PRODUCTION}/providers/Microsoft.Network/networkSecurityGroups");
    let operation = operation(&world, &request("GET", &path, &[], &Value::Null)).unwrap();
    assert_eq!(operation.permission, "Microsoft.Network/networkSecurityGroups/read");
    let refusal = json(&denied(&operation));
    assert_eq!(refusal["error"]["code"], "AuthorizationFailed");
    let message = refusal["error"]["message"].as_str().unwrap();
    assert!(message.contains("'Microsoft.Network/networkSecurityGroups/read'") && message.contains(PRODUCTION));
    let throttled = throttled(&operation);
    assert_eq!((throttled.status, throttled.headers.last().unwrap().0.as_str()), (429, "retry-after"));
    assert_eq!(server_error(&operation).status, 500);
}

#[test]
fn a_description_that_does_not_hang_together_is_refused() {
    let text = "{subscriptions: [{id: a, name: a, clusters: [{name: c, group: g, pools: [{subnet: no/where}]}]}]}";
    let refusal = serde_saphyr::from_str::<World>(text).unwrap_err().to_string();
    assert!(refusal.contains("no subnet `no/where`"), "{refusal}");
}
