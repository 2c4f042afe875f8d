//! The pictures of the README: what `palisade demo` really prints, and the page that it keeps.

use crate::test;
use anyhow::{Context as _, bail};
use std::{env, fs, path::Path, process::Command};

/// Parts of the page, what their pictures are called, and how tall they are.
const PAGES: [(&str, &str, u32); 3] =
    [("#/", "report.png", 1180), ("#/maps/exposure/3", "report-map.png", 1000), ("#/plan", "report-plan.png", 1100)];
/// Lines shown: the head, the worst of one concern, and where it goes on.
const LINES: usize = 38;

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    test::workspace(root, "build", &["--bins", "--examples"], &[])?;
    let binary = root.join("target/debug/palisade");
    let folder = root.join("target/tmp/picture");
    // What is there is of an earlier time; when it is not there, all the better.
    let _ = fs::remove_dir_all(&folder);
    let output = Command::new(&binary)
        .args(["demo", "--color", "always", "--keep"])
        .arg(&folder)
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
    let browser = env::var("PALISADE_TEST_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let page = folder.join("report.html");
    PAGES.iter().try_for_each(|shot| look(&browser, &page, shot, root))
}

/// What a window on a part of the page shows.
fn look(browser: &str, page: &Path, (part, name, height): &(&str, &str, u32), root: &Path) -> anyhow::Result<()> {
    let picture = root.join("docs/images").join(name);
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb", "--no-first-run"])
        .args(["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--window-size=1280,{height}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}{part}", page.display()));
    let output = command.output().with_context(|| format!("could not start `{browser}`"))?;
    if !output.status.success() || !picture.is_file() {
        bail!("`{browser}` made no picture: {}", String::from_utf8_lossy(&output.stderr));
    }
    eprintln!("wrote docs/images/{name}");
    Ok(())
}
