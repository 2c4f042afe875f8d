//! Names that Azure makes up: resource ids, GUIDs, addresses. Always the same for the same input.

use std::net::Ipv4Addr;

use crate::http::hash;

/// The id of a resource in a resource group.
pub(crate) fn resource(subscription: &str, group: &str, kind: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}")
}

/// A management group's id.
pub(crate) fn management_group(name: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{name}")
}

/// A GUID that belongs to `seed`.
pub(crate) fn guid(seed: &str) -> String {
    let high = hash(&[seed]);
    let low = hash(&["guid", seed]);
    let hex = format!("{high:016x}{low:016x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Eight digits as in `aks-agentpool-12345678-nsg`.
pub(crate) fn digits(seed: &str) -> String {
    format!("{:08}", hash(&[seed]) % 100_000_000)
}

/// Eight letters and digits as in `web-prod-dns-a1b2c3d4`.
pub(crate) fn suffix(seed: &str) -> String {
    format!("{:08x}", hash(&[seed]) & 0xffff_ffff)
}

/// A public address out of the block that Azure uses for virtual machines.
///
/// It is only ever written, never contacted.
pub(crate) fn public_address(seed: &str) -> Ipv4Addr {
    let [a, b, c, ..] = hash(&[seed]).to_le_bytes();
    Ipv4Addr::new(20, 48 + a % 16, b, 1 + c % 254)
}

/// The principal id behind a name such as `group/platform`.
pub(crate) fn principal(name: &str) -> String {
    guid(&format!("principal {name}"))
}

/// The application id behind the same name.
pub(crate) fn client(name: &str) -> String {
    guid(&format!("client {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_has_the_form_of_a_guid() {
        let made = guid("anything");
        let lengths: Vec<usize> = made.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(made.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
    }

    #[test]
    fn the_same_name_is_always_the_same_guid() {
        assert_eq!(principal("group/platform"), principal("group/platform"));
        assert_ne!(principal("group/platform"), client("group/platform"));
    }
}
