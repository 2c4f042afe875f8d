//! Every way in, over the simulated organisation of the story.
#![expect(clippy::unwrap_used, reason = "tests stop where something is odd")]

#[path = "support/fleet.rs"]
mod fleet;

use palisade_aws::{Aws, Settings};
use palisade_model::Exposure;
use palisade_provider::Provider;
use palisade_reach::{Bounds, Packet, PacketSet, Protocol};
use palisade_simulator::World;

fn exposures() -> Vec<(String, Exposure)> {
    let now = "2026-11-20T00:00:00Z".parse().unwrap();
    let provider = Aws::new(Settings::new("fleet"));
    let snapshots = fleet::snapshots(&World::acme().unwrap().aws, now);
    let clusters = snapshots.iter().flat_map(|snapshot| provider.normalize(snapshot).clusters);
    let pools = clusters.flat_map(|cluster| {
        let pools = cluster.pools.get().unwrap().clone();
        pools.into_iter().map(move |pool| (format!("{} {}", cluster.name, pool.name), pool))
    });
    pools
        .flat_map(|(name, pool)| pool.exposure.get().unwrap().clone().into_iter().map(move |one| (name.clone(), one)))
        .collect()
}

#[test]
fn the_paths_of_every_exposure_together_say_who_reaches_it() {
    let exposures = exposures();
    assert!(exposures.len() > 5, "{}", exposures.len());
    for (name, exposure) in exposures {
        let nothing = || Bounds::exact(PacketSet::empty());
        let sessions: Vec<_> = exposure.paths.iter().map(palisade_reach::Path::sessions).collect();
        let all = sessions.iter().fold(nothing(), |all, one| all.union(&one.any_port));
        let ordinary = sessions.iter().fold(nothing(), |all, one| all.union(&one.ordinary));
        assert_eq!(all, exposure.internet, "{name}");
        assert_eq!(ordinary, exposure.ordinary, "{name}");
    }
}

#[test]
fn every_rule_on_the_way_of_a_packet_has_a_name_people_know() {
    let (_, web) = exposures().into_iter().find(|(name, _)| name == "shop-prod web").unwrap();
    let told = |source: &str| {
        let packet = Packet { source: source.parse().unwrap(), protocol: Protocol::TCP, port: 22 };
        let told: Vec<String> = web.paths.iter().map(|path| path.why(packet).to_string()).collect();
        told.join("\n")
    };
    let stopped = told("192.0.2.1");
    assert!(stopped.contains(" rule 110: deny tcp 22 from 0.0.0.0/0 (stops it)"), "{stopped}");
    let through = told("203.0.113.5");
    for rule in [": 0.0.0.0/0 to igw-", " rule 100: allow tcp 22 from 203.0.113.0/24", ": tcp 22 from 0.0.0.0/0"] {
        assert!(through.contains(rule), "{through}");
    }
}
