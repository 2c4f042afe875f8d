//! AR-09.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Production shares its place with something else
    ///
    /// ## What is checked
    /// Whether no production cluster shares an account, a subscription, a project or a network with clusters of another
    /// environment.
    ///
    /// ## Why it matters
    /// What goes wrong in a shared account goes wrong in production: quotas, rights, networks. Clusters of one project
    /// share their workload identity pool on GKE, which breaks ID-08.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: something is shared |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: nothing of the kind is shared; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Give production its own account and VPC, at the next rebuild at the latest.
    /// ### AKS
    /// Give production its own subscription and virtual network, at the next rebuild at the latest.
    /// ### GKE
    /// Give production its own project and network, at the next rebuild at the latest.
    ///
    /// ## Limits
    /// It is asked and not computed: clusters are judged one by one, and many are labelled with no environment. Answers
    /// stand in the file that `policy.answers_file` names: `palisade answers init`.
    pub struct ProductionNotSeparated;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "separated",
        asks: "Does no production cluster share an account, subscription, project or network with another environment?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for ProductionNotSeparated {
    const META: Meta = Meta {
        id: "AR-09",
        name: "production-not-separated",
        title: "Production is separated from other environments",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::Xl,
        needs: &[],
        maps: "CIS-AKS-1.8.0:4.6.1; CIS-GKE-1.9.0:4.6.1; CIS-K8S-2.0.1:5.6.1; NSA-CISA-1.2:Network separation; NIST-800-53r5:CM-2,SC-7(21),PL-8; PCI-DSS-4.0.1:6.5.3; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.31",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || Ok(hear(cluster, context, &Self::META, &ASKS).verdict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::Said;
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<ProductionNotSeparated>(&[("separated", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<ProductionNotSeparated>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<ProductionNotSeparated>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<ProductionNotSeparated>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        assert_eq!(said().but("separated", Value::No).judged::<ProductionNotSeparated>(), (State::Fail, None));
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("separated", Value::Partly).judged::<ProductionNotSeparated>(), partly);
    }
}
