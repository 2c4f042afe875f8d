//! Fleets of any size, the same for the same seed.

pub mod aws;
pub mod azure;
pub mod gcp;

mod dice;
