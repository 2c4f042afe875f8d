//! What people see who answer, and who make mistakes.

use palisade_config::{Source, Unanswered, answers_schema, answers_template, read_answers};
use palisade_controls::controls;
use palisade_engine::{Answer, AnswerKind, AnsweredFor, Value};
use std::collections::{BTreeMap, BTreeSet};

fn read(text: &str) -> Result<Vec<Answer>, String> {
    let answers = read_answers(&Source { name: "answers.yaml", text }, &controls());
    answers.map(|answers| answers.entries().to_vec()).map_err(|mistakes| mistakes.to_string())
}

const GOOD: &str = "answers:
  - control: DR-02
    environment: prod
    answer:
      tested_on: 2026-09-14
      worked: yes
      took_minutes: 42
    by: Ana Lopes
    answered: 2026-09-15
    expires: 2027-01-31
    evidence: https://wiki.example.com/dr/2026-09
    note: |
      with the shop's own people
  - control: AR-09
    answer: partly
    by: ben
    answered: 2026-09-15
  # Nothing else is asked where the first answer is bad.
  - { control: DR-03, answer: no, by: ben, answered: 2026-09-15 }
  - { control: DR-04, answer: never, by: ben, answered: 2026-09-15, cluster: shop-prod }
";

#[test]
fn answers_are_read_as_they_were_given() {
    let read = read(GOOD).unwrap();
    let said = |place: usize| -> Vec<(&str, Value)> {
        read[place].values.iter().map(|(question, value)| (question.as_str(), *value)).collect()
    };
    let day = |text: &str| Value::Day(text.parse().unwrap());
    assert_eq!(
        said(0),
        [("tested_on", day("2026-09-14")), ("took_minutes", Value::Number(42)), ("worked", Value::Yes)]
    );
    assert_eq!(read[0].of, AnsweredFor::Environment("prod".to_owned()));
    assert_eq!((read[0].by.as_str(), read[0].expires), ("Ana Lopes", Some("2027-01-31".parse().unwrap())));
    assert_eq!((said(1), &read[1].of), (vec![("separated", Value::Partly)], &AnsweredFor::Fleet));
    assert_eq!(said(2), [("written", Value::No)]);
    assert_eq!(
        (said(3), &read[3].of),
        (vec![("proven_on", Value::Never)], &AnsweredFor::Cluster("shop-prod".to_owned()))
    );
}

#[test]
fn nothing_has_to_be_answered() {
    for text in ["answers:\n", "answers: []\n", "answers:\n  # - control: DR-01\n"] {
        assert_eq!(read(text), Ok(Vec::new()), "{text}");
    }
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_the_way_out() {
    // What is told of a slip must not change with every control that is added.
    let few = ["CP-01", "ND-15", "DR-02", "DR-03", "DR-04", "AR-09"];
    let controls: Vec<_> = controls().into_iter().filter(|control| few.contains(&control.meta.id)).collect();
    let text = "answers:
  - control: DR-02
    answer:
      tested_on: 2026-9-14
      worked: maybe
      took_minutes: -3
      tested_onn: 2026-01-01
    by: ana
    answered: 2026-09-15
    evidence: https://ana:secret@wiki.example.com/
  - control: CP-01
    answer: yes
    by: ana
    answered: 2026-09-15
  - control: DR-2
    answer: yes
  - control: DR-03
    cluster: shop
    environment: prod
    answer: { written: yes, exercised_on: 2026-10-01 }
    by: \"ana\\nben\"
    answered: 2026-09-15
    expires: 2026-09-01
    evidence: javascript:alert(1)
    noet: x
  - control: DR-04
    environment: prod
    answer: { proven_on: 2026-09-01 }
    by: ana
    answered: 2026-09-15
  - { control: AR-09, answer: yes, by: ana, answered: 2026-09-15 }
  - { control: AR-09, answer: no, by: ben, answered: 2026-09-16 }
  - { control: ND-15, answer: { checked_on: 2026-09-15, failed_items: 0 }, by: ana, answered: 2026-09-15, environment: prod }
";
    let mistakes = read_answers(&Source { name: "answers.yaml", text }, &controls).unwrap_err().to_string();
    insta::assert_snapshot!(mistakes);
}

/// Every commented answer of a template, as somebody leaves it who takes the marks away.
fn uncommented(template: &str) -> String {
    let line = |line: &str| match line.strip_prefix("  # ") {
        Some(rest) if rest.starts_with("- control:") || rest.starts_with("  ") => format!("  {rest}\n"),
        _ => format!("{line}\n"),
    };
    template.lines().map(line).collect()
}

/// The same with something said in every line.
fn filled(template: &str) -> String {
    let line = |line: &str| {
        let (key, about) = line.split_once(':').map_or((line, ""), |(key, rest)| (key, rest.trim()));
        let value = match about {
            about if about.starts_with("# yes, no or partly") => "yes",
            about if about.starts_with("# a day") || about.starts_with("# the day") => "2026-09-15",
            about if about.starts_with("# a whole number") => "1",
            about if about.starts_with("# who says so") => "ana",
            about if about.starts_with("# a link") => "https://wiki.example.com/",
            about if about.starts_with("# by id or name") || about.starts_with("# or `cluster:`") => "shop",
            _ => return format!("{line}\n"),
        };
        format!("{key}: {value}\n")
    };
    template.lines().map(line).collect()
}

#[test]
fn a_template_asks_everything_says_nothing_and_becomes_right_when_it_is_filled() {
    let template = answers_template(&controls(), None);
    assert_eq!(read(&template), Ok(Vec::new()));
    let bare = uncommented(&template);
    let refused = read(&bare).unwrap_err();
    let asked: Vec<_> = controls().iter().filter_map(|control| Some((control.meta.id, control.asks?))).collect();
    for (id, asks) in &asked {
        for question in asks.questions {
            assert!(refused.contains(&format!("`{}` is empty", question.name)), "{id} {}", question.name);
        }
    }
    let answers = read(&filled(&bare)).unwrap();
    let answered: Vec<&str> = answers.iter().map(|answer| answer.control.as_str()).collect();
    assert_eq!(answered, asked.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    for (answer, (_, asks)) in answers.iter().zip(&asked) {
        assert_eq!(answer.values.len(), asks.questions.len());
    }
}

#[test]
fn a_template_of_a_fleet_asks_for_what_is_missing_and_takes_no_name_for_anything_but_a_name() {
    let hostile = "x\"\n  - control: AR-09 # {{";
    let one = |cluster: &str, environment: Option<&str>| Unanswered {
        cluster: cluster.to_owned(),
        environment: environment.map(str::to_owned),
    };
    let clusters = vec![one("a", Some("prod")), one("b", Some("prod")), one(hostile, None)];
    let missing = BTreeMap::from([("DR-02", clusters.clone()), ("ND-15", clusters.clone()), ("GV-06", clusters)]);
    let template = answers_template(&controls(), Some(&missing));
    insta::assert_snapshot!(template);
    assert_eq!(read(&template), Ok(Vec::new()));
    let answers = read(&filled(&uncommented(&template))).unwrap();
    let told: BTreeSet<(&str, String)> =
        answers.iter().map(|answer| (answer.control.as_str(), answer.of.to_string())).collect();
    let of = |id, what: &str| (id, what.to_owned());
    assert_eq!(
        told,
        BTreeSet::from([
            of("DR-02", "environment `prod`"),
            ("DR-02", format!("cluster `{hostile}`")),
            of("GV-06", "the whole fleet"),
            of("ND-15", "cluster `a`"),
            of("ND-15", "cluster `b`"),
            ("ND-15", format!("cluster `{hostile}`")),
        ])
    );
}

#[test]
fn schema_and_reader_know_the_same_controls_and_questions() {
    let schema = answers_schema(&controls());
    let cases = schema.pointer("/properties/answers/items/allOf").unwrap().as_array().unwrap();
    let asked: Vec<_> = controls().iter().filter_map(|control| Some((control.meta.id, control.asks?))).collect();
    assert_eq!(cases.len(), asked.len());
    for (case, (id, asks)) in cases.iter().zip(asked) {
        assert_eq!(case.pointer("/if/properties/control/const").unwrap(), id);
        let map = case.pointer("/then/properties/answer/anyOf/0/properties").unwrap().as_object().unwrap();
        let names: BTreeSet<&str> = map.keys().map(String::as_str).collect();
        assert_eq!(names, asks.questions.iter().map(|question| question.name).collect());
        for question in asks.questions {
            let is_number = matches!(question.kind, AnswerKind::Number { .. });
            assert_eq!(map[question.name].get("minimum").is_some(), is_number, "{id} {}", question.name);
        }
    }
}
