//! What other people's programs say of every form, made of good and bad clusters and of names that hurt.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "../../report/tests/forms/sample.rs"]
#[expect(dead_code, reason = "the reports' own tests ask more of it")]
mod sample;

use palisade_controls::controls;
use palisade_engine::{Policy, Severity};
use palisade_exports::{Bundled, Form, Hub, OcsfVersion, Outcome, Record, files, write};
use palisade_report::{Outlook, Report};
use palisade_testkit::ask;
use sample::{answers, hostile_names, named, report};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// Writes every form of a report and says where each file is, and what has to come back.
fn written(report: &Report, policy: &Policy, folder: &Path, version: OcsfVersion, with_plan: bool) -> Value {
    let controls = controls();
    let outlook = with_plan.then(|| Outlook::of(report, None).unwrap());
    let calls = |_: &palisade_engine::Finding| "1,3-4".to_owned();
    let bundle = Bundled { base: "../../", manifest_sha256: None, closed: false, calls: Some(&calls) };
    let hub: Hub = "111122223333/eu-west-1".parse().unwrap();
    let record = Record::new(report, &controls, policy).in_bundle(bundle).as_ocsf(version).to_hub(hub);
    let record = match &outlook {
        Some(outlook) => record.with_outlook(outlook),
        None => record,
    };
    let mut paths = BTreeMap::new();
    for form in Form::ALL {
        // A workbook makes a plan of its own when it is given none.
        let is_too_slow = form == Form::Xlsx && !with_plan;
        for file in files(&record, form).into_iter().filter(|_| !is_too_slow) {
            let path = folder.join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut bytes = Vec::new();
            write(&record, file, &mut bytes).unwrap();
            fs::write(&path, bytes).unwrap();
            paths.insert(file.path, path);
        }
    }
    let verdicts: Vec<Value> = report
        .findings
        .iter()
        .filter(|finding| !finding.rolled_up)
        .map(|finding| json!([finding.fingerprint.to_string(), finding.control.id, Outcome::of(finding).name()]))
        .collect();
    json!({
        "files": paths,
        "verdicts": verdicts,
        "lines": report.findings.len(),
        "ended": report.run.finished_at.as_millisecond(),
        "ocsf": version.name(),
    })
}

#[test]
fn public_programs_take_every_form_whatever_the_names_are_and_refuse_what_is_broken() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports");
    let policy = |name: &str| Policy {
        answers: answers(name),
        severities: [("CP-02".to_owned(), Severity::Low)].into(),
        ..Policy::default()
    };
    let mut cases = vec![written(&report(), &policy(sample::HOSTILE), &folder.join("all"), OcsfVersion::V1_8_0, true)];
    for (number, name) in hostile_names().iter().enumerate() {
        // The planner takes its time.
        let (folder, with_plan) = (folder.join(number.to_string()), number % 6 == 0);
        cases.push(written(&named(name), &policy(name), &folder, OcsfVersion::V1_5_0, with_plan));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/others.py");
    let passed = ask(&script, &json!(cases)).unwrap();
    assert!(passed > cases.len() * 10, "{passed} were checked of {} exports", cases.len());
    assert!(cases[0]["files"].as_object().unwrap().len() >= 11);
}
