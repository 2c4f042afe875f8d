//! Judges what was stored.

use crate::{Judge, gather::Gather};
use palisade_engine::Finding;
use palisade_provider::{Provider, Snapshot};
use palisade_report::Report;
use palisade_store::{SnapshotFolder, StoreError};

/// Targets that were asked for, by their names: one of which nothing comes is a place that nobody looked at.
pub type Asked = [(String, palisade_model::Provider)];

/// Judges stored snapshots, offline, scope by scope. The same folders give the same report.
pub fn replay(
    folders: &[SnapshotFolder],
    asked: &Asked,
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    judge: &Judge<'_>,
) -> Result<Report, StoreError> {
    let snapshots = SnapshotFolder::units_of(folders)?.into_iter().map(|(folder, unit)| {
        let snapshot = folder.read(&unit)?;
        if provider_of(snapshot.provider).is_none() {
            let why = format!("this program cannot read `{}`", snapshot.provider);
            return Err(StoreError::Malformed { path: unit, why });
        }
        Ok(snapshot)
    });
    judge_each(snapshots, asked, &provider_of, judge)
}

/// Judges snapshots as they come, wherever they come from, and forgets each. The first error ends it. A snapshot of a
/// provider that this program cannot read is passed over: whoever gives it decides what that means.
pub fn judge_each<E>(
    snapshots: impl IntoIterator<Item = Result<Snapshot, E>>,
    asked: &Asked,
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    judge: &Judge<'_>,
) -> Result<Report, E> {
    let alone = snapshots.into_iter().map(|snapshot| snapshot.map(|snapshot| (snapshot, ())));
    judge_each_with(alone, asked, provider_of, judge, |(), _| ())
}

/// The same, and tells what is said of each cluster together with what came with its snapshot. Whether an accepted risk counts
/// is not settled by then: see [`palisade_engine::hold_to_approval`].
pub fn judge_each_with<T, E>(
    snapshots: impl IntoIterator<Item = Result<(Snapshot, T), E>>,
    asked: &Asked,
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    judge: &Judge<'_>,
    mut told: impl FnMut(&T, &[Finding]),
) -> Result<Report, E> {
    let mut gather = Gather::default();
    for (target, provider) in asked {
        if let Some(provider) = provider_of(*provider) {
            gather.expect(target, provider.as_ref());
        }
    }
    for snapshot in snapshots {
        let (snapshot, with) = snapshot?;
        if let Some(provider) = provider_of(snapshot.provider) {
            gather.take(&snapshot, provider.as_ref(), judge, |findings| told(&with, findings));
        }
    }
    Ok(gather.finish(judge).0)
}
