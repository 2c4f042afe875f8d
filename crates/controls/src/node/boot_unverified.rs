//! ND-12.

use crate::{node::per_pool_of_machines, quoted::listed};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Boot, Cluster, FactKind, Gap, Pool};

guide! {
    /// # Nodes do not prove what they boot
    ///
    /// ## What is checked
    /// Whether every step of a machine's boot is verified or measured: secure boot, a virtual TPM, integrity monitoring, or a
    /// system that verifies its own root.
    ///
    /// ## Why it matters
    /// Who was root on a machine once can stay there below the operating system, out of sight of everything that runs on it, and
    /// take its identity along.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a part of it is off, or a machine runs without it |
    /// | pass | all of it is on |
    /// | unknown | machines or settings were not read, or no machine runs and the image does not tell |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Use Bottlerocket (`--ami-type BOTTLEROCKET_x86_64`), which verifies its root, or an image that declares UEFI and TPM 2.0 on
    /// instance types with NitroTPM.
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --enable-secure-boot --enable-vtpm` on sizes
    /// that support Trusted Launch; else a new pool with both.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --shielded-secure-boot --shielded-integrity-monitoring`, and
    /// `gcloud container clusters update NAME --enable-shielded-nodes`.
    ///
    /// ## Limits
    /// Drivers that nobody signed (some GPUs) do not load under secure boot: accept those pools with a reason. On EKS a machine that
    /// measures its boot passes; whether anybody looks at the measurements is not read.
    pub struct BootUnverified;
}

impl Control for BootUnverified {
    const META: Meta = Meta {
        id: "ND-12",
        name: "boot-unverified",
        title: "Nodes boot verified (secure boot, vTPM, integrity monitoring)",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Boot],
        maps: "CIS-GKE-1.9.0:5.5.5,5.5.6,5.5.7; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:SI-7,SI-7(1); PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.8; ISO-27001-2022:A.8.9; NIST-800-190:4.5.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(pool)?.seen_in(&pool.machinery.boot)))
    }
}

fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.machinery.boot.get()? {
        Boot::Verified { by } => Verdict::pass(format!("machines of pool `{name}` prove what they boot: {by}")),
        Boot::Unverified { missing } => {
            let missing = listed(missing.iter().cloned(), ", ");
            Verdict::fail(format!("machines of pool `{name}` do not prove what they boot: {missing}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(boot: Option<Boot>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        match boot {
            Some(boot) => pool.machinery.boot = known(boot),
            None => pool.machinery.boot.hide(gap()),
        }
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        BootUnverified::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn one_missing_part_fails_and_an_unread_one_is_a_gap() {
        assert_eq!(judge(Some(Boot::Unverified { missing: vec!["secure boot is off".to_owned()] })), Ok(State::Fail));
        assert_eq!(judge(Some(Boot::Verified { by: "secure boot".to_owned() })), Ok(State::Pass));
        assert_eq!(judge(None), Err(gap()));
    }
}
