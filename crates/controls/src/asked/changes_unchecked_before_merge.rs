//! CD-03.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, Widest,
    guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # Changes are not checked before they are merged
    ///
    /// ## What is checked
    /// Whether manifests, infrastructure code and images must pass checks before anything is merged.
    ///
    /// ## Why it matters
    /// Before the merge is the cheapest place to mend something. A report that nobody must pass is no gate.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | somebody says: none of them must |
    /// | fail, low | somebody says that it is only partly so |
    /// | pass | somebody says: all three must pass; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make scanners of manifests, infrastructure code and images required checks of the main branch, and answer with
    /// the rule.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// Code hosts are not read. Answers stand in the file that `policy.answers_file` names: `palisade answers init`.
    pub struct ChangesUncheckedBeforeMerge;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 365,
    evidence: true,
    questions: &[Question {
        name: "required",
        asks: "Must manifests, infrastructure code and images pass named checks before anything is merged?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for ChangesUncheckedBeforeMerge {
    const META: Meta = Meta {
        id: "CD-03",
        name: "changes-unchecked-before-merge",
        title: "Manifests, IaC and images are checked before merge",
        concern: Concern::None,
        layer: Layer::Code,
        dimension: Dimension::CiCd,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[],
        maps: "NIST-800-53r5:SA-11,RA-5,CM-4; PCI-DSS-4.0.1:6.3.2,6.2.4; SOC2-TSC:CC8.1,CC7.1; ISO-27001-2022:A.8.25,A.8.29; NIST-800-190:4.1.2",
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
        Said::of::<ChangesUncheckedBeforeMerge>(&[("required", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<ChangesUncheckedBeforeMerge>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<ChangesUncheckedBeforeMerge>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<ChangesUncheckedBeforeMerge>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        assert_eq!(said().but("required", Value::No).judged::<ChangesUncheckedBeforeMerge>(), (State::Fail, None));
        let partly = (State::Fail, Some(Severity::Low));
        assert_eq!(said().but("required", Value::Partly).judged::<ChangesUncheckedBeforeMerge>(), partly);
    }
}
