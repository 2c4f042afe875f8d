//! Why things are said otherwise than before.

use crate::world::{DOOR, EAST, Fleet, Look, POOL, Sight, WEST, shape};
use palisade_engine::State;
use palisade_track::{Cause, Difference, Memory, Reading, Rules, View, diff};
use std::collections::{BTreeMap, BTreeSet};

/// Remembers looks and keeps what a database would: the causes of the turns, and a view of each run.
#[derive(Default)]
struct Diary {
    memory: Memory,
    causes: BTreeMap<palisade_engine::Fingerprint, BTreeSet<Cause>>,
}

impl Diary {
    fn remember(&mut self, fleet: &Fleet, look: &Look) -> View {
        let shown = fleet.shown(look);
        let sighting = look.sighting(&shown);
        let advanced = palisade_track::advance(&mut self.memory, &sighting, &[]);
        for turn in advanced.turns.iter().filter(|turn| !turn.is_first || turn.cause != Cause::Coverage) {
            self.causes.entry(turn.fingerprint).or_default().insert(turn.cause);
        }
        let scopes: BTreeSet<&str> = sighting.listed().map(|(_, scope)| scope.as_str()).collect();
        let known = [("shop", EAST), ("bank", WEST)].into_iter();
        let absent = known.filter(|(id, scope)| scopes.contains(scope) && !fleet.clusters.contains_key(id));
        View {
            run: look.run.clone(),
            at: look.at,
            rules: Rules { ..sighting.rules.clone() },
            read: sighting.clusters().map(|seen| seen.id.clone()).collect(),
            absent: absent.map(|(id, _)| palisade_model::ClusterId::new(id)).collect(),
            said: self.memory.said.clone(),
        }
    }
}

/// Two looks, and their differences as `subject: before, after: cause`.
fn differences(before: (&Fleet, &Look), after: (&Fleet, &Look)) -> Vec<String> {
    let mut diary = Diary::default();
    let was = diary.remember(before.0, before.1);
    diary.causes.clear();
    let is = diary.remember(after.0, after.1);
    let mut told: Vec<String> = diff(&was, &is, &diary.causes).iter().map(line).collect();
    told.sort();
    told
}

fn line(difference: &Difference) -> String {
    let word = |reading: Reading| match reading {
        Reading::Said { state, .. } => state.name(),
        Reading::Absent => "absent",
        Reading::Unread => "unread",
        Reading::NotAsked => "not asked",
    };
    let Difference { subject, before, after, cause, .. } = difference;
    format!("{subject}: {}, {}: {}", word(*before), word(*after), cause.name())
}

#[test]
fn the_same_rules_mean_that_the_world_changed() {
    let (before, after) = (Fleet::one(State::Pass, State::Fail), Fleet::one(State::Fail, State::Pass));
    assert_eq!(
        differences((&before, &Look::at(0)), (&after, &Look { records: 2, ..Look::at(1) })),
        ["shop: pass, fail: world", "web: fail, pass: world"],
    );
}

#[test]
fn other_rules_on_the_same_records_mean_that_the_rule_changed() {
    let (before, after) = (Fleet::one(State::Pass, State::Fail), Fleet::one(State::Fail, State::Pass));
    let newer = Look { palisade: "0.2.0", ..Look::at(1) };
    assert_eq!(
        differences((&before, &Look::at(0)), (&after, &newer)),
        ["shop: pass, fail: rule", "web: fail, pass: rule"],
    );
    let both = Look { records: 2, ..newer };
    assert_eq!(
        differences((&before, &Look::at(0)), (&after, &both)),
        ["shop: pass, fail: both", "web: fail, pass: both"],
        "other rules and other records: only the snapshot can tell",
    );
}

#[test]
fn another_answer_is_peoples_word_and_one_that_grows_old_is_the_world() {
    let (before, after) =
        (Fleet::one(State::AttestMissing, State::Pass), Fleet::one(State::Pass, State::AttestExpired));
    let asked = |hour| Look { call: palisade_engine::ANSWERS, ..Look::at(hour) };
    assert_eq!(
        differences((&before, &asked(0)), (&after, &Look { records: 2, ..asked(1) })),
        ["shop: attest-missing, pass: answer", "web: pass, attest-expired: answer"],
    );
    assert_eq!(
        differences((&before, &asked(0)), (&after, &asked(1))),
        ["shop: attest-missing, pass: world", "web: pass, attest-expired: world"],
    );
    let newer = Look { records: 2, palisade: "0.2.0", ..asked(1) };
    assert_eq!(
        differences((&before, &asked(0)), (&after, &newer)),
        ["shop: attest-missing, pass: both", "web: pass, attest-expired: both"],
    );
}

#[test]
fn what_one_run_did_not_read_is_a_difference_of_coverage() {
    let bad = Fleet::one(State::Fail, State::Fail);
    let dark = Look { listed: vec![WEST], dark: vec![EAST], ..Look::at(1) };
    assert_eq!(
        differences((&bad, &Look::at(0)), (&bad, &dark)),
        ["shop: fail, unread: coverage", "web: fail, unread: coverage"],
    );
    let dark = Look { listed: vec![WEST], dark: vec![EAST], ..Look::at(0) };
    assert_eq!(
        differences((&bad, &dark), (&bad, &Look::at(1))),
        ["shop: unread, fail: coverage", "web: unread, fail: coverage"],
    );
    let hidden = Look { sight: [("shop", Sight::NoPools)].into(), ..Look::at(1) };
    assert_eq!(
        differences((&bad, &Look::at(0)), (&bad, &hidden)),
        ["shop: absent, unknown: coverage"],
        "the pool is kept as it was",
    );
}

#[test]
fn a_control_that_ran_in_one_of_them_is_a_difference_of_the_rules() {
    let bad = Fleet::one(State::Fail, State::Fail);
    let doors = |hour| Look { controls: vec![DOOR.id], ..Look::at(hour) };
    assert_eq!(differences((&bad, &doors(0)), (&bad, &Look::at(1))), ["web: not asked, fail: rule"]);
    let pools = Look { controls: vec![POOL.id], ..Look::at(1) };
    assert_eq!(differences((&bad, &Look::at(0)), (&bad, &pools)), ["shop: fail, not asked: rule"]);
}

#[test]
fn what_comes_and_goes_is_the_world() {
    let one = Fleet::one(State::Pass, State::Fail);
    let more = Fleet::of(&[
        ("shop", shape(EAST, State::Pass, &[("db", State::Fail)])),
        ("bank", shape(WEST, State::Fail, &[])),
    ]);
    assert_eq!(
        differences((&one, &Look::at(0)), (&more, &Look::at(1))),
        ["bank: absent, fail: world", "db: absent, fail: world", "web: fail, absent: world"],
    );
    let east = Look { listed: vec![EAST], ..Look::at(0) };
    assert_eq!(
        differences((&one, &east), (&more, &Look::at(1))),
        ["bank: unread, fail: coverage", "db: absent, fail: world", "web: fail, absent: world"],
        "nobody had looked where the bank is, so nobody can say that it was not there",
    );
    assert_eq!(differences((&one, &Look::at(0)), (&Fleet::default(), &Look::at(1))), ["web: fail, absent: world"]);
}
