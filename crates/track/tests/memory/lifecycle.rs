//! How findings open, are resolved, are gone and come back.

use crate::world::{DOOR, EAST, Fleet, Look, POOL, Sight, WEST, hours, of, remember, shape, standing, told};
use jiff::SignedDuration;
use palisade_engine::{Fingerprint, Severity, State, Subject};
use palisade_model::{Cluster, Observed, Provider};
use palisade_testkit::{gap, tidy};
use palisade_track::{EventKind, Memory, Reminders, Standing, Topic, tick};

/// A way to look at less, and what it is called.
type Named = (&'static str, fn(&mut Look));

/// A memory that knows a fleet, so that what comes is told one by one.
fn knowing(fleet: &Fleet) -> Memory {
    let mut memory = Memory::default();
    remember(&mut memory, fleet, &Look::at(0));
    memory
}

#[test]
fn the_first_run_is_told_as_one() {
    let mut memory = Memory::default();
    let events = remember(&mut memory, &Fleet::one(State::Fail, State::AttestMissing), &Look::at(0));
    assert_eq!(told(&events), ["rulepack.changed the first run: 2 opened"]);
    assert_eq!(events[0].severity, Severity::Critical, "as severe as the worst of what it stands for");
    let Topic::Run(summary) = &events[0].topic else { panic!("{events:?}") };
    assert_eq!(summary.open, [(Severity::Critical, 1), (Severity::High, 1)]);
    assert_eq!(remember(&mut memory, &Fleet::one(State::Fail, State::AttestMissing), &Look::at(1)), []);
}

#[test]
fn a_finding_opens_is_resolved_and_reopens_with_its_history() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Pass));
    let fail = Fleet::one(State::Pass, State::Fail);
    assert_eq!(told(&remember(&mut memory, &fail, &Look::at(24))), ["finding.opened web"]);
    for (hour, good) in
        [(48, State::Pass), (24 * 30, State::Mitigated), (24 * 60, State::Inherited), (24 * 90, State::NotApplicable)]
    {
        let events = remember(&mut memory, &Fleet::one(State::Pass, good), &Look::at(hour));
        assert_eq!(told(&events), ["finding.resolved web"], "{good}");
        let Topic::Finding { finding, .. } = &events[0].topic else { panic!("{events:?}") };
        assert_eq!((finding.verdict, finding.because.as_str()), (good, format!("it is {good}").as_str()));
        let again = remember(&mut memory, &fail, &Look::at(hour + 24 * 10));
        assert_eq!(told(&again), ["finding.reopened web"]);
    }
    let finding = of(&memory, "web").unwrap();
    assert_eq!((finding.generation, finding.first_seen, finding.last_seen), (5, hours(24), hours(24 * 100)));
}

#[test]
fn what_was_not_read_keeps_a_finding_as_of_when_it_was() {
    let fail = Fleet::one(State::Fail, State::Fail);
    let good = Fleet::one(State::Pass, State::Pass);
    let looks: [Named; 7] = [
        ("the account is dark", |look| (look.listed, look.dark) = (vec![WEST], vec![EAST])),
        ("nobody came to the account", |look| look.listed = vec![WEST]),
        ("nothing of the cluster is readable", |look| {
            look.sight.insert("shop", Sight::Nothing);
        }),
        ("the list of pools is not readable", |look| {
            look.controls = vec![POOL.id];
            look.sight.insert("shop", Sight::NoPools);
        }),
        ("only failures are told", |look| {
            look.controls = vec![POOL.id];
            look.sight.insert("shop", Sight::OnlyFailures);
        }),
        ("what is good is in doubt", |look| {
            look.controls = vec![POOL.id];
            look.sight.insert("shop", Sight::InDoubt);
        }),
        ("no control ran", |look| look.controls = Vec::new()),
    ];
    for (what, change) in looks {
        let mut memory = knowing(&fail);
        let mut look = Look { schedule: Some("other"), ..Look::at(24) };
        change(&mut look);
        remember(&mut memory, &good, &look);
        for subject in ["shop", "web"] {
            let finding = of(&memory, subject).unwrap();
            assert_eq!((&finding.standing, finding.verdict), (&Standing::Open, State::Fail), "{what}: {subject}");
            assert_eq!((finding.as_of, finding.last_seen), (hours(0), hours(0)), "{what}: {subject}");
        }
    }
}

#[test]
fn an_unknown_keeps_a_finding_and_opens_none() {
    let mut memory = knowing(&Fleet::one(State::Fail, State::Pass));
    let events = remember(&mut memory, &Fleet::one(State::Unknown, State::Unknown), &Look::at(1));
    assert_eq!(told(&events), [""; 0]);
    assert_eq!((standing(&memory, "shop"), standing(&memory, "web")), ("open", "never"));
}

#[test]
fn a_subject_that_a_complete_list_lacks_is_gone() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Fail));
    let without = Fleet::of(&[("shop", shape(EAST, State::Pass, &[]))]);
    let unreadable = Look { sight: [("shop", Sight::NoPools)].into(), ..Look::at(24) };
    assert_eq!(told(&remember(&mut memory, &without, &unreadable)), ["coverage.dropped"]);
    assert_eq!(told(&remember(&mut memory, &without, &Look::at(48))), ["finding.gone web", "coverage.restored"]);
    assert_eq!(of(&memory, "web").unwrap().standing, Standing::Gone { at: hours(48) });
}

#[test]
fn a_cluster_is_gone_when_its_scope_was_listed_without_it() {
    let fail = Fleet::one(State::Fail, State::Fail);
    let none = Fleet::default();
    let mut memory = knowing(&fail);
    let dark = Look { listed: vec![WEST], dark: vec!["111111111111"], ..Look::at(1) };
    assert_eq!(told(&remember(&mut memory, &none, &dark)), ["coverage.dropped"], "its whole account is dark");
    let part = Look { dark: vec!["111111111111/us-east-1/a"], ..Look::at(2) };
    assert_eq!(told(&remember(&mut memory, &none, &part)), [""; 0], "a part of it is dark");
    let gone = Look { listed: vec!["111111111111", WEST], ..Look::at(3) };
    let events = remember(&mut memory, &none, &gone);
    assert_eq!(told(&events), ["finding.gone shop", "finding.gone web", "coverage.restored"]);
    assert!(memory.clusters.values().all(|known| known.gone == Some(hours(3))));
    let back = Look { listed: vec!["111111111111", EAST, WEST], ..Look::at(24 * 20) };
    let events = remember(&mut memory, &fail, &back);
    assert_eq!(told(&events), ["finding.reopened shop", "finding.reopened web"]);
}

#[test]
fn one_that_flaps_is_resolved_after_two_good_reads_in_a_row() {
    let (good, bad) = (Fleet::one(State::Pass, State::Pass), Fleet::one(State::Pass, State::Fail));
    let mut memory = knowing(&good);
    let mut told_at = |fleet: &Fleet, hour| told(&remember(&mut memory, fleet, &Look::at(hour)));
    assert_eq!(told_at(&bad, 1), ["finding.opened web"]);
    assert_eq!(told_at(&good, 2), ["finding.resolved web"], "it has not come back yet");
    assert_eq!(told_at(&bad, 3), ["finding.reopened web"]);
    assert_eq!(told_at(&good, 4), [""; 0]);
    assert_eq!(told_at(&bad, 5), [""; 0], "held open, so it is no news");
    assert_eq!(told_at(&good, 6), [""; 0]);
    assert_eq!(told_at(&Fleet::one(State::Pass, State::Unknown), 7), [""; 0], "no read, good or bad");
    assert_eq!(told_at(&good, 8), ["finding.resolved web"]);
    assert_eq!(told_at(&bad, 9), ["finding.reopened web"]);
    assert_eq!(told_at(&good, 9 + 24 * 7), ["finding.resolved web"], "a week later it flaps no more");
}

#[test]
fn a_severity_that_goes_up_is_told_and_one_that_goes_down_is_not() {
    let mut fleet = Fleet::one(State::Pass, State::Fail);
    let mut memory = knowing(&fleet);
    let mut with = |severity, hour| {
        fleet.clusters.get_mut("shop").unwrap().severity = Some(severity);
        remember(&mut memory, &fleet, &Look::at(hour))
    };
    let events = with(Severity::Critical, 1);
    assert_eq!(told(&events), ["finding.worsened web"]);
    let Topic::Finding { before, .. } = &events[0].topic else { panic!("{events:?}") };
    assert_eq!((*before, events[0].severity), (Some(Severity::High), Severity::Critical));
    assert_eq!(with(Severity::Low, 2), []);
    assert_eq!(with(Severity::High, 3), [], "it has been worse since it opened");
    assert_eq!(with(Severity::Critical, 4), [], "and was told to be as bad as that");
}

#[test]
fn other_rules_are_told_as_one_and_only_if_something_changed() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Pass));
    let newer = |hour| Look { palisade: "0.2.0", ..Look::at(hour) };
    assert_eq!(remember(&mut memory, &Fleet::one(State::Pass, State::Pass), &newer(1)), []);
    let newest = Look { palisade: "0.3.0", ..Look::at(2) };
    let events = remember(&mut memory, &Fleet::one(State::Fail, State::Fail), &newest);
    assert_eq!(told(&events), ["rulepack.changed Palisade 0.3.0 instead of 0.2.0: 2 opened"]);
    let same = Look { palisade: "0.3.0", ..Look::at(3) };
    assert_eq!(told(&remember(&mut memory, &Fleet::one(State::Fail, State::Pass), &same)), ["finding.resolved web"]);
}

#[test]
fn a_schedule_with_fewer_controls_moves_only_what_it_asks() {
    let mut memory = knowing(&Fleet::one(State::Fail, State::Fail));
    let hourly = |hour| Look { schedule: Some("exposure"), controls: vec![DOOR.id], ..Look::at(hour) };
    let good = Fleet::one(State::Pass, State::Pass);
    let first = remember(&mut memory, &good, &hourly(1));
    assert_eq!(told(&first), ["rulepack.changed the first run by these rules: 1 resolved"]);
    assert_eq!((standing(&memory, "shop"), standing(&memory, "web")), ("resolved", "open"));
    assert_eq!(
        told(&remember(&mut memory, &Fleet::one(State::Fail, State::Pass), &hourly(240))),
        ["finding.reopened shop", "finding.reminder web"]
    );
}

#[test]
fn a_run_that_ended_before_the_cluster_was_last_read_has_nothing_to_say_of_it() {
    let mut memory = knowing(&Fleet::one(State::Pass, State::Pass));
    remember(&mut memory, &Fleet::one(State::Pass, State::Pass), &Look::at(10));
    let before = (memory.findings.clone(), memory.said.clone(), memory.clusters.clone());
    let late = Look { run: "late".to_owned(), ..Look::at(5) };
    assert_eq!(told(&remember(&mut memory, &Fleet::one(State::Fail, State::Fail), &late)), [""; 0]);
    assert_eq!((memory.findings.clone(), memory.said.clone(), memory.clusters.clone()), before);
}

#[test]
fn reminders_come_as_often_as_whoever_is_told_wants_and_not_after_somebody_takes_it_on() {
    let mut memory = knowing(&Fleet::one(State::Fail, State::Fail));
    let every = |period: i64, of: Severity| {
        Reminders::new(SignedDuration::from_hours(period), move |event| {
            (event.severity == of).then_some(SignedDuration::from_hours(period))
        })
    };
    let six = every(6, Severity::High);
    assert_eq!(told(&tick(&mut memory, &[], &six, hours(5))), [""; 0]);
    assert_eq!(told(&tick(&mut memory, &[], &six, hours(6))), ["finding.reminder web"]);
    let again = tick(&mut memory, &[], &six, hours(12));
    assert_eq!(told(&again), ["finding.reminder web"]);
    assert_ne!(again[0].key(), tick(&mut memory, &[], &six, hours(18))[0].key(), "each is told");
    let print = of(&memory, "web").unwrap().fingerprint;
    memory.findings.get_mut(&print).unwrap().tracked.acknowledge("ana", hours(19)).unwrap();
    assert_eq!(told(&tick(&mut memory, &[], &six, hours(240))), [""; 0]);
    let never = Reminders::new(SignedDuration::from_hours(1), |_| None);
    assert_eq!(told(&tick(&mut memory, &[], &never, hours(240))), [""; 0]);
}

#[test]
fn reminders_follow_severity_and_stop_when_somebody_takes_it_on() {
    let fleet = Fleet::one(State::Fail, State::Fail);
    let mut memory = knowing(&fleet);
    assert_eq!(told(&tick(&mut memory, &[], &Reminders::default(), hours(23))), [""; 0]);
    assert_eq!(
        told(&tick(&mut memory, &[], &Reminders::default(), hours(24))),
        ["finding.reminder shop"],
        "critical every day"
    );
    assert_eq!(told(&tick(&mut memory, &[], &Reminders::default(), hours(25))), [""; 0], "once a period");
    let print = of(&memory, "shop").unwrap().fingerprint;
    memory.findings.get_mut(&print).unwrap().tracked.acknowledge("ana", hours(30)).unwrap();
    assert_eq!(
        told(&tick(&mut memory, &[], &Reminders::default(), hours(24 * 7))),
        ["finding.reminder web"],
        "high every week"
    );
    remember(&mut memory, &fleet, &Look::at(24 * 8));
    assert_eq!(standing(&memory, "shop"), "acknowledged", "being seen again changes nothing");
    memory.findings.get_mut(&print).unwrap().tracked.unacknowledge().unwrap();
    assert_eq!(told(&tick(&mut memory, &[], &Reminders::default(), hours(24 * 9))), ["finding.reminder shop"]);
    remember(&mut memory, &Fleet::one(State::Pass, State::Pass), &Look::at(24 * 10));
    let refused = memory.findings.get_mut(&print).unwrap().tracked.acknowledge("ana", hours(24 * 11)).unwrap_err();
    assert!(refused.to_string().contains("is resolved: only an open finding"), "{refused}");
    assert_eq!(told(&tick(&mut memory, &[], &Reminders::default(), hours(24 * 30))), [""; 0]);
}

#[test]
fn a_renamed_cluster_keeps_its_findings_under_the_new_name() {
    let mut fleet = Fleet::one(State::Pass, State::Fail);
    let mut memory = knowing(&fleet);
    "boutique".clone_into(&mut fleet.clusters.get_mut("shop").unwrap().name);
    assert_eq!(remember(&mut memory, &fleet, &Look::at(1)), []);
    assert_eq!(of(&memory, "web").unwrap().cluster_name, "boutique");
    assert_eq!(memory.findings.len(), 1);
}

#[test]
fn a_fingerprint_survives_new_machines_new_names_and_new_versions() {
    let before = tidy(Provider::Aws);
    let mut after = before.clone();
    "boutique".clone_into(&mut after.name);
    after.labels.insert("owner".to_owned(), "ben".to_owned());
    after.version = Observed::missing(gap());
    let mut pools = after.pools.get().unwrap().clone();
    "workers of the spring".clone_into(&mut pools[0].name);
    pools[0].nodes = Observed::known(Vec::new(), Vec::new());
    after.pools = Observed::known(pools, Vec::new());
    let print =
        |cluster: &Cluster| Fingerprint::of(POOL.id, &cluster.id, &Subject::pool(&cluster.pools.get().unwrap()[0]));
    assert_eq!(print(&before), print(&after));
    let mut memory = knowing(&Fleet::one(State::Pass, State::Fail));
    let newer = Look { palisade: "0.2.0", ..Look::at(1) };
    assert_eq!(remember(&mut memory, &Fleet::one(State::Pass, State::Fail), &newer), []);
}

#[test]
fn a_run_says_how_it_ended() {
    let ended = |look: Look| {
        let fleet = Fleet::one(State::Fail, State::Fail);
        let shown = fleet.shown(&look);
        let events = palisade_track::advance(&mut Memory::default(), &look.sighting(&shown), &[]).events;
        events.last().unwrap().kind
    };
    assert_eq!(ended(Look::at(1)), EventKind::ScanCompleted);
    assert_eq!(ended(Look { listed: vec![EAST], dark: vec![WEST], ..Look::at(1) }), EventKind::ScanPartial);
    assert_eq!(ended(Look { sight: [("shop", Sight::NoPools)].into(), ..Look::at(1) }), EventKind::ScanPartial);
    assert_eq!(ended(Look { listed: Vec::new(), dark: vec![EAST, WEST], ..Look::at(1) }), EventKind::ScanFailed);
}
