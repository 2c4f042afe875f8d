//! Controls of the control plane: network access to the API server, and who gets in by what.

use palisade_engine::Entry;

pub mod allow_list_wide;
pub mod cloud_administrators_unbounded;
pub mod cloud_customers_admitted;
pub mod cluster_certificate_expiring;
pub mod directory_bypassed;
pub mod endpoint_open_to_the_internet;
pub mod legacy_authorization;
pub(crate) mod list;
pub mod local_administrator_present;
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
    Entry::of::<local_administrator_present::LocalAdministratorPresent>(),
    Entry::of::<legacy_authorization::LegacyAuthorization>(),
    Entry::of::<directory_bypassed::DirectoryBypassed>(),
    Entry::of::<cloud_administrators_unbounded::CloudAdministratorsUnbounded>(),
    Entry::of::<cluster_certificate_expiring::ClusterCertificateExpiring>(),
];
