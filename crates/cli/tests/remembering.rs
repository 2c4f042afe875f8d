//! What recurring runs keep, and the commands that look after it: over simulated clouds, with messages that nobody takes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Running, Simulator, World};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The story's AWS, in which shop-prod's API server answers everybody.
const OPEN: &str = include_str!("../../simulator/worlds/acme/aws.yaml");

/// Where nobody takes messages: they wait, and can be looked at.
const NOBODY: &str = "http://127.0.0.1:9/";

fn palisade(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .env("HOOK", NOBODY)
        .output()
        .unwrap()
}

/// What a command printed that ends with a code.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = palisade(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    if code == 0 { out } else { err }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

async fn clouds(world: &str) -> Running {
    Simulator::start(World::from_yaml(world, "", "").unwrap(), Faults::default()).await.unwrap()
}

/// A folder with a configuration for simulated clouds, and a schedule.
fn furnish(folder: &Path, clouds: &Running) {
    let config = format!(
        "targets:
  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{}\"}}
sinks:
  channels: [{{name: hook, kind: webhook, url: env:HOOK, allow_loopback: true}}]
  routes:
    - {{name: everything, send_to: [hook]}}
    - {{name: platform, send_to: [hook]}}
    - {{name: runs, events: [scan.completed, scan.partial], send_to: [hook]}}
service: {{database: memory.db}}
",
        clouds.aws
    );
    write(folder, "palisade.yaml", &config);
    schedule(folder, "");
}

/// The schedule, with more lines.
fn schedule(folder: &Path, lines: &str) {
    write(folder, "schedules/nightly.yaml", &format!("name: nightly\ncron: \"0 2 * * *\"\n{lines}"));
}

/// `ROUTE/CHANNEL` of each message that waits.
fn waiting(folder: &Path) -> Vec<String> {
    let text = said(folder, 0, &["notify", "list"]);
    text.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_names_routes_uses_these_in_their_order_and_no_others() {
    let clouds = clouds(OPEN).await;
    for (lines, expected) in [
        ("", &["everything/hook"][..]),
        ("routes: [platform]\n", &["platform/hook"]),
        ("routes: [platform, everything]\n", &["platform/hook"]),
        ("routes: [runs, platform]\n", &["platform/hook", "runs/hook"]),
        ("routes: [everything, platform]\n", &["everything/hook"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        furnish(folder.path(), &clouds);
        schedule(folder.path(), lines);
        said(folder.path(), 0, &["run", "nightly"]);
        let mut routes = waiting(folder.path());
        routes.sort();
        routes.dedup();
        assert_eq!(routes, expected, "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_reads_schedules_says_which_names_nobody_has_all_at_once() {
    let clouds = clouds(OPEN).await;
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path(), &clouds);
    let config = fs::read_to_string(folder.path().join("palisade.yaml")).unwrap();
    let asking = config.replace("{name: platform,", "{name: platform, schedules: [nigthly],");
    write(folder.path(), "palisade.yaml", &asking);
    schedule(folder.path(), "targets: [acne]\nroutes: [everythin, runs, pager]\n");
    let all: [&[&str]; 3] = [&["schedules", "check", "-c", "palisade.yaml"], &["serve"], &["run", "nightly"]];
    for command in all {
        let told = said(folder.path(), 2, command);
        for (place, word) in [
            ("schedules/nightly.yaml:3:11", "did you mean `acme`?"),
            ("schedules/nightly.yaml:4:10", "did you mean `everything`?"),
            ("schedules/nightly.yaml:4:27", "no route is called `pager`"),
        ] {
            assert!(told.contains(place) && told.contains(word), "{command:?} does not say {word}:\n{told}");
        }
        let reads_all = command != ["run", "nightly"];
        assert_eq!(told.contains("no schedule is called `nigthly`"), reads_all, "{command:?}: {told}");
    }
}

/// The folder of the only run that a schedule kept.
fn evidence(folder: &Path) -> std::path::PathBuf {
    let mut runs = fs::read_dir(folder.join("evidence/nightly")).unwrap();
    let only = runs.next().unwrap().unwrap().path();
    assert!(runs.next().is_none());
    only
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_keeps_every_form_of_evidence_with_sums_that_others_can_check() {
    let clouds = clouds(OPEN).await;
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path(), &clouds);
    schedule(folder.path(), "evidence: {formats: [snapshot, json, sarif, csv, table, html], to: evidence}\n");
    said(folder.path(), 0, &["run", "nightly", "--now"]);
    let kept = evidence(folder.path());
    let sums = fs::read_to_string(kept.join("SHA256SUMS")).unwrap();
    for name in ["evaluation.json", "findings.csv", "findings.sarif", "report.html", "report.txt", "snapshot/units/"] {
        assert!(sums.contains(&format!("  {name}")), "{name}: {sums}");
    }
    let check =
        || Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&kept).status().unwrap();
    assert!(check().success());
    // What the snapshot says when it is judged again is what was said then.
    let again = said(folder.path(), 0, &["replay", kept.join("snapshot").to_str().unwrap(), "--format", "json"]);
    let (now, then): (serde_json::Value, serde_json::Value) = (
        serde_json::from_str(&again).unwrap(),
        serde_json::from_slice(&fs::read(kept.join("evaluation.json")).unwrap()).unwrap(),
    );
    assert!(then["findings"].as_array().unwrap().len() > 20);
    assert_eq!(now["findings"], then["findings"]);
    fs::write(kept.join("findings.csv"), "nothing was found\n").unwrap();
    assert!(!check().success(), "a changed file is not noticed");
}

/// The fingerprints that a waiver of the file lists.
fn approved(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("waivers.yaml")).unwrap();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("- \""))
        .map(|print| print.trim_matches('"').to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_waived_by_accident() {
    let clouds = clouds(OPEN).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    furnish(folder, &clouds);
    let config = fs::read_to_string(folder.join("palisade.yaml")).unwrap();
    write(folder, "palisade.yaml", &format!("{config}policy: {{waivers_file: waivers.yaml}}\n"));
    write(folder, "waivers.yaml", "waivers: []\n");
    schedule(folder, "evidence: {formats: [snapshot], to: evidence}\n");
    let on = |control: &'static str, cluster: &'static str| ["--control", control, "--cluster", cluster];
    let add = |selector: [&'static str; 4], until: &'static str, more: &[&'static str]| {
        let why = ["--owner", "ana", "--approver", "ben", "--reason", "until: the \"move\" # yes", "--until", until];
        [&["waivers", "add"], &selector[..], &why[..], more].concat()
    };
    let none_yet = said(folder, 2, &add(on("CP-01", "shop-prod"), "2099-12-31", &[]));
    assert!(none_yet.contains("no run that is remembered is called `last`"), "{none_yet}");
    said(folder, 0, &["run", "nightly", "--now"]);
    let snapshot = evidence(folder).join("snapshot");
    let snapshot = snapshot.to_str().unwrap();

    // What selects nothing bad, has ended, is mistyped or is there already is not accepted.
    for (arguments, told) in [
        (add(on("CP-01", "nowhere"), "2099-12-31", &[]), "there is nothing to accept"),
        (add(on("CP-01", "shop-prod"), "2020-01-01", &[]), "it would have ended before it began"),
        (add(on("CP-0l", "shop-prod"), "2099-12-31", &[]), "no control is called `CP-0l`"),
        (add(on("CP-01", "shop-prod"), "soon", &[]), "`soon` is no date"),
    ] {
        let err = said(folder, 2, &arguments);
        assert!(err.contains(told), "{err}");
    }
    let shown = said(folder, 0, &add(on("ND-03", "shop-prod"), "2099-12-31", &["--dry-run"]));
    assert!(approved(folder).is_empty() && shown.contains("approved for"), "{shown}");
    said(folder, 0, &add(on("ND-03", "shop-prod"), "2099-12-31", &[]));
    let prints = approved(folder);
    assert!(prints.len() > 1, "the story has several machines that are open: {prints:?}");
    assert!(
        said(folder, 2, &add(on("ND-03", "shop-prod"), "2099-12-31", &[]))
            .contains("selects ND-03 on shop-prod already")
    );
    assert!(said(folder, 0, &["waivers", "list"]).contains("owner ana, approver ben; until 2099-12-31"));

    let waived = |folder: &Path| {
        let text = said(folder, 0, &["replay", snapshot, "-c", "palisade.yaml", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let waived =
            findings.iter().filter(|one| one["waived"] == true).map(|one| one["fingerprint"].as_str().unwrap());
        (waived.map(str::to_owned).collect::<std::collections::BTreeSet<_>>(), report["grown_waivers"].clone())
    };
    for against in ["last", snapshot] {
        let text = said(folder, 0, &["waivers", "check", "--against", against]);
        assert!(text.contains(&format!("waives {}:", prints.len())) && !text.contains("does not waive"), "{text}");
    }
    let (all, grown) = waived(folder);
    // With the sum of them.
    assert!(prints.iter().all(|print| all.contains(print)) && all.len() == prints.len() + 1, "{all:?}");
    assert_eq!(grown, serde_json::json!([]));

    // One that nobody approved is said and not waived; of a number nobody knows which were meant.
    let text = fs::read_to_string(folder.join("waivers.yaml")).unwrap();
    let fewer = text.replace(&format!("      - \"{}\"\n", prints[0]), "");
    assert_ne!(fewer, text);
    let (list, _) = text.split_once("    approved:").unwrap();
    let counted = format!("{list}    covers: 1\n");
    for (file, rest, waives) in
        [(&fewer, "what is not listed is not waived", prints.len() - 1), (&counted, "nothing of it is waived", 0)]
    {
        write(folder, "waivers.yaml", file);
        for against in ["last", snapshot] {
            let output = palisade(folder, &["waivers", "check", "--against", against]);
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(text.contains(rest) && text.contains("does not waive"), "{text}");
        }
        let (some, grown) = waived(folder);
        assert_eq!(some, prints[prints.len() - waives..].iter().cloned().collect(), "and not the sum of them");
        assert_eq!(grown[0]["selects"], prints.len());
        said(folder, 0, &["run", "nightly", "--now"]);
        let open = said(folder, 0, &["findings", "--control", "ND-03", "--cluster", "shop-prod", "--format", "json"]);
        let open: Vec<serde_json::Value> = serde_json::from_str(&open).unwrap();
        assert_eq!(open.iter().filter(|one| !one["waived_until"].is_null()).count(), waives, "{open:#?}");
    }

    // What has ended, matches nothing or names no cluster needs somebody; so do mistakes, all at once.
    let line = |rest: &str| format!("  - {{control: CP-01, owner: ana, approver: ben, reason: r, {rest}}}\n");
    write(
        folder,
        "waivers.yaml",
        &format!(
            "waivers:\n{}{}{}",
            line("cluster: shop-prod, until: 2020-01-01"),
            line("cluster: shp-prod, until: 2099-01-01"),
            line("cluster: shop-prod, subject: web, until: 2099-01-01")
        ),
    );
    let output = palisade(folder, &["waivers", "check", "--against", "last", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told[0]["has_ended"], true);
    assert_eq!([&told[1]["matched"]["standing"], &told[2]["matched"]["standing"]], ["unknown", "unused"]);
    assert_eq!(told[2]["is_open_ended"], true);
    said(folder, 0, &["waivers", "remove", "--control", "CP-01", "--cluster", "shp-prod"]);
    let err = said(folder, 2, &["waivers", "remove", "--control", "CP-01", "--cluster", "shp-prod"]);
    assert!(err.contains("no waiver of `waivers.yaml`"), "{err}");
    write(folder, "waivers.yaml", "waivers:\n  - {control: CP-1, cluster: a}\n  - {control: CP-01, until: never}\n");
    let err = said(folder, 2, &["waivers", "check"]);
    for told in [
        "no control is called `CP-1`",
        "waivers.yaml:2:15",
        "a waiver has no `cluster`",
        "`never` is no date",
        "waivers.yaml:3:29",
    ] {
        assert!(err.contains(told), "{told}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_goes_what_open_findings_rest_on_stays_and_a_dry_run_touches_nothing() {
    let clouds = clouds(OPEN).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    furnish(folder, &clouds);
    let config = fs::read_to_string(folder.join("palisade.yaml")).unwrap();
    let kept = config.replace("memory.db}", "memory.db, keep: {evidence_days: 30, runs_days: 30}}");
    write(folder, "palisade.yaml", &kept);
    schedule(folder, "evidence: {formats: [csv], to: evidence}\n");
    said(folder, 0, &["run", "nightly", "--now"]);
    // Of years ago; and what is not a run's.
    for name in ["2020-01-01T020000Z", "2021-01-01T020000Z", "2021-01-01", "2021-13-01T020000Z", "notes"] {
        write(folder, &format!("evidence/nightly/{name}/findings.csv"), "old\n");
    }
    let names = || -> Vec<String> {
        let entries = fs::read_dir(folder.join("evidence/nightly")).unwrap();
        let mut names: Vec<String> = entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let (all, findings) = (names(), said(folder, 0, &["findings"]));
    let dry = said(folder, 0, &["store", "prune", "--dry-run"]);
    assert!(
        dry.contains("       2  folders of evidence older than 30 days") && dry.contains("2020-01-01T020000Z"),
        "{dry}"
    );
    assert_eq!(names(), all);
    assert_eq!(said(folder, 0, &["store", "prune"]), dry, "the dry run told exactly what goes");
    let left = names();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(["2021-01-01", "2021-13-01T020000Z", "notes"].iter().all(|name| left.contains(&(*name).to_owned())));
    assert_eq!(said(folder, 0, &["findings"]), findings);
    assert!(said(folder, 0, &["run", "nightly", "--now"]).contains("nothing changed"));
    write(folder, "palisade.yaml", &config.replace("memory.db}", "memory.db, keep: {closed_days: 7, run_days: 3}}"));
    let err = said(folder, 2, &["store", "prune"]);
    assert!(
        err.contains("`closed_days` is no whole number from 8") && err.contains("did you mean `runs_days`?"),
        "{err}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_with_its_evidence_is_restored_as_the_guide_says_and_nothing_is_told_anew() {
    let clouds = clouds(OPEN).await;
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (old.path(), new.path());
    for folder in [old, new] {
        furnish(folder, &clouds);
        schedule(folder, "evidence: {formats: [snapshot, csv], to: evidence}\n");
    }
    said(old, 0, &["run", "nightly", "--now"]);
    let whole = said(old, 0, &["store", "backup", "backup.db"]);
    assert!(whole.starts_with("backup.db: whole; 1 runs"), "{whole}");
    assert!(said(old, 4, &["store", "backup", "backup.db"]).contains("is there already"));
    assert_eq!(said(old, 0, &["store", "check", "backup.db"]), whole);
    // What the new machine has of its own is another memory.
    said(new, 0, &["findings"]);
    let steps = format!(
        "cp {0}/backup.db memory.db && rm -f memory.db-wal memory.db-shm && cp -a {0}/evidence . && \
         cd evidence/nightly/* && sha256sum --check --quiet SHA256SUMS",
        old.display()
    );
    assert!(Command::new("sh").args(["-c", &steps]).current_dir(new).status().unwrap().success());
    assert_eq!(said(new, 0, &["findings", "--closed"]), said(old, 0, &["findings", "--closed"]));
    assert!(said(new, 0, &["run", "nightly", "--now"]).contains("nothing changed"));
    let kept = evidence(old);
    let kept = new.join(kept.strip_prefix(old).unwrap()).join("snapshot");
    said(new, 0, &["replay", kept.to_str().unwrap()]);
    let cut = fs::read(old.join("backup.db")).unwrap();
    fs::write(old.join("cut.db"), &cut[..cut.len() / 2]).unwrap();
    said(old, 4, &["store", "check", "cut.db"]);
}
