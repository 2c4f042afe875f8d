//! A mistake in a file, and what to do about it.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::{fmt, ops::Range};

/// A file that was read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, as the user wrote it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub title: String,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What to say below the caret.
    pub label: String,
    /// The way out.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn at(span: Range<usize>, title: impl Into<String>) -> Self {
        Self { title: title.into(), span, label: String::new(), help: None }
    }

    /// With something to say below the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With the way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Every mistake of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    name: String,
    text: String,
    all: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No mistakes yet.
    pub(crate) fn new(source: &Source<'_>) -> Self {
        Self { name: source.name.to_owned(), text: source.text.to_owned(), all: Vec::new() }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.all.push(diagnostic);
    }

    /// Puts stars over a part of the text that no message may show. Places stay where they are: a star is a byte.
    pub(crate) fn hide(&mut self, span: &Range<usize>) {
        let span = self.inside(span);
        let stars: String = self
            .text
            .get(span.clone())
            .unwrap_or_default()
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { '*' })
            .collect();
        self.text.replace_range(span, &stars);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The mistakes, in the order they were found.
    pub fn all(&self) -> &[Diagnostic] {
        &self.all
    }

    /// The mistakes as people read them, with colour if asked.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut rendered: Vec<String> = Vec::new();
        let mut sorted: Vec<&Diagnostic> = self.all.iter().collect();
        sorted.sort_by_key(|diagnostic| diagnostic.span.start);
        for diagnostic in sorted {
            let annotation = AnnotationKind::Primary.span(self.inside(&diagnostic.span)).label(&diagnostic.label);
            let snippet = Snippet::source(&self.text).path(&self.name).annotation(annotation);
            let mut group = Level::ERROR.primary_title(&diagnostic.title).id("config").element(snippet);
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(help));
            }
            rendered.push(renderer.render(&[group]));
        }
        rendered.join("\n\n")
    }

    /// The span, moved into the text if a parser pointed behind its end or into a letter.
    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let floor = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(span.start), floor(span.end));
        start..end.max(start)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
