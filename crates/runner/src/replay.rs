//! Judges what was stored.

use crate::{Judge, gather::Gather};
use palisade_provider::Provider;
use palisade_report::Report;
use palisade_store::{SnapshotFolder, StoreError};

/// Judges stored snapshots, offline, scope by scope. The same folders give the same report.
pub fn replay(
    folders: &[SnapshotFolder],
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    judge: &Judge<'_>,
) -> Result<Report, StoreError> {
    let mut gather = Gather::default();
    for folder in folders {
        for unit in folder.units()? {
            let snapshot = folder.read(&unit)?;
            let Some(provider) = provider_of(snapshot.provider) else {
                let why = format!("this program cannot read `{}`", snapshot.provider);
                return Err(StoreError::Malformed { path: unit, why });
            };
            gather.take(&snapshot, provider.as_ref(), judge);
        }
    }
    Ok(gather.finish(judge).0)
}
