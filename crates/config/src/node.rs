//! YAML as a tree that remembers where everything stands.

use crate::{Diagnostic, Diagnostics, Source};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;
use std::{fmt, ops::Range};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Range<usize>,
    /// Whether the value is written elsewhere and only named here: an alias, or a merged map.
    pub(crate) is_alias: bool,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    /// A scalar, as it was written: an account id keeps its leading zeros.
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

impl Node {
    /// What kind of value it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// The largest file that is read. A configuration of ten thousand accounts has a tenth of it.
const LARGEST: usize = 4 * 1024 * 1024;

/// The deepest nesting that is read: three times what a configuration needs, and far from the end of any stack.
const DEEPEST: usize = 16;
/// The most values that are read, those behind aliases counted each time.
const NODES: usize = 200_000;

/// Reads a file. `None` after a syntax error, which is among the diagnostics then.
pub(crate) fn parse(source: &Source<'_>, diagnostics: &mut Diagnostics) -> Option<Node> {
    if source.text.len() > LARGEST {
        let title = format!("the file has {} bytes, more than {LARGEST}", source.text.len());
        diagnostics.push(Diagnostic::at(0..0, title).label("is this the right file?"));
        return None;
    }
    // A page of comments is no attack: `answers init` begins with one.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: NODES,
            max_buffered_comment_events: LARGEST,
        }
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(source.text, options) {
        Ok(raw) => Some(place(raw, source.text)),
        Err(_) if tab(source.text).is_some() => {
            let at = tab(source.text).unwrap_or_default();
            diagnostics.push(
                Diagnostic::at(at..at + 1, "a tab indents this line")
                    .label("YAML knows spaces only")
                    .help("write two spaces for each level"),
            );
            None
        }
        Err(error) => {
            let location = error.location();
            let span = location.map_or(0..0, |location| range(location.span(), source.text));
            let title = error.without_snippet().to_string();
            let first = title.lines().next().unwrap_or_default().to_owned();
            diagnostics.push(
                Diagnostic::at(span, format!("this is not YAML: {first}")).help(
                    "indent with spaces, put `key: value` on a line of its own, quote text with special characters",
                ),
            );
            None
        }
    }
}

/// The first tab that indents a line. The parser notices it a line too early.
fn tab(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(at) = line.get(..indent).and_then(|indent| indent.find('\t')) {
            return Some(start + at);
        }
        start += line.len();
    }
    None
}

fn place(raw: Spanned<Raw>, text: &str) -> Node {
    let span = range(raw.referenced.span(), text);
    let is_alias = raw.referenced != raw.defined;
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Text(value) => Value::Scalar(value),
        Raw::Other(value) => Value::Scalar(text.get(span.clone()).map_or(value, |written| written.trim().to_owned())),
        Raw::List(items) => Value::List(items.into_iter().map(|item| place(item, text)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Key { span: range(key.referenced.span(), text), text: key.value };
                    (key, place(value, text))
                })
                .collect(),
        ),
    };
    Node { value, span, is_alias }
}

/// A span in bytes. The parser counts characters; it knows bytes too when it read from a string.
fn range(span: serde_saphyr::Span, text: &str) -> Range<usize> {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    if let (Some(start), Some(len)) = (span.byte_offset(), span.byte_len()) {
        return number(start)..number(start).saturating_add(number(len));
    }
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    byte(number(span.offset()))..byte(number(span.offset()).saturating_add(number(span.len())))
}

enum Raw {
    Null,
    Text(String),
    /// A number or boolean: its written form is taken from the file.
    Other(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Other(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
