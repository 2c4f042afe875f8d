//! The house rules that no lint knows: which crate may use which, what a file may be called, what may be left lying.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// (crate, the only crates of ours it may use). Adding an edge is a design change, in a commit of its own.
const ALLOWED: &[(&str, &[&str])] = &[
    ("palisade-reach", &[]),
    ("palisade-authority", &[]),
    ("palisade-model", &["palisade-reach", "palisade-authority"]),
    ("palisade-engine", &["palisade-model", "palisade-reach"]),
    ("palisade-provider", &["palisade-model"]),
    ("palisade-controls", &["palisade-engine", "palisade-model", "palisade-reach", "palisade-authority"]),
    ("palisade-assess", &["palisade-engine", "palisade-model", "palisade-reach", "palisade-authority"]),
    ("palisade-maps", &["palisade-engine", "palisade-model", "palisade-reach", "palisade-authority"]),
    ("palisade-frameworks", &["palisade-engine", "palisade-model"]),
    ("palisade-track", &["palisade-engine", "palisade-model", "palisade-reach"]),
    ("palisade-aws", PROVIDER),
    ("palisade-azure", PROVIDER),
    ("palisade-gcp", PROVIDER),
    (
        "palisade-report",
        &[
            "palisade-assess",
            "palisade-engine",
            "palisade-frameworks",
            "palisade-maps",
            "palisade-model",
            "palisade-reach",
            "palisade-authority",
        ],
    ),
    ("palisade-exports", &["palisade-report", "palisade-assess", "palisade-engine", "palisade-model"]),
    ("palisade-evidence", &["palisade-provider", "palisade-engine", "palisade-model", "palisade-reach"]),
    ("palisade-schedule", &[]),
    ("palisade-message", &["palisade-track", "palisade-schedule", "palisade-engine", "palisade-model"]),
    ("palisade-notify", &["palisade-message"]),
    // It signs in as the providers do.
    ("palisade-vault", &["palisade-message", "palisade-notify", "palisade-aws", "palisade-azure"]),
    (
        "palisade-config",
        &[
            "palisade-message",
            "palisade-track",
            "palisade-schedule",
            "palisade-frameworks",
            "palisade-engine",
            "palisade-model",
            "palisade-reach",
        ],
    ),
    ("palisade-store", &["palisade-track", "palisade-engine", "palisade-provider", "palisade-model"]),
    (
        "palisade-runner",
        &[
            "palisade-provider",
            "palisade-engine",
            "palisade-model",
            "palisade-report",
            "palisade-store",
            "palisade-track",
            "palisade-assess",
            "palisade-maps",
        ],
    ),
    (
        "palisade-service",
        &[
            "palisade-engine",
            "palisade-message",
            "palisade-model",
            "palisade-notify",
            "palisade-provider",
            "palisade-report",
            "palisade-runner",
            "palisade-schedule",
            "palisade-store",
            "palisade-track",
        ],
    ),
    ("palisade-trace", &["palisade-provider", "palisade-model"]),
    ("palisade-simulator", &[]),
    (
        "palisade-testkit",
        &["palisade-model", "palisade-engine", "palisade-provider", "palisade-reach", "palisade-authority"],
    ),
    // It is there in seconds: who begins a test or builds a book does not wait for the product.
    ("xtask", &[]),
];

const PROVIDER: &[&str] = &["palisade-provider", "palisade-model", "palisade-reach", "palisade-authority"];

/// Crates that name everything: the binary, the judge of the whole chain and the chores that need the product.
const EVERYTHING: &[&str] = &["palisade-cli", "palisade-truth", "palisade-workbench"];

/// Crates whose results depend on nothing but their arguments: the first lines of their roots lock them.
const PURE: &[&str] = &[
    "reach",
    "authority",
    "model",
    "engine",
    "provider",
    "schedule",
    "controls",
    "assess",
    "maps",
    "frameworks",
    "track",
    "report",
    "exports",
    "message",
    "config",
];

/// What a pure crate must not use, whatever for.
const IMPURE: &[&str] = &["tokio", "reqwest", "axum", "hyper", "rand", "sqlx"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn manifests() -> BTreeMap<String, toml::Table> {
    let root = root();
    ["crates", "providers"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path().join("Cargo.toml")).unwrap();
            let manifest: toml::Table = text.parse().unwrap();
            (manifest["package"]["name"].as_str().unwrap().to_owned(), manifest)
        })
        .collect()
}

/// The crates of ours that a manifest uses outside tests and that the table does not allow.
fn undeclared(name: &str, manifest: &toml::Table) -> Vec<String> {
    let allowed: BTreeSet<&str> = ALLOWED
        .iter()
        .find(|(krate, _)| *krate == name)
        .map(|(_, uses)| uses.iter().copied().collect())
        .unwrap_or_default();
    dependencies(manifest)
        .into_iter()
        .filter(|used| used.starts_with("palisade-") && !allowed.contains(used.as_str()))
        .collect()
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let tables = ["dependencies", "build-dependencies"].iter().filter_map(|table| manifest.get(*table)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn every_edge_between_crates_is_in_the_table() {
    for (name, manifest) in manifests() {
        if !EVERYTHING.contains(&name.as_str()) {
            assert!(ALLOWED.iter().any(|(krate, _)| *krate == name), "`{name}` is not in the table");
            assert_eq!(undeclared(&name, &manifest), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn an_edge_outside_the_table_is_named() {
    let manifest: toml::Table =
        "[dependencies]\npalisade-model = {}\npalisade-store = {}\nserde = \"1\"\n".parse().unwrap();
    assert_eq!(undeclared("palisade-engine", &manifest), ["palisade-store"]);
}

#[test]
fn the_table_has_no_circle() {
    let uses: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    fn reaches(uses: &BTreeMap<&str, &[&str]>, from: &str, to: &str) -> bool {
        uses.get(from).is_some_and(|next| next.iter().any(|krate| *krate == to || reaches(uses, krate, to)))
    }
    for (krate, _) in ALLOWED {
        assert!(!reaches(&uses, krate, krate), "{krate}");
    }
}

#[test]
fn pure_crates_are_locked_against_the_outside() {
    let manifests = manifests();
    for name in PURE {
        let source = fs::read_to_string(root().join("crates").join(name).join("src/lib.rs")).unwrap();
        assert!(source.contains("#![warn(clippy::disallowed_methods)]"), "{name} is not locked");
        for used in dependencies(&manifests[&format!("palisade-{name}")]) {
            let optional = manifests[&format!("palisade-{name}")]["dependencies"][&used].get("optional").is_some();
            assert!(optional || !IMPURE.contains(&used.as_str()), "{name} uses {used}");
        }
    }
}

#[test]
fn a_provider_reads_without_an_sdk_unless_it_collects() {
    for (name, manifest) in manifests()
        .iter()
        .filter(|(name, _)| ["palisade-aws", "palisade-azure", "palisade-gcp"].contains(&name.as_str()))
    {
        for (used, how) in manifest["dependencies"].as_table().unwrap() {
            let is_sdk =
                ["aws-", "azure_", "google-cloud", "tokio", "reqwest"].iter().any(|prefix| used.starts_with(prefix));
            assert!(!is_sdk || how.get("optional").is_some(), "{name} always uses {used}");
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", ".git", "node_modules"].contains(&name.as_str()) {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn there_is_no_drawer_without_a_subject() {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    assert!(found.len() > 100, "only {} files were looked at", found.len());
    for path in &found {
        let name = path.file_stem().unwrap().to_string_lossy();
        let drawer = ["mod", "utils", "util", "helpers", "helper", "common", "misc"].contains(&&*name);
        assert!(!drawer, "{}", path.display());
    }
}

#[test]
fn nothing_is_left_for_later_without_saying_where() {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    for path in found.iter().filter(|path| !path.ends_with("tests/house.rs")) {
        let text = fs::read_to_string(path).unwrap();
        for word in ["TODO", "FIXME", "XXX", "#[ignore"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
