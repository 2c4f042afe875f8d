//! CD-04.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Changes of production are not reviewed, or cannot be taken back
    ///
    /// ## What is checked
    /// Whether a second person looks at every change of production, and whether taking one back was tried in the last
    /// twelve months.
    ///
    /// ## Why it matters
    /// Four eyes find what two wrote, and a way back that nobody went is none.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: one of them is not |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: both are so; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Protect the branch that is deployed, keep `revisionHistoryLimit` above 0, take a release back once as a drill,
    /// and answer.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// Code hosts and deployments are not read. Answers stand in the file that `policy.answers_file` names: `palisade
    /// answers init`.
    pub struct ProductionChangesUnreviewed;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 365,
    evidence: true,
    questions: &[
        Question {
            name: "reviewed",
            asks: "Does a second person have to approve every change of production?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "rolled_back_on",
            asks: "On which day was a release last taken back, in earnest or as a drill?",
            kind: AnswerKind::Day { within_days: 365 },
        },
    ],
};

impl Control for ProductionChangesUnreviewed {
    const META: Meta = Meta {
        id: "CD-04",
        name: "production-changes-unreviewed",
        title: "Production changes are reviewed and can be rolled back",
        concern: Concern::None,
        layer: Layer::Code,
        dimension: Dimension::CiCd,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[],
        maps: "NIST-800-53r5:CM-3,CM-5,AC-5; PCI-DSS-4.0.1:6.5.1,6.5.4; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.32,A.5.3",
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
        Said::of::<ProductionChangesUnreviewed>(&[("reviewed", Value::Yes), ("rolled_back_on", day(1))])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<ProductionChangesUnreviewed>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<ProductionChangesUnreviewed>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<ProductionChangesUnreviewed>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("reviewed", Value::No), ("rolled_back_on", Value::Never)] {
            assert_eq!(
                said().but(question, value).judged::<ProductionChangesUnreviewed>(),
                (State::Fail, None),
                "{question}"
            );
        }
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("reviewed", Value::Partly).judged::<ProductionChangesUnreviewed>(), partly);
    }
}
