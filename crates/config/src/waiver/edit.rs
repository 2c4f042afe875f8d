//! Changes a file of accepted risks and keeps everything else as people wrote it: comments, order, layout.
//!
//! A change is made to the text, and what comes out is read again: it is the change that was asked for, or none is made.

use super::read_waivers;
use crate::{Diagnostics, Source};
use jiff::{SignedDuration, tz::TimeZone};
use palisade_engine::Waiver;
use std::{fmt::Write as _, ops::Range};

/// A file of accepted risks cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is wrong already, or would be.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
    /// It is written in a way in which a line cannot be added or taken away.
    #[error("`{0}` is not written one waiver below the other, each beginning with `- `: change it by hand")]
    Layout(String),
    /// No waiver stands at this place.
    #[error("there is no waiver {0}")]
    NoSuchWaiver(usize),
}

/// The text of a file with one more waiver at its end. An empty text begins a file.
pub fn append_waiver(source: &Source<'_>, waiver: &Waiver, controls: &[&str]) -> Result<String, EditError> {
    let is_new = source.text.trim().is_empty();
    let before = if is_new { Vec::new() } else { read_waivers(source, controls)? };
    let indent = items(source.text).map_or(2, |items| items.indent);
    let mut text = if is_new { "waivers:\n".to_owned() } else { source.text.to_owned() };
    if before.is_empty() {
        text = text.replacen("waivers: []", "waivers:", 1);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&written(waiver, indent));
    let mut wanted = before;
    wanted.push(waiver.clone());
    proven(source, text, &wanted, controls)
}

/// The text of a file without one of its waivers, by its place from 0.
pub fn remove_waiver(source: &Source<'_>, place: usize, controls: &[&str]) -> Result<String, EditError> {
    let mut wanted = read_waivers(source, controls)?;
    if place >= wanted.len() {
        return Err(EditError::NoSuchWaiver(place + 1));
    }
    wanted.remove(place);
    let layout = || EditError::Layout(source.name.to_owned());
    let items = items(source.text).ok_or_else(layout)?;
    let range = items.ranges.get(place).ok_or_else(layout)?;
    let mut text = source.text.to_owned();
    // A list without anything in it is written as such.
    text.replace_range(range.clone(), "");
    if wanted.is_empty() {
        text = text.replacen("waivers:", "waivers: []", 1);
    }
    proven(source, text, &wanted, controls)
}

/// The text, if it says what is wanted.
fn proven(source: &Source<'_>, text: String, wanted: &[Waiver], controls: &[&str]) -> Result<String, EditError> {
    let read = read_waivers(&Source { name: source.name, text: &text }, controls);
    if read.as_deref() == Ok(wanted) { Ok(text) } else { Err(EditError::Layout(source.name.to_owned())) }
}

/// The lines of each item of a file's one list.
struct Items {
    /// How far the items' hyphens stand from the margin.
    indent: usize,
    /// Each item, from its hyphen's line to its last line. Comments above an item are not the item's before it.
    ranges: Vec<Range<usize>>,
}

fn items(text: &str) -> Option<Items> {
    let margin = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let first = text.lines().find(|line| line.trim_start().starts_with("- "))?;
    let indent = margin(first);
    let (mut ranges, mut at): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let content = line.trim();
        if margin(line) == indent && content.starts_with("- ") {
            ranges.push(at..end);
        } else if !content.is_empty()
            && !content.starts_with('#')
            && margin(line) > indent
            && let Some(last) = ranges.last_mut()
        {
            last.end = end;
        }
        at = end;
    }
    Some(Items { indent, ranges })
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // Signs that end a line or that nobody sees are written by number.
            ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202f}'..='\u{d7ff}' => quoted.push(letter),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A waiver as a file says it.
fn written(waiver: &Waiver, indent: usize) -> String {
    // Writing to a string cannot fail.
    let mut lines = vec![format!("control: {}", waiver.control), format!("cluster: {}", quoted(&waiver.cluster))];
    if let Some(subject) = &waiver.subject {
        lines.push(format!("subject: {}", quoted(subject)));
    }
    lines.push(format!("owner: {}", quoted(&waiver.owner)));
    lines.push(format!("approver: {}", quoted(&waiver.approver)));
    lines.push(format!("reason: {}", quoted(&waiver.reason)));
    let local = waiver.until.to_zoned(TimeZone::UTC);
    let is_midnight = local.time() == jiff::civil::Time::midnight();
    let day = waiver.until.checked_sub(SignedDuration::from_secs(1)).ok().filter(|_| is_midnight);
    lines.push(match day {
        Some(day) => format!("until: {}", day.to_zoned(TimeZone::UTC).date()),
        None => format!("until: {}", waiver.until),
    });
    if let Some(approved) = &waiver.approved {
        lines.push("approved:".to_owned());
        lines.extend(approved.iter().map(|print| format!("  - \"{print}\"")));
    }
    if let Some(covers) = waiver.covers {
        lines.push(format!("covers: {covers}"));
    }
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let mark = if number == 0 { "- " } else { "  " };
        let _ = writeln!(text, "{}{mark}{line}", " ".repeat(indent));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROLS: &[&str] = &["CP-01", "NP-05"];
    const FILE: &str = "# accepted risks of the shop
waivers:
  # the first
  - control: CP-01
    cluster: shop   # by name
    owner: ana
    approver: ben
    reason: |
      until the
      - migration
    until: 2027-03-31

  # the second
  - { control: NP-05, cluster: shop, owner: ana, approver: ben, reason: r, until: 2027-01-01, covers: 4 }
# the end
";

    fn read(text: &str) -> Vec<Waiver> {
        read_waivers(&source(text), CONTROLS).map_err(|error| error.to_string()).unwrap()
    }

    fn source(text: &str) -> Source<'_> {
        Source { name: "waivers.yaml", text }
    }

    #[test]
    fn what_is_added_is_read_as_it_was_and_everything_else_stays_as_it_was_written() {
        let hostile = Waiver {
            cluster: "a: b # \u{7f}\u{2028}\"'\\ {{ *x".to_owned(),
            subject: Some("- y\n  z: 1".to_owned()),
            reason: "yes".to_owned(),
            until: "2027-01-01T12:00:00Z".parse().unwrap(),
            approved: Some(
                ["00000000000000000000000000000000", "123e4567890123456789012345678901"]
                    .map(|print| print.parse().unwrap())
                    .into(),
            ),
            covers: None,
            ..read(FILE).remove(0)
        };
        for text in [
            FILE,
            "",
            FILE.trim_end(),
            "waivers:\n- {control: CP-01, cluster: c, owner: o, approver: a, reason: r, until: 2027-01-01}\n",
        ] {
            let longer = append_waiver(&source(text), &hostile, CONTROLS).unwrap();
            assert!(longer.starts_with(text), "{longer}");
            assert_eq!(read(&longer).last(), Some(&hostile), "{longer}");
            let twice = append_waiver(&source(&longer), &read(FILE).remove(0), CONTROLS).unwrap();
            let again = remove_waiver(&source(&twice), read(&longer).len(), CONTROLS).unwrap();
            assert_eq!(again, longer);
        }
    }

    #[test]
    fn what_is_removed_takes_its_own_lines_and_no_comment_of_another() {
        let first = remove_waiver(&source(FILE), 0, CONTROLS).unwrap();
        assert_eq!(read(&first), read(FILE)[1..]);
        assert!(first.contains("# the second") && first.contains("# accepted risks") && !first.contains("migration"));
        let second = remove_waiver(&source(FILE), 1, CONTROLS).unwrap();
        assert_eq!(read(&second), read(FILE)[..1]);
        assert!(second.contains("# the end"), "{second}");
        let none = remove_waiver(&source(&second), 0, CONTROLS).unwrap();
        assert_eq!(read(&none), []);
        assert_eq!(read(&append_waiver(&source(&none), &read(FILE)[0], CONTROLS).unwrap()), read(FILE)[..1]);
        assert_eq!(remove_waiver(&source(FILE), 2, CONTROLS), Err(EditError::NoSuchWaiver(3)));
    }

    #[test]
    fn a_layout_that_cannot_be_changed_line_by_line_is_left_alone() {
        let one = "{control: CP-01, cluster: c, owner: o, approver: a, reason: r, until: 2027-01-01}";
        let flow = format!("waivers: [{one}]\n");
        let waiver = read(&flow).remove(0);
        assert_eq!(remove_waiver(&source(&flow), 0, CONTROLS), Err(EditError::Layout("waivers.yaml".to_owned())));
        assert_eq!(append_waiver(&source(&flow), &waiver, CONTROLS), Err(EditError::Layout("waivers.yaml".to_owned())));
        assert!(matches!(append_waiver(&source("waivers: 3\n"), &waiver, CONTROLS), Err(EditError::Wrong(_))));
    }
}
