//! The machine-readable forms against the schemas that others know them by.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "../../report/tests/forms/sample.rs"]
mod sample;

use palisade_report::Format;
use sample::{HOSTILE, bytes, hostile_names, named, rendered};

fn sarif_schema() -> serde_json::Value {
    let mut schema: serde_json::Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // The published schema holds one pattern that is no regular expression (a bracket that closes nothing).
    for place in ["/definitions/run/properties/language", "/definitions/toolComponent/properties/language"] {
        let language = schema.pointer_mut(place).unwrap().as_object_mut().unwrap();
        assert!(language.remove("pattern").is_some());
    }
    schema
}

fn violations(schema: &serde_json::Value, instance: &serde_json::Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_json_form_obeys_the_published_schema() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/evaluation.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(published).unwrap()).unwrap();
    assert_eq!(violations(&schema, &serde_json::from_slice(&bytes(Format::Json)).unwrap()), Vec::<String>::new());
    let mut broken: serde_json::Value = serde_json::from_slice(&bytes(Format::Json)).unwrap();
    broken["findings"][0]["verdict"] = serde_json::Value::Null;
    assert_ne!(violations(&schema, &broken), Vec::<String>::new());
}

#[test]
fn the_sarif_form_obeys_the_standard_whatever_things_are_called() {
    let schema = sarif_schema();
    let log: serde_json::Value = serde_json::from_slice(&bytes(Format::Sarif)).unwrap();
    assert_eq!(violations(&schema, &log), Vec::<String>::new());
    for name in hostile_names().into_iter().chain([HOSTILE.to_owned()]) {
        let log: serde_json::Value = serde_json::from_str(&rendered(&named(&name), Format::Sarif, 80)).unwrap();
        assert_eq!(violations(&schema, &log), Vec::<String>::new(), "{name:?}");
    }
}
