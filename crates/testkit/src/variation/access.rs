//! Ways to the API server.

use super::Named;
use crate::{everyone, known, nets};
use palisade_model::{
    Cluster, Door, DoorKind, Entry, EntryKind, PrivateGuard, PrivatePath, PublicAccess, PublicDoor, Tunnel, TunnelKind,
};
use palisade_reach::{AddrSet, Bounds};

pub(super) const ALL: &[Named] = &[
    ("somebody else runs the control plane", |cluster| {
        let because = "a connected cluster".to_owned();
        cluster.api.public = known(PublicAccess::NotApplicable { because });
    }),
    ("a short list", |cluster| open(cluster, vec![range("203.0.113.0/28")])),
    ("a long list", |cluster| {
        open(cluster, (0..21).map(|last| range(&format!("203.0.113.{last}/32"))).collect());
    }),
    ("a wide line", |cluster| open(cluster, vec![range("52.0.0.0/8")])),
    ("two halves of the internet", |cluster| open(cluster, vec![range("0.0.0.0/1"), range("128.0.0.0/1")])),
    ("a list that lets in nobody outside", |cluster| {
        let covers = Bounds::exact(AddrSet::empty());
        open(cluster, vec![Entry { text: "0.0.0.0/32".to_owned(), covers, kind: EntryKind::OwnEgress }]);
    }),
    ("a line for every customer of a cloud", |cluster| {
        let (covers, kind) =
            (Bounds::unknown_within(everyone()), EntryKind::EveryCustomer { of: "Example".to_owned() });
        open(cluster, vec![Entry { text: "ExampleCloud".to_owned(), covers, kind }]);
    }),
    ("a name whose addresses are not known", |cluster| {
        let covers = Bounds::unknown_within(everyone());
        open(cluster, vec![range("203.0.113.0/28"), Entry { text: "Tag".to_owned(), covers, kind: EntryKind::Named }]);
    }),
    ("a list that may let in more than its lines say", |cluster| {
        let (entries, own) = (vec![range("203.0.113.0/28")], AddrSet::empty());
        let sources = Bounds::between(nets(&["203.0.113.0/28"]), everyone());
        cluster.api.public = known(PublicAccess::Open(PublicDoor { sources, entries, own, port: 443 }));
    }),
    ("a private path that cannot work", |cluster| {
        cluster.api.private_path = known(PrivatePath::Broken { because: "DNS support is off".to_owned() });
    }),
    ("no private path", |cluster| {
        cluster.api.private_path = known(PrivatePath::Absent { because: "the private endpoint is off".to_owned() });
    }),
    ("a public name", |cluster| door(cluster, DoorKind::PublicName)),
    ("a hosted interface", |cluster| door(cluster, DoorKind::HostedInterface { network_limited: false })),
    ("a hosted interface for named networks", |cluster| {
        door(cluster, DoorKind::HostedInterface { network_limited: true });
    }),
    ("a DNS endpoint behind IAM alone", |cluster| dns(cluster, true, false)),
    ("a DNS endpoint for tokens", |cluster| dns(cluster, true, true)),
    ("a DNS endpoint for nobody outside", |cluster| dns(cluster, false, true)),
    ("no tunnel", |cluster| cluster.api.tunnels = known(Vec::new())),
    ("a command service", |cluster| tunnel(cluster, TunnelKind::RunCommand)),
    ("a bound service", |cluster| tunnel(cluster, TunnelKind::TrustedBinding { roles: vec!["operator".to_owned()] })),
    ("a gateway for somebody", |cluster| {
        tunnel(cluster, TunnelKind::Gateway { role: "gateway".to_owned(), broad: false });
    }),
    ("a gateway for everybody", |cluster| {
        tunnel(cluster, TunnelKind::Gateway { role: "gateway".to_owned(), broad: true });
    }),
    ("no private endpoint", |cluster| {
        cluster.api.private_guard = known(PrivateGuard::NoEndpoint { because: "it is off".to_owned() });
    }),
    ("a private endpoint without a filter", |cluster| {
        cluster.api.private_guard = known(PrivateGuard::Unfiltered { because: "the list is not enforced".to_owned() });
    }),
    ("a private endpoint for half of a private space", |cluster| {
        guard(cluster, Bounds::exact(nets(&["10.0.0.0/9"])));
    }),
    ("a private endpoint for names that are not known", |cluster| {
        guard(cluster, Bounds::unknown_within(nets(&["10.0.0.0/8"])));
    }),
];

fn range(text: &str) -> Entry {
    let nets = nets(&[text]);
    let net = nets.to_nets().first().copied().unwrap_or_default();
    Entry { text: text.to_owned(), covers: Bounds::exact(nets), kind: EntryKind::Range(net) }
}

fn open(cluster: &mut Cluster, entries: Vec<Entry>) {
    let sources = entries.iter().fold(Bounds::default(), |all: Bounds<AddrSet>, entry| all.union(&entry.covers));
    let own = AddrSet::empty();
    cluster.api.public = known(PublicAccess::Open(PublicDoor { sources, entries, own, port: 443 }));
}

fn door(cluster: &mut Cluster, kind: DoorKind) {
    cluster.api.doors = known(vec![Door { kind, name: "door.example".to_owned() }]);
}

fn dns(cluster: &mut Cluster, external: bool, cluster_tokens: bool) {
    let gate = "clusters.connect";
    door(cluster, DoorKind::DnsEndpoint { external, cluster_tokens, client_certificates: false, gate });
}

fn tunnel(cluster: &mut Cluster, kind: TunnelKind) {
    cluster.api.tunnels = known(vec![Tunnel { kind, holder: "backup".to_owned() }]);
}

fn guard(cluster: &mut Cluster, sources: Bounds<AddrSet>) {
    cluster.api.private_guard = known(PrivateGuard::Filtered { sources, via: Vec::new(), global: false });
}
