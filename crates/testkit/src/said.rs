//! What is known of a cluster, to compare two readings of it.

use palisade_model::{Cluster, FactKind};
use std::collections::BTreeMap;

/// What every kind of fact says, without the records it rests on: of each place that has it, in order. Two readings of a
/// cluster say the same of a kind exactly when nothing of it was lost between them, a part of a value as little as the whole.
pub fn said(cluster: &Cluster) -> BTreeMap<FactKind, Vec<String>> {
    let mut said: BTreeMap<FactKind, Vec<String>> = BTreeMap::new();
    macro_rules! say {
        ($($kind:ident: $fact:expr),* $(,)?) => {
            $(said.entry(FactKind::$kind).or_default().push(format!("{:?}", $fact.get()));)*
        };
    }
    say!(
        Version: cluster.version, PublicAccess: cluster.api.public, PrivatePath: cluster.api.private_path, Doors: cluster.api.doors,
        Tunnels: cluster.api.tunnels, PrivateGuard: cluster.api.private_guard, Credential: cluster.credential,
        WorkloadIdentity: cluster.workload_identity, UnreadGroups: cluster.unread_groups, Trusts: cluster.trusts, Controllers: cluster.controllers, Minters: cluster.minters,
        ExternalTrusts: cluster.external_trusts, Etcd: cluster.etcd, Encryption: cluster.encryption, KeyState: cluster.key.state,
        KeyRotation: cluster.key.rotation, KeyAccess: cluster.key.access,
    );
    let (access, kept) = (&cluster.access, &cluster.lifecycle);
    say!(
        LocalCredential: access.local_credential, Authorization: access.authorization, SignIn: access.sign_in,
        Administrators: access.administrators, ClusterCa: access.authority, Support: kept.support,
        Upgrades: kept.upgrades, Placement: kept.placement, Blockers: kept.blockers, Extensions: kept.extensions,
        Experiments: kept.experiments, DeletionGuard: kept.deletion_guard, Tier: kept.tier, AuditLog: kept.audit,
        Health: kept.health, Register: kept.register,
    );
    let (network, platform) = (&cluster.network, &cluster.platform);
    say!(
        PolicyEngine: network.policy_engine, NetworkParts: network.parts, NetworkPlace: network.place,
        PrivateApis: network.private_apis, Transit: network.transit, Room: network.room,
        SecretStore: platform.secret_store, Telemetry: platform.telemetry,
    );
    say!(
        Pipelines: cluster.pipelines, ActivityLog: cluster.activity, AuditStore: cluster.audit_store,
        BackupPlans: cluster.backup_plans, Recovery: cluster.recovery, BackupSafety: cluster.backup_safety,
        ImageScanning: cluster.image_scanning, Registries: cluster.registries, Detection: cluster.detection,
        ImageAdmission: cluster.image_admission, Guardrails: cluster.guardrails, Vulnerabilities: cluster.vulnerabilities,
    );
    let pools = cluster.pools.get();
    said.entry(FactKind::Pools).or_default().push(format!("{:?}", pools.as_ref().map(|pools| pools.len())));
    for pool in pools.into_iter().flatten() {
        say!(
            Nodes: pool.nodes, PublicAddresses: pool.public_addresses, Exposure: pool.exposure, Filters: pool.filters,
            DefaultRoute: pool.default_route, Egress: pool.egress, Interactive: pool.interactive, Metadata: pool.metadata,
            PoolVersion: pool.upkeep.version, PoolZones: pool.upkeep.zones, Surge: pool.upkeep.surge,
            PoolHealth: pool.upkeep.health,
        );
        let machinery = &pool.machinery;
        say!(
            Image: machinery.image, ImageAge: machinery.image_age, NewestImage: machinery.newest,
            Patching: machinery.patching, Boot: machinery.boot, Disks: machinery.disks, Isolation: machinery.isolation,
            Scaling: machinery.scaling, Room: machinery.room, FlowLogs: machinery.flow_logs,
        );
    }
    let identities = cluster.identities.get();
    said.entry(FactKind::Identities).or_default().push(format!("{:?}", identities.as_ref().map(|list| list.len())));
    for identity in identities.into_iter().flatten() {
        say!(
            Standing: identity.standing, Dedication: identity.dedication, OtherTrust: identity.other_trust, Keys: identity.keys,
            Unused: identity.unused,
        );
    }
    said
}
