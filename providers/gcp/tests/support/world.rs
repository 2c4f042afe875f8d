//! A project with one cluster about which everything is known, to be changed by tests.
#![expect(dead_code, reason = "each test file uses its own part")]

use jiff::Timestamp;
use palisade_gcp::{Gcp, Settings, call};
use palisade_model::{Cluster, Exposure, Inventory};
use palisade_provider::{Body, Call, Failure, FailureReason, Outcome, Params, Provider, Record, Snapshot};
use palisade_reach::{AddrSet, Bounds, Family, Protocol, internet, parse_net};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

type Key = (String, String, Params);

/// Records under construction.
#[derive(Clone)]
pub(crate) struct World {
    answers: BTreeMap<Key, (Call, Result<Value, Failure>)>,
}

/// When the scan took place.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

impl World {
    /// Project `p`, number 42, below folder 7 and organisation 9, with cluster `c` and one node.
    pub(crate) fn tidy() -> Self {
        let mut world = Self { answers: BTreeMap::new() };
        world.put(&call::CLUSTERS_LIST, "p", &[], json!({ "clusters": [cluster()] }));
        world.put(
            &call::PROJECTS_GET,
            "p",
            &[],
            json!({ "name": "projects/42", "projectId": "p", "parent": "folders/7" }),
        );
        world.put(&call::FOLDERS_GET, "folders/7", &[], json!({ "name": "folders/7", "parent": "organizations/9" }));
        for (policy, scope) in [
            (&call::PROJECT_POLICY, "p"),
            (&call::FOLDER_POLICY, "folders/7"),
            (&call::ORGANIZATION_POLICY, "organizations/9"),
        ] {
            world.put(policy, scope, &[], json!({ "version": 3 }));
            world.put(&call::DENY_POLICIES, scope, &[], json!({}));
        }
        world.put(
            &call::ACCOUNTS_LIST,
            "p",
            &[],
            json!({ "accounts": [
                { "email": "n@p.iam.gserviceaccount.com", "displayName": "nodes" },
                { "email": "a@p.iam.gserviceaccount.com", "displayName": "app" },
            ]}),
        );
        for email in ["n@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com", DEFAULT] {
            world.put(&call::ACCOUNT_POLICY, "p", &[("account", email)], json!({}));
            world.put(&call::KEYS_LIST, "p", &[("account", email)], json!({}));
        }
        world.put(&call::COMPUTE_PROJECT, "p", &[], json!({ "commonInstanceMetadata": {} }));
        world.put(
            &call::INSTANCES,
            "p",
            &[],
            json!({ "items": {
                "zones/europe-west1-b": { "instances": [node(true, false)] },
                "zones/europe-west1-c": { "warning": { "code": "NO_RESULTS_ON_PAGE" } },
            }}),
        );
        world.put(&call::FORWARDING_RULES, "p", &[], json!({ "items": {} }));
        world.put(&call::TARGET_POOLS, "p", &[], json!({ "items": {} }));
        world.put(&call::FIREWALLS, "p", &[], json!({ "items": [] }));
        world.put(&call::NETWORKS, "p", &[], json!({ "items": [{ "name": "n" }] }));
        world.put(
            &call::SUBNETWORKS,
            "p",
            &[],
            json!({ "items": { "regions/europe-west1": { "subnetworks": [
                { "name": "s", "network": ".../networks/n", "region": ".../regions/europe-west1", "ipCidrRange": "10.0.0.0/20",
                  "privateIpGoogleAccess": true, "logConfig": { "enable": true } },
            ]}}}),
        );
        world.put(
            &call::ROUTES,
            "p",
            &[],
            json!({ "items": [
                { "name": "out", "network": ".../networks/n", "destRange": "0.0.0.0/0", "priority": 1000,
                  "nextHopGateway": ".../gateways/default-internet-gateway" },
                { "name": "out6", "network": ".../networks/n", "destRange": "::/0", "priority": 1000,
                  "nextHopGateway": ".../gateways/default-internet-gateway" },
            ]}),
        );
        world.put(&call::ROUTERS, "p", &[], json!({ "items": {} }));
        world.put(&call::NETWORK_FIREWALLS, "p", &[("network", "n")], json!({}));
        world.put(&call::REGION_FIREWALLS, "p", &[("network", "n"), ("region", "europe-west1")], json!({}));
        world.put(&call::INSIGHTS, "p", &[], json!({}));
        let required = "projects/p/locations/global/buckets/_Required";
        let buckets = json!({ "buckets": [{ "name": required, "retentionDays": 400, "locked": true }] });
        world.put(&call::LOG_BUCKETS, "p", &[], buckets);
        world.put(&call::LOG_SINKS, "p", &[], json!({}));
        let services = ["containerscanning.googleapis.com", "containerthreatdetection.googleapis.com"];
        let services = services.map(|name| json!({ "name": format!("projects/42/services/{name}"), "state": 1 }));
        world.put(&call::SERVICES, "p", &[], json!({ "services": services }));
        world.put(&call::BACKUP_PLANS, "p", &[], json!({}));
        let web = "projects/p/locations/europe/repositories/web";
        world.put(&call::REPOSITORIES, "p", &[("location", "europe-west1")], json!({}));
        let repositories = json!({ "repositories": [{ "name": web, "format": "DOCKER" }] });
        world.put(&call::REPOSITORIES, "p", &[("location", "europe")], repositories);
        // Everybody has a role there that opens nothing, which only its permissions tell.
        let everybody = json!({ "bindings": [{ "role": "roles/viewer", "members": ["allUsers"] }] });
        world.put(&call::REPOSITORY_POLICY, "p", &[("repository", web)], everybody);
        let rule =
            json!({ "evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG" });
        world.put(&call::IMAGE_POLICY, "p", &[], json!({ "defaultAdmissionRule": rule }));
        for constraint in [
            "container.managed.enableControlPlaneDNSOnlyAccess",
            "container.managed.enablePrivateNodes",
            "container.managed.disableLegacyClientCertificateIssuance",
        ] {
            let enforced = json!({ "spec": { "rules": [{ "enforce": true }] } });
            world.put(&call::EFFECTIVE_POLICY, "p", &[("constraint", constraint)], enforced);
        }
        let of = [("cluster", "europe-west1/c")];
        world.put(
            &call::CLUSTER_UPGRADES,
            "p",
            &of,
            json!({
                "autoUpgradeStatus": ["ACTIVE"], "endOfStandardSupportTimestamp": "2027-08-01T00:00:00Z",
                "endOfExtendedSupportTimestamp": "2028-08-01T00:00:00Z",
            }),
        );
        for (role, permissions) in ROLES {
            world.role(role, permissions);
        }
        world
    }

    /// Answers a call, instead of what it answered before.
    pub(crate) fn put(&mut self, call: &Call, scope: &str, params: &[(&str, &str)], body: Value) -> &mut Self {
        self.answers.insert(key(call, scope, params), (*call, Ok(body)));
        self
    }

    /// Lets a call fail wherever it is made.
    pub(crate) fn fail(&mut self, call: &Call, reason: FailureReason) -> &mut Self {
        for (made, answer) in self.answers.values_mut() {
            if made.name == call.name {
                *answer = Err(Failure::new(reason, "on purpose"));
            }
        }
        self
    }

    /// What a role holds.
    pub(crate) fn role(&mut self, role: &str, permissions: &[&str]) -> &mut Self {
        let scope = match role.split_once("/roles/") {
            Some((home, _)) => home.strip_prefix("projects/").unwrap_or(home).to_owned(),
            None => "roles".to_owned(),
        };
        self.put(
            &call::ROLES_GET,
            &scope,
            &[("role", role)],
            json!({ "name": role, "includedPermissions": permissions }),
        )
    }

    /// Binds roles to members in the project.
    pub(crate) fn bind(&mut self, bindings: &[(&str, &str)]) -> &mut Self {
        self.put(&call::PROJECT_POLICY, "p", &[], policy(bindings))
    }

    /// Changes the cluster.
    pub(crate) fn cluster(&mut self, change: impl FnOnce(&mut Value)) -> &mut Self {
        let mut record = cluster();
        change(&mut record);
        self.put(&call::CLUSTERS_LIST, "p", &[], json!({ "clusters": [record] }))
    }

    /// Sets the network's firewall rules.
    pub(crate) fn firewalls(&mut self, rules: Value) -> &mut Self {
        let mut rules = rules;
        for rule in rules.as_array_mut().unwrap() {
            let fields = rule.as_object_mut().unwrap();
            fields.entry("network").or_insert(json!(".../networks/n"));
            fields.entry("direction").or_insert(json!("INGRESS"));
        }
        self.put(&call::FIREWALLS, "p", &[], json!({ "items": rules }))
    }

    /// Every call's name with its records, to change bodies at random.
    pub(crate) fn bodies(&mut self) -> impl Iterator<Item = &mut Value> {
        self.answers.values_mut().filter_map(|(_, answer)| answer.as_mut().ok())
    }

    /// The records as a snapshot.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let records = self.answers.iter().map(|((name, scope, params), (_, answer))| Record {
            call: Arc::from(name.as_str()),
            scope: Arc::from(scope.as_str()),
            params: params.clone(),
            page: 0,
            last: true,
            at: now(),
            exchange: None,
            outcome: match answer {
                Ok(body) => Outcome::Answered(Body::of(body)),
                Err(failure) => Outcome::Failed(failure.clone()),
            },
        });
        Snapshot::new("t".to_owned(), palisade_model::Provider::Gcp, "p".to_owned(), (now(), now()), records.collect())
    }

    /// Everything that was found.
    pub(crate) fn inventory(&self) -> Inventory {
        Gcp::new(Settings::new("t")).normalize(&self.snapshot())
    }

    /// The one cluster.
    pub(crate) fn only(&self) -> Cluster {
        let mut clusters = self.inventory().clusters;
        assert_eq!(clusters.len(), 1);
        clusters.remove(0)
    }

    /// The exposure of the one node.
    pub(crate) fn exposure(&self) -> Exposure {
        let cluster = self.only();
        let pools = cluster.pools.get().unwrap();
        let exposures = pools.first().unwrap().exposure.get().unwrap();
        assert_eq!(exposures.len(), 1);
        exposures.first().unwrap().clone()
    }

    /// Who reaches a TCP port of the one node from the internet.
    pub(crate) fn reach(&self, port: u16) -> Bounds<AddrSet> {
        self.exposure().internet.map(|packets| packets.sources(Protocol::TCP, port))
    }
}

/// The project's default account.
pub(crate) const DEFAULT: &str = "42-compute@developer.gserviceaccount.com";

/// Roles as Google defines them, as far as the tests need.
const ROLES: &[(&str, &[&str])] = &[
    ("roles/editor", EDITOR),
    (
        "roles/owner",
        &[
            "resourcemanager.projects.setIamPolicy",
            "iam.serviceAccountKeys.create",
            "iam.serviceAccounts.actAs",
            "compute.instances.create",
        ],
    ),
    ("roles/viewer", &["container.clusters.connect", "container.clusters.get", "gkehub.gateway.get"]),
    ("roles/logging.logWriter", &["logging.logEntries.create", "logging.logEntries.route"]),
    ("roles/iam.serviceAccountTokenCreator", &["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.signBlob"]),
    ("roles/iam.workloadIdentityUser", &["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"]),
    ("roles/secretmanager.secretAccessor", &["secretmanager.versions.access"]),
    ("roles/storage.admin", &["storage.objects.get", "storage.objects.delete", "storage.buckets.setIamPolicy"]),
    (
        "roles/container.admin",
        &[
            "container.clusters.getCredentials",
            "container.clusters.update",
            "container.clusterRoles.bind",
            "container.clusterRoleBindings.create",
        ],
    ),
    (
        "roles/container.developer",
        &[
            "container.secrets.get",
            "container.secrets.list",
            "container.pods.create",
            "container.pods.exec",
            "container.deployments.create",
        ],
    ),
    ("roles/container.serviceAgent", &["iam.serviceAccounts.actAs", "container.secrets.get"]),
    (
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        &["cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt"],
    ),
    ("roles/gkehub.gatewayAdmin", &["gkehub.gateway.get", "gkehub.gateway.post"]),
];

const EDITOR: &[&str] = &[
    "compute.instances.create",
    "compute.instances.setMetadata",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccountKeys.create",
    "container.secrets.get",
    "container.pods.exec",
    "container.clusters.getCredentials",
    "logging.logEntries.create",
];

/// A policy that binds roles to members.
pub(crate) fn policy(bindings: &[(&str, &str)]) -> Value {
    let bindings: Vec<Value> =
        bindings.iter().map(|(role, member)| json!({ "role": role, "members": [member] })).collect();
    json!({ "bindings": bindings, "version": 3 })
}

fn key(call: &Call, scope: &str, params: &[(&str, &str)]) -> Key {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (call.name.to_owned(), scope.to_owned(), params)
}

/// A certificate authority that ends on 2036-11-26, as GKE writes it.
const AUTHORITY: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJmekNDQVNXZ0F3SUJBZ0lVQmlqaW5GOVZWRXdBMmxqN1JjMndTZWFLSjZNd0NnWUlLb1pJemowRUF3SXcKRlRFVE1CRUdBMVVFQXd3S2EzVmlaWEp1WlhSbGN6QWVGdzB5TmpFeE1qa3dOakEyTlRoYUZ3MHpOakV4TWpZdwpOakEyTlRoYU1CVXhFekFSQmdOVkJBTU1DbXQxWW1WeWJtVjBaWE13V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPClBRTUJCd05DQUFSZHR0RHFZQXJEUytCRnRBK1hlZXpBWWw1RjZHNHc2VlRwT2V5akRSenQxOW9SMG84UTFhZTAKUjhoQzZmeGYyc2Y4RlVpNjJyOS9KUjU0eGdTV0Rodi9vMU13VVRBZEJnTlZIUTRFRmdRVVdjbnhuZlJpdFBSRgpPSC9CY05DUFV3ajRrYzB3SHdZRFZSMGpCQmd3Rm9BVVdjbnhuZlJpdFBSRk9IL0JjTkNQVXdqNGtjMHdEd1lEClZSMFRBUUgvQkFVd0F3RUIvekFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUJZL0o5SkxPaEVrUG9lQVVqQUdnR0cKZ2Y0cEt2Y3Vjb0M1U0l1cFdYRUJPZ0loQUtyaUZ2ZU80YStkZWx1cHdyZVhDRHJ5MEpUbmtvelV6cDhmR3JVdwpzNWdZCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";

/// A tidy cluster: private endpoint, own node account, workload identity.
pub(crate) fn cluster() -> Value {
    json!({
        "name": "c",
        "binaryAuthorization": { "evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE" },
        "location": "europe-west1",
        "currentMasterVersion": "1.33.4-gke.100",
        "resourceLabels": { "team": "shop" },
        "networkConfig": {
            "network": "projects/p/global/networks/n", "subnetwork": "projects/p/regions/europe-west1/subnetworks/s",
            "datapathProvider": "ADVANCED_DATAPATH",
        },
        "ipAllocationPolicy": { "useIpAliases": true, "defaultPodIpv4RangeUtilization": 0.1 },
        "shieldedNodes": { "enabled": true },
        "loggingConfig": { "componentConfig": { "enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"] } },
        "monitoringConfig": { "componentConfig": { "enableComponents": ["SYSTEM_COMPONENTS"] } },
        "clusterIpv4Cidr": "10.64.0.0/14",
        "controlPlaneEndpointsConfig": {
            "ipEndpointsConfig": {
                "enabled": true, "enablePublicEndpoint": false, "privateEndpoint": "10.0.0.2",
                "authorizedNetworksConfig": {
                    "enabled": true, "gcpPublicCidrsAccessEnabled": false, "privateEndpointEnforcementEnabled": true,
                    "cidrBlocks": [{ "cidrBlock": "10.1.0.0/24", "displayName": "bastion" }],
                },
            },
            "dnsEndpointConfig": { "endpoint": "gke-1.europe-west1.gke.goog" },
        },
        "workloadIdentityConfig": { "workloadPool": "p.svc.id.goog" },
        "masterAuth": { "clientCertificateConfig": {}, "clusterCaCertificate": AUTHORITY },
        "legacyAbac": {},
        "authenticatorGroupsConfig": { "enabled": true, "securityGroup": "gke-security-groups@acme.example" },
        "releaseChannel": { "channel": "REGULAR" },
        "maintenancePolicy": { "window": { "recurringWindow": { "recurrence": "FREQ=WEEKLY;BYDAY=SU" } } },
        "status": "RUNNING",
        "locations": ["europe-west1-b", "europe-west1-c", "europe-west1-d"],
        "addonsConfig": { "kubernetesDashboard": { "disabled": true } },
        "databaseEncryption": { "state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED" },
        "nodePools": [{
            "name": "pool",
            "config": {
                "serviceAccount": "n@p.iam.gserviceaccount.com",
                "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
                "workloadMetadataConfig": { "mode": "GKE_METADATA" },
                "imageType": "COS_CONTAINERD",
                "shieldedInstanceConfig": { "enableSecureBoot": true, "enableIntegrityMonitoring": true },
            },
            "autoscaling": { "enabled": true, "maxNodeCount": 9 },
            "networkConfig": { "enablePrivateNodes": true },
            "version": "1.33.4-gke.100", "status": "RUNNING", "management": { "autoRepair": true, "autoUpgrade": true },
            "locations": ["europe-west1-b", "europe-west1-c", "europe-west1-d"],
            "upgradeSettings": { "strategy": "SURGE", "maxSurge": 1 },
        }],
    })
}

/// A node with external addresses or without.
pub(crate) fn node(v4: bool, v6: bool) -> Value {
    let access = if v4 { json!([{ "type": "ONE_TO_ONE_NAT", "natIP": "198.51.100.9" }]) } else { json!([]) };
    let access6 =
        if v6 { json!([{ "externalIpv6": "2001:db8::5", "externalIpv6PrefixLength": 96 }]) } else { json!([]) };
    let interface = json!({
        "network": ".../projects/p/global/networks/n",
        "networkIP": "10.0.0.5",
        "accessConfigs": access,
        "ipv6AccessType": if v6 { json!("EXTERNAL") } else { Value::Null },
        "ipv6Address": if v6 { json!("2001:db8::5") } else { Value::Null },
        "ipv6AccessConfigs": access6,
    });
    json!({
        "id": "1001", "name": "gke-c-pool-0", "zone": ".../zones/europe-west1-b",
        "labels": { "goog-k8s-cluster-name": "c", "goog-k8s-node-pool-name": "pool" },
        "tags": { "items": ["gke-c-node"] },
        "metadata": { "items": [{ "key": "cluster-name", "value": "c" }] },
        "serviceAccounts": [{ "email": "n@p.iam.gserviceaccount.com" }],
        "networkInterfaces": [interface],
    })
}

/// The instances of the project: this one node.
pub(crate) fn instances(node: &Value) -> Value {
    json!({ "items": { "zones/europe-west1-b": { "instances": [node] } } })
}

/// Every IPv4 address outside the network.
pub(crate) fn any4() -> AddrSet {
    internet().family(Family::V4)
}

/// Some prefixes.
pub(crate) fn nets(texts: &[&str]) -> AddrSet {
    texts.iter().map(|text| parse_net(text).unwrap()).collect()
}
