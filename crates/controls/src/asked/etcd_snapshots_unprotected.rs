//! ET-06.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, State,
    Value, Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, Etcd, FactKind};

guide! {
    /// # Snapshots of etcd are not protected
    ///
    /// ## What is checked
    /// Where etcd runs in your own network: whether its snapshots are made on time, leave the host, are encrypted and
    /// closed to others, and whether somebody owns restoring them.
    ///
    /// ## Why it matters
    /// A snapshot is the whole cluster in one file, with every Secret in clear where they are not encrypted above the
    /// disk (ET-08).
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | inherited | the provider runs etcd and backs it up |
    /// | fail, critical | somebody says that they are open to the public, do not leave the host, or are not encrypted |
    /// | fail, high | somebody says no to one of the other questions |
    /// | fail, medium | somebody says that something is only partly so |
    /// | pass | somebody says: all of this is so; and that counts still |
    /// | attest missing | nobody has answered for the cluster |
    /// | attest expired | the answer is too old: one counts for 180 days, or until the day it was given for |
    /// | unknown | how etcd runs was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the region, nothing to do: AWS backs up etcd. On Outposts, answer for what you keep.
    /// ### AKS
    /// Nothing to do: Azure backs up etcd.
    /// ### GKE
    /// In Google Cloud, nothing to do. Elsewhere, let `etcdctl snapshot save` go to an encrypted bucket with object
    /// lock, and answer.
    ///
    /// ## Limits
    /// Buckets that an answer speaks of are not read in this version. Answers stand in the file that
    /// `policy.answers_file` names: `palisade answers init`.
    pub struct EtcdSnapshotsUnprotected;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 180,
    evidence: true,
    questions: &[
        Question {
            name: "on_time",
            asks: "Were all snapshots of the last month made when they were due?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "private",
            asks: "Do they leave the host, for a place that is closed to the public?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "encrypted",
            asks: "Are they encrypted with a key that few may use?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "owned",
            asks: "Is it written down how long they are kept, and who restores them?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for EtcdSnapshotsUnprotected {
    const META: Meta = Meta {
        id: "ET-06",
        name: "etcd-snapshots-unprotected",
        title: "etcd snapshots are encrypted, access-limited and off the host",
        concern: Concern::EtcdAccess,
        layer: Layer::Cloud,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Etcd],
        maps: "NSA-CISA-1.2:Control plane hardening,Encryption; NIST-800-53r5:CP-9,SC-28,AC-3; PCI-DSS-4.0.1:3.5.1,9.4.1; SOC2-TSC:A1.2,C1.1; ISO-27001-2022:A.8.13,A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.etcd;
            let verdict = match fact.get()? {
                Etcd::ProviderManaged { reference } => {
                    Verdict::inherited(format!("the provider looks after the backups of etcd: {reference}"))
                }
                Etcd::CustomerNetwork { .. } => {
                    let heard = hear(cluster, context, &Self::META, &ASKS);
                    let no = |question| heard.answer.is_some_and(|one| one.values.get(question) == Some(&Value::No));
                    let is_open = heard.verdict.state == State::Fail && (no("private") || no("encrypted"));
                    if is_open { heard.verdict.severity(Severity::Critical) } else { heard.verdict }
                }
            };
            Ok(verdict.seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::{Said, customer_etcd};

    fn said() -> Said {
        Said::of::<EtcdSnapshotsUnprotected>(&[
            ("on_time", Value::Yes),
            ("private", Value::Yes),
            ("encrypted", Value::Yes),
            ("owned", Value::Yes),
        ])
        .with(customer_etcd)
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<EtcdSnapshotsUnprotected>(), (State::Pass, None));
        assert_eq!(said().older(181).judged::<EtcdSnapshotsUnprotected>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<EtcdSnapshotsUnprotected>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, severity) in [
            ("on_time", None),
            ("private", Some(Severity::Critical)),
            ("encrypted", Some(Severity::Critical)),
            ("owned", None),
        ] {
            assert_eq!(
                said().but(question, Value::No).judged::<EtcdSnapshotsUnprotected>(),
                (State::Fail, severity),
                "{question}"
            );
            let partly = said().but(question, Value::Partly).judged::<EtcdSnapshotsUnprotected>();
            assert_eq!(partly, (State::Fail, Some(Severity::Medium)), "{question}");
        }
    }

    #[test]
    fn the_providers_etcd_is_inherited_and_one_that_was_not_read_is_a_gap() {
        use palisade_testkit::{gap, tidy};
        let etcd = tidy(palisade_model::Provider::Aws).etcd;
        assert_eq!(
            said().with(|cluster| cluster.etcd = etcd.clone()).judged::<EtcdSnapshotsUnprotected>().0,
            State::Inherited
        );
        assert_eq!(said().with(|cluster| cluster.etcd.hide(gap())).verdict::<EtcdSnapshotsUnprotected>(), Err(gap()));
    }
}
