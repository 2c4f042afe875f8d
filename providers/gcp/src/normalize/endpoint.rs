//! How the API server of a cluster can be reached, as far as the cluster's own record says it.

use crate::record::container::{AuthorizedNetworks, Cluster, DnsEndpoint};
use ipnet::IpNet;
use palisade_model::{Door, DoorKind, Entry, EntryKind, PrivateGuard, PrivatePath, PublicAccess, PublicDoor};
use palisade_reach::{AddrSet, Bounds, Family, RuleId, internet, parse_net};

/// The permission that opens the DNS endpoint.
const GATE: &str = "container.clusters.connect";

/// The settings of the IP endpoints, from the current object or from its deprecated predecessors.
#[derive(Debug)]
pub(crate) struct Endpoints<'a> {
    enabled: bool,
    public: bool,
    private: Option<&'a str>,
    global: bool,
    list: Option<&'a AuthorizedNetworks>,
    /// Where the settings stand.
    pub(crate) place: &'static str,
}

impl<'a> Endpoints<'a> {
    /// Google omits what is off, so an absent switch inside the current object is off; only `enabled` has presence of
    /// its own and is on unless it says otherwise. Old clusters have no current object, and there an absent
    /// `enablePrivateEndpoint` means that the public endpoint is on.
    /// <https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters#ipendpointsconfig>
    pub(crate) fn of(cluster: &'a Cluster) -> Self {
        let current =
            cluster.control_plane_endpoints_config.as_ref().and_then(|config| config.ip_endpoints_config.as_ref());
        if let Some(ip) = current {
            return Self {
                enabled: ip.enabled != Some(false),
                public: ip.enable_public_endpoint == Some(true),
                private: present(ip.private_endpoint.as_deref()),
                global: ip.global_access == Some(true),
                list: ip.authorized_networks_config.as_ref(),
                place: "/controlPlaneEndpointsConfig/ipEndpointsConfig",
            };
        }
        let old = cluster.private_cluster_config.as_ref();
        Self {
            enabled: true,
            public: old.and_then(|old| old.enable_private_endpoint) != Some(true),
            private: old.and_then(|old| present(old.private_endpoint.as_deref())),
            global: old.and_then(|old| old.master_global_access_config.as_ref()).and_then(|access| access.enabled)
                == Some(true),
            list: cluster.master_authorized_networks_config.as_ref(),
            place: if old.is_some() { "/privateClusterConfig" } else { "" },
        }
    }

    /// The list, when it is on. An object without `enabled` is off, whatever else it holds.
    fn list(&self) -> Option<&'a AuthorizedNetworks> {
        self.list.filter(|list| list.enabled == Some(true))
    }

    /// The public endpoint. It has an IPv4 address only.
    ///
    /// Nodes of the cluster and Google's management addresses are let in whatever the list says; they are the cluster's
    /// own and the provider's, not the outside that is asked about, and are left out.
    pub(crate) fn public(&self) -> PublicAccess {
        if !self.enabled {
            return closed("`ipEndpointsConfig.enabled` is false: there is no IP endpoint");
        }
        if !self.public {
            return closed("the public endpoint is off");
        }
        let Some(list) = self.list() else {
            let everyone = Bounds::exact(internet().family(Family::V4));
            let entries = vec![Entry {
                text: "authorized networks are off".to_owned(),
                covers: everyone.clone(),
                kind: EntryKind::Everyone,
            }];
            return open(everyone, entries);
        };
        let mut entries: Vec<Entry> = list
            .cidr_blocks
            .iter()
            .map(|block| {
                let text = block.cidr_block.as_deref().unwrap_or_default();
                let name = block.display_name.as_deref().filter(|name| !name.is_empty());
                range(text, name)
            })
            .collect();
        entries.extend(google_cloud(list.gcp_public_cidrs_access_enabled));
        let sources = entries.iter().fold(Bounds::exact(AddrSet::empty()), |all, entry| all.union(&entry.covers));
        open(sources.intersect(&Bounds::exact(internet().clone())), entries)
    }

    /// The private way to the API server.
    pub(crate) fn private_path(&self) -> PrivatePath {
        match (self.enabled, self.private) {
            (true, Some(address)) => PrivatePath::Present { because: format!("the private endpoint is `{address}`") },
            (true, None) => PrivatePath::Absent { because: "the cluster has no private endpoint".to_owned() },
            // Nodes and clients then use the DNS endpoint, whose front end is reached without leaving Google's network.
            (false, _) => PrivatePath::Present {
                because: "the IP endpoints are off; nodes and clients use the DNS endpoint".to_owned(),
            },
        }
    }

    /// What stands in front of the private endpoint.
    pub(crate) fn private_guard(&self) -> PrivateGuard {
        if !self.enabled {
            return PrivateGuard::NoEndpoint { because: "`ipEndpointsConfig.enabled` is false".to_owned() };
        }
        if self.private.is_none() {
            return PrivateGuard::NoEndpoint { because: "the cluster has no private endpoint".to_owned() };
        }
        let reach = if self.global { ", from every region of the network" } else { "" };
        let enforced = |list: &&AuthorizedNetworks| list.private_endpoint_enforcement_enabled == Some(true);
        match self.list() {
            Some(list) if enforced(&list) => {
                let blocks = || list.cidr_blocks.iter().map(|block| block.cidr_block.as_deref().unwrap_or_default());
                let sources = blocks()
                    .map(|text| range(text, None).covers)
                    .fold(Bounds::exact(AddrSet::empty()), |all, covers| all.union(&covers));
                let via = blocks().map(RuleId::from).collect();
                PrivateGuard::Filtered { sources, via, global: self.global }
            }
            Some(_) => PrivateGuard::Unfiltered {
                because: format!("authorized networks are not enforced on the private endpoint{reach}"),
            },
            None => PrivateGuard::Unfiltered { because: format!("authorized networks are off{reach}") },
        }
    }
}

/// The DNS endpoint, when the cluster has one. Its name always resolves; what matters is whether it takes traffic from
/// outside.
pub(crate) fn doors(cluster: &Cluster) -> Vec<Door> {
    let endpoint: Option<&DnsEndpoint> =
        cluster.control_plane_endpoints_config.as_ref().and_then(|config| config.dns_endpoint_config.as_ref());
    let door = |dns: &DnsEndpoint| Door {
        kind: DoorKind::DnsEndpoint {
            external: dns.allow_external_traffic == Some(true),
            cluster_tokens: dns.tokens == Some(true),
            client_certificates: dns.certificates == Some(true),
            gate: GATE,
        },
        name: dns.endpoint.clone().unwrap_or_else(|| "the DNS endpoint".to_owned()),
    };
    endpoint.map(door).into_iter().collect()
}

fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn closed(because: &str) -> PublicAccess {
    PublicAccess::Closed { because: because.to_owned() }
}

fn open(sources: Bounds<AddrSet>, entries: Vec<Entry>) -> PublicAccess {
    PublicAccess::Open(PublicDoor { sources, entries, own: AddrSet::empty(), port: 443 })
}

/// One line of the list. Text that is no prefix may mean anything.
fn range(text: &str, name: Option<&str>) -> Entry {
    let shown = name.map_or_else(|| text.to_owned(), |name| format!("{text} ({name})"));
    match parse_net(text) {
        Ok(net) => Entry { text: shown, covers: Bounds::exact(AddrSet::from(net)), kind: EntryKind::Range(net) },
        Err(_) => {
            Entry { text: shown, covers: Bounds::unknown_within(internet().family(Family::V4)), kind: EntryKind::Named }
        }
    }
}

/// The flag that lets in every address of Compute Engine, which any customer can rent. Its default differs by the age of
/// the cluster, so an unset flag may mean either.
fn google_cloud(flag: Option<bool>) -> Option<Entry> {
    let covers = || Bounds::unknown_within(internet().family(Family::V4));
    match flag {
        Some(true) => Some(Entry {
            text: "gcpPublicCidrsAccessEnabled".to_owned(),
            covers: covers(),
            kind: EntryKind::EveryCustomer { of: "Google Cloud".to_owned() },
        }),
        Some(false) => None,
        None => Some(Entry {
            text: "gcpPublicCidrsAccessEnabled is not set: addresses of Google Cloud customers may be let in"
                .to_owned(),
            covers: covers(),
            kind: EntryKind::Named,
        }),
    }
}

/// The addresses of a prefix, when it is one.
pub(crate) fn net(text: &str) -> Option<IpNet> {
    parse_net(text).ok()
}
