//! Patterns of names: `*` is any run of characters, `?` is one character, everything else is itself.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::name::{Head, Name};

/// Whether letters that differ only in case are the same letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Case {
    /// `a` and `A` differ.
    Sensitive,
    /// `a` and `A` are the same.
    Insensitive,
}

/// A piece of a pattern given to [`Glob::from_parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text in which `*` and `?` are wildcards.
    Pattern(&'a str),
    /// Text in which every character stands for itself, as a substituted variable does.
    Literal(&'a str),
}

/// A pattern over names, compiled once and matched often.
///
/// Two globs are equal when they accept the same names: `a*?` equals `a?*`, and `S3:*` equals `s3:*` when case does not
/// count. The spelling it was built from is kept for printing.
#[derive(Clone)]
pub struct Glob {
    text: Arc<str>,
    case: Case,
    /// INVARIANT: canonical, that is every stretch of wildcards is its `One`s followed by at most one `Run`.
    tokens: Arc<[Token]>,
    head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Token {
    /// Any run of characters, also none.
    Run,
    /// Any one character.
    One,
    /// This character, already folded when case does not count.
    Exactly(char),
}

impl Glob {
    /// A pattern in which case counts.
    pub fn sensitive(pattern: &str) -> Self {
        Self::from_parts(Case::Sensitive, &[Part::Pattern(pattern)])
    }

    /// A pattern in which case does not count.
    pub fn insensitive(pattern: &str) -> Self {
        Self::from_parts(Case::Insensitive, &[Part::Pattern(pattern)])
    }

    /// The pattern every name matches.
    pub fn everything() -> Self {
        Self::sensitive("*")
    }

    /// Exactly this name, also when it contains `*` or `?`.
    pub fn exactly(case: Case, name: &str) -> Self {
        Self::from_parts(case, &[Part::Literal(name)])
    }

    /// A pattern put together from wildcard text and literal text.
    pub fn from_parts(case: Case, parts: &[Part<'_>]) -> Self {
        let length = parts.iter().map(|part| part.text().len()).sum();
        let mut builder = Builder { tokens: Vec::with_capacity(length), open: false };
        for part in parts {
            match part {
                Part::Pattern(piece) => builder.pattern(piece, case),
                Part::Literal(piece) => builder.literal(piece, case),
            }
        }
        let tokens = builder.finish();
        let text = match parts {
            [only] => only.text().into(),
            several => several.iter().map(Part::text).collect::<String>().into(),
        };
        Self { text, case, head: Head::of_pattern(&tokens), tokens: tokens.into() }
    }

    /// Whether `name` is one of the names this pattern stands for.
    ///
    /// Takes at most the product of the two lengths, whatever the input.
    pub fn matches(&self, name: &str) -> bool {
        self.accepts(Name::new(name))
    }

    pub(crate) fn accepts(&self, name: Name<'_>) -> bool {
        let tokens = self.tokens.get(self.head.length()..);
        let rest = self.head.strip(name, self.case);
        rest.zip(tokens).is_some_and(|(rest, tokens)| self.walk(tokens, rest))
    }

    /// The classical walk with one point of return: a later `*` makes every earlier one final.
    fn walk(&self, tokens: &[Token], name: &str) -> bool {
        let mut pattern = tokens.iter();
        let mut rest = name.chars();
        let mut resume: Option<(std::slice::Iter<'_, Token>, std::str::Chars<'_>)> = None;
        loop {
            let token = pattern.next();
            match token {
                Some(Token::Run) => {
                    if pattern.as_slice().is_empty() {
                        return true;
                    }
                    resume = Some((pattern.clone(), rest.clone()));
                    continue;
                }
                Some(single) => match rest.next() {
                    // A later start leaves even less to match the same tokens with.
                    None => return false,
                    Some(letter) if single.admits(letter, self.case) => continue,
                    Some(_) => {}
                },
                None => {
                    if rest.as_str().is_empty() {
                        return true;
                    }
                }
            }
            let Some((after_run, from)) = resume.as_mut() else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            pattern = after_run.clone();
            rest = from.clone();
        }
    }

    /// Whether every name matches.
    pub fn is_everything(&self) -> bool {
        matches!(*self.tokens, [Token::Run])
    }

    /// The one name this pattern stands for, as it was spelled, when it has no wildcard.
    pub fn literal(&self) -> Option<&str> {
        let plain = self.tokens.iter().all(|token| matches!(token, Token::Exactly(_)));
        plain.then_some(&*self.text)
    }

    /// The pattern as it was spelled.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether case counts.
    pub fn case(&self) -> Case {
        self.case
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// A name that matches, with `unused` wherever the pattern leaves the choice open.
    pub(crate) fn witness(&self, unused: char) -> String {
        self.tokens
            .iter()
            .map(|token| match *token {
                Token::Run | Token::One => unused,
                Token::Exactly(letter) => letter,
            })
            .collect()
    }
}

impl<'a> Part<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Pattern(text) | Self::Literal(text) => text,
        }
    }
}

impl Token {
    pub(crate) fn admits(self, letter: char, case: Case) -> bool {
        match (self, case) {
            (Self::Run | Self::One, _) => true,
            (Self::Exactly(wanted), Case::Sensitive) => wanted == letter,
            (Self::Exactly(wanted), Case::Insensitive) => wanted == fold(letter),
        }
    }
}

/// The letter that stands for all its cases. ASCII letters only ever meet ASCII letters, so that no exotic sign (the
/// Kelvin sign is the known one) passes for a Latin letter in the name of a permission.
pub(crate) fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => letter,
    }
}

struct Builder {
    tokens: Vec<Token>,
    /// Whether the stretch of wildcards being read has a `*`.
    open: bool,
}

impl Builder {
    fn pattern(&mut self, piece: &str, case: Case) {
        for letter in piece.chars() {
            match letter {
                '*' => self.open = true,
                '?' => self.tokens.push(Token::One),
                other => self.letter(other, case),
            }
        }
    }

    fn literal(&mut self, piece: &str, case: Case) {
        for letter in piece.chars() {
            self.letter(letter, case);
        }
    }

    fn letter(&mut self, letter: char, case: Case) {
        self.close();
        self.tokens.push(Token::Exactly(match case {
            Case::Sensitive => letter,
            Case::Insensitive => fold(letter),
        }));
    }

    fn close(&mut self) {
        if self.open {
            self.tokens.push(Token::Run);
            self.open = false;
        }
    }

    fn finish(mut self) -> Vec<Token> {
        self.close();
        self.tokens
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.case == other.case && self.tokens == other.tokens
    }
}

impl Eq for Glob {}

impl PartialOrd for Glob {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Glob {
    fn cmp(&self, other: &Self) -> Ordering {
        self.tokens.cmp(&other.tokens).then(self.case.cmp(&other.case))
    }
}

impl Hash for Glob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.case.hash(state);
        self.tokens.hash(state);
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.case {
            Case::Sensitive => write!(f, "Glob({:?})", self.text),
            Case::Insensitive => write!(f, "Glob({:?}, any case)", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stands_for_any_number_of_characters_and_a_question_mark_for_one() {
        let glob = Glob::sensitive("arn:*:role/eks-?");
        assert!(glob.matches("arn:aws:iam::1:role/eks-a"));
        assert!(glob.matches("arn::role/eks-ü"));
        assert!(!glob.matches("arn:aws:iam::1:role/eks-"));
        assert!(!glob.matches("arn:aws:iam::1:role/eks-ab"));
    }

    #[test]
    fn case_counts_only_where_it_is_said_to() {
        assert!(Glob::insensitive("IAM:Pass*").matches("iam:passrole"));
        assert!(!Glob::sensitive("IAM:Pass*").matches("iam:passrole"));
        assert!(Glob::insensitive("/Gruppen/Ämter/*").matches("/gruppen/ämter/x"));
    }

    #[test]
    fn no_foreign_sign_passes_for_a_latin_letter() {
        let kelvin = '\u{212a}';
        assert!(!Glob::insensitive("kms:*").matches(&format!("{kelvin}ms:Decrypt")));
        assert_eq!(fold(kelvin), kelvin);
    }

    #[test]
    fn a_literal_star_is_a_star() {
        let any_account = Glob::exactly(Case::Sensitive, "system:serviceaccount:*:app");
        assert_eq!(any_account.literal(), Some("system:serviceaccount:*:app"));
        assert!(!any_account.matches("system:serviceaccount:prod:app"));
        assert!(any_account.matches("system:serviceaccount:*:app"));
        let tagged = Glob::from_parts(Case::Sensitive, &[Part::Literal("team-*/"), Part::Pattern("*")]);
        assert!(tagged.matches("team-*/key"));
        assert!(!tagged.matches("team-a/key"));
        assert_eq!(tagged.to_string(), "team-*/*");
        assert_eq!(tagged.literal(), None);
    }

    #[test]
    fn everything_is_recognised_however_it_is_spelled() {
        assert!(Glob::sensitive("*").is_everything());
        assert!(Glob::insensitive("***").is_everything());
        assert!(!Glob::sensitive("?*").is_everything());
        assert!(!Glob::sensitive("").is_everything());
        assert!(!Glob::exactly(Case::Sensitive, "*").is_everything());
    }

    #[test]
    fn printing_keeps_the_spelling_and_comparing_does_not() {
        let one = Glob::insensitive("S3:Get*?");
        assert_eq!(one.to_string(), "S3:Get*?");
        assert_eq!(one, Glob::insensitive("s3:get?*"));
        assert_ne!(one, Glob::sensitive("S3:Get*?"));
    }

    #[test]
    fn a_short_name_does_not_match_by_its_missing_letters() {
        assert!(!Glob::sensitive("s3:GetObject").matches("s3"));
        assert!(!Glob::sensitive("a\0").matches("a"));
        assert!(Glob::sensitive("a\0").matches("a\0"));
        assert!(Glob::sensitive("").matches(""));
        assert!(!Glob::sensitive("").matches("a"));
    }

    #[test]
    fn the_first_letters_are_compared_whatever_their_width() {
        assert!(Glob::sensitive("säule*").matches("säulenhalle"));
        assert!(!Glob::sensitive("säule*").matches("saeulen"));
        assert!(Glob::insensitive("ABCDEFGHIJ").matches("abcdefghij"));
        assert!(!Glob::insensitive("ABCDEFGHIJ").matches("abcdefghix"));
        assert!(Glob::sensitive("abcdefg?i").matches("abcdefgüi"));
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = Glob::sensitive(&format!("{}b", "*a".repeat(500)));
        assert!(!pattern.matches(&"a".repeat(5_000)));
        assert!(pattern.matches(&format!("{}b", "a".repeat(5_000))));
    }
}
