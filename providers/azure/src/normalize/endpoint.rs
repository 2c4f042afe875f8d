//! The public endpoint and the private way.

use super::{cluster::Read, observe::observe, surroundings::Surroundings, table::table};
use crate::tags;
use palisade_model::{Entry, EntryKind, Gap, Observed, PrivatePath, PublicAccess, PublicDoor};
use palisade_reach::{AddrSet, Bounds, Family, internet, parse_net};

/// What stands for "only the cluster itself" in a list.
/// <https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges>
const ONLY_OWN: &str = "0.0.0.0/32";

/// Whom the public endpoint lets in.
pub(super) fn public(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<PublicAccess> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/apiServerAccessProfile"));
        seen.extend(read.row.evidence("/properties/publicNetworkAccess"));
        let properties = read.properties;
        let access = &properties.api_server_access_profile;
        if properties.provisioning_state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("Creating")) {
            return Err(Gap::Unsettled { what: "the cluster is still being created".to_owned() });
        }
        if access.enable_private_cluster == Some(true) {
            return Ok(closed("`apiServerAccessProfile.enablePrivateCluster` is on"));
        }
        // Absent means `Enabled`.
        match properties.public_network_access.as_deref() {
            None => {}
            Some(setting) if setting.eq_ignore_ascii_case("Enabled") => {}
            Some(setting) if setting.eq_ignore_ascii_case("Disabled") => {
                return Ok(closed("`publicNetworkAccess` is `Disabled`"));
            }
            Some(setting) => {
                return Err(Gap::Unsettled {
                    what: format!("`publicNetworkAccess` is `{setting}`, a word we do not know"),
                });
            }
        }
        let ranges = &access.authorized_ip_ranges;
        if ranges.is_empty() {
            return Ok(PublicAccess::Open(everyone()));
        }
        let own = own_addresses(read, around, seen)?;
        Ok(PublicAccess::Open(listed(ranges, own, around.listed_cloud)))
    })
}

fn closed(because: &str) -> PublicAccess {
    PublicAccess::Closed { because: because.to_owned() }
}

/// No list, or an empty one: AKS takes that for everybody. The endpoint's public address is IPv4.
/// <https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges>
fn everyone() -> PublicDoor {
    let sources = Bounds::exact(internet().family(Family::V4));
    let entry =
        Entry { text: "no authorized IP ranges".to_owned(), covers: sources.clone(), kind: EntryKind::Everyone };
    PublicDoor { sources, entries: vec![entry], own: AddrSet::empty(), port: 443 }
}

fn listed(ranges: &[String], own: AddrSet, listed_cloud: bool) -> PublicDoor {
    let entries: Vec<Entry> = ranges.iter().map(|text| entry(text, &own, listed_cloud)).collect();
    let sources = entries.iter().fold(Bounds::exact(AddrSet::empty()), |all, entry| all.union(&entry.covers));
    PublicDoor { sources, entries, own, port: 443 }
}

fn entry(text: &str, own: &AddrSet, listed_cloud: bool) -> Entry {
    let said = text.trim();
    let (covers, kind) = match parse_net(said) {
        Ok(_) if said == ONLY_OWN => (Bounds::exact(own.clone()), EntryKind::OwnEgress),
        Ok(net) => (Bounds::exact(AddrSet::from_net(net)), EntryKind::Range(net)),
        // Not a range: a service tag (preview). One that is not in the list may be anything public.
        // <https://learn.microsoft.com/azure/aks/api-server-service-tags>
        Err(_) => {
            let everyone = || internet().family(Family::V4);
            let covers = match tags::find(said).filter(|_| listed_cloud) {
                Some(tag) => Bounds::exact(tag.addresses.intersect(&everyone())),
                None => Bounds::unknown_within(everyone()),
            };
            let is_whole_cloud = said.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("AzureCloud"));
            let kind =
                if is_whole_cloud { EntryKind::EveryCustomer { of: "Azure".to_owned() } } else { EntryKind::Named };
            (covers, kind)
        }
    };
    Entry { text: text.to_owned(), covers, kind }
}

/// Addresses the cluster's own traffic leaves from, as far as the cluster names them. AKS lets them in by itself.
fn own_addresses(
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<palisade_model::Evidence>,
) -> Result<AddrSet, Gap> {
    let network = &read.properties.network_profile;
    let profiles = [&network.load_balancer_profile, &network.nat_gateway_profile];
    let ids: Vec<&str> = profiles
        .iter()
        .flat_map(|profile| &profile.effective_outbound_ips)
        .filter_map(|reference| reference.id.as_deref())
        .collect();
    if ids.is_empty() {
        return Ok(AddrSet::empty());
    }
    seen.extend(read.row.evidence("/properties/networkProfile"));
    let addresses = table(&around.public_addresses)?;
    let mut own = AddrSet::empty();
    for id in ids {
        // One that lies in another subscription stays unknown; counting it as outside is the careful side.
        let Some(row) = addresses.find(id) else { continue };
        seen.extend(row.evidence("/properties/ipAddress"));
        let address = row.get()?.properties.ip_address.as_deref().and_then(|text| text.parse().ok());
        own = address.map_or(own.clone(), |address| own.union(&AddrSet::from_addr(address)));
    }
    Ok(own)
}

/// Whether nodes and clients inside have a private way.
pub(super) fn private_path(read: &Read<'_, '_>) -> Observed<PrivatePath> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/apiServerAccessProfile"));
        let access = &read.properties.api_server_access_profile;
        let present = |because: &str| PrivatePath::Present { because: because.to_owned() };
        Ok(if access.enable_vnet_integration == Some(true) {
            present("`apiServerAccessProfile.enableVnetIntegration` is on: the API server answers in the network")
        } else if access.enable_private_cluster == Some(true) {
            present("`apiServerAccessProfile.enablePrivateCluster` is on: a private endpoint leads to the API server")
        } else {
            PrivatePath::Absent {
                because: "neither `enablePrivateCluster` nor `enableVnetIntegration` is on".to_owned(),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> AddrSet {
        AddrSet::from_addr("20.50.1.2".parse().unwrap())
    }

    fn door(ranges: &[&str]) -> PublicDoor {
        listed(&ranges.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), own(), true)
    }

    #[test]
    fn a_list_adds_up_and_the_placeholder_is_the_clusters_own_addresses() {
        let door = door(&["0.0.0.0/32", "203.0.113.7"]);
        let kinds: Vec<&EntryKind> = door.entries.iter().map(|entry| &entry.kind).collect();
        assert!(matches!(kinds[..], [EntryKind::OwnEgress, EntryKind::Range(_)]));
        let outside = door.sources.lower().subtract(&door.own);
        assert_eq!(outside, AddrSet::from_addr("203.0.113.7".parse().unwrap()));
    }

    #[test]
    fn a_service_tag_is_every_customer_or_a_named_set_and_never_a_parsing_error() {
        let door = door(&["AzureCloud.westeurope", "ApiManagement", "Ünicode"]);
        assert_eq!(door.entries[0].kind, EntryKind::EveryCustomer { of: "Azure".to_owned() });
        assert_eq!(door.entries[1].kind, EntryKind::Named);
        assert!(door.entries[0].covers.is_exact() && door.entries[1].covers.is_exact());
        assert!(door.entries[2].covers.lower().is_empty() && !door.sources.is_exact());
        let elsewhere = listed(&["AzureCloud".to_owned()], own(), false);
        assert!(elsewhere.sources.lower().is_empty() && !elsewhere.sources.is_exact());
    }
}
