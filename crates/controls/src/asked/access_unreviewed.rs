//! GV-05.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Nobody has reviewed who has access
    ///
    /// ## What is checked
    /// Whether somebody went through everyone who has access to the clusters in the last six months, and took away what
    /// nobody needs.
    ///
    /// ## Why it matters
    /// Rights only grow by themselves.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: it was never done, or nothing was taken away that should be |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: that was done in the last 183 days; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 183 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Take the lists of ID-13 (`palisade authority --who cluster-admin`) and of CP-13, go through them with the
    /// owners, take away what nobody needs, and answer with the list.
    /// ### AKS
    /// The same with the role assignments of ID-13.
    /// ### GKE
    /// The same with the bindings of ID-13.
    ///
    /// ## Limits
    /// The list that was gone through is not compared with the one of today. Answers stand in the file that
    /// `policy.answers_file` names: `palisade answers init`.
    pub struct AccessUnreviewed;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 183,
    evidence: true,
    questions: &[
        Question {
            name: "reviewed_on",
            asks: "On which day was everybody with access last gone through?",
            kind: AnswerKind::Day { within_days: 183 },
        },
        Question { name: "settled", asks: "Was everything taken away that nobody needed?", kind: AnswerKind::Choice },
    ],
};

impl Control for AccessUnreviewed {
    const META: Meta = Meta {
        id: "GV-05",
        name: "access-unreviewed",
        title: "Access to clusters is reviewed every six months",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[],
        maps: "CIS-EKS-2.0.0:4.1.1; CIS-EKS-1.8.0:4.1.1; CIS-AKS-1.8.0:4.1.1; CIS-GKE-1.9.0:4.1.1; CIS-K8S-2.0.1:5.1.1; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-2,AC-6; PCI-DSS-4.0.1:7.2.4,7.2.5.1; SOC2-TSC:CC6.2,CC6.3; ISO-27001-2022:A.5.18",
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
        Said::of::<AccessUnreviewed>(&[("reviewed_on", day(1)), ("settled", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<AccessUnreviewed>(), (State::Pass, None));
        assert_eq!(said().older(184).judged::<AccessUnreviewed>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<AccessUnreviewed>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("reviewed_on", Value::Never), ("settled", Value::No)] {
            assert_eq!(said().but(question, value).judged::<AccessUnreviewed>(), (State::Fail, None), "{question}");
        }
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("settled", Value::Partly).judged::<AccessUnreviewed>(), partly);
    }
}
