//! Links of documents, as they are written: files and headings must be there, addresses must be addresses.

use super::files;
use anyhow::Context as _;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

/// Folders whose documents are others', or made by a build.
const ELSEWHERE: &[&str] = &["target", ".git", "node_modules", "vendor", ".venv", ".terraform"];

/// Every document of the repository, relative to it.
pub(super) fn documents(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if ELSEWHERE.contains(&name.as_str()) || name.starts_with("target-") {
            continue;
        }
        let inside = if path.is_dir() { files(&path)? } else { vec![path] };
        found.extend(inside.into_iter().filter(|path| {
            path.extension().is_some_and(|extension| extension == "md")
                && !path.components().any(|part| ELSEWHERE.iter().any(|name| part.as_os_str() == *name))
        }));
    }
    found.sort();
    found.into_iter().map(|path| crate::test::text(path.strip_prefix(root)?)).collect()
}

/// How many links there are, and those that lead nowhere.
pub(super) fn mistakes(root: &Path) -> anyhow::Result<(usize, Vec<String>)> {
    let mut pages = BTreeMap::new();
    for path in documents(root)? {
        let text = fs::read_to_string(root.join(&path)).with_context(|| format!("could not read `{path}`"))?;
        pages.insert(path, Page::of(&text));
    }
    let mut mistakes = Vec::new();
    for (path, page) in &pages {
        let wrong = page.links.iter().filter_map(|link| Some((link, wrong(root, &pages, path, link)?)));
        mistakes.extend(wrong.map(|(link, why)| format!("{path}: `{link}`: {why}")));
    }
    Ok((pages.values().map(|page| page.links.len()).sum(), mistakes))
}

/// What is wrong with a link, if anything.
fn wrong(root: &Path, pages: &BTreeMap<String, Page>, from: &str, link: &str) -> Option<String> {
    if link.contains(char::is_whitespace) {
        return Some("an address has no spaces".to_owned());
    }
    if let Some((scheme, _)) = link.split_once("://") {
        let good = scheme == "https" && url::Url::parse(link).is_ok_and(|url| url.host_str().is_some());
        return (!good).then(|| "expected an address with https".to_owned());
    }
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let place = if file.is_empty() { Some(PathBuf::from(from)) } else { resolve(from, file) };
    let Some(place) = place.filter(|place| root.join(place).exists()) else {
        return Some("nothing is there".to_owned());
    };
    let heading = heading?;
    match place.to_str().and_then(|place| pages.get(place)) {
        Some(page) if page.headings.contains(heading) => None,
        Some(_) => Some("there is no such heading".to_owned()),
        None => Some("only documents have headings".to_owned()),
    }
}

/// Where a relative link leads, inside the repository.
fn resolve(from: &str, file: &str) -> Option<PathBuf> {
    let mut place = Path::new(from).parent()?.to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir if place.pop() => {}
            Component::Normal(name) => place.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(place)
}

/// A page of `docs/` with the links that leave `docs/` leading into the repository.
pub(super) fn into_repository(root: &Path, path: &str, text: &str) -> String {
    let mut written = text.to_owned();
    for link in &Page::of(text).links {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        if link.contains("://") || file.is_empty() {
            continue;
        }
        let Some(place) = resolve(path, file).filter(|place| !place.starts_with("docs")) else { continue };
        let kind = if root.join(&place).is_dir() { "tree" } else { "blob" };
        let heading = if heading.is_empty() { String::new() } else { format!("#{heading}") };
        let address = format!("{}/{kind}/main/{}{heading}", env!("CARGO_PKG_REPOSITORY"), place.display());
        written = written.replace(&format!("]({link})"), &format!("]({address})"));
    }
    written
}

/// What a document links to, and what can be linked to in it.
struct Page {
    links: Vec<String>,
    headings: BTreeSet<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let (mut links, mut headings, mut heading) = (Vec::new(), BTreeSet::new(), None::<String>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let name = slug(&heading.take().unwrap_or_default());
                    let again = (1..).map(|number| format!("{name}-{number}"));
                    headings.extend([name.clone()].into_iter().chain(again).find(|name| !headings.contains(name)));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        Self { links, headings }
    }
}

/// The name by which a heading is linked to, as forges and mdBook make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_file_or_heading_that_is_not_there_is_named() {
        let root = crate::root().unwrap();
        let pages = BTreeMap::from([("docs/a.md".to_owned(), Page::of("# What, how?\n\n# What, how?\n"))]);
        let wrong = |link: &str| wrong(&root, &pages, "docs/a.md", link);
        assert_eq!(wrong("../README.md"), None);
        assert_eq!(wrong("../crates"), None);
        assert_eq!(wrong("https://example.com/a?b#c"), None);
        assert_eq!(wrong("nowhere.md").as_deref(), Some("nothing is there"));
        assert_eq!(wrong("../../etc/passwd").as_deref(), Some("nothing is there"));
        assert_eq!(wrong("/etc/passwd").as_deref(), Some("nothing is there"));
        assert_eq!(wrong("../Cargo.toml#a").as_deref(), Some("only documents have headings"));
        assert!(wrong("http://example.com").is_some() && wrong("https://").is_some() && wrong("a b").is_some());
        let headings = &pages["docs/a.md"].headings;
        assert_eq!(headings.iter().map(String::as_str).collect::<Vec<_>>(), ["what-how", "what-how-1"]);
    }

    #[test]
    fn a_link_out_of_the_book_leads_into_the_repository_and_others_stay() {
        let root = crate::root().unwrap();
        let text = "[a](../../README.md#try-it), [b](../../crates), [c](d.md), [e](https://f.example)";
        let made = into_repository(&root, "docs/guides/x.md", text);
        let home = env!("CARGO_PKG_REPOSITORY");
        let expected = format!(
            "[a]({home}/blob/main/README.md#try-it), [b]({home}/tree/main/crates), [c](d.md), [e](https://f.example)"
        );
        assert_eq!(made, expected);
    }
}
