//! ID-05.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, WorkloadIdentity};

guide! {
    /// # Pods have no way to cloud rights of their own
    ///
    /// ## What is checked
    /// Whether a pod can exchange its service account token for a cloud identity of its own, with every part in place,
    /// and whether a retired mechanism is still in use.
    ///
    /// ## Why it matters
    /// Without it, pods act as the node they run on, all of them alike, or carry keys that never expire. It is the one way
    /// to take rights off the nodes.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | it is not enabled, a part of it is missing, or a legacy mechanism is active |
    /// | pass | it is enabled; whether every workload uses it is not seen from the cloud |
    /// | unknown | the settings were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks create-addon --cluster-name NAME --addon-name eks-pod-identity-agent`, or `eksctl utils
    /// associate-iam-oidc-provider --cluster NAME --approve`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-oidc-issuer --enable-workload-identity`; after the
    /// workloads have moved, `az aks update --resource-group GROUP --name NAME --disable-pod-identity`
    /// ### GKE
    /// `gcloud container clusters update NAME --workload-pool=PROJECT.svc.id.goog`, then each pool: `gcloud container
    /// node-pools update POOL --cluster NAME --workload-metadata=GKE_METADATA`
    ///
    /// ## Limits
    /// An issuer alone is not enough on EKS (it always exists) and none of this says who uses it: what is bound to pods is
    /// ID-08's, keys in use beside it are ID-09's. Mechanisms installed inside the cluster (kiam, kube2iam) are not seen.
    pub struct WorkloadIdentityMissing;
}

impl Control for WorkloadIdentityMissing {
    const META: Meta = Meta {
        id: "ID-05",
        name: "workload-identity-missing",
        title: "Pods get cloud rights through workload identity federation",
        concern: Concern::CloudApiIam,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::WorkloadIdentity],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure,Authentication; NIST-800-53r5:IA-9,AC-6,IA-5; PCI-DSS-4.0.1:7.2.5,8.6.3; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.16,A.8.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.workload_identity;
            Ok(match fact.get()? {
                WorkloadIdentity::Enabled { how } => Verdict::pass(format!(
                    "pods can have cloud rights of their own by `{how}`; whether each uses it is not seen from here"
                )),
                WorkloadIdentity::Disabled { missing } => {
                    Verdict::fail(format!("pods cannot have cloud rights of their own: {missing}"))
                }
                WorkloadIdentity::Legacy { what } => {
                    Verdict::fail(format!("pods get cloud rights by a mechanism that should be gone: `{what}`"))
                }
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(identity: Observed<WorkloadIdentity>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.workload_identity = identity;
        let context = Context { policy: &Policy::default(), now: now() };
        WorkloadIdentityMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_missing_part_and_a_legacy_mechanism_fail() {
        let missing = "no IAM OIDC provider matches the issuer".to_owned();
        assert_eq!(judge(known(WorkloadIdentity::Disabled { missing })), Ok(State::Fail));
        let what = "podIdentityProfile".to_owned();
        assert_eq!(judge(known(WorkloadIdentity::Legacy { what })), Ok(State::Fail));
    }

    #[test]
    fn an_enabled_mechanism_passes_with_a_note_and_an_unread_one_is_a_gap() {
        assert_eq!(judge(known(WorkloadIdentity::Enabled { how: "federation".to_owned() })), Ok(State::Pass));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
