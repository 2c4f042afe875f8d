use super::{found::REMOVING, *};
use palisade_controls::controls;
use palisade_engine::{Coverage, Policy};
use palisade_evidence::{BundleWriter, Context as BundleContext, Judged, Manifest, Profile};
use std::path::PathBuf;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A bundle of a run that read nothing.
fn bundle(place: &Path, run: &str, as_of: &str, key: Option<&PeriodKey>) {
    let mut writer = BundleWriter::create(place, &Profile::Internal).unwrap();
    if let Some(key) = key {
        writer = writer.closed_with(key.clone());
    }
    let judged = Judged { run, span: (at(as_of), at(as_of)), coverage: Coverage::default(), told: &[], gaps: &[] };
    let (policy, controls) = (Policy::default(), controls());
    let context = BundleContext {
        asked: &[],
        policy: &policy,
        controls: &controls,
        answers: None,
        firings: None,
        storage: None,
        exports: None,
        palisade: ("0.0.0", "ab"),
    };
    writer.finish(&judged, &context, &[], None).unwrap();
}

fn config(after_runs: bool) -> EvidenceConfig {
    let held = HoldConfig {
        reason: "case 4711".to_owned(),
        by: "ana".to_owned(),
        run: Some("run-held".to_owned()),
        from: None,
        to: None,
    };
    EvidenceConfig {
        bundles: vec!["bundles".to_owned()],
        period_keys: Some("keys".to_owned()),
        bundles_days: 2557,
        answers_days: 400,
        after_runs,
        record: "record.ndjson".to_owned(),
        holds: vec![held],
    }
}

/// Bundles of all sorts, and the keys of three months.
fn stage() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("keys")).unwrap();
    let keys: Vec<PeriodKey> = ["2018-01", "2018-02", "2026-11"]
        .map(|period| {
            let (key, text) = PeriodKey::generate(period).unwrap();
            fs::write(root.join(format!("keys/{period}.key")), text).unwrap();
            key
        })
        .into();
    let bundles = root.join("bundles");
    bundle(&bundles.join("old"), "run-old", "2018-01-15T00:00:00Z", keys.first());
    bundle(&bundles.join("old.tar"), "run-old-2", "2018-01-16T00:00:00Z", None);
    bundle(&bundles.join("held"), "run-held", "2018-02-15T00:00:00Z", keys.get(1));
    bundle(&bundles.join("young"), "run-young", "2026-11-15T00:00:00Z", keys.get(2));
    bundle(&bundles.join("damaged"), "run-damaged", "2018-01-17T00:00:00Z", None);
    fs::write(bundles.join("damaged/results/verdicts.ndjson"), "x").unwrap();
    fs::create_dir(bundles.join("none-of-ours")).unwrap();
    fs::create_dir(bundles.join("of-somebody.removing")).unwrap();
    folder
}

fn told(rows: &[Row]) -> Vec<String> {
    let name = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
    rows.iter().map(|row| format!("{} {:?}", name(&row.place), row.fate)).collect()
}

/// What stands in the folder of bundles.
fn bundles(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("bundles")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What somebody does who removes a bundle and is interrupted.
fn interrupt(root: &Path, name: &str, step: Step) -> PathBuf {
    let path = root.join("bundles").join(name);
    let (manifest, sha256) = Manifest::of_bundle(&path).unwrap();
    let removal = Removal {
        what: BUNDLE,
        place: &path.display().to_string(),
        because: "it was due",
        run: Some(&manifest.run),
        as_of: Some(manifest.as_of),
        sha256: Some(&sha256),
        number: None,
        key_id: None,
    };
    let mut record = Record::open(&root.join("record.ndjson"), Timestamp::UNIX_EPOCH).unwrap();
    record.put(Step::Begun, &removal, None).unwrap();
    if step != Step::Begun {
        record.put(step, &removal, None).unwrap();
    }
    let rest = place::beside(&path, REMOVING);
    fs::rename(&path, &rest).unwrap();
    rest
}

#[tokio::test]
async fn what_is_due_is_told_first_and_removed_only_when_asked_and_what_is_held_or_broken_stays() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    let Retained { rows, warnings } = retain(&config(false), &path, now, false).await.unwrap();
    let keys = ["2018-01.key Due", "2018-02.key Held", "2026-11.key Kept"];
    assert_eq!(
        told(&rows),
        [&keys[..], &["damaged Due", "held Held", "old Due", "old.tar Due", "young Kept"]].concat()
    );
    assert!(!root.join("record.ndjson").exists() && root.join("keys/2018-01.key").exists());
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(warning.contains("/bundles/of-somebody.removing` is left alone"), "{warning}");

    let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
    let keys = ["2018-01.key Removed", "2018-02.key Held", "2026-11.key Kept"];
    assert_eq!(
        told(&rows),
        [&keys[..], &["damaged Failed", "held Held", "old Removed", "old.tar Removed", "young Kept"]].concat()
    );
    assert_eq!(bundles(root), ["damaged", "held", "none-of-ours", "of-somebody.removing", "young"]);
    assert!(!root.join("keys/2018-01.key").exists() && root.join("keys/2018-02.key").exists());
    let held = rows.iter().find(|row| row.place.ends_with("held")).unwrap();
    assert_eq!(held.because, "held by ana: case 4711");

    // Once more: nothing is left to do but what is broken, and the record goes on where it was.
    retain(&config(false), &path, now, true).await.unwrap();
    let text = fs::read_to_string(root.join("record.ndjson")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps: Vec<_> = lines.iter().map(|line| line["step"].as_str().unwrap()).collect();
    let once = ["begun", "removed", "begun", "failed", "begun", "removed", "begun", "removed"];
    assert_eq!(steps, [&once[..], &["begun", "failed"]].concat());
    for (line, next) in text.lines().zip(lines.iter().skip(1)) {
        let digest = palisade_provider::Body::new(line.as_bytes().to_vec()).digest().to_hex();
        assert_eq!(next["previous"], digest);
    }
    assert_eq!(lines[0]["key_id"].as_str().map(str::len), Some(32));
    assert_eq!(lines[4]["run"], "run-old");
}

#[tokio::test]
async fn a_removal_that_was_interrupted_goes_on_as_that_of_the_bundle_and_no_name_alone_removes_anything() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    // One of which the manifest is gone already, one that failed in the middle, and one that was held since.
    fs::remove_file(interrupt(root, "old", Step::Begun).join("manifest.json")).unwrap();
    interrupt(root, "old.tar", Step::Failed);
    fs::remove_file(interrupt(root, "held", Step::Begun).join("manifest.json")).unwrap();
    // A bundle that the record says is removed, and one that it does not know.
    bundle(&root.join("bundles/gone"), "run-gone", "2018-01-18T00:00:00Z", None);
    interrupt(root, "gone", Step::Removed);
    fs::rename(root.join("bundles/young"), root.join("bundles/young.removing")).unwrap();
    let before = bundles(root);

    let Retained { rows, warnings } = retain(&config(false), &path, now, false).await.unwrap();
    let keys = ["2018-01.key Due", "2018-02.key Held", "2026-11.key Kept"];
    assert_eq!(told(&rows), [&keys[..], &["damaged Due", "held Held", "old Due", "old.tar Due"]].concat());
    let old = rows.iter().find(|row| row.place.ends_with("/old")).unwrap();
    assert!(old.because.contains("was interrupted, and the rest of it is `"), "{}", old.because);
    assert!(old.because.ends_with("/bundles/old.removing`"), "{}", old.because);
    let left_alone: Vec<&str> =
        warnings.iter().map(|text| text.split('`').nth(1).unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(left_alone, ["gone.removing", "of-somebody.removing", "young.removing"]);
    assert_eq!(bundles(root), before);

    let Retained { rows, warnings } = retain(&config(false), &path, now, true).await.unwrap();
    assert_eq!(told(&rows)[3..], ["damaged Failed", "held Held", "old Removed", "old.tar Removed"]);
    assert_eq!(warnings.len(), 3);
    assert_eq!(
        bundles(root),
        [
            &["damaged", "gone.removing", "held.removing", "none-of-ours"][..],
            &["of-somebody.removing", "young.removing",]
        ]
        .concat()
    );
    let text = fs::read_to_string(root.join("record.ndjson")).unwrap();
    let last = |place: &str| {
        let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.rfind(|line| line["place"].as_str().unwrap().ends_with(place)).unwrap()
    };
    assert_eq!((&last("/old")["step"], &last("/old")["run"]), (&"removed".into(), &"run-old".into()));
    assert_eq!((&last("/old.tar")["step"], &last("/held")["step"]), (&"removed".into(), &"begun".into()));
}

#[tokio::test]
async fn what_failed_and_stands_at_its_place_is_not_what_lies_beside_it() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    // It does not hold, so it was not moved.
    retain(&config(false), &path, now, true).await.unwrap();
    fs::create_dir(root.join("bundles/damaged.removing")).unwrap();
    let warnings = retain(&config(false), &path, now, true).await.unwrap().warnings;
    assert!(warnings.iter().any(|text| text.contains("/damaged.removing` is left alone")), "{warnings:?}");
    assert!(root.join("bundles/damaged.removing").exists());
    // And what is due is not moved over something.
    bundle(&root.join("bundles/old"), "run-old", "2018-01-15T00:00:00Z", None);
    fs::write(root.join("bundles/old.removing"), "mine").unwrap();
    let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
    let old = rows.iter().find(|row| row.place.ends_with("/old")).unwrap();
    assert!(old.fate == Told::Failed && old.because.contains("is in the way"), "{old:?}");
    assert_eq!(fs::read(root.join("bundles/old.removing")).unwrap(), b"mine");
}

#[tokio::test]
async fn a_link_among_the_bundles_is_named_and_nothing_of_it_is_removed() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    let real = root.join("elsewhere/real");
    bundle(&real, "run-real", "2018-01-19T00:00:00Z", None);
    std::os::unix::fs::symlink(&real, root.join("bundles/link")).unwrap();
    let Retained { rows, warnings } = retain(&config(false), &path, now, true).await.unwrap();
    assert!(warnings.iter().any(|text| text.contains("/bundles/link` is a link and no bundle")), "{warnings:?}");
    assert!(rows.iter().all(|row| !row.place.ends_with("link")));
    assert!(fs::symlink_metadata(root.join("bundles/link")).unwrap().is_symlink() && real.exists());
    assert!(!fs::read_to_string(root.join("record.ndjson")).unwrap().contains("run-real"));
}

#[tokio::test]
async fn while_the_bundle_of_a_held_run_cannot_be_read_no_key_is_destroyed() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    fs::write(root.join("bundles/held/manifest.json"), "x").unwrap();
    let rows = retain(&config(false), &path, now, true).await.unwrap().rows;
    assert_eq!(told(&rows)[..4], ["held Failed", "2018-01.key Held", "2018-02.key Held", "2026-11.key Kept"]);
    assert!(rows[1].because.contains("`run-held` is held"), "{}", rows[1].because);
    assert!(root.join("keys/2018-01.key").exists() && root.join("keys/2018-02.key").exists());
}

#[tokio::test]
async fn a_schedules_run_removes_what_is_due_only_where_the_configuration_asks_for_it() {
    let folder = stage();
    let path = folder.path().join("palisade.yaml");
    let text = "targets: [{name: a, provider: aws}]\n";
    let source = palisade_config::Source { name: "p", text };
    let base = palisade_config::read(&source, &[]).unwrap();
    let old = folder.path().join("bundles/old");
    for (evidence, is_left) in [(None, true), (Some(config(false)), true), (Some(config(true)), false)] {
        after_run(&palisade_config::Config { evidence, ..base.clone() }, &path).await;
        assert_eq!(old.exists(), is_left);
    }
}

#[test]
fn two_processes_do_not_remove_at_once_and_a_torn_record_is_not_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.ndjson");
    let first = Record::open(&path, Timestamp::UNIX_EPOCH).unwrap();
    assert!(Record::open(&path, Timestamp::UNIX_EPOCH).is_err());
    drop(first);
    fs::write(&path, "{\"schema\":").unwrap();
    assert!(Record::open(&path, Timestamp::UNIX_EPOCH).is_err());
}

#[tokio::test]
async fn a_record_that_is_not_as_it_was_written_is_not_gone_on_with() {
    let folder = stage();
    let root = folder.path();
    let (path, now) = (root.join("palisade.yaml"), at("2026-11-29T00:00:00Z"));
    interrupt(root, "old", Step::Begun);
    interrupt(root, "old.tar", Step::Failed);
    let record = root.join("record.ndjson");
    let whole = fs::read_to_string(&record).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 3);
    for (text, told) in [
        (format!("{{\"junk\":1}}\n{}{}", lines[1], lines[2]), "line 1 of the record"),
        (format!("{}junk\n{}", lines[0], lines[2]), "line 2 of the record"),
        (format!("{}\n{}{}", lines[0], lines[1], lines[2]), "line 2 of the record"),
        (whole.replacen("\"begun\"", "\"BEGUN\"", 1), "line 1 of the record"),
        (whole.replacen("run-old", "run-odd", 1), "line 2 of the record"),
        (format!("{}{}", lines[0], lines[2]), "line 2 of the record"),
        (format!("{}{}", lines[1], lines[2]), "line 1 of the record"),
    ] {
        fs::write(&record, &text).unwrap();
        for apply in [false, true] {
            let refused = format!("{:#}", retain(&config(false), &path, now, apply).await.unwrap_err());
            assert!(refused.contains(told), "{refused}");
            assert!(refused.contains("nothing is removed: restore it from a copy"), "{refused}");
        }
        assert_eq!(fs::read_to_string(&record).unwrap(), text);
        assert!(root.join("bundles/old.removing").exists() && root.join("keys/2018-01.key").exists());
    }
    fs::write(&record, &whole).unwrap();
    retain(&config(false), &path, now, true).await.unwrap();
    assert!(record::begun(&record).unwrap().iter().all(|begun| begun.place.ends_with("/damaged")));
}
