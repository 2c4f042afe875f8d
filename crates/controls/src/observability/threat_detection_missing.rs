//! OB-04.

use crate::quoted::listed;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Detection, FactKind};

guide! {
    /// # Nobody watches what runs in the cluster
    ///
    /// ## What is checked
    /// Whether the provider's threat detection reads the cluster's API log and watches what runs on its nodes.
    ///
    /// ## Why it matters
    /// Prevention misses something sooner or later. A shell in a container, a miner, a token used from elsewhere are seen
    /// while they happen or not at all.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | threat detection is off for the cluster |
    /// | fail, medium | it sees a part: the API log and not the nodes, or nodes that do not report |
    /// | pass | it reads the API log and watches the nodes, and they report |
    /// | unknown | the settings were not read, or are decided where this version does not look |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws guardduty update-detector --detector-id ID --features
    /// '[{"Name":"EKS_AUDIT_LOGS","Status":"ENABLED"},{"Name":"RUNTIME_MONITORING","Status":"ENABLED","AdditionalConfiguration":[{"Name":"EKS_ADDON_MANAGEMENT","Status":"ENABLED"}]}]'`
    /// ### AKS
    /// `az security pricing create --name Containers --tier Standard`, then `az aks update --resource-group GROUP --name NAME
    /// --enable-defender`
    /// ### GKE
    /// `gcloud services enable containerthreatdetection.googleapis.com --project PROJECT`, then `gcloud scc manage services
    /// update container-threat-detection --project PROJECT --enablement-state ENABLED`
    ///
    /// ## Limits
    /// Agents of other vendors run inside the cluster and are not seen: where one watches, a waiver says so.
    pub struct ThreatDetectionMissing;
}

impl Control for ThreatDetectionMissing {
    const META: Meta = Meta {
        id: "OB-04",
        name: "threat-detection-missing",
        title: "Runtime threat detection covers the cluster",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Detection],
        maps: "CIS-AKS-1.8.0:5.1.1; CIS-GKE-1.9.0:5.10.4,5.7.2; NSA-CISA-1.2:Threat detection; NIST-800-53r5:SI-4,SI-3,IR-4; PCI-DSS-4.0.1:11.5.1,5.3.4; SOC2-TSC:CC6.8,CC7.2; ISO-27001-2022:A.8.16,A.8.7; NIST-800-190:4.4.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.detection;
        whole(cluster, || Ok(judge_detection(fact.get()?).seen_in(fact)))
    }
}

fn judge_detection(detection: &Detection) -> Verdict {
    match detection {
        Detection::Whole { by } => Verdict::pass(format!("the API log and the nodes are watched by {by}")),
        Detection::Partial { by, missing } => {
            let missing = listed(missing.clone(), "; ");
            Verdict::fail(format!("{by} watches a part, but {missing}")).severity(Severity::Medium)
        }
        Detection::Off { because } => Verdict::fail(format!("threat detection does not watch it: {because}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(detection: Observed<Detection>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.detection = detection;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = ThreatDetectionMissing::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    #[test]
    fn off_is_high_a_part_is_medium_and_the_whole_passes() {
        let by = || "the detector".to_owned();
        assert_eq!(judge(known(Detection::Whole { by: by() })), Ok((State::Pass, None)));
        let missing = vec!["nodes are not watched".to_owned()];
        let medium = Ok((State::Fail, Some(Severity::Medium)));
        assert_eq!(judge(known(Detection::Partial { by: by(), missing })), medium);
        assert_eq!(judge(known(Detection::Off { because: by() })), Ok((State::Fail, None)));
    }

    #[test]
    fn unread_settings_are_a_gap() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
