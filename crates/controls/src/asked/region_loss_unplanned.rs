//! DR-03.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody has exercised the loss of a region
    ///
    /// ## What is checked
    /// Whether there is a written plan for the loss of a region or of a provider, and whether it was exercised in the
    /// last twelve months.
    ///
    /// ## Why it matters
    /// Clusters of one region fail together. Several zones (AR-04) do not help then.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | somebody says: there is none, or it was never exercised |
    /// | fail, medium | somebody says that it is only partly so |
    /// | pass | somebody says: there is one and it was exercised in the last twelve months; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Write down where the clusters are built again, from which code and backups, who decides and who is told. Go
    /// through it once. Then answer.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// The plan itself is not read. Answers stand in the file that `policy.answers_file` names: `palisade answers
    /// init`.
    pub struct RegionLossUnplanned;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 365,
    evidence: true,
    questions: &[
        Question {
            name: "written",
            asks: "Is there a written plan, with an owner, for the loss of a region or a provider?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "exercised_on",
            asks: "On which day was it last exercised?",
            kind: AnswerKind::Day { within_days: 365 },
        },
    ],
};

impl Control for RegionLossUnplanned {
    const META: Meta = Meta {
        id: "DR-03",
        name: "region-loss-unplanned",
        title: "Region or provider loss has a written, exercised plan",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::High,
        effort: Effort::L,
        needs: &[],
        maps: "NIST-800-53r5:CP-2,CP-7; PCI-DSS-4.0.1:12.10.1; SOC2-TSC:A1.2,CC9.1; ISO-27001-2022:A.5.29,A.5.30",
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
        Said::of::<RegionLossUnplanned>(&[("written", Value::Yes), ("exercised_on", day(1))])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<RegionLossUnplanned>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<RegionLossUnplanned>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<RegionLossUnplanned>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("written", Value::No), ("exercised_on", Value::Never)] {
            assert_eq!(said().but(question, value).judged::<RegionLossUnplanned>(), (State::Fail, None), "{question}");
        }
        let partly = (State::Fail, Some(Severity::Medium));
        assert_eq!(said().but("written", Value::Partly).judged::<RegionLossUnplanned>(), partly);
    }
}
