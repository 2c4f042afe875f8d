//! Every card against the published schema of Adaptive Cards 1.4.

use crate::samples::{finding, json, planned, rendered};
use jsonschema::Validator;
use palisade_engine::Severity;
use palisade_message::{Medium, sample};
use palisade_track::EventKind;
use serde_json::{Value, json};

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../schemas/adaptive-card-1.4.0.json")).unwrap();
    jsonschema::options().build(&schema).unwrap()
}

/// The card without what only Teams knows and the schema does not.
fn card(message: &Value) -> Value {
    let mut card = message["attachments"][0]["content"].clone();
    assert!(card.as_object_mut().unwrap().remove("msteams").is_some());
    card
}

fn mistakes(schema: &Validator, card: &Value) -> Vec<String> {
    schema.iter_errors(card).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_kind_of_event_is_a_card_of_version_1_4() {
    let schema = schema();
    for kind in EventKind::ALL {
        let message = json(&rendered(&planned(vec![sample(kind)]), Medium::Teams));
        assert_eq!(mistakes(&schema, &card(&message)), Vec::<String>::new(), "{}", kind.name());
    }
    let many =
        (0..30).map(|number| finding(EventKind::Opened, Severity::High, &format!("p{number}"), "open")).collect();
    let message = json(&rendered(&planned(many), Medium::Teams));
    assert_eq!(mistakes(&schema, &card(&message)), Vec::<String>::new());
}

#[test]
fn the_schema_notices_what_version_1_4_does_not_know() {
    let schema = schema();
    let mut card = card(&json(&rendered(&planned(vec![sample(EventKind::Opened)]), Medium::Teams)));
    card["body"].as_array_mut().unwrap().push(json!({ "type": "Table", "columns": [], "rows": [] }));
    assert_ne!(mistakes(&schema, &card), Vec::<String>::new());
}
