//! CP-11.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Authorization, Cluster, FactKind};

guide! {
    /// # Something gives rights past RBAC
    ///
    /// ## What is checked
    /// Whether RBAC decides about every request to the Kubernetes API, and nothing older beside it.
    ///
    /// ## Why it matters
    /// Without RBAC everybody who can log in is an administrator. Legacy authorization of GKE gives every service account
    /// rights over the whole cluster, whatever its role bindings say.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | RBAC is off, or legacy authorization is on |
    /// | pass | RBAC is on, and nothing beside it |
    /// | inherited | the provider has no switch for it |
    /// | unknown | the setting was not read, or the answer leaves it out although it has no default that could be relied on |
    ///
    /// ## Remediation
    /// ### EKS
    /// There is nothing to do: EKS always decides by RBAC.
    /// ### AKS
    /// RBAC cannot be switched on later: make a new cluster (`az aks create`, where it is the default) and move to it.
    /// ### GKE
    /// `gcloud container clusters update NAME --no-enable-legacy-authorization`
    ///
    /// ## Limits
    /// What the role bindings give is another question.
    pub struct LegacyAuthorization;
}

impl Control for LegacyAuthorization {
    const META: Meta = Meta {
        id: "CP-11",
        name: "legacy-authorization",
        title: "RBAC is on and legacy authorization is off",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::Xl,
        needs: &[FactKind::Authorization],
        maps: "CIS-AKS-1.8.0:5.5.2; CIS-GKE-1.9.0:5.8.3; CIS-K8S-2.0.1:1.2.6,1.2.7,1.2.8; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-3,AC-6; PCI-DSS-4.0.1:7.2.1,7.3.1; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.5.15,A.8.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.access.authorization;
        whole(cluster, || Ok(judge_authorization(fact.get()?).seen_in(fact)))
    }
}

fn judge_authorization(authorization: &Authorization) -> Verdict {
    match authorization {
        Authorization::Inherent { because } => Verdict::inherited(because.clone()),
        Authorization::Rbac { because } => Verdict::pass(because.clone()),
        Authorization::Legacy { because } => Verdict::fail(because.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Authorization>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.access.authorization = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        LegacyAuthorization::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn rights_past_rbac_fail_and_a_setting_that_was_not_read_is_no_rbac() {
        let because = || "a setting".to_owned();
        assert_eq!(judge(known(Authorization::Legacy { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(Authorization::Rbac { because: because() })), Ok(State::Pass));
        assert_eq!(judge(known(Authorization::Inherent { because: because() })), Ok(State::Inherited));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
