//! CP-07.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Provider, Tunnel, TunnelKind};

guide! {
    /// # Tunnel passes by the network rules
    ///
    /// ## What is checked
    /// Ways into the cluster that need an identity and no place in the network: the provider's command service,
    /// services of the provider that are bound to the cluster, and gateways that forward to the API server.
    ///
    /// ## Why it matters
    /// One stolen sign-in, from any network, is then a shell with `kubectl` in it, on a private cluster too.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the command service is on, a bound service is not approved by the policy, or a gateway role is held by everybody, a whole domain or somebody not approved |
    /// | pass | there is no tunnel, or the policy approves every holder |
    /// | unknown | settings or role assignments were not read, or a named holder has a gateway role and the policy approves nobody at all |
    /// | not applicable | EKS: the service offers no such tunnel |
    ///
    /// ## Remediation
    /// ### EKS
    /// Nothing to do: EKS has no command service. A cluster registered through the EKS Connector is removed with
    /// `aws eks deregister-cluster --name NAME`; Session Manager on nodes is ND-07's.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --disable-run-command`, and for each binding
    /// `az aks trustedaccess rolebinding delete --resource-group GROUP --cluster-name NAME --name BINDING`
    /// ### GKE
    /// `gcloud projects remove-iam-policy-binding PROJECT --member MEMBER --role roles/gkehub.gatewayAdmin`, or take
    /// the cluster out of the fleet: `gcloud container fleet memberships unregister NAME --gke-cluster LOCATION/NAME`
    ///
    /// ## Limits
    /// Agents inside the cluster that open a connection outwards are not seen from the cloud. Who may call the command
    /// service does not matter here: while it is on, every new role assignment is a new way in (ID-13 lists the
    /// holders).
    pub struct TunnelAroundTheNetwork;
}

impl Control for TunnelAroundTheNetwork {
    const META: Meta = Meta {
        id: "CP-07",
        name: "tunnel-around-the-network",
        title: "No management tunnel or trusted-service binding bypasses the network rules",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Tunnels],
        maps: "CIS-AKS-1.8.0:5.4.2; CIS-GKE-1.9.0:5.6.4; NSA-CISA-1.2:Authentication; NIST-800-53r5:AC-17,AC-17(3),AC-6; PCI-DSS-4.0.1:1.4.2,7.2.5; SOC2-TSC:CC6.1,CC6.6; ISO-27001-2022:A.8.18,A.8.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.tunnels;
            Ok(judge_tunnels(fact.get()?, cluster.provider, context.policy)?.seen_in(fact))
        })
    }
}

fn judge_tunnels(tunnels: &[Tunnel], provider: Provider, policy: &Policy) -> Result<Verdict, Gap> {
    if tunnels.is_empty() {
        return Ok(match provider {
            Provider::Aws => Verdict::not_applicable("EKS has no command service, no trusted bindings and no gateway"),
            Provider::Azure | Provider::Gcp | Provider::Kubernetes => Verdict::pass("there is no tunnel"),
        });
    }
    let (mut open, mut undecided) = (Vec::new(), Vec::new());
    for tunnel in tunnels {
        let holder = &tunnel.holder;
        let approved = policy.approved_bindings.contains(holder);
        match &tunnel.kind {
            TunnelKind::RunCommand => open.push(format!("commands run inside the cluster on request: `{holder}`")),
            TunnelKind::TrustedBinding { .. } | TunnelKind::Gateway { broad: false, .. } if approved => (),
            TunnelKind::TrustedBinding { roles } => {
                open.push(format!("`{holder}` is bound as `{}` and not approved", roles.join("`, `")));
            }
            TunnelKind::Gateway { role, broad: true } => open.push(format!("`{role}` is held by `{holder}`")),
            TunnelKind::Gateway { role, broad: false } if policy.approved_bindings.is_empty() => {
                undecided.push(format!("`{role}` is held by `{holder}`"));
            }
            TunnelKind::Gateway { role, broad: false } => {
                open.push(format!("`{role}` is held by `{holder}`, not approved"));
            }
        }
    }
    open.sort_unstable();
    undecided.sort_unstable();
    if !open.is_empty() {
        return Ok(Verdict::fail(open.join("; ")));
    }
    if !undecided.is_empty() {
        return Err(Gap::Unsettled {
            what: format!("{}; the policy approves nobody, so this is undecided", undecided.join("; ")),
        });
    }
    Ok(Verdict::pass("the policy approves every service and gateway holder"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::Observed;
    use palisade_testkit::{gap, known, now, tidy};
    use std::collections::BTreeSet;

    fn judge(provider: Provider, tunnels: Observed<Vec<Tunnel>>, approved: &[&str]) -> Result<State, Gap> {
        let mut cluster = tidy(provider);
        cluster.api.tunnels = tunnels;
        let approved_bindings: BTreeSet<String> = approved.iter().map(ToString::to_string).collect();
        let policy = Policy { approved_bindings, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        TunnelAroundTheNetwork::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn tunnel(kind: TunnelKind) -> Observed<Vec<Tunnel>> {
        known(vec![Tunnel { kind, holder: "backup-1".to_owned() }])
    }

    fn gateway(broad: bool) -> TunnelKind {
        TunnelKind::Gateway { role: "roles/gkehub.gatewayAdmin".to_owned(), broad }
    }

    #[test]
    fn the_command_service_fails_and_no_approval_helps() {
        assert_eq!(judge(Provider::Azure, tunnel(TunnelKind::RunCommand), &["backup-1"]), Ok(State::Fail));
    }

    #[test]
    fn a_bound_service_fails_until_the_policy_approves_it() {
        let bound = || tunnel(TunnelKind::TrustedBinding { roles: vec!["backup-operator".to_owned()] });
        assert_eq!(judge(Provider::Azure, bound(), &[]), Ok(State::Fail));
        assert_eq!(judge(Provider::Azure, bound(), &["backup-1"]), Ok(State::Pass));
    }

    #[test]
    fn a_gateway_role_of_everybody_fails_and_a_named_holder_needs_a_decision() {
        assert_eq!(judge(Provider::Gcp, tunnel(gateway(true)), &["backup-1"]), Ok(State::Fail));
        assert!(matches!(judge(Provider::Gcp, tunnel(gateway(false)), &[]), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Provider::Gcp, tunnel(gateway(false)), &["somebody-else"]), Ok(State::Fail));
        assert_eq!(judge(Provider::Gcp, tunnel(gateway(false)), &["backup-1"]), Ok(State::Pass));
    }

    #[test]
    fn no_tunnel_passes_where_one_could_be_and_is_not_asked_on_eks() {
        assert_eq!(judge(Provider::Gcp, known(Vec::new()), &[]), Ok(State::Pass));
        assert_eq!(judge(Provider::Aws, known(Vec::new()), &[]), Ok(State::NotApplicable));
        assert_eq!(judge(Provider::Gcp, Observed::missing(gap()), &[]), Err(gap()));
    }
}
