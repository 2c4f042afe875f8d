//! DR-02.

use super::recovery_goals_missing::RecoveryGoalsMissing;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # No restore was tested in the last 180 days
    ///
    /// ## What is checked
    /// Whether a backup was restored in the last 180 days, whether what came back worked, and whether that took no
    /// longer than was agreed (`rto_minutes` of DR-01).
    ///
    /// ## Why it matters
    /// A backup that nobody restored is a hope.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | somebody says: it was never tested, did not work, or took longer than agreed |
    /// | fail, high | somebody says that it is only partly so |
    /// | pass | somebody says: it was tested in the last 180 days, worked, and was fast enough; and that counts still |
    /// | attest missing | nobody has answered for the cluster or its environment, or no `rto_minutes` of DR-01 counts for it |
    /// | attest expired | the answer is too old: one counts for 180 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Restore into a fresh cluster or namespace, for example with a restore testing plan of AWS Backup and Velero; let
    /// the owner of the application say that it works; measure. Then answer.
    /// ### AKS
    /// The same with AKS backup (`az dataprotection backup-instance restore`). Then answer.
    /// ### GKE
    /// The same with Backup for GKE (`gcloud beta container backup-restore restores create`). Then answer.
    ///
    /// ## Limits
    /// That an API recorded a restore does not prove that the application worked: only what people say of it counts.
    /// Answers stand in the file that `policy.answers_file` names: `palisade answers init`.
    pub struct RestoreUntested;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 180,
    evidence: true,
    questions: &[
        Question {
            name: "tested_on",
            asks: "On which day was a backup last restored as a test?",
            kind: AnswerKind::Day { within_days: 180 },
        },
        Question { name: "worked", asks: "Did the application work with what came back?", kind: AnswerKind::Choice },
        Question {
            name: "took_minutes",
            asks: "How many minutes did it take until it worked?",
            kind: AnswerKind::Number { unit: "minutes", least: 0, most: 5_256_000, enough: Enough::Any },
        },
    ],
};

impl Control for RestoreUntested {
    const META: Meta = Meta {
        id: "DR-02",
        name: "restore-untested",
        title: "A restore was tested in the last 180 days",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::Critical,
        effort: Effort::L,
        needs: &[],
        maps: "NIST-800-53r5:CP-4,CP-10; PCI-DSS-4.0.1:12.10.2; SOC2-TSC:A1.3,A1.2; ISO-27001-2022:A.5.30,A.8.13",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let heard = hear(cluster, context, &Self::META, &ASKS);
            let took = heard.answer.and_then(|answer| answer.number("took_minutes"));
            let (true, Some(took)) = (heard.is_good(), took) else { return Ok(heard.verdict) };
            let goals = hear(cluster, context, &RecoveryGoalsMissing::META, &super::recovery_goals_missing::ASKS);
            let said = &heard.verdict.because;
            let verdict = match goals.answer.filter(|_| goals.is_good()).and_then(|answer| answer.number("rto_minutes"))
            {
                Some(agreed) if took <= agreed => {
                    Verdict::pass(format!("{took} minutes are within the {agreed} that were agreed: {said}"))
                }
                Some(agreed) => {
                    Verdict::fail(format!("{took} minutes are more than the {agreed} that were agreed: {said}"))
                }
                None => Verdict::attest_missing(format!(
                    "nobody has said how long it may take (DR-01), so nobody knows whether {took} minutes are few enough: {said}"
                )),
            };
            Ok(verdict.resting_too_on(&heard.verdict).resting_too_on(&goals.verdict))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::stage::{Said, day};
    use palisade_engine::{State, Value};

    fn said() -> Said {
        Said::of::<RestoreUntested>(&[
            ("tested_on", day(1)),
            ("worked", Value::Yes),
            ("took_minutes", Value::Number(60)),
        ])
        .and::<RecoveryGoalsMissing>(&[("rto_minutes", Value::Number(60)), ("rpo_minutes", Value::Number(5))])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<RestoreUntested>(), (State::Pass, None));
        assert_eq!(said().older(181).judged::<RestoreUntested>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<RestoreUntested>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("tested_on", Value::Never), ("worked", Value::No)] {
            assert_eq!(said().but(question, value).judged::<RestoreUntested>(), (State::Fail, None), "{question}");
        }
        let partly = (State::Fail, Some(Severity::High));
        assert_eq!(said().but("worked", Value::Partly).judged::<RestoreUntested>(), partly);
    }

    #[test]
    fn a_restore_is_held_against_the_time_that_was_agreed_and_passes_for_nobody_without_one() {
        let took = |minutes| said().but("took_minutes", Value::Number(minutes)).judged::<RestoreUntested>().0;
        assert_eq!([60, 61].map(took), [State::Pass, State::Fail]);
        let alone = said().without::<RecoveryGoalsMissing>();
        assert_eq!(alone.judged::<RestoreUntested>().0, State::AttestMissing);
        let goals_too_old = said().older_of::<RecoveryGoalsMissing>(366);
        assert_eq!(goals_too_old.judged::<RestoreUntested>().0, State::AttestMissing);
        // What did not work needs no agreed time to fail.
        assert_eq!(alone.but("worked", Value::No).judged::<RestoreUntested>().0, State::Fail);
    }
}
