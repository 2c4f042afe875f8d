//! The JSON Schema of a schedule, so that editors complete and check it.
//!
//! The raw types say what may be written; the reader beside them says what is wrong, with its place. Tests keep the two
//! together: the same keys, and the same verdict on files that are right and wrong.

use crate::schedule::{LONGEST_NAME, LONGEST_RUN, MOST_JITTER};
use palisade_schedule::zone_names;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

/// The JSON Schema (draft 7, which editors know) of a schedule. `controls` are the ids that may be named.
pub fn schedule_schema(controls: &[&str]) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<ScheduleFile>().to_value();
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.insert("not".to_owned(), json!({ "required": ["profile", "controls"] }));
    }
    for (pointer, words) in
        [("/properties/controls/items", controls), ("/properties/time_zone", zone_names().as_slice())]
    {
        if let Some(Value::Object(place)) = schema.pointer_mut(pointer) {
            place.insert("enum".to_owned(), json!(words));
        }
    }
    schema
}

/// A key may be left out, but one that is there has a value: the reader takes no `null`. What is left of a choice that
/// `null` was half of moves up, and line breaks of our comments are none of the descriptions'.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|one| one.get("type") != Some(&json!("null")));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    map.remove("anyOf");
                    for (key, value) in only {
                        map.entry(key).or_insert(value);
                    }
                }
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One recurring run. `palisade schedules check` says the same with reasons.
#[derive(JsonSchema)]
#[schemars(title = "palisade.schedule/v1", deny_unknown_fields)]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
struct ScheduleFile {
    /// The schedule's name; the file is called the same, with `.yaml` behind it. Renaming it begins a new schedule.
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"), length(max = LONGEST_NAME), example = "nightly-full")]
    name: String,
    /// What it is for, for people.
    #[schemars(length(min = 1))]
    description: Option<String>,
    /// When it runs: minute, hour, day of the month, month, day of the week; or `@hourly`, `@daily`, `@weekly`, `@monthly`,
    /// `@yearly`. Sunday is 0 and 7; MON to SUN and JAN to DEC are names. Quote it. `palisade schedules next` shows what
    /// it means.
    #[schemars(regex(pattern = r"^\s*(@[A-Za-z]+|\S+(\s+\S+){4})\s*$"), example = "0 2 * * *")]
    cron: String,
    /// The IANA time zone of the cron line; UTC when absent.
    time_zone: Option<String>,
    /// A run starts up to so many minutes after its firing, each firing with a delay of its own; 0 when absent.
    #[schemars(range(max = MOST_JITTER))]
    jitter_minutes: Option<u32>,
    /// What it reads: `all` targets of the configuration, or a list of them; all when absent.
    targets: Option<Targets>,
    /// What it asks, by profile: every control, or those of some concerns; `full` when absent. Not beside `controls`.
    profile: Option<ProfileName>,
    /// What it asks, control by control. Not beside `profile`.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    controls: Option<Vec<String>>,
    /// The routes its messages take and no others, by the names of the configuration and in this order; every route of the
    /// configuration, in its order, when absent.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("uniqueItems" = true))]
    routes: Option<Vec<String>>,
    /// What is kept of each run beside the service's own records.
    evidence: Option<Evidence>,
    /// After a pause: `latest` runs the latest missed firing once, `none` waits for the next; `latest` when absent.
    catch_up: Option<CatchUpName>,
    /// After how many minutes a run is ended; 240 when absent. What was not read by then is a gap.
    #[schemars(range(min = 1, max = LONGEST_RUN))]
    time_limit_minutes: Option<u32>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum Targets {
    /// Every target of the configuration.
    Word(All),
    /// These.
    List(#[schemars(length(min = 1))] Vec<Target>),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum All {
    All,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum Target {
    /// A whole target, by its name.
    Whole(#[schemars(length(min = 1))] String),
    /// Some scopes of a target.
    Part(Part),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
struct Part {
    /// The target's name.
    #[schemars(length(min = 1))]
    name: String,
    /// Ids of accounts, subscriptions or projects, quoted; all that the target has when absent.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("uniqueItems" = true))]
    scopes: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum ProfileName {
    /// Every control.
    Full,
    /// Who can reach API servers and nodes.
    Exposure,
    /// What clusters, nodes and workloads may do in the cloud.
    Authority,
    /// Who can reach etcd, and how what it stores is encrypted.
    Etcd,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
struct Evidence {
    /// In which forms.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    formats: Vec<Format>,
    /// The folder, relative to the configuration; each run gets a folder of its own in it.
    #[schemars(length(min = 1))]
    to: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum Format {
    /// The raw answers, redacted, which `palisade replay` judges again.
    Snapshot,
    /// The whole report as `palisade.evaluation/v1`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// A line for each finding.
    Csv,
    /// The report for people, as plain text.
    Table,
    /// The same as one page for a browser.
    Html,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "it is the shape of a file, and only its schema is wanted")]
enum CatchUpName {
    /// The latest missed firing is run, once.
    Latest,
    /// Missed firings stay missed.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{CATCH_UP, EVIDENCE_KEYS, EvidenceFormat, KEYS, Profile, TARGET_KEYS};
    use std::collections::BTreeSet;

    /// Every word that some part of a schema offers: names of its properties, or values of its choices.
    fn words(schema: &Value) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        if let Some(Value::Object(properties)) = schema.get("properties") {
            found.extend(properties.keys().map(String::as_str));
        }
        found.extend(schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        found.extend(schema.get("const").and_then(Value::as_str));
        for choices in ["oneOf", "anyOf"] {
            found.extend(schema.get(choices).and_then(Value::as_array).into_iter().flatten().flat_map(words));
        }
        found
    }

    #[test]
    fn schema_and_reader_know_the_same_keys_and_words() {
        let schema = schedule_schema(&["CP-01"]);
        let at = |pointer: &str| words(schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} of {schema:#}")));
        let set = |words: &[&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(at(""), set(KEYS));
        assert_eq!(at("/properties/evidence"), set(EVIDENCE_KEYS));
        assert_eq!(
            at("/properties/evidence/properties/formats/items"),
            set(&EvidenceFormat::ALL.map(EvidenceFormat::name))
        );
        assert_eq!(at("/properties/profile"), set(&Profile::ALL.map(Profile::name)));
        assert_eq!(at("/properties/catch_up"), set(CATCH_UP));
        assert_eq!(at("/properties/controls/items"), set(&["CP-01"]));
        assert_eq!(at("/properties/targets/anyOf/1/items"), set(TARGET_KEYS));
        assert_eq!(at("/properties/targets/anyOf/0"), set(&["all"]));
        assert!(at("/properties/time_zone").contains("Europe/Berlin"));
        assert!(!schema.to_string().contains("null"), "{schema:#}");
        assert_eq!(schema.pointer("/required"), Some(&json!(["name", "cron"])));
    }
}
