//! What a report says of people's answers, in each of its forms.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
mod sample;

use palisade_engine::State;
use palisade_report::Format;
use sample::{answers, bytes, hostile_names, named, rendered, report};

#[test]
fn a_sheet_tells_what_is_missing_what_is_too_old_and_who_said_what_worst_first() {
    let sheet = report().answers;
    let told: Vec<(&str, &str, usize)> = sheet
        .rows
        .iter()
        .filter(|row| row.answer.is_some())
        .map(|row| (row.control.id, row.state.name(), row.clusters))
        .collect();
    assert_eq!(told, [("AR-09", "fail", 6), ("GV-06", "attest-expired", 6), ("CD-03", "pass", 6)]);
    assert!(sheet.rows.iter().map(|row| row.state).is_sorted_by(|a, b| a >= b));
    let missing: Vec<&str> =
        sheet.rows.iter().filter(|row| row.state == State::AttestMissing).map(|row| row.control.id).collect();
    assert!(missing.contains(&"DR-02") && !missing.contains(&"AR-09"), "{missing:?}");
    let soon: Vec<&str> = sheet.rows.iter().filter(|row| row.ends_soon).map(|row| row.control.id).collect();
    assert_eq!(soon, ["CD-03"]);
    assert_eq!(sheet.unused.len(), 1);
}

#[test]
fn the_json_form_says_who_said_what_and_by_which_file() {
    let read: serde_json::Value = serde_json::from_slice(&bytes(Format::Json)).unwrap();
    let rows = read["answers"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["control"] == "AR-09").unwrap();
    assert_eq!((&row["verdict"], &row["answer"]["said"]["separated"]), (&"fail".into(), &"no".into()));
    assert_eq!(row["answer"]["by"], sample::HOSTILE);
    assert_eq!(row["counts_until"], "2027-11-01");
    let finding = read["findings"].as_array().unwrap().iter().find(|one| one["control"] == "AR-09").unwrap();
    assert_eq!(finding["evidence"][0]["digest"], row["answer"]["digest"]);
    assert_eq!(finding["evidence"][0]["call"], "answers");
    let missing = rows.iter().find(|row| row["control"] == "DR-01").unwrap();
    assert_eq!((&missing["verdict"], &missing["answer"]), (&"attest-missing".into(), &serde_json::Value::Null));
    assert!(missing["questions"]["rto_minutes"].as_str().unwrap().ends_with('?'));
    assert_eq!(read["parameters"]["answers"], answers(sample::HOSTILE).digest().unwrap().to_string());
    let data = &read["parameters"]["data"][0];
    assert_eq!((&data["day"], &data["age_days"], &data["stale"]), (&"2026-01-01".into(), &323.into(), &true.into()));
}

#[test]
fn the_csv_form_has_the_answer_beside_the_finding_that_rests_on_it() {
    let bytes = bytes(Format::Csv);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let heads = reader.headers().unwrap().clone();
    let place = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let (control, on, until) = (place("control"), place("answered_on"), place("answer_counts_until"));
    for record in reader.records().map(Result::unwrap) {
        let told = (&record[on], &record[until]);
        match &record[control] {
            "AR-09" => assert_eq!(told, ("2026-11-01", "2027-11-01")),
            "CD-03" => assert_eq!(told, ("2026-11-01", "2026-12-01")),
            "GV-06" => assert_eq!(told, ("2026-01-01", "2026-04-01")),
            _ => assert_eq!(told, ("", "")),
        }
    }
}

#[test]
fn the_sarif_form_has_what_is_missing_as_a_review_and_who_said_no_with_the_failure() {
    let log: serde_json::Value = serde_json::from_slice(&bytes(Format::Sarif)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |control: &str| results.iter().find(|result| result["ruleId"] == control).unwrap();
    assert_eq!(of("DR-01")["kind"], "review");
    assert_eq!(of("GV-06")["kind"], "review");
    assert_eq!(of("AR-09")["kind"], "fail");
    assert_eq!(of("AR-09")["properties"]["answer"]["counts-until"], "2027-11-01");
    assert!(!of("AR-09")["properties"]["answer"]["by"].as_str().unwrap().contains('\u{1b}'));
}

#[test]
fn the_terminal_form_names_what_is_missing_and_what_ends_soon() {
    let text = rendered(&named("shop"), Format::Table, 100);
    let part = text.split_once("Asked of people\n").unwrap().1.split_once("\n\n").unwrap().0;
    insta::assert_snapshot!(part);
}

#[test]
fn requirements_are_told_with_the_version_they_stand_in_in_every_form() {
    let read: serde_json::Value = serde_json::from_slice(&bytes(Format::Json)).unwrap();
    let control = read["controls"].as_array().unwrap().iter().find(|one| one["id"] == "CP-01").unwrap();
    let told: Vec<String> = control["maps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|map| format!("{} {}", map["framework"].as_str().unwrap(), map["version"].as_str().unwrap()))
        .collect();
    assert!(told.contains(&"CIS-EKS 2.0.0".to_owned()) && told.contains(&"CIS-EKS 1.8.0".to_owned()), "{told:?}");
    for format in [Format::Csv, Format::Sarif] {
        let text = String::from_utf8(bytes(format)).unwrap();
        assert!(text.contains("CIS-EKS 2.0.0: 5.4.1"), "{format:?}");
    }
    let page = String::from_utf8(bytes(Format::Html)).unwrap();
    assert!(page.contains(r#"{"framework":"CIS-EKS","version":"2.0.0","requirements":["5.4.1"]}"#));
}

#[test]
fn what_people_write_is_text_in_the_page_and_no_link() {
    for name in hostile_names() {
        let page = rendered(&named(&name), Format::Html, 80);
        let part = page.split_once("<section id=\"answers\"").unwrap().1.split_once("</section>").unwrap().0;
        assert!(!part.contains("href=\"http") && !part.contains("javascript:"), "{name:?}");
        assert!(!part.contains("<script") && !part.contains('\u{202e}'), "{name:?}");
    }
}
