//! What to do first, as a picture and as a year: the scorecard, four quarters, what to expect of them, and what is left.

use super::summary::listed;
use crate::{Outlook, plain, way};
use palisade_assess::{Expected, Field, Initiative, InitiativeId, QuarterPlan, Score};
use palisade_engine::Layer;
use std::collections::BTreeMap;

/// Initiatives with a number in the picture; the table has all that are told.
const NUMBERED: usize = 40;
/// Rows of a table of initiatives.
const ROWS: usize = 200;
/// The picture of the scorecard, in its own units.
const PICTURE: (f64, f64) = (960.0, 560.0);
/// The space around the four fields: left, top, right, bottom.
const MARGIN: (f64, f64, f64, f64) = (54.0, 14.0, 14.0, 44.0);
/// Where the scorecard parts little work from much, in quarters of a day, and little risk from much, in points.
const WEEK: f64 = 20.0;
const HIGH: f64 = 64.0;

/// What the page shows of the way ahead.
pub(super) struct PlanView {
    pub(super) dots: Vec<Dot>,
    /// Where week and high risk are.
    pub(super) split: (String, String),
    /// The size of the field of quick wins.
    pub(super) win: (String, String),
    /// Where the highest risk is.
    pub(super) top: String,
    pub(super) fields: Vec<FieldView>,
    pub(super) quarters: Vec<Quarter>,
    pub(super) lines: Vec<Line>,
    pub(super) columns: Vec<(String, String)>,
    pub(super) left: Vec<(String, String)>,
    pub(super) left_more: usize,
    pub(super) proof: String,
}

/// An initiative in the picture.
pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) radius: String,
    pub(super) number: String,
    pub(super) class: &'static str,
    pub(super) said: String,
}

/// One field of the scorecard.
pub(super) struct FieldView {
    pub(super) name: &'static str,
    pub(super) told: &'static str,
    pub(super) sum: String,
    pub(super) rows: Vec<Row>,
    pub(super) more: usize,
}

/// One initiative in a table.
pub(super) struct Row {
    pub(super) number: String,
    pub(super) title: String,
    pub(super) place: String,
    pub(super) days: String,
    pub(super) risk: String,
    pub(super) likely: String,
    pub(super) bad: String,
    pub(super) cost: String,
    pub(super) link: String,
}

/// One 90-day plan.
pub(super) struct Quarter {
    pub(super) name: String,
    pub(super) span: String,
    pub(super) load: String,
    pub(super) share: u64,
    pub(super) risk: String,
    pub(super) items: Vec<Row>,
    pub(super) more: usize,
}

/// A score over the year.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) points: String,
    pub(super) marks: Vec<(String, String, String)>,
    pub(super) from: String,
    pub(super) to: String,
}

impl PlanView {
    pub(super) fn of(outlook: &Outlook) -> Self {
        let by_id: BTreeMap<&InitiativeId, &Initiative> =
            outlook.initiatives.iter().map(|one| (&one.id, one)).collect();
        let order: Vec<&InitiativeId> = outlook.fields.iter().flat_map(|field| &field.initiatives).collect();
        let numbers: BTreeMap<&InitiativeId, usize> = order.iter().copied().zip(1..).collect();
        let row = |id: &InitiativeId| by_id.get(id).map(|one| row(one, numbers.get(id).copied()));
        let left = &outlook.plan.left_out;
        Self {
            dots: dots(&order, &by_id),
            split: (px(x(WEEK)), px(y(HIGH))),
            win: (px(x(WEEK) - MARGIN.0), px(y(HIGH) - MARGIN.1)),
            top: px(y(256.0) + 4.0),
            fields: outlook.fields.iter().map(|field| field_view(field, &row)).collect(),
            quarters: outlook.plan.quarters.iter().map(|one| quarter(one, &row)).collect(),
            lines: lines(&outlook.expected),
            columns: columns(&outlook.expected),
            left: left
                .iter()
                .take(ROWS)
                .map(|one| (way::title(&one.initiative, &by_id), way::why(&one.why, &by_id)))
                .collect(),
            left_more: left.len().saturating_sub(ROWS),
            proof: way::proof(outlook),
        }
    }
}

fn title(one: &Initiative) -> String {
    plain(&one.title)
}

fn row(one: &Initiative, number: Option<usize>) -> Row {
    let step = |pick: fn(&palisade_assess::Risk) -> &palisade_assess::Step| {
        one.worst.as_ref().map(|worst| {
            let step = pick(worst);
            format!("{} of 5: {}", step.step, plain(&step.because.join("; ")))
        })
    };
    let owner = one.owner.as_str();
    let clusters = one.clusters.len();
    Row {
        number: number.map(|number| number.to_string()).unwrap_or_default(),
        title: title(one),
        place: format!(
            "{} · {}{} · {clusters} {}",
            one.provider.service(),
            plain(&one.account),
            if owner.is_empty() { String::new() } else { format!(" · {}", plain(owner)) },
            if clusters == 1 { "cluster" } else { "clusters" }
        ),
        days: one.cost.days.to_string(),
        risk: one.risk.get().to_string(),
        likely: step(|risk| &risk.likelihood).unwrap_or_else(|| "it opens the way for others".to_owned()),
        bad: step(|risk| &risk.impact).unwrap_or_else(|| "by what it opens the way for".to_owned()),
        cost: plain(&one.cost.because),
        link: match &one.change {
            palisade_assess::Change::Mend { control } | palisade_assess::Change::Answer { control } => {
                format!("#/control/{control}")
            }
            palisade_assess::Change::Read { .. } | palisade_assess::Change::Upgrade { .. } => String::new(),
        },
    }
}

fn field_view(field: &Field, row: &dyn Fn(&InitiativeId) -> Option<Row>) -> FieldView {
    use palisade_assess::Quadrant::{BigBet, FillIn, Leave, QuickWin};
    let told = match field.quadrant {
        QuickWin => "much risk for little work: do these first",
        BigBet => "much risk and much work: plan these",
        FillIn => "little risk and little work: when there is time",
        Leave => "little risk for much work: until something changes",
    };
    let count = field.initiatives.len();
    FieldView {
        name: field.quadrant.name(),
        told,
        sum: format!("{count} · {} days · {} points of risk", field.days, field.risk.get()),
        rows: field.initiatives.iter().take(ROWS).filter_map(row).collect(),
        more: count.saturating_sub(ROWS),
    }
}

fn quarter(one: &QuarterPlan, row: &dyn Fn(&InitiativeId) -> Option<Row>) -> Quarter {
    let (used, room) = one.teams.iter().fold((0_u64, 0_u64), |(used, room), team| {
        (used + u64::from(team.used.in_quarters()), room + u64::from(team.room.in_quarters()))
    });
    let teams: Vec<String> = one
        .teams
        .iter()
        .map(|team| {
            let name = team.team.as_ref().map_or_else(String::new, |name| format!("{}: ", plain(name.as_str())));
            format!("{name}{} of {} days", team.used, team.room)
        })
        .collect();
    let texts: Vec<&str> = teams.iter().map(String::as_str).collect();
    Quarter {
        name: format!("Quarter {}", one.span.quarter),
        span: format!("{} to {}", one.span.from, one.span.to),
        load: listed(&texts),
        share: (used * 100).checked_div(room).unwrap_or_default().min(100),
        risk: one.risk.get().to_string(),
        items: one.items.iter().take(ROWS).filter_map(|item| row(&item.initiative)).collect(),
        more: one.items.len().saturating_sub(ROWS),
    }
}

/// Days on a line where each doubling takes the same room, from a quarter of a day to a person's year.
fn x(quarters: f64) -> f64 {
    let share = (quarters.max(1.0).log2() + 0.5) / 10.5;
    MARGIN.0 + share.min(1.0) * (PICTURE.0 - MARGIN.0 - MARGIN.2)
}

/// Points on a line where each doubling takes the same room, from 1 to 256.
fn y(points: f64) -> f64 {
    let share = (points.max(1.0).log2() + 0.5) / 9.5;
    PICTURE.1 - MARGIN.3 - share.min(1.0) * (PICTURE.1 - MARGIN.1 - MARGIN.3)
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// A dot for each initiative, in a band for each doubling of the work; those in one spot are laid around it, the first in the middle.
fn dots(order: &[&InitiativeId], by_id: &BTreeMap<&InitiativeId, &Initiative>) -> Vec<Dot> {
    let mut spots: BTreeMap<(u32, u64), u32> = BTreeMap::new();
    let mut dots = Vec::new();
    for (number, one) in (1..).zip(order.iter().filter_map(|id| by_id.get(*id))) {
        let worst = one.worst.as_ref().map_or(1, |worst| worst.points.get());
        let quarters = one.cost.days.in_quarters();
        let band = quarters.max(1).ilog2();
        let taken = spots.entry((band, worst)).or_default();
        let (dx, dy) = around(*taken);
        *taken += 1;
        let is_numbered = number <= NUMBERED;
        let within = |value: f64, low: f64, high: f64| value.clamp(low, high);
        #[expect(clippy::cast_precision_loss, reason = "at most 256 points")]
        let height = worst as f64;
        dots.push(Dot {
            x: px(within(
                x(f64::from(1_u32 << band.min(20)) * 1.25) + dx,
                MARGIN.0 + 12.0,
                PICTURE.0 - MARGIN.2 - 12.0,
            )),
            y: px(within(y(height) + dy, MARGIN.1 + 12.0, PICTURE.1 - MARGIN.3 - 12.0)),
            radius: if is_numbered { "9" } else { "4.5" }.to_owned(),
            number: if is_numbered { number.to_string() } else { String::new() },
            class: one.severity.name(),
            said: format!("{number}. {}: {} points of risk, {} days", title(one), one.risk.get(), one.cost.days),
        });
    }
    dots
}

/// Where the nth dot of a spot goes: rings of six, twelve, eighteen around the first.
fn around(place: u32) -> (f64, f64) {
    let (mut ring, mut first) = (0_u32, 0_u32);
    while place >= first + (6 * ring).max(1) {
        first += (6 * ring).max(1);
        ring += 1;
    }
    let turn = f64::from(place - first) / f64::from((6 * ring).max(1)) * std::f64::consts::TAU;
    let radius = f64::from(ring) * 19.0;
    (radius * turn.cos(), radius * turn.sin() * 0.9)
}

/// The layers and the dimension of security over the year.
fn lines(expected: &[Expected]) -> Vec<Line> {
    let series = |name: String, class: String, pick: &dyn Fn(&Expected) -> Option<Score>| {
        let scores: Vec<Option<Score>> = expected.iter().map(pick).collect();
        let marks: Vec<(String, String, String)> = (0_u32..)
            .zip(&scores)
            .filter_map(|(place, score)| {
                let score = (*score)?.points();
                Some((px(40.0 + f64::from(place) * 135.0), px(210.0 - f64::from(score) * 1.9), score.to_string()))
            })
            .collect();
        let points: Vec<String> = marks.iter().map(|(x, y, _)| format!("{x},{y}")).collect();
        Some(Line {
            name,
            class,
            points: points.join(" "),
            from: marks.first()?.2.clone(),
            to: marks.last()?.2.clone(),
            marks,
        })
    };
    let layers = Layer::ALL.iter().filter_map(|layer| {
        let own = |one: &Expected| one.layers.iter().find(|(of, ..)| of == layer).and_then(|(_, own, _)| *own);
        series(format!("{} layer", layer.name()), format!("s-{}", layer.name().to_lowercase()), &own)
    });
    let dimensions = expected.first().into_iter().flat_map(|one| &one.dimensions).filter_map(|(dimension, score)| {
        score.as_ref()?;
        let own = |one: &Expected| one.dimensions.iter().find(|(of, _)| of == dimension).and_then(|(_, score)| *score);
        series(dimension.name().to_owned(), "s-dimension".to_owned(), &own)
    });
    layers.chain(dimensions).collect()
}

fn columns(expected: &[Expected]) -> Vec<(String, String)> {
    let name = |one: &Expected| match one.after {
        None => "today".to_owned(),
        Some(quarter) => format!("after quarter {quarter}"),
    };
    expected.iter().map(|one| (name(one), one.risk_left.get().to_string())).collect()
}
