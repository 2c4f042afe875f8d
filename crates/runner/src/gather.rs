//! From snapshots to one report.

use crate::claims::Claims;
use jiff::Timestamp;
use palisade_assess::Surroundings;
use palisade_engine::{
    Context, Coverage, Entry, Finding, GapRow, Policy, Waiver, coverage, evaluate, hold_to_approval,
};
use palisade_maps::Piece;
use palisade_model::{Cluster, DataFile, FactKind, Gap, Inventory, Scope, Unseen};
use palisade_provider::{Call, Ledger, Provider, Snapshot};
use palisade_report::{AnswerTally, ClusterRow, Parameters, Report, RunInfo};
use palisade_track::{Rules, Sighting};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Debug)]
pub(crate) struct Gather {
    clusters: Vec<ClusterRow>,
    surroundings: Vec<Surroundings>,
    pieces: Vec<(Key, Piece)>,
    unseen: BTreeMap<palisade_model::Provider, usize>,
    findings: Vec<Finding>,
    gaps: BTreeMap<GapKey, GapRow>,
    /// Failures of calls, which facts repeat.
    told: BTreeSet<Gap>,
    unread: BTreeMap<(String, Gap), Unread>,
    /// Which waivers matched something, by their place in the policy.
    used: BTreeSet<usize>,
    coverage: Coverage,
    answers: AnswerTally,
    /// The dated lists of the providers that were asked, by their names.
    data: BTreeMap<String, DataFile>,
    sighting: Sighting<'static>,
    ledger: Ledger,
    claims: Claims,
    prints: Vec<[u8; 32]>,
    span: Option<(Timestamp, Timestamp)>,
}

/// Facts that were answered and cannot be read, for one reason.
#[derive(Debug, Default)]
struct Unread {
    kinds: BTreeSet<FactKind>,
    times: usize,
}

/// The order of clusters.
type Key = (palisade_model::Provider, Scope, palisade_model::ClusterId);

type GapKey = (String, String, palisade_model::GapReason, Option<String>);

impl Default for Gather {
    fn default() -> Self {
        let epoch = Timestamp::UNIX_EPOCH;
        Self {
            clusters: Vec::new(),
            surroundings: Vec::new(),
            pieces: Vec::new(),
            unseen: BTreeMap::new(),
            findings: Vec::new(),
            gaps: BTreeMap::new(),
            told: BTreeSet::new(),
            unread: BTreeMap::new(),
            used: BTreeSet::new(),
            coverage: Coverage::default(),
            answers: AnswerTally::default(),
            data: BTreeMap::new(),
            // Who fired it and by what it judged is said by whoever remembers it.
            sighting: Sighting::new("", None, (epoch, epoch), Rules::default()),
            ledger: Ledger::default(),
            claims: Claims::default(),
            prints: Vec::new(),
            span: None,
        }
    }
}

impl Gather {
    /// Normalizes and judges one snapshot. Returns how many clusters it held.
    ///
    /// The moment of judgement is the end of the collection, so that a replay next year says the same.
    pub(crate) fn take(&mut self, snapshot: &Snapshot, provider: &dyn Provider, judge: &Judge<'_>) -> usize {
        let inventory = provider.normalize(snapshot);
        let context = Context { policy: judge.policy, now: snapshot.finished_at };
        self.data.extend(provider.data().into_iter().map(|file| (file.name.clone(), file)));
        self.coverage = self.coverage.and(coverage(&inventory));
        for cluster in &inventory.clusters {
            let judged = evaluate(cluster, judge.controls, &context).findings;
            self.note_waivers(&judged, judge);
            self.answers.take(cluster, &judged, judge.policy);
            self.findings.extend(judged);
            self.take_unread(cluster);
            self.clusters.push(ClusterRow::of(cluster));
            self.surroundings.push(Surroundings::of(cluster, judge.policy));
            let key = (cluster.provider, cluster.scope.clone(), cluster.id.clone());
            self.pieces.push((key, Piece::of(cluster)));
        }
        self.take_gaps(snapshot, provider, judge);
        self.take_unseen(provider.provider(), &inventory, judge);
        let listed = snapshot.whole(provider.cluster_list()).into_iter().map(Scope::new);
        self.sighting.take(snapshot.provider, &inventory, [], listed);
        self.claims.take(snapshot, provider, &inventory);
        self.ledger.take(snapshot, provider.calls());
        self.prints.push(print(snapshot));
        let (from, to) = self.span.unwrap_or((snapshot.started_at, snapshot.finished_at));
        self.span = Some((from.min(snapshot.started_at), to.max(snapshot.finished_at)));
        inventory.clusters.len()
    }

    /// A unit that was asked for and not come to: whatever stands there is not seen.
    pub(crate) fn give_up(&mut self, scope: &str, why: &str, provider: &dyn Provider, judge: &Judge<'_>) {
        let call = provider.cluster_list().name.to_owned();
        let gap = Gap::Unreachable { call, scope: scope.to_owned(), why: why.to_owned() };
        let unseen = vec![Unseen { scope: Scope::new(scope), gap }];
        let inventory = Inventory { clusters: Vec::new(), unseen };
        self.coverage = self.coverage.and(coverage(&inventory));
        self.take_unseen(provider.provider(), &inventory, judge);
        self.sighting.take(provider.provider(), &inventory, [], []);
    }

    fn take_unseen(&mut self, provider: palisade_model::Provider, inventory: &Inventory, judge: &Judge<'_>) {
        if !inventory.unseen.is_empty() {
            *self.unseen.entry(provider).or_default() += inventory.unseen.len();
        }
        for unseen in &inventory.unseen {
            // A call that failed has told it already, with its name.
            if self.told.contains(&unseen.gap) {
                continue;
            }
            // Some places stay dark although every call was answered: a zone that Google's list says it left out.
            let row = GapRow::of_unseen(unseen, judge.controls);
            let key = (row.scope.clone(), row.call.clone(), row.reason, row.permission.clone());
            self.gaps.entry(key).or_insert(row);
        }
    }

    fn take_gaps(&mut self, snapshot: &Snapshot, provider: &dyn Provider, judge: &Judge<'_>) {
        for (record, failure) in snapshot.failures() {
            let Some(call) = provider.calls().iter().find(|call| *call.name == *record.call) else { continue };
            let gap = failure.gap(call, &record.scope);
            self.told.insert(gap.clone());
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

    /// What was answered in a form nobody can read, and what the provider does not offer: no call failed, and the facts
    /// are missing all the same.
    fn take_unread(&mut self, cluster: &Cluster) {
        for fact in cluster.facts() {
            if let Some(gap @ (Gap::Malformed { .. } | Gap::Unsupported { .. })) = fact.gap {
                let scope = match gap {
                    Gap::Malformed { scope, .. } => scope.clone(),
                    _ => cluster.scope.to_string(),
                };
                let unread = self.unread.entry((scope, gap.clone())).or_default();
                unread.kinds.insert(fact.kind);
                unread.times += 1;
            }
        }
    }

    fn note_waivers(&mut self, findings: &[Finding], judge: &Judge<'_>) {
        for (place, waiver) in judge.policy.waivers.iter().enumerate() {
            if !self.used.contains(&place) && findings.iter().any(|finding| waiver.matches(finding)) {
                self.used.insert(place);
            }
        }
    }

    fn unread_rows(&mut self, judge: &Judge<'_>) -> Vec<GapRow> {
        let told = std::mem::take(&mut self.told);
        let unread = std::mem::take(&mut self.unread);
        let untold = unread.into_iter().filter(|((_, gap), _)| !told.contains(gap));
        untold
            .map(|((scope, gap), unread)| {
                let message = match &gap {
                    Gap::Malformed { pointer, why, .. } => format!("could not be read at `{pointer}`: {why}"),
                    other => other.to_string(),
                };
                GapRow {
                    scope,
                    call: gap.call().unwrap_or_default().to_owned(),
                    reason: gap.reason(),
                    permission: None,
                    message,
                    hides: needing(judge.controls, |need| unread.kinds.contains(need)),
                    times: unread.times,
                }
            })
            .collect()
    }

    /// The report. The order of everything depends on what was found and never on the order of answers.
    pub(crate) fn finish(mut self, judge: &Judge<'_>) -> (Report, Sighting<'static>) {
        self.prints.sort_unstable();
        let mut whole = Sha256::new();
        self.prints.iter().for_each(|print| whole.update(print));
        let id: String = hex::encode(whole.finalize()).chars().take(32).collect();
        let (started_at, finished_at) = self.span.unwrap_or((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        self.clusters.sort_by(|a, b| (a.provider, &a.scope, &a.id).cmp(&(b.provider, &b.scope, &b.id)));
        self.surroundings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        self.pieces.sort_by(|(a, _), (b, _)| a.cmp(b));
        // Stable: the findings of one cluster keep the order of the controls, roll-ups before their parts.
        self.findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        let grown_waivers = hold_to_approval(&mut self.findings, &judge.policy.waivers, finished_at);
        let unread = self.unread_rows(judge);
        let told = self.claims.rows();
        let mut gaps: Vec<GapRow> = self.gaps.into_values().chain(unread).collect();
        gaps.sort_by(|a, b| {
            (b.hides.len(), &a.scope, &a.call, &a.message).cmp(&(a.hides.len(), &b.scope, &b.call, &b.message))
        });
        let unused = judge.policy.waivers.iter().enumerate().filter(|(place, _)| !self.used.contains(place));
        let unused_waivers: Vec<Waiver> = unused.map(|(_, waiver)| waiver.clone()).collect();
        let mut sighting = self.sighting;
        sighting.run.clone_from(&id);
        (sighting.started_at, sighting.at) = (started_at, finished_at);
        let report = Report {
            run: RunInfo { id, started_at, finished_at, palisade: judge.palisade },
            coverage: self.coverage,
            clusters: self.clusters,
            surroundings: self.surroundings,
            pieces: self.pieces.into_iter().map(|(_, piece)| piece).collect(),
            unseen: self.unseen,
            told,
            findings: self.findings,
            gaps,
            calls: self.ledger.rows(),
            unused_waivers,
            grown_waivers,
            answers: self.answers.finish(judge.controls, judge.policy, finished_at),
            parameters: Parameters {
                waivers: judge.policy.waivers_digest,
                answers: judge.policy.answers.digest(),
                data: self.data.into_values().collect(),
            },
        };
        (report, sighting)
    }
}

/// The controls that cannot be answered without a call.
fn hides(call: &Call, controls: &[Entry]) -> Vec<&'static str> {
    needing(controls, |need| call.feeds.contains(need))
}

fn needing(controls: &[Entry], is_missing: impl Fn(&FactKind) -> bool) -> Vec<&'static str> {
    controls
        .iter()
        .filter(|control| control.meta.needs.iter().any(&is_missing))
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
