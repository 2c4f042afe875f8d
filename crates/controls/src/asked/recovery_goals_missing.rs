//! DR-01.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Widest, guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody has said how much may be lost, and for how long
    ///
    /// ## What is checked
    /// Whether somebody who may decide that has said how long a cluster or its services may be away (RTO) and how much
    /// of their data may be lost (RPO).
    ///
    /// ## Why it matters
    /// No backup and no plan can be judged without these two numbers. `DR-02` holds restores against them.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | pass | somebody says: both numbers were said in the last twelve months; and that counts still |
    /// | attest missing | nobody has answered for the cluster or its environment |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Let the owner of the business that runs there sign both numbers, for each environment or cluster. It is one
    /// decision.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// Whether the numbers are wise is not judged. Answers stand in the file that `policy.answers_file` names:
    /// `palisade answers init`.
    pub struct RecoveryGoalsMissing;
}

/// What is asked.
pub(super) const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 365,
    evidence: false,
    questions: &[
        Question {
            name: "rto_minutes",
            asks: "How many minutes may it be away after a disaster?",
            kind: AnswerKind::Number { unit: "minutes", least: 0, most: 5_256_000, enough: Enough::Any },
        },
        Question {
            name: "rpo_minutes",
            asks: "How many minutes of its data may be lost?",
            kind: AnswerKind::Number { unit: "minutes", least: 0, most: 5_256_000, enough: Enough::Any },
        },
    ],
};

impl Control for RecoveryGoalsMissing {
    const META: Meta = Meta {
        id: "DR-01",
        name: "recovery-goals-missing",
        title: "RTO and RPO are agreed per cluster or service",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[],
        maps: "NIST-800-53r5:CP-2; PCI-DSS-4.0.1:12.10.1; SOC2-TSC:A1.2,CC9.1; ISO-27001-2022:A.5.30",
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
        Said::of::<RecoveryGoalsMissing>(&[("rto_minutes", Value::Number(60)), ("rpo_minutes", Value::Number(60))])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<RecoveryGoalsMissing>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<RecoveryGoalsMissing>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<RecoveryGoalsMissing>().0, State::AttestMissing);
    }
}
