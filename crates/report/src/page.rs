//! A control's page at a terminal.

use crate::{Options, paint::Pen};
use palisade_engine::{Entry, mappings};
use std::fmt::Write as _;

/// A control's page: its facts, then its guide.
pub fn control_page(control: &Entry, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let meta = control.meta;
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{}  {}", pen.strong(meta.id), pen.strong(meta.title));
    let _ = writeln!(
        text,
        "{} severity, effort {}, {}, layer {}, dimension {}",
        pen.severity(meta.severity, meta.severity.name()),
        meta.effort,
        meta.concern,
        meta.layer,
        meta.dimension
    );
    for paragraph in paragraphs(control.guide) {
        match paragraph {
            Paragraph::Heading(heading) => {
                let _ = writeln!(text, "\n{}", pen.strong(heading));
            }
            Paragraph::Text(words) => {
                let _ = writeln!(text, "{}", pen.wrap(&words, "  ", "  "));
            }
            Paragraph::Row(cells) => {
                let (first, rest) = cells
                    .split_first()
                    .map_or(("", ""), |(first, rest)| (*first, rest.first().copied().unwrap_or_default()));
                let _ = writeln!(text, "{}", pen.wrap(rest, &format!("  {first:<15} "), &" ".repeat(18)));
            }
        }
    }
    let maps = mappings(meta);
    if !maps.is_empty() {
        let _ = writeln!(text, "\n{}", pen.strong("Benchmarks"));
        for mapping in maps {
            let _ = writeln!(text, "  {:<20} {}", mapping.edition(), mapping.requirements.join(", "));
        }
    }
    text
}

enum Paragraph<'a> {
    Heading(&'a str),
    Text(String),
    Row(Vec<&'a str>),
}

fn paragraphs(guide: &str) -> Vec<Paragraph<'_>> {
    let mut all = Vec::new();
    let mut words = String::new();
    let flush = |words: &mut String, all: &mut Vec<Paragraph<'_>>| {
        if !words.is_empty() {
            all.push(Paragraph::Text(std::mem::take(words)));
        }
    };
    for line in guide.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix("##") {
            flush(&mut words, &mut all);
            all.push(Paragraph::Heading(heading.trim_start_matches('#').trim()));
        } else if line.is_empty() || line.starts_with("# ") || line.starts_with("|---") {
            flush(&mut words, &mut all);
        } else if let Some(row) = line.strip_prefix('|') {
            flush(&mut words, &mut all);
            all.push(Paragraph::Row(row.trim_end_matches('|').split('|').map(str::trim).collect()));
        } else {
            if line.starts_with("- ") {
                flush(&mut words, &mut all);
            }
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(line);
        }
    }
    flush(&mut words, &mut all);
    all
}
