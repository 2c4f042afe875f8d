//! ND-06.

use crate::node::per_pool_of_machines;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide,
};
use palisade_model::{Cluster, Egress, FactKind};

guide! {
    /// # Nodes may reach every address
    ///
    /// ## What is checked
    /// Whether the filters of the pool's machines allow every destination while nothing on the route forces the traffic
    /// through a firewall. The mode in which the control plane's own traffic leaves is reported with it.
    ///
    /// ## Why it matters
    /// Whoever takes over a pod needs a way home: to fetch tools, to be commanded, to carry data away. A closed exit
    /// turns a break-in into a dead end.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | every destination is allowed and nothing on the route filters |
    /// | fail, info | the same, and the cluster's `environment`, `env` or `stage` label names no production of the policy's |
    /// | pass | the filters do not allow every destination, or all traffic has to pass a firewall or a closed route |
    /// | unknown | the filters or routes were not read |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Write down what the cluster really calls for some weeks. Then remove the default egress rule and keep 443, 10250
    /// and 53 towards the cluster group: `aws ec2 revoke-security-group-egress --group-id GROUP
    /// --security-group-rule-ids RULE`; or route through a network firewall.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --outbound-type userDefinedRouting` with a route to a
    /// firewall; `az aks egress-endpoints list --resource-group GROUP --name NAME` lists what AKS itself needs.
    /// ### GKE
    /// `gcloud compute network-firewall-policies rules create PRIORITY --firewall-policy POLICY --direction EGRESS
    /// --action deny --dest-ip-ranges 0.0.0.0/0 --layer4-configs all --global-firewall-policy`, after rules that allow
    /// what is needed.
    ///
    /// ## Limits
    /// The rules of the firewall at the end of a route are not read: for a third party's appliance a person has to
    /// vouch. Egress policies inside the cluster are not seen from the cloud. The control plane's mode is not judged.
    pub struct EgressUnrestricted;
}

impl Control for EgressUnrestricted {
    const META: Meta = Meta {
        id: "ND-06",
        name: "egress-unrestricted",
        title: "Egress from nodes and from the control plane is restricted and known",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Egress],
        maps: "CIS-GKE-1.9.0:5.6.6; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.3.2; SOC2-TSC:CC6.7; ISO-27001-2022:A.8.22,A.8.12; NIST-800-190:4.4.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let other = other_environment(cluster, context.policy);
        per_pool_of_machines(cluster, |pool| {
            Ok(judge_egress(&pool.name, pool.egress.get()?, other.as_deref()).seen_in(&pool.egress))
        })
    }
}

fn judge_egress(pool: &str, egress: &Egress, other_environment: Option<&str>) -> Verdict {
    let control_plane =
        egress.control_plane.as_ref().map(|mode| format!("; the control plane's mode is `{mode}`")).unwrap_or_default();
    match (&egress.unrestricted, &egress.forced_through, other_environment) {
        (_, Some(firewall), _) => {
            Verdict::pass(format!("everything that leaves pool `{pool}` has to pass `{firewall}`{control_plane}"))
        }
        (None, None, _) => {
            Verdict::pass(format!("the filters of pool `{pool}` do not allow every destination{control_plane}"))
        }
        (Some(rule), None, None) => {
            Verdict::fail(format!("pool `{pool}` may reach every address: {rule}{control_plane}"))
        }
        (Some(rule), None, Some(label)) => {
            let because =
                format!("pool `{pool}` may reach every address: {rule}{control_plane}; {label} is no production");
            Verdict::fail(because).severity(Severity::Info)
        }
    }
}

/// The label that says the cluster is something else than production. No label says nothing.
fn other_environment(cluster: &Cluster, policy: &Policy) -> Option<String> {
    let mut named = cluster
        .labels
        .iter()
        .filter(|(label, _)| ["environment", "env", "stage"].iter().any(|wanted| label.eq_ignore_ascii_case(wanted)));
    if named.clone().any(|(_, value)| policy.production.contains(&value.to_ascii_lowercase())) {
        return None;
    }
    named.next().map(|(label, value)| format!("`{label}: {value}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(labels: &[(&str, &str)], egress: Observed<Egress>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.labels.extend(labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())));
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.egress = egress;
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = EgressUnrestricted::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn egress(unrestricted: Option<&str>, forced_through: Option<&str>) -> Observed<Egress> {
        let [unrestricted, forced_through] = [unrestricted, forced_through].map(|text| text.map(str::to_owned));
        known(Egress { unrestricted, forced_through, control_plane: Some("AWS_MANAGED".to_owned()) })
    }

    #[test]
    fn every_destination_without_a_firewall_fails() {
        assert_eq!(judge(&[], egress(Some("sgr-2"), None)), Ok((State::Fail, None)));
    }

    #[test]
    fn only_a_label_that_names_another_environment_makes_it_informational() {
        let open = || egress(Some("sgr-2"), None);
        assert_eq!(judge(&[("Stage", "test")], open()), Ok((State::Fail, Some(Severity::Info))));
        assert_eq!(judge(&[("env", "Prod")], open()), Ok((State::Fail, None)));
        assert_eq!(judge(&[("env", "prod"), ("stage", "test")], open()), Ok((State::Fail, None)));
    }

    #[test]
    fn a_firewall_on_the_route_or_narrow_filters_pass() {
        assert_eq!(judge(&[], egress(Some("sgr-2"), Some("firewall-1"))), Ok((State::Pass, None)));
        assert_eq!(judge(&[], egress(None, None)), Ok((State::Pass, None)));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(&[], Observed::missing(gap())), Err(gap()));
    }
}
