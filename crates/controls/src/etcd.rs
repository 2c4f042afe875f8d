//! Controls of access to etcd and the encryption of its content.

use palisade_engine::Entry;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[];
