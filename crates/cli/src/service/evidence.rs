//! What a schedule keeps of each run.

use crate::{
    output,
    scan::{answers_path, waivers_path},
};
use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use palisade_config::{Config, EvidenceExport, EvidenceFormat, ScheduleConfig};
use palisade_engine::digest_of;
use palisade_model::Digest;
use palisade_provider::Body;
use palisade_report::Format;
use palisade_schedule::Firing;
use palisade_service::Record;
use palisade_store::{Bucket, Database, SUMS, files_below};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// How the folder of a run is called: the instant of its firing, with as much of a second as a run has that nobody
/// scheduled.
pub(super) const NAME: &str = "%Y-%m-%dT%H%M%S%.fZ";

/// What a run was judged by, as it is called in the run's folder.
const WAIVERS: &str = "waivers.yaml";
const ANSWERS: &str = "answers.yaml";

/// The lists of a run's snapshot, in the run's folder.
const UNITS: &str = "snapshot/units";

/// The folder beside the configuration for what has not arrived in its bucket.
const WAITING: &str = "palisade.evidence";

/// Where the evidence of a run goes: a folder of its own.
pub(crate) fn folder(
    export: &EvidenceExport,
    config_path: &Path,
    schedule: &ScheduleConfig,
    firing: &Firing,
) -> PathBuf {
    of_schedule(export, config_path, schedule).join(firing.at.strftime(NAME).to_string())
}

fn of_schedule(export: &EvidenceExport, config_path: &Path, schedule: &ScheduleConfig) -> PathBuf {
    let to = export.bucket().map_or(export.to.as_str(), |_| WAITING);
    config_path.parent().unwrap_or(Path::new("")).join(to).join(&schedule.schedule.name)
}

/// The folders of a schedule's runs before a moment, without those that are still needed: the last one, and the last one
/// not after each moment at which something that is open was read.
pub(crate) fn old(
    schedule: &ScheduleConfig,
    config_path: &Path,
    before: Timestamp,
    needed: &BTreeSet<Timestamp>,
) -> anyhow::Result<Vec<PathBuf>> {
    // Whoever keeps a bucket says how long, and nothing of ours can remove what is in it.
    let Some(export) = schedule.evidence.as_ref().filter(|export| export.bucket().is_none()) else {
        return Ok(Vec::new());
    };
    let root = of_schedule(export, config_path, schedule);
    let entries = match fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("could not read the folder `{}`", root.display()));
        }
    };
    let mut runs: BTreeMap<Timestamp, PathBuf> = BTreeMap::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("could not read the folder `{}`", root.display()))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        // Whatever is called otherwise is not ours.
        let at = entry.file_name().to_str().and_then(moment);
        if let (true, Some(at)) = (is_folder, at) {
            runs.insert(at, entry.path());
        }
    }
    let mut kept: BTreeSet<Timestamp> = runs.keys().next_back().copied().into_iter().collect();
    kept.extend(needed.iter().filter_map(|at| runs.range(..=*at).next_back()).map(|(at, _)| *at));
    Ok(runs.into_iter().filter(|(at, _)| *at < before && !kept.contains(at)).map(|(_, path)| path).collect())
}

/// The runs in or below a folder that fired at a moment or later: when, the folder, and what it lacks to be whole. One that is
/// whole and of which something was changed since is refused.
pub(crate) fn kept_since(
    folder: &Path,
    since: Timestamp,
) -> anyhow::Result<BTreeMap<(Timestamp, PathBuf), Option<&'static str>>> {
    let mut runs = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let unread = || format!("could not read the folder `{}`", next.display());
        for entry in fs::read_dir(&next).with_context(unread)? {
            let entry = entry.with_context(unread)?;
            if !entry.file_type().with_context(unread)?.is_dir() {
                continue;
            }
            match entry.file_name().to_str().and_then(moment) {
                Some(at) if at >= since => {
                    let has = |name: &&str| entry.path().join(name).exists();
                    // The sums come last.
                    let lacks = ["snapshot", SUMS].into_iter().find(|name| !has(name));
                    if lacks.is_none() {
                        unchanged(&entry.path())?;
                    }
                    runs.insert((at, entry.path()), lacks);
                }
                // A schedule's folder is in the one that it names.
                None if next == folder => folders.push(entry.path()),
                Some(_) | None => {}
            }
        }
    }
    Ok(runs)
}

/// Refuses a run of which anything that a bundle is made from is not what the run kept: what it was judged by, and the lists
/// of its snapshot. Whatever these name has a digest of its own.
fn unchanged(run: &Path) -> anyhow::Result<()> {
    let path = run.join(SUMS);
    let unread = |path: &Path| format!("could not read `{}`", path.display());
    let sums = fs::read_to_string(&path).with_context(|| unread(&path))?;
    let is_list = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "jsonl");
    let is_used = |name: &str| [WAIVERS, ANSWERS].contains(&name) || (name.starts_with(UNITS) && is_list(name));
    let mut kept = BTreeMap::new();
    for line in sums.lines() {
        let (sum, name) = line
            .split_once("  ")
            .with_context(|| format!("`{}` has a line that is none of `sha256sum`: `{line}`", path.display()))?;
        let name = name.strip_prefix("./").unwrap_or(name);
        if is_used(name) {
            kept.insert(name, sum);
        }
    }
    let refused = |name: &str, why: &str| {
        anyhow!(
            "`{}` {why}: it is no evidence of the run; put back what the run kept, from a backup or with `palisade store fetch`, or \
             move the folder `{}` elsewhere to export the other runs",
            run.join(name).display(),
            run.display()
        )
    };
    let units = run.join(UNITS);
    let lists = if units.is_dir() { files_below(&units)? } else { Vec::new() };
    let lists = lists.into_iter().map(|name| format!("{UNITS}/{name}"));
    let parameters = [WAIVERS, ANSWERS].map(str::to_owned).into_iter().filter(|name| run.join(name).exists());
    for name in lists.chain(parameters).filter(|name| is_used(name)) {
        let path = run.join(&name);
        let bytes = fs::read(&path).with_context(|| unread(&path))?;
        match kept.remove(name.as_str()) {
            None => return Err(refused(&name, &format!("is not in `{SUMS}`, it was added after the run"))),
            Some(sum) if sum != Body::new(bytes).digest().to_hex() => {
                return Err(refused(&name, "was changed after the run"));
            }
            Some(_) => (),
        }
    }
    match kept.keys().next() {
        Some(name) => Err(refused(name, "is missing")),
        None => Ok(()),
    }
}

/// The instant that a folder is called by.
fn moment(name: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime(NAME, name).ok()?;
    let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    (at.strftime(NAME).to_string() == name).then_some(at)
}

/// Removes the folder of a run.
pub(crate) fn remove(folder: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(folder).with_context(|| format!("could not remove `{}`", folder.display()))
}

/// Writes the forms that a schedule asks for, and last the sums of everything that is in the folder. What goes to a bucket
/// is sent, with whatever of earlier runs has not arrived there. The memory learns that it is where it is to be.
pub(crate) async fn export(
    schedule: &ScheduleConfig,
    (config, config_path): (&Config, &Path),
    firing: &Firing,
    record: &Record,
    database: &Database,
) -> anyhow::Result<()> {
    let Some(export) = &schedule.evidence else { return Ok(()) };
    let folder = folder(export, config_path, schedule, firing);
    fs::create_dir_all(&folder).with_context(|| format!("could not make the folder `{}`", folder.display()))?;
    for form in &export.formats {
        let (name, format) = match form {
            EvidenceFormat::Snapshot => continue,
            EvidenceFormat::Json => ("evaluation.json", Format::Json),
            EvidenceFormat::Sarif => ("findings.sarif", Format::Sarif),
            EvidenceFormat::Csv => ("findings.csv", Format::Csv),
            EvidenceFormat::Table => ("report.txt", Format::Table),
            EvidenceFormat::Html => ("report.html", Format::Html),
        };
        output::report_file(&folder.join(name), &record.report, format, record.history.clone())?;
    }
    let parameters = &record.report.parameters;
    for (path, digest, name) in [
        (waivers_path(config, config_path), parameters.waivers, WAIVERS),
        (answers_path(config, config_path), parameters.answers, ANSWERS),
    ] {
        judged_by(path.as_deref(), digest, &folder.join(name))?;
    }
    let mut names = files_below(&folder)?;
    names.retain(|name| name != SUMS);
    let mut sums = String::new();
    for name in names {
        let path = folder.join(&name);
        let bytes = fs::read(&path).with_context(|| format!("could not read `{}` again", path.display()))?;
        // Writing to a string cannot fail.
        let _ = writeln!(sums, "{}  {name}", Body::new(bytes).digest().to_hex());
    }
    output::data(sums.as_bytes(), Some(&folder.join(SUMS)))?;
    hand_over(export, config_path, schedule, (firing, database)).await
}

/// Hands over what an earlier process has left of a firing here, if that is whole. Whether nothing is owed any more: either
/// that, or the schedule keeps no evidence now.
pub(super) async fn send_owed(
    schedule: &ScheduleConfig,
    config_path: &Path,
    firing: &Firing,
    database: &Database,
) -> anyhow::Result<bool> {
    let Some(export) = &schedule.evidence else { return Ok(true) };
    if !folder(export, config_path, schedule, firing).join(SUMS).exists() {
        return Ok(false);
    }
    hand_over(export, config_path, schedule, (firing, database)).await?;
    Ok(true)
}

/// Sends what is whole, where it goes to a bucket, and says so to the memory.
async fn hand_over(
    export: &EvidenceExport,
    config_path: &Path,
    schedule: &ScheduleConfig,
    (firing, database): (&Firing, &Database),
) -> anyhow::Result<()> {
    let name = &schedule.schedule.name;
    let Some(address) = export.bucket() else { return Ok(database.evidence_arrived(name, firing.at).await?) };
    let waiting = of_schedule(export, config_path, schedule);
    send(address, &waiting, (name, database))
        .await
        .with_context(|| format!("the evidence waits in `{}` and is sent again with the next run", waiting.display()))
}

/// Keeps a file that the run was judged by. One that was changed since is left out: the report names the digest of the
/// one that counted.
fn judged_by(path: Option<&Path>, digest: Option<Digest>, kept: &Path) -> anyhow::Result<()> {
    let (Some(path), Some(digest)) = (path, digest) else { return Ok(()) };
    match fs::read_to_string(path) {
        Ok(text) if digest_of(&text) == digest => output::data(text.as_bytes(), Some(kept)),
        Ok(_) | Err(_) => {
            tracing::warn!(path = %path.display(), "what the run was judged by has changed and is not kept with its evidence");
            Ok(())
        }
    }
}

/// Sends every folder that is whole, the oldest first, and removes it here when it has arrived.
async fn send(address: &str, waiting: &Path, (schedule, database): (&str, &Database)) -> anyhow::Result<()> {
    let bucket = Bucket::open(address, std::env::vars())?;
    let unreadable = || format!("could not read the folder `{}`", waiting.display());
    let mut whole = Vec::new();
    for entry in fs::read_dir(waiting).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name();
        if let Some((name, at)) = name.to_str().and_then(|name| Some((name, moment(name)?)))
            && entry.path().join(SUMS).exists()
        {
            whole.push((at, name.to_owned()));
        }
    }
    whole.sort();
    for (at, name) in whole {
        let folder = waiting.join(&name);
        bucket.send(&folder, &format!("{schedule}/{name}")).await?;
        database.evidence_arrived(schedule, at).await?;
        remove(&folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_config::{Known, Source, read_schedule};

    #[test]
    fn a_folder_is_called_by_its_instant_and_two_runs_of_one_second_have_two() {
        for (instant, name) in [
            ("2026-11-03T02:00:00Z", "2026-11-03T020000Z"),
            ("2026-11-03T02:00:00.25Z", "2026-11-03T020000.25Z"),
            ("2026-11-03T02:00:00.251Z", "2026-11-03T020000.251Z"),
        ] {
            let at: Timestamp = instant.parse().unwrap();
            assert_eq!((at.strftime(NAME).to_string().as_str(), moment(name)), (name, Some(at)));
        }
        assert_eq!(moment("2026-11-03T020000.Z"), None);
    }

    #[test]
    fn a_run_of_which_something_was_changed_added_or_removed_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("2026-11-02T020000Z");
        let put = |name: &str, text: &str| {
            let path = run.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let kept = || {
            let _ = fs::remove_dir_all(&run);
            for name in ["snapshot/units/aws-1.jsonl", "snapshot/units/aws-2.jsonl", "waivers.yaml", "report.txt"] {
                put(name, name);
            }
            let sum =
                |name: &String| format!("{}  {name}\n", Body::new(fs::read(run.join(name)).unwrap()).digest().to_hex());
            let sums: String = files_below(&run).unwrap().iter().map(sum).collect();
            put(SUMS, &sums);
        };
        let refused = || kept_since(folder.path(), Timestamp::UNIX_EPOCH).err().map(|error| error.to_string());
        kept();
        assert_eq!(refused(), None);
        // What no bundle is made from is nobody's business here, and a folder that is not whole is told of elsewhere.
        put("report.txt", "changed");
        put("snapshot/units/.aws-3.part", "left");
        assert_eq!(refused(), None);
        for (name, change, told) in [
            ("waivers.yaml", Some("changed"), "was changed after the run"),
            ("waivers.yaml", None, "is missing"),
            ("answers.yaml", Some("added"), "is not in `SHA256SUMS`, it was added after the run"),
            ("snapshot/units/aws-1.jsonl", Some("changed"), "was changed after the run"),
            ("snapshot/units/aws-1.jsonl", None, "is missing"),
            ("snapshot/units/aws-3.jsonl", Some("added"), "is not in `SHA256SUMS`, it was added after the run"),
        ] {
            kept();
            match change {
                Some(text) => put(name, text),
                None => fs::remove_file(run.join(name)).unwrap(),
            }
            let told = format!("`{}` {told}: it is no evidence of the run", run.join(name).display());
            assert!(refused().is_some_and(|refused| refused.starts_with(&told)), "{name}: {:?}", refused());
        }
        kept();
        put(SUMS, "waivers.yaml\n");
        assert!(refused().is_some_and(|refused| refused.contains("none of `sha256sum`")));
        fs::remove_file(run.join(SUMS)).unwrap();
        assert_eq!(refused(), None);
    }

    #[test]
    fn the_last_run_and_each_that_something_open_rests_on_are_kept_whatever_their_age() {
        let folder = tempfile::tempdir().unwrap();
        let text = "name: nightly\ncron: \"0 2 * * *\"\nevidence: {formats: [csv], to: kept}\n";
        let known = Known { controls: &[], config: None };
        let schedule = read_schedule(&Source { name: "nightly.yaml", text }, &known).unwrap();
        for day in 1..=6 {
            fs::create_dir_all(folder.path().join(format!("kept/nightly/2026-11-0{day}T020000Z"))).unwrap();
        }
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let old_before = |before: &str, needed: &[&str]| {
            let needed = needed.iter().map(|text| at(text)).collect();
            let old = old(&schedule, &folder.path().join("palisade.yaml"), at(before), &needed).unwrap();
            let day = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().chars().nth(9).unwrap();
            old.into_iter().map(day).collect::<String>()
        };
        assert_eq!(old_before("2027-01-01T00:00:00Z", &[]), "12345", "the last one stays");
        assert_eq!(old_before("2026-11-03T02:00:00Z", &[]), "12", "what is as old as the age stays");
        // The run that began at 02:00 ended at 02:20, and what it read is as of then.
        assert_eq!(old_before("2027-01-01T00:00:00Z", &["2026-11-02T02:20:00Z", "2026-11-04T02:00:00Z"]), "135");
        assert_eq!(old_before("2027-01-01T00:00:00Z", &["2026-10-01T00:00:00Z"]), "12345", "before the first one");
    }
}
