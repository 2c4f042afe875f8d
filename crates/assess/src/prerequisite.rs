//! What has to come first: what would break otherwise, and the outer layer.

use crate::{
    initiative::{Change, Initiative, InitiativeId},
    surroundings::Surroundings,
};
use palisade_engine::{ControlId, Finding, Severity, State};
use palisade_model::{Provider, Version};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An initiative that has to be done first, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    /// Which.
    pub initiative: InitiativeId,
    /// Why.
    pub because: String,
}

/// (what, what comes first in the same cluster, why). No circle: a test looks.
pub(crate) const FIRST: &[(ControlId, ControlId, &str)] = &[
    ("CP-03", "CP-04", "closing the public endpoint before there is a private way locks everybody out"),
    ("CP-02", "CP-04", "a narrow list before there is a private way locks nodes out"),
    ("ID-03", "ID-05", "pods that live on the node's rights need an identity of their own first"),
    ("ID-07", "ID-05", "pods that live on the node's rights need an identity of their own first"),
    ("ID-11", "ID-05", "a controller gets its own rights through workload identity"),
    ("ID-09", "ID-05", "a key can go when there is another way to sign in"),
    ("ET-10", "ET-08", "encryption of Secrets is the first step of encrypting everything"),
    ("ET-15", "ET-08", "rewriting objects before encryption is on encrypts nothing"),
    ("ET-15", "ET-09", "objects are rewritten once, with the final key"),
    ("ET-12", "ET-09", "only the final key is worth a rotation"),
];

/// (control, provider, version that its remedy needs). From the controls' own pages.
const NEEDS_VERSION: &[(ControlId, Provider, Version)] = &[("ET-10", Provider::Aws, Version { major: 1, minor: 28 })];

/// The version that mending a finding needs and the cluster does not have. An unknown version asks for nothing: it may
/// be new enough, and the finding's page names the version.
pub(crate) fn upgrade_for(finding: &Finding, around: &Surroundings) -> Option<Version> {
    let row = NEEDS_VERSION.iter().find(|(control, provider, _)| {
        *control == finding.control.id && *provider == around.provider && finding.state == State::Fail
    });
    let (_, _, needed) = row?;
    around.version.filter(|version| version < needed).map(|_| *needed)
}

/// Writes into each initiative what has to come before it.
///
/// What would break otherwise goes first. Then the rule of the four layers: nothing of an inner layer before what is
/// critical in a layer around it, in the same cluster; it gives way where the two contradict each other.
pub(crate) fn requirements(all: &mut [Initiative], surroundings: &[Surroundings]) {
    let mut edges = Edges::default();
    let mut by_cluster: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, one) in all.iter().enumerate() {
        for cluster in &one.clusters {
            by_cluster.entry(cluster).or_default().push(index);
        }
    }
    let here = |index: usize| all.get(index);
    let pairs = |indexes: &[usize]| -> Vec<(usize, usize)> {
        indexes.iter().flat_map(|a| indexes.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b).collect()
    };
    let clusters = || surroundings.iter().filter_map(|around| by_cluster.get(&around.cluster));
    for (what, first) in clusters().flat_map(|indexes| pairs(indexes)) {
        if let (Some(a), Some(b)) = (here(what), here(first))
            && let Some(because) = breaks_without(a, b)
        {
            edges.add(what, first, because);
        }
    }
    for (what, first) in clusters().flat_map(|indexes| pairs(indexes)) {
        let (Some(a), Some(b)) = (here(what), here(first)) else { continue };
        let is_critical = b.severity == Severity::Critical && matches!(b.change, Change::Mend { .. });
        let is_inner = a.layer > b.layer && !matches!(a.change, Change::Read { .. } | Change::Answer { .. });
        if is_critical && is_inner && !edges.holds(what, first) && !edges.leads(first, what) {
            edges.add(what, first, format!("what is critical in the layer around it ({}) comes first", b.layer));
        }
    }
    let ids: Vec<InitiativeId> = all.iter().map(|one| one.id.clone()).collect();
    for (index, one) in all.iter_mut().enumerate() {
        let firsts = edges.0.remove(&index).unwrap_or_default().into_iter();
        let named =
            firsts.filter_map(|(first, because)| Some(Requirement { initiative: ids.get(first)?.clone(), because }));
        one.requires = named.collect();
        one.requires.sort();
    }
}

fn breaks_without(what: &Initiative, first: &Initiative) -> Option<String> {
    match (&what.change, &first.change) {
        (Change::Mend { control: what }, Change::Mend { control: first }) => {
            let row = FIRST.iter().find(|(a, b, _)| a == what && b == first);
            row.map(|(_, _, because)| (*because).to_owned())
        }
        (Change::Mend { control }, Change::Upgrade { to }) => {
            let needed = NEEDS_VERSION
                .iter()
                .any(|(a, provider, version)| a == control && *provider == what.provider && version.to_string() == *to);
            needed.then(|| format!("it takes version {to} or later"))
        }
        (
            Change::Mend { .. } | Change::Read { .. } | Change::Answer { .. } | Change::Upgrade { .. },
            Change::Mend { .. } | Change::Read { .. } | Change::Answer { .. } | Change::Upgrade { .. },
        ) => None,
    }
}

/// What comes first, by index.
#[derive(Default)]
struct Edges(BTreeMap<usize, BTreeMap<usize, String>>);

impl Edges {
    fn add(&mut self, what: usize, first: usize, because: String) {
        self.0.entry(what).or_default().entry(first).or_insert(because);
    }

    fn holds(&self, what: usize, first: usize) -> bool {
        self.0.get(&what).is_some_and(|firsts| firsts.contains_key(&first))
    }

    /// Whether doing `from` waits for `to`, in whatever many steps.
    fn leads(&self, from: usize, to: usize) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                open.extend(self.0.get(&at).into_iter().flat_map(|firsts| firsts.keys().copied()));
            }
        }
        false
    }
}
