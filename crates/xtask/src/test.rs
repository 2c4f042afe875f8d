//! The whole test in one command: what a person runs is what the pipeline runs.

use crate::{book, dist, process, space};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
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
    "palisade-maps",
    "palisade-track",
    "palisade-report",
    "palisade-exports",
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
    space::check(root)?;
    cargo(&["fmt", "--all", "--check"])?;
    book::run(root)?;
    dist::check(root)?;
    // What installs and judges waits for networks and for one core; the compiler takes what is left.
    let (ready, built) = thread::scope(|scope| {
        let told = |error: &anyhow::Error| eprintln!("\nthis test will fail, whatever comes: {error:#}");
        let ready = scope.spawn(move || ready(root).inspect_err(told));
        let built = build(root);
        (ready.join(), built)
    });
    let Ok(ready) = ready else { bail!("the checks of what is deployed broke off: see above") };
    let (python, plugins) = ready?;
    built?;
    let mut environment = vec![("PALISADE_TEST_PYTHON", python.as_str())];
    environment.extend(plugins.as_deref().map(|folder| (PLUGINS, folder)));
    workspace(root, "test", &["--no-fail-fast"], &environment)
}

/// Installs what tests need, and checks what no compiler reads. Returns a Python and the folder with Terraform's provider for AWS.
fn ready(root: &Path) -> anyhow::Result<(String, Option<String>)> {
    let python = python(root)?;
    // Says which browser the tests will use, or that there is none: before the long part.
    process::run(root, &python, &["-B", "crates/testkit/python/browser.py"], &[])?;
    let plugins = deployment(root, &python)?;
    Ok((python, plugins))
}

fn build(root: &Path) -> anyhow::Result<()> {
    // Alone, because beside the binary the features of all crates are united and the SDKs are always there.
    let alone = [&["clippy", "--lib"], packages(WITHOUT_SDK).as_slice(), &["--", "-D", "warnings"]].concat();
    process::run(root, "cargo", &alone, &[])?;
    // Benchmarks are built, too, and not run.
    workspace(root, "build", &["--all-targets", "--keep-going"], &[])
}

/// Has cargo do something with the whole workspace, whose crates are linted by the compilation that builds them: to lint by
/// itself, `cargo clippy` would read every SDK a second time, a quarter of an hour of one core.
pub(crate) fn workspace(
    root: &Path,
    command: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<()> {
    let linter = text(&root.join("crates/xtask/clippy.sh"))?;
    let environment = [&[("RUSTC_WORKSPACE_WRAPPER", linter.as_str())], environment].concat();
    process::run(root, "cargo", &[&[command, "--workspace"], arguments].concat(), &environment)
}

/// Checks Terraform's modules and the manifests of Kubernetes. Returns where Terraform's provider for AWS is, if anywhere.
fn deployment(root: &Path, python: &str) -> anyhow::Result<Option<String>> {
    let plugins = plugins().as_deref().map(text).transpose()?;
    if plugins.is_none() {
        eprintln!(
            "no provider of Terraform for AWS: its modules will be checked by their schema and NOT applied to an emulator"
        );
    }
    let environment: Vec<(&str, &str)> = plugins.as_deref().map(|folder| (PLUGINS, folder)).into_iter().collect();
    process::run(root, python, &["-B", "terraform/check/readme.py", "--check"], &[])?;
    process::run(root, python, &["-B", "terraform/check/check.py", "terraform"], &environment)?;
    // Its packages do not go together with the vendors' SDKs.
    let analyser = environment_of(root, "target/deploy-python", "terraform/check/requirements.txt")?;
    let promtool = promtool(root).as_deref().map(text).transpose()?;
    let environment: Vec<(&str, &str)> = promtool.as_deref().map(|path| (PROMTOOL, path)).into_iter().collect();
    let parts = ["-B", "terraform/check/check.py", "analyse", "kubernetes", "observe"];
    process::run(root, &analyser, &parts, &environment)?;
    Ok(plugins)
}

/// Names the folder with Terraform's providers, as a file-system mirror.
const PLUGINS: &str = "PALISADE_TEST_TERRAFORM_PLUGINS";

/// Where Terraform's provider for AWS is: in the folder that somebody named, or in one of the usual ones.
fn plugins() -> Option<PathBuf> {
    let installed = Command::new("terraform").arg("version").output().is_ok_and(|output| output.status.success());
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".terraform.d/plugins"));
    let named = [PLUGINS, "TF_PLUGIN_CACHE_DIR"].into_iter().filter_map(std::env::var_os);
    let beside = fs::read_dir("/opt").into_iter().flatten().flatten().map(|entry| entry.path());
    named
        .map(PathBuf::from)
        .chain(home)
        .chain(["/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"].map(PathBuf::from))
        .chain(beside)
        .find(|folder| installed && folder.join("registry.terraform.io/hashicorp/aws").is_dir())
}

/// Names the promtool that judges the alerts.
const PROMTOOL: &str = "PALISADE_TEST_PROMTOOL";

/// The promtool that is named or installed; on Debian it is fetched by the name of its package and unpacked beside the build.
/// `None`: the checks say in a line what is missing.
fn promtool(root: &Path) -> Option<PathBuf> {
    let works = |path: &Path| Command::new(path).arg("--version").output().is_ok_and(|output| output.status.success());
    let folder = root.join("target/promtool");
    let unpacked = folder.join("usr/bin/promtool");
    let named = std::env::var_os(PROMTOOL).map(PathBuf::from);
    if let Some(found) = named.into_iter().chain([PathBuf::from("promtool"), unpacked.clone()]).find(|path| works(path))
    {
        return Some(found);
    }
    fs::create_dir_all(&folder).ok()?;
    let script = "apt-get download prometheus && dpkg -x prometheus_*.deb .";
    let fetched = Command::new("sh").args(["-c", script]).current_dir(&folder).output();
    (fetched.is_ok_and(|output| output.status.success()) && works(&unpacked)).then_some(unpacked)
}

fn packages(names: &[&'static str]) -> Vec<&'static str> {
    names.iter().flat_map(|name| ["--package", name]).collect()
}

/// A Python with the third-party tools that the tests run: the vendors' own SDKs and an AWS emulator.
pub(crate) fn python(root: &Path) -> anyhow::Result<String> {
    environment_of(root, "target/test-python", "crates/simulator/tests/oracle/requirements.txt")
}

/// A Python of its own in a folder, with what a list asks for.
pub(crate) fn environment_of(root: &Path, folder: &str, requirements: &str) -> anyhow::Result<String> {
    let folder = root.join(folder);
    let python = folder.join("bin/python");
    let requirements = root.join(requirements);
    let wanted =
        fs::read_to_string(&requirements).with_context(|| format!("could not read `{}`", requirements.display()))?;
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return text(&python);
    }
    let system = ["python3.11", "python3.12", "python3.13", "python3"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
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

pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    PathBuf::from(path)
        .into_os_string()
        .into_string()
        .ok()
        .with_context(|| format!("`{}` is not UTF-8", path.display()))
}
