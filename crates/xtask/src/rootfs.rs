//! The root file system of the image, made and tried without a container engine.

use crate::{dist, process, test};
use anyhow::{Context as _, bail};
use std::{fs, path::Path};

/// Makes it in `target/rootfs` with the same script as the `Dockerfile`, and runs the demo in it as the image would.
pub(crate) fn run(root: &Path, binary: Option<&Path>) -> anyhow::Result<()> {
    let binary = match binary {
        Some(binary) => binary.canonicalize().with_context(|| format!("there is no `{}`", binary.display()))?,
        None => dist::build(root)?,
    };
    let folder = root.join("target/rootfs");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("could not remove `{}`", folder.display()))?;
    }
    let folder = test::text(&folder)?;
    process::run(root, "sh", &["deploy/image/rootfs.sh", &test::text(&binary)?, &folder], &[])?;
    if !is_root() {
        bail!("made in `{folder}`, and not tried: `chroot` needs root");
    }
    for arguments in [&["--version"][..], &["demo", "--fail-on", "critical", "--format", "sarif"]] {
        let script = ["deploy/image/try.sh", &folder];
        let tried = process::run(root, "sh", &[&script[..], arguments].concat(), &[]);
        // The story of the demo has critical findings: 1 is what it has to end with.
        match (arguments, tried) {
            (["demo", ..], Err(error)) if error.to_string().ends_with("exit status: 1") => {}
            (["demo", ..], Ok(())) => bail!("the demo found nothing"),
            (_, tried) => tried?,
        }
    }
    eprintln!("tried read-only, as user 65532, without a container engine: {folder}");
    Ok(())
}

fn is_root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
