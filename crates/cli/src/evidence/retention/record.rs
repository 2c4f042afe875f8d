//! The file in which every removal is written down: one line before and one after, each with the digest of the line before it.

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use palisade_provider::Body;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

const SCHEMA: &str = "palisade.retention/v1";

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
    step: &'static str,
    #[serde(flatten)]
    removal: &'a Removal<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    palisade: &'static str,
}

/// The record, held for one writer at a time.
pub(super) struct Record {
    file: File,
    path: PathBuf,
    previous: Option<String>,
    at: Timestamp,
}

impl Record {
    /// Opens the record or begins one. Refused where another process removes, and where a line is torn.
    pub(super) fn open(path: &Path, at: Timestamp) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("could not open the record `{}`", path.display()))?;
        if file.try_lock().is_err() {
            bail!("another process removes evidence: `{}` is held", path.display());
        }
        let text = fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))?;
        if !text.is_empty() && !text.ends_with('\n') {
            bail!("the last line of `{}` is torn: end it by hand, and look what it speaks of", path.display());
        }
        let previous = text.lines().last().map(digest);
        Ok(Self { file, path: path.to_owned(), previous, at })
    }

    /// Writes a line and brings it to the disk.
    pub(super) fn put(&mut self, step: &'static str, removal: &Removal<'_>, error: Option<&str>) -> anyhow::Result<()> {
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

fn digest(line: &str) -> String {
    Body::new(line.as_bytes().to_vec()).digest().to_hex()
}
