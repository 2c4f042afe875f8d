//! Snapshots of a simulated tenant without an HTTP client: the collector has tests of its own.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests and benchmarks")]

use palisade_azure::{
    ADMIN_RULES, AUTOMATION_ACCOUNTS, CLUSTERS, DENY_ASSIGNMENTS, DIAGNOSTIC_SETTINGS, FEDERATED_CREDENTIALS,
    IDENTITIES, KEY, LOAD_BALANCERS, NETWORKS, NODE_ADDRESSES, NODE_INTERFACES, PRIVATE_ENDPOINTS, PUBLIC_ADDRESSES,
    ROLE_ASSIGNMENTS, ROLE_DEFINITIONS, ROUTE_TABLES, SCALE_SETS, SECURITY_GROUPS, SUBSCRIPTIONS, TENANT,
    TRUSTED_ACCESS, VAULT, VIRTUAL_MACHINES,
};
use palisade_model::Provider;
use palisade_provider::{Call, Snapshot};
use palisade_simulator::{Request, azure};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A simulated tenant, asked as the collector asks it.
pub struct Tenant(pub azure::World);

impl Tenant {
    fn ask(&self, (method, path, version): (&str, &str, &str), token: Option<&str>) -> Value {
        let mut query = BTreeMap::from([("api-version".to_owned(), version.to_owned())]);
        query.extend(token.map(|token| ("$skiptoken".to_owned(), token.to_owned())));
        let request = Request {
            method: method.to_owned(),
            host: "127.0.0.1".to_owned(),
            path: path.to_owned(),
            query,
            headers: BTreeMap::from([("authorization".to_owned(), "Bearer t".to_owned())]),
            body: if method == "POST" { b"{}".to_vec() } else { Vec::new() },
        };
        serde_json::from_slice(&azure::reply(&self.0, &request).body).unwrap()
    }

    /// The subscriptions that anybody sees.
    pub fn subscriptions(&self) -> Vec<String> {
        let all = self.list("/subscriptions", "2022-12-01");
        all.iter().filter_map(|one| one["subscriptionId"].as_str().map(str::to_owned)).collect()
    }

    /// A list as one page.
    fn list(&self, path: &str, version: &str) -> Vec<Value> {
        let (mut all, mut token) = (Vec::new(), None::<String>);
        loop {
            let page = self.ask(("GET", path, version), token.as_deref());
            all.extend(page["value"].as_array().cloned().unwrap_or_default());
            let next = page["nextLink"].as_str().unwrap_or_default();
            let after = next.to_ascii_lowercase().find("skiptoken=").and_then(|at| next.get(at + "skiptoken=".len()..));
            match after.map(|rest| rest.split('&').next().unwrap_or_default().replace("%3D", "=")) {
                Some(found) if token.as_deref() != Some(&found) => token = Some(found),
                _ => return all,
            }
        }
    }

    pub fn snapshot(&self, subscription: &str) -> Snapshot {
        let here = format!("/subscriptions/{subscription}/providers");
        let page = |items: &[Value]| json!({ "value": items });
        let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
        let mut builder = SnapshotBuilder::new(Provider::Azure, subscription).answer(
            &SUBSCRIPTIONS,
            TENANT,
            &[],
            page(&self.list("/subscriptions", "2022-12-01")),
        );
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (call, kind, version) in FLAT {
            let items = self.list(&format!("{here}/{kind}"), version);
            builder = builder.answer(call, subscription, &[], page(&items));
            lists.insert(call.name, items);
        }
        for (call, above, (what, kind), version) in BELOW {
            for item in lists.get(above.name).into_iter().flatten() {
                let (path, key) = (id(item), id(item).to_ascii_lowercase());
                let items = self.list(&format!("{path}/{kind}"), version);
                builder = builder.answer(call, subscription, &[(what, &key)], page(&items));
            }
        }
        for item in lists.get(NETWORKS.name).into_iter().flatten() {
            let path = format!("{}/listNetworkManagerEffectiveSecurityAdminRules", id(item));
            let body = self.ask(("POST", &path, "2026-03-01"), None);
            builder = builder.answer(&ADMIN_RULES, subscription, &[("network", &id(item).to_ascii_lowercase())], body);
        }
        for vault in self.list(&format!("{here}/Microsoft.KeyVault/vaults"), "2026-05-15") {
            let key = id(&vault).to_ascii_lowercase();
            for item in self.list(&format!("{key}/keys"), "2026-05-15") {
                let name = item["name"].as_str().unwrap_or_default().to_owned();
                builder = builder.answer(&KEY, subscription, &[("vault", &key), ("key", &name)], item);
            }
            let settings = format!("{key}/providers/Microsoft.Insights/diagnosticSettings");
            let settings = page(&self.list(&settings, "2021-05-01-preview"));
            builder = builder.answer(&DIAGNOSTIC_SETTINGS, subscription, &[("vault", &key)], settings);
            builder = builder.answer(&VAULT, subscription, &[("vault", &key)], vault);
        }
        builder.build()
    }
}

const FLAT: &[(&Call, &str, &str)] = &[
    (&CLUSTERS, "Microsoft.ContainerService/managedClusters", "2026-08-01"),
    (&SECURITY_GROUPS, "Microsoft.Network/networkSecurityGroups", "2026-03-01"),
    (&NETWORKS, "Microsoft.Network/virtualNetworks", "2026-03-01"),
    (&PUBLIC_ADDRESSES, "Microsoft.Network/publicIPAddresses", "2026-03-01"),
    (&LOAD_BALANCERS, "Microsoft.Network/loadBalancers", "2026-03-01"),
    (&ROUTE_TABLES, "Microsoft.Network/routeTables", "2026-03-01"),
    (&SCALE_SETS, "Microsoft.Compute/virtualMachineScaleSets", "2026-04-01"),
    (&VIRTUAL_MACHINES, "Microsoft.Compute/virtualMachines", "2026-04-01"),
    (&AUTOMATION_ACCOUNTS, "Microsoft.Automation/automationAccounts", "2024-10-23"),
    (&ROLE_ASSIGNMENTS, "Microsoft.Authorization/roleAssignments", "2022-04-01"),
    (&ROLE_DEFINITIONS, "Microsoft.Authorization/roleDefinitions", "2022-04-01"),
    (&DENY_ASSIGNMENTS, "Microsoft.Authorization/denyAssignments", "2022-04-01"),
    (&IDENTITIES, "Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
];

type Below = (&'static Call, &'static Call, (&'static str, &'static str), &'static str);

const BELOW: &[Below] = &[
    (&TRUSTED_ACCESS, &CLUSTERS, ("cluster", "trustedAccessRoleBindings"), "2026-08-01"),
    (&PRIVATE_ENDPOINTS, &CLUSTERS, ("cluster", "privateEndpointConnections"), "2026-08-01"),
    (&NODE_INTERFACES, &SCALE_SETS, ("scaleSet", "networkInterfaces"), "2018-10-01"),
    (&NODE_ADDRESSES, &SCALE_SETS, ("scaleSet", "publicipaddresses"), "2018-10-01"),
    (&FEDERATED_CREDENTIALS, &IDENTITIES, ("identity", "federatedIdentityCredentials"), "2024-11-30"),
];
