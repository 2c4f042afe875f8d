//! What a bundle holds.

use crate::stage::{Making, Sealed, call, cluster, files, gaps, judge, policy, run, verdicts_again};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::GapRow;
use palisade_evidence::{
    Bundle, BundleWriter, Export, ExportError, FiringLine, FiringOutcome, Firings, Profile, Pseudonyms,
    ScheduleFirings, Told, Trust, VERDICTS, verify,
};
use palisade_model::Provider as Cloud;
use palisade_provider::{Failure, FailureReason, Snapshot};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use sha2::Digest as _;
use std::fs;

fn read(folder: &std::path::Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn the_same_run_gives_the_same_bytes_and_keeps_its_number() {
    let sealed = Sealed::new(2);
    sealed.make(&Making { name: "run-1", ..Making::default() }, "again");
    assert_eq!(files(&sealed.path("1")), files(&sealed.path("again")));
    sealed.make(&Making { name: "run-1", ..Making::default() }, "one.tar");
    sealed.make(&Making { name: "run-1", ..Making::default() }, "two.tar");
    assert_eq!(fs::read(sealed.path("one.tar")).unwrap(), fs::read(sealed.path("two.tar")).unwrap());
    assert_eq!(files(&sealed.path("log")).iter().filter(|(name, _)| name == "log.ndjson").count(), 1);
    assert_eq!(fs::read_to_string(sealed.path("log/log.ndjson")).unwrap().lines().count(), 2);
}

#[test]
fn a_bundle_holds_and_its_verdicts_come_out_again_byte_for_byte() {
    let sealed = Sealed::new(1);
    sealed.make(&Making { name: "run-1", ..Making::default() }, "1.tar");
    for place in ["1", "1.tar"] {
        let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
        let bundle = Bundle::open(&sealed.path(place), &trust).unwrap();
        assert!(bundle.checked().signed.as_ref().unwrap().trusted);
        assert_eq!(bundle.policy().unwrap(), policy());
        assert!(!bundle.verdicts().unwrap().is_empty());
        assert_eq!(verdicts_again(&bundle), bundle.verdicts().unwrap());
    }
}

#[test]
fn a_verdict_names_the_calls_of_the_ledger_that_it_rests_on() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    Making::default().at(&place, None).unwrap();
    let ledger: Vec<Value> = fs::read_to_string(place.join("calls.ndjson"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let verdicts = fs::read_to_string(place.join(VERDICTS)).unwrap();
    let open = verdicts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["control"] == "CP-01" && line["cluster_name"] == "shop")
        .unwrap();
    assert_eq!((&open["verdict"], &open["waived"]), (&json!("fail"), &json!(true)), "{open}");
    let number: usize = open["calls"].as_str().unwrap().split([',', '-']).next().unwrap().parse().unwrap();
    let call = &ledger[number - 1];
    assert_eq!((&call["operation"], &call["params"]["cluster"]), (&json!("eks:DescribeCluster"), &json!("shop")));
    let digest = call["sha256"].as_str().unwrap();
    let answer =
        fs::read_to_string(place.join(format!("raw/{}/{digest}.json", digest.chars().take(2).collect::<String>())))
            .unwrap();
    assert!(answer.contains("\"shop\""));
}

/// The verdicts of a bundle and the scopes of the calls that each rests on.
fn verdicts_and_scopes(place: &std::path::Path) -> Vec<(Value, Vec<String>)> {
    let lines = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(place.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let ledger = lines("calls.ndjson");
    let scope_of = |number: usize| ledger[number - 1]["scope"].as_str().unwrap().to_owned();
    let numbers = |calls: &str| -> Vec<usize> {
        let ranges = calls.split(',').filter(|range| !range.is_empty());
        let ends = ranges.map(|range| range.split_once('-').unwrap_or((range, range)));
        ends.flat_map(|(first, last)| first.parse().unwrap()..=last.parse().unwrap()).collect()
    };
    let with_scopes = |verdict: Value| {
        let scopes = numbers(verdict["calls"].as_str().unwrap()).into_iter().map(scope_of).collect();
        (verdict, scopes)
    };
    lines(VERDICTS).into_iter().map(with_scopes).collect()
}

/// An account with one cluster whose answers are the same in every account.
fn alike(target: &str, account: &str) -> Snapshot {
    let place = format!("{account}/eu-west-1");
    let built = SnapshotBuilder::new(Cloud::Aws, account)
        .answer(call("eks:ListClusters"), &place, &[], json!({ "clusters": ["twin"], "nextToken": null }))
        .answer(call("eks:DescribeCluster"), &place, &[("cluster", "twin")], cluster("twin", true))
        .build();
    let span = (built.started_at, built.finished_at);
    Snapshot::new(target.to_owned(), Cloud::Aws, account.to_owned(), span, built.records().to_vec())
}

#[test]
fn a_verdict_rests_on_calls_of_its_own_account_also_where_another_one_answered_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let accounts = ["111111111111", "222222222222", "333333333333"];
    // Not in the order in which clusters stand among the verdicts.
    let run = [2, 0, 1].map(|at| alike("test", accounts[at])).to_vec();
    Making { run, gaps: Vec::new(), ..Making::default() }.at(&place, None).unwrap();
    let verdicts = verdicts_and_scopes(&place);
    let mut rested = 0;
    for (verdict, scopes) in &verdicts {
        assert!(scopes.iter().all(|scope| *scope == verdict["scope"]), "{verdict}: {scopes:?}");
        rested += scopes.len();
    }
    assert!(rested > accounts.len());
    let order: Vec<&Value> = verdicts.iter().map(|(verdict, _)| &verdict["scope"]).collect();
    assert!(order.is_sorted_by_key(|scope| scope.as_str()), "{order:?}");
    let bundle = Bundle::open(&place, &Trust::default()).unwrap();
    assert_eq!(verdicts_again(&bundle), bundle.verdicts().unwrap());
}

#[test]
fn a_cluster_that_two_targets_reach_has_the_verdicts_of_both_and_each_rests_on_its_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let run = vec![alike("one", "111111111111"), alike("two", "111111111111")];
    let finished = Making { run, gaps: Vec::new(), asked: Vec::new(), ..Making::default() }.at(&place, None).unwrap();
    assert_eq!((finished.clusters_listed, finished.clusters_evaluated), (1, 1));
    assert!(finished.manifest.complete);
    let bundle = Bundle::open(&place, &Trust::default()).unwrap();
    assert_eq!(verdicts_again(&bundle), bundle.verdicts().unwrap());
    let of_first: Vec<String> = verdicts_and_scopes(&place)
        .into_iter()
        .filter(|(verdict, _)| verdict["control"] == "CP-01")
        .map(|(verdict, _)| verdict["calls"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(of_first.len(), 2, "{of_first:?}");
    assert_ne!(of_first[0], of_first[1]);
}

#[test]
fn a_bundle_is_not_complete_where_only_the_places_that_an_inventory_named_were_read() {
    let folder = tempfile::tempdir().unwrap();
    for (name, checked, cross_checked, is_complete) in
        [("alone", 0, false, false), ("checked", 7, false, true), ("every-place", 0, true, true)]
    {
        let place = folder.path().join(name);
        let told = vec![Told { words: "`t` as told by an aggregator".to_owned(), checked, cross_checked }];
        let run = vec![alike("test", "111111111111")];
        let finished = Making { run, told, gaps: Vec::new(), ..Making::default() }.at(&place, None).unwrap();
        assert_eq!(finished.manifest.complete, is_complete, "{name}");
        let page = fs::read_to_string(place.join("VERIFY.md")).unwrap();
        assert!(
            page.contains("found t as told by an aggregator") && page.contains("**Complete**") == is_complete,
            "{page}"
        );
        verify(&place, &Trust::default()).unwrap();
    }
}

#[test]
fn what_is_not_the_last_verdict_or_more_than_it_is_not_what_the_bundle_says() {
    let sealed = Sealed::new(1);
    let bundle = Bundle::open(&sealed.path("1"), &Trust::default()).unwrap();
    let lines: Vec<String> = bundle.verdicts().unwrap().split_inclusive('\n').map(str::to_owned).collect();
    assert!(bundle.says(lines.clone()).unwrap());
    assert!(!bundle.says(lines[1..].to_vec()).unwrap());
    assert!(!bundle.says(lines[..lines.len() - 1].to_vec()).unwrap());
    assert!(!bundle.says(lines.iter().chain([&lines[0]]).cloned()).unwrap());
    assert!(!bundle.says([]).unwrap());
}

#[test]
fn populations_reconcile_and_what_was_refused_is_explained_on_the_first_page() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let finished = Making::default().at(&place, None).unwrap();
    let coverage = read(&place, "results/coverage.json");
    let explained = coverage["explained"].as_array().unwrap().len() as u64;
    assert_eq!(coverage["clusters_listed"], 3);
    assert_eq!(coverage["clusters_evaluated"].as_u64().unwrap() + explained, 3);
    assert_eq!(coverage["unexplained"], json!([]));
    assert_eq!((&coverage["calls_made"], &coverage["calls_failed"]), (&json!(6), &json!(1)));
    assert!(!finished.manifest.complete);
    let page = fs::read_to_string(place.join("VERIFY.md")).unwrap();
    let (first, _) = page.split_once("## 1.").unwrap();
    assert!(first.contains("**This evidence has gaps.**") && first.contains("eks:DescribeCluster"), "{first}");
    let scope = read(&place, "context/scope.json");
    assert_eq!(scope["denied"][0]["operation"], "eks:DescribeCluster");
    assert_eq!(
        (scope["asked"][0]["scopes"].as_str(), scope["read"].as_array().unwrap().len()),
        (Some("every account"), 2)
    );
}

#[test]
fn a_cluster_that_was_listed_and_is_nowhere_else_and_a_target_of_which_nothing_was_read_are_gaps() {
    let list = call("eks:ListClusters");
    let place = "111111111111/eu-west-1";
    // A page is missing: the list names a cluster and nobody judged it.
    let torn = SnapshotBuilder::new(palisade_model::Provider::Aws, "111111111111")
        .page(list, place, &[], (0, false), json!({ "clusters": ["lost"], "nextToken": "x" }))
        .build();
    let folder = tempfile::tempdir().unwrap();
    let mut making = Making { run: vec![torn], gaps: Vec::new(), ..Making::default() };
    making.asked.push(palisade_evidence::Asked {
        target: "other".to_owned(),
        provider: palisade_model::Provider::Gcp,
        scopes: String::new(),
    });
    let finished = making.at(&folder.path().join("b"), None).unwrap();
    assert!(!finished.manifest.complete);
    let page = fs::read_to_string(folder.path().join("b/VERIFY.md")).unwrap();
    assert!(page.contains("- nothing of the target `other` was read"), "{page}");
    assert!(
        page.contains("lost of aws in `111111111111/eu-west-1`: listed, not judged, and nothing says why"),
        "{page}"
    );
    verify(&folder.path().join("b"), &Trust::default()).unwrap();
}

#[test]
fn a_lost_cluster_is_neither_explained_nor_made_up_for_by_one_of_its_name_in_another_account() {
    let (list, describe) = (call("eks:ListClusters"), call("eks:DescribeCluster"));
    let (here, there) = ("111111111111/eu-west-1", "222222222222/eu-west-1");
    // Of one a page is missing, and nobody judged it; of the other nobody was let in, and it was judged.
    let named = || json!({ "clusters": ["shop"], "nextToken": "x" });
    let lost = SnapshotBuilder::new(Cloud::Aws, "111111111111").page(list, here, &[], (0, false), named());
    let torn = SnapshotBuilder::new(Cloud::Aws, "222222222222").page(list, there, &[], (0, false), named());
    let refused = torn.failure(describe, there, &[("cluster", "shop")], Failure::new(FailureReason::Denied, "no"));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let gap = GapRow { scope: there.to_owned(), ..gaps().remove(0) };
    let making = Making { run: vec![lost.build(), refused.build()], gaps: vec![gap], ..Making::default() };
    making.at(&place, None).unwrap();
    let coverage = read(&place, "results/coverage.json");
    let of = |rows: &str| coverage[rows].as_array().unwrap().iter().map(|row| row["scope"].clone()).collect::<Vec<_>>();
    assert_eq!((of("explained"), of("unexplained")), (Vec::new(), vec![json!(here)]));
    assert_eq!(verify(&place, &Trust::default()).unwrap().clusters_unexplained, [format!("shop of aws in {here}")]);
}

#[test]
fn where_no_run_is_remembered_nobody_says_that_none_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, schedules: Vec<ScheduleFirings>| {
        let place = folder.path().join(name);
        Making { firings: Some(Firings::new(schedules)), ..Making::default() }.at(&place, None).unwrap();
        verify(&place, &Trust::default()).unwrap();
        fs::read_to_string(place.join("VERIFY.md")).unwrap()
    };
    let until = run()[0].started_at;
    let nightly = |after, firings| ScheduleFirings {
        schedule: "nightly".to_owned(),
        when: "every hour".to_owned(),
        time_zone: "UTC".to_owned(),
        after,
        until,
        firings,
    };
    for (name, schedules) in [("none remembered", vec![nightly(None, Vec::new())]), ("no schedule", Vec::new())] {
        let page = of(name, schedules);
        assert!(page.contains("**Nobody knows whether runs are missing**"), "{page}");
        assert!(!page.contains("No run is missing"), "{page}");
    }
    let at = until.checked_sub(SignedDuration::from_hours(1)).ok();
    assert!(of("remembered", vec![nightly(at, Vec::new())]).contains("**No run is missing.**"));
}

#[test]
fn a_run_in_which_everything_was_answered_says_so() {
    let whole: Vec<_> = run().into_iter().skip(1).collect();
    let folder = tempfile::tempdir().unwrap();
    let finished =
        Making { run: whole, gaps: Vec::new(), ..Making::default() }.at(&folder.path().join("b"), None).unwrap();
    assert!(finished.manifest.complete);
    let page = fs::read_to_string(folder.path().join("b/VERIFY.md")).unwrap();
    assert!(page.contains("**Complete**"), "{page}");
}

#[test]
fn what_looks_like_a_secret_keeps_a_bundle_from_being_made_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let token = format!("ghp_{}", "a1".repeat(20));
    let list = call("eks:ListClusters");
    let answer = |text: &str| {
        SnapshotBuilder::new(palisade_model::Provider::Aws, "111111111111")
            .answer(list, "111111111111/eu-west-1", &[], json!({ "clusters": [], "note": text }))
            .build()
    };
    let words = SnapshotBuilder::new(palisade_model::Provider::Aws, "111111111111")
        .failure(list, "111111111111/eu-west-1", &[], Failure::new(FailureReason::Malformed, &token))
        .build();
    for (snapshot, file) in [(answer(&token), "raw/"), (words, "calls.ndjson, line 1")] {
        let making = Making { run: vec![snapshot], gaps: gaps(), ..Making::default() };
        let error = making.at(&folder.path().join("b"), None).unwrap_err();
        let ExportError::Secret { file: named, .. } = &error else { panic!("{error}") };
        assert!(named.starts_with(file), "{named}");
        assert!(!error.to_string().contains(&token));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_auditor_is_shown_no_person_and_the_verdicts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::Auditor(Pseudonyms::new("a key that stays inside").unwrap());
    let making = Making { profile, ..Making::default() };
    for place in ["one", "two"] {
        making.at(&folder.path().join(place), None).unwrap();
    }
    assert_eq!(files(&folder.path().join("one")), files(&folder.path().join("two")));
    for (name, bytes) in files(&folder.path().join("one")) {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("ana@") && !text.contains("\"ben\""), "{name}");
    }
    let (inside, _) = judge(&run(), &policy());
    let bundle = Bundle::open(&folder.path().join("one"), &Trust::default()).unwrap();
    let outside = bundle.verdicts().unwrap();
    assert_eq!(verdicts_again(&bundle), outside);
    for (finding, line) in inside.iter().zip(outside.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (line["control"].as_str(), line["verdict"].as_str()),
            (Some(finding.control.id), Some(finding.state.name()))
        );
        assert_eq!(line["waived"], finding.waived);
    }
    assert_eq!(inside.len(), outside.lines().count());
}

#[test]
fn answers_to_what_no_api_tells_go_into_the_bundle_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let text = "answers:\n  - control: BK-01\n";
    Making { answers: Some(text), ..Making::default() }.at(&folder.path().join("b"), None).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("b/context/answers.yaml")).unwrap(), text);
    verify(&folder.path().join("b"), &Trust::default()).unwrap();
}

#[test]
fn a_bundle_is_made_once_and_never_over_something() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    assert!(matches!(Making::default().at(&folder.path().join("b"), None), Err(ExportError::Exists { .. })));
    std::os::unix::fs::symlink("/nonexistent", folder.path().join("link")).unwrap();
    assert!(matches!(Making::default().at(&folder.path().join("link"), None), Err(ExportError::Exists { .. })));
}

#[test]
fn what_an_export_left_that_was_cut_off_stands_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let part = folder.path().join("b.part");
    let make = || Making::default().at(&place, None);
    // A process that ended holds nothing.
    fs::create_dir_all(part.join("bundle/raw/ab")).unwrap();
    fs::write(part.join("bundle/calls.ndjson"), "half a li").unwrap();
    fs::write(part.join("palisade-export.part"), "").unwrap();
    make().unwrap();
    verify(&place, &Trust::default()).unwrap();
    assert!(!part.exists());
    fs::remove_dir_all(&place).unwrap();
    // One that is at it does.
    let other = BundleWriter::create(&place, &Profile::Internal).unwrap();
    assert!(matches!(make(), Err(ExportError::Busy { .. })));
    drop(other);
    make().unwrap();
    fs::remove_dir_all(&place).unwrap();
    // And what is none of ours is nobody's to remove.
    fs::create_dir(&part).unwrap();
    fs::write(part.join("thesis.tex"), "ten years").unwrap();
    assert!(matches!(make(), Err(ExportError::InTheWay { .. })));
    assert!(part.join("thesis.tex").exists());
    fs::remove_dir_all(&part).unwrap();
    std::os::unix::fs::symlink(folder.path(), &part).unwrap();
    assert!(matches!(make(), Err(ExportError::InTheWay { .. })));
}

#[test]
fn a_run_that_was_missed_is_on_the_first_page_and_cannot_be_taken_out() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let until = run()[0].started_at;
    let at = until.checked_sub(SignedDuration::from_hours(1)).unwrap();
    let line = |outcome, at, attempts, ended: Option<Timestamp>| FiringLine {
        at,
        scheduled: true,
        outcome,
        attempts,
        started_at: ended,
        finished_at: ended,
    };
    let firings = Firings::new(vec![ScheduleFirings {
        schedule: "nightly".to_owned(),
        when: "every hour".to_owned(),
        time_zone: "UTC".to_owned(),
        after: at.checked_sub(SignedDuration::from_hours(1)).ok(),
        until,
        firings: vec![line(FiringOutcome::Missed, at, 0, None), line(FiringOutcome::Done, until, 1, Some(until))],
    }]);
    Making { firings: Some(firings.clone()), ..Making::default() }.at(&place, None).unwrap();
    let page = fs::read_to_string(place.join("VERIFY.md")).unwrap();
    assert!(page.contains("**Runs are missing.** Of 2"), "{page}");
    assert!(page.contains(&format!("- the run of `nightly` due {at} was missed")), "{page}");
    let checked = verify(&place, &Trust::default()).unwrap();
    assert_eq!(checked.firings, Some(firings));
    assert_eq!(checked.manifest.firings.unwrap().missed, 1);
    // The manifest counts them, so neither the file nor a line of it can go, even where a manifest can be written again.
    let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
    fs::write(place.join("manifest.json"), manifest.replace("\"missed\": 1", "\"missed\": 0")).unwrap();
    let broken = verify(&place, &Trust::default()).unwrap_err();
    assert_eq!(
        (broken.file.as_str(), broken.fact.as_str()),
        ("context/firings.json", "it has other firings than the manifest counts")
    );
}

#[test]
fn exports_stand_in_their_folder_and_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    // It need not be text.
    let bytes = vec![0, 159, 146, 150];
    let making = Making {
        exports: vec![("list.csv", b"a\n".to_vec()), ("frameworks/own.bin", bytes.clone())],
        ..Making::default()
    };
    let finished = making.at(&place, None).unwrap();
    assert_eq!(fs::read(place.join("exports/frameworks/own.bin")).unwrap(), bytes);
    let roles: Vec<(&str, &str)> = finished
        .manifest
        .files
        .iter()
        .filter(|entry| entry.path.starts_with("exports/"))
        .map(|entry| (entry.path.as_str(), entry.role.as_str()))
        .collect();
    assert_eq!(roles, [("exports/frameworks/own.bin", "export"), ("exports/list.csv", "export")]);
    verify(&place, &Trust::default()).unwrap();
}

#[test]
fn an_export_leads_nowhere_else() {
    for path in ["../x", "/x", "", "a/b/c", ".x", "a//b"] {
        assert!(Export::new(path, "text/plain", |_| Ok(())).is_none(), "{path}");
    }
}

#[test]
fn an_export_with_a_secret_keeps_the_bundle_from_being_made_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let token = format!("ghp_{}", "A".repeat(44));
    for before in [0, 1 << 19, (1 << 20) - 20, (3 << 20) - 2] {
        let mut bytes = vec![b' '; before];
        bytes.extend(token.bytes());
        let making = Making { exports: vec![("list.csv", bytes)], ..Making::default() };
        let refused = making.at(&folder.path().join("b"), None).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!(
                "`exports/list.csv` would hold a secret: what looks like a GitHub token stands at byte {before}; nothing \
                 was given away"
            )
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_empty_folder_among_the_exports_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    Making { exports: Vec::new(), ..Making::default() }.at(&place, None).unwrap();
    for (path, said) in
        [("exports", "`exports`: the folder is empty"), ("exports/x", "`exports/x`: the folder is empty")]
    {
        fs::create_dir(place.join(path)).unwrap();
        assert_eq!(verify(&place, &Trust::default()).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_ledger_says_who_made_each_call_as_the_cloud_said_it_and_an_auditor_sees_no_name() {
    let identity = json!({ "GetCallerIdentityResponse": { "GetCallerIdentityResult": {
        "Account": "111111111111", "Arn": "arn:aws:sts::111111111111:assumed-role/Scanner/ana" } } });
    let session = json!({ "AssumeRoleResponse": { "AssumeRoleResult": { "AssumedRoleUser": {
        "Arn": "arn:aws:sts::222222222222:assumed-role/PalisadeReader/palisade" } } } });
    let list = || json!({ "clusters": [], "nextToken": null });
    let places = [("111111111111", "111111111111/eu-west-1"), ("222222222222", "222222222222/eu-west-1")];
    let discovery = SnapshotBuilder::new(Cloud::Aws, "discovery")
        .answer(call("sts:GetCallerIdentity"), "test", &[], identity)
        .build();
    let own = SnapshotBuilder::new(Cloud::Aws, places[0].0).answer(call("eks:ListClusters"), places[0].1, &[], list());
    let other = SnapshotBuilder::new(Cloud::Aws, places[1].0)
        .answer(call("sts:AssumeRole"), places[1].0, &[("role", "PalisadeReader")], session)
        .answer(call("organizations:ListParents"), places[1].0, &[], json!({ "Parents": [] }))
        .answer(call("eks:ListClusters"), places[1].1, &[], list());
    let run = vec![own.build(), other.build(), discovery];
    let folder = tempfile::tempdir().unwrap();
    let pseudonyms = Pseudonyms::new("a key of the organisation").unwrap();
    let shown = pseudonyms.text("arn:aws:sts::111111111111:assumed-role/Scanner/ana");
    assert!(shown.contains("assumed-role/Scanner/person-"), "{shown}");
    for (profile, place, own) in [
        (Profile::Internal, "internal", "arn:aws:sts::111111111111:assumed-role/Scanner/ana"),
        (Profile::Auditor(pseudonyms), "auditor", shown.as_str()),
    ] {
        let making = Making { run: run.clone(), gaps: Vec::new(), profile, ..Making::default() };
        making.at(&folder.path().join(place), None).unwrap();
        let text = fs::read_to_string(folder.path().join(place).join("calls.ndjson")).unwrap();
        let entered = "arn:aws:sts::222222222222:assumed-role/PalisadeReader/palisade";
        let mut told = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let who = line["principal"].as_str().unwrap();
            let expected =
                if line["operation"] == "eks:ListClusters" && line["unit"] == "222222222222" { entered } else { own };
            assert_eq!(who, expected, "{line}");
            told.push(who.to_owned());
        }
        assert_eq!(told.len(), 5);
        verify(&folder.path().join(place), &Trust::default()).unwrap();
    }
    for (name, bytes) in files(&folder.path().join("auditor")) {
        assert!(!String::from_utf8_lossy(&bytes).contains("Scanner/ana"), "{name}");
    }
}

/// Puts other words into a file of a bundle that is not sealed, and into the manifest what it takes.
fn reworded(place: &std::path::Path, name: &str, old: &str, new: &str) {
    let sum = |text: &str| hex::encode(sha2::Sha256::digest(text));
    let before = fs::read_to_string(place.join(name)).unwrap();
    assert!(before.contains(old), "{name}: {before}");
    let after = before.replacen(old, new, 1);
    fs::write(place.join(name), &after).unwrap();
    let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
    let entry = |text: &str| {
        format!("\"path\": \"{name}\",\n      \"bytes\": {},\n      \"sha256\": \"{}\"", text.len(), sum(text))
    };
    assert!(manifest.contains(&entry(&before)), "{manifest}");
    fs::write(place.join("manifest.json"), manifest.replacen(&entry(&before), &entry(&after), 1)).unwrap();
}

#[test]
fn a_bundle_that_conceals_what_its_own_answers_and_scope_know_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, making: &Making<'_>, change: &dyn Fn(&std::path::Path)| {
        let place = folder.path().join(name);
        making.at(&place, None).unwrap();
        change(&place);
        verify(&place, &Trust::default()).expect_err(name).to_string()
    };
    let whole = Making::default();
    let place = folder.path().join("whole");
    whole.at(&place, None).unwrap();
    assert!(verify(&place, &Trust::default()).is_ok());

    let untold = refused("a failure", &Making { gaps: Vec::new(), ..Making::default() }, &|_| ());
    assert!(untold.contains("results/coverage.json") && untold.contains("eks:DescribeCluster"), "{untold}");

    let parts = ["111111111111", "222222222222", "333333333333"].map(str::to_owned);
    let mut found = run();
    found.push(SnapshotBuilder::new(Cloud::Aws, "discovery").build().of_parts(parts));
    let untold = refused("a part", &Making { run: found, ..Making::default() }, &|_| ());
    assert!(untold.contains("results/coverage.json") && untold.contains("333333333333"), "{untold}");

    // That another call failed there tells nothing of its clusters.
    let mut found = run();
    let elsewhere = SnapshotBuilder::new(Cloud::Aws, "discovery").build().of_parts(["333333333333".to_owned()]);
    found.push(elsewhere);
    let other = GapRow { scope: "333333333333".to_owned(), call: "iam:ListUsers".to_owned(), ..gaps().remove(0) };
    let gaps = gaps().into_iter().chain([other]).collect();
    let untold =
        refused("a part of which something else is told", &Making { run: found, gaps, ..Making::default() }, &|_| ());
    assert!(untold.contains("nothing of `333333333333`"), "{untold}");

    let untold = refused("a target", &whole, &|place| {
        reworded(place, "context/scope.json", "\"target\": \"test\"", "\"target\": \"other\"");
    });
    assert!(untold.contains("results/coverage.json") && untold.contains("targets"), "{untold}");

    let untold = refused("a refusal", &whole, &|place| {
        reworded(place, "context/scope.json", "\"times\": 1", "\"times\": 2");
    });
    assert!(untold.contains("context/scope.json"), "{untold}");

    let untold = refused("the rules", &whole, &|place| {
        reworded(place, "context/controls.json", "\"critical\"", "\"low\"");
    });
    assert!(untold.contains("context/controls.json"), "{untold}");

    let untold = refused("the time", &whole, &|place| {
        let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
        let as_of = manifest.lines().find(|line| line.contains("\"as_of\"")).unwrap();
        let later = manifest.replacen(as_of, "  \"as_of\": \"2015-01-01T00:00:00Z\",", 1);
        fs::write(place.join("manifest.json"), later).unwrap();
    });
    assert!(untold.contains("manifest.json") && untold.contains("another time"), "{untold}");

    let said = |place: &std::path::Path, old: &str, new: &str| {
        let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
        assert!(manifest.contains(old), "{manifest}");
        fs::write(place.join("manifest.json"), manifest.replacen(old, new, 1)).unwrap();
    };
    let untold = refused("a word", &whole, &|place| {
        said(place, "\"redaction\": \"internal/1\"", "\"redaction\": \"internal/1 |\\n\\n**Complete**\"");
    });
    assert!(untold.contains("manifest.json") && untold.contains("nothing that a manifest says"), "{untold}");

    let untold = refused("a file", &whole, &|place| {
        fs::write(place.join("results/opinion.md"), "fine").unwrap();
        let entry = |path: &str| format!("    {{\n      \"path\": \"{path}\",");
        let more = [
            &entry("results/opinion.md"),
            "      \"bytes\": 4,",
            &format!("      \"sha256\": \"{}\",", hex::encode(sha2::Sha256::digest("fine"))),
            "      \"media_type\": \"text/markdown\",",
            "      \"role\": \"context\"",
            "    },",
            &entry("results/verdicts.ndjson"),
        ];
        let more = more.join("\n");
        said(place, &entry("results/verdicts.ndjson"), &more);
    });
    assert!(untold.contains("results/opinion.md") && untold.contains("no such file"), "{untold}");

    for (name, old, new) in [
        ("context/policy.json", "{", "{ "),
        ("context/scope.json", "\n", "\r\n"),
        ("results/coverage.json", "\"clusters_listed\": 3", "\"clusters_listed\": 18446744073709551615"),
    ] {
        let untold =
            refused(&format!("another {}", name.replace('/', "-")), &whole, &|place| reworded(place, name, old, new));
        assert!(untold.contains(name), "{untold}");
        assert!(untold.contains("in another way") || untold.contains("more than there can be"), "{untold}");
    }

    let untold = refused("a role", &whole, &|place| {
        let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
        fs::write(place.join("manifest.json"), manifest.replacen("\"export\"", "\"page\"", 1)).unwrap();
    });
    assert!(untold.contains("exports/"), "{untold}");
}
