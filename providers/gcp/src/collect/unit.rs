//! Reads one project.

use super::{
    Run,
    ask::{Asker, host::{COMPUTE, CONTAINER, KMS, RECOMMENDER}},
    asker,
    failure::SERVICE_DISABLED,
    hierarchy, identities, network, read as as_record, strip,
};
use crate::{
    calls::{CLUSTERS_LIST, COMPUTE_PROJECT, INSIGHTS, INSTANCES, KEY_GET, KEY_POLICY},
    record::{
        container::{Cluster, Clusters},
        names::{after, host_and_network, key_project, region_of},
        resource,
    },
    settings::Settings,
};
use google_cloud_iam_v1::model::GetPolicyOptions;
use palisade_provider::{Event, FailureReason, Outcome, Recorder};
use std::collections::BTreeSet;

/// Reads a project: its clusters and, where there are any, everything their facts rest on.
pub(crate) async fn read(settings: &Settings, run: &Run, project: &str, recorder: &Recorder) {
    let Some(asker) = asker(settings, run, recorder, (&CLUSTERS_LIST, project)).await else { return };
    let asker = &asker;
    let builder = asker.clients.clusters.list_clusters().set_parent(format!("projects/{project}/locations/-"));
    let question = (&CLUSTERS_LIST, CONTAINER);
    let answer = asker.one(question, project, &[], builder, |builder| builder.send(), strip::clusters).await;
    let clusters: Vec<Cluster> = match answer {
        Ok(body) => {
            let clusters = as_record::<Clusters<serde_json::Value>>(&body).clusters;
            recorder.tell(Event::Clusters(clusters.len()));
            clusters.iter().map(as_record).collect()
        }
        Err(reason) => {
            if reason == FailureReason::Unsupported {
                prove_whose_api_is_off(asker, run, project).await;
            }
            return;
        }
    };
    if clusters.is_empty() {
        return;
    }
    let used: BTreeSet<network::Used> = clusters.iter().filter_map(|cluster| used(cluster, project)).collect();
    let keys: BTreeSet<&str> = clusters.iter().flat_map(keys).collect();
    let people = async {
        let number = hierarchy::above(asker, run, project).await;
        let fleets: BTreeSet<&str> = clusters.iter().filter_map(fleet_project).collect();
        let others: BTreeSet<&str> = fleets
            .into_iter()
            .chain(keys.iter().filter_map(|key| key_project(key)))
            .filter(|other| *other != project && Some(*other) != number.as_deref())
            .collect();
        let others = futures::future::join_all(others.into_iter().map(|other| hierarchy::above(asker, run, other)));
        futures::join!(others, identities::read_accounts(asker, run, project, number.as_deref(), &clusters));
    };
    futures::join!(
        people,
        network::read(asker, run, &used),
        compute_project(asker, project),
        instances(asker, project),
        insights(asker, project),
        futures::future::join_all(keys.iter().filter_map(|key| Some(self::key(asker, run, key_project(key)?, key)))),
    );
}

/// A switched-off Kubernetes Engine API proves that a project has no clusters only if it is off in this very project,
/// and the service says whose it is by number. Discovery has told the number; else it is read.
async fn prove_whose_api_is_off(asker: &Asker<'_>, run: &Run, project: &str) {
    let disabled = asker.recorder.records().iter().any(|record| match &record.outcome {
        Outcome::Failed(failure) => failure.code.as_deref() == Some(SERVICE_DISABLED),
        Outcome::Answered(_) => false,
    });
    if disabled && let Some(value) = hierarchy::project_itself(asker, run, project).await {
        let record: resource::Project = as_record(&value);
        if let Some(number) = record.number() {
            run.learn_number(project, number);
        }
    }
}

fn used(cluster: &Cluster, project: &str) -> Option<network::Used> {
    let text = cluster
        .network_config
        .as_ref()
        .and_then(|config| config.network.as_deref())
        .or(cluster.network.as_deref())?;
    let (host, network) = host_and_network(text, project);
    let location = cluster.location.as_deref().or(cluster.zone.as_deref())?;
    Some(network::Used { host: host.to_owned(), network: network.to_owned(), region: region_of(location).to_owned() })
}

fn keys(cluster: &Cluster) -> impl Iterator<Item = &str> {
    cluster.database_encryption.iter().filter_map(|encryption| encryption.key_name.as_deref())
}

/// The project of the fleet a cluster belongs to, by id or number.
pub(crate) fn fleet_project(cluster: &Cluster) -> Option<&str> {
    let fleet = cluster.fleet.as_ref()?;
    fleet.project.as_deref().or_else(|| after(fleet.membership.as_deref()?, "projects"))
}

async fn compute_project(asker: &Asker<'_>, project: &str) {
    let builder = asker.clients.compute_projects.get().set_project(project);
    let question = (&COMPUTE_PROJECT, COMPUTE);
    let _ = asker.one(question, project, &[], builder, |builder| builder.send(), strip::project).await;
}

async fn instances(asker: &Asker<'_>, project: &str) {
    let client = &asker.clients.instances;
    let _ = asker
        .pages(
            (&INSTANCES, COMPUTE),
            project,
            &[],
            |token| client.aggregated_list().set_project(project).set_page_token(token),
            |builder| builder.send(),
            strip::instances,
        )
        .await;
}

async fn insights(asker: &Asker<'_>, project: &str) {
    let client = &asker.clients.recommender;
    let parent = format!("projects/{project}/locations/global/insightTypes/google.iam.policy.Insight");
    let _ = asker
        .pages(
            (&INSIGHTS, RECOMMENDER),
            project,
            &[],
            |token| client.list_insights().set_parent(&parent).set_page_token(token),
            |builder| builder.send(),
            strip::nothing,
        )
        .await;
}

async fn key(asker: &Asker<'_>, run: &Run, home: &str, key: &str) {
    let (home, key) = (home.to_owned(), key.to_owned());
    let policies = run
        .once(asker, format!("key {key}"), |asker| async move {
            let params = [("key", key.as_str())];
            let options = GetPolicyOptions::new().set_requested_policy_version(3);
            let state = asker.clients.keys.get_crypto_key().set_name(&key);
            let policy = asker.clients.keys.get_iam_policy().set_resource(&key).set_options(options);
            let (_, policy) = futures::join!(
                asker.one((&KEY_GET, KMS), &home, &params, state, |builder| builder.send(), strip::nothing),
                asker.one((&KEY_POLICY, KMS), &home, &params, policy, |builder| builder.send(), strip::nothing),
            );
            policy.into_iter().collect()
        })
        .await;
    hierarchy::roles_of(asker, run, &policies).await;
}
