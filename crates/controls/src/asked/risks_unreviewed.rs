//! GV-06.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody has reviewed risks and plan
    ///
    /// ## What is checked
    /// Whether those who decide went through the risks, the scorecard and the plan in the last 90 days.
    ///
    /// ## Why it matters
    /// Findings without decisions mend nothing.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, low | somebody says: it was never done, or plans have no owner or no date; or that it is only partly so |
    /// | pass | somebody says: that was done in the last 90 days and everything planned has an owner and a date; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 90 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Hold the review with `palisade plan RUN --file plan.yaml`, give every item an owner and a date, and answer with
    /// the minutes.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// The plan's file is not compared with the answer. Answers stand in the file that `policy.answers_file` names:
    /// `palisade answers init`.
    pub struct RisksUnreviewed;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 90,
    evidence: true,
    questions: &[
        Question {
            name: "reviewed_on",
            asks: "On which day were risks, scorecard and plan last reviewed?",
            kind: AnswerKind::Day { within_days: 90 },
        },
        Question {
            name: "owned",
            asks: "Does every item of the plan have an owner and a date?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for RisksUnreviewed {
    const META: Meta = Meta {
        id: "GV-06",
        name: "risks-unreviewed",
        title: "Risks, the scorecard and the 90-day plan are reviewed",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Architecture,
        severity: Severity::Low,
        effort: Effort::S,
        needs: &[],
        maps: "NIST-800-53r5:RA-3,PL-2,CA-5; PCI-DSS-4.0.1:12.3.1; SOC2-TSC:CC3.2,CC4.2; ISO-27001-2022:A.5.35,A.5.4",
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
        Said::of::<RisksUnreviewed>(&[("reviewed_on", day(1)), ("owned", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<RisksUnreviewed>(), (State::Pass, None));
        assert_eq!(said().older(91).judged::<RisksUnreviewed>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<RisksUnreviewed>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("reviewed_on", Value::Never), ("owned", Value::No)] {
            assert_eq!(said().but(question, value).judged::<RisksUnreviewed>(), (State::Fail, None), "{question}");
        }
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("owned", Value::Partly).judged::<RisksUnreviewed>(), partly);
    }
}
