//! ET-08.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Coverage, Encryption, FactKind, Gap, Progress};

guide! {
    /// # Secrets lie in etcd without encryption of their own
    ///
    /// ## What is checked
    /// Whether Secrets are encrypted with a key of their own before they are written to etcd. The encryption of the disk
    /// below does not count.
    ///
    /// ## Why it matters
    /// Disk encryption is transparent to whoever gets a snapshot or a backup of the database. With a key of its own, a copy
    /// without the key is worth nothing.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | nothing is encrypted above the disk |
    /// | pass | Secrets, or all objects, are encrypted, and the provider has finished |
    /// | unknown | the setting was not read, or a change is still under way or has failed (ET-15 judges that) |
    ///
    /// ## Remediation
    /// ### EKS
    /// From 1.28 every object is encrypted without any setting: upgrade. Before that: `aws eks associate-encryption-config
    /// --cluster-name NAME --encryption-config '[{"resources":["secrets"],"provider":{"keyArn":"KEY"}}]'`, which cannot be
    /// undone.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --kms-infrastructure-encryption Enabled` (from 1.33), or with your
    /// own key `az aks update --resource-group GROUP --name NAME --enable-azure-keyvault-kms --azure-keyvault-kms-key-id KEY`
    /// ### GKE
    /// `gcloud container clusters update NAME --database-encryption-key KEY`
    ///
    /// ## Limits
    /// Whether objects that were written before are encrypted too is ET-15's; whose key it is, ET-09's.
    pub struct SecretsUnencrypted;
}

impl Control for SecretsUnencrypted {
    const META: Meta = Meta {
        id: "ET-08",
        name: "secrets-unencrypted",
        title: "Secrets are envelope-encrypted in etcd",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Encryption],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; CIS-K8S-2.0.1:1.2.27,1.2.28; NSA-CISA-1.2:Encryption,Secrets; NIST-800-53r5:SC-28,SC-28(1),SC-12; PCI-DSS-4.0.1:3.5.1,8.3.2; SOC2-TSC:CC6.1,C1.1; ISO-27001-2022:A.8.24; AWS-FSBP:EKS.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.encryption;
        whole(cluster, || Ok(judge_encryption(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_encryption(encryption: &Encryption) -> Result<Verdict, Gap> {
    let because = &encryption.because;
    let unsettled = |state| Gap::Unsettled { what: format!("Secrets may not be encrypted yet: {because}; {state}") };
    match (encryption.coverage, &encryption.progress) {
        (Coverage::Nothing, _) => Ok(Verdict::fail(format!("Secrets are not encrypted above the disk: {because}"))),
        (Coverage::Secrets | Coverage::AllObjects, Progress::Settled) => Ok(Verdict::pass(because.clone())),
        (Coverage::Secrets | Coverage::AllObjects, Progress::Pending { state, .. }) => {
            Err(unsettled(format!("the provider is at `{state}`")))
        }
        (Coverage::Secrets | Coverage::AllObjects, Progress::Failed { why }) => {
            Err(unsettled(format!("the provider gave up: `{why}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{KeyOwner, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, change: impl FnOnce(&mut Encryption)) -> Result<State, Gap> {
        let mut cluster = tidy(provider);
        let mut encryption = cluster.encryption.get().unwrap().clone();
        change(&mut encryption);
        cluster.encryption = known(encryption);
        let context = Context { policy: &Policy::default(), now: now() };
        SecretsUnencrypted::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn disk_encryption_alone_fails_whatever_is_under_way() {
        assert_eq!(judge(Provider::Azure, |encryption| encryption.coverage = Coverage::Nothing), Ok(State::Fail));
    }

    #[test]
    fn the_providers_key_is_enough_and_so_are_all_objects() {
        for coverage in [Coverage::Secrets, Coverage::AllObjects] {
            let default = |encryption: &mut Encryption| {
                (encryption.coverage, encryption.owner) = (coverage, KeyOwner::Provider);
            };
            assert_eq!(judge(Provider::Aws, default), Ok(State::Pass), "{coverage:?}");
        }
    }

    #[test]
    fn an_unfinished_change_is_not_yet_an_encryption() {
        let pending = Progress::Pending { state: "ENCRYPTION_PENDING".to_owned(), since: None };
        for progress in [pending, Progress::Failed { why: "no permission".to_owned() }] {
            let verdict = judge(Provider::Gcp, |encryption| encryption.progress = progress);
            assert!(matches!(verdict, Err(Gap::Unsettled { .. })), "{verdict:?}");
        }
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        let mut cluster = tidy(Provider::Aws);
        cluster.encryption = Observed::missing(gap());
        let context = Context { policy: &Policy::default(), now: now() };
        assert_eq!(SecretsUnencrypted::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
