//! How a score moved from run to run.

use crate::{
    health::{Assessment, Health},
    score::{Answered, Score, Tally},
};
use jiff::Timestamp;
use palisade_engine::Dimension;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept of an assessment for the next ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The run's id.
    pub run: String,
    /// When it ended.
    pub at: Timestamp,
    /// By place (`fleet`, `provider aws`, `cluster ID`) and then by dimension.
    pub scores: BTreeMap<String, BTreeMap<String, PastScore>>,
}

/// One score of a past run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastScore {
    /// The score; `None` when nothing was judged.
    pub score: Option<Score>,
    /// What was at stake: with another sum, other questions were asked.
    pub stake: u64,
    /// How many questions had an answer.
    pub answered: Answered,
}

/// How a score moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// The run that is compared with: the last one that has a score of this.
    pub run: String,
    /// When it ended.
    pub since: Timestamp,
    /// The score then.
    pub was: Score,
    /// Points since then: better is positive. `None` when nothing is scored now.
    pub change: Option<i16>,
    /// Answers then.
    pub answered: Answered,
    /// Whether the same was at stake. If not, clusters or controls came or went, and the points speak of other things.
    pub same_questions: bool,
    /// The scores of all the runs that have one, oldest first.
    pub series: Vec<(Timestamp, Score)>,
}

impl Past {
    /// What to keep of an assessment.
    pub fn of(assessment: &Assessment, run: &str, at: Timestamp) -> Self {
        let mut scores = BTreeMap::from([("fleet".to_owned(), scores(&assessment.fleet))]);
        for of in &assessment.providers {
            scores.insert(format!("provider {}", of.provider), self::scores(&of.health));
        }
        for of in &assessment.clusters {
            scores.insert(format!("cluster {}", of.cluster), self::scores(&of.health));
        }
        Self { run: run.to_owned(), at, scores }
    }
}

fn scores(health: &Health) -> BTreeMap<String, PastScore> {
    let of = |tally: &Tally| PastScore { score: tally.score(), stake: tally.stake(), answered: tally.answered };
    health.dimensions.iter().map(|one| (one.dimension.name().to_owned(), of(&one.tally))).collect()
}

impl Trend {
    /// `None` when no earlier run has a score of it.
    pub(crate) fn of(place: &str, dimension: Dimension, now: &Tally, past: &[Past]) -> Option<Self> {
        let mut before: Vec<(&Past, &PastScore, Score)> = past
            .iter()
            .filter_map(|run| {
                let one = run.scores.get(place)?.get(dimension.name())?;
                Some((run, one, one.score?))
            })
            .collect();
        before.sort_by_key(|(run, _, _)| (run.at, &run.run));
        let (run, last, was) = *before.last()?;
        Some(Self {
            run: run.run.clone(),
            since: run.at,
            was,
            change: now.score().map(|score| i16::from(score.points()) - i16::from(was.points())),
            answered: last.answered,
            same_questions: last.stake == now.stake(),
            series: before.iter().map(|(run, _, score)| (run.at, *score)).collect(),
        })
    }
}
