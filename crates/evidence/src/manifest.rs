//! The list of everything that a bundle holds.

use crate::{Broken, Encryption, FiringCounts, source::is_path};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where the manifest stands in a bundle.
pub(crate) const MANIFEST: &str = "manifest.json";
const SCHEMA: &str = "palisade.bundle/v1";

/// The list of everything that a bundle holds, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub(crate) schema: String,
    /// The run's id, made from the answers that were read.
    pub run: String,
    /// When the first call was made.
    pub started_at: Timestamp,
    /// When the last answer was there. Judgements use this moment as now.
    pub as_of: Timestamp,
    /// What judged.
    pub engine: Engine,
    /// The redaction profile and its version.
    pub redaction: String,
    /// Whether everything that was asked was answered and the populations reconcile.
    pub complete: bool,
    /// Rows of the list of gaps.
    pub gaps: u64,
    /// Calls in the ledger.
    pub calls: u64,
    /// Distinct answers under `raw/`.
    pub answers: u64,
    /// Verdicts.
    pub verdicts: u64,
    /// The runs that there should have been, and what became of them; `None` when nobody said which those are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firings: Option<FiringCounts>,
    /// How the answers are closed; `None` when they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Its place in the log of bundles; `None` when it is not sealed.
    pub log: Option<Position>,
    /// Every file, in the order of paths, but for the answers (`raw/SHA256SUMS` lists those) and the seal.
    pub files: Vec<FileEntry>,
}

/// A place in the log of bundles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The log's name.
    pub origin: String,
    /// The bundle's number: 1, 2, 3, without gaps.
    pub number: u64,
    /// The SHA-256 of the manifest with the number before; `None` for the first.
    pub previous: Option<String>,
}

/// What judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// The version of the program.
    pub palisade: String,
    /// The SHA-256 of the program's file.
    pub binary_sha256: String,
    /// The SHA-256 of the controls' ids, names and severities (`context/controls.json`).
    pub controls_sha256: String,
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where it stands in the bundle.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// What it is.
    pub media_type: String,
    /// What it is for: `page`, `ledger`, `raw`, `context`, `result`, `export`, `key`.
    pub role: String,
}

impl Manifest {
    #[expect(clippy::too_many_arguments, reason = "every one is a line of the manifest")]
    pub(crate) fn new(
        run: String,
        (started_at, as_of): (Timestamp, Timestamp),
        engine: Engine,
        redaction: String,
        complete: bool,
        (gaps, calls, answers, verdicts): (u64, u64, u64, u64),
        (firings, encryption): (Option<FiringCounts>, Option<Encryption>),
        log: Option<Position>,
        files: Vec<FileEntry>,
    ) -> Self {
        let schema = SCHEMA.to_owned();
        Self {
            schema,
            run,
            started_at,
            as_of,
            engine,
            redaction,
            complete,
            gaps,
            calls,
            answers,
            verdicts,
            firings,
            encryption,
            log,
            files,
        }
    }

    /// The text: there is one way to write a manifest.
    pub(crate) fn to_text(&self) -> String {
        // Strings, numbers and lists always have a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let broken = |fact: String| Broken::new(MANIFEST, fact);
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| broken(format!("it is no manifest: {error}")))?;
        if manifest.schema != SCHEMA {
            return Err(broken(format!("its schema is `{}`, this program reads `{SCHEMA}`", manifest.schema)));
        }
        if manifest.to_text().as_bytes() != bytes {
            return Err(broken("it is written in another way than manifests are".to_owned()));
        }
        if let Some(word) = manifest.words().into_iter().find(|word| !is_word(word)) {
            return Err(broken(format!("`{word}` is nothing that a manifest says")));
        }
        let mut seen = BTreeSet::new();
        for entry in &manifest.files {
            if !is_path(&entry.path) {
                return Err(broken(format!("`{}` is no path inside a bundle", entry.path)));
            }
            if !seen.insert(&entry.path) {
                return Err(broken(format!("`{}` is listed twice", entry.path)));
            }
        }
        if !manifest.files.is_sorted_by(|a, b| a.path < b.path) {
            return Err(broken("its files are not in order".to_owned()));
        }
        Ok(manifest)
    }

    /// What the first page says as it stands here.
    fn words(&self) -> Vec<&str> {
        let Engine { palisade, binary_sha256, controls_sha256 } = &self.engine;
        let mut words = vec![&*self.run, palisade, binary_sha256, controls_sha256, &self.redaction];
        if let Some(Encryption { algorithm, period, key_id }) = &self.encryption {
            words.extend([&**algorithm, period, key_id]);
        }
        words
    }

    pub(crate) fn file(&self, path: &str) -> Option<&FileEntry> {
        self.files.iter().find(|entry| entry.path == path)
    }
}

/// Whether a text is an id, a version, a digest or another name of ours: nothing that a page or a terminal would read as its own.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'/');
    (1..=100).contains(&text.len()) && text.bytes().all(fits)
}
