//! Tokens of time-stamping authorities (RFC 3161): asked for, and read as far as they say what was stamped and when. Whether
//! an authority signed one is for `openssl ts -verify`, which knows certificates.

use crate::{Broken, KeyError};
use aws_lc_rs::rand;
use jiff::{Timestamp, civil};
use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

/// Where the token of a bundle stands: a whole answer of the authority, beside the manifest.
pub(crate) const TOKEN: &str = "manifest.tsr";

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const FIRST: u8 = 0xa0;

/// SHA-256 as an algorithm identifier has it (2.16.840.1.101.3.4.2.1).
const SHA256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// Signed data (1.2.840.113549.1.7.2).
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// What was stamped and when (1.2.840.113549.1.9.16.1.4).
const STAMPED: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// What a token says. Nothing here says that it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the authority says that it saw the manifest.
    pub at: Timestamp,
    /// The authority's number of the token, in hexadecimal.
    pub serial: String,
}

/// One element in DER.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut bytes = vec![tag];
    match u8::try_from(body.len()) {
        Ok(length) if length < 0x80 => bytes.push(length),
        _ => {
            let length: Vec<u8> = body.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            // A length has at most eight bytes.
            bytes.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            bytes.extend(length);
        }
    }
    bytes.extend(body);
    bytes
}

/// A number that is not negative.
fn integer(number: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|byte| *byte >= 0x80) {
        bytes.insert(0, 0);
    }
    element(INTEGER, &[&bytes])
}

/// The question for a token over the manifest with this SHA-256, with the authority's certificate, and the nonce in it: a
/// number that nobody else asks with, so that no old answer is taken for one.
pub fn timestamp_query(manifest_sha256: &str) -> Result<(Vec<u8>, u64), KeyError> {
    let mut nonce = [0; 8];
    rand::fill(&mut nonce).map_err(|_| KeyError::Random)?;
    let nonce = u64::from_be_bytes(nonce);
    let algorithm = element(SEQUENCE, &[&element(OBJECT, &[&SHA256]), &[0x05, 0x00]]);
    let digest = hex::decode(manifest_sha256).unwrap_or_default();
    let imprint = element(SEQUENCE, &[&algorithm, &element(OCTETS, &[&digest])]);
    let query = element(SEQUENCE, &[&integer(1), &imprint, &integer(nonce), &element(BOOLEAN, &[&[0xff]])]);
    Ok((query, nonce))
}

/// What is left to read of some DER.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag, and what is in it.
    fn any(&mut self) -> Option<(u8, Der<'a>)> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            let count = length & 0x7f;
            // No length of four bytes or more is read, and none that is left open.
            if !(1..=3).contains(&count) {
                return None;
            }
            let (bytes, after) = rest.split_at_checked(count)?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = after;
        }
        let (body, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, Der(body)))
    }

    /// The next element, if it has this tag.
    fn next(&mut self, tag: u8) -> Option<Der<'a>> {
        let mut ahead = *self;
        let (found, body) = ahead.any()?;
        (found == tag).then(|| {
            *self = ahead;
            body
        })
    }
}

/// Reads an answer of an authority: it must be a token over the manifest with this SHA-256, and answer the question with this
/// nonce when one is given.
pub fn read_timestamp(answer: &[u8], manifest_sha256: &str, nonce: Option<u64>) -> Result<Stamp, Broken> {
    let broken = |fact: String| Broken::new(TOKEN, fact);
    let form = || broken("it is no answer of a time-stamping authority".to_owned());
    let mut outer = Der(answer);
    let mut response = outer.next(SEQUENCE).filter(|_| outer.0.is_empty()).ok_or_else(form)?;
    let mut status = response.next(SEQUENCE).ok_or_else(form)?;
    let granted = status.next(INTEGER).ok_or_else(form)?;
    if ![[0].as_slice(), &[1]].contains(&granted.0) {
        let mut words = status.next(SEQUENCE);
        let words = words.as_mut().and_then(|words| words.next(UTF8)).map(|words| String::from_utf8_lossy(words.0));
        let words: String = words.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(200).collect();
        return Err(broken(format!("the authority refused (status {}): {words}", hex::encode(granted.0))));
    }
    let (imprint, stamp, answered) = stamped(response).ok_or_else(form)?;
    if hex::encode(imprint) != manifest_sha256 {
        return Err(broken("it is the token of another manifest".to_owned()));
    }
    if nonce.is_some_and(|nonce| integer(nonce).strip_prefix(&[INTEGER]).and_then(|rest| rest.get(1..)) != answered) {
        return Err(broken("it does not answer the question that was asked".to_owned()));
    }
    Ok(stamp)
}

/// What is in the token of an answer: the digest that was stamped, the stamp, and the nonce.
type Stamped<'a> = (&'a [u8], Stamp, Option<&'a [u8]>);

fn stamped(mut response: Der<'_>) -> Option<Stamped<'_>> {
    let mut token = response.next(SEQUENCE)?;
    if token.next(OBJECT)?.0 != SIGNED_DATA {
        return None;
    }
    let mut signed = token.next(FIRST)?.next(SEQUENCE)?;
    signed.next(INTEGER)?;
    signed.next(SET)?;
    let mut content = signed.next(SEQUENCE)?;
    if content.next(OBJECT)?.0 != STAMPED {
        return None;
    }
    let mut info = content.next(FIRST)?.next(OCTETS)?.next(SEQUENCE)?;
    info.next(INTEGER)?;
    info.next(OBJECT)?;
    let mut imprint = info.next(SEQUENCE)?;
    if imprint.next(SEQUENCE)?.next(OBJECT)?.0 != SHA256 {
        return None;
    }
    let digest = imprint.next(OCTETS)?.0;
    let serial = hex::encode(info.next(INTEGER)?.0);
    let at = moment(std::str::from_utf8(info.next(TIME)?.0).ok()?)?;
    // Accuracy and order come before it when they are there.
    info.next(SEQUENCE);
    info.next(BOOLEAN);
    let nonce = info.next(INTEGER).map(|nonce| nonce.0);
    Some((digest, Stamp { at, serial }, nonce))
}

/// A moment as DER writes it: `20261129020000Z`, with a fraction perhaps.
fn moment(text: &str) -> Option<Timestamp> {
    let local = text.strip_suffix('Z')?;
    let at = civil::DateTime::strptime("%Y%m%d%H%M%S%.f", local).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// Puts an answer that was read into the folder of its bundle. One that is there is not replaced.
pub fn put_timestamp(bundle: &Path, answer: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(bundle.join(TOKEN))?;
    file.write_all(answer)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_are_written_as_der_has_them() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(0x80), [2, 2, 0, 0x80]);
        assert_eq!(integer(0x1234), [2, 2, 0x12, 0x34]);
        assert_eq!(element(OCTETS, &[&[7; 200]])[..3], [4, 0x81, 200]);
        assert_eq!(element(OCTETS, &[&[7; 300]])[..4], [4, 0x82, 1, 44]);
        let mut read = Der(&[4, 0x82, 0, 1, 9, 5, 0]);
        assert_eq!(read.next(OCTETS).unwrap().0, [9]);
        assert_eq!(read.0, [5, 0]);
        for odd in [&[4_u8][..], &[4, 5, 0], &[4, 0x80, 0, 0], &[4, 0x84, 0, 0, 0, 1, 9], &[4, 0x82, 1]] {
            assert!(Der(odd).any().is_none(), "{odd:?}");
        }
    }

    #[test]
    fn a_moment_is_read_with_its_fraction_and_in_utc_alone() {
        assert_eq!(moment("20261129020000Z"), "2026-11-29T02:00:00Z".parse().ok());
        assert_eq!(moment("20261129020000.25Z"), "2026-11-29T02:00:00.25Z".parse().ok());
        for odd in ["20261129020000", "20261329020000Z", "20261129020000+0100", "Z", ""] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused_and_a_refusal_says_why() {
        let digest = "00".repeat(32);
        for odd in [&b""[..], b"\x30\x00", b"<html>", &[0x30, 0x80, 0, 0]] {
            assert!(read_timestamp(odd, &digest, None).is_err());
        }
        let words = element(SEQUENCE, &[&element(UTF8, &[b"not today\n"])]);
        let refused = element(SEQUENCE, &[&element(SEQUENCE, &[&integer(2), &words])]);
        let broken = read_timestamp(&refused, &digest, None).unwrap_err();
        assert_eq!(broken.fact, "the authority refused (status 02): not today");
        let granted = element(SEQUENCE, &[&element(SEQUENCE, &[&integer(0)])]);
        assert!(read_timestamp(&granted, &digest, None).unwrap_err().fact.contains("no answer"));
    }
}
