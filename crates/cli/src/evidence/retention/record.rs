//! The file in which every removal is written down: one line before and one after, each with the digest of the line before it.

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use palisade_provider::Body;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

const SCHEMA: &str = "palisade.retention/v1";
/// What a bundle is called in it.
pub(super) const BUNDLE: &str = "bundle";

/// What is written down of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    Begun,
    Removed,
    Failed,
}

/// What is removed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Removal<'a> {
    pub(super) what: &'static str,
    pub(super) place: &'a str,
    pub(super) because: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) as_of: Option<Timestamp>,
    /// The SHA-256 of the bundle's manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<&'a str>,
    /// The bundle's number in its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    /// The SHA-256 of the line before, without its end.
    previous: Option<&'a str>,
    at: Timestamp,
    step: Step,
    #[serde(flatten)]
    removal: &'a Removal<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    palisade: &'static str,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Written {
    schema: String,
    previous: Option<String>,
    step: Step,
    what: String,
    place: String,
    run: Option<String>,
    as_of: Option<Timestamp>,
    sha256: Option<String>,
    number: Option<u64>,
}

/// A bundle whose removal was begun, and of which nothing says that it is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) place: String,
    pub(super) run: String,
    pub(super) as_of: Timestamp,
    /// The SHA-256 of its manifest.
    pub(super) sha256: String,
    pub(super) number: Option<u64>,
    /// Whether the removal failed, and was not interrupted.
    pub(super) failed: bool,
}

/// The record, held for one writer at a time.
pub(super) struct Record {
    file: File,
    path: PathBuf,
    previous: Option<String>,
    at: Timestamp,
}

impl Record {
    /// Opens the record or begins one. Refused where another process removes, and where a line is not what was written.
    pub(super) fn open(path: &Path, at: Timestamp) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("could not open the record `{}`", path.display()))?;
        if file.try_lock().is_err() {
            bail!("another process removes evidence: `{}` is held", path.display());
        }
        let (previous, _) = read(path)?;
        Ok(Self { file, path: path.to_owned(), previous, at })
    }

    /// Writes a line and brings it to the disk.
    pub(super) fn put(&mut self, step: Step, removal: &Removal<'_>, error: Option<&str>) -> anyhow::Result<()> {
        let line = Line {
            schema: SCHEMA,
            previous: self.previous.as_deref(),
            at: self.at,
            step,
            removal,
            error,
            palisade: env!("CARGO_PKG_VERSION"),
        };
        let text = serde_json::to_string(&line).context("could not write JSON")?;
        let written = self.file.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.file.sync_all());
        written.with_context(|| format!("could not write the record `{}`: nothing is removed", self.path.display()))?;
        self.previous = Some(digest(&text));
        Ok(())
    }
}

/// The bundles whose removal was begun and has not ended, as a record says. Refused where a line is not what was written.
pub(super) fn begun(path: &Path) -> anyhow::Result<Vec<Begun>> {
    Ok(read(path)?.1)
}

/// Reads a record line by line, each of which has to follow the one before: the digest of the last, and what was begun.
fn read(path: &Path) -> anyhow::Result<(Option<String>, Vec<Begun>)> {
    const WAY_OUT: &str = "nothing is removed: restore it from a copy, or keep it for whoever asks and name a new file \
                           with `record:`";
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| format!("could not read `{}`", path.display()))?,
    };
    if !text.is_empty() && !text.ends_with('\n') {
        bail!("the last line of `{}` is torn: end it by hand, and look what it speaks of", path.display());
    }
    let (mut previous, mut begun) = (None, BTreeMap::new());
    for (number, line) in (1..).zip(text.lines()) {
        let written = serde_json::from_str(line).ok().filter(|written: &Written| written.schema == SCHEMA);
        let Some(written) = written else {
            bail!("line {number} of the record `{}` is no line of a record; {WAY_OUT}", path.display());
        };
        if written.previous != previous {
            bail!(
                "line {number} of the record `{}` does not follow the line before it: one of them was changed, or lines \
                 between them are missing; {WAY_OUT}",
                path.display()
            );
        }
        previous = Some(digest(line));
        take(written, &mut begun);
    }
    Ok((previous, begun.into_values().collect()))
}

/// What a line changes about what was begun.
fn take(written: Written, begun: &mut BTreeMap<(String, String), Begun>) {
    let Written { step, what, place, run: Some(run), as_of: Some(as_of), sha256: Some(sha256), number, .. } = written
    else {
        return;
    };
    if what != BUNDLE {
        return;
    }
    let which = (place.clone(), sha256.clone());
    match step {
        Step::Removed => drop(begun.remove(&which)),
        Step::Begun | Step::Failed => {
            let failed = step == Step::Failed;
            begun.insert(which, Begun { place, run, as_of, sha256, number, failed });
        }
    }
}

fn digest(line: &str) -> String {
    Body::new(line.as_bytes().to_vec()).digest().to_hex()
}
