//! Who we are, which accounts there are, and how to enter them.

use super::{
    ask::{Paging, Question, Wire, ask, sending},
    session::Session,
};
use crate::{
    calls,
    partition::partition_of,
    record::{Query, iam::CallerIdentity, organization::Accounts as AccountPage},
    settings::{Accounts, Settings},
};
use palisade_provider::{Failure, FailureReason, Record, Recorder, Unit};
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What the parts of one target read together and once.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    caller: OnceCell<(Option<Caller>, Vec<Record>)>,
    accounts: Mutex<Vec<Record>>,
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
    let units = match &settings.accounts {
        Accounts::Own => vec![own],
        Accounts::List(accounts) => {
            accounts.iter().map(|account| Unit { scope: account.clone(), name: None }).collect()
        }
        // An organisation that cannot be listed still has the account we are in; the failure is in the snapshot.
        Accounts::Organization => organization(&caller, shared, recorder).await.unwrap_or_else(|| vec![own]),
    };
    (units, caller.account)
}

/// Whose credentials they are; asked once for the target. A failure is written into every snapshot that hangs on it.
pub(super) async fn caller(settings: &Settings, shared: &Shared, recorder: &Recorder) -> Option<Caller> {
    let first = !shared.caller.initialized();
    let (caller, records) = shared.caller.get_or_init(|| identify(settings, recorder)).await;
    if first || caller.is_none() {
        for record in records {
            recorder.share(record.clone());
        }
    }
    caller.clone()
}

async fn identify(settings: &Settings, recorder: &Recorder) -> (Option<Caller>, Vec<Record>) {
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
        ask::<Query<CallerIdentity>>(&aside, &host, &question, sending!(|_| client.get_caller_identity())).await;
    let identity = pages.into_iter().flatten().next().map(|Query(identity)| identity);
    let caller = identity.and_then(|identity| {
        let partition = identity.arn.as_deref().and_then(|arn| arn.split(':').nth(1));
        let partition = partition.unwrap_or_else(|| partition_of(&session.base_region)).to_owned();
        Some(Caller { session, account: identity.account?, partition })
    });
    (caller, aside.records())
}

async fn organization(caller: &Caller, shared: &Shared, recorder: &Recorder) -> Option<Vec<Unit>> {
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
        &aside,
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
    own: &Session,
    partition: &str,
    account: &str,
    recorder: &Recorder,
) -> Option<Session> {
    let Some(role) = settings.role.as_deref() else {
        let failure = Failure::new(FailureReason::Denied, "no role to assume in this account is configured");
        recorder.failed(&calls::ASSUME_ROLE, account, &[], 0, failure);
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
        recorder,
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
