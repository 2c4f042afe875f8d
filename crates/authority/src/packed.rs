//! A list of actions packed small: 20,000 names in a tenth of a megabyte, unpacked in a millisecond.
//!
//! Names are made of few words, `Describe`, `Instance`, `Policy`, and neighbours share how they begin. So a packed list is
//! a table of words, the most frequent first, and for each action how many words it shares with the one before and which
//! words follow. No compression library is needed to read it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::universe::{AccessLevel, Universe, folded_order};

const MAGIC: &[u8] = b"palisade actions 1\n";

/// Words below this number take one byte, the others two.
const SHORT: usize = 192;

/// A packed list that is not one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the packed list of actions is damaged at byte {at}")]
pub struct Damaged {
    /// Where reading stopped.
    pub at: usize,
}

impl Universe {
    /// Packs the list. Names have the form `service:Action`; others are packed too, at some cost. A name of more than
    /// 255 words does not survive; whoever packs compares with what [`Universe::unpack`] gives back.
    pub fn pack(&self) -> Vec<u8> {
        let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
        for word in self.actions().flat_map(|(name, _)| words(name)) {
            *frequency.entry(word).or_default() += 1;
        }
        let mut table: Vec<(&str, usize)> = frequency.into_iter().collect();
        table.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let numbers: BTreeMap<&str, usize> =
            table.iter().enumerate().map(|(number, (word, _))| (*word, number)).collect();

        let mut bytes = MAGIC.to_vec();
        text(&mut bytes, self.source());
        number(&mut bytes, table.len());
        for (word, _) in &table {
            text(&mut bytes, word);
        }
        number(&mut bytes, self.len());
        let mut before: Vec<&str> = Vec::new();
        for (name, level) in self.actions() {
            let words: Vec<&str> = words(name).collect();
            let shared = words.iter().zip(&before).take_while(|(a, b)| a == b).count().min(7);
            let fresh = words.get(shared..).unwrap_or_default();
            // Three bits each: five levels, up to seven shared words; four would be wasted on the count.
            let level = AccessLevel::ALL.iter().position(|one| *one == level).unwrap_or_default();
            let few = fresh.len().min(3);
            bytes.push(byte(level << 5 | shared << 2 | few));
            if few == 3 {
                bytes.push(byte(fresh.len().min(255)));
            }
            for word in fresh.iter().take(255) {
                word_number(&mut bytes, numbers.get(word).copied().unwrap_or_default());
            }
            before = words;
        }
        bytes
    }

    /// Unpacks a list.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Damaged { at: 0 });
        }
        let mut universe = Self::of(reader.text()?.to_owned());
        let table: Vec<&str> = (0..reader.number()?).map(|_| reader.text()).collect::<Result<_, _>>()?;
        let mut words: Vec<&str> = Vec::new();
        let mut name = String::new();
        for _ in 0..reader.number()? {
            let head = reader.byte()?;
            let level = AccessLevel::ALL.get(head >> 5).copied().ok_or(Damaged { at: reader.at })?;
            words.truncate(head >> 2 & 7);
            let fresh = if head & 3 == 3 { reader.byte()? } else { head & 3 };
            for _ in 0..fresh {
                let word = table.get(reader.word_number()?).ok_or(Damaged { at: reader.at })?;
                words.push(word);
            }
            let before = std::mem::take(&mut name);
            for word in &words {
                name.push_str(word);
            }
            // The list is searched by halves, so its order is part of it.
            if folded_order(&before, &name).then_with(|| before.cmp(&name)) != Ordering::Less {
                return Err(Damaged { at: reader.at });
            }
            universe.push(&name, level);
        }
        Ok(universe)
    }
}

/// The words of a name. The service with its colon is one word.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let length = word_length(rest)?;
        let (word, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(word)
    })
}

fn word_length(rest: &str) -> Option<usize> {
    if rest.is_empty() {
        return None;
    }
    if let Some(colon) = rest.find(':').filter(|colon| *colon < 200) {
        return Some(colon + 1);
    }
    let begins = |(before, letter): (char, char)| {
        (letter.is_uppercase() && !before.is_uppercase()) || letter.is_alphanumeric() != before.is_alphanumeric()
    };
    let pairs = rest.chars().zip(rest.char_indices().skip(1));
    let next = pairs.into_iter().find(|(before, (_, letter))| begins((*before, *letter)));
    // Two hundred bytes are more than any word has, and a length must fit into a byte.
    let length = next.map_or(rest.len(), |(_, (place, _))| place).min(200);
    (1..=length).rev().find(|end| rest.is_char_boundary(*end)).or(Some(rest.len()))
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let end = (0..=text.len().min(255)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    bytes.push(byte(end));
    bytes.extend(text.bytes().take(end));
}

fn word_number(bytes: &mut Vec<u8>, number: usize) {
    match number.checked_sub(SHORT) {
        None => bytes.push(byte(number)),
        Some(over) => bytes.extend([byte(SHORT + (over >> 8)), byte(over & 255)]),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let end = self.at.checked_add(length).ok_or(Damaged { at: self.at })?;
        let taken = self.bytes.get(self.at..end).ok_or(Damaged { at: self.at })?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<usize, Damaged> {
        self.take(1).map(|taken| taken.iter().map(|byte| usize::from(*byte)).sum())
    }

    fn number(&mut self) -> Result<usize, Damaged> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.byte()?;
        let at = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|_| Damaged { at })
    }

    fn word_number(&mut self) -> Result<usize, Damaged> {
        let first = self.byte()?;
        match first.checked_sub(SHORT) {
            None => Ok(first),
            Some(high) => Ok(SHORT + (high << 8 | self.byte()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn universe(names: &[&str]) -> Universe {
        let levels = AccessLevel::ALL.into_iter().cycle();
        Universe::new("a source", names.iter().map(|name| (*name).to_owned()).zip(levels))
    }

    #[test]
    fn a_list_reads_back_as_it_was_packed() {
        let long = format!("x:{}", "Word".repeat(40));
        let endless = "y".repeat(600);
        let names = [
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeVpcs",
            "iam:PassRole",
            "states:Call-ViaEvents",
            "s3:ListAllMyBuckets",
            &long,
            &endless,
            "weird",
            "a:ÄÖ",
        ];
        let list = universe(&names);
        let unpacked = Universe::unpack(&list.pack()).unwrap();
        assert_eq!(unpacked, list);
        assert_eq!(unpacked.source(), "a source");
        assert_eq!(Universe::unpack(&Universe::default().pack()).unwrap(), Universe::default());
    }

    #[test]
    fn words_begin_with_capitals() {
        let parts: Vec<&str> = words("iam:GetSSHPublicKey2").collect();
        assert_eq!(parts.concat(), "iam:GetSSHPublicKey2");
        assert_eq!(parts[..2], ["iam:", "Get"]);
    }

    #[test]
    fn a_damaged_list_is_refused_wherever_it_is_cut() {
        let packed = universe(&["ec2:DescribeInstances", "iam:PassRole"]).pack();
        for end in 0..packed.len() {
            assert!(Universe::unpack(&packed[..end]).is_err(), "cut at {end}");
        }
        let refused = Universe::unpack(b"something else altogether").unwrap_err();
        assert_eq!(refused.to_string(), "the packed list of actions is damaged at byte 0");
    }
}
