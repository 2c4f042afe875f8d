//! `palisade scan`.

use crate::{
    answers,
    arguments::{Configuration, Scan, UNITS_AT_ONCE},
    exit::{self, Exit, WrongUsage},
    output::Screen,
    paths,
    progress::Watch,
    providers, share,
};
use anyhow::Context as _;
use palisade_config::{Config, Source, read, read_waivers};
use palisade_controls::controls;
use palisade_engine::{Entry, Policy, digest_of};
use palisade_provider::CallLimits;
use palisade_report::Report;
use palisade_runner::{Dark, Judge, Scanned, Target, TargetOutcome};
use palisade_store::SnapshotFolder;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) async fn run(wanted: &Scan, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.configuration.config)?;
    let targets = chosen(&config, &wanted.configuration)?;
    if let Some(part) = share::part(&wanted.sharding, "")? {
        let limits = share::Limits { units_at_once: UNITS_AT_ONCE, calls: providers::limits(&config), time: None };
        return share::read(&targets, limits, &part, screen).await;
    }
    for place in wanted.save_snapshot.iter().chain(&wanted.output.output) {
        paths::outside_bundles(place)?;
    }
    let store = wanted.save_snapshot.as_ref().map(SnapshotFolder::create).transpose()?;
    let by = (&config.policy, providers::limits(&config));
    let (report, outcomes) = scan(&targets, store.as_ref(), by, screen).await?;
    let next = next_steps(&report, wanted.save_snapshot.as_deref());
    screen.report(&report, &wanted.output, next)?;
    let lost = complain_of_lost(&outcomes, screen);
    Ok(exit::of_report(&report, lost, wanted.gate.fail_on, wanted.gate.min_coverage))
}

/// Reads targets and judges what they say, with progress on stderr.
pub(crate) async fn scan(
    targets: &[Target],
    store: Option<&SnapshotFolder>,
    (policy, limits): (&Policy, CallLimits),
    screen: &Screen,
) -> anyhow::Result<(Report, Vec<TargetOutcome>)> {
    let watch = Arc::new(Watch::begin(screen.interactive)?);
    let scan = palisade_runner::Scan {
        store,
        units_at_once: UNITS_AT_ONCE,
        limits,
        time_limit: None,
        unfinished: None,
        stop: None,
        clock: Arc::new(jiff::Timestamp::now),
        progress: Arc::clone(&watch) as Arc<dyn palisade_provider::Progress>,
    };
    let controls = controls();
    let result = palisade_runner::scan(targets, &scan, &judge(&controls, policy)).await;
    watch.end(None).await;
    let Scanned { report, outcomes, .. } = result.context(
        "could not keep the snapshot; the run was ended, because evidence that was asked for would be missing",
    )?;
    Ok((report, outcomes))
}

/// By what this binary judges.
pub(crate) fn judge<'a>(controls: &'a [Entry], policy: &'a Policy) -> Judge<'a> {
    Judge { controls, policy, palisade: env!("CARGO_PKG_VERSION") }
}

/// Reads a configuration, and the waivers and answers it names.
pub(crate) fn configuration(path: &Path) -> anyhow::Result<Config> {
    judged_by(without_waivers(path)?, path)
}

/// A configuration with the waivers and the answers that it names.
pub(crate) fn judged_by(mut config: Config, path: &Path) -> anyhow::Result<Config> {
    if let Some(path) = waivers_path(&config, path) {
        let text = paths::text(&path, paths::DOCUMENT)
            .map_err(|error| WrongUsage(format!("could not read the waivers `{}`: {error}", path.display())))?;
        let source = Source { name: &path.display().to_string(), text: &text };
        config.policy.waivers = read_waivers(&source, &control_ids())?;
        config.policy.waivers_digest = Some(digest_of(&text));
    }
    if let Some(path) = answers_path(&config, path) {
        config.policy.answers = answers::read(&path)?;
    }
    Ok(config)
}

/// Where the answers of a configuration are, if it names any.
pub(crate) fn answers_path(config: &Config, config_path: &Path) -> Option<PathBuf> {
    config.answers_file.as_ref().map(|name| config_path.parent().unwrap_or(Path::new("")).join(name))
}

/// Where the waivers of a configuration are, if it has any.
pub(crate) fn waivers_path(config: &Config, config_path: &Path) -> Option<PathBuf> {
    config.waivers_file.as_ref().map(|name| config_path.parent().unwrap_or(Path::new("")).join(name))
}

/// The ids of every control.
pub(crate) fn control_ids() -> Vec<&'static str> {
    controls().iter().map(|control| control.meta.id).collect()
}

/// Reads a configuration alone.
pub(crate) fn without_waivers(path: &Path) -> anyhow::Result<Config> {
    let text = paths::text(path, paths::DOCUMENT).map_err(|error| {
        WrongUsage(format!(
            "could not read the configuration `{}`: {error}\n  name it with `--config FILE`, or begin with\n\n    targets:\n      - name: prod-aws\n        provider: aws\n\n  `palisade demo` needs none",
            path.display()
        ))
    })?;
    Ok(read(&Source { name: &path.display().to_string(), text: &text }, &control_ids())?)
}

/// The targets that were asked for, all when none was named.
pub(crate) fn chosen(config: &Config, wanted: &Configuration) -> anyhow::Result<Vec<Target>> {
    for name in &wanted.target {
        if !config.targets.iter().any(|target| target.name == *name) {
            let known: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
            return Err(WrongUsage(format!("no target is called `{name}`; there are `{}`", known.join("`, `"))).into());
        }
    }
    let asked: Vec<_> = config
        .targets
        .iter()
        .filter(|target| wanted.target.is_empty() || wanted.target.contains(&target.name))
        .cloned()
        .collect();
    Ok(providers::targets(&asked))
}

/// Accounts, subscriptions and projects that are told of by name; the report has them all.
const TOLD: usize = 3;

/// Says in a sentence each why targets, or parts of them, could not be read at all. Whether a whole target was lost.
pub(crate) fn complain_of_lost(outcomes: &[TargetOutcome], screen: &Screen) -> bool {
    for outcome in outcomes {
        let name = &outcome.name;
        if outcome.units == 0 && outcome.discovery_failures.is_empty() {
            screen.warn(&format!(
                "target `{name}` holds no account, subscription or project that its credentials can see, or that its \
                 inventory knows a cluster in: nothing was judged"
            ));
        }
        if outcome.units == 0 {
            for (call, failure) in &outcome.discovery_failures {
                screen.warn(&format!("target `{name}` could not be read: `{call}`: {}", failure.message));
            }
        }
        for Dark { scope, call, failure } in outcome.dark.iter().take(TOLD) {
            screen.warn(&format!("target `{name}`: `{scope}` could not be read: `{call}`: {}", failure.message));
        }
        if let Some(more) = outcome.dark.len().checked_sub(TOLD).filter(|more| *more > 0) {
            let (all, dark) = (outcome.units, outcome.dark.len());
            screen.warn(&format!("target `{name}`: and {more} more; {dark} of {all} could not be read"));
        }
    }
    outcomes.iter().any(TargetOutcome::is_lost)
}

fn next_steps(report: &Report, snapshot: Option<&Path>) -> Vec<String> {
    let worst =
        report.findings.iter().filter(|finding| finding.state == palisade_engine::State::Fail && !finding.waived);
    let worst = worst.max_by_key(|finding| finding.severity);
    let mut next = Vec::new();
    if let Some(finding) = worst {
        next.push(format!("palisade explain {}", finding.control.id));
        if let Some(folder) = snapshot {
            next.push(format!("palisade reach {} --snapshot {}", finding.cluster_name, folder.display()));
        }
    }
    next
}
