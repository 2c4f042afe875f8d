//! Controls of network access to the API server.

use palisade_engine::Entry;

pub mod endpoint_open_to_the_internet;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[Entry::of::<endpoint_open_to_the_internet::EndpointOpenToTheInternet>()];
