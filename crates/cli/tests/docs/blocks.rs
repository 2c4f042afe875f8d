//! The shell blocks of documents.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A block of commands.
#[derive(Debug)]
pub(crate) struct Block {
    /// Why it is not run, if it is not: the word behind `sh` in the document.
    pub(crate) mark: Option<String>,
    /// What it says.
    pub(crate) text: String,
}

impl Block {
    /// Its commands, each in one line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        joined.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// Those of its commands that are ours.
    pub(crate) fn ours(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.starts_with("palisade ")).collect()
    }
}

/// A document, with what it shows to be typed.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) path: String,
    /// Its shell blocks, in order.
    pub(crate) blocks: Vec<Block>,
    /// Its files, as YAML.
    pub(crate) files: Vec<String>,
    /// What it speaks of in the middle of a text.
    pub(crate) mentions: Vec<String>,
    /// Words behind the fences that say neither what is in the block nor why it is not run.
    pub(crate) unknown: Vec<String>,
}

/// What a block may say of itself besides `sh`.
const KINDS: &[&str] = &["text", "yaml", "json", "hcl", "rust", "toml"];

/// What is not run, by the word behind `sh`, and why.
pub(crate) const MARKS: &[(&str, &str)] = &[
    ("cloud", "needs the credentials of a real cloud"),
    ("docker", "needs a container engine"),
    ("cluster", "needs a cluster of Kubernetes"),
    ("database", "needs a server of PostgreSQL"),
    ("cargo", "builds or tests the program itself"),
    ("root", "needs the rights of root"),
];

/// README and every page of `docs/`.
pub(crate) fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].iter().map(|name| root.join(name)).collect();
    let mut places = vec![root.join("docs")];
    while let Some(place) = places.pop() {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                places.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| page(path.strip_prefix(root).unwrap().to_str().unwrap(), &fs::read_to_string(path).unwrap()))
        .collect()
}

pub(crate) fn page(path: &str, text: &str) -> Page {
    let mut page = Page {
        path: path.to_owned(),
        blocks: Vec::new(),
        files: Vec::new(),
        mentions: Vec::new(),
        unknown: Vec::new(),
    };
    let mut inside = "";
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let (kind, mark) =
                    info.split_once(',').map_or((&*info, None), |(kind, mark)| (kind, Some(mark.to_owned())));
                if kind == "yaml" && mark.is_none() {
                    inside = "yaml";
                    page.files.push(String::new());
                } else if kind == "sh" {
                    inside = "sh";
                    let known = mark.as_ref().is_none_or(|mark| MARKS.iter().any(|(name, _)| name == mark));
                    page.unknown.extend((!known).then(|| info.to_string()));
                    page.blocks.push(Block { mark, text: String::new() });
                } else if mark.is_some() || !KINDS.contains(&kind) {
                    page.unknown.push(format!("```{info}"));
                }
            }
            Event::Text(text) if inside == "sh" => page.blocks.last_mut().unwrap().text.push_str(&text),
            Event::Text(text) if inside == "yaml" => page.files.last_mut().unwrap().push_str(&text),
            Event::End(TagEnd::CodeBlock) => inside = "",
            Event::Code(text) if text.starts_with("palisade ") => page.mentions.push(text.replace('\n', " ")),
            _ => {}
        }
    }
    page
}
