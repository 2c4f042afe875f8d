//! Links of the pages that mdBook made: what a browser would follow.

use super::files;
use anyhow::Context as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

/// How many pages and links there are, and the links that lead nowhere.
pub(super) fn mistakes(book: &Path) -> anyhow::Result<(usize, usize, Vec<String>)> {
    let all: BTreeSet<PathBuf> = files(book)?.into_iter().collect();
    let mut pages = BTreeMap::new();
    for path in all.iter().filter(|path| path.extension().is_some_and(|extension| extension == "html")) {
        let text = fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))?;
        let ids: BTreeSet<String> = values(&text, " id=\"").into_iter().map(str::to_owned).collect();
        pages.insert(path.clone(), (text, ids));
    }
    let (mut count, mut mistakes) = (0, Vec::new());
    for (path, (text, _)) in &pages {
        // It is shown for whatever address is missing, so its links count from the root.
        if path.file_name().is_some_and(|name| name == "404.html") {
            continue;
        }
        for link in values(text, " href=\"").into_iter().chain(values(text, " src=\"")) {
            if link.contains(':') || link.is_empty() {
                continue;
            }
            count += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let place = if file.is_empty() { path.clone() } else { resolve(path, file) };
            let there = all.contains(&place) || place.join("index.html").is_file();
            let known = heading.is_empty() || pages.get(&place).is_some_and(|(_, ids)| ids.contains(heading));
            if !there || !known {
                mistakes.push(format!("{}: `{link}`", path.strip_prefix(book)?.display()));
            }
        }
    }
    Ok((pages.len(), count, mistakes))
}

/// The values of an attribute.
fn values<'a>(text: &'a str, attribute: &str) -> Vec<&'a str> {
    text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn resolve(from: &Path, file: &str) -> PathBuf {
    let mut place = from.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            Component::Normal(name) => place.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_leads_nowhere_is_named() {
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/book-of-a-test");
        fs::create_dir_all(book.join("b")).unwrap();
        fs::write(book.join("a.html"), r##"<a href="b/c.html#d">x</a> <a href="#e">y</a> <img src="f.png">"##).unwrap();
        fs::write(book.join("b/c.html"), r#"<h1 id="d">z</h1> <a href="../a.html">a</a> <a href="https://g">g</a>"#)
            .unwrap();
        assert_eq!(mistakes(&book).unwrap(), (2, 4, vec!["a.html: `#e`".to_owned(), "a.html: `f.png`".to_owned()]));
    }
}
