//! Every mapping names a control that can say on the clouds it is claimed for that something is bad.

use crate::world::{further_policies, policies, said, varied};
use palisade_controls::controls;
use palisade_engine::{Entry, Policy, State};
use palisade_frameworks::{NEVER_FAILS, editions};
use palisade_model::{Cluster, Provider};
use palisade_testkit::{sloppy, tidy};
use std::collections::{BTreeMap, BTreeSet};

/// Controls that never say `fail` and all the same do not pass by themselves: without people's word they are missing.
const ASKED: &[&str] = &["DR-01"];

/// What the model could say and the provider never does: its normalizer tells of no image that it runs for certain.
const NEVER_READ: &[(&str, Provider)] = &[("IM-06", Provider::Gcp)];

#[test]
fn every_mapping_names_a_control_that_can_fail_on_the_clouds_it_is_claimed_for() {
    let all = controls();
    let policies: Vec<Policy> = policies().into_iter().chain(further_policies()).collect();
    let clouds = [Provider::Aws, Provider::Azure, Provider::Gcp];
    let reached: BTreeMap<Provider, BTreeSet<&str>> =
        clouds.map(|cloud| (cloud, failing(cloud, &all, &policies))).into();
    let mut wrong = BTreeSet::new();
    let mut claims = 0;
    for edition in editions(&all) {
        assert!(edition.providers.iter().all(|provider| clouds.contains(provider)), "{}", edition.key);
        for requirement in edition.checked() {
            for meta in &requirement.controls {
                assert!(all.iter().any(|control| control.meta.id == meta.id), "{} {}", edition.key, meta.id);
                for provider in &edition.providers {
                    claims += 1;
                    let is_excused = NEVER_FAILS.iter().any(|(id, on, _)| *id == meta.id && on.contains(provider));
                    let is_reached = reached[provider].contains(meta.id)
                        && !NEVER_READ.iter().any(|(id, on)| *id == meta.id && on == provider);
                    if is_reached == is_excused {
                        wrong.insert(format!("{} of {} on {provider}: excused {is_excused}", meta.id, edition.key));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, BTreeSet::new());
    assert!(claims > 1_000, "{claims} claims");
}

/// The controls that say of some example of a cloud that it is bad, or that nobody has answered where that is all they can
/// say.
fn failing(cloud: Provider, controls: &[Entry], policies: &[Policy]) -> BTreeSet<&'static str> {
    let examples = || -> Vec<Cluster> {
        let base = [tidy(cloud), sloppy(cloud)];
        let varied = varied(tidy(cloud)).map(|(_, cluster)| cluster);
        // Some variations are another cloud's.
        base.into_iter().chain(varied).filter(|cluster| cluster.provider == cloud).collect()
    };
    let (examples, mut found) = (examples(), BTreeSet::new());
    for control in controls {
        let bad =
            |state: State| state == State::Fail || (state == State::AttestMissing && ASKED.contains(&control.meta.id));
        let fails = examples.iter().any(|cluster| {
            policies.iter().any(|policy| {
                said(control, cluster, policy)
                    .iter()
                    .any(|(_, verdict)| verdict.as_ref().is_ok_and(|one| bad(one.state)))
            })
        });
        if fails {
            found.insert(control.meta.id);
        }
    }
    found
}
