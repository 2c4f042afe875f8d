//! Names and numbers that Google makes up. Always the same for the same input.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::http::hash;

/// Where compute resources say they live.
pub(crate) const COMPUTE: &str = "https://www.googleapis.com/compute/v1";

/// A resource number of Compute Engine: up to twenty digits, too large for a JSON number, and so sent as text.
pub(crate) fn number(seed: &str) -> String {
    (hash(&["number", seed]) | 1 << 62).to_string()
}

/// A project's number: twelve digits.
pub(crate) fn project_number(id: &str) -> String {
    (100_000_000_000 + hash(&["project", id]) % 900_000_000_000).to_string()
}

/// Eight letters and digits as in `gke-c-a1b2c3d4-node`.
pub(crate) fn suffix(seed: &str) -> String {
    format!("{:08x}", hash(&["suffix", seed]) & 0xffff_ffff)
}

/// Four letters and digits as at the end of a node's name.
pub(crate) fn short(seed: &str) -> String {
    format!("{:04x}", hash(&["short", seed]) & 0xffff)
}

/// A fingerprint of Compute Engine: base64 in the alphabet that is safe in addresses, on which the clients insist.
pub(crate) fn fingerprint(seed: &str) -> String {
    URL_SAFE.encode(hash(&["fingerprint", seed]).to_be_bytes())
}

/// An etag of the other services: base64 in the usual alphabet, on which the clients insist as well.
pub(crate) fn etag(seed: &str) -> String {
    STANDARD.encode(hash(&["etag", seed]).to_be_bytes())
}

/// A public address out of a block that Google uses for virtual machines.
///
/// It is only ever written, never contacted.
pub(crate) fn public_address(seed: &str) -> Ipv4Addr {
    let [a, b, c, ..] = hash(&["address", seed]).to_le_bytes();
    Ipv4Addr::new(34, 64 + a % 64, b, 1 + c % 254)
}

/// The e-mail address of a service account of a project. `compute` is the default one.
pub(crate) fn account(project: &str, number: &str, name: &str) -> String {
    if name == "compute" {
        format!("{number}-compute@developer.gserviceaccount.com")
    } else {
        format!("{name}@{project}.iam.gserviceaccount.com")
    }
}

/// The region of a zone, or the region itself.
pub(crate) fn region(location: &str) -> &str {
    match location.rsplit_once('-') {
        // `europe-west4-a` is a zone, `europe-west4` is not.
        Some((region, zone)) if zone.len() == 1 => region,
        _ => location,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_and_etags_use_different_alphabets() {
        let all = |make: fn(&str) -> String| (0..200).map(|seed| make(&seed.to_string())).collect::<String>();
        assert!(all(fingerprint).contains(['-', '_']) && !all(fingerprint).contains(['+', '/']));
        assert!(all(etag).contains(['+', '/']) && !all(etag).contains(['-', '_']));
    }

    #[test]
    fn a_zone_is_in_its_region_and_a_region_is_itself() {
        assert_eq!(region("europe-west4-a"), "europe-west4");
        assert_eq!(region("europe-west4"), "europe-west4");
    }
}
