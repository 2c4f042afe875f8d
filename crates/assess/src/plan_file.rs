//! The plan as a file that a person can edit: pin, move, exclude.

use crate::{
    calendar::{Capacity, Quarter},
    effort::PersonDays,
    initiative::{Initiative, InitiativeId},
    plan::{Plan, Wishes},
    progress::{ItemState, Progress},
    risk::Points,
};
use jiff::civil::Date;
use palisade_engine::Fingerprint;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

const SCHEMA: &str = "palisade.plan/v1";

const HEAD: &str = "\
# The plan. Edit it; the next run keeps what you changed.
#
#   move      write another number into `quarter`: from then on it is pinned there
#   pin       `pin: true` keeps an initiative in its quarter, whatever else would be better
#   exclude   `exclude: why` takes it out; what needs it goes with it
#   unpin     `pin: false`, and `quarter` as `planned` says
#
# `planned` is where the planner put it, `state` how it stands; both are written anew by each run.
";

/// A plan as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Always `palisade.plan/v1`.
    pub schema: String,
    /// The first day.
    pub start: Date,
    /// How much work can be done.
    pub capacity: Capacity,
    /// Everything that was or is to be done.
    #[serde(default)]
    pub items: Vec<FileItem>,
}

/// An initiative as the file keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileItem {
    /// Its stable name.
    pub id: InitiativeId,
    /// When it is to be done; absent: not this year.
    #[serde(default)]
    pub quarter: Option<Quarter>,
    /// Where the planner put it.
    #[serde(default)]
    pub planned: Option<Quarter>,
    /// Whether it stays there.
    #[serde(default)]
    pub pin: bool,
    /// Why it is not to be done.
    #[serde(default)]
    pub exclude: Option<String>,
    /// How it stands.
    #[serde(default)]
    pub state: Option<ItemState>,
    /// What is to be done.
    #[serde(default)]
    pub title: String,
    /// What it costs.
    #[serde(default)]
    pub days: PersonDays,
    /// The risk it removes.
    #[serde(default)]
    pub risk: u64,
    /// What it closes.
    #[serde(default)]
    pub closes: Vec<Fingerprint>,
}

/// A plan that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadPlanError {
    /// The text is no plan. The message names line and column.
    #[error("not a plan: {0}")]
    Text(String),
    /// It is of another version.
    #[error("the plan says `schema: {0}`, and this program reads `{SCHEMA}`")]
    Schema(String),
    /// Things stand in it twice.
    #[error("in the plan twice: `{}`: remove one of each", .0.iter().map(InitiativeId::as_str).collect::<Vec<_>>().join("`, `"))]
    Twice(BTreeSet<InitiativeId>),
}

impl PlanFile {
    /// An empty plan: what a team starts from.
    pub fn new(start: Date, capacity: Capacity) -> Self {
        Self { schema: SCHEMA.to_owned(), start, capacity, items: Vec::new() }
    }

    /// Reads the text of a plan.
    ///
    /// # Errors
    /// When it is no plan, of another version, or names something twice.
    pub fn read(text: &str) -> Result<Self, ReadPlanError> {
        let file: Self = serde_saphyr::from_str(text).map_err(|error| ReadPlanError::Text(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(ReadPlanError::Schema(file.schema));
        }
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<InitiativeId> =
            file.items.iter().map(|item| &item.id).filter(|id| !seen.insert(*id)).cloned().collect();
        if twice.is_empty() { Ok(file) } else { Err(ReadPlanError::Twice(twice)) }
    }

    /// What people changed in it.
    pub fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::default();
        for item in &self.items {
            let is_moved = item.quarter != item.planned;
            match (&item.exclude, item.quarter) {
                (Some(because), _) => drop(wishes.excluded.insert(item.id.clone(), because.clone())),
                (None, Some(quarter)) if item.pin || is_moved => drop(wishes.pins.insert(item.id.clone(), quarter)),
                (None, None) if is_moved => {
                    let because = "its quarter was taken out of the plan".to_owned();
                    wishes.excluded.insert(item.id.clone(), because);
                }
                (None, Some(_) | None) => (),
            }
        }
        wishes
    }

    /// The file after a new run: everything that is to be done, as the new plan has it, and what was done or cannot be
    /// seen, as it was. Pins and exclusions stay, also of what is done: it may come back.
    #[must_use]
    pub fn updated(&self, plan: &Plan, initiatives: &[Initiative], progress: &[Progress]) -> Self {
        let wishes = self.wishes();
        let quarters: BTreeMap<&InitiativeId, Quarter> = plan
            .quarters
            .iter()
            .flat_map(|quarter| quarter.items.iter().map(|item| (&item.initiative, quarter.span.quarter)))
            .collect();
        let states: BTreeMap<&InitiativeId, ItemState> =
            progress.iter().map(|one| (&one.initiative, one.state)).collect();
        let order: BTreeMap<&InitiativeId, usize> =
            plan.quarters.iter().flat_map(|quarter| &quarter.items).map(|item| &item.initiative).zip(0..).collect();
        let mut items: Vec<FileItem> = initiatives
            .iter()
            .map(|one| {
                let quarter = quarters.get(&one.id).copied();
                FileItem {
                    id: one.id.clone(),
                    quarter,
                    planned: quarter,
                    pin: wishes.pins.contains_key(&one.id),
                    exclude: wishes.excluded.get(&one.id).cloned(),
                    state: Some(states.get(&one.id).copied().unwrap_or(ItemState::Planned)),
                    title: one.title.clone(),
                    days: one.cost.days,
                    risk: one.risk.get(),
                    closes: one.findings.clone(),
                }
            })
            .collect();
        items.sort_by_key(|item| (item.quarter.is_none(), item.quarter, order.get(&item.id).copied()));
        let current: BTreeSet<&InitiativeId> = initiatives.iter().map(|one| &one.id).collect();
        let gone = self.items.iter().filter(|item| !current.contains(&item.id));
        items.extend(gone.map(|item| FileItem { state: states.get(&item.id).copied().or(item.state), ..item.clone() }));
        Self { items, ..self.clone() }
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        let mut text = format!("{HEAD}schema: {SCHEMA}\nstart: {}\n", self.start);
        self.write_capacity(&mut text);
        text.push_str(if self.items.is_empty() { "items: []\n" } else { "items:\n" });
        for item in &self.items {
            write_item(item, &mut text);
        }
        text
    }

    fn write_capacity(&self, text: &mut String) {
        let Capacity { days_per_quarter, teams, holidays, frozen } = &self.capacity;
        let _ = writeln!(text, "capacity:\n  days_per_quarter: {days_per_quarter}");
        if !teams.is_empty() {
            text.push_str("  teams:\n");
        }
        for (team, days) in teams {
            let _ = writeln!(text, "    {}: {days}", quoted(team.as_str()));
        }
        if !holidays.is_empty() {
            let days: Vec<String> = holidays.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "  holidays: [{}]", days.join(", "));
        }
        if !frozen.is_empty() {
            text.push_str("  frozen:\n");
        }
        for freeze in frozen {
            let because = quoted(&freeze.because);
            let _ = writeln!(text, "    - {{from: {}, to: {}, because: {because}}}", freeze.from, freeze.to);
        }
    }
}

fn write_item(item: &FileItem, text: &mut String) {
    let quarter = |quarter: Option<Quarter>| quarter.map_or_else(|| "null".to_owned(), |quarter| quarter.to_string());
    let _ = writeln!(text, "  - id: {}\n    title: {}", quoted(item.id.as_str()), quoted(&item.title));
    let _ = writeln!(text, "    quarter: {}\n    planned: {}", quarter(item.quarter), quarter(item.planned));
    let _ = writeln!(text, "    pin: {}", item.pin);
    if let Some(because) = &item.exclude {
        let _ = writeln!(text, "    exclude: {}", quoted(because));
    }
    if let Some(state) = item.state {
        let _ = writeln!(text, "    state: {}", state.name());
    }
    let _ = writeln!(text, "    days: {}\n    risk: {}", item.days, Points::new(item.risk).get());
    let prints: Vec<String> = item.closes.iter().map(|print| format!("\"{print}\"")).collect();
    let _ = writeln!(text, "    closes: [{}]", prints.join(", "));
}

/// A text in double quotes as YAML has them. Whatever is not plainly visible is escaped: ids carry names from clouds.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let is_plain = letter == ' ' || (!letter.is_control() && !letter.is_whitespace() && letter.is_ascii());
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if is_plain || letter.is_alphanumeric() => quoted.push(letter),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(letter));
            }
        }
    }
    quoted.push('"');
    quoted
}
