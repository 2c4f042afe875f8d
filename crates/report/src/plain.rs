//! Text from a cloud, made harmless for the place where it is shown.

use std::fmt::Write as _;

/// Longest text from a cloud that a terminal is shown, in characters.
const LIMIT: usize = 600;

/// Text that cannot move a cursor, colour a screen, ring a bell or turn the reading direction: every control and
/// format character is written out.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (position, letter) in text.chars().enumerate() {
        if position == LIMIT {
            safe.push_str("...");
            break;
        }
        if letter == '\n' {
            safe.push(' ');
        } else if letter.is_control() || is_format(letter) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Characters without a shape that change how others are read.
fn is_format(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

/// Text that a spreadsheet takes for text: what begins like a formula gets an apostrophe in front.
pub fn cell(text: &str) -> String {
    let safe: String = text.chars().filter(|letter| !letter.is_control() || *letter == '\n').collect();
    if safe.starts_with(['=', '+', '-', '@', '|', '%']) || text.starts_with(['\t', '\r']) {
        format!("'{safe}")
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_drive_a_terminal_or_a_spreadsheet() {
        assert_eq!(plain("a\u{1b}[31mb\u{7}\u{202e}c\u{9b}d"), "a\\u{1b}[31mb\\u{7}\\u{202e}c\\u{9b}d");
        assert_eq!(plain(&"x".repeat(5000)).chars().count(), LIMIT + 3);
        assert_eq!(cell("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(cell("\t=1"), "'=1");
        assert_eq!(cell("shop-prod"), "shop-prod");
    }
}
