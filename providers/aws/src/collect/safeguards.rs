//! What is written down, kept, scanned and watched: CloudTrail, CloudWatch Logs, Backup, ECR and GuardDuty.

use super::{
    Context,
    ask::{Capture, Paging, Question, Wire, ask, sending},
    boxed,
    region::{Found, Place},
    vulnerabilities,
};
use crate::{
    calls,
    normalize::log_group,
    record::safeguards::{
        BackupPlans, BackupSelections, Detectors, RecoveryPoints, Repositories, RepositoryPolicy, Trails,
    },
};
use aws_sdk_guardduty::types::{CoverageFilterCondition, CoverageFilterCriteria, CoverageFilterCriterion};
use aws_sdk_guardduty::types::{CoverageFilterCriterionKey, ResourceType};
use futures::future::{BoxFuture, join_all};
use palisade_provider::{Failure, Outcome};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Repositories whose policies are asked for: beyond that many the rest is told as not read.
const POLICIES: usize = 500;

/// Asks for everything that a region with clusters has of it. Returns the trails, each once, for the account to ask about.
pub(super) async fn of_region(place: &Place<'_>, clusters: &BTreeSet<String>) -> Found {
    let (trails, (), (), (), (), ()) = futures::join!(
        boxed(trails(place)),
        boxed(logs(place, clusters)),
        boxed(backups(place, clusters)),
        boxed(repositories(place)),
        boxed(detector(place)),
        boxed(vulnerabilities::read(place)),
    );
    Found { trails, ..Found::default() }
}

/// Asks for something that an error may say is not there: that is the whole answer, and nothing failed.
async fn or_nothing(
    context: &Context,
    host: &str,
    question: &Question<'_>,
    nothing: &str,
    send: impl Fn(Option<String>, Capture) -> BoxFuture<'static, Result<(), Failure>>,
) {
    let aside = context.recorder.for_unit();
    let _ = ask::<Value>((&aside, context.until), host, question, send).await;
    for record in aside.records() {
        match &record.outcome {
            Outcome::Failed(failure) if failure.code.as_deref() == Some(nothing) => {
                let body = json!({ "__type": failure.code, "message": failure.message });
                let page = (record.page, true);
                let Question { call, scope, params, .. } = *question;
                context.recorder.answered(call, scope, params, page, body, record.exchange.clone());
            }
            Outcome::Failed(_) | Outcome::Answered(_) => context.recorder.share(record),
        }
    }
}

async fn trails(place: &Place<'_>) -> BTreeMap<String, String> {
    let client = &place.context.session.cloudtrail(place.region);
    let question = place.question(&calls::DESCRIBE_TRAILS, &[], Wire::Json, None);
    let pages =
        place.context.ask::<Trails>(&place.host("cloudtrail"), &question, sending!(|_| client.describe_trails())).await;
    let trails = pages.into_iter().flatten().flat_map(|page| page.trail_list);
    trails.filter_map(|trail| Some((trail.arn?, trail.home_region?))).collect()
}

/// Whether trails are at work and what they write down. A trail answers in its home region, whichever region showed it.
pub(super) async fn of_trails(context: &Context, found: &Found) {
    join_all(found.trails.iter().map(|(arn, home)| {
        boxed(async move {
            let client = &context.session.cloudtrail(home);
            let (host, params) = (format!("cloudtrail.{home}"), [("trail", arn.as_str())]);
            let about = |call| Question {
                call,
                scope: &context.session.account,
                params: &params,
                wire: Wire::Json,
                paging: None,
            };
            let (status, selectors) = (about(&calls::GET_TRAIL_STATUS), about(&calls::GET_EVENT_SELECTORS));
            let status = context.ask::<Value>(&host, &status, sending!(|_| client.get_trail_status().name(arn)));
            let selectors =
                context.ask::<Value>(&host, &selectors, sending!(|_| client.get_event_selectors().trail_name(arn)));
            futures::join!(boxed(status), boxed(selectors));
        })
    }))
    .await;
}

async fn logs(place: &Place<'_>, clusters: &BTreeSet<String>) {
    let client = &place.context.session.logs(place.region);
    join_all(clusters.iter().map(|cluster| {
        boxed(async move {
            let (params, group) = ([("cluster", cluster.as_str())], log_group(cluster));
            let question = place.question(&calls::DESCRIBE_LOG_GROUPS, &params, Wire::Json, Some(Paging::NEXT_TOKEN));
            let send =
                sending!(|token| client.describe_log_groups().log_group_name_prefix(&group).set_next_token(token));
            place.context.ask::<Value>(&place.host("logs"), &question, send).await;
        })
    }))
    .await;
}

async fn backups(place: &Place<'_>, clusters: &BTreeSet<String>) {
    let (context, host) = (place.context, place.host("backup"));
    let client = &context.session.backup(place.region);
    let settings = async {
        let question = place.question(&calls::DESCRIBE_REGION_SETTINGS, &[], Wire::Json, None);
        context.ask::<Value>(&host, &question, sending!(|_| client.describe_region_settings())).await;
    };
    let vaults = async {
        let paging = Some(Paging::NEXT_TOKEN_PASCAL);
        let question = place.question(&calls::LIST_BACKUP_VAULTS, &[], Wire::Json, paging);
        let send = sending!(|token| client.list_backup_vaults().set_next_token(token));
        context.ask::<Value>(&host, &question, send).await;
    };
    let points = join_all(clusters.iter().map(|cluster| {
        let host = &host;
        boxed(async move {
            let account = &context.session.account;
            let partition = crate::partition::partition_of(place.region);
            let arn = format!("arn:{partition}:eks:{}:{account}:cluster/{cluster}", place.region);
            let (params, paging) = ([("cluster", cluster.as_str())], Some(Paging::NEXT_TOKEN_PASCAL));
            let question = place.question(&calls::LIST_RECOVERY_POINTS, &params, Wire::Json, paging);
            let send =
                sending!(|token| client.list_recovery_points_by_resource().resource_arn(&arn).set_next_token(token));
            // Something never backed up is unknown to the service: that is its answer.
            or_nothing(context, host, &question, RecoveryPoints::UNKNOWN, send).await;
        })
    }));
    futures::join!(boxed(settings), boxed(vaults), points, boxed(plans(place, client, &host)));
}

async fn plans(place: &Place<'_>, client: &aws_sdk_backup::Client, host: &str) {
    let context = place.context;
    let question = place.question(&calls::LIST_BACKUP_PLANS, &[], Wire::Json, Some(Paging::NEXT_TOKEN_PASCAL));
    let send = sending!(|token| client.list_backup_plans().set_next_token(token));
    let pages = context.ask::<BackupPlans>(host, &question, send).await;
    let plans = pages.into_iter().flatten().flat_map(|page| page.backup_plans_list);
    let ids: BTreeSet<String> = plans.filter_map(|plan| plan.backup_plan_id).collect();
    join_all(ids.iter().map(|id| boxed(plan(place, client, (host, id))))).await;
}

async fn plan(place: &Place<'_>, client: &aws_sdk_backup::Client, (host, id): (&str, &str)) {
    let (context, params) = (place.context, [("plan", id)]);
    let rules = async {
        let question = place.question(&calls::GET_BACKUP_PLAN, &params, Wire::Json, None);
        context.ask::<Value>(host, &question, sending!(|_| client.get_backup_plan().backup_plan_id(id))).await;
    };
    let selections = async {
        let paging = Some(Paging::NEXT_TOKEN_PASCAL);
        let question = place.question(&calls::LIST_BACKUP_SELECTIONS, &params, Wire::Json, paging);
        let send = sending!(|token| client.list_backup_selections().backup_plan_id(id).set_next_token(token));
        let pages = context.ask::<BackupSelections>(host, &question, send).await;
        let listed = pages.into_iter().flatten().flat_map(|page| page.backup_selections_list);
        let selections: BTreeSet<String> = listed.filter_map(|one| one.selection_id).collect();
        join_all(selections.iter().map(|selection| {
            boxed(async move {
                let params = [("plan", id), ("selection", selection.as_str())];
                let question = place.question(&calls::GET_BACKUP_SELECTION, &params, Wire::Json, None);
                let send = sending!(|_| client.get_backup_selection().backup_plan_id(id).selection_id(selection));
                context.ask::<Value>(host, &question, send).await;
            })
        }))
        .await;
    };
    futures::join!(boxed(rules), boxed(selections));
}

async fn repositories(place: &Place<'_>) {
    let (context, host) = (place.context, place.host("ecr"));
    let client = &context.session.ecr(place.region);
    let scanning = async {
        let question = place.question(&calls::GET_REGISTRY_SCANNING, &[], Wire::Json, None);
        let send = sending!(|_| client.get_registry_scanning_configuration());
        context.ask::<Value>(&host, &question, send).await;
    };
    let policies = async {
        let question = place.question(&calls::DESCRIBE_REPOSITORIES, &[], Wire::Json, Some(Paging::NEXT_TOKEN));
        let send = sending!(|token| client.describe_repositories().max_results(1000).set_next_token(token));
        let pages = context.ask::<Repositories>(&host, &question, send).await;
        let listed = pages.into_iter().flatten().flat_map(|page| page.repositories);
        let names: BTreeSet<String> = listed.filter_map(|one| one.repository_name).collect();
        let host = &host;
        join_all(names.iter().take(POLICIES).map(|name| {
            boxed(async move {
                let params = [("repository", name.as_str())];
                let question = place.question(&calls::GET_REPOSITORY_POLICY, &params, Wire::Json, None);
                let send = sending!(|_| client.get_repository_policy().repository_name(name));
                or_nothing(context, host, &question, RepositoryPolicy::NONE, send).await;
            })
        }))
        .await;
    };
    futures::join!(boxed(scanning), boxed(policies));
}

async fn detector(place: &Place<'_>) {
    let (context, host) = (place.context, place.host("guardduty"));
    let client = &context.session.guardduty(place.region);
    let question = place.question(&calls::LIST_DETECTORS, &[], Wire::Json, Some(Paging::NEXT_TOKEN));
    let send = sending!(|token| client.list_detectors().set_next_token(token));
    let pages = context.ask::<Detectors>(&host, &question, send).await;
    let ids: BTreeSet<String> = pages.into_iter().flatten().flat_map(|page| page.detector_ids).collect();
    // A region has one detector at most.
    let Some(id) = ids.first() else { return };
    let params = [("detector", id.as_str())];
    let features = async {
        let question = place.question(&calls::GET_DETECTOR, &params, Wire::Json, None);
        context.ask::<Value>(&host, &question, sending!(|_| client.get_detector().detector_id(id))).await;
    };
    let coverage = async {
        let question = place.question(&calls::LIST_COVERAGE, &params, Wire::Json, Some(Paging::NEXT_TOKEN));
        let of_clusters = CoverageFilterCriteria::builder()
            .filter_criterion(
                CoverageFilterCriterion::builder()
                    .criterion_key(CoverageFilterCriterionKey::ResourceType)
                    .filter_condition(CoverageFilterCondition::builder().equals(ResourceType::Eks.as_str()).build())
                    .build(),
            )
            .build();
        let send = sending!(|token| client
            .list_coverage()
            .detector_id(id)
            .filter_criteria(of_clusters.clone())
            .set_next_token(token));
        context.ask::<Value>(&host, &question, send).await;
    };
    futures::join!(boxed(features), boxed(coverage));
}
