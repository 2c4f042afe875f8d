//! Evidence from a scan of simulated clouds to whoever checks it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Entry, FaultKind, FaultRule, Faults, Simulator, World};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output},
};

fn command(folder: &Path, program: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .env("PSEUDONYMS", "a key that stays inside");
    command
}

fn palisade(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, "palisade").args(arguments).output().unwrap()
}

/// What a command printed that ends with a code: stdout, then stderr.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = palisade(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{both}");
    both
}

/// Keeps a run as a schedule does: a copy of its snapshot, what it was judged by, and the sums last.
fn keep(run: &Path, snapshot: &Path, beside: &[(&str, &str)]) {
    fs::create_dir_all(run).unwrap();
    assert!(Command::new("cp").arg("-r").arg(snapshot).arg(run.join("snapshot")).status().unwrap().success());
    for (name, text) in beside {
        fs::write(run.join(name), text).unwrap();
    }
    let sum = |name: &String| {
        let bytes = fs::read(run.join(name)).unwrap();
        format!("{}  {name}\n", palisade_provider::Body::new(bytes).digest().to_hex())
    };
    let sums: String = palisade_store::files_below(run).unwrap().iter().map(sum).collect();
    fs::write(run.join("SHA256SUMS"), sums).unwrap();
}

/// The shell blocks of a page, in order.
fn blocks(page: &str) -> Vec<String> {
    page.split("```sh\n").skip(1).map(|block| block.split_once("```").unwrap().0.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_auditors_guide_runs() {
    let aws = include_str!("../../simulator/worlds/acme/aws.yaml");
    let running = Simulator::start(World::from_yaml(aws, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         endpoint_url: \"{}\"}}\n",
        running.aws
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    std::os::unix::fs::symlink(root.join("examples"), folder.path().join("examples")).unwrap();
    let page = fs::read_to_string(root.join("docs/guides/evidence.md")).unwrap();
    let more = "mkdir -p evidence/nightly-full/2026-11-02T020000Z; cp -r run1 evidence/nightly-full/2026-11-02T020000Z/snapshot; \
                (cd evidence/nightly-full/2026-11-02T020000Z; find snapshot -type f -exec sha256sum {} + > SHA256SUMS); for n in 2 3; do palisade scan -c palisade.yaml --save-snapshot run$n > /dev/null; palisade evidence export run$n \
                --out bundle-$n -c palisade.yaml --key file:signing.pem --log bundles --origin acme.example/evidence; done";
    let blocks = blocks(&page);
    assert!(blocks.len() > 5);
    for (number, block) in blocks.iter().enumerate() {
        let script = format!("set -euo pipefail\n{block}\n{}", if number == 0 { more } else { "" });
        let mut bash = command(folder.path(), "bash");
        let output = tokio::task::spawn_blocking(move || bash.arg("-c").arg(script).output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // What reads the first lines and stops (`head`) ends the pipe of whoever writes on.
        let ended = output.status.success() || (block.contains("| head") && output.status.code() == Some(141));
        assert!(ended, "{block}\n{}{}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn every_run_since_a_day_gets_a_bundle_once_and_is_judged_by_what_was_kept_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["demo", "--clusters", "4", "--keep", "run2", "-o", "report.txt"]);
    fs::write(at.join("palisade.yaml"), "targets:\n  - {name: acme, provider: aws}\n").unwrap();
    let kept = at.join("evidence/nightly");
    let waivers = "waivers:\n  - {control: ND-01, cluster: shop-001-euw1-00, owner: ana, approver: ben, reason: until the migration, until: 2099-01-01}\n";
    let accepted = [("waivers.yaml", waivers)];
    for (firing, of, beside) in
        [("11-01", "run1", &[][..]), ("11-02", "run1", &accepted[..]), ("11-03", "run2", &[]), ("11-04", "run2", &[])]
    {
        keep(&kept.join(format!("2026-{firing}T020000Z")), &at.join(of), beside);
    }
    fs::remove_file(kept.join("2026-11-04T020000Z/SHA256SUMS")).unwrap();
    said(at, 0, &["evidence", "keys", "new", "--out", "signing.pem"]);
    let export =
        ["evidence", "export", "evidence", "--out", "november", "-c", "palisade.yaml", "--key", "file:signing.pem"];
    let since = |day: &'static str| [&export[..], &["--log", "bundles", "--since", day]].concat();
    let first = said(at, 0, &since("2026-11-02"));
    assert!(first.contains("number 1 of") && first.contains("number 2 of") && !first.contains("number 3"), "{first}");
    assert!(first.contains("no bundle of `evidence/nightly/2026-11-04T020000Z`: it has no `SHA256SUMS`"), "{first}");
    let mut names: Vec<String> =
        fs::read_dir(at.join("november")).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["nightly-2026-11-02T020000Z", "nightly-2026-11-03T020000Z"]);
    let waived = |name: &str| {
        let verdicts = fs::read_to_string(at.join("november").join(name).join("results/verdicts.ndjson")).unwrap();
        verdicts.contains("\"waived\":true")
    };
    assert_eq!(names.iter().map(|name| waived(name)).collect::<Vec<_>>(), [true, false]);
    let again = said(at, 0, &since("2026-11-02"));
    assert_eq!(again.matches(" is there").count(), 2, "{again}");
    let none = said(at, 2, &since("2026-12-01"));
    assert!(none.contains("no run since 2026-12-01T00:00:00Z is kept with its snapshot in `evidence`"), "{none}");
}

/// The lines of a bundle's ledger.
fn ledger(bundle: &Path) -> Vec<Value> {
    let text = fs::read_to_string(bundle.join("calls.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What an auditor does with CloudTrail, Azure's logs and Cloud Audit Logs, done with what the simulated clouds wrote down.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_ledger_is_in_the_clouds_own_books_under_its_id_and_every_read_there_is_in_the_ledger() {
    let faults = Faults {
        deny: vec!["ec2:DescribeVpcs".to_owned(), "compute.routes.list".to_owned()],
        fault: ["eks:DescribeCluster", "Microsoft.ContainerService/managedClusters/read", "compute.networks.list"]
            .map(|permission| FaultRule {
                permission: permission.to_owned(),
                kind: FaultKind::ServerError,
                times: Some(1),
            })
            .to_vec(),
        throttle_per_mille: 50,
        ..Faults::default()
    };
    let running = Simulator::start(World::acme().unwrap(), faults).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let config = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, \
         provider: gcp, endpoint_url: \"{}\"}}\n",
        running.aws, running.azure, running.gcp
    );
    fs::write(at.join("palisade.yaml"), config).unwrap();
    tokio::task::spawn_blocking(move || {
        palisade(&at, &["scan", "-c", "palisade.yaml", "--save-snapshot", "run1"]);
        said(&at, 0, &["evidence", "export", "run1", "--out", "b", "-c", "palisade.yaml"]);
        said(&at, 0, &["replay", "b", "-o", "again.txt"]);
    })
    .await
    .unwrap();
    let books = running.ledger();
    let by_id: BTreeMap<&str, &Entry> =
        books.entries().iter().filter_map(|entry| Some((entry.request_id.as_deref()?, entry))).collect();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (mut ids, mut agents, mut tried_again) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let mut providers: BTreeMap<String, usize> = BTreeMap::new();
    for line in ledger(&folder.path().join("b")) {
        let attempts = line.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
        assert!(!attempts.is_empty(), "nothing says how it went: {line}");
        assert!(text(&line, "sent_at").unwrap() <= text(&line, "answered_at").unwrap(), "{line}");
        let provider = text(&line, "provider").unwrap();
        *providers.entry(provider.clone()).or_default() += 1;
        if attempts.len() > 1 {
            tried_again.insert(provider.clone());
        }
        if provider == "gcp" {
            let id = text(&line, "sent_id").unwrap();
            let asked: Vec<&Entry> =
                books.entries().iter().filter(|entry| entry.user_agent.contains(&format!("(call {id})"))).collect();
            assert_eq!(asked.len(), attempts.len(), "{line}");
            agents.extend(asked.iter().map(|entry| entry.user_agent.clone()));
            continue;
        }
        for (number, attempt) in attempts.iter().enumerate() {
            let id = text(attempt, "request_id").unwrap_or_else(|| panic!("no id: {line}"));
            let entry = by_id[id.as_str()];
            // A read that several accounts share stands in the ledger of each.
            let what =
                ["operation", "scope", "params", "page", "sha256", "failure"].map(|name| line.get(name).cloned());
            let before = ids.insert(id, what.clone());
            assert!(before.is_none_or(|before| before == what), "one request stands for two calls: {line}");
            assert_eq!(attempt.get("status").and_then(Value::as_u64), Some(u64::from(entry.status)), "{line}");
            assert!(number + 1 == attempts.len() || entry.status >= 400, "{line}");
            if provider == "aws" {
                // An operation may need several permissions, all of one service, or none: who one is, everybody may ask.
                let operation = text(&line, "operation").unwrap();
                let call = palisade_aws::CALLS.iter().find(|call| call.name == operation).unwrap();
                let service = |permission: &str| permission.split(':').next().unwrap().to_owned();
                let needed = if call.permission.is_empty() { call.name } else { call.permission };
                assert_eq!(service(&entry.operation.permission), service(needed), "{line}");
                assert_eq!(attempt.get("correlation_id"), None);
            }
        }
    }
    // The other way: nothing was asked that the ledger does not have.
    for entry in books.entries() {
        let is_known = match &entry.request_id {
            Some(id) => ids.contains_key(id),
            None => agents.contains(&entry.user_agent),
        };
        assert!(is_known, "nobody wrote down {entry:?}");
    }
    assert_eq!(providers.keys().collect::<Vec<_>>(), ["aws", "azure", "gcp"]);
    assert_eq!(tried_again.len(), 3, "{tried_again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_missed_are_in_the_bundle_of_the_next_and_a_span_that_nobody_speaks_of_is_told() {
    let aws = include_str!("../../simulator/worlds/acme/aws.yaml");
    let running = Simulator::start(World::from_yaml(aws, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let config = format!("targets:\n  - {{name: acme, provider: aws, endpoint_url: \"{}\"}}\n", running.aws);
    fs::write(at.join("palisade.yaml"), config).unwrap();
    fs::create_dir(at.join("schedules")).unwrap();
    let schedule = "name: hourly\ncron: \"0 * * * *\"\ntime_zone: UTC\ntargets: all\nprofile: full\n\
                    evidence: {formats: [snapshot], to: kept}\n";
    fs::write(at.join("schedules/hourly.yaml"), schedule).unwrap();
    tokio::task::spawn_blocking(move || {
        let hours_ago = |hours| {
            (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours))
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        };
        said(&at, 0, &["evidence", "keys", "new", "--out", "k.pem"]);
        let export = |run: &Path, out: &str, more: &[&str]| {
            let run = run.join("snapshot");
            let mut all = vec!["evidence", "export", run.to_str().unwrap(), "--out", out, "-c", "palisade.yaml"];
            all.extend(["--key", "file:k.pem", "--log", "log", "--schedules", "schedules"]);
            all.extend(more);
            said(&at, 0, &all)
        };
        let runs = || {
            let mut runs: Vec<_> =
                fs::read_dir(at.join("kept/hourly")).unwrap().map(|entry| entry.unwrap().path()).collect();
            runs.sort();
            runs
        };
        said(&at, 0, &["run", "hourly", "--now"]);
        let told = export(&runs()[0], "1", &["--runs-since", &hours_ago(3)]);
        // Three full hours have passed, and one was run that nobody scheduled.
        let expected = |missed| {
            let all = missed + 1;
            told.contains(&format!("{all} firings of schedules: 1 done, 0 failed, 0 not ended, {missed} missed"))
        };
        assert!(expected(3) || expected(2), "{told}");
        assert!(told.contains("runs are missing"), "{told}");
        let page = fs::read_to_string(at.join("1/VERIFY.md")).unwrap();
        assert!(page.contains("**Runs are missing.** Of"), "{page}");
        said(&at, 0, &["run", "hourly", "--now"]);
        // It begins where the bundle before ended.
        let told = export(&runs()[1], "2", &[]);
        assert!(told.contains("1 done"), "{told}");
        let both = said(&at, 0, &["evidence", "verify", "1", "2", "--key", "k.pem.pub"]);
        assert!(both.contains("`hourly` due") && both.contains("was missed"), "{both}");
        assert!(!both.contains("nothing says"), "{both}");
        // After the end of the second run and before the end of the third.
        let since = jiff::Timestamp::now().to_string();
        said(&at, 0, &["run", "hourly", "--now"]);
        export(&runs()[2], "3", &["--runs-since", &since]);
        let all = said(&at, 0, &["evidence", "verify", "1", "2", "3", "--key", "k.pem.pub"]);
        assert!(
            all.contains("no run of `hourly` is remembered after") || all.contains("nothing says which runs"),
            "{all}"
        );
    })
    .await
    .unwrap();
}

#[test]
fn a_month_whose_key_is_destroyed_cannot_be_read_and_still_holds_as_an_authority_saw_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "keys", "new", "--out", "k.pem"]);
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let made = said(at, 0, &["evidence", "keys", "period", "new", "--period", &month, "--out", "month.key"]);
    let id = made.split("  ").next().unwrap().to_owned();
    assert!(
        said(at, 2, &["evidence", "keys", "period", "new", "--period", "May", "--out", "x"])
            .contains("no calendar month")
    );
    said(at, 4, &["evidence", "keys", "period", "new", "--period", &month, "--out", "month.key"]);
    assert_eq!(said(at, 0, &["evidence", "keys", "period", "show", "file:month.key"]), format!("{id}  {month}\n"));
    let with = ["--period-key", "file:month.key"];
    let run = |code, first: &[&str], more: &[&str]| said(at, code, &[first, more].concat());
    run(0, &["evidence", "export", "run1", "--out", "b", "--key", "file:k.pem", "--log", "log"], &with);
    said(at, 0, &["evidence", "keys", "period", "new", "--period", "2001-01", "--out", "old.key"]);
    let refused = run(4, &["evidence", "export", "run1", "--out", "b2", "--period-key"], &["file:old.key"]);
    assert!(refused.contains("the key is for 2001-01"), "{refused}");
    assert!(!at.join("b2").exists() && !at.join("b2.part").exists());

    let tsa = palisade_testkit::Tsa::new(&{
        fs::create_dir(at.join("tsa")).unwrap();
        at.join("tsa")
    });
    let url = tsa.serve();
    said(at, 0, &["evidence", "timestamp", "b", "--tsa", &url]);
    assert!(tsa.verifies(&at.join("b/manifest.tsr"), &at.join("b/manifest.json")));
    assert!(said(at, 4, &["evidence", "timestamp", "b", "--tsa", &url]).contains("it is not replaced"));

    let whole = run(0, &["evidence", "verify", "b", "--key", "k.pem.pub"], &with);
    assert!(!whole.contains("not checked") && whole.contains("says `manifest.tsr`"), "{whole}");
    let again = run(0, &["replay", "b", "-o", "again.txt"], &with);
    assert!(again.contains("byte for byte those of the bundle"), "{again}");
    let number = ledger(&at.join("b")).iter().position(|line| line.get("sha256").is_some()).unwrap() + 1;
    let answer = ["evidence", "answer", "b", "--call", &number.to_string()].map(str::to_owned);
    let answer: Vec<&str> = answer.iter().map(String::as_str).collect();
    serde_json::from_str::<Value>(&run(0, &answer, &with)).unwrap();

    let wrong = said(at, 2, &["evidence", "keys", "period", "destroy", "month.key", "--id", "0000"]);
    assert!(wrong.contains("it is not destroyed") && at.join("month.key").exists(), "{wrong}");
    said(at, 0, &["evidence", "keys", "period", "destroy", "month.key", "--id", &id]);
    assert!(!at.join("month.key").exists());
    let holds = said(at, 0, &["evidence", "verify", "b", "--key", "k.pem.pub"]);
    assert!(holds.contains(", which you trust"), "{holds}");
    let told = format!(
        "not checked: the answers and the clusters listed in them, which are encrypted with the key {id} of {month}"
    );
    assert!(holds.contains(&told), "{holds}");
    for lost in [&["replay", "b"][..], &answer] {
        let lost = said(at, 4, lost);
        assert!(lost.contains("where it was destroyed nobody can judge them again"), "{lost}");
    }
}

#[test]
fn a_bundle_of_three_clouds_holds_is_judged_again_and_shows_auditors_no_person() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "keys", "new", "--out", "k.pem"]);
    let refused = said(at, 4, &["evidence", "keys", "new", "--out", "k.pem"]);
    assert!(refused.contains("could not write the new file"), "{refused}");
    let seal = ["--key", "file:k.pem", "--log", "log"];
    let export = |out: &str, more: &[&str]| {
        let all: Vec<&str> = ["evidence", "export", "run1", "--out", out].iter().chain(more).copied().collect();
        said(at, 0, &all)
    };
    let told = export("one", &seal);
    assert!(told.contains("number 1 of palisade/evidence") && told.contains("this evidence has gaps"), "{told}");
    export("again.tar", &seal);
    let holds = said(at, 0, &["evidence", "verify", "one", "--key", "k.pem.pub"]);
    assert!(holds.contains("number 1 of palisade/evidence") && holds.contains(", which you trust"), "{holds}");
    let clusters = holds.lines().find(|line| line.contains("clusters:")).unwrap();
    let counts: Vec<u64> =
        clusters.split_once("clusters:").unwrap().1.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(counts[0] > 5 && counts[0] == counts[1] + counts[2], "{clusters}");
    let tar = said(at, 0, &["evidence", "verify", "again.tar", "--key", "k.pem.pub"]);
    assert_eq!(tar.replace("again.tar", "one"), holds, "the same run has the same manifest");
    for bundle in ["one", "again.tar"] {
        let again = said(at, 0, &["replay", bundle, "--key", "k.pem.pub", "--format", "csv"]);
        assert!(again.contains("byte for byte those of the bundle"), "{again}");
    }
    let outside = export("outside", &["--profile", "auditor", "--pseudonym-key", "env:PSEUDONYMS"]);
    assert!(outside.contains("not sealed"), "{outside}");
    let again = said(at, 0, &["replay", "outside", "-o", "again.txt"]);
    assert!(again.contains("byte for byte those of the bundle"), "{again}");
    let short =
        ["evidence", "export", "run1", "--out", "x", "--profile", "auditor", "--pseudonym-key", "env:AWS_REGION"];
    assert!(said(at, 2, &short).contains("too short"));
}

#[test]
fn what_was_changed_is_not_judged_and_what_other_rules_said_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b"]);
    let wrong = said(at, 2, &["replay", "b", "--config", "palisade.yaml"]);
    assert!(wrong.contains("judged by the parameters that it holds"), "{wrong}");
    assert!(said(at, 2, &["replay", "run1", "--with-current-rules"]).contains("are for one bundle"));
    assert!(said(at, 0, &["replay", "b", "--with-current-rules"]).contains("nothing is judged in another way"));

    let path = at.join("b/results/verdicts.ndjson");
    let verdicts = fs::read_to_string(&path).unwrap();
    let changed = verdicts.replacen("\"verdict\":\"fail\"", "\"verdict\":\"pass\"", 1);
    assert_ne!(verdicts, changed);
    fs::write(&path, &changed).unwrap();
    let broken = said(at, 4, &["replay", "b"]);
    assert!(broken.contains("`results/verdicts.ndjson`: its SHA-256 is"), "{broken}");
    assert!(said(at, 4, &["evidence", "verify", "b"]).contains("`results/verdicts.ndjson`"));

    // As if older rules had made it: a bundle without a seal that holds and says something else.
    let sum = |text: &str| palisade_provider::Body::new(text.as_bytes().to_vec()).digest().to_hex();
    let manifest = fs::read_to_string(at.join("b/manifest.json")).unwrap();
    let program = manifest.lines().find(|line| line.contains("\"binary_sha256\"")).unwrap();
    let older = format!("    \"binary_sha256\": \"{}\",", "0".repeat(64));
    let manifest = manifest.replace(&sum(&verdicts), &sum(&changed)).replace(program, &older);
    fs::write(at.join("b/manifest.json"), manifest).unwrap();
    let other = said(at, 4, &["replay", "b"]);
    assert!(other.contains("1 verdicts are not those of the bundle"), "{other}");
    let told = said(at, 0, &["replay", "b", "--with-current-rules"]);
    assert!(
        told.contains("so the rules are why") && told.contains("  was  pass (") && told.contains("  now  fail ("),
        "{told}"
    );
    let key = said(at, 4, &["evidence", "verify", "missing"]);
    assert!(key.contains("could not be read"), "{key}");
}
#[test]
fn what_stands_where_a_key_shall_be_written_stays_and_half_a_pair_is_never_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["evidence", "keys", "new", "--out", "old.pem"]);
    for (there, command) in [
        ("k.pem.pub", &["evidence", "keys", "new", "--out", "k.pem"][..]),
        ("k.pem.pub", &["evidence", "keys", "rotate", "file:old.pem", "--out", "k.pem"]),
        ("k.pem.rotation.json", &["evidence", "keys", "rotate", "file:old.pem", "--out", "k.pem"]),
        (
            "k.pem.rotation.json",
            &["evidence", "keys", "rotate", "file:old.pem", "--new", "file:old.pem", "--out", "k.pem"],
        ),
    ] {
        fs::write(at.join(there), "published").unwrap();
        let refused = said(at, 4, command);
        assert!(refused.contains(&format!("could not write the new file `{there}`")), "{refused}");
        assert!(refused.contains("it is there already and is not overwritten"), "{refused}");
        assert_eq!(fs::read_to_string(at.join(there)).unwrap(), "published");
        fs::remove_file(at.join(there)).unwrap();
        assert_eq!(fs::read_dir(at).unwrap().count(), 2, "the old pair alone");
    }
    said(at, 0, &["evidence", "keys", "rotate", "file:old.pem", "--out", "k.pem"]);
    assert_eq!(fs::read_dir(at).unwrap().count(), 5);
}

#[test]
fn of_several_rotations_the_one_that_does_not_hold_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["evidence", "keys", "new", "--out", "a.pem"]);
    for next in ["b.pem", "c.pem"] {
        said(at, 0, &["evidence", "keys", "rotate", "file:a.pem", "--out", next]);
    }
    let path = at.join("c.pem.rotation.json");
    let mut rotation: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let members = rotation.as_object_mut().unwrap();
    let signature = members.get("new_signature").unwrap().clone();
    members.insert("old_signature".to_owned(), signature);
    fs::write(&path, rotation.to_string()).unwrap();
    let verify = ["evidence", "verify", "b", "--key", "a.pem.pub", "--rotation"];
    let both = [&verify[..], &["b.pem.rotation.json", "--rotation", "c.pem.rotation.json"]].concat();
    let refused = said(at, 2, &both);
    assert!(
        refused.contains("`c.pem.rotation.json`: the rotation does not hold: the old key did not sign it"),
        "{refused}"
    );
}

#[test]
fn a_log_goes_on_under_the_key_that_follows_and_not_when_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (run, clusters) in [("run1", "3"), ("run2", "4"), ("run3", "5")] {
        said(at, 0, &["demo", "--clusters", clusters, "--keep", run, "-o", "report.txt"]);
    }
    let export = |code: i32, run: &str, out: &str, key: &str| {
        said(at, code, &["evidence", "export", run, "--out", out, "--key", key, "--log", "bundles"])
    };
    said(at, 0, &["evidence", "keys", "new", "--out", "a.pem"]);
    export(0, "run1", "b1", "file:a.pem");
    said(at, 0, &["evidence", "keys", "rotate", "file:a.pem", "--out", "b.pem"]);
    let refused = export(4, "run2", "b2", "file:b.pem");
    assert!(refused.contains("`bundles/checkpoint.txt`: its signature is not of the key that is to seal"), "{refused}");
    assert!(refused.contains("copy the `.rotation.json`"), "{refused}");
    assert!(!at.join("b2").exists() && !at.join("b2.part").exists());
    // The way out that it names is one.
    fs::copy(at.join("b.pem.rotation.json"), at.join("bundles/b.pem.rotation.json")).unwrap();
    export(0, "run2", "b2", "file:b.pem");
    let verify = ["evidence", "verify", "b1", "b2", "--key", "a.pem.pub", "--rotation", "b.pem.rotation.json"];
    assert!(said(at, 0, &verify).contains("2 bundles follow each other without a gap"));

    // As whoever writes the log again with a key of their own, and sums and root that fit, leaves it.
    let log = |name: &str| fs::read_to_string(at.join(name)).unwrap();
    let theirs = ["evidence", "export", "run2", "--out", "t", "--key", "file:t.pem", "--log", "theirs"];
    said(at, 0, &["evidence", "keys", "new", "--out", "t.pem"]);
    said(at, 0, &theirs);
    let checkpoint = log("theirs/checkpoint.txt");
    let body = checkpoint.split("\n\n").next().unwrap();
    fs::write(at.join("bundles/log.ndjson"), log("theirs/log.ndjson")).unwrap();
    for (text, told) in [
        (checkpoint.clone(), "its signature is not of the key that is to seal"),
        (format!("{body}\n\ngarbage, no signature\n"), "it is no checkpoint"),
    ] {
        fs::write(at.join("bundles/checkpoint.txt"), text).unwrap();
        let refused = export(4, "run3", "b3", "file:b.pem");
        assert!(refused.contains(&format!("`bundles/checkpoint.txt`: {told}")), "{refused}");
        assert!(!at.join("b3").exists() && log("bundles/log.ndjson") == log("theirs/log.ndjson"));
    }
}

#[test]
fn whoever_gives_the_key_of_another_month_is_told_which_it_is_and_which_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let made = |period: &str, out: &str| {
        let told = said(at, 0, &["evidence", "keys", "period", "new", "--period", period, "--out", out]);
        told.split("  ").next().unwrap().to_owned()
    };
    let (id, other) = (made(&month, "month.key"), made("2001-01", "other.key"));
    said(at, 0, &["evidence", "export", "run1", "--out", "b", "--period-key", "file:month.key"]);
    let holds = said(at, 0, &["evidence", "verify", "b", "--period-key", "file:other.key"]);
    let wanted = format!("encrypted with the key {id} of {month}; `--period-key` gave the key `{other}` of 2001-01");
    assert!(holds.contains(&wanted), "{holds}");
    let lost = said(at, 4, &["replay", "b", "--period-key", "file:other.key"]);
    let wanted =
        format!("with the key `{id}` of {month}: `--period-key` gave the key `{other}` of 2001-01, give that one");
    assert!(lost.contains(&wanted), "{lost}");
}

#[test]
fn a_bundle_that_stands_where_another_grows_stays_and_a_pipe_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b.part"]);
    let refused = said(at, 4, &["evidence", "export", "run1", "--out", "b"]);
    assert!(refused.contains("`b.part` is in the way and is not removed: there is a whole bundle in it"), "{refused}");
    said(at, 0, &["evidence", "verify", "b.part"]);
    assert!(Command::new("mkfifo").arg(at.join("pipe")).status().unwrap().success());
    let refused = said(at, 4, &["evidence", "verify", "pipe"]);
    assert!(refused.contains("it is neither a file nor a folder"), "{refused}");
}

#[test]
fn a_run_that_was_changed_after_it_was_kept_is_refused_by_the_name_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    fs::write(at.join("palisade.yaml"), "targets:\n  - {name: acme, provider: aws}\n").unwrap();
    let run = at.join("evidence/nightly/2026-11-02T020000Z");
    let export =
        ["evidence", "export", "evidence", "--since", "2026-11-01", "--out", "november", "-c", "palisade.yaml"];
    let one_unit = || fs::read_dir(run.join("snapshot/units")).unwrap().next().unwrap().unwrap().path();
    let changes: [(&str, &dyn Fn()); 4] = [
        ("waivers.yaml` was changed", &|| fs::write(run.join("waivers.yaml"), "waivers: [] # not these\n").unwrap()),
        ("waivers.yaml` is missing", &|| fs::remove_file(run.join("waivers.yaml")).unwrap()),
        ("answers.yaml` is not in", &|| fs::write(run.join("answers.yaml"), "answers: []\n").unwrap()),
        (".jsonl` is missing", &|| fs::remove_file(one_unit()).unwrap()),
    ];
    for (told, change) in changes {
        keep(&run, &at.join("run1"), &[("waivers.yaml", "waivers: []\n")]);
        change();
        let refused = said(at, 4, &export);
        assert!(refused.contains(told) && refused.contains("put back what the run kept"), "{refused}");
        assert!(!at.join("november").exists());
        fs::remove_dir_all(&run).unwrap();
    }
    keep(&run, &at.join("run1"), &[("waivers.yaml", "waivers: []\n")]);
    said(at, 0, &export);
}

#[test]
fn an_auditor_is_shown_nobody_whose_name_has_an_at_sign() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    let config =
        "targets:\n  - {name: acme, provider: aws}\npolicy: {waivers_file: waivers.yaml, answers_file: answers.yaml}\n";
    fs::write(at.join("palisade.yaml"), config).unwrap();
    let waivers = "waivers:\n  - {control: CP-01, cluster: shop, owner: ana@corp, approver: '@ben-security', reason: ana@corp said \
                   so, until: 2099-01-01}\n  - {control: CP-02, cluster: shop, owner: Ana Lopes (@ana), approver: ben@acme.example, \
                   reason: until the migration, until: 2099-01-01}\n";
    fs::write(at.join("waivers.yaml"), waivers).unwrap();
    let answer = |by: &str, note: &str| {
        format!(
            "answers:\n  # Jonas Weber @sre knows it\n  - control: CD-03\n    answer: yes\n    by: {by}\n    evidence: \
             https://wiki.acme.example/x\n    answered: 2026-10-30\n    note: {note}\n"
        )
    };
    fs::write(at.join("answers.yaml"), answer("Jonas Weber @sre  # or Lin", "as Jonas Weber @sre has written"))
        .unwrap();
    let export = ["evidence", "export", "run1", "-c", "palisade.yaml", "--profile", "auditor", "--pseudonym-key"];
    let to = |out: &'static str| [&export[..], &["env:PSEUDONYMS", "--format", "csv,oscal", "--out", out]].concat();
    said(at, 0, &to("b"));
    let mut looked = 0;
    for name in palisade_store::files_below(&at.join("b")).unwrap() {
        let text = fs::read(at.join("b").join(&name)).unwrap();
        let text = String::from_utf8_lossy(&text);
        for person in ["ana@corp", "ben-security", "Ana Lopes", "@ana", "Jonas", "@sre", "# or Lin", "ben@acme.example"]
        {
            assert!(!text.contains(person), "{person} in {name}");
        }
        looked += usize::from(text.contains("person-"));
    }
    assert!(looked >= 2, "{looked}");
    // The words of an answer about somebody who has accepted a risk.
    fs::write(at.join("answers.yaml"), answer("lin", "ask Ana Lopes (@ana)")).unwrap();
    let refused = said(at, 2, &to("c"));
    assert!(refused.contains("the `note` of the answer to CD-03 would call somebody by name"), "{refused}");
    for by in ["|\n      lin", "lin\n      zhao"] {
        fs::write(at.join("answers.yaml"), answer(by, "nothing")).unwrap();
        let refused = said(at, 2, &to("c"));
        assert!(
            refused.contains("more than one line") || refused.contains("would call somebody by name"),
            "{by}: {refused}"
        );
    }
    assert!(!at.join("c").exists());
}

#[test]
fn a_key_of_pseudonyms_is_given_for_an_auditor_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    for profile in [&[][..], &["--profile", "internal"]] {
        let export = ["evidence", "export", "run1", "--out", "b", "--pseudonym-key", "env:PSEUDONYMS"];
        let refused = said(at, 2, &[&export[..], profile].concat());
        assert!(refused.contains("`--pseudonym-key` is for `--profile auditor`"), "{refused}");
        assert!(!at.join("b").exists());
    }
}

#[test]
fn what_a_bundle_calls_its_files_does_not_drive_the_terminal_and_an_export_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run1", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run1", "--out", "b"]);
    let none = said(at, 4, &["evidence", "answer", "b", "--export", "exports/nope"]);
    assert!(none.contains("`exports/nope`: there is no such export") && !none.contains("stdout"), "{none}");

    fs::write(at.join("b/\u{1b}[2J\u{7}x"), "").unwrap();
    let broken = said(at, 4, &["evidence", "verify", "b"]);
    assert!(broken.contains("`\\u{1b}[2J\\u{7}x`: this is no path inside a bundle"), "{broken}");
    let mut block = [0_u8; 1024];
    block[..5].copy_from_slice(b"\x1b[2Jx");
    fs::write(at.join("b.tar"), block).unwrap();
    let tar = said(at, 4, &["evidence", "verify", "b.tar"]);
    assert!(tar.contains("the entry `\\u{1b}[2Jx` is no path inside a bundle"), "{tar}");
    for told in [broken, tar] {
        assert!(!told.contains(['\u{1b}', '\u{7}']), "{told:?}");
    }
    // The lines of our own messages stay.
    let usage = said(at, 2, &["scan", "-c", "missing.yaml"]);
    assert!(usage.contains("\n\n    targets:\n      - name: prod-aws\n"), "{usage}");
}

#[test]
fn a_part_that_is_missing_among_what_was_stored_is_a_gap_and_the_same_part_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run", "-o", "report.txt"]);
    let units = fs::read_dir(at.join("run/units")).unwrap().map(|entry| entry.unwrap().path());
    let lost = units
        .filter_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            (header["scope"] != "discovery").then(|| (path, header["scope"].as_str().unwrap().to_owned()))
        })
        .min();
    let (path, scope) = lost.unwrap();
    said(at, 0, &["evidence", "export", "run", "--out", "whole"]);
    assert!(!fs::read_to_string(at.join("whole/VERIFY.md")).unwrap().contains(&format!("in `{scope}`: unreachable")));
    fs::remove_file(&path).unwrap();
    said(at, 0, &["evidence", "export", "run", "--out", "half"]);
    assert!(fs::read_to_string(at.join("half/VERIFY.md")).unwrap().contains(&format!("in `{scope}`: unreachable")));
    let replayed = said(at, 0, &["replay", "run", "--format", "json"]);
    assert!(replayed.contains("part of what was stored is missing"), "{replayed}");
    let twice = said(at, 4, &["evidence", "export", "run", "run", "--out", "twice"]);
    assert!(twice.contains("would count twice") && !at.join("twice").exists(), "{twice}");
}

#[test]
fn what_a_bundle_says_of_its_run_is_held_against_its_answers_when_it_is_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run", "-o", "report.txt"]);
    said(at, 0, &["evidence", "export", "run", "--out", "bundle"]);
    assert!(said(at, 0, &["replay", "bundle"]).contains("are those that the answers tell"));
    let sum = |bytes: &[u8]| palisade_provider::Body::new(bytes.to_vec()).digest().to_hex();
    // Other words, and a manifest that lists them.
    let reworded = |to: &str, name: &str, old: &str, new: &str| {
        assert!(Command::new("cp").current_dir(at).args(["-r", "bundle", to]).status().unwrap().success());
        let (path, manifest) = (at.join(to).join(name), at.join(to).join("manifest.json"));
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(old), "{name}");
        let after = before.replacen(old, new, 1);
        fs::write(&path, &after).unwrap();
        let entry = |text: &str| {
            format!(
                "\"path\": \"{name}\",\n      \"bytes\": {},\n      \"sha256\": \"{}\"",
                text.len(),
                sum(text.as_bytes())
            )
        };
        let listed = fs::read_to_string(&manifest).unwrap();
        if name != "manifest.json" {
            fs::write(&manifest, listed.replacen(&entry(&before), &entry(&after), 1)).unwrap();
        }
    };
    let run = fs::read_to_string(at.join("bundle/manifest.json")).unwrap();
    let run = run.lines().find(|line| line.contains("\"run\"")).unwrap();
    reworded("another-run", "manifest.json", run, "  \"run\": \"ffffffffffffffffffffffffffffffff\",");
    reworded("another-page", "VERIFY.md", "## 1. Unchanged?", "## 1. All is well");
    let verdict = fs::read_to_string(at.join("bundle/results/verdicts.ndjson")).unwrap();
    let fail = verdict.lines().find(|line| line.contains("\"verdict\":\"fail\"")).unwrap();
    let pass = fail.replace("\"verdict\":\"fail\"", "\"verdict\":\"pass\"");
    reworded("another-verdict", "results/verdicts.ndjson", fail, &pass);
    reworded("other-rules", "context/controls.json", "\"critical\"", "\"low\"");
    let (before, after) = (fs::read(at.join("bundle/context/controls.json")).unwrap(), at.join("other-rules"));
    let manifest = fs::read_to_string(after.join("manifest.json")).unwrap();
    let digest = sum(&fs::read(after.join("context/controls.json")).unwrap());
    fs::write(after.join("manifest.json"), manifest.replace(&sum(&before), &digest)).unwrap();
    // By what exports were made is left out, and what they say is another thing.
    reworded("other-exports", "exports/frameworks/cis-eks-2.0.0.json", "\"unknown\"", "\"satisfied\"");
    let made_by = "context/exports.json";
    fs::remove_file(at.join("other-exports").join(made_by)).unwrap();
    let manifest = fs::read_to_string(at.join("other-exports/manifest.json")).unwrap();
    let (before, rest) = manifest.split_once(&format!("    {{\n      \"path\": \"{made_by}\"")).unwrap();
    let (_, after) = rest.split_once("    },\n").unwrap();
    fs::write(at.join("other-exports/manifest.json"), [before, after].concat()).unwrap();
    for (bundle, named) in [
        ("another-run", "manifest.json"),
        ("another-page", "VERIFY.md"),
        ("another-verdict", "this very program"),
        ("other-rules", "context/controls.json"),
        ("other-exports", "does not say by what they were made"),
    ] {
        said(at, 0, &["evidence", "verify", bundle]);
        let refused = said(at, 4, &["replay", bundle]);
        assert!(refused.contains(named), "{refused}");
        let refused = said(at, 4, &["replay", bundle, "--with-current-rules"]);
        assert!(refused.contains(named), "{refused}");
    }
}

#[test]
fn while_nothing_of_a_target_was_read_that_was_asked_for_no_requirement_about_its_cloud_is_satisfied() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    said(at, 0, &["demo", "--clusters", "3", "--keep", "run", "-o", "report.txt"]);
    let target = |name: &str, provider: &str| format!("  - {{name: {name}, provider: {provider}}}\n");
    let asked = [target("acme-aws", "aws"), target("acme-azure", "azure"), target("acme-gcp", "gcp")].concat();
    fs::write(at.join("all.yaml"), format!("targets:\n{asked}")).unwrap();
    fs::write(at.join("more.yaml"), format!("targets:\n{asked}{}", target("second-aws", "aws"))).unwrap();
    let own = |cloud: &str| {
        let path = format!("{cloud}.yaml");
        let controls = ["GV-04", "ID-01", "ID-04", "ID-05", "ID-14", "NW-03", "SC-04"];
        let rows = controls.map(|id| format!("  - {{id: R-{id}, title: asked, controls: [{id}]}}\n"));
        let head = format!("id: own-{cloud}\ntitle: Own\nversion: \"1\"\nclouds: [{cloud}]\nrequirements:\n");
        fs::write(at.join(&path), head + &rows.concat()).unwrap();
        path
    };
    let frameworks = [own("aws"), own("azure")];
    let satisfied = |config: &str, cloud: &str| {
        let bundle = format!("of-{config}");
        if !at.join(&bundle).exists() {
            let [aws, azure] = &frameworks;
            let export = ["evidence", "export", "run", "--config", config, "--out", &bundle];
            said(at, 0, &[&export[..], &["--framework", aws, "--framework", azure]].concat());
            said(at, 0, &["replay", &bundle]);
        }
        let path = at.join(&bundle).join(format!("exports/frameworks/own-{cloud}.json"));
        let kept: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let framework = format!("{cloud}.yaml");
        let stored = ["frameworks", "report", "run", "--config", config, "--framework", &framework, "--format", "json"];
        let output = palisade(at, &stored);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let stored: Value = serde_json::from_slice(&output.stdout).unwrap();
        let count = |page: &Value| page["counts"]["satisfied"].as_u64().unwrap();
        assert_eq!(count(&kept), count(&stored), "{config}");
        count(&kept)
    };
    assert!(satisfied("all.yaml", "aws") > 0);
    assert_eq!(satisfied("more.yaml", "aws"), 0);
    assert_eq!(satisfied("more.yaml", "azure"), satisfied("all.yaml", "azure"), "it is about another cloud");
    let page = fs::read_to_string(at.join("of-more.yaml/VERIFY.md")).unwrap();
    assert!(page.contains("nothing of the target `second-aws` was read"), "{page}");
}
