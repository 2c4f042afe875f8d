//! What is written down, backed up, scanned and watched around a project's clusters.

use super::{
    Run,
    ask::{
        Asker, Params, Question, Refusal,
        host::{ANALYSIS, ARTIFACTS, ATTESTATION, BACKUP, CONSTRAINTS, LOGGING, USAGE},
    },
    read as as_record, strip,
    unit::is_off_in,
};
use crate::{
    calls::{
        BACKUP_PLANS, EFFECTIVE_POLICY, IMAGE_POLICY, LOG_BUCKETS, LOG_SINKS, OCCURRENCES, REPOSITORIES,
        REPOSITORY_POLICY, SERVICE_DISABLED, SERVICE_DISABLED_ELSEWHERE, SERVICES,
    },
    normalize::{ANALYSED, FOUND, GUARDRAILS, SCANNING, WATCHING, registry_places},
    record::{container::Cluster, safeguards::Repositories},
};
use futures::future::join_all;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_iam_v1::model::GetPolicyOptions;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Repositories whose policies are asked for: beyond that many the rest is told as not read.
const POLICIES: usize = 500;

/// Reads it.
pub(crate) async fn read(asker: &Asker<'_>, run: &Run, project: &str, clusters: &[Cluster]) {
    let places: BTreeSet<String> = clusters.iter().flat_map(registry_places).collect();
    let repositories = join_all(places.iter().map(|place| repositories(asker, run, project, place)));
    futures::join!(
        logs(asker, project),
        services(asker, project),
        backups(asker, run, project),
        admission(asker, project, clusters),
        guardrails(asker, project, clusters),
        occurrences(asker, run, project, ANALYSED),
        occurrences(asker, run, project, FOUND),
        repositories,
    );
}

/// What Artifact Analysis says of one kind: its filter knows kinds and not severities. What it tells people at length (where to
/// read on, every package, every score) is not kept: a project can have a hundred thousand of them.
async fn occurrences(asker: &Asker<'_>, run: &Run, project: &str, kind: &str) {
    let client = &asker.clients.analysis;
    listed(
        (asker, run, project),
        (&OCCURRENCES, ANALYSIS),
        &[("kind", kind)],
        |token| {
            let request = client.list_occurrences().set_parent(format!("projects/{project}"));
            request.set_filter(format!("kind=\"{kind}\"")).set_page_size(1000).set_page_token(token)
        },
        |builder| builder.send(),
        strip::occurrences,
    )
    .await;
}

async fn logs(asker: &Asker<'_>, project: &str) {
    let client = &asker.clients.logs;
    let buckets = asker.pages(
        (&LOG_BUCKETS, LOGGING),
        project,
        &[],
        |token| client.list_buckets().set_parent(format!("projects/{project}/locations/-")).set_page_token(token),
        |builder| builder.send(),
        strip::nothing,
    );
    let sinks = asker.pages(
        (&LOG_SINKS, LOGGING),
        project,
        &[],
        |token| client.list_sinks().set_parent(format!("projects/{project}")).set_page_token(token),
        |builder| builder.send(),
        strip::nothing,
    );
    // Failures are in the records.
    let _ = futures::join!(buckets, sinks);
}

/// The project's policy counts where a cluster asks for it.
async fn admission(asker: &Asker<'_>, project: &str, clusters: &[Cluster]) {
    if clusters.iter().all(|cluster| cluster.binary_authorization.is_none()) {
        return;
    }
    let builder = asker.clients.attestation.get_policy().set_name(format!("projects/{project}/policy"));
    let _ =
        asker.one((&IMAGE_POLICY, ATTESTATION), project, &[], builder, |builder| builder.send(), strip::nothing).await;
}

/// What the organisation's policies come to here, inheritance and tags evaluated by Google.
async fn guardrails(asker: &Asker<'_>, project: &str, clusters: &[Cluster]) {
    if clusters.is_empty() {
        return;
    }
    join_all(GUARDRAILS.iter().map(|(_, constraint)| async move {
        let name = format!("projects/{project}/policies/{constraint}");
        let builder = asker.clients.constraints.get_effective_policy().set_name(name);
        let params = [("constraint", *constraint)];
        let question = (&EFFECTIVE_POLICY, CONSTRAINTS);
        let _ = asker.one(question, project, &params, builder, |builder| builder.send(), strip::nothing).await;
    }))
    .await;
}

async fn services(asker: &Asker<'_>, project: &str) {
    let names = [SCANNING, WATCHING].map(|name| format!("projects/{project}/services/{name}"));
    let builder =
        asker.clients.services.batch_get_services().set_parent(format!("projects/{project}")).set_names(names);
    let _ = asker.one((&SERVICES, USAGE), project, &[], builder, |builder| builder.send(), strip::nothing).await;
}

async fn backups(asker: &Asker<'_>, run: &Run, project: &str) {
    let client = &asker.clients.backups;
    listed(
        (asker, run, project),
        (&BACKUP_PLANS, BACKUP),
        &[],
        |token| client.list_backup_plans().set_parent(format!("projects/{project}/locations/-")).set_page_token(token),
        |builder| builder.send(),
        strip::nothing,
    )
    .await;
}

async fn repositories(asker: &Asker<'_>, run: &Run, project: &str, place: &str) {
    let client = &asker.clients.artifacts;
    let mut names: BTreeSet<String> = BTreeSet::new();
    listed(
        (asker, run, project),
        (&REPOSITORIES, ARTIFACTS),
        &[("location", place)],
        |token| {
            let parent = format!("projects/{project}/locations/{place}");
            client.list_repositories().set_parent(parent).set_page_size(1000).set_page_token(token)
        },
        |builder| builder.send(),
        |page: &mut Value| {
            let page = as_record::<Repositories>(page);
            names.extend(page.repositories.into_iter().filter_map(|one| one.name));
        },
    )
    .await;
    join_all(names.iter().take(POLICIES).map(|name| async move {
        let options = GetPolicyOptions::new().set_requested_policy_version(3);
        let builder = client.get_iam_policy().set_resource(name).set_options(options);
        let params = [("repository", name.as_str())];
        let question = (&REPOSITORY_POLICY, ARTIFACTS);
        let _ = asker.one(question, project, &params, builder, |builder| builder.send(), strip::nothing).await;
    }))
    .await;
}

/// Every page of a list of a service that many projects never turn on: which project has it off is part of the answer.
async fn listed<B, T, F>(
    (asker, run, project): (&Asker<'_>, &Run, &str),
    question: Question,
    params: Params<'_>,
    builder: impl Fn(String) -> B,
    send: impl Fn(B) -> F,
    look: impl FnMut(&mut Value),
) where
    B: RequestOptionsBuilder,
    T: Serialize,
    F: Future<Output = google_cloud_gax::Result<T>>,
{
    let refused = asker.pages_until(question, project, params, builder, send, look).await;
    if let Err((page, Refusal { mut failure, consumer, exchange })) = refused {
        if failure.code.as_deref() == Some(SERVICE_DISABLED) {
            if is_off_in(asker, run, project, consumer).await {
                // Where the service was never turned on there is nothing of it: that is the whole answer.
                let body = json!({ "error": { "status": failure.code, "message": failure.message } });
                asker.recorder.answered(question.0, project, params, (page, true), body, exchange);
                return;
            }
            failure = failure.code(SERVICE_DISABLED_ELSEWHERE);
        }
        asker.recorder.failed(question.0, project, params, page, failure, exchange);
    }
}
