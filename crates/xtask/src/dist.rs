//! What is handed out: the binary, its bill of materials, the licences of others, sums, and a signature.

mod bill;
mod licences;
mod tree;

use crate::{process, test};
use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the binary should weigh at most, in MiB.
const GOAL: f64 = 60.0;

/// What is asked of a release.
pub(crate) struct Wanted<'a> {
    /// A binary that is there already, instead of one that is built.
    pub(crate) binary: Option<&'a Path>,
    /// The private key that signs the sums, as `palisade evidence keys new` makes them.
    pub(crate) key: Option<&'a Path>,
}

/// Makes a release in `target/release-files`.
pub(crate) fn run(root: &Path, wanted: &Wanted<'_>) -> anyhow::Result<()> {
    let binary = match wanted.binary {
        Some(binary) => binary.to_owned(),
        None => build(root)?,
    };
    let folder = root.join("target/release-files");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("could not remove `{}`", folder.display()))?;
    }
    let (version, target) = (env!("CARGO_PKG_VERSION"), host()?);
    let name = format!("palisade-{version}-{target}");
    let inside = folder.join(&name);
    fs::create_dir_all(&inside).with_context(|| format!("could not make `{}`", inside.display()))?;
    let program = inside.join("palisade");
    fs::copy(&binary, &program).with_context(|| format!("could not copy `{}`", binary.display()))?;
    for file in ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"] {
        fs::copy(root.join(file), inside.join(file)).with_context(|| format!("could not copy `{file}`"))?;
    }
    let tree = tree::Tree::read(root, &target)?;
    let notice = licences::notice(&tree, &licences::allowed(root)?)?;
    fs::write(inside.join("THIRD-PARTY.md"), &notice)?;
    let bytes = fs::read(&program).with_context(|| format!("could not read `{}`", program.display()))?;
    let bill = serde_json::to_string_pretty(&bill::of(&tree, version, &sha256(&bytes)))? + "\n";
    fs::write(inside.join("palisade.cdx.json"), &bill)?;
    fs::write(folder.join(format!("{name}.cdx.json")), &bill)?;
    validate(root, &folder.join(format!("{name}.cdx.json")))?;
    pack(root, &folder, &name)?;
    fs::remove_dir_all(&inside)?;
    sum(&folder)?;
    if let Some(key) = wanted.key {
        sign(&folder, key)?;
    }
    told(&folder, &bytes, wanted.key.is_some())
}

/// The binary as the `Dockerfile` builds it.
pub(crate) fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let arguments = ["build", "--profile", "dist", "--locked", "--package", "palisade-cli"];
    process::run(root, "cargo", &arguments, &[])?;
    Ok(target_folder(root).join("dist/palisade"))
}

/// Where cargo builds.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("could not start `rustc`")?;
    let text = String::from_utf8(output.stdout).context("`rustc -vV` is not UTF-8")?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("`rustc -vV` does not say what it builds for")
}

/// The published schema of CycloneDX, as others read it, has nothing to say against the bill.
fn validate(root: &Path, bill: &Path) -> anyhow::Result<()> {
    let python = test::environment_of(root, "target/docs-python", "docs/requirements.txt")?;
    process::run(root, &python, &["-B", "crates/testkit/python/bill.py", &test::text(bill)?], &[])
}

/// One archive; the same files give the same bytes.
fn pack(root: &Path, folder: &Path, name: &str) -> anyhow::Result<()> {
    let day = Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root).output();
    // Outside of a repository everything is of the first second.
    let seconds = day.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let moment = format!("--mtime=@{}", seconds.trim().parse::<u64>().unwrap_or_default());
    let archive = format!("{name}.tar");
    let settled = ["--sort=name", &moment, "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
    process::run(folder, "tar", &[&settled[..], &["-cf", &archive, name]].concat(), &[])?;
    process::run(folder, "gzip", &["--no-name", "-9", &archive], &[])
}

fn sum(folder: &Path) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        lines.push(format!("{}  {name}\n", sha256(&fs::read(&path)?)));
    }
    // By name, which stands behind the sum and two spaces.
    lines.sort_by(|one, other| one.get(66..).cmp(&other.get(66..)));
    fs::write(folder.join("SHA256SUMS"), lines.concat())?;
    Ok(())
}

/// Signs the sums, and sees that others can verify it.
fn sign(folder: &Path, key: &Path) -> anyhow::Result<()> {
    let key = key.canonicalize().with_context(|| format!("there is no key `{}`", key.display()))?;
    let (key, public) = (test::text(&key)?, "palisade-release.pub");
    process::run(folder, "openssl", &["pkey", "-in", &key, "-pubout", "-out", public], &[])?;
    let raw = ["pkeyutl", "-rawin", "-in", "SHA256SUMS"];
    process::run(folder, "openssl", &[&raw[..], &["-sign", "-inkey", &key, "-out", "SHA256SUMS.sig"]].concat(), &[])?;
    let verify = ["-verify", "-pubin", "-inkey", public, "-sigfile", "SHA256SUMS.sig"];
    process::run(folder, "openssl", &[&raw[..], &verify].concat(), &[])
}

fn told(folder: &Path, bytes: &[u8], signed: bool) -> anyhow::Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "mebibytes are told with one digit behind the point")]
    let size = bytes.len() as f64 / 1_048_576.0;
    let goal = if size <= GOAL { "within" } else { "MISSES" };
    eprintln!("\nthe binary: {size:.1} MiB, which {goal} the goal of {GOAL} MiB");
    if !signed {
        eprintln!("not signed: `--key FILE` names a key of `palisade evidence keys new`");
    }
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    names.sort();
    for name in &names {
        eprintln!("{}", name.display());
    }
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Makes the bill of materials of what the lock file says and has others validate it: without a release.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let tree = tree::Tree::read(root, &host()?)?;
    licences::notice(&tree, &licences::allowed(root)?)?;
    let place = root.join("target/tmp/palisade.cdx.json");
    fs::create_dir_all(root.join("target/tmp"))?;
    let bill = bill::of(&tree, env!("CARGO_PKG_VERSION"), &sha256(b"no binary"));
    fs::write(&place, serde_json::to_string_pretty(&bill)?)?;
    validate(root, &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_in_the_order_of_names_and_a_signature_over_them_is_verified_by_openssl() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/release-of-a-test");
        // What an earlier test left.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("b"), "one").unwrap();
        fs::write(folder.join("a"), "two").unwrap();
        sum(&folder).unwrap();
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        assert_eq!(sums.lines().filter_map(|line| line.get(64..)).collect::<Vec<_>>(), ["  a", "  b"]);
        process::run(&folder, "sha256sum", &["--check", "--strict", "SHA256SUMS"], &[]).unwrap();
        let key = folder.join("key.pem");
        let made = ["genpkey", "-algorithm", "ed25519", "-out", key.to_str().unwrap()];
        process::run(&folder, "openssl", &made, &[]).unwrap();
        sign(&folder, &key).unwrap();
        fs::write(folder.join("SHA256SUMS"), "something else").unwrap();
        let verify = ["pkeyutl", "-rawin", "-in", "SHA256SUMS", "-verify", "-pubin", "-inkey", "palisade-release.pub"];
        let verify = [&verify[..], &["-sigfile", "SHA256SUMS.sig"]].concat();
        assert!(process::run(&folder, "openssl", &verify, &[]).is_err());
    }

    #[test]
    fn the_same_files_give_the_same_archive() {
        let root = crate::root().unwrap();
        let folder = root.join("target/tmp/archive-of-a-test");
        // What an earlier test left.
        let _ = fs::remove_dir_all(&folder);
        let archive = |mode: u32| {
            use std::os::unix::fs::PermissionsExt as _;
            fs::create_dir_all(folder.join("n")).unwrap();
            fs::write(folder.join("n/a"), "one").unwrap();
            fs::set_permissions(folder.join("n/a"), fs::Permissions::from_mode(mode)).unwrap();
            pack(&root, &folder, "n").unwrap();
            let bytes = fs::read(folder.join("n.tar.gz")).unwrap();
            fs::remove_dir_all(&folder).unwrap();
            bytes
        };
        assert!(archive(0o600) == archive(0o664));
    }

    #[test]
    fn every_dependency_of_the_binary_has_a_licence_that_is_allowed_and_a_text_of_it() {
        let root = crate::root().unwrap();
        let tree = tree::Tree::read(&root, &host().unwrap()).unwrap();
        assert!(tree.linked().count() > 200, "only {} packages are in the binary", tree.linked().count());
        let allowed = licences::allowed(&root).unwrap();
        let notice = licences::notice(&tree, &allowed).unwrap();
        assert!(notice.contains("| tokio ") && !notice.contains("| proptest "), "the tree is another one");
        let narrow = allowed.into_iter().filter(|name| name != "MIT" && name != "Apache-2.0").collect();
        let refused = licences::notice(&tree, &narrow).unwrap_err().to_string();
        assert!(refused.contains("MIT") && refused.contains("does not allow"), "{refused}");
    }

    #[test]
    fn the_changelog_speaks_of_the_version_that_is_built() {
        let root = crate::root().unwrap();
        let text = fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
        assert_eq!(changelog(&text, env!("CARGO_PKG_VERSION")), Ok(()));
        assert!(changelog("## Unreleased\n\n## 0.2.0 (2026-01-01)\n", "0.1.0").is_err(), "a newer one was released");
        assert!(changelog("## 0.2.0 (2026-01-01)\n\n## 0.3.0 (2025-01-01)\n", "0.2.0").is_err(), "out of order");
        assert!(changelog("## 0.2 (2026-01-01)\n", "0.2.0").is_err(), "no semantic version");
        assert!(changelog("## 0.2.0\n", "0.2.0").is_err(), "no day");
        assert!(changelog("## 0.1.0 (2025-01-01)\n", "0.2.0").is_err(), "nothing is said of this one");
        assert_eq!(changelog("## Unreleased\n\n## 0.1.0 (2025-01-01)\n", "0.2.0"), Ok(()));
        assert_eq!(changelog("## 0.2.0 (2026-01-01)\n\n## 0.1.0 (2025-01-01)\n", "0.2.0"), Ok(()));
    }

    /// Whether the headings of a changelog are in order and lead up to this version.
    fn changelog(text: &str, version: &str) -> Result<(), String> {
        let of = |text: &str| -> Option<[u64; 3]> {
            let parts: Vec<u64> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            parts.try_into().ok()
        };
        let current = of(version).ok_or("the version is no semantic one")?;
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let mut last = None;
        for heading in headings.iter().filter(|heading| **heading != "Unreleased") {
            let (number, day) = heading.split_once(" (").ok_or(format!("`{heading}` has no day"))?;
            let day = day.trim_end_matches(')').parse::<jiff::civil::Date>().map_err(|error| error.to_string())?;
            let number = of(number).ok_or(format!("`{number}` is no semantic version"))?;
            if last.is_some_and(|(later, after)| number >= later || day > after) {
                return Err(format!("`{heading}` is out of order"));
            }
            if number > current {
                return Err(format!("`{heading}` is newer than {version}"));
            }
            last = Some((number, day));
        }
        let newest = last.is_some() && headings.iter().any(|heading| heading.starts_with(&format!("{version} (")));
        let unreleased = headings.first() == Some(&"Unreleased");
        if newest || unreleased { Ok(()) } else { Err(format!("nothing is said of {version}")) }
    }
}
