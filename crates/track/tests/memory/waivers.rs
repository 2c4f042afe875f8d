//! What becomes of accepted risks.

use crate::world::{EAST, Fleet, Look, Sight, WEST, hours, of, remember, remember_with, shape, standing, told};
use jiff::Timestamp;
use palisade_engine::{State, Waiver};
use palisade_track::{Memory, Reminders, tick};

fn waiver(control: &str, until: Timestamp) -> Waiver {
    Waiver {
        control: control.to_owned(),
        cluster: "shop".to_owned(),
        subject: None,
        owner: "ana".to_owned(),
        approver: "ben".to_owned(),
        reason: "until the migration".to_owned(),
        until,
        approved: None,
        covers: None,
    }
}

fn knowing(fleet: &Fleet) -> Memory {
    let mut memory = Memory::default();
    remember(&mut memory, fleet, &Look::at(0));
    memory
}

#[test]
fn a_valid_waiver_keeps_an_opening_quiet_and_its_end_tells_it() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Pass));
    let fail = Fleet::one(State::Pass, State::Fail);
    let waivers = [waiver("NP-01", hours(24 * 30))];
    assert_eq!(told(&remember_with(&mut memory, &fail, &Look::at(1), &waivers)), [""; 0]);
    let finding = of(&memory, "web").unwrap();
    assert_eq!((finding.standing.name(), finding.waived_until), ("open", Some(hours(24 * 30))));
    let events = remember_with(&mut memory, &fail, &Look::at(24 * 30), &waivers);
    assert_eq!(told(&events), ["finding.opened web", "waiver.expired NP-01 on shop: 1"]);
    assert_eq!(of(&memory, "web").unwrap().waived_until, None);
    assert_eq!(remember_with(&mut memory, &fail, &Look::at(24 * 30 + 1), &waivers), []);
}

#[test]
fn a_waived_finding_comes_and_goes_without_a_word() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Pass));
    let waivers = [waiver("NP-01", hours(24 * 300))];
    for (hour, state, standing_then) in
        [(1, State::Fail, "open"), (2, State::Pass, "resolved"), (500, State::Fail, "open")]
    {
        let events = remember_with(&mut memory, &Fleet::one(State::Pass, state), &Look::at(hour), &waivers);
        let words = told(&events);
        assert!(words.iter().all(|word| word.starts_with("waiver.unused")), "{words:?}");
        assert_eq!(standing(&memory, "web"), standing_then);
    }
    assert_eq!(
        told(&tick(&mut memory, &[], &Reminders::default(), hours(501))),
        ["finding.reopened web"],
        "the waiver was taken away"
    );
}

#[test]
fn an_opening_that_was_told_before_the_waiver_is_not_told_again_at_its_end() {
    let fail = Fleet::one(State::Pass, State::Fail);
    let mut memory = knowing(&fail);
    let waivers = [waiver("NP-01", hours(24 * 20))];
    remember_with(&mut memory, &fail, &Look::at(1), &waivers);
    assert_eq!(told(&tick(&mut memory, &waivers, &Reminders::default(), hours(24 * 2))), [""; 0], "no reminder either");
    let events = tick(&mut memory, &waivers, &Reminders::default(), hours(24 * 20));
    assert_eq!(told(&events), ["waiver.expired NP-01 on shop: 1", "finding.reminder web"]);
}

#[test]
fn an_end_is_told_14_7_and_1_days_before_each_once() {
    let fail = Fleet::one(State::Pass, State::Fail);
    let mut memory = knowing(&fail);
    let waivers = [waiver("NP-01", hours(24 * 30))];
    let days: Vec<i64> = (0..35)
        .flat_map(|day| [(day, 0), (day, 12)])
        .filter(|(day, hour)| {
            let events = tick(&mut memory, &waivers, &Reminders::default(), hours(24 * day + hour));
            told(&events).iter().any(|word| word.starts_with("waiver.expiring"))
        })
        .map(|(day, _)| day)
        .collect();
    assert_eq!(days, [16, 23, 29]);
    let renewed = [waiver("NP-01", hours(24 * 60))];
    assert_eq!(
        told(&tick(&mut memory, &renewed, &Reminders::default(), hours(24 * 50))),
        ["waiver.expiring NP-01 on shop: 1"],
        "a new end"
    );
    let mut late = knowing(&fail);
    assert_eq!(
        told(&tick(&mut late, &waivers, &Reminders::default(), hours(24 * 29 + 2))),
        ["waiver.expiring NP-01 on shop: 1"],
        "only the nearest"
    );
}

#[test]
fn one_that_matches_more_than_when_it_was_approved_is_told() {
    let mut fleet = Fleet::of(&[("shop", shape(EAST, State::Pass, &[("web", State::Fail), ("db", State::Pass)]))]);
    let mut memory = knowing(&fleet);
    let waivers = [waiver("NP-01", hours(24 * 300))];
    assert_eq!(told(&remember_with(&mut memory, &fleet, &Look::at(1), &waivers)), [""; 0]);
    fleet.clusters.get_mut("shop").unwrap().pools.insert("db", State::Fail);
    assert_eq!(told(&remember_with(&mut memory, &fleet, &Look::at(2), &waivers)), ["waiver.grown NP-01 on shop: 2"]);
    assert_eq!(told(&remember_with(&mut memory, &fleet, &Look::at(3), &waivers)), [""; 0], "once");
    let approved = [Waiver { covers: Some(1), ..waiver("NP-01", hours(24 * 300)) }];
    let mut fresh = knowing(&fleet);
    let events = remember_with(&mut fresh, &fleet, &Look::at(1), &approved);
    assert_eq!(told(&events), ["waiver.grown NP-01 on shop: 2"], "the file says for how many it was approved");
}

#[test]
fn what_a_waiver_was_not_approved_for_is_told_and_not_waived() {
    let pools = |db: State| Fleet::of(&[("shop", shape(EAST, State::Pass, &[("web", State::Fail), ("db", db)]))]);
    let mut memory = knowing(&pools(State::Pass));
    let web = of(&memory, "web").unwrap().fingerprint;
    let listed = [Waiver { approved: Some([web].into()), ..waiver("NP-01", hours(24 * 300)) }];
    let counted = [Waiver { covers: Some(1), ..waiver("NP-01", hours(24 * 300)) }];
    for (waivers, web_is_waived) in [(&listed, true), (&counted, false)] {
        let mut memory = memory.clone();
        remember_with(&mut memory, &pools(State::Pass), &Look::at(1), waivers);
        assert!(of(&memory, "web").unwrap().waived_until.is_some());
        let events = told(&remember_with(&mut memory, &pools(State::Fail), &Look::at(2), waivers));
        for expected in ["finding.opened db", "waiver.grown NP-01 on shop: 2"] {
            assert!(events.iter().any(|event| event == expected), "no {expected} in {events:?}");
        }
        assert_eq!(of(&memory, "db").unwrap().waived_until, None);
        assert_eq!(of(&memory, "web").unwrap().waived_until.is_some(), web_is_waived);
        assert_eq!(told(&remember_with(&mut memory, &pools(State::Fail), &Look::at(3), waivers)), [""; 0], "once");
        remember_with(&mut memory, &pools(State::Pass), &Look::at(4), waivers);
        assert!(of(&memory, "web").unwrap().waived_until.is_some(), "what was too much is mended");
    }
    let renewed = [Waiver { covers: Some(2), ..waiver("NP-01", hours(24 * 300)) }];
    remember_with(&mut memory, &pools(State::Fail), &Look::at(5), &renewed);
    assert!(of(&memory, "db").unwrap().waived_until.is_some(), "it is approved for both now");
}

#[test]
fn one_that_matches_nothing_is_told_only_if_that_is_certain() {
    let good = Fleet::one(State::Pass, State::Pass);
    let waivers = [waiver("NP-01", hours(24 * 300))];
    let told_of = |look: Look, waivers: &[Waiver]| {
        let mut memory = knowing(&good);
        let mut words = told(&remember_with(&mut memory, &good, &look, waivers));
        words.retain(|word| word.starts_with("waiver"));
        let again = told(&remember_with(&mut memory, &good, &Look::at(100), &[]));
        assert!(!again.iter().any(|word| word.starts_with("waiver")));
        words
    };
    let unused = ["waiver.unused NP-01 on shop: 0"];
    assert_eq!(told_of(Look::at(1), &waivers), unused);
    assert_eq!(told_of(Look { listed: vec![WEST], dark: vec![EAST], ..Look::at(1) }, &waivers), [""; 0]);
    assert_eq!(told_of(Look { sight: [("shop", Sight::NoPools)].into(), ..Look::at(1) }, &waivers), [""; 0]);
    assert_eq!(told_of(Look { controls: vec!["CP-01"], ..Look::at(1) }, &waivers), [""; 0]);
    let nowhere = [Waiver { cluster: "elsewhere".to_owned(), ..waiver("NP-01", hours(24 * 300)) }];
    assert_eq!(told_of(Look::at(1), &nowhere), ["waiver.unused NP-01 on elsewhere: 0"]);
    assert_eq!(told_of(Look { listed: vec![EAST], ..Look::at(1) }, &nowhere), [""; 0], "it may be where nobody looked");
}
