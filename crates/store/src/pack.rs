//! One scope as it travels between processes: the list of records as one text, and the bodies by their digests.

use crate::{
    StoreError,
    folder::{self, Header},
};
use palisade_model::{Digest, Provider};
use palisade_provider::{Body, Outcome, Snapshot};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// Bodies by the SHA-256 of their bytes.
pub type Bodies = BTreeMap<Digest, Arc<[u8]>>;

/// One scope, ready to travel.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The list of records: a header, then a line for each. It says its own digest.
    pub text: String,
    /// The answers that the list names.
    pub bodies: Bodies,
}

/// What a line of the list is looked through for.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    body: Option<Digest>,
}

impl Pack {
    /// A snapshot as text and bodies.
    pub fn of(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let bodies = snapshot.records().iter().filter_map(|record| match &record.outcome {
            Outcome::Answered(body) => Some((body.digest(), Arc::from(body.bytes()))),
            Outcome::Failed(_) => None,
        });
        Ok(Self { text: folder::text_of(snapshot)?, bodies: bodies.collect() })
    }

    /// The bodies that a list names.
    pub fn named(text: &str) -> Result<BTreeSet<Digest>, StoreError> {
        let mut named = BTreeSet::new();
        for line in text.lines().skip(1) {
            let line: Named = serde_json::from_str(line).map_err(|error| malformed(&error.to_string()))?;
            named.extend(line.body);
        }
        Ok(named)
    }

    /// The snapshot, with the digests of the list and of every body checked.
    pub fn open(text: &str, bodies: &Bodies) -> Result<Snapshot, StoreError> {
        folder::read_unit(Path::new(WHERE), text, |digest| {
            bodies.get(&digest).cloned().ok_or_else(|| format!("the body `{digest}` is not there"))
        })
    }

    /// Whose list it is: provider, target and scope.
    pub fn place(text: &str) -> Result<(Provider, String, String), StoreError> {
        let first = text.lines().next().unwrap_or_default();
        let header: Header = serde_json::from_str(first).map_err(|error| malformed(&error.to_string()))?;
        Ok((header.provider, header.target, header.scope))
    }
}

/// The name of a unit among those of a run: a digest, because a scope's name is the provider's text and no file name.
pub fn unit_id(provider: Provider, target: &str, scope: &str) -> String {
    let name = format!("{provider}\n{target}\n{scope}");
    Body::new(name.into_bytes()).digest().to_hex()
}

const WHERE: &str = "a unit's list of records";

fn malformed(why: &str) -> StoreError {
    StoreError::Malformed { path: WHERE.into(), why: why.to_owned() }
}
