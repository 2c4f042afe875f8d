//! Which subscriptions there are.

use super::fetch::{Fetch, Place, RESOURCE_GRAPH};
use crate::{
    CLUSTER_PLACES, DESCENDANTS, SUBSCRIPTIONS, Settings, Subscriptions, TENANT,
    normalize::places,
    record::{Descendant, Subscription},
};
use futures::future::join_all;
use palisade_provider::{Outcome, Record, Search, Told, Unit};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Asks for the list of subscriptions; its records, to be shared. They are not in the recorder that asked.
pub(super) async fn read(fetch: &Fetch<'_>) -> Arc<[Record]> {
    let apart = fetch.recorder.for_unit();
    let fetch = Fetch { recorder: &apart, ..*fetch };
    let place = Place { scope: TENANT, params: &[], path: "/subscriptions", version: "2022-12-01" };
    fetch.list::<IgnoredAny>(&SUBSCRIPTIONS, place).await;
    apart.records().into()
}

/// Where clusters are, as Resource Graph knows it.
const PLACES: &str =
    "Resources | where type =~ 'Microsoft.ContainerService/managedClusters' | project id, subscriptionId";

/// The units that the settings choose. The list of subscriptions must be in the recorder.
pub(super) async fn units(settings: &Settings, fetch: &Fetch<'_>) -> Vec<Unit> {
    let chosen = chosen(&settings.subscriptions, fetch).await;
    if !settings.search.asks_inventory() {
        return chosen;
    }
    let path = "/providers/Microsoft.ResourceGraph/resources";
    let checked = [(Told::CROSS_CHECK, "true")];
    let params: &[(&str, &str)] = if settings.search == Search::Both { &checked } else { &[] };
    let place = Place { scope: TENANT, params, path, version: RESOURCE_GRAPH };
    fetch.query(&CLUSTER_PLACES, place, json!({ "query": PLACES })).await;
    if settings.search == Search::Both {
        return chosen;
    }
    // A list that was not answered to its end names nobody. The failure is in the recorder.
    let told = places(&fetch.recorder.records()).unwrap_or_default();
    chosen.into_iter().filter(|unit| told.contains(&unit.scope.to_ascii_lowercase())).collect()
}

async fn chosen(chosen: &Subscriptions, fetch: &Fetch<'_>) -> Vec<Unit> {
    let seen = seen(fetch);
    let name_of = |id: &str| seen.get(&id.to_ascii_lowercase()).and_then(|one| one.display_name.clone());
    let mut units: BTreeMap<String, Option<String>> = BTreeMap::new();
    match chosen {
        Subscriptions::All => {
            for subscription in seen.values().filter(|one| is_readable(one)) {
                if let Some(id) = &subscription.id {
                    units.insert(id.clone(), subscription.display_name.clone());
                }
            }
        }
        // Also when it is not among the visible ones: the refusal that follows is what the reader has to see.
        Subscriptions::List(ids) => units.extend(ids.iter().map(|id| (id.clone(), name_of(id)))),
        Subscriptions::ManagementGroups(groups) => {
            let below = join_all(groups.iter().map(|group| descendants(fetch, group))).await;
            for descendant in below.into_iter().flatten() {
                if let (true, Some(id)) = (descendant.is_subscription(), descendant.name) {
                    let name = descendant.properties.display_name.or_else(|| name_of(&id));
                    let readable = seen.get(&id.to_ascii_lowercase()).is_none_or(is_readable);
                    if readable {
                        units.insert(id, name);
                    }
                }
            }
        }
    }
    units.into_iter().map(|(scope, name)| Unit { scope, name }).collect()
}

/// A deleted subscription answers nothing; a disabled one still does.
fn is_readable(subscription: &Subscription) -> bool {
    !subscription.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("Deleted"))
}

async fn descendants(fetch: &Fetch<'_>, group: &str) -> Vec<Descendant> {
    let path = format!("/providers/Microsoft.Management/managementGroups/{}/descendants", segment(group));
    let place = Place { scope: TENANT, params: &[("group", group)], path: &path, version: "2023-04-01" };
    fetch.list(&DESCENDANTS, place).await
}

/// A name as one segment of a path. What does not belong into a name is left out, so that it cannot lead elsewhere.
fn segment(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '(' | ')' | '.'))
        .collect()
}

/// The subscriptions in the recorder, by id in lower case.
fn seen(fetch: &Fetch<'_>) -> BTreeMap<String, Subscription> {
    let mut seen = BTreeMap::new();
    for record in fetch.recorder.records() {
        let Outcome::Answered(body) = &record.outcome else { continue };
        if *record.call != *SUBSCRIPTIONS.name {
            continue;
        }
        let body: Value = serde_json::from_slice(body.bytes()).unwrap_or_default();
        let values = body.get("value").and_then(Value::as_array).into_iter().flatten();
        for subscription in values.filter_map(|item| serde::Deserialize::deserialize(item).ok()) {
            let subscription: Subscription = subscription;
            if let Some(id) = &subscription.id {
                seen.insert(id.to_ascii_lowercase(), subscription);
            }
        }
    }
    seen
}
