//! What is made of a stored snapshot, as a person makes it: reports, maps, plans.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn palisade_in(folder: &Path, arguments: &[&str], path: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", path)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap()
}

fn good(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = palisade_in(folder, arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_snapshot_becomes_reports_maps_and_plans_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let demo = palisade_in(here, &["demo", "--keep", "acme"], "");
    let said = String::from_utf8(demo.stderr).unwrap();
    let page = fs::canonicalize(here.join("acme/report.html")).unwrap();
    assert!(said.contains(&format!("open file://{}", page.display())), "{said}");
    assert!(fs::read_to_string(&page).unwrap().trim_end().ends_with("</html>"));

    // The demo's own page is judged by the story's policy; this one by the standard one, and always the same.
    let html = good(here, &["report", "acme"]);
    assert_eq!(html, good(here, &["report", "acme", "--format", "html"]));
    let same = good(here, &["report", "acme", "--since", "acme", "--format", "markdown"]);
    assert!(String::from_utf8(same).unwrap().contains("No finding is other than it was."));
    let json: Value = serde_json::from_slice(&good(here, &["report", "acme", "--format", "json"])).unwrap();
    assert_eq!(json["schema"], "palisade.evaluation/v1");
    for arguments in [&["report", "acme", "--format", "xlsx"][..], &["plan", "acme", "--format", "xlsx"]] {
        let book = good(here, arguments);
        assert!(book.starts_with(b"PK\x03\x04") && book == good(here, arguments), "{arguments:?}");
    }
    for (format, begins) in [
        ("ics", "BEGIN:VCALENDAR\r\n"),
        ("github", "#!/bin/sh\n"),
        ("jira", "Summary,Issue Type,"),
        ("csv", "id,quarter"),
    ] {
        let text = String::from_utf8(good(here, &["plan", "acme", "--format", format])).unwrap();
        assert!(text.starts_with(begins), "{format}: {text}");
    }
    let text = String::from_utf8(good(here, &["plan", "acme"])).unwrap();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }

    for map in ["exposure", "authority", "architecture", "protection"] {
        let svg = String::from_utf8(good(here, &["map", map, "acme", "--whole"])).unwrap();
        assert!(svg.starts_with("<svg xmlns=") && svg.contains("\u{2014} now"), "{map}");
        let after = String::from_utf8(good(here, &["map", map, "acme", "--after", "--format", "mermaid"])).unwrap();
        // Of how it is built, the plan of the story changes nothing as a whole.
        let is_changed = after.contains(":::changed") || map == "architecture";
        assert!(after.starts_with("flowchart LR\n") && is_changed, "{map}: {after}");
        let one = good(here, &["map", map, "acme", "--cluster", "shop-prod", "--format", "json"]);
        let one: Value = serde_json::from_slice(&one).unwrap();
        assert_eq!((one["kind"].as_str(), one["clusters"].as_u64()), (Some(map), Some(1)));
    }
    let wrong = palisade_in(here, &["map", "exposure", "acme", "--cluster", "shop-prd"], "");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("did you mean `shop-prod`?"));
}

#[test]
fn a_pdf_needs_a_browser_and_says_the_way_out_when_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    good(here, &["demo", "--clusters", "3", "--keep", "two"]);
    let arguments = ["report", "two", "--format", "pdf", "-o", "two.pdf"];
    let none = palisade_in(here, &arguments, "");
    assert_eq!(none.status.code(), Some(2));
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(
        said.contains("--browser") && said.contains("PALISADE_BROWSER") && said.contains("--format html"),
        "{said}"
    );
    assert!(!here.join("two.pdf").exists());

    let broken = palisade_in(here, &[&arguments[..], &["--browser", "/bin/false"]].concat(), "");
    assert_eq!(broken.status.code(), Some(4));
    assert!(String::from_utf8(broken.stderr).unwrap().contains("`/bin/false` made no PDF"));

    let printed = match std::env::var("PALISADE_TEST_CHROMIUM") {
        Ok(browser) => palisade_in(here, &[&arguments[..], &["--browser", &browser]].concat(), "/usr/bin:/bin"),
        Err(_) => palisade_in(here, &arguments, "/usr/local/bin:/usr/bin:/bin"),
    };
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let pdf = fs::read(here.join("two.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 20_000, "{}", pdf.len());
}
