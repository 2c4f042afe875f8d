//! ET-09.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Encryption, FactKind, Gap, KeyOwner, Progress};

guide! {
    /// # Your own encryption key is demanded and not there
    ///
    /// ## What is checked
    /// Whose key encrypts the content of etcd, against what the policy's `customer_key` demands.
    ///
    /// ## Why it matters
    /// With your own key you can see each use and end them all. Some rules demand it. It is no weakness by itself to leave
    /// the key to the provider, so nothing is demanded unless you say so.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the policy demands your own key and another's, or none, encrypts |
    /// | pass | your own key encrypts, or the policy says that the provider's suffices and it does |
    /// | unknown | the setting was not read, or your own key is configured and the provider has not finished or gave up (ET-15) |
    /// | not applicable | the policy does not say, and your own key is not used; or the provider's suffices and nothing is encrypted (ET-08) |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks associate-encryption-config --cluster-name NAME --encryption-config
    /// '[{"resources":["secrets"],"provider":{"keyArn":"KEY"}}]'`. This cannot be undone; from 1.28 the key then protects
    /// every object.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-azure-keyvault-kms --azure-keyvault-kms-key-id KEY`; the
    /// cluster needs a user-assigned identity.
    /// ### GKE
    /// `gcloud container clusters update NAME --database-encryption-key KEY`
    ///
    /// ## Limits
    /// One demand holds for every cluster of a run: data classes are not known to this version.
    pub struct CustomerKeyMissing;
}

impl Control for CustomerKeyMissing {
    const META: Meta = Meta {
        id: "ET-09",
        name: "customer-key-missing",
        title: "The key is customer-managed where policy demands it",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Encryption],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-12,SC-12(1); PCI-DSS-4.0.1:3.6.1,3.7.1; SOC2-TSC:CC6.1,C1.1; ISO-27001-2022:A.8.24; AWS-FSBP:EKS.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.encryption;
            Ok(judge_owner(fact.get()?, context.policy.customer_key)?.seen_in(fact))
        })
    }
}

fn judge_owner(encryption: &Encryption, demanded: Option<bool>) -> Result<Verdict, Gap> {
    let owner = &encryption.owner;
    let said = match owner {
        KeyOwner::Nobody => "no key encrypts above the disk".to_owned(),
        KeyOwner::Provider => "the provider's own key encrypts".to_owned(),
        KeyOwner::ProviderManaged { key } => format!("the key `{key}` that the provider manages encrypts"),
        KeyOwner::Customer { key } => format!("your own key `{key}` encrypts"),
    };
    if let (KeyOwner::Customer { key }, Progress::Pending { state: word, .. } | Progress::Failed { why: word }) =
        (owner, &encryption.progress)
    {
        return Err(Gap::Unsettled {
            what: format!("your own key `{key}` is configured; whether it encrypts is not settled: `{word}`"),
        });
    }
    Ok(match (owner, demanded) {
        (KeyOwner::Customer { .. }, Some(_)) => Verdict::pass(said),
        (KeyOwner::Customer { .. }, None) => Verdict::pass(format!("{said}, though nobody has said whether it must")),
        (KeyOwner::Nobody | KeyOwner::Provider | KeyOwner::ProviderManaged { .. }, Some(true)) => {
            Verdict::fail(format!("{said}, and the policy demands your own"))
        }
        (KeyOwner::Provider | KeyOwner::ProviderManaged { .. }, Some(false)) => {
            Verdict::pass(format!("{said}, which the policy says suffices"))
        }
        (KeyOwner::Nobody, Some(false)) => {
            Verdict::not_applicable(format!("{said}, and the policy demands none of yours"))
        }
        (KeyOwner::Nobody | KeyOwner::Provider | KeyOwner::ProviderManaged { .. }, None) => {
            Verdict::not_applicable(format!("{said}; nobody has demanded your own"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(owner: Option<KeyOwner>, customer_key: Option<bool>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        match owner {
            Some(owner) => {
                let mut encryption = cluster.encryption.get().unwrap().clone();
                encryption.owner = owner;
                cluster.encryption = known(encryption);
            }
            None => cluster.encryption.hide(gap()),
        }
        let policy = Policy { customer_key, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        CustomerKeyMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn only_your_own_key_meets_the_demand_for_it() {
        let managed = KeyOwner::ProviderManaged { key: "alias/aws/eks".to_owned() };
        for owner in [KeyOwner::Nobody, KeyOwner::Provider, managed] {
            assert_eq!(judge(Some(owner), Some(true)), Ok(State::Fail));
        }
        assert_eq!(judge(Some(KeyOwner::Customer { key: "key-1".to_owned() }), Some(true)), Ok(State::Pass));
    }

    #[test]
    fn the_providers_key_passes_where_the_policy_says_that_it_suffices() {
        assert_eq!(judge(Some(KeyOwner::Provider), Some(false)), Ok(State::Pass));
        assert_eq!(judge(Some(KeyOwner::Nobody), Some(false)), Ok(State::NotApplicable));
    }

    #[test]
    fn what_nobody_demanded_is_no_failure_and_an_own_key_is_still_noted() {
        assert_eq!(judge(Some(KeyOwner::Provider), None), Ok(State::NotApplicable));
        assert_eq!(judge(Some(KeyOwner::Customer { key: "key-1".to_owned() }), None), Ok(State::Pass));
    }

    #[test]
    fn an_own_key_that_does_not_encrypt_yet_is_no_pass_and_anothers_still_fails() {
        let judge = |owner: KeyOwner, progress: Progress| {
            let mut cluster = tidy(Provider::Gcp);
            let mut encryption = cluster.encryption.get().unwrap().clone();
            (encryption.owner, encryption.progress) = (owner, progress);
            cluster.encryption = known(encryption);
            let policy = Policy { customer_key: Some(true), ..Policy::default() };
            let context = Context { policy: &policy, now: now() };
            CustomerKeyMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
        };
        let pending = || Progress::Pending { state: "ENCRYPTION_PENDING".to_owned(), since: None };
        for progress in [pending(), Progress::Failed { why: "no permission".to_owned() }] {
            let verdict = judge(KeyOwner::Customer { key: "key-1".to_owned() }, progress);
            assert!(matches!(verdict, Err(Gap::Unsettled { .. })), "{verdict:?}");
        }
        assert_eq!(judge(KeyOwner::Provider, pending()), Ok(State::Fail));
    }

    #[test]
    fn an_unread_setting_is_a_gap_whatever_is_demanded() {
        for demanded in [None, Some(true), Some(false)] {
            assert_eq!(judge(None, demanded), Err(gap()));
        }
    }
}
