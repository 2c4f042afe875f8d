//! Four maps of a small fleet, now and after a plan, and of a large one.

use palisade_controls::controls;
use palisade_engine::{Context, Finding, Policy, State, evaluate};
use palisade_maps::{FITS, Kind, Map, Mended, Piece, Tone, View, architecture, authority, exposure, protection};
use palisade_model::{Cluster, ClusterId, Observed, Provider, Scope};
use palisade_testkit::{gap, now, sloppy, tidy};
use std::collections::BTreeSet;

type Drawing = fn(&[Cluster], &View) -> Map;

const MAPS: [(&str, Drawing); 4] = [
    ("exposure", |clusters, view| exposure(clusters, view)),
    ("authority", |clusters, view| authority(clusters, view)),
    ("architecture", |clusters, view| architecture(clusters, view)),
    ("protection", |clusters, view| protection(clusters, view)),
];

fn fleet() -> Vec<Cluster> {
    let mut blind = tidy(Provider::Gcp);
    "blind".clone_into(&mut blind.name);
    (blind.pools, blind.identities, blind.api.public) =
        (Observed::missing(gap()), Observed::missing(gap()), Observed::missing(gap()));
    (blind.encryption, blind.key.access) = (Observed::missing(gap()), Observed::missing(gap()));
    vec![sloppy(Provider::Aws), tidy(Provider::Azure), blind]
}

fn findings(fleet: &[Cluster]) -> Vec<Finding> {
    let policy = Policy::default();
    let context = Context { policy: &policy, now: now() };
    fleet.iter().flat_map(|cluster| evaluate(cluster, &controls(), &context).findings).collect()
}

/// A plan that mends everything that fails.
fn after(fleet: &[Cluster]) -> View {
    let findings = findings(fleet);
    let failing = findings.iter().filter(|finding| finding.state == State::Fail).map(|finding| finding.fingerprint);
    View::After(Mended::of(&findings, &failing.collect()))
}

fn tones(map: &Map) -> BTreeSet<Tone> {
    map.nodes.iter().map(|node| node.tone).chain(map.edges.iter().map(|edge| edge.tone)).collect()
}

#[test]
fn the_maps_as_text() {
    for (name, draw) in MAPS {
        insta::assert_snapshot!(name, draw(&fleet(), &View::Now).mermaid());
    }
}

#[test]
fn one_drawing() {
    insta::assert_snapshot!(protection(&fleet(), &View::Now).svg());
}

#[test]
fn what_was_not_read_is_drawn_as_such_on_every_map() {
    for (name, draw) in MAPS {
        let map = draw(&[fleet().remove(2)], &View::Now);
        assert!(tones(&map).contains(&Tone::Unknown), "{name}");
    }
}

#[test]
fn after_a_plan_that_mends_everything_nothing_is_bad_and_everything_stands_where_it_stood() {
    let fleet = fleet();
    let after = after(&fleet);
    for (name, draw) in MAPS {
        let (before, planned) = (draw(&fleet, &View::Now), draw(&fleet, &after));
        let bad: Vec<&String> =
            planned.nodes.iter().filter(|node| node.tone == Tone::Bad).map(|node| &node.label).collect();
        assert!(tones(&before).contains(&Tone::Bad) && !tones(&planned).contains(&Tone::Bad), "{name}: {bad:?}");
        assert!(tones(&planned).contains(&Tone::Changed), "{name}");
        let places = |svg: String| svg.lines().filter(|line| line.starts_with("<g>")).count();
        assert_eq!(places(before.svg()), places(planned.svg()), "{name}");
        let ids = |map: &Map| map.nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&before), ids(&planned), "{name}");
    }
}

#[test]
fn half_a_control_is_not_mended() {
    let fleet = fleet();
    let findings = findings(&fleet);
    let only = findings.iter().find(|finding| finding.control.id == "ID-03" && finding.state == State::Fail).unwrap();
    let view = View::After(Mended::of(&findings, &BTreeSet::from([only.fingerprint])));
    assert_eq!(tones(&architecture(&fleet, &view)), tones(&architecture(&fleet, &View::Now)));
}

#[test]
fn five_hundred_clusters_fit_on_a_wall_and_none_is_lost() {
    let many: Vec<Cluster> = (0..500)
        .map(|number| {
            let mut cluster = fleet().remove(number % 3);
            cluster.id = ClusterId::new(format!("{} {number}", cluster.id));
            cluster.name = format!("cluster-{number}");
            cluster.scope = Scope::new(format!("account-{}/eu-west-1", number % 20));
            cluster
        })
        .collect();
    for (name, draw) in MAPS {
        let whole = draw(&many, &View::Now);
        let rolled = whole.clone().rolled_up(FITS);
        let count = |map: &Map| map.nodes.iter().map(|node| node.count).sum::<usize>();
        assert_eq!(count(&rolled), count(&whole), "{name}");
        assert_eq!((rolled.clusters, tones(&rolled)), (500, tones(&whole)), "{name}");
        let lanes = whole.kind.lanes().len();
        assert!((0..lanes).all(|lane| rolled.nodes.iter().filter(|node| node.lane == lane).count() <= FITS), "{name}");
        assert_eq!(rolled.clone().rolled_up(FITS), rolled, "{name}");
    }
}

#[test]
fn the_order_of_clusters_changes_no_byte() {
    let (fleet, mut other) = (fleet(), fleet());
    other.reverse();
    for (name, draw) in MAPS {
        let bytes = |fleet: &[Cluster]| {
            let map = draw(fleet, &View::Now);
            (map.svg(), map.mermaid(), serde_json::to_string(&map).unwrap())
        };
        assert_eq!(bytes(&fleet), bytes(&other), "{name}");
    }
}

#[test]
fn a_hostile_name_stays_a_name() {
    let mut cluster = sloppy(Provider::Aws);
    cluster.name = "a</text><script>alert(1)</script>\"]; click n0 \u{202e}\u{1b}[31m\nb".to_owned();
    for (name, draw) in MAPS {
        let map = draw(std::slice::from_ref(&cluster), &View::Now);
        let (svg, mermaid) = (map.svg(), map.mermaid());
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{1b}'), "{name}");
        assert!(!mermaid.contains("<script") && !mermaid.contains("\"]; click"), "{name}");
    }
}

#[test]
fn what_a_page_draws_has_the_places_of_now_and_after_and_a_link_where_one_is_wanted() {
    let fleet = fleet();
    let after = after(&fleet);
    let pieces: Vec<Piece> = fleet.iter().map(Piece::of).collect();
    for (kind, (name, draw)) in Kind::ALL.into_iter().zip(MAPS) {
        let (now, planned) = (Map::of(kind, &pieces, &View::Now), Map::of(kind, &pieces, &after));
        assert_eq!((now.clone(), planned.clone()), (draw(&fleet, &View::Now), draw(&fleet, &after)), "{name}");
        let places = |map: &Map| {
            let layout = map.layout();
            let nodes: Vec<_> = layout.nodes.iter().map(|one| (one.x, one.y, one.height)).collect();
            (layout.width, layout.height, nodes, layout.edges.iter().map(|one| (one.from, one.to)).collect::<Vec<_>>())
        };
        assert_eq!(places(&now), places(&planned), "{name}");
        let svg = now.svg_in_page(&|node| (node.lane == 1).then(|| format!("#/x?a&{}", node.lane)));
        let linked = now.nodes.iter().filter(|node| node.lane == 1).count();
        assert!(linked > 0 && svg.matches("<a class=").count() == linked, "{name}: {svg}");
        assert!(svg.contains("href=\"#/x?a&amp;") && !svg.contains("style=") && !svg.contains("fill="), "{name}");
    }
}
