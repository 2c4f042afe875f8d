//! Plans: no more than there is room for, nothing before its time, what people want, always the same.

use palisade_assess::{
    Calendar, Capacity, Change, Conflict, Cost, Initiative, InitiativeId, Owner, PersonDays, Plan, Points, Quadrant,
    Quarter, Requirement, Why, Wishes, plan,
};
use palisade_engine::{Layer, Severity};
use palisade_model::Provider;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn id(number: usize) -> InitiativeId {
    InitiativeId::new(format!("mend/XX-{number:02}"))
}

pub(crate) fn initiative(number: usize, risk: u64, days: u32, owner: &str, firsts: &BTreeSet<usize>) -> Initiative {
    let first = |first: &usize| Requirement { initiative: id(*first), because: "it is so".to_owned() };
    Initiative {
        id: id(number),
        change: Change::Mend { control: "XX-01" },
        title: format!("Mend {number}"),
        provider: Provider::Aws,
        account: "111111111111".to_owned(),
        owner: Owner::new(owner),
        layer: Layer::Cloud,
        severity: Severity::High,
        findings: Vec::new(),
        clusters: BTreeSet::new(),
        risk: Points::new(risk),
        worst: None,
        cost: Cost { days: PersonDays::quarters(days), because: String::new() },
        quadrant: Quadrant::FillIn,
        requires: firsts.iter().map(first).collect(),
    }
}

pub(crate) fn calendar(days: u32, today: &str) -> Calendar {
    let capacity = Capacity {
        days_per_quarter: PersonDays::days(days),
        teams: BTreeMap::from([(Owner::new("shop"), PersonDays::days(6))]),
        holidays: BTreeSet::from(["2026-12-25".parse().unwrap()]),
        frozen: Vec::new(),
    };
    Calendar::new("2026-12-01".parse().unwrap(), today.parse().unwrap(), capacity).unwrap()
}

fn fleet() -> impl Strategy<Value = Vec<Initiative>> {
    let row = (0..400u64, 1..60u32, any::<bool>(), prop::collection::vec(any::<prop::sample::Index>(), 0..3));
    prop::collection::vec(row, 1..25).prop_map(|rows| {
        let of = |(number, (risk, days, shop, firsts)): (usize, (u64, u32, bool, Vec<prop::sample::Index>))| {
            let firsts =
                if number == 0 { BTreeSet::new() } else { firsts.iter().map(|first| first.index(number)).collect() };
            initiative(number, risk, days, if shop { "shop" } else { "platform" }, &firsts)
        };
        rows.into_iter().enumerate().map(of).collect()
    })
}

fn wishes(most: usize) -> impl Strategy<Value = Wishes> {
    let pins = prop::collection::btree_map(0..most, 0..4usize, 0..3);
    (pins, prop::collection::btree_set(0..most, 0..3)).prop_map(|(pins, excluded)| Wishes {
        pins: pins.into_iter().map(|(number, quarter)| (id(number), Quarter::ALL[quarter])).collect(),
        excluded: excluded.into_iter().map(|number| (id(number), "not now".to_owned())).collect(),
    })
}

fn placed(plan: &Plan) -> BTreeMap<&InitiativeId, Quarter> {
    let items = |one: &palisade_assess::QuarterPlan| one.span.quarter;
    plan.quarters.iter().flat_map(|one| one.items.iter().map(move |item| (&item.initiative, items(one)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_keeps_its_rules(fleet in fleet(), wishes in wishes(25), days in 0..30u32) {
        let calendar = calendar(days, "2026-12-01");
        let found = plan(&fleet, &calendar, &wishes);
        prop_assert_eq!(&found, &plan(&fleet, &calendar, &wishes));
        let Ok(plan) = found else { return Ok(()) };
        let placed = placed(&plan);
        for quarter in &plan.quarters {
            for load in &quarter.teams {
                prop_assert!(load.used <= load.room);
            }
            let used: PersonDays = quarter.teams.iter().map(|load| load.used).sum();
            prop_assert_eq!(used, quarter.items.iter().map(|item| item.days).sum());
        }
        let order: Vec<&InitiativeId> = plan.quarters.iter().flat_map(|one| &one.items).map(|item| &item.initiative).collect();
        for one in fleet.iter().filter(|one| placed.contains_key(&one.id)) {
            for first in &one.requires {
                let at = |wanted: &InitiativeId| order.iter().position(|id| *id == wanted).unwrap();
                prop_assert!(placed[&first.initiative] <= placed[&one.id]);
                prop_assert!(at(&first.initiative) < at(&one.id));
            }
        }
        for (pinned, quarter) in wishes.pins.iter().filter(|(id, _)| fleet.iter().any(|one| one.id == **id)) {
            if !wishes.excluded.contains_key(pinned) {
                prop_assert_eq!(placed.get(pinned), Some(quarter));
            }
        }
        prop_assert!(wishes.excluded.keys().all(|id| !placed.contains_key(id)));
        // Everything is somewhere, once, and whatever is in no quarter says why.
        prop_assert_eq!(placed.len() + plan.left_out.len(), fleet.len());
        prop_assert!(plan.left_out.iter().all(|one| !placed.contains_key(&one.initiative)));
    }

    #[test]
    fn the_order_of_initiatives_changes_nothing_that_counts(fleet in fleet(), days in 1..30u32) {
        let calendar = calendar(days, "2026-12-01");
        let mut other = fleet.clone();
        other.reverse();
        let worth = |fleet: &[Initiative]| plan(fleet, &calendar, &Wishes::default()).unwrap().proof.value;
        prop_assert_eq!(worth(&fleet), worth(&other));
    }
}

fn none() -> BTreeSet<usize> {
    BTreeSet::new()
}

#[test]
fn what_is_left_out_says_why() {
    let fleet = [
        initiative(0, 100, 4 * 90, "platform", &none()),
        initiative(1, 90, 4, "platform", &BTreeSet::from([0])),
        initiative(2, 80, 4 * 20, "platform", &none()),
        initiative(3, 1, 4 * 20, "platform", &none()),
        initiative(4, 50, 4, "platform", &none()),
        initiative(5, 0, 4, "platform", &none()),
    ];
    let wishes = Wishes { excluded: BTreeMap::from([(id(4), "the vendor does it".to_owned())]), ..Wishes::default() };
    let frozen = palisade_assess::Freeze {
        from: "2027-03-01".parse().unwrap(),
        to: "2027-12-31".parse().unwrap(),
        because: "migration".to_owned(),
    };
    let capacity = Capacity {
        days_per_quarter: PersonDays::days(22),
        teams: BTreeMap::new(),
        holidays: BTreeSet::new(),
        frozen: vec![frozen],
    };
    let day = "2026-12-01".parse().unwrap();
    let plan = plan(&fleet, &Calendar::new(day, day, capacity).unwrap(), &wishes).unwrap();
    let why: Vec<(&str, Why)> = plan.left_out.iter().map(|one| (one.initiative.as_str(), one.why.clone())).collect();
    let (days, room) = (PersonDays::days(90), PersonDays::days(22));
    assert_eq!(
        why,
        [
            ("mend/XX-00", Why::TooLarge { days, room }),
            ("mend/XX-01", Why::Waits { waits_for: id(0) }),
            ("mend/XX-03", Why::NoRoom),
            ("mend/XX-04", Why::Excluded { because: "the vendor does it".to_owned() }),
            ("mend/XX-05", Why::NotNeeded),
        ]
    );
}

#[test]
fn wishes_that_cannot_be_kept_are_told_all_at_once() {
    let fleet = [
        initiative(0, 10, 4 * 4, "shop", &none()),
        initiative(1, 10, 4 * 4, "shop", &none()),
        initiative(2, 10, 4, "platform", &BTreeSet::from([3])),
        initiative(3, 10, 4, "platform", &none()),
        initiative(4, 10, 4, "platform", &BTreeSet::from([5])),
        initiative(5, 10, 4, "platform", &none()),
    ];
    let quarter = |index: usize| Quarter::ALL[index];
    let wishes = Wishes {
        pins: BTreeMap::from([
            (id(0), quarter(1)),
            (id(1), quarter(1)),
            (id(2), quarter(0)),
            (id(3), quarter(2)),
            (id(4), quarter(0)),
        ]),
        excluded: BTreeMap::from([(id(5), "no".to_owned())]),
    };
    let told: Vec<String> =
        plan(&fleet, &calendar(20, "2026-12-01"), &wishes).unwrap_err().iter().map(Conflict::to_string).collect();
    assert_eq!(
        told,
        [
            "`mend/XX-02` is pinned to quarter 1 and needs `mend/XX-03`, which is pinned to a later one: move one of them",
            "`mend/XX-04` is pinned and needs `mend/XX-05`, which is excluded: unpin the one or allow the other",
            "what is pinned to quarter 2 takes 8 days and `shop` has 6: unpin something, move it, or raise the capacity",
        ]
    );
}

#[test]
fn a_year_that_has_gone_by_holds_no_work() {
    let calendar = calendar(20, "2027-12-24");
    assert_eq!(calendar.current(), None);
    let fleet = [initiative(0, 10, 4, "platform", &none())];
    let plan = plan(&fleet, &calendar, &Wishes::default()).unwrap();
    assert!(plan.quarters.iter().all(|quarter| quarter.items.is_empty()));
}
