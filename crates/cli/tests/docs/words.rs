//! How a shell reads a line, as far as documents use it.

/// The words of a command: quotes are taken off, and a comment or what is done with the output ends it.
pub(crate) fn of(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>' | '<' | ';' | '&') => break,
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (Some(_) | None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn quotes_keep_words_together_and_a_comment_or_a_pipe_ends_them() {
        assert_eq!(of("a  'b c' --d=\"e # f\" g#h # i"), ["a", "b c", "--d=e # f", "g#h"]);
        assert_eq!(of("a b | c"), ["a", "b"]);
        assert_eq!(of("a \"\" > b"), ["a", ""]);
    }
}
