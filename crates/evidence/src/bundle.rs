//! A bundle whose every fact holds, opened for another judgement.

use crate::{
    Broken, Checked, Firings, Judged, Numbers, PeriodKey, PublicKey, Trust,
    closed_file::{ENDING, open},
    coverage::{COVERAGE, Counted},
    firings::FIRINGS,
    guide::{Facts, PAGE, page},
    ledger::{LEDGER, next_call, next_line},
    manifest::MANIFEST,
    part::Hashing,
    period::AnswersOf,
    policy::policy_of,
    scope::{Read, SCOPE, Scope},
    seal::{LIMIT, SIGNER},
    source::{LARGEST_FILE, Source},
    verify::checked,
    write::{ANSWERS, CONTROLS, EXPORTED, STORAGE},
};
use palisade_engine::Policy;
use palisade_model::Provider;
use palisade_provider::{Body, Outcome, Record, Snapshot};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, BufReader, Read as _, Take, Write},
    path::Path,
};

/// Where the verdicts stand in a bundle.
pub const VERDICTS: &str = "results/verdicts.ndjson";

/// A bundle whose every fact holds.
#[derive(Debug)]
pub struct Bundle {
    source: Source,
    checked: Checked,
    scope: Scope,
    periods: Vec<PeriodKey>,
}

impl Bundle {
    /// Opens a bundle and checks it first: what is broken is not judged again.
    pub fn open(path: &Path, trust: &Trust) -> Result<Self, Broken> {
        let source = Source::open(path)?;
        let checked = checked(&source, trust)?;
        let scope = Scope::parse(&source.read_text(SCOPE, LARGEST_FILE)?)?;
        Ok(Self { source, checked, scope, periods: trust.periods().to_vec() })
    }

    /// What was checked.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// The answers to what no API tells, as their file had them, if there are any.
    pub fn answers(&self) -> Result<Option<String>, Broken> {
        let is_there = self.checked.manifest.file(ANSWERS).is_some();
        is_there.then(|| self.source.read_text(ANSWERS, LARGEST_FILE)).transpose()
    }

    /// By what its exports were made, as JSON, if it says so.
    pub fn exports_made_by(&self) -> Result<Option<String>, Broken> {
        let is_there = self.checked.manifest.file(EXPORTED).is_some();
        is_there.then(|| self.source.read_text(EXPORTED, LARGEST_FILE)).transpose()
    }

    /// Where its exports stand, without the ending of those that are closed.
    pub fn exports(&self) -> Vec<String> {
        let exports = self.checked.manifest.files.iter().filter(|entry| entry.role == "export");
        exports.map(|entry| entry.path.strip_suffix(ENDING).unwrap_or(&entry.path).to_owned()).collect()
    }

    /// Writes an export, opened where it is closed. What was written before an error counts for nothing.
    pub fn export(&self, path: &str, to: &mut dyn Write) -> Result<(), Broken> {
        let closed = format!("{path}{ENDING}");
        let is_export = |name: &str| self.checked.manifest.file(name).is_some_and(|entry| entry.role == "export");
        let unread = |name: &str, error: io::Error| Broken::new(name, format!("it could not be read: {error}"));
        if is_export(path) {
            let (_, mut stream) = self.source.stream(path)?;
            return io::copy(&mut stream, to).map(drop).map_err(|error| unread(path, error));
        }
        if !is_export(&closed) {
            return Err(Broken::new(path, "there is no such export"));
        }
        let key = self.opened()?.key().ok_or_else(|| Broken::new(&closed, "nothing says with what it is closed"))?;
        let (_, mut stream) = self.source.stream(&closed)?;
        open(key, &mut stream, to).map_err(|error| unread(&closed, error))
    }

    /// The SHA-256 of an export as it is once it is open.
    pub fn export_sha256(&self, path: &str) -> Result<String, Broken> {
        let mut hash = Hashing(Sha256::new());
        self.export(path, &mut hash)?;
        Ok(hex::encode(hash.0.finalize()))
    }

    /// By what it was judged, but for the answers.
    pub fn policy(&self) -> Result<Policy, Broken> {
        policy_of(&self.source)
    }

    /// The controls that it was judged by, as JSON.
    pub fn controls(&self) -> Result<String, Broken> {
        self.source.read_text(CONTROLS, LARGEST_FILE)
    }

    /// The targets that were asked for, with their providers.
    pub fn asked(&self) -> impl Iterator<Item = (&str, Provider)> {
        self.scope.asked.iter().map(|asked| (asked.target.as_str(), asked.provider))
    }

    /// The verdicts as they stand in the bundle.
    pub fn verdicts(&self) -> Result<String, Broken> {
        let (_, mut stream) = self.source.stream(VERDICTS)?;
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .map_err(|error| Broken::new(VERDICTS, format!("it could not be read: {error}")))?;
        Ok(text)
    }

    /// Whether lines are the verdicts of the bundle, to the byte.
    pub fn says(&self, lines: impl IntoIterator<Item = String>) -> Result<bool, Broken> {
        let (_, stream) = self.source.stream(VERDICTS)?;
        let mut stream = BufReader::new(stream);
        let mut next = |number| next_line(VERDICTS, number, &mut stream);
        let mut number = 0;
        for line in lines {
            number += 1;
            if next(number)?.as_ref() != Some(&line) {
                return Ok(false);
            }
        }
        Ok(next(number + 1)?.is_none())
    }

    /// Whether the answers, judged again, say of the run what the bundle says of it: which it was and when, how much was seen, who
    /// told where clusters are, what did not answer, and so the first page. `storage`: what the bucket said of itself, in words.
    pub fn tells(&self, judged: &Judged<'_>, storage: Option<&str>) -> Result<(), Broken> {
        let manifest = &self.checked.manifest;
        if (judged.run, judged.span) != (manifest.run.as_str(), (manifest.started_at, manifest.as_of)) {
            return Err(Broken::new(MANIFEST, format!("its answers are those of run `{}`", judged.run)));
        }
        let counted = Counted::read(&self.source.read_text(COVERAGE, LARGEST_FILE)?)?;
        if !counted.tells(judged) {
            return Err(Broken::new(COVERAGE, "what was seen and what was not are others than its answers tell"));
        }
        let is_there = manifest.file(FIRINGS).is_some();
        let firings = is_there.then(|| self.source.read_text(FIRINGS, LARGEST_FILE)).transpose()?;
        let firings = firings.as_deref().map(Firings::read).transpose()?;
        let signer = manifest.log.as_ref().map(|_| self.source.read_text(SIGNER, LIMIT)).transpose()?;
        let signer = signer.map(|pem| PublicKey::from_pem(&pem)).transpose();
        let signer = signer.map_err(|error| Broken::new(SIGNER, error.to_string()))?;
        let page = page(&Facts {
            run: judged.run,
            span: judged.span,
            engine: &manifest.engine,
            redaction: &manifest.redaction,
            counted: &counted,
            verdicts: manifest.verdicts,
            firings: firings.as_ref(),
            storage,
            encryption: manifest.encryption.clone(),
            sealed: signer.map(PublicKey::algorithm),
        });
        if self.source.read_text(PAGE, LARGEST_FILE)? == page {
            return Ok(());
        }
        Err(Broken::new(PAGE, "it is not the first page of this bundle: it tells something else of it"))
    }

    /// What the bucket that it was made for said of itself, as JSON, if it says so.
    pub fn storage(&self) -> Result<Option<String>, Broken> {
        let is_there = self.checked.manifest.file(STORAGE).is_some();
        is_there.then(|| self.source.read_text(STORAGE, LARGEST_FILE)).transpose()
    }

    /// The answer of a call, by its number in the ledger.
    pub fn answer(&self, call: u64) -> Result<Vec<u8>, Broken> {
        let answers = self.opened()?;
        let (_, stream) = self.source.stream(LEDGER)?;
        let mut ledger = BufReader::new(stream);
        let mut number = 0;
        while let Some(line) = {
            number += 1;
            next_call(number, &mut ledger)?
        } {
            if number != call {
                continue;
            }
            let Some(digest) = line.sha256 else {
                return Err(Broken::new(LEDGER, format!("call {call} was not answered")));
            };
            let changed = || Broken::new(answers.path(&digest), "it changed while it was read");
            return answers.read(&digest)?.1.ok_or_else(changed);
        }
        Err(Broken::new(LEDGER, format!("there is no call {call}")))
    }

    /// The answers, which can be read.
    fn opened(&self) -> Result<AnswersOf<'_>, Broken> {
        AnswersOf::new(&self.source, &self.checked.manifest, &self.periods)?.open()
    }

    /// The snapshots, one by one, in the order in which they were judged, each with the numbers of its answers in the ledger.
    pub fn snapshots(&self) -> Result<Snapshots<'_>, Broken> {
        let answers = self.opened()?;
        let (_, stream) = self.source.stream(LEDGER)?;
        Ok(Snapshots { answers, ledger: BufReader::new(stream), units: self.scope.read.iter(), number: 0 })
    }
}

/// Snapshots on their way out of a bundle.
#[derive(Debug)]
pub struct Snapshots<'a> {
    answers: AnswersOf<'a>,
    ledger: BufReader<Take<File>>,
    units: std::slice::Iter<'a, Read>,
    number: u64,
}

impl Iterator for Snapshots<'_> {
    type Item = Result<(Snapshot, Numbers), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let unit = self.units.next()?;
        Some(self.unit(unit))
    }
}

impl Snapshots<'_> {
    fn unit(&mut self, unit: &Read) -> Result<(Snapshot, Numbers), Broken> {
        let (mut records, mut numbers) = (Vec::new(), Numbers::default());
        for _ in 0..unit.calls {
            self.number += 1;
            let line = next_call(self.number, &mut self.ledger)?
                .ok_or_else(|| Broken::new(LEDGER, format!("it ends before call {}", self.number)))?;
            let exchange = line.exchange();
            let outcome = match (line.sha256, line.failure) {
                (Some(digest), _) => {
                    let (_, open) = self.answers.read(&digest)?;
                    let body = open.map(Body::new).filter(|body| body.digest().to_hex() == digest);
                    let body =
                        body.ok_or_else(|| Broken::new(self.answers.path(&digest), "it changed while it was read"))?;
                    numbers.take(&line.operation, body.digest(), self.number);
                    Outcome::Answered(body)
                }
                (None, Some(failure)) => Outcome::Failed(failure),
                (None, None) => return Err(Broken::new(LEDGER, format!("call {} has no outcome", self.number))),
            };
            records.push(Record {
                call: line.operation,
                scope: line.scope,
                params: line.params,
                page: line.page,
                last: line.last,
                at: line.answered_at,
                exchange,
                outcome,
            });
        }
        let span = (unit.started_at, unit.finished_at);
        let snapshot = Snapshot::new(unit.target.clone(), unit.provider, unit.unit.clone(), span, records);
        let snapshot = match &unit.parts {
            None => snapshot,
            Some(parts) => snapshot.of_parts(parts.clone()),
        };
        Ok((snapshot, numbers))
    }
}
