//! Snapshots of a simulated organisation, asked for without any client library.

use palisade_gcp::call;
use palisade_provider::{Body, Call, Failure, FailureReason, Outcome, Record, Snapshot};
use palisade_simulator::{Request, gcp};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A simulated organisation while its projects are read.
pub(crate) struct Fleet<'w> {
    world: &'w gcp::World,
    at: jiff::Timestamp,
}

/// The records of one project.
struct Book<'f, 'w> {
    fleet: &'f Fleet<'w>,
    records: Vec<Record>,
    roles: BTreeSet<String>,
}

/// The snapshots of every project, in the order of the search.
pub(crate) fn snapshots(world: &gcp::World, at: jiff::Timestamp) -> Vec<Snapshot> {
    let fleet = Fleet { world, at };
    let projects = fleet.pages("/v3/projects:search", &[]);
    let projects = projects.iter().flat_map(|page| members(page, "projects"));
    projects.map(|project| fleet.project(&project)).collect()
}

fn members(page: &Value, field: &str) -> Vec<Value> {
    page.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Fleet<'_> {
    /// One answer, as Google's Rust clients ask for it.
    fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, u16> {
        let policy = path.ends_with(":getIamPolicy") && !path.contains("/keyRings/");
        let mut asked: BTreeMap<String, String> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        asked.insert("$alt".to_owned(), "json;enum-encoding=int".to_owned());
        asked.insert("options.requestedPolicyVersion".to_owned(), "3".to_owned());
        let request = Request {
            method: if policy { "POST" } else { "GET" }.to_owned(),
            host: String::new(),
            path: path.to_owned(),
            query: asked,
            headers: BTreeMap::new(),
            body: json!({ "options": { "requestedPolicyVersion": 3 } }).to_string().into_bytes(),
        };
        let reply = gcp::reply(self.world, &request);
        if reply.status == 200 { serde_json::from_slice(&reply.body).map_err(|_| 500) } else { Err(reply.status) }
    }

    fn pages(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut token = String::new();
        loop {
            let asked = [query, &[("pageToken", token.as_str())]].concat();
            let Ok(page) = self.ask(path, &asked) else { return pages };
            token = text(&page, "/nextPageToken");
            pages.push(page);
            if token.is_empty() {
                return pages;
            }
        }
    }

    fn project(&self, project: &Value) -> Snapshot {
        let id = text(project, "/projectId");
        let mut book = Book { fleet: self, records: Vec::new(), roles: BTreeSet::new() };
        book.read(&id, project);
        Snapshot::new("fleet".to_owned(), palisade_model::Provider::Gcp, id, (self.at, self.at), book.records)
    }
}

impl Book<'_, '_> {
    fn read(&mut self, id: &str, project: &Value) {
        let clusters = self.list(&call::CLUSTERS_LIST, id, &format!("/v1/projects/{id}/locations/-/clusters"));
        let clusters: Vec<Value> = clusters.iter().flat_map(|page| members(page, "clusters")).collect();
        self.one(&call::PROJECTS_GET, id, &[], &format!("/v3/projects/{id}"), &[]);
        self.policy(&call::PROJECT_POLICY, id, &[], &format!("/v3/projects/{id}"));
        self.denials(id, &format!("projects/{id}"));
        let mut above = text(project, "/parent");
        while !above.is_empty() {
            let folder = above.starts_with("folders/");
            let policy = if folder { &call::FOLDER_POLICY } else { &call::ORGANIZATION_POLICY };
            self.policy(policy, &above, &[], &format!("/v3/{above}"));
            self.denials(&above, &above);
            let parent = folder.then(|| self.one(&call::FOLDERS_GET, &above, &[], &format!("/v3/{above}"), &[]));
            above = parent.flatten().map(|folder| text(&folder, "/parent")).unwrap_or_default();
        }
        self.people(id);
        self.compute(id, &clusters);
        for key in clusters.iter().map(|cluster| text(cluster, "/databaseEncryption/keyName")) {
            let Some((ring, _)) = key.split_once("/cryptoKeys/") else { continue };
            self.one(&call::KEY_GET, id, &[("key", &key)], &format!("/v1/{key}"), &[]);
            self.policy(&call::KEY_POLICY, id, &[("key", &key)], &format!("/v1/{key}"));
            self.policy(&call::KEY_RING_POLICY, id, &[("ring", ring)], &format!("/v1/{ring}"));
        }
        let insights = format!("/v1/projects/{id}/locations/global/insightTypes/google.iam.policy.Insight/insights");
        self.list(&call::INSIGHTS, id, &insights);
        for role in std::mem::take(&mut self.roles) {
            let home = match role.split_once("/roles/") {
                Some((home, _)) => home.strip_prefix("projects/").unwrap_or(home).to_owned(),
                None => "roles".to_owned(),
            };
            self.one(&call::ROLES_GET, &home, &[("role", &role)], &format!("/v1/{role}"), &[]);
        }
    }

    fn people(&mut self, id: &str) {
        let base = format!("/v1/projects/{id}/serviceAccounts");
        let pages = self.list(&call::ACCOUNTS_LIST, id, &base);
        for account in pages.iter().flat_map(|page| members(page, "accounts")) {
            let email = text(&account, "/email");
            self.policy(&call::ACCOUNT_POLICY, id, &[("account", &email)], &format!("{base}/{email}"));
            let query = [("keyTypes", "1")];
            self.one(&call::KEYS_LIST, id, &[("account", &email)], &format!("{base}/{email}/keys"), &query);
        }
    }

    fn compute(&mut self, id: &str, clusters: &[Value]) {
        let base = format!("/compute/v1/projects/{id}");
        self.one(&call::COMPUTE_PROJECT, id, &[], &base, &[]);
        for (call, path) in [
            (&call::INSTANCES, "aggregated/instances"),
            (&call::FORWARDING_RULES, "aggregated/forwardingRules"),
            (&call::TARGET_POOLS, "aggregated/targetPools"),
            (&call::FIREWALLS, "global/firewalls"),
            (&call::NETWORKS, "global/networks"),
            (&call::SUBNETWORKS, "aggregated/subnetworks"),
            (&call::ROUTES, "global/routes"),
            (&call::ROUTERS, "aggregated/routers"),
        ] {
            self.list(call, id, &format!("{base}/{path}"));
        }
        for cluster in clusters {
            let (network, location) = (text(cluster, "/networkConfig/network"), text(cluster, "/location"));
            let name = network.rsplit('/').next().unwrap_or_default();
            let region = match location.rsplit_once('-') {
                Some((region, zone)) if zone.len() == 1 => region,
                _ => &location,
            };
            let path = format!("{base}/global/networks/{name}/getEffectiveFirewalls");
            self.one(&call::NETWORK_FIREWALLS, id, &[("network", name)], &path, &[]);
            let path = format!("{base}/regions/{region}/firewallPolicies/getEffectiveFirewalls");
            let params = [("network", name), ("region", region)];
            self.one(&call::REGION_FIREWALLS, id, &params, &path, &[("network", &network)]);
        }
    }

    fn denials(&mut self, scope: &str, resource: &str) {
        let point = format!("cloudresourcemanager.googleapis.com%2F{}", resource.replace('/', "%2F"));
        let pages = self.list(&call::DENY_POLICIES, scope, &format!("/v2/policies/{point}/denypolicies"));
        for policy in pages.iter().flat_map(|page| members(page, "policies")) {
            let name = text(&policy, "/name");
            self.one(&call::DENY_POLICY, scope, &[("policy", &name)], &format!("/v2/{name}"), &[]);
        }
    }

    /// A policy, and the roles it names.
    fn policy(&mut self, call: &Call, scope: &str, params: &[(&str, &str)], resource: &str) {
        let policy = self.one(call, scope, params, &format!("{resource}:getIamPolicy"), &[]);
        let bindings = policy.iter().flat_map(|policy| members(policy, "bindings"));
        self.roles.extend(bindings.map(|binding| text(&binding, "/role")));
    }

    fn one(
        &mut self,
        call: &Call,
        scope: &str,
        params: &[(&str, &str)],
        path: &str,
        query: &[(&str, &str)],
    ) -> Option<Value> {
        let answer = self.fleet.ask(path, query);
        let outcome = match &answer {
            Ok(body) => Outcome::Answered(Body::of(body)),
            Err(status) => Outcome::Failed(Failure::new(FailureReason::Unsupported, "refused").status(*status)),
        };
        self.write(call, scope, params, (0, true), outcome);
        answer.ok()
    }

    fn list(&mut self, call: &Call, scope: &str, path: &str) -> Vec<Value> {
        let pages = self.fleet.pages(path, &[]);
        for (place, page) in (0_u32..).zip(&pages) {
            let last = text(page, "/nextPageToken").is_empty();
            self.write(call, scope, &[], (place, last), Outcome::Answered(Body::of(page)));
        }
        if pages.is_empty() {
            let refused = Failure::new(FailureReason::Unsupported, "refused");
            self.write(call, scope, &[], (0, true), Outcome::Failed(refused));
        }
        pages
    }

    fn write(
        &mut self,
        call: &Call,
        scope: &str,
        params: &[(&str, &str)],
        (page, last): (u32, bool),
        outcome: Outcome,
    ) {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (call, scope) = (Arc::from(call.name), Arc::from(scope));
        self.records.push(Record { call, scope, params, page, last, at: self.fleet.at, exchange: None, outcome });
    }
}
