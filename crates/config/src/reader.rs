//! Takes typed values out of the tree and says what is wrong where they are not.

use crate::{
    Diagnostic, Diagnostics,
    nearest::nearest,
    node::{Key, Node, Value},
};
use std::{collections::BTreeSet, ops::Range};

/// A map whose keys were checked.
pub(crate) struct Map<'a> {
    entries: &'a [(Key, Node)],
    pub(crate) span: Range<usize>,
}

/// One entry of a map.
pub(crate) struct Entry<'a> {
    pub(crate) key: Range<usize>,
    pub(crate) value: &'a Node,
}

impl<'a> Map<'a> {
    /// The map at a node; unknown and repeated keys are diagnosed.
    pub(crate) fn of(node: &'a Node, what: &str, known: &[&str], diagnostics: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("{what} is {}", node.kind()))
                    .label("expected `key: value` lines")
                    .help(format!("known keys: {}", list(known))),
            );
            return None;
        };
        let mut seen = BTreeSet::new();
        for (key, _) in entries {
            if !seen.insert(key.text.as_str()) {
                diagnostics.push(
                    Diagnostic::at(key.span.clone(), format!("`{}` is set twice", key.text)).label("the second one"),
                );
            }
            if !known.contains(&key.text.as_str()) {
                let label = nearest(&key.text, known).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                diagnostics.push(
                    Diagnostic::at(key.span.clone(), format!("{what} has no key `{}`", key.text))
                        .label(label)
                        .help(format!("known keys: {}", list(known))),
                );
            }
        }
        Some(Self { entries, span: node.span.clone() })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Entry<'a>> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(key, value)| Entry { key: key.span.clone(), value })
    }

    /// A text, if it is there.
    pub(crate) fn text(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>)> {
        let entry = self.get(name)?;
        text(entry.value, name, diagnostics)
    }

    /// A list of texts, if it is there.
    pub(crate) fn texts(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<Vec<(String, Range<usize>)>> {
        let entry = self.get(name)?;
        texts(entry.value, name, diagnostics)
    }

    /// A whole number within bounds, if it is there.
    pub(crate) fn number(&self, name: &str, bounds: Range<u32>, diagnostics: &mut Diagnostics) -> Option<u32> {
        let (text, span) = self.text(name, diagnostics)?;
        match text.parse::<u32>() {
            Ok(number) if bounds.contains(&number) => Some(number),
            _ => {
                diagnostics.push(
                    Diagnostic::at(
                        span,
                        format!("`{name}` is no whole number from {} to {}", bounds.start, bounds.end - 1),
                    )
                    .label("not a number in these bounds"),
                );
                None
            }
        }
    }

    /// `true` or `false`, if it is there.
    pub(crate) fn flag(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
        let (text, span) = self.text(name, diagnostics)?;
        match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                diagnostics.push(
                    Diagnostic::at(span, format!("`{name}` is neither `true` nor `false`"))
                        .label("expected `true` or `false`"),
                );
                None
            }
        }
    }
}

/// A text at a node.
pub(crate) fn text(node: &Node, name: &str, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>)> {
    match &node.value {
        Value::Scalar(text) if !text.trim().is_empty() => Some((text.clone(), node.span.clone())),
        Value::Scalar(_) | Value::Null => {
            diagnostics.push(Diagnostic::at(node.span.clone(), format!("`{name}` is empty")).label("expected a value"));
            None
        }
        Value::List(_) | Value::Map(_) => {
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`{name}` is {}", node.kind())).label("expected one value"),
            );
            None
        }
    }
}

/// A list of texts at a node. Empty lists are refused: nobody means "nothing".
pub(crate) fn texts(node: &Node, name: &str, diagnostics: &mut Diagnostics) -> Option<Vec<(String, Range<usize>)>> {
    let Value::List(items) = &node.value else {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("`{name}` is {}", node.kind()))
                .label("expected a list: `[a, b]`"),
        );
        return None;
    };
    if items.is_empty() {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("`{name}` is empty"))
                .label("name at least one, or leave the key out"),
        );
    }
    Some(items.iter().filter_map(|item| text(item, name, diagnostics)).collect())
}

/// How many choices are told.
const TOLD: usize = 30;

/// A word out of a few, with a suggestion for a slip.
pub(crate) fn choose<'a>(
    (text, span): (&str, Range<usize>),
    what: &str,
    choices: &[&'a str],
    diagnostics: &mut Diagnostics,
) -> Option<&'a str> {
    if let Some(choice) = choices.iter().find(|choice| **choice == text) {
        return Some(choice);
    }
    let label = nearest(text, choices).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
    let help = match choices.len().checked_sub(TOLD) {
        // A command lists them.
        Some(1..) if what == "control" => {
            format!("there are {} of them; `palisade controls` lists them", choices.len())
        }
        Some(more @ 1..) => format!("choose one of {} and {more} more", list(choices.get(..TOLD).unwrap_or_default())),
        _ => format!("choose one of {}", list(choices)),
    };
    diagnostics.push(Diagnostic::at(span, format!("no {what} is called `{text}`")).label(label).help(help));
    None
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
