//! Reads the service accounts that nodes and workloads use: who may act as them, and their long-lived keys.

use super::{
    Run,
    ask::{Asker, host::IAM},
    hierarchy::roles_of,
    read, strip,
};
use crate::{
    calls::{ACCOUNT_POLICY, ACCOUNTS_LIST, KEYS_LIST},
    record::{
        container::Cluster,
        iam::{Accounts, Policy},
        names::account_home,
        nodes::node_accounts,
    },
};
use google_cloud_iam_admin_v1::model::list_service_account_keys_request::KeyType;
use google_cloud_iam_v1::model::GetPolicyOptions;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads the accounts of a project's clusters. `number` is the project's, when it is known.
pub(crate) async fn read_accounts(
    asker: &Asker<'_>,
    run: &Run,
    project: &str,
    number: Option<&str>,
    clusters: &[Cluster],
) {
    let nodes: BTreeSet<String> = clusters.iter().flat_map(|cluster| node_accounts(cluster, number)).collect();
    let mut all = BTreeSet::new();
    let client = &asker.clients.iam;
    let _ = asker
        .pages(
            (&ACCOUNTS_LIST, IAM),
            project,
            &[],
            |token| {
                client
                    .list_service_accounts()
                    .set_name(format!("projects/{project}"))
                    .set_page_size(100)
                    .set_page_token(token)
            },
            |builder| builder.send(),
            |page| {
                // An account whose record is odd in another place has a policy all the same.
                let accounts = read::<Accounts<Value>>(page).accounts;
                let email = |account: &Value| Some(account.get("email")?.as_str()?.to_owned());
                all.extend(accounts.iter().filter_map(email));
            },
        )
        .await;
    // Whom workloads may become, and whom a node may, stands in the accounts' own policies and nowhere else, so every
    // account has to be asked.
    let asked: BTreeSet<&String> = all.iter().chain(&nodes).collect();
    let nodes = &nodes;
    futures::future::join_all(
        asked.into_iter().map(|email| account(asker, run, account_home(email, project), email, nodes.contains(email))),
    )
    .await;
}

/// One account: its policy and, when a cluster's nodes or workloads use it, its keys.
async fn account(asker: &Asker<'_>, run: &Run, home: &str, email: &str, of_nodes: bool) {
    if of_nodes {
        futures::join!(policy(asker, run, home, email), keys(asker, run, home, email));
        return;
    }
    let policies = policy(asker, run, home, email).await;
    let bound = policies
        .iter()
        .flat_map(|policy| Policy::in_parts(policy).0.bindings)
        .any(|binding| binding.members.iter().any(|member| member.contains(".svc.id.goog")));
    if bound {
        keys(asker, run, home, email).await;
    }
}

async fn policy(asker: &Asker<'_>, run: &Run, home: &str, email: &str) -> Vec<Value> {
    let (home, email) = (home.to_owned(), email.to_owned());
    let policies = run
        .once(asker, format!("policy of account {home} {email}"), |asker| async move {
            let builder = asker
                .clients
                .iam
                .get_iam_policy()
                .set_resource(format!("projects/{home}/serviceAccounts/{email}"))
                .set_options(GetPolicyOptions::new().set_requested_policy_version(3));
            let params = [("account", email.as_str())];
            let question = (&ACCOUNT_POLICY, IAM);
            let answer = asker.one(question, &home, &params, builder, |builder| builder.send(), strip::nothing).await;
            answer.into_iter().collect()
        })
        .await;
    roles_of(asker, run, &policies).await;
    policies.to_vec()
}

async fn keys(asker: &Asker<'_>, run: &Run, home: &str, email: &str) {
    let (home, email) = (home.to_owned(), email.to_owned());
    run.once(asker, format!("keys of account {home} {email}"), |asker| async move {
        let builder = asker
            .clients
            .iam
            .list_service_account_keys()
            .set_name(format!("projects/{home}/serviceAccounts/{email}"))
            .set_key_types([KeyType::UserManaged]);
        let params = [("account", email.as_str())];
        let question = (&KEYS_LIST, IAM);
        let _ = asker.one(question, &home, &params, builder, |builder| builder.send(), strip::nothing).await;
        Vec::new()
    })
    .await;
}
