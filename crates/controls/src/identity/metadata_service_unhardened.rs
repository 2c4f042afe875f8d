//! ID-06.

use crate::identity::per_metadata_service;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Metadata, Pool, Provider};

guide! {
    /// # Metadata service answers without its protection
    ///
    /// ## What is checked
    /// For each pool of machines, whether the cloud's metadata service runs in the mode the provider hardened: tokens
    /// required on EKS, the GKE metadata server, access for pods restricted on AKS.
    ///
    /// ## Why it matters
    /// The service hands the node's credentials to whoever asks. Unhardened, one request that an application can be
    /// talked into is enough to read them.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | the pool's service runs in another mode |
    /// | fail, medium | the same on AKS, where only a preview feature closes it |
    /// | pass | it runs in its hardened mode |
    /// | unknown | the mode was not read, or the API version does not show it |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ec2 modify-instance-metadata-options --instance-id INSTANCE --http-tokens required` for what runs, and
    /// `HttpTokens=required` under `MetadataOptions` in the launch template for what comes.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-imds-restriction` (preview; several add-ons, Azure
    /// Policy and Container Insights among them, do not work with it)
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --workload-metadata=GKE_METADATA`, each pool on its own.
    ///
    /// ## Limits
    /// Who can still get at the credentials in the hardened mode is ID-07's.
    pub struct MetadataServiceUnhardened;
}

impl Control for MetadataServiceUnhardened {
    const META: Meta = Meta {
        id: "ID-06",
        name: "metadata-service-unhardened",
        title: "Metadata service runs in its hardened mode on every pool",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Metadata],
        maps: "CIS-GKE-1.9.0:5.4.1; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-3,AC-6,SC-7; PCI-DSS-4.0.1:2.2.5,7.2.5; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.3,A.8.9",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_metadata_service(cluster, |pool, metadata| judge_service(cluster.provider, pool, metadata))
    }
}

fn judge_service(provider: Provider, pool: &Pool, metadata: &Metadata) -> Verdict {
    let said = format!("the metadata service of pool `{}` runs as `{}`", pool.name, metadata.mode);
    if metadata.hardened {
        return Verdict::pass(said);
    }
    let severity = match provider {
        Provider::Azure => Severity::Medium,
        Provider::Aws | Provider::Gcp | Provider::Kubernetes => Severity::High,
    };
    Verdict::fail(format!("{said}, without its protection")).severity(severity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, PodAccess, PoolKind};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, change: impl FnOnce(&mut Pool)) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(provider);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = MetadataServiceUnhardened::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn unhardened(pool: &mut Pool) {
        let pods = PodAccess::Blocked { because: "a policy".to_owned() };
        pool.metadata = known(Metadata { hardened: false, mode: "optional".to_owned(), pods });
    }

    #[test]
    fn another_mode_is_high_and_medium_where_only_a_preview_closes_it() {
        assert_eq!(judge(Provider::Aws, unhardened), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(judge(Provider::Gcp, unhardened), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(judge(Provider::Azure, unhardened), Ok((State::Fail, Some(Severity::Medium))));
    }

    #[test]
    fn the_hardened_mode_passes_and_a_mode_that_is_not_shown_is_a_gap() {
        assert_eq!(judge(Provider::Aws, |_| ()), Ok((State::Pass, None)));
        assert_eq!(judge(Provider::Azure, |pool| pool.metadata.hide(gap())), Err(gap()));
    }

    #[test]
    fn a_serverless_pool_is_not_asked_although_its_facts_are_missing() {
        let serverless = |pool: &mut Pool| {
            pool.kind = PoolKind::Serverless;
            pool.metadata.hide(gap());
        };
        assert_eq!(judge(Provider::Aws, serverless), Ok((State::NotApplicable, None)));
    }
}
