//! One good and one bad cluster of each provider.

use crate::kept::{sloppy_access, sloppy_lifecycle, sloppy_upkeep, tidy_access, tidy_lifecycle, tidy_upkeep};
use ipnet::IpNet;
use jiff::Timestamp;
use palisade_authority::{Capability, Certainty, GrantId, Held, IdentityId, PipelineSubject, Standing};
use palisade_model::{
    ActivityLog, ActivityRoute, Answer, Api, Audience, AuditPlace, AuditStore, BackupCopy, BackupPlan, BackupPlans,
    BackupSafety, Boot, Cluster, ClusterId, ClusterNetwork, Controller, ControllerIdentity, Coverage, Credential,
    Dedication, DefaultRoute, Detection, Digest, DiskKey, Disks, Door, DoorKind, Egress, Encryption, Entry, EntryKind,
    Etcd, Evidence, Exposure, ExternalTrust, Filters, FlowLogs, Gap, Guardrail, Identity, IdentityKind, Image,
    ImageAdmission, ImageAge, ImageRuns, ImageScanning, ImageVulnerabilities, ImageVulnerability, Interactive,
    Isolation, Issuer, KeyAccess, KeyFacts, KeyHolder, KeyOwner, KeyState, Location, LongLivedKey, Machinery, Metadata,
    Minter, NetworkPart, NetworkPlace, Newest, Node, NodeId, Observed, OpenRule, Patching, Pipeline, PipelineReach,
    Pipelines, Platform, PodAccess, PolicyEngine, Pool, PoolId, PoolKind, PrincipalKind, PrivateApis, PrivateGuard,
    PrivatePath, Progress, Provider, PublicAccess, PublicAddresses, PublicDoor, Recovery, Registry, RegistryOpening,
    Retention, Room, Rotation, Scaling, ScanMode, Scope, SecretStore, Stance, SubnetFilter, Telemetry, Transit, Trust,
    TrustSubject, Tunnel, TunnelKind, Unused, Version, WorkloadIdentity, WorstSetting,
};
use palisade_reach::{AddrSet, Bounds, IntervalSet, PacketSet, Protocol, Protocols, RuleId};
use std::{collections::BTreeMap, sync::Arc};

/// The moment at which example snapshots were taken: 2026-11-20T00:00:00Z.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_795_132_800).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A gap like one that a refused call leaves.
pub fn gap() -> Gap {
    Gap::Denied { call: "test:Call".to_owned(), scope: "test".to_owned(), permission: "test:Permission".to_owned() }
}

/// A known fact with evidence.
pub fn known<T>(value: T) -> Observed<T> {
    Observed::known(value, vec![evidence()])
}

/// Evidence that points at an example body.
pub fn evidence() -> Evidence {
    Evidence { digest: Digest::from_bytes([7; 32]), call: Arc::from("test:Call"), pointer: Arc::from("/example") }
}

/// The union of some ranges. Unreadable text is left out, so that a typing mistake shows in the test.
pub fn nets(texts: &[&str]) -> AddrSet {
    AddrSet::from_nets(texts.iter().filter_map(|text| text.parse::<IpNet>().ok()))
}

/// Every address outside, of both families.
pub fn everyone() -> AddrSet {
    AddrSet::all()
}

/// TCP packets to one port from some ranges.
pub fn packets(port: u16, sources: &AddrSet) -> PacketSet {
    PacketSet::of(Protocols::One(Protocol::TCP), &IntervalSet::from_range(port, port), sources)
}

/// A cluster about which everything is known and good.
pub fn tidy(provider: Provider) -> Cluster {
    let office = nets(&["203.0.113.0/28"]);
    let node_identity = identity("node-identity", IdentityKind::Node, tidy_standing());
    Cluster {
        id: ClusterId::new(format!("{provider}/example/tidy")),
        provider,
        scope: Scope::new("111111111111/eu-west-1"),
        location: Location::new("eu-west-1"),
        name: "tidy".to_owned(),
        labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        version: known(Version { major: 1, minor: 35 }),
        api: Api {
            public: known(PublicAccess::Closed { because: "the public endpoint is off".to_owned() }),
            private_path: known(PrivatePath::Present { because: "the private endpoint is on".to_owned() }),
            doors: known(Vec::new()),
            tunnels: known(Vec::new()),
            private_guard: known(PrivateGuard::Filtered {
                sources: Bounds::exact(nets(&["10.0.1.0/24"]).union(&office)),
                via: vec![RuleId::from("sgr-1")],
                global: false,
            }),
        },
        pools: known(vec![tidy_pool(provider)]),
        credential: known(Credential::ManagedIdentity { what: "role cluster".to_owned() }),
        workload_identity: known(WorkloadIdentity::Enabled { how: "federation".to_owned() }),
        identities: known(vec![
            identity("cluster-identity", IdentityKind::ControlPlane, tidy_standing()),
            node_identity,
            identity("app-identity", IdentityKind::Workload, tidy_standing()),
            identity("controller-identity", IdentityKind::Controller, tidy_standing()),
        ]),
        trusts: known(vec![Trust {
            identity: IdentityId::from("app-identity"),
            subject: TrustSubject::Exact { namespace: "shop".to_owned(), service_account: "app".to_owned() },
            audience: Audience::Checked,
            issuer: Issuer::ThisCluster,
            consumers: 1,
            text: "system:serviceaccount:shop:app".to_owned(),
        }]),
        unread_groups: known(Arc::from(Vec::new())),
        controllers: known(vec![Controller {
            name: "csi-driver".to_owned(),
            identity: ControllerIdentity::Own(IdentityId::from("controller-identity")),
        }]),
        minters: known(vec![Minter {
            principal: "platform-admins".to_owned(),
            kind: PrincipalKind::Role,
            by: vec!["update the cluster".to_owned()],
            scope: "111111111111".to_owned(),
            certainty: Certainty::Certain,
        }]),
        external_trusts: known(Vec::new()),
        etcd: known(Etcd::ProviderManaged { reference: "the provider runs etcd in its own network" }),
        encryption: known(Encryption {
            coverage: Coverage::AllObjects,
            owner: KeyOwner::Customer { key: "key-1".to_owned() },
            progress: Progress::Settled,
            rewritten: Some(true),
            because: "every API object is encrypted with key-1".to_owned(),
        }),
        key: KeyFacts {
            state: known(KeyState::Live { protected: Some(true), expires: None }),
            rotation: known(Rotation::Automatic { days: Some(365) }),
            access: known(KeyAccess::Known { holders: Vec::new(), public_network: Some(false), logged: Some(true) }),
        },
        pipelines: known(tidy_pipelines()),
        activity: known(ActivityLog {
            routes: vec![ActivityRoute { name: "trail".to_owned(), everywhere: true }],
            ..ActivityLog::default()
        }),
        audit_store: known(AuditStore::Kept(vec![AuditPlace {
            name: "log group".to_owned(),
            kept: Ok(Retention::Days(400)),
            searchable: Ok(Retention::Days(400)),
            protected: Answer::Yes("deletion protection is on".to_owned()),
        }])),
        backup_plans: known(BackupPlans {
            found: vec![BackupPlan { name: "daily".to_owned(), stopped: None, partly: None }],
            unread: None,
        }),
        recovery: known(Recovery::Recorded {
            last_success: Some(now()),
            last_failure: None,
            by: "plan `daily`".to_owned(),
        }),
        backup_safety: known(BackupSafety::Copies(vec![copy(|what| Answer::Yes(what.to_owned()))])),
        image_scanning: known(vec![ImageScanning {
            registry: "shop".to_owned(),
            mode: ScanMode::Continuous { by: "the registry".to_owned() },
        }]),
        vulnerabilities: known(ImageVulnerabilities {
            fixable: Vec::new(),
            covered: "the scanner looks at all images that run here".to_owned(),
            uncovered: Vec::new(),
        }),
        registries: known(vec![Registry { name: "shop".to_owned(), openings: Vec::new(), unread: None }]),
        detection: known(Detection::Whole { by: "the detector".to_owned() }),
        image_admission: known(ImageAdmission::Enforced { by: "the policy".to_owned() }),
        guardrails: known(vec![guardrail(Stance::Refused { by: "the organisation".to_owned() })]),
        access: tidy_access(),
        lifecycle: tidy_lifecycle(),
        network: tidy_network(),
        platform: Platform {
            secret_store: known(SecretStore::Connected { by: "the provider's store".to_owned(), rotates: Some(true) }),
            telemetry: known(Telemetry {
                metrics: Some("the provider".to_owned()),
                logs: Some("the provider".to_owned()),
                because: "the add-ons".to_owned(),
            }),
        },
    }
}

fn tidy_network() -> ClusterNetwork {
    ClusterNetwork {
        policy_engine: known(PolicyEngine::Active { by: "Cilium".to_owned() }),
        parts: known(vec![NetworkPart { role: "network plugin".to_owned(), word: "overlay".to_owned() }]),
        place: known(NetworkPlace { name: "network-1".to_owned(), default: None, routes_based: None }),
        private_apis: known(PrivateApis::Offered { by: "private endpoints".to_owned() }),
        transit: known(Transit::Encrypted { by: "WireGuard".to_owned() }),
        room: known(vec![Room { what: "addresses of pods".to_owned(), used: 20, limit: 100 }]),
    }
}

fn sloppy_network(provider: Provider) -> ClusterNetwork {
    let (role, word) = match provider {
        Provider::Azure => ("load balancer", "basic"),
        Provider::Aws | Provider::Gcp | Provider::Kubernetes => ("network plugin", "default"),
    };
    ClusterNetwork {
        policy_engine: known(PolicyEngine::Absent { because: "no engine is set".to_owned() }),
        parts: known(vec![NetworkPart { role: role.to_owned(), word: word.to_owned() }]),
        place: known(NetworkPlace {
            name: "default".to_owned(),
            default: Some("the network `default` is the one every project starts with".to_owned()),
            routes_based: Some("pods take their addresses from routes".to_owned()),
        }),
        private_apis: known(PrivateApis::Missing { what: vec!["the registry".to_owned()] }),
        transit: known(Transit::Plain { because: "no encryption is set".to_owned() }),
        room: known(vec![Room { what: "addresses of pods".to_owned(), used: 95, limit: 100 }]),
    }
}

fn tidy_machinery(provider: Provider) -> Machinery {
    let word = match provider {
        Provider::Aws => "BOTTLEROCKET_x86_64",
        Provider::Azure => "Azure Linux 3",
        Provider::Gcp | Provider::Kubernetes => "COS_CONTAINERD",
    };
    let image = match provider {
        Provider::Kubernetes => Image::Own { id: "image-1".to_owned() },
        Provider::Aws | Provider::Azure | Provider::Gcp => {
            Image::Family { word: word.to_owned(), because: "the pool's image".to_owned() }
        }
    };
    Machinery {
        image: known(image),
        image_age: known(ImageAge::Dated {
            image: "image-1".to_owned(),
            published: now() - jiff::SignedDuration::from_hours(24 * 10),
        }),
        newest: known(Newest::Behind { newest: "image-2".to_owned() }),
        patching: known(Patching::Automatic { how: "the channel is set".to_owned() }),
        boot: known(Boot::Verified { by: "secure boot and a TPM".to_owned() }),
        disks: known(Disks {
            plain: Vec::new(),
            key: DiskKey::Own { keys: vec!["key-2".to_owned()] },
            because: "every disk is encrypted".to_owned(),
        }),
        isolation: known(Isolation {
            system_only: Some("taint `CriticalAddonsOnly`".to_owned()),
            taints: vec!["team=shop:NoSchedule".to_owned()],
            sandbox: None,
        }),
        scaling: known(Scaling::Automatic { how: "the autoscaler is on".to_owned() }),
        room: known(vec![Room { what: "machines".to_owned(), used: 3, limit: 10 }]),
        flow_logs: known(FlowLogs::On { by: vec!["log-1".to_owned()] }),
    }
}

fn sloppy_machinery(provider: Provider) -> Machinery {
    let word = match provider {
        Provider::Aws => "AL2_x86_64",
        Provider::Azure => "Azure Linux 2",
        Provider::Gcp | Provider::Kubernetes => "COS",
    };
    Machinery {
        image: known(Image::Family { word: word.to_owned(), because: "the pool's image".to_owned() }),
        image_age: known(ImageAge::Dated {
            image: "image-1".to_owned(),
            published: now() - jiff::SignedDuration::from_hours(24 * 400),
        }),
        newest: known(Newest::Behind { newest: "image-2".to_owned() }),
        patching: known(Patching::Manual { because: "the channel is `None`".to_owned() }),
        boot: known(Boot::Unverified { missing: vec!["secure boot is off".to_owned()] }),
        disks: known(Disks {
            plain: vec!["disk-1".to_owned()],
            key: DiskKey::Provider,
            because: "nothing asks for encryption".to_owned(),
        }),
        isolation: known(Isolation::default()),
        scaling: known(Scaling::Fixed { because: "the autoscaler is off".to_owned() }),
        room: known(vec![Room { what: "machines".to_owned(), used: 10, limit: 10 }]),
        flow_logs: known(FlowLogs::Off { subnets: vec!["subnet-1".to_owned()] }),
    }
}

/// A cluster about which everything is known and bad.
pub fn sloppy(provider: Provider) -> Cluster {
    let mut cluster = tidy(provider);
    cluster.id = ClusterId::new(format!("{provider}/example/sloppy"));
    "sloppy".clone_into(&mut cluster.name);
    cluster.version = known(Version { major: 1, minor: 27 });
    cluster.api = Api {
        public: known(PublicAccess::Open(PublicDoor {
            sources: Bounds::exact(everyone()),
            entries: vec![
                Entry { text: "no list".to_owned(), covers: Bounds::exact(everyone()), kind: EntryKind::Everyone },
                Entry {
                    text: "every customer".to_owned(),
                    covers: Bounds::unknown_within(everyone()),
                    kind: EntryKind::EveryCustomer { of: "Example".to_owned() },
                },
            ],
            own: AddrSet::empty(),
            port: 443,
        })),
        private_path: known(PrivatePath::Absent { because: "the private endpoint is off".to_owned() }),
        doors: known(vec![Door {
            kind: DoorKind::DnsEndpoint {
                external: true,
                cluster_tokens: true,
                client_certificates: true,
                gate: "clusters.connect",
            },
            name: "gke-1.example".to_owned(),
        }]),
        tunnels: known(vec![Tunnel { kind: TunnelKind::RunCommand, holder: "run command".to_owned() }]),
        private_guard: known(PrivateGuard::Unfiltered { because: "no rules stand in front of it".to_owned() }),
    };
    cluster.pools = known(vec![sloppy_pool(provider)]);
    cluster.credential = known(Credential::StoredSecret { principal: "app-1".to_owned() });
    cluster.workload_identity = known(WorkloadIdentity::Disabled { missing: "the issuer is off".to_owned() });
    cluster.identities = known(
        [
            ("cluster-identity", IdentityKind::ControlPlane),
            ("node-identity", IdentityKind::Node),
            ("app-identity", IdentityKind::Workload),
            ("controller-identity", IdentityKind::Controller),
        ]
        .map(|(id, kind)| sloppy_identity(id, kind))
        .to_vec(),
    );
    cluster.trusts = known(vec![Trust {
        identity: IdentityId::from("app-identity"),
        subject: TrustSubject::WholeCluster,
        audience: Audience::Unchecked,
        issuer: Issuer::Other("https://elsewhere.example".to_owned()),
        consumers: 3,
        text: "no subject".to_owned(),
    }]);
    cluster.controllers = known(vec![Controller { name: "csi-driver".to_owned(), identity: ControllerIdentity::Node }]);
    cluster.minters = known(vec![Minter {
        principal: "everyone".to_owned(),
        kind: PrincipalKind::Everyone,
        by: vec!["update the cluster".to_owned()],
        scope: "111111111111".to_owned(),
        certainty: Certainty::Certain,
    }]);
    cluster.external_trusts =
        known(vec![ExternalTrust { party: "999999999999".to_owned(), via: "role app".to_owned(), guarded_by: None }]);
    cluster.etcd = known(Etcd::CustomerNetwork { because: "2379 answers the node network".to_owned() });
    cluster.encryption = known(Encryption {
        coverage: Coverage::Nothing,
        owner: KeyOwner::Nobody,
        progress: Progress::Failed { why: "the key is gone".to_owned() },
        rewritten: Some(false),
        because: "no encryption is configured".to_owned(),
    });
    cluster.key = KeyFacts {
        state: known(KeyState::PendingDeletion { at: Some(now()) }),
        rotation: known(Rotation::Off),
        access: known(KeyAccess::Known {
            holders: vec![KeyHolder {
                principal: "*".to_owned(),
                uses: true,
                administers: true,
                broad: true,
                by: "key policy statement 0".to_owned(),
            }],
            public_network: Some(true),
            logged: Some(false),
        }),
    };
    cluster.pipelines = known(sloppy_pipelines());
    cluster.activity =
        known(ActivityLog { lacking: vec!["trail `old` is stopped".to_owned()], ..ActivityLog::default() });
    cluster.audit_store = known(AuditStore::Kept(vec![AuditPlace {
        name: "log group".to_owned(),
        kept: Ok(Retention::Days(30)),
        searchable: Ok(Retention::Days(30)),
        protected: Answer::No("deletion protection is off".to_owned()),
    }]));
    cluster.backup_plans = known(BackupPlans::default());
    cluster.recovery =
        known(Recovery::Recorded { last_success: None, last_failure: None, by: "plan `daily`".to_owned() });
    cluster.backup_safety = known(BackupSafety::Copies(vec![copy(|what| Answer::No(format!("not {what}")))]));
    cluster.image_scanning = known(vec![ImageScanning {
        registry: "shop".to_owned(),
        mode: ScanMode::Off { because: "no rule".to_owned() },
    }]);
    cluster.vulnerabilities = known(ImageVulnerabilities {
        fixable: vec![vulnerability(45)],
        covered: "the scanner looks at all images that run here".to_owned(),
        uncovered: Vec::new(),
    });
    cluster.registries = known(vec![Registry {
        name: "shop".to_owned(),
        openings: vec![RegistryOpening::AnyonePulls { by: "policy".to_owned() }],
        unread: None,
    }]);
    cluster.detection = known(Detection::Off { because: "no detector".to_owned() });
    cluster.image_admission = known(ImageAdmission::Off { because: "it is off".to_owned() });
    cluster.guardrails = known(vec![guardrail(Stance::Allowed { because: "nothing refuses it".to_owned() })]);
    cluster.network = sloppy_network(provider);
    cluster.platform = Platform {
        secret_store: known(SecretStore::Connected { by: "the provider's store".to_owned(), rotates: Some(false) }),
        telemetry: known(Telemetry { metrics: None, logs: None, because: "no add-on".to_owned() }),
    };
    cluster.access = sloppy_access();
    cluster.lifecycle = sloppy_lifecycle();
    cluster
}

fn guardrail(stance: Stance) -> Guardrail {
    Guardrail { against: WorstSetting::PublicControlPlane, stance: Ok(stance) }
}

/// A critical vulnerability that has been known for so many days of an image that runs in the cluster.
pub fn vulnerability(days: i64) -> ImageVulnerability {
    ImageVulnerability {
        name: "CVE-2026-1000".to_owned(),
        image: "shop/web".to_owned(),
        since: Some(now() - jiff::SignedDuration::from_hours(24 * days)),
        runs: ImageRuns::Here,
    }
}

fn copy(say: impl Fn(&str) -> Answer) -> BackupCopy {
    BackupCopy {
        name: "daily".to_owned(),
        volumes: say("volumes are in it"),
        encrypted: say("encrypted"),
        locked: say("locked"),
        elsewhere: say("in another region"),
    }
}

fn tidy_pipelines() -> Pipelines {
    let subject = "repo:acme/shop:environment:production".to_owned();
    let reach = PipelineReach::Namespaces(vec!["shop".to_owned()]);
    Pipelines { found: vec![pipeline(PipelineSubject::Exact { subject }, reach)], unread: Vec::new() }
}

fn sloppy_pipelines() -> Pipelines {
    let subject = "no subject is asked for".to_owned();
    let reach = PipelineReach::Cluster { by: vec!["admin".to_owned()], certainty: Certainty::Certain };
    Pipelines { found: vec![pipeline(PipelineSubject::Anyone { subject }, reach)], unread: Vec::new() }
}

fn pipeline(admits: PipelineSubject, reach: PipelineReach) -> Pipeline {
    Pipeline {
        identity: IdentityId::from("deploy"),
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        admits,
        reach,
        text: "statement 1".to_owned(),
    }
}

fn identity(id: &str, kind: IdentityKind, standing: Standing) -> Identity {
    Identity {
        id: IdentityId::from(id),
        name: id.to_owned(),
        kind,
        used_by: vec!["workers".to_owned()],
        standing: known(Arc::new(standing)),
        dedication: known(Dedication::Dedicated),
        other_trust: known(Vec::new()),
        keys: known(Vec::new()),
        unused: known(Unused::Known { services: Vec::new(), window_days: 90 }),
    }
}

fn sloppy_identity(id: &str, kind: IdentityKind) -> Identity {
    Identity {
        dedication: known(Dedication::Default { name: "default".to_owned(), broad: Some("roles/editor".to_owned()) }),
        other_trust: known(vec!["arn:aws:iam::999999999999:root".to_owned()]),
        keys: known(vec![LongLivedKey { id: "AKIA1".to_owned(), created: Some(Timestamp::UNIX_EPOCH), active: true }]),
        unused: known(Unused::Known { services: vec!["iam".to_owned()], window_days: 90 }),
        ..identity(id, kind, sloppy_standing())
    }
}

fn tidy_standing() -> Standing {
    Standing::default()
}

fn sloppy_standing() -> Standing {
    let by = vec![GrantId::from("policy AdministratorAccess statement 0")];
    Standing {
        administrator: Some((Certainty::Certain, by.clone())),
        held: vec![Held {
            capability: Capability::ExfiltrateStorage,
            certainty: Certainty::Certain,
            actions: vec!["s3:GetObject".to_owned()],
            by,
            everywhere: true,
        }],
        ..Standing::default()
    }
}

fn tidy_pool(provider: Provider) -> Pool {
    Pool {
        id: PoolId::new("workers"),
        name: "workers".to_owned(),
        kind: PoolKind::Managed,
        nodes: known(vec![Node {
            id: NodeId::new("i-1"),
            name: "node-1".to_owned(),
            private: vec!["10.0.1.10".parse().unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))],
            public: Vec::new(),
        }]),
        public_addresses: known(PublicAddresses {
            setting: Some(false),
            because: "the subnets give no public address".to_owned(),
            held_by: Vec::new(),
        }),
        exposure: known(vec![exposure(PacketSet::empty())]),
        filters: known(Filters { subnet: SubnetFilter::Attached("acl-1".to_owned()), open: Vec::new() }),
        default_route: known(DefaultRoute::Brokered { via: "nat-1".to_owned() }),
        egress: known(Egress {
            unrestricted: None,
            forced_through: Some("firewall-1".to_owned()),
            control_plane: Some("CUSTOMER_ROUTED".to_owned()),
        }),
        interactive: known(Interactive::Off { because: "no key".to_owned() }),
        metadata: known(Metadata {
            hardened: true,
            mode: "tokens required, hop limit 1".to_owned(),
            pods: PodAccess::Blocked { because: "hop limit 1".to_owned() },
        }),
        machinery: tidy_machinery(provider),
        upkeep: tidy_upkeep(),
    }
}

fn sloppy_pool(provider: Provider) -> Pool {
    let everything = PacketSet::of(Protocols::Any, &IntervalSet::full(), &everyone());
    Pool {
        public_addresses: known(PublicAddresses {
            setting: Some(true),
            because: "the subnets give public addresses".to_owned(),
            held_by: vec![NodeId::new("i-1")],
        }),
        exposure: known(vec![exposure(everything)]),
        filters: known(Filters {
            subnet: SubnetFilter::Missing { subnet: "subnet-1".to_owned() },
            open: vec![OpenRule {
                rule: "sgr-1".to_owned(),
                sources: Bounds::exact(everyone()),
                text: "0.0.0.0/0".to_owned(),
            }],
        }),
        default_route: known(DefaultRoute::Internet { via: "igw-1".to_owned() }),
        egress: known(Egress {
            unrestricted: Some("sgr-2 allows everything to 0.0.0.0/0".to_owned()),
            forced_through: None,
            control_plane: Some("AWS_MANAGED".to_owned()),
        }),
        interactive: known(Interactive::Keys { because: "key `admin`".to_owned(), opened_to_everyone: true }),
        metadata: known(Metadata {
            hardened: false,
            mode: "tokens optional, hop limit 2".to_owned(),
            pods: PodAccess::Reachable { because: "hop limit 2".to_owned() },
        }),
        machinery: sloppy_machinery(provider),
        upkeep: sloppy_upkeep(),
        ..tidy_pool(provider)
    }
}

fn exposure(internet: PacketSet) -> Exposure {
    Exposure {
        paths: Arc::default(),
        nodes: vec![NodeId::new("i-1")],
        internet: Bounds::exact(internet.clone()),
        ordinary: Bounds::exact(internet),
        inside: Bounds::exact(PacketSet::empty()),
        local: nets(&["10.0.0.0/16"]),
        layers: Arc::from(Vec::new()),
        limits: Vec::new(),
        mitigation: None,
    }
}
