//! How the requirements of a framework are told: what stands in each form, and that no name does any harm there.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
#[expect(dead_code, reason = "other tests render the whole report with it")]
mod sample;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use palisade_controls::controls;
use palisade_engine::Finding;
use palisade_frameworks::{Edition, Question, Said, Standing, Word, editions, roll_up};
use palisade_report::{FrameworkFormat, FrameworkReport, Report, SealedBy, ToldRow, framework};
use palisade_testkit::{ask, now};
use sample::{HOSTILE, hostile_names, named, report};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::{fs, path::Path};

const FORMS: [FrameworkFormat; 4] =
    [FrameworkFormat::Html, FrameworkFormat::Json, FrameworkFormat::Csv, FrameworkFormat::Markdown];

fn edition(key: &str) -> Edition {
    editions(&controls()).into_iter().find(|one| one.key == key).unwrap()
}

fn calls(_: &Finding) -> String {
    "3,7-9".to_owned()
}

fn told(edition: &Edition, report: &Report, format: FrameworkFormat) -> String {
    let clusters = report.clusters.iter().map(|one| (one.provider, one.scope.as_str(), one.id.as_str()));
    let standing = Standing::of(&report.findings, clusters);
    let rolled = roll_up(edition, &standing, &report.unseen, now());
    let sealed = SealedBy {
        manifest: "5d".repeat(32),
        signed: Some(("a1".repeat(32), HOSTILE.to_owned(), 7)),
        is_trusted: false,
    };
    let whole = FrameworkReport {
        run: &report.run,
        rolled: &rolled,
        coverage: report.coverage,
        told: &report.told,
        gaps: report.gaps.len(),
        sealed: Some(&sealed),
        calls: Some(&calls),
    };
    let mut bytes = Vec::new();
    framework(&whole, format, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// An organisation's own edition whose every free text is a name.
fn own(name: &str) -> Edition {
    let mut edition = Edition { is_own: true, title: name.to_owned(), ..edition("cis-eks-2.0.0") };
    name.clone_into(&mut edition.version);
    for one in &mut edition.requirements {
        one.title = Some(name.to_owned());
        let said = |expires: Option<&str>| Said {
            word: Word::Yes,
            by: name.to_owned(),
            on: "2026-11-01".parse().unwrap(),
            expires: expires.map(|day| day.parse().unwrap()),
            evidence: Some(name.to_owned()),
        };
        let question = |said| Question { asks: name.to_owned(), said };
        one.questions = vec![question(Some(said(None))), question(Some(said(Some("2026-11-02")))), question(None)];
    }
    edition
}

#[test]
fn no_name_adds_an_element_to_the_page() {
    let elements = |name: &str| told(&own(name), &named(name), FrameworkFormat::Html).matches('<').count();
    let plain = elements("shop");
    for name in hostile_names() {
        // Who answered nothing at all has no link either, and what is called nothing no title.
        if !name.is_empty() {
            assert_eq!(elements(&name), plain, "{name:?}");
        }
    }
}

#[test]
fn the_policy_of_the_page_lets_only_its_own_style_apply_and_the_page_asks_nobody() {
    let page = told(&edition("nist-800-53r5"), &report(), FrameworkFormat::Html);
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    let style = STANDARD.encode(Sha256::digest(between(&page, "<style>", "</style>")));
    assert_eq!(policy, format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"));
    for word in ["<script", "src=", "@import", "url(", "style=\"", "href=\"http", "onclick"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn equal_reports_give_equal_bytes_in_every_form() {
    for format in FORMS {
        let one = || told(&edition("cis-eks-2.0.0"), &report(), format);
        assert_eq!(one(), one(), "{format:?}");
    }
}

#[test]
fn who_reads_it_is_told_when_an_inventory_said_where_clusters_are() {
    let edition = edition("cis-eks-2.0.0");
    let mut whole = report();
    for format in FORMS {
        assert!(!told(&edition, &whole, format).contains("places were not looked at"), "{format:?}");
    }
    let row = ToldRow {
        target: "prod".to_owned(),
        by: "AWS Config".to_owned(),
        at: now(),
        places: 2,
        checked: 0,
        cross_checked: false,
        missed: Vec::new(),
    };
    whole.told = vec![row.clone()];
    for format in [FrameworkFormat::Html, FrameworkFormat::Markdown] {
        assert!(told(&edition, &whole, format).contains("other places were not looked at"), "{format:?}");
    }
    let data: Value = serde_json::from_str(&told(&edition, &whole, FrameworkFormat::Json)).unwrap();
    assert_eq!(data["scope"]["told"][0]["checked"], 0);
    assert!(data["scope"]["told"][0].get("cross_checked").is_none());

    // An inventory that names every place, held against the lists: nothing is left that was not looked at.
    whole.told = vec![ToldRow { cross_checked: true, ..row }];
    for format in [FrameworkFormat::Html, FrameworkFormat::Markdown] {
        let page = told(&edition, &whole, format);
        assert!(page.contains("every place was asked, and there is no other that answered"), "{format:?}");
        assert!(!page.contains("places were not looked at"), "{format:?}");
    }
    let data: Value = serde_json::from_str(&told(&edition, &whole, FrameworkFormat::Json)).unwrap();
    assert_eq!(data["scope"]["told"][0]["cross_checked"], true);
}

#[test]
fn every_link_of_the_page_leads_to_something_on_it() {
    for key in ["cis-eks-2.0.0", "nist-800-53r5", "nsa-cisa-1.2", "aws-fsbp-1.0.0"] {
        let page = told(&edition(key), &report(), FrameworkFormat::Html);
        let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{key}: something has a name twice");
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(ids.contains(&link), "{key}: {link}");
        }
    }
}

#[test]
fn the_data_has_every_requirement_with_its_status_reason_and_findings() {
    let edition = edition("cis-eks-2.0.0");
    let report = report();
    let data: Value = serde_json::from_str(&told(&edition, &report, FrameworkFormat::Json)).unwrap();
    let requirements = data["requirements"].as_array().unwrap();
    assert_eq!(requirements.len(), edition.requirements.len());
    let counted: u64 = data["counts"].as_object().unwrap().values().map(|one| one.as_u64().unwrap()).sum();
    assert_eq!(counted, edition.checked().count() as u64);
    for one in requirements {
        assert!(!one["because"].as_array().unwrap().is_empty(), "{one}");
        let is_checked = one["checked"].as_bool().unwrap();
        assert!(is_checked || one["status"] == "unknown", "{one}");
    }
    // Two of the six sample clusters are EKS.
    assert_eq!(data["scope"]["clusters"], 2);
    let prints: Vec<String> = report.findings.iter().map(|one| one.fingerprint.to_string()).collect();
    for finding in data["controls"].as_array().unwrap().iter().flat_map(|one| one["findings"].as_array().unwrap()) {
        assert!(prints.iter().any(|print| finding["fingerprint"] == **print), "{finding}");
        assert_eq!(finding["calls"], "3,7-9");
        assert_eq!(finding["provider"], "aws");
    }
    assert_eq!(data["sealed"]["number"], 7);
}

#[test]
fn a_list_has_a_line_for_each_requirement_and_control_and_no_cell_is_a_formula() {
    let edition = own("=cmd|'/c calc'!A1");
    let text = told(&edition, &named("@SUM(1)"), FrameworkFormat::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let wanted: usize = edition.requirements.iter().map(|one| one.controls.len().max(1)).sum();
    assert_eq!(lines.len(), wanted);
    for cell in lines.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

#[test]
fn markdown_shows_a_name_as_text() {
    let text = told(&own("[click](https://evil.example) <b>x</b> | `y`"), &named(HOSTILE), FrameworkFormat::Markdown);
    assert!(!text.contains("[click](") && !text.contains("<b>") && !text.contains("<script>"), "{text}");
    assert!(text.contains("## Requirements"));
}

#[test]
fn a_browser_shows_the_page_on_a_desk_on_a_phone_in_the_dark_and_on_paper() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frameworks");
    fs::create_dir_all(&folder).unwrap();
    let mut pages = Map::new();
    let mut page = |name: &str, edition: &Edition, report: &Report, whole: bool| {
        let file = |format, ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            fs::write(&path, told(edition, report, format)).unwrap();
            path
        };
        let (html, form) = (file(FrameworkFormat::Html, "html"), file(FrameworkFormat::Json, "json"));
        pages.insert(name.to_owned(), json!({ "html": html, "json": form, "whole": whole }));
    };
    for key in ["cis-eks-2.0.0", "nist-800-53r5", "aws-fsbp-1.0.0"] {
        page(key, &edition(key), &report(), true);
    }
    page("own", &own("A long title of a requirement that somebody wrote"), &named("shop"), true);
    for (place, name) in hostile_names().into_iter().enumerate() {
        let mut edition = own(&name);
        edition.requirements.truncate(5);
        page(&format!("hostile-{place}"), &edition, &named(&name), false);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/framework.py");
    assert!(ask(&script, &json!({ "pages": pages, "pictures": folder })).unwrap() > 300);
}
