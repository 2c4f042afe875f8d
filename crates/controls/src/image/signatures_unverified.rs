//! IM-05.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, ImageAdmission};

guide! {
    /// # Any image runs, whoever built it
    ///
    /// ## What is checked
    /// Whether the provider's own admission asks images for a signature or an attestation before they run, and turns away
    /// those without.
    ///
    /// ## Why it matters
    /// Without it the registry decides what runs: who can write a tag, or name another registry, runs code that no pipeline
    /// built and nobody reviewed.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | it is off, lets everything pass, or only writes down what it would have turned away |
    /// | pass | images without an attestation are turned away |
    /// | unknown | the settings were not read, or the decision is made inside the cluster, where this version does not look |
    ///
    /// ## Remediation
    /// ### EKS
    /// There is no switch of EKS: install an admission controller (Kyverno `verifyImages`, the Sigstore policy controller,
    /// Ratify) and sign in the pipeline with AWS Signer or cosign.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-defender` and gated deployment in Defender for Cloud; or assign the
    /// image integrity initiative of Azure Policy with Ratify.
    /// ### GKE
    /// `gcloud container clusters update NAME --location LOCATION --binauthz-evaluation-mode
    /// PROJECT_SINGLETON_POLICY_ENFORCE`, then `gcloud container binauthz policy import policy.yaml` with
    /// `evaluationMode: REQUIRE_ATTESTATION` and `enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG`
    ///
    /// ## Limits
    /// Admission controllers inside the cluster are not seen: on EKS there is nothing else, and on AKS nothing else is read
    /// where gated deployment is off. Whose attestation is asked for, and which images are exempt, is not judged.
    pub struct SignaturesUnverified;
}

impl Control for SignaturesUnverified {
    const META: Meta = Meta {
        id: "IM-05",
        name: "signatures-unverified",
        title: "Signature or provenance is verified at admission",
        concern: Concern::None,
        layer: Layer::Container,
        dimension: Dimension::CiCd,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::ImageAdmission],
        maps: "CIS-GKE-1.9.0:5.1.4,4.5.1; CIS-K8S-2.0.1:5.5.1; NSA-CISA-1.2:Pod security; NIST-800-53r5:SI-7,SI-7(15),CM-7(5); PCI-DSS-4.0.1:6.3.2; SOC2-TSC:CC6.8,CC8.1; ISO-27001-2022:A.8.19,A.5.21; NIST-800-190:4.1.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.image_admission;
        whole(cluster, || Ok(judge_admission(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_admission(admission: &ImageAdmission) -> Result<Verdict, Gap> {
    Ok(match admission {
        ImageAdmission::Enforced { by } => {
            Verdict::pass(format!("images without an attestation are turned away by {by}"))
        }
        ImageAdmission::Toothless { because } => Verdict::fail(format!("every image runs: {because}")),
        ImageAdmission::Off { because } => {
            Verdict::fail(format!("no image has to prove where it comes from: {because}"))
        }
        ImageAdmission::Inside { what } => return Err(Gap::NotCollected { what: what.clone() }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(admission: Observed<ImageAdmission>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.image_admission = admission;
        let context = Context { policy: &Policy::default(), now: now() };
        SignaturesUnverified::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_policy_that_lets_everything_pass_is_as_good_as_none() {
        let why = || "the policy".to_owned();
        assert_eq!(judge(known(ImageAdmission::Enforced { by: why() })), Ok(State::Pass));
        assert_eq!(judge(known(ImageAdmission::Toothless { because: why() })), Ok(State::Fail));
        assert_eq!(judge(known(ImageAdmission::Off { because: why() })), Ok(State::Fail));
    }

    #[test]
    fn what_is_decided_inside_the_cluster_is_a_gap() {
        let what = "not read".to_owned();
        let inside = judge(known(ImageAdmission::Inside { what }));
        assert!(matches!(inside, Err(Gap::NotCollected { .. })));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
