//! The selection against its rules, and against trying everything.

use super::*;
use proptest::prelude::*;

/// The best value there is, by trying every quarter and none for every task.
fn brute_force(tasks: &[Task], rooms: &[[u32; 4]]) -> Option<u64> {
    let choices = 5usize.pow(u32::try_from(tasks.len()).unwrap());
    let selection = |mut number: usize| -> Selection {
        tasks
            .iter()
            .map(|_| {
                let choice = number % 5;
                number /= 5;
                choice.checked_sub(1).map(|index| Quarter::ALL[index])
            })
            .collect()
    };
    (0..choices).map(selection).filter(|one| keeps(tasks, rooms, one)).map(|one| value(tasks, &one)).max()
}

fn tasks(most: usize) -> impl Strategy<Value = Vec<Task>> {
    let pin = prop_oneof![9 => Just(None), 1 => (0..4usize).prop_map(|index| Some(Quarter::ALL[index]))];
    let one = (0..300u64, 1..40u32, 0..2usize, prop::collection::vec(any::<prop::sample::Index>(), 0..3), pin);
    prop::collection::vec(one, 1..=most).prop_map(|rows| {
        let task =
            |(index, (value, weight, team, firsts, pin)): (usize, (u64, u32, usize, Vec<prop::sample::Index>, _))| {
                // Only what stands before it, so that there are no circles.
                let mut firsts: Vec<usize> =
                    if index == 0 { Vec::new() } else { firsts.iter().map(|first| first.index(index)).collect() };
                firsts.sort_unstable();
                firsts.dedup();
                Task { value, weight, team, firsts, pin }
            };
        rows.into_iter().enumerate().map(task).collect()
    })
}

fn rooms() -> impl Strategy<Value = Vec<[u32; 4]>> {
    prop::collection::vec(prop::array::uniform4(0..60u32), 2..=2)
}

/// A fleet's worth: accounts of 38 initiatives, six of which come before the inner ones, in four teams.
fn fleet(count: usize) -> (Vec<Task>, Vec<[u32; 4]>) {
    let mut state = 20_261_120u64;
    let mut dice = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let tasks: Vec<Task> = (0..count)
        .map(|index| {
            let (account, place) = (index / 38 * 38, index % 38);
            let critical = (0..6).map(|first| account + first).filter(|first| *first < count);
            Task {
                value: (1 + dice(20)) << dice(7),
                weight: [2, 3, 12, 15, 40, 50, 18][usize::try_from(dice(7)).unwrap()],
                team: usize::try_from(dice(4)).unwrap(),
                firsts: if place >= 25 { critical.collect() } else { Vec::new() },
                pin: None,
            }
        })
        .collect();
    let weight: u32 = tasks.iter().map(|task| task.weight).sum();
    (tasks, vec![[weight / 40; 4]; 4])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_small_cases_it_is_the_best_that_trying_everything_finds(tasks in tasks(6), rooms in rooms()) {
        let found = select(&tasks, &rooms);
        prop_assert_eq!(found.as_ref().map(|(_, proof)| proof.value), brute_force(&tasks, &rooms));
        if let Some((_, proof)) = found {
            prop_assert!(proof.optimal, "{:?}", proof);
        }
    }

    #[test]
    fn every_rule_is_kept_and_the_same_input_gives_the_same_plan(tasks in tasks(25), rooms in rooms()) {
        let found = select(&tasks, &rooms);
        if let Some((selection, proof)) = &found {
            prop_assert!(keeps(&tasks, &rooms, selection));
            prop_assert!(proof.value <= proof.bound);
        }
        prop_assert_eq!(found, select(&tasks, &rooms));
    }

    #[test]
    fn more_room_never_makes_the_bound_smaller_than_what_was_reached(tasks in tasks(12), rooms in rooms()) {
        let wider: Vec<[u32; 4]> = rooms.iter().map(|room| room.map(|room| room + 10)).collect();
        if let (Some((_, less)), Some((_, more))) = (select(&tasks, &rooms), select(&tasks, &wider)) {
            prop_assert!(more.bound >= less.value);
        }
    }
}

#[test]
fn more_than_are_searched_are_planned_within_two_percent_of_what_plans_of_parts_can_reach() {
    let (tasks, rooms) = fleet(SEARCHED + 500);

    let (selection, proof) = select(&tasks, &rooms).unwrap();

    assert!(keeps(&tasks, &rooms, &selection));
    assert!(proof.gap_basis_points() <= 200, "{proof:?}");
}

#[test]
fn five_hundred_initiatives_are_planned_within_two_percent_of_what_no_plan_can_exceed() {
    let (tasks, rooms) = fleet(500);

    let (selection, proof) = select(&tasks, &rooms).unwrap();

    assert!(keeps(&tasks, &rooms, &selection));
    assert!(proof.gap_basis_points() <= 200, "{proof:?}");
}

#[test]
fn what_is_pinned_and_does_not_fit_has_no_plan() {
    let task = Task { value: 1, weight: 10, pin: Some(Quarter::ALL[0]), ..Task::default() };
    assert_eq!(select(&[task], &[[9, 99, 99, 99]]), None);
}

#[test]
fn nothing_to_do_is_a_plan() {
    let proof = Proof { value: 0, bound: 0, optimal: true };
    assert_eq!(select(&[], &[[1; 4]]), Some((Vec::new(), proof)));
    assert_eq!(proof.gap_basis_points(), 0);
}
