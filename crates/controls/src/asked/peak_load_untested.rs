//! SC-05.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody has tested the load of the expected peak
    ///
    /// ## What is checked
    /// Whether a test in the last twelve months put at least the load on it that is expected at the peak.
    ///
    /// ## Why it matters
    /// Limits are found in tests or in incidents.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, low | somebody says: there was none, or it did not reach the peak |
    /// | pass | somebody says: a test of the last twelve months reached the expected peak; and that counts still |
    /// | attest missing | nobody has answered for the cluster or its environment |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Load the application as at its peak, write down the most nodes and the share of quotas that were used, and
    /// answer.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// The two numbers are compared with each other; whether the peak is guessed well is not judged. Answers stand in
    /// the file that `policy.answers_file` names: `palisade answers init`.
    pub struct PeakLoadUntested;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 365,
    evidence: true,
    questions: &[
        Question {
            name: "tested_on",
            asks: "On which day was it last tested under load?",
            kind: AnswerKind::Day { within_days: 365 },
        },
        Question {
            name: "peak",
            asks: "What load is expected at the peak, in the unit you plan with?",
            kind: AnswerKind::Number { unit: "units of load", least: 1, most: 1_000_000_000, enough: Enough::Any },
        },
        Question {
            name: "reached",
            asks: "What load did the test reach, in the same unit?",
            kind: AnswerKind::Number { unit: "units of load", least: 0, most: 1_000_000_000, enough: Enough::Any },
        },
    ],
};

impl Control for PeakLoadUntested {
    const META: Meta = Meta {
        id: "SC-05",
        name: "peak-load-untested",
        title: "Load was tested against the expected peak",
        concern: Concern::None,
        layer: Layer::Code,
        dimension: Dimension::Scalability,
        severity: Severity::Low,
        effort: Effort::L,
        needs: &[],
        maps: "NIST-800-53r5:CP-2,SA-11; SOC2-TSC:A1.1; ISO-27001-2022:A.8.6",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let heard = hear(cluster, context, &Self::META, &ASKS);
            let number = |question| heard.answer.and_then(|answer| answer.number(question));
            Ok(match (heard.is_good(), number("peak"), number("reached")) {
                (true, Some(peak), Some(reached)) if reached < peak => {
                    let said = &heard.verdict.because;
                    Verdict::fail(format!("the test reached {reached} of {peak}: {said}"))
                        .resting_too_on(&heard.verdict)
                }
                _ => heard.verdict,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::{Said, day};
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<PeakLoadUntested>(&[
            ("tested_on", day(1)),
            ("peak", Value::Number(60)),
            ("reached", Value::Number(60)),
        ])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<PeakLoadUntested>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<PeakLoadUntested>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<PeakLoadUntested>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        assert_eq!(said().but("tested_on", Value::Never).judged::<PeakLoadUntested>(), (State::Fail, None));
    }

    #[test]
    fn a_test_below_the_expected_peak_fails() {
        let reached = |load| said().but("reached", Value::Number(load)).judged::<PeakLoadUntested>().0;
        assert_eq!([61, 60, 59].map(reached), [State::Pass, State::Pass, State::Fail]);
    }
}
