//! What the catalogue maps and no control of this version reads.

mod rows;

pub use rows::UNREAD;

use palisade_engine::{Mapping, read_mappings};

/// A control of the catalogue that nothing judges yet. A requirement that it speaks to is not wholly checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadControl {
    /// `AREA-nn`.
    pub id: &'static str,
    /// The good state in a sentence, as the catalogue says it.
    pub title: &'static str,
    /// Benchmark requirements, `FRAMEWORK:id,id; FRAMEWORK:id`.
    pub maps: &'static str,
}

impl UnreadControl {
    /// The benchmark rows. One that cannot be read is none; a test holds that every one can.
    pub fn mappings(&self) -> Vec<Mapping> {
        read_mappings(self.maps).unwrap_or_default()
    }
}
