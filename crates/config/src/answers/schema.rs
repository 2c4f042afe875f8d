//! The JSON Schema of a file of answers, so that editors complete and check it.

use super::LONGEST;
use palisade_engine::{AnswerKind, Asks, Entry, Question, Widest};
use serde_json::{Value, json};

/// The JSON Schema (draft 7, which editors know) of a file of answers, with the questions of these controls.
pub fn answers_schema(controls: &[Entry]) -> Value {
    let asked: Vec<(&Entry, &Asks)> = controls.iter().filter_map(|one| Some((one, one.asks?))).collect();
    let ids: Vec<&str> = asked.iter().map(|(control, _)| control.meta.id).collect();
    let one_line = json!({ "type": "string", "minLength": 1, "maxLength": LONGEST });
    let day = json!({ "type": "string", "format": "date" });
    let with = |about: &str, shape: &Value| {
        let mut shape = shape.clone();
        if let Value::Object(map) = &mut shape {
            map.insert("description".to_owned(), json!(about));
        }
        shape
    };
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "palisade.answers/v1",
        "description": "What people say that no API tells. `palisade answers check` says the same with reasons.",
        "type": "object",
        "additionalProperties": false,
        "required": ["answers"],
        "properties": { "answers": { "type": ["array", "null"], "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["control", "answer", "by", "answered"],
            "properties": {
                "control": { "description": "Which control is answered.", "enum": ids },
                "cluster": with("For one cluster, by its id or name; for the whole fleet without `cluster` and `environment`.", &one_line),
                "environment": with("For the clusters whose label environment, env or stage says so.", &one_line),
                "answer": { "description": "What is said to each question; a single word answers the first one." },
                "by": with("Who says so.", &one_line),
                "answered": with("On which day.", &day),
                "expires": with("The last day on which it counts, when that is earlier than the control's own limit.", &day),
                "evidence": { "description": "A link to what it rests on.", "type": "string", "pattern": "^https?://[^\\s@/]+([/?#]\\S*)?$", "maxLength": LONGEST },
                "note": with("Something to add.", &one_line),
            },
            "not": { "required": ["cluster", "environment"] },
            "allOf": asked.iter().map(|(control, asks)| of(control, asks)).collect::<Vec<_>>(),
        } } },
    })
}

/// What an answer to one control looks like.
fn of(control: &Entry, asks: &Asks) -> Value {
    let questions: serde_json::Map<String, Value> =
        asks.questions.iter().map(|question| (question.name.to_owned(), shape(question))).collect();
    let map = json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "properties": questions });
    let word = asks.questions.first().map(shape);
    let place = match asks.widest {
        Widest::Fleet => json!({}),
        Widest::Environment => json!({ "anyOf": [{ "required": ["environment"] }, { "required": ["cluster"] }] }),
        Widest::Cluster => json!({ "required": ["cluster"] }),
    };
    json!({
        "if": { "required": ["control"], "properties": { "control": { "const": control.meta.id } } },
        "then": {
            "properties": { "answer": { "description": control.meta.title, "anyOf": [map, word] } },
            "allOf": [place],
        },
    })
}

/// What an answer to one question looks like.
fn shape(question: &Question) -> Value {
    let about = question.asks;
    match question.kind {
        AnswerKind::Choice => json!({ "description": about, "enum": ["yes", "no", "partly"] }),
        AnswerKind::Day { within_days } => json!({
            "description": format!("{about} It counts for {within_days} days."),
            "anyOf": [{ "type": "string", "format": "date" }, { "const": "never" }],
        }),
        AnswerKind::Number { unit, least, most, .. } => json!({
            "description": format!("{about} A whole number of {unit}."), "type": "integer", "minimum": least, "maximum": most,
        }),
    }
}
