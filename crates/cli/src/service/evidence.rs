//! What a schedule keeps of each run.

use crate::output;
use anyhow::Context as _;
use palisade_config::{EvidenceFormat, ScheduleConfig};
use palisade_provider::Body;
use palisade_report::Format;
use palisade_schedule::Firing;
use palisade_service::Record;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Where the evidence of a run goes: a folder of its own.
pub(crate) fn folder(to: &str, config_path: &Path, schedule: &ScheduleConfig, firing: &Firing) -> PathBuf {
    let at = firing.at.strftime("%Y-%m-%dT%H%M%SZ").to_string();
    config_path.parent().unwrap_or(Path::new("")).join(to).join(&schedule.schedule.name).join(at)
}

/// The list of what a run kept, as `sha256sum -c` reads it.
const SUMS: &str = "SHA256SUMS";

/// Writes the forms that a schedule asks for, and last the sums of everything that is in the folder.
pub(crate) fn export(
    schedule: &ScheduleConfig,
    config_path: &Path,
    firing: &Firing,
    record: &Record,
) -> anyhow::Result<()> {
    let Some(export) = &schedule.evidence else { return Ok(()) };
    let folder = folder(&export.to, config_path, schedule, firing);
    fs::create_dir_all(&folder).with_context(|| format!("could not make the folder `{}`", folder.display()))?;
    for form in &export.formats {
        let (name, format) = match form {
            EvidenceFormat::Snapshot => continue,
            EvidenceFormat::Json => ("evaluation.json", Format::Json),
            EvidenceFormat::Sarif => ("findings.sarif", Format::Sarif),
            EvidenceFormat::Csv => ("findings.csv", Format::Csv),
            EvidenceFormat::Table => ("report.txt", Format::Table),
        };
        output::report_file(&folder.join(name), &record.report, format)?;
    }
    let mut names = Vec::new();
    files_below(&folder, "", &mut names)?;
    names.retain(|name| name != SUMS);
    names.sort();
    let mut sums = String::new();
    for name in names {
        let path = folder.join(&name);
        let bytes = fs::read(&path).with_context(|| format!("could not read `{}` again", path.display()))?;
        // Writing to a string cannot fail.
        let _ = writeln!(sums, "{}  {name}", Body::new(bytes).digest().to_hex());
    }
    output::data(sums.as_bytes(), Some(&folder.join(SUMS)))
}

/// The names of all files below a folder, as they are written from there.
fn files_below(folder: &Path, before: &str, names: &mut Vec<String>) -> anyhow::Result<()> {
    let doing = || format!("could not read the folder `{}`", folder.display());
    for entry in fs::read_dir(folder).with_context(doing)? {
        let entry = entry.with_context(doing)?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(doing)?.is_dir() {
            files_below(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
