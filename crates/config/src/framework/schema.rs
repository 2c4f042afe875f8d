//! The JSON Schema of a framework of one's own, so that editors complete and check it.

use super::{CLOUDS, LONGEST, LONGEST_NAME, MOST};
use palisade_engine::Entry;
use palisade_frameworks::{DAYS, Word};
use serde_json::{Value, json};

/// The JSON Schema (draft 7, which editors know) of a framework of one's own. `controls` are those that may be named.
pub fn framework_schema(controls: &[Entry]) -> Value {
    let line = |about: &str| json!({ "description": about, "type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"\S" });
    let day = |about: &str| json!({ "description": about, "type": "string", "format": "date" });
    let words: Vec<&str> = controls.iter().flat_map(|control| [control.meta.id, control.meta.name]).collect();
    let answered = ["answer", "by", "answered"];
    let question = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["asks"],
        "properties": {
            "asks": line("The question. A `yes` is good, `partly` and `no` are not."),
            "answer": { "description": "What somebody said.", "enum": Word::ALL.map(Word::name) },
            "by": line("Who said so. On a line of its own, so that an auditor can be shown a pseudonym."),
            "answered": day("On which day."),
            "expires": day(&format!("The last day on which it counts, when that is earlier than {DAYS} days later.")),
            "evidence": { "description": "A link to what it rests on.", "type": "string", "pattern": r"^https?://[^\s@/]+([/?#]\S*)?$", "maxLength": LONGEST },
        },
        "dependencies": { "answer": answered, "by": answered, "answered": answered, "expires": answered, "evidence": answered },
    });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "palisade.framework-mapping/v1",
        "description": "A framework of one's own. `palisade frameworks check` says the same with reasons.",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "version", "requirements"],
        "properties": {
            "id": { "description": "Its name on the command line and in paths.", "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": LONGEST_NAME },
            "title": line("Its title."),
            "version": line("Its version. Quote it: 1.10 is not 1.1."),
            "clouds": { "description": "The clouds whose clusters it is about; all of them when absent.", "type": "array", "minItems": 1, "items": { "enum": CLOUDS } },
            "requirements": { "type": "array", "minItems": 1, "maxItems": MOST, "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "title"],
                "properties": {
                    "id": line("Its number, once in the file."),
                    "title": line("What it asks for."),
                    "controls": { "description": "What speaks to it: every one has to be good on every cluster.", "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": words } },
                    "manual": { "description": "Whether people have to say that it holds. Without `questions` its title is the question, and it is unknown.", "type": "boolean" },
                    "questions": { "description": "What is asked of people, with their answers. Every one has to be answered with `yes`.", "type": "array", "minItems": 1, "items": question },
                },
                "anyOf": [
                    { "required": ["controls"] },
                    { "required": ["questions"] },
                    { "required": ["manual"], "properties": { "manual": { "const": true } } },
                ],
                "not": { "required": ["manual", "questions"], "properties": { "manual": { "const": false } } },
            } },
        },
    })
}
