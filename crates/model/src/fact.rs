//! The list of facts: what controls need, what calls feed, what can be hidden.

use crate::{Cluster, Gap, Observed};

macro_rules! facts {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// A kind of fact. Controls name the kinds they need; calls name the kinds they feed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FactKind { $($(#[$doc])* $kind,)* }

        impl FactKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The name used in documents.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

facts! {
    /// The control plane's version.
    Version = "version",
    /// The public endpoint.
    PublicAccess = "public access",
    /// The private way to the API server.
    PrivatePath = "private path",
    /// Second front doors.
    Doors = "doors",
    /// Tunnels and trusted services.
    Tunnels = "tunnels",
    /// The filter of the private endpoint.
    PrivateGuard = "private guard",
    /// The list of pools.
    Pools = "pools",
    /// The machines of a pool.
    Nodes = "nodes",
    /// Public addresses of machines.
    PublicAddresses = "public addresses",
    /// Who can reach machines.
    Exposure = "exposure",
    /// Filters as configured.
    Filters = "filters",
    /// Where internet traffic goes.
    DefaultRoute = "default route",
    /// What may leave.
    Egress = "egress",
    /// How people log in.
    Interactive = "interactive access",
    /// The metadata service.
    Metadata = "metadata service",
    /// What the cluster signs in with.
    Credential = "credential",
    /// How pods get rights.
    WorkloadIdentity = "workload identity",
    /// The list of identities.
    Identities = "identities",
    /// What an identity may do.
    Standing = "standing",
    /// Whether an identity serves one purpose.
    Dedication = "dedication",
    /// Who else may become an identity.
    OtherTrust = "other trust",
    /// Long-lived keys.
    Keys = "long-lived keys",
    /// Unused rights.
    Unused = "unused rights",
    /// Groups with rights whose members nobody could read.
    UnreadGroups = "unread groups",
    /// Which pods become which identity.
    Trusts = "trusts",
    /// Controllers and their rights.
    Controllers = "controllers",
    /// Who can make cluster credentials.
    Minters = "minters",
    /// Parties outside that are trusted.
    ExternalTrusts = "external trusts",
    /// Access to etcd.
    Etcd = "etcd",
    /// Encryption of etcd's content.
    Encryption = "encryption",
    /// Whether the key lives.
    KeyState = "key state",
    /// Whether the key rotates.
    KeyRotation = "key rotation",
    /// Who may use the key.
    KeyAccess = "key access",
    /// Identities of pipelines.
    Pipelines = "pipelines",
    /// Where requests to the cloud's API are written down.
    ActivityLog = "activity log",
    /// Where the audit log is kept.
    AuditStore = "audit store",
    /// Plans that back the cluster up.
    BackupPlans = "backup plans",
    /// Backups that were made.
    Recovery = "recovery points",
    /// How backups are guarded.
    BackupSafety = "backup safety",
    /// Whether registries scan images.
    ImageScanning = "image scanning",
    /// Critical vulnerabilities of the images that run.
    Vulnerabilities = "vulnerabilities",
    /// Who may reach registries.
    Registries = "registries",
    /// What threat detection sees.
    Detection = "threat detection",
    /// What is asked of images before they run.
    ImageAdmission = "image admission",
    /// What the organisation refuses.
    Guardrails = "guardrails",
    /// The operating system of machines.
    Image = "image",
    /// When the image in use was published.
    ImageAge = "image age",
    /// How the image in use compares with what is offered.
    NewestImage = "newest image",
    /// Whether newer images come by themselves.
    Patching = "patching",
    /// Whether machines prove what they boot.
    Boot = "verified boot",
    /// Whether disks and caches are encrypted.
    Disks = "node disks",
    /// Which pods a pool keeps to itself.
    Isolation = "isolation",
    /// Whether the number of machines follows the load.
    Scaling = "scaling",
    /// What can run out.
    Room = "headroom",
    /// Whether traffic is recorded.
    FlowLogs = "flow logs",
    /// What enforces network policies.
    PolicyEngine = "policy engine",
    /// What the cluster's network is built from.
    NetworkParts = "network parts",
    /// The network a cluster stands in.
    NetworkPlace = "network",
    /// Whether machines reach the cloud's services privately.
    PrivateApis = "private access to cloud services",
    /// Whether traffic between machines is encrypted.
    Transit = "encryption in transit",
    /// Where workloads can take secrets from.
    SecretStore = "secret store",
    /// Where metrics and logs go.
    Telemetry = "metrics and logs",
    /// A static administrator that stands in no directory.
    LocalCredential = "local credential",
    /// What decides about requests.
    Authorization = "authorization",
    /// Where people's identities come from.
    SignIn = "sign-in",
    /// Whom the cloud makes an administrator.
    Administrators = "administrators",
    /// The certificate authority of the control plane.
    ClusterCa = "certificate authority",
    /// How long the version is supported.
    Support = "version support",
    /// How upgrades come.
    Upgrades = "upgrades",
    /// The zones of the control plane.
    Placement = "control plane zones",
    /// What is in the way of the next upgrade.
    Blockers = "upgrade blockers",
    /// What runs on the provider's behalf.
    Extensions = "add-ons",
    /// Features without a promise.
    Experiments = "experimental features",
    /// What stands between the cluster and its deletion.
    DeletionGuard = "deletion guard",
    /// What the provider promises.
    Tier = "tier",
    /// Whether requests are logged.
    AuditLog = "audit log",
    /// How the provider says the cluster is.
    Health = "health",
    /// Who answers for it, as its labels say.
    Register = "register",
    /// The version of a pool's kubelets.
    PoolVersion = "pool version",
    /// The zones of a pool.
    PoolZones = "pool zones",
    /// How an upgrade replaces machines.
    Surge = "surge",
    /// How the provider says machines are.
    PoolHealth = "pool health",
}

/// A fact whose type does not matter: it can be hidden.
pub trait Hide {
    /// Forgets the value.
    fn hide(&mut self, gap: Gap);
}

impl<T> Hide for Observed<T> {
    fn hide(&mut self, gap: Gap) {
        Self::hide(self, gap);
    }
}

/// A fact as coverage sees it.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// Its kind.
    pub kind: FactKind,
    /// Why it is missing, when it is.
    pub gap: Option<&'a Gap>,
}

impl Cluster {
    /// Every fact of the cluster, for coverage.
    pub fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts = Vec::new();
        let mut see = |kind, gap| facts.push(Fact { kind, gap });
        see(FactKind::Version, self.version.gap());
        see(FactKind::PublicAccess, self.api.public.gap());
        see(FactKind::PrivatePath, self.api.private_path.gap());
        see(FactKind::Doors, self.api.doors.gap());
        see(FactKind::Tunnels, self.api.tunnels.gap());
        see(FactKind::PrivateGuard, self.api.private_guard.gap());
        see(FactKind::Pools, self.pools.gap());
        for pool in self.pools.get().ok().into_iter().flatten() {
            see(FactKind::Nodes, pool.nodes.gap());
            see(FactKind::PublicAddresses, pool.public_addresses.gap());
            see(FactKind::Exposure, pool.exposure.gap());
            see(FactKind::Filters, pool.filters.gap());
            see(FactKind::DefaultRoute, pool.default_route.gap());
            see(FactKind::Egress, pool.egress.gap());
            see(FactKind::Interactive, pool.interactive.gap());
            see(FactKind::Metadata, pool.metadata.gap());
            pool.machinery.gaps().into_iter().for_each(|(kind, gap)| see(kind, gap));
            see(FactKind::PoolVersion, pool.upkeep.version.gap());
            see(FactKind::PoolZones, pool.upkeep.zones.gap());
            see(FactKind::Surge, pool.upkeep.surge.gap());
            see(FactKind::PoolHealth, pool.upkeep.health.gap());
        }
        see(FactKind::Credential, self.credential.gap());
        see(FactKind::WorkloadIdentity, self.workload_identity.gap());
        see(FactKind::Identities, self.identities.gap());
        for identity in self.identities.get().ok().into_iter().flatten() {
            see(FactKind::Standing, identity.standing.gap());
            see(FactKind::Dedication, identity.dedication.gap());
            see(FactKind::OtherTrust, identity.other_trust.gap());
            see(FactKind::Keys, identity.keys.gap());
            see(FactKind::Unused, identity.unused.gap());
        }
        see(FactKind::UnreadGroups, self.unread_groups.gap());
        see(FactKind::Trusts, self.trusts.gap());
        see(FactKind::Controllers, self.controllers.gap());
        see(FactKind::Minters, self.minters.gap());
        see(FactKind::ExternalTrusts, self.external_trusts.gap());
        see(FactKind::Etcd, self.etcd.gap());
        see(FactKind::Encryption, self.encryption.gap());
        see(FactKind::KeyState, self.key.state.gap());
        see(FactKind::KeyRotation, self.key.rotation.gap());
        see(FactKind::KeyAccess, self.key.access.gap());
        see(FactKind::Pipelines, self.pipelines.gap());
        see(FactKind::ActivityLog, self.activity.gap());
        see(FactKind::AuditStore, self.audit_store.gap());
        see(FactKind::BackupPlans, self.backup_plans.gap());
        see(FactKind::Recovery, self.recovery.gap());
        see(FactKind::BackupSafety, self.backup_safety.gap());
        see(FactKind::ImageScanning, self.image_scanning.gap());
        see(FactKind::Vulnerabilities, self.vulnerabilities.gap());
        see(FactKind::Registries, self.registries.gap());
        see(FactKind::Detection, self.detection.gap());
        see(FactKind::ImageAdmission, self.image_admission.gap());
        see(FactKind::Guardrails, self.guardrails.gap());
        self.network.gaps().into_iter().for_each(|(kind, gap)| see(kind, gap));
        self.platform.gaps().into_iter().for_each(|(kind, gap)| see(kind, gap));
        see(FactKind::LocalCredential, self.access.local_credential.gap());
        see(FactKind::Authorization, self.access.authorization.gap());
        see(FactKind::SignIn, self.access.sign_in.gap());
        see(FactKind::Administrators, self.access.administrators.gap());
        see(FactKind::ClusterCa, self.access.authority.gap());
        see(FactKind::Support, self.lifecycle.support.gap());
        see(FactKind::Upgrades, self.lifecycle.upgrades.gap());
        see(FactKind::Placement, self.lifecycle.placement.gap());
        see(FactKind::Blockers, self.lifecycle.blockers.gap());
        see(FactKind::Extensions, self.lifecycle.extensions.gap());
        see(FactKind::Experiments, self.lifecycle.experiments.gap());
        see(FactKind::DeletionGuard, self.lifecycle.deletion_guard.gap());
        see(FactKind::Tier, self.lifecycle.tier.gap());
        see(FactKind::AuditLog, self.lifecycle.audit.gap());
        see(FactKind::Health, self.lifecycle.health.gap());
        see(FactKind::Register, self.lifecycle.register.gap());
        facts
    }

    /// Every fact of the cluster in the order of [`Cluster::facts`], to hide one and see what a control then says.
    pub fn facts_mut(&mut self) -> Vec<(FactKind, &mut dyn Hide)> {
        let mut facts: Vec<(FactKind, &mut dyn Hide)> = vec![
            (FactKind::Version, &mut self.version),
            (FactKind::PublicAccess, &mut self.api.public),
            (FactKind::PrivatePath, &mut self.api.private_path),
            (FactKind::Doors, &mut self.api.doors),
            (FactKind::Tunnels, &mut self.api.tunnels),
            (FactKind::PrivateGuard, &mut self.api.private_guard),
            (FactKind::Credential, &mut self.credential),
            (FactKind::WorkloadIdentity, &mut self.workload_identity),
            (FactKind::UnreadGroups, &mut self.unread_groups),
            (FactKind::Trusts, &mut self.trusts),
            (FactKind::Controllers, &mut self.controllers),
            (FactKind::Minters, &mut self.minters),
            (FactKind::ExternalTrusts, &mut self.external_trusts),
            (FactKind::Etcd, &mut self.etcd),
            (FactKind::Encryption, &mut self.encryption),
            (FactKind::KeyState, &mut self.key.state),
            (FactKind::KeyRotation, &mut self.key.rotation),
            (FactKind::KeyAccess, &mut self.key.access),
            (FactKind::LocalCredential, &mut self.access.local_credential),
            (FactKind::Authorization, &mut self.access.authorization),
            (FactKind::SignIn, &mut self.access.sign_in),
            (FactKind::Administrators, &mut self.access.administrators),
            (FactKind::ClusterCa, &mut self.access.authority),
            (FactKind::Support, &mut self.lifecycle.support),
            (FactKind::Upgrades, &mut self.lifecycle.upgrades),
            (FactKind::Placement, &mut self.lifecycle.placement),
            (FactKind::Blockers, &mut self.lifecycle.blockers),
            (FactKind::Extensions, &mut self.lifecycle.extensions),
            (FactKind::Experiments, &mut self.lifecycle.experiments),
            (FactKind::DeletionGuard, &mut self.lifecycle.deletion_guard),
            (FactKind::Tier, &mut self.lifecycle.tier),
            (FactKind::AuditLog, &mut self.lifecycle.audit),
            (FactKind::Health, &mut self.lifecycle.health),
            (FactKind::Register, &mut self.lifecycle.register),
        ];
        facts.extend(self.network.facts_mut());
        facts.extend(self.platform.facts_mut());
        for pool in self.pools.value_mut().into_iter().flatten() {
            facts.push((FactKind::Nodes, &mut pool.nodes));
            facts.push((FactKind::PublicAddresses, &mut pool.public_addresses));
            facts.push((FactKind::Exposure, &mut pool.exposure));
            facts.push((FactKind::Filters, &mut pool.filters));
            facts.push((FactKind::DefaultRoute, &mut pool.default_route));
            facts.push((FactKind::Egress, &mut pool.egress));
            facts.push((FactKind::Interactive, &mut pool.interactive));
            facts.push((FactKind::Metadata, &mut pool.metadata));
            facts.extend(pool.machinery.facts_mut());
            facts.push((FactKind::PoolVersion, &mut pool.upkeep.version));
            facts.push((FactKind::PoolZones, &mut pool.upkeep.zones));
            facts.push((FactKind::Surge, &mut pool.upkeep.surge));
            facts.push((FactKind::PoolHealth, &mut pool.upkeep.health));
        }
        for identity in self.identities.value_mut().into_iter().flatten() {
            facts.push((FactKind::Standing, &mut identity.standing));
            facts.push((FactKind::Dedication, &mut identity.dedication));
            facts.push((FactKind::OtherTrust, &mut identity.other_trust));
            facts.push((FactKind::Keys, &mut identity.keys));
            facts.push((FactKind::Unused, &mut identity.unused));
        }
        facts.push((FactKind::Pipelines, &mut self.pipelines));
        facts.push((FactKind::ActivityLog, &mut self.activity));
        facts.push((FactKind::AuditStore, &mut self.audit_store));
        facts.push((FactKind::BackupPlans, &mut self.backup_plans));
        facts.push((FactKind::Recovery, &mut self.recovery));
        facts.push((FactKind::BackupSafety, &mut self.backup_safety));
        facts.push((FactKind::ImageScanning, &mut self.image_scanning));
        facts.push((FactKind::Vulnerabilities, &mut self.vulnerabilities));
        facts.push((FactKind::Registries, &mut self.registries));
        facts.push((FactKind::Detection, &mut self.detection));
        facts.push((FactKind::ImageAdmission, &mut self.image_admission));
        facts.push((FactKind::Guardrails, &mut self.guardrails));
        facts
    }

    /// The two lists whose members hold facts of their own.
    pub fn lists_mut(&mut self) -> [(FactKind, &mut dyn Hide); 2] {
        [(FactKind::Pools, &mut self.pools), (FactKind::Identities, &mut self.identities)]
    }
}
