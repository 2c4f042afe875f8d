//! From findings to the four layers and the eight dimensions: what the outer layer leaves of the inner one.
//!
//! A score is the share of weight that is not failing, the weight of a finding growing with its severity. Unknown
//! findings carry weight and earn nothing, so that not looking never improves a score; what does not apply, and what a
//! valid waiver covers, carries none.
#![warn(clippy::disallowed_methods)]

use palisade_engine::{Dimension, Finding, Layer, Severity, State};
use serde::Serialize;

/// A share between 0 and 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Score(u8);

impl Score {
    /// The number, 0 to 100.
    pub fn points(self) -> u8 {
        self.0
    }
}

/// One of the four layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerScore {
    /// Which.
    pub layer: Layer,
    /// What its own findings say; `None` when nothing of it was judged.
    pub own: Option<Score>,
    /// What is left of it inside the layers around it: the least of its own and the next outer one's.
    pub effective: Option<Score>,
}

/// One of the eight dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DimensionScore {
    /// Which.
    pub dimension: Dimension,
    /// What its findings say; `None` when nothing of it was judged.
    pub score: Option<Score>,
}

/// The health of what was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// From the outermost layer inwards.
    pub layers: Vec<LayerScore>,
    /// In the order of the assessment.
    pub dimensions: Vec<DimensionScore>,
}

/// Assesses findings. Roll-ups are left out: their parts are counted.
pub fn assess(findings: &[Finding]) -> Assessment {
    let of = |concerns: &dyn Fn(&Finding) -> bool| {
        score(findings.iter().filter(|finding| !finding.rolled_up && concerns(finding)))
    };
    let mut around = None;
    let layers = Layer::ALL
        .iter()
        .map(|layer| {
            let own = of(&|finding| finding.control.layer == *layer);
            let effective = match (own, around) {
                (Some(own), Some(outer)) => Some(own.min(outer)),
                (own, _) => own,
            };
            around = effective.or(around);
            LayerScore { layer: *layer, own, effective }
        })
        .collect();
    let dimensions = Dimension::ALL
        .iter()
        .map(|dimension| DimensionScore {
            dimension: *dimension,
            score: of(&|finding| finding.control.dimension == *dimension),
        })
        .collect();
    Assessment { layers, dimensions }
}

fn score<'a>(findings: impl Iterator<Item = &'a Finding>) -> Option<Score> {
    let (earned, possible) = findings
        .filter(|finding| !finding.waived)
        .map(|finding| {
            let weight = weight(finding.severity);
            match finding.state {
                State::Pass | State::Inherited => (weight * 2, weight * 2),
                State::Mitigated => (weight, weight * 2),
                State::Fail | State::Unknown | State::AttestMissing | State::AttestExpired => (0, weight * 2),
                State::NotApplicable => (0, 0),
            }
        })
        .fold((0u64, 0u64), |(earned, possible), (e, p)| (earned + e, possible + p));
    let points = (earned * 100).checked_div(possible)?;
    u8::try_from(points).ok().map(Score)
}

fn weight(severity: Severity) -> u64 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 3,
        Severity::High => 7,
        Severity::Critical => 15,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Concern, Effort, Fingerprint, Meta, Subject, SubjectKind};
    use palisade_model::{ClusterId, Provider, Scope};

    const fn meta(layer: Layer) -> Meta {
        Meta {
            id: "XX-01",
            name: "example",
            title: "example",
            concern: Concern::None,
            layer,
            dimension: Dimension::Security,
            severity: Severity::High,
            effort: Effort::S,
            needs: &[],
            maps: "",
        }
    }
    static CLOUD: Meta = meta(Layer::Cloud);
    static CLUSTER: Meta = meta(Layer::Cluster);

    fn finding(control: &'static Meta, state: State) -> Finding {
        let subject = Subject { kind: SubjectKind::Cluster, id: "c".into(), name: "c".into() };
        Finding {
            fingerprint: Fingerprint::of(control.id, &ClusterId::new("c"), &subject),
            control,
            severity: control.severity,
            base_severity: control.severity,
            modifiers: Vec::new(),
            state,
            waived: false,
            acceptance: None,
            provider: Provider::Aws,
            scope: Scope::new("s"),
            cluster: ClusterId::new("c"),
            cluster_name: "c".into(),
            subject,
            rolled_up: false,
            because: "".into(),
            brief: None,
            remediation: "",
            evidence: palisade_engine::Grounds::default(),
            gap: None,
        }
    }

    fn points(findings: &[Finding]) -> Vec<(Option<u8>, Option<u8>)> {
        let points = |score: Option<Score>| score.map(Score::points);
        assess(findings).layers.iter().map(|layer| (points(layer.own), points(layer.effective))).collect()
    }

    #[test]
    fn an_inner_layer_is_no_stronger_than_the_one_around_it() {
        let findings = [finding(&CLOUD, State::Fail), finding(&CLOUD, State::Pass), finding(&CLUSTER, State::Pass)];
        assert_eq!(points(&findings)[..3], [(Some(50), Some(50)), (Some(100), Some(50)), (None, None)]);
    }

    #[test]
    fn not_looking_never_improves_a_score() {
        let seen = [finding(&CLOUD, State::Pass), finding(&CLOUD, State::Pass)];
        let blind = [finding(&CLOUD, State::Pass), finding(&CLOUD, State::Unknown)];
        assert!(points(&blind)[0] < points(&seen)[0]);
        assert_eq!(points(&[finding(&CLOUD, State::NotApplicable)])[0], (None, None));
    }
}
