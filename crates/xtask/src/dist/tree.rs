//! What the binary is made of, by cargo's own word.

use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A package.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// What it says of its licence, as an SPDX expression.
    pub(super) licence: Option<String>,
    pub(super) description: Option<String>,
    pub(super) repository: Option<String>,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The SHA-256 of what the registry handed out. None: it is of this repository.
    pub(super) checksum: Option<String>,
    /// Whether it is in the binary, and not only a tool that helped to build it.
    pub(super) linked: bool,
    /// What it uses, by name and version.
    pub(super) uses: BTreeSet<(String, String)>,
}

/// Every package of the binary for one platform.
pub(super) struct Tree {
    pub(super) packages: BTreeMap<(String, String), Package>,
}

impl Tree {
    /// Reads the lock file and the manifests of what it names.
    pub(super) fn read(root: &Path, target: &str) -> anyhow::Result<Self> {
        let linked = named(root, target, "normal")?;
        let all = named(root, target, "normal,build")?;
        let text = cargo(root, &["metadata", "--locked", "--format-version", "1", "--filter-platform", target])?;
        let metadata: Value = serde_json::from_str(&text).context("`cargo metadata` is no JSON")?;
        let checksums = checksums(root)?;
        let (mut packages, mut keys) = (BTreeMap::new(), BTreeMap::new());
        for package in list(&metadata, "/packages") {
            let of = |name: &str| package.get(name).and_then(Value::as_str).map(str::to_owned);
            let (Some(name), Some(version), Some(id)) = (of("name"), of("version"), of("id")) else { continue };
            let key = (name.clone(), version.clone());
            keys.insert(id, key.clone());
            if !all.contains(&key) {
                continue;
            }
            let folder = of("manifest_path").map(PathBuf::from).unwrap_or_default();
            let one = Package {
                name,
                version,
                // The older way to write a choice.
                licence: of("license").map(|text| text.replace(" / ", " OR ").replace('/', " OR ")),
                description: of("description"),
                repository: of("repository"),
                folder: folder.parent().map(Path::to_owned).unwrap_or_default(),
                checksum: checksums.get(&key).cloned(),
                linked: linked.contains(&key),
                uses: BTreeSet::new(),
            };
            packages.insert(key, one);
        }
        for node in list(&metadata, "/resolve/nodes") {
            let id = node.get("id").and_then(Value::as_str).unwrap_or_default();
            let uses = list(node, "/deps").iter().filter(|dependency| {
                list(dependency, "/dep_kinds")
                    .iter()
                    .any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev"))
            });
            let uses = uses.filter_map(|dependency| keys.get(dependency.get("pkg")?.as_str()?).cloned());
            let uses: BTreeSet<(String, String)> = uses.filter(|key| all.contains(key)).collect();
            if let Some(package) = keys.get(id).and_then(|key| packages.get_mut(key)) {
                package.uses = uses;
            }
        }
        if let Some(missing) = all.iter().find(|key| !packages.contains_key(key)) {
            bail!("`cargo metadata` says nothing of {} {}", missing.0, missing.1);
        }
        Ok(Self { packages })
    }

    /// What is in the binary.
    pub(super) fn linked(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.linked)
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Names and versions of what a release is built of. Features are those of the binary alone, as it is built.
fn named(root: &Path, target: &str, edges: &str) -> anyhow::Result<BTreeSet<(String, String)>> {
    let arguments = ["tree", "--locked", "--package", "palisade-cli", "--edges", edges, "--target", target];
    let text = cargo(root, &[&arguments[..], &["--prefix", "none", "--no-dedupe", "--format", "{p}"]].concat())?;
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    });
    Ok(lines.collect())
}

fn checksums(root: &Path) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let text = fs::read_to_string(root.join("Cargo.lock")).context("could not read `Cargo.lock`")?;
    let lock: toml::Table = text.parse().context("`Cargo.lock` is no TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let of = |package: &toml::Value, name: &str| package.get(name)?.as_str().map(str::to_owned);
    let sums = packages
        .iter()
        .filter_map(|package| Some(((of(package, "name")?, of(package, "version")?), of(package, "checksum")?)));
    Ok(sums.collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("cargo").args(arguments).current_dir(root).output().context("could not start `cargo`")?;
    if !output.status.success() {
        bail!("`cargo {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).context("cargo's answer is not UTF-8")
}
