//! What a report looks like in each of its forms, and that others can read it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
mod sample;

use palisade_engine::{Coverage, Finding, GapRow, Waiver};
use palisade_model::GapReason;
use palisade_report::{Format, Options, Report, render};
use palisade_testkit::now;
use sample::{bytes, hostile_names, named, rendered, report};
use textwrap::core::display_width;

#[test]
fn no_name_breaks_the_terminal_form_or_leaves_its_columns() {
    let plain = rendered(&named("shop"), Format::Table, 80);
    for name in hostile_names() {
        let text = rendered(&named(&name), Format::Table, 80);
        for line in text.lines() {
            assert!(display_width(line) <= 80, "{} columns of {name:?}: {line}", display_width(line));
        }
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{name:?} drives the terminal");
        assert_eq!(text.matches("\nNext\n").count(), plain.matches("\nNext\n").count(), "{name:?} writes lines");
    }
}

#[test]
fn no_name_leaves_its_cell_or_becomes_a_formula() {
    let lines = named("shop").findings.len();
    for name in hostile_names() {
        let text = rendered(&named(&name), Format::Csv, 80);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(records.len(), lines, "{name:?}");
        for field in records.iter().flatten() {
            let shown: String = field.chars().filter(|letter| !letter.is_whitespace()).collect();
            let signs = ['=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
            assert!(!shown.starts_with(signs), "{name:?}: {field:?}");
            assert!(field.chars().count() <= 32_767, "{name:?}");
        }
    }
}

#[test]
fn no_name_makes_a_link_or_a_path_of_the_sarif_form() {
    for name in hostile_names() {
        let log: serde_json::Value = serde_json::from_str(&rendered(&named(&name), Format::Sarif, 80)).unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let text = result["message"]["text"].as_str().unwrap();
            assert!(!text.replace("\\[", "").contains('['), "{name:?}: {text}");
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_%/".contains(letter);
            assert!(uri.chars().all(is_plain) && uri.matches('/').count() == 1, "{name:?}: {uri}");
        }
    }
}

#[test]
fn every_name_comes_back_whole_from_the_json_form() {
    for name in hostile_names() {
        let read: serde_json::Value = serde_json::from_str(&rendered(&named(&name), Format::Json, 80)).unwrap();
        assert_eq!(read["clusters"][0]["name"].as_str(), Some(name.as_str()));
    }
}

#[test]
fn the_worst_results_come_first_and_a_page_is_given_no_more_than_it_takes() {
    let one = named("shop");
    let many = Report { findings: one.findings.iter().cycle().take(40_000).cloned().collect(), ..one };
    // 35 MB of text: looked at as text, because it is all the same to the eye that reads a tree.
    let log = rendered(&many, Format::Sarif, 80);
    assert_eq!(log.matches("\"partialFingerprints\"").count(), 25_000);
    let first = log.split("\"results\"").nth(1).unwrap();
    let severity = first.split("\"severity\": ").nth(1).unwrap();
    assert!(severity.starts_with("\"critical\""));
    assert!(log.contains("\"executionSuccessful\": false"));
    assert!(log.contains("further results were left out"));
}

#[test]
fn a_scan_is_a_success_only_when_everything_was_read() {
    let whole = Report { gaps: Vec::new(), ..named("shop") };
    for (report, success) in [(whole, true), (named("shop"), false)] {
        let log: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Sarif, 80)).unwrap();
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], success);
    }
}

#[test]
fn the_terminal_form_says_why_a_severity_is_not_the_controls_own_and_who_accepted_what() {
    let text = rendered(&named("shop"), Format::Table, 80);
    assert!(text.contains("raised from high: the API server answers the internet (CP-01)"), "{text}");
    let text = rendered(&Report { findings: waived_alone(), ..named("shop") }, Format::Table, 80);
    assert!(text.contains("accepted by shop until 2026-11-20: shop"), "{text}");
}

fn waived_alone() -> Vec<Finding> {
    named("shop").findings.into_iter().filter(|finding| finding.waived).collect()
}

fn text(format: Format) -> String {
    String::from_utf8(bytes(format)).unwrap()
}

#[test]
fn every_result_of_the_sarif_form_names_its_rule() {
    let log: serde_json::Value = serde_json::from_slice(&bytes(Format::Sarif)).unwrap();
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
    for format in [Format::Table, Format::Json, Format::Sarif, Format::Csv, Format::Html] {
        assert_eq!(bytes(format), bytes(format), "{format:?}");
    }
}

#[test]
fn an_empty_report_is_still_a_report() {
    let empty = Report {
        coverage: Coverage::default(),
        clusters: Vec::new(),
        surroundings: Vec::new(),
        pieces: Vec::new(),
        findings: Vec::new(),
        gaps: Vec::new(),
        calls: Vec::new(),
        unused_waivers: Vec::new(),
        grown_waivers: Vec::new(),
        ..report()
    };
    for format in [Format::Table, Format::Json, Format::Sarif, Format::Csv, Format::Html] {
        let mut bytes = Vec::new();
        render(
            &empty,
            format,
            &Options { colour: true, width: 80, next: Vec::new(), ..Options::default() },
            &mut bytes,
        )
        .unwrap();
        assert!(!bytes.is_empty());
    }
}

/// The schema is generated: `cargo xtask codegen` writes it.
#[test]
fn a_waiver_that_matches_nothing_is_told_to_programs_and_a_gap_without_a_permission_grants_nothing() {
    let waiver = Waiver {
        control: "CP-01".to_owned(),
        cluster: "gone".to_owned(),
        subject: None,
        owner: "platform".to_owned(),
        approver: "ben".to_owned(),
        reason: "it moved".to_owned(),
        until: now(),
        approved: None,
        covers: None,
    };
    let refused = |permission: Option<&str>| GapRow {
        scope: "111111111111".to_owned(),
        call: "sts:GetCallerIdentity".to_owned(),
        reason: GapReason::Denied,
        permission: permission.map(str::to_owned),
        message: "the token has expired".to_owned(),
        hides: Vec::new(),
        times: 1,
    };
    let gaps = vec![refused(None), refused(Some(""))];
    let report = Report { unused_waivers: vec![waiver], gaps, ..named("shop") };
    let read: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Json, 80)).unwrap();
    assert_eq!(read["unused_waivers"][0]["cluster"], "gone");
    let text = rendered(&report, Format::Table, 80);
    assert!(!text.contains("grant"), "{text}");
    assert_eq!(text.matches("the token has expired").count(), 1, "{text}");
}
