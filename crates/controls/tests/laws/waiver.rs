//! An accepted risk changes how a finding is shown and never what is said.

use crate::world::{PROVIDERS, context};
use jiff::{SignedDuration, Timestamp};
use palisade_controls::controls;
use palisade_engine::{Finding, Policy, Severity, State, Waiver, evaluate};
use palisade_testkit::{now, sloppy};

/// What a finding says, without how it is shown. GV-03 is left out: it asks whether accepted risks are still accepted.
fn said(findings: &[Finding]) -> Vec<(String, State, Severity, &str)> {
    findings
        .iter()
        .filter(|finding| finding.control.id != "GV-03")
        .map(|finding| (finding.fingerprint.to_string(), finding.state, finding.severity, &*finding.because))
        .collect()
}

fn waiving_everything(cluster: &str, until: Timestamp) -> Policy {
    let waiver = |control: &str| Waiver {
        control: control.to_owned(),
        cluster: cluster.to_owned(),
        subject: None,
        owner: "platform".to_owned(),
        approver: "ben".to_owned(),
        reason: "moved next quarter".to_owned(),
        until,
        approved: None,
        covers: None,
    };
    Policy { waivers: controls().iter().map(|control| waiver(control.meta.id)).collect(), ..Policy::default() }
}

#[test]
fn a_waiver_marks_findings_and_never_changes_a_verdict() {
    for provider in PROVIDERS {
        let cluster = sloppy(provider);
        let plain = evaluate(&cluster, &controls(), &context(&Policy::default())).findings;
        let policy = waiving_everything(&cluster.name, now() + SignedDuration::from_hours(1));
        let waived = evaluate(&cluster, &controls(), &context(&policy)).findings;
        assert_eq!(said(&plain), said(&waived));
        assert!(plain.iter().all(|finding| !finding.waived));
        assert!(waived.iter().all(|finding| finding.waived));
    }
}

#[test]
fn a_waiver_that_has_ended_marks_nothing() {
    let cluster = sloppy(PROVIDERS[0]);
    let policy = waiving_everything(&cluster.name, now());
    assert!(evaluate(&cluster, &controls(), &context(&policy)).findings.iter().all(|finding| !finding.waived));
}
