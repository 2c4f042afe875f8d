//! Other programs.

use anyhow::{Context as _, bail};
use std::{path::Path, process::Command, time::Instant};

/// Runs a program, shows what it prints, and fails when it fails.
pub(crate) fn run(root: &Path, program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    eprintln!("\n$ {program} {}", arguments.join(" "));
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root)
        .status()
        .with_context(|| format!("could not start `{program}`"))?;
    eprintln!("  ({:.0} s)", started.elapsed().as_secs_f64());
    if !status.success() {
        bail!("`{program} {}` failed: {status}", arguments.join(" "));
    }
    Ok(())
}
