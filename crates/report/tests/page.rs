//! The page for a browser: what stands in the file. What a browser makes of it is tried in one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
mod sample;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use palisade_engine::{Grown, Waiver};
use palisade_report::{Format, Report};
use palisade_testkit::ask;
use sample::{bytes, hostile_names, named, rendered, report};
use serde_json::{Map, json};
use sha2::{Digest as _, Sha256};
use std::{fs, path::Path};

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

fn data(page: &str) -> serde_json::Value {
    serde_json::from_str(between(page, "<script type=\"application/json\" id=\"data\">", "</script>")).unwrap()
}

#[test]
fn no_name_adds_an_element_to_the_page_and_every_name_comes_back_whole() {
    let plain = rendered(&named("shop"), Format::Html, 80);
    let elements = |page: &str| page.matches('<').count();
    for name in hostile_names() {
        let page = rendered(&named(&name), Format::Html, 80);
        // What is called nothing at all has no label on a map.
        let whole = if name.is_empty() { elements(&plain) - 4 } else { elements(&plain) };
        assert_eq!(elements(&page), whole, "{name:?}");
        assert_eq!(data(&page)["clusters"][0]["name"].as_str(), Some(name.as_str()));
    }
}

#[test]
fn the_policy_of_the_page_lets_only_its_own_script_and_style_run() {
    let page = rendered(&report(), Format::Html, 80);
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let style = digest(between(&page, "<style>", "</style>"));
    let script = digest(page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0);
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src {script}; style-src {style}; img-src data:; base-uri 'none'; form-action 'none'"
        )
    );
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let page = rendered(&report(), Format::Html, 80);
    for word in [
        "src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "eval(",
        "innerHTML",
        "href=\"http",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn equal_reports_give_equal_pages() {
    assert_eq!(bytes(Format::Html), bytes(Format::Html));
}

#[test]
fn every_finding_is_in_the_page_with_its_reason_and_the_records_it_rests_on() {
    let report = report();
    let page = data(&rendered(&report, Format::Html, 80));
    let text = |place: &serde_json::Value| page["texts"][usize::try_from(place.as_u64().unwrap()).unwrap()].clone();
    let columns = &page["findings"];
    assert_eq!(columns["control"].as_array().unwrap().len(), report.findings.len());
    for (place, finding) in report.findings.iter().enumerate() {
        assert_eq!(text(&columns["because"][place]), *finding.because);
        assert_eq!(text(&columns["fingerprint"][place]), finding.fingerprint.to_string());
        let state = usize::try_from(columns["state"][place].as_u64().unwrap()).unwrap();
        assert_eq!(page["states"][state], finding.state.name());
        let list = usize::try_from(columns["evidence"][place].as_u64().unwrap()).unwrap();
        let records = page["lists"][list].as_array().unwrap();
        let digests: Vec<String> = finding.evidence.records().iter().map(|one| one.digest.to_string()).collect();
        let told: Vec<serde_json::Value> = records
            .iter()
            .map(|record| text(&page["records"][usize::try_from(record.as_u64().unwrap()).unwrap()][2]))
            .collect();
        assert_eq!(told, digests);
    }
}

#[test]
fn a_hundred_thousand_findings_stay_below_twenty_megabytes() {
    let one = named("shop");
    // Each with a reason and an address of its own, as in a fleet.
    let findings = one.findings.iter().cycle().take(100_000).cloned().zip(0_u128..).map(|(mut finding, number)| {
        finding.because = format!("{} in place {number}", finding.because).into();
        finding.fingerprint = palisade_engine::Fingerprint::from_bytes(number.to_be_bytes());
        finding
    });
    let many = Report { findings: findings.collect(), ..one.clone() };
    let page = rendered(&many, Format::Html, 80);
    assert!(page.len() < 20_000_000, "{} bytes", page.len());
    assert_eq!(data(&page)["findings"]["control"].as_array().unwrap().len(), 100_000);
}

/// Names that want to become markup, a script or an address, or that break the data around them.
const MARKUP: &[&str] = &[
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "{{ summary.headline }}{% raw %}",
    "**bold** `code` [link](https://evil.example) ![x](https://evil.example/x.png)",
    "__proto__",
    "\u{2028}\u{2029}",
    "\u{200f}\u{202e}live\u{2066}",
];

#[test]
fn a_browser_shows_the_report_and_no_name_does_anything_in_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let mut pages = Map::new();
    let mut page = |name: &str, report: &Report, whole: bool| {
        let file = |format: Format, ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            fs::write(&path, rendered(report, format, 80)).unwrap();
            path
        };
        let (html, form) = (file(Format::Html, "html"), file(Format::Json, "json"));
        pages.insert(name.to_owned(), json!({ "html": html, "json": form, "whole": whole }));
    };
    page("sample", &report(), true);
    let names = hostile_names().into_iter().chain(MARKUP.iter().map(|name| (*name).to_owned()));
    for (place, name) in names.enumerate() {
        page(&format!("hostile-{place}"), &named(&name), false);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/page.py");
    assert!(ask(&script, &json!({ "pages": pages, "pictures": folder })).unwrap() > 1_500);
}

#[test]
fn the_page_tells_what_was_accepted_by_whom_until_when_and_which_waivers_miss_what_they_were_written_for() {
    let mut one = named("shop");
    let waiver = |cluster: &str| Waiver {
        control: "CP-01".to_owned(),
        cluster: cluster.to_owned(),
        subject: None,
        owner: "platform".to_owned(),
        approver: "ben".to_owned(),
        reason: "it moves <soon>".to_owned(),
        until: one.run.finished_at,
        approved: None,
        covers: None,
    };
    one.unused_waivers = vec![waiver("gone")];
    one.grown_waivers = vec![Grown { waiver: waiver("grew"), selects: 7, approved: 3 }];
    let page = rendered(&one, Format::Html, 80);
    let accepted = between(&page, "<h2 id=\"waivers\">", "</section>");
    let (holding, rest) = accepted.split_once("<h3 id=\"waivers-grown\">").unwrap();
    let (grown, unused) = rest.split_once("<h3 id=\"waivers-unused\">").unwrap();
    assert!(holding.contains("<code>CP-01</code>") && holding.contains("approved by ben"), "{holding}");
    assert!(grown.contains("<td>grew</td>") && grown.contains("<td>7</td><td>3</td>"), "{grown}");
    assert!(unused.contains("<td>gone</td>"), "{unused}");
    assert!(!page.contains("waivers-ended"), "none has ended");

    for finding in one.findings.iter_mut().filter(|finding| finding.waived) {
        finding.waived = false;
    }
    let page = rendered(&one, Format::Html, 80);
    assert!(between(&page, "<h3 id=\"waivers-ended\">", "</section>").contains("approved by ben"));

    one.findings.iter_mut().for_each(|finding| finding.acceptance = None);
    (one.unused_waivers, one.grown_waivers) = (Vec::new(), Vec::new());
    assert!(rendered(&one, Format::Html, 80).contains("Nobody has accepted anything."));
}

#[test]
fn what_is_bad_and_accepted_is_never_shown_as_good() {
    let mut one = named("shop");
    one.findings.retain(|finding| finding.waived || finding.state == palisade_engine::State::Pass);
    for finding in one.findings.iter_mut().filter(|finding| finding.waived) {
        finding.state = palisade_engine::State::Fail;
    }
    assert!(one.findings.iter().any(|finding| finding.waived));
    let page = rendered(&one, Format::Html, 80);
    assert!(page.contains("<span class=\"hidden\">bad and accepted</span>"), "{page}");
    assert!(!page.contains("is bad.</h1>"));
}
