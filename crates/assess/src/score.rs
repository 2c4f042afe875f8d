//! How much of what is at stake is proven good, and where the rest went.

use crate::stake::{Reason, is_known, loss, stake};
use palisade_engine::{ControlId, Finding, Fingerprint, State};
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::AddAssign,
};

/// A share between 0 and 100, rounded down: 100 means everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(u8);

impl Score {
    /// The number, 0 to 100.
    pub fn points(self) -> u8 {
        self.0
    }

    /// `part` of `whole` in points; `None` of nothing.
    pub(crate) fn share(part: u64, whole: u64) -> Option<Self> {
        let points = part.min(whole).saturating_mul(100).checked_div(whole)?;
        u8::try_from(points).ok().map(Self)
    }
}

/// Questions with an answer, and questions. Each thing a control is asked about is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Questions somebody or something answered.
    pub known: u64,
    /// Questions there are.
    pub asked: u64,
}

/// Everything that is at stake, in four parts that add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Proven good, run by the provider, or impossible here.
    pub good: u64,
    /// Lost to what is proven bad.
    pub failing: u64,
    /// Lost to what is bad and was accepted.
    pub accepted: u64,
    /// Lost to what was not read or not answered.
    pub unread: u64,
    /// The answers behind it.
    pub answered: Answered,
    /// Questions that can arise here. With none there is nothing to score.
    #[serde(skip)]
    applicable: u64,
}

impl Tally {
    /// All four parts.
    pub fn stake(&self) -> u64 {
        self.good + self.failing + self.accepted + self.unread
    }

    /// What is proven good, of everything at stake; `None` when no question arises.
    pub fn score(&self) -> Option<Score> {
        self.applicable.checked_sub(1)?;
        Score::share(self.good, self.stake())
    }

    /// The score if everything that was not read turned out to be good.
    pub fn at_most(&self) -> Option<Score> {
        self.applicable.checked_sub(1)?;
        Score::share(self.good + self.unread, self.stake())
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.good += other.good;
        self.failing += other.failing;
        self.accepted += other.accepted;
        self.unread += other.unread;
        self.answered.known += other.answered.known;
        self.answered.asked += other.answered.asked;
        self.applicable += other.applicable;
    }
}

/// Where a part of a cluster's score went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// By which control.
    pub control: ControlId,
    /// Its short name.
    pub name: &'static str,
    /// Why.
    pub reason: Reason,
    /// How much, in the units of [`Tally`].
    pub lost: u64,
    /// The findings that lose it: any of them alone would lose up to as much. Worst first.
    pub findings: Vec<Fingerprint>,
}

/// What one control says of one cluster: its tally and where it went.
///
/// The worst answer decides: one open door of ten is an open door. That is also what keeps a score from falling when
/// something is removed, for an average rises and falls with what it is taken over.
pub(crate) fn ask(answers: &[&Finding], fixed: &BTreeSet<Fingerprint>) -> (Tally, Vec<Loss>) {
    let Some(first) = answers.first() else { return (Tally::default(), Vec::new()) };
    let mut lost: BTreeMap<Reason, Vec<(u64, Fingerprint)>> = BTreeMap::new();
    let mut tally = Tally::default();
    for finding in answers {
        tally.answered.asked += 1;
        tally.answered.known += u64::from(is_known(finding.state));
        tally.applicable += u64::from(finding.state != State::NotApplicable);
        if fixed.contains(&finding.fingerprint) {
            continue;
        }
        if let Some((reason, amount)) = loss(finding) {
            lost.entry(reason).or_default().push((amount, finding.fingerprint));
        }
    }
    let (mut gone, mut losses) = (0, Vec::new());
    for (reason, mut findings) in lost {
        findings.sort_unstable_by_key(|(amount, print)| (Reverse(*amount), *print));
        let worst = findings.first().map_or(0, |(amount, _)| *amount);
        // What is lost already cannot be lost again: a bad answer hides what else is accepted or unread.
        let more = worst.saturating_sub(gone);
        gone += more;
        match reason {
            Reason::Failing => tally.failing = more,
            Reason::Accepted => tally.accepted = more,
            Reason::Unread => tally.unread = more,
        }
        if more > 0 {
            let findings = findings.into_iter().map(|(_, print)| print).collect();
            losses.push(Loss { control: first.control.id, name: first.control.name, reason, lost: more, findings });
        }
    }
    tally.good = stake(first).saturating_sub(gone);
    (tally, losses)
}
