//! What holds of every export, whatever the controls, the verdicts and the names are.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "../../report/tests/forms/sample.rs"]
#[expect(dead_code, reason = "the reports' own tests ask more of it")]
mod sample;

use jiff::Timestamp;
use palisade_controls::controls;
use palisade_engine::{Acceptance, Finding, Policy, Severity, State};
use palisade_exports::{Bundled, Earlier, Form, Hub, OcsfVersion, OwnFramework, OwnRequirement, Record, files, write};
use palisade_model::Scope;
use palisade_report::{Outlook, Report};
use proptest::prelude::*;
use sample::{answers, hostile_names, named, report};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

fn bytes(record: &Record<'_>, path: &str) -> Vec<u8> {
    let file = Form::ALL.into_iter().flat_map(|form| files(record, form)).find(|file| file.path == path).unwrap();
    let mut bytes = Vec::new();
    write(record, file, &mut bytes).unwrap();
    bytes
}

fn text(record: &Record<'_>, path: &str) -> String {
    String::from_utf8(bytes(record, path)).unwrap()
}

fn json(record: &Record<'_>, path: &str) -> Value {
    serde_json::from_slice(&bytes(record, path)).unwrap()
}

fn ends() -> Timestamp {
    "2027-03-31T00:00:00Z".parse().unwrap()
}

/// One finding of a control in a state.
fn finding(base: &Finding, state: State, waived: bool) -> Finding {
    let acceptance = Acceptance {
        owner: "ana".to_owned(),
        approver: "ben".to_owned(),
        reason: "until the migration".to_owned(),
        until: ends(),
    };
    let acceptance = waived.then(|| Box::new(acceptance));
    Finding { state, waived, acceptance, rolled_up: false, ..base.clone() }
}

/// A finding of every control.
fn bases() -> BTreeMap<&'static str, Finding> {
    report().findings.into_iter().map(|finding| (finding.control.id, finding)).collect()
}

/// A run in which nothing was judged.
fn nothing() -> Report {
    Report { findings: Vec::new(), gaps: Vec::new(), clusters: Vec::new(), ..report() }
}

fn of(nothing: &Report, findings: Vec<Finding>) -> Report {
    Report { findings, ..nothing.clone() }
}

/// What an export must say of a verdict: OSCAL's state and reason, OCSF's status and event status, ASFF's status, JUnit's child.
type Words = (Option<(&'static str, &'static str)>, u64, u64, &'static str, Option<&'static str>);

/// The mapping as it was decided, in words that share nothing with the program's. A waiver means something where it is bad.
fn wanted(state: State, waived: bool) -> Words {
    match (state, waived) {
        (State::Pass, _) => (Some(("satisfied", "pass")), 1, 1, "PASSED", None),
        (State::Fail, false) => (Some(("not-satisfied", "fail")), 3, 1, "FAILED", Some("failure")),
        (State::Fail, true) => (Some(("not-satisfied", "fail")), 3, 3, "FAILED", Some("skipped")),
        (State::Unknown, _) => (Some(("not-satisfied", "other")), 2, 1, "NOT_AVAILABLE", Some("error")),
        (State::Mitigated, _) => (Some(("not-satisfied", "other")), 99, 1, "FAILED", Some("skipped")),
        (State::NotApplicable | State::Inherited, _) => (None, 99, 1, "NOT_AVAILABLE", Some("skipped")),
        (State::AttestMissing | State::AttestExpired, _) => (None, 0, 1, "NOT_AVAILABLE", Some("skipped")),
    }
}

#[test]
fn every_verdict_of_every_control_is_called_what_was_decided() {
    let (controls, policy) = (controls(), Policy::default());
    let (bases, nothing) = (bases(), nothing());
    assert!(bases.len() > 90, "{}", bases.len());
    for (id, base) in &bases {
        for (state, waived) in State::ALL.into_iter().flat_map(|state| [(state, false), (state, true)]) {
            let report = of(&nothing, vec![finding(base, state, waived)]);
            let hub: Hub = "111122223333/eu-west-1".parse().unwrap();
            let record = Record::new(&report, &controls, &policy).to_hub(hub);
            let what = format!("{id} {state} {waived}");
            let (oscal, ocsf, event_status, asff, junit) = wanted(state, waived);

            let results = json(&record, "oscal/assessment-results.json");
            let run = &results["assessment-results"]["results"][0];
            let status = &run["findings"][0]["target"]["status"];
            let told = status["state"].as_str().zip(status["reason"].as_str());
            assert_eq!(told, oscal, "{what}");
            assert_eq!(run["findings"].is_null(), oscal.is_none(), "{what}");
            let observation = &run["observations"][0];
            let verdict =
                observation["props"].as_array().unwrap().iter().find(|prop| prop["name"] == "verdict").unwrap();
            assert_eq!(verdict["value"], state.name(), "{what}");
            let is_manual = matches!(state, State::AttestMissing | State::AttestExpired);
            assert!(observation["methods"][0] == "EXAMINE" || !is_manual, "{what}");
            let risk = &run["risks"][0];
            match (state, waived) {
                (State::Fail, true) => {
                    assert_eq!(risk["status"], "deviation-approved", "{what}");
                    assert_eq!(risk["deadline"], ends().to_string(), "{what}");
                }
                (State::Fail | State::Mitigated, _) => {
                    assert_eq!(risk["status"], "open", "{what}");
                    assert!(risk["deadline"].is_null(), "{what}");
                    assert_eq!(risk["mitigating-factors"].is_null(), state == State::Fail, "{what}");
                }
                _ => assert!(run["risks"].is_null(), "{what}"),
            }

            let event: Value = serde_json::from_str(&text(&record, "ocsf.ndjson")).unwrap();
            assert_eq!(event["compliance"]["status_id"], ocsf, "{what}");
            assert_eq!(event["status_id"], event_status, "{what}");
            assert_eq!(event["time"], report.run.finished_at.as_millisecond(), "{what}");
            assert!(event["compliance"]["status"].as_str().is_some_and(|status| !status.is_empty()), "{what}");

            let call: Value = serde_json::from_str(&text(&record, "asff.ndjson")).unwrap();
            let compliance = &call["Findings"][0]["Compliance"];
            assert_eq!(compliance["Status"], asff, "{what}");
            // Where the status says less than we know, a reason says the rest.
            let is_plain = asff == "PASSED" || (state, waived) == (State::Fail, false);
            assert_eq!(compliance["StatusReasons"].is_null(), is_plain, "{what}");

            let xml = text(&record, "junit.xml");
            for child in ["failure", "error", "skipped"] {
                assert_eq!(xml.contains(&format!("<{child} ")), junit == Some(child), "{what}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    /// The second law: a control is satisfied only where something passed and nothing of it is anything but good.
    #[test]
    fn a_control_is_satisfied_only_when_all_of_it_was_seen_to_be_good(
        drawn in prop::collection::vec((0_usize..8, any::<bool>()), 1..9)
    ) {
        static RUN: LazyLock<(Report, Finding)> = LazyLock::new(|| (nothing(), bases().remove("CP-01").unwrap()));
        let (nothing, base) = &*RUN;
        let (controls, policy) = (controls(), Policy::default());
        let states: Vec<(State, bool)> = drawn.into_iter().map(|(state, waived)| (State::ALL[state], waived)).collect();
        let report = of(nothing, states.iter().map(|(state, waived)| finding(base, *state, *waived)).collect());
        let record = Record::new(&report, &controls, &policy);
        let results = json(&record, "oscal/assessment-results.json");
        let run = &results["assessment-results"]["results"][0];
        let is_good = |state: State| matches!(state, State::Pass | State::NotApplicable | State::Inherited);
        let passed = states.iter().any(|(state, _)| *state == State::Pass) && states.iter().all(|(state, _)| is_good(*state));
        prop_assert_eq!(run["findings"][0]["target"]["status"]["state"] == "satisfied", passed);
        // All of them are about one thing, as when a cluster is judged twice: each has its own name all the same.
        prop_assert_eq!(run["observations"].as_array().unwrap().len(), states.len());
        prop_assert_eq!(broken(&[results]), Vec::<String>::new());
    }
}

/// Everything that is wrong with OSCAL documents and that neither schemas nor other programs look at: names that are given
/// twice or to nothing, words that OSCAL leaves open and we do not, texts that are no tokens.
fn broken(documents: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut controls = BTreeSet::new();
    let mut parts = BTreeSet::new();
    let mut params = BTreeSet::new();
    for catalog in documents.iter().filter(|document| document["catalog"].is_object()) {
        each(catalog, "", &mut |path, value| {
            let Some(id) = value["id"].as_str() else { return };
            if path.ends_with("/controls") {
                controls.insert(id.to_owned());
            } else if path.ends_with("/parts") {
                parts.insert(id.to_owned());
            } else if path.ends_with("/params") {
                params.insert(id.to_owned());
            }
        });
    }
    for document in documents {
        let mut given = BTreeSet::new();
        each(document, "", &mut |path, value| {
            if let Some(uuid) = value["uuid"].as_str() {
                if uuid.as_bytes()[14] != b'5' {
                    wrong.push(format!("{path}: {uuid} is of another version"));
                }
                if !given.insert(uuid.to_owned()) {
                    wrong.push(format!("{path}: {uuid} is given twice"));
                }
            }
        });
        each(document, "", &mut |path, value| {
            let Some(fields) = value.as_object() else { return };
            for (key, field) in fields {
                let here = format!("{path}/{key}");
                let Some(text) = field.as_str() else { continue };
                let named = if key.ends_with("-uuid") {
                    Some(text)
                } else {
                    text.strip_prefix('#').filter(|_| key == "href" || key == "source")
                };
                if named.is_some_and(|name| !given.contains(name)) {
                    wrong.push(format!("{here}: {text} is the name of nothing"));
                }
                let known: Option<&[&str]> = match here.as_str() {
                    path if path.ends_with("/status/state") && path.contains("/target/") => {
                        Some(&["satisfied", "not-satisfied"])
                    }
                    path if path.ends_with("/status/reason") => Some(&["pass", "fail", "other"]),
                    path if path.ends_with("/risks/status") => Some(&["open", "deviation-approved"]),
                    path if path.ends_with("/remediations/lifecycle") => Some(&["recommendation", "planned"]),
                    path if path.ends_with("/tasks/type") => Some(&["milestone"]),
                    path if path.ends_with("/target/type") => Some(&["objective-id"]),
                    path if path.ends_with("/subjects/type") => Some(&["inventory-item"]),
                    path if path.ends_with("/actors/type") => Some(&["tool"]),
                    path if path.ends_with("/components/type") => Some(&["software", "validation"]),
                    path if path.ends_with("/hashes/algorithm") => Some(&["SHA-256"]),
                    path if path.ends_with("/oscal-version") => Some(&["1.2.1"]),
                    _ => None,
                };
                if known.is_some_and(|known| !known.contains(&text)) {
                    wrong.push(format!("{here}: `{text}` is no word of OSCAL's"));
                }
                let is_token = |text: &str| {
                    text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
                        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
                };
                if ["control-id", "param-id", "id", "target-id"].contains(&key.as_str()) && !is_token(text) {
                    wrong.push(format!("{here}: `{text}` is no token"));
                }
                if key != "prose" && !path.contains("/remediations") && key != "statement" {
                    let is_line = !text.is_empty() && text.trim() == text && !text.contains('\n');
                    if !is_line {
                        wrong.push(format!("{here}: `{text}` is no line"));
                    }
                }
                let names: Option<&BTreeSet<String>> = match key.as_str() {
                    "target-id" => Some(&parts),
                    "param-id" => Some(&params),
                    "control-id" if here.contains("include-controls") || here.contains("alters") => Some(&controls),
                    _ => None,
                };
                if !controls.is_empty() && names.is_some_and(|names| !names.contains(text)) {
                    wrong.push(format!("{here}: `{text}` is not in the catalog"));
                }
            }
            let methods = fields.get("methods").and_then(Value::as_array).into_iter().flatten();
            wrong.extend(
                methods
                    .filter(|method| !["TEST", "EXAMINE"].contains(&method.as_str().unwrap_or_default()))
                    .map(|method| format!("{path}: `{method}` is no method")),
            );
            wrong.extend(
                fields
                    .iter()
                    .filter(|(_, field)| field.as_array().is_some_and(Vec::is_empty))
                    .map(|(key, _)| format!("{path}/{key}: a list of nothing")),
            );
        });
    }
    wrong
}

/// Shows every object with the path of keys to it.
fn each(value: &Value, path: &str, show: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            show(path, value);
            fields.iter().for_each(|(key, field)| each(field, &format!("{path}/{key}"), show));
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, path, show)),
        _ => (),
    }
}

fn documents(record: &Record<'_>) -> Vec<Value> {
    files(record, Form::Oscal).into_iter().map(|file| json(record, file.path)).collect()
}

fn policy(name: &str) -> Policy {
    Policy { answers: answers(name), severities: [("CP-02".to_owned(), Severity::Low)].into(), ..Policy::default() }
}

#[test]
fn every_name_in_oscal_is_given_once_and_to_something_whatever_things_are_called() {
    let controls = controls();
    let whole = report();
    let outlook = Outlook::of(&whole, None).unwrap();
    let calls = |_: &Finding| "1-3".to_owned();
    let bundled = |closed| Bundled { base: "../../", manifest_sha256: Some("00"), closed, calls: Some(&calls) };
    for bundle in [None, Some(bundled(false)), Some(bundled(true))] {
        let policy = policy(sample::HOSTILE);
        let record = Record::new(&whole, &controls, &policy).with_outlook(&outlook);
        let record = match bundle {
            Some(bundle) => record.in_bundle(bundle),
            None => record,
        };
        let documents = documents(&record);
        assert_eq!(documents.len(), 5);
        assert_eq!(broken(&documents), Vec::<String>::new());
    }
    for name in hostile_names() {
        let (report, policy) = (named(&name), policy(&name));
        let documents = documents(&Record::new(&report, &controls, &policy));
        assert_eq!(broken(&documents), Vec::<String>::new(), "{name:?}");
    }
}

#[test]
fn what_is_broken_in_a_document_is_found() {
    let (controls, whole, policy) = (controls(), report(), Policy::default());
    let record = Record::new(&whole, &controls, &policy);
    let results = || json(&record, "oscal/assessment-results.json");
    type Damage = fn(&mut Value);
    let damages: [(&str, Damage); 7] = [
        ("the name of nothing", |run| run["findings"][0]["related-observations"][0]["observation-uuid"] = "x".into()),
        ("given twice", |run| run["observations"][1]["uuid"] = run["observations"][0]["uuid"].clone()),
        ("no method", |run| run["observations"][0]["methods"][0] = "banana".into()),
        ("no word", |run| run["findings"][0]["target"]["status"]["reason"] = "error".into()),
        ("no token", |run| run["findings"][0]["target"]["target-id"] = "5.4.1".into()),
        ("no line", |run| run["observations"][0]["description"] = " ".into()),
        ("of another version", |run| {
            run["observations"][0]["uuid"] = "01890a5d-ac96-774b-bcce-b302099a8057".into();
        }),
    ];
    for (what, damage) in damages {
        let mut document = results();
        damage(&mut document["assessment-results"]["results"][0]);
        let wrong = broken(&[document]);
        assert!(wrong.iter().any(|wrong| wrong.contains(what)), "{what}: {wrong:?}");
    }
}

#[test]
fn equal_runs_give_equal_bytes_and_the_same_thing_keeps_its_name() {
    let (controls, policy) = (controls(), Policy::default());
    let (one, other) = (report(), report());
    for form in Form::ALL {
        for file in files(&Record::new(&one, &controls, &policy), form) {
            let first = bytes(&Record::new(&one, &controls, &policy), file.path);
            assert!(first == bytes(&Record::new(&other, &controls, &policy), file.path), "{}", file.path);
            assert!(form == Form::Xlsx || first.ends_with(b"\n"), "{}", file.path);
        }
    }
    // Of a later run: what is judged and what is bad keep their names, what was seen then is another thing.
    let mut later = report();
    later.run.id = "r2".to_owned();
    let uuids = |report: &Report, list: &str| -> BTreeSet<String> {
        let results = json(&Record::new(report, &controls, &policy), "oscal/assessment-results.json");
        let run = &results["assessment-results"]["results"][0];
        let list = run.pointer(list).unwrap().as_array().unwrap();
        list.iter().map(|one| one["uuid"].as_str().unwrap().to_owned()).collect()
    };
    for list in ["/risks", "/local-definitions/inventory-items"] {
        assert_eq!(uuids(&one, list), uuids(&later, list), "{list}");
    }
    for list in ["/observations", "/findings"] {
        assert!(uuids(&one, list).is_disjoint(&uuids(&later, list)), "{list}");
    }
}

#[test]
fn security_hub_gets_each_finding_of_aws_in_its_own_account_and_nothing_else() {
    let (controls, policy, report) = (controls(), Policy::default(), report());
    let record = Record::new(&report, &controls, &policy);
    let mut sent = 0;
    for line in text(&record, "asff.ndjson").lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        let findings = call["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&findings.len()));
        sent += findings.len();
        for finding in findings {
            assert_eq!(finding["AwsAccountId"], "111111111111");
            let arn = "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default";
            assert_eq!(finding["ProductArn"], arn);
        }
    }
    let verdicts = report.findings.iter().filter(|finding| !finding.rolled_up).count();
    let left_out = palisade_exports::left_out(&record, Form::Asff);
    assert!(sent > 100 && left_out > 0);
    assert_eq!(sent + left_out, verdicts);
}

#[test]
fn an_export_of_nothing_is_still_whole() {
    let (controls, policy) = (controls(), Policy::default());
    let report = nothing();
    let record = Record::new(&report, &controls, &policy).as_ocsf(OcsfVersion::V1_6_0);
    let documents = documents(&record);
    assert_eq!(documents.len(), 4, "a plan without items would not be valid");
    assert_eq!(broken(&documents), Vec::<String>::new());
    assert_eq!(text(&record, "ocsf.ndjson"), "");
    assert_eq!(text(&record, "asff.ndjson"), "");
    assert!(text(&record, "junit.xml").contains("tests=\"0\""));
}

/// By its name: the activity of a verdict's event, its status, and what it says of the verdict.
fn events(record: &Record<'_>) -> BTreeMap<String, (u64, u64, String)> {
    let text = text(record, "ocsf.ndjson");
    let events = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        let (activity, word) = (event["activity_id"].as_u64().unwrap(), event["activity_name"].as_str().unwrap());
        assert_eq!(event["type_uid"], 200_300 + activity);
        assert_eq!(event["type_name"], format!("Compliance Finding: {word}"));
        let code = event["compliance"]["status_code"].as_str().unwrap().to_owned();
        let name = event["finding_info"]["uid"].as_str().unwrap().to_owned();
        (name, (activity, event["status_id"].as_u64().unwrap(), code))
    });
    events.collect()
}

#[test]
fn an_event_closes_what_was_open_and_is_good_now_and_nothing_that_is_not_known() {
    let (controls, policy, nothing) = (controls(), Policy::default(), nothing());
    let base = bases().remove("CP-01").unwrap();
    let good = [State::Pass, State::NotApplicable, State::Inherited];
    for (before, after) in State::ALL.into_iter().flat_map(|before| State::ALL.map(|after| (before, after))) {
        let earlier = of(&nothing, vec![finding(&base, before, false)]);
        let later = of(&nothing, vec![finding(&base, after, false)]);
        let earlier = Earlier::of(&earlier, &controls, &policy);
        let told = events(&Record::new(&later, &controls, &policy).since(&earlier));
        let closes = good.contains(&after) && !good.contains(&before);
        let expected = if closes { (3, 4) } else { (2, 1) };
        let (activity, status, _) = told.values().next().unwrap();
        assert_eq!((*activity, *status), expected, "{before} {after}");
    }
    let later = of(&nothing, vec![finding(&base, State::Fail, true)]);
    let alone = events(&Record::new(&later, &controls, &policy));
    assert_eq!(alone.values().next().map(|event| (event.0, event.1)), Some((1, 3)), "created, and suppressed");
    let earlier = of(&nothing, Vec::new());
    let earlier = Earlier::of(&earlier, &controls, &policy);
    assert_eq!(events(&Record::new(&later, &controls, &policy).since(&earlier)), alone);
}

#[test]
fn what_is_gone_is_closed_where_this_run_looked_and_nowhere_else() {
    let (controls, policy) = (controls(), Policy::default());
    // Every cluster of a provider in one place, so that one can go while others stay.
    let mut whole = Report { gaps: Vec::new(), unseen: BTreeMap::new(), ..report() };
    let place = "one place";
    for row in &mut whole.clusters {
        place.clone_into(&mut row.scope);
    }
    for finding in &mut whole.findings {
        finding.scope = Scope::new(place);
    }
    let earlier = Earlier::of(&whole, &controls, &policy);
    let row = whole.clusters.first().unwrap();
    assert!(whole.clusters.iter().filter(|other| other.provider == row.provider).count() > 1);
    let is_of = |finding: &Finding| finding.provider == row.provider && finding.cluster.as_str() == row.id;
    let without = Report {
        clusters: whole.clusters.iter().filter(|other| other.id != row.id).cloned().collect(),
        findings: whole.findings.iter().filter(|finding| !is_of(finding)).cloned().collect(),
        ..whole.clone()
    };
    let lost = whole.findings.iter().filter(|finding| is_of(finding) && !finding.rolled_up).count();
    let gone = |report: &Report| {
        let told = events(&Record::new(report, &controls, &policy).since(&earlier));
        told.into_values().filter(|(activity, status, code)| (*activity, *status) == (3, 4) && code == "gone").count()
    };
    assert!(lost > 10);
    assert_eq!(gone(&without), lost);
    assert_eq!(gone(&whole), 0);
    let gaps = report().gaps.into_iter().take(1).map(|gap| palisade_engine::GapRow { scope: row.scope.clone(), ..gap });
    assert_eq!(gone(&Report { gaps: gaps.collect(), ..without.clone() }), 0, "its place was not listed whole");
    assert_eq!(gone(&Report { unseen: [(row.provider, 1)].into(), ..without.clone() }), 0, "nobody looked everywhere");
    assert_eq!(
        gone(&Report { clusters: Vec::new(), findings: Vec::new(), ..whole.clone() }),
        0,
        "nothing was looked at"
    );

    // One thing of a cluster: closed where the control still judges the rest of it and knows everything.
    let group = |finding: &Finding| (finding.provider, finding.cluster.clone(), finding.control.id);
    let verdicts: Vec<&Finding> = whole.findings.iter().filter(|finding| !finding.rolled_up).collect();
    let one = verdicts
        .iter()
        .find(|one| {
            verdicts.iter().filter(|other| group(other) == group(one)).count() > 1
                && verdicts.iter().all(|other| group(other) != group(one) || other.state != State::Unknown)
        })
        .unwrap();
    let mut findings = whole.findings.clone();
    findings.retain(|other| other.fingerprint != one.fingerprint);
    let fewer = Report { findings: findings.clone(), ..whole.clone() };
    assert_eq!(gone(&fewer), 1);
    for other in &mut findings {
        if group(other) == group(one) {
            other.state = State::Unknown;
        }
    }
    assert_eq!(gone(&Report { findings, ..whole.clone() }), 0, "what hides the rest may hide it too");
}

#[test]
fn a_framework_of_ones_own_stands_in_the_map_of_checks_whatever_it_is_called() {
    let (controls, policy, whole) = (controls(), Policy::default(), report());
    for name in hostile_names().into_iter().chain(["acme-baseline".to_owned()]) {
        let metas = vec![controls[0].meta, controls[1].meta];
        let requirement = |id: &str, controls| OwnRequirement { id: id.to_owned(), controls };
        let own = OwnFramework {
            key: "acme-baseline".to_owned(),
            title: name.clone(),
            version: name,
            requirements: vec![requirement("OPS 1", metas), requirement("OPS 2", Vec::new())],
        };
        let empty = OwnFramework { key: "asks-people".to_owned(), requirements: Vec::new(), ..own.clone() };
        let frameworks = [own, empty];
        let record = Record::new(&whole, &controls, &policy).with_frameworks(&frameworks);
        assert_eq!(broken(&documents(&record)), Vec::<String>::new());
        let definition = text(&record, "oscal/component-definition.json");
        assert!(definition.contains("\"acme-baseline-OPS-1\"") && !definition.contains("OPS-2"));
        assert!(!definition.contains("asks-people"));
    }
}
