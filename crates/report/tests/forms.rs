//! What a report looks like in each of its forms, and that others can read it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_controls::controls;
use palisade_engine::{Context, Coverage, Finding, GapRow, Policy, evaluate};
use palisade_model::{Cluster, GapReason, Provider, Scope};
use palisade_report::{ClusterRow, Format, Options, Report, RunInfo, render};
use palisade_testkit::{now, sloppy, tidy};

const HOSTILE: &str = "<script>\u{1b}[31m=cmd|'/c calc'!A1\u{202e}";

fn report() -> Report {
    let clusters: Vec<Cluster> = [Provider::Aws, Provider::Azure, Provider::Gcp]
        .into_iter()
        .flat_map(|provider| {
            let mut hostile = sloppy(provider);
            HOSTILE.clone_into(&mut hostile.name);
            hostile.scope = Scope::new("@SUM(1)");
            [tidy(provider), hostile]
        })
        .collect();
    let policy = Policy::default();
    let context = Context { policy: &policy, now: now() };
    let controls = controls();
    let findings: Vec<Finding> =
        clusters.iter().flat_map(|cluster| evaluate(cluster, &controls, &context).findings).collect();
    Report {
        run: RunInfo { id: "r1".to_owned(), started_at: now(), finished_at: now(), palisade: "0.1.0" },
        coverage: Coverage { known: 99, total: 100 },
        clusters: clusters.iter().map(ClusterRow::of).collect(),
        findings,
        gaps: vec![GapRow {
            scope: "111111111111/eu-west-1".to_owned(),
            call: "eks:DescribeCluster".to_owned(),
            reason: GapReason::Denied,
            permission: Some("eks:DescribeCluster".to_owned()),
            message: HOSTILE.to_owned(),
            hides: vec!["CP-01", "CP-02"],
            times: 3,
        }],
    }
}

fn bytes(format: Format) -> Vec<u8> {
    let options = Options { colour: false, width: 80, next: vec!["palisade explain CP-01".to_owned()] };
    let mut bytes = Vec::new();
    render(&report(), format, &options, &mut bytes).unwrap();
    bytes
}

fn text(format: Format) -> String {
    String::from_utf8(bytes(format)).unwrap()
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
fn the_sarif_form_obeys_the_standard() {
    let mut schema: serde_json::Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // The published schema holds one pattern that is no regular expression (a bracket that closes nothing).
    for place in ["/definitions/run/properties/language", "/definitions/toolComponent/properties/language"] {
        let language = schema.pointer_mut(place).unwrap().as_object_mut().unwrap();
        assert!(language.remove("pattern").is_some());
    }
    let log: serde_json::Value = serde_json::from_slice(&bytes(Format::Sarif)).unwrap();
    assert_eq!(violations(&schema, &log), Vec::<String>::new());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(results.iter().any(|result| result["kind"] == "fail"));
    for result in results {
        let position = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[position]["id"], result["ruleId"]);
    }
}

#[test]
fn the_csv_form_has_a_line_for_each_finding_and_no_formula() {
    let bytes = bytes(Format::Csv);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(records.len(), report().findings.len());
    for field in records.iter().flatten() {
        assert!(!field.starts_with(['=', '+', '-', '@']), "{field}");
    }
}

#[test]
fn the_terminal_form_fits_and_cannot_be_driven_by_a_name() {
    let text = text(Format::Table);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "a name got through");
    assert!(text.contains("critical  CP-01"), "{text}");
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in [Format::Table, Format::Json, Format::Sarif, Format::Csv] {
        assert_eq!(bytes(format), bytes(format), "{format:?}");
    }
}

#[test]
fn an_empty_report_is_still_a_report() {
    let empty = Report {
        coverage: Coverage::default(),
        clusters: Vec::new(),
        findings: Vec::new(),
        gaps: Vec::new(),
        ..report()
    };
    for format in [Format::Table, Format::Json, Format::Sarif, Format::Csv] {
        let mut bytes = Vec::new();
        render(&empty, format, &Options { colour: true, width: 80, next: Vec::new() }, &mut bytes).unwrap();
        assert!(!bytes.is_empty());
    }
}
