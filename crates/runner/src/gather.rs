//! From snapshots to one report.

use jiff::Timestamp;
use palisade_engine::{Context, Coverage, Entry, Finding, GapRow, Policy, coverage, evaluate};
use palisade_provider::{Call, Provider, Snapshot};
use palisade_report::{ClusterRow, Report, RunInfo};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

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

/// Takes snapshots one by one and forgets them.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    clusters: Vec<ClusterRow>,
    findings: Vec<Finding>,
    gaps: BTreeMap<GapKey, GapRow>,
    coverage: Coverage,
    prints: Vec<[u8; 32]>,
    span: Option<(Timestamp, Timestamp)>,
}

type GapKey = (String, String, palisade_model::GapReason, Option<String>);

impl Gather {
    /// Normalizes and judges one snapshot. Returns how many clusters it held.
    ///
    /// The moment of judgement is the end of the collection, so that a replay next year says the same.
    pub(crate) fn take(&mut self, snapshot: &Snapshot, provider: &dyn Provider, judge: &Judge<'_>) -> usize {
        let inventory = provider.normalize(snapshot);
        let context = Context { policy: judge.policy, now: snapshot.finished_at };
        self.coverage = self.coverage.and(coverage(&inventory));
        for cluster in &inventory.clusters {
            self.findings.extend(evaluate(cluster, judge.controls, &context).findings);
            self.clusters.push(ClusterRow::of(cluster));
        }
        self.take_gaps(snapshot, provider, judge);
        for unseen in &inventory.unseen {
            // Some places stay dark although every call was answered: a zone that Google's list says it left out.
            let row = GapRow::of_unseen(unseen, judge.controls);
            let key = (row.scope.clone(), row.call.clone(), row.reason, row.permission.clone());
            self.gaps.entry(key).or_insert(row);
        }
        self.prints.push(print(snapshot));
        let (from, to) = self.span.unwrap_or((snapshot.started_at, snapshot.finished_at));
        self.span = Some((from.min(snapshot.started_at), to.max(snapshot.finished_at)));
        inventory.clusters.len()
    }

    fn take_gaps(&mut self, snapshot: &Snapshot, provider: &dyn Provider, judge: &Judge<'_>) {
        for (record, failure) in snapshot.failures() {
            let Some(call) = provider.calls().iter().find(|call| *call.name == *record.call) else { continue };
            let gap = failure.gap(call, &record.scope);
            let permission = gap.permission().map(str::to_owned);
            let key = (record.scope.to_string(), call.name.to_owned(), gap.reason(), permission.clone());
            self.gaps
                .entry(key)
                .or_insert_with(|| GapRow {
                    scope: record.scope.to_string(),
                    call: call.name.to_owned(),
                    reason: gap.reason(),
                    permission,
                    message: failure.message.clone(),
                    hides: hides(call, judge.controls),
                    times: 0,
                })
                .times += 1;
        }
    }

    /// The report. The order of everything depends on what was found and never on the order of answers.
    pub(crate) fn finish(mut self, judge: &Judge<'_>) -> Report {
        self.prints.sort_unstable();
        let mut whole = Sha256::new();
        self.prints.iter().for_each(|print| whole.update(print));
        let id: String = hex::encode(whole.finalize()).chars().take(32).collect();
        let (started_at, finished_at) = self.span.unwrap_or((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        self.clusters.sort_by(|a, b| (a.provider, &a.scope, &a.id).cmp(&(b.provider, &b.scope, &b.id)));
        // Stable: the findings of one cluster keep the order of the controls, roll-ups before their parts.
        self.findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        let mut gaps: Vec<GapRow> = self.gaps.into_values().collect();
        gaps.sort_by(|a, b| (b.hides.len(), &a.scope, &a.call).cmp(&(a.hides.len(), &b.scope, &b.call)));
        Report {
            run: RunInfo { id, started_at, finished_at, palisade: judge.palisade },
            coverage: self.coverage,
            clusters: self.clusters,
            findings: self.findings,
            gaps,
        }
    }
}

/// The controls that cannot be answered without a call.
fn hides(call: &Call, controls: &[Entry]) -> Vec<&'static str> {
    controls
        .iter()
        .filter(|control| control.meta.needs.iter().any(|need| call.feeds.contains(need)))
        .map(|control| control.meta.id)
        .collect()
}

fn print(snapshot: &Snapshot) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [&snapshot.target, &snapshot.scope, &snapshot.to_lines()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
