//! WL-09.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, SecretStore};

guide! {
    /// # Secrets of applications are kept in the cluster
    ///
    /// ## What is checked
    /// Whether the cluster is connected to a store for secrets outside it, whether a changed secret reaches running pods, and what
    /// the policy's `secrets_kept_outside` says of the workloads.
    ///
    /// ## Why it matters
    /// Values in environment variables and ConfigMaps show in descriptions, logs and crash reports, and stay in etcd and in backups
    /// long after they were changed.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a store is connected, and its secrets do not rotate; or the policy says that secrets are kept inside |
    /// | pass | a store is connected, rotates, and the policy says that workloads take their secrets from it |
    /// | attest missing | whether workloads take their secrets from a store, a person has to say |
    /// | unknown | the setting was not read, or whether secrets rotate is not told |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks create-addon --cluster-name NAME --addon-name aws-secrets-store-csi-driver-provider`, with rotation switched on in its
    /// values; then mount secrets as files.
    /// ### AKS
    /// `az aks enable-addons --resource-group GROUP --name NAME --addons azure-keyvault-secrets-provider --enable-secret-rotation`
    /// ### GKE
    /// `gcloud container clusters update NAME --enable-secret-manager --enable-secret-manager-rotation`
    ///
    /// ## Limits
    /// Environment variables and ConfigMaps are inside the cluster and not read: no verdict about them is given without a person's
    /// word. Secrets that are synchronised into the cluster are in etcd again (ET-08). A store that somebody installed is not seen.
    pub struct SecretsInTheCluster;
}

impl Control for SecretsInTheCluster {
    const META: Meta = Meta {
        id: "WL-09",
        name: "secrets-in-the-cluster",
        title: "Application secrets live in an external store and are not in env or ConfigMaps",
        concern: Concern::None,
        layer: Layer::Container,
        dimension: Dimension::Applications,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::SecretStore],
        maps: "CIS-EKS-2.0.0:4.4.1,4.4.2; CIS-EKS-1.8.0:4.4.1,4.4.2; CIS-AKS-1.8.0:4.5.1,4.5.2; CIS-GKE-1.9.0:4.4.1,4.4.2; CIS-K8S-2.0.1:5.4.1,5.4.2; NSA-CISA-1.2:Secrets; NIST-800-53r5:IA-5,SC-28; PCI-DSS-4.0.1:8.6.2,3.5.1; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.17,A.8.24; NIST-800-190:4.1.4",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.platform.secret_store;
            Ok(judge_store(fact.get()?, context.policy.secrets_kept_outside)?.seen_in(fact))
        })
    }
}

fn judge_store(store: &SecretStore, kept_outside: Option<bool>) -> Result<Verdict, Gap> {
    let (said, rotates) = match store {
        SecretStore::Connected { by, rotates } => (format!("{by} is connected"), *rotates),
        SecretStore::NotConnected { because } => (format!("no store is seen: {because}"), Some(true)),
    };
    if rotates == Some(false) {
        return Ok(Verdict::fail(format!("{said}, and a changed secret does not reach running pods")));
    }
    match (kept_outside, rotates) {
        (Some(false), _) => {
            Ok(Verdict::fail(format!("the policy says that workloads keep their secrets in the cluster; {said}")))
        }
        (None, _) => {
            Ok(Verdict::attest_missing(format!("{said}; say whether workloads take their secrets from a store")))
        }
        (Some(true), Some(_)) => {
            Ok(Verdict::pass(format!("the policy says that workloads take their secrets from a store; {said}")))
        }
        (Some(true), None) => Err(Gap::Unsettled { what: format!("{said}; whether its secrets rotate is not told") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(store: Option<SecretStore>, secrets_kept_outside: Option<bool>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        match store {
            Some(store) => cluster.platform.secret_store = known(store),
            None => cluster.platform.secret_store.hide(gap()),
        }
        let policy = Policy { secrets_kept_outside, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        SecretsInTheCluster::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn connected(rotates: Option<bool>) -> SecretStore {
        SecretStore::Connected { by: "Key Vault".to_owned(), rotates }
    }

    #[test]
    fn a_store_that_does_not_rotate_fails_whatever_a_person_says() {
        for said in [None, Some(true), Some(false)] {
            assert_eq!(judge(Some(connected(Some(false))), said), Ok(State::Fail));
        }
    }

    #[test]
    fn what_workloads_do_a_person_has_to_say() {
        assert_eq!(judge(Some(connected(Some(true))), None), Ok(State::AttestMissing));
        assert_eq!(judge(Some(connected(Some(true))), Some(true)), Ok(State::Pass));
        assert_eq!(judge(Some(connected(Some(true))), Some(false)), Ok(State::Fail));
        let elsewhere = || Some(SecretStore::NotConnected { because: "no add-on".to_owned() });
        assert_eq!(judge(elsewhere(), None), Ok(State::AttestMissing));
        assert_eq!(judge(elsewhere(), Some(true)), Ok(State::Pass));
    }

    #[test]
    fn a_rotation_nobody_tells_of_is_no_pass() {
        assert!(matches!(judge(Some(connected(None)), Some(true)), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(None, Some(true)), Err(gap()));
    }
}
