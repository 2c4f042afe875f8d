//! Controls of the cluster's access to the cloud's API.

use palisade_engine::Entry;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[];
