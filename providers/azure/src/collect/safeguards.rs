//! What is written down, backed up, watched and scanned in one subscription.

use super::{
    Shared,
    fetch::{Fetch, Place, RESOURCE_GRAPH},
};
use crate::{
    BACKUP_INSTANCES, BACKUP_VAULTS, LOG_TABLE, POLICY_ASSIGNMENTS, POLICY_DEFINITION, POLICY_EXEMPTIONS, POLICY_SET,
    PRICINGS, RECOVERY_POINTS, REGISTRIES, RUNNING_CONTAINERS, SUBSCRIPTION_LOGS, TENANT, arm,
    normalize::{is_set, may_refuse, tables},
    record::{BackupInstance, BackupVault, Cluster, DiagnosticSetting, PolicyAssignment, PolicySet},
};
use futures::{future::join_all, join};
use palisade_provider::{Call, Record};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{collections::BTreeSet, sync::Arc};

const INSIGHTS: &str = "2021-05-01-preview";
const WORKSPACES: &str = "2022-10-01";
const BACKUP: &str = "2025-01-01";
const SECURITY: &str = "2024-01-01";
const REGISTRY: &str = "2025-04-01";
const ASSIGNING: &str = "2022-06-01";
const EXEMPTING: &str = "2022-07-01-preview";
const DEFINING: &str = "2021-06-01";

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
pub(super) async fn read(fetch: &Fetch<'_>, subscription: &str, (clusters, shared): (&[Cluster], Shared<'_>)) {
    let here = Here { fetch, subscription };
    join!(
        here.all::<IgnoredAny>(&SUBSCRIPTION_LOGS, "Microsoft.Insights/diagnosticSettings", INSIGHTS),
        here.all::<IgnoredAny>(&PRICINGS, "Microsoft.Security/pricings", SECURITY),
        here.all::<IgnoredAny>(&REGISTRIES, "Microsoft.ContainerRegistry/registries", REGISTRY),
        here.containers(),
        here.backups(clusters),
        here.policies(shared),
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

/// Whether an id that somebody else wrote can be asked for as it is.
fn is_path(id: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.()~".contains(letter);
    id.starts_with('/') && id.chars().all(plain) && !id.split('/').any(|part| part.starts_with('.'))
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

    /// The policies that hold here, and those among them that may deny a setting of clusters.
    async fn policies(&self, shared: Shared<'_>) {
        let (assignments, _) = join!(
            self.all::<PolicyAssignment>(&POLICY_ASSIGNMENTS, "Microsoft.Authorization/policyAssignments", ASSIGNING),
            self.all::<IgnoredAny>(&POLICY_EXEMPTIONS, "Microsoft.Authorization/policyExemptions", EXEMPTING),
        );
        let ids = assignments.iter().filter_map(|one| one.properties.policy_definition_id.clone());
        let (sets, mut definitions): (BTreeSet<String>, BTreeSet<String>) = ids.partition(|id| is_set(id));
        let members = join_all(sets.iter().map(|id| self.definition((&POLICY_SET, "set"), id, shared))).await;
        definitions.extend(members.iter().flat_map(|members| members.iter().cloned()));
        let wanted = definitions.iter().filter(|id| may_refuse(id));
        join_all(wanted.map(|id| self.definition((&POLICY_DEFINITION, "definition"), id, shared))).await;
    }

    /// One policy, or a set of them; the ids of its members.
    async fn definition(&self, (call, what): (&'static Call, &str), id: &str, shared: Shared<'_>) -> Arc<[String]> {
        if !is_path(id) {
            return Arc::default();
        }
        let apart = self.fetch.recorder.for_unit();
        let fetch = Fetch { recorder: &apart, ..*shared.fetch };
        let key = arm::key(id);
        let read = async {
            let params = [(what, key.as_str())];
            let place = Place { scope: TENANT, params: &params, path: id.trim_end_matches('/'), version: DEFINING };
            let set: Option<PolicySet> = fetch.one(call, place).await;
            let members = set.and_then(|set| set.properties.policy_definitions).unwrap_or_default();
            let members = members.into_iter().filter_map(|member| member.policy_definition_id).collect();
            (members, Arc::<[Record]>::from(apart.records()))
        };
        let (members, records) = shared.definitions.get(key.clone(), read).await;
        for record in records.iter() {
            self.fetch.recorder.share(record.clone());
        }
        members
    }

    async fn containers(&self) {
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let place = Place { scope: self.subscription, params: &[], path, version: RESOURCE_GRAPH };
        let question = serde_json::json!({ "subscriptions": [self.subscription], "query": OF_CONTAINERS });
        self.fetch.query(&RUNNING_CONTAINERS, place, question).await;
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
