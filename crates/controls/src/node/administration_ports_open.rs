//! ND-02.

use crate::node::{per_pool_of_machines, ports};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, guide};
use palisade_model::{Cluster, FactKind};

guide! {
    /// # Internet reaches SSH or remote desktop of nodes
    ///
    /// ## What is checked
    /// From which addresses of the internet a connection to TCP 22 or 3389 of the pool's machines comes about, with
    /// every layer composed: routes, subnet filter, machine filter, the way back, and settings of the whole network.
    /// Deny rules and priorities count; a rule that no packet reaches does not.
    ///
    /// ## Why it matters
    /// Open administration ports are found by scanners within minutes and tried with leaked keys and passwords for as
    /// long as they stay open.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | some address of the internet surely gets through, and the machines have public addresses or that was not read |
    /// | fail, high | some address surely gets through, by a load balancer or translation: the machines have no public address |
    /// | mitigated | the rules alone would let somebody in, and a verified setting of the network keeps all of the internet out |
    /// | pass | no address of the internet gets through |
    /// | unknown | machines or rules were not read, or something on the way is not modelled and somebody might get through |
    /// | not applicable | the pool is serverless or has no machine now, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Remove the rules that the finding names: `aws ec2 revoke-security-group-ingress --group-id GROUP
    /// --security-group-rule-ids RULE`. A node group with an SSH key and no source groups opens 22 to everybody: make
    /// it anew without the key.
    /// ### AKS
    /// Remove the rules that the finding names:
    /// `az network nsg rule delete --resource-group GROUP --nsg-name NSG --name RULE`
    /// ### GKE
    /// Remove the rules that the finding names: `gcloud compute firewall-rules delete RULE`; the default network comes
    /// with `default-allow-ssh` and `default-allow-rdp` from anywhere.
    ///
    /// ## Limits
    /// Administration services on other ports are not known. Whoever is already inside the network is ND-04's matter.
    pub struct AdministrationPortsOpen;
}

impl Control for AdministrationPortsOpen {
    const META: Meta = Meta {
        id: "ND-02",
        name: "administration-ports-open",
        title: "No internet ingress to node administration ports",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::S,
        needs: &[FactKind::Pools, FactKind::Nodes, FactKind::Exposure, FactKind::PublicAddresses],
        maps: "CIS-GKE-1.9.0:5.6.6; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:SC-7,AC-17; PCI-DSS-4.0.1:1.2.5,1.3.1; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| ports::judge(cluster.provider, pool, ports::ADMINISTRATION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State, Verdict};
    use palisade_model::{Exposure, Gap, Layer, Mitigation, Pool, PoolKind, Provider};
    use palisade_reach::{Action, AddrSet, Bounds, Gate, Hit, PacketSet, Path, Rule, Tier};
    use palisade_testkit::{everyone, gap, known, nets, now, packets, sloppy, tidy};
    use std::sync::Arc;

    fn judge(change: impl FnOnce(&mut Pool, &mut Exposure)) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        let mut exposure = pool.exposure.get().unwrap()[0].clone();
        change(&mut pool, &mut exposure);
        if pool.exposure.gap().is_none() {
            pool.exposure = known(vec![exposure]);
        }
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        AdministrationPortsOpen::judge(&cluster, &context).remove(0).verdict
    }

    fn opened(exposure: &mut Exposure, packets: &PacketSet) {
        exposure.internet = Bounds::exact(packets.clone());
        exposure.ordinary = Bounds::exact(packets.clone());
    }

    fn with_public_addresses(pool: &mut Pool) {
        pool.public_addresses = sloppy(Provider::Aws).pools.get().unwrap()[0].public_addresses.clone();
    }

    #[test]
    fn one_stranger_at_ssh_fails_with_port_range_machine_and_rule() {
        let stranger = packets(22, &nets(&["198.51.100.7/32"]));
        let rule = Hit { rule: "sgr-1".into(), action: Action::Allow, packets: packets(22, &everyone()) };
        let verdict = judge(|pool, exposure| {
            with_public_addresses(pool);
            opened(exposure, &stranger);
            exposure.layers = Arc::from(vec![Layer { name: "security groups".to_owned(), hits: vec![rule] }]);
        })
        .unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::Critical)));
        let said = "pool `workers` answers tcp 22 from 198.51.100.7 on `i-1`, let in by `sgr-1` of `security groups`";
        assert_eq!(verdict.because, said);
    }

    #[test]
    fn where_the_ways_in_are_told_the_filters_on_them_are_named_and_nothing_else() {
        let rule = |id: &str, set| Rule::new(id, Action::Allow, Bounds::exact(set));
        let tier = |name: &str, rules| Tier { name: name.into(), rules, default: Action::Deny };
        let ssh = tier(
            "VPC firewall rules",
            vec![rule("ssh", packets(22, &everyone())), rule("web", packets(443, &everyone()))],
        );
        let address = Gate::Fixed { id: "an address".into(), passes: Bounds::exact(packets(22, &everyone())) };
        let layers = vec![
            palisade_reach::Layer::new("address", address),
            palisade_reach::Layer::new("firewalls", Gate::Tiers(vec![ssh])),
        ];
        let verdict = judge(|pool, exposure| {
            with_public_addresses(pool);
            opened(exposure, &packets(22, &everyone()));
            exposure.layers = Arc::from([]);
            exposure.paths = Arc::from(vec![Path::new("way", layers)]);
        });
        let because = verdict.unwrap().because;
        assert!(because.ends_with("on `i-1`, let in by `ssh` of `VPC firewall rules`"), "{because}");
    }

    #[test]
    fn without_public_addresses_it_is_high_and_an_unread_one_is_not_taken_for_none() {
        let open = packets(3389, &everyone());
        assert_eq!(judge(|_, exposure| opened(exposure, &open)).unwrap().severity, Some(Severity::High));
        let unread = judge(|pool, exposure| {
            pool.public_addresses.hide(gap());
            opened(exposure, &open);
        });
        assert_eq!(unread.unwrap().severity, Some(Severity::Critical));
    }

    #[test]
    fn other_ports_the_networks_own_addresses_and_private_ones_are_nobody_outside() {
        let own = packets(22, &nets(&["10.0.0.0/8", "203.0.113.0/24"]));
        let verdict = judge(|_, exposure| {
            exposure.local = nets(&["203.0.113.0/24"]);
            opened(exposure, &packets(443, &everyone()).union(&own));
        });
        assert_eq!(verdict.unwrap().state, State::Pass);
    }

    #[test]
    fn what_only_might_get_through_is_unknown_and_names_what_is_not_modelled() {
        let verdict = judge(|_, exposure| {
            exposure.internet = Bounds::unknown_within(packets(22, &everyone()));
            exposure.limits = vec!["appliance at the gateway".to_owned()];
        });
        let Err(Gap::Unsettled { what }) = verdict else { panic!("{verdict:?}") };
        assert!(what.ends_with("because of: appliance at the gateway"), "{what}");
    }

    #[test]
    fn a_verified_block_mitigates_what_the_rules_would_let_in() {
        let blocked = |sources: AddrSet| {
            judge(|_, exposure| {
                let without = Bounds::exact(packets(22, &sources));
                exposure.mitigation = Some(Mitigation { by: "VPC Block Public Access".to_owned(), without });
            })
        };
        assert_eq!(blocked(everyone()).unwrap().state, State::Mitigated);
        assert_eq!(blocked(AddrSet::empty()).unwrap().state, State::Pass);
    }

    #[test]
    fn a_refused_call_is_a_gap_and_a_pool_without_machines_is_not_asked() {
        assert_eq!(judge(|pool, _| pool.exposure.hide(gap())), Err(gap()));
        assert_eq!(judge(|pool, _| pool.kind = PoolKind::Serverless).unwrap().state, State::NotApplicable);
    }
}
