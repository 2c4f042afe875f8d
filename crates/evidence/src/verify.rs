//! Checks a bundle fact by fact and stops at the first that does not hold.

use crate::{
    Broken, Encryption, Firings, PeriodKey, PublicKey, Rotation, Stamp, VERDICTS,
    coverage::{COVERAGE, Counted, Population, is_list},
    firings::{FIRINGS, unsaid_between},
    guide::PAGE,
    ledger::{LEDGER, is_digest, next_call, next_line},
    manifest::{MANIFEST, Manifest},
    merkle::{Hash, check_consistency, check_inclusion, leaf},
    note::Checkpoint,
    part::{EXPORT, Hashing},
    period::AnswersOf,
    policy::policy_of,
    scope::{Denials, SCOPE, Scope},
    seal::{self, CHECKPOINT, CONSISTENCY, ENVELOPE, INCLUSION, LIMIT, PREVIOUS, SIGNER},
    source::{LARGEST_FILE, Source},
    timestamp::{TOKEN, read_timestamp},
    verdicts::VerdictLine,
    write::{ANSWERS, CONTROLS, EXPORTED, POLICY, STORAGE, SUMS, sha256},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use palisade_engine::Coverage;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufReader},
    path::Path,
};

/// Whom a reader trusts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    keys: BTreeSet<PublicKey>,
    periods: Vec<PeriodKey>,
}

impl Trust {
    /// Trusts some keys, and those that follow them by rotations that both sides signed.
    pub fn new(keys: &[PublicKey], rotations: &[Rotation]) -> Result<Self, crate::KeyError> {
        let mut keys: BTreeSet<PublicKey> = keys.iter().copied().collect();
        let steps: Vec<(PublicKey, PublicKey)> = rotations.iter().map(Rotation::keys).collect::<Result<_, _>>()?;
        loop {
            let next: Vec<PublicKey> = steps
                .iter()
                .filter(|(old, new)| keys.contains(old) && !keys.contains(new))
                .map(|(_, new)| *new)
                .collect();
            if next.is_empty() {
                return Ok(Self { keys, periods: Vec::new() });
            }
            keys.extend(next);
        }
    }

    /// Opens closed answers with these keys.
    #[must_use]
    pub fn opening(mut self, periods: Vec<PeriodKey>) -> Self {
        self.periods = periods;
        self
    }

    pub(crate) fn periods(&self) -> &[PeriodKey] {
        &self.periods
    }
}

/// Who has sealed a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key's fingerprint.
    pub fingerprint: String,
    /// Whether it is a key that the reader trusts. When the reader named none, nobody knows who made the bundle.
    pub trusted: bool,
    /// The log's name.
    pub origin: String,
    /// The bundle's number in it.
    pub number: u64,
    /// The SHA-256 of the manifest before.
    pub previous: Option<String>,
    root: Hash,
    before: Option<Hash>,
}

/// A bundle of which every fact holds.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its manifest.
    pub manifest: Manifest,
    /// The SHA-256 of the manifest.
    pub sha256: String,
    /// Who has sealed it; `None` when nobody has.
    pub signed: Option<Signed>,
    /// Clusters that the clouds listed.
    pub clusters_listed: u64,
    /// Clusters that were judged.
    pub clusters_evaluated: u64,
    /// Listed and not judged, with a reason.
    pub clusters_explained: u64,
    /// Listed and not judged without a reason, or judged and in no list: by name, provider and place.
    pub clusters_unexplained: Vec<String>,
    /// When an authority says that it saw the manifest. Whether it signed that is for `openssl ts -verify`.
    pub timestamp: Option<Stamp>,
    /// How the answers are closed, when nobody could open them: neither they nor the clusters that they list were checked.
    pub closed: Option<Encryption>,
    /// Which runs there should have been, when the bundle says which.
    pub firings: Option<Firings>,
}

/// Checks a bundle: a folder or a tar file. With no trusted key the signature is checked against the key in the bundle.
pub fn verify(path: &Path, trust: &Trust) -> Result<Checked, Broken> {
    let source = Source::open(path)?;
    checked(&source, trust)
}

pub(crate) fn checked(source: &Source, trust: &Trust) -> Result<Checked, Broken> {
    let bytes = source.read(MANIFEST, LARGEST_FILE)?;
    let sum = sha256(&bytes);
    let (manifest, signed) = sealed(source, &bytes, &sum, trust)?;
    files(source, &manifest)?;
    policy_of(source)?;
    let from = AnswersOf::new(source, &manifest, trust.periods())?;
    let answers = answers(from, &manifest)?;
    let counted = ledger(from, &manifest, &answers)?;
    Ok(Checked {
        closed: from.closed().cloned(),
        timestamp: timestamp(source, &sum)?,
        firings: firings(source, &manifest)?,
        clusters_listed: counted.clusters_listed,
        clusters_evaluated: counted.clusters_evaluated,
        clusters_explained: counted.explained.iter().map(|named| named.clusters).sum(),
        clusters_unexplained: counted
            .unexplained
            .iter()
            .chain(&counted.in_no_list)
            .map(|named| format!("{} of {} in {}", named.name, named.provider, named.scope))
            .collect(),
        manifest,
        sha256: sum,
        signed,
    })
}

/// The manifest, and who signed it.
fn sealed(source: &Source, bytes: &[u8], sum: &str, trust: &Trust) -> Result<(Manifest, Option<Signed>), Broken> {
    let manifest = Manifest::read(bytes)?;
    let Some(position) = manifest.log.clone() else {
        if trust.keys.is_empty() {
            return Ok((manifest, None));
        }
        return Err(Broken::new(MANIFEST, "it is not sealed, and a key was given to check it with"));
    };
    let envelope = source.read_text(ENVELOPE, LIMIT)?;
    let signer = source.read_text(SIGNER, LIMIT)?;
    let key = seal::check(&envelope, &manifest, sum, &signer)?;
    let trusted = trust.keys.contains(&key);
    if !trusted && !trust.keys.is_empty() {
        let fact = format!("the bundle is signed by `{}`, which is no key that you trust", key.fingerprint());
        return Err(Broken::new(SIGNER, fact));
    }
    if position.number == 0 || (position.number == 1) != position.previous.is_none() {
        return Err(Broken::new(MANIFEST, "its number and the manifest before it do not fit"));
    }
    let text = source.read_text(CHECKPOINT, LIMIT)?;
    let checkpoint = Checkpoint::read(CHECKPOINT, &text, key)?;
    if (checkpoint.size, &checkpoint.origin) != (position.number, &position.origin) {
        return Err(Broken::new(CHECKPOINT, "it is of another moment or another log than the manifest says"));
    }
    let index = position.number - 1;
    let inclusion = source.read_text(INCLUSION, LIMIT)?;
    let start = format!("c2sp.org/tlog-proof@v1\nindex {index}\n");
    let hashes = inclusion
        .strip_prefix(&start)
        .and_then(|rest| rest.strip_suffix(&format!("\n{text}")))
        .and_then(hashes)
        .ok_or_else(|| Broken::new(INCLUSION, "it is no inclusion proof of this bundle and checkpoint"))?;
    if !check_inclusion(&leaf(bytes), index, checkpoint.size, &hashes, &checkpoint.root) {
        return Err(Broken::new(INCLUSION, "the manifest is not in the log at its number"));
    }
    let before = if index == 0 { None } else { Some(consistent(source, &checkpoint, key)?) };
    let signed = Signed {
        fingerprint: key.fingerprint(),
        trusted,
        origin: position.origin,
        number: position.number,
        previous: position.previous,
        root: checkpoint.root,
        before,
    };
    Ok((manifest, Some(signed)))
}

/// Checks that the log only grew since the bundle before, and gives the root it had.
fn consistent(source: &Source, checkpoint: &Checkpoint, key: PublicKey) -> Result<Hash, Broken> {
    let before = Checkpoint::read(PREVIOUS, &source.read_text(PREVIOUS, LIMIT)?, key)?;
    if (before.size.checked_add(1), &before.origin) != (Some(checkpoint.size), &checkpoint.origin) {
        return Err(Broken::new(PREVIOUS, "it is not the checkpoint before this one"));
    }
    let text = source.read_text(CONSISTENCY, LIMIT)?;
    let proof = text
        .strip_prefix(&format!("{} {}\n", before.size, checkpoint.size))
        .and_then(hashes)
        .ok_or_else(|| Broken::new(CONSISTENCY, "it is no consistency proof of these checkpoints"))?;
    if check_consistency((before.size, &before.root), (checkpoint.size, &checkpoint.root), &proof) {
        Ok(before.root)
    } else {
        Err(Broken::new(CONSISTENCY, "the log was not only grown: something before this bundle was changed or removed"))
    }
}

fn hashes(text: &str) -> Option<Vec<Hash>> {
    if !text.is_empty() && !text.ends_with('\n') {
        return None;
    }
    let hash = |line: &str| {
        let hash: Hash = STANDARD.decode(line).ok()?.try_into().ok()?;
        (STANDARD.encode(hash) == line).then_some(hash)
    };
    text.split_terminator('\n').map(hash).collect()
}

/// Every file that a manifest may name, but for exports.
const OURS: &[&str] =
    &[PAGE, LEDGER, SUMS, SCOPE, POLICY, ANSWERS, FIRINGS, STORAGE, EXPORTED, CONTROLS, VERDICTS, COVERAGE, SIGNER];

/// Every file is on the list and as the list says, and nothing else is there.
fn files(source: &Source, manifest: &Manifest) -> Result<(), Broken> {
    let seal: &[&str] = match &manifest.log {
        None => &[],
        Some(position) if position.number == 1 => &[ENVELOPE, CHECKPOINT, INCLUSION],
        Some(_) => &[ENVELOPE, CHECKPOINT, INCLUSION, PREVIOUS, CONSISTENCY],
    };
    for name in source.names()? {
        if name != MANIFEST && name != TOKEN && !seal.contains(&name.as_str()) && manifest.file(&name).is_none() {
            return Err(Broken::new(name, "it is not in the manifest"));
        }
    }
    for entry in &manifest.files {
        let name = &entry.path;
        if entry.role != EXPORT && !OURS.contains(&name.as_str()) {
            return Err(Broken::new(name, "there is no such file in a bundle"));
        }
        if name.starts_with("exports/") != (entry.role == EXPORT) {
            return Err(Broken::new(
                name,
                format!("it is no `{}`: exports, and nothing else, stand below `exports/`", entry.role),
            ));
        }
        if name == CONTROLS && entry.sha256 != manifest.engine.controls_sha256 {
            return Err(Broken::new(name, "it is not what the manifest says that was judged by"));
        }
        let (length, mut stream) = source.stream(name)?;
        if length != entry.bytes {
            return Err(Broken::new(name, format!("it has {length} bytes and should have {}", entry.bytes)));
        }
        let mut hash = Hashing(Sha256::new());
        io::copy(&mut stream, &mut hash)
            .map_err(|error| Broken::new(name, format!("it could not be read: {error}")))?;
        let digest = hex::encode(hash.0.finalize());
        if digest != entry.sha256 {
            return Err(Broken::new(name, format!("its SHA-256 is {digest} and should be {}", entry.sha256)));
        }
    }
    Ok(())
}

/// Every answer is on the list of answers and is what its name says. Returns their digests: 32 bytes for each.
fn answers(from: AnswersOf<'_>, manifest: &Manifest) -> Result<BTreeSet<Hash>, Broken> {
    let source = from.source;
    let (_, stream) = source.stream(SUMS)?;
    let mut sums = BufReader::new(stream);
    let mut number = 0;
    let mut digests = BTreeSet::new();
    for prefix in 0..=255_u8 {
        for name in source.answers(&format!("{prefix:02x}"))? {
            number += 1;
            let line = next_line(SUMS, number, &mut sums)?.unwrap_or_default();
            let listed = line.strip_suffix('\n').and_then(|line| line.split_once("  "));
            let Some((stored, listed, digest)) = listed
                .filter(|(stored, _)| is_digest(stored))
                .and_then(|(stored, listed)| Some((stored, listed, from.digest(listed)?)))
            else {
                let fact = if line.is_empty() { "it is in no list" } else { "the list has no such line" };
                return Err(Broken::new(name, fact));
            };
            if listed != name {
                // Both are in order: whichever comes first is the one that the other side lacks.
                return Err(if *listed < *name {
                    Broken::new(listed, "it is missing")
                } else {
                    Broken::new(name, format!("it is not in `{SUMS}`"))
                });
            }
            let (bytes, _) = from.read(digest)?;
            let actual = sha256(&bytes);
            if actual != stored {
                return Err(Broken::new(name, format!("its SHA-256 is {actual} and should be {stored}")));
            }
            let bytes = hex::decode(digest).ok().and_then(|bytes| Hash::try_from(bytes).ok());
            digests.extend(bytes);
        }
    }
    if let Some(line) = next_line(SUMS, number + 1, &mut sums)? {
        let name = line.trim_end().split_once("  ").map_or(SUMS, |(_, name)| name);
        return Err(Broken::new(name, "it is missing"));
    }
    source.refuse_empty()?;
    if digests.len() as u64 != manifest.answers || number != manifest.answers {
        let fact = format!("it lists {number} answers and the manifest counts {}", manifest.answers);
        return Err(Broken::new(SUMS, fact));
    }
    Ok(digests)
}

/// The ledger is whole, names every answer and no others, and what was seen is what the files say.
fn ledger(from: AnswersOf<'_>, manifest: &Manifest, answers: &BTreeSet<Hash>) -> Result<Counted, Broken> {
    let source = from.source;
    let scope = Scope::parse(&source.read_text(SCOPE, LARGEST_FILE)?)?;
    let (_, stream) = source.stream(LEDGER)?;
    let mut lines = BufReader::new(stream);
    let mut population = Population::default();
    let mut named = BTreeSet::new();
    let (mut failed, mut denied) = (BTreeSet::new(), Denials::default());
    let mut number = 0;
    for unit in &scope.read {
        let mut lost = 0;
        for _ in 0..unit.calls {
            number += 1;
            let Some(line) = next_call(number, &mut lines)? else {
                return Err(Broken::new(LEDGER, format!("it ends before call {number}")));
            };
            if (line.provider, &line.target, &line.unit) != (unit.provider, &unit.target, &unit.unit) {
                return Err(Broken::new(
                    LEDGER,
                    format!("line {number} is of another account, subscription or project"),
                ));
            }
            if let Some(failure) = &line.failure {
                lost += 1;
                failed.insert((line.scope.to_string(), line.operation.to_string()));
                denied.take(&line.scope, &line.operation, failure);
            }
            if let Some(digest) = &line.sha256 {
                let hash = hex::decode(digest).ok().and_then(|bytes| Hash::try_from(bytes).ok());
                let Some(hash) = hash.filter(|hash| answers.contains(hash)) else {
                    return Err(Broken::new(from.path(digest), format!("it is missing, and call {number} names it")));
                };
                named.insert(hash);
            }
            let answer = line.sha256.clone();
            population.take_call(&line, || from.read(&answer?).ok()?.1);
        }
        if lost != unit.failed {
            return Err(Broken::new(
                SCOPE,
                format!("`{}` has {lost} failed calls and says {}", unit.unit, unit.failed),
            ));
        }
    }
    if next_line(LEDGER, number + 1, &mut lines)?.is_some() || number != manifest.calls {
        return Err(Broken::new(LEDGER, format!("it has other calls than the {} of the manifest", manifest.calls)));
    }
    if let Some(hash) = answers.difference(&named).next() {
        return Err(Broken::new(from.path(&hex::encode(hash)), "no call names it"));
    }
    if denied.rows() != scope.denied {
        return Err(Broken::new(SCOPE, "what was refused is not what the ledger says"));
    }
    if scope.span().is_some_and(|span| span != (manifest.started_at, manifest.as_of)) {
        return Err(Broken::new(MANIFEST, format!("it is of another time than what was read, in `{SCOPE}`")));
    }
    judged(source, manifest, &mut population)?;
    let counted = Counted::read(&source.read_text(COVERAGE, LARGEST_FILE)?)?;
    admitted(&counted, &scope, &failed)?;
    let facts = Coverage { known: counted.facts_known, total: counted.facts_total };
    let again = population.count(facts, counted.targets_not_read.clone(), (counted.told.clone(), counted.gaps.clone()));
    let fits = if from.closed().is_some() { again.fits_closed(&counted) } else { again == counted };
    if !fits {
        return Err(Broken::new(COVERAGE, "the populations are not those of the ledger, the answers and the verdicts"));
    }
    if counted.is_complete() != manifest.complete || counted.gaps.len() as u64 != manifest.gaps {
        return Err(Broken::new(MANIFEST, "it does not say of the gaps what the coverage says"));
    }
    Ok(counted)
}

/// The coverage conceals nothing that the ledger and the scope know: calls that failed, and parts and targets of which nothing
/// was read.
fn admitted(counted: &Counted, scope: &Scope, failed: &BTreeSet<(String, String)>) -> Result<(), Broken> {
    if counted.targets_not_read != scope.not_read() {
        return Err(Broken::new(COVERAGE, format!("the targets that were not read are others than `{SCOPE}` shows")));
    }
    let told: BTreeSet<(&str, &str)> = counted.gaps.iter().map(|gap| (gap.scope.as_str(), gap.call.as_str())).collect();
    if let Some((scope, call)) = failed.iter().find(|(scope, call)| !told.contains(&(scope.as_str(), call.as_str()))) {
        return Err(Broken::new(COVERAGE, format!("it does not tell that `{call}` failed in `{scope}`")));
    }
    // Another call may have failed there, for another target: what is missing is the list of clusters.
    let unlisted: BTreeSet<&str> = told.into_iter().filter(|(_, call)| is_list(call)).map(|(scope, _)| scope).collect();
    if let Some((target, part)) = scope.lost().into_iter().find(|(_, part)| !unlisted.contains(part)) {
        return Err(Broken::new(COVERAGE, format!("it does not tell that nothing of `{part}` of `{target}` was read")));
    }
    Ok(())
}

/// The token of an authority is over this manifest, if there is one.
fn timestamp(source: &Source, sum: &str) -> Result<Option<Stamp>, Broken> {
    if source.names()?.iter().all(|name| name != TOKEN) {
        return Ok(None);
    }
    read_timestamp(&source.read(TOKEN, LIMIT)?, sum, None).map(Some)
}

/// The runs that there should have been are those that the manifest counts.
fn firings(source: &Source, manifest: &Manifest) -> Result<Option<Firings>, Broken> {
    if manifest.file(FIRINGS).is_none() {
        return match manifest.firings {
            None => Ok(None),
            Some(_) => Err(Broken::new(FIRINGS, "it is missing, and the manifest counts firings")),
        };
    }
    let firings = Firings::read(&source.read_text(FIRINGS, LARGEST_FILE)?)?;
    if manifest.firings != Some(firings.counts()) {
        return Err(Broken::new(FIRINGS, "it has other firings than the manifest counts"));
    }
    if let Some(late) = firings.schedules.iter().find(|schedule| schedule.until > manifest.as_of) {
        return Err(Broken::new(FIRINGS, format!("`{}` goes on after the run's last answer", late.schedule)));
    }
    Ok(Some(firings))
}

fn judged(source: &Source, manifest: &Manifest, population: &mut Population) -> Result<(), Broken> {
    let (_, stream) = source.stream(VERDICTS)?;
    let mut lines = BufReader::new(stream);
    let (mut number, mut last) = (0, None);
    while let Some(text) = next_line(VERDICTS, number + 1, &mut lines)? {
        number += 1;
        let line = VerdictLine::read(VERDICTS, number, &text)?;
        let this = (line.provider, line.scope, line.cluster);
        if last.as_ref() != Some(&this) {
            population.take_cluster(this.0, &this.1, &line.cluster_name);
            last = Some(this);
        }
    }
    if number == manifest.verdicts {
        return Ok(());
    }
    Err(Broken::new(VERDICTS, format!("it has {number} verdicts and the manifest counts {}", manifest.verdicts)))
}

/// Checks that some bundles, each of which holds, follow each other in one log without a gap, whatever their order here.
/// The file of what is broken is the name of the bundle. Returns the spans of time of which no bundle says which runs there
/// should have been, where the one before says it.
pub fn verify_chain(bundles: &[(String, Checked)]) -> Result<Vec<String>, Broken> {
    let mut unsaid = Vec::new();
    let mut by_number: BTreeMap<u64, (&str, &Checked, &Signed)> = BTreeMap::new();
    for (name, checked) in bundles {
        let Some(signed) = &checked.signed else {
            return Err(Broken::new(name, "it is not sealed and has no place in a log"));
        };
        if let Some((other, _, _)) = by_number.insert(signed.number, (name, checked, signed)) {
            return Err(Broken::new(name, format!("it has the number {}, as `{other}` has", signed.number)));
        }
    }
    let mut last: Option<(&Checked, &Signed)> = None;
    for (number, (name, checked, signed)) in &by_number {
        if let Some((before, was)) = last {
            if was.number + 1 != *number {
                let fact =
                    format!("the bundles from number {} to {} are missing before it", was.number + 1, number - 1);
                return Err(Broken::new(*name, fact));
            }
            if was.origin != signed.origin {
                return Err(Broken::new(
                    *name,
                    format!("it is in the log `{}` and not in `{}`", signed.origin, was.origin),
                ));
            }
            unsaid.extend(unsaid_between(before.firings.as_ref(), checked.firings.as_ref()));
            if signed.previous.as_ref() != Some(&before.sha256) || signed.before != Some(was.root) {
                return Err(Broken::new(
                    *name,
                    format!("the bundle before it is another one than number {}", was.number),
                ));
            }
        }
        last = Some((checked, signed));
    }
    Ok(unsaid)
}
