//! Plans by placing one task after another, and by exchanging what is placed: quick, and a start for the solver.

use super::{Selection, Task, keeps, used, value};
use crate::calendar::Quarter;

/// Rounds of exchanging before it is enough.
const ROUNDS: usize = 4;
/// Exchanges tried in a round, times tasks: one costs as much as there are tasks.
const EXCHANGES: usize = 250_000;

/// What each task gives for its weight, together with what must come before it.
pub(super) fn worth(tasks: &[Task]) -> Vec<f64> {
    let nothing: Selection = vec![None; tasks.len()];
    let of = |index: usize| {
        let all = closure(tasks, index, &nothing);
        let sum = |of: fn(&Task) -> u64| all.iter().filter_map(|one| tasks.get(*one)).map(of).sum::<u64>();
        let (value, weight) = (sum(|task| task.value), sum(|task| u64::from(task.weight)));
        #[expect(clippy::cast_precision_loss, reason = "an order, not a result")]
        let worth = value as f64 / weight.max(1) as f64;
        worth
    };
    (0..tasks.len()).map(of).collect()
}

/// Pins first, then everything else in the given order, each as early as it fits. `None` when what is pinned does not.
pub(super) fn place_all(tasks: &[Task], rooms: &[[u32; 4]], order: &[usize]) -> Option<Selection> {
    let mut done: Selection = tasks.iter().map(|task| task.pin).collect();
    let mut used = used(tasks, rooms.len(), &done);
    let mut pinned: Vec<(Quarter, usize)> =
        tasks.iter().enumerate().filter_map(|(index, task)| Some((task.pin?, index))).collect();
    pinned.sort_unstable();
    for (deadline, index) in pinned {
        place(tasks, rooms, &mut done, &mut used, index, Some(deadline));
    }
    for index in order {
        place(tasks, rooms, &mut done, &mut used, *index, None);
    }
    keeps(tasks, rooms, &done).then_some(done)
}

/// Takes one task out where nothing needs it, puts others in or forward in its stead, and keeps what is better.
pub(super) fn improve(tasks: &[Task], rooms: &[[u32; 4]], start: Selection) -> Selection {
    let order = super::in_order_of(tasks, &worth(tasks));
    let tries = EXCHANGES / tasks.len().max(1);
    let mut best = start;
    let mut reached = value(tasks, &best);
    for _ in 0..ROUNDS {
        let before = reached;
        for out in order.iter().rev().copied().take(tries) {
            let Some(next) = without(tasks, rooms, &best, out, &order) else { continue };
            let worth = value(tasks, &next);
            if worth > reached {
                (best, reached) = (next, worth);
            }
        }
        for first in order.iter().copied().take(tries) {
            let Some(next) = with(tasks, rooms, &best, first, &order) else { continue };
            let worth = value(tasks, &next);
            if worth > reached {
                (best, reached) = (next, worth);
            }
        }
        if reached == before {
            break;
        }
    }
    best
}

/// The plan without one task of it, filled up in the given order: first what is placed later, then what is not.
fn without(tasks: &[Task], rooms: &[[u32; 4]], plan: &Selection, out: usize, order: &[usize]) -> Option<Selection> {
    let task = tasks.get(out)?;
    let from = plan.get(out).copied().flatten()?;
    let is_needed = tasks.iter().zip(plan).any(|(other, done)| done.is_some() && other.firsts.contains(&out));
    if task.pin.is_some() || is_needed {
        return None;
    }
    let mut done = plan.clone();
    *done.get_mut(out)? = None;
    let mut used = used(tasks, rooms.len(), &done);
    let concerns = |index: &&usize| tasks.get(**index).is_some_and(|other| other.team == task.team) && **index != out;
    for index in order.iter().filter(concerns).copied() {
        let Some(other) = tasks.get(index) else { continue };
        match done.get(index).copied().flatten() {
            None => place(tasks, rooms, &mut done, &mut used, index, None),
            Some(at) if at > from && other.pin.is_none() => forward(tasks, rooms, &mut done, &mut used, (index, at)),
            Some(_) => (),
        }
    }
    place(tasks, rooms, &mut done, &mut used, out, None);
    Some(done)
}

/// The plan made anew with one task first that is not in it, or later than it might be, then as it was.
fn with(tasks: &[Task], rooms: &[[u32; 4]], plan: &Selection, first: usize, order: &[usize]) -> Option<Selection> {
    if plan.get(first).copied().flatten() == Quarter::ALL.first().copied() {
        return None;
    }
    let at = |index: &usize| plan.get(*index).copied().flatten();
    let mut sequence = vec![first];
    for quarter in Quarter::ALL {
        sequence.extend(order.iter().copied().filter(|index| at(index) == Some(quarter)));
    }
    sequence.extend(order.iter().copied().filter(|index| at(index).is_none()));
    place_all(tasks, rooms, &sequence)
}

fn take_out(tasks: &[Task], done: &mut Selection, used: &mut [[u64; 4]], index: usize) {
    let (Some(task), Some(slot)) = (tasks.get(index), done.get_mut(index)) else { return };
    let taken = slot.take().and_then(|at| used.get_mut(task.team)?.get_mut(at.index()));
    if let Some(taken) = taken {
        *taken = taken.saturating_sub(u64::from(task.weight));
    }
}

/// Moves a placed task to the earliest quarter it fits in.
fn forward(
    tasks: &[Task],
    rooms: &[[u32; 4]],
    done: &mut Selection,
    used: &mut [[u64; 4]],
    (index, at): (usize, Quarter),
) {
    take_out(tasks, done, used, index);
    // Where it was it fits still.
    place(tasks, rooms, done, used, index, Some(at));
}

/// Places a task and what must come before it as early as they fit, or none of them.
fn place(
    tasks: &[Task],
    rooms: &[[u32; 4]],
    done: &mut Selection,
    used: &mut [[u64; 4]],
    index: usize,
    deadline: Option<Quarter>,
) {
    let mut placed = Vec::new();
    for one in closure(tasks, index, done) {
        let Some(task) = tasks.get(one) else { continue };
        let firsts = task.firsts.iter().filter_map(|first| done.get(*first).copied().flatten());
        let earliest = firsts.max();
        let fits = |quarter: &Quarter| {
            let taken = used.get(task.team).and_then(|of| of.get(quarter.index())).copied().unwrap_or(u64::MAX);
            let room = rooms.get(task.team).and_then(|of| of.get(quarter.index())).copied().unwrap_or_default();
            taken.saturating_add(u64::from(task.weight)) <= u64::from(room)
        };
        let mut candidates = Quarter::ALL.into_iter().filter(|quarter| {
            earliest.is_none_or(|earliest| *quarter >= earliest) && deadline.is_none_or(|last| *quarter <= last)
        });
        let Some(quarter) = candidates.find(fits) else {
            for one in placed {
                take_out(tasks, done, used, one);
            }
            return;
        };
        if let Some(used) = used.get_mut(task.team).and_then(|of| of.get_mut(quarter.index())) {
            *used += u64::from(task.weight);
        }
        if let Some(slot) = done.get_mut(one) {
            *slot = Some(quarter);
        }
        placed.push(one);
    }
}

/// A task and everything before it that is not done yet, in an order in which they can be done.
fn closure(tasks: &[Task], index: usize, done: &Selection) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    let mut open = vec![(index, false)];
    while let Some((at, is_ready)) = open.pop() {
        let is_done = done.get(at).is_none_or(Option::is_some);
        if is_ready {
            order.push(at);
        } else if !is_done && seen.insert(at) {
            open.push((at, true));
            let firsts = tasks.get(at).map(|task| task.firsts.as_slice()).unwrap_or_default();
            open.extend(firsts.iter().rev().map(|first| (*first, false)));
        } else if at == index && is_done {
            // A pinned task: only what comes before it.
            let firsts = tasks.get(at).map(|task| task.firsts.as_slice()).unwrap_or_default();
            open.extend(firsts.iter().rev().map(|first| (*first, false)));
        }
    }
    order
}
