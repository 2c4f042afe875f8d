//! ND-13.

use crate::{
    node::per_pool_of_machines,
    quoted::{listed, quoted},
};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, DiskKey, FactKind, Gap, Pool};

guide! {
    /// # Node disks are not encrypted, or not with your key
    ///
    /// ## What is checked
    /// Whether the disks and caches of a pool's machines are encrypted, and with whose key, against what the policy's
    /// `require_own_disk_key` demands.
    ///
    /// ## Why it matters
    /// A node's disk holds images, logs, scratch space of pods and the secrets that were mounted into them. It outlives the machine
    /// in snapshots and in broken drives.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a disk or a cache is not encrypted, or the policy demands your own key and another encrypts |
    /// | pass | everything is encrypted, with your own key where the policy demands it |
    /// | unknown | disks were not read, or the policy demands your own key and whose the key is cannot be told |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ec2 enable-ebs-encryption-by-default`, and `aws ec2 modify-ebs-default-kms-key-id --kms-key-id KEY` for your own key;
    /// then replace the machines, because disks are encrypted when they are made.
    /// ### AKS
    /// Make a new pool: `az aks nodepool add --resource-group GROUP --cluster-name NAME --name NEW --enable-encryption-at-host`. Your
    /// own key is chosen when the cluster is made: `--node-osdisk-diskencryptionset-id ID`.
    /// ### GKE
    /// Disks are always encrypted. For your own key make a new pool: `gcloud container node-pools create NEW --cluster NAME
    /// --boot-disk-kms-key KEY`.
    ///
    /// ## Limits
    /// Volumes that pods claim are BK-04's. On EKS a key of a disk may be yours or Amazon's `aws/ebs`; which one is not read.
    pub struct DisksUnencrypted;
}

impl Control for DisksUnencrypted {
    const META: Meta = Meta {
        id: "ND-13",
        name: "disks-unencrypted",
        title: "Node disks and caches are encrypted, with own key where required",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::StorageAndBackup,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Disks],
        maps: "CIS-GKE-1.9.0:5.9.2; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-28,SC-28(1); PCI-DSS-4.0.1:3.5.1; SOC2-TSC:CC6.1,C1.1; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| {
            Ok(judge_pool(pool, context.policy.own_disk_key)?.seen_in(&pool.machinery.disks))
        })
    }
}

fn judge_pool(pool: &Pool, demanded: Option<bool>) -> Result<Verdict, Gap> {
    let name = &pool.name;
    let disks = pool.machinery.disks.get()?;
    if !disks.plain.is_empty() {
        let plain = listed(disks.plain.iter().cloned(), ", ");
        return Ok(Verdict::fail(format!("pool `{name}` keeps data unencrypted: {plain}")));
    }
    let because = &disks.because;
    match (&disks.key, demanded) {
        (DiskKey::Own { keys }, _) => {
            Ok(Verdict::pass(format!("pool `{name}` encrypts its disks with your own key {}", quoted(keys))))
        }
        (DiskKey::Provider, Some(true)) => Ok(Verdict::fail(format!(
            "pool `{name}` encrypts its disks with the provider's key, and the policy demands your own: {because}"
        ))),
        (DiskKey::Untold { keys }, Some(true)) => {
            let what = format!("whose the keys {} are is not read, and the policy demands your own", quoted(keys));
            Err(Gap::Unsettled { what })
        }
        (DiskKey::Provider | DiskKey::Untold { .. }, Some(false) | None) => {
            Ok(Verdict::pass(format!("pool `{name}` encrypts its disks: {because}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Disks, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(disks: Option<(&[&str], DiskKey)>, own_disk_key: Option<bool>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        match disks {
            Some((plain, key)) => {
                let plain = plain.iter().map(ToString::to_string).collect();
                pool.machinery.disks = known(Disks { plain, key, because: "setting".to_owned() });
            }
            None => pool.machinery.disks.hide(gap()),
        }
        cluster.pools = known(vec![pool]);
        let policy = Policy { own_disk_key, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        DisksUnencrypted::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_plain_cache_fails_whatever_key_the_rest_has() {
        let own = DiskKey::Own { keys: vec!["key-1".to_owned()] };
        assert_eq!(judge(Some((&["caches of the host"], own)), None), Ok(State::Fail));
    }

    #[test]
    fn the_providers_key_is_no_weakness_until_the_policy_demands_your_own() {
        for (demanded, state) in [(None, State::Pass), (Some(false), State::Pass), (Some(true), State::Fail)] {
            assert_eq!(judge(Some((&[], DiskKey::Provider)), demanded), Ok(state));
        }
        let untold = || DiskKey::Untold { keys: vec!["key-1".to_owned()] };
        assert_eq!(judge(Some((&[], untold())), None), Ok(State::Pass));
        assert!(matches!(judge(Some((&[], untold())), Some(true)), Err(Gap::Unsettled { .. })));
        let own = DiskKey::Own { keys: vec!["key-1".to_owned()] };
        assert_eq!(judge(Some((&[], own)), Some(true)), Ok(State::Pass));
    }

    #[test]
    fn disks_nobody_read_are_a_gap() {
        assert_eq!(judge(None, None), Err(gap()));
    }
}
