//! Which tasks to do in which quarter: a selection under capacities and precedences, with a proof of how good it is.

mod place;
mod program;

use crate::calendar::Quarter;
use place::{improve, place_all, worth};
use program::{relaxed, solve};
use serde::Serialize;

/// Relaxed plans to start from, times tasks.
const TRIES: usize = 2_000;
/// Tasks among which whole plans are searched. With more of them the plan that may do parts of tasks is rounded and is the bound:
/// the more tasks there are, the less one whole task matters.
const SEARCHED: usize = 4_000;

/// One thing that may be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// What is gained for each quarter it is done earlier.
    pub(crate) value: u64,
    /// What it takes.
    pub(crate) weight: u32,
    /// Whose capacity it takes.
    pub(crate) team: usize,
    /// What must be done before it, or in the same quarter.
    pub(crate) firsts: Vec<usize>,
    /// The quarter it must be done in.
    pub(crate) pin: Option<Quarter>,
}

/// How good a selection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The risk points removed, each counted once for every quarter of the year it is gone.
    pub value: u64,
    /// What no plan under the same rules can exceed.
    pub bound: u64,
    /// Whether this is proven to be the best there is.
    pub optimal: bool,
}

impl Proof {
    /// What at most is missing to the best plan, in hundredths of a percent of the bound.
    pub fn gap_basis_points(&self) -> u64 {
        let missing = u128::from(self.bound.saturating_sub(self.value)) * 10_000;
        missing.checked_div(u128::from(self.bound)).map_or(0, |gap| u64::try_from(gap).unwrap_or(u64::MAX))
    }
}

/// Which quarter each task is done in, `None` for not at all.
pub(crate) type Selection = Vec<Option<Quarter>>;

/// The best selection found, or `None` when what is pinned cannot be kept.
///
/// `rooms` holds for each team what fits into each of the four quarters. What comes first of a task must be among the
/// tasks, without circles.
pub(crate) fn select(tasks: &[Task], rooms: &[[u32; 4]]) -> Option<(Selection, Proof)> {
    let (start, relaxed) = start(tasks, rooms);
    let (solved, bound) = if tasks.len() > SEARCHED { (None, relaxed) } else { solve(tasks, rooms, start.as_ref()) };
    let solved = solved.filter(|found| keeps(tasks, rooms, found)).map(|found| improve(tasks, rooms, found));
    let best = better(tasks, [solved, start].into_iter().flatten())?;
    let value = value(tasks, &best);
    let most: u64 = tasks.iter().map(|task| 4 * task.value).sum();
    let bound = bound.map_or(most, |bound| bound.min(most)).max(value);
    Some((best, Proof { value, bound, optimal: value == bound }))
}

/// A good plan without proof: by what tasks give for their weight, and by how much of them a plan does how early that
/// may do parts. Rounding such a plan to whole tasks goes well or badly by chance, so it is asked for a little less and a
/// little more room too. The bound is what the first of those plans reaches.
fn start(tasks: &[Task], rooms: &[[u32; 4]]) -> (Option<Selection>, Option<u64>) {
    let tries = (TRIES / tasks.len().max(1)).clamp(1, 40);
    let exact = relaxed(tasks, rooms);
    let bound = exact.as_ref().map(|(_, reached)| *reached);
    let asked = (1..tries).filter_map(|number| {
        // 100, 98, 102, 96, 104, ...
        let off = 2 * u32::try_from(number.div_ceil(2)).unwrap_or_default();
        let percent = if number % 2 == 0 { 100 + off } else { 100 - off };
        let rooms: Vec<[u32; 4]> = rooms.iter().map(|room| room.map(|one| one.saturating_mul(percent) / 100)).collect();
        relaxed(tasks, &rooms).map(|(measure, _)| measure)
    });
    let measures = std::iter::once(worth(tasks)).chain(exact.map(|(measure, _)| measure)).chain(asked);
    let placed = measures.filter_map(|measure| place_all(tasks, rooms, &in_order_of(tasks, &measure)));
    (better(tasks, placed.map(|start| improve(tasks, rooms, start))), bound)
}

/// The best of some, and the first of equals.
fn better(tasks: &[Task], all: impl Iterator<Item = Selection>) -> Option<Selection> {
    all.reduce(|a, b| if value(tasks, &b) > value(tasks, &a) { b } else { a })
}

/// The numbers of tasks by a measure, greatest first.
fn in_order_of(tasks: &[Task], measure: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    let of = |index: usize| measure.get(index).copied().unwrap_or_default();
    order.sort_by(|a, b| of(*b).total_cmp(&of(*a)).then(a.cmp(b)));
    order
}

pub(crate) fn value(tasks: &[Task], selection: &Selection) -> u64 {
    tasks.iter().zip(selection).map(|(task, done)| done.map_or(0, |quarter| quarter.worth() * task.value)).sum()
}

/// Whether a selection keeps every rule, in whole numbers: nobody has to trust the solver for that.
pub(crate) fn keeps(tasks: &[Task], rooms: &[[u32; 4]], selection: &Selection) -> bool {
    let used = used(tasks, rooms.len(), selection);
    let fits =
        used.iter().zip(rooms).all(|(used, room)| used.iter().zip(room).all(|(used, room)| *used <= u64::from(*room)));
    let ordered = tasks.iter().zip(selection).all(|(task, done)| {
        let is_after = |first: &usize| selection.get(*first).is_some_and(|first| first.is_some() && *first <= *done);
        done.is_none() || task.firsts.iter().all(is_after)
    });
    let pinned = tasks.iter().zip(selection).all(|(task, done)| task.pin.is_none_or(|pin| *done == Some(pin)));
    tasks.len() == selection.len() && fits && ordered && pinned
}

pub(crate) fn used(tasks: &[Task], teams: usize, selection: &Selection) -> Vec<[u64; 4]> {
    let mut used = vec![[0; 4]; teams];
    for (task, done) in tasks.iter().zip(selection) {
        let Some(quarter) = done else { continue };
        if let Some(used) = used.get_mut(task.team).and_then(|of| of.get_mut(quarter.index())) {
            *used += u64::from(task.weight);
        }
    }
    used
}

#[cfg(test)]
mod tests;
