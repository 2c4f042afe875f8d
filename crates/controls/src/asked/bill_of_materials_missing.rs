//! IM-07.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Enough, Judgement, Layer, Meta, Question, Severity,
    Widest, guide, hear, whole,
};
use palisade_model::Cluster;

guide! {
    /// # A bill of materials is missing
    ///
    /// ## What is checked
    /// Whether a software bill of materials exists for every image that is deployed, and whether somebody can search
    /// them.
    ///
    /// ## Why it matters
    /// When the next library turns out to be dangerous, it answers within minutes which clusters run it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, low | somebody says: there are none, or nobody can search them; or that it is only partly so |
    /// | pass | somebody says: every image has one and they can be searched; and that counts still |
    /// | attest missing | nobody has answered for the cluster, its environment or the fleet |
    /// | attest expired | the answer is too old: one counts for 365 days, or until the day it was given for |
    ///
    /// ## Remediation
    /// ### EKS
    /// Let Amazon Inspector export them to a bucket, or make them with `syft` in the build and push them beside the
    /// image. Then answer.
    /// ### AKS
    /// Make them in the build and attach them with `oras attach` to the image in the registry. Then answer.
    /// ### GKE
    /// `gcloud artifacts sbom export --uri=IMAGE` in the build. Then answer.
    ///
    /// ## Limits
    /// Registries are not asked which images have one. Answers stand in the file that `policy.answers_file` names:
    /// `palisade answers init`.
    pub struct BillOfMaterialsMissing;
}

/// What is asked.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 365,
    evidence: true,
    questions: &[
        Question {
            name: "coverage",
            asks: "Of the images that are deployed, how many in a hundred have a bill of materials?",
            kind: AnswerKind::Number { unit: "percent", least: 0, most: 100, enough: Enough::Hundred },
        },
        Question {
            name: "searchable",
            asks: "Can somebody ask which images hold a component, and get an answer within a day?",
            kind: AnswerKind::Choice,
        },
    ],
};

impl Control for BillOfMaterialsMissing {
    const META: Meta = Meta {
        id: "IM-07",
        name: "bill-of-materials-missing",
        title: "Software bill of materials exists for deployed images",
        concern: Concern::None,
        layer: Layer::Code,
        dimension: Dimension::CiCd,
        severity: Severity::Low,
        effort: Effort::M,
        needs: &[],
        maps: "NSA-CISA-1.2:Pod security; NIST-800-53r5:SR-4,CM-8; PCI-DSS-4.0.1:6.3.2; SOC2-TSC:CC7.1; ISO-27001-2022:A.5.21,A.8.8",
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
        Said::of::<BillOfMaterialsMissing>(&[("coverage", Value::Number(100)), ("searchable", Value::Yes)])
    }

    #[test]
    fn good_answers_pass_as_long_as_they_count_and_silence_never_does() {
        assert_eq!(said().judged::<BillOfMaterialsMissing>(), (State::Pass, None));
        assert_eq!(said().older(366).judged::<BillOfMaterialsMissing>().0, State::AttestExpired);
        assert_eq!(said().by_nobody().judged::<BillOfMaterialsMissing>().0, State::AttestMissing);
    }

    #[test]
    fn one_bad_answer_among_good_ones_fails() {
        for (question, value) in [("coverage", Value::Number(0)), ("searchable", Value::No)] {
            assert_eq!(
                said().but(question, value).judged::<BillOfMaterialsMissing>(),
                (State::Fail, None),
                "{question}"
            );
        }
        for (question, value) in [("coverage", Value::Number(99)), ("searchable", Value::Partly)] {
            let partly = (State::Fail, Some(Severity::Low));
            assert_eq!(said().but(question, value).judged::<BillOfMaterialsMissing>(), partly, "{question}");
        }
    }
}
