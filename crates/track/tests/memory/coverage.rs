//! When less was read than before.

use crate::world::{EAST, Fleet, Look, Sight, WEST, remember, shape, told};
use palisade_engine::State;
use palisade_track::{Memory, Topic};

fn fleet() -> Fleet {
    Fleet::of(&[
        ("shop", shape(EAST, State::Pass, &[("web", State::Pass)])),
        ("bank", shape(WEST, State::Pass, &[("core", State::Pass)])),
    ])
}

#[test]
fn a_lost_place_is_told_once_and_its_return_too() {
    let mut memory = Memory::default();
    let mut at = |look: Look| told(&remember(&mut memory, &fleet(), &look));
    at(Look::at(0));
    let lost = |hour| Look { listed: vec![EAST], dark: vec![WEST], ..Look::at(hour) };
    assert_eq!(at(lost(1)), ["coverage.dropped"]);
    assert_eq!(at(lost(2)), [""; 0]);
    assert_eq!(at(Look { listed: Vec::new(), ..Look::at(3) }), ["coverage.dropped"], "another place is lost");
    assert_eq!(at(lost(4)), [""; 0]);
    assert_eq!(at(Look::at(5)), ["coverage.restored"]);
    assert_eq!(at(Look::at(6)), [""; 0]);
}

#[test]
fn a_place_that_is_not_come_to_is_unread_and_says_since_when() {
    let mut memory = Memory::default();
    remember(&mut memory, &fleet(), &Look::at(0));
    let events = remember(&mut memory, &fleet(), &Look { listed: vec![EAST], ..Look::at(1) });
    let Topic::Run(summary) = &events[0].topic else { panic!("{events:?}") };
    assert_eq!(summary.unread.len(), 1);
    assert_eq!((summary.unread[0].scope.as_str(), summary.unread[0].as_of), (WEST, Some(Look::at(0).at)));
    assert!(summary.before.is_some_and(|(known, total)| known == total && known > summary.facts_known));
}

#[test]
fn a_share_of_facts_that_falls_by_a_point_is_told() {
    let mut memory = Memory::default();
    let mut at = |look: Look| told(&remember(&mut memory, &fleet(), &look));
    at(Look::at(0));
    let hidden = |hour| Look { sight: [("shop", Sight::Nothing)].into(), ..Look::at(hour) };
    assert_eq!(at(hidden(1)), ["coverage.dropped"]);
    assert_eq!(at(hidden(2)), [""; 0]);
    assert_eq!(at(Look::at(3)), ["coverage.restored"]);
}

#[test]
fn schedules_are_compared_with_themselves() {
    let mut memory = Memory::default();
    let east = |hour| Look { schedule: Some("east"), listed: vec![EAST], ..Look::at(hour) };
    remember(&mut memory, &fleet(), &Look::at(0));
    assert_eq!(told(&remember(&mut memory, &fleet(), &east(1))), [""; 0]);
    assert_eq!(told(&remember(&mut memory, &fleet(), &Look::at(2))), [""; 0]);
    assert_eq!(told(&remember(&mut memory, &fleet(), &east(3))), [""; 0]);
}
