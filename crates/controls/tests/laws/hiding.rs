//! Not knowing never looks better than knowing, and controls read what they say they read.

use crate::world::{PROVIDERS, context, mixed, policies, said, varied, worlds};
use palisade_controls::controls;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Entry, Judgement, Layer, Meta, Policy, Severity, State, Verdict,
    guide, whole,
};
use palisade_model::{Cluster, FactKind, PrivatePath, Provider};
use palisade_testkit::{Lie, first_lie, gap, sloppy, tidy};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Facts that never prove a failure by themselves, and what they do instead.
const NEVER_THE_PROOF: &[(&str, FactKind, &str)] = &[
    ("ND-02", FactKind::Nodes, "shows whether every machine was looked at"),
    ("ND-02", FactKind::PublicAddresses, "softens the severity"),
    ("ND-03", FactKind::Nodes, "shows whether every machine was looked at"),
    ("ND-03", FactKind::PublicAddresses, "softens the severity"),
    ("ND-05", FactKind::PublicAddresses, "softens the severity"),
    ("ND-07", FactKind::Exposure, "hardens the severity"),
    ("ID-03", FactKind::Pools, "softens the severity"),
    ("ID-03", FactKind::Metadata, "softens the severity"),
    ("ID-10", FactKind::UnreadGroups, "turns a pass into unknown"),
    ("IM-03", FactKind::UnreadGroups, "turns a pass into unknown"),
    ("ET-01", FactKind::Etcd, "this version never fails it"),
    ("ET-12", FactKind::Encryption, "tells whose the key is when it is not the customer's"),
];

/// Controls that are about what is hidden: for them a hidden fact is the proof.
const ABOUT_HIDING: &[&str] = &["GV-04"];

/// The controls that a hidden fact must not speed to a verdict.
fn controls_of_facts() -> Vec<Entry> {
    controls().into_iter().filter(|control| !ABOUT_HIDING.contains(&control.meta.id)).collect()
}

#[test]
fn hiding_any_one_fact_makes_a_verdict_unknown_or_leaves_it() {
    for (name, cluster) in one_by_one() {
        let lie = first_lie(&controls_of_facts(), &cluster, &context(&Policy::default()));
        assert_eq!(lie, None, "{name}");
    }
}

proptest! {
    #[test]
    fn hiding_any_facts_makes_each_verdict_unknown_or_leaves_it(
        cluster in mixed(),
        hidden in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let mut blinded = cluster.clone();
        let facts = blinded.facts_mut().len();
        let places: Vec<usize> = hidden.iter().map(|place| place.index(facts + cluster.clone().lists_mut().len())).collect();
        for (place, (_, fact)) in blinded.facts_mut().into_iter().enumerate() {
            if places.contains(&place) {
                fact.hide(gap());
            }
        }
        for (place, (_, list)) in blinded.lists_mut().into_iter().enumerate() {
            if places.contains(&(facts + place)) {
                list.hide(gap());
            }
        }
        for policy in policies() {
            for control in controls_of_facts() {
                let before: BTreeMap<String, State> =
                    said(&control, &cluster, &policy).into_iter().map(|(of, verdict)| (of, state(&verdict))).collect();
                let failed = before.values().any(|state| *state == State::Fail);
                for (of, verdict) in said(&control, &blinded, &policy) {
                    // A proof of badness may be told of the identity where the list that names its user is hidden.
                    let holds = match (before.get(&of), state(&verdict)) {
                        (_, State::Unknown) => true,
                        (Some(before), after) => *before == after,
                        (None, after) => after == State::Fail && failed,
                    };
                    prop_assert!(holds, "{} of {of}: {:?}, then {verdict:?}", control.meta.id, before.get(&of));
                }
            }
        }
    }
}

fn state(verdict: &Result<Verdict, palisade_model::Gap>) -> State {
    verdict.as_ref().map_or(State::Unknown, |verdict| verdict.state)
}

#[test]
fn a_control_that_reads_absence_as_safety_is_caught() {
    let lie = first_lie(&[Entry::of::<Careless>()], &sloppy(Provider::Aws), &context(&Policy::default()));
    let caught = Lie { control: "XX-01", hidden: FactKind::PrivatePath, before: State::Fail, after: State::Pass };
    assert_eq!(lie, Some(caught));
}

#[test]
fn a_control_reads_the_facts_it_names_and_no_other() {
    let (controls, policy) = (controls(), Policy::default());
    let all =
        |cluster: &Cluster| -> Vec<_> { controls.iter().map(|control| said(control, cluster, &policy)).collect() };
    let mut read = BTreeSet::new();
    for (_, cluster) in one_by_one() {
        let before = all(&cluster);
        for kind in FactKind::ALL {
            let after = all(&without(&cluster, *kind));
            let changed = before.iter().zip(&after).zip(&controls).filter(|((before, after), _)| before != after);
            read.extend(changed.map(|(_, control)| (control.meta.id, *kind)));
        }
    }
    let named: BTreeSet<_> =
        controls.iter().flat_map(|control| control.meta.needs.iter().map(|kind| (control.meta.id, *kind))).collect();
    assert_eq!(read.difference(&named).collect::<Vec<_>>(), Vec::<&(&str, FactKind)>::new(), "read and not named");
    assert_eq!(named.difference(&read).collect::<Vec<_>>(), Vec::<&(&str, FactKind)>::new(), "named and not read");
}

/// Without an example in which a fact alone proves something bad, the law above could not catch a control that passes
/// without it.
#[test]
fn every_fact_that_a_control_needs_is_the_proof_of_a_failure_in_some_example() {
    let (controls, policies) = (controls_of_facts(), policies());
    let fails = |cluster: &Cluster| -> Vec<bool> {
        let pairs = controls.iter().flat_map(|control| policies.iter().map(move |policy| (control, policy)));
        pairs
            .map(|(control, policy)| {
                said(control, cluster, policy).iter().any(|(_, verdict)| state(verdict) == State::Fail)
            })
            .collect()
    };
    let mut proofs = BTreeSet::new();
    for (_, cluster) in one_by_one() {
        let before = fails(&cluster);
        for kind in FactKind::ALL {
            let after = fails(&without(&cluster, *kind));
            let lost = before.iter().zip(&after).enumerate().filter(|(_, (before, after))| **before && !**after);
            proofs.extend(lost.map(|(place, _)| (controls[place / policies.len()].meta.id, *kind)));
        }
    }
    for control in &controls {
        for kind in control.meta.needs {
            let id = control.meta.id;
            let excused = NEVER_THE_PROOF.iter().any(|(of, fact, _)| *of == id && fact == kind);
            assert!(proofs.contains(&(id, *kind)) != excused, "{id} {}: excused {excused}", kind.name());
        }
    }
}

/// The plain examples of every provider, and each variation on one of them, the providers in turn.
fn one_by_one() -> impl Iterator<Item = (String, Cluster)> {
    let varied = PROVIDERS
        .into_iter()
        .enumerate()
        .flat_map(|(turn, provider)| varied(tidy(provider)).skip(turn).step_by(PROVIDERS.len()));
    worlds().into_iter().map(|cluster| (cluster.id.to_string(), cluster)).chain(varied)
}

/// The cluster with every fact of a kind hidden.
fn without(cluster: &Cluster, kind: FactKind) -> Cluster {
    let mut blinded = cluster.clone();
    for (_, fact) in blinded.facts_mut().into_iter().filter(|(of, _)| *of == kind) {
        fact.hide(gap());
    }
    for (_, list) in blinded.lists_mut().into_iter().filter(|(of, _)| *of == kind) {
        list.hide(gap());
    }
    blinded
}

guide! {
    /// # Takes silence for consent
    pub struct Careless;
}

impl Control for Careless {
    const META: Meta = Meta {
        id: "XX-01",
        name: "careless",
        title: "Everything is fine",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Low,
        effort: Effort::S,
        needs: &[FactKind::PrivatePath],
        maps: "",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            Ok(match cluster.api.private_path.get() {
                Ok(PrivatePath::Absent { because } | PrivatePath::Broken { because }) => Verdict::fail(because.clone()),
                Ok(PrivatePath::Present { because }) => Verdict::pass(because.clone()),
                Err(_) => Verdict::pass("nothing bad was seen"),
            })
        })
    }
}
