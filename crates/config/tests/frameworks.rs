//! What people see who write a framework of their own, and who make mistakes in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Source, framework_schema, read_framework};
use palisade_controls::controls;
use palisade_frameworks::{Edition, Said, Word};
use palisade_model::Provider;
use std::{fs, path::Path};

fn read(text: &str) -> Result<Edition, String> {
    read_framework(&Source { name: "own.yaml", text }, &controls()).map_err(|mistakes| mistakes.to_string())
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/frameworks/acme-baseline.yaml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_example_is_read_as_it_is_written() {
    let edition = read(&example()).unwrap();
    assert_eq!((edition.key.as_str(), edition.version.as_str(), edition.is_own), ("acme-baseline", "3", true));
    assert_eq!(edition.providers, [Provider::Aws, Provider::Azure, Provider::Gcp]);
    let told = |place: usize| {
        let one = &edition.requirements[place];
        let ids: Vec<&str> = one.controls.iter().map(|meta| meta.id).collect();
        format!("{} {} {}", one.id, ids.join(" "), one.questions.len())
    };
    assert_eq!(told(0), "NET-1 CP-01 CP-02 CP-05 0");
    // A control is named by its id or by its name.
    assert_eq!(told(1), "NET-2 ND-01 ND-02 ND-03 ND-04 0");
    let said = Said {
        word: Word::Yes,
        by: "Ana Lopes".to_owned(),
        on: "2026-09-15".parse().unwrap(),
        expires: Some("2027-03-31".parse().unwrap()),
        evidence: Some("https://wiki.acme.example/on-call/2026-09".to_owned()),
    };
    assert_eq!(edition.requirements[5].questions[0].said, Some(said));
    let silent = &edition.requirements[6];
    assert_eq!(silent.questions[0].asks, "Suppliers with access to clusters are reviewed every year");
    assert_eq!(silent.questions[0].said, None);
    assert_eq!(edition.requirements.len(), 7);
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_the_way_out() {
    let text = "id: cis-eks
title: ''
vesion: 3
clouds: [aws, asure]
requirements:
  - id: A-1
    title: Public doors
    controls: [CP-01, CP-1, endpoint-open-to-the-internett, CP-01]
  - id: A-1
    title: Nobody speaks to it
  - id: A-3
    title: Asked and not asked
    manual: false
    questions:
      - asks: Is it so?
        answer: maybe
        answered: 2026-9-15
        evidence: https://ana:secret@wiki.example.com/
      - answer: yes
        by: ana
        answered: 2026-09-15
        expires: 2026-01-01
  - title: No number
    controls: []
    owner: ana
";
    insta::assert_snapshot!(read(text).unwrap_err());
}

#[test]
fn a_password_in_a_link_is_not_shown() {
    let text = example().replace("https://wiki.acme.example", "https://ana:hunter2@wiki.acme.example");
    let told = read(&text).unwrap_err();
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn what_is_no_map_and_what_is_empty_is_told() {
    for (text, told) in [
        ("- a\n", "the framework is a list"),
        ("id: a\ntitle: b\nversion: '1'\nrequirements: []\n", "there are 0 requirements"),
        ("id: a\ntitle: b\nversion: '1'\nrequirements: {}\n", "`requirements` is a map"),
        ("id: A_b\ntitle: b\nversion: '1'\nrequirements: []\n", "`A_b` cannot be the id of a framework"),
        ("id: -a\ntitle: b\nversion: '1'\nrequirements: []\n", "`-a` cannot be the id of a framework"),
        ("", "own.yaml"),
    ] {
        let mistakes = read(text).unwrap_err();
        assert!(mistakes.contains(told), "{told}: {mistakes}");
    }
}

#[test]
fn the_schema_takes_the_example_and_what_the_reader_refuses_it_refuses_too() {
    let schema = framework_schema(&controls());
    let names = |pointer: &str| -> Vec<&str> {
        schema.pointer(pointer).unwrap().as_object().unwrap().keys().map(String::as_str).collect()
    };
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    let mut root = names("/properties");
    root.sort_unstable();
    assert_eq!(root, sorted(vec!["id", "title", "version", "clouds", "requirements"]));
    let mut one = names("/properties/requirements/items/properties");
    one.sort_unstable();
    assert_eq!(one, sorted(vec!["id", "title", "controls", "manual", "questions"]));
    let mut question = names("/properties/requirements/items/properties/questions/items/properties");
    question.sort_unstable();
    assert_eq!(question, sorted(vec!["asks", "answer", "by", "answered", "expires", "evidence"]));
    let words = schema.pointer("/properties/requirements/items/properties/controls/items/enum").unwrap();
    assert_eq!(words.as_array().unwrap().len(), 2 * controls().len());
}
