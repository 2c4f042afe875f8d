//! What holds whatever happens: random fleets, random looks, and the truth beside them.

use crate::world::{DOOR, EAST, Fleet, Look, POOL, Shape, Sight, WEST, shape};
use palisade_engine::{Fingerprint, Severity, State, Waiver};
use palisade_track::{Advanced, Event, EventKind, Memory, Standing, Topic, advance};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CLUSTERS: [(&str, &str); 3] = [("shop", EAST), ("bank", WEST), ("mill", WEST)];
const POOLS: [&str; 3] = ["web", "db", "batch"];

#[derive(Clone, Debug)]
struct Step {
    fleet: Fleet,
    look: Look,
    waived: bool,
}

fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Pass),
        Just(State::Fail),
        Just(State::Fail),
        Just(State::AttestMissing),
        Just(State::Mitigated)
    ]
}

fn any_shape(scope: &'static str) -> impl Strategy<Value = Shape> {
    let severity = prop_oneof![Just(None), Just(Some(Severity::Low)), Just(Some(Severity::Critical))];
    let pools = proptest::collection::btree_map(prop::sample::select(&POOLS[..]), any_state(), 0..3);
    (any_state(), pools, severity).prop_map(move |(door, pools, severity)| Shape {
        severity,
        ..shape(scope, door, &pools.into_iter().collect::<Vec<_>>())
    })
}

fn any_fleet() -> impl Strategy<Value = Fleet> {
    let one = |(id, scope)| prop::option::weighted(0.8, any_shape(scope)).prop_map(move |shape| (id, shape));
    (one(CLUSTERS[0]), one(CLUSTERS[1]), one(CLUSTERS[2])).prop_map(|(a, b, c)| Fleet {
        clusters: [a, b, c].into_iter().filter_map(|(id, shape)| Some((id, shape?))).collect(),
    })
}

fn any_sight() -> impl Strategy<Value = Sight> {
    prop_oneof![
        4 => Just(Sight::Whole),
        1 => Just(Sight::NoPools),
        1 => Just(Sight::OnlyFailures),
        1 => Just(Sight::InDoubt),
        1 => Just(Sight::Nothing),
    ]
}

/// Listed, dark, or never come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Listed,
    Dark,
    Unasked,
}

fn any_look() -> impl Strategy<Value = Look> {
    let reach = || prop_oneof![4 => Just(Reach::Listed), 1 => Just(Reach::Dark), 1 => Just(Reach::Unasked)];
    let controls = prop_oneof![3 => Just(vec![DOOR.id, POOL.id]), 1 => Just(vec![DOOR.id]), 1 => Just(vec![POOL.id])];
    let schedule = prop_oneof![Just(None), Just(Some("hourly"))];
    let palisade = prop_oneof![6 => Just("0.1.0"), 1 => Just("0.2.0")];
    ((reach(), reach()), controls, schedule, palisade, proptest::collection::vec(any_sight(), 3), 0u8..3).prop_map(
        |((east, west), controls, schedule, palisade, sight, records)| {
            let places = |wanted| {
                let all = [(EAST, east), (WEST, west)].into_iter();
                all.filter(|(_, reach)| *reach == wanted).map(|(scope, _)| scope).collect::<Vec<_>>()
            };
            Look {
                palisade,
                schedule,
                controls,
                listed: places(Reach::Listed),
                dark: places(Reach::Dark),
                sight: CLUSTERS.iter().map(|(id, _)| *id).zip(sight).collect(),
                records,
                ..Look::at(0)
            }
        },
    )
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (prop::option::weighted(0.6, any_fleet()), any_look(), 1i64..100, prop::bool::weighted(0.2));
    proptest::collection::vec(step, 1..14).prop_map(|steps| {
        let (mut fleet, mut hour) = (Fleet::default(), 0);
        steps
            .into_iter()
            .map(|(changed, look, later, waived)| {
                fleet = changed.unwrap_or_else(|| fleet.clone());
                hour += later;
                let whole = Look::at(hour);
                Step { fleet: fleet.clone(), look: Look { run: whole.run, at: whole.at, ..look }, waived }
            })
            .collect()
    })
}

fn waivers(step: &Step) -> Vec<Waiver> {
    let waiver = |cluster: &str| Waiver {
        control: POOL.id.to_owned(),
        cluster: cluster.to_owned(),
        subject: None,
        owner: "ana".to_owned(),
        approver: "ben".to_owned(),
        reason: "until the migration".to_owned(),
        until: Look::at(100_000).at,
        approved: None,
        covers: None,
    };
    if step.waived { vec![waiver("shop"), waiver("bank")] } else { Vec::new() }
}

fn remember(memory: &mut Memory, step: &Step) -> Advanced {
    let shown = step.fleet.shown(&step.look);
    advance(memory, &step.look.sighting(&shown), &waivers(step))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_closes_that_is_bad_or_was_not_read(steps in any_steps()) {
        let mut memory = Memory::default();
        for step in &steps {
            let before = memory.clone();
            remember(&mut memory, step);
            for (print, now) in &memory.findings {
                let Some(was) = before.findings.get(print) else { continue };
                if !was.tracked.standing.is_open() || now.tracked.standing.is_open() {
                    continue;
                }
                let finding = &now.tracked;
                prop_assert!(!step.fleet.is_bad(finding), "{finding:?} closed and is bad: {step:?}");
                prop_assert!(step.look.listed.contains(&finding.scope.as_str()), "{finding:?} closed unread: {step:?}");
                let exists = step.fleet.clusters.contains_key(finding.cluster.as_str());
                let asked = step.look.controls.contains(&finding.control.as_str());
                prop_assert!(!exists || asked, "{finding:?} closed without its control: {step:?}");
                let sight = step.look.sight.get(finding.cluster.as_str()).copied().unwrap_or_default();
                prop_assert!(!exists || sight != Sight::Nothing, "{finding:?} closed unseen: {step:?}");
            }
        }
    }

    #[test]
    fn what_is_read_whole_is_known_as_it_is(steps in any_steps()) {
        let mut memory = Memory::default();
        for step in &steps {
            remember(&mut memory, step);
        }
        let last = steps.last().unwrap();
        let whole = |hour: i64| Step { look: Look { run: format!("whole-{hour}"), at: last.look.at + jiff::SignedDuration::from_hours(hour), ..Look::at(0) }, ..last.clone() };
        // Twice, because one that flaps needs two good reads.
        remember(&mut memory, &whole(1));
        remember(&mut memory, &whole(2));
        for remembered in memory.findings.values() {
            let finding = &remembered.tracked;
            prop_assert_eq!(finding.standing.is_open(), last.fleet.is_bad(finding), "{:?}", finding);
            prop_assert_eq!(finding.as_of, last.look.at + jiff::SignedDuration::from_hours(2));
        }
        for (id, shape) in &last.fleet.clusters {
            let bad = shape.pools.values().chain([&shape.door]).filter(|state| palisade_track::is_bad(**state)).count();
            let open = memory.findings.values().filter(|one| one.tracked.cluster.as_str() == *id && one.tracked.standing.is_open());
            prop_assert_eq!(open.count(), bad);
        }
    }

    #[test]
    fn every_opening_is_told_and_closes_at_most_once_before_it_reopens(steps in any_steps()) {
        let mut memory = Memory::default();
        let mut open: BTreeMap<Fingerprint, bool> = BTreeMap::new();
        let mut keys = std::collections::BTreeSet::new();
        for step in &steps {
            let advanced = remember(&mut memory, step);
            let as_one = advanced.events.iter().any(|event| event.kind == EventKind::Baseline);
            for event in &advanced.events {
                prop_assert!(keys.insert(event.key()), "{} was told twice", event.key());
                let Topic::Finding { finding, .. } = &event.topic else { continue };
                let is_told = open.entry(finding.fingerprint).or_insert(false);
                match event.kind {
                    EventKind::Opened | EventKind::Reopened => {
                        prop_assert!(!*is_told, "{event:?} is open already");
                        prop_assert_eq!(event.kind == EventKind::Opened, finding.generation == 1);
                        *is_told = true;
                    }
                    EventKind::Resolved | EventKind::Gone => {
                        prop_assert!(*is_told, "{event:?} was never opened");
                        *is_told = false;
                    }
                    EventKind::Worsened | EventKind::Reminder => prop_assert!(*is_told, "{event:?} is not open"),
                    _ => prop_assert!(false, "{event:?}"),
                }
            }
            // What a digest told is as good as told.
            if as_one {
                open = memory.findings.iter().map(|(print, one)| (*print, one.told.is_some())).collect();
            }
            for (print, remembered) in &memory.findings {
                let finding = &remembered.tracked;
                let is_told = open.get(print).copied().unwrap_or(false);
                let silent = finding.waived_until.is_some();
                prop_assert_eq!(is_told, remembered.told.is_some());
                prop_assert!(is_told || silent || !finding.standing.is_open(), "{:?} is open and nobody was told", finding);
                prop_assert!(!is_told || finding.standing.is_open(), "{:?} is closed and nobody was told", finding);
            }
        }
    }

    #[test]
    fn the_same_run_again_changes_nothing_and_says_nothing(steps in any_steps()) {
        let mut memory = Memory::default();
        for step in &steps {
            remember(&mut memory, step);
            let before = memory.clone();
            prop_assert_eq!(remember(&mut memory, step), Advanced::default());
            prop_assert_eq!(&memory, &before);
            // Nothing changed in the world, and somebody looks again with the same eyes a minute later.
            let mut later = step.clone();
            later.look.run.push_str("-again");
            later.look.at += jiff::SignedDuration::from_mins(1);
            let mut other = memory.clone();
            let events: Vec<Event> = remember(&mut other, &later).events;
            let news = |event: &&Event| !matches!(event.kind,
                EventKind::ScanCompleted | EventKind::ScanPartial | EventKind::ScanFailed | EventKind::Reminder);
            // One that flaps may need this second good read.
            let held = memory.findings.values().any(|one| one.tracked.good_reads > 0);
            prop_assert!(held || events.iter().find(news).is_none(), "{events:?}");
        }
    }

    #[test]
    fn the_order_of_findings_and_units_does_not_matter(steps in any_steps(), turn in 0usize..7, eyes in any_look()) {
        let (mut one, mut two) = (Memory::default(), Memory::default());
        for step in &steps {
            // Two targets that overlap, and see more or less of the same.
            let mut shown = step.fleet.shown(&step.look);
            let other = Look { listed: step.look.listed.clone(), dark: Vec::new(), sight: eyes.sight.clone(), ..step.look.clone() };
            shown.units.extend(step.fleet.shown(&other).units);
            let mut turned = shown.clone();
            turned.units.reverse();
            for (inventory, findings, _) in &mut turned.units {
                inventory.clusters.reverse();
                findings.reverse();
                let by = turn.checked_rem(findings.len()).unwrap_or_default();
                findings.rotate_left(by);
            }
            let plain = advance(&mut one, &step.look.sighting(&shown), &waivers(step));
            let other = advance(&mut two, &step.look.sighting(&turned), &waivers(step));
            // What is read twice is counted twice in the coverage.
            let counted = |event: &&Event| matches!(event.topic, Topic::Run(_));
            let words = |advanced: &Advanced| {
                advanced.events.iter().filter(|event| !counted(event)).map(Event::key).collect::<Vec<_>>()
            };
            prop_assert_eq!(words(&plain), words(&other));
            prop_assert_eq!(&plain.turns, &other.turns);
            prop_assert_eq!(&one.findings, &two.findings);
            prop_assert_eq!(&one.said, &two.said);
        }
    }

    #[test]
    fn standings_and_generations_go_forward(steps in any_steps()) {
        let mut memory = Memory::default();
        for step in &steps {
            let before = memory.clone();
            remember(&mut memory, step);
            for (print, was) in &before.findings {
                let now = &memory.findings[print].tracked;
                let reopened = !was.tracked.standing.is_open() && now.standing.is_open();
                prop_assert_eq!(now.generation, was.tracked.generation + u32::from(reopened));
                prop_assert_eq!(now.first_seen, was.tracked.first_seen);
                prop_assert!(now.as_of >= was.tracked.as_of && now.last_seen <= now.as_of);
                let is_taken_on = matches!(now.standing, Standing::Acknowledged { .. });
                prop_assert!(!is_taken_on, "nobody took it on");
            }
        }
    }
}
