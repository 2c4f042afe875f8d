//! Files that are closed with the key of a period piece by piece, so that nobody has to hold one: exports may be as long as all
//! verdicts together.
//!
//! A head of 16 bytes, the SHA-256 of what is in it, then pieces of a mebibyte, each closed by itself. The digest, the place of
//! the piece and whether it is the last are bound in: none can be taken away, doubled or put elsewhere.

use crate::PeriodKey;
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Read, Seek as _, Write},
};

/// What a closed file is called like, behind the name of what is in it.
pub(crate) const ENDING: &str = ".enc";
const HEAD: [u8; 16] = *b"palisade-file/1\n";
/// How much is closed at once, in bytes.
const PIECE: usize = 1 << 20;
/// What AES-GCM adds to a piece, in bytes.
const TAG: usize = 16;

/// Closes a file, which is read twice: for its digest, and for its pieces.
pub(crate) fn close(key: &PeriodKey, from: &mut File, to: &mut dyn Write) -> io::Result<()> {
    let mut hash = crate::part::Hashing(Sha256::new());
    io::copy(from, &mut hash)?;
    from.rewind()?;
    let digest: [u8; 32] = hash.0.finalize().into();
    to.write_all(&HEAD)?;
    to.write_all(&digest)?;
    pieces(from, PIECE, |number, is_last, piece| {
        let closed = key.close_piece(&context(&digest, number, is_last), piece);
        to.write_all(&closed.ok_or_else(|| io::Error::other("it could not be encrypted"))?)
    })
}

/// Opens a file. Whatever of it was written before an error counts for nothing.
pub(crate) fn open(key: &PeriodKey, from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the key of the period does not open it");
    let (mut head, mut digest) = ([0; 16], [0; 32]);
    from.read_exact(&mut head).map_err(|_| damaged())?;
    from.read_exact(&mut digest).map_err(|_| damaged())?;
    if head != HEAD {
        return Err(damaged());
    }
    let mut hash = Sha256::new();
    pieces(from, PIECE + TAG, |number, is_last, piece| {
        let open = key.open_piece(&context(&digest, number, is_last), piece).ok_or_else(damaged)?;
        hash.update(&open);
        to.write_all(&open)
    })?;
    let actual: [u8; 32] = hash.finalize().into();
    if actual == digest { Ok(()) } else { Err(damaged()) }
}

/// Hands over what is read in pieces of a length, with the number of each and whether it is the last one. There is one at least.
fn pieces(
    from: &mut dyn Read,
    length: usize,
    mut take: impl FnMut(u64, bool, Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut next = || -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        (&mut *from).take(length as u64).read_to_end(&mut piece)?;
        Ok(piece)
    };
    let (mut number, mut piece) = (0, next()?);
    loop {
        let following = if piece.len() == length { next()? } else { Vec::new() };
        let is_last = following.is_empty();
        take(number, is_last, piece)?;
        if is_last {
            return Ok(());
        }
        (number, piece) = (number + 1, following);
    }
}

/// What a piece is bound to.
fn context(digest: &[u8; 32], number: u64, is_last: bool) -> Vec<u8> {
    [HEAD.as_slice(), digest, &number.to_be_bytes(), &[u8::from(is_last)]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(key: &PeriodKey, bytes: &[u8]) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut to = Vec::new();
        close(key, &mut file, &mut to).unwrap();
        to
    }

    fn opened(key: &PeriodKey, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut to = Vec::new();
        open(key, &mut &*bytes, &mut to).ok().map(|()| to)
    }

    #[test]
    fn a_file_of_any_length_opens_with_its_key_alone_and_has_the_same_bytes_again() {
        let (key, _) = PeriodKey::generate("2026-11").unwrap();
        let (other, _) = PeriodKey::generate("2026-11").unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let text = closed(&key, &bytes);
            assert_eq!(text, closed(&key, &bytes));
            assert_eq!(opened(&key, &text).as_ref(), Some(&bytes));
            assert_eq!(opened(&other, &text), None);
        }
    }

    #[test]
    fn pieces_that_are_changed_missing_doubled_or_exchanged_are_refused() {
        let (key, _) = PeriodKey::generate("2026-11").unwrap();
        let bytes = vec![7; 2 * PIECE + 5];
        let text = closed(&key, &bytes);
        let (head, piece) = (48, PIECE + TAG);
        let (first, second, last) =
            (&text[head..head + piece], &text[head + piece..head + 2 * piece], &text[head + 2 * piece..]);
        for parts in [
            vec![first, second],
            vec![first, last],
            vec![second, first, last],
            vec![first, first, second, last],
            vec![first, second, last, last],
            vec![],
        ] {
            let changed = [vec![&text[..head]], parts].concat().concat();
            assert_eq!(opened(&key, &changed), None);
        }
        for at in [0, 15, 16, 47, 48, head + piece, text.len() - 1] {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, &changed), None, "byte {at}");
        }
    }
}
