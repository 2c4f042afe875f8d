//! Answers that are encrypted with the key of a month, with the key and without it.

use crate::{
    mutations,
    public_tools::{commands, python, shell},
    stage::{Making, Sealed, files, gaps, run, verdicts_again},
};
use palisade_evidence::{Bundle, ExportError, PeriodKey, Trust, VERDICTS, verify};
use palisade_testkit::SnapshotBuilder;
use serde_json::json;
use std::fs;

/// A key for the month of the stage's run.
fn key() -> PeriodKey {
    let month = run()[0].finished_at.strftime("%Y-%m").to_string();
    PeriodKey::generate(&month).unwrap().0
}

fn closed(key: &PeriodKey) -> Making<'static> {
    Making { key: Some(key.clone()), ..Making::default() }
}

#[test]
fn without_its_key_a_closed_bundle_holds_and_says_what_could_not_be_checked() {
    let (sealed, key) = (Sealed::new(1), key());
    sealed.make(&Making { name: "run-2", ..closed(&key) }, "2");
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    let checked = verify(&sealed.path("2"), &trust).unwrap();
    let named = checked.closed.unwrap();
    assert_eq!((named.key_id.as_str(), named.period.as_str()), (key.id(), key.period()));
    assert_eq!(checked.manifest.encryption.as_ref(), Some(&named));
    let open = verify(&sealed.path("1"), &trust).unwrap();
    assert_eq!(
        (checked.clusters_listed, checked.clusters_evaluated, checked.clusters_explained),
        (open.clusters_listed, open.clusters_evaluated, open.clusters_explained)
    );
    // Another key opens nothing and spoils nothing, and whoever gave it is told which it is and which is wanted.
    let last = PeriodKey::generate("1999-12").unwrap().0;
    for other in [self::key(), last] {
        let named = format!("the key `{}` of {}", other.id(), other.period());
        let others = trust.clone().opening(vec![other]);
        assert!(verify(&sealed.path("2"), &others).unwrap().closed.is_some());
        assert_eq!(others.given_periods().as_ref(), Some(&named));
        let broken = Bundle::open(&sealed.path("2"), &others).unwrap().snapshots().unwrap_err();
        assert!(broken.fact.contains(&format!("with the key `{}` of {}", key.id(), key.period())), "{broken}");
        assert!(broken.fact.contains(&format!("`--period-key` gave {named}")), "{broken}");
    }
    assert_eq!(trust.given_periods(), None);
    let broken = Bundle::open(&sealed.path("2"), &trust).unwrap().snapshots().unwrap_err();
    assert!(broken.fact.contains("give it with `--period-key`"), "{broken}");
    assert!(verify(&sealed.path("2"), &trust.opening(vec![key])).unwrap().closed.is_none());
    // The plain bundle's ledger and verdicts are the closed one's: digests are of what was answered.
    for name in ["calls.ndjson", VERDICTS, "results/coverage.json"] {
        let of = |bundle: &str| fs::read(sealed.path(bundle).join(name)).unwrap();
        assert_eq!(of("1"), of("2"), "{name}");
    }
}

#[test]
fn public_tools_find_a_closed_bundle_whole_without_the_key() {
    let (sealed, key) = (Sealed::new(1), key());
    sealed.make(&Making { name: "run-2", ..closed(&key) }, "2");
    let page = fs::read_to_string(sealed.path("2/VERIFY.md")).unwrap();
    assert!(
        page.contains(&format!("**The answers under `raw/` are encrypted** (AES-256-GCM) with the key `{}`", key.id()))
    );
    let output = shell(&commands(&page).concat(), &sealed.path("2"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = python(&sealed.path("2"), None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn with_its_key_a_closed_bundle_is_judged_again_and_without_it_nothing_of_an_answer_is_left() {
    let (sealed, key) = (Sealed::new(0), key());
    let trust = Trust::default();
    for place in ["b", "b.tar"] {
        sealed.make(&closed(&key), place);
        let bundle = Bundle::open(&sealed.path(place), &trust.clone().opening(vec![key.clone()])).unwrap();
        assert_eq!(verdicts_again(&bundle), bundle.verdicts().unwrap());
        let answer = String::from_utf8(bundle.answer(2).unwrap()).unwrap();
        assert!(answer.contains("\"cluster\""), "{answer}");
        let bundle = Bundle::open(&sealed.path(place), &trust).unwrap();
        for broken in [bundle.answer(2).unwrap_err(), bundle.snapshots().unwrap_err()] {
            assert!(broken.fact.contains(&format!("the key `{}` of {}", key.id(), key.period())), "{broken}");
        }
    }
    let stored = files(&sealed.path("b"));
    assert!(stored.iter().filter(|(name, _)| name.starts_with("raw/")).count() > 3);
    for (name, bytes) in stored.iter().filter(|(name, _)| name.starts_with("raw/")) {
        assert!(!String::from_utf8_lossy(bytes).contains("cluster"), "{name} can be read");
        assert!(name == "raw/SHA256SUMS" || name.ends_with(".json.enc"), "{name}");
    }
    // Made again, it is the same to the byte.
    sealed.make(&closed(&key), "again");
    assert_eq!(stored, files(&sealed.path("again")));
}

#[test]
fn a_key_of_another_month_closes_nothing_and_a_secret_is_found_before_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("b");
    let other = PeriodKey::generate("1999-01").unwrap().0;
    let refused = closed(&other).at(&place, None).unwrap_err();
    assert!(matches!(refused, ExportError::Period { .. }), "{refused}");
    let token = format!("ghp_{}", "A".repeat(40));
    let snapshot = SnapshotBuilder::new(palisade_model::Provider::Aws, "111111111111")
        .answer(crate::stage::call("eks:ListClusters"), "111111111111/eu-west-1", &[], json!({ "note": token }))
        .build();
    let refused = Making { run: vec![snapshot], gaps: gaps(), ..closed(&key()) }.at(&place, None).unwrap_err();
    assert!(matches!(refused, ExportError::Secret { .. }), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn random_changes_of_a_closed_bundle_are_found_by_name_with_the_key_and_without() {
    let (sealed, key) = (Sealed::new(0), key());
    sealed.make(&closed(&key), "b");
    let without = Trust::new(&[sealed.key.public()], &[]).unwrap();
    for trust in [without.clone(), without.opening(vec![key])] {
        mutations::all_found(&sealed.path("b"), &trust, 300);
    }
}

#[test]
fn exports_of_a_closed_bundle_are_closed_too_and_open_with_the_key_alone() {
    let (sealed, key) = (Sealed::new(0), key());
    for place in ["b", "b.tar"] {
        sealed.make(&closed(&key), place);
        let bundle = Bundle::open(&sealed.path(place), &Trust::default().opening(vec![key.clone()])).unwrap();
        assert_eq!(bundle.exports(), ["exports/frameworks/own.json", "exports/list.csv"]);
        let mut open = Vec::new();
        bundle.export("exports/list.csv", &mut open).unwrap();
        assert_eq!(open, b"control,verdict\nCP-01,fail\n");
        let plain = Sealed::new(1);
        let beside = Bundle::open(&plain.path("1"), &Trust::default()).unwrap();
        for path in bundle.exports() {
            assert_eq!(bundle.export_sha256(&path).unwrap(), beside.export_sha256(&path).unwrap());
        }
        assert!(bundle.export("exports/none.csv", &mut open).unwrap_err().fact.contains("no such export"));
        assert!(bundle.export("calls.ndjson", &mut open).is_err());
        let bundle = Bundle::open(&sealed.path(place), &Trust::default()).unwrap();
        let refused = bundle.export("exports/list.csv", &mut open).unwrap_err();
        assert!(refused.fact.contains(key.id()), "{refused}");
    }
    let stored = files(&sealed.path("b"));
    let exports: Vec<_> = stored.iter().filter(|(name, _)| name.starts_with("exports/")).collect();
    assert_eq!(exports.len(), 2);
    for (name, bytes) in exports {
        assert!(name.strip_suffix(".enc").is_some() && !String::from_utf8_lossy(bytes).contains("CP-01"), "{name}");
    }
    // A secret is found before it is closed.
    let token = format!("ghp_{}", "A".repeat(40)).into_bytes();
    let refused = Making { exports: vec![("note.csv", token)], ..closed(&key) };
    let refused = refused.at(&sealed.path("secret"), None).unwrap_err();
    assert!(matches!(&refused, ExportError::Secret { file, .. } if file == "exports/note.csv"), "{refused}");
    assert!(!sealed.path("secret").exists());
}
