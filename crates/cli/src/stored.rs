//! Stored snapshots: `palisade replay`, and looking things up in them.

use crate::{
    arguments::{Lookup, Replay},
    evidence,
    exit::{self, Exit, WrongUsage},
    output::Screen,
    providers,
    scan::{chosen, complain_of_lost, configuration, judge, scan},
};
use anyhow::Context as _;
use palisade_config::nearest;
use palisade_controls::controls;
use palisade_engine::Policy;
use palisade_model::Cluster;
use palisade_provider::{Provider, Snapshot};
use palisade_report::{Report, plain};
use palisade_runner::Asked;
use palisade_store::SnapshotFolder;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

pub(crate) async fn replay(wanted: &Replay, screen: &Screen) -> anyhow::Result<Exit> {
    if let [path] = wanted.snapshots.as_slice()
        && evidence::is_bundle(path)
    {
        return evidence::replay(path, wanted, screen).await;
    }
    if wanted.with_current_rules || !wanted.trusted.key.is_empty() {
        let why = "`--with-current-rules` and `--key` are for one bundle of `palisade evidence export`";
        return Err(WrongUsage(why.to_owned()).into());
    }
    let report = judged(&wanted.snapshots, wanted.config.as_deref())?;
    screen.report(&report, &wanted.output, Vec::new())?;
    Ok(exit::of_report(&report, false, wanted.gate.fail_on, wanted.gate.min_coverage))
}

/// The report of stored snapshots, under the policy of a configuration or the standard one.
pub(crate) fn judged(snapshots: &[PathBuf], config: Option<&Path>) -> anyhow::Result<Report> {
    let policy = match config {
        Some(path) => configuration(path)?.policy,
        None => Policy::default(),
    };
    judged_by(snapshots, &[], &policy)
}

/// What a configuration asks for, and by what it is judged: what goes to others is held against all that was asked for.
/// Nothing, and the standard policy, without one.
pub(crate) fn asked(config: Option<&Path>) -> anyhow::Result<(Vec<(String, palisade_model::Provider)>, Policy)> {
    let Some(path) = config else { return Ok((Vec::new(), Policy::default())) };
    let config = configuration(path)?;
    let targets = config.targets.iter().map(|target| (target.name.clone(), evidence::asked_of(target).provider));
    Ok((targets.collect(), config.policy))
}

/// The report of stored snapshots under a policy. Of the targets that were asked for, those of which nothing is stored are places
/// that nobody looked at.
pub(crate) fn judged_by(snapshots: &[PathBuf], asked: &Asked, policy: &Policy) -> anyhow::Result<Report> {
    let folders: Vec<SnapshotFolder> = snapshots.iter().map(SnapshotFolder::open).collect();
    let controls = controls();
    Ok(palisade_runner::replay(&folders, asked, providers::normalizer, &judge(&controls, policy))?)
}

/// The clusters that something asks about: of stored snapshots, or of the fleet, read now.
pub(crate) fn clusters(
    lookup: &Lookup,
    wanted: impl Fn(&Cluster) -> bool,
    screen: &Screen,
) -> anyhow::Result<Vec<Cluster>> {
    let mut found = Vec::new();
    each(lookup, screen, |provider, snapshot| {
        found.extend(provider.normalize(snapshot).clusters.into_iter().filter(&wanted));
    })?;
    Ok(found)
}

/// Shows every snapshot that something asks about: stored ones, or the fleet's, read now.
pub(crate) fn each(
    lookup: &Lookup,
    screen: &Screen,
    mut show: impl FnMut(&dyn Provider, &Snapshot),
) -> anyhow::Result<()> {
    if !lookup.snapshot.is_empty() {
        return in_folders(&lookup.snapshot, &mut show);
    }
    let config = configuration(&lookup.configuration.config)?;
    let targets = chosen(&config, &lookup.configuration)?;
    // Goes away with us; only we may look, for the answers describe a fleet.
    let folder =
        tempfile::Builder::new().prefix("palisade-").tempdir().context("could not make a folder to work in")?;
    let store = SnapshotFolder::create(folder.path())?;
    let by = (&config.policy, providers::limits(&config));
    let (_, outcomes) = crate::runtime()?.block_on(scan(&targets, Some(&store), by, screen))?;
    complain_of_lost(&outcomes, screen);
    in_folders(&[folder.path().to_owned()], &mut show)
}

fn in_folders(folders: &[PathBuf], show: &mut dyn FnMut(&dyn Provider, &Snapshot)) -> anyhow::Result<()> {
    for folder in folders.iter().map(SnapshotFolder::open) {
        for unit in folder.units()? {
            let snapshot = folder.read(&unit)?;
            if let Some(provider) = providers::normalizer(snapshot.provider) {
                show(provider.as_ref(), &snapshot);
            }
        }
    }
    Ok(())
}

/// How many names are listed when one was not found.
const NAMES: usize = 12;

/// Says that nothing has a name, what was probably meant, and what there is.
pub(crate) fn nothing_called(
    what: &str,
    name: &str,
    lookup: &Lookup,
    screen: &Screen,
    names: impl Fn(&Cluster) -> Vec<String>,
) -> anyhow::Error {
    // A snapshot is cheap to look at again; a fleet is not read twice for the sake of a sentence.
    let known: BTreeSet<String> = if lookup.snapshot.is_empty() {
        BTreeSet::new()
    } else {
        match clusters(lookup, |_| true, screen) {
            Ok(clusters) => clusters.iter().flat_map(names).collect(),
            Err(error) => return error,
        }
    };
    let candidates: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut said = format!("no {what} is called `{name}` in what was read");
    if let Some(nearest) = nearest(name, &candidates) {
        let _ = write!(said, "; did you mean `{nearest}`?");
    } else if let Some(last) = candidates.len().checked_sub(1) {
        let told = candidates.get(..NAMES.min(last + 1)).unwrap_or_default().join("`, `");
        let _ = write!(said, "; there is `{told}`");
        if let Some(more) = (last + 1).checked_sub(NAMES).filter(|more| *more > 0) {
            let _ = write!(said, " and {more} more");
        }
    }
    WrongUsage(plain(&said)).into()
}
