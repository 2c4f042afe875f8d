//! `palisade evidence`, and `palisade replay` of a bundle.

use crate::{
    arguments::{Evidence, ExportBundle, Keys, ProfileName, Replay, Trusted, VerifyBundles},
    exit::{self, Exit, WrongUsage},
    export,
    frameworks::{Bundled as Summaries, standing},
    output::{self, Screen},
    providers,
    scan::{answers_path, configuration, judge},
};
use anyhow::{Context as _, anyhow, bail};
use palisade_config::{Accounts, Projects, Source, Subscriptions, TargetConfig, TargetKind, read_answers};
use palisade_controls::controls;
use palisade_engine::{Answer, Answers, Entry, Finding, Policy, Severity, State};
use palisade_evidence::{
    Asked, Bundle, BundleLog, BundleWriter, Checked, Context, Difference, Export, FiringCounts, Judged, Numbers,
    Profile, Pseudonyms, PublicKey, Rotation, Seal, SigningKey, Trust, differences, file_sha256, verify, verify_chain,
    write_verdicts,
};
use palisade_exports::{Bundled, File, Record, files, write};
use palisade_message::SecretRef;
use palisade_notify::{Keep as _, Secret};
use palisade_provider::Snapshot;
use palisade_report::{Outlook, Report, plain};
use palisade_runner::judge_each;
use palisade_store::{Bucket, SnapshotFolder};
use palisade_vault::Vault;
use place::Place;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

mod firings;
mod period;
mod place;
mod timestamp;

pub(crate) async fn run(command: &Evidence, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Evidence::Export(wanted) => export(wanted, screen).await,
        Evidence::Verify(wanted) => verify_bundles(wanted, screen).await,
        Evidence::Send { bundle, to } => {
            verify(bundle, &Trust::default())
                .with_context(|| format!("the bundle `{}` does not hold: it is not sent", bundle.display()))?;
            let bucket = Bucket::open(to, std::env::vars())?;
            screen.note(&format!("`{to}` says: {}", plain(&bucket.storage().await.to_string())));
            output::data(send(&bucket, bundle).await?.as_bytes(), None)?;
            Ok(Exit::Done)
        }
        Evidence::Timestamp { bundle, tsa } => timestamp::run(bundle, tsa, screen).await,
        Evidence::Answer { bundle, call, trusted } => {
            let place = Place::of(bundle).await?;
            let opened = Bundle::open(place.path(), &trust(trusted).await?)
                .with_context(|| format!("the bundle `{}` does not hold", bundle.display()))?;
            let answer = opened.answer(*call)?;
            output::data(&answer, None)?;
            Ok(Exit::Done)
        }
        Evidence::Keys { command } => keys(command, screen).await,
    }
}

async fn export(wanted: &ExportBundle, screen: &Screen) -> anyhow::Result<Exit> {
    let profile = profile(wanted).await?;
    let config = wanted.config.as_ref().map(|path| configuration(path).map(|config| (config, path))).transpose()?;
    let (asked, policy, answers) = match &config {
        Some((config, path)) => {
            let answers = answers_path(config, path).map(|file| fs::read_to_string(&file)).transpose();
            let answers = answers.context("could not read the answers again")?;
            (config.targets.iter().map(asked_of).collect::<Vec<_>>(), config.policy.clone(), answers)
        }
        None => (Vec::new(), Policy::default(), None),
    };
    let key = match &wanted.key {
        Some(place) => Some(signing_key(place).await?),
        None => None,
    };
    let frameworks = Summaries::of(&wanted.framework, &profile)?;
    let period = match &wanted.period_key {
        Some(place) => Some(period::read(place).await?),
        None => None,
    };
    let bucket = wanted.to.as_ref().map(|to| Bucket::open(to, std::env::vars())).transpose()?;
    let storage = match &bucket {
        Some(bucket) => Some(bucket.storage().await),
        None => None,
    };
    let storage = storage.map(|storage| (storage.to_text(), storage.to_string()));
    let mut log = wanted.log.as_ref().map(|folder| BundleLog::open(folder, &wanted.origin)).transpose()?;
    let controls = controls();
    let answers = answers.map(|text| profile.answers(text));
    let mut shown = profile.policy(&policy);
    if let Some(text) = &answers {
        shown.answers = answers_of(text)?;
        no_person(&profile, &policy, &shown)?;
    }
    let mut writer = BundleWriter::create(&wanted.out, &profile)?;
    if let Some(key) = period {
        writer = writer.closed_with(key);
    }
    let report = judge_each(
        stored(&wanted.snapshots)?.map(|snapshot| {
            let snapshot = profile.snapshot(snapshot?);
            if providers::normalizer(snapshot.provider).is_none() {
                bail!("this program cannot read `{}`", snapshot.provider);
            }
            writer.take(&snapshot)?;
            Ok(snapshot)
        }),
        providers::normalizer,
        &judge(&controls, &shown),
    )?;
    if matches!(profile, Profile::Auditor(_)) {
        let inside = judge_each(stored(&wanted.snapshots)?, providers::normalizer, &judge(&controls, &policy))?;
        if tally(&inside) != tally(&report) {
            bail!(
                "with pseudonyms the run is judged in another way than without: the bundle would not be evidence of it; \
                 nothing was written"
            );
        }
    }
    let firings = match (&wanted.schedules, &config) {
        (Some(folder), Some((config, path))) => {
            let before = log.as_ref().and_then(|log| log.preceding(&report.run.id)?.as_of);
            let since = wanted.runs_since.or(before);
            Some(firings::list(folder, (config, path), since, report.run.finished_at).await?)
        }
        (None, _) | (_, None) => None,
    };
    let binary = std::env::current_exe().context("could not find this program's file")?;
    let digest = file_sha256(&binary).with_context(|| format!("could not read `{}`", binary.display()))?;
    let context = Context {
        asked: &asked,
        policy: &shown,
        controls: &controls,
        answers: answers.as_deref(),
        firings: firings.as_ref(),
        storage: storage.as_ref().map(|(text, words)| (text.as_str(), words.as_str())),
        palisade: (env!("CARGO_PKG_VERSION"), &digest),
    };
    let judged = Judged {
        run: &report.run.id,
        span: (report.run.started_at, report.run.finished_at),
        findings: &report.findings,
        coverage: report.coverage,
        gaps: &report.gaps,
    };
    let seal = key.as_ref().zip(log.as_mut()).map(|(key, log)| Seal { key, log });
    let standing = standing(&report);
    let views = views(&report, &shown, &controls, wanted)?;
    let mut exports = frameworks.exports(&report, &standing);
    exports.extend(views.exports());
    let finished = writer.finish(&judged, &context, &exports, seal)?;
    let manifest = &finished.manifest;
    let mut said = format!("{}  {}\n", finished.sha256, wanted.out.display());
    // Writing to a string cannot fail.
    let _ = match &manifest.log {
        Some(position) => writeln!(said, "number {} of {}", position.number, position.origin),
        None => writeln!(said, "not sealed: with `--key` and `--log` others can tell who made it"),
    };
    let _ = writeln!(
        said,
        "{} verdicts, {} calls, {} answers; {} clusters listed, {} judged",
        manifest.verdicts, manifest.calls, manifest.answers, finished.clusters_listed, finished.clusters_evaluated
    );
    if let Some(counts) = &manifest.firings {
        let _ = writeln!(said, "{}", counted(counts));
    }
    if let Some(bucket) = &bucket {
        let told = send(bucket, &wanted.out).await.with_context(|| {
            let (here, to) = (wanted.out.display(), wanted.to.as_deref().unwrap_or_default());
            format!("the bundle stands whole in `{here}`; `palisade evidence send {here} --to {to}` goes on")
        })?;
        said.push_str(&told);
    }
    if let Some((_, words)) = &storage {
        let _ = writeln!(said, "the bucket says: {}", plain(words));
    }
    output::data(said.as_bytes(), None)?;
    if manifest.firings.is_some_and(|counts| counts.done < counts.firings) {
        screen.warn("runs are missing: the first page, `VERIFY.md`, names them");
    }
    if !manifest.complete {
        screen.warn(&format!(
            "this evidence has gaps: {} rows in `results/coverage.json`; its first page, `VERIFY.md`, says so too",
            manifest.gaps
        ));
    }
    Ok(Exit::Done)
}

/// The other forms of a run that a bundle shall hold.
struct Views<'a> {
    report: &'a Report,
    policy: &'a Policy,
    controls: &'a [Entry],
    outlook: Option<Outlook>,
    wanted: &'a ExportBundle,
}

fn views<'a>(
    report: &'a Report,
    policy: &'a Policy,
    controls: &'a [Entry],
    wanted: &'a ExportBundle,
) -> anyhow::Result<Views<'a>> {
    let outlook = export::outlook(report, &export::forms(&wanted.format), None)?;
    Ok(Views { report, policy, controls, outlook, wanted })
}

impl Views<'_> {
    fn record(&self) -> Record<'_> {
        let Self { report, policy, controls, outlook, wanted } = self;
        export::record(Record::new(report, controls, policy), outlook.as_ref(), &wanted.targets)
    }

    fn exports(&self) -> Vec<Export<'_>> {
        let record = self.record();
        let files = export::forms(&self.wanted.format).into_iter().flat_map(|form| files(&record, form));
        let export = |file: File| {
            Export::new(file.path, file.media_type, move |numbers, to| {
                let calls = |finding: &Finding| numbers.calls_of(finding);
                let closed = self.wanted.period_key.is_some();
                let bundle = Bundled { base: "../../", manifest_sha256: None, closed, calls: Some(&calls) };
                write(&self.record().in_bundle(bundle), file, to)
            })
        };
        files.filter_map(export).collect()
    }
}

/// Sends a bundle, and says where it is now.
async fn send(bucket: &Bucket, bundle: &Path) -> anyhow::Result<String> {
    let (address, objects) = bucket.send_bundle(bundle).await?;
    Ok(format!("sent to {address}: {objects} objects\n"))
}

/// How many runs there should have been, and what became of them.
fn counted(counts: &FiringCounts) -> String {
    let FiringCounts { firings, done, failed, unfinished, missed } = counts;
    format!("{firings} firings of schedules: {done} done, {failed} failed, {unfinished} not ended, {missed} missed")
}

/// The answers of a file as it stands in a bundle.
fn answers_of(text: &str) -> anyhow::Result<Answers> {
    Ok(read_answers(&Source { name: "context/answers.yaml", text }, &controls())?)
}

/// Refuses to call anybody by name to an auditor who answered something.
fn no_person(profile: &Profile, policy: &Policy, shown: &Policy) -> anyhow::Result<()> {
    if matches!(profile, Profile::Internal) {
        return Ok(());
    }
    let named = shown.answers.entries().iter().find(|answer| {
        let is_the_same = |before: &Answer| before.by == answer.by;
        !answer.by.contains('@') && policy.answers.entries().iter().any(is_the_same)
    });
    match named {
        None => Ok(()),
        Some(answer) => Err(WrongUsage(format!(
            "the answer to {} would call somebody by name: write its `by:` on a line of its own",
            answer.control
        ))
        .into()),
    }
}

/// The snapshots of some folders, one by one.
fn stored(folders: &[PathBuf]) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Snapshot>>> {
    let mut units = Vec::new();
    for folder in folders.iter().map(SnapshotFolder::open) {
        units.extend(folder.units()?.into_iter().map(|unit| (folder.clone(), unit)));
    }
    Ok(units.into_iter().map(|(folder, unit)| Ok(folder.read(&unit)?)))
}

/// How many verdicts of each kind each control gave.
fn tally(report: &Report) -> BTreeMap<(&'static str, State, Severity, bool), usize> {
    let mut tally = BTreeMap::new();
    for finding in &report.findings {
        *tally.entry((finding.control.id, finding.state, finding.severity, finding.waived)).or_default() += 1;
    }
    tally
}

async fn profile(wanted: &ExportBundle) -> anyhow::Result<Profile> {
    match (wanted.profile, &wanted.pseudonym_key) {
        (ProfileName::Internal, _) => Ok(Profile::Internal),
        (ProfileName::Auditor, Some(place)) => {
            Pseudonyms::new(secret(place).await?.expose()).map(Profile::Auditor).ok_or_else(|| {
                WrongUsage(format!("the secret `{place}` is too short to make pseudonyms: 16 bytes at least")).into()
            })
        }
        (ProfileName::Auditor, None) => Err(WrongUsage("pseudonyms need `--pseudonym-key`".to_owned()).into()),
    }
}

/// What a target asks for, in words.
fn asked_of(target: &TargetConfig) -> Asked {
    let list = |ids: &[String]| ids.join(", ");
    let (provider, scopes) = match &target.kind {
        TargetKind::Aws(aws) => (
            palisade_model::Provider::Aws,
            match &aws.accounts {
                Accounts::Own => "the credentials' own account".to_owned(),
                Accounts::Organization => "every active account of the organisation".to_owned(),
                Accounts::List(ids) => format!("accounts {}", list(ids)),
            },
        ),
        TargetKind::Azure(azure) => (
            palisade_model::Provider::Azure,
            match &azure.subscriptions {
                Subscriptions::All => "every subscription that the credentials see".to_owned(),
                Subscriptions::List(ids) => format!("subscriptions {}", list(ids)),
                Subscriptions::ManagementGroups(groups) => format!("management groups {}", list(groups)),
            },
        ),
        TargetKind::Gcp(gcp) => (
            palisade_model::Provider::Gcp,
            match &gcp.projects {
                Projects::All => "every project that the credentials see".to_owned(),
                Projects::List(ids) => format!("projects {}", list(ids)),
                Projects::Folders(ids) => format!("folders {}", list(ids)),
                Projects::Organization(id) => format!("organisation {id}"),
            },
        ),
    };
    Asked { target: target.name.clone(), provider, scopes }
}

async fn secret(place: &SecretRef) -> anyhow::Result<Secret> {
    Ok(Vault::default().read(place).await?)
}

async fn signing_key(place: &SecretRef) -> anyhow::Result<SigningKey> {
    SigningKey::from_pem(secret(place).await?.expose())
        .with_context(|| format!("the secret `{place}` is no signing key"))
}

async fn trust(trusted: &Trusted) -> anyhow::Result<Trust> {
    let text = |path: &PathBuf| {
        fs::read_to_string(path).map_err(|error| WrongUsage(format!("could not read `{}`: {error}", path.display())))
    };
    let mut keys = Vec::new();
    for path in &trusted.key {
        let key = PublicKey::from_pem(&text(path)?);
        keys.push(key.map_err(|error| WrongUsage(format!("`{}`: {error}", path.display())))?);
    }
    let mut rotations: Vec<Rotation> = Vec::new();
    for path in &trusted.rotation {
        let rotation = serde_json::from_str(&text(path)?);
        rotations.push(rotation.map_err(|error| WrongUsage(format!("`{}` is no rotation: {error}", path.display())))?);
    }
    let mut periods = Vec::new();
    for place in &trusted.period_key {
        periods.push(period::read(place).await?);
    }
    Ok(Trust::new(&keys, &rotations)?.opening(periods))
}

async fn verify_bundles(wanted: &VerifyBundles, screen: &Screen) -> anyhow::Result<Exit> {
    let trust = trust(&wanted.trusted).await?;
    let (mut checked, mut unsaid) = (Vec::new(), Vec::new());
    let mut said = String::new();
    for path in &wanted.bundles {
        let name = path.display().to_string();
        let place = Place::of(path).await?;
        let one = verify(place.path(), &trust).with_context(|| format!("the bundle `{name}` does not hold"))?;
        tell(&name, &one, &mut said);
        checked.push((name, one));
    }
    if checked.len() > 1 {
        unsaid = verify_chain(&checked).context("the bundles do not follow each other")?;
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{} bundles follow each other without a gap", checked.len());
    }
    output::data(said.as_bytes(), None)?;
    for span in &unsaid {
        screen.warn(&plain(span));
    }
    let is_unknown = |(_, one): &(String, Checked)| one.signed.as_ref().is_none_or(|signed| !signed.trusted);
    if checked.iter().any(is_unknown) {
        screen.warn(
            "nobody knows who made this: check it with `--key` and a public key that you have from somewhere else",
        );
    }
    Ok(Exit::Done)
}

fn tell(name: &str, checked: &Checked, said: &mut String) {
    let manifest = &checked.manifest;
    // Writing to a string cannot fail.
    let _ = writeln!(
        said,
        "{name}: holds\n  run {} as of {}, manifest {}\n  {} calls, {} answers, {} verdicts; clusters: {} listed, {} \
         judged, {} explained\n  {}",
        manifest.run,
        manifest.as_of,
        checked.sha256,
        manifest.calls,
        manifest.answers,
        manifest.verdicts,
        checked.clusters_listed,
        checked.clusters_evaluated,
        checked.clusters_explained,
        if manifest.complete { "complete".to_owned() } else { format!("with gaps: {} rows", manifest.gaps) },
    );
    let _ = match &checked.signed {
        Some(signed) => writeln!(
            said,
            "  number {} of {}, signed by {}{}",
            signed.number,
            signed.origin,
            signed.fingerprint,
            if signed.trusted { ", which you trust" } else { "" }
        ),
        None => writeln!(said, "  not sealed"),
    };
    if let Some(stamp) = &checked.timestamp {
        let _ =
            writeln!(said, "  seen at {} says `manifest.tsr`, whose signature `openssl ts -verify` checks", stamp.at);
    }
    if let Some(closed) = &checked.closed {
        let _ = writeln!(
            said,
            "  not checked: the answers and the clusters listed in them, which are encrypted with the key {} of {}",
            plain(&closed.key_id),
            plain(&closed.period)
        );
    }
    if let Some(firings) = &checked.firings {
        let _ = writeln!(said, "  {}", counted(&firings.counts()));
        let lost = firings.lost();
        for (schedule, firing) in lost.iter().take(LOST_SHOWN) {
            let _ = writeln!(said, "    `{}` due {} {}", plain(schedule), firing.at, firing.outcome.words());
        }
        if let Some(more) = lost.len().checked_sub(LOST_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(said, "    and {more} more in `context/firings.json`");
        }
    }
}

/// How many runs that are missing are told of a bundle.
const LOST_SHOWN: usize = 20;

async fn keys(command: &Keys, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Keys::New { out } => {
            let key = new_key(out)?;
            let said = format!("{}  {}.pub\n", key.public().fingerprint(), out.display());
            output::data(said.as_bytes(), None)?;
            screen
                .note("publish the fingerprint where the bundles are not; whoever has the private key can sign as you");
        }
        Keys::Show { key, origin } => {
            let public = signing_key(key).await?.public();
            let said = format!(
                "{}fingerprint {}\nlog key {}\n",
                public.to_pem(),
                public.fingerprint(),
                public.verifier_key(origin)
            );
            output::data(said.as_bytes(), None)?;
        }
        Keys::Period { command } => return period::run(command, screen).await,
        Keys::Rotate { old, out } => {
            let old = signing_key(old).await?;
            let new = new_key(out)?;
            let rotation = with_ending(out, ".rotation.json");
            let mut text = serde_json::to_vec_pretty(&Rotation::new(&old, &new)).context("could not write JSON")?;
            text.push(b'\n');
            output::data(&text, Some(&rotation))?;
            let said = format!(
                "{}  {}.pub\nfollows {}\n",
                new.public().fingerprint(),
                out.display(),
                old.public().fingerprint()
            );
            output::data(said.as_bytes(), None)?;
            screen.note(&format!("give `{}` to whoever trusts the old key", rotation.display()));
        }
    }
    Ok(Exit::Done)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes a new key beside its public half. A key that is there is never overwritten.
fn new_key(out: &Path) -> anyhow::Result<SigningKey> {
    let (key, text) = SigningKey::generate()?;
    let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    written
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .with_context(|| format!("could not write the new file `{}`", out.display()))?;
    output::data(key.public().to_pem().as_bytes(), Some(&with_ending(out, ".pub")))?;
    Ok(key)
}

/// Whether a path is a bundle and not the folder of a snapshot.
pub(crate) fn is_bundle(path: &Path) -> bool {
    place::address(path).is_some() || path.is_file() || path.join("manifest.json").is_file()
}

/// The report of a bundle that holds, and the numbers of its ledger. Refused where this program judges in another way: what
/// is told of a bundle is what stands in it.
pub(crate) async fn judged(path: &Path, trusted: &Trusted) -> anyhow::Result<(Report, Checked, Numbers)> {
    let Rejudged { bundle, report, numbers, before, now, .. } = judged_again(path, trusted).await?;
    if now != before {
        return Err(judged_otherwise(&bundle, &before, &now));
    }
    Ok((report, bundle.checked().clone(), numbers))
}

/// A bundle that holds, and what this program says of its answers.
pub(crate) struct Rejudged {
    /// Where it is read, for as long as it is.
    _place: Place,
    pub(crate) bundle: Bundle,
    pub(crate) policy: Policy,
    pub(crate) report: Report,
    pub(crate) numbers: Numbers,
    /// The verdicts of the bundle.
    pub(crate) before: String,
    /// The same now.
    pub(crate) now: String,
}

/// Judges the answers of a bundle by its parameters, once it holds.
pub(crate) async fn judged_again(path: &Path, trusted: &Trusted) -> anyhow::Result<Rejudged> {
    let place = Place::of(path).await?;
    let bundle = Bundle::open(place.path(), &trust(trusted).await?)
        .with_context(|| format!("the bundle `{}` does not hold", path.display()))?;
    let (controls, mut policy) = (controls(), bundle.policy()?);
    if let Some(text) = bundle.answers()? {
        policy.answers = answers_of(&text)?;
    }
    let mut numbers = Numbers::default();
    let report = judge_each(bundle.snapshots(&mut numbers)?, providers::normalizer, &judge(&controls, &policy))?;
    let mut now = Vec::new();
    write_verdicts(&report.findings, &numbers, &mut now).context("could not write verdicts")?;
    let now = String::from_utf8(now).context("the verdicts are no text")?;
    let before = bundle.verdicts()?;
    Ok(Rejudged { _place: place, bundle, policy, report, numbers, before, now })
}

/// Says that this program does not say what a bundle says.
pub(crate) fn judged_otherwise(bundle: &Bundle, before: &str, now: &str) -> anyhow::Error {
    let engine = &bundle.checked().manifest.engine;
    match differences(before, now) {
        Err(error) => error.into(),
        Ok(changed) => anyhow!(
            "{} verdicts are not those of the bundle: it was judged by palisade {} (program {}), this is palisade {}; \
             `palisade replay BUNDLE --with-current-rules` shows what is different",
            changed.len(),
            plain(&engine.palisade),
            plain(&engine.binary_sha256),
            env!("CARGO_PKG_VERSION")
        ),
    }
}

/// Judges a bundle again.
pub(crate) async fn replay(path: &Path, wanted: &Replay, screen: &Screen) -> anyhow::Result<Exit> {
    if wanted.config.is_some() {
        let why = "a bundle is judged by the parameters that it holds: leave out `--config`";
        return Err(WrongUsage(why.to_owned()).into());
    }
    let Rejudged { bundle, report, before, now, .. } = judged_again(path, &wanted.trusted).await?;
    if now == before {
        screen.note(&format!("{} verdicts, byte for byte those of the bundle", report.findings.len()));
        if !wanted.with_current_rules {
            screen.report(&report, &wanted.output, Vec::new())?;
            return Ok(exit::of_report(&report, false, wanted.gate.fail_on, wanted.gate.min_coverage));
        }
        output::data(b"nothing is judged in another way\n", None)?;
        return Ok(Exit::Done);
    }
    if !wanted.with_current_rules {
        return Err(judged_otherwise(&bundle, &before, &now));
    }
    let changed = differences(&before, &now)?;
    let engine = &bundle.checked().manifest.engine;
    let mut said = format!(
        "{} of {} verdicts are different. The answers and the parameters are those of the bundle, so the rules are why: it was judged by \
         palisade {}, and now by palisade {}.\n",
        changed.len(),
        report.findings.len(),
        plain(&engine.palisade),
        env!("CARGO_PKG_VERSION"),
    );
    for difference in &changed {
        said.push_str(&told(difference));
    }
    output::data(said.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn told(difference: &Difference) -> String {
    let Difference { control, cluster, subject, before, after } = difference;
    let side = |side: &Option<(String, String, String)>, none: &str| {
        side.as_ref().map_or_else(
            || none.to_owned(),
            |(verdict, severity, because)| format!("{verdict} ({severity}): {}", plain(because)),
        )
    };
    format!(
        "\n{}  {}  {}\n  was  {}\n  now  {}\n",
        plain(control),
        plain(cluster),
        plain(subject),
        side(before, "not asked: the rule is new"),
        side(after, "not asked any more")
    )
}
