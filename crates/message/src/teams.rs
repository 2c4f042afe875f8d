//! Cards for Microsoft Teams, in the envelope of its Workflows.

use crate::{
    Dialect,
    content::{Content, Item, Size},
};
use palisade_engine::Severity;
use serde_json::{Value, json};

/// The most bytes of a message. Teams refuses about 28 KB over everything (learn.microsoft.com, connectors); flows add
/// their own.
pub const TEAMS_BYTES: usize = 24 * 1024;

/// The envelope with one Adaptive Card 1.4: Power Automate shows nothing newer (microsoft/AdaptiveCards issue 7676).
pub(crate) fn message(said: &Content, size: Size) -> Value {
    let mut body = vec![json!({
        "type": "Container",
        "style": if said.good { "good" } else { style(said.severity) },
        "bleed": true,
        "items": [text(&said.title.within(Dialect::Markdown, 300), &json!({ "size": "Large", "weight": "Bolder" }))],
    })];
    if !said.coverage.is_empty() {
        let heading = [text("Not everything was read", &json!({ "weight": "Bolder" }))];
        let lines = said.coverage.iter().map(|line| text(&line.within(Dialect::Markdown, size.line), &json!({})));
        body.push(json!({
            "type": "Container",
            "style": "warning",
            "items": heading.into_iter().chain(lines).collect::<Vec<_>>(),
        }));
    }
    for note in &said.notes {
        body.push(text(&note.within(Dialect::Markdown, size.line), &json!({ "isSubtle": true })));
    }
    let (items, _) = said.told(size);
    body.extend(items.iter().map(|item| container(item, size)));
    for row in said.counts(size) {
        body.push(text(&row.within(Dialect::Markdown, size.line), &json!({})));
    }
    if let Some(more) = said.more(size) {
        body.push(text(&more, &json!({ "isSubtle": true })));
    }
    if let Some(link) = &said.link {
        body.push(open(link, "Open the report"));
    }
    body.push(text(
        &format!("Palisade · {}", crate::words::minute(said.at)),
        &json!({ "isSubtle": true, "size": "Small" }),
    ));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": said.title.within(Dialect::Markdown, 300),
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}

/// Whether Teams takes it.
pub(crate) fn fits(_message: &Value, bytes: usize) -> bool {
    bytes <= TEAMS_BYTES
}

fn container(item: &Item, size: Size) -> Value {
    // Colour stands behind the words: in Teams' own looks, coloured words are hardly read on the card's ground.
    let mut items = vec![json!({
        "type": "Container",
        "style": if item.good { "good" } else { style(item.severity) },
        "items": [text(&item.head(Dialect::Markdown, size.line), &json!({ "weight": "Bolder" }))],
    })];
    let mut facts = Vec::new();
    for (label, line) in item.lines(Dialect::Markdown, size) {
        if label.is_empty() {
            items.push(text(&line, &json!({})));
        } else {
            facts.push(json!({ "title": label, "value": line }));
        }
    }
    if !facts.is_empty() {
        items.push(json!({ "type": "FactSet", "facts": facts }));
    }
    if let Some(link) = &item.link {
        items.push(open(link, "Open"));
    }
    json!({ "type": "Container", "spacing": "Medium", "items": items })
}

fn text(text: &str, more: &Value) -> Value {
    let mut block = json!({ "type": "TextBlock", "text": text, "wrap": true });
    if let (Some(block), Some(more)) = (block.as_object_mut(), more.as_object()) {
        block.extend(more.clone());
    }
    block
}

fn open(link: &str, title: &str) -> Value {
    json!({ "type": "ActionSet", "actions": [{ "type": "Action.OpenUrl", "title": title, "url": link }] })
}

fn style(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "attention",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "emphasis",
    }
}
