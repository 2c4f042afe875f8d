//! From snapshots to one report.

use crate::{Judged, Judging};
use jiff::Timestamp;
use palisade_assess::Surroundings;
use palisade_engine::{Entry, Finding, Policy, Waiver, hold_to_approval};
use palisade_maps::Piece;
use palisade_model::Scope;
use palisade_provider::{Ledger, Provider, Snapshot};
use palisade_report::{AnswerTally, ClusterRow, Parameters, Report};
use palisade_track::{Rules, Sighting};
use std::{collections::BTreeSet, convert::Infallible};

/// By what a run judges.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The controls.
    pub controls: &'a [Entry],
    /// What the organisation has decided.
    pub policy: &'a Policy,
    /// The version of the program.
    pub palisade: &'static str,
}

/// Takes snapshots one by one and forgets them, and keeps what a report tells of each cluster.
#[derive(Debug)]
pub(crate) struct Gather {
    judging: Judging,
    clusters: Vec<ClusterRow>,
    surroundings: Vec<Surroundings>,
    pieces: Vec<(Key, Piece)>,
    findings: Vec<Finding>,
    /// Which waivers matched something, by their place in the policy.
    used: BTreeSet<usize>,
    answers: AnswerTally,
    sighting: Sighting<'static>,
    ledger: Ledger,
}

/// The order of clusters.
type Key = (palisade_model::Provider, Scope, palisade_model::ClusterId);

impl Default for Gather {
    fn default() -> Self {
        let epoch = Timestamp::UNIX_EPOCH;
        Self {
            judging: Judging::default(),
            clusters: Vec::new(),
            surroundings: Vec::new(),
            pieces: Vec::new(),
            findings: Vec::new(),
            used: BTreeSet::new(),
            answers: AnswerTally::default(),
            // Who fired it and by what it judged is said by whoever remembers it.
            sighting: Sighting::new("", None, (epoch, epoch), Rules::default()),
            ledger: Ledger::default(),
        }
    }
}

impl Gather {
    /// Expects a target that was asked for.
    pub(crate) fn expect(&mut self, target: &str, provider: &dyn Provider) {
        self.judging.expect(target, provider);
    }

    /// Normalizes and judges one snapshot. Returns how many clusters it held.
    pub(crate) fn take(
        &mut self,
        snapshot: &Snapshot,
        provider: &dyn Provider,
        judge: &Judge<'_>,
        mut told: impl FnMut(&[Finding]),
    ) -> usize {
        let Self { judging, clusters, surroundings, pieces, findings, used, answers, sighting, ledger } = self;
        let took = judging.take(snapshot, provider, judge, |cluster, judged| {
            told(&judged);
            note_waivers(used, &judged, judge);
            answers.take(cluster, &judged, judge.policy);
            findings.extend(judged);
            clusters.push(ClusterRow::of(cluster));
            surroundings.push(Surroundings::of(cluster, judge.policy));
            let key = (cluster.provider, cluster.scope.clone(), cluster.id.clone());
            pieces.push((key, Piece::of(cluster)));
            Ok::<(), Infallible>(())
        });
        let Ok(inventory) = took;
        let listed = snapshot.whole(provider.cluster_list()).into_iter().map(Scope::new);
        sighting.take(snapshot.provider, &inventory, [], listed);
        ledger.take(snapshot, provider.calls());
        inventory.clusters.len()
    }

    /// The report. The order of everything depends on what was found and never on the order of answers.
    pub(crate) fn finish(mut self, judge: &Judge<'_>) -> (Report, Sighting<'static>) {
        let Judged { run, coverage, unseen, told, gaps, data } = self.judging.finish(judge);
        self.clusters.sort_by(|a, b| (a.provider, &a.scope, &a.id).cmp(&(b.provider, &b.scope, &b.id)));
        self.surroundings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        self.pieces.sort_by(|(a, _), (b, _)| a.cmp(b));
        // Stable: the findings of one cluster keep the order of the controls, roll-ups before their parts.
        self.findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        let grown_waivers = hold_to_approval(&mut self.findings, &judge.policy.waivers, run.finished_at);
        let unused = judge.policy.waivers.iter().enumerate().filter(|(place, _)| !self.used.contains(place));
        let unused_waivers: Vec<Waiver> = unused.map(|(_, waiver)| waiver.clone()).collect();
        let mut sighting = self.sighting;
        sighting.run.clone_from(&run.id);
        (sighting.started_at, sighting.at) = (run.started_at, run.finished_at);
        let report = Report {
            answers: self.answers.finish(judge.controls, judge.policy, run.finished_at),
            run,
            coverage,
            clusters: self.clusters,
            surroundings: self.surroundings,
            pieces: self.pieces.into_iter().map(|(_, piece)| piece).collect(),
            unseen,
            told,
            findings: self.findings,
            gaps,
            calls: self.ledger.rows(),
            unused_waivers,
            grown_waivers,
            parameters: Parameters {
                waivers: judge.policy.waivers_digest,
                answers: judge.policy.answers.digest(),
                data,
            },
        };
        (report, sighting)
    }
}

fn note_waivers(used: &mut BTreeSet<usize>, findings: &[Finding], judge: &Judge<'_>) {
    for (place, waiver) in judge.policy.waivers.iter().enumerate() {
        if !used.contains(&place) && findings.iter().any(|finding| waiver.matches(finding)) {
            used.insert(place);
        }
    }
}
