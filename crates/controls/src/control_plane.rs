//! Controls of network access to the API server.

use palisade_engine::Entry;

pub mod allow_list_wide;
pub mod cloud_customers_admitted;
pub mod endpoint_open_to_the_internet;
mod list;
pub mod private_endpoint_unguarded;
pub mod private_path_missing;
pub mod public_endpoint;
pub mod second_door_unguarded;
pub mod tunnel_around_the_network;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<endpoint_open_to_the_internet::EndpointOpenToTheInternet>(),
    Entry::of::<allow_list_wide::AllowListWide>(),
    Entry::of::<public_endpoint::PublicEndpoint>(),
    Entry::of::<private_path_missing::PrivatePathMissing>(),
    Entry::of::<cloud_customers_admitted::CloudCustomersAdmitted>(),
    Entry::of::<second_door_unguarded::SecondDoorUnguarded>(),
    Entry::of::<tunnel_around_the_network::TunnelAroundTheNetwork>(),
    Entry::of::<private_endpoint_unguarded::PrivateEndpointUnguarded>(),
];
