//! The frameworks that are there: what we map, what the catalogue knows besides, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_controls::controls;
use palisade_engine::{Framework, mappings, read_mappings};
use palisade_frameworks::{Edition, UNREAD, editions};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn catalogue() -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../controls/tests/catalogue.csv");
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

fn edition(key: &str) -> Edition {
    editions(&controls()).into_iter().find(|one| one.key == key).unwrap()
}

#[test]
fn what_no_control_reads_is_what_the_catalogue_has_and_the_controls_do_not() {
    let built: BTreeSet<&str> = controls().iter().map(|control| control.meta.id).collect();
    let wanted: Vec<(String, String, String)> = catalogue()
        .into_iter()
        .filter(|row| !built.contains(row["id"].as_str()))
        .map(|row| (row["id"].clone(), row["title"].clone(), row["mappings"].clone()))
        .collect();
    let told: Vec<(String, String, String)> =
        UNREAD.iter().map(|one| (one.id.to_owned(), one.title.to_owned(), one.maps.to_owned())).collect();
    assert_eq!(told, wanted);
    for one in UNREAD {
        assert_eq!(read_mappings(one.maps).as_ref(), Ok(&one.mappings()), "{}", one.id);
    }
}

#[test]
fn every_version_of_every_framework_is_an_edition_with_a_name_of_its_own() {
    let all = editions(&controls());
    let versions: usize = Framework::ALL.iter().map(|framework| framework.versions().len()).sum();
    let keys: BTreeSet<&str> = all.iter().map(|one| one.key.as_str()).collect();
    assert_eq!((all.len(), keys.len()), (versions, versions));
    for one in &all {
        assert!(one.checked().count() > 0, "{}", one.key);
        // The names stand in paths of a bundle.
        assert!(one.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)), "{}", one.key);
        let ids: BTreeSet<&str> = one.requirements.iter().map(|requirement| requirement.id.as_str()).collect();
        assert_eq!(ids.len(), one.requirements.len(), "{}", one.key);
    }
}

#[test]
fn every_mapping_of_every_control_is_a_requirement_that_names_it() {
    let all = editions(&controls());
    for control in controls() {
        for mapping in mappings(control.meta) {
            let edition = all.iter().find(|one| one.key == mapping.key().to_ascii_lowercase()).unwrap();
            for (first, last) in mapping.requirements.iter().map(|one| one.ends()) {
                for end in [first, last] {
                    let found = edition.requirements.iter().find(|one| one.id == end).unwrap();
                    assert!(found.controls.iter().any(|meta| meta.id == control.meta.id), "{} {end}", edition.key);
                }
            }
        }
    }
}

#[test]
fn the_catalogue_has_every_recommendation_of_the_benchmarks_that_could_be_read() {
    let numbers = |key: &str| -> Vec<String> { edition(key).requirements.iter().map(|one| one.id.clone()).collect() };
    let eks = numbers("cis-eks-2.0.0");
    assert_eq!(eks.first().map(String::as_str), Some("2.1.1"));
    assert_eq!(eks.last().map(String::as_str), Some("5.5.1"));
    for key in ["cis-eks-2.0.0", "cis-aks-1.8.0", "cis-gke-1.9.0"] {
        let all = numbers(key);
        // A chapter's numbers have no holes: one that were missing would be a recommendation that nobody thought of.
        for (one, next) in all.iter().zip(all.iter().skip(1)) {
            let (chapter, number) = one.rsplit_once('.').unwrap();
            let (same, following) = next.rsplit_once('.').unwrap();
            if chapter == same {
                let (number, following): (u32, u32) = (number.parse().unwrap(), following.parse().unwrap());
                assert_eq!(number + 1, following, "{key}: between {one} and {next}");
            }
        }
    }
}

#[test]
fn an_edition_says_that_its_publisher_may_ask_for_more_and_ones_own_does_not() {
    let covers = edition("cis-eks-2.0.0").covers();
    assert!(covers.contains("more are known by number and not checked") && covers.contains("publisher"), "{covers}");
    let own = Edition { is_own: true, ..edition("cis-eks-2.0.0") };
    assert!(own.covers().ends_with("all that the file has."), "{}", own.covers());
}
