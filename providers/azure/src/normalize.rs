//! What Azure's answers mean, in our vocabulary. Pure and total: what cannot be read becomes a gap.
#![warn(clippy::disallowed_methods)]

mod admin;
mod assignments;
mod authority;
mod backup;
mod balancers;
mod capabilities;
mod carriers;
mod cluster;
mod condition;
mod doors;
mod endpoint;
mod exposure;
mod fabric;
mod filters;
mod groups;
mod guard;
mod guardrails;
mod holders;
mod identities;
mod key;
mod lifecycle;
mod logging;
mod machinery;
mod machines;
mod minters;
mod needs;
mod observe;
mod passes;
mod pipelines;
mod policy_rule;
mod pools;
mod ports;
mod proposal;
mod registry;
mod routes;
mod rules;
mod shape;
mod space;
mod standing;
mod surroundings;
mod table;
mod trusts;
mod upkeep;
mod vulnerabilities;
mod ways;

#[cfg(feature = "collect")]
pub(crate) use guardrails::is_set;
#[cfg(feature = "collect")]
pub(crate) use guardrails::may_refuse;
#[cfg(feature = "collect")]
pub(crate) use logging::tables;
pub(crate) use proposal::propose;

use crate::{
    CLUSTER_PLACES, CLUSTERS, DESCENDANTS, SUBSCRIPTIONS, TENANT,
    record::{Cluster, Descendant, List, Subscription},
};
use palisade_model::{Gap, Inventory, Scope, Unseen};
use palisade_provider::{Call, DISCOVERY, Outcome, Record, Snapshot, Told};
use serde::Deserialize;
use std::collections::BTreeSet;
use surroundings::Surroundings;
use table::Row;

/// Translates a snapshot of one subscription, or of a discovery.
///
/// Never fails: clusters that could not be read are [`Unseen`], facts that could not be read are gaps.
pub fn normalize(snapshot: &Snapshot) -> Inventory {
    let mut inventory = Inventory::default();
    if snapshot.scope == TENANT || snapshot.scope == DISCOVERY {
        unfound(snapshot, &mut inventory.unseen);
        return inventory;
    }
    let rows = clusters(snapshot, &mut inventory.unseen);
    if !rows.is_empty() {
        let unlisted = inventory.unseen.first().map(|unseen| unseen.gap.clone());
        let surroundings = Surroundings::of(snapshot, &rows, unlisted);
        inventory.clusters = rows.iter().map(|row| cluster::cluster(row, &surroundings)).collect();
        inventory.clusters.sort_by(|a, b| a.id.cmp(&b.id));
    }
    inventory
}

/// Where the clusters are, as Resource Graph told it.
pub(crate) fn told(snapshot: &Snapshot) -> Option<Told> {
    let places = places(snapshot.records())?;
    let at = asked(snapshot.records()).map(|record| record.at).max()?;
    let cross_checked = asked(snapshot.records()).any(|record| record.params.contains_key(Told::CROSS_CHECK));
    let places = places.into_iter().map(Scope::new).collect();
    Some(Told { by: "Azure Resource Graph".to_owned(), at, places, cross_checked })
}

/// The subscriptions that hold clusters, in lower case, as the answer of Resource Graph has them. `None` when it was not asked,
/// did not answer to the end, or has a row that cannot be read.
pub(crate) fn places(records: &[Record]) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<Place>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Place {
        subscription_id: String,
    }
    let mut places = BTreeSet::new();
    let mut is_whole = false;
    for record in asked(records) {
        let Outcome::Answered(body) = &record.outcome else { return None };
        let Answer { data } = serde_json::from_slice(body.bytes()).ok()?;
        places.extend(data.into_iter().map(|place| place.subscription_id.to_ascii_lowercase()));
        is_whole |= record.last;
    }
    is_whole.then_some(places)
}

/// What Resource Graph was asked about places.
fn asked(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| *record.call == *CLUSTER_PLACES.name)
}

/// Subscriptions that could not be found, or of which it cannot be told whether they are subscriptions.
fn unfound(snapshot: &Snapshot, unseen: &mut Vec<Unseen>) {
    if let Some(record) = asked(snapshot.records()).last()
        && places(snapshot.records()).is_none()
    {
        let gap = match &record.outcome {
            Outcome::Failed(failure) => failure.gap(&CLUSTER_PLACES, TENANT),
            Outcome::Answered(_) => malformed(&CLUSTER_PLACES, TENANT, "/data", "a row names no subscription"),
        };
        unseen.push(Unseen { scope: Scope::new(TENANT), gap });
    }
    for record in snapshot.records() {
        for call in [&SUBSCRIPTIONS, &DESCENDANTS] {
            if *record.call != *call.name {
                continue;
            }
            let scope = record.params.get("group").map_or(TENANT, String::as_str);
            let mut miss = |gap| unseen.push(Unseen { scope: Scope::new(scope), gap });
            match &record.outcome {
                Outcome::Failed(failure) => miss(failure.gap(call, scope)),
                Outcome::Answered(body) => {
                    for (pointer, why) in nameless(call, body.bytes()) {
                        miss(malformed(call, scope, &pointer, &why));
                    }
                }
            }
        }
    }
}

/// The places of a page of a discovery at which something stands that nobody can ask for.
fn nameless(call: &Call, page: &[u8]) -> Vec<(String, String)> {
    fn odd<T: serde::de::DeserializeOwned>(
        page: &[u8],
        wrong: impl Fn(&T) -> Option<&'static str>,
    ) -> Vec<(String, String)> {
        let page: List<T> = match serde_json::from_slice(page) {
            Ok(page) => page,
            Err(error) => return vec![(String::new(), error.to_string())],
        };
        let why = |item: Result<T, String>| match item {
            Ok(item) => wrong(&item).map(str::to_owned),
            Err(why) => Some(why),
        };
        let places = page.items().enumerate();
        places.filter_map(|(at, listed)| Some((format!("/value/{at}"), why(listed.item)?))).collect()
    }
    if *call.name == *SUBSCRIPTIONS.name {
        return odd(page, |one: &Subscription| one.id.is_none().then_some("a subscription without an id"));
    }
    odd(page, |one: &Descendant| match &one.kind {
        None => Some("something of no type below the group"),
        Some(_) if one.is_subscription() && one.name.is_none() => Some("a subscription without a name"),
        Some(_) => None,
    })
}

/// The clusters of the subscription. One that cannot be read hides no other, and neither does a page.
fn clusters<'s>(snapshot: &'s Snapshot, unseen: &mut Vec<Unseen>) -> Vec<Row<'s, Cluster>> {
    let scope = &snapshot.scope;
    let mut miss = |gap| unseen.push(Unseen { scope: Scope::new(scope.as_str()), gap });
    let records = snapshot.find(&CLUSTERS, scope, &[]);
    match records.last() {
        None => miss(Gap::NotCollected { what: format!("`{}` was not asked in `{scope}`", CLUSTERS.name) }),
        Some(Record { outcome: Outcome::Answered(_), last: false, .. }) => {
            miss(malformed(&CLUSTERS, scope, "", "the list ends before its last page"));
        }
        Some(_) => {}
    }
    let mut rows = Vec::new();
    for record in records {
        let body = match &record.outcome {
            Outcome::Answered(body) => body,
            Outcome::Failed(failure) => {
                miss(failure.gap(&CLUSTERS, scope));
                continue;
            }
        };
        let page: List<Cluster> = match serde_json::from_slice(body.bytes()) {
            Ok(page) => page,
            Err(error) => {
                miss(malformed(&CLUSTERS, scope, "", &error.to_string()));
                continue;
            }
        };
        for (at, listed) in page.items().enumerate() {
            let item = listed.item.map_err(|why| malformed(&CLUSTERS, scope, &format!("/value/{at}"), &why));
            let id = item.as_ref().ok().and_then(|cluster: &Cluster| cluster.id.clone()).or(listed.id);
            match id {
                Some(id) => rows.push(Row { id, item, record, at }),
                None => miss(item.err().unwrap_or_else(|| {
                    malformed(&CLUSTERS, scope, &format!("/value/{at}"), "a cluster without an id")
                })),
            }
        }
    }
    rows
}

/// An answer that could not be understood at some place.
fn malformed(call: &Call, scope: &str, pointer: &str, why: &str) -> Gap {
    Gap::Malformed {
        call: call.name.to_owned(),
        scope: scope.to_owned(),
        pointer: pointer.to_owned(),
        why: why.to_owned(),
    }
}
