//! Text from clouds and people, as other programs take it.

use palisade_report::plain;
use std::fmt::Write as _;

/// What stands for a text that has nothing to show: the formats want something.
const NOTHING: &str = "(empty)";

/// One line without anything invisible, trimmed, never empty, and without the two characters that XML has no way to write.
pub(crate) fn line(text: &str) -> String {
    let safe = plain(text);
    let mut line = String::with_capacity(safe.len());
    for letter in safe.trim().chars() {
        if matches!(letter, '\u{fffe}' | '\u{ffff}') {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{{{:x}}}", u32::from(letter));
        } else {
            line.push(letter);
        }
    }
    if line.is_empty() { NOTHING.to_owned() } else { line }
}

/// The same in so many bytes at most: whoever counts characters counts no more than these.
pub(crate) fn clipped(text: &str, bytes: usize) -> String {
    let line = line(text);
    if line.len() <= bytes {
        return line;
    }
    let room = bytes.saturating_sub(3);
    let end = line.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= room).last();
    format!("{}...", line.get(..end.unwrap_or_default()).unwrap_or_default().trim_end())
}

/// A text of ours over several lines, without the blanks that our sources put in front of each.
pub(crate) fn prose(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let whole = lines.join("\n").trim().to_owned();
    if whole.is_empty() { NOTHING.to_owned() } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_visible_and_never_empty() {
        for (text, wanted) in [
            ("  a\nb ", "a b"),
            ("", NOTHING),
            (" \u{a0} ", NOTHING),
            ("a\u{202e}b\0", "a\\u{202e}b\\u{0}"),
            ("\u{fffe}\u{ffff}", "\\u{fffe}\\u{ffff}"),
        ] {
            assert_eq!(line(text), wanted);
        }
    }

    #[test]
    fn a_clipped_text_is_within_its_bytes_whatever_its_letters_are() {
        assert_eq!(clipped("shop", 4), "shop");
        assert_eq!(clipped("shops", 4), "s...");
        assert_eq!(clipped("\u{5e97}\u{5e97}\u{5e97}", 8), "\u{5e97}...");
        assert_eq!(clipped(&"\u{5e97}".repeat(500), 256).len(), 255);
    }
}
