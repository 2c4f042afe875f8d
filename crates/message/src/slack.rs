//! Slack's blocks.

use crate::{
    Dialect,
    content::{Content, Item, Size},
};
use palisade_engine::Severity;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The most characters over all blocks. Slack documents none; about 13,200 give `msg_blocks_too_long`
/// (slackapi/bolt-js issue 2509).
pub const SLACK_TEXT: usize = 12_000;

/// The most blocks of a message (`@slack/types` 3.2.0).
pub const SLACK_BLOCKS: usize = 50;

/// The longest text of a section and of a header (`@slack/types` 3.2.0).
const SECTION: usize = 3_000;
const HEADER: usize = 150;

/// Where in a channel a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thread {
    /// Below the message with this `ts`.
    Reply(String),
    /// In place of the message with this `ts`.
    Update(String),
}

/// The body of `chat.postMessage`, `chat.update` and of an incoming webhook.
pub(crate) fn message(said: &Content, size: Size, channel: Option<&str>, thread: Option<&Thread>) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": said.title.within(Dialect::Text, HEADER), "emoji": false },
    })];
    let coverage: Vec<String> = said.coverage.iter().map(|line| line.within(Dialect::Slack, size.line)).collect();
    if !coverage.is_empty() {
        blocks.push(section(&format!("*Not everything was read*\n{}", coverage.join("\n"))));
    }
    for note in &said.notes {
        blocks.push(section(&note.within(Dialect::Slack, size.line)));
    }
    let (items, _) = said.told(size);
    for item in items {
        blocks.push(section(&text_of(item, size)));
    }
    let counts: Vec<String> = said.counts(size).iter().map(|row| row.within(Dialect::Slack, size.line)).collect();
    if !counts.is_empty() {
        blocks.push(section(&format!("*All together*\n{}", counts.join("\n"))));
    }
    let more = said.more(size);
    let link = said.link.as_ref().map(|link| format!("<{}|Open the report>", url(link)));
    let tail: Vec<String> = more.into_iter().chain(link).collect();
    if !tail.is_empty() {
        blocks.push(section(&tail.join(" · ")));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": format!("Palisade · {}", crate::words::minute(said.at)), "verbatim": true }],
    }));
    let mut message = json!({ "text": said.title.within(Dialect::Slack, HEADER), "blocks": blocks });
    let Some(map) = message.as_object_mut() else { return message };
    if let Some(channel) = channel {
        map.insert("channel".to_owned(), channel.into());
    }
    match thread {
        Some(Thread::Update(ts)) => {
            map.insert("ts".to_owned(), ts.as_str().into());
            return message;
        }
        Some(Thread::Reply(ts)) => {
            map.insert("thread_ts".to_owned(), ts.as_str().into());
            // Whoever has put the thread aside must see it all the same.
            if said.worse {
                map.insert("reply_broadcast".to_owned(), true.into());
            }
        }
        None => (),
    }
    map.insert("unfurl_links".to_owned(), false.into());
    map.insert("unfurl_media".to_owned(), false.into());
    message
}

/// Whether Slack takes it. Texts are never cut here: a cut could end within a link or an escape.
pub(crate) fn fits(message: &Value, _bytes: usize) -> bool {
    let Some(blocks) = message.get("blocks").and_then(Value::as_array) else { return false };
    let lengths = |block: &Value| -> Vec<usize> { texts(block).into_iter().map(|text| text.chars().count()).collect() };
    let all: Vec<usize> = blocks.iter().flat_map(lengths).collect();
    blocks.len() <= SLACK_BLOCKS
        && all.iter().all(|length| *length <= SECTION)
        && all.iter().sum::<usize>() <= SLACK_TEXT
}

/// The texts of a block: its own and those of its elements.
fn texts(block: &Value) -> Vec<&str> {
    let own = block.get("text").into_iter();
    let elements = block.get("elements").and_then(Value::as_array).into_iter().flatten();
    own.chain(elements).filter_map(|text| text.get("text").and_then(Value::as_str)).collect()
}

fn text_of(item: &Item, size: Size) -> String {
    // Writing to a string cannot fail.
    let mut text = format!("{} *{}*", mark(item), item.head(Dialect::Slack, size.line));
    for (label, line) in item.lines(Dialect::Slack, size) {
        text += "\n";
        if !label.is_empty() {
            let _ = write!(text, "_{label}:_ ");
        }
        text += &line;
    }
    if let Some(link) = &item.link {
        let _ = write!(text, "\n<{}|Open>", url(link));
    }
    text
}

/// Text of our own making around text that is escaped. `verbatim` keeps Slack from making links and mentions of names.
fn section(text: &str) -> Value {
    json!({
        "type": "section",
        "text": { "type": "mrkdwn", "text": text, "verbatim": true },
    })
}

/// An address inside `<..|..>`.
fn url(link: &str) -> String {
    link.chars()
        .filter(|letter| !matches!(letter, '<' | '>' | '|') && !letter.is_control())
        .collect::<String>()
        .replace('&', "&amp;")
}

fn mark(item: &Item) -> &'static str {
    match item.severity {
        _ if item.good => "🟢",
        Severity::Critical => "🔴",
        Severity::High => "🟠",
        Severity::Medium => "🟡",
        Severity::Low => "🔵",
        Severity::Info => "⚪",
    }
}
