//! `palisade evidence export`.

use super::{
    again::this_program,
    answers_of, counted, firings, period, send,
    shown::{asked_of, no_person, profile},
    signer, unremembered,
    views::{Views, made_by},
};
use crate::{
    arguments::ExportBundle,
    exit::{Exit, WrongUsage},
    frameworks::{Bundled as Summaries, Seen},
    output::{self, Screen},
    paths, providers,
    scan::{answers_path, configuration, judge, judged_by, without_waivers},
    service::evidence::kept_since,
};
use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use palisade_config::Config;
use palisade_controls::controls;
use palisade_engine::{Approvals, Finding, Grown, Policy, Severity, State, withdraw};
use palisade_evidence::{BundleLog, BundleWriter, Calls, Context, Judged as Evidence, Profile, Seal, Told};
use palisade_frameworks::Standing;
use palisade_model::Cluster;
use palisade_provider::{DISCOVERY, Snapshot};
use palisade_report::{Report, ToldRow, plain};
use palisade_runner::{Asked, Judge, Judged, Judging, judge_each};
use palisade_store::{Bucket, SnapshotFolder};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

pub(super) async fn run(wanted: &ExportBundle, screen: &Screen) -> anyhow::Result<Exit> {
    paths::outside_bundles(&wanted.out)?;
    let Some(since) = wanted.since else { return one(wanted, None, screen).await };
    let (mut runs, mut names) = (BTreeMap::new(), BTreeMap::new());
    for folder in &wanted.snapshots {
        runs.extend(kept_since(folder, since)?);
    }
    for ((_, folder), lacks) in &runs {
        // Of a run that fired and is not whole nobody should think that it never was.
        if let Some(lacks) = lacks {
            screen.warn(&format!("no bundle of `{}`: it has no `{lacks}`", plain(&folder.display().to_string())));
        }
    }
    runs.retain(|_, lacks| lacks.is_none());
    if runs.is_empty() {
        let places: Vec<String> = wanted.snapshots.iter().map(|folder| format!("`{}`", folder.display())).collect();
        let why = format!(
            "no run since {since} is kept with its snapshot in {}: name the folder that `evidence: to` of a schedule names, with \
             `snapshot` among its `formats`",
            places.join(", ")
        );
        return Err(WrongUsage(why).into());
    }
    fs::create_dir_all(&wanted.out).with_context(|| format!("could not make the folder `{}`", wanted.out.display()))?;
    for (_, kept) in runs.into_keys() {
        let kept = kept.canonicalize().with_context(|| format!("could not find `{}` again", kept.display()))?;
        // The schedule and its firing.
        let name: Vec<_> = kept.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        let out = wanted.out.join(name.into_iter().rev().collect::<Vec<_>>().join("-"));
        if let Some(other) = names.insert(out.clone(), kept.clone()).filter(|other| *other != kept) {
            bail!(
                "`{}` and `{}` would be the same bundle: export them to two folders",
                other.display(),
                kept.display()
            );
        }
        if out.join("manifest.json").exists() {
            output::data(format!("{} is there\n", out.display()).as_bytes(), None)?;
            continue;
        }
        let alone = ExportBundle { snapshots: vec![kept.join("snapshot")], since: None, out, ..wanted.clone() };
        one(&alone, Some(&kept), screen).await?;
    }
    Ok(Exit::Done)
}

/// The configuration, with the waivers and answers that it names, or those that were kept with a run.
fn configured(path: &Path, kept: Option<&Path>) -> anyhow::Result<Config> {
    let Some(kept) = kept else { return configuration(path) };
    let beside = |name: &str| {
        let place = Some(kept.join(name)).filter(|path| path.exists()).map(PathBuf::into_os_string);
        place.map(OsString::into_string).transpose().map_err(|place| anyhow!("`{}` is not UTF-8", place.display()))
    };
    let (waivers_file, answers_file) = (beside("waivers.yaml")?, beside("answers.yaml")?);
    judged_by(Config { waivers_file, answers_file, ..without_waivers(path)? }, path)
}

async fn one(wanted: &ExportBundle, kept: Option<&Path>, screen: &Screen) -> anyhow::Result<Exit> {
    let profile = profile(wanted).await?;
    let config = wanted.config.as_ref().map(|path| configured(path, kept).map(|config| (config, path))).transpose()?;
    let (asked, policy, answers) = match &config {
        Some((config, path)) => {
            let answers = answers_path(config, path).map(|file| paths::text(&file, paths::DOCUMENT)).transpose();
            let answers = answers.context("could not read the answers again")?;
            (config.targets.iter().map(asked_of).collect::<Vec<_>>(), config.policy.clone(), answers)
        }
        None => (Vec::new(), Policy::default(), None),
    };
    let key = match &wanted.key {
        Some(place) => Some(signer::open(place).await?),
        None => None,
    };
    let frameworks = Summaries::of(&wanted.framework, &profile)?;
    let period = match &wanted.period_key {
        Some(place) => Some(period::read(place).await?),
        None => None,
    };
    let bucket = wanted.to.as_ref().map(|to| Bucket::open(to, std::env::vars())).transpose()?;
    let storage = match &bucket {
        Some(bucket) => Some(bucket.storage().await),
        None => None,
    };
    let storage = storage.map(|storage| (storage.to_text(), storage.to_string()));
    let log = wanted.log.as_ref().zip(key.as_ref());
    let log = log.map(|(folder, key)| BundleLog::open(folder, &wanted.origin, key.public()));
    let mut log = log.transpose()?;
    let controls = controls();
    let answers = answers.map(|text| profile.answers(text));
    let mut shown = profile.policy(&policy);
    if let Some(text) = &answers {
        shown.answers = answers_of(text)?;
        no_person(&profile, &policy, &shown)?;
    }
    let mut writer = BundleWriter::create(&wanted.out, &profile)?;
    if let Some(key) = period {
        writer = writer.closed_with(key);
    }
    let targets: Vec<_> = asked.iter().map(|asked| (asked.target.clone(), asked.provider)).collect();
    let judge_by =
        |profile, policy| Run { folders: &wanted.snapshots, asked: &targets, profile, judge: judge(&controls, policy) };
    let run = judge_by(&profile, &shown);
    let Written { judged, standing, calls, tally } = run.write(&mut writer, !wanted.format.is_empty())?;
    if matches!(profile, Profile::Auditor(_)) && judge_by(&Profile::Internal, &policy).tally()? != tally {
        bail!(
            "with pseudonyms the run is judged in another way than without: the bundle would not be evidence of it; \
             nothing was written"
        );
    }
    let firings = match (&wanted.schedules, &config) {
        (Some(folder), Some((config, path))) => {
            let before = log.as_ref().and_then(|log| log.preceding(&judged.run.id)?.as_of);
            let since = wanted.runs_since.or(before);
            Some(firings::list(folder, (config, path), since, judged.run.finished_at).await?)
        }
        (None, _) | (_, None) => None,
    };
    let digest = this_program()?;
    let made_by = made_by(&wanted.format, &wanted.targets, &frameworks)?;
    let context = Context {
        asked: &asked,
        policy: &shown,
        controls: &controls,
        answers: answers.as_deref(),
        firings: firings.as_ref(),
        storage: storage.as_ref().map(|(text, words)| (text.as_str(), words.as_str())),
        exports: Some(&made_by),
        palisade: (env!("CARGO_PKG_VERSION"), &digest),
    };
    let told = told(&judged.told);
    let evidence = Evidence {
        run: &judged.run.id,
        span: (judged.run.started_at, judged.run.finished_at),
        coverage: judged.coverage,
        told: &told,
        gaps: &judged.gaps,
    };
    let seal = key.as_ref().zip(log.as_mut()).map(|(key, log)| Seal { key: key.as_ref(), log });
    let seen = Seen::from(&judged);
    // Another look at the answers: other forms are made of a whole report.
    let report = if wanted.format.is_empty() { None } else { Some(run.report()?) };
    let views = report.as_ref().map(|report| {
        let judged = (report, &shown, controls.as_slice());
        Views::of(judged, &calls, &wanted.format, &wanted.targets, frameworks.own(), wanted.period_key.is_some())
    });
    let views = views.transpose()?;
    let mut exports = frameworks.exports(&seen, &standing, &calls);
    exports.extend(views.iter().flat_map(Views::exports));
    let finished = writer.finish(&evidence, &context, &exports, seal)?;
    let manifest = &finished.manifest;
    let mut said = format!("{}  {}\n", finished.sha256, wanted.out.display());
    // Writing to a string cannot fail.
    let _ = match &manifest.log {
        Some(position) => writeln!(said, "number {} of {}", position.number, position.origin),
        None => writeln!(said, "not sealed: with `--key` and `--log` others can tell who made it"),
    };
    let _ = writeln!(
        said,
        "{} verdicts, {} calls, {} answers; {} clusters listed, {} judged",
        manifest.verdicts, manifest.calls, manifest.answers, finished.clusters_listed, finished.clusters_evaluated
    );
    if let Some(counts) = &manifest.firings {
        let _ = writeln!(said, "{}", counted(counts));
    }
    if let Some(bucket) = &bucket {
        let told = send(bucket, &wanted.out).await.with_context(|| {
            let (here, to) = (wanted.out.display(), wanted.to.as_deref().unwrap_or_default());
            format!("the bundle stands whole in `{here}`; `palisade evidence send {here} --to {to}` goes on")
        })?;
        said.push_str(&told);
    }
    if let Some((_, words)) = &storage {
        let _ = writeln!(said, "the bucket says: {}", plain(words));
    }
    output::data(said.as_bytes(), None)?;
    if let Some(told) = firings.as_ref().and_then(unremembered) {
        screen.warn(&told);
    }
    if manifest.firings.is_some_and(|counts| counts.done < counts.firings) {
        screen.warn("runs are missing: the first page, `VERIFY.md`, names them");
    }
    if !manifest.complete {
        screen.warn(&format!(
            "this evidence has gaps: {} rows in `results/coverage.json`; its first page, `VERIFY.md`, says so too",
            manifest.gaps
        ));
    }
    Ok(Exit::Done)
}

/// What inventories told, as a bundle says it.
pub(super) fn told(rows: &[ToldRow]) -> Vec<Told> {
    rows.iter()
        .map(|row| Told { words: row.words(), checked: row.checked as u64, cross_checked: row.cross_checked })
        .collect()
}

/// A stored run, as a profile shows it, and by what it is judged. It is read as often as it is asked: nobody holds it.
struct Run<'a> {
    folders: &'a [PathBuf],
    asked: &'a Asked,
    profile: &'a Profile,
    judge: Judge<'a>,
}

/// What is left of a run whose answers and verdicts are written.
struct Written {
    judged: Judged,
    standing: Standing,
    /// The calls of verdicts that exports name.
    calls: Calls,
    tally: Tally,
}

/// How many verdicts of each kind each control gave.
type Tally = BTreeMap<(&'static str, State, Severity, bool), usize>;

fn count(tally: &mut Tally, findings: &[Finding]) {
    for finding in findings {
        *tally.entry((finding.control.id, finding.state, finding.severity, finding.waived)).or_default() += 1;
    }
}

impl Run<'_> {
    /// The snapshots, one by one.
    fn snapshots(&self) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Snapshot>>> {
        let folders: Vec<SnapshotFolder> = self.folders.iter().map(SnapshotFolder::open).collect();
        Ok(SnapshotFolder::units_of(&folders)?.into_iter().map(|(folder, unit)| {
            let snapshot = self.profile.snapshot(folder.read(&unit)?);
            if providers::normalizer(snapshot.provider).is_none() {
                bail!("this program cannot read `{}`", snapshot.provider);
            }
            Ok(snapshot)
        }))
    }

    /// What says whose the credentials were: it was asked once for each target.
    fn callers(&self, writer: &mut BundleWriter) -> anyhow::Result<()> {
        for folder in self.folders.iter().map(SnapshotFolder::open) {
            for unit in folder.units()? {
                if folder.scope(&unit)? == DISCOVERY {
                    writer.learn_callers(&self.profile.snapshot(folder.read(&unit)?));
                }
            }
        }
        Ok(())
    }

    /// Judges it and tells what is said of each cluster, once it is settled which accepted risks count. `begin` is given each
    /// snapshot before it is judged.
    fn judged<T>(
        &self,
        mut begin: impl FnMut(&Snapshot) -> anyhow::Result<T>,
        mut told: impl FnMut(&T, &Cluster, &[Finding]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Judged> {
        let (grown, at) = self.grown()?;
        self.pass(&mut begin, &mut |with, cluster, mut findings| {
            withdraw(&mut findings, &self.judge.policy.waivers, &grown, at);
            told(with, cluster, &findings)
        })
    }

    fn pass<T>(
        &self,
        begin: &mut impl FnMut(&Snapshot) -> anyhow::Result<T>,
        told: &mut impl FnMut(&T, &Cluster, Vec<Finding>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Judged> {
        let mut judging = Judging::default();
        for (target, provider) in self.asked {
            if let Some(provider) = providers::normalizer(*provider) {
                judging.expect(target, provider.as_ref());
            }
        }
        for snapshot in self.snapshots()? {
            let snapshot = snapshot?;
            let with = begin(&snapshot)?;
            let Some(provider) = providers::normalizer(snapshot.provider) else { continue };
            judging
                .take(&snapshot, provider.as_ref(), &self.judge, |cluster, findings| told(&with, cluster, findings))?;
        }
        Ok(judging.finish(&self.judge))
    }

    /// The accepted risks that select more than they were approved for, and when the run was judged. The answers are read for it
    /// only where a number was approved.
    fn grown(&self) -> anyhow::Result<(Vec<Grown>, Timestamp)> {
        let mut approvals = Approvals::new(&self.judge.policy.waivers);
        if approvals.is_empty() {
            return Ok((Vec::new(), Timestamp::UNIX_EPOCH));
        }
        let judged = self.pass(&mut |_| Ok(()), &mut |(), _, findings| {
            approvals.take(&findings);
            Ok(())
        })?;
        Ok((approvals.grown(), judged.run.finished_at))
    }

    /// Writes answers and verdicts. `all_calls`: whether the calls of every verdict are kept.
    fn write(&self, writer: &mut BundleWriter, all_calls: bool) -> anyhow::Result<Written> {
        let (mut standing, mut calls, mut tally) = (Standing::default(), Calls::default(), Tally::new());
        self.callers(writer)?;
        let writer = std::cell::RefCell::new(writer);
        let judged = self.judged(
            |snapshot| Ok(writer.borrow_mut().take(snapshot)?),
            |numbers, cluster, findings| {
                writer.borrow_mut().judged(findings, numbers)?;
                count(&mut tally, findings);
                standing.read((cluster.provider, cluster.scope.as_str(), cluster.id.as_str()));
                standing.take(findings, |finding| {
                    if !all_calls {
                        calls.take(finding, numbers);
                    }
                });
                if all_calls {
                    for finding in findings {
                        calls.take(finding, numbers);
                    }
                }
                Ok(())
            },
        )?;
        Ok(Written { judged, standing, calls, tally })
    }

    fn tally(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::new();
        self.judged(
            |_| Ok(()),
            |(), _, findings| {
                count(&mut tally, findings);
                Ok(())
            },
        )?;
        Ok(tally)
    }

    fn report(&self) -> anyhow::Result<Report> {
        judge_each(self.snapshots()?, self.asked, providers::normalizer, &self.judge)
    }
}
