//! A cluster about which everything is good fails nothing, one about which everything is bad fails everything.

use crate::world::{PROVIDERS, context, said, worlds};
use palisade_controls::controls;
use palisade_engine::{Policy, State, evaluate, section};
use palisade_model::Provider;
use palisade_testkit::{sloppy, tidy};

/// Controls that the bad cluster does not fail, and why.
const NOT_FAILED: &[(&str, &str)] = &[
    ("ID-14", "without a list of approved parties an outsider is undecided"),
    ("ET-01", "who reaches etcd in a customer's network is not computed"),
    ("ET-09", "nobody has demanded a key of one's own"),
    ("ET-10", "nobody has demanded that every object be encrypted"),
    ("NW-05", "nobody has demanded encryption"),
    ("OB-03", "nobody has said whether another product collects"),
    ("ET-14", "a person has to say whether disks in a customer's network are encrypted"),
    ("GV-04", "everything about the bad cluster was read"),
    ("ND-15", "people are asked"),
    ("ET-04", "people are asked"),
    ("ET-06", "people are asked"),
    ("IM-07", "people are asked"),
    ("DR-01", "people are asked"),
    ("DR-02", "people are asked"),
    ("DR-03", "people are asked"),
    ("DR-04", "people are asked"),
    ("OB-07", "people are asked"),
    ("SC-05", "people are asked"),
    ("AR-09", "people are asked"),
    ("CD-03", "people are asked"),
    ("CD-04", "people are asked"),
    ("GV-03", "nothing was accepted"),
    ("GV-05", "people are asked"),
    ("GV-06", "people are asked"),
];

/// Controls that the bad cluster does not fail on some provider, and why.
const NOT_FAILED_ON: &[(&str, &[Provider], &str)] = &[
    ("ND-09", &[Provider::Kubernetes], "nobody publishes families of images for it"),
    ("NW-03", &[Provider::Aws, Provider::Gcp, Provider::Kubernetes], "nothing of their networks is on the list"),
];

#[test]
fn a_tidy_cluster_fails_nothing() {
    for provider in PROVIDERS {
        for finding in evaluate(&tidy(provider), &controls(), &context(&Policy::default())).findings {
            assert_ne!(finding.state, State::Fail, "{provider} {}: {}", finding.control.id, finding.because);
        }
    }
}

#[test]
fn a_sloppy_cluster_fails_every_control_but_the_named_ones() {
    for provider in PROVIDERS {
        let findings = evaluate(&sloppy(provider), &controls(), &context(&Policy::default())).findings;
        for control in controls() {
            let id = control.meta.id;
            let fails = findings.iter().any(|finding| finding.control.id == id && finding.state == State::Fail);
            let excused = NOT_FAILED.iter().any(|(excused, _)| *excused == id)
                || NOT_FAILED_ON.iter().any(|(excused, on, _)| *excused == id && on.contains(&provider));
            assert!(fails != excused, "{provider} {id}: fails {fails}, excused {excused}");
        }
    }
}

#[test]
fn every_verdict_is_announced_on_the_page_and_carries_a_reason_and_evidence() {
    for control in controls() {
        let id = control.meta.id;
        let table = section(control.guide, "## How it is judged").unwrap_or_default();
        for cluster in worlds() {
            for (subject, verdict) in said(&control, &cluster, &Policy::default()) {
                let state = verdict.as_ref().map_or(State::Unknown, |verdict| verdict.state);
                let row = format!("| {}", state.name().replace('-', " "));
                assert!(table.contains(&row), "{id} says {state} of {subject}, and its page has no row for it");
                if let Ok(verdict) = verdict {
                    assert!(!verdict.because.is_empty(), "{id} {subject}");
                    assert!(!verdict.evidence.is_empty(), "{id} {subject}: {}", verdict.because);
                }
            }
        }
    }
}
