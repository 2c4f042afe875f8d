//! ND-03.

use crate::node::{per_pool_of_machines, ports};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, guide};
use palisade_model::{Cluster, FactKind};

guide! {
    /// # Internet reaches kubelet, node ports or control-plane ports of nodes
    ///
    /// ## What is checked
    /// From which addresses of the internet packets get through to the pool's machines on the ports of Kubernetes
    /// itself (TCP 2379-2380, 6443, 10249, 10250, 10255-10257, 10259) and on node ports (TCP and UDP 30000-32767), with
    /// routes, filters, priorities and network-wide settings composed. The probes of the provider's load balancers do
    /// not count on node ports and 10256: they are let in by design.
    ///
    /// ## Why it matters
    /// The kubelet runs commands in every pod of its node. A node port leads past ingress, certificates and whatever
    /// checks stand in front of the service.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | some address of the internet surely reaches a port of Kubernetes itself, and the machines have public addresses or that was not read |
    /// | fail, high | only node ports are reached, or the machines have no public address: a load balancer or translation leads there |
    /// | mitigated | the rules alone would let somebody in, and a verified setting of the network keeps all of the internet out |
    /// | pass | no address of the internet gets through |
    /// | unknown | machines or rules were not read, or something on the way is not modelled and somebody might get through |
    /// | not applicable | the pool is serverless or has no machine now, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Remove the rules that the finding names, and put an internal load balancer in front of node ports:
    /// `aws ec2 revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE`
    /// ### AKS
    /// Remove the rules that the finding names: `az network nsg rule delete --resource-group GROUP --nsg-name NSG
    /// --name RULE`; take ports out of `allowedHostPorts` of the pool, or AKS makes the rule anew.
    /// ### GKE
    /// Remove the rules that the finding names: `gcloud compute firewall-rules delete RULE`. GKE makes rules for
    /// Services of type LoadBalancer by itself: narrow `loadBalancerSourceRanges` there.
    ///
    /// ## Limits
    /// A cluster with its own node port range is judged by the default one. For UDP no answer is needed, so it counts
    /// what is delivered. Rules that a cloud's load balancer controller made for a Service of yours count like any
    /// other.
    pub struct ClusterPortsOpen;
}

impl Control for ClusterPortsOpen {
    const META: Meta = Meta {
        id: "ND-03",
        name: "cluster-ports-open",
        title: "No internet ingress to kubelet, NodePort or control-plane ports on nodes",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::S,
        needs: &[FactKind::Pools, FactKind::Nodes, FactKind::Exposure, FactKind::PublicAddresses],
        maps: "CIS-GKE-1.9.0:5.6.6; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:SC-7(5),CM-7; PCI-DSS-4.0.1:1.2.5,1.3.1,2.2.5; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.21",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| ports::judge(cluster.provider, pool, ports::CLUSTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State, Verdict};
    use palisade_model::{Gap, Observed, Pool, Provider};
    use palisade_reach::{Bounds, PacketSet, Ports, Protocol, Protocols};
    use palisade_testkit::{everyone, gap, known, nets, now, packets, sloppy, tidy};

    fn judge_pool(provider: Provider, change: impl FnOnce(&mut Pool)) -> Result<Verdict, Gap> {
        let mut cluster = tidy(provider);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.public_addresses = sloppy(provider).pools.get().unwrap()[0].public_addresses.clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        ClusterPortsOpen::judge(&cluster, &context).remove(0).verdict
    }

    fn judge(provider: Provider, internet: Bounds<PacketSet>) -> Result<(State, Option<Severity>), Gap> {
        let verdict = judge_pool(provider, |pool| {
            let mut exposure = pool.exposure.get().unwrap()[0].clone();
            exposure.internet = internet;
            pool.exposure = known(vec![exposure]);
        })?;
        Ok((verdict.state, verdict.severity))
    }

    #[test]
    fn kubelet_is_critical_and_node_ports_alone_are_high() {
        let kubelet = packets(10250, &everyone());
        let node_port = packets(31000, &everyone());
        let udp = PacketSet::of(Protocols::One(Protocol::UDP), &Ports::from_range(30053, 30053), &everyone());
        let fail = |packets: PacketSet| judge(Provider::Aws, Bounds::exact(packets));
        assert_eq!(fail(kubelet.union(&node_port)), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(fail(node_port), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(fail(udp), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn googles_probes_do_not_count_on_node_ports_and_do_on_the_kubelet() {
        let probes = nets(&["35.191.0.0/16", "130.211.0.0/22"]);
        let node_ports = || Bounds::exact(packets(31000, &probes));
        assert_eq!(judge(Provider::Gcp, node_ports()), Ok((State::Pass, None)));
        assert_eq!(judge(Provider::Aws, node_ports()), Ok((State::Fail, Some(Severity::High))));
        let kubelet = Bounds::exact(packets(10250, &probes));
        assert_eq!(judge(Provider::Gcp, kubelet), Ok((State::Fail, Some(Severity::Critical))));
    }

    #[test]
    fn ports_of_others_pass_and_uncertain_ones_are_unknown() {
        let published = Bounds::exact(packets(443, &everyone()));
        assert_eq!(judge(Provider::Azure, published), Ok((State::Pass, None)));
        let uncertain = Bounds::unknown_within(packets(2379, &everyone()));
        assert!(matches!(judge(Provider::Azure, uncertain), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn the_reason_groups_ports_by_who_reaches_them() {
        let both = packets(10250, &everyone()).union(&packets(31000, &nets(&["198.51.100.0/24"])));
        let verdict = judge_pool(Provider::Aws, |pool| {
            let mut exposure = pool.exposure.get().unwrap()[0].clone();
            (exposure.internet, exposure.ordinary) = (Bounds::exact(both.clone()), Bounds::exact(both));
            pool.exposure = known(vec![exposure]);
        });
        assert_eq!(
            verdict.unwrap().because,
            "pool `workers` answers tcp 10250 from any IPv4 address and any IPv6 address and tcp 31000 from \
             198.51.100.0/24 on `i-1`"
        );
    }

    #[test]
    fn a_refused_call_is_a_gap_and_no_machine_is_nothing_to_reach() {
        let hidden = judge_pool(Provider::Aws, |pool| pool.exposure = Observed::missing(gap()));
        assert_eq!(hidden, Err(gap()));
        let empty = judge_pool(Provider::Aws, |pool| {
            (pool.nodes, pool.exposure) = (known(Vec::new()), known(Vec::new()));
        });
        assert_eq!(empty.unwrap().state, State::NotApplicable);
    }

    #[test]
    fn nobody_reaches_a_machine_only_when_every_machine_was_looked_at() {
        let forgotten = judge_pool(Provider::Aws, |pool| pool.exposure = known(Vec::new()));
        let Err(Gap::Unsettled { what }) = forgotten else { panic!("{forgotten:?}") };
        assert!(what.contains("`i-1`"), "{what}");
        assert_eq!(judge_pool(Provider::Aws, |pool| pool.nodes.hide(gap())), Err(gap()));
        let unlisted = judge_pool(Provider::Aws, |pool| {
            (pool.nodes, pool.exposure) = (Observed::missing(gap()), known(Vec::new()));
        });
        assert_eq!(unlisted, Err(gap()));
        let open = judge_pool(Provider::Aws, |pool| {
            let mut exposure = pool.exposure.get().unwrap()[0].clone();
            exposure.internet = Bounds::exact(packets(10250, &everyone()));
            (pool.nodes, pool.exposure) = (Observed::missing(gap()), known(vec![exposure]));
        });
        assert_eq!(open.unwrap().state, State::Fail);
    }
}
