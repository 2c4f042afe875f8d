//! A cluster whose machines stand behind filters, with every layer written out.

use crate::{everyone, known, nets, packets, sloppy};
use palisade_model::{Cluster, Entry, Exposure, NodeId, Observed, Provider, PublicAccess, PublicDoor};
use palisade_reach::{
    Action, AddrSet, Bounds, Chain, Gate, Layer, PacketSet, Path, PortedRule, Ports, Protocol, Protocols, Route, Rule,
    RuleId, internet,
};
use std::sync::Arc;

/// The bad cluster with machines that are reached through an address, routes, a subnet's filter and the machine's own:
/// SSH from one network, the kubelet from everywhere, a database from a list nobody could read.
pub fn walled(provider: Provider) -> Cluster {
    let mut cluster = sloppy(provider);
    "walled".clone_into(&mut cluster.name);
    if let Ok(PublicAccess::Open(door)) = cluster.api.public.get() {
        let office = nets(&["203.0.113.0/24"]);
        let entry = door.entries.first().cloned().map(|entry| Entry {
            text: "203.0.113.0/24".to_owned(),
            covers: Bounds::exact(office.clone()),
            ..entry
        });
        cluster.api.public = known(PublicAccess::Open(PublicDoor {
            sources: Bounds::exact(office),
            entries: entry.into_iter().collect(),
            ..door.clone()
        }));
    }
    let mut pools = cluster.pools.get().cloned().unwrap_or_default();
    for pool in &mut pools {
        pool.exposure = exposures();
    }
    cluster.pools = known(pools);
    cluster
}

fn exposures() -> Observed<Vec<Exposure>> {
    let path = way_in();
    let sessions = path.sessions();
    known(vec![Exposure {
        nodes: ["i-1", "i-2", "i-3"].map(NodeId::new).to_vec(),
        internet: sessions.any_port,
        ordinary: sessions.ordinary,
        inside: Bounds::exact(PacketSet::empty()),
        local: nets(&["10.0.0.0/16"]),
        layers: Arc::from(Vec::new()),
        paths: Arc::from(vec![path]),
        limits: vec!["prefix list pl-1 was not read".to_owned()],
        mitigation: None,
    }])
}

fn way_in() -> Path {
    let allowed = |id: &str, packets: PacketSet, source_ports: Ports, action| PortedRule {
        id: RuleId::from(id),
        action,
        matches: Bounds::exact(packets),
        source_ports,
    };
    let blocked = packets(22, &nets(&["203.0.113.128/25"]));
    let inbound = vec![
        allowed("acl-1 inbound 100: deny tcp 22 from 203.0.113.128/25", blocked, Ports::full(), Action::Deny),
        allowed("acl-1 inbound 110: allow from 0.0.0.0/0", PacketSet::all(), Ports::full(), Action::Allow),
    ];
    let answers =
        vec![allowed("acl-1 outbound 100: allow to 0.0.0.0/0", PacketSet::all(), Ports::full(), Action::Allow)];
    let groups = vec![
        Rule::new(
            "sg-1: tcp 22 from 203.0.113.0/24",
            Action::Allow,
            Bounds::exact(packets(22, &nets(&["203.0.113.0/24"]))),
        ),
        Rule::new("sg-1: tcp 10250 from 0.0.0.0/0", Action::Allow, Bounds::exact(packets(10_250, &everyone()))),
        Rule::new("sg-1: tcp 5432 from pl-1", Action::Allow, Bounds::unknown_within(packets(5432, &everyone()))),
    ];
    let chain = |rules| Gate::FirstMatch(Chain { rules, default: Action::Deny });
    let tcp = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all());
    let outside = PacketSet::of(Protocols::Any, &Ports::full(), internet());
    let mut layers = vec![
        Layer::new("public address", Gate::Fixed { id: "198.51.100.7".into(), passes: Bounds::exact(outside) }),
        Layer::new("network ACL acl-1, inbound", chain(inbound)),
        Layer::new("network ACL acl-1, answers", chain(answers)).concerning(tcp),
        Layer::new("security groups", Gate::AnyAllow(groups)).unsure("prefix list pl-1 was not read"),
    ];
    if let Ok(destination) = palisade_reach::parse_net("0.0.0.0/0") {
        let target = palisade_reach::Certainty::Yes;
        let route = Route { destination, target, id: "rtb-1: 0.0.0.0/0 to igw-1".into(), rank: 0 };
        layers.insert(1, Layer::new("route table rtb-1", Gate::Routes(vec![route])));
    }
    Path::new("198.51.100.7 on eni-1", layers)
}
