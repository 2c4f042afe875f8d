//! Says what the records mean, in our vocabulary. Pure and total: a record it cannot read becomes a gap.
#![warn(clippy::disallowed_methods)]

mod authority;
mod balancers;
mod cluster;
mod condition;
mod deny;
mod encryption;
mod endpoint;
mod exposure;
mod fabric;
mod firewall;
mod groups;
mod hierarchy;
mod identities;
mod key;
mod key_access;
mod lifecycle;
mod listing;
mod login;
mod machinery;
mod machines;
mod minters;
mod network;
mod people;
mod pipelines;
mod policies;
mod policy_rule;
mod pool;
mod principal;
mod project;
mod proposal;
mod roles;
mod routes;
mod safeguards;
mod scopes;
mod standing;
mod tables;
mod traffic;
mod trusts;
#[cfg(test)]
mod vectors;
mod vulnerabilities;

pub(crate) use proposal::propose;
#[cfg(feature = "collect")]
pub(crate) use safeguards::{ANALYSED, FOUND, GUARDRAILS, SCANNING, WATCHING, registry_places};

use crate::calls::{ASSETS_SEARCH, CLUSTERS_LIST, FOLDERS_LIST, PROJECTS_LIST, PROJECTS_SEARCH, SERVICE_DISABLED};
use crate::record::asset::Found;
use palisade_model::{Gap, Inventory, Scope, Unseen};
use palisade_provider::{Call, Outcome, Snapshot, Told};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeSet;

/// Everything a snapshot holds: of a project, or of the discovery of projects.
pub(crate) fn inventory(snapshot: &Snapshot) -> Inventory {
    let mut inventory = Inventory::default();
    for call in [&PROJECTS_SEARCH, &PROJECTS_LIST, &FOLDERS_LIST, &ASSETS_SEARCH] {
        for scope in snapshot.scopes(call) {
            if let Err(gap) = snapshot.pages::<IgnoredAny>(call, scope, &[]) {
                inventory.unseen.push(unseen(scope, gap));
            }
        }
    }
    for scope in snapshot.scopes(&CLUSTERS_LIST) {
        // With the API off in this very project Google serves no cluster of it: nothing is unseen. See
        // `calls::SERVICE_DISABLED` for what the collector made sure of.
        if !is_switched_off(snapshot, &CLUSTERS_LIST, scope) {
            project::read(snapshot, scope, &mut inventory);
        }
    }
    inventory.clusters.sort_by(|a, b| a.id.cmp(&b.id));
    inventory.unseen.sort_by(|a, b| (&a.scope, &a.gap).cmp(&(&b.scope, &b.gap)));
    inventory
}

/// Where the clusters are, as Cloud Asset Inventory told it.
pub(crate) fn told(snapshot: &Snapshot) -> Option<Told> {
    let (mut places, mut at) = (BTreeSet::new(), None);
    for scope in snapshot.scopes(&ASSETS_SEARCH) {
        let pages = snapshot.pages::<Value>(&ASSETS_SEARCH, scope, &[]).ok()?;
        at = at.max(pages.iter().map(|page| page.record.at).max());
        let found = Found::of(pages.iter().map(|page| &page.value))?;
        places.extend(found.0.into_keys().map(Scope::new));
    }
    let lists = [&PROJECTS_LIST, &FOLDERS_LIST];
    let cross_checked = lists.into_iter().any(|call| !snapshot.scopes(call).is_empty());
    Some(Told { by: "Cloud Asset Inventory".to_owned(), at: at?, places, cross_checked })
}

fn unseen(scope: &str, gap: Gap) -> Unseen {
    Unseen { scope: Scope::new(scope), gap }
}

fn is_switched_off(snapshot: &Snapshot, call: &Call, scope: &str) -> bool {
    snapshot.find(call, scope, &[]).iter().any(|record| match &record.outcome {
        Outcome::Failed(failure) => failure.code.as_deref() == Some(SERVICE_DISABLED),
        Outcome::Answered(_) => false,
    })
}
