//! The account's identities, and the reports on those the clusters use.

use super::{
    Context,
    ask::{Paging, Question, Wire, ask, sending},
    boxed,
    region::{Found, Watch, any_cluster},
};
use crate::{
    calls,
    record::{
        Query,
        iam::{AuthorizationDetails, LastAccessed, LastAccessedJob, Role},
    },
};
use futures::future::join_all;
use palisade_provider::Outcome;
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};

/// How often a report is asked for until it is ready, each time after waiting twice as long.
const REPORT_LOOKS: u32 = 7;

/// How long to wait before the second look.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Roles, users, groups and policies of the account, once some region has a cluster. Returns the roles.
pub(super) async fn of_account(context: &Context, watch: Watch) -> Vec<Role> {
    if !any_cluster(watch).await {
        return Vec::new();
    }
    let scope = context.session.account.as_str();
    let region = context.session.base_region.as_str();
    let iam = &context.session.iam(region);
    let host = &format!("iam.{region}");
    let question = |call, paging| Question { call, scope, params: &[], wire: Wire::Query, paging };
    let details = question(&calls::GET_ACCOUNT_AUTHORIZATION_DETAILS, Some(Paging::MARKER));
    let providers = question(&calls::LIST_OPEN_ID_CONNECT_PROVIDERS, None);
    let details = context.ask::<Query<AuthorizationDetails>>(
        host,
        &details,
        sending!(|token| iam.get_account_authorization_details().max_items(1000).set_marker(token)),
    );
    let providers = context.ask::<Value>(host, &providers, sending!(|_| iam.list_open_id_connect_providers()));
    let (details, _) = futures::join!(boxed(details), boxed(providers));
    details.into_iter().flatten().flat_map(|Query(page)| page.role_detail_list).collect()
}

/// Access keys of the users, and use of the roles.
pub(super) async fn of_identities(context: &Context, found: &Found, roles: &[Role]) {
    let region = context.session.base_region.as_str();
    let iam = &context.session.iam(region);
    let host = &format!("iam.{region}");
    let own = format!(":iam::{}:", context.session.account);
    let trusting = roles.iter().filter(|role| trusts_any(role, &found.issuers)).filter_map(|role| role.arn.as_deref());
    let carried = roles.iter().filter(|role| carries_any(role, &found.profiles)).filter_map(|role| role.arn.as_deref());
    let named = found.roles.iter().map(String::as_str);
    let reported: BTreeSet<&str> = named.chain(trusting).chain(carried).filter(|arn| arn.contains(&own)).collect();
    let keys = found.users.iter().map(|user| {
        boxed(async move {
            let params = [("user", user.as_str())];
            let question = Question {
                call: &calls::LIST_ACCESS_KEYS,
                scope: &context.session.account,
                params: &params,
                wire: Wire::Query,
                paging: Some(Paging::MARKER),
            };
            let send = sending!(|token| iam.list_access_keys().user_name(user).set_marker(token));
            context.ask::<Value>(host, &question, send).await;
        })
    });
    let reports = reported.iter().map(|role| boxed(report(context, iam, host, role)));
    futures::join!(join_all(keys), join_all(reports));
}

/// Whether a role's trust policy speaks of one of the issuers. Only chooses for whom to ask; the normalizer judges.
fn trusts_any(role: &Role, issuers: &BTreeSet<String>) -> bool {
    let document = role.assume_role_policy_document.as_ref();
    document.is_some_and(|document| issuers.iter().any(|issuer| document.0.contains(issuer)))
}

fn carries_any(role: &Role, profiles: &BTreeSet<String>) -> bool {
    role.instance_profile_list.iter().any(|profile| profile.arn.as_ref().is_some_and(|arn| profiles.contains(arn)))
}

async fn report(context: &Context, iam: &aws_sdk_iam::Client, host: &str, role: &str) {
    let params = [("role", role)];
    let scope = context.session.account.as_str();
    let generate = Question {
        call: &calls::GENERATE_SERVICE_LAST_ACCESSED_DETAILS,
        scope,
        params: &params,
        wire: Wire::Query,
        paging: None,
    };
    let send = sending!(|_| iam.generate_service_last_accessed_details().arn(role));
    let job = context.ask::<Query<LastAccessedJob>>(host, &generate, send).await;
    let Some(job) = job.into_iter().flatten().next().and_then(|Query(job)| job.job_id) else { return };
    let get = Question {
        call: &calls::GET_SERVICE_LAST_ACCESSED_DETAILS,
        scope,
        params: &params,
        wire: Wire::Query,
        paging: Some(Paging::MARKER),
    };
    let mut wait = FIRST_WAIT;
    for look in 1..=REPORT_LOOKS {
        // Looks that find the report unfinished are no answers; only the last look is written down.
        let aside = context.recorder.for_unit();
        let send =
            sending!(|token| iam.get_service_last_accessed_details().job_id(&job).max_items(1000).set_marker(token));
        let pages = ask::<Query<LastAccessed>>((&aside, context.until), host, &get, send).await;
        let unfinished = pages
            .as_ref()
            .and_then(|pages| pages.first())
            .is_some_and(|Query(page)| page.job_status.as_deref() == Some("IN_PROGRESS"));
        let records = aside.records();
        if !unfinished
            || look == REPORT_LOOKS
            || records.iter().any(|record| matches!(record.outcome, Outcome::Failed(_)))
        {
            for record in records {
                context.recorder.share(record);
            }
            return;
        }
        tokio::time::sleep(wait.min(context.limits.call)).await;
        wait = wait.saturating_mul(2);
    }
}
