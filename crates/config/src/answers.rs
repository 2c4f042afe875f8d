//! What people said that no API tells.

mod schema;
mod template;

pub use schema::answers_schema;
pub use template::{Unanswered, answers_template};

use crate::{
    Diagnostic, Diagnostics, Source,
    nearest::nearest,
    node::{self, Key, Node, Value as Written},
    reader::{Map, choose, text},
};
use jiff::civil::Date;
use palisade_engine::{Answer, AnswerKind, AnsweredFor, Answers, Asks, Entry, Question, Value, Widest};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

const KEYS: &[&str] = &["control", "cluster", "environment", "answer", "by", "answered", "expires", "evidence", "note"];

/// The longest text of somebody's that is taken, in bytes.
const LONGEST: usize = 2_000;

/// Reads a file of answers: a list under `answers`. Nobody has to have answered anything; what is answered is answered
/// wholly, by somebody, on a day.
pub fn read_answers(source: &Source<'_>, controls: &[Entry]) -> Result<Answers, Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    let mut entries = Vec::new();
    if let Some(map) = Map::of(&root, "the file of answers", &["answers"], &mut diagnostics) {
        match map.get("answers").map(|entry| (entry.value, &entry.value.value)) {
            Some((_, Written::List(items))) => {
                let mut seen = Seen::new();
                entries = items.iter().filter_map(|item| answer(item, controls, &mut seen, &mut diagnostics)).collect();
            }
            // A list whose every line is a comment still.
            Some((_, Written::Null)) => (),
            Some((node, _)) => diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`answers` is {}", node.kind())).label("expected a list"),
            ),
            None => diagnostics
                .push(Diagnostic::at(map.span, "there is no `answers`").label("expected `answers:` and a list")),
        }
    }
    if diagnostics.is_empty() { Ok(Answers::new(entries, source.text)) } else { Err(diagnostics) }
}

/// What was answered already.
type Seen = BTreeSet<(&'static str, AnsweredFor)>;

fn answer(node: &Node, controls: &[Entry], seen: &mut Seen, diagnostics: &mut Diagnostics) -> Option<Answer> {
    let map = Map::of(node, "an answer", KEYS, diagnostics)?;
    for required in ["control", "answer", "by", "answered"] {
        if map.get(required).is_none() {
            diagnostics.push(
                Diagnostic::at(map.span.clone(), format!("an answer has no `{required}`"))
                    .label(format!("add `{required}:`")),
            );
        }
    }
    let asked = map.text("control", diagnostics).and_then(|written| asked(written, controls, diagnostics));
    let of = answered_for(&map, diagnostics);
    if let (Some((control, asks, span)), Some(of)) = (&asked, &of) {
        if let Some(too_wide) = too_wide(of, asks.widest) {
            diagnostics.push(
                Diagnostic::at(span.clone(), format!("{control} is not answered for {of}"))
                    .label(too_wide)
                    .help("what holds for one need not hold for another: say it for each"),
            );
        }
        if !seen.insert((control, of.clone())) {
            diagnostics.push(
                Diagnostic::at(span.clone(), format!("{control} is answered twice for {of}"))
                    .label("the second answer")
                    .help("keep the newer one: the older one is in the history of the file"),
            );
        }
    }
    let values = match (&asked, map.get("answer")) {
        (Some((control, asks, _)), Some(entry)) => values(entry.value, control, asks, diagnostics),
        _ => None,
    };
    let by = line(&map, "by", diagnostics);
    let on =
        map.text("answered", diagnostics).and_then(|(text, span)| Some((day(&text, span.clone(), diagnostics)?, span)));
    let expires =
        map.text("expires", diagnostics).and_then(|(text, span)| Some((day(&text, span.clone(), diagnostics)?, span)));
    if let (Some((on, _)), Some((expires, span))) = (&on, &expires)
        && expires < on
    {
        diagnostics.push(Diagnostic::at(span.clone(), format!("it would have expired before it was given, on {on}")));
    }
    let evidence = evidence(&map, diagnostics);
    let note = map.text("note", diagnostics).and_then(|written| short(written, "note", diagnostics));
    let (control, asks, span) = asked?;
    let values = values?;
    if let Some((on, _)) = &on {
        not_later(&values, map.get("answer").map(|entry| entry.value), *on, diagnostics);
    }
    let is_bad = |(name, value): (&String, &Value)| asks.question(name).is_some_and(|one| value.is_bad(one.kind));
    if asks.evidence && map.get("evidence").is_none() && !values.iter().any(is_bad) {
        diagnostics.push(
            Diagnostic::at(span, format!("the answer to {control} has no `evidence`"))
                .label("add `evidence:` and a link to what it rests on"),
        );
    }
    Some(Answer {
        control: control.to_owned(),
        of: of?,
        values,
        by: by?,
        on: on?.0,
        expires: expires.map(|(day, _)| day),
        evidence,
        note,
    })
}

/// The control that is answered, and what it asks.
fn asked(
    (text, span): (String, Range<usize>),
    controls: &[Entry],
    diagnostics: &mut Diagnostics,
) -> Option<(&'static str, &'static Asks, Range<usize>)> {
    if let Some(control) = controls.iter().find(|control| control.meta.id == text) {
        let Some(asks) = control.asks else {
            diagnostics.push(
                Diagnostic::at(span, format!("{text} asks nobody: it is read"))
                    .label("take it away")
                    .help("`palisade answers status` lists what is asked; a risk is accepted in the file of waivers"),
            );
            return None;
        };
        return Some((control.meta.id, asks, span));
    }
    let ids: Vec<&str> = controls.iter().filter(|control| control.asks.is_some()).map(|one| one.meta.id).collect();
    choose((&text, span), "control that asks people", &ids, diagnostics);
    None
}

fn answered_for(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<AnsweredFor> {
    // Clouds call things what they like: a name is taken as it is.
    let name = |key: &str, diagnostics: &mut Diagnostics| {
        map.text(key, diagnostics).and_then(|written| short(written, key, diagnostics))
    };
    match (map.get("cluster"), map.get("environment")) {
        (None, None) => Some(AnsweredFor::Fleet),
        (Some(_), None) => name("cluster", diagnostics).map(AnsweredFor::Cluster),
        (None, Some(_)) => name("environment", diagnostics).map(AnsweredFor::Environment),
        (Some(_), Some(entry)) => {
            diagnostics.push(
                Diagnostic::at(entry.key, "both `cluster` and `environment` are set").label("choose one of the two"),
            );
            None
        }
    }
}

/// What to write instead, where an answer speaks for more than one answer may.
fn too_wide(of: &AnsweredFor, widest: Widest) -> Option<&'static str> {
    match (of, widest) {
        (AnsweredFor::Fleet | AnsweredFor::Environment(_), Widest::Cluster) => Some("add `cluster:`, its id or name"),
        (AnsweredFor::Fleet, Widest::Environment) => Some("add `environment:` or `cluster:`"),
        (AnsweredFor::Fleet, Widest::Fleet)
        | (AnsweredFor::Environment(_), Widest::Fleet | Widest::Environment)
        | (AnsweredFor::Cluster(_), _) => None,
    }
}

/// What was said to each question. One that is bad leaves nothing else to ask.
fn values(
    node: &Node,
    control: &str,
    asks: &'static Asks,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, Value>> {
    let names: Vec<&str> = asks.questions.iter().map(|question| question.name).collect();
    let mut values = BTreeMap::new();
    let mut is_whole = true;
    match &node.value {
        Written::Map(entries) => {
            let mut seen = BTreeSet::new();
            for (Key { text: name, span }, node) in entries {
                let Some(question) = asks.question(name) else {
                    let label = nearest(name, &names).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                    let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    diagnostics.push(
                        Diagnostic::at(span.clone(), format!("{control} does not ask `{name}`"))
                            .label(label)
                            .help(format!("it asks {known}")),
                    );
                    is_whole = false;
                    continue;
                };
                if !seen.insert(name.as_str()) {
                    diagnostics.push(Diagnostic::at(span.clone(), format!("`{name}` is answered twice")));
                }
                match value(node, question, diagnostics) {
                    Some(value) => {
                        values.insert(name.clone(), value);
                    }
                    None => is_whole = false,
                }
            }
        }
        // A single word answers the first question, and the only one when there is one.
        _ => match asks.questions.first().map(|question| (question, value(node, question, diagnostics))) {
            Some((question, Some(value))) => {
                values.insert(question.name.to_owned(), value);
            }
            Some((_, None)) | None => is_whole = false,
        },
    }
    let is_settled = asks
        .questions
        .iter()
        .any(|question| values.get(question.name).is_some_and(|value| value.is_bad(question.kind)));
    if !is_settled && is_whole {
        for question in asks.questions.iter().filter(|question| !values.contains_key(question.name)) {
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("{control} is answered without `{}`", question.name))
                    .label(format!("add `{}:`", question.name))
                    .help(question.asks),
            );
        }
    }
    is_whole.then_some(values)
}

fn value(node: &Node, question: &'static Question, diagnostics: &mut Diagnostics) -> Option<Value> {
    let (text, span) = text(node, question.name, diagnostics)?;
    let (value, expected) = match question.kind {
        AnswerKind::Choice => (
            match text.as_str() {
                "yes" => Some(Value::Yes),
                "no" => Some(Value::No),
                "partly" => Some(Value::Partly),
                _ => None,
            },
            "expected `yes`, `no` or `partly`".to_owned(),
        ),
        AnswerKind::Day { .. } => (
            if text == "never" { Some(Value::Never) } else { text.parse().ok().map(Value::Day) },
            "expected a day, for example `2027-03-31`, or `never`".to_owned(),
        ),
        AnswerKind::Number { least, most, unit, .. } => (
            text.parse().ok().filter(|number| (least..=most).contains(number)).map(Value::Number),
            format!("expected a whole number of {unit} from {least} to {most}"),
        ),
    };
    if value.is_none() {
        let title = format!("`{text}` does not answer `{}`", question.name);
        diagnostics.push(Diagnostic::at(span, title).label(expected).help(question.asks));
    }
    value
}

/// Nobody knows on a day what will have been done later.
fn not_later(values: &BTreeMap<String, Value>, node: Option<&Node>, on: Date, diagnostics: &mut Diagnostics) {
    for (name, value) in values {
        let Value::Day(day) = value else { continue };
        if *day <= on {
            continue;
        }
        let span = node.map_or(0..0, |node| match &node.value {
            Written::Map(entries) => {
                entries.iter().find(|(key, _)| key.text == *name).map_or(0..0, |(_, value)| value.span.clone())
            }
            _ => node.span.clone(),
        });
        diagnostics.push(Diagnostic::at(span, format!("`{name}` is later than the answer, which was given on {on}")));
    }
}

fn day(text: &str, span: Range<usize>, diagnostics: &mut Diagnostics) -> Option<Date> {
    let day = text.parse::<Date>().ok();
    if day.is_none() {
        diagnostics
            .push(Diagnostic::at(span, format!("`{text}` is no day")).label("expected for example `2027-03-31`"));
    }
    day
}

/// A text of one line.
fn line(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let (text, span) = map.text(name, diagnostics)?;
    if text.chars().any(char::is_control) {
        diagnostics.push(Diagnostic::at(span, format!("`{name}` is more than one line, or holds what nobody sees")));
        return None;
    }
    short((text, span), name, diagnostics)
}

fn short((text, span): (String, Range<usize>), name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    if text.len() > LONGEST {
        let title = format!("`{name}` has {} bytes, more than {LONGEST}", text.len());
        diagnostics.push(Diagnostic::at(span, title).label("say it shorter, and link to the rest"));
        return None;
    }
    Some(text)
}

/// A link: it is shown to everybody who reads a report, so it holds no password.
fn evidence(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let span = map.get("evidence")?.value.span.clone();
    let link = line(map, "evidence", diagnostics)?;
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let wrong = match host {
        None | Some("") => Some("expected a link that begins with `https://`"),
        Some(host) if host.contains('@') => {
            // The line is shown with the mistake.
            diagnostics.hide(&span);
            Some("a link must hold no name and password")
        }
        Some(_) if link.contains(char::is_whitespace) => Some("a link has no spaces"),
        Some(_) => None,
    };
    if let Some(label) = wrong {
        diagnostics.push(Diagnostic::at(span, "`evidence` is no link that can be shown").label(label));
        return None;
    }
    Some(link)
}
