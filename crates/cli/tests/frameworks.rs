//! Frameworks from a stored run and from a bundle, as a user asks for them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn command(folder: &Path, program: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("PATH", path).env("HOME", folder);
    command.env("PSEUDONYMS", "a key that stays inside");
    command
}

/// What a command printed that ends with a code: stdout, then stderr.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output: Output = command(folder, "palisade").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{both}");
    both
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The shell blocks of a page, in order.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```sh\n").skip(1).map(|block| block.split_once("```").unwrap().0).collect()
}

#[test]
fn every_command_of_the_guide_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--keep", "run1", "-o", "report.txt"]);
    fs::write(at.join("palisade.yaml"), "targets:\n  - {name: acme, provider: aws}\n").unwrap();
    std::os::unix::fs::symlink(root().join("examples"), at.join("examples")).unwrap();
    let page = fs::read_to_string(root().join("docs/guides/frameworks.md")).unwrap();
    let blocks = blocks(&page);
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let script = format!("set -euo pipefail\n{block}");
        let output = command(at, "bash").arg("-c").arg(&script).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ended = output.status.success() || (block.contains("| head") && output.status.code() == Some(141));
        assert!(ended, "{block}\n{}{}", text(&output.stdout), text(&output.stderr));
    }
    // The file that the guide shows is one that is taken.
    let shown = page.split("```yaml\n").nth(1).unwrap().split_once("```").unwrap().0;
    fs::write(at.join("shown.yaml"), shown).unwrap();
    assert!(said(at, 0, &["frameworks", "check", "shown.yaml"]).contains("It covers 3 requirements"));

    let sealed = fs::read_to_string(at.join("cis-eks-sealed.html")).unwrap();
    let fingerprint = said(at, 0, &["evidence", "keys", "show", "file:signing.pem"]);
    let fingerprint = fingerprint.lines().find_map(|line| line.strip_prefix("fingerprint ")).unwrap();
    assert!(
        sealed.contains(fingerprint) && sealed.contains("number 1") && sealed.contains("<small>calls "),
        "{sealed}"
    );
    let of_snapshot = fs::read_to_string(at.join("cis-eks.html")).unwrap();
    assert!(of_snapshot.contains("It is not sealed") && !of_snapshot.contains("<small>calls "));
}

#[test]
fn a_bundle_holds_the_frameworks_that_are_about_its_clusters_and_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--keep", "run1", "-o", "report.txt"]);
    let own = fs::read_to_string(root().join("examples/frameworks/acme-baseline.yaml")).unwrap();
    fs::write(at.join("own.yaml"), &own).unwrap();
    for out in ["one", "two"] {
        said(at, 0, &["evidence", "export", "run1", "--out", out, "--framework", "own.yaml"]);
    }
    said(at, 0, &["evidence", "verify", "one"]);
    let names = |out: &str| -> Vec<String> {
        let entries = fs::read_dir(at.join(out).join("exports/frameworks")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    // The demo has clusters of all three clouds: twelve editions, and the own one with its file.
    assert_eq!(names("one").len(), 2 * 12 + 3);
    for name in names("one") {
        let bytes = |out: &str| fs::read(at.join(out).join("exports/frameworks").join(&name)).unwrap();
        assert_eq!(bytes("one"), bytes("two"), "{name}");
    }
    assert_eq!(fs::read_to_string(at.join("one/exports/frameworks/acme-baseline.yaml")).unwrap(), own);

    let data = json(&at.join("one/exports/frameworks/acme-baseline.json"));
    let status = |id: &str| {
        let found = data["requirements"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        found["status"].as_str().unwrap().to_owned()
    };
    assert_eq!((status("NET-1").as_str(), status("OPS-2").as_str()), ("not-satisfied", "unknown"));
    assert_eq!(data["counts"]["satisfied"].as_u64().unwrap(), u64::from(status("OPS-1") == "satisfied"));
    // Its findings are verdicts of the bundle, resting on the same calls.
    let verdicts = fs::read_to_string(at.join("one/results/verdicts.ndjson")).unwrap();
    let mut compared = 0;
    for finding in data["controls"].as_array().unwrap().iter().flat_map(|one| one["findings"].as_array().unwrap()) {
        let print = format!("\"fingerprint\":{}", finding["fingerprint"]);
        let lines = verdicts.lines().filter(|line| line.contains(&print));
        let calls: Vec<Value> =
            lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["calls"].clone()).collect();
        let told = finding.get("calls").cloned().unwrap_or_else(|| "".into());
        assert!(calls.contains(&told), "{finding}");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");

    // The same from the bundle afterwards.
    said(at, 0, &["frameworks", "report", "one", "--framework", "own.yaml", "--format", "json", "-o", "after.json"]);
    let schema = json(&root().join("docs/reference/framework-report.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let violations =
        |instance: &Value| validator.iter_errors(instance).map(|error| error.to_string()).collect::<Vec<_>>();
    for report in [json(&at.join("after.json")), data.clone()] {
        assert_eq!(violations(&report), Vec::<String>::new());
    }
    let mut broken = data.clone();
    broken["requirements"][0]["status"] = Value::Null;
    assert_ne!(violations(&broken), Vec::<String>::new());
    assert_eq!(json(&at.join("after.json"))["requirements"], data["requirements"]);
    assert_eq!(json(&at.join("after.json"))["controls"], data["controls"]);
}

#[test]
fn an_auditor_is_shown_no_person_of_a_framework() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let own = fs::read_to_string(root().join("examples/frameworks/acme-baseline.yaml")).unwrap();
    fs::write(at.join("own.yaml"), &own).unwrap();
    let export = ["evidence", "export", "run1", "--profile", "auditor", "--pseudonym-key", "env:PSEUDONYMS"];
    let with = |more: &[&'static str]| -> Vec<&str> { export.iter().chain(more).copied().collect() };
    said(at, 0, &with(&["--out", "b", "--framework", "own.yaml"]));
    for ending in ["html", "json", "yaml"] {
        let text = fs::read_to_string(at.join(format!("b/exports/frameworks/acme-baseline.{ending}"))).unwrap();
        assert!(!text.contains("Ana Lopes") && text.contains("person-"), "{ending}");
    }
    let flow = own.replace(
        "      - asks: Has everybody on call rebuilt a cluster in the last year?\n        answer: yes\n        by: Ana Lopes\n        answered: 2026-09-15\n",
        "      - {asks: Is it so?, answer: yes, by: Ana Lopes, answered: 2026-09-15}\n",
    );
    let flow =
        flow.replace("        expires: 2027-03-31\n        evidence: https://wiki.acme.example/on-call/2026-09\n", "");
    fs::write(at.join("flow.yaml"), flow).unwrap();
    let refused = said(at, 2, &with(&["--out", "c", "--framework", "flow.yaml"]));
    assert!(refused.contains("would call somebody by name"), "{refused}");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let near = said(at, 2, &["frameworks", "show", "cis-eks-2.0.1"]);
    assert!(near.contains("did you mean `cis-eks-2.0.0`?"), "{near}");
    let none = said(at, 2, &["frameworks", "show", "hipaa-security-rule"]);
    assert!(none.contains("there is cis-eks-2.0.0"), "{none}");
    let missing = said(at, 2, &["frameworks", "check", "missing.yaml"]);
    assert!(missing.contains("could not read the framework"), "{missing}");
    fs::write(
        at.join("wrong.yaml"),
        "id: a\ntitle: b\nversion: '1'\nrequirements:\n  - {id: 1, title: x, controls: [CP-0l]}\n",
    )
    .unwrap();
    let wrong = said(at, 2, &["frameworks", "check", "wrong.yaml"]);
    assert!(wrong.contains("did you mean `CP-0") && wrong.contains("wrong.yaml:5"), "{wrong}");
    for (arguments, told) in [
        (vec!["show", "CIS-EKS"], "cis-eks-2.0.0"),
        (vec!["show", "NIST-800-53"], "nist-800-53r5"),
        (vec!["show", "soc2-tsc"], "soc2-tsc-2017"),
        (vec!["list"], "cis-k8s-2.0.1"),
        (vec!["list", "--format", "json"], "\"requirements_not_checked\""),
    ] {
        let arguments: Vec<&str> = ["frameworks"].into_iter().chain(arguments).collect();
        assert!(said(at, 0, &arguments).contains(told), "{arguments:?}");
    }
}

#[test]
fn the_page_is_printed_by_the_browser_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let pdf = ["frameworks", "report", "run1", "--framework", "aws-fsbp", "--format", "pdf", "-o", "fsbp.pdf"];
    said(at, 0, &pdf);
    assert!(fs::read(at.join("fsbp.pdf")).unwrap().starts_with(b"%PDF-"));
    let none: Vec<&str> = pdf.iter().copied().chain(["--browser", "no-such-browser"]).collect();
    assert!(said(at, 2, &none).contains("a PDF is printed by Chromium or Chrome"));
}

#[test]
fn a_requirement_that_only_a_control_speaks_to_which_cannot_fail_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--keep", "run1", "-o", "report.txt"]);
    let own = "id: mine\ntitle: Mine\nversion: '1'\nclouds: [aws]\nrequirements:\n  - {id: N-1, title: None is retired, controls: \
               [NW-03]}\n";
    fs::write(at.join("own.yaml"), own).unwrap();
    let report = |format: &str, out: &str| {
        said(at, 0, &["frameworks", "report", "run1", "--framework", "own.yaml", "--format", format, "-o", out]);
        fs::read_to_string(at.join(out)).unwrap()
    };
    let data: Value = serde_json::from_str(&report("json", "own.json")).unwrap();
    let one = &data["requirements"][0];
    assert_eq!(one["status"], "unknown");
    let told: Vec<&str> = one["because"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
    let is_it = |why: &&str| {
        why.starts_with("the good word of NW-03 is no evidence on ")
            && why.ends_with("where it cannot fail: nothing of their networks is on the list of retirements")
    };
    assert!(told.iter().any(is_it), "{told:?}");
    for (format, out) in [("html", "own.html"), ("csv", "own.csv"), ("markdown", "own.md")] {
        assert!(report(format, out).contains("the good word of NW-03 is no evidence on "), "{format}");
    }
}

#[test]
fn nobody_whose_name_has_an_at_sign_is_called_by_it_in_a_framework_for_an_auditor() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let own = |by: &str, other: &str| {
        format!(
            "id: mine\ntitle: What {by} has written\nversion: '1'\nrequirements:\n  - id: A-1\n    title: Done\n    questions:\n      \
             - asks: Is it done?\n        answer: yes\n        by: {by}\n        answered: 2026-09-15\n  - id: A-2\n    title: \
             Also done\n    questions:\n      - {{asks: Is it?, answer: yes, by: {other}, answered: 2026-09-15}}\n"
        )
    };
    let export = ["evidence", "export", "run1", "--profile", "auditor", "--pseudonym-key", "env:PSEUDONYMS"];
    let with = |out: &'static str| [&export[..], &["--out", out, "--framework", "own.yaml"]].concat();
    fs::write(at.join("own.yaml"), own("greta@corp", "Lin Zhao @sre")).unwrap();
    let refused = said(at, 2, &with("a"));
    assert!(refused.contains("the framework `mine` would call somebody by name"), "{refused}");
    assert!(!at.join("a").exists());
    for (out, by, other) in [("b", "greta@corp", "lin@corp"), ("c", "Greta Stein @sre", "Greta Stein @sre")] {
        fs::write(at.join("own.yaml"), own(by, other)).unwrap();
        said(at, 0, &with(out));
        for ending in ["html", "json", "yaml"] {
            let text = fs::read_to_string(at.join(out).join(format!("exports/frameworks/mine.{ending}"))).unwrap();
            let is_named = ["greta", "Greta", "lin@", "@sre"].iter().any(|name| text.contains(name));
            assert!(!is_named && text.contains("person-"), "{ending}: {text}");
        }
    }
}

#[test]
fn a_file_without_end_is_refused_and_a_pipe_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "keys", "new", "--out", "signing.pem"]);
    let seal = ["--key", "file:signing.pem", "--log", "bundles", "--origin", "acme.example/evidence"];
    said(at, 0, &[&["evidence", "export", "run1", "--out", "b"][..], &seal].concat());
    let refused = |limit: &str, arguments: &[&str]| {
        let told = said(at, 2, arguments);
        assert!(told.contains("could not read ") && told.contains("name a smaller file"), "{told}");
        assert!(told.contains(&format!("it has more than {limit} bytes")), "{told}");
    };
    refused("4194304", &["frameworks", "check", "/dev/full"]);
    std::os::unix::fs::symlink("/dev/full", at.join("full.yaml")).unwrap();
    refused("4194304", &["frameworks", "report", "run1", "--framework", "full.yaml"]);
    for command in [&["evidence", "verify", "b"][..], &["replay", "b"]] {
        for option in ["--key", "--rotation"] {
            refused("65536", &[command, &[option, "/dev/full"]].concat());
        }
    }
    // The last character of what is read may be half of one.
    fs::write(at.join("long.yaml"), "é".repeat(3 << 20)).unwrap();
    refused("4194304", &["frameworks", "check", "long.yaml"]);
    fs::write(at.join("binary.yaml"), b"id: \xff\n").unwrap();
    assert!(said(at, 2, &["frameworks", "check", "binary.yaml"]).contains("invalid utf-8"));

    fs::copy(root().join("examples/frameworks/acme-baseline.yaml"), at.join("own.yaml")).unwrap();
    let script = "palisade evidence verify b --key <(cat signing.pem.pub) && palisade frameworks check <(cat own.yaml)";
    let output = command(at, "bash").arg("-c").arg(script).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
