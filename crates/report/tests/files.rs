//! The report and the plan as files for other programs: read by public readers, made of names that hurt.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
#[expect(dead_code, reason = "the other forms ask more of it")]
mod sample;

use palisade_report::{
    Changes, Format, History, Options, Outlook, Report, plan_github, plan_ics, plan_jira, plan_xlsx, render,
};
use palisade_testkit::ask;
use sample::{hostile_names, named, report};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn bytes(report: &Report, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    render(report, format, &Options::default(), &mut bytes).unwrap();
    bytes
}

fn plan_bytes(outlook: &Outlook, report: &Report) -> [Vec<u8>; 4] {
    let (mut book, mut jira) = (Vec::new(), Vec::new());
    plan_xlsx(outlook, &report.run, &mut book).unwrap();
    plan_jira(outlook, &mut jira).unwrap();
    [book, plan_ics(outlook, &report.run).into_bytes(), jira, plan_github(outlook).into_bytes()]
}

#[test]
fn equal_reports_give_equal_files() {
    for format in [Format::Markdown, Format::Xlsx] {
        assert!(bytes(&report(), format) == bytes(&report(), format), "{format:?}");
    }
    let outlook = || Outlook::of(&report(), None).unwrap();
    assert!(plan_bytes(&outlook(), &report()) == plan_bytes(&outlook(), &report()));
}

/// What must come back: the words of every finding, and of every planned initiative.
fn expected(report: &Report, outlook: &Outlook) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|one| json!([one.fingerprint.to_string(), one.control.id, one.state.name()]))
        .collect();
    let planned: Vec<Value> = outlook
        .plan
        .quarters
        .iter()
        .flat_map(|quarter| quarter.items.iter().map(move |item| (quarter, item)))
        .map(|(quarter, item)| {
            let one = outlook.initiatives.iter().find(|one| one.id == item.initiative).unwrap();
            json!({
                "title": palisade_report::plain(&one.title), "from": quarter.span.from.to_string(),
                "to": quarter.span.to.to_string(), "quarter": quarter.span.quarter.number(),
            })
        })
        .collect();
    json!({
        "findings": findings, "planned": planned, "initiatives": outlook.initiatives.len(),
        "clusters": report.clusters.len(), "gaps": report.gaps.len(), "ended": report.run.finished_at.to_string(),
    })
}

#[test]
fn public_readers_read_every_file_and_no_name_is_a_formula_a_link_or_a_command() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files");
    fs::create_dir_all(&folder).unwrap();
    let mut cases = Vec::new();
    let names = ["=1+1'; touch broken; '", "$(touch broken)`touch broken`", "@octocat #1 {code}x{code} \\"];
    // Some of them, the longest too: each is read by three programs.
    let hostile = hostile_names().into_iter().step_by(6).chain(names.map(str::to_owned));
    let reports = [report()].into_iter().chain(hostile.map(|name| named(&name)));
    for (number, report) in reports.enumerate() {
        let outlook = Outlook::of(&report, None).unwrap();
        let mut files = json!({ "expected": expected(&report, &outlook) });
        let mut keep = |name: &str, bytes: &[u8]| {
            let path = folder.join(format!("{number}-{name}"));
            fs::write(&path, bytes).unwrap();
            files[name] = json!(path);
        };
        let [book, calendar, jira, github] = plan_bytes(&outlook, &report);
        keep("report.xlsx", &bytes(&report, Format::Xlsx));
        keep("plan.xlsx", &book);
        keep("plan.ics", &calendar);
        keep("plan.csv", &jira);
        keep("plan.sh", &github);
        cases.push(files);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/files.py");
    assert!(ask(&script, &json!({ "cases": cases })).unwrap() > 500);
}

#[test]
fn no_name_becomes_markup_in_markdown() {
    for name in hostile_names() {
        let (before, after) = (named("shop"), named(&name));
        let history = History { changes: Some(Changes::between(&before, &after)), ..History::default() };
        let mut bytes = Vec::new();
        render(&after, Format::Markdown, &Options { history, ..Options::default() }, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains('<') && !text.contains("]("), "{name:?}: {text}");
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{name:?}");
        for line in text.lines().filter(|line| line.starts_with('|')) {
            assert!(line.ends_with('|'), "{name:?}: {line}");
        }
    }
}

#[test]
fn what_changed_is_told_by_what_happened_to_it_and_a_page_has_a_place_for_it() {
    let (mut before, mut after) = (named("shop"), named("shop"));
    let is_open = |one: &palisade_engine::Finding| one.state == palisade_engine::State::Fail && !one.rolled_up;
    // One was not bad before, one is bad no more, one is not there any more.
    let place = before.findings.iter().position(is_open).unwrap();
    before.findings[place].state = palisade_engine::State::Pass;
    let mended = after.findings.iter().rposition(is_open).unwrap();
    assert!(mended > place);
    after.findings[mended].state = palisade_engine::State::Pass;
    let mut lost = after.findings.iter().find(|one| is_open(one)).unwrap().clone();
    lost.fingerprint = palisade_engine::Fingerprint::from_bytes([7; 16]);
    before.findings.push(lost);
    before.coverage.known -= 1;
    let changes = Changes::between(&before, &after);
    assert_eq!(changes.counts(), [("new", 1), ("worse", 0), ("no longer seen", 1), ("resolved", 1)]);
    assert_eq!((changes.beside.len(), changes.arrived.len(), changes.gone.len()), (1, 0, 0));
    let history = History { changes: Some(changes), ..History::default() };
    let mut page = Vec::new();
    render(&after, Format::Html, &Options { history, ..Options::default() }, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    for heading in [">New</h2>", ">No longer seen</h2>", ">Resolved</h2>"] {
        assert!(page.contains(heading), "{heading}");
    }
    assert!(!page.contains(">Worse</h2>"));
    assert_eq!(Changes::between(&after, &after).rows, []);
}

#[test]
fn the_course_of_a_dimension_is_drawn_when_earlier_scores_are_known() {
    let report = report();
    let assessed = palisade_assess::assess(&report.findings, 0, &[]);
    let day = jiff::SignedDuration::from_hours(24);
    let past =
        (1..=3).map(|ago| palisade_assess::Past::of(&assessed, &format!("p{ago}"), report.run.finished_at - day * ago));
    // As they are remembered, with one that nobody can read and the run itself.
    let mut texts: Vec<String> = past.map(|one| serde_json::to_string(&one).unwrap()).collect();
    texts.extend(["from the future".to_owned(), palisade_report::scores(&report).unwrap()]);
    let history = History::remembered(texts.iter().map(String::as_str)).before(&report.run.id);
    assert_eq!(history.past.len(), 3);
    let mut page = Vec::new();
    render(&report, Format::Html, &Options { history, ..Options::default() }, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("How the dimensions went") && page.contains("as on "));
}
