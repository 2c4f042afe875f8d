//! The documentation as a book, and the proof that every link in it leads somewhere.
//!
//! The pages stay where they are, readable as they are. The book is made of copies: links that leave `docs/` lead into the
//! repository there, and the pages of controls, frameworks and decisions are put below their lists.

mod html;
mod links;

use crate::{process, test};
use anyhow::{Context as _, bail};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Lines of `SUMMARY.md`, and the folder whose pages stand below them without being written out there.
const BELOW: [(&str, &str); 3] = [
    ("(reference/controls.md)", "reference/controls"),
    ("(reference/frameworks.md)", "reference/frameworks"),
    ("# Decisions", "decisions"),
];

/// Checks the links of every document, builds the book and checks its links too.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    check(root)?;
    let source = root.join("target/book/source");
    let html = root.join("target/book/html");
    for folder in [&source, &html] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("could not remove `{}`", folder.display()))?;
        }
    }
    assemble(root, &source)?;
    let python = test::environment_of(root, "target/docs-python", "docs/requirements.txt")?;
    let mdbook = Path::new(&python).with_file_name("mdbook");
    process::run(
        root,
        &test::text(&mdbook)?,
        &["build", &test::text(&source)?, "--dest-dir", &test::text(&html)?],
        &[],
    )?;
    let (pages, links, mistakes) = html::mistakes(&html)?;
    if !mistakes.is_empty() {
        bail!("links of the book that lead nowhere:\n{}", mistakes.join("\n"));
    }
    eprintln!("{pages} pages, {links} links between them, all lead somewhere: target/book/html/index.html");
    Ok(())
}

/// Fails when a link of any document leads nowhere, or a page is in no place of the book.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let (count, mut mistakes) = links::mistakes(root)?;
    mistakes.extend(left_out(root)?);
    if !mistakes.is_empty() {
        bail!("documents:\n{}", mistakes.join("\n"));
    }
    eprintln!("{count} links in documents, none leads nowhere");
    Ok(())
}

/// Pages that `SUMMARY.md` does not list.
fn left_out(root: &Path) -> anyhow::Result<Vec<String>> {
    let summary = fs::read_to_string(root.join("docs/SUMMARY.md")).context("could not read `docs/SUMMARY.md`")?;
    let below = |page: &str| BELOW.iter().any(|(_, folder)| page.starts_with(&format!("{folder}/")));
    let pages = links::documents(root)?;
    let pages = pages.iter().filter_map(|path| path.strip_prefix("docs/"));
    Ok(pages
        .filter(|page| *page != "SUMMARY.md" && !below(page) && !summary.contains(&format!("]({page})")))
        .map(|page| format!("docs/SUMMARY.md: `{page}` is not in it"))
        .collect())
}

/// Copies `docs/` as mdBook is to read it.
fn assemble(root: &Path, to: &Path) -> anyhow::Result<()> {
    let docs = root.join("docs");
    for path in files(&docs)? {
        let name = path.strip_prefix(&docs)?;
        let place = to.join(name);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
        }
        if name == Path::new("SUMMARY.md") {
            fs::write(&place, summary(&docs, &fs::read_to_string(&path)?)?)?;
        } else if name.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path)?;
            fs::write(&place, links::into_repository(root, &test::text(&Path::new("docs").join(name))?, &text))?;
        } else {
            fs::copy(&path, &place).with_context(|| format!("could not copy `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// The list of chapters, with the generated pages below their lists.
fn summary(docs: &Path, written: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    for line in written.lines() {
        let _ = writeln!(text, "{line}");
        let Some((_, folder)) = BELOW.iter().find(|(mark, _)| line.contains(mark)) else { continue };
        let indent = if line.starts_with('#') { "\n" } else { "  " };
        for path in files(&docs.join(folder))? {
            let page = fs::read_to_string(&path)?;
            let title = page.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let id: String = stem.split('-').take(2).collect::<Vec<_>>().join("-");
            let title = if folder.ends_with("controls") { format!("{id} {title}") } else { title.to_owned() };
            // Brackets in a title would end the link.
            let _ = writeln!(text, "{indent}- [{}]({folder}/{stem}.md)", title.replace(['[', ']'], ""));
        }
    }
    Ok(text)
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut places = vec![folder.to_owned()];
    while let Some(place) = places.pop() {
        for entry in fs::read_dir(&place).with_context(|| format!("could not list `{}`", place.display()))? {
            let path = entry?.path();
            if path.is_dir() { places.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_every_document_leads_somewhere_and_every_page_is_in_the_book() {
        check(&crate::root().unwrap()).unwrap();
    }
}
