//! Reads one project.

use super::{
    Run,
    ask::{
        Asker, Refusal, after_first,
        host::{COMPUTE, CONTAINER, KMS, RECOMMENDER},
    },
    asker, discover, hierarchy, identities, network, read as as_record, safeguards, strip,
};
use crate::{
    calls::{
        CLUSTER_UPGRADES, CLUSTERS_LIST, COMPUTE_PROJECT, FORWARDING_RULES, INSIGHTS, INSTANCES, KEY_GET, KEY_POLICY,
        KEY_RING_POLICY, SERVICE_DISABLED, SERVICE_DISABLED_ELSEWHERE, TARGET_POOLS,
    },
    record::{
        container::{Cluster, Clusters},
        names::{after, host_and_network, key_project, key_ring, region_of},
        resource,
    },
    settings::{Projects, Settings},
};
use google_cloud_iam_v1::model::GetPolicyOptions;
use palisade_provider::{Event, Recorder};
use std::collections::BTreeSet;

/// Reads a project: its clusters and, where there are any, everything their facts rest on.
pub(crate) async fn read(settings: &Settings, run: &Run, project: &str, recorder: &Recorder) {
    let Some(asker) = asker(settings, run, recorder, (&CLUSTERS_LIST, project)).await else { return };
    let asker = &asker;
    let Some(body) = clusters(asker, run, project).await else { return };
    let listed = as_record::<Clusters<serde_json::Value>>(&body).clusters;
    recorder.tell(Event::Clusters(listed.len()));
    let clusters: Vec<Cluster> = listed.iter().map(as_record).collect();
    if clusters.is_empty() {
        return;
    }
    let used: BTreeSet<network::Used> = clusters.iter().filter_map(|cluster| used(cluster, project)).collect();
    let keys: BTreeSet<&str> = clusters.iter().flat_map(keys).collect();
    // A worker that was only handed this project has not searched, and cannot say what a search left out.
    if settings.projects == Projects::All && run.knows(project) {
        let hosts = used.iter().map(|used| used.host.as_str());
        let named: BTreeSet<&str> = hosts.chain(clusters.iter().filter_map(fleet_project)).collect();
        for hidden in named.into_iter().filter(|named| *named != project && !run.knows(named)) {
            discover::unseen(recorder, hidden, 0, "a cluster names the project, and the search did not find it");
        }
    }
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
        balancers(asker, project),
        insights(asker, project),
        safeguards::read(asker, run, project, &clusters),
        upgrades(asker, project, &clusters),
        futures::future::join_all(keys.iter().filter_map(|key| Some(self::key(asker, run, key_project(key)?, key)))),
    );
}

/// The clusters of a project, in all locations at once.
async fn clusters(asker: &Asker<'_>, run: &Run, project: &str) -> Option<serde_json::Value> {
    let builder = asker.clients.clusters.list_clusters().set_parent(format!("projects/{project}/locations/-"));
    match asker.send(CONTAINER, project, builder, |builder| builder.send()).await {
        Ok((mut body, exchange)) => {
            strip::clusters(&mut body);
            asker.recorder.answered(&CLUSTERS_LIST, project, &[], (0, true), body.clone(), exchange);
            Some(body)
        }
        Err(Refusal { mut failure, consumer, exchange }) => {
            if failure.code.as_deref() == Some(SERVICE_DISABLED) && !is_off_in(asker, run, project, consumer).await {
                failure = failure.code(SERVICE_DISABLED_ELSEWHERE);
            }
            asker.recorder.failed(&CLUSTERS_LIST, project, &[], 0, failure, exchange);
            None
        }
    }
}

/// Whether it is this project whose API is off, and not the one that pays for the call. The service says whose it is by
/// number; discovery has told the project's number, else it is read.
pub(super) async fn is_off_in(asker: &Asker<'_>, run: &Run, project: &str, consumer: Option<String>) -> bool {
    let Some(consumer) = consumer else { return false };
    let consumer = consumer.trim_start_matches("projects/");
    if consumer == project {
        return true;
    }
    let number = match run.number(project) {
        Some(number) => Some(number),
        None => hierarchy::project_itself(asker, run, project)
            .await
            .and_then(|body| as_record::<resource::Project>(&body).number().map(str::to_owned)),
    };
    number.as_deref() == Some(consumer)
}

fn used(cluster: &Cluster, project: &str) -> Option<network::Used> {
    let text =
        cluster.network_config.as_ref().and_then(|config| config.network.as_deref()).or(cluster.network.as_deref())?;
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

/// Until when each cluster's version is supported.
async fn upgrades(asker: &Asker<'_>, project: &str, clusters: &[Cluster]) {
    let named = clusters.iter().filter_map(|cluster| {
        let location = cluster.location.as_deref().or(cluster.zone.as_deref())?;
        Some((location, cluster.name.as_deref()?))
    });
    futures::future::join_all(named.map(|(location, name)| async move {
        let of = format!("{location}/{name}");
        let full = format!("projects/{project}/locations/{location}/clusters/{name}");
        let builder = asker.clients.clusters.fetch_cluster_upgrade_info().set_name(full);
        let question = (&CLUSTER_UPGRADES, CONTAINER);
        let params = [("cluster", of.as_str())];
        let _ = asker.one(question, project, &params, builder, |builder| builder.send(), strip::nothing).await;
    }))
    .await;
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
            |token| client.aggregated_list().set_project(project).set_or_clear_page_token(after_first(token)),
            |builder| builder.send(),
            strip::instances,
        )
        .await;
}

/// What hands packets to the machines of the project; it can only be of the same project.
async fn balancers(asker: &Asker<'_>, project: &str) {
    let clients = asker.clients;
    let rules = asker.pages(
        (&FORWARDING_RULES, COMPUTE),
        project,
        &[],
        |token| {
            let builder = clients.forwarding_rules.aggregated_list();
            builder.set_project(project).set_or_clear_page_token(after_first(token))
        },
        |builder| builder.send(),
        strip::nothing,
    );
    let pools = asker.pages(
        (&TARGET_POOLS, COMPUTE),
        project,
        &[],
        |token| clients.target_pools.aggregated_list().set_project(project).set_or_clear_page_token(after_first(token)),
        |builder| builder.send(),
        strip::nothing,
    );
    // Failures are in the records.
    let _ = futures::join!(rules, pools);
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

/// A key's state, and who may use it by its own policy and by that of its ring.
async fn key(asker: &Asker<'_>, run: &Run, home: &str, key: &str) {
    let ring = async {
        if let Some(ring) = key_ring(key) {
            self::ring(asker, run, home, ring).await;
        }
    };
    futures::join!(key_itself(asker, run, home, key), ring);
}

async fn key_itself(asker: &Asker<'_>, run: &Run, home: &str, key: &str) {
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

async fn ring(asker: &Asker<'_>, run: &Run, home: &str, ring: &str) {
    let (home, ring) = (home.to_owned(), ring.to_owned());
    let policies = run
        .once(asker, format!("key ring {ring}"), |asker| async move {
            let params = [("ring", ring.as_str())];
            let options = GetPolicyOptions::new().set_requested_policy_version(3);
            let policy = asker.clients.keys.get_iam_policy().set_resource(&ring).set_options(options);
            let question = (&KEY_RING_POLICY, KMS);
            let answer = asker.one(question, &home, &params, policy, |builder| builder.send(), strip::nothing).await;
            answer.into_iter().collect()
        })
        .await;
    hierarchy::roles_of(asker, run, &policies).await;
}
