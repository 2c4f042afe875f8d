//! The health of the fleet: four layers that stand in each other, eight dimensions, and the clusters one by one.

use super::summary::listed;
use crate::{Report, plain, table::of_clusters};
use palisade_assess::{Assessment, DimensionScore, Health, LayerScore, Score};
use palisade_engine::{Dimension, Layer};
use std::collections::BTreeMap;

/// Rows of the table of clusters; the script's list of clusters has them all.
const ROWS: usize = 60;

/// What the page shows of an assessment.
pub(super) struct HealthView {
    pub(super) rings: Vec<Ring>,
    pub(super) dimensions: Vec<Bar>,
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) more: usize,
    pub(super) unseen: usize,
}

/// One layer of the picture: a box inside the one before.
pub(super) struct Ring {
    pub(super) name: &'static str,
    pub(super) inset: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) class: &'static str,
    pub(super) said: String,
    pub(super) own: String,
    pub(super) note: String,
}

/// One dimension.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) score: String,
    pub(super) class: &'static str,
    pub(super) own: u8,
    pub(super) perhaps: u8,
    pub(super) answered: String,
    pub(super) worst: Vec<(String, String)>,
    pub(super) missing: String,
}

/// One cluster or provider in the table.
pub(super) struct Row {
    pub(super) link: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) cells: Vec<(&'static str, String)>,
}

impl HealthView {
    pub(super) fn of(assessment: &Assessment, report: &Report) -> Self {
        let judged = |dimension: &&DimensionScore| dimension.score.is_some();
        let shown: Vec<Dimension> =
            assessment.fleet.dimensions.iter().filter(judged).map(|one| one.dimension).collect();
        let titles: BTreeMap<&str, &str> = of_clusters(report).map(|one| (one.control.id, one.control.title)).collect();
        let places: BTreeMap<&str, usize> = report.clusters.iter().map(|one| one.id.as_str()).zip(0..).collect();
        let mut clusters: Vec<(Option<Score>, Row)> = assessment
            .clusters
            .iter()
            .map(|one| {
                let link =
                    places.get(one.cluster.as_str()).map(|place| format!("#/cluster/{place}")).unwrap_or_default();
                let service = one.provider.service().to_owned();
                let row = Row { link, name: plain(&one.name), place: service, cells: cells(&one.health, &shown) };
                (weakest(&one.health), row)
            })
            .collect();
        clusters.sort_by_key(|(weakest, _)| *weakest);
        let more = clusters.len().saturating_sub(ROWS);
        let providers = assessment.providers.iter().map(|one| Row {
            link: String::new(),
            name: format!("All of {}", one.provider.service()),
            place: String::new(),
            cells: cells(&one.health, &shown),
        });
        Self {
            rings: rings(&assessment.fleet.layers),
            dimensions: assessment.fleet.dimensions.iter().map(|one| bar(one, &titles)).collect(),
            heads: Layer::ALL.iter().map(|one| one.name()).chain(shown.iter().map(|one| one.name())).collect(),
            rows: providers.chain(clusters.into_iter().take(ROWS).map(|(_, row)| row)).collect(),
            more,
            unseen: assessment.unseen_places,
        }
    }
}

fn weakest(health: &Health) -> Option<Score> {
    health.layers.iter().filter_map(|layer| layer.effective).min()
}

fn rings(layers: &[LayerScore]) -> Vec<Ring> {
    let ring = |(place, layer): (usize, &LayerScore)| Ring {
        name: layer.layer.name(),
        inset: 8 + place * 34,
        width: 444 - place * 68,
        height: 330 - place * 68,
        class: class(layer.effective),
        said: layer.effective.map_or_else(|| "–".to_owned(), |score| score.points().to_string()),
        own: layer.own.map_or_else(|| "nothing judged".to_owned(), |score| format!("own {}", score.points())),
        note: match (layer.own, layer.standing_on) {
            (Some(own), Some(on)) => format!(
                "{} by itself, and no stronger than the layer it is standing on: {}",
                own.points(),
                on.name().to_lowercase()
            ),
            (Some(_), None) => at_most(layer.at_most, layer.own),
            (None, _) => "no control of this layer was asked; it stands on what is around it".to_owned(),
        },
    };
    layers.iter().enumerate().map(|(place, layer)| ring((place, layer))).collect()
}

fn at_most(at_most: Option<Score>, own: Option<Score>) -> String {
    match at_most {
        Some(most) if at_most > own => {
            format!("at most {}, should everything that was not read be good", most.points())
        }
        Some(_) | None => "holds what is inside it".to_owned(),
    }
}

fn bar(one: &DimensionScore, titles: &BTreeMap<&str, &str>) -> Bar {
    let own = one.score.map_or(0, Score::points);
    let worst = one.worst.iter().take(3).map(|worst| {
        let title = titles.get(worst.control).copied().unwrap_or(worst.control);
        (worst.fingerprint.to_string(), format!("{} {title}: {}", worst.control, plain(&worst.subject)))
    });
    let asked = one.answers_missing.iter().map(|one| one.control).collect::<Vec<_>>();
    Bar {
        name: one.dimension.name(),
        score: one.score.map_or_else(|| "not judged".to_owned(), |score| score.points().to_string()),
        class: class(one.score),
        own,
        perhaps: one.at_most.map_or(0, Score::points).saturating_sub(own),
        answered: format!("{} of {} questions answered", one.tally.answered.known, one.tally.answered.asked),
        worst: worst.collect(),
        missing: if asked.is_empty() { String::new() } else { format!("people have to answer {}", listed(&asked)) },
    }
}

fn cells(health: &Health, shown: &[Dimension]) -> Vec<(&'static str, String)> {
    let cell =
        |score: Option<Score>| (class(score), score.map_or_else(|| "–".to_owned(), |score| score.points().to_string()));
    let layers = health.layers.iter().map(|layer| cell(layer.effective));
    let dimensions = health.dimensions.iter().filter(|one| shown.contains(&one.dimension));
    layers.chain(dimensions.map(|one| cell(one.score))).collect()
}

/// How a score is coloured. The number stands beside it.
fn class(score: Option<Score>) -> &'static str {
    match score.map(Score::points) {
        None => "nothing",
        Some(0..=39) => "critical",
        Some(40..=59) => "high",
        Some(60..=79) => "medium",
        Some(80..=94) => "low",
        Some(95..) => "pass",
    }
}
