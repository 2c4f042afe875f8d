//! ND-15.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, FactKind, PoolKind};

guide! {
    /// # Files of nodes are not known to be hardened
    ///
    /// ## What is checked
    /// Whether a job on the nodes (kube-bench or another that checks the worker section of the CIS benchmark) ran in
    /// the last 90 days and found nothing wrong with the owners and modes of the kubelet's files.
    ///
    /// ## Why it matters
    /// Whoever can read the kubelet's kubeconfig is the node. No API of a cloud shows the files of a machine.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | inherited | the provider runs each pod: there is no machine of yours |
    /// | fail, low | somebody says: items failed, or the job never ran |
    /// | pass | somebody says: the job ran in the last 90 days and no item of the node section failed; and that counts still |
    /// | attest missing | nobody has answered for the cluster |
    /// | attest expired | the answer is too old: one counts for 90 days, or until the day it was given for |
    /// | not applicable | there are no pools |
    /// | unknown | the list of pools was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Run `kube-bench run --targets node` as a Job on one node of each pool (`job-eks.yaml`), and correct modes where
    /// the image is built. Then answer.
    /// ### AKS
    /// The same with `job-aks.yaml`; `/etc/kubernetes/azure.json` must be readable by root alone. Then answer.
    /// ### GKE
    /// The same with `job-gke.yaml`. Then answer.
    ///
    /// ## Limits
    /// The result file itself is not read: what counts is what somebody says of it. EKS Auto Mode and the system pools
    /// of AKS Automatic are asked as well, because the facts do not tell them apart from machines of your own. Answers
    /// stand in the file that `policy.answers_file` names: `palisade answers init`.
    pub struct NodeFilesUnhardened;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 90,
    evidence: true,
    questions: &[
        Question {
            name: "checked_on",
            asks: "On which day did the job last run on a node of each pool?",
            kind: AnswerKind::Day { within_days: 90 },
        },
        Question {
            name: "failed_items",
            asks: "How many items of the node section failed?",
            kind: AnswerKind::Number { unit: "items", least: 0, most: 10_000, enough: Enough::Zero },
        },
    ],
};

impl Control for NodeFilesUnhardened {
    const META: Meta = Meta {
        id: "ND-15",
        name: "node-files-unhardened",
        title: "Node files meet the CIS worker section",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Low,
        effort: Effort::M,
        needs: &[FactKind::Pools],
        maps: "CIS-EKS-2.0.0:3.1.1-3.1.4; CIS-EKS-1.8.0:3.1.1-3.1.4; CIS-AKS-1.8.0:3.1.1-3.1.4; CIS-GKE-1.9.0:3.1.1-3.1.4; CIS-K8S-2.0.1:1.1.1-1.1.6,1.1.9,1.1.10,1.1.13-1.1.21,4.1.1-4.1.10,4.3.1; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:AC-3,CM-6; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.9",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.pools;
            let pools = fact.get()?;
            Ok(if pools.is_empty() {
                Verdict::not_applicable("there are no pools")
            } else if pools.iter().all(|pool| pool.kind == PoolKind::Serverless) {
                Verdict::inherited("the provider runs each pod on a machine of its own")
            } else {
                hear(cluster, context, &Self::META, &ASKS).verdict
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::{Said, day};
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<NodeFilesUnhardened>(&[("checked_on", day(1)), ("failed_items", Value::Number(0))])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<NodeFilesUnhardened>(), (State::Pass, None));
        assert_eq!(said().older(91).judged::<NodeFilesUnhardened>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<NodeFilesUnhardened>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("checked_on", Value::Never), ("failed_items", Value::Number(1))] {
            assert_eq!(said().but(question, value).judged::<NodeFilesUnhardened>(), (State::Fail, None), "{question}");
        }
    }

    #[test]
    fn machines_of_the_provider_are_inherited_and_a_list_that_was_not_read_is_a_gap() {
        use palisade_testkit::gap;
        let serverless = said().by_nobody().with(|cluster| {
            let mut pools = cluster.pools.get().unwrap().clone();
            for pool in &mut pools {
                pool.kind = PoolKind::Serverless;
            }
            cluster.pools = palisade_testkit::known(pools);
        });
        assert_eq!(serverless.judged::<NodeFilesUnhardened>().0, State::Inherited);
        let none = said().with(|cluster| cluster.pools = palisade_testkit::known(Vec::new()));
        assert_eq!(none.judged::<NodeFilesUnhardened>().0, State::NotApplicable);
        let unread = said().with(|cluster| cluster.pools.hide(gap()));
        assert_eq!(unread.verdict::<NodeFilesUnhardened>(), Err(gap()));
    }
}
