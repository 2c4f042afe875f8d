//! `palisade frameworks`: how the requirements of benchmarks and standards stand, and those of one's own.

use crate::{
    arguments::{FrameworkForm, FrameworkOf, Frameworks, ListFormat},
    evidence,
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths,
    report::pdf,
    stored,
};
use palisade_config::{Source, framework_schema, nearest, read_framework};
use palisade_controls::controls;
use palisade_engine::{Coverage, Finding, Framework, Mapping};
use palisade_evidence::{Calls, Checked, Export, Profile};
use palisade_exports::{OwnFramework, OwnRequirement};
use palisade_frameworks::{Edition, Standing, Unseen, editions, roll_up};
use palisade_report::{FrameworkFormat, FrameworkReport, Report, RunInfo, SealedBy, ToldRow, framework, plain};
use palisade_runner::Judged;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

pub(crate) async fn run(command: &Frameworks, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Frameworks::List { format } => list(*format),
        Frameworks::Show { framework } => {
            output::data(shown(&found(framework)?).as_bytes(), None)?;
            Ok(Exit::Done)
        }
        Frameworks::Check { files } => check(files),
        Frameworks::Report(wanted) => report(wanted, screen).await,
        Frameworks::Schema => {
            output::json(&framework_schema(&controls()))?;
            Ok(Exit::Done)
        }
    }
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    version: String,
    clouds: Vec<&'static str>,
    requirements_checked: usize,
    requirements_not_checked: usize,
}

fn list(format: ListFormat) -> anyhow::Result<Exit> {
    let all = editions(&controls());
    let listed = |one: &Edition| Listed {
        name: one.key.clone(),
        title: one.title.clone(),
        version: one.version.clone(),
        clouds: one.providers.iter().map(|provider| provider.name()).collect(),
        requirements_checked: one.checked().count(),
        requirements_not_checked: one.unchecked().count(),
    };
    if format == ListFormat::Json {
        output::json(&all.iter().map(listed).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{:<18} {:>7} {:>11}  {}\n", "Name", "Checked", "Not checked", "Framework");
    for one in all.iter().map(listed) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            text,
            "{:<18} {:>7} {:>11}  {}",
            one.name, one.requirements_checked, one.requirements_not_checked, one.title
        );
    }
    text.push_str(
        "\nRequirements by number, as far as the catalogue knows them. A publisher's text may have more.\nOne of your own: \
         examples/frameworks, `palisade frameworks check FILE`.\n",
    );
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// The requirements of an edition, and what speaks to each.
fn shown(edition: &Edition) -> String {
    let mut text = format!("{}  {}\n{}\n", edition.key, plain(&edition.told()), edition.covers());
    for one in edition.checked() {
        let title = one.title.as_deref().map_or_else(String::new, |title| format!("  {}", plain(title)));
        let _ = writeln!(text, "\n{}{title}", plain(&one.id));
        for meta in &one.controls {
            let _ = writeln!(text, "  {}  {}", meta.id, meta.title);
        }
        for question in &one.questions {
            let said = question.said.as_ref().map_or_else(
                || "nobody has answered".to_owned(),
                |said| {
                    format!("{}, said {} on {}; until {}", said.word.name(), plain(&said.by), said.on, said.last_day())
                },
            );
            let _ = writeln!(text, "  {} {said}", plain(&question.asks));
        }
        for unread in &one.unread {
            let _ = writeln!(text, "  {}  {} (not checked by this version)", unread.id, unread.title);
        }
    }
    let rest: Vec<&str> = edition.unchecked().map(|one| one.id.as_str()).collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "\nNot checked by this version: {}", rest.join(", "));
    }
    text
}

fn check(files: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut said = String::new();
    for path in files {
        let edition = own(path)?;
        let _ = writeln!(said, "{}: {}", path.display(), edition.covers());
    }
    output::data(said.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// A framework that somebody means: a file of one's own, or one of ours by its name, with a version or without.
fn found(word: &str) -> anyhow::Result<Edition> {
    let path = Path::new(word);
    let is_file = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    if is_file {
        return own(path);
    }
    let all = editions(&controls());
    let newest = Framework::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(word)).and_then(|framework| {
        let version = framework.versions().first().copied()?;
        Some(Mapping { framework, version, requirements: Vec::new() }.key())
    });
    let key = newest.as_deref().unwrap_or(word);
    if let Some(one) = all.iter().find(|one| one.key.eq_ignore_ascii_case(key)) {
        return Ok(one.clone());
    }
    let keys: Vec<&str> = all.iter().map(|one| one.key.as_str()).collect();
    let hint = match nearest(word, &keys) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}; a file of your own ends in `.yaml`", keys.join(", ")),
    };
    Err(WrongUsage(format!("no framework is called `{}`: {hint}", plain(word))).into())
}

pub(crate) fn own(path: &Path) -> anyhow::Result<Edition> {
    let text = read(path)?;
    Ok(read_framework(&Source { name: &path.display().to_string(), text: &text }, &controls())?)
}

fn read(path: &Path) -> anyhow::Result<String> {
    paths::text(path, paths::DOCUMENT)
        .map_err(|error| WrongUsage(format!("could not read the framework `{}`: {error}", path.display())).into())
}

async fn report(wanted: &FrameworkOf, screen: &Screen) -> anyhow::Result<Exit> {
    let is_pdf = wanted.format == FrameworkForm::Pdf;
    if is_pdf && wanted.output.is_none() && io::stdout().is_terminal() {
        return Err(WrongUsage("a terminal cannot show this form: name a file with `-o FILE`".to_owned()).into());
    }
    // Before anything is read: what cannot be made is no reason to wait.
    let browser = if is_pdf { Some(pdf::browser(wanted.browser.as_deref())?) } else { None };
    let edition = found(&wanted.framework)?;
    let (report, bundle) = match wanted.sources.as_slice() {
        [path] if evidence::is_bundle(path) => {
            if wanted.config.is_some() {
                let why = "a bundle is judged by the parameters that it holds: leave out `--config`";
                return Err(WrongUsage(why.to_owned()).into());
            }
            let (report, checked, calls) = evidence::judged(path, &wanted.trusted).await?;
            (report, Some((sealed(&checked), calls)))
        }
        folders => {
            if !wanted.trusted.key.is_empty() {
                return Err(WrongUsage("`--key` is for one bundle of `palisade evidence export`".to_owned()).into());
            }
            let (asked, policy) = stored::asked(wanted.config.as_deref())?;
            (stored::judged_by(folders, &asked, &policy)?, None)
        }
    };
    if let Some((sealed, _)) = &bundle
        && !sealed.is_trusted
    {
        screen.warn(
            "nobody knows who made this bundle: name a public key that you have from somewhere else with `--key`",
        );
    }
    let standing = standing(&report);
    let calls = bundle.as_ref().map(|(_, calls)| calls);
    let seen = Seen::from(&report);
    let sealed = bundle.as_ref().map(|(sealed, _)| sealed);
    let form = match wanted.format {
        FrameworkForm::Html | FrameworkForm::Pdf => FrameworkFormat::Html,
        FrameworkForm::Csv => FrameworkFormat::Csv,
        FrameworkForm::Markdown => FrameworkFormat::Markdown,
        FrameworkForm::Json => FrameworkFormat::Json,
    };
    let fill = |to: &mut dyn Write| write(&edition, &seen, &standing, calls, sealed, form, to);
    let Some(browser) = browser else {
        output::write(wanted.output.as_deref(), fill)?;
        return Ok(Exit::Done);
    };
    let mut page = Vec::new();
    fill(&mut page)?;
    output::data(&pdf::printed(&browser, &page)?, wanted.output.as_deref())?;
    Ok(Exit::Done)
}

fn sealed(checked: &Checked) -> SealedBy {
    SealedBy {
        manifest: checked.sha256.clone(),
        signed: checked.signed.as_ref().map(|one| (one.fingerprint.clone(), one.origin.clone(), one.number)),
        is_trusted: checked.signed.as_ref().is_some_and(|one| one.trusted),
    }
}

/// What every control says of every cluster of a report.
pub(crate) fn standing(report: &Report) -> Standing {
    let clusters = report.clusters.iter().map(|one| (one.provider, one.scope.as_str(), one.id.as_str()));
    Standing::of(&report.findings, clusters)
}

/// What a summary says of a run beside what holds.
pub(crate) struct Seen<'a> {
    run: &'a RunInfo,
    coverage: Coverage,
    unseen: &'a Unseen,
    told: &'a [ToldRow],
    gaps: usize,
}

impl<'a> From<&'a Report> for Seen<'a> {
    fn from(report: &'a Report) -> Self {
        let Report { run, coverage, unseen, told, gaps, .. } = report;
        Self { run, coverage: *coverage, unseen, told, gaps: gaps.len() }
    }
}

impl<'a> From<&'a Judged> for Seen<'a> {
    fn from(Judged { run, coverage, unseen, told, gaps, .. }: &'a Judged) -> Self {
        Self { run, coverage: *coverage, unseen, told, gaps: gaps.len() }
    }
}

fn write(
    edition: &Edition,
    seen: &Seen<'_>,
    standing: &Standing,
    calls: Option<&Calls>,
    sealed: Option<&SealedBy>,
    form: FrameworkFormat,
    to: &mut dyn Write,
) -> io::Result<()> {
    let rolled = roll_up(edition, standing, seen.unseen, seen.run.finished_at);
    let of = |finding: &Finding| calls.map_or_else(String::new, |calls| calls.of(finding));
    let by_ledger: &dyn Fn(&Finding) -> String = &of;
    let whole = FrameworkReport {
        run: seen.run,
        rolled: &rolled,
        coverage: seen.coverage,
        told: seen.told,
        gaps: seen.gaps,
        sealed,
        calls: calls.is_some().then_some(by_ledger),
    };
    framework(&whole, form, to)
}

/// The frameworks of a bundle: ours that are about any of its clusters, and those of one's own with their files as the
/// bundle shows them.
pub(crate) struct Bundled {
    editions: Vec<Edition>,
    files: Vec<(String, String)>,
}

impl Bundled {
    /// `files` are frameworks of one's own, which the bundle shows as its profile does.
    pub(crate) fn of(files: &[PathBuf], profile: &Profile) -> anyhow::Result<Self> {
        let mut bundled = Self { editions: editions(&controls()), files: Vec::new() };
        for path in files {
            let given = own(path)?;
            let text = profile.answers(read(path)?);
            let edition = read_framework(&Source { name: &path.display().to_string(), text: &text }, &controls())?;
            nobody_by_name(&given, &edition, profile)?;
            if bundled.editions.iter().any(|one| one.key == edition.key) {
                let why = format!("two frameworks have the id `{}`: rename one", edition.key);
                return Err(WrongUsage(why).into());
            }
            bundled.files.push((edition.key.clone(), text));
            bundled.editions.push(edition);
        }
        Ok(bundled)
    }

    /// The same of the texts that stand in a bundle.
    pub(crate) fn of_texts(texts: Vec<String>) -> anyhow::Result<Self> {
        let mut bundled = Self { editions: editions(&controls()), files: Vec::new() };
        for text in texts {
            let edition = read_framework(&Source { name: "exports/frameworks", text: &text }, &controls())?;
            bundled.files.push((edition.key.clone(), text));
            bundled.editions.push(edition);
        }
        Ok(bundled)
    }

    /// The ids of the user's own.
    pub(crate) fn own_keys(&self) -> Vec<String> {
        self.files.iter().map(|(key, _)| key.clone()).collect()
    }

    /// The user's own, as OSCAL's component definition wants them.
    pub(crate) fn own(&self) -> Vec<OwnFramework> {
        self.editions.iter().filter(|edition| edition.is_own).map(mapped).collect()
    }

    /// What stands in the bundle of them.
    pub(crate) fn exports<'a>(
        &'a self,
        seen: &'a Seen<'a>,
        standing: &'a Standing,
        calls: &'a Calls,
    ) -> Vec<Export<'a>> {
        let mut exports = Vec::new();
        for edition in &self.editions {
            let is_about =
                |(provider, _, _): &(palisade_model::Provider, &str, &str)| edition.providers.contains(provider);
            if !edition.is_own && !standing.clusters().any(|cluster| is_about(&cluster)) {
                continue;
            }
            for (ending, media_type, form) in
                [("html", "text/html", FrameworkFormat::Html), ("json", "application/json", FrameworkFormat::Json)]
            {
                exports.extend(Export::new(&format!("frameworks/{}.{ending}", edition.key), media_type, move |to| {
                    write(edition, seen, standing, Some(calls), None, form, to)
                }));
            }
        }
        for (key, text) in &self.files {
            exports.extend(Export::new(&format!("frameworks/{key}.yaml"), "application/yaml", move |to| {
                to.write_all(text.as_bytes())
            }));
        }
        exports
    }
}

/// The requirements of a framework, and the controls that speak to each.
pub(crate) fn mapped(edition: &Edition) -> OwnFramework {
    let requirement =
        |one: &palisade_frameworks::Requirement| OwnRequirement { id: one.id.clone(), controls: one.controls.clone() };
    OwnFramework {
        key: edition.key.clone(),
        title: edition.title.clone(),
        version: edition.version.clone(),
        requirements: edition.requirements.iter().map(requirement).collect(),
    }
}

/// Refuses to call anybody by name to an auditor who answered something.
fn nobody_by_name(given: &Edition, shown: &Edition, profile: &Profile) -> anyhow::Result<()> {
    if matches!(profile, Profile::Internal) {
        return Ok(());
    }
    let answered = |edition: &Edition| -> Vec<String> {
        let said = edition.requirements.iter().flat_map(|one| &one.questions).filter_map(|one| one.said.as_ref());
        said.map(|said| said.by.clone()).collect()
    };
    let before = answered(given);
    let pseudonyms: Vec<String> = before.iter().map(|name| profile.person(name)).collect();
    if answered(shown) != pseudonyms {
        return Err(WrongUsage(format!(
            "the framework `{}` would call somebody by name: write each `by:` on a line of its own, and nothing else there",
            given.key
        ))
        .into());
    }
    let people: BTreeSet<&str> = before.iter().map(String::as_str).collect();
    let mut told: Vec<&str> = vec![shown.title.as_str(), shown.version.as_str()];
    for requirement in &shown.requirements {
        told.extend(requirement.title.as_deref());
        for question in &requirement.questions {
            told.push(question.asks.as_str());
            told.extend(question.said.as_ref().and_then(|said| said.evidence.as_deref()));
        }
    }
    match told.into_iter().find_map(|text| profile.named(text, &people)) {
        None => Ok(()),
        Some(name) => Err(WrongUsage(format!(
            "the framework `{}` would call somebody by name: say it without `{name}`, who has answered a question of it",
            given.key
        ))
        .into()),
    }
}
