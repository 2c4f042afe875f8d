//! ET-04.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, Etcd, FactKind};

guide! {
    /// # Hosts of etcd are open to others
    ///
    /// ## What is checked
    /// Where etcd runs in your own network: whether its hosts run nothing of anybody else's, whether the modes of its
    /// files were checked, and whether everybody who may log in to them is known.
    ///
    /// ## Why it matters
    /// Root on such a host reads every Secret of the cluster, whatever the API server allows.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | inherited | the provider runs etcd |
    /// | fail, high | somebody says: one of these is not so |
    /// | fail, medium | somebody says that it is only partly so |
    /// | pass | somebody says: no workload of a user runs there, the check of files is not older than 90 days and found nothing, and the list of logins was looked through; and that counts still |
    /// | attest missing | nobody has answered for the cluster |
    /// | attest expired | the answer is too old: one counts for 90 days, or until the day it was given for |
    /// | unknown | how etcd runs was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the region, nothing to do. On Outposts, look at who may use Session Manager or SSH on the control-plane
    /// instances, and answer.
    /// ### AKS
    /// Nothing to do: Azure runs etcd.
    /// ### GKE
    /// In Google Cloud, nothing to do. Elsewhere, taint the control-plane nodes again, move workloads away, set the
    /// data directory to mode 700, and answer.
    ///
    /// ## Limits
    /// Files and logins of hosts are not read in this version. Answers stand in the file that `policy.answers_file`
    /// names: `palisade answers init`.
    pub struct EtcdHostsOpenToOthers;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 90,
    evidence: true,
    questions: &[
        Question {
            name: "dedicated",
            asks: "Do the control-plane nodes carry their taint and run no workload of a user?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "checked_on",
            asks: "On which day were the modes of the files on these hosts last checked?",
            kind: AnswerKind::Day { within_days: 90 },
        },
        Question {
            name: "failed_items",
            asks: "How many items of that check failed?",
            kind: AnswerKind::Number { unit: "items", least: 0, most: 10_000, enough: Enough::Zero },
        },
        Question {
            name: "logins_known",
            asks: "Was the list of everybody who may log in to these hosts looked through?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for EtcdHostsOpenToOthers {
    const META: Meta = Meta {
        id: "ET-04",
        name: "etcd-hosts-open-to-others",
        title: "etcd hosts and data directory are closed to others",
        concern: Concern::EtcdAccess,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Etcd],
        maps: "CIS-K8S-2.0.1:1.1.7,1.1.8,1.1.11,1.1.12; NSA-CISA-1.2:Control plane hardening,Worker node segmentation; NIST-800-53r5:AC-3,AC-6,AC-17; PCI-DSS-4.0.1:7.2.2,2.2.5; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.2,A.8.3",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.etcd;
            Ok(match fact.get()? {
                Etcd::ProviderManaged { reference } => Verdict::inherited(*reference),
                Etcd::CustomerNetwork { .. } => hear(cluster, context, &Self::META, &ASKS).verdict,
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::{Said, customer_etcd, day};
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<EtcdHostsOpenToOthers>(&[
            ("dedicated", Value::Yes),
            ("checked_on", day(1)),
            ("failed_items", Value::Number(0)),
            ("logins_known", Value::Yes),
        ])
        .with(customer_etcd)
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<EtcdHostsOpenToOthers>(), (State::Pass, None));
        assert_eq!(said().older(91).judged::<EtcdHostsOpenToOthers>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<EtcdHostsOpenToOthers>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [
            ("dedicated", Value::No),
            ("checked_on", Value::Never),
            ("failed_items", Value::Number(1)),
            ("logins_known", Value::No),
        ] {
            assert_eq!(
                said().but(question, value).judged::<EtcdHostsOpenToOthers>(),
                (State::Fail, None),
                "{question}"
            );
        }
        for (question, value) in [("dedicated", Value::Partly), ("logins_known", Value::Partly)] {
            let partly = (State::Fail, Some(Severity::Medium));
            assert_eq!(said().but(question, value).judged::<EtcdHostsOpenToOthers>(), partly, "{question}");
        }
    }

    #[test]
    fn the_providers_etcd_is_inherited_and_one_that_was_not_read_is_a_gap() {
        use palisade_testkit::{gap, tidy};
        let etcd = tidy(palisade_model::Provider::Aws).etcd;
        assert_eq!(
            said().with(|cluster| cluster.etcd = etcd.clone()).judged::<EtcdHostsOpenToOthers>().0,
            State::Inherited
        );
        assert_eq!(said().with(|cluster| cluster.etcd.hide(gap())).verdict::<EtcdHostsOpenToOthers>(), Err(gap()));
    }
}
