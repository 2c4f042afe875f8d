//! The Risk x Effort scorecard.

use crate::{
    effort::PersonDays,
    initiative::{Initiative, InitiativeId},
    risk::Points,
};
use serde::Serialize;
use std::fmt;

/// A finding of at least so many points is a high risk: a likely one (4) that gives a cluster's secrets (4).
pub const HIGH_RISK: u64 = 64;
/// A change of at most so many days is a low effort: one person's week.
pub const LOW_EFFORT: PersonDays = PersonDays::days(5);

/// A quarter of the scorecard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quadrant {
    /// High risk, low effort: first.
    QuickWin,
    /// High risk, high effort: to be planned.
    BigBet,
    /// Low risk, low effort: when there is time.
    FillIn,
    /// Low risk, high effort: leave it until something changes.
    Leave,
}

impl Quadrant {
    /// All four, in the order of the scorecard.
    pub const ALL: [Self; 4] = [Self::QuickWin, Self::BigBet, Self::FillIn, Self::Leave];

    /// By the risk of the worst finding, so that a hundred small things do not look like a big one, and by the whole cost.
    pub(crate) fn of(worst: Points, days: PersonDays) -> Self {
        match (worst.get() >= HIGH_RISK, days <= LOW_EFFORT) {
            (true, true) => Self::QuickWin,
            (true, false) => Self::BigBet,
            (false, true) => Self::FillIn,
            (false, false) => Self::Leave,
        }
    }

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::QuickWin => "quick win",
            Self::BigBet => "big bet",
            Self::FillIn => "fill-in",
            Self::Leave => "leave",
        }
    }
}

impl fmt::Display for Quadrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One quarter of the scorecard with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Which.
    pub quadrant: Quadrant,
    /// The initiatives in it: most risk for a day's work first.
    pub initiatives: Vec<InitiativeId>,
    /// The risk in it.
    pub risk: Points,
    /// The work in it.
    pub days: PersonDays,
}

/// The scorecard of initiatives.
pub fn scorecard(initiatives: &[Initiative]) -> Vec<Field> {
    Quadrant::ALL
        .into_iter()
        .map(|quadrant| {
            let mut here: Vec<&Initiative> = initiatives.iter().filter(|one| one.quadrant == quadrant).collect();
            here.sort_by(|a, b| {
                let cross = |one: &Initiative, other: &Initiative| {
                    u128::from(one.risk.get()) * u128::from(other.cost.days.in_quarters())
                };
                cross(b, a).cmp(&cross(a, b)).then_with(|| a.id.cmp(&b.id))
            });
            Field {
                quadrant,
                risk: here.iter().map(|one| one.risk).sum(),
                days: here.iter().map(|one| one.cost.days).sum(),
                initiatives: here.iter().map(|one| one.id.clone()).collect(),
            }
        })
        .collect()
}
