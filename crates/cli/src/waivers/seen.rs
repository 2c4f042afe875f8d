//! What is bad in a run, to try waivers on.

use crate::{exit::WrongUsage, providers, scan::judge, service::opened::memory};
use jiff::Timestamp;
use palisade_config::Config;
use palisade_controls::controls;
use palisade_engine::{Fingerprint, Policy, Severity, Waiver};
use palisade_report::plain;
use palisade_store::SnapshotFolder;
use palisade_track::is_bad;
use serde::Serialize;
use std::{collections::BTreeSet, path::Path};

/// Something bad.
#[derive(Clone, Serialize)]
pub(super) struct Bad {
    pub(super) fingerprint: Fingerprint,
    control: String,
    cluster: String,
    cluster_name: String,
    subject: String,
    pub(super) subject_name: String,
    pub(super) severity: Severity,
    pub(super) because: String,
}

/// What a run saw.
pub(super) struct Seen {
    /// The run, for people.
    pub(super) name: String,
    bad: Vec<Bad>,
    /// Ids and names of the clusters that the run read.
    read: BTreeSet<String>,
    /// Ids and names of all clusters that were known at that run.
    known: BTreeSet<String>,
}

/// How a waiver stands in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// It covers what it selects.
    Fits,
    /// It selects more than it was approved for.
    Grown,
    /// Its cluster was read, and it matches nothing that is bad there.
    Unused,
    /// Its cluster is known and was not read.
    NotRead,
    /// No cluster is called so.
    Unknown,
}

/// What a waiver does in a run.
#[derive(Serialize)]
pub(super) struct Matched {
    pub(super) standing: Standing,
    pub(super) waives: Vec<Bad>,
    /// What it selects and does not cover: it was not approved for that, or it has ended.
    pub(super) does_not_waive: Vec<Bad>,
}

impl Seen {
    /// What a run saw: `last`, the id of a run that is remembered, or the folder of a snapshot.
    pub(super) async fn of(run: &str, config: &Config, config_path: &Path) -> anyhow::Result<Self> {
        if Path::new(run).is_dir() {
            Self::of_snapshot(run, config)
        } else {
            Self::of_memory(run, config, config_path).await
        }
    }

    fn of_snapshot(folder: &str, config: &Config) -> anyhow::Result<Self> {
        let policy = Policy { waivers: Vec::new(), ..config.policy.clone() };
        let controls = controls();
        let folders = [SnapshotFolder::open(folder)];
        let report = palisade_runner::replay(&folders, &[], providers::normalizer, &judge(&controls, &policy))?;
        let bad =
            report.findings.iter().filter(|finding| is_bad(finding.state) && !finding.rolled_up).map(|finding| Bad {
                fingerprint: finding.fingerprint,
                control: finding.control.id.to_owned(),
                cluster: finding.cluster.as_str().to_owned(),
                cluster_name: finding.cluster_name.to_string(),
                subject: finding.subject.id.to_string(),
                subject_name: finding.subject.name.to_string(),
                severity: finding.severity,
                because: finding.brief.as_ref().unwrap_or(&finding.because).to_string(),
            });
        let read: BTreeSet<String> =
            report.clusters.iter().flat_map(|row| [row.id.as_str().to_owned(), row.name.clone()]).collect();
        Ok(Self { name: format!("the snapshot `{folder}`"), bad: bad.collect(), known: read.clone(), read })
    }

    async fn of_memory(run: &str, config: &Config, config_path: &Path) -> anyhow::Result<Self> {
        let database = memory(config, config_path).await?;
        let runs = database.runs(1000).await?;
        let wanted = if run == "last" { runs.first() } else { runs.iter().find(|row| row.id == run) };
        let Some(row) = wanted else {
            let hint = match runs.first() {
                Some(last) => format!("the last one is `{}`", last.id),
                None => {
                    "there is none yet: `palisade run` makes one, and the folder of a snapshot does as well".to_owned()
                }
            };
            return Err(WrongUsage(plain(&format!("no run that is remembered is called `{run}`; {hint}"))).into());
        };
        let view = database.view(&row.id).await?;
        let memory = database.memory().await?;
        let bad = view.said.iter().filter(|(_, said)| said.state.is_some_and(is_bad)).map(|(fingerprint, said)| {
            let tracked = memory.findings.get(fingerprint).map(|remembered| &remembered.tracked);
            let cluster = memory.clusters.get(&said.cluster);
            let words =
                |tracked: &palisade_track::Tracked| tracked.brief.clone().unwrap_or_else(|| tracked.because.clone());
            Bad {
                fingerprint: *fingerprint,
                control: said.control.to_string(),
                cluster: said.cluster.as_str().to_owned(),
                cluster_name: cluster.map_or_else(|| said.cluster.as_str().to_owned(), |known| known.name.clone()),
                subject: said.subject.to_string(),
                subject_name: tracked.map_or_else(|| said.subject.to_string(), |one| one.subject_name.clone()),
                severity: said.severity,
                because: tracked.map(words).unwrap_or_default(),
            }
        });
        let names = |is_wanted: &dyn Fn(&palisade_model::ClusterId) -> bool| -> BTreeSet<String> {
            let clusters = memory.clusters.iter().filter(|(id, _)| is_wanted(id));
            clusters.flat_map(|(id, known)| [id.as_str().to_owned(), known.name.clone()]).collect()
        };
        let name = format!("run {} of {}", row.id, row.finished_at.strftime("%Y-%m-%d %H:%M UTC"));
        Ok(Self { name, bad: bad.collect(), read: names(&|id| view.read.contains(id)), known: names(&|_| true) })
    }

    /// What a waiver does in this run.
    pub(super) fn matched(&self, waiver: &Waiver, now: Timestamp) -> Matched {
        let selected = self.bad.iter().filter(|bad| {
            waiver.names(&bad.control, (&bad.cluster, &bad.cluster_name), (&bad.subject, &bad.subject_name))
        });
        let (listed, not_listed): (Vec<&Bad>, Vec<&Bad>) =
            selected.partition(|bad| waiver.is_approved_for(bad.fingerprint));
        let too_many = waiver.covers.is_some_and(|covers| listed.len() as u64 > covers);
        let standing = if too_many || !not_listed.is_empty() {
            Standing::Grown
        } else if !listed.is_empty() {
            Standing::Fits
        } else if self.read.contains(&waiver.cluster) {
            Standing::Unused
        } else if self.known.contains(&waiver.cluster) {
            Standing::NotRead
        } else {
            Standing::Unknown
        };
        let holds = now < waiver.until && !too_many;
        let cloned = |some: Vec<&Bad>| some.into_iter().cloned().collect::<Vec<_>>();
        let (waives, mut does_not_waive) =
            if holds { (cloned(listed), Vec::new()) } else { (Vec::new(), cloned(listed)) };
        does_not_waive.extend(cloned(not_listed));
        Matched { standing, waives, does_not_waive }
    }
}
