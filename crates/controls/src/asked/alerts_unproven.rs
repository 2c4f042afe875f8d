//! OB-07.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody knows whether alerts reach people
    ///
    /// ## What is checked
    /// Whether an alert was sent as a test in the last 180 days and reached somebody, whether somebody is on call, and
    /// whether the runbook for clusters was gone through.
    ///
    /// ## Why it matters
    /// To detect something helps nobody who is not told, or does not know what to do then.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: it was never tested, nobody is on call, or the runbook does not cover the worst |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: all of this was so in the last 180 days; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 180 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Send a test alarm (`aws cloudwatch set-alarm-state`), see who answers, and go through the runbook at a table.
    /// Then answer.
    /// ### AKS
    /// The same with a test of the action group (`az monitor action-group test-notifications create`).
    /// ### GKE
    /// The same with a test of the notification channel.
    ///
    /// ## Limits
    /// Alarms without an action do not count, and are not counted here: alarms are not read. Answers stand in the file
    /// that `policy.answers_file` names: `palisade answers init`.
    pub struct AlertsUnproven;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 180,
    evidence: true,
    questions: &[
        Question {
            name: "tested_on",
            asks: "On which day did a test alert last reach whoever is on call?",
            kind: AnswerKind::Day { within_days: 180 },
        },
        Question {
            name: "on_call",
            asks: "Is somebody on call for these clusters, by name?",
            kind: AnswerKind::Choice,
        },
        Question {
            name: "runbook",
            asks: "Does the runbook cover revoked credentials, an isolated node, and the loss of etcd or its key, and was it exercised?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for AlertsUnproven {
    const META: Meta = Meta {
        id: "OB-07",
        name: "alerts-unproven",
        title: "Alerts reach people and the cluster incident runbook was exercised",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[],
        maps: "NSA-CISA-1.2:Threat detection; NIST-800-53r5:IR-4,IR-8,AU-6; PCI-DSS-4.0.1:12.10.5,10.4.1,10.7.2; SOC2-TSC:CC7.3,CC7.4; ISO-27001-2022:A.5.24,A.5.26",
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
        Said::of::<AlertsUnproven>(&[("tested_on", day(1)), ("on_call", Value::Yes), ("runbook", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<AlertsUnproven>(), (State::Pass, None));
        assert_eq!(said().older(181).judged::<AlertsUnproven>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<AlertsUnproven>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("tested_on", Value::Never), ("on_call", Value::No), ("runbook", Value::No)] {
            assert_eq!(said().but(question, value).judged::<AlertsUnproven>(), (State::Fail, None), "{question}");
        }
        for (question, value) in [("on_call", Value::Partly), ("runbook", Value::Partly)] {
            let partly = (State::Fail, Some(Severity::Low));
            assert_eq!(said().but(question, value).judged::<AlertsUnproven>(), partly, "{question}");
        }
    }
}
