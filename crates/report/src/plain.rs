//! Text from a cloud, made harmless for the place where it is shown.

use std::fmt::Write as _;
use textwrap::core::display_width;

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

/// Characters without a shape of their own that change how others are read, or take room without being seen.
fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Harmless text that takes no more columns than there are; what is cut off shows as three dots.
pub(crate) fn clipped(text: &str, columns: usize) -> String {
    let text = plain(text);
    if display_width(&text) <= columns {
        return text;
    }
    let mut kept = String::new();
    for letter in text.chars() {
        let mut more = kept.clone();
        more.push(letter);
        if display_width(&more) + 3 > columns {
            break;
        }
        kept = more;
    }
    format!("{kept}...")
}

/// Longest text in a spreadsheet's cell; programs cut off or refuse what is longer than 32,767 characters.
const CELL: usize = 32_000;

/// Text of a length that a spreadsheet's cell takes, without what is invisible. It may still look like a formula.
pub(crate) fn cell_text(text: &str) -> String {
    text.chars().filter(|letter| !is_format(*letter) && (!letter.is_control() || *letter == '\n')).take(CELL).collect()
}

/// Text that a spreadsheet takes for text: what begins like a formula gets an apostrophe in front. Blanks and
/// invisible characters before the sign do not hide it, and neither does the sign's wide form.
pub fn cell(text: &str) -> String {
    let safe = cell_text(text);
    let signs = ['=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if safe.trim_start().starts_with(signs) || text.starts_with(['\t', '\r']) { format!("'{safe}") } else { safe }
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
        assert_eq!(cell("  =1"), "'  =1");
        assert_eq!(cell("\u{feff}\u{200b}@SUM(1)"), "'@SUM(1)");
        assert_eq!(cell("\u{ff1d}cmd"), "'\u{ff1d}cmd");
        assert_eq!(cell(&"x".repeat(40_000)).len(), CELL);
        assert_eq!(cell("shop-prod"), "shop-prod");
    }

    #[test]
    fn a_clipped_name_keeps_its_column_whatever_its_letters_are() {
        assert_eq!(clipped("shop", 10), "shop");
        assert_eq!(clipped("a-very-long-name", 10), "a-very-...");
        assert_eq!(clipped("\u{5e97}\u{5e97}\u{5e97}\u{5e97}\u{5e97}\u{5e97}", 10), "\u{5e97}\u{5e97}\u{5e97}...");
    }
}
