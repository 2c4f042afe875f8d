//! The service accounts of a project, with who may act as them.

use crate::{
    calls::{ACCOUNT_POLICY, ACCOUNTS_LIST},
    record::{
        container::Cluster,
        iam::{Accounts, Policy},
        names::account_home,
        nodes::node_accounts,
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{FailureReason, Outcome, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// The service accounts of a project, and those its clusters' nodes carry from elsewhere: all that nodes and workloads
/// are or may become.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// By their addresses.
    pub(crate) accounts: BTreeMap<String, Account>,
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
    /// Reads them. `number` is the project's.
    pub(crate) fn read(snapshot: &Snapshot, project: &str, number: &str, clusters: &[Cluster]) -> Observed<Self> {
        let mut sources: Vec<Evidence> = Vec::new();
        let people = Self::gather(snapshot, project, number, clusters, &mut sources);
        Observed::from_result(people, sources)
    }

    fn gather(
        snapshot: &Snapshot,
        project: &str,
        number: &str,
        clusters: &[Cluster],
        sources: &mut Vec<Evidence>,
    ) -> Result<Self, Gap> {
        let listed = snapshot.list(&ACCOUNTS_LIST, project, &[], |page: Accounts| page.accounts);
        sources.extend_from_slice(listed.sources());
        let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
        for record in listed.get()? {
            let Some(email) = record.email.clone() else { continue };
            let account = Account {
                name: record.display_name.clone(),
                disabled: record.disabled == Some(true),
                home: account_home(&email, project).to_owned(),
                policy: None,
            };
            accounts.insert(email, account);
        }
        let nodes: BTreeSet<String> =
            clusters.iter().flat_map(|cluster| node_accounts(cluster, Some(number))).collect();
        for email in &nodes {
            let home = account_home(email, project).to_owned();
            accounts.entry(email.clone()).or_insert_with(|| Account { home, ..Account::default() });
        }
        for (email, account) in &mut accounts {
            account.policy = policy(snapshot, &account.home, email, sources)?;
        }
        Ok(Self { accounts })
    }
}

/// The workload pool of a cluster.
pub(crate) fn pool(cluster: &Cluster) -> Option<&str> {
    cluster.workload_identity_config.as_ref()?.workload_pool.as_deref().filter(|pool| !pool.is_empty())
}

/// An account's policy; nothing for one that vanished between the list and the question.
fn policy(snapshot: &Snapshot, home: &str, email: &str, sources: &mut Vec<Evidence>) -> Result<Option<Policy>, Gap> {
    let params = [("account", email)];
    let vanished = snapshot.find(&ACCOUNT_POLICY, home, &params).iter().any(|record| match &record.outcome {
        Outcome::Failed(failure) => failure.reason == FailureReason::NotFound,
        Outcome::Answered(_) => false,
    });
    if vanished {
        return Ok(None);
    }
    let policy: Observed<Policy> = snapshot.one(&ACCOUNT_POLICY, home, &params);
    sources.extend_from_slice(policy.sources());
    policy.get().cloned().map(Some)
}
