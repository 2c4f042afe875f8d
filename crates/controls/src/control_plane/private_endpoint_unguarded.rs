//! CP-08.

use crate::quoted::quoted;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, PrivateGuard};
use palisade_reach::{AddrSet, Bounds, Family, Printer};
use std::net::{Ipv4Addr, Ipv6Addr};

guide! {
    /// # Private endpoint answers the whole network
    ///
    /// ## What is checked
    /// Which addresses the rules in front of the API server's private endpoint let in on its port, and whether there
    /// are rules at all. Public allow-lists do not count here: on EKS they govern the public endpoint only, on GKE the
    /// private one only when the list is enforced there too.
    ///
    /// ## Why it matters
    /// Peerings, VPNs and transit hubs make "private" mean everybody inside. A compromised workload anywhere in the
    /// company then stands at the API server.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | no rule stands in front of it, or the rules let in at least half of `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` or `fd00::/8` |
    /// | pass | the rules let in less |
    /// | unknown | the rules were not read, or hold names whose addresses are not known and could be that much |
    /// | not applicable | there is no private endpoint |
    ///
    /// ## Remediation
    /// ### EKS
    /// Let in nodes, bastions and runners, each by its own group, and remove the rest: `aws ec2
    /// revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE` on the additional groups. The
    /// cluster group's rule for itself stays: EKS makes it anew.
    /// ### AKS
    /// `az network vnet subnet update --ids API_SERVER_SUBNET --network-security-group GROUP`, with a rule that admits
    /// your ranges on 443 and one that denies the rest of `VirtualNetwork`.
    /// ### GKE
    /// `gcloud container clusters update NAME --enable-authorized-networks-on-private-endpoint`, with a list of your
    /// ranges in `--master-authorized-networks`.
    ///
    /// ## Limits
    /// Whether answering from every region (`globalAccess` on GKE) is needed cannot be read; it is mentioned and not
    /// judged. Filters in peered networks and appliances on the way may let in less than is said here.
    pub struct PrivateEndpointUnguarded;
}

impl Control for PrivateEndpointUnguarded {
    const META: Meta = Meta {
        id: "CP-08",
        name: "private-endpoint-unguarded",
        title: "The private endpoint is itself guarded",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::PrivateGuard],
        maps: "CIS-EKS-2.0.0:5.4.1; CIS-EKS-1.8.0:5.4.1; CIS-AKS-1.8.0:5.4.1; CIS-GKE-1.9.0:5.6.3; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.2.5,1.4.2; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.22",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.private_guard;
            Ok(match fact.get()? {
                PrivateGuard::NoEndpoint { because } => Verdict::not_applicable(because.clone()),
                PrivateGuard::Unfiltered { because } => {
                    Verdict::fail(format!("everybody connected to the network may knock: {because}"))
                }
                PrivateGuard::Filtered { sources, via, global } => {
                    let rules = if via.is_empty() { String::new() } else { format!(" through {}", quoted(via)) };
                    let regions = if *global { ", from every region" } else { "" };
                    let said = Printer::default().bounds(sources);
                    judge_sources(sources, &format!("the private endpoint answers {said}{rules}{regions}"))?
                }
            }
            .seen_in(fact))
        })
    }
}

/// The private space of RFC 1918, and the assigned half of RFC 4193's.
const PRIVATE: [IpNet; 4] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8)),
];

fn judge_sources(sources: &Bounds<AddrSet>, said: &str) -> Result<Verdict, Gap> {
    if let Some(space) = mostly_let_in(sources.lower()) {
        return Ok(Verdict::fail(format!("{said}: at least half of `{space}`")));
    }
    if let Some(space) = mostly_let_in(sources.upper()) {
        return Err(Gap::Unsettled { what: format!("{said}: that could be half of `{space}`") });
    }
    Ok(Verdict::pass(said))
}

/// The first private space of which at least half is let in: two halves are a whole here as well.
fn mostly_let_in(sources: &AddrSet) -> Option<IpNet> {
    let size = |set: &AddrSet| Family::ALL.into_iter().map(|family| set.count(family)).sum::<u128>();
    PRIVATE.into_iter().find(|space| {
        let space = AddrSet::from_net(*space);
        size(&space.intersect(sources)) >= size(&space) / 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, nets, now, tidy};

    fn judge(guard: Observed<PrivateGuard>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.api.private_guard = guard;
        let context = Context { policy: &Policy::default(), now: now() };
        PrivateEndpointUnguarded::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn filtered(sources: Bounds<AddrSet>, global: bool) -> Observed<PrivateGuard> {
        known(PrivateGuard::Filtered { sources, via: vec!["sgr-1".into()], global })
    }

    #[test]
    fn a_private_supernet_fails_written_whole_or_in_halves() {
        for texts in
            [vec!["10.0.0.0/8"], vec!["172.16.0.0/13", "172.24.0.0/13"], vec!["192.168.0.0/16"], vec!["fd00::/9"]]
        {
            assert_eq!(judge(filtered(Bounds::exact(nets(&texts)), false)), Ok(State::Fail), "{texts:?}");
        }
    }

    #[test]
    fn no_filter_fails_and_no_endpoint_is_not_asked() {
        let because = || "enforcement is off".to_owned();
        assert_eq!(judge(known(PrivateGuard::Unfiltered { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(PrivateGuard::NoEndpoint { because: because() })), Ok(State::NotApplicable));
    }

    #[test]
    fn node_and_bastion_subnets_pass_from_one_region_or_all() {
        for global in [false, true] {
            assert_eq!(judge(filtered(Bounds::exact(nets(&["10.0.0.0/16", "10.9.0.0/28"])), global)), Ok(State::Pass));
        }
    }

    #[test]
    fn a_name_that_could_be_the_whole_network_is_unknown() {
        let sources = Bounds::unknown_within(nets(&["10.0.0.0/8"]));
        assert!(matches!(judge(filtered(sources, false)), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
