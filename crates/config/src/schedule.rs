//! One recurring run: a file of `schedules/`.

use crate::{
    Config, Diagnostic, Diagnostics, Source, TargetConfig,
    nearest::nearest,
    node::{self, Node, Value},
    reader::{Map, choose, text},
};
use palisade_engine::{Concern, Meta};
use palisade_schedule::{CatchUp, Line, LineError, Mistake, Schedule, Zone, zone_names};
use std::{collections::BTreeSet, ops::Range};

/// One recurring run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleConfig {
    /// When it runs.
    pub schedule: Schedule,
    /// What it is for, for people.
    pub description: Option<String>,
    /// What it reads.
    pub targets: ScheduleTargets,
    /// What it asks.
    pub controls: Selection,
    /// The routes its messages take and no others, by the names of the configuration and in this order. `None`: every route
    /// of the configuration, in its order.
    pub routes: Option<Vec<String>>,
    /// What is kept of each run beside the service's own records.
    pub evidence: Option<EvidenceExport>,
    /// After how many minutes a run is ended; what was not read by then is a gap.
    pub time_limit_minutes: u32,
}

/// What a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleTargets {
    /// Every target of the configuration.
    All,
    /// These.
    Named(Vec<ScheduleTarget>),
}

/// A target of the configuration, or some of its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleTarget {
    /// The target's name.
    pub name: String,
    /// Ids of accounts, subscriptions or projects. `None`: all that the target has.
    pub scopes: Option<Vec<String>>,
}

/// What a run asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The controls of a profile.
    Profile(Profile),
    /// These controls, by id.
    Controls(Vec<String>),
}

impl Selection {
    /// Whether a control is asked.
    pub fn admits(&self, control: &Meta) -> bool {
        match self {
            Self::Profile(profile) => profile.concerns().is_none_or(|concerns| concerns.contains(&control.concern)),
            Self::Controls(ids) => ids.iter().any(|id| id == control.id),
        }
    }
}

/// Controls that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Every control.
    Full,
    /// Who can reach API servers and nodes.
    Exposure,
    /// What clusters, nodes and workloads may do in the cloud.
    Authority,
    /// Who can reach etcd, and how what it stores is encrypted.
    Etcd,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Full, Self::Exposure, Self::Authority, Self::Etcd];

    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Exposure => "exposure",
            Self::Authority => "authority",
            Self::Etcd => "etcd",
        }
    }

    /// The concerns whose controls it has; `None` for all controls.
    pub fn concerns(self) -> Option<&'static [Concern]> {
        match self {
            Self::Full => None,
            Self::Exposure => Some(&[Concern::ApiServerNetwork, Concern::NodeNetwork]),
            Self::Authority => Some(&[Concern::CloudApiIam]),
            Self::Etcd => Some(&[Concern::EtcdAccess, Concern::EtcdEncryption]),
        }
    }
}

/// What is kept of each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceExport {
    /// In which forms.
    pub formats: Vec<EvidenceFormat>,
    /// The folder, as it is written, relative to the configuration; or the address of a bucket, which has a `://`. Each run
    /// gets a folder of its own in it.
    pub to: String,
}

impl EvidenceExport {
    /// The address of the bucket that it goes to, if it goes to one.
    pub fn bucket(&self) -> Option<&str> {
        Some(self.to.as_str()).filter(|to| to.contains("://"))
    }
}

/// How the address of a bucket begins.
const BUCKETS: [&str; 3] = ["s3://", "az://", "gs://"];

/// A form of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceFormat {
    /// The raw answers, redacted, which `palisade replay` judges again.
    Snapshot,
    /// The whole report as `palisade.evaluation/v1`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// A line for each finding.
    Csv,
    /// The report for people, as plain text.
    Table,
    /// The same as one page for a browser.
    Html,
}

impl EvidenceFormat {
    /// Every form.
    pub const ALL: [Self; 6] = [Self::Snapshot, Self::Json, Self::Sarif, Self::Csv, Self::Table, Self::Html];

    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Csv => "csv",
            Self::Table => "table",
            Self::Html => "html",
        }
    }
}

/// What a schedule may name.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The ids of the controls.
    pub controls: &'a [&'a str],
    /// The configuration whose targets and routes it may name. `None`: there is none to compare with.
    pub config: Option<&'a Config>,
}

pub(crate) const KEYS: &[&str] = &[
    "name",
    "description",
    "cron",
    "time_zone",
    "jitter_minutes",
    "targets",
    "profile",
    "controls",
    "routes",
    "evidence",
    "catch_up",
    "time_limit_minutes",
];
pub(crate) const TARGET_KEYS: &[&str] = &["name", "scopes"];
pub(crate) const EVIDENCE_KEYS: &[&str] = &["formats", "to"];
pub(crate) const CATCH_UP: &[&str] = &["latest", "none"];

/// The most minutes of jitter.
pub(crate) const MOST_JITTER: u32 = 360;
/// The most minutes of a run.
pub(crate) const LONGEST_RUN: u32 = 24 * 60;
/// How long a run may take when nobody says.
pub(crate) const TIME_LIMIT: u32 = 240;
/// The longest name.
pub(crate) const LONGEST_NAME: usize = 63;

/// Reads one schedule. The file's name is the schedule's, with `.yaml` behind it.
pub fn read_schedule(source: &Source<'_>, known: &Known<'_>) -> Result<ScheduleConfig, Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    if let Some(diagnostic) = unquoted(source.text) {
        diagnostics.push(diagnostic);
        return Err(diagnostics);
    }
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    refuse_aliases(&root, &mut diagnostics);
    let schedule = schedule(&root, source, known, &mut diagnostics);
    match schedule {
        Some(schedule) if diagnostics.is_empty() => Ok(schedule),
        _ => Err(diagnostics),
    }
}

/// A cron line without quotes that begins with a sign YAML has another use for.
fn unquoted(text: &str) -> Option<Diagnostic> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(value) = line.strip_prefix("cron:") {
            let trimmed = value.trim_start();
            let at = start + line.len() - trimmed.len();
            let value = trimmed.split(" #").next().unwrap_or_default().trim_end();
            if value.starts_with(['*', '@']) {
                return Some(
                    Diagnostic::at(at..at + value.len(), "the cron line is not quoted")
                        .label("YAML has another use for its first sign")
                        .help(format!("write `cron: \"{value}\"`")),
                );
            }
        }
        start += line.len();
    }
    None
}

/// Schedules are read by Terraform too, so they stay in the part of YAML that is JSON in other clothes.
fn refuse_aliases(node: &Node, diagnostics: &mut Diagnostics) {
    if node.is_alias {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), "this names a value that is written elsewhere")
                .label("an alias")
                .help("write the value itself: Terraform and other programs read schedules too"),
        );
        return;
    }
    match &node.value {
        Value::Null | Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| refuse_aliases(item, diagnostics)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| refuse_aliases(value, diagnostics)),
    }
}

fn schedule(
    root: &Node,
    source: &Source<'_>,
    known: &Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<ScheduleConfig> {
    let map = Map::of(root, "a schedule", KEYS, diagnostics)?;
    let name = name(&map, source, diagnostics);
    let line = line(&map, source, diagnostics);
    let zone = zone(&map, diagnostics);
    let jitter_minutes = jitter(&map, line.as_ref(), diagnostics);
    let targets = targets(&map, known, diagnostics);
    let controls = selection(&map, known, diagnostics);
    let routes = routes(&map, name.as_deref(), known, diagnostics);
    let evidence = map.get("evidence").and_then(|entry| evidence(entry.value, diagnostics));
    let catch_up = map
        .text("catch_up", diagnostics)
        .and_then(|(word, span)| choose((&word, span), "way to catch up", CATCH_UP, diagnostics));
    let time_limit = map.number("time_limit_minutes", 1..LONGEST_RUN + 1, diagnostics);
    Some(ScheduleConfig {
        schedule: Schedule {
            name: name?,
            line: line?,
            zone: zone?,
            jitter_minutes,
            catch_up: if catch_up == Some("none") { CatchUp::None } else { CatchUp::Latest },
        },
        description: map.text("description", diagnostics).map(|(description, _)| description),
        targets,
        controls,
        routes,
        evidence,
        time_limit_minutes: time_limit.unwrap_or(TIME_LIMIT),
    })
}

/// A required text, or a diagnostic that says how to write it.
fn required(
    map: &Map<'_>,
    (what, key, example): (&str, &str, &str),
    diagnostics: &mut Diagnostics,
) -> Option<(String, Range<usize>)> {
    if map.get(key).is_none() {
        let start = map.span.start;
        diagnostics.push(
            Diagnostic::at(start..start, format!("{what} has no `{key}`"))
                .label(format!("add `{key}:`"))
                .help(format!("for example `{key}: {example}`")),
        );
    }
    map.text(key, diagnostics)
}

fn name(map: &Map<'_>, source: &Source<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let (name, span) = required(map, ("a schedule", "name", "nightly-full"), diagnostics)?;
    let plain = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if !plain || name.len() > LONGEST_NAME || name.starts_with('-') || name.ends_with('-') {
        diagnostics.push(
            Diagnostic::at(span, format!("`{name}` is no name of a schedule"))
                .label("expected for example `nightly-full`")
                .help(format!("use at most {LONGEST_NAME} small letters, digits and hyphens between them")),
        );
        return None;
    }
    let file = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
    if file != format!("{name}.yaml") {
        diagnostics.push(
            Diagnostic::at(span, format!("`{name}` stands in the file `{file}`"))
                .label("the file is called otherwise")
                .help(format!("call the file `{name}.yaml` or change the name: one file, one schedule, one name")),
        );
        return None;
    }
    Some(name)
}

fn line(map: &Map<'_>, source: &Source<'_>, diagnostics: &mut Diagnostics) -> Option<Line> {
    let (written, span) = required(map, ("a schedule", "cron", "\"0 2 * * *\""), diagnostics)?;
    match Line::parse(&written) {
        Ok(line) => Some(line),
        Err(errors) => {
            for LineError { span: part, mistake } in errors {
                let near = match &mistake {
                    Mistake::Value { text, field } => nearest(text, field.names()),
                    Mistake::UnknownMacro(text) => nearest(text, &Line::abbreviations()),
                    _ => None,
                };
                diagnostics.push(
                    Diagnostic::at(within(&span, &part, &written, source.text), mistake.to_string())
                        .label(near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default())
                        .help(mistake.help()),
                );
            }
            None
        }
    }
}

/// Where a part of a scalar stands in the file. The whole scalar when it is not written letter by letter.
fn within(span: &Range<usize>, part: &Range<usize>, scalar: &str, text: &str) -> Range<usize> {
    let written = text.get(span.clone()).unwrap_or_default();
    match written.find(scalar) {
        Some(quote) if quote <= 1 && !part.is_empty() => {
            let start = span.start + quote;
            start + part.start..start + part.end
        }
        _ => span.clone(),
    }
}

fn zone(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Zone> {
    if map.get("time_zone").is_none() {
        return Zone::named("UTC").ok();
    }
    let (name, span) = map.text("time_zone", diagnostics)?;
    let found = Zone::named(&name).ok();
    // Other programs that read the file are strict about letters.
    if let Some(zone) = found.as_ref().filter(|zone| zone.name() == name) {
        return Some(zone.clone());
    }
    let zones = zone_names();
    let city = |zone: &&&str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&name));
    let near = found.map(|zone| zone.name()).or_else(|| zones.iter().find(city).copied());
    let near = near.or_else(|| nearest(&name, &zones));
    diagnostics.push(
        Diagnostic::at(span, format!("no time zone is called `{name}`"))
            .label(near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default())
            .help("write the name of the IANA list: a region and a city, for example `Europe/Berlin`, or `UTC`"),
    );
    None
}

fn jitter(map: &Map<'_>, line: Option<&Line>, diagnostics: &mut Diagnostics) -> u32 {
    let jitter = map.number("jitter_minutes", 0..MOST_JITTER + 1, diagnostics).unwrap_or_default();
    let pause = line.map_or(u32::MAX, Line::shortest_pause_minutes);
    if jitter >= pause
        && let Some(entry) = map.get("jitter_minutes")
    {
        diagnostics.push(
            Diagnostic::at(
                entry.value.span.clone(),
                format!("a jitter of {jitter} minutes reaches the next firing, which comes after {pause}"),
            )
            .label(if pause > 1 { format!("at most {}", pause - 1) } else { "leave it out".to_owned() }),
        );
    }
    jitter
}

fn targets(map: &Map<'_>, known: &Known<'_>, diagnostics: &mut Diagnostics) -> ScheduleTargets {
    let Some(entry) = map.get("targets") else { return ScheduleTargets::All };
    let node = entry.value;
    match &node.value {
        Value::Scalar(word) => {
            let _ = choose((word, node.span.clone()), "set of targets", &["all"], diagnostics);
            ScheduleTargets::All
        }
        Value::List(items) if !items.is_empty() => {
            let mut names = BTreeSet::new();
            let targets = items.iter().filter_map(|item| target(item, known, &mut names, diagnostics));
            ScheduleTargets::Named(targets.collect())
        }
        Value::List(_) | Value::Null | Value::Map(_) => {
            let what = if matches!(node.value, Value::List(_)) { "empty" } else { node.kind() };
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`targets` is {what}"))
                    .label("expected `all` or a list of names"),
            );
            ScheduleTargets::All
        }
    }
}

fn target(
    node: &Node,
    known: &Known<'_>,
    names: &mut BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Option<ScheduleTarget> {
    let ((name, span), scopes) = if let Value::Map(_) = node.value {
        let map = Map::of(node, "a target of a schedule", TARGET_KEYS, diagnostics)?;
        let scopes = map.texts("scopes", diagnostics).map(|scopes| once(scopes, diagnostics));
        (required(&map, ("a target of a schedule", "name", "prod-aws"), diagnostics)?, scopes)
    } else {
        (text(node, "a target", diagnostics)?, None)
    };
    if let Some(config) = known.config {
        let targets: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
        let target = choose((&name, span.clone()), "target", &targets, diagnostics)
            .and_then(|name| config.targets.iter().find(|target| target.name == name));
        // What a target finds by itself nobody knows before it is read.
        if let (Some(listed), Some(scopes)) = (target.and_then(TargetConfig::scopes), &scopes) {
            let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
            for (scope, span) in
                scopes.iter().filter(|(scope, _)| !listed.iter().any(|one| one.eq_ignore_ascii_case(scope)))
            {
                let near = nearest(scope, &listed).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                diagnostics.push(
                    Diagnostic::at(span.clone(), format!("the target `{name}` does not hold `{scope}`"))
                        .label(near)
                        .help("a schedule narrows what its target lists: add it to the target, or leave it out here"),
                );
            }
        }
    }
    if !names.insert(name.clone()) {
        diagnostics.push(Diagnostic::at(span, format!("`{name}` is named twice")).label("the second one"));
    }
    Some(ScheduleTarget { name, scopes: scopes.map(|scopes| scopes.into_iter().map(|(scope, _)| scope).collect()) })
}

/// A list in which nothing stands twice.
fn once(words: Vec<(String, Range<usize>)>, diagnostics: &mut Diagnostics) -> Vec<(String, Range<usize>)> {
    let mut seen = BTreeSet::new();
    for (word, span) in &words {
        if !seen.insert(word.as_str()) {
            diagnostics.push(Diagnostic::at(span.clone(), format!("`{word}` is named twice")).label("the second one"));
        }
    }
    words
}

fn selection(map: &Map<'_>, known: &Known<'_>, diagnostics: &mut Diagnostics) -> Selection {
    if let (Some(_), Some(entry)) = (map.get("profile"), map.get("controls")) {
        diagnostics
            .push(Diagnostic::at(entry.key, "both `profile` and `controls` are set").label("choose one of the two"));
    }
    let names = Profile::ALL.map(Profile::name);
    let profile = map
        .text("profile", diagnostics)
        .and_then(|(word, span)| choose((&word, span), "profile", &names, diagnostics))
        .and_then(|name| Profile::ALL.into_iter().find(|profile| profile.name() == name));
    match map.texts("controls", diagnostics) {
        Some(ids) => {
            let chosen = once(ids, diagnostics)
                .into_iter()
                .filter_map(|(id, span)| choose((&id, span), "control", known.controls, diagnostics));
            Selection::Controls(chosen.map(str::to_owned).collect())
        }
        None => Selection::Profile(profile.unwrap_or(Profile::Full)),
    }
}

/// The routes that are named, each of which is one of the configuration and takes events of this schedule.
fn routes(
    map: &Map<'_>,
    schedule: Option<&str>,
    known: &Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<String>> {
    let named = once(map.texts("routes", diagnostics)?, diagnostics);
    let Some(config) = known.config else { return Some(named.into_iter().map(|(route, _)| route).collect()) };
    let Some(sinks) = &config.sinks else {
        for (route, span) in named {
            diagnostics.push(
                Diagnostic::at(span, format!("there is no route `{route}`: the configuration has no `sinks`"))
                    .label("nobody would be told anything")
                    .help("add `sinks` with channels and routes, or leave `routes` out"),
            );
        }
        return None;
    };
    let names: Vec<&str> = sinks.routes.iter().map(|route| route.name.as_str()).collect();
    let mut routes = Vec::new();
    for (word, span) in named {
        let Some(name) = choose((&word, span.clone()), "route", &names, diagnostics) else { continue };
        let only = sinks.routes.iter().find(|route| route.name == name).map(|route| &route.matches.schedules);
        if let (Some(only), Some(this)) = (only, schedule)
            && !only.is_empty()
            && !only.contains(this)
        {
            let only: Vec<String> = only.iter().map(|schedule| format!("`{schedule}`")).collect();
            diagnostics.push(
                Diagnostic::at(span, format!("the route `{name}` takes nothing of `{this}`"))
                    .label(format!("it takes only what {} saw", only.join(", ")))
                    .help("name the schedule in the route's `schedules` too, or leave `schedules` out there"),
            );
        }
        routes.push(name.to_owned());
    }
    Some(routes)
}

fn evidence(node: &Node, diagnostics: &mut Diagnostics) -> Option<EvidenceExport> {
    let map = Map::of(node, "`evidence`", EVIDENCE_KEYS, diagnostics)?;
    let names = EvidenceFormat::ALL.map(EvidenceFormat::name);
    if map.get("formats").is_none() {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "`evidence` has no `formats`")
                .label("add `formats:`")
                .help("for example `formats: [snapshot, json]`"),
        );
    }
    let formats = map.texts("formats", diagnostics).map(|formats| once(formats, diagnostics));
    let to = required(&map, ("`evidence`", "to", "evidence"), diagnostics).filter(|(to, span)| {
        let is_place =
            !to.contains("://") || BUCKETS.iter().any(|begin| to.len() > begin.len() && to.starts_with(begin));
        if !is_place {
            diagnostics.push(
                Diagnostic::at(span.clone(), "evidence goes to a folder or to a bucket")
                    .label("expected a folder, `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX` or `gs://BUCKET/PREFIX`"),
            );
        }
        is_place
    });
    let formats = formats?.into_iter().filter_map(|(word, span)| {
        let name = choose((&word, span), "form of evidence", &names, diagnostics)?;
        EvidenceFormat::ALL.into_iter().find(|format| format.name() == name)
    });
    Some(EvidenceExport { formats: formats.collect(), to: to?.0 })
}
