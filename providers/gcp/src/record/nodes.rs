//! Which service account the nodes of a cluster carry, as the cluster's record says it.

use super::container::{Cluster, NodePool};
use std::collections::BTreeSet;

/// What Google calls the default account in the API.
const DEFAULT: &str = "default";

/// The account and scopes of one pool's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeAccount<'a> {
    /// The address; `None` for the project's default account.
    pub(crate) email: Option<&'a str>,
    /// The access scopes; empty when none are given.
    pub(crate) scopes: &'a [String],
}

/// Whether Google runs the nodes. On Autopilot a pool's own node configuration is ignored.
pub(crate) fn is_autopilot(cluster: &Cluster) -> bool {
    cluster.autopilot.as_ref().is_some_and(|autopilot| autopilot.enabled == Some(true))
}

/// The account of a pool's nodes.
pub(crate) fn of_pool<'a>(cluster: &'a Cluster, pool: &'a NodePool) -> NodeAccount<'a> {
    if is_autopilot(cluster) {
        return of_defaults(cluster);
    }
    let config = pool.config.as_ref();
    NodeAccount {
        email: named(config.and_then(|config| config.service_account.as_deref())),
        scopes: config.map_or(&[], |config| &config.oauth_scopes),
    }
}

fn of_defaults(cluster: &Cluster) -> NodeAccount<'_> {
    let defaults =
        cluster.autoscaling.as_ref().and_then(|autoscaling| autoscaling.autoprovisioning_node_pool_defaults.as_ref());
    NodeAccount {
        email: named(defaults.and_then(|defaults| defaults.service_account.as_deref())),
        scopes: defaults.map_or(&[], |defaults| &defaults.oauth_scopes),
    }
}

fn named(account: Option<&str>) -> Option<&str> {
    account.filter(|account| !account.is_empty() && *account != DEFAULT)
}

/// The address of a project's default account.
pub(crate) fn default_account(number: &str) -> String {
    format!("{number}-compute@developer.gserviceaccount.com")
}

/// The addresses of all accounts the cluster's nodes carry. The default account is left out while the project's number
/// is not known.
pub(crate) fn node_accounts(cluster: &Cluster, number: Option<&str>) -> BTreeSet<String> {
    let pools = cluster.node_pools.iter().map(|pool| of_pool(cluster, pool));
    let extra = is_autopilot(cluster).then(|| of_defaults(cluster));
    pools
        .chain(extra)
        .filter_map(|account| account.email.map(str::to_owned).or_else(|| number.map(default_account)))
        .collect()
}
