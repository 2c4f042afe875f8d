//! One cluster, fact by fact.

use super::{
    backup, doors, endpoint, fabric, groups, guard, guardrails, identities, key, lifecycle, logging, minters,
    observe::observe, pipelines, pools, registry, surroundings::Surroundings, table::Row, trusts, vulnerabilities,
};
use crate::{CLUSTERS, arm, record};
use palisade_model::{Cluster, ClusterId, Credential, Etcd, Gap, Location, Provider, Scope, Version, WorkloadIdentity};
use std::collections::BTreeMap;

/// The cluster behind a row, with everything that is always there. One that cannot be read keeps its name and says
/// why nothing else is known.
#[derive(Clone, Copy)]
pub(super) struct Read<'r, 's> {
    pub(super) row: &'r Row<'s, record::Cluster>,
    pub(super) item: &'r record::Cluster,
    pub(super) properties: &'r record::ClusterProperties,
}

impl<'r, 's> Read<'r, 's> {
    /// The cluster behind a row, when it can be read.
    pub(super) fn of(row: &'r Row<'s, record::Cluster>) -> Option<Self> {
        let item = row.item.as_ref().ok()?;
        Some(Self { row, item, properties: item.properties.as_ref()? })
    }
}

impl Read<'_, '_> {
    /// The cluster's id as it was written.
    pub(super) fn id(&self) -> &str {
        &self.row.id
    }

    /// The resource group of the nodes, in lower case.
    pub(super) fn node_group(&self) -> String {
        self.item.node_group(self.id())
    }
}

/// Fills in every fact.
pub(super) fn cluster(row: &Row<'_, record::Cluster>, around: &Surroundings<'_>) -> Cluster {
    let id = row.id.as_str();
    let item = row.item.as_ref().ok();
    let name = item.and_then(|item| item.name.clone()).unwrap_or_else(|| arm::name(id).to_owned());
    let location = item.and_then(|item| item.location.clone()).unwrap_or_default();
    let unread = match &row.item {
        Err(gap) => gap.clone(),
        Ok(_) => super::malformed(&CLUSTERS, around.subscription, &format!("/value/{}", row.at), "no properties"),
    };
    let mut cluster = Cluster::unread(
        ClusterId::new(id),
        Provider::Azure,
        Scope::new(around.subscription),
        Location::new(location),
        name,
        &unread,
    );
    let Some(read) = Read::of(row) else { return cluster };
    let properties = read.properties;
    cluster.labels = labels(read.item);
    cluster.version = observe(|seen| {
        seen.extend(row.evidence("/properties/currentKubernetesVersion"));
        version(properties).ok_or_else(|| {
            let pointer = format!("/value/{}/properties/currentKubernetesVersion", row.at);
            super::malformed(&CLUSTERS, around.subscription, &pointer, "no version")
        })
    });
    cluster.api.public = endpoint::public(&read, around);
    cluster.api.private_path = endpoint::private_path(&read);
    cluster.api.doors = doors::doors(&read);
    cluster.api.tunnels = doors::tunnels(&read, around);
    cluster.api.private_guard = guard::private_guard(&read, around);
    cluster.pools = pools::pools(&read, around);
    cluster.credential = observe(|seen| {
        seen.extend(row.evidence("/identity"));
        seen.extend(row.evidence("/properties/servicePrincipalProfile"));
        credential(&read)
    });
    cluster.workload_identity = observe(|seen| {
        seen.extend(row.evidence("/properties/oidcIssuerProfile"));
        seen.extend(row.evidence("/properties/securityProfile"));
        seen.extend(row.evidence("/properties/podIdentityProfile"));
        Ok(workload_identity(properties))
    });
    cluster.identities = identities::identities(&read, around);
    cluster.unread_groups = groups::unread(&read, around);
    cluster.trusts = trusts::trusts(&read, around);
    cluster.controllers = identities::controllers(&read, around);
    cluster.minters = minters::minters(&read, around);
    cluster.pipelines = pipelines::pipelines(&read, around, &cluster.minters);
    cluster.external_trusts = trusts::external(&read, around);
    cluster.activity = logging::activity(&read, around);
    cluster.audit_store = logging::audit_store(&read, around);
    cluster.detection = logging::detection(&read, around);
    cluster.backup_plans = backup::plans(&read, around);
    cluster.recovery = backup::recovery(&read, around);
    cluster.backup_safety = backup::safety(&read, around);
    cluster.image_scanning = registry::scanning(&read, around);
    cluster.vulnerabilities = vulnerabilities::of_images(&read, around);
    cluster.registries = registry::registries(&read, around);
    cluster.image_admission = registry::admission(&read);
    cluster.guardrails = guardrails::guardrails(&read, around);
    cluster.etcd = observe(|seen| {
        seen.extend(row.evidence("/id"));
        Ok(Etcd::ProviderManaged { reference: "https://learn.microsoft.com/azure/aks/core-aks-concepts#control-plane" })
    });
    cluster.encryption = key::encryption(&read);
    cluster.key = key::facts(&read, around);
    cluster.network = fabric::network(&read);
    cluster.platform = fabric::platform(&read);
    cluster.access = lifecycle::access(&read, around);
    cluster.lifecycle = lifecycle::lifecycle(&read, around);
    cluster
}

/// The tags of a cluster.
pub(super) fn labels(item: &record::Cluster) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    item.tags.iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The version that runs.
pub(super) fn version(properties: &record::ClusterProperties) -> Option<Version> {
    // `kubernetesVersion` is the wish and may be an alias; `currentKubernetesVersion` is what runs.
    let texts = [&properties.current_kubernetes_version, &properties.kubernetes_version];
    texts.into_iter().flatten().find_map(|text| Version::parse(text))
}

/// `servicePrincipalProfile.clientId` is the word `msi` for managed identities.
/// <https://learn.microsoft.com/azure/aks/use-managed-identity>
pub(super) fn credential(read: &Read<'_, '_>) -> Result<Credential, Gap> {
    if let Some(principal) = service_principal(read) {
        return Ok(Credential::StoredSecret { principal: format!("application `{principal}`") });
    }
    let kind = read.item.identity.as_ref().and_then(|identity| identity.kind.as_deref());
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("None") => {
            Ok(Credential::ManagedIdentity { what: format!("identity of type `{kind}`") })
        }
        Some(_) | None => Err(Gap::Unsettled {
            what: "the cluster names neither a managed identity nor an application to sign in with".to_owned(),
        }),
    }
}

/// The application a cluster signs in as, when it is one with a secret.
pub(super) fn service_principal<'r>(read: &Read<'r, '_>) -> Option<&'r str> {
    let client = read.properties.service_principal_profile.as_ref()?.client_id.as_deref()?;
    (!client.eq_ignore_ascii_case("msi") && !client.is_empty()).then_some(client)
}

/// The OIDC issuer and the webhook are two switches, both off by default on clusters before 1.34.
/// <https://learn.microsoft.com/azure/aks/workload-identity-overview>
fn workload_identity(properties: &record::ClusterProperties) -> WorkloadIdentity {
    if properties.pod_identity_profile.enabled == Some(true) {
        return WorkloadIdentity::Legacy { what: "pod-managed identity (`podIdentityProfile.enabled`)".to_owned() };
    }
    let issuer = properties.oidc_issuer_profile.enabled == Some(true);
    let webhook = properties.security_profile.workload_identity.enabled == Some(true);
    let missing = match (issuer, webhook) {
        (true, true) => {
            return WorkloadIdentity::Enabled { how: "OIDC issuer with Microsoft Entra Workload ID".to_owned() };
        }
        (true, false) => "`securityProfile.workloadIdentity.enabled`",
        (false, true) => "`oidcIssuerProfile.enabled`",
        (false, false) => "`oidcIssuerProfile.enabled` and `securityProfile.workloadIdentity.enabled`",
    };
    WorkloadIdentity::Disabled { missing: missing.to_owned() }
}
