//! An organisation's own framework: its requirements, what speaks to each, and what is asked of people.

mod schema;

pub use schema::framework_schema;

use crate::{
    Diagnostic, Diagnostics, Source,
    node::{self, Node, Value as Written},
    reader::{Map, choose, text},
};
use jiff::civil::Date;
use palisade_engine::{Entry, Meta};
use palisade_frameworks::{Edition, Question, Requirement, Said, Word, editions};
use palisade_model::Provider;
use std::{collections::BTreeSet, ops::Range};

const KEYS: &[&str] = &["id", "title", "version", "clouds", "requirements"];
const REQUIREMENT: &[&str] = &["id", "title", "controls", "manual", "questions"];
const QUESTION: &[&str] = &["asks", "answer", "by", "answered", "expires", "evidence"];
const CLOUDS: &[&str] = &["aws", "azure", "gcp"];

/// The longest text that is taken, in bytes.
const LONGEST: usize = 500;
/// The longest name, in bytes: it stands in paths.
const LONGEST_NAME: usize = 60;
/// The most requirements of a file.
const MOST: usize = 2_000;

/// Reads a framework of one's own. Its controls are ids or names of `controls`.
pub fn read_framework(source: &Source<'_>, controls: &[Entry]) -> Result<Edition, Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    let edition = edition(&root, controls, &mut diagnostics);
    match edition {
        Some(edition) if diagnostics.is_empty() => Ok(edition),
        _ => Err(diagnostics),
    }
}

fn edition(root: &Node, controls: &[Entry], diagnostics: &mut Diagnostics) -> Option<Edition> {
    let map = Map::of(root, "the framework", KEYS, diagnostics)?;
    for required in ["id", "title", "version", "requirements"] {
        if map.get(required).is_none() {
            diagnostics.push(
                Diagnostic::at(map.span.clone(), format!("the framework has no `{required}`"))
                    .label(format!("add `{required}:`")),
            );
        }
    }
    let key = map.text("id", diagnostics).and_then(|written| name(written, controls, diagnostics));
    let title = line(&map, "title", diagnostics);
    let version = line(&map, "version", diagnostics);
    let providers = clouds(&map, diagnostics);
    let requirements = map.get("requirements").and_then(|entry| requirements(entry.value, controls, diagnostics));
    Some(Edition {
        key: key?,
        title: title?,
        version: version?,
        providers: providers?,
        is_own: true,
        requirements: requirements?,
    })
}

/// The framework's name: it stands on the command line and in paths, so it has small plain letters and is nobody else's.
fn name((text, span): (String, Range<usize>), controls: &[Entry], diagnostics: &mut Diagnostics) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte != b'-');
    if !text.bytes().all(is_plain)
        || !edge(text.bytes().next())
        || !edge(text.bytes().last())
        || text.len() > LONGEST_NAME
    {
        diagnostics.push(Diagnostic::at(span, format!("`{text}` cannot be the id of a framework")).label(format!(
            "expected at most {LONGEST_NAME} small letters, digits and hyphens, for example `acme-baseline`"
        )));
        return None;
    }
    if editions(controls).iter().any(|one| one.key == text || one.key.starts_with(&format!("{text}-"))) {
        diagnostics.push(
            Diagnostic::at(span, format!("`{text}` is a framework that is there already"))
                .label("choose another id")
                .help("`palisade frameworks list` names those that are there"),
        );
        return None;
    }
    Some(text)
}

fn clouds(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Provider>> {
    if map.get("clouds").is_none() {
        return Some(vec![Provider::Aws, Provider::Azure, Provider::Gcp]);
    }
    let written = map.texts("clouds", diagnostics)?;
    let mut found = BTreeSet::new();
    for (text, span) in &written {
        match choose((text, span.clone()), "cloud", CLOUDS, diagnostics) {
            Some("aws") => found.insert(Provider::Aws),
            Some("azure") => found.insert(Provider::Azure),
            Some(_) => found.insert(Provider::Gcp),
            None => false,
        };
    }
    Some(found.into_iter().collect())
}

fn requirements(node: &Node, controls: &[Entry], diagnostics: &mut Diagnostics) -> Option<Vec<Requirement>> {
    let Written::List(items) = &node.value else {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("`requirements` is {}", node.kind())).label("expected a list"),
        );
        return None;
    };
    if items.is_empty() || items.len() > MOST {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("there are {} requirements", items.len()))
                .label(format!("expected 1 to {MOST}")),
        );
    }
    let mut seen = BTreeSet::new();
    let all: Vec<Option<Requirement>> =
        items.iter().map(|item| requirement(item, controls, &mut seen, diagnostics)).collect();
    all.into_iter().collect()
}

fn requirement(
    node: &Node,
    controls: &[Entry],
    seen: &mut BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Requirement> {
    let map = Map::of(node, "a requirement", REQUIREMENT, diagnostics)?;
    for required in ["id", "title"] {
        if map.get(required).is_none() {
            diagnostics.push(
                Diagnostic::at(map.span.clone(), format!("a requirement has no `{required}`"))
                    .label(format!("add `{required}:`")),
            );
        }
    }
    let id = line(&map, "id", diagnostics);
    if let (Some(id), Some(entry)) = (&id, map.get("id"))
        && !seen.insert(id.clone())
    {
        diagnostics.push(
            Diagnostic::at(entry.value.span.clone(), format!("the requirement `{id}` is there twice"))
                .label("the second one"),
        );
    }
    let title = line(&map, "title", diagnostics);
    let named = named(&map, controls, diagnostics);
    let manual = map.get("manual").map(|entry| (entry.key, map.flag("manual", diagnostics)));
    let mut questions = questions(&map, diagnostics);
    match (&manual, map.get("questions")) {
        (Some((span, Some(false))), Some(_)) => diagnostics.push(
            Diagnostic::at(span.clone(), "it has questions, and `manual: false` says that nobody is asked")
                .label("take one of the two away"),
        ),
        // The requirement is the question, and nobody has answered it.
        (Some((_, Some(true))), None) => {
            let asks = title.clone().unwrap_or_default();
            questions = Some(vec![Question { asks, said: None }]);
        }
        (None | Some((_, Some(false))), None) if map.get("controls").is_none() => diagnostics.push(
            Diagnostic::at(map.span.clone(), "nothing speaks to this requirement: it would be unknown for ever")
                .label("add `controls:`, or `manual: true`"),
        ),
        _ => (),
    }
    Some(Requirement { id: id?, title: Some(title?), controls: named?, questions: questions?, unread: Vec::new() })
}

/// The controls that a requirement names, by id or by name.
fn named(map: &Map<'_>, controls: &[Entry], diagnostics: &mut Diagnostics) -> Option<Vec<&'static Meta>> {
    if map.get("controls").is_none() {
        return Some(Vec::new());
    }
    let written = map.texts("controls", diagnostics)?;
    let ids: Vec<&str> = controls.iter().map(|control| control.meta.id).collect();
    let names: Vec<&str> = controls.iter().map(|control| control.meta.name).collect();
    let mut found: Vec<&'static Meta> = Vec::new();
    for (text, span) in &written {
        let Some(control) = controls.iter().find(|one| [one.meta.id, one.meta.name].contains(&text.as_str())) else {
            let looks_like_an_id = text.len() <= 6;
            choose((text, span.clone()), "control", if looks_like_an_id { &ids } else { &names }, diagnostics);
            continue;
        };
        if found.iter().any(|known| known.id == control.meta.id) {
            diagnostics.push(
                Diagnostic::at(span.clone(), format!("{} is named twice", control.meta.id)).label("the second time"),
            );
            continue;
        }
        found.push(control.meta);
    }
    Some(found)
}

fn questions(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Question>> {
    let Some(entry) = map.get("questions") else { return Some(Vec::new()) };
    let Written::List(items) = &entry.value.value else {
        let title = format!("`questions` is {}", entry.value.kind());
        diagnostics.push(Diagnostic::at(entry.value.span.clone(), title).label("expected a list"));
        return None;
    };
    if items.is_empty() {
        diagnostics.push(
            Diagnostic::at(entry.value.span.clone(), "`questions` is empty").label("ask at least one, or leave it out"),
        );
    }
    let all: Vec<Option<Question>> = items.iter().map(|item| question(item, diagnostics)).collect();
    all.into_iter().collect()
}

fn question(node: &Node, diagnostics: &mut Diagnostics) -> Option<Question> {
    let map = Map::of(node, "a question", QUESTION, diagnostics)?;
    if map.get("asks").is_none() {
        diagnostics.push(Diagnostic::at(map.span.clone(), "a question has no `asks`").label("add `asks:`"));
    }
    let asks = line(&map, "asks", diagnostics);
    let is_answered = QUESTION.iter().skip(1).any(|key| map.get(key).is_some());
    if !is_answered {
        return Some(Question { asks: asks?, said: None });
    }
    for required in ["answer", "by", "answered"] {
        if map.get(required).is_none() {
            diagnostics.push(
                Diagnostic::at(map.span.clone(), format!("an answer has no `{required}`"))
                    .label(format!("add `{required}:`")),
            );
        }
    }
    let words = Word::ALL.map(Word::name);
    let word = map.text("answer", diagnostics).and_then(|(written, span)| {
        let chosen = choose((&written, span), "answer", &words, diagnostics)?;
        Word::ALL.into_iter().find(|word| word.name() == chosen)
    });
    let by = line(&map, "by", diagnostics);
    let on = day(&map, "answered", diagnostics);
    let expires = day(&map, "expires", diagnostics);
    if let (Some((on, _)), Some((expires, span))) = (&on, &expires)
        && expires < on
    {
        diagnostics.push(Diagnostic::at(span.clone(), format!("it would have expired before it was given, on {on}")));
    }
    let evidence = link(&map, diagnostics);
    let said = Said { word: word?, by: by?, on: on?.0, expires: expires.map(|(day, _)| day), evidence };
    Some(Question { asks: asks?, said: Some(said) })
}

fn day(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<(Date, Range<usize>)> {
    let (text, span) = map.text(name, diagnostics)?;
    let day = text.parse::<Date>().ok();
    if day.is_none() {
        let title = format!("`{text}` is no day");
        diagnostics.push(Diagnostic::at(span.clone(), title).label("expected for example `2027-03-31`"));
    }
    Some((day?, span))
}

/// A text of one line.
fn line(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let entry = map.get(name)?;
    let (text, span) = text(entry.value, name, diagnostics)?;
    let wrong = if text.chars().any(char::is_control) {
        format!("`{name}` is more than one line, or holds what nobody sees")
    } else if text.len() > LONGEST {
        format!("`{name}` has {} bytes, more than {LONGEST}", text.len())
    } else {
        return Some(text);
    };
    diagnostics.push(Diagnostic::at(span, wrong).label("say it in one short line"));
    None
}

/// A link: it is shown to everybody who reads a report, so it holds no password.
fn link(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let span = map.get("evidence")?.value.span.clone();
    let link = line(map, "evidence", diagnostics)?;
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let wrong = match rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        None | Some("") => "expected a link that begins with `https://`",
        Some(host) if host.contains('@') => {
            // The line is shown with the mistake.
            diagnostics.hide(&span);
            "a link must hold no name and password"
        }
        Some(_) if link.contains(char::is_whitespace) => "a link has no spaces",
        Some(_) => return Some(link),
    };
    diagnostics.push(Diagnostic::at(span, "`evidence` is no link that can be shown").label(wrong));
    None
}
