//! How long a plan takes and how far it is from what no plan can exceed: `cargo bench -p palisade-assess`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use palisade_assess::{
    Calendar, Capacity, Change, Cost, Initiative, InitiativeId, Owner, PersonDays, Points, Quadrant, Requirement,
    Wishes, plan,
};
use palisade_engine::{Layer, Severity};
use palisade_model::Provider;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

const TEAMS: usize = 5;

/// A made-up list: five teams, every fourth initiative after an earlier one, as much work as three years hold.
fn list(count: usize) -> Vec<Initiative> {
    // Numerical Recipes' generator: the list is the same on every machine.
    let mut state = 20_261_129_u32;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let id = |number: usize| InitiativeId::new(format!("mend/XX-{number}"));
    (0..count)
        .map(|number| {
            let first =
                (number > 0 && next(4) == 0).then(|| usize::try_from(next(u32::try_from(number).unwrap())).unwrap());
            let requires = first.map(|first| Requirement { initiative: id(first), because: "it is so".to_owned() });
            Initiative {
                id: id(number),
                change: Change::Mend { control: "XX-01" },
                title: format!("Mend {number}"),
                provider: Provider::Aws,
                account: "111111111111".to_owned(),
                owner: Owner::new(&format!("team-{}", number % TEAMS)),
                layer: Layer::Cloud,
                severity: Severity::High,
                findings: Vec::new(),
                clusters: BTreeSet::new(),
                risk: Points::new(u64::from(next(10_000) + 1)),
                worst: None,
                cost: Cost { days: PersonDays::quarters(next(60) + 1), because: String::new() },
                quadrant: Quadrant::FillIn,
                requires: requires.into_iter().collect(),
            }
        })
        .collect()
}

fn main() {
    for count in [125, 500, 1_000, 3_000, 10_000] {
        let all = list(count);
        let work: u32 = u32::try_from(count).unwrap() * 30 / 4;
        let capacity = Capacity {
            days_per_quarter: PersonDays::days(work / 12 / u32::try_from(TEAMS).unwrap()),
            teams: BTreeMap::new(),
            holidays: BTreeSet::new(),
            frozen: Vec::new(),
        };
        let start = "2026-12-01".parse().unwrap();
        let calendar = Calendar::new(start, start, capacity).unwrap();
        let began = Instant::now();
        let plan = plan(&all, &calendar, &Wishes::default()).unwrap();
        let took = began.elapsed();
        let placed: usize = plan.quarters.iter().map(|quarter| quarter.items.len()).sum();
        let gap = plan.proof.gap_basis_points();
        println!(
            "{count} initiatives: {placed} planned in {took:.2?}, at most {}.{:02} % from the best",
            gap / 100,
            gap % 100
        );
    }
}
