//! ID-04.

use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, per_identity,
};
use palisade_model::{Cluster, Dedication, FactKind, Gap, Identity, IdentityKind};

guide! {
    /// # Nodes share an identity or use the default one
    ///
    /// ## What is checked
    /// Whether each identity of the cluster's machines serves them alone, or is the provider's default identity, or is
    /// carried by other clusters and machines too.
    ///
    /// ## Why it matters
    /// A default identity often has broad rights from before anybody looked. A shared one has the sum of what all its
    /// users need, nobody dares to take anything away, and the audit trail cannot tell who acted.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | it is the provider's default identity and holds a broad role, for example `roles/editor` |
    /// | fail, high | it is the default identity, or others use it too |
    /// | pass | it serves nodes of this cluster alone |
    /// | unknown | what else uses it was not read |
    /// | not applicable | no machine carries a cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a role for each node group and move the workloads over: `aws eks create-nodegroup --cluster-name NAME
    /// --nodegroup-name POOL --node-role ROLE --subnets SUBNETS`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-managed-identity --assign-identity CLUSTER_IDENTITY
    /// --assign-kubelet-identity KUBELET_IDENTITY`, then renew the nodes.
    /// ### GKE
    /// `gcloud container node-pools create POOL --cluster NAME --service-account ACCOUNT`, and keep it so with the
    /// organisation policy `container.managed.disallowDefaultComputeServiceAccount`
    ///
    /// ## Limits
    /// Other users are looked for where this scan could look: in accounts, subscriptions and projects that were not
    /// scanned there may be more. Narrow access scopes do not replace narrow roles and are not counted.
    pub struct NodeIdentityNotDedicated;
}

impl Control for NodeIdentityNotDedicated {
    const META: Meta = Meta {
        id: "ID-04",
        name: "node-identity-not-dedicated",
        title: "Nodes use a dedicated identity, not a default or shared one",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::L,
        needs: &[FactKind::Identities, FactKind::Dedication],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.1; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,AC-2; PCI-DSS-4.0.1:7.2.5,8.2.2; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.5.16,A.8.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let concerns = |identity: &Identity| identity.kind == IdentityKind::Node;
        per_identity(cluster, "no machine of the cluster carries a cloud identity", concerns, judge_identity)
    }
}

fn judge_identity(identity: &Identity) -> Result<Verdict, Gap> {
    let fact = &identity.dedication;
    Ok(match fact.get()? {
        Dedication::Dedicated => Verdict::pass(format!("`{}` serves nodes of this cluster alone", identity.name)),
        Dedication::Default { name, broad: None } => {
            Verdict::fail(format!("nodes use the provider's default identity `{name}`"))
        }
        Dedication::Default { name, broad: Some(role) } => {
            Verdict::fail(format!("nodes use the provider's default identity `{name}`, which holds `{role}`"))
                .severity(Severity::Critical)
        }
        Dedication::Shared { with } => Verdict::fail(format!("`{}` is also used by {}", identity.name, quoted(with))),
    }
    .seen_in(fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(dedication: Observed<Dedication>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Gcp);
        let mut identities = cluster.identities.get().unwrap().clone();
        identities[1].dedication = dedication;
        cluster.identities = known(identities);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = NodeIdentityNotDedicated::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    #[test]
    fn a_default_identity_is_critical_only_with_a_broad_role() {
        let default = |broad| known(Dedication::Default { name: "default".to_owned(), broad });
        assert_eq!(judge(default(Some("roles/editor".to_owned()))), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(judge(default(None)), Ok((State::Fail, None)));
    }

    #[test]
    fn a_shared_identity_fails_and_a_dedicated_one_passes() {
        assert_eq!(judge(known(Dedication::Shared { with: vec!["other".to_owned()] })), Ok((State::Fail, None)));
        assert_eq!(judge(known(Dedication::Dedicated)), Ok((State::Pass, None)));
    }

    #[test]
    fn identities_of_workloads_are_not_asked() {
        let mut cluster = tidy(Provider::Gcp);
        let identities = cluster.identities.get().unwrap().iter().filter(|one| one.kind != IdentityKind::Node);
        cluster.identities = known(identities.cloned().collect());
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = NodeIdentityNotDedicated::judge(&cluster, &context).remove(0).verdict.unwrap();
        assert_eq!(verdict.state, State::NotApplicable);
    }

    #[test]
    fn unread_users_are_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
