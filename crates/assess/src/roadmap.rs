//! The twelve-month roadmap: what the scores should be after each quarter.

use crate::{
    calendar::Quarter,
    health::{Assessment, DimensionScore, LayerScore, assess_after},
    initiative::{Change, Initiative, InitiativeId},
    plan::Plan,
    risk::Points,
    score::Score,
};
use jiff::civil::Date;
use palisade_engine::{Dimension, Finding, Fingerprint, Layer};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What should be true after a quarter, if the plan is carried out and nothing else changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// After which quarter; `None` for today.
    pub after: Option<Quarter>,
    /// The day.
    pub on: Date,
    /// The fleet's layers: own and effective score.
    pub layers: Vec<(Layer, Option<Score>, Option<Score>)>,
    /// The fleet's dimensions.
    pub dimensions: Vec<(Dimension, Option<Score>)>,
    /// The risk of everything that is still open.
    pub risk_left: Points,
}

/// Today and the end of each quarter.
///
/// Only what is mended counts. Granting a permission or answering a question may show anything, so nothing is expected of
/// it: a score that comes out of it is a gift.
pub fn roadmap(plan: &Plan, initiatives: &[Initiative], findings: &[Finding], today: Date) -> Vec<Expected> {
    let by_id: BTreeMap<&InitiativeId, &Initiative> = initiatives.iter().map(|one| (&one.id, one)).collect();
    let mut fixed = BTreeSet::new();
    let mut left: u64 = initiatives.iter().map(|one| one.risk.get()).fold(0, u64::saturating_add);
    let mut expected = vec![at(None, today, findings, &fixed, left)];
    for quarter in &plan.quarters {
        for one in quarter.items.iter().filter_map(|item| by_id.get(&item.initiative)) {
            left = left.saturating_sub(one.risk.get());
            if mends(one) {
                fixed.extend(one.findings.iter().copied());
            }
        }
        expected.push(at(Some(quarter.span.quarter), quarter.span.to, findings, &fixed, left));
    }
    expected
}

/// The findings that a plan mends by the end of a quarter.
pub fn mended_by(plan: &Plan, initiatives: &[Initiative], end_of: Quarter) -> BTreeSet<Fingerprint> {
    let quarters = plan.quarters.iter().filter(|one| one.span.quarter <= end_of);
    let done: BTreeSet<&InitiativeId> = quarters.flat_map(|one| &one.items).map(|item| &item.initiative).collect();
    let mended = initiatives.iter().filter(|one| done.contains(&one.id) && mends(one));
    mended.flat_map(|one| one.findings.iter().copied()).collect()
}

fn mends(initiative: &Initiative) -> bool {
    match initiative.change {
        Change::Mend { .. } => true,
        Change::Read { .. } | Change::Answer { .. } | Change::Upgrade { .. } => false,
    }
}

fn at(after: Option<Quarter>, on: Date, findings: &[Finding], fixed: &BTreeSet<Fingerprint>, left: u64) -> Expected {
    let Assessment { fleet, .. } = assess_after(findings, 0, &[], fixed);
    let layer = |one: &LayerScore| (one.layer, one.own, one.effective);
    let dimension = |one: &DimensionScore| (one.dimension, one.score);
    Expected {
        after,
        on,
        layers: fleet.layers.iter().map(layer).collect(),
        dimensions: fleet.dimensions.iter().map(dimension).collect(),
        risk_left: Points::new(left),
    }
}
