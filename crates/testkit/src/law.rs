//! The first law: hiding a fact never turns a verdict into a pass.

use crate::gap;
use palisade_engine::{Context, Entry, Judged, State, evaluate};
use palisade_model::{Cluster, FactKind};
use std::collections::BTreeMap;

/// A verdict that got better because something was hidden.
#[derive(Debug, PartialEq, Eq)]
pub struct Lie {
    /// The control that said it.
    pub control: &'static str,
    /// What was hidden.
    pub hidden: FactKind,
    /// What it said with everything known.
    pub before: State,
    /// What it says now.
    pub after: State,
}

/// Hides each fact in turn and returns the first cluster verdict that is neither the full one nor unknown, unless a
/// proof of badness remains.
pub fn first_lie(controls: &[Entry], cluster: &Cluster, context: &Context<'_>) -> Option<Lie> {
    let before = states(&evaluate(cluster, controls, context));
    let singles = cluster.clone().facts_mut().len();
    let lists = cluster.clone().lists_mut().len();
    for position in 0..singles + lists {
        let mut blinded = cluster.clone();
        let hidden = if position < singles {
            let mut facts = blinded.facts_mut();
            let (kind, fact) = facts.get_mut(position)?;
            fact.hide(gap());
            *kind
        } else {
            let mut facts = blinded.lists_mut();
            let (kind, fact) = facts.get_mut(position - singles)?;
            fact.hide(gap());
            *kind
        };
        for (control, after) in states(&evaluate(&blinded, controls, context)) {
            let before = before.get(control).copied().unwrap_or(State::Unknown);
            let honest = after == before || after == State::Unknown || (after == State::Fail && before > after);
            if !honest {
                return Some(Lie { control, hidden, before, after });
            }
        }
    }
    None
}

/// The cluster-level state of each control: the roll-up where there is one.
fn states(judged: &Judged) -> BTreeMap<&'static str, State> {
    let mut states = BTreeMap::new();
    for finding in &judged.findings {
        states
            .entry(finding.control.id)
            .and_modify(|state: &mut State| *state = (*state).max(finding.state))
            .or_insert(finding.state);
    }
    states
}
