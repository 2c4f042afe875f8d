//! Who we are, which accounts there are, how to enter them, and what the organisation takes away from them.

use super::{
    Context, aggregator,
    ask::{Paging, Question, Wire, ask, sending},
    session::Session,
};
use crate::{
    calls,
    partition::partition_of,
    record::{
        Query,
        aggregator::Places,
        iam::CallerIdentity,
        organization::{Accounts as AccountPage, DescribeOrganization, Parent, Parents, Policies, Targets},
    },
    settings::{Accounts, Aggregator, Limits, Settings},
};
use futures::future::join_all;
use palisade_provider::{Call, Failure, FailureReason, Once, Outcome, Record, Recorder, Snapshot, Unit};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{sync::OnceCell, time::Instant};

/// What the parts of one target read together and once.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    caller: OnceCell<(Option<Caller>, Vec<Record>)>,
    accounts: Mutex<Vec<Record>>,
    began: Mutex<Option<Instant>>,
    /// Where the aggregator knows of clusters. `None`: it did not say so to the end.
    told: OnceCell<Option<Arc<Places>>>,
    policies: OnceCell<Ruling>,
    parents: Once<String, (Option<Parent>, Vec<Record>)>,
}

/// The policies of the organisation.
#[derive(Clone, Debug)]
struct Ruling {
    /// Whether they could be listed; where they could not, nothing else can be asked of the organisation either.
    listed: bool,
    records: Vec<Record>,
}

/// Most levels of an organisation that are followed: AWS allows five units and the root.
const LEVELS: usize = 16;

impl Shared {
    /// From now on the target's time counts.
    pub(super) fn begin(&self) {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// When the target has to be done. What is read for all accounts together is bound by this and by no account's time.
    pub(super) fn deadline(&self, limits: Limits) -> Instant {
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        *began.get_or_insert_with(Instant::now) + limits.target
    }
}

/// Whose credentials they are.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) session: Session,
    pub(super) account: String,
    pub(super) partition: String,
}

/// The accounts of the target, and the scope in which they were looked for.
pub(super) async fn units(settings: &Settings, shared: &Shared, recorder: &Recorder) -> (Vec<Unit>, String) {
    let Some(caller) = caller(settings, shared, recorder).await else {
        return (Vec::new(), settings.name.clone());
    };
    let own = Unit { scope: caller.account.clone(), name: None };
    let told = ask_aggregator(settings, shared, recorder).await;
    let units: Vec<Unit> = match &settings.accounts {
        Accounts::Own => vec![own],
        Accounts::List(accounts) => {
            accounts.iter().map(|account| Unit { scope: account.clone(), name: None }).collect()
        }
        // An organisation that cannot be listed still has the account we are in; the failure is in the snapshot.
        Accounts::Organization => {
            let until = shared.deadline(settings.limits);
            organization(&caller, shared, (recorder, until)).await.unwrap_or_else(|| vec![own])
        }
    };
    (of_told(units, settings.aggregator.as_ref(), told.as_deref()), caller.account)
}

/// The accounts that hold clusters, of those that were chosen; all of them when nobody tells or the lists are to be compared.
fn of_told(units: Vec<Unit>, aggregator: Option<&Aggregator>, told: Option<&Places>) -> Vec<Unit> {
    match (aggregator, told) {
        (None | Some(Aggregator { cross_check: true, .. }), _) => units,
        // The failure is in the snapshot. Asking every account after all is what nobody wanted.
        (Some(_), None) => Vec::new(),
        (Some(_), Some(told)) => units.into_iter().filter(|unit| told.contains_key(&unit.scope)).collect(),
    }
}

/// Where clusters are, when that alone says what is read. In a process that has not asked yet, it is asked now.
pub(super) async fn told(settings: &Settings, shared: &Shared, recorder: &Recorder) -> Option<Arc<Places>> {
    let asks = settings.aggregator.as_ref().is_some_and(|aggregator| !aggregator.cross_check);
    if !asks {
        return None;
    }
    // Without an answer nothing is known to be there.
    Some(ask_aggregator(settings, shared, recorder).await.unwrap_or_default())
}

/// Asks the aggregator, once for the target; its records are with whoever asked first.
async fn ask_aggregator(settings: &Settings, shared: &Shared, recorder: &Recorder) -> Option<Arc<Places>> {
    let aggregator = settings.aggregator.as_ref()?;
    let caller = caller(settings, shared, recorder).await?;
    let until = shared.deadline(settings.limits);
    let asking = async {
        let places = aggregator::ask_for_places(&caller, aggregator, (recorder, until)).await;
        places.map(Arc::new)
    };
    shared.told.get_or_init(|| asking).await.clone()
}

/// Whose credentials they are; asked once for the target. A failure is written into every snapshot that hangs on it.
pub(super) async fn caller(settings: &Settings, shared: &Shared, recorder: &Recorder) -> Option<Caller> {
    let first = !shared.caller.initialized();
    let until = shared.deadline(settings.limits);
    let (caller, records) = shared.caller.get_or_init(|| identify(settings, (recorder, until))).await;
    if first || caller.is_none() {
        for record in records {
            recorder.share(record.clone());
        }
    }
    caller.clone()
}

async fn identify(settings: &Settings, (recorder, until): (&Recorder, Instant)) -> (Option<Caller>, Vec<Record>) {
    let session = Session::open(settings).await;
    let client = session.sts(&session.base_region);
    let aside = recorder.for_unit();
    let question = Question {
        call: &calls::GET_CALLER_IDENTITY,
        scope: &settings.name,
        params: &[],
        wire: Wire::Query,
        paging: None,
    };
    let host = format!("sts.{}", session.base_region);
    let pages =
        ask::<Query<CallerIdentity>>((&aside, until), &host, &question, sending!(|_| client.get_caller_identity()))
            .await;
    let identity = pages.into_iter().flatten().next().map(|Query(identity)| identity);
    (identity.and_then(|identity| identified(session, identity)), aside.records())
}

fn identified(session: Session, identity: CallerIdentity) -> Option<Caller> {
    let partition = identity.arn.as_deref().and_then(|arn| arn.split(':').nth(1));
    let partition = partition.unwrap_or_else(|| partition_of(&session.base_region)).to_owned();
    Some(Caller { session, account: identity.account?, partition })
}

/// Takes the caller and the accounts from the snapshot of a discovery. What is not in it is asked when it is needed.
pub(super) async fn recall(settings: &Settings, shared: &Shared, discovery: &Snapshot) {
    let of = |call: &Call| {
        let records = discovery.records().iter().filter(|record| *record.call == *call.name);
        records.cloned().collect::<Vec<Record>>()
    };
    *shared.accounts.lock().unwrap_or_else(PoisonError::into_inner) = of(&calls::LIST_ACCOUNTS);
    if !of(&calls::SELECT_AGGREGATE_RESOURCE_CONFIG).is_empty() {
        let _ = shared.told.set(told_places(discovery).map(Arc::new));
    }
    let pages = discovery.pages::<Query<CallerIdentity>>(&calls::GET_CALLER_IDENTITY, &settings.name, &[]);
    let Some(Query(identity)) = pages.into_iter().flatten().next().map(|page| page.value) else { return };
    if let Some(caller) = identified(Session::open(settings).await, identity) {
        // Its record stands in the discovery's snapshot.
        let _ = shared.caller.set((Some(caller), Vec::new()));
    }
}

/// What the aggregator told in a discovery.
fn told_places(discovery: &Snapshot) -> Option<Places> {
    let told = crate::normalize::told(discovery)?;
    let mut places = Places::new();
    for (account, region) in told.places.iter().filter_map(|place| place.as_str().split_once('/')) {
        places.entry(account.to_owned()).or_default().insert(region.to_owned());
    }
    Some(places)
}

async fn organization(caller: &Caller, shared: &Shared, (recorder, until): (&Recorder, Instant)) -> Option<Vec<Unit>> {
    let session = caller.session.of_account(&caller.account, &caller.partition);
    let client = session.organizations(&session.base_region);
    let aside = recorder.for_unit();
    let question = Question {
        call: &calls::LIST_ACCOUNTS,
        scope: &caller.account,
        params: &[],
        wire: Wire::Json,
        paging: Some(Paging::NEXT_TOKEN_PASCAL),
    };
    let asked = ask::<AccountPage>(
        (&aside, until),
        &format!("organizations.{}", session.base_region),
        &question,
        sending!(|token| client.list_accounts().set_next_token(token)),
    )
    .await;
    let records = aside.records();
    for record in &records {
        recorder.share(record.clone());
    }
    *shared.accounts.lock().unwrap_or_else(PoisonError::into_inner) = records;
    let accounts = asked?.into_iter().flat_map(|page| page.accounts);
    // A suspended account refuses every call; nothing runs in it.
    let closed = ["SUSPENDED", "PENDING_CLOSURE", "PENDING_ACTIVATION", "CLOSED"];
    let active = accounts.filter(|account| !account.status.as_deref().is_some_and(|status| closed.contains(&status)));
    Some(active.filter_map(|account| Some(Unit { scope: account.id?, name: account.name })).collect())
}

/// Gives a snapshot the list of accounts, so that its normalizer knows which parties are not outside.
pub(super) fn share_accounts(shared: &Shared, recorder: &Recorder) {
    let records = shared.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for record in records {
        recorder.share(record);
    }
}

/// What the organisation takes away from an account: where the account stands is asked for each, the policies once for the
/// target, with the target's own credentials.
pub(super) async fn rules(caller: &Caller, (shared, until): (&Shared, Instant), context: &Context) {
    let account = context.session.account.as_str();
    if !is_ruled(context).await {
        return;
    }
    let ruling = shared.policies.get_or_init(|| policies(caller, (&context.recorder, until))).await;
    for record in &ruling.records {
        context.recorder.share(record.clone());
    }
    if !ruling.listed {
        return;
    }
    let mut child = account.to_owned();
    for _ in 0..LEVELS {
        let reading = parent(caller, (&context.recorder, until), child.clone());
        let (parent, records) = shared.parents.get(child, reading).await;
        for record in records {
            context.recorder.share(record);
        }
        match parent.filter(|parent| !parent.is_root()).and_then(|parent| parent.id) {
            Some(id) => child = id,
            None => return,
        }
    }
}

/// Whether the account is in an organisation whose policies can stop what it does.
async fn is_ruled(context: &Context) -> bool {
    let account = context.session.account.as_str();
    let region = context.session.base_region.as_str();
    let client = context.session.organizations(region);
    let call = &calls::DESCRIBE_ORGANIZATION;
    let question = Question { call, scope: account, params: &[], wire: Wire::Json, paging: None };
    let aside = context.recorder.for_unit();
    let host = format!("organizations.{region}");
    let pages = ask::<DescribeOrganization>(
        (&aside, context.until),
        &host,
        &question,
        sending!(|_| client.describe_organization()),
    )
    .await;
    for record in aside.records() {
        match &record.outcome {
            // An account that is in none is told so by an error: that is the whole answer, and nothing failed.
            Outcome::Failed(failure) if failure.code.as_deref() == Some(DescribeOrganization::NOT_IN_USE) => {
                let body = json!({ "__type": failure.code, "Message": failure.message });
                context.recorder.answered(call, account, &[], (0, true), body, record.exchange.clone());
            }
            Outcome::Failed(_) | Outcome::Answered(_) => context.recorder.share(record),
        }
    }
    let organization = pages.into_iter().flatten().next().and_then(|answer| answer.organization);
    organization.is_some_and(|organization| organization.rules(account))
}

/// Every policy that takes away, what it says and where it is attached.
async fn policies(caller: &Caller, (recorder, until): (&Recorder, Instant)) -> Ruling {
    let aside = recorder.for_unit();
    let asker = (&aside, until);
    let session = caller.session.of_account(&caller.account, &caller.partition);
    let client = &session.organizations(&session.base_region);
    let host = &format!("organizations.{}", session.base_region);
    let scope = caller.account.as_str();
    let lists = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"].map(|kind| async move {
        let params = [("filter", kind)];
        let paging = Some(Paging::NEXT_TOKEN_PASCAL);
        let question = Question { call: &calls::LIST_POLICIES, scope, params: &params, wire: Wire::Json, paging };
        let send = sending!(|token| client.list_policies().filter(kind.into()).set_next_token(token));
        ask::<Policies>(asker, host, &question, send).await
    });
    let lists = join_all(lists).await;
    let listed = lists.iter().any(Option::is_some);
    let policies = lists.into_iter().flatten().flatten().flat_map(|page| page.policies);
    let ids: Vec<String> = policies.filter_map(|policy| policy.id).collect();
    let reads = ids.iter().map(|id| async move {
        let params = [("policy", id.as_str())];
        let paging = Some(Paging::NEXT_TOKEN_PASCAL);
        let call = &calls::LIST_TARGETS_FOR_POLICY;
        let targets = Question { call, scope, params: &params, wire: Wire::Json, paging };
        let send = sending!(|token| client.list_targets_for_policy().policy_id(id).set_next_token(token));
        let targets = ask::<Targets>(asker, host, &targets, send).await;
        // What is attached nowhere stops nobody, whatever it says.
        if targets.is_some_and(|pages| pages.iter().all(|page| page.targets.is_empty())) {
            return;
        }
        let call = &calls::DESCRIBE_POLICY;
        let content = Question { call, scope, params: &params, wire: Wire::Json, paging: None };
        ask::<Value>(asker, host, &content, sending!(|_| client.describe_policy().policy_id(id))).await;
    });
    join_all(reads).await;
    Ruling { listed, records: aside.records() }
}

/// What stands above an account or a unit.
async fn parent(
    caller: &Caller,
    (recorder, until): (&Recorder, Instant),
    child: String,
) -> (Option<Parent>, Vec<Record>) {
    let aside = recorder.for_unit();
    let session = caller.session.of_account(&caller.account, &caller.partition);
    let client = session.organizations(&session.base_region);
    let params = [("child", child.as_str())];
    let question = Question {
        call: &calls::LIST_PARENTS,
        scope: &caller.account,
        params: &params,
        wire: Wire::Json,
        paging: Some(Paging::NEXT_TOKEN_PASCAL),
    };
    let send = sending!(|token| client.list_parents().child_id(&child).set_next_token(token));
    let pages =
        ask::<Parents>((&aside, until), &format!("organizations.{}", session.base_region), &question, send).await;
    let parent = pages.into_iter().flatten().flat_map(|page| page.parents).next();
    (parent, aside.records())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRole {
    credentials: SessionCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SessionCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

impl std::fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionCredentials(***)")
    }
}

/// Enters another account through the configured role.
pub(super) async fn assume(
    settings: &Settings,
    (own, partition): (&Session, &str),
    account: &str,
    (recorder, until): (&Recorder, Instant),
) -> Option<Session> {
    let Some(role) = settings.role.as_deref() else {
        let failure = Failure::new(FailureReason::Denied, "no role to assume in this account is configured");
        recorder.failed(&calls::ASSUME_ROLE, account, &[], 0, failure, None);
        return None;
    };
    let client = own.sts(&own.base_region);
    let arn = format!("arn:{partition}:iam::{account}:role/{}", role.trim_start_matches('/'));
    let question = Question {
        call: &calls::ASSUME_ROLE,
        scope: account,
        params: &[("role", role)],
        wire: Wire::Query,
        paging: None,
    };
    let external_id = settings.external_id.clone();
    let pages = ask::<Query<AssumedRole>>(
        (recorder, until),
        &format!("sts.{}", own.base_region),
        &question,
        sending!(|_| client
            .assume_role()
            .role_arn(arn.clone())
            .role_session_name("palisade")
            .set_external_id(external_id.clone())),
    )
    .await?;
    let Query(AssumedRole { credentials }) = pages.into_iter().next()?;
    let SessionCredentials { access_key_id, secret_access_key, session_token } = credentials;
    Some(own.assuming(account, (&access_key_id, &secret_access_key, &session_token)))
}
