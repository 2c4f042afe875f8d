//! Asks. Every answer and every failure is written down; nothing is given up because something else failed.
//!
//! An account is read in three strands that run side by side: each region on its own, the account's identities as
//! soon as one region has a cluster, and, when both are known, the reports on single identities. Within a region
//! everything that needs no other answer is asked at once, so that the time is that of the longest chain of calls.

mod aggregator;
mod ask;
mod balancing;
mod cluster;
mod failure;
mod identity;
mod key;
mod network;
mod organization;
mod region;
mod safeguards;
mod session;
mod vulnerabilities;

use crate::settings::{Limits, Regions, Settings};
use ask::{Question, Wire, ask, sending};
use futures::future::{BoxFuture, join_all};
use organization::Caller;
use palisade_model::Provider;
use palisade_provider::{Discovery, Event, Recorder, Snapshot, Unit};
use region::{Census, Found};
use session::Session;
use std::{future::Future, sync::Arc};
use tokio::time::Instant;

use crate::{
    calls,
    record::{Ec2, aggregator::Places, network::Regions as RegionList},
};

pub(crate) use organization::Shared;
pub use session::own_access;

/// Finds the accounts of the target.
pub(crate) async fn discover(settings: &Settings, shared: &Shared, recorder: &Recorder) -> Discovery {
    shared.begin();
    let (units, scope) = organization::units(settings, shared, recorder).await;
    recorder.tell(Event::Units(units.len()));
    Discovery { units, snapshot: recorder.finish(Provider::Aws, &scope) }
}

/// Takes over what another process found.
pub(crate) async fn recall(settings: &Settings, shared: &Shared, discovery: &Snapshot) {
    shared.begin();
    organization::recall(settings, shared, discovery).await;
}

/// Reads one account, within the time it is given.
pub(crate) async fn collect(settings: &Settings, shared: &Shared, unit: &Unit, recorder: &Recorder) -> Snapshot {
    let until = (Instant::now() + settings.limits.unit).min(shared.deadline(settings.limits));
    account(settings, shared, (&unit.scope, until), recorder).await;
    if Instant::now() >= until {
        tracing::warn!(account = unit.scope, "time ran out before the account was read");
    }
    recorder.tell(Event::UnitDone);
    recorder.finish(Provider::Aws, &unit.scope)
}

/// What every part of a collection needs.
#[derive(Clone, Debug)]
struct Context {
    session: Session,
    recorder: Recorder,
    limits: Limits,
    /// When the account has to be done.
    until: Instant,
}

impl Context {
    /// One call without pages, or the pages of one call, in a region.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        host: &str,
        question: &Question<'_>,
        send: impl Fn(Option<String>, ask::Capture) -> BoxFuture<'static, Result<(), palisade_provider::Failure>>,
    ) -> Option<Vec<T>> {
        ask((&self.recorder, self.until), host, question, send).await
    }
}

async fn account(settings: &Settings, shared: &Shared, (account, until): (&str, Instant), recorder: &Recorder) {
    let Some(caller) = organization::caller(settings, shared, recorder).await else { return };
    let Some(session) = enter(settings, &caller, (account, until), recorder).await else { return };
    let context = Context { session, recorder: recorder.clone(), limits: settings.limits, until };
    let regions = match (organization::told(settings, shared, recorder).await, &settings.regions) {
        (Some(told), chosen) => told_regions(&told, account, chosen),
        (None, Regions::List(regions)) => regions.clone(),
        (None, Regions::Enabled) => enabled_regions(&context).await,
    };
    let (census, watch) = Census::new(regions.len(), recorder);
    let census = Arc::new(census);
    let in_regions = join_all(regions.iter().map(|region| boxed(region::read(&context, region, Arc::clone(&census)))));
    let in_account = boxed(identity::of_account(&context, watch));
    let (found, details) = futures::join!(in_regions, in_account);
    let found = found.into_iter().fold(Found::default(), Found::and);
    if found.clusters > 0 {
        organization::share_accounts(shared, recorder);
        let rules = boxed(organization::rules(&caller, (shared, shared.deadline(settings.limits)), &context));
        let trails = boxed(safeguards::of_trails(&context, &found));
        futures::join!(rules, trails, boxed(identity::of_identities(&context, &found, &details)));
    }
}

fn boxed<'a, T>(work: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(work)
}

/// Signed access to the account: the credentials as they are in their own, the configured role in any other.
async fn enter(
    settings: &Settings,
    caller: &Caller,
    (account, until): (&str, Instant),
    recorder: &Recorder,
) -> Option<Session> {
    let own = caller.session.of_account(&caller.account, &caller.partition);
    if account == caller.account {
        return Some(own);
    }
    organization::assume(settings, (&own, &caller.partition), account, (recorder, until)).await
}

/// The regions of an account that hold clusters, as the aggregator knows them, of those that the settings choose.
fn told_regions(told: &Places, account: &str, chosen: &Regions) -> Vec<String> {
    let is_chosen = |region: &&String| match chosen {
        Regions::Enabled => true,
        Regions::List(regions) => regions.contains(region),
    };
    told.get(account).into_iter().flatten().filter(is_chosen).cloned().collect()
}

async fn enabled_regions(context: &Context) -> Vec<String> {
    let region = &context.session.base_region;
    let client = context.session.ec2(region);
    let question = Question {
        call: &calls::DESCRIBE_REGIONS,
        scope: &context.session.account,
        params: &[],
        wire: Wire::Ec2,
        paging: None,
    };
    let pages = context
        .ask::<Ec2<RegionList>>(&format!("ec2.{region}"), &question, sending!(|_| client.describe_regions()))
        .await;
    let regions = pages.into_iter().flatten().flat_map(|Ec2(page)| page.region_info);
    regions
        .filter(|region| region.opt_in_status.as_deref() != Some("not-opted-in"))
        .filter_map(|region| region.region_name)
        .collect()
}
