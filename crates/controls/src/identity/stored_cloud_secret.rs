//! ID-02.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Credential, FactKind};

guide! {
    /// # Cluster signs in to the cloud with a stored secret
    ///
    /// ## What is checked
    /// Whether the cluster calls the cloud with an identity the provider hands out, or with a secret that somebody keeps
    /// and has to renew.
    ///
    /// ## Why it matters
    /// A secret is copied to places nobody remembers, works from anywhere, and expires at night: nodes then fail to join.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the cluster signs in with a stored secret |
    /// | pass | it uses a managed identity |
    /// | inherited | the service hands out a role or service account, and there is no other way |
    /// | unknown | the setting was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Nothing to do: an EKS cluster always has a role.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-managed-identity`, then renew the nodes:
    /// `az aks nodepool upgrade --resource-group GROUP --cluster-name NAME --name POOL --node-image-only`
    /// ### GKE
    /// Nothing to do: a GKE cluster always has a service account.
    ///
    /// ## Limits
    /// Keys of the identities themselves are ID-09's. Secrets that applications keep for the cloud are not seen here.
    pub struct StoredCloudSecret;
}

impl Control for StoredCloudSecret {
    const META: Meta = Meta {
        id: "ID-02",
        name: "stored-cloud-secret",
        title: "The cluster uses a managed identity, not a stored secret",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Credential],
        maps: "CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:IA-5,IA-9; PCI-DSS-4.0.1:8.6.3; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.17",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.credential;
            Ok(match fact.get()? {
                Credential::Inherent { what } => {
                    Verdict::inherited(format!("the service hands the cluster its identity `{what}`"))
                }
                Credential::ManagedIdentity { what } => Verdict::pass(format!("the cluster signs in as `{what}`")),
                Credential::StoredSecret { principal } => {
                    Verdict::fail(format!("the cluster signs in with a stored secret of `{principal}`"))
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

    fn judge(credential: Observed<Credential>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.credential = credential;
        let context = Context { policy: &Policy::default(), now: now() };
        StoredCloudSecret::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_secret_fails_and_a_managed_identity_passes() {
        let principal = "00000000-0000-0000-0000-000000000001".to_owned();
        assert_eq!(judge(known(Credential::StoredSecret { principal })), Ok(State::Fail));
        assert_eq!(judge(known(Credential::ManagedIdentity { what: "cluster".to_owned() })), Ok(State::Pass));
    }

    #[test]
    fn an_identity_without_an_alternative_is_inherited_and_no_merit() {
        assert_eq!(judge(known(Credential::Inherent { what: "role/cluster".to_owned() })), Ok(State::Inherited));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
