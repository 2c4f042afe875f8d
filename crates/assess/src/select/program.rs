//! The selection as a linear program, for a solver.

use super::{Selection, Task};
use crate::calendar::Quarter;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Solution, SolveOptions, Variable};

/// Steps of branch and bound, times tasks, before the best plan so far is taken: a step costs as much as there are tasks.
/// A count and not a time, so that the same input gives the same plan on every machine.
const STEPS: u64 = 60_000;

/// The best selection the solver finds from a start, when it finds one, and the bound it proves.
pub(super) fn solve(tasks: &[Task], rooms: &[[u32; 4]], start: Option<&Selection>) -> (Option<Selection>, Option<u64>) {
    let (problem, done) = program(tasks, rooms, Problem::add_integer_var);
    let mut options = SolveOptions::default();
    options.node_limit = Some((STEPS / (tasks.len() as u64).max(1)).clamp(20, 2_000));
    options.warm_start = start.map(|start| {
        let of = |(variables, done): (&[Variable; 4], &Option<Quarter>)| {
            let by_then = |index: usize| done.is_some_and(|quarter| quarter.index() <= index);
            variables
                .iter()
                .enumerate()
                .map(|(index, one)| (*one, f64::from(u8::from(by_then(index)))))
                .collect::<Vec<_>>()
        };
        done.iter().zip(start).flat_map(of).collect()
    });
    // Whatever goes wrong in there leaves the greedy plan and no bound: worse, and it says so.
    let Ok(outcome) = problem.solve_with(options) else { return (None, None) };
    let selection = outcome.solution().map(|solution| selection(solution, &done));
    (selection, outcome.stats().best_bound.map(whole))
}

/// How much of each task the best plan has done that may do parts of tasks, summed over the ends of the four quarters; and what it
/// reaches, which no plan of whole tasks exceeds.
pub(super) fn relaxed(tasks: &[Task], rooms: &[[u32; 4]]) -> Option<(Vec<f64>, u64)> {
    let real =
        |problem: &mut Problem, value: f64, (least, most)| problem.add_var(value, (f64::from(least), f64::from(most)));
    let (problem, done) = program(tasks, rooms, real);
    let solution = problem.solve().ok()?.into_solution().ok()?;
    let measure = done.iter().map(|of| of.iter().map(|one| solution.var_value(*one)).sum()).collect();
    Some((measure, whole(solution.objective())))
}

fn selection(solution: &Solution, done: &[[Variable; 4]]) -> Selection {
    let of = |variables: &[Variable; 4]| {
        let first = variables.iter().position(|one| solution.var_value(*one) > 0.5);
        first.and_then(|index| Quarter::ALL.get(index).copied())
    };
    done.iter().map(of).collect()
}

/// As a program: `done[i][q]` says that task i is done by the end of quarter q.
fn program(
    tasks: &[Task],
    rooms: &[[u32; 4]],
    add: impl Fn(&mut Problem, f64, (i32, i32)) -> Variable,
) -> (Problem, Vec<[Variable; 4]>) {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let done: Vec<[Variable; 4]> = tasks.iter().map(|task| variables(&mut problem, task, &add)).collect();
    for (task, [a, b, c, d]) in tasks.iter().zip(&done) {
        for (earlier, later) in [(a, b), (b, c), (c, d)] {
            problem.add_constraint([(*earlier, 1.0), (*later, -1.0)], ComparisonOp::Le, 0.0);
        }
        for first in task.firsts.iter().filter_map(|first| done.get(*first)) {
            for (this, first) in [a, b, c, d].into_iter().zip(first) {
                problem.add_constraint([(*this, 1.0), (*first, -1.0)], ComparisonOp::Le, 0.0);
            }
        }
    }
    for (team, room) in rooms.iter().enumerate() {
        for (quarter, room) in room.iter().enumerate() {
            let mut sum = LinearExpr::empty();
            for (task, done) in tasks.iter().zip(&done).filter(|(task, _)| task.team == team && task.weight > 0) {
                let weight = f64::from(task.weight);
                let mut add = |quarter: usize, weight: f64| {
                    if let Some(variable) = done.get(quarter) {
                        sum.add(*variable, weight);
                    }
                };
                add(quarter, weight);
                if let Some(before) = quarter.checked_sub(1) {
                    add(before, -weight);
                }
            }
            problem.add_constraint(sum, ComparisonOp::Le, f64::from(*room));
        }
    }
    (problem, done)
}

fn variables(
    problem: &mut Problem,
    task: &Task,
    add: impl Fn(&mut Problem, f64, (i32, i32)) -> Variable,
) -> [Variable; 4] {
    #[expect(clippy::cast_precision_loss, reason = "risk points of one initiative are far below 2^53")]
    let value = task.value as f64;
    Quarter::ALL.map(|quarter| {
        let bounds = task.pin.map_or((0, 1), |pin| (i32::from(pin <= quarter), i32::from(pin <= quarter)));
        add(problem, value, bounds)
    })
}

/// A bound on whole numbers: what the solver's rounding may have taken off is given back first.
fn whole(bound: f64) -> u64 {
    let widened = bound + 1e-6 * bound.abs().max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
    let whole = widened.floor() as u64;
    whole
}
