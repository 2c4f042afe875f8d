//! `palisade evidence retain`: what of the evidence is over, what is held, and what was removed.

mod record;

use super::{period, place};
use crate::{
    arguments::{ListFormat, Retain},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    scan::configuration,
};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use palisade_config::{EvidenceConfig, HoldConfig};
use palisade_evidence::{Broken, Fate, Held, Hold, Manifest, PeriodKey, Retention, Trust, verify};
use palisade_report::plain;
use palisade_store::{Bucket, Fact, Lock, Storage};
use record::{BUNDLE, Begun, Record, Removal, Step};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// How a bundle is called that is being removed.
const REMOVING: &str = ".removing";

pub(super) async fn run(wanted: &Retain, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let Some(evidence) = &config.evidence else {
        let why = "the configuration does not say where bundles are and for how long they are kept: `evidence: {bundles: [...]}`";
        return Err(WrongUsage(why.to_owned()).into());
    };
    let Retained { rows, warnings } = retain(evidence, &wanted.config, Timestamp::now(), wanted.apply).await?;
    match wanted.format {
        ListFormat::Json => {
            let mut text = serde_json::to_vec_pretty(&rows).context("could not write JSON")?;
            text.push(b'\n');
            output::data(&text, None)?;
        }
        ListFormat::Table => output::data(table(&rows).as_bytes(), None)?,
    }
    for warning in &warnings {
        screen.warn(&plain(warning));
    }
    if !wanted.apply {
        screen.note("nothing was removed: `--apply` removes what is due");
    }
    Ok(if rows.iter().any(|row| row.fate == Told::Failed) { Exit::CouldNotRun } else { Exit::Done })
}

/// What a run of a schedule does when the configuration asks for it. What fails is told and stops no run.
pub(crate) async fn after_run(config: &palisade_config::Config, config_path: &Path) {
    let Some(evidence) = config.evidence.as_ref().filter(|evidence| evidence.after_runs) else { return };
    match retain(evidence, config_path, Timestamp::now(), true).await {
        Err(error) => tracing::error!(error = format!("{error:#}"), "evidence that is over could not be removed"),
        Ok(Retained { rows, warnings }) => {
            for warning in warnings {
                tracing::warn!(warning, "something lies among the bundles and is left alone");
            }
            for Row { fate, what, place, because } in rows {
                match fate {
                    Told::Kept | Told::Due => (),
                    Told::Removed => tracing::info!(what, place, because, "evidence that was over is removed"),
                    Told::Held => tracing::warn!(what, place, because, "evidence is over and is not removed"),
                    Told::Failed => tracing::error!(what, place, because, "evidence that is over could not be removed"),
                }
            }
        }
    }
}

/// What became of something, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Kept,
    /// It would be removed.
    Due,
    Removed,
    /// Its time is over, and somebody or something keeps it.
    Held,
    Failed,
}

#[derive(Debug, Serialize)]
struct Row {
    fate: Told,
    what: &'static str,
    place: String,
    because: String,
}

/// What became of what was found, and what is left alone for somebody to look at.
#[derive(Debug)]
struct Retained {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { fate, what, place, because } in rows {
        let fate = match fate {
            Told::Kept => "kept",
            Told::Due => "due",
            Told::Removed => "removed",
            Told::Held => "held",
            Told::Failed => "FAILED",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{fate:<8} {what:<10} {}  {}", plain(place), plain(because));
    }
    if rows.is_empty() {
        text.push_str("there are no bundles and no keys\n");
    }
    text
}

/// A bundle that was found.
struct Found {
    at: At,
    run: String,
    as_of: Timestamp,
    /// The SHA-256 of its manifest.
    sha256: String,
    number: Option<u64>,
    /// The id of the key that closes its answers.
    key_id: Option<String>,
}

enum At {
    Here(PathBuf),
    /// Where it was before its removal was begun, and where the rest of it is.
    Left {
        place: String,
        rest: PathBuf,
    },
    There {
        bucket: Bucket,
        name: String,
        address: String,
        refused: Option<String>,
    },
}

impl Found {
    fn new(at: At, (manifest, sha256): (Manifest, String)) -> Self {
        Self {
            at,
            run: manifest.run,
            as_of: manifest.as_of,
            sha256,
            number: manifest.log.map(|log| log.number),
            key_id: manifest.encryption.map(|encryption| encryption.key_id),
        }
    }

    /// What is left of a bundle whose removal the record names as begun.
    fn left(rest: PathBuf, begun: &[Begun]) -> Option<Self> {
        let shown = rest.display().to_string();
        let place = Path::new(shown.strip_suffix(REMOVING)?);
        let manifest = Manifest::of_bundle(&rest).ok();
        let is_it = |begun: &&Begun| match &manifest {
            // The configuration may have been named in another way then.
            Some((_, sha256)) => begun.sha256 == *sha256 && Path::new(&begun.place).file_name() == place.file_name(),
            None => Path::new(&begun.place) == place,
        };
        // What failed may stand at its place as before: then this is something else.
        let is_open = |begun: &&Begun| !begun.failed || fs::symlink_metadata(place).is_err();
        let Begun { place, run, as_of, sha256, number, .. } = begun.iter().filter(is_it).find(is_open)?.clone();
        let key_id = manifest.and_then(|(manifest, _)| manifest.encryption).map(|encryption| encryption.key_id);
        Some(Self { at: At::Left { place, rest }, run, as_of, sha256, number, key_id })
    }

    fn place(&self) -> String {
        match &self.at {
            At::Here(path) => path.display().to_string(),
            At::Left { place, .. } => place.clone(),
            At::There { name, address, .. } => format!("{}/{name}", address.trim_end_matches('/')),
        }
    }

    /// Removes it. Of one that lies here everything must hold first: what was damaged or forged is looked at by somebody.
    async fn remove(&self) -> anyhow::Result<()> {
        match &self.at {
            At::Here(path) => {
                verify(path, &Trust::default()).context("it does not hold, and is left for somebody to look at")?;
                let beside = place::beside(path, REMOVING);
                if fs::symlink_metadata(&beside).is_ok() {
                    bail!("`{}` is in the way: look at it and move it away", beside.display());
                }
                fs::rename(path, &beside).with_context(|| format!("could not move `{}`", path.display()))?;
                end(&beside)
            }
            // It held when it was moved there.
            At::Left { rest, .. } => end(rest),
            At::There { bucket, name, .. } => Ok(bucket.remove_bundle(name).await.map(drop)?),
        }
    }
}

/// Removes for good what was on its way.
fn end(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("could not remove `{}`", path.display()))
}

async fn retain(
    evidence: &EvidenceConfig,
    config_path: &Path,
    now: Timestamp,
    apply: bool,
) -> anyhow::Result<Retained> {
    let root = config_path.parent().unwrap_or(Path::new(""));
    let retention = Retention {
        bundles_days: evidence.bundles_days,
        answers_days: evidence.answers_days,
        holds: evidence.holds.iter().map(hold).collect(),
    };
    let written_down = root.join(&evidence.record);
    let record = if apply { Some(Record::open(&written_down, now)?) } else { None };
    let begun = record::begun(&written_down)?;
    let mut steps = Steps { record, rows: Vec::new(), warnings: Vec::new() };
    let mut found = Vec::new();
    for place in &evidence.bundles {
        match place::address(Path::new(place)) {
            Some(address) => there(address, &mut found, &mut steps.rows).await?,
            None => here(&root.join(place), &begun, &mut found, &mut steps)?,
        }
    }
    let held: BTreeSet<String> =
        found.iter().filter(|one| retention.holds_run(&one.run)).map(|one| PeriodKey::period_at(one.as_of)).collect();
    // Keys first: what is erased is erased in every copy, whatever becomes of the bundles here.
    if let Some(folder) = &evidence.period_keys {
        keys(&root.join(folder), &retention, &held, &found, now, &mut steps).await?;
    }
    for one in &found {
        let place = one.place();
        let days = retention.bundles_days;
        let fate = retention.of_bundle(&one.run, one.as_of, now);
        let (told, because) = match (fate, &one.at) {
            (Fate::Kept(until), _) => (Told::Kept, format!("until {until}")),
            (Fate::Held(hold), _) => (Told::Held, held_by(hold)),
            (Fate::Due(_), At::There { refused: Some(why), .. }) => (Told::Held, why.clone()),
            (Fate::Due(since), _) => (Told::Due, format!("since {since}: kept for {days} days")),
        };
        let because = match &one.at {
            At::Left { rest, .. } => {
                format!("{because}; its removal was interrupted, and the rest of it is `{}`", rest.display())
            }
            At::Here(_) | At::There { .. } => because,
        };
        let removal = Removal {
            what: BUNDLE,
            place: &place,
            because: &because,
            run: Some(&one.run),
            as_of: Some(one.as_of),
            sha256: Some(&one.sha256),
            number: one.number,
            key_id: None,
        };
        steps.take(told, &removal, one.remove()).await?;
    }
    Ok(Retained { rows: steps.rows, warnings: steps.warnings })
}

/// What was decided so far, and where it is written down.
struct Steps {
    record: Option<Record>,
    rows: Vec<Row>,
    warnings: Vec<String>,
}

impl Steps {
    /// Tells what becomes of something. What is due is removed where that is asked for, and written down before and after.
    async fn take(
        &mut self,
        told: Told,
        removal: &Removal<'_>,
        remove: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let mut row = Row {
            fate: told,
            what: removal.what,
            place: removal.place.to_owned(),
            because: removal.because.to_owned(),
        };
        if let (Told::Due, Some(record)) = (told, &mut self.record) {
            record.put(Step::Begun, removal, None)?;
            match remove.await {
                Ok(()) => {
                    record.put(Step::Removed, removal, None)?;
                    row.fate = Told::Removed;
                }
                Err(error) => {
                    let why = format!("{error:#}");
                    record.put(Step::Failed, removal, Some(&why))?;
                    row.fate = Told::Failed;
                    row.because = why;
                }
            }
        }
        self.rows.push(row);
        Ok(())
    }
}

fn hold(hold: &HoldConfig) -> Hold {
    let of = match &hold.run {
        Some(run) => Held::Run(run.clone()),
        None => Held::Days(hold.from, hold.to),
    };
    Hold { reason: hold.reason.clone(), by: hold.by.clone(), of }
}

fn held_by(Hold { reason, by, .. }: &Hold) -> String {
    format!("held by {by}: {reason}")
}

/// The bundles of a folder: folders with a manifest, and tar files. What looks like one and is none of ours is told.
fn here(folder: &Path, begun: &[Begun], found: &mut Vec<Found>, steps: &mut Steps) -> anyhow::Result<()> {
    let unread = || format!("could not read the folder of bundles `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        paths.push((entry.path(), entry.file_type().with_context(unread)?.is_symlink()));
    }
    paths.sort();
    for (path, is_link) in paths {
        if is_link {
            let fact =
                "is a link and no bundle, and is left alone: name the folder in which the bundle lies with `bundles:`";
            steps.warnings.push(format!("`{}` {fact}", path.display()));
            continue;
        }
        let has = |ending: &str| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending));
        if has(REMOVING) {
            let fact = "is left alone: the record names no bundle there whose removal was begun and has not ended; look at \
                        it, and remove or rename it by hand";
            let alone = format!("`{}` {fact}", path.display());
            match Found::left(path, begun) {
                Some(left) => found.push(left),
                None => steps.warnings.push(alone),
            }
            continue;
        }
        let is_bundle = has(".tar") && path.is_file() || path.join("manifest.json").is_file();
        if !is_bundle {
            continue;
        }
        match Manifest::of_bundle(&path) {
            Ok(bundle) => found.push(Found::new(At::Here(path), bundle)),
            Err(broken) => steps.rows.push(unreadable(path.display().to_string(), &broken)),
        }
    }
    Ok(())
}

/// The bundles below an address, and why none of them can be removed, where that is so.
async fn there(address: &str, found: &mut Vec<Found>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let bucket = Bucket::open(address, std::env::vars())?;
    let refused = refusal(&bucket.storage().await);
    for name in bucket.bundles().await? {
        let bytes = bucket.manifest_of(&name).await?;
        let at = At::There { bucket: bucket.clone(), name, address: address.to_owned(), refused: refused.clone() };
        match Manifest::of_bytes(&bytes) {
            Ok(bundle) => found.push(Found::new(at, bundle)),
            Err(broken) => {
                let At::There { name, address, .. } = at else { continue };
                rows.push(unreadable(format!("{address}/{name}"), &broken));
            }
        }
    }
    Ok(())
}

fn unreadable(place: String, broken: &Broken) -> Row {
    Row { fate: Told::Failed, what: "bundle", place, because: broken.to_string() }
}

/// Why nothing of a bucket is removed: a lock, versions behind what is removed, or that nobody knows.
fn refusal(storage: &Storage) -> Option<String> {
    match (&storage.write_once, &storage.versioning) {
        (Fact::Known(Lock::Kept { .. }), _) => {
            Some(format!("{storage}: what is over there is for a rule of the bucket's own"))
        }
        (Fact::Unknown(why), _) => Some(format!("nobody knows whether the bucket is locked: {why}")),
        (Fact::Known(Lock::None), Fact::Known(true)) => Some(
            "the bucket keeps versions: what is removed would only be hidden; a rule of the bucket's own ends them"
                .to_owned(),
        ),
        (Fact::Known(Lock::None), Fact::Unknown(why)) => {
            Some(format!("nobody knows whether the bucket keeps what is removed: {why}"))
        }
        (Fact::Known(Lock::None), Fact::Known(false)) => None,
    }
}

/// The keys of months: a month whose key is destroyed is erased.
async fn keys(
    folder: &Path,
    retention: &Retention,
    held: &BTreeSet<String>,
    found: &[Found],
    now: Timestamp,
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let unread = || format!("could not read the folder of keys `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unread)? {
        paths.push(entry.with_context(unread)?.path());
    }
    paths.sort();
    let lost_hold = retention.held_runs().find(|run| found.iter().all(|one| one.run != *run));
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "key")) {
        let text = fs::read_to_string(&path).with_context(|| format!("could not read `{}`", path.display()))?;
        let place = path.display().to_string();
        let Ok(key) = PeriodKey::from_text(&text) else {
            let because = "it is no key of a calendar month".to_owned();
            steps.rows.push(Row { fate: Told::Failed, what: "period-key", place, because });
            continue;
        };
        let closes = found.iter().filter(|one| one.key_id.as_deref() == Some(key.id())).count();
        let of = format!("the answers of {} in {closes} bundles found here", key.period());
        let (told, because) = match retention.of_key(key.period(), held, now)? {
            Fate::Kept(until) => (Told::Kept, format!("until {until}: {of}")),
            Fate::Held(hold) => (Told::Held, held_by(hold)),
            Fate::Due(since) => match &lost_hold {
                // Its month is not known and may be this one; a key does not come back.
                Some(run) => {
                    (Told::Held, format!("the run `{run}` is held, and no bundle of it that can be read is found here"))
                }
                None => (Told::Due, format!("since {since}, {} days after the month: {of}", retention.answers_days)),
            },
        };
        let removal = Removal {
            what: "period-key",
            place: &place,
            because: &because,
            run: None,
            as_of: None,
            sha256: None,
            number: None,
            key_id: Some(key.id()),
        };
        let destroy =
            async { period::destroy(&path, text.len()).with_context(|| format!("could not destroy `{place}`")) };
        steps.take(told, &removal, destroy).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_controls::controls;
    use palisade_engine::{Coverage, Policy};
    use palisade_evidence::{BundleWriter, Context as BundleContext, Judged, Profile};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A bundle of a run that read nothing.
    fn bundle(place: &Path, run: &str, as_of: &str, key: Option<&PeriodKey>) {
        let mut writer = BundleWriter::create(place, &Profile::Internal).unwrap();
        if let Some(key) = key {
            writer = writer.closed_with(key.clone());
        }
        let judged = Judged { run, span: (at(as_of), at(as_of)), coverage: Coverage::default(), told: &[], gaps: &[] };
        let (policy, controls) = (Policy::default(), controls());
        let context = BundleContext {
            asked: &[],
            policy: &policy,
            controls: &controls,
            answers: None,
            firings: None,
            storage: None,
            exports: None,
            palisade: ("0.0.0", "ab"),
        };
        writer.finish(&judged, &context, &[], None).unwrap();
    }

    fn config(after_runs: bool) -> EvidenceConfig {
        let held = HoldConfig {
            reason: "case 4711".to_owned(),
            by: "ana".to_owned(),
            run: Some("run-held".to_owned()),
            from: None,
            to: None,
        };
        EvidenceConfig {
            bundles: vec!["bundles".to_owned()],
            period_keys: Some("keys".to_owned()),
            bundles_days: 2557,
            answers_days: 400,
            after_runs,
            record: "record.ndjson".to_owned(),
            holds: vec![held],
        }
    }

    /// Bundles of all sorts, and the keys of three months.
    fn stage() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("keys")).unwrap();
        let keys: Vec<PeriodKey> = ["2018-01", "2018-02", "2026-11"]
            .map(|period| {
                let (key, text) = PeriodKey::generate(period).unwrap();
                fs::write(root.join(format!("keys/{period}.key")), text).unwrap();
                key
            })
            .into();
        let bundles = root.join("bundles");
        bundle(&bundles.join("old"), "run-old", "2018-01-15T00:00:00Z", keys.first());
        bundle(&bundles.join("old.tar"), "run-old-2", "2018-01-16T00:00:00Z", None);
        bundle(&bundles.join("held"), "run-held", "2018-02-15T00:00:00Z", keys.get(1));
        bundle(&bundles.join("young"), "run-young", "2026-11-15T00:00:00Z", keys.get(2));
        bundle(&bundles.join("damaged"), "run-damaged", "2018-01-17T00:00:00Z", None);
        fs::write(bundles.join("damaged/results/verdicts.ndjson"), "x").unwrap();
        fs::create_dir(bundles.join("none-of-ours")).unwrap();
        fs::create_dir(bundles.join("of-somebody.removing")).unwrap();
        folder
    }

    fn told(rows: &[Row]) -> Vec<String> {
        let name = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
        rows.iter().map(|row| format!("{} {:?}", name(&row.place), row.fate)).collect()
    }

    /// What stands in the folder of bundles.
    fn bundles(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root.join("bundles")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What somebody does who removes a bundle and is interrupted.
    fn interrupt(root: &Path, name: &str, step: Step) -> PathBuf {
        let path = root.join("bundles").join(name);
        let (manifest, sha256) = Manifest::of_bundle(&path).unwrap();
        let removal = Removal {
            what: BUNDLE,
            place: &path.display().to_string(),
            because: "it was due",
            run: Some(&manifest.run),
            as_of: Some(manifest.as_of),
            sha256: Some(&sha256),
            number: None,
            key_id: None,
        };
        let mut record = Record::open(&root.join("record.ndjson"), Timestamp::UNIX_EPOCH).unwrap();
        record.put(Step::Begun, &removal, None).unwrap();
        if step != Step::Begun {
            record.put(step, &removal, None).unwrap();
        }
        let rest = place::beside(&path, REMOVING);
        fs::rename(&path, &rest).unwrap();
        rest
    }

    #[tokio::test]
    async fn what_is_due_is_told_first_and_removed_only_when_asked_and_what_is_held_or_broken_stays() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        let Retained { rows, warnings } = retain(&config(false), &path, now, false).await.unwrap();
        let keys = ["2018-01.key Due", "2018-02.key Held", "2026-11.key Kept"];
        assert_eq!(
            told(&rows),
            [&keys[..], &["damaged Due", "held Held", "old Due", "old.tar Due", "young Kept"]].concat()
        );
        assert!(!root.join("record.ndjson").exists() && root.join("keys/2018-01.key").exists());
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(warning.contains("/bundles/of-somebody.removing` is left alone"), "{warning}");

        let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
        let keys = ["2018-01.key Removed", "2018-02.key Held", "2026-11.key Kept"];
        assert_eq!(
            told(&rows),
            [&keys[..], &["damaged Failed", "held Held", "old Removed", "old.tar Removed", "young Kept"]].concat()
        );
        assert_eq!(bundles(root), ["damaged", "held", "none-of-ours", "of-somebody.removing", "young"]);
        assert!(!root.join("keys/2018-01.key").exists() && root.join("keys/2018-02.key").exists());
        let held = rows.iter().find(|row| row.place.ends_with("held")).unwrap();
        assert_eq!(held.because, "held by ana: case 4711");

        // Once more: nothing is left to do but what is broken, and the record goes on where it was.
        retain(&config(false), &path, now, true).await.unwrap();
        let text = fs::read_to_string(root.join("record.ndjson")).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let steps: Vec<_> = lines.iter().map(|line| line["step"].as_str().unwrap()).collect();
        let once = ["begun", "removed", "begun", "failed", "begun", "removed", "begun", "removed"];
        assert_eq!(steps, [&once[..], &["begun", "failed"]].concat());
        for (line, next) in text.lines().zip(lines.iter().skip(1)) {
            let digest = palisade_provider::Body::new(line.as_bytes().to_vec()).digest().to_hex();
            assert_eq!(next["previous"], digest);
        }
        assert_eq!(lines[0]["key_id"].as_str().map(str::len), Some(32));
        assert_eq!(lines[4]["run"], "run-old");
    }

    #[tokio::test]
    async fn a_removal_that_was_interrupted_goes_on_as_that_of_the_bundle_and_no_name_alone_removes_anything() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        // One of which the manifest is gone already, one that failed in the middle, and one that was held since.
        fs::remove_file(interrupt(root, "old", Step::Begun).join("manifest.json")).unwrap();
        interrupt(root, "old.tar", Step::Failed);
        fs::remove_file(interrupt(root, "held", Step::Begun).join("manifest.json")).unwrap();
        // A bundle that the record says is removed, and one that it does not know.
        bundle(&root.join("bundles/gone"), "run-gone", "2018-01-18T00:00:00Z", None);
        interrupt(root, "gone", Step::Removed);
        fs::rename(root.join("bundles/young"), root.join("bundles/young.removing")).unwrap();
        let before = bundles(root);

        let Retained { rows, warnings } = retain(&config(false), &path, now, false).await.unwrap();
        let keys = ["2018-01.key Due", "2018-02.key Held", "2026-11.key Kept"];
        assert_eq!(told(&rows), [&keys[..], &["damaged Due", "held Held", "old Due", "old.tar Due"]].concat());
        let old = rows.iter().find(|row| row.place.ends_with("/old")).unwrap();
        assert!(old.because.contains("was interrupted, and the rest of it is `"), "{}", old.because);
        assert!(old.because.ends_with("/bundles/old.removing`"), "{}", old.because);
        let left_alone: Vec<&str> =
            warnings.iter().map(|text| text.split('`').nth(1).unwrap().rsplit('/').next().unwrap()).collect();
        assert_eq!(left_alone, ["gone.removing", "of-somebody.removing", "young.removing"]);
        assert_eq!(bundles(root), before);

        let Retained { rows, warnings } = retain(&config(false), &path, now, true).await.unwrap();
        assert_eq!(told(&rows)[3..], ["damaged Failed", "held Held", "old Removed", "old.tar Removed"]);
        assert_eq!(warnings.len(), 3);
        assert_eq!(
            bundles(root),
            [
                &["damaged", "gone.removing", "held.removing", "none-of-ours"][..],
                &["of-somebody.removing", "young.removing",]
            ]
            .concat()
        );
        let text = fs::read_to_string(root.join("record.ndjson")).unwrap();
        let last = |place: &str| {
            let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            lines.rfind(|line| line["place"].as_str().unwrap().ends_with(place)).unwrap()
        };
        assert_eq!((&last("/old")["step"], &last("/old")["run"]), (&"removed".into(), &"run-old".into()));
        assert_eq!((&last("/old.tar")["step"], &last("/held")["step"]), (&"removed".into(), &"begun".into()));
    }

    #[tokio::test]
    async fn what_failed_and_stands_at_its_place_is_not_what_lies_beside_it() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        // It does not hold, so it was not moved.
        retain(&config(false), &path, now, true).await.unwrap();
        fs::create_dir(root.join("bundles/damaged.removing")).unwrap();
        let warnings = retain(&config(false), &path, now, true).await.unwrap().warnings;
        assert!(warnings.iter().any(|text| text.contains("/damaged.removing` is left alone")), "{warnings:?}");
        assert!(root.join("bundles/damaged.removing").exists());
        // And what is due is not moved over something.
        bundle(&root.join("bundles/old"), "run-old", "2018-01-15T00:00:00Z", None);
        fs::write(root.join("bundles/old.removing"), "mine").unwrap();
        let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
        let old = rows.iter().find(|row| row.place.ends_with("/old")).unwrap();
        assert!(old.fate == Told::Failed && old.because.contains("is in the way"), "{old:?}");
        assert_eq!(fs::read(root.join("bundles/old.removing")).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn a_link_among_the_bundles_is_named_and_nothing_of_it_is_removed() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        let real = root.join("elsewhere/real");
        bundle(&real, "run-real", "2018-01-19T00:00:00Z", None);
        std::os::unix::fs::symlink(&real, root.join("bundles/link")).unwrap();
        let Retained { rows, warnings } = retain(&config(false), &path, now, true).await.unwrap();
        assert!(warnings.iter().any(|text| text.contains("/bundles/link` is a link and no bundle")), "{warnings:?}");
        assert!(rows.iter().all(|row| !row.place.ends_with("link")));
        assert!(fs::symlink_metadata(root.join("bundles/link")).unwrap().is_symlink() && real.exists());
        assert!(!fs::read_to_string(root.join("record.ndjson")).unwrap().contains("run-real"));
    }

    #[tokio::test]
    async fn while_the_bundle_of_a_held_run_cannot_be_read_no_key_is_destroyed() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        fs::write(root.join("bundles/held/manifest.json"), "x").unwrap();
        let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
        assert_eq!(told(&rows)[..4], ["held Failed", "2018-01.key Held", "2018-02.key Held", "2026-11.key Kept"]);
        assert!(rows[1].because.contains("`run-held` is held"), "{}", rows[1].because);
        assert!(root.join("keys/2018-01.key").exists() && root.join("keys/2018-02.key").exists());
    }

    #[tokio::test]
    async fn a_schedules_run_removes_what_is_due_only_where_the_configuration_asks_for_it() {
        let folder = stage();
        let path = folder.path().join("palisade.yaml");
        let text = "targets: [{name: a, provider: aws}]\n";
        let source = palisade_config::Source { name: "p", text };
        let base = palisade_config::read(&source, &[]).unwrap();
        let old = folder.path().join("bundles/old");
        for (evidence, is_left) in [(None, true), (Some(config(false)), true), (Some(config(true)), false)] {
            after_run(&palisade_config::Config { evidence, ..base.clone() }, &path).await;
            assert_eq!(old.exists(), is_left);
        }
    }

    #[test]
    fn two_processes_do_not_remove_at_once_and_a_torn_record_is_not_written_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.ndjson");
        let first = Record::open(&path, Timestamp::UNIX_EPOCH).unwrap();
        assert!(Record::open(&path, Timestamp::UNIX_EPOCH).is_err());
        drop(first);
        fs::write(&path, "{\"schema\":").unwrap();
        assert!(Record::open(&path, Timestamp::UNIX_EPOCH).is_err());
    }

    #[tokio::test]
    async fn a_record_that_is_not_as_it_was_written_is_not_gone_on_with() {
        let folder = stage();
        let root = folder.path();
        let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
        interrupt(root, "old", Step::Begun);
        interrupt(root, "old.tar", Step::Failed);
        let record = root.join("record.ndjson");
        let whole = fs::read_to_string(&record).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        assert_eq!(lines.len(), 3);
        for (text, told) in [
            (format!("{{\"junk\":1}}\n{}{}", lines[1], lines[2]), "line 1 of the record"),
            (format!("{}junk\n{}", lines[0], lines[2]), "line 2 of the record"),
            (format!("{}\n{}{}", lines[0], lines[1], lines[2]), "line 2 of the record"),
            (whole.replacen("\"begun\"", "\"BEGUN\"", 1), "line 1 of the record"),
            (whole.replacen("run-old", "run-odd", 1), "line 2 of the record"),
            (format!("{}{}", lines[0], lines[2]), "line 2 of the record"),
            (format!("{}{}", lines[1], lines[2]), "line 1 of the record"),
        ] {
            fs::write(&record, &text).unwrap();
            for apply in [false, true] {
                let refused = format!("{:#}", retain(&config(false), &path, now, apply).await.unwrap_err());
                assert!(refused.contains(told), "{refused}");
                assert!(refused.contains("nothing is removed: restore it from a copy"), "{refused}");
            }
            assert_eq!(fs::read_to_string(&record).unwrap(), text);
            assert!(root.join("bundles/old.removing").exists() && root.join("keys/2018-01.key").exists());
        }
        fs::write(&record, &whole).unwrap();
        retain(&config(false), &path, now, true).await.unwrap();
        assert!(record::begun(&record).unwrap().iter().all(|begun| begun.place.ends_with("/damaged")));
    }
}
