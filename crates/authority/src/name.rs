//! A name on its way past many patterns, and the first letters by which most of them part ways.

use crate::glob::{Case, Token};

/// A name to be matched against many patterns, with its first bytes at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    text: &'a str,
    start: u64,
    folded_start: u64,
}

impl<'a> Name<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut start = 0;
        let mut folded_start = 0;
        for (place, byte) in text.bytes().take(8).enumerate() {
            start |= u64::from(byte) << (8 * place);
            folded_start |= u64::from(byte.to_ascii_lowercase()) << (8 * place);
        }
        Self { text, start, folded_start }
    }

    pub(crate) fn text(self) -> &'a str {
        self.text
    }
}

/// The first bytes a pattern insists on: most pairs of pattern and name part ways there, and this tells in one step.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    bytes: u64,
    mask: u64,
    length: usize,
}

impl Head {
    pub(crate) fn of_pattern(tokens: &[Token]) -> Self {
        let mut head = Self { bytes: 0, mask: 0, length: 0 };
        for (place, token) in tokens.iter().take(8).enumerate() {
            let Token::Exactly(letter @ '\0'..='\u{7f}') = *token else { break };
            head.bytes |= u64::from(u32::from(letter)) << (8 * place);
            head.mask |= 0xff << (8 * place);
            head.length = place + 1;
        }
        head
    }

    /// How many tokens of its pattern the head stands for.
    pub(crate) fn length(self) -> usize {
        self.length
    }

    /// What is left of a name that starts as the pattern does.
    pub(crate) fn strip(self, name: Name<'_>, case: Case) -> Option<&str> {
        let start = match case {
            Case::Sensitive => name.start,
            Case::Insensitive => name.folded_start,
        };
        // INVARIANT: the head is ASCII, so it is as many bytes long as it is letters. A name too short to be compared
        // with all of it is stopped here, should its padding pass for NULs.
        if self.could_start(start) { name.text.get(self.length..) } else { None }
    }

    fn could_start(self, start: u64) -> bool {
        (start ^ self.bytes) & self.mask == 0
    }

    /// Whether a pattern with this head could contain one of the same case with the other.
    pub(crate) fn could_include(self, other: Self) -> bool {
        self.mask & !other.mask == 0 && self.could_start(other.bytes)
    }

    /// Whether patterns of the same case with these heads could meet.
    pub(crate) fn could_meet(self, other: Self) -> bool {
        (self.bytes ^ other.bytes) & self.mask & other.mask == 0
    }
}
