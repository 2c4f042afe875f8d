//! From stored runs and bundles to the forms of other programs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says where, and JSON written in place reads best"
)]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn command(folder: &Path, program: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}:{}", folder.join("bin").display(), binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("PATH", path).env("HOME", "/nonexistent");
    command
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, "palisade").args(arguments).output().unwrap()
}

/// What a command printed that ends with a code: stdout, then stderr.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = output(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{both}");
    both
}

/// Where the results of a bundle's export lead to, and the digests that they say.
fn links(bundle: &Path, results: &[u8]) -> Vec<(PathBuf, Option<String>)> {
    let folder = bundle.join("exports/oscal");
    let results: serde_json::Value = serde_json::from_slice(results).unwrap();
    let resources = results["assessment-results"]["back-matter"]["resources"].as_array().unwrap();
    let links = resources.iter().flat_map(|resource| resource["rlinks"].as_array().unwrap());
    links
        .map(|link| {
            let digest = link["hashes"][0]["value"].as_str().map(str::to_owned);
            (folder.join(link["href"].as_str().unwrap()), digest)
        })
        .collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

const ALL: &str = "oscal,ocsf,asff,junit,sarif,csv,xlsx";

#[test]
fn every_command_of_the_guide_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "12", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["demo", "--clusters", "12", "--keep", "run2", "-o", "report.txt"]);
    fs::write(at.join("palisade.yaml"), "targets:\n  - {name: acme, provider: aws}\n").unwrap();
    // AWS's own program is not here: what it would be given is looked at, and the file is there.
    fs::create_dir(at.join("bin")).unwrap();
    let aws = at.join("bin/aws");
    fs::write(&aws, "#!/bin/sh\necho \"$@\" >> aws-was-asked\ntest -s \"${4#file://}\"\n").unwrap();
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docs/guides/exports.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> =
        page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1).collect();
    assert!(blocks.len() >= 4);
    for block in blocks {
        let script = format!("set -euo pipefail\n{block}");
        let output = command(at, "bash").arg("-c").arg(script).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{block}\n{}{}", text(&output.stdout), text(&output.stderr));
    }
    let asked = fs::read_to_string(at.join("aws-was-asked")).unwrap();
    assert!(asked.lines().count() > 3, "{asked}");
    assert!(asked.lines().all(|line| line.starts_with("securityhub batch-import-findings --cli-input-json file://")));
}

#[test]
fn a_bundle_holds_the_same_exports_as_its_snapshot_and_the_same_run_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "6", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["export", "run1", "--format", ALL, "--out", "one"]);
    said(at, 0, &["export", "run1", "--format", ALL, "--out", "two"]);
    said(at, 0, &["export", "run1", "--format", ALL, "--out", "two"]);
    let one = files(&at.join("one"));
    assert_eq!(one.len(), 11, "{:?}", one.keys());
    assert!(one == files(&at.join("two")), "the same run gives the same bytes, over what was there too");

    said(at, 0, &["evidence", "export", "run1", "--out", "b", "--format", ALL]);
    said(at, 0, &["evidence", "export", "run1", "--out", "again", "--format", ALL]);
    let whole = files(&at.join("b/exports"));
    assert!(files(&at.join("b")) == files(&at.join("again")));
    // Every bundle has the summaries of frameworks beside them.
    let inside: BTreeMap<_, _> = whole.iter().filter(|(path, _)| !path.starts_with("frameworks")).collect();
    assert!(one.keys().eq(inside.keys().copied()), "{:?}", inside.keys());
    for (name, bytes) in &one {
        // What is about verdicts has links to their answers in a bundle.
        let has_links = ["oscal/assessment-results.json", "oscal/plan-of-action-and-milestones.json"];
        let is_linked = has_links.iter().any(|path| name == Path::new(path));
        assert_eq!(inside.get(name).copied() == Some(bytes), !is_linked, "{}", name.display());
    }
    said(at, 0, &["evidence", "verify", "b"]);
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(at.join("b/manifest.json")).unwrap()).unwrap();
    let listed = manifest["files"].as_array().unwrap().iter().filter(|file| file["role"] == "export").count();
    assert_eq!(listed, whole.len());

    // Every link of the results leads to a file of the bundle, and its digest is the file's.
    let mut answers = 0;
    let results = fs::read(at.join("b/exports/oscal/assessment-results.json")).unwrap();
    for (file, digest) in links(&at.join("b"), &results) {
        assert!(file.is_file(), "{}", file.display());
        if let Some(digest) = digest {
            answers += 1;
            assert!(file.ends_with(format!("{digest}.json")), "{}", file.display());
        }
    }
    assert!(answers > 20, "{answers}");

    // From the bundle, later: the same verdicts, and links as if they stood in its folder.
    said(at, 0, &["export", "b", "--format", ALL, "--out", "three"]);
    for (name, bytes) in files(&at.join("three")) {
        if !name.starts_with("oscal") {
            assert!(one.get(&name) == Some(&bytes), "{}", name.display());
        }
    }
    let later = fs::read_to_string(at.join("three/oscal/assessment-results.json")).unwrap();
    assert!(later.contains("\"href\":\"raw/") && later.contains("\"href\":\"manifest.json\""));
}

#[test]
fn links_to_answers_that_are_closed_lead_to_what_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "open"]);
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(at.join("open/manifest.json")).unwrap()).unwrap();
    let month: String = manifest["as_of"].as_str().unwrap().chars().take(7).collect();
    said(at, 0, &["evidence", "keys", "period", "new", "--period", &month, "--out", "month.key"]);
    let key = ["--period-key", "file:month.key"];
    said(at, 0, &[&["evidence", "export", "run1", "--out", "b", "--format", "oscal"][..], &key].concat());
    assert!(files(&at.join("b/exports")).keys().all(|path| path.extension().is_some_and(|ending| ending == "enc")));
    let open = |path: &str, arguments: &[&str]| {
        output(at, &[&["evidence", "answer", "b", "--export", path], arguments].concat())
    };
    let results = open("exports/oscal/assessment-results.json", &key);
    assert!(results.status.success(), "{results:?}");
    let closed = links(&at.join("b"), &results.stdout).into_iter().filter(|(file, digest)| {
        assert!(file.is_file() && digest.is_none(), "{}: {digest:?}", file.display());
        file.to_string_lossy().ends_with(".json.enc")
    });
    assert!(closed.count() > 10);
    said(at, 0, &[&["export", "b", "--format", "csv", "--out", "x"][..], &key].concat());
    said(at, 4, &["export", "b", "--format", "csv", "--out", "y"]);
    // What views there are is what they are in an open bundle, and comes out again with the key alone.
    let pages = files(&at.join("open/exports"));
    let page = pages.keys().find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap();
    let page = format!("exports/{}", page.display());
    let page = page.as_str();
    assert_eq!(open(page, &key).stdout, fs::read(at.join("open").join(page)).unwrap());
    let refused = open(page, &[]);
    assert!(refused.stdout.is_empty() && refused.status.code() == Some(4), "{refused:?}");
    let told = said(at, 0, &[&["replay", "b", "-o", "again.txt"][..], &key].concat());
    assert!(told.contains(" exports, byte for byte those of the bundle"), "{told}");
    assert_eq!(open("exports/none.csv", &key).status.code(), Some(4));
}

#[test]
fn replay_makes_the_exports_of_a_bundle_again_and_names_one_that_does_not_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/frameworks/acme-baseline.yaml");
    let own = own.to_str().unwrap();
    let hub = ["--ocsf-version", "1.8.0", "--security-hub", "111122223333/eu-west-1"];
    let export = ["evidence", "export", "run1", "--out", "b", "--format", ALL, "--framework", own];
    said(at, 0, &[&export[..], &hub].concat());
    let made = files(&at.join("b/exports"));
    let told = said(at, 0, &["replay", "b", "-o", "again.txt"]);
    assert!(told.contains(&format!("{} exports, byte for byte those of the bundle", made.len())), "{told}");

    // Its own framework stands in OSCAL's map too.
    let definition: serde_json::Value =
        serde_json::from_slice(&made[Path::new("oscal/component-definition.json")]).unwrap();
    let definition = &definition["component-definition"];
    let sources = definition["components"][0]["control-implementations"].as_array().unwrap();
    let mine = sources.iter().find(|one| one["description"].as_str().unwrap().contains("acme-baseline")).unwrap();
    let resources = definition["back-matter"]["resources"].as_array().unwrap();
    assert!(resources.iter().any(|one| mine["source"] == format!("#{}", one["uuid"].as_str().unwrap())));
    said(at, 0, &["export", "b", "--format", "oscal", "--out", "later", "--framework", own]);
    assert_eq!(
        files(&at.join("later"))[Path::new("oscal/component-definition.json")],
        made[Path::new("oscal/component-definition.json")]
    );

    // A bundle that nobody sealed can be made to say something else of a view; its verdicts still come out.
    let (path, manifest) = (at.join("b/exports/findings.csv"), at.join("b/manifest.json"));
    let changed = fs::read_to_string(&path).unwrap().replacen("fail", "pass", 1);
    fs::write(&path, &changed).unwrap();
    let sum = Command::new("sha256sum").arg(&path).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned();
    let mut listed: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let entry = listed["files"].as_array_mut().unwrap().iter_mut().find(|one| one["path"] == "exports/findings.csv");
    let before = entry.unwrap()["sha256"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&manifest).unwrap().replace(&before, &sum);
    fs::write(&manifest, text).unwrap();
    said(at, 0, &["evidence", "verify", "b"]);
    let told = said(at, 4, &["replay", "b", "-o", "again.txt"]);
    assert!(
        told.contains(&format!("1 of {} exports do not come out again: exports/findings.csv", made.len())),
        "{told}"
    );
}

#[test]
fn events_say_what_became_of_each_verdict_since_the_run_before() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "6", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b"]);
    let activities = |arguments: &[&str], out: &str| -> BTreeMap<u64, usize> {
        said(at, 0, &[&["export", "run1", "--format", "ocsf", "--out", out], arguments].concat());
        let mut counts = BTreeMap::new();
        for line in fs::read_to_string(at.join(out).join("ocsf.ndjson")).unwrap().lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            *counts.entry(event["activity_id"].as_u64().unwrap()).or_default() += 1;
        }
        counts
    };
    let alone = activities(&[], "alone");
    let same = activities(&["--since", "run1"], "same");
    assert_eq!((alone.len(), same.len()), (1, 1));
    assert_eq!(alone.get(&1), same.get(&2));
    assert_eq!(same, activities(&["--since", "b"], "bundle"));
    let wrong = said(at, 2, &["export", "run1", "--format", "csv", "--out", "x", "--since", "b"]);
    assert!(wrong.contains("`--format ocsf`"), "{wrong}");
}

#[test]
fn what_cannot_be_exported_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b"]);
    let told = said(at, 0, &["export", "run1", "--format", "asff", "--out", "x"]);
    assert!(told.contains("`--security-hub ACCOUNT/REGION` names one"), "{told}");
    let told =
        said(at, 0, &["export", "run1", "--format", "asff", "--out", "x", "--security-hub", "111122223333/eu-west-1"]);
    assert!(!told.contains("are not in the form"), "{told}");
    for (arguments, why) in [
        (&["--security-hub", "eu-west-1"][..], "is no account and region"),
        (&["--ocsf-version", "1.4.0"], "is no version of OCSF"),
        (&["--key", "k.pub"], "is for one bundle"),
    ] {
        let all: Vec<&str> =
            ["export", "run1", "--format", "ocsf", "--out", "x"].iter().chain(arguments).copied().collect();
        let told = said(at, 2, &all);
        assert!(told.contains(why), "{told}");
    }
    let wrong = said(at, 2, &["export", "b", "--format", "ocsf", "--out", "x", "-c", "palisade.yaml"]);
    assert!(wrong.contains("judged by the parameters that it holds"), "{wrong}");
    // A bundle that was changed is not exported.
    let verdicts = at.join("b/results/verdicts.ndjson");
    let text = fs::read_to_string(&verdicts).unwrap();
    fs::write(&verdicts, text.replacen("\"fail\"", "\"pass\"", 1)).unwrap();
    let broken = said(at, 4, &["export", "b", "--format", "ocsf", "--out", "y"]);
    assert!(broken.contains("does not hold") && !at.join("y").exists(), "{broken}");
}

#[test]
fn nothing_is_written_into_a_bundle_and_one_that_is_named_still_holds() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b", "--format", "csv"]);
    let before = files(&at.join("b"));
    symlink("b", at.join("link")).unwrap();
    // A folder outside whose file leads inside.
    fs::create_dir(at.join("x")).unwrap();
    symlink("../b/exports/findings.csv", at.join("x/findings.csv")).unwrap();
    let refused = |arguments: &[&str]| {
        let told = said(at, 2, arguments);
        assert!(told.contains("is in the evidence bundle `") && told.contains("outside of the bundle"), "{told}");
    };
    for out in ["b", "b/", "b/exports", "b/exports/new", "x/../b", "new/../b/new", "link", "link/new", "x"] {
        for from in ["run1", "b"] {
            refused(&["export", from, "--format", "csv", "--out", out]);
        }
    }
    let framework = ["frameworks", "report", "b", "--framework", "aws-fsbp"];
    for arguments in [&["report", "run1"][..], &["map", "exposure", "run1"], &framework] {
        for file in ["b/exports/findings.csv", "b/new.txt", "link/new.txt"] {
            refused(&[arguments, &["-o", file]].concat());
        }
    }
    refused(&["evidence", "export", "run1", "--out", "b/new"]);
    refused(&["evidence", "keys", "new", "--out", "b/key.pem"]);
    refused(&["demo", "--clusters", "3", "--keep", "b/new"]);
    refused(&["demo", "--clusters", "3", "-o", "b/new.txt"]);
    assert!(files(&at.join("b")) == before && !at.join("new").exists());
    said(at, 0, &["evidence", "verify", "b"]);

    // Beside a bundle there is room, and files of other programs are called like its manifest.
    fs::create_dir(at.join("site")).unwrap();
    fs::write(at.join("site/manifest.json"), "{\"name\": \"a site\", \"schema\": \"palisade.bundle/v1\"}").unwrap();
    said(at, 0, &["export", "b", "--format", "csv", "--out", "site/new"]);
    said(at, 0, &["export", "b", "--format", "csv", "--out", "b/../c"]);
    assert!(at.join("site/new/findings.csv").is_file() && at.join("c/findings.csv").is_file());
}
