//! A page as PDF, printed by a browser that is there.

use crate::exit::WrongUsage;
use anyhow::{Context as _, bail};
use std::{
    env, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The variable that names the browser.
const VARIABLE: &str = "PALISADE_BROWSER";
/// What it is usually called.
const NAMES: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge"];
/// The longest that printing may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// The browser that was named, or the first of the usual ones.
pub(crate) fn browser(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let asked = named.map(Path::to_owned).or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    let folders: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let found = |name: &Path| -> Option<PathBuf> {
        if name.components().count() > 1 {
            return name.is_file().then(|| name.to_owned());
        }
        folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    let browser = match &asked {
        Some(name) => found(name),
        None => NAMES.iter().find_map(|name| found(Path::new(name))),
    };
    browser.ok_or_else(|| {
        let tried = asked.map_or_else(|| NAMES.join(", "), |name| name.display().to_string());
        WrongUsage(format!(
            "a PDF is printed by Chromium or Chrome, and there is none (looked for {tried})\n  install one, name it with \
             `--browser FILE` or {VARIABLE}, or make `--format html` and print that: it has a print sheet"
        ))
        .into()
    })
}

/// The page as the browser prints it. The browser gets a profile and a folder of its own, and no network.
pub(crate) fn printed(browser: &Path, page: &[u8]) -> anyhow::Result<Vec<u8>> {
    let folder =
        tempfile::Builder::new().prefix("palisade-").tempdir().context("could not make a folder to print in")?;
    let (from, to) = (folder.path().join("report.html"), folder.path().join("report.pdf"));
    fs::write(&from, page).with_context(|| format!("could not write `{}`", from.display()))?;
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--no-pdf-header-footer"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
        ])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", to.display()))
        .arg(format!("file://{}", from.display()));
    // As root it has no sandbox to offer, and would not start; the page is ours, and its own policy runs nothing else.
    if fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.arg("--no-sandbox");
    }
    let log = folder.path().join("log");
    let said = fs::File::create(&log).with_context(|| format!("could not write `{}`", log.display()))?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn();
    let mut child = child.with_context(|| format!("could not start `{}`", browser.display()))?;
    let ended = waited(&mut child).with_context(|| format!("could not wait for `{}`", browser.display()))?;
    let made = fs::read(&to).unwrap_or_default();
    if !ended || !made.starts_with(b"%PDF-") {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let why = if ended { "made no PDF" } else { "did not end" };
        bail!("`{}` {why}: {}", browser.display(), said.lines().last().unwrap_or("it said nothing"));
    }
    Ok(made)
}

/// Whether it ended by itself. What does not is ended.
fn waited(child: &mut Child) -> std::io::Result<bool> {
    let end = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}
