//! DR-04.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # The cluster is not known to be what its code says
    ///
    /// ## What is checked
    /// Whether the cluster was built again from code, or compared with it, in the last 180 days, and whether what runs
    /// is what the code says.
    ///
    /// ## Why it matters
    /// A cluster that was made by hand can neither be built again nor be audited.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: it was never done, or differences are left |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: that was so in the last 180 days and every difference was resolved; and that counts still |
    /// | attest missing | nobody has answered for the cluster or its environment |
    /// | attest expired | the answer is too old: one counts for 180 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Import it into Terraform, Pulumi or CloudFormation, run `plan` or drift detection until nothing is different,
    /// and answer with the repository.
    /// ### AKS
    /// The same with Terraform, Pulumi or Bicep (`az deployment group what-if`).
    /// ### GKE
    /// The same with Terraform, Pulumi or Config Connector.
    ///
    /// ## Limits
    /// Tags that tools leave prove nothing and are not looked at. Answers stand in the file that `policy.answers_file`
    /// names: `palisade answers init`.
    pub struct RebuildFromCodeUnproven;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 180,
    evidence: true,
    questions: &[
        Question {
            name: "proven_on",
            asks: "On which day was it last built again from code, or compared with it?",
            kind: AnswerKind::Day { within_days: 180 },
        },
        Question {
            name: "matches",
            asks: "Was everything as the code says, or was every difference resolved?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for RebuildFromCodeUnproven {
    const META: Meta = Meta {
        id: "DR-04",
        name: "rebuild-from-code-unproven",
        title: "The cluster can be rebuilt from code and live state matches it",
        concern: Concern::None,
        layer: Layer::Code,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[],
        maps: "NIST-800-53r5:CM-2,CM-3,CP-10; PCI-DSS-4.0.1:2.2.1,6.5.1; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.9,A.8.32",
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
    use crate::asked::stage::{Said, day};
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<RebuildFromCodeUnproven>(&[("proven_on", day(1)), ("matches", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<RebuildFromCodeUnproven>(), (State::Pass, None));
        assert_eq!(said().older(181).judged::<RebuildFromCodeUnproven>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<RebuildFromCodeUnproven>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("proven_on", Value::Never), ("matches", Value::No)] {
            assert_eq!(
                said().but(question, value).judged::<RebuildFromCodeUnproven>(),
                (State::Fail, None),
                "{question}"
            );
        }
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("matches", Value::Partly).judged::<RebuildFromCodeUnproven>(), partly);
    }
}
