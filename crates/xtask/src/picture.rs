//! The picture of the README: what `palisade demo` really prints.

use crate::process;
use anyhow::{Context as _, bail};
use std::{fs, path::Path, process::Command};

/// Lines shown: the head, the worst of one concern, and where it goes on.
const LINES: usize = 38;

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    process::run(root, "cargo", &["build", "--workspace", "--bin", "palisade"], &[])?;
    let binary = root.join("target/debug/palisade");
    let output = Command::new(&binary)
        .args(["demo", "--color", "always"])
        .output()
        .with_context(|| format!("could not start `{}`", binary.display()))?;
    if !output.status.success() {
        bail!("`palisade demo` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("the report is not UTF-8")?;
    let shown: Vec<&str> = ["\u{1b}[1m$ palisade demo\u{1b}[0m"].into_iter().chain(text.lines().take(LINES)).collect();
    let svg = anstyle_svg::Term::new().render_svg(&shown.join("\n"));
    let path = root.join("docs/images/demo.svg");
    fs::create_dir_all(root.join("docs/images"))?;
    fs::write(&path, svg).with_context(|| format!("could not write `{}`", path.display()))?;
    eprintln!("wrote docs/images/demo.svg");
    Ok(())
}
