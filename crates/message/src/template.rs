//! Titles and bodies that a user writes.

use crate::{
    Channel, Dialect, Plain,
    content::{LONGEST_BODY, SHORTEST_LINE},
    plain::escape_within,
    sample,
};
use minijinja::{Environment, UndefinedBehavior, Value};
use palisade_engine::Severity;
use palisade_track::{Event, EventKind, Summary, Topic, Tracked};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which part of an item a template writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its one bold line.
    Title,
    /// What stands below it.
    Body,
}

/// A text that replaces ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The kind of event. Absent: every kind.
    pub event: Option<EventKind>,
    /// The channel, by name. Absent: every one.
    pub channel: Option<String>,
    /// Which part it writes.
    pub part: Part,
    /// Its name, as the user knows it: the file.
    pub name: String,
    /// Its text, a minijinja template. It is written in the dialect of its channel; values are escaped for it.
    pub text: String,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("`{name}`, line {line}: {what}")]
pub struct TemplateMistake {
    /// The template's name.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Templates that were tried on a sample of every event they are for.
#[derive(Clone, Debug, Default)]
pub struct Templates(Vec<Template>);

/// How much work a template may make: a loop without end stops here.
const FUEL: u64 = 50_000;

/// The longest text of a template, in bytes.
const LONGEST: usize = 64 * 1024;

impl Templates {
    /// Takes templates after trying each on a sample of every event it is for, in the dialect of every channel it is for.
    /// Every mistake of every template is returned at once.
    pub fn check(templates: Vec<Template>, channels: &[Channel]) -> Result<Self, Vec<TemplateMistake>> {
        let mut mistakes: Vec<TemplateMistake> =
            templates.iter().flat_map(|template| mistakes_of(template, channels)).collect();
        mistakes.sort();
        mistakes.dedup();
        if mistakes.is_empty() { Ok(Self(templates)) } else { Err(mistakes) }
    }

    /// What the user's template says of an event and `others` like it. `None` when there is none, when it stumbles over
    /// what this event has, or when it is too long: then ours is said, so that nothing goes untold.
    pub(crate) fn write(
        &self,
        part: Part,
        channel: &str,
        event: &Event,
        others: usize,
        dialect: Dialect,
    ) -> Option<String> {
        // The most particular one: of this channel and event, of this channel, of this event, of all.
        let fits = |template: &&Template| {
            template.part == part
                && template.event.is_none_or(|kind| kind == event.kind)
                && template.channel.as_deref().is_none_or(|name| name == channel)
        };
        let template =
            self.0.iter().filter(fits).max_by_key(|template| (template.channel.is_some(), template.event.is_some()))?;
        let text = run(template, event, others, dialect).ok()?;
        let text = match part {
            Part::Title => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Part::Body => text.trim().to_owned(),
        };
        let most = match part {
            Part::Title => SHORTEST_LINE,
            Part::Body => LONGEST_BODY,
        };
        // Markup is not cut: what is too long is not taken.
        (!text.is_empty() && text.chars().count() <= most).then_some(text)
    }
}

fn mistakes_of(template: &Template, channels: &[Channel]) -> Vec<TemplateMistake> {
    let mistake = |line: usize, what: String| TemplateMistake { name: template.name.clone(), line, what };
    if template.text.len() > LONGEST {
        return vec![mistake(1, format!("it has {} bytes, more than {LONGEST}", template.text.len()))];
    }
    let fits = |channel: &&Channel| template.channel.as_ref().is_none_or(|name| *name == channel.name);
    let dialects = channels.iter().filter(fits).map(|channel| channel.kind.medium().dialect());
    let dialects: std::collections::BTreeSet<Dialect> = dialects.collect();
    let samples = EventKind::ALL.into_iter().filter(|kind| template.event.is_none_or(|wanted| wanted == *kind));
    let mut mistakes = Vec::new();
    for sample in samples.map(sample) {
        for dialect in &dialects {
            if let Err(error) = run(template, &sample, 2, *dialect) {
                let detail = error.detail().unwrap_or_default().to_owned();
                let what = match (error.kind(), detail.is_empty()) {
                    (kind, true) => format!("{kind}, tried on `{}`", sample.kind.name()),
                    (kind, false) => format!("{kind}: {detail}, tried on `{}`", sample.kind.name()),
                };
                mistakes.push(mistake(error.line().unwrap_or(1), what));
                // One sample a template is enough to see what to mend; the next start shows the next one.
                return mistakes;
            }
        }
    }
    mistakes
}

/// What a template can name.
#[derive(Serialize)]
struct Names<'a> {
    kind: &'static str,
    happened: &'static str,
    severity: Severity,
    at: String,
    run: Option<&'a str>,
    schedule: Option<&'a str>,
    others: usize,
    finding: Option<&'a Tracked>,
    before: Option<Severity>,
    reached_by: Option<&'a str>,
    waiver: Option<BTreeMap<&'static str, String>>,
    summary: Option<&'a Summary>,
    channel: Option<BTreeMap<&'static str, String>>,
}

fn names(event: &Event, others: usize) -> Names<'_> {
    let mut names = Names {
        kind: event.kind.name(),
        happened: crate::words::happened(event.kind),
        severity: event.severity,
        at: crate::words::minute(event.at),
        run: event.run.as_deref(),
        schedule: event.schedule.as_deref(),
        others,
        finding: None,
        before: None,
        reached_by: None,
        waiver: None,
        summary: None,
        channel: None,
    };
    match &event.topic {
        Topic::Finding { finding, before, reached_by } => {
            names.finding = Some(finding);
            names.before = *before;
            names.reached_by = reached_by.as_deref();
        }
        Topic::Waiver { selector, owner, until, covers } => {
            names.waiver = Some(BTreeMap::from([
                ("selector", selector.clone()),
                ("owner", owner.clone()),
                ("until", crate::words::minute(*until)),
                ("covers", covers.to_string()),
            ]));
        }
        Topic::Run(summary) => names.summary = Some(summary),
        Topic::Channel { name, why, waiting } => {
            names.channel =
                Some(BTreeMap::from([("name", name.clone()), ("why", why.clone()), ("waiting", waiting.to_string())]));
        }
    }
    names
}

fn run(template: &Template, event: &Event, others: usize, dialect: Dialect) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // The template's own text is the user's and stays; every value comes from a cloud and is escaped.
    environment.set_formatter(move |out, _, value| {
        let text = if value.is_none() { String::new() } else { value.to_string() };
        let plain = Plain::new(&text);
        out.write_str(&escape_within(plain.as_str(), dialect, LONGEST))
            .map_err(|_| minijinja::Error::new(minijinja::ErrorKind::WriteFailure, "the text could not be written"))
    });
    environment.template_from_str(&template.text)?.render(Value::from(minijinja::value::Serde(names(event, others))))
}
