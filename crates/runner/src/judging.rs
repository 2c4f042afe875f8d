//! What a run has seen, whatever is kept of it.

use crate::{Judge, claims::Claims};
use jiff::Timestamp;
use palisade_engine::{Context, Coverage, Entry, Finding, GapRow, coverage, evaluate};
use palisade_model::{Cluster, DataFile, FactKind, Gap, Inventory, Scope, Unseen};
use palisade_provider::{Call, Provider, Snapshot};
use palisade_report::{RunInfo, ToldRow};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Judges snapshots one by one and keeps nothing of them but what is the same for all: memory follows the number of parts that
/// were read and of calls that failed, and not that of clusters.
#[derive(Debug, Default)]
pub struct Judging {
    unseen: BTreeMap<palisade_model::Provider, usize>,
    gaps: BTreeMap<GapKey, GapRow>,
    /// Failures of calls, which facts repeat.
    told: BTreeSet<Gap>,
    unread: BTreeMap<(String, Gap), Unread>,
    coverage: Coverage,
    /// The dated lists of the providers that were asked, by their names.
    data: BTreeMap<String, DataFile>,
    claims: Claims,
    parts: BTreeMap<String, Parts>,
    prints: Vec<[u8; 32]>,
    span: Option<(Timestamp, Timestamp)>,
}

/// What a run has seen.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The run.
    pub run: RunInfo,
    /// How much is known.
    pub coverage: Coverage,
    /// The places of each provider that nobody could look at.
    pub unseen: BTreeMap<palisade_model::Provider, usize>,
    /// What inventories of clouds told of where clusters are.
    pub told: Vec<ToldRow>,
    /// What did not answer or could not be read, worst first.
    pub gaps: Vec<GapRow>,
    /// The dated lists that were judged by.
    pub data: Vec<DataFile>,
}

/// Of which parts a target consists, and which of them were looked at.
#[derive(Debug)]
struct Parts {
    provider: palisade_model::Provider,
    /// The call that would have told of the clusters of a part.
    list: &'static Call,
    /// As the discovery has it; `None` until it comes.
    found: Option<BTreeSet<String>>,
    taken: BTreeSet<String>,
}

/// Facts that were answered and cannot be read, for one reason.
#[derive(Debug, Default)]
struct Unread {
    kinds: BTreeSet<FactKind>,
    times: usize,
}

/// Why a part is not seen that was found.
const LOST: &str = "it was found, and nothing that was read of it is here: part of what was stored is missing";
/// Why it is not known what is not seen.
const PARTS_UNTOLD: &str = "what was stored does not say of which parts the target consists";
/// Why nothing of a target is seen.
const UNREAD: &str = "it was asked for, and nothing of it was read";

type GapKey = (String, String, palisade_model::GapReason, Option<String>);

impl Judging {
    /// Expects a target that was asked for: when nothing of it comes, all of it is a place that nobody looked at.
    pub fn expect(&mut self, target: &str, provider: &dyn Provider) {
        self.parts_of(target, provider);
    }

    /// Normalizes and judges one snapshot. `told` is given each cluster and what every control says of it, in the order of the
    /// controls and roll-ups before their parts; its first error ends the snapshot.
    ///
    /// The moment of judgement is the end of the collection, so that a replay next year says the same.
    pub fn take<E>(
        &mut self,
        snapshot: &Snapshot,
        provider: &dyn Provider,
        judge: &Judge<'_>,
        mut told: impl FnMut(&Cluster, Vec<Finding>) -> Result<(), E>,
    ) -> Result<Inventory, E> {
        let inventory = provider.normalize(snapshot);
        let context = Context { policy: judge.policy, now: snapshot.finished_at };
        self.data.extend(provider.data().into_iter().map(|file| (file.name.clone(), file)));
        self.coverage = self.coverage.and(coverage(&inventory));
        for cluster in &inventory.clusters {
            self.take_unread(cluster);
            told(cluster, evaluate(cluster, judge.controls, &context).findings)?;
        }
        self.take_gaps(snapshot, provider, judge);
        self.take_unseen(provider.provider(), &inventory, judge);
        self.claims.take(snapshot, provider, &inventory);
        self.take_parts(snapshot, provider);
        self.prints.push(print(snapshot));
        let (from, to) = self.span.unwrap_or((snapshot.started_at, snapshot.finished_at));
        self.span = Some((from.min(snapshot.started_at), to.max(snapshot.finished_at)));
        Ok(inventory)
    }

    fn parts_of(&mut self, target: &str, provider: &dyn Provider) -> &mut Parts {
        self.parts.entry(target.to_owned()).or_insert_with(|| Parts {
            provider: provider.provider(),
            list: provider.cluster_list(),
            found: None,
            taken: BTreeSet::new(),
        })
    }

    fn take_parts(&mut self, snapshot: &Snapshot, provider: &dyn Provider) {
        let parts = self.parts_of(&snapshot.target, provider);
        parts.taken.insert(snapshot.scope.clone());
        if let Some(found) = &snapshot.parts {
            parts.found.get_or_insert_default().extend(found.iter().cloned());
        }
    }

    /// What was found to be there, and of which nothing came, not even that it did not answer: whatever stands there is not
    /// seen.
    fn take_lost(&mut self, judge: &Judge<'_>) {
        for (target, Parts { provider, list, found, taken }) in std::mem::take(&mut self.parts) {
            let lost = match found {
                Some(found) => found.difference(&taken).map(|scope| (scope.clone(), LOST)).collect(),
                None if taken.is_empty() => vec![(target, UNREAD)],
                None => vec![(target, PARTS_UNTOLD)],
            };
            for (scope, why) in lost {
                let gap = Gap::Unreachable { call: list.name.to_owned(), scope: scope.clone(), why: why.to_owned() };
                let unseen = vec![Unseen { scope: Scope::new(&scope), gap }];
                let inventory = Inventory { clusters: Vec::new(), unseen };
                self.coverage = self.coverage.and(coverage(&inventory));
                self.take_unseen(provider, &inventory, judge);
            }
        }
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

    /// What was seen. The order of everything depends on what was found and never on the order of answers.
    pub fn finish(mut self, judge: &Judge<'_>) -> Judged {
        self.prints.sort_unstable();
        let mut whole = Sha256::new();
        self.prints.iter().for_each(|print| whole.update(print));
        let id: String = hex::encode(whole.finalize()).chars().take(32).collect();
        let (started_at, finished_at) = self.span.unwrap_or((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        self.take_lost(judge);
        let unread = self.unread_rows(judge);
        let mut gaps: Vec<GapRow> = self.gaps.into_values().chain(unread).collect();
        gaps.sort_by(|a, b| {
            (b.hides.len(), &a.scope, &a.call, &a.message).cmp(&(a.hides.len(), &b.scope, &b.call, &b.message))
        });
        Judged {
            run: RunInfo { id, started_at, finished_at, palisade: judge.palisade },
            coverage: self.coverage,
            unseen: self.unseen,
            told: self.claims.rows(),
            gaps,
            data: self.data.into_values().collect(),
        }
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
    let parts = snapshot.parts.iter().flatten();
    for part in [&snapshot.target, &snapshot.scope, &snapshot.to_lines()].into_iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
