//! The examples reach every verdict that a page announces, and no control says one that its page does not announce.

use crate::world::{PROVIDERS, further_policies, policies, said, varied, worlds};
use palisade_controls::controls;
use palisade_engine::{Entry, Policy, Severity, State, Verdict, section};
use palisade_model::{Cluster, Provider};
use palisade_testkit::{gap, tidy};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that no example can reach, and why.
const UNREACHED: &[(&str, &str, &str)] = &[];

#[test]
fn the_examples_reach_every_row_of_every_table_of_verdicts() {
    let policies: Vec<Policy> = policies().into_iter().chain(further_policies()).collect();
    let varied = PROVIDERS.into_iter().flat_map(|provider| varied(tidy(provider)).map(|(_, cluster)| cluster));
    let mut reached: BTreeMap<&str, BTreeSet<(State, Option<Severity>)>> = BTreeMap::new();
    for cluster in worlds().into_iter().chain(varied).chain(PROVIDERS.map(blind)) {
        for control in controls() {
            let found = reached.entry(control.meta.id).or_default();
            for policy in &policies {
                for (_, verdict) in said(&control, &cluster, policy) {
                    found.insert(state(&control, verdict.as_ref().ok()));
                }
            }
        }
    }
    let mut missing = Vec::new();
    for control in controls() {
        let id = control.meta.id;
        let found = &reached[id];
        for row in rows(&control) {
            let is_reached = found.iter().any(|(state, severity)| {
                let name = state.name().replace('-', " ");
                row == name || severity.is_some_and(|severity| row == format!("{name}, {severity}"))
            });
            let excused = UNREACHED.iter().any(|(of, which, _)| *of == id && *which == row);
            if is_reached == excused {
                missing.push(format!("{id} `{row}`: reached {is_reached}, excused {excused}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// A cluster of which nothing but its name is known.
fn blind(provider: Provider) -> Cluster {
    let mut cluster = tidy(provider);
    cluster.facts_mut().into_iter().for_each(|(_, fact)| fact.hide(gap()));
    cluster.lists_mut().into_iter().for_each(|(_, list)| list.hide(gap()));
    cluster
}

/// The state, and for a failure how bad it is.
fn state(control: &Entry, verdict: Option<&Verdict>) -> (State, Option<Severity>) {
    let Some(verdict) = verdict else { return (State::Unknown, None) };
    let severity = (verdict.state == State::Fail).then(|| verdict.severity.unwrap_or(control.meta.severity));
    (verdict.state, severity)
}

/// The first column of the table of verdicts.
fn rows(control: &Entry) -> Vec<String> {
    section(control.guide, "## How it is judged")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("| "))
        .filter_map(|line| line.split_once(" |"))
        .map(|(verdict, _)| verdict.to_owned())
        .filter(|verdict| verdict != "Verdict")
        .collect()
}
