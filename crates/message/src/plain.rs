//! Text that may have come from a cloud, and the ways it may leave.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Text without anything that could deceive a reader's eye: one line, no control characters, no marks that turn the
/// direction of writing, nothing invisible. It is not escaped yet; [`Plain::within`] does that.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Plain(String);

/// How a channel writes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Slack's mrkdwn: `&`, `<` and `>` have a meaning.
    Slack,
    /// The Markdown of Adaptive Cards.
    Markdown,
    /// HTML text.
    Html,
    /// Nothing has a meaning.
    Text,
}

/// What stands for a character that is not shown.
const HIDDEN: char = '\u{FFFD}';

/// What shows that text was cut.
pub(crate) const CUT: char = '…';

/// How many marks in a row may sit on one letter.
const MARKS: usize = 3;

impl Plain {
    /// Takes any text and makes it harmless to the eye.
    pub fn new(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len());
        let mut marks = 0;
        for letter in text.chars() {
            marks = if is_mark(letter) { marks + 1 } else { 0 };
            if letter.is_whitespace() {
                if !plain.ends_with(' ') && !plain.is_empty() {
                    plain.push(' ');
                }
            } else if is_hidden(letter) {
                plain.push(HIDDEN);
            } else if marks <= MARKS {
                plain.push(letter);
            }
        }
        plain.truncate(plain.trim_end().len());
        Self(plain)
    }

    /// The text, not escaped: for JSON that machines read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text in a dialect, at most so many characters long *after* escaping. An escape is never cut in two.
    pub fn within(&self, dialect: Dialect, most: usize) -> String {
        escape_within(&self.0, dialect, most)
    }
}

/// Any text in a dialect, cut after at most so many characters.
pub(crate) fn escape_within(text: &str, dialect: Dialect, most: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut written = 0;
    // Where the text would have to end so that the mark of the cut still fits.
    let mut room = 0;
    let mut escaped = String::new();
    for letter in text.chars() {
        escaped.clear();
        escape(letter, dialect, &mut escaped);
        let length = escaped.chars().count();
        if written + length > most {
            out.truncate(room);
            if most > 0 {
                out.push(CUT);
            }
            return out;
        }
        out.push_str(&escaped);
        written += length;
        if written < most {
            room = out.len();
        }
    }
    out
}

/// The first so many characters of text that is in its dialect already.
pub(crate) fn cut(text: &str, most: usize) -> String {
    escape_within(text, Dialect::Text, most)
}

fn escape(letter: char, dialect: Dialect, out: &mut String) {
    match (dialect, letter) {
        (Dialect::Slack | Dialect::Html, '&') => out.push_str("&amp;"),
        (Dialect::Slack | Dialect::Html, '<') => out.push_str("&lt;"),
        (Dialect::Slack | Dialect::Html, '>') => out.push_str("&gt;"),
        (Dialect::Html, '"' | '\'') => {
            // Writing to a string cannot fail.
            let _ = write!(out, "&#{};", u32::from(letter));
        }
        // A backtick cannot be escaped everywhere that shows cards, and quotes as well as an apostrophe does.
        (Dialect::Markdown, '`') => out.push('\''),
        (Dialect::Markdown, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '#' | '|' | '!' | '&') => {
            out.push('\\');
            out.push(letter);
        }
        (Dialect::Slack | Dialect::Html | Dialect::Markdown | Dialect::Text, _) => out.push(letter),
    }
}

/// Marks that sit on the letter before them: enough of them cover the lines above and below.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// What no reader sees: controls, turns of direction, joints and spaces without width, tags, private use.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
}

impl From<&str> for Plain {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Plain {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_the_eye_is_replaced() {
        let cases = [
            ("prod-eu", "prod-eu"),
            ("  a \t b\r\nBcc: x ", "a b Bcc: x"),
            ("a\u{202E}gpj.exe", "a\u{FFFD}gpj.exe"),
            ("a\u{2066}b\u{2069}", "a\u{FFFD}b\u{FFFD}"),
            ("a\u{0}\u{1B}[31m", "a\u{FFFD}\u{FFFD}[31m"),
            ("pro\u{200B}d", "pro\u{FFFD}d"),
            ("a\u{2028}b\u{85}c", "a b c"),
            ("Zürich 東京 é", "Zürich 東京 é"),
            ("e\u{301}\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}"),
            ("\u{E0041}\u{E007F}", "\u{FFFD}\u{FFFD}"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(Plain::new(text).as_str(), expected, "{text:?}");
        }
    }

    #[test]
    fn each_dialect_escapes_what_has_a_meaning_in_it() {
        let name = Plain::new("<!channel> *a* [b](c) & \"d'");
        let all = |dialect| name.within(dialect, 1000);
        assert_eq!(all(Dialect::Slack), "&lt;!channel&gt; *a* [b](c) &amp; \"d'");
        assert_eq!(all(Dialect::Markdown), "\\<\\!channel\\> \\*a\\* \\[b\\](c) \\& \"d'");
        assert_eq!(all(Dialect::Html), "&lt;!channel&gt; *a* [b](c) &amp; &#34;d&#39;");
        assert_eq!(all(Dialect::Text), name.as_str());
    }

    #[test]
    fn a_cut_never_leaves_half_an_escape() {
        let name = Plain::new("ab<<<<");
        assert_eq!(name.within(Dialect::Slack, 18), "ab&lt;&lt;&lt;&lt;");
        assert_eq!(name.within(Dialect::Slack, 17), "ab&lt;&lt;&lt;…");
        assert_eq!(name.within(Dialect::Slack, 5), "ab…");
        assert_eq!(name.within(Dialect::Slack, 2), "a…");
        assert_eq!(name.within(Dialect::Slack, 1), "…");
        assert_eq!(name.within(Dialect::Slack, 0), "");
        for most in 0..20 {
            assert!(name.within(Dialect::Slack, most).chars().count() <= most);
        }
    }
}
