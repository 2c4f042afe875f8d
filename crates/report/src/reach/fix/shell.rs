//! Words of a command that a reader pastes into a shell.

use crate::plain;
use std::fmt::Write as _;

/// One word of a command, whatever stands in it: a shell reads it as this text and nothing else, and a terminal shows it as
/// it is. Text from a cloud may hold quotes, `$(...)` and characters that turn the reading direction.
pub(super) fn word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    // What a terminal must not be shown is written out, in the one way of quoting that allows it.
    if plain(text) == text && !text.contains('\n') {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for byte in text.bytes() {
        match byte {
            b'\'' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' => quoted.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => _ = write!(quoted, "\\x{byte:02x}"),
        }
    }
    quoted.push('\'');
    quoted
}

/// A word that stands alone; nothing for one that a program would take for a flag, as no quoting helps against that.
pub(super) fn name(text: &str) -> Option<String> {
    (!text.starts_with('-')).then(|| word(text))
}

/// `--flag=value`, the value as one word.
pub(super) fn flag(name: &str, value: &str) -> String {
    format!("--{name}={}", word(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_are_and_everything_else_is_quoted() {
        for (text, quoted) in [
            ("allow-ssh", "allow-ssh"),
            ("tcp:22,443", "tcp:22,443"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's; reboot", r"'it'\''s; reboot'"),
            ("`x`|y>z", "'`x`|y>z'"),
            ("a\nb", r"$'a\x0ab'"),
            ("\u{202e}'x\\", r"$'\xe2\x80\xae\'x\\'"),
        ] {
            assert_eq!(word(text), quoted, "{text:?}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_flag_is_not_given_as_a_name() {
        assert_eq!((name("x"), name("--project=other"), name("-x")), (Some("x".to_owned()), None, None));
    }
}
