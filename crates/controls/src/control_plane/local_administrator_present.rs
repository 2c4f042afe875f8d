//! CP-10.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, LocalCredential};

guide! {
    /// # A static administrator stands beside the directory
    ///
    /// ## What is checked
    /// Whether the cluster has an administrator that belongs to no person: a local account with a client certificate, or a
    /// password.
    ///
    /// ## Why it matters
    /// Whoever once held the file is an administrator until the certificate authority of the cluster changes. No leaver is
    /// locked out of it, no second factor stands before it, and the log names nobody.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | there is a local account, a client certificate or a password |
    /// | pass | it is switched off |
    /// | inherited | the provider has no such credential: every request is signed by its own IAM |
    /// | unknown | the setting was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// There is nothing to do: EKS has no static administrator.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --disable-local-accounts`, then `az aks rotate-certs
    /// --resource-group GROUP --name NAME`: files that were handed out before work until then.
    /// ### GKE
    /// It cannot be taken away in place: `gcloud container clusters update NAME --start-credential-rotation`, then
    /// `--complete-credential-rotation`.
    ///
    /// ## Limits
    /// Whether certificates were rotated after local accounts were switched off is not told by any read call. A certificate
    /// that somebody signed inside the cluster is not seen.
    pub struct LocalAdministratorPresent;
}

impl Control for LocalAdministratorPresent {
    const META: Meta = Meta {
        id: "CP-10",
        name: "local-administrator-present",
        title: "No static local administrator credential",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::LocalCredential],
        maps: "CIS-AKS-1.8.0:5.5.1; CIS-GKE-1.9.0:5.8.1; CIS-K8S-2.0.1:3.1.1,5.1.7; NSA-CISA-1.2:Authentication; NIST-800-53r5:AC-2,IA-2,IA-5; PCI-DSS-4.0.1:8.2.1,8.2.2; SOC2-TSC:CC6.1,CC6.2; ISO-27001-2022:A.5.17,A.8.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.access.local_credential;
        whole(cluster, || Ok(judge_credential(fact.get()?).seen_in(fact)))
    }
}

fn judge_credential(credential: &LocalCredential) -> Verdict {
    match credential {
        LocalCredential::NotOffered { because } => Verdict::inherited(because.clone()),
        LocalCredential::Off { because } => Verdict::pass(because.clone()),
        LocalCredential::Present { because } => Verdict::fail(format!("there is a static administrator: {because}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<LocalCredential>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.access.local_credential = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        LocalAdministratorPresent::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_credential_fails_its_absence_passes_and_where_there_can_be_none_the_provider_answers() {
        let because = || "a setting".to_owned();
        assert_eq!(judge(known(LocalCredential::Present { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(LocalCredential::Off { because: because() })), Ok(State::Pass));
        assert_eq!(judge(known(LocalCredential::NotOffered { because: because() })), Ok(State::Inherited));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
