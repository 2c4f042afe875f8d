//! Fuzzing with the kept corpora.

use crate::process;
use anyhow::{Context as _, bail};
use std::{fs, path::Path, process::Command};

/// Largest input tried, in bytes: enough for a policy or an answer, small enough for many runs a second.
const LONGEST_INPUT: u32 = 16 * 1024;
/// Most memory one run may take, in MiB.
const MEMORY: u32 = 1024;

/// Runs the fuzz targets one after the other. What they find new joins the corpus in `fuzz/corpus`.
pub(crate) fn run(root: &Path, only: Option<&str>, seconds: u64) -> anyhow::Result<()> {
    let targets = targets(root)?;
    if let Some(only) = only.filter(|only| !targets.iter().any(|target| target.name == *only)) {
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        bail!("no fuzz target is called `{only}`: there are {}", names.join(", "));
    }
    if !Command::new("cargo").args(["fuzz", "--version"]).output().is_ok_and(|output| output.status.success()) {
        process::run(root, "cargo", &["install", "cargo-fuzz", "--locked"], &[])?;
    }
    // The pinned compiler is a stable one; coverage needs no address sanitizer, and this code has no `unsafe` to find.
    let stable = [("RUSTC_BOOTSTRAP", "1")];
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-max_len={LONGEST_INPUT}"),
        format!("-rss_limit_mb={MEMORY}"),
        "-timeout=10".to_owned(),
        "-print_final_stats=1".to_owned(),
    ];
    for target in targets.iter().filter(|target| only.is_none_or(|only| only == target.name)) {
        let mut arguments =
            vec!["fuzz", "run", "--sanitizer", "none", "--features", &target.features, &target.name, "--"];
        arguments.extend(limits.iter().map(String::as_str));
        process::run(root, "cargo", &arguments, &stable)?;
    }
    Ok(())
}

/// A binary of `fuzz/Cargo.toml`.
struct Target {
    name: String,
    /// What it cannot be built without, as the command line wants it.
    features: String,
}

fn targets(root: &Path) -> anyhow::Result<Vec<Target>> {
    let manifest = root.join("fuzz/Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| format!("could not read `{}`", manifest.display()))?;
    let manifest: toml::Table = text.parse().context("`fuzz/Cargo.toml` is no TOML")?;
    let bins = manifest.get("bin").and_then(toml::Value::as_array).into_iter().flatten();
    let words = |bin: &toml::Value, key| {
        let words = bin.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        words.filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
    };
    let target = |bin: &toml::Value| {
        Some(Target { name: bin.get("name")?.as_str()?.to_owned(), features: words(bin, "required-features") })
    };
    Ok(bins.filter_map(target).collect())
}
