//! The licences of what others wrote.

use super::tree::{Package, Tree};
use anyhow::{Context as _, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

/// Beginnings of the names of files that hold a licence or a notice.
const FILES: &[&str] = &["license", "licence", "copying", "notice", "unlicense", "copyright", "legal"];

/// The licences that `deny.toml` lets in, its exceptions too.
pub(super) fn allowed(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let text = fs::read_to_string(root.join("deny.toml")).context("could not read `deny.toml`")?;
    let file: toml::Table = text.parse().context("`deny.toml` is no TOML")?;
    let licences = file.get("licenses").context("`deny.toml` has no `licenses`")?;
    let words = |value: Option<&toml::Value>| -> Vec<String> {
        value
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|one| Some(one.as_str()?.to_owned()))
            .collect()
    };
    let exceptions = licences.get("exceptions").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let excepted = exceptions.iter().flat_map(|one| words(one.get("allow")));
    Ok(words(licences.get("allow")).into_iter().chain(excepted).collect())
}

/// A page with every package of others in the binary, its licence, and each text of one once. Refuses what is not allowed.
pub(super) fn notice(tree: &Tree, allowed: &BTreeSet<String>) -> anyhow::Result<String> {
    let mut text = String::from(
        "# What others wrote\n\nThe binary holds these packages, and the standard library of Rust (MIT OR Apache-2.0).\n\n| Package | Version | Licence | From |\n|---|---|---|---|\n",
    );
    let (mut texts, mut silent) = (BTreeMap::<String, BTreeSet<String>>::new(), Vec::new());
    for package in tree.linked().filter(|package| package.checksum.is_some()) {
        let name = format!("{} {}", package.name, package.version);
        let Some(licence) = &package.licence else { bail!("{name} says nothing of its licence") };
        if !satisfied(licence, allowed) {
            bail!("{name} is under {licence}, which `deny.toml` does not allow");
        }
        let from = package.repository.as_deref().unwrap_or_default();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "| {} | {} | {licence} | {from} |", package.name, package.version);
        let found = found(package)?;
        if found.is_empty() {
            silent.push(format!("{name} ({licence})"));
        }
        for one in found {
            texts.entry(one).or_default().insert(name.clone());
        }
    }
    let _ = write!(
        text,
        "\n## Without a text of their own\n\nThese say their licence and ship no text of it; it stands below, where others ship it.\n\n{}\n",
        silent.iter().fold(String::new(), |text, name| text + "- " + name + "\n")
    );
    for (one, names) in &texts {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let _ = write!(text, "\n## {}\n\n```text\n{}\n```\n", names.join(", "), one.replace("```", "'''"));
    }
    Ok(text)
}

/// The texts of licences and notices that a package ships.
fn found(package: &Package) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let entries =
        fs::read_dir(&package.folder).with_context(|| format!("could not list `{}`", package.folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        if path.is_file() && FILES.iter().any(|begin| name.starts_with(begin)) {
            let bytes = fs::read(&path).with_context(|| format!("could not read `{}`", path.display()))?;
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            texts.push(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned());
        }
    }
    texts.sort();
    Ok(texts)
}

/// Whether an SPDX expression can be satisfied by what is allowed: one side of each `OR`, both of each `AND`.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let tokens = expression.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = tokens.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let holds = either(&mut rest, allowed);
    holds && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut holds = both(rest, allowed);
    while let Some(("OR", behind)) = rest.split_first().map(|(first, behind)| (*first, behind)) {
        *rest = behind;
        holds |= both(rest, allowed);
    }
    holds
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(rest, allowed);
    while let Some(("AND", behind)) = rest.split_first().map(|(first, behind)| (*first, behind)) {
        *rest = behind;
        holds &= one(rest, allowed);
    }
    holds
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let Some((first, behind)) = rest.split_first() else { return false };
    *rest = behind;
    if *first == "(" {
        let holds = either(rest, allowed);
        let Some((")", behind)) = rest.split_first().map(|(first, behind)| (*first, behind)) else { return false };
        *rest = behind;
        return holds;
    }
    match rest {
        ["WITH", exception, behind @ ..] => {
            *rest = behind;
            allowed.contains(&format!("{first} WITH {exception}"))
        }
        _ => allowed.contains(*first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_of_a_choice_and_every_part_of_a_sum_must_be_allowed() {
        let allowed: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for good in
            ["MIT", "GPL-3.0 OR MIT", "MIT AND ISC", "(GPL-3.0 OR ISC) AND MIT", "Apache-2.0 WITH LLVM-exception"]
        {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT OR GPL-3.0) AND GPL-3.0", "", "MIT MIT", "(MIT"] {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }
}
