//! What inventories of clouds told of where clusters are, held against what was looked at.

use palisade_model::{Inventory, Scope};
use palisade_provider::{Provider, Snapshot, Told};
use palisade_report::ToldRow;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

/// What inventories told, by target, in whatever order snapshots come.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    told: BTreeMap<String, Told>,
    looked: BTreeMap<String, Looked>,
}

/// What was looked at of one target.
#[derive(Debug, Default)]
struct Looked {
    /// Marks of the places whose lists were read to the end: there may be a million.
    places: HashSet<u64>,
    /// Those that hold clusters.
    holding: BTreeSet<Scope>,
}

impl Claims {
    pub(crate) fn take(&mut self, snapshot: &Snapshot, provider: &dyn Provider, inventory: &Inventory) {
        if let Some(told) = provider.told(snapshot) {
            self.told.insert(snapshot.target.clone(), told);
        }
        let looked = self.looked.entry(snapshot.target.clone()).or_default();
        looked.places.extend(snapshot.whole(provider.cluster_list()).into_iter().map(mark));
        looked.holding.extend(inventory.clusters.iter().map(|cluster| cluster.scope.clone()));
    }

    pub(crate) fn rows(&self) -> Vec<ToldRow> {
        let nothing = Looked::default();
        let rows = self.told.iter().map(|(target, told)| {
            let looked = self.looked.get(target).unwrap_or(&nothing);
            let named: HashSet<u64> = told.places.iter().map(|place| mark(place.as_str())).collect();
            let missed = looked.holding.iter().filter(|place| !named.contains(&mark(place.as_str())));
            ToldRow {
                target: target.clone(),
                by: told.by.clone(),
                at: told.at,
                places: told.places.len(),
                checked: looked.places.difference(&named).count(),
                cross_checked: told.cross_checked,
                missed: missed.map(ToString::to_string).collect(),
            }
        });
        rows.collect()
    }
}

/// A place, whichever way its id is written: Azure writes one id in several.
fn mark(place: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    place.to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}
