//! Random findings of real controls.

use palisade_controls::controls;
use palisade_engine::{Finding, Fingerprint, Grounds, Meta, Modifier, Severity, State, Subject, SubjectKind};
use palisade_model::{ClusterId, Provider, Scope};
use proptest::prelude::*;

/// One answer about one subject of one cluster.
pub(crate) fn finding(control: &'static Meta, cluster: usize, subject: usize, state: State) -> Finding {
    let id = ClusterId::new(format!("cluster-{cluster}"));
    let kind = if subject == 0 { SubjectKind::Cluster } else { SubjectKind::NodePool };
    let subject = Subject { kind, id: format!("subject-{subject}").into(), name: format!("subject {subject}").into() };
    Finding {
        fingerprint: Fingerprint::of(control.id, &id, &subject),
        control,
        severity: control.severity,
        base_severity: control.severity,
        modifiers: Vec::new(),
        state,
        waived: false,
        acceptance: None,
        provider: if cluster.is_multiple_of(2) { Provider::Aws } else { Provider::Gcp },
        scope: Scope::new("111111111111/eu-west-1"),
        cluster_name: id.as_str().into(),
        cluster: id,
        subject,
        rolled_up: false,
        because: "because".into(),
        brief: None,
        remediation: "",
        evidence: Grounds::default(),
        gap: None,
    }
}

/// Findings of up to three clusters, each question once.
pub(crate) fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let answer = (0..12usize, 0..3usize, 0..3usize, 0..State::ALL.len(), any::<bool>(), 0..4u8);
    prop::collection::vec(answer, 1..60).prop_map(|answers| {
        let mut findings: Vec<Finding> = answers
            .into_iter()
            .map(|(control, cluster, subject, state, waived, other)| {
                // Some of every layer, and few enough that several answers meet in one control.
                let control = control * controls().len() / 12;
                let mut finding = finding(controls()[control].meta, cluster, subject, State::ALL[state]);
                finding.waived = waived && finding.state == State::Fail;
                match other {
                    0 => finding.base_severity = Severity::Low,
                    1 => finding.severity = finding.severity.raised(),
                    _ => (),
                }
                // The organisation's word is about a control, so it is the same wherever the control speaks.
                if control.is_multiple_of(5) {
                    finding.severity = Severity::Medium;
                    finding.modifiers = vec![Modifier::Policy];
                }
                finding
            })
            .collect();
        findings.sort_by_key(|finding| finding.fingerprint);
        findings.dedup_by_key(|finding| finding.fingerprint);
        findings
    })
}
