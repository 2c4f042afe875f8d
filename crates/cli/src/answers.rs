//! `palisade answers`: what people say that no API tells.

use crate::{
    arguments::{Answers, AnswersStatus, CheckAnswers, InitAnswers, ListFormat},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths, providers,
    scan::{answers_path, configuration, judge, without_waivers},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use palisade_config::{Config, Source, Unanswered, answers_schema, answers_template, read_answers};
use palisade_controls::controls;
use palisade_engine::{Answer, Entry, Policy, State, environments};
use palisade_report::{AnswerRow, plain};
use palisade_store::SnapshotFolder;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

pub(crate) fn run(wanted: &Answers, screen: &Screen) -> anyhow::Result<Exit> {
    match wanted {
        Answers::Init(wanted) => init(wanted, screen),
        Answers::Check(wanted) => check(wanted, screen),
        Answers::Status(wanted) => status(wanted, screen),
        Answers::Schema => {
            output::json(&answers_schema(&controls()))?;
            Ok(Exit::Done)
        }
    }
}

/// Reads a file of answers.
pub(crate) fn read(path: &Path) -> anyhow::Result<palisade_engine::Answers> {
    let text = paths::text(path, paths::DOCUMENT).map_err(|error| {
        let hint = if error.kind() == io::ErrorKind::NotFound { "; `palisade answers init` begins one" } else { "" };
        WrongUsage(format!("could not read the answers `{}`: {error}{hint}", path.display()))
    })?;
    Ok(read_answers(&Source { name: &path.display().to_string(), text: &text }, &controls())?)
}

/// The configuration alone, where there is one: answers can be begun before anything else.
fn config(path: &Path) -> anyhow::Result<Option<Config>> {
    if path.exists() { without_waivers(path).map(Some) } else { Ok(None) }
}

/// The file that was named, or the one of the configuration.
fn file(named: Option<&PathBuf>, config_path: &Path) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.clone());
    }
    let of_config = config(config_path)?.and_then(|config| answers_path(&config, config_path));
    of_config.ok_or_else(|| {
        let hint = "name it, or add\n  policy:\n    answers_file: answers.yaml";
        WrongUsage(format!("`{}` names no file of answers: {hint}", config_path.display())).into()
    })
}

fn init(wanted: &InitAnswers, screen: &Screen) -> anyhow::Result<Exit> {
    let config = config(&wanted.config)?;
    let named = config.as_ref().and_then(|config| answers_path(config, &wanted.config));
    let path = wanted.output.clone().or_else(|| named.clone()).unwrap_or_else(|| PathBuf::from("answers.yaml"));
    let controls = controls();
    let policy = config.map(|config| config.policy).unwrap_or_default();
    let policy = match &named {
        Some(there) if there.exists() => Policy { answers: read(there)?, ..policy },
        _ => policy,
    };
    let text = if wanted.snapshot.is_empty() {
        answers_template(&controls, None)
    } else {
        answers_template(&controls, Some(&missing(&wanted.snapshot, &controls, &policy)?))
    };
    if wanted.print {
        output::data(text.as_bytes(), None)?;
        return Ok(Exit::Done);
    }
    if path.exists() {
        let hint = "`--print` shows the questions, to be added by hand";
        return Err(WrongUsage(format!("`{}` is there already and is left as it is; {hint}", path.display())).into());
    }
    output::data(text.as_bytes(), Some(&path))?;
    let names_it = named.as_ref() == Some(&path);
    let next = if names_it {
        "`palisade answers check` tells what is wrong with it".to_owned()
    } else {
        format!("name it in the configuration: `policy: {{answers_file: {}}}`", path.display())
    };
    screen.note(&plain(&format!("began `{}`: answer line by line; {next}", path.display())));
    Ok(Exit::Done)
}

/// The clusters of snapshots that nobody has answered, or whose answer is too old, by control.
fn missing<'a>(
    folders: &[PathBuf],
    controls: &'a [Entry],
    policy: &Policy,
) -> anyhow::Result<BTreeMap<&'a str, Vec<Unanswered>>> {
    let folders: Vec<SnapshotFolder> = folders.iter().map(SnapshotFolder::open).collect();
    let report = palisade_runner::replay(&folders, &[], providers::normalizer, &judge(controls, policy))?;
    let mut labels = BTreeMap::new();
    for folder in &folders {
        for unit in folder.units()? {
            let snapshot = folder.read(&unit)?;
            let Some(provider) = providers::normalizer(snapshot.provider) else { continue };
            for cluster in provider.normalize(&snapshot).clusters {
                let environment = environments(&cluster).next().map(str::to_owned);
                labels.insert(cluster.id, environment);
            }
        }
    }
    let asked: BTreeSet<&str> = controls.iter().filter(|one| one.asks.is_some()).map(|one| one.meta.id).collect();
    let mut missing = BTreeMap::<&str, Vec<Unanswered>>::new();
    for finding in report.findings.iter().filter(|finding| !finding.rolled_up) {
        let is_open = matches!(finding.state, State::AttestMissing | State::AttestExpired);
        if !is_open || !asked.contains(finding.control.id) {
            continue;
        }
        let environment = labels.get(&finding.cluster).cloned().flatten();
        let one = Unanswered { cluster: finding.cluster_name.to_string(), environment };
        missing.entry(finding.control.id).or_default().push(one);
    }
    Ok(missing)
}

fn check(wanted: &CheckAnswers, screen: &Screen) -> anyhow::Result<Exit> {
    let path = file(wanted.file.as_ref(), &wanted.config)?;
    let answers = read(&path)?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for answer in answers.entries().iter().filter(|answer| answer.on > today) {
        screen.warn(&plain(&format!(
            "the answer of {} to {} for {} is dated {}, after today: it counts from then",
            answer.by, answer.control, answer.of, answer.on
        )));
    }
    let count = answers.entries().len();
    let noun = if count == 1 { "answer" } else { "answers" };
    let text = format!("{count} {noun} in `{}`, without a mistake\n", plain(&path.display().to_string()));
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// How an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Standing {
    Missing,
    Expired,
    Expiring,
    Answered,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Expiring => "expiring",
            Self::Answered => "answered",
        }
    }
}

/// One control, and one answer or the lack of one.
#[derive(Serialize)]
struct Line {
    control: &'static str,
    title: &'static str,
    severity: &'static str,
    standing: Standing,
    /// For which clusters it is asked or answered.
    of: String,
    said: Option<String>,
    by: Option<String>,
    answered: Option<Date>,
    counts_until: Option<Date>,
    ends_because: Option<String>,
    evidence: Option<String>,
    digest: Option<String>,
    /// What is asked.
    questions: Vec<&'static str>,
}

impl Line {
    fn of(control: &'static palisade_engine::Meta, asks: &'static palisade_engine::Asks, standing: Standing) -> Self {
        Self {
            control: control.id,
            title: control.title,
            severity: control.severity.name(),
            standing,
            of: String::new(),
            said: None,
            by: None,
            answered: None,
            counts_until: None,
            ends_because: None,
            evidence: None,
            digest: None,
            questions: asks.questions.iter().map(|question| question.asks).collect(),
        }
    }

    fn answered(mut self, answer: &Answer, asks: &palisade_engine::Asks) -> Self {
        let until = answer.until(asks);
        self.of = answer.of.to_string();
        self.said = Some(answer.said(asks));
        self.by = Some(answer.by.clone());
        self.answered = Some(answer.on);
        self.counts_until = Some(until.last_day);
        self.ends_because = Some(until.because.to_string());
        self.evidence.clone_from(&answer.evidence);
        self.digest = Some(answer.digest().to_string());
        self
    }

    /// What the file alone says.
    fn of_file(
        answers: &palisade_engine::Answers,
        controls: &[Entry],
        within: SignedDuration,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut lines = Vec::new();
        for control in controls {
            let Some(asks) = control.asks else { continue };
            let mut is_answered = false;
            for answer in answers.entries().iter().filter(|answer| answer.control == control.meta.id) {
                is_answered = true;
                let until = answer.until(asks).at;
                let standing = if now >= until {
                    Standing::Expired
                } else if until.duration_since(now) <= within {
                    Standing::Expiring
                } else {
                    Standing::Answered
                };
                lines.push(Self::of(control.meta, asks, standing).answered(answer, asks));
            }
            if !is_answered {
                lines.push(Self::of(control.meta, asks, Standing::Missing));
            }
        }
        lines
    }

    /// What a report says, cluster by cluster.
    fn of_row(row: &AnswerRow, within: SignedDuration, now: Timestamp) -> Self {
        let standing = match (row.state, row.until) {
            (State::AttestMissing, _) => Standing::Missing,
            (State::AttestExpired, _) => Standing::Expired,
            (_, Some(until)) if until.at.duration_since(now) <= within => Standing::Expiring,
            (_, _) => Standing::Answered,
        };
        let mut line = Self::of(row.control, row.asks, standing);
        if let Some(answer) = &row.answer {
            line = line.answered(answer, row.asks);
        }
        let count = if row.clusters == 1 { "1 cluster".to_owned() } else { format!("{} clusters", row.clusters) };
        let told = format!("{count}: {}", row.told_clusters());
        line.of = if line.of.is_empty() { told } else { format!("{} ({told})", line.of) };
        line
    }

    fn tell(&self, text: &mut String) {
        let head = format!("{:<9} {:<6} {:<9} {}", self.standing.word(), self.control, self.severity, self.title);
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}", plain(&head));
        let mut say = |words: &str| {
            let _ = writeln!(text, "          {}", plain(words));
        };
        if let (Some(by), Some(on), Some(said)) = (&self.by, self.answered, &self.said) {
            say(&format!("{by} on {on} for {}: {said}", self.of));
            if let (Some(until), Some(because)) = (self.counts_until, &self.ends_because) {
                let verb = if self.standing == Standing::Expired { "counted" } else { "counts" };
                say(&format!("{verb} until {until}: {because}"));
            }
            self.evidence.iter().for_each(|link| say(link));
        } else if !self.of.is_empty() {
            say(&self.of);
        }
        if self.standing == Standing::Missing {
            self.questions.iter().for_each(|question| say(question));
        }
    }
}

fn status(wanted: &AnswersStatus, screen: &Screen) -> anyhow::Result<Exit> {
    let controls = controls();
    let within = SignedDuration::from_hours(24 * i64::from(wanted.within));
    let mut lines = if wanted.snapshot.is_empty() {
        let answers = read(&file(wanted.file.as_ref(), &wanted.config)?)?;
        Line::of_file(&answers, &controls, within, Timestamp::now())
    } else {
        let mut policy = if wanted.config.exists() { configuration(&wanted.config)?.policy } else { Policy::default() };
        if let Some(path) = &wanted.file {
            policy.answers = read(path)?;
        }
        let folders: Vec<SnapshotFolder> = wanted.snapshot.iter().map(SnapshotFolder::open).collect();
        let report = palisade_runner::replay(&folders, &[], providers::normalizer, &judge(&controls, &policy))?;
        let now = report.run.finished_at;
        screen.note(&format!("as of {}, when the snapshot was taken", now.strftime("%Y-%m-%d %H:%M UTC")));
        report.answers.rows.iter().map(|row| Line::of_row(row, within, now)).collect()
    };
    // What needs somebody first; the controls keep their order.
    lines.sort_by_key(|line| line.standing);
    if wanted.format == ListFormat::Json {
        output::json(&lines)?;
    } else {
        let mut text = String::new();
        for line in &lines {
            line.tell(&mut text);
        }
        let count = |standing: Standing| lines.iter().filter(|line| line.standing == standing).count();
        let told = [Standing::Missing, Standing::Expired, Standing::Expiring, Standing::Answered]
            .map(|standing| format!("{} {}", count(standing), standing.word()));
        let _ = writeln!(text, "{}", told.join(", "));
        output::data(text.as_bytes(), None)?;
    }
    let is_open = |line: &Line| matches!(line.standing, Standing::Missing | Standing::Expired);
    Ok(if lines.iter().any(is_open) { Exit::Findings } else { Exit::Done })
}
