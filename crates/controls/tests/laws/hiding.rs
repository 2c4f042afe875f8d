//! Not knowing never looks better than knowing, and controls read what they say they read.

use crate::world::{context, said, worlds};
use palisade_controls::controls;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Entry, Judgement, Layer, Meta, Policy, Severity, State, Verdict,
    guide, whole,
};
use palisade_model::{Cluster, FactKind, PrivatePath, Provider};
use palisade_testkit::{Lie, first_lie, gap, sloppy};

/// Facts that a control reads although hiding them changes nothing on the examples, and why.
const SILENT: &[(&str, FactKind, &str)] = &[(
    "ET-12",
    FactKind::Encryption,
    "asked only when there is no key of the customer's, to tell whose it is instead",
)];

#[test]
fn hiding_a_fact_makes_a_verdict_unknown_or_leaves_it() {
    for cluster in worlds() {
        let lie = first_lie(&controls(), &cluster, &context(&Policy::default()));
        assert_eq!(lie, None, "{}", cluster.id);
    }
}

#[test]
fn a_control_that_reads_absence_as_safety_is_caught() {
    let lie = first_lie(&[Entry::of::<Careless>()], &sloppy(Provider::Aws), &context(&Policy::default()));
    let caught = Lie { control: "XX-01", hidden: FactKind::PrivatePath, before: State::Fail, after: State::Pass };
    assert_eq!(lie, Some(caught));
}

#[test]
fn a_control_reads_the_facts_it_names_and_no_other() {
    for control in controls() {
        let id = control.meta.id;
        for kind in FactKind::ALL {
            let changed = worlds().iter().any(|cluster| {
                let before = said(&control, cluster, &Policy::default());
                before != said(&control, &without(cluster, *kind), &Policy::default())
            });
            let named = control.meta.needs.contains(kind);
            let silent = SILENT.iter().any(|(silent, fact, _)| *silent == id && fact == kind);
            assert!(named || !changed, "{id} reads {} and does not name it", kind.name());
            assert!(changed != silent || !named, "{id} names {}: changes {changed}, excused {silent}", kind.name());
        }
    }
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
