//! The keys behind clusters' encryption, with their vaults: each key and each vault once.

use super::fetch::{Fetch, Place};
use crate::{
    DIAGNOSTIC_SETTINGS, KEY, VAULT, VAULTS, arm,
    record::{Cluster, Vault},
};
use futures::{future::join_all, join};
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

const KEY_VAULT: &str = "2026-05-15";
/// Where logs go, of vaults and of clusters.
pub(super) const INSIGHTS: &str = "2021-05-01-preview";

/// Reads them.
pub(super) async fn read(fetch: &Fetch<'_>, subscription: &str, clusters: &[Cluster]) {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut searched: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for key in clusters.iter().filter_map(Cluster::key_in_use) {
        let keys = match key.vault_id {
            Some(id) => known.entry(arm::key(id)).or_default(),
            None => searched.entry(key.vault.to_ascii_lowercase()).or_default(),
        };
        keys.insert(key.name.to_owned());
    }
    let by_name = async {
        if searched.is_empty() {
            return;
        }
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults");
        let place = Place { scope: subscription, params: &[], path: &path, version: KEY_VAULT };
        let vaults: Vec<Vault> = fetch.list(&VAULTS, place).await;
        let found = vaults.iter().filter_map(|vault| {
            let id = arm::key(vault.id.as_deref()?);
            // Another cluster names this vault by its id: it is read there.
            let keys = searched.get(&arm::name(&id).to_ascii_lowercase())?;
            let left: BTreeSet<String> = match known.get(&id) {
                Some(others) => keys.difference(others).cloned().collect(),
                None => keys.clone(),
            };
            Some((!known.contains_key(&id), id, left))
        });
        join_all(found.map(|(log, id, keys)| async move {
            join!(keys_of(fetch, &id, &keys), async {
                if log {
                    log_of(fetch, &id).await;
                }
            });
        }))
        .await;
    };
    let by_id = join_all(known.iter().map(|(id, keys)| async move {
        let scope = arm::subscription(id).unwrap_or(subscription);
        let place = Place { scope, params: &[("vault", id)], path: id, version: KEY_VAULT };
        join!(fetch.one::<IgnoredAny>(&VAULT, place), keys_of(fetch, id, keys), log_of(fetch, id));
    }));
    join!(by_name, by_id);
}

async fn keys_of(fetch: &Fetch<'_>, vault: &str, keys: &BTreeSet<String>) {
    join_all(keys.iter().map(|name| async move {
        let path = format!("{vault}/keys/{name}");
        let scope = arm::subscription(vault).unwrap_or_default();
        let params = [("vault", vault), ("key", name.as_str())];
        fetch.one::<IgnoredAny>(&KEY, Place { scope, params: &params, path: &path, version: KEY_VAULT }).await
    }))
    .await;
}

async fn log_of(fetch: &Fetch<'_>, vault: &str) {
    let path = format!("{vault}/providers/Microsoft.Insights/diagnosticSettings");
    let scope = arm::subscription(vault).unwrap_or_default();
    let place = Place { scope, params: &[("vault", vault)], path: &path, version: INSIGHTS };
    fetch.list::<IgnoredAny>(&DIAGNOSTIC_SETTINGS, place).await;
}
