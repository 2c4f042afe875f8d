//! Whether the populations reconcile: what the clouds listed, and what was judged or explained.

use crate::{Broken, Judged, ledger::Line};
use palisade_engine::{Coverage, GapRow};
use palisade_model::Provider;
use palisade_provider::FailureReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const COVERAGE: &str = "results/coverage.json";
const SCHEMA: &str = "palisade.coverage/v1";

/// A place whose clusters were listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Whose list it is.
    pub provider: Provider,
    /// The account and region, subscription or project.
    pub scope: String,
    /// How many clusters the list names, over all its pages.
    pub listed: u64,
}

/// Some clusters of one name in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) provider: Provider,
    /// The account and region, subscription or project.
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) clusters: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// A call that failed, and what it hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GapLine {
    pub(crate) scope: String,
    pub(crate) call: String,
    pub(crate) reason: String,
    pub(crate) permission: Option<String>,
    pub(crate) message: String,
    pub(crate) hides: Vec<String>,
    pub(crate) times: u64,
}

/// What an inventory of a cloud told of where clusters are. Where only the places that it names were read, nothing is known of
/// others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// By what, when and of how many places, in a sentence. It may hold names from clouds.
    pub words: String,
    /// How many places that it does not name were looked at all the same.
    pub checked: u64,
    /// Whether every place was asked, whatever it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cross_checked: bool,
}

impl GapLine {
    pub(crate) fn of(row: &GapRow) -> Self {
        let GapRow { scope, call, reason, permission, message, hides, times } = row;
        Self {
            scope: scope.clone(),
            call: call.clone(),
            reason: reason.name().to_owned(),
            permission: permission.clone(),
            message: message.clone(),
            hides: hides.iter().map(|id| (*id).to_owned()).collect(),
            times: *times as u64,
        }
    }
}

/// What stands in `results/coverage.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    schema: String,
    pub(crate) facts_known: u64,
    pub(crate) facts_total: u64,
    pub(crate) calls_made: u64,
    pub(crate) calls_failed: u64,
    pub(crate) clusters_listed: u64,
    pub(crate) clusters_evaluated: u64,
    /// Listed, not judged, and a failed call says why.
    pub(crate) explained: Vec<Named>,
    /// Listed, not judged, and nothing says why.
    pub(crate) unexplained: Vec<Named>,
    /// Judged, and in no list.
    pub(crate) in_no_list: Vec<Named>,
    pub(crate) places: Vec<Place>,
    /// Targets that were asked for and of which nothing was read.
    pub(crate) targets_not_read: Vec<String>,
    /// Who told where clusters are, when it was not every place itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) told: Vec<Told>,
    pub(crate) gaps: Vec<GapLine>,
}

impl Counted {
    pub(crate) fn to_text(&self) -> String {
        // Strings, numbers and lists always have a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(crate) fn read(text: &str) -> Result<Self, Broken> {
        let counted: Self = serde_json::from_str(text)
            .map_err(|error| Broken::new(COVERAGE, format!("it is no list of what was seen: {error}")))?;
        if counted.schema != SCHEMA || counted.to_text() != text {
            return Err(Broken::new(COVERAGE, "it is written in another way than this program reads"));
        }
        // All of it together fits, and so does every sum that is made of it.
        if counted.sum() > u128::from(u64::MAX) {
            return Err(Broken::new(COVERAGE, "it counts more than there can be"));
        }
        Ok(counted)
    }

    fn sum(&self) -> u128 {
        let named = [&self.explained, &self.unexplained, &self.in_no_list].into_iter().flatten();
        let counts = named.map(|named| named.clusters).chain(self.places.iter().map(|place| place.listed));
        counts.chain([self.clusters_listed, self.clusters_evaluated]).map(u128::from).sum()
    }

    /// Whether everything that was asked was answered and the populations reconcile.
    pub(crate) fn is_complete(&self) -> bool {
        let are_all_looked_at = self.told.iter().all(|told| told.checked > 0 || told.cross_checked);
        self.gaps.is_empty() && self.targets_not_read.is_empty() && are_all_looked_at && self.reconciles()
    }

    /// Whether a count that could not look into the answers is one of what another says: the calls and the verdicts are the
    /// same, and the sums of the other agree with each other.
    pub(crate) fn fits_closed(&self, other: &Self) -> bool {
        let sum = |all: &[Named]| all.iter().map(|named| named.clusters).sum::<u64>();
        let places = other.places.iter().map(|place| place.listed).sum::<u64>();
        (self.calls_made, self.calls_failed, self.clusters_evaluated)
            == (other.calls_made, other.calls_failed, other.clusters_evaluated)
            && places == other.clusters_listed
            && other.clusters_listed + sum(&other.in_no_list)
                == other.clusters_evaluated + sum(&other.explained) + sum(&other.unexplained)
    }

    /// Whether a judgement of the same answers says the same of them.
    pub(crate) fn tells(&self, judged: &Judged<'_>) -> bool {
        let gaps: Vec<GapLine> = judged.gaps.iter().map(GapLine::of).collect();
        (self.facts_known, self.facts_total) == (judged.coverage.known, judged.coverage.total)
            && self.told == judged.told
            && self.gaps == gaps
    }

    pub(crate) fn reconciles(&self) -> bool {
        self.unexplained.is_empty() && self.in_no_list.is_empty()
    }
}

/// A place and the name of clusters in it.
type Key = (Provider, String, String);

fn key(provider: Provider, scope: &str, name: &str) -> Key {
    (provider, scope.to_owned(), name.to_lowercase())
}

/// Counts clusters as they are listed and as they are judged.
#[derive(Clone, Debug, Default)]
pub struct Population {
    places: BTreeMap<(Provider, String), Lists>,
    listed: BTreeMap<Key, u64>,
    evaluated: BTreeMap<Key, u64>,
    /// Why a call about something of this name failed in this place.
    failed: BTreeMap<Key, String>,
    calls: u64,
    failures: u64,
}

/// The lists of one place. Another target that reaches it lists the same clusters.
#[derive(Clone, Debug)]
struct Lists {
    target: String,
    clusters: u64,
}

/// The calls that list clusters, by provider: what the ledger of any version calls them.
const LISTS: [&str; 3] = ["eks:ListClusters", "ManagedClusters_List", "container.clusters.list"];

impl Population {
    /// Takes a call of the ledger, with its answer if it lists clusters.
    pub(crate) fn take_call(&mut self, line: &Line, answer: impl FnOnce() -> Option<Vec<u8>>) {
        self.calls += 1;
        if let Some(failure) = &line.failure {
            self.failures += 1;
            for value in line.params.values() {
                let why = format!("{}: {}", line.operation, reason(failure.reason));
                self.failed.entry(key(line.provider, &line.scope, value)).or_insert(why);
            }
        }
        if !is_list(&line.operation) {
            return;
        }
        let Some(bytes) = answer() else { return };
        let names = names(&bytes);
        let first = || Lists { target: line.target.clone(), clusters: 0 };
        let lists = self.places.entry((line.provider, line.scope.to_string())).or_insert_with(first);
        if lists.target != line.target {
            return;
        }
        lists.clusters += names.len() as u64;
        for name in names {
            *self.listed.entry(key(line.provider, &line.scope, &name)).or_default() += 1;
        }
    }

    /// Takes a cluster that was judged.
    pub(crate) fn take_cluster(&mut self, provider: Provider, scope: &str, name: &str) {
        *self.evaluated.entry(key(provider, scope, name)).or_default() += 1;
    }

    pub(crate) fn count(
        &self,
        facts: Coverage,
        targets_not_read: Vec<String>,
        (told, gaps): (Vec<Told>, Vec<GapLine>),
    ) -> Counted {
        let (mut explained, mut unexplained, mut in_no_list) = (Vec::new(), Vec::new(), Vec::new());
        let named = |(provider, scope, name): &Key, clusters, why| Named {
            provider: *provider,
            scope: scope.clone(),
            name: name.clone(),
            clusters,
            why,
        };
        for (key, listed) in &self.listed {
            let judged = self.evaluated.get(key).copied().unwrap_or_default();
            if let Some(clusters) = listed.checked_sub(judged).filter(|clusters| *clusters > 0) {
                let why = self.failed.get(key).cloned();
                let to = if why.is_some() { &mut explained } else { &mut unexplained };
                to.push(named(key, clusters, why));
            }
        }
        for (key, judged) in &self.evaluated {
            let listed = self.listed.get(key).copied().unwrap_or_default();
            if let Some(clusters) = judged.checked_sub(listed).filter(|clusters| *clusters > 0) {
                in_no_list.push(named(key, clusters, None));
            }
        }
        let place = |((provider, scope), lists): (&(Provider, String), &Lists)| Place {
            provider: *provider,
            scope: scope.clone(),
            listed: lists.clusters,
        };
        Counted {
            schema: SCHEMA.to_owned(),
            facts_known: facts.known,
            facts_total: facts.total,
            calls_made: self.calls,
            calls_failed: self.failures,
            clusters_listed: self.listed.values().sum(),
            clusters_evaluated: self.evaluated.values().sum(),
            explained,
            unexplained,
            in_no_list,
            places: self.places.iter().map(place).collect(),
            targets_not_read,
            told,
            gaps,
        }
    }
}

pub(crate) fn is_list(operation: &str) -> bool {
    LISTS.contains(&operation)
}

fn reason(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Denied => "denied",
        FailureReason::Throttled => "throttled",
        FailureReason::Unreachable => "unreachable",
        FailureReason::Malformed => "malformed",
        FailureReason::Unsupported => "unsupported",
        FailureReason::NotFound => "not found",
        FailureReason::NotAsked => "not asked",
    }
}

/// The names of the clusters of a list's page, whoever lists: read here again, apart from what judges.
fn names(bytes: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(default, alias = "value")]
        clusters: Vec<Member>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Member {
        Name(String),
        Cluster { name: String },
    }
    let page: Option<Page> = serde_json::from_slice(bytes).ok();
    let members = page.map(|page| page.clusters).unwrap_or_default();
    members
        .into_iter()
        .map(|member| match member {
            Member::Name(name) | Member::Cluster { name } => name,
        })
        .collect()
}
