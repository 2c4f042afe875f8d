//! The controls say what the catalogue says, and their pages have the shape that readers and tools rely on.
#![expect(clippy::unwrap_used, reason = "a test stops at a catalogue it cannot read")]

use palisade_controls::{asked, controls};
use palisade_engine::{AnswerKind, Entry, Mapping, State, mappings, read_mappings, remediation, section};
use palisade_model::Provider;
use std::{collections::BTreeMap, fs, path::Path};

/// The headings of a page, in their order; the title stands before them.
const HEADINGS: [&str; 9] = [
    "## What is checked",
    "## Why it matters",
    "## How it is judged",
    "## Remediation",
    "### EKS",
    "### AKS",
    "### GKE",
    "## Limits",
    "",
];

/// Controls that say neither fail nor pass, and why.
const NEVER_JUDGED: &[(&str, &str)] =
    &[("ET-01", "etcd is the provider's, or stands where this version does not compute who reaches it")];

/// Controls that pass and never say fail, and why.
const NEVER_FAILED: &[(&str, &str)] = &[("DR-01", "saying the two numbers is all that is asked for")];

type Row = BTreeMap<String, String>;

fn catalogue() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalogue.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The lines of a page without the space that a doc comment leaves before each.
fn lines(control: &Entry) -> impl Iterator<Item = &'static str> {
    control.guide.lines().map(str::trim)
}

#[test]
fn every_control_is_what_its_row_of_the_catalogue_says() {
    let rows: BTreeMap<String, Row> = catalogue().into_iter().map(|row| (row["id"].clone(), row)).collect();
    for control in controls() {
        let meta = control.meta;
        let row = rows.get(meta.id).unwrap_or_else(|| panic!("{} is not in the catalogue", meta.id));
        let said = [
            ("title", meta.title),
            ("layer", meta.layer.name()),
            ("dimension", meta.dimension.name()),
            ("concern", meta.concern.name()),
            ("severity", meta.severity.name()),
            ("effort", meta.effort.name()),
            ("mappings", meta.maps),
        ];
        for (column, said) in said {
            assert_eq!(said, row[column], "{} {column}", meta.id);
        }
    }
}

/// Rows that no control has yet are read too: they are checked before somebody takes them over.
#[test]
fn every_mapping_names_a_known_framework_in_a_known_version_and_a_plausible_requirement() {
    for row in catalogue() {
        let rows: &'static str = row["mappings"].clone().leak();
        let read = read_mappings(rows).unwrap_or_else(|error| panic!("{}: {error}", row["id"]));
        assert!(!read.is_empty(), "{}", row["id"]);
        let keys: Vec<String> = read.iter().map(Mapping::key).collect();
        assert!(keys.iter().enumerate().all(|(place, key)| !keys[..place].contains(key)), "{} {keys:?}", row["id"]);
    }
    for control in controls() {
        assert_eq!(Ok(mappings(control.meta)), read_mappings(control.meta.maps), "{}", control.meta.id);
    }
}

#[test]
fn controls_stand_once_each_in_the_order_of_the_catalogue() {
    let ids: Vec<String> = catalogue().into_iter().map(|row| row["id"].clone()).collect();
    let places: Vec<usize> =
        controls().iter().filter_map(|control| ids.iter().position(|id| id == control.meta.id)).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
}

#[test]
fn a_control_is_found_in_the_file_of_its_name() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let asked: Vec<&str> = asked::CONTROLS.iter().map(|control| control.meta.id).collect();
    for control in controls() {
        let meta = control.meta;
        let area = match meta.id.split_once('-').unwrap().0 {
            _ if asked.contains(&meta.id) => "asked",
            "CP" => "control_plane",
            "ND" => "node",
            "ID" => "identity",
            "ET" => "etcd",
            "IM" => "image",
            "NW" => "network",
            "WL" => "workload",
            "BK" => "backup",
            "OB" => "observability",
            "CD" => "delivery",
            "SC" => "scalability",
            "AR" => "architecture",
            "GV" => "governance",
            other => panic!("no folder is known for `{other}`"),
        };
        let file = source.join(area).join(format!("{}.rs", meta.name.replace('-', "_")));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.starts_with(&format!("//! {}.\n", meta.id)), "{}", file.display());
    }
}

#[test]
fn a_page_has_every_heading_in_order_and_something_below_each() {
    for control in controls() {
        let id = control.meta.id;
        let mut text = lines(&control);
        let title = text.next().unwrap_or_default();
        assert!(title.starts_with("# ") && title.len() > 2, "{id} opens with `{title}`");
        let headings: Vec<&str> = text.filter(|line| line.starts_with('#')).chain([""]).collect();
        assert_eq!(headings, HEADINGS, "{id}");
        for heading in HEADINGS.into_iter().filter(|heading| !heading.is_empty() && *heading != "## Remediation") {
            let below = if heading.starts_with("### ") {
                section(section(control.guide, "## Remediation").unwrap_or_default(), heading)
            } else {
                section(control.guide, heading)
            };
            assert!(below.is_some_and(|below| !below.is_empty()), "{id} says nothing below `{heading}`");
        }
        for provider in [Provider::Aws, Provider::Azure, Provider::Gcp] {
            assert!(!remediation(control.guide, provider).is_empty(), "{id} {provider}");
        }
    }
}

#[test]
fn a_page_has_a_row_for_verdicts_that_exist_and_never_forgets_fail_pass_and_unknown() {
    for control in controls() {
        let id = control.meta.id;
        let states = states(&control);
        let known: Vec<String> = State::ALL.iter().map(|state| state.name().replace('-', " ")).collect();
        for state in &states {
            assert!(known.contains(state), "{id}: no verdict is called `{state}`");
        }
        let judged = NEVER_JUDGED.iter().all(|(never, _)| *never != id);
        // What is only asked of people is missing or too old, and never unknown.
        let is_read = !control.meta.needs.is_empty();
        let failed = judged && NEVER_FAILED.iter().all(|(never, _)| *never != id);
        for (needed, wanted) in [("fail", failed), ("pass", judged), ("unknown", is_read)] {
            assert_eq!(states.iter().any(|state| state == needed), wanted, "{id}: a row for {needed}");
        }
    }
}

#[test]
fn no_fact_is_named_twice_among_the_needs() {
    for control in controls() {
        let mut needs = control.meta.needs.to_vec();
        let is_of_people = asked::CONTROLS.iter().any(|asked| asked.meta.id == control.meta.id);
        assert!(!needs.is_empty() || is_of_people, "{}", control.meta.id);
        needs.sort_unstable();
        needs.dedup();
        assert_eq!(needs.len(), control.meta.needs.len(), "{}", control.meta.id);
    }
}

/// Every control whose source the catalogue says is people's word is asked for or, for exceptions, read from their file.
#[test]
fn what_the_catalogue_has_from_people_is_asked_and_its_page_says_how_long_an_answer_counts() {
    let attested: Vec<String> =
        catalogue().into_iter().filter(|row| row["source"] == "attest").map(|row| row["id"].clone()).collect();
    assert_eq!(attested, asked::CONTROLS.iter().map(|control| control.meta.id).collect::<Vec<_>>());
    for control in controls() {
        let (id, states) = (control.meta.id, states(&control));
        let asks_people = states.iter().any(|state| state == "attest missing");
        assert_eq!(control.asks.is_some(), asks_people, "{id}");
        assert_eq!(asks_people, states.iter().any(|state| state == "attest expired"), "{id}");
        let Some(asks) = control.asks else { continue };
        assert!(!asks.questions.is_empty() && (1..=366).contains(&asks.days), "{id}");
        let mut names: Vec<&str> = asks.questions.iter().map(|question| question.name).collect();
        for question in asks.questions {
            let is_key = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            assert!(question.name.chars().all(is_key), "{id} {}", question.name);
            assert!(question.asks.ends_with('?'), "{id} {}", question.asks);
            if let AnswerKind::Day { within_days } = question.kind {
                assert!(within_days <= asks.days, "{id}: what was done may be older than the answer that tells of it");
            }
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), asks.questions.len(), "{id}");
        let told = section(control.guide, "## How it is judged").unwrap_or_default();
        let days = if asks.days == 365 { vec!["365 days", "a year"] } else { vec![] };
        let own = format!("{} days", asks.days);
        assert!(days.into_iter().chain([own.as_str()]).any(|days| told.contains(days)), "{id}");
    }
}

/// The verdicts that the table of a page has rows for.
fn states(control: &Entry) -> Vec<String> {
    section(control.guide, "## How it is judged")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("| "))
        .filter_map(|line| line.split_once(" |"))
        .map(|(verdict, _)| verdict.split(',').next().unwrap_or_default().to_owned())
        .filter(|verdict| verdict != "Verdict")
        .collect()
}
