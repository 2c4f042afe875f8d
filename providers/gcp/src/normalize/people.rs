//! The service accounts of a project, with who may act as them.

use super::{
    listing::Listed,
    policies::{ReadPolicy, policy},
};
use crate::{
    calls::{ACCOUNT_POLICY, ACCOUNTS_LIST},
    record::{
        container::Cluster,
        iam::{self as record, Accounts, Policy},
        lenient::Member as _,
        names::account_home,
        nodes::node_accounts,
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{FailureReason, Outcome, Snapshot};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The service accounts of a project, and those its clusters' nodes carry from elsewhere: all that nodes and workloads
/// are or may become.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// By their addresses.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Why there may be further accounts, or further bindings in the policies of these.
    pub(crate) unread: Vec<Gap>,
}

/// A service account.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) name: Option<String>,
    pub(crate) disabled: bool,
    /// The project it lives in.
    pub(crate) home: String,
    /// Who may act as it; nothing when it vanished while it was read.
    pub(crate) policy: Option<Policy>,
}

impl People {
    /// Reads them. `number` is the project's. Always known: what was not read of them is a part of the answer.
    pub(crate) fn read(snapshot: &Snapshot, project: &str, number: &str, clusters: &[Cluster]) -> Observed<Self> {
        let listed = accounts(snapshot, project);
        let mut sources: Vec<Evidence> = listed.sources().to_vec();
        let mut people = Self::default();
        match listed.get() {
            Ok(listed) => {
                for record in &listed.members {
                    let email = record.email.clone().unwrap_or_default();
                    let account = Account {
                        name: record.display_name.clone(),
                        disabled: record.disabled == Some(true),
                        home: account_home(&email, project).to_owned(),
                        policy: None,
                    };
                    people.accounts.insert(email, account);
                }
                people.unread.extend(listed.odd.iter().map(|odd| odd.gap.clone()));
            }
            Err(gap) => people.unread.push(gap),
        }
        let nodes: BTreeSet<String> =
            clusters.iter().flat_map(|cluster| node_accounts(cluster, Some(number))).collect();
        for email in &nodes {
            let home = account_home(email, project).to_owned();
            people.accounts.entry(email.clone()).or_insert_with(|| Account { home, ..Account::default() });
        }
        for (email, account) in &mut people.accounts {
            let (policy, unread) = policy_of(snapshot, &account.home, email, &mut sources);
            account.policy = policy;
            people.unread.extend(unread);
        }
        Observed::known(people, sources)
    }
}

/// The service accounts of a project, one by one where one of them cannot be read.
fn accounts(snapshot: &Snapshot, project: &str) -> Observed<Listed<record::Account>> {
    let strict = snapshot.list(&ACCOUNTS_LIST, project, &[], |page: Accounts| page.accounts);
    let whole = |accounts: &Vec<record::Account>| accounts.iter().all(|account| account.flaw().is_none());
    match strict.get() {
        Ok(accounts) if whole(accounts) => strict.map(|members| Listed { members, odd: Vec::new() }),
        Ok(_) | Err(Gap::Malformed { .. }) => {
            let values = snapshot.list(&ACCOUNTS_LIST, project, &[], |page: Accounts<Value>| page.accounts);
            values.map(|values| {
                let mut listed = Listed::default();
                listed.read(&ACCOUNTS_LIST, project, "/accounts", values);
                listed
            })
        }
        Err(_) => strict.map(|_| Listed::default()),
    }
}

/// The workload pool of a cluster.
pub(crate) fn pool(cluster: &Cluster) -> Option<&str> {
    cluster.workload_identity_config.as_ref()?.workload_pool.as_deref().filter(|pool| !pool.is_empty())
}

/// An account's policy, nothing for one that vanished between the list and the question; and what was not read of it.
fn policy_of(snapshot: &Snapshot, home: &str, email: &str, sources: &mut Vec<Evidence>) -> (Option<Policy>, Vec<Gap>) {
    let params = [("account", email)];
    let vanished = snapshot.find(&ACCOUNT_POLICY, home, &params).iter().any(|record| match &record.outcome {
        Outcome::Failed(failure) => failure.reason == FailureReason::NotFound,
        Outcome::Answered(_) => false,
    });
    if vanished {
        return (None, Vec::new());
    }
    let ReadPolicy { policy, unread, .. } = policy(snapshot, &ACCOUNT_POLICY, home, &params, sources);
    (Some(policy), unread)
}
