//! Makes a bundle: answers one snapshot at a time, then what was decided and judged, then the manifest and its seal.

use crate::{
    BundleLog, Entry, Export, Firings, Numbers, PeriodKey, Population, Profile, SigningKey, Suspect,
    broken::Broken,
    coverage::{COVERAGE, Counted, GapLine, is_list},
    firings::FIRINGS,
    guide,
    ledger::{LEDGER, Line, raw_path},
    manifest::{Engine, FileEntry, MANIFEST, Manifest, Position},
    merkle::leaf,
    period::{closed_path, period_of},
    policy::write_policy,
    seal::{self, CHECKPOINT, CONSISTENCY, ENVELOPE, INCLUSION, PREVIOUS, SIGNER},
    secrets::suspect,
    source::{Source, pack},
    verdicts::write_verdicts,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use palisade_engine::{Coverage, Entry as Control, Finding, GapRow, Policy};
use palisade_model::Provider;
use palisade_provider::{FailureReason, Outcome, Snapshot};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};

pub(crate) const SUMS: &str = "raw/SHA256SUMS";
pub(crate) const SCOPE: &str = "context/scope.json";
pub(crate) const POLICY: &str = "context/policy.json";
pub(crate) const CONTROLS: &str = "context/controls.json";
pub(crate) const ANSWERS: &str = "context/answers.yaml";
pub(crate) const STORAGE: &str = "context/storage.json";
pub(crate) const PAGE: &str = "VERIFY.md";
const EXPORT: &str = "export";
const SCOPE_SCHEMA: &str = "palisade.scope/v1";

/// A bundle could not be made. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Something could not be written.
    #[error("could not write `{}`", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something stands there already.
    #[error("`{}` is there already and is not overwritten: a bundle is made once", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Another process makes a bundle there.
    #[error("`{}` is held by another export; wait until it has ended", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The key is for another calendar month than that of the run.
    #[error(
        "the run ended in {run} and the key is for {key}: `palisade evidence keys period new --period {run}` makes one"
    )]
    Period {
        /// The run's month.
        run: String,
        /// The key's.
        key: String,
    },
    /// Something in it looks like a secret.
    #[error("`{file}` would hold a secret: {suspect}; nothing was given away")]
    Secret {
        /// Which file of the bundle.
        file: String,
        /// What it looks like, and where.
        suspect: Suspect,
    },
    /// The log of bundles cannot be used, or what was written does not read back.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The target's name.
    pub target: String,
    /// Its provider.
    pub provider: Provider,
    /// Which accounts, subscriptions or projects of it, in words.
    pub scopes: String,
}

/// A part that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) provider: Provider,
    pub(crate) target: String,
    pub(crate) unit: String,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) calls: u64,
    pub(crate) failed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Denied {
    scope: String,
    operation: String,
    permission: Option<String>,
    times: u64,
}

/// What stands in `context/scope.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    schema: String,
    asked: Vec<Asked>,
    pub(crate) read: Vec<Read>,
    denied: Vec<Denied>,
}

impl Scope {
    pub(crate) fn parse(text: &str) -> Result<Self, Broken> {
        let scope: Self =
            serde_json::from_str(text).map_err(|error| Broken::new(SCOPE, format!("it is no scope: {error}")))?;
        if scope.schema == SCOPE_SCHEMA { Ok(scope) } else { Err(Broken::new(SCOPE, "its schema is another one")) }
    }
}

/// What was decided before anything was judged.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the configuration asks for. Empty when nobody said: then nothing can be missing.
    pub asked: &'a [Asked],
    /// The parameters and accepted risks, as the profile shows them.
    pub policy: &'a Policy,
    /// The controls.
    pub controls: &'a [Control],
    /// The answers to what no API tells, as their file has them.
    pub answers: Option<&'a str>,
    /// Which runs there should have been, when somebody says which.
    pub firings: Option<&'a Firings>,
    /// What the bucket that the bundle is for says of itself: as JSON, and in words.
    pub storage: Option<(&'a str, &'a str)>,
    /// The version of the program, and the SHA-256 of its file.
    pub palisade: (&'a str, &'a str),
}

/// What was judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The run's id.
    pub run: &'a str,
    /// When the first call was made and when the last answer was there.
    pub span: (Timestamp, Timestamp),
    /// Every verdict, in order.
    pub findings: &'a [Finding],
    /// How much was seen.
    pub coverage: Coverage,
    /// The calls that failed.
    pub gaps: &'a [GapRow],
}

/// With what a bundle is sealed.
#[derive(Debug)]
pub struct Seal<'a> {
    /// The key.
    pub key: &'a SigningKey,
    /// The log that gives it its number.
    pub log: &'a mut BundleLog,
}

/// A bundle that was made.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its manifest.
    pub manifest: Manifest,
    /// The SHA-256 of the manifest.
    pub sha256: String,
    /// Clusters that were listed.
    pub clusters_listed: u64,
    /// Clusters that were judged.
    pub clusters_evaluated: u64,
}

/// Makes one bundle. It grows beside its place and stands there when it is whole; when it is given up, nothing is left.
#[derive(Debug)]
pub struct BundleWriter {
    place: PathBuf,
    part: PathBuf,
    ledger: BufWriter<File>,
    calls: u64,
    answers: u64,
    numbers: Numbers,
    population: Population,
    read: Vec<Read>,
    denied: BTreeMap<(String, String, Option<String>), u64>,
    files: Vec<FileEntry>,
    redaction: &'static str,
    /// With what answers are closed.
    key: Option<PeriodKey>,
    /// The folder, held while the bundle grows: nobody takes it for what an ended process left.
    _held: File,
    given_up: bool,
}

impl Drop for BundleWriter {
    fn drop(&mut self) {
        if self.given_up {
            // What is left of it is of no use; the first error is the one to report.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
    |source| ExportError::Write { path: path.to_owned(), source }
}

/// Begins the folder in which a bundle grows, and holds it. What a process left there that ended in the middle is removed;
/// what another one is at, and what is none of ours, is not.
fn begin(part: &Path) -> Result<File, ExportError> {
    let write = |source| ExportError::Write { path: part.to_owned(), source };
    let busy = |_| ExportError::Busy { path: part.to_owned() };
    let left = match fs::create_dir(part) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !is_left(part).map_err(write)? {
                return Err(ExportError::Exists { path: part.to_owned() });
            }
            // Held until the new one is there: of two that come to the same remains, one goes on.
            let left = File::open(part).map_err(write)?;
            left.try_lock().map_err(busy)?;
            fs::remove_dir_all(part).map_err(write)?;
            fs::create_dir(part).map_err(write)?;
            Some(left)
        }
        made => made.map(|()| None).map_err(write)?,
    };
    let held = File::open(part).map_err(write)?;
    held.try_lock().map_err(busy)?;
    drop(left);
    Ok(held)
}

/// Whether a folder holds nothing that a bundle in the making does not.
fn is_left(part: &Path) -> io::Result<bool> {
    const FIRST: [&str; 6] = ["raw", "context", "results", "exports", LEDGER, PAGE];
    if !fs::symlink_metadata(part)?.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(part)? {
        let name = entry?.file_name();
        let is_ours = |ours: &&str| name == **ours;
        if !FIRST.iter().chain([&SIGNER, &MANIFEST]).chain(&seal::FILES).any(is_ours) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl BundleWriter {
    /// Begins a bundle. The place is a folder that is not there yet, or a file whose name ends in `.tar`.
    pub fn create(place: &Path, profile: &Profile) -> Result<Self, ExportError> {
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = place.with_file_name(name);
        if fs::symlink_metadata(place).is_ok() {
            return Err(ExportError::Exists { path: place.to_owned() });
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let held = begin(&part)?;
        for folder in ["raw", "context", "results"] {
            let path = part.join(folder);
            fs::create_dir(&path).map_err(failed(&path))?;
        }
        let path = part.join(LEDGER);
        let ledger = BufWriter::new(File::create_new(&path).map_err(failed(&path))?);
        Ok(Self {
            place: place.to_owned(),
            part,
            ledger,
            calls: 0,
            answers: 0,
            numbers: Numbers::default(),
            population: Population::default(),
            read: Vec::new(),
            denied: BTreeMap::new(),
            files: Vec::new(),
            redaction: profile.name(),
            key: None,
            _held: held,
            given_up: true,
        })
    }

    /// Closes every answer with the key of the run's calendar month.
    #[must_use]
    pub fn closed_with(mut self, key: PeriodKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Takes the calls and answers of one part of a target, as the profile shows them.
    pub fn take(&mut self, snapshot: &Snapshot) -> Result<(), ExportError> {
        let first = self.calls;
        let mut lost = 0;
        for record in snapshot.records() {
            self.calls += 1;
            let line = Line::of(self.calls, (snapshot.provider, &snapshot.target, &snapshot.scope), record);
            let mut list = None;
            match &record.outcome {
                Outcome::Answered(body) => {
                    self.numbers.take(&record.call, body.digest(), self.calls);
                    self.put_answer(&body.digest().to_hex(), body.bytes())?;
                    list = is_list(&record.call).then(|| body.bytes().to_vec());
                }
                Outcome::Failed(failure) => {
                    lost += 1;
                    if failure.reason == FailureReason::Denied {
                        let key = (record.scope.to_string(), record.call.to_string(), failure.permission.clone());
                        *self.denied.entry(key).or_default() += 1;
                    }
                }
            }
            self.population.take_call(&line, || list);
            let path = self.part.join(LEDGER);
            self.ledger.write_all(line.to_text().as_bytes()).map_err(failed(&path))?;
        }
        self.read.push(Read {
            provider: snapshot.provider,
            target: snapshot.target.clone(),
            unit: snapshot.scope.clone(),
            started_at: snapshot.started_at,
            finished_at: snapshot.finished_at,
            calls: self.calls - first,
            failed: lost,
        });
        Ok(())
    }

    /// An answer that came often stands there once.
    fn put_answer(&mut self, digest: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let Some(key) = &self.key else { return self.put_stored(&raw_path(digest), bytes) };
        let name = closed_path(digest);
        // Nobody can look into it any more once it is closed.
        if let Some(suspect) = suspect(bytes, true) {
            return Err(ExportError::Secret { file: name, suspect });
        }
        let closed = key.close(digest, bytes)?;
        self.put_stored(&name, &closed)
    }

    fn put_stored(&mut self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.part.join(name);
        match File::create_new(&path) {
            Ok(mut file) => {
                self.answers += 1;
                file.write_all(bytes).map_err(failed(&path))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(&path);
                fs::create_dir(folder).map_err(failed(folder))?;
                self.put_stored(name, bytes)
            }
            Err(source) => Err(ExportError::Write { path, source }),
        }
    }

    /// Ends the bundle: what it was judged by, the verdicts, what was seen, their other forms, the manifest, the seal.
    pub fn finish(
        mut self,
        judged: &Judged<'_>,
        context: &Context<'_>,
        exports: &[Export<'_>],
        seal: Option<Seal<'_>>,
    ) -> Result<Finished, ExportError> {
        let run = period_of(judged.span.1);
        if let Some(key) = self.key.as_ref().filter(|key| key.period() != run) {
            return Err(ExportError::Period { run, key: key.period().to_owned() });
        }
        let path = self.part.join(LEDGER);
        self.ledger.flush().map_err(failed(&path))?;
        self.list(LEDGER, "application/x-ndjson", "ledger")?;
        let controls = self.put_context(context)?;
        self.put_verdicts(judged)?;
        let counted = self.put_coverage(judged, context)?;
        self.put_sums()?;
        exports.iter().try_for_each(|export| self.put_export(export))?;
        let engine = Engine {
            palisade: context.palisade.0.to_owned(),
            binary_sha256: context.palisade.1.to_owned(),
            controls_sha256: controls,
        };
        let page = guide::page(&guide::Facts {
            run: judged.run,
            span: judged.span,
            engine: &engine,
            redaction: self.redaction,
            counted: &counted,
            verdicts: judged.findings.len(),
            firings: context.firings,
            storage: context.storage.map(|(_, words)| words),
            encryption: self.key.as_ref().map(PeriodKey::encryption),
            is_sealed: seal.is_some(),
        });
        self.put(PAGE, page.as_bytes(), "text/markdown", "page")?;
        if let Some(seal) = &seal {
            self.put(SIGNER, seal.key.public().to_pem().as_bytes(), "application/x-pem-file", "key")?;
        }
        for entry in &self.files {
            if entry.role == EXPORT {
                self.refuse_secrets_anywhere(&entry.path)?;
            } else {
                self.refuse_secrets(&entry.path)?;
            }
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let manifest = Manifest::new(
            judged.run.to_owned(),
            judged.span,
            engine,
            self.redaction.to_owned(),
            counted.is_complete(),
            (judged.gaps.len() as u64, self.calls, self.answers, judged.findings.len() as u64),
            (context.firings.map(Firings::counts), self.key.as_ref().map(PeriodKey::encryption)),
            None,
            std::mem::take(&mut self.files),
        );
        let manifest = match seal {
            None => manifest,
            Some(seal) => self.put_seal(manifest, seal)?,
        };
        let text = manifest.to_text();
        self.write(MANIFEST, text.as_bytes())?;
        self.settle()?;
        Ok(Finished {
            sha256: sha256(text.as_bytes()),
            manifest,
            clusters_listed: counted.clusters_listed,
            clusters_evaluated: counted.clusters_evaluated,
        })
    }

    /// The digest of the controls.
    fn put_context(&mut self, context: &Context<'_>) -> Result<String, ExportError> {
        let denied = std::mem::take(&mut self.denied)
            .into_iter()
            .map(|((scope, operation, permission), times)| Denied { scope, operation, permission, times });
        let scope = Scope {
            schema: SCOPE_SCHEMA.to_owned(),
            asked: context.asked.to_vec(),
            read: self.read.clone(),
            denied: denied.collect(),
        };
        self.put(SCOPE, pretty(&scope).as_bytes(), "application/json", "context")?;
        self.put(POLICY, write_policy(context.policy).as_bytes(), "application/json", "context")?;
        if let Some(answers) = context.answers {
            self.put(ANSWERS, answers.as_bytes(), "application/yaml", "context")?;
        }
        if let Some(firings) = context.firings {
            self.put(FIRINGS, firings.to_text().as_bytes(), "application/json", "context")?;
        }
        if let Some((text, _)) = context.storage {
            self.put(STORAGE, text.as_bytes(), "application/json", "context")?;
        }
        #[derive(Serialize)]
        struct Rule {
            id: &'static str,
            name: &'static str,
            severity: &'static str,
            title: &'static str,
        }
        let rule = |control: &Control| Rule {
            id: control.meta.id,
            name: control.meta.name,
            severity: control.meta.severity.name(),
            title: control.meta.title,
        };
        let rules = pretty(&context.controls.iter().map(rule).collect::<Vec<_>>());
        self.put(CONTROLS, rules.as_bytes(), "application/json", "context")?;
        Ok(sha256(rules.as_bytes()))
    }

    fn put_verdicts(&mut self, judged: &Judged<'_>) -> Result<(), ExportError> {
        let path = self.part.join(crate::VERDICTS);
        let mut file = BufWriter::new(File::create_new(&path).map_err(failed(&path))?);
        write_verdicts(judged.findings, &self.numbers, &mut file).and_then(|()| file.flush()).map_err(failed(&path))?;
        self.list(crate::VERDICTS, "application/x-ndjson", "result")
    }

    fn put_coverage(&mut self, judged: &Judged<'_>, context: &Context<'_>) -> Result<Counted, ExportError> {
        let mut last = None;
        for finding in judged.findings {
            let this = (finding.provider, &finding.scope, &finding.cluster);
            if last != Some(this) {
                self.population.take_cluster(finding.provider, &finding.cluster_name);
                last = Some(this);
            }
        }
        let read: BTreeSet<&str> = self.read.iter().map(|read| read.target.as_str()).collect();
        let not_read = context.asked.iter().filter(|asked| !read.contains(asked.target.as_str()));
        let not_read = not_read.map(|asked| asked.target.clone()).collect();
        let gaps = judged.gaps.iter().map(GapLine::of).collect();
        let counted = self.population.count(judged.coverage, not_read, gaps);
        self.put(COVERAGE, counted.to_text().as_bytes(), "application/json", "result")?;
        Ok(counted)
    }

    /// The list of answers, as `sha256sum -c` reads it. Every answer is read again on the way: for its digest, and for
    /// secrets.
    fn put_sums(&mut self) -> Result<(), ExportError> {
        let path = self.part.join(SUMS);
        let mut file = BufWriter::new(File::create_new(&path).map_err(failed(&path))?);
        let source = Source::Folder(self.part.clone());
        for prefix in 0..=255_u8 {
            for name in source.answers(&format!("{prefix:02x}"))? {
                let bytes = fs::read(self.part.join(&name)).map_err(failed(&path))?;
                let digest = sha256(&bytes);
                if self.key.is_some() {
                    writeln!(file, "{digest}  {name}").map_err(failed(&path))?;
                    continue;
                }
                if raw_path(&digest) != name {
                    return Err(Broken::new(name, "it is not what was written: the disk changed it").into());
                }
                if let Some(suspect) = suspect(&bytes, true) {
                    return Err(ExportError::Secret { file: name, suspect });
                }
                writeln!(file, "{digest}  {name}").map_err(failed(&path))?;
            }
        }
        file.flush().map_err(failed(&path))?;
        self.list(SUMS, "text/plain", "raw")
    }

    fn put_export(&mut self, export: &Export<'_>) -> Result<(), ExportError> {
        let path = self.part.join(export.path());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        let mut file = BufWriter::new(File::create_new(&path).map_err(failed(&path))?);
        export.write(&self.numbers, &mut file).and_then(|()| file.flush()).map_err(failed(&path))?;
        self.list(export.path(), export.media_type(), EXPORT)
    }

    /// Piece by piece, since an export need not have lines. Pieces overlap by more than the longest secret that is known.
    fn refuse_secrets_anywhere(&self, name: &str) -> Result<(), ExportError> {
        const PIECE: u64 = 1 << 20;
        const OVERLAP: usize = 1 << 10;
        let path = self.part.join(name);
        let file = File::open(&path).map_err(failed(&path))?;
        let (mut piece, mut before) = (Vec::new(), 0);
        while (&file).take(PIECE).read_to_end(&mut piece).map_err(failed(&path))? > 0 {
            if let Some(Suspect { kind, at }) = suspect(&piece, false) {
                return Err(ExportError::Secret { file: name.to_owned(), suspect: Suspect { kind, at: before + at } });
            }
            let done = piece.len().saturating_sub(OVERLAP);
            piece.drain(..done);
            before += done;
        }
        Ok(())
    }

    /// Line by line, so that memory does not follow the length of a file.
    fn refuse_secrets(&self, name: &str) -> Result<(), ExportError> {
        let path = self.part.join(name);
        let mut file = io::BufReader::new(File::open(&path).map_err(failed(&path))?);
        let mut number = 0;
        while let Some(line) = {
            number += 1;
            crate::ledger::next_line(name, number, &mut file)?
        } {
            if let Some(suspect) = suspect(line.as_bytes(), false) {
                return Err(ExportError::Secret { file: format!("{name}, line {number}"), suspect });
            }
        }
        Ok(())
    }

    fn put_seal(&self, bare: Manifest, seal: Seal<'_>) -> Result<Manifest, ExportError> {
        let Seal { key, log } = seal;
        let content = sha256(bare.to_text().as_bytes());
        let (number, previous) = log.place_of(&content);
        let position = Position { origin: log.origin().to_owned(), number, previous };
        let manifest = Manifest { log: Some(position), ..bare };
        let text = manifest.to_text();
        let (sum, leaf) = (sha256(text.as_bytes()), leaf(text.as_bytes()));
        let as_of = Some(manifest.as_of);
        let entry =
            Entry { number, run: manifest.run.clone(), as_of, content, manifest: sum.clone(), leaf: hex::encode(leaf) };
        log.enter(entry, leaf, key)?;
        let lost = || Broken::new(log.origin(), "the log has no such number");
        let (tree, checkpoint) = (log.tree(number).ok_or_else(lost)?, log.checkpoint(number).ok_or_else(lost)?);
        let signed = checkpoint.signed(key);
        let lines = |proof: Vec<[u8; 32]>| proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect::<String>();
        let proof = lines(tree.inclusion(number - 1).ok_or_else(lost)?);
        let index = number - 1;
        self.write(ENVELOPE, seal::envelope(&manifest, &sum, key).as_bytes())?;
        self.write(CHECKPOINT, signed.as_bytes())?;
        self.write(INCLUSION, format!("c2sp.org/tlog-proof@v1\nindex {index}\n{proof}\n{signed}").as_bytes())?;
        if index > 0 {
            let before = log.checkpoint(index).ok_or_else(lost)?;
            self.write(PREVIOUS, before.signed(key).as_bytes())?;
            let proof = lines(tree.consistency(index).ok_or_else(lost)?);
            self.write(CONSISTENCY, format!("{index} {number}\n{proof}").as_bytes())?;
        }
        Ok(manifest)
    }

    fn put(&mut self, name: &str, bytes: &[u8], media: &str, role: &str) -> Result<(), ExportError> {
        self.write(name, bytes)?;
        self.list(name, media, role)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.part.join(name);
        let mut file = File::create_new(&path).map_err(failed(&path))?;
        file.write_all(bytes).map_err(failed(&path))
    }

    /// Puts a file that was written on the list, with the digest of what the disk has.
    fn list(&mut self, name: &str, media: &str, role: &str) -> Result<(), ExportError> {
        let path = self.part.join(name);
        let mut file = File::open(&path).map_err(failed(&path))?;
        let mut hash = Hashing(Sha256::new());
        let bytes = io::copy(&mut file, &mut hash).map_err(failed(&path))?;
        self.files.push(FileEntry {
            path: name.to_owned(),
            bytes,
            sha256: hex::encode(hash.0.finalize()),
            media_type: media.to_owned(),
            role: role.to_owned(),
        });
        Ok(())
    }

    /// Moves the whole bundle to its place.
    fn settle(&mut self) -> Result<(), ExportError> {
        let is_tar = self.place.extension().is_some_and(|extension| extension == "tar");
        if !is_tar {
            fs::rename(&self.part, &self.place).map_err(failed(&self.place))?;
            self.given_up = false;
            return Ok(());
        }
        let packed = self.place.with_extension("tar.packing");
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&packed)?);
            pack(&self.part, &mut file)?;
            file.into_inner()?.sync_all()?;
            fs::rename(&packed, &self.place)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&packed);
            failed(&self.place)(error)
        })
    }
}

/// The SHA-256 of a file, in hexadecimal, without holding the file.
pub fn file_sha256(path: &Path) -> io::Result<String> {
    // A program has hundreds of megabytes in a debug build, where this digest is fast too.
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut chunk)?;
        match chunk.get(..length) {
            None | Some([]) => return Ok(hex::encode(hash.finish())),
            Some(bytes) => hash.update(bytes),
        }
    }
}

/// Bytes on their way into a digest.
pub(crate) struct Hashing(pub(crate) Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pretty<T: Serialize>(value: &T) -> String {
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}
