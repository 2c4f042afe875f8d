//! What is written down, backed up, watched and scanned in one subscription.

use super::fetch::{Fetch, Place};
use crate::{
    BACKUP_INSTANCES, BACKUP_VAULTS, LOG_TABLE, PRICINGS, RECOVERY_POINTS, REGISTRIES, RUNNING_CONTAINERS,
    SUBSCRIPTION_LOGS, arm,
    normalize::tables,
    record::{BackupInstance, BackupVault, Cluster, DiagnosticSetting},
};
use futures::{future::join_all, join};
use palisade_provider::Call;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeSet;

const INSIGHTS: &str = "2021-05-01-preview";
const WORKSPACES: &str = "2022-10-01";
const BACKUP: &str = "2025-01-01";
const SECURITY: &str = "2024-01-01";
const REGISTRY: &str = "2025-04-01";
const RESOURCE_GRAPH: &str = "2022-10-01";

/// The recommendations of one software update each for the containers that run. Those that group findings, with
/// sub-assessments below them, ended on 2026-07-31.
/// <https://learn.microsoft.com/azure/defender-for-cloud/transition-grouped-individual-recommendations>
const OF_CONTAINERS: &str = "securityresources \
    | where type == 'microsoft.security/assessments' \
    | where properties.metadata.recommendationCategory == 'SoftwareUpdate' \
    | where properties.resourceDetails.ResourceType == 'K8s-container' \
    | where properties.resourceDetails.Source == 'Azure' \
    | project id, resource = tostring(properties.resourceDetails.Id), name = tostring(properties.resourceDetails.ResourceName), \
      status = tostring(properties.status.code), first = tostring(properties.status.firstEvaluationDate), \
      changed = tostring(properties.status.statusChangeDate), cves = tostring(properties.additionalData.CvesDetails) \
    | order by id asc";

/// Reads it.
pub(super) async fn read(fetch: &Fetch<'_>, subscription: &str, clusters: &[Cluster]) {
    let here = Here { fetch, subscription };
    join!(
        here.all::<IgnoredAny>(&SUBSCRIPTION_LOGS, "Microsoft.Insights/diagnosticSettings", INSIGHTS),
        here.all::<IgnoredAny>(&PRICINGS, "Microsoft.Security/pricings", SECURITY),
        here.all::<IgnoredAny>(&REGISTRIES, "Microsoft.ContainerRegistry/registries", REGISTRY),
        here.containers(),
        here.backups(clusters),
    );
}

/// How long the tables keep what the clusters' settings send to them: a table once, however many fill it.
pub(super) async fn tables_of(fetch: &Fetch<'_>, subscription: &str, settings: &[Vec<DiagnosticSetting>]) {
    let sent = settings.iter().flatten().map(|setting| &setting.properties);
    let filled: BTreeSet<(String, &str)> = sent
        .filter_map(|sent| Some((arm::key(sent.workspace_id.as_deref()?), sent)))
        .flat_map(|(workspace, sent)| tables(sent).into_iter().map(move |table| (workspace.clone(), table)))
        .collect();
    join_all(filled.iter().map(|(workspace, table)| async move {
        let path = format!("{workspace}/tables/{table}");
        let params = [("workspace", workspace.as_str()), ("table", *table)];
        let scope = arm::subscription(workspace).unwrap_or(subscription);
        fetch.one::<IgnoredAny>(&LOG_TABLE, Place { scope, params: &params, path: &path, version: WORKSPACES }).await
    }))
    .await;
}

struct Here<'a> {
    fetch: &'a Fetch<'a>,
    subscription: &'a str,
}

impl Here<'_> {
    async fn all<T: DeserializeOwned>(&self, call: &'static Call, kind: &str, version: &str) -> Vec<T> {
        let path = format!("/subscriptions/{}/providers/{kind}", self.subscription);
        self.fetch.list(call, Place { scope: self.subscription, params: &[], path: &path, version }).await
    }

    async fn containers(&self) {
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let place = Place { scope: self.subscription, params: &[], path, version: RESOURCE_GRAPH };
        self.fetch.query(&RUNNING_CONTAINERS, place, OF_CONTAINERS).await;
    }

    /// The vaults, what they take, and what was made of the clusters.
    async fn backups(&self, clusters: &[Cluster]) {
        let vaults: Vec<BackupVault> = self.all(&BACKUP_VAULTS, "Microsoft.DataProtection/backupVaults", BACKUP).await;
        let ours: BTreeSet<String> =
            clusters.iter().filter_map(|cluster| cluster.id.as_deref()).map(arm::key).collect();
        let ours = &ours;
        join_all(vaults.iter().filter_map(|vault| vault.id.as_deref()).map(|vault| async move {
            let instances: Vec<BackupInstance> =
                self.below(&BACKUP_INSTANCES, ("vault", vault), "backupInstances").await;
            let of_clusters = instances.iter().filter(|instance| {
                let source = instance.properties.data_source_info.resource_id.as_deref();
                source.is_some_and(|source| ours.contains(&arm::key(source)))
            });
            let ids = of_clusters.filter_map(|instance| instance.id.as_deref());
            join_all(ids.map(|id| self.below::<IgnoredAny>(&RECOVERY_POINTS, ("instance", id), "recoveryPoints")))
                .await;
        }))
        .await;
    }

    async fn below<T: DeserializeOwned>(&self, call: &'static Call, (what, id): (&str, &str), kind: &str) -> Vec<T> {
        let path = format!("{}/{kind}", id.trim_end_matches('/'));
        let key = arm::key(id);
        let params = [(what, key.as_str())];
        let place = Place { scope: self.subscription, params: &params, path: &path, version: BACKUP };
        self.fetch.list(call, place).await
    }
}
