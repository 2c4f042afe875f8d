//! Four 90-day plans that a team's capacity can carry.

use crate::{
    calendar::{Calendar, Quarter, Span},
    effort::PersonDays,
    initiative::{Initiative, InitiativeId},
    risk::Points,
    select::{Proof, Task, select},
    surroundings::Owner,
};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// What people want otherwise than a planner would have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What is done in which quarter, whatever else would be better.
    pub pins: BTreeMap<InitiativeId, Quarter>,
    /// What is not done, and why.
    pub excluded: BTreeMap<InitiativeId, String>,
}

/// Four 90-day plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The plans, in order.
    pub quarters: Vec<QuarterPlan>,
    /// What is in none of them, and why not: worst first.
    pub left_out: Vec<LeftOut>,
    /// Wishes about what does not exist: done meanwhile, or mistyped.
    pub unknown_wishes: BTreeSet<InitiativeId>,
    /// How good the selection is.
    pub proof: Proof,
}

/// One 90-day plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuarterPlan {
    /// Its days.
    #[serde(flatten)]
    pub span: Span,
    /// What each team has and gives.
    pub teams: Vec<Load>,
    /// What is done, in an order in which it can be done.
    pub items: Vec<Item>,
    /// The risk that goes.
    pub risk: Points,
}

/// What a team has and gives in a quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Which team; `None` for everybody without a line of their own.
    pub team: Option<Owner>,
    /// The days of work it has.
    pub room: PersonDays,
    /// The days of work planned.
    pub used: PersonDays,
}

/// An initiative in its quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Which.
    pub initiative: InitiativeId,
    /// Whether a person put it there.
    pub pinned: bool,
    /// What it costs.
    pub days: PersonDays,
    /// What it removes.
    pub risk: Points,
}

/// An initiative that is in no quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Which.
    pub initiative: InitiativeId,
    /// Why not.
    #[serde(flatten)]
    pub why: Why,
}

/// Why something is in no quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
    /// A person said so.
    Excluded {
        /// In their words.
        because: String,
    },
    /// It takes more than the largest quarter of its team.
    TooLarge {
        /// What it takes.
        days: PersonDays,
        /// What the largest quarter holds.
        room: PersonDays,
    },
    /// What must come before it is in no quarter.
    Waits {
        /// What that is.
        waits_for: InitiativeId,
    },
    /// Its team's days are taken by what removes more risk for them.
    NoRoom,
    /// Nothing that is planned needs it.
    NotNeeded,
}

/// Wishes that cannot be kept, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// More than a quarter holds.
    #[error(
        "what is pinned to quarter {quarter} takes {needed} days and {team} has {room}: unpin something, move it, or raise the capacity"
    )]
    Exceeds {
        /// Which quarter.
        quarter: Quarter,
        /// Whose days.
        team: String,
        /// What the pins take.
        needed: PersonDays,
        /// What there is.
        room: PersonDays,
    },
    /// Before what must come first.
    #[error(
        "`{what}` is pinned to quarter {quarter} and needs `{first}`, which is pinned to a later one: move one of them"
    )]
    BeforeFirst {
        /// What is pinned.
        what: InitiativeId,
        /// To which quarter.
        quarter: Quarter,
        /// What must come first.
        first: InitiativeId,
    },
    /// What must come first is not to be done, or too large to be.
    #[error("`{what}` is pinned and needs `{first}`, which {because}: unpin the one or allow the other")]
    NeverFirst {
        /// What is pinned.
        what: InitiativeId,
        /// What must come first.
        first: InitiativeId,
        /// Why it does not come.
        because: &'static str,
    },
    /// Together they do not fit.
    #[error("what must come before the pinned initiatives does not fit in time: unpin one or raise the capacity")]
    Together,
}

/// The four quarters that remove the most risk, counted for every quarter of the year it is gone.
///
/// # Errors
/// The wishes that cannot be kept, all of them.
pub fn plan(initiatives: &[Initiative], calendar: &Calendar, wishes: &Wishes) -> Result<Plan, Vec<Conflict>> {
    let planner = Planner::new(initiatives, calendar, wishes);
    let conflicts = planner.conflicts();
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let (tasks, rooms) = (planner.tasks(), planner.rooms());
    let (mut chosen, proof) = select(&tasks, &rooms).ok_or_else(|| vec![Conflict::Together])?;
    drop_needless(&tasks, &mut chosen);
    Ok(planner.lay_out(&chosen, proof))
}

struct Planner<'a> {
    initiatives: &'a [Initiative],
    calendar: &'a Calendar,
    wishes: &'a Wishes,
    index: BTreeMap<&'a InitiativeId, usize>,
    /// What cannot be in any quarter, by index.
    out: BTreeMap<usize, Why>,
    /// The others, by their place among the tasks.
    inside: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(initiatives: &'a [Initiative], calendar: &'a Calendar, wishes: &'a Wishes) -> Self {
        let index: BTreeMap<&InitiativeId, usize> =
            initiatives.iter().enumerate().map(|(index, one)| (&one.id, index)).collect();
        let mut out: BTreeMap<usize, Why> = BTreeMap::new();
        for (index, one) in initiatives.iter().enumerate() {
            let room = largest(calendar, &one.owner);
            if let Some(because) = wishes.excluded.get(&one.id) {
                out.insert(index, Why::Excluded { because: because.clone() });
            } else if one.cost.days > room {
                out.insert(index, Why::TooLarge { days: one.cost.days, room });
            }
        }
        // Whatever waits for something that is out is out, and so on.
        loop {
            let waits = |one: &Initiative| {
                let first = one
                    .requires
                    .iter()
                    .find(|first| index.get(&first.initiative).is_none_or(|first| out.contains_key(first)));
                first.map(|first| Why::Waits { waits_for: first.initiative.clone() })
            };
            let more: Vec<(usize, Why)> = initiatives
                .iter()
                .enumerate()
                .filter(|(index, _)| !out.contains_key(index))
                .filter_map(|(index, one)| Some((index, waits(one)?)))
                .collect();
            if more.is_empty() {
                break;
            }
            out.extend(more);
        }
        let inside = (0..initiatives.len()).filter(|index| !out.contains_key(index)).collect();
        Self { initiatives, calendar, wishes, index, out, inside }
    }

    /// The quarter a person chose; what was chosen for a time that is over is for now.
    fn pin(&self, one: &Initiative) -> Option<Quarter> {
        let wished = *self.wishes.pins.get(&one.id)?;
        Some(wished.max(self.calendar.current().unwrap_or(wished)))
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut needed: BTreeMap<(Quarter, Option<&Owner>), PersonDays> = BTreeMap::new();
        let of = |id: &InitiativeId| self.index.get(id).and_then(|index| self.initiatives.get(*index));
        for (index, one) in self.initiatives.iter().enumerate() {
            let Some(quarter) = self.pin(one) else { continue };
            match self.out.get(&index) {
                Some(Why::Waits { waits_for: first }) => {
                    let (what, first) = (one.id.clone(), first.clone());
                    let because = match self.index.get(&first).and_then(|first| self.out.get(first)) {
                        Some(Why::Excluded { .. }) => "is excluded",
                        Some(Why::TooLarge { .. }) => "is larger than any quarter",
                        Some(Why::Waits { .. } | Why::NoRoom | Why::NotNeeded) | None => "cannot be done either",
                    };
                    found.push(Conflict::NeverFirst { what, first, because });
                    continue;
                }
                // Excluded and pinned: excluded wins, and it is listed so.
                Some(Why::Excluded { .. }) => continue,
                Some(Why::TooLarge { .. } | Why::NoRoom | Why::NotNeeded) | None => (),
            }
            let days = needed.entry((quarter, self.calendar.team(&one.owner))).or_default();
            *days = days.plus(one.cost.days);
            for first in one.requires.iter().filter_map(|first| of(&first.initiative)) {
                if self.pin(first).is_some_and(|pin| pin > quarter) {
                    let (what, first) = (one.id.clone(), first.id.clone());
                    found.push(Conflict::BeforeFirst { what, quarter, first });
                }
            }
        }
        for ((quarter, team), needed) in needed {
            let room = self.calendar.room(team, quarter);
            if needed > room {
                let team = team.map_or_else(|| "everybody together".to_owned(), |team| format!("`{}`", team.as_str()));
                found.push(Conflict::Exceeds { quarter, team, needed, room });
            }
        }
        found
    }

    fn tasks(&self) -> Vec<Task> {
        let place: BTreeMap<usize, usize> =
            self.inside.iter().enumerate().map(|(place, index)| (*index, place)).collect();
        let teams = self.calendar.teams();
        let inside = self.inside.iter().filter_map(|index| self.initiatives.get(*index));
        inside
            .map(|one| Task {
                value: one.risk.get(),
                weight: one.cost.days.in_quarters().max(1),
                team: teams.iter().position(|team| *team == self.calendar.team(&one.owner)).unwrap_or_default(),
                firsts: one
                    .requires
                    .iter()
                    .filter_map(|first| place.get(self.index.get(&first.initiative)?).copied())
                    .collect(),
                pin: self.pin(one),
            })
            .collect()
    }

    fn rooms(&self) -> Vec<[u32; 4]> {
        let rooms = |team: Option<&Owner>| Quarter::ALL.map(|quarter| self.calendar.room(team, quarter).in_quarters());
        self.calendar.teams().into_iter().map(rooms).collect()
    }

    fn lay_out(self, chosen: &[Option<Quarter>], proof: Proof) -> Plan {
        let mut placed: BTreeMap<Quarter, Vec<&Initiative>> = BTreeMap::new();
        let mut out = self.out.clone();
        for (index, quarter) in self.inside.iter().zip(chosen) {
            let Some(one) = self.initiatives.get(*index) else { continue };
            match quarter {
                Some(quarter) => placed.entry(*quarter).or_default().push(one),
                None if one.risk == Points::default() => drop(out.insert(*index, Why::NotNeeded)),
                None => drop(out.insert(*index, Why::NoRoom)),
            }
        }
        let quarters = self.calendar.quarters.iter().map(|span| {
            let here = in_order(placed.remove(&span.quarter).unwrap_or_default());
            let load = |team: Option<&Owner>| Load {
                team: team.cloned(),
                room: self.calendar.room(team, span.quarter),
                used: here.iter().filter(|one| self.calendar.team(&one.owner) == team).map(|one| one.cost.days).sum(),
            };
            QuarterPlan {
                span: span.clone(),
                teams: self.calendar.teams().into_iter().map(load).collect(),
                risk: here.iter().map(|one| one.risk).sum(),
                items: here.into_iter().map(|one| self.item(one)).collect(),
            }
        });
        let left_out = out.iter().filter_map(|(index, why)| {
            Some(LeftOut { initiative: self.initiatives.get(*index)?.id.clone(), why: why.clone() })
        });
        let wished = self.wishes.pins.keys().chain(self.wishes.excluded.keys());
        Plan {
            quarters: quarters.collect(),
            left_out: left_out.collect(),
            unknown_wishes: wished.filter(|id| !self.index.contains_key(id)).cloned().collect(),
            proof,
        }
    }

    fn item(&self, one: &Initiative) -> Item {
        let pinned = self.wishes.pins.contains_key(&one.id);
        Item { initiative: one.id.clone(), pinned, days: one.cost.days, risk: one.risk }
    }
}

fn largest(calendar: &Calendar, owner: &Owner) -> PersonDays {
    let team = calendar.team(owner);
    Quarter::ALL.into_iter().map(|quarter| calendar.room(team, quarter)).max().unwrap_or_default()
}

/// Takes out what removes no risk itself and nothing chosen needs.
fn drop_needless(tasks: &[Task], chosen: &mut [Option<Quarter>]) {
    loop {
        let needed: BTreeSet<usize> = tasks
            .iter()
            .zip(chosen.iter())
            .filter(|(_, quarter)| quarter.is_some())
            .flat_map(|(task, _)| task.firsts.iter().copied())
            .collect();
        let mut changed = false;
        for (index, (task, quarter)) in tasks.iter().zip(chosen.iter_mut()).enumerate() {
            if quarter.is_some() && task.value == 0 && task.pin.is_none() && !needed.contains(&index) {
                *quarter = None;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// What comes first first, and of what may be done next the riskiest.
fn in_order(mut open: Vec<&Initiative>) -> Vec<&Initiative> {
    open.sort_by_key(|one| (Reverse(one.risk), &one.id));
    let mut ordered: Vec<&Initiative> = Vec::new();
    while !open.is_empty() {
        let waiting: BTreeSet<&InitiativeId> = open.iter().map(|one| &one.id).collect();
        let is_ready = |one: &&Initiative| one.requires.iter().all(|first| !waiting.contains(&first.initiative));
        // Requirements have no circles, so something is always ready.
        let next = open.iter().position(is_ready).unwrap_or_default();
        ordered.push(open.remove(next));
    }
    ordered
}
