//! Makes a bundle: answers one snapshot at a time, then what was decided and judged, then the manifest and its seal.

use crate::{
    BundleLog, Entry, Export, Firings, Numbers, PeriodKey, Population, Profile, Signer, VERDICTS,
    broken::Broken,
    closed_file,
    coverage::{COVERAGE, Counted, GapLine, Told, is_list},
    firings::FIRINGS,
    guide::{self, PAGE},
    ledger::{LEDGER, Line, raw_path},
    manifest::{Engine, Manifest, Position},
    merkle::{Tree, leaf},
    part::{EXPORT, ExportError, Part, failed},
    period::{closed_path, period_of},
    policy::write_policy,
    principal::Callers,
    scope::{Asked, Denials, Read, SCOPE, Scope},
    seal::{self, CHECKPOINT, CONSISTENCY, ENVELOPE, INCLUSION, PREVIOUS, SIGNER},
    secrets::suspect,
    source::Source,
    unsorted::Unsorted,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use palisade_engine::{Coverage, Entry as Control, Finding, GapRow, Policy};
use palisade_provider::{Outcome, Snapshot};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read as _, Write as _},
    path::Path,
};

pub(crate) const SUMS: &str = "raw/SHA256SUMS";
pub(crate) const POLICY: &str = "context/policy.json";
pub(crate) const CONTROLS: &str = "context/controls.json";
pub(crate) const ANSWERS: &str = "context/answers.yaml";
pub(crate) const STORAGE: &str = "context/storage.json";
pub(crate) const EXPORTED: &str = "context/exports.json";

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
    /// By what the exports were made, as JSON: whoever has it and the answers can make them again.
    pub exports: Option<&'a str>,
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
    /// How much was seen.
    pub coverage: Coverage,
    /// Who told where clusters are, when it was not every place itself.
    pub told: &'a [Told],
    /// The calls that failed.
    pub gaps: &'a [GapRow],
}

/// With what a bundle is sealed.
#[derive(Debug)]
pub struct Seal<'a> {
    /// Whoever signs.
    pub key: &'a dyn Signer,
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
///
/// Answers and verdicts go to the disk as they come: what is kept of a cluster is where its verdicts are.
#[derive(Debug)]
pub struct BundleWriter {
    part: Part,
    ledger: BufWriter<File>,
    verdicts: Unsorted,
    calls: u64,
    answers: u64,
    population: Population,
    read: Vec<Read>,
    denied: Denials,
    callers: Callers,
    redaction: &'static str,
    /// With what answers are closed.
    key: Option<PeriodKey>,
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl BundleWriter {
    /// Begins a bundle. The place is a folder that is not there yet, or a file whose name ends in `.tar`.
    pub fn create(place: &Path, profile: &Profile) -> Result<Self, ExportError> {
        let part = Part::create(place)?;
        Ok(Self {
            ledger: part.begin(LEDGER)?,
            verdicts: Unsorted::new(part.scratch()?),
            part,
            calls: 0,
            answers: 0,
            population: Population::default(),
            read: Vec::new(),
            denied: Denials::default(),
            callers: Callers::default(),
            redaction: profile.name(),
            key: None,
        })
    }

    /// Closes every answer with the key of the run's calendar month.
    #[must_use]
    pub fn closed_with(mut self, key: PeriodKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Looks into a part of a target for whose its credentials are, before the calls of any part of it are taken: the ledger then
    /// says who made each.
    pub fn learn_callers(&mut self, snapshot: &Snapshot) {
        self.callers.learn(snapshot);
    }

    /// Takes the calls and answers of one part of a target, as the profile shows them. What is returned says which of them the
    /// verdicts about it rest on.
    pub fn take(&mut self, snapshot: &Snapshot) -> Result<Numbers, ExportError> {
        let first = self.calls;
        let (mut lost, mut numbers) = (0, Numbers::default());
        self.callers.learn(snapshot);
        let principals = self.callers.of(snapshot);
        for record in snapshot.records() {
            self.calls += 1;
            let mut line = Line::of(self.calls, (snapshot.provider, &snapshot.target, &snapshot.scope), record);
            let mut list = None;
            match &record.outcome {
                Outcome::Answered(body) => {
                    numbers.take(&record.call, body.digest(), self.calls);
                    self.put_answer(&body.digest().to_hex(), body.bytes())?;
                    list = is_list(&record.call).then(|| body.bytes().to_vec());
                }
                Outcome::Failed(failure) => {
                    lost += 1;
                    self.denied.take(&record.scope, &record.call, failure);
                }
            }
            principals.sign(&mut line);
            self.population.take_call(&line, || list);
            let path = self.part.path(LEDGER);
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
            parts: snapshot.parts.clone(),
        });
        Ok(numbers)
    }

    /// Takes what was judged of some clusters: of each all at once, in the order in which it shall stand. The clusters come in
    /// any order.
    pub fn judged(&mut self, findings: &[Finding], numbers: &Numbers) -> Result<(), ExportError> {
        self.verdicts.take(findings, numbers).map_err(failed(self.part.folder()))
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
        self.answers += u64::from(self.part.put_once(name, bytes)?);
        Ok(())
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
        self.ledger.flush().map_err(failed(&self.part.path(LEDGER)))?;
        self.part.list(LEDGER, "application/x-ndjson", "ledger")?;
        let scope = Scope::new(context.asked.to_vec(), std::mem::take(&mut self.read), self.denied.rows());
        let controls = self.put_context(context, &scope)?;
        let verdicts = self.put_verdicts()?;
        let counted = self.put_coverage(judged, &scope)?;
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
            verdicts,
            firings: context.firings,
            storage: context.storage.map(|(_, words)| words),
            encryption: self.key.as_ref().map(PeriodKey::encryption),
            sealed: seal.as_ref().map(|seal| seal.key.public().algorithm()),
        });
        self.part.put(PAGE, page.as_bytes(), "text/markdown", "page")?;
        if let Some(seal) = &seal {
            self.part.put(SIGNER, seal.key.public().to_pem().as_bytes(), "application/x-pem-file", "key")?;
        }
        let files = self.part.files()?;
        let manifest = Manifest::new(
            judged.run.to_owned(),
            judged.span,
            engine,
            self.redaction.to_owned(),
            counted.is_complete(),
            (judged.gaps.len() as u64, self.calls, self.answers, verdicts),
            (context.firings.map(Firings::counts), self.key.as_ref().map(PeriodKey::encryption)),
            None,
            files,
        );
        let manifest = match seal {
            None => {
                self.part.complete(&manifest.to_text())?;
                self.part.settle()?;
                manifest
            }
            Some(seal) => self.put_seal(manifest, seal)?,
        };
        Ok(Finished {
            sha256: sha256(manifest.to_text().as_bytes()),
            manifest,
            clusters_listed: counted.clusters_listed,
            clusters_evaluated: counted.clusters_evaluated,
        })
    }

    /// The digest of the controls.
    fn put_context(&mut self, context: &Context<'_>, scope: &Scope) -> Result<String, ExportError> {
        self.part.put(SCOPE, pretty(scope).as_bytes(), "application/json", "context")?;
        self.part.put(POLICY, write_policy(context.policy).as_bytes(), "application/json", "context")?;
        if let Some(answers) = context.answers {
            self.part.put(ANSWERS, answers.as_bytes(), "application/yaml", "context")?;
        }
        if let Some(firings) = context.firings {
            self.part.put(FIRINGS, firings.to_text().as_bytes(), "application/json", "context")?;
        }
        if let Some((text, _)) = context.storage {
            self.part.put(STORAGE, text.as_bytes(), "application/json", "context")?;
        }
        if let Some(text) = context.exports {
            self.part.put(EXPORTED, text.as_bytes(), "application/json", "context")?;
        }
        let rules = controls_text(context.controls);
        self.part.put(CONTROLS, rules.as_bytes(), "application/json", "context")?;
        Ok(sha256(rules.as_bytes()))
    }

    /// How many there are.
    fn put_verdicts(&mut self) -> Result<u64, ExportError> {
        let path = self.part.path(VERDICTS);
        let mut file = self.part.begin(VERDICTS)?;
        let population = &mut self.population;
        let written =
            self.verdicts.sorted(&mut file, |provider, scope, name| population.take_cluster(provider, scope, name));
        let verdicts = written.and_then(|verdicts| file.flush().map(|()| verdicts)).map_err(failed(&path))?;
        self.part.list(VERDICTS, "application/x-ndjson", "result")?;
        Ok(verdicts)
    }

    fn put_coverage(&mut self, judged: &Judged<'_>, scope: &Scope) -> Result<Counted, ExportError> {
        let gaps = judged.gaps.iter().map(GapLine::of).collect();
        let counted = self.population.count(judged.coverage, scope.not_read(), (judged.told.to_vec(), gaps));
        self.part.put(COVERAGE, counted.to_text().as_bytes(), "application/json", "result")?;
        Ok(counted)
    }

    /// The list of answers, as `sha256sum -c` reads it. Every answer is read again on the way: for its digest, and for
    /// secrets.
    fn put_sums(&mut self) -> Result<(), ExportError> {
        let path = self.part.path(SUMS);
        let mut file = self.part.begin(SUMS)?;
        let source = Source::Folder(self.part.folder().to_owned());
        for prefix in 0..=255_u8 {
            for name in source.answers(&format!("{prefix:02x}"))? {
                let bytes = fs::read(self.part.path(&name)).map_err(failed(&path))?;
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
        self.part.list(SUMS, "text/plain", "raw")
    }

    fn put_export(&mut self, export: &Export<'_>) -> Result<(), ExportError> {
        let path = self.part.path(export.path());
        let mut file = self.part.begin(export.path())?;
        export.write(&mut file).and_then(|()| file.flush()).map_err(failed(&path))?;
        drop(file);
        let Some(key) = &self.key else { return self.part.list(export.path(), export.media_type(), EXPORT) };
        // Nobody can look into it any more once it is closed.
        self.part.refuse_secrets_anywhere(export.path())?;
        let name = format!("{}{}", export.path(), closed_file::ENDING);
        let mut closed = self.part.begin(&name)?;
        let mut open = File::open(&path).map_err(failed(&path))?;
        closed_file::close(key, &mut open, &mut closed).and_then(|()| closed.flush()).map_err(failed(&path))?;
        fs::remove_file(&path).map_err(failed(&path))?;
        self.part.list(&name, export.media_type(), EXPORT)
    }

    /// Gives the bundle its number and puts it in its place. All of it lies on the disk before the number is taken.
    fn put_seal(&self, bare: Manifest, seal: Seal<'_>) -> Result<Manifest, ExportError> {
        let Seal { key, log } = seal;
        let content = sha256(bare.to_text().as_bytes());
        let (number, previous) = log.place_of(&content);
        let position = Position { origin: log.origin().to_owned(), number, previous };
        let manifest = Manifest { log: Some(position), ..bare };
        let text = manifest.to_text();
        let leaf = leaf(text.as_bytes());
        let entry = Entry {
            number,
            run: manifest.run.clone(),
            as_of: Some(manifest.as_of),
            content,
            manifest: sha256(text.as_bytes()),
            leaf: hex::encode(leaf),
            sum: None,
        };
        let tree = log.with(&entry, leaf)?;
        let made = self.write_seal((&manifest, &entry.manifest), (&tree, number), key, log).and_then(|checkpoint| {
            self.part.complete(&text)?;
            log.enter(entry, leaf, &checkpoint, key)?;
            self.part.settle()
        });
        made.map_err(|error| log.told(number, error))?;
        Ok(manifest)
    }

    /// Writes the seal of a manifest with this SHA-256, at this number of the log. Returns the checkpoint.
    fn write_seal(
        &self,
        (manifest, sum): (&Manifest, &str),
        (tree, number): (&Tree, u64),
        key: &dyn Signer,
        log: &mut BundleLog,
    ) -> Result<String, ExportError> {
        let origin = log.origin().to_owned();
        let lost = || Broken::new(&origin, "the log has no such number");
        let signed = log.signed(&log.checkpoint(tree, number).ok_or_else(lost)?, key)?;
        let lines = |proof: Vec<[u8; 32]>| proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect::<String>();
        let index = number - 1;
        let proof = lines(tree.inclusion(index).ok_or_else(lost)?);
        let public = key.public();
        let payload = seal::statement(manifest, sum, Some(public.algorithm()));
        let signature = log.signature(&seal::encoded(payload.as_bytes()), key)?;
        self.part.write(ENVELOPE, seal::envelope(&payload, public, &signature).as_bytes())?;
        self.part.write(CHECKPOINT, signed.as_bytes())?;
        self.part.write(INCLUSION, format!("c2sp.org/tlog-proof@v1\nindex {index}\n{proof}\n{signed}").as_bytes())?;
        if index > 0 {
            let before = log.checkpoint(tree, index).ok_or_else(lost)?;
            self.part.write(PREVIOUS, log.signed(&before, key)?.as_bytes())?;
            let proof = lines(tree.consistency(index).ok_or_else(lost)?);
            self.part.write(CONSISTENCY, format!("{index} {number}\n{proof}").as_bytes())?;
        }
        Ok(signed)
    }
}

/// The controls as a bundle says by what it was judged.
pub fn controls_text(controls: &[Control]) -> String {
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
    pretty(&controls.iter().map(rule).collect::<Vec<_>>())
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

pub(crate) fn pretty<T: Serialize>(value: &T) -> String {
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}
