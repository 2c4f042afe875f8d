//! The health of clusters, providers and the fleet: four layers, eight dimensions.

use crate::{
    score::{Loss, Score, Tally, ask},
    stake::{Reason, loss},
    trend::{Past, Trend},
};
use palisade_engine::{ControlId, Dimension, Finding, Fingerprint, Layer, Severity, State};
use palisade_model::{ClusterId, Provider};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Worst findings told of one dimension.
const WORST: usize = 5;

/// One of the four layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerScore {
    /// Which.
    pub layer: Layer,
    /// What its own findings say; `None` when nothing of it was judged.
    pub own: Option<Score>,
    /// The same if everything that was not read turned out to be good.
    pub at_most: Option<Score>,
    /// What is left of it inside the layers around it: the least of its own and the next outer one's.
    pub effective: Option<Score>,
    /// The layer further out that holds it down, if one does.
    pub standing_on: Option<Layer>,
    /// Where the stakes went.
    pub tally: Tally,
}

/// One of the eight dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DimensionScore {
    /// Which.
    pub dimension: Dimension,
    /// What its findings say; `None` when nothing of it was judged.
    pub score: Option<Score>,
    /// The same if everything that was not read turned out to be good.
    pub at_most: Option<Score>,
    /// Where the stakes went.
    pub tally: Tally,
    /// The findings that lose most, worst first.
    pub worst: Vec<Worst>,
    /// Against the run before, when there was one.
    pub trend: Option<Trend>,
    /// What a person has to answer and nobody did, or did too long ago.
    pub answers_missing: Vec<AnswerMissing>,
}

/// A finding, with what a reader needs to know whether to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Worst {
    /// Which.
    pub fingerprint: Fingerprint,
    /// By which control.
    pub control: ControlId,
    /// In which cluster.
    pub cluster: ClusterId,
    /// About what. Hostile text.
    pub subject: Arc<str>,
    /// How bad, everything considered.
    pub severity: Severity,
}

/// A question for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AnswerMissing {
    /// Which control asks.
    pub control: ControlId,
    /// The good state that somebody should confirm.
    pub title: &'static str,
    /// Whether there is an answer that is too old.
    pub expired: bool,
    /// For how many clusters.
    pub clusters: usize,
}

/// The health of one place: a cluster, everything of a provider, or the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// From the outermost layer inwards.
    pub layers: Vec<LayerScore>,
    /// In the order of the assessment.
    pub dimensions: Vec<DimensionScore>,
}

/// The health of one provider's clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderHealth {
    /// Whose.
    pub provider: Provider,
    /// How they are.
    #[serde(flatten)]
    pub health: Health,
}

/// The health of one cluster, with where every point went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterHealth {
    /// Which.
    pub cluster: ClusterId,
    /// As people know it. Hostile text.
    pub name: Arc<str>,
    /// Who runs it.
    pub provider: Provider,
    /// How it is.
    #[serde(flatten)]
    pub health: Health,
    /// Where every point that is not there went: what these lose is what the tallies of the layers lack.
    pub losses: Vec<Loss>,
}

/// The health of what was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Of everything. Its tallies are the sums of the clusters'.
    pub fleet: Health,
    /// Places where clusters may be that nobody could look at. They are in no score: nobody knows what is there.
    pub unseen_places: usize,
    /// Of each provider.
    pub providers: Vec<ProviderHealth>,
    /// Of each cluster, in the order of their ids.
    pub clusters: Vec<ClusterHealth>,
}

/// Assesses findings against the runs before, oldest first. Roll-ups are left out: their parts are counted.
/// `unseen_places` is how many places nobody could look at.
pub fn assess(findings: &[Finding], unseen_places: usize, past: &[Past]) -> Assessment {
    assess_after(findings, unseen_places, past, &BTreeSet::new())
}

/// The same if these findings were fixed and nothing else had changed.
pub(crate) fn assess_after(
    findings: &[Finding],
    unseen_places: usize,
    past: &[Past],
    fixed: &BTreeSet<Fingerprint>,
) -> Assessment {
    let mut by_cluster: BTreeMap<&ClusterId, BTreeMap<ControlId, Vec<&Finding>>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.rolled_up) {
        let of_cluster = by_cluster.entry(&finding.cluster).or_default();
        of_cluster.entry(finding.control.id).or_default().push(finding);
    }
    let (mut fleet, mut providers) = (Sum::default(), BTreeMap::<Provider, Sum<'_>>::new());
    let mut clusters = Vec::new();
    for (id, controls) in by_cluster {
        let Some(first) = controls.values().flatten().next() else { continue };
        let (mut sum, mut losses) = (Sum::default(), Vec::new());
        for answers in controls.values() {
            let (tally, lost) = ask(answers, fixed);
            losses.extend(lost);
            for sum in [&mut sum, providers.entry(first.provider).or_default(), &mut fleet] {
                sum.add(answers, tally, fixed);
            }
        }
        losses.sort_by_key(|loss| (Reverse(loss.lost), loss.control, loss.reason));
        let health = sum.health(&format!("cluster {id}"), past);
        let name = Arc::clone(&first.cluster_name);
        clusters.push(ClusterHealth { cluster: id.clone(), name, provider: first.provider, health, losses });
    }
    let providers = providers.into_iter().map(|(provider, sum)| {
        let health = sum.health(&format!("provider {provider}"), past);
        ProviderHealth { provider, health }
    });
    Assessment { providers: providers.collect(), fleet: fleet.health("fleet", past), unseen_places, clusters }
}

/// What is added up for one place.
#[derive(Default)]
struct Sum<'a> {
    layers: BTreeMap<Layer, Tally>,
    dimensions: BTreeMap<Dimension, Tally>,
    worst: BTreeMap<Dimension, BTreeSet<Rank<'a>>>,
    missing: BTreeMap<Dimension, Owed<'a>>,
}

/// Questions without an answer, or with one that is too old: their titles and clusters.
type Owed<'a> = BTreeMap<(ControlId, bool), (&'static str, BTreeSet<&'a ClusterId>)>;

/// What loses more stands first, then what is worse, then what is named first.
type Rank<'a> = (Reverse<u64>, Reverse<Severity>, &'a ClusterId, ControlId, Fingerprint, &'a Arc<str>);

impl<'a> Sum<'a> {
    fn add(&mut self, answers: &[&'a Finding], tally: Tally, fixed: &BTreeSet<Fingerprint>) {
        for finding in answers.iter().filter(|finding| !fixed.contains(&finding.fingerprint)) {
            let meta = finding.control;
            if let Some((Reason::Failing, lost)) = loss(finding) {
                let worst = self.worst.entry(meta.dimension).or_default();
                let (severity, subject) = (finding.severity, &finding.subject.name);
                let cluster = &finding.cluster;
                worst.insert((Reverse(lost), Reverse(severity), cluster, meta.id, finding.fingerprint, subject));
                if worst.len() > WORST {
                    worst.pop_last();
                }
            }
            let expired = match finding.state {
                State::AttestMissing => false,
                State::AttestExpired => true,
                State::Pass
                | State::Fail
                | State::Unknown
                | State::NotApplicable
                | State::Inherited
                | State::Mitigated => continue,
            };
            let missing = self.missing.entry(meta.dimension).or_default();
            missing.entry((meta.id, expired)).or_insert((meta.title, BTreeSet::new())).1.insert(&finding.cluster);
        }
        if let Some(first) = answers.first() {
            *self.layers.entry(first.control.layer).or_default() += tally;
            *self.dimensions.entry(first.control.dimension).or_default() += tally;
        }
    }

    fn health(mut self, place: &str, past: &[Past]) -> Health {
        let mut around: Option<(Score, Layer)> = None;
        let mut layers = Vec::new();
        for layer in Layer::ALL.iter().copied() {
            let tally = self.layers.remove(&layer).unwrap_or_default();
            let (own, at_most) = (tally.score(), tally.at_most());
            let held = around.filter(|(outer, _)| own.is_some_and(|own| *outer < own));
            if let (Some(own), None) = (own, held) {
                around = Some((own, layer));
            }
            let effective = own.and(around).map(|(score, _)| score);
            let standing_on = held.map(|(_, layer)| layer);
            layers.push(LayerScore { layer, own, at_most, effective, standing_on, tally });
        }
        let dimensions = Dimension::ALL.iter().copied().map(|dimension| {
            let tally = self.dimensions.remove(&dimension).unwrap_or_default();
            let worst = self.worst.remove(&dimension).unwrap_or_default().into_iter();
            let missing = self.missing.remove(&dimension).unwrap_or_default().into_iter();
            DimensionScore {
                dimension,
                score: tally.score(),
                at_most: tally.at_most(),
                tally,
                worst: worst.map(worst_of).collect(),
                trend: Trend::of(place, dimension, &tally, past),
                answers_missing: missing
                    .map(|((control, expired), (title, clusters))| AnswerMissing {
                        control,
                        title,
                        expired,
                        clusters: clusters.len(),
                    })
                    .collect(),
            }
        });
        Health { dimensions: dimensions.collect(), layers }
    }
}

fn worst_of((_, severity, cluster, control, fingerprint, subject): Rank<'_>) -> Worst {
    let (cluster, subject) = (cluster.clone(), Arc::clone(subject));
    Worst { fingerprint, control, cluster, subject, severity: severity.0 }
}
