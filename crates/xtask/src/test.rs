//! The whole test in one command: what a person runs is what the pipeline runs.

use crate::{codegen, process};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The crates that know no cloud SDK.
const CORE: &[&str] = &[
    "palisade-reach",
    "palisade-authority",
    "palisade-model",
    "palisade-provider",
    "palisade-engine",
    "palisade-schedule",
    "palisade-controls",
    "palisade-assess",
    "palisade-track",
    "palisade-report",
    "palisade-message",
    "palisade-config",
    "palisade-store",
];

/// The crates that must build without an SDK when nobody asks them to collect.
const WITHOUT_SDK: &[&str] = &["palisade-aws", "palisade-azure", "palisade-gcp"];

pub(crate) fn run(root: &Path, core: bool) -> anyhow::Result<()> {
    let cargo = |arguments: &[&str]| process::run(root, "cargo", arguments, &[]);
    if core {
        return cargo(&[&["test"], packages(CORE).as_slice()].concat());
    }
    cargo(&["fmt", "--all", "--check"])?;
    codegen::run(root, true)?;
    let python = python(root)?;
    let node = node(root)?;
    let chromium = chromium()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    // Alone, because beside the binary the features of all crates are united and the SDKs are always there.
    cargo(&[&["clippy", "--all-targets"], packages(WITHOUT_SDK).as_slice(), &["--", "-D", "warnings"]].concat())?;
    process::run(
        root,
        "cargo",
        &["test", "--workspace"],
        &[("PALISADE_TEST_PYTHON", &python), ("PALISADE_TEST_NODE", &node), ("PALISADE_TEST_CHROMIUM", chromium)],
    )
}

fn packages(names: &[&'static str]) -> Vec<&'static str> {
    names.iter().flat_map(|name| ["--package", name]).collect()
}

/// A Python with the third-party tools that the tests run: the vendors' own SDKs and an AWS emulator.
pub(crate) fn python(root: &Path) -> anyhow::Result<String> {
    let folder = root.join("target/test-python");
    let python = folder.join("bin/python");
    let requirements = root.join("crates/simulator/tests/oracle/requirements.txt");
    let wanted =
        fs::read_to_string(&requirements).with_context(|| format!("could not read `{}`", requirements.display()))?;
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return text(&python);
    }
    let system = ["python3.11", "python3.12", "python3.13", "python3"].into_iter().find(|name| is_there(name));
    let Some(system) = system else {
        bail!(
            "the tests need Python 3.11 or newer with `venv`: install it (Debian: apt-get install python3-venv) and run again"
        );
    };
    let folder_text = text(&folder)?;
    process::run(root, system, &["-m", "venv", "--clear", &folder_text], &[])?;
    let python_text = text(&python)?;
    let requirements_text = text(&requirements)?;
    process::run(
        root,
        &python_text,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &requirements_text],
        &[],
    )?;
    fs::write(&installed, wanted)?;
    Ok(python_text)
}

/// A folder with the packages that the tests run: Slack's own types with a compiler, the renderer of Adaptive Cards.
fn node(root: &Path) -> anyhow::Result<String> {
    let folder = root.join("target/test-node");
    let source = root.join("crates/notify/tests/oracle/package.json");
    let wanted = fs::read_to_string(&source).with_context(|| format!("could not read `{}`", source.display()))?;
    let installed = folder.join("installed.json");
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return text(&folder);
    }
    if !is_there("npm") || !is_there("node") {
        bail!("the tests need Node.js with npm: install it (Debian: apt-get install nodejs npm) and run again");
    }
    fs::create_dir_all(&folder).with_context(|| format!("could not make `{}`", folder.display()))?;
    fs::write(folder.join("package.json"), &wanted)?;
    process::run(&folder, "npm", &["install", "--no-audit", "--no-fund", "--ignore-scripts"], &[])?;
    fs::write(&installed, wanted)?;
    text(&folder)
}

/// The browser in which the tests look at what a message shows.
fn chromium() -> anyhow::Result<&'static str> {
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    known
        .into_iter()
        .find(|name| is_there(name))
        .context("the tests need Chromium: install it (Debian: apt-get install chromium) and run again")
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn text(path: &Path) -> anyhow::Result<String> {
    PathBuf::from(path)
        .into_os_string()
        .into_string()
        .ok()
        .with_context(|| format!("`{}` is not UTF-8", path.display()))
}
