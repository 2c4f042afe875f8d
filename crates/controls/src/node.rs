//! Controls of nodes and access to them.

use palisade_engine::Entry;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[];
