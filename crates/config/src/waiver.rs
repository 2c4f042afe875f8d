//! Accepted risks.

mod edit;

pub(crate) use edit::quoted;
pub use edit::{EditError, append_waiver, remove_waiver};

use crate::{
    Diagnostic, Diagnostics, Source,
    node::{self, Node, Value},
    reader::{Map, choose},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_engine::{Fingerprint, Waiver};
use std::{collections::BTreeSet, ops::Range};

const KEYS: &[&str] = &["control", "cluster", "subject", "owner", "approver", "reason", "until", "approved", "covers"];

/// Reads a file of accepted risks: a list under `waivers`. Every one has an owner, an approver, a reason and an end.
pub fn read_waivers(source: &Source<'_>, controls: &[&str]) -> Result<Vec<Waiver>, Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    let mut waivers = Vec::new();
    if let Some(map) = Map::of(&root, "the file of waivers", &["waivers"], &mut diagnostics) {
        match map.get("waivers").map(|entry| (entry.value, &entry.value.value)) {
            Some((_, Value::List(items))) => {
                waivers = items.iter().filter_map(|item| waiver(item, controls, &mut diagnostics)).collect();
            }
            Some((node, _)) => diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`waivers` is {}", node.kind())).label("expected a list"),
            ),
            None => diagnostics
                .push(Diagnostic::at(map.span, "there is no `waivers`").label("expected `waivers:` and a list")),
        }
    }
    if diagnostics.is_empty() { Ok(waivers) } else { Err(diagnostics) }
}

fn waiver(node: &Node, controls: &[&str], diagnostics: &mut Diagnostics) -> Option<Waiver> {
    let map = Map::of(node, "a waiver", KEYS, diagnostics)?;
    let mut required = |name: &str| -> Option<(String, Range<usize>)> {
        if map.get(name).is_none() {
            diagnostics.push(
                Diagnostic::at(map.span.clone(), format!("a waiver has no `{name}`")).label(format!("add `{name}:`")),
            );
        }
        map.text(name, diagnostics)
    };
    let (control, cluster, owner, approver) =
        (required("control"), required("cluster"), required("owner"), required("approver"));
    let (reason, until) = (required("reason"), required("until"));
    if let (Some(_), Some(entry)) = (map.get("approved"), map.get("covers")) {
        diagnostics
            .push(Diagnostic::at(entry.key, "both `approved` and `covers` are set").label("choose one of the two"));
    }
    let control = control.and_then(|(text, span)| choose((&text, span), "control", controls, diagnostics));
    let until = until.and_then(|(text, span)| end(&text, span, diagnostics));
    let subject = map.text("subject", diagnostics).map(|(subject, _)| subject);
    let approved = approved(&map, diagnostics);
    let covers = map.number("covers", 1..1_000_000, diagnostics).map(u64::from);
    Some(Waiver {
        control: control?.to_owned(),
        cluster: cluster?.0,
        subject,
        owner: owner?.0,
        approver: approver?.0,
        reason: reason?.0,
        until: until?,
        approved,
        covers,
    })
}

/// The findings that somebody looked at.
fn approved(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<BTreeSet<Fingerprint>> {
    let written = map.texts("approved", diagnostics)?;
    let prints = written.into_iter().filter_map(|(text, span)| {
        let print = text.parse().ok();
        if print.is_none() {
            diagnostics.push(
                Diagnostic::at(span, format!("`{text}` is no fingerprint of a finding"))
                    .label("expected 32 hexadecimal digits")
                    .help("`palisade findings` and the reports tell the fingerprints; quote those of digits only"),
            );
        }
        print
    });
    Some(prints.collect())
}

/// A date means the end of that day in UTC.
fn end(text: &str, span: Range<usize>, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
    let day = text.parse::<Date>().ok().and_then(|date| date.tomorrow().ok());
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    let end = midnight.or_else(|| text.parse::<Timestamp>().ok());
    if end.is_none() {
        diagnostics
            .push(Diagnostic::at(span, format!("`{text}` is no date")).label("expected for example `2027-03-31`"));
    }
    end
}
