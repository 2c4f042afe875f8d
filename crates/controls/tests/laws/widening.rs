//! More open is never better, and a verdict from bounds holds for whatever lies between them.

use crate::world::{PROVIDERS, said};
use ipnet::IpNet;
use palisade_controls::controls;
use palisade_engine::{Policy, State, Verdict};
use palisade_model::{
    Cluster, Entry, EntryKind, Filters, Gap, OpenRule, Pool, PrivateGuard, Provider, PublicAccess, PublicDoor,
    SubnetFilter,
};
use palisade_reach::{AddrSet, Bounds, PacketSet, Ports, Protocol, Protocols};
use palisade_testkit::{known, nets, tidy};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Sources and the packets they may send, as far as a provider lets them.
#[derive(Clone, Debug)]
struct Opening {
    net: IpNet,
    protocol: Protocol,
    ports: (u16, u16),
}

fn net() -> impl Strategy<Value = IpNet> {
    let length4 = prop_oneof![Just(0u8), Just(1), 2u8..=16, 16u8..=25, Just(32)];
    let length6 = prop_oneof![0u8..=4, 28u8..=50, Just(128)];
    let v4 =
        (any::<u32>(), length4).prop_map(|(bits, length)| IpNet::new(std::net::Ipv4Addr::from(bits).into(), length));
    let v6 =
        (any::<u128>(), length6).prop_map(|(bits, length)| IpNet::new(std::net::Ipv6Addr::from(bits).into(), length));
    let private = prop_oneof![Just("10.0.0.0/9"), Just("10.128.0.0/9"), Just("10.0.1.0/24"), Just("172.16.0.0/12")];
    prop_oneof![
        4 => v4.prop_map(|net| net.unwrap().trunc()),
        2 => v6.prop_map(|net| net.unwrap().trunc()),
        2 => private.prop_map(|text| text.parse().unwrap()),
    ]
}

fn opening() -> impl Strategy<Value = Opening> {
    let port = prop_oneof![
        Just(22u16),
        Just(3389),
        Just(443),
        Just(2379),
        Just(10250),
        Just(10256),
        Just(31000),
        any::<u16>()
    ];
    (net(), prop_oneof![Just(Protocol::TCP), Just(Protocol::UDP)], port, 0u16..200)
        .prop_map(|(net, protocol, lo, more)| Opening { net, protocol, ports: (lo, lo.saturating_add(more)) })
}

/// Some openings, and how many of them the narrow cluster has.
fn openings() -> impl Strategy<Value = (Vec<Opening>, usize)> {
    (prop::collection::vec(opening(), 1..30), any::<prop::sample::Index>())
        .prop_map(|(openings, cut)| (openings.clone(), cut.index(openings.len())))
}

fn policies() -> [Policy; 2] {
    let ours = nets(&["0.0.0.0/2", "2000::/4"]);
    [Policy::default(), Policy { approved_ranges: Some(ours), ..Policy::default() }]
}

/// A cluster that surely lets in the first openings and may let in the rest.
fn cluster(provider: Provider, surely: &[Opening], perhaps: &[Opening]) -> Cluster {
    let sources = |openings: &[Opening]| AddrSet::from_nets(openings.iter().map(|opening| opening.net));
    let packets = |openings: &[Opening]| {
        let packets: Vec<PacketSet> = openings
            .iter()
            .map(|opening| {
                let ports = Ports::from_range(opening.ports.0, opening.ports.1);
                PacketSet::of(Protocols::One(opening.protocol), &ports, &AddrSet::from_net(opening.net))
            })
            .collect();
        PacketSet::union_all(&packets)
    };
    let from = Bounds::between(sources(surely), sources(perhaps));
    let entries = surely.iter().map(|opening| Entry {
        text: opening.net.to_string(),
        covers: Bounds::exact(AddrSet::from_net(opening.net)),
        kind: EntryKind::Range(opening.net),
    });
    let mut cluster = tidy(provider);
    let mut pool: Pool = cluster.pools.get().unwrap()[0].clone();
    let mut exposure = pool.exposure.get().unwrap()[0].clone();
    exposure.internet = Bounds::between(packets(surely), packets(perhaps));
    pool.exposure = known(vec![exposure]);
    let rule = OpenRule { rule: "rule".to_owned(), sources: from.clone(), text: "sources".to_owned() };
    pool.filters = known(Filters { subnet: SubnetFilter::NotOffered, open: vec![rule] });
    cluster.pools = known(vec![pool]);
    let (entries, own) = (entries.collect(), AddrSet::empty());
    cluster.api.private_guard = known(PrivateGuard::Filtered { sources: from.clone(), via: Vec::new(), global: false });
    cluster.api.public = known(PublicAccess::Open(PublicDoor { sources: from, entries, own, port: 443 }));
    cluster
}

fn state(verdict: &Result<Verdict, Gap>) -> State {
    verdict.as_ref().map_or(State::Unknown, |verdict| verdict.state)
}

proptest! {
    #[test]
    fn opening_more_never_ends_a_failure((openings, cut) in openings(), provider in prop::sample::select(PROVIDERS.to_vec())) {
        let narrow = cluster(provider, &openings[..cut], &openings[..cut]);
        let wide = cluster(provider, &openings, &openings);
        for policy in policies() {
            for control in controls() {
                let before = said(&control, &narrow, &policy);
                let after = said(&control, &wide, &policy);
                for ((subject, before), (_, after)) in before.iter().zip(&after) {
                    prop_assert!(
                        state(before) != State::Fail || state(after) == State::Fail,
                        "{} {subject}: {before:?}, then {after:?}", control.meta.id
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_said_of_bounds_holds_for_both_ends((openings, cut) in openings(), provider in prop::sample::select(PROVIDERS.to_vec())) {
        let between = cluster(provider, &openings[..cut], &openings);
        let ends = [cluster(provider, &openings[..cut], &openings[..cut]), cluster(provider, &openings, &openings)];
        for policy in policies() {
            for control in controls() {
                for (subject, verdict) in said(&control, &between, &policy) {
                    let ends: BTreeSet<State> = ends
                        .iter()
                        .flat_map(|end| said(&control, end, &policy))
                        .filter(|(of, _)| *of == subject)
                        .map(|(_, verdict)| state(&verdict))
                        .collect();
                    let holds = match state(&verdict) {
                        State::Fail => ends == BTreeSet::from([State::Fail]),
                        State::Pass => !ends.contains(&State::Fail),
                        State::NotApplicable
                        | State::Inherited
                        | State::Mitigated
                        | State::AttestMissing
                        | State::AttestExpired
                        | State::Unknown => true,
                    };
                    prop_assert!(holds, "{} {subject}: {verdict:?}, the ends {ends:?}", control.meta.id);
                }
            }
        }
    }
}
