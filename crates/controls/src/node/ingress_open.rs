//! ND-04.

use crate::node::per_pool_of_machines;
use crate::quoted::quoted;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Filters, Gap, SubnetFilter};

guide! {
    /// # Nodes let in everything from somewhere
    ///
    /// ## What is checked
    /// Whether a rule in front of the pool's machines admits every protocol and port from anywhere outside the cluster,
    /// and whether something filters at the subnet where the provider has such a filter.
    ///
    /// ## Why it matters
    /// One rule for everything makes all other rules decoration: whatever a node starts to listen on tomorrow is open
    /// from the first second.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a rule surely admits everything from some address outside the cluster, or the provider's subnet filter is not attached |
    /// | pass | no rule does, and a subnet filter is attached or the provider filters elsewhere |
    /// | unknown | the filters were not read, or such a rule names sources that were not read |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Replace the rule by one for each port and source group, then `aws ec2 revoke-security-group-ingress --group-id
    /// GROUP --security-group-rule-ids RULE`. The cluster group's rule for itself stays: EKS makes it anew.
    /// ### AKS
    /// `az network vnet subnet update --ids SUBNET --network-security-group GROUP`: AKS never attaches one to a subnet
    /// you bring.
    /// ### GKE
    /// `gcloud compute firewall-rules delete RULE`, and let a network firewall policy say what may come in.
    ///
    /// ## Limits
    /// A subnet filter that admits everything (AWS' default network ACL does) counts as attached: the rules of the
    /// machines decide then. What the internet reaches in the end is ND-02's and ND-03's.
    pub struct IngressOpen;
}

impl Control for IngressOpen {
    const META: Meta = Meta {
        id: "ND-04",
        name: "ingress-open",
        title: "Effective node ingress is default-deny at subnet and instance level",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Filters],
        maps: "CIS-GKE-1.9.0:5.6.6; NSA-CISA-1.2:Network separation,Worker node segmentation; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.2.5,1.4.1,1.4.2; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.22; NIST-800-190:4.3.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_filters(&pool.name, pool.filters.get()?)?.seen_in(&pool.filters)))
    }
}

fn judge_filters(pool: &str, filters: &Filters) -> Result<Verdict, Gap> {
    let open = filters.open.iter().filter(|rule| !rule.sources.lower().is_empty());
    let mut faults: Vec<String> =
        open.map(|rule| format!("`{}` admits everything from `{}`", rule.rule, rule.text)).collect();
    faults.sort_unstable();
    let attached = match &filters.subnet {
        SubnetFilter::Missing { subnet } => {
            faults.push(format!("nothing filters at subnet `{subnet}`"));
            String::new()
        }
        SubnetFilter::Attached(filter) => format!("`{filter}` filters at the subnet"),
        SubnetFilter::NotOffered => "the provider filters at the machines".to_owned(),
    };
    if !faults.is_empty() {
        return Ok(Verdict::fail(format!("pool `{pool}`: {}", faults.join("; "))));
    }
    let undecided = filters.open.iter().filter(|rule| !rule.sources.upper().is_empty());
    let undecided = quoted(undecided.map(|rule| &rule.rule));
    if !undecided.is_empty() {
        return Err(Gap::Unsettled {
            what: format!("pool `{pool}`: {undecided} admits everything from sources that were not read"),
        });
    }
    Ok(Verdict::pass(format!("pool `{pool}`: no rule admits everything; {attached}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, OpenRule, Provider};
    use palisade_reach::{AddrSet, Bounds};
    use palisade_testkit::{gap, known, nets, now, tidy};

    fn judge(filters: Observed<Filters>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.filters = filters;
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        IngressOpen::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn rule(sources: Bounds<AddrSet>) -> Filters {
        let rule = OpenRule { rule: "sgr-1".to_owned(), sources, text: "pl-1".to_owned() };
        Filters { subnet: SubnetFilter::NotOffered, open: vec![rule] }
    }

    #[test]
    fn everything_from_the_company_network_fails_like_everything_from_the_internet() {
        for text in ["10.0.0.0/8", "0.0.0.0/0"] {
            assert_eq!(judge(known(rule(Bounds::exact(nets(&[text]))))), Ok(State::Fail), "{text}");
        }
    }

    #[test]
    fn a_subnet_without_a_filter_fails_where_the_provider_has_one() {
        let subnet = SubnetFilter::Missing { subnet: "subnet-1".to_owned() };
        assert_eq!(judge(known(Filters { subnet, open: Vec::new() })), Ok(State::Fail));
    }

    #[test]
    fn an_attached_filter_passes_even_if_it_is_the_default_one_and_so_does_a_rule_from_nowhere() {
        let subnet = SubnetFilter::Attached("default acl".to_owned());
        assert_eq!(judge(known(Filters { subnet, open: Vec::new() })), Ok(State::Pass));
        assert_eq!(judge(known(rule(Bounds::exact(AddrSet::empty())))), Ok(State::Pass));
    }

    #[test]
    fn sources_that_were_not_read_are_unknown() {
        let unread = rule(Bounds::unknown_within(nets(&["10.0.0.0/8"])));
        assert!(matches!(judge(known(unread)), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
