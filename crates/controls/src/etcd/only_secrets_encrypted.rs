//! ET-10.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Coverage, Encryption, FactKind, Gap, Progress, Provider};

guide! {
    /// # Only Secrets are encrypted where everything should be
    ///
    /// ## What is checked
    /// Whether the encryption of etcd's content covers every object, where the policy's `all_objects` demands that.
    ///
    /// ## Why it matters
    /// Passwords and tokens stand in ConfigMaps and custom resources more often than anybody admits.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the policy demands every object, and Secrets alone or nothing is encrypted |
    /// | pass | every object is encrypted, and the provider has finished |
    /// | unknown | the setting was not read, or the change to every object is not finished |
    /// | not applicable | the policy does not demand it, or AKS offers no such option |
    ///
    /// ## Remediation
    /// ### EKS
    /// Upgrade to 1.28 or later, where every object is encrypted: `aws eks update-cluster-version --name NAME
    /// --kubernetes-version VERSION`
    /// ### AKS
    /// Nothing to do: no option for other objects than Secrets is documented. Move what is secret into Secrets.
    /// ### GKE
    /// Choose the encryption of all objects in `gcloud container clusters update NAME` (see its `--help` for the option's
    /// name in your version).
    ///
    /// ## Limits
    /// GKE promises that objects are encrypted eventually, not when: its word for the state is taken.
    pub struct OnlySecretsEncrypted;
}

impl Control for OnlySecretsEncrypted {
    const META: Meta = Meta {
        id: "ET-10",
        name: "only-secrets-encrypted",
        title: "Encryption covers all API objects, not only Secrets",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Low,
        effort: Effort::S,
        needs: &[FactKind::Encryption],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; CIS-K8S-2.0.1:1.2.28; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-28(1); PCI-DSS-4.0.1:3.5.1; SOC2-TSC:C1.1; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.encryption;
        whole(cluster, || Ok(judge_coverage(cluster.provider, fact.get()?, context.policy.all_objects)?.seen_in(fact)))
    }
}

fn judge_coverage(provider: Provider, encryption: &Encryption, demanded: bool) -> Result<Verdict, Gap> {
    let because = &encryption.because;
    match (encryption.coverage, &encryption.progress, provider) {
        (Coverage::AllObjects, Progress::Settled, _) => Ok(Verdict::pass(because.clone())),
        (Coverage::AllObjects, Progress::Pending { state: word, .. } | Progress::Failed { why: word }, _) => {
            Err(Gap::Unsettled { what: format!("not every object may be encrypted yet: {because}; `{word}`") })
        }
        (Coverage::Nothing | Coverage::Secrets, _, Provider::Azure) => {
            Ok(Verdict::not_applicable("AKS documents no encryption of other objects than Secrets"))
        }
        (Coverage::Nothing | Coverage::Secrets, _, Provider::Aws | Provider::Gcp | Provider::Kubernetes)
            if demanded =>
        {
            Ok(Verdict::fail(format!("the policy demands every object encrypted: {because}")))
        }
        (Coverage::Nothing | Coverage::Secrets, _, Provider::Aws | Provider::Gcp | Provider::Kubernetes) => {
            Ok(Verdict::not_applicable("the policy does not demand that every object be encrypted"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, all_objects: bool, change: impl FnOnce(&mut Encryption)) -> Result<State, Gap> {
        let mut cluster = tidy(provider);
        let mut encryption = cluster.encryption.get().unwrap().clone();
        change(&mut encryption);
        cluster.encryption = known(encryption);
        let policy = Policy { all_objects, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        OnlySecretsEncrypted::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn secrets(encryption: &mut Encryption) {
        encryption.coverage = Coverage::Secrets;
    }

    #[test]
    fn secrets_alone_fail_only_where_everything_is_demanded() {
        assert_eq!(judge(Provider::Gcp, true, secrets), Ok(State::Fail));
        assert_eq!(judge(Provider::Gcp, false, secrets), Ok(State::NotApplicable));
    }

    #[test]
    fn aks_has_no_such_option_and_is_not_blamed() {
        assert_eq!(judge(Provider::Azure, true, secrets), Ok(State::NotApplicable));
    }

    #[test]
    fn every_object_passes_once_the_provider_has_finished() {
        assert_eq!(judge(Provider::Gcp, false, |_| ()), Ok(State::Pass));
        let pending = Progress::Pending { state: "ALL_OBJECTS_ENCRYPTION_PENDING".to_owned(), since: None };
        let verdict = judge(Provider::Gcp, true, |encryption| encryption.progress = pending);
        assert!(matches!(verdict, Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        let mut cluster = tidy(Provider::Aws);
        cluster.encryption.hide(gap());
        let context = Context { policy: &Policy::default(), now: now() };
        assert_eq!(OnlySecretsEncrypted::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
