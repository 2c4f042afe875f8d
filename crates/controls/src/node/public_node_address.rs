//! ND-01.

use crate::node::per_pool_of_machines;
use crate::quoted::quoted;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, Pool};

guide! {
    /// # Nodes have public addresses
    ///
    /// ## What is checked
    /// Whether a machine of the pool has a public address now, and whether the pool's settings would give one to the
    /// next machine.
    ///
    /// ## Why it matters
    /// A node with a public address is one rule away from the internet, and rules are edited every day.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a machine has a public address, or the pool's settings give one to new machines |
    /// | pass | no machine has one and no setting would give one |
    /// | unknown | machines or settings were not read, and what was read shows no public address |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a node group without public addresses, drain the old one, delete it: `aws eks create-nodegroup
    /// --cluster-name NAME --nodegroup-name NEW --subnets PRIVATE_SUBNET --node-role ROLE` with subnets that route
    /// through a NAT gateway and have `MapPublicIpOnLaunch` off.
    /// ### AKS
    /// `az aks nodepool add --resource-group GROUP --cluster-name NAME --name NEW` without `--enable-node-public-ip`;
    /// then drain and delete the old pool.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --enable-private-nodes`; nodes are made anew one by one
    /// and need Cloud NAT to reach the internet.
    ///
    /// ## Limits
    /// Who gets through to the machines is ND-02's and ND-03's. Addresses of load balancers in front of them do not
    /// count.
    pub struct PublicNodeAddress;
}

impl Control for PublicNodeAddress {
    const META: Meta = Meta {
        id: "ND-01",
        name: "public-node-address",
        title: "Nodes have no public address",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Nodes, FactKind::PublicAddresses],
        maps: "CIS-EKS-2.0.0:5.4.3; CIS-EKS-1.8.0:5.4.3; CIS-AKS-1.8.0:5.4.3; CIS-GKE-1.9.0:5.6.5; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:SC-7,AC-4; PCI-DSS-4.0.1:1.4.4,1.4.5; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.22; NIST-800-190:4.5.1",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(pool)?.seen_in(&pool.public_addresses).seen_in(&pool.nodes)))
    }
}

/// A proof in either fact outranks a gap in the other: autoscalers start machines that no pool setting knows of.
fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let (nodes, addresses) = (pool.nodes.get(), pool.public_addresses.get());
    let mut held: Vec<String> = Vec::new();
    if let Ok(nodes) = &nodes {
        held.extend(nodes.iter().filter(|node| !node.public.is_empty()).map(|node| node.id.to_string()));
    }
    let mut faults = Vec::new();
    if let Ok(addresses) = &addresses {
        held.extend(addresses.held_by.iter().map(ToString::to_string));
        if addresses.setting == Some(true) {
            faults.push(format!("new machines get a public address: {}", addresses.because));
        }
    }
    if !held.is_empty() {
        faults.insert(0, format!("public addresses are held by {}", quoted(held)));
    }
    if !faults.is_empty() {
        return Ok(Verdict::fail(format!("pool `{}`: {}", pool.name, faults.join("; "))));
    }
    let machines = nodes?.len();
    let because = &addresses?.because;
    Ok(Verdict::pass(format!(
        "pool `{}`: none of its machines ({machines}) has a public address; {because}",
        pool.name
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Node, NodeId, PoolKind, Provider, PublicAddresses};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Pool)) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        PublicNodeAddress::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn addresses(setting: Option<bool>, held_by: &[&str]) -> PublicAddresses {
        let held_by = held_by.iter().map(|id| NodeId::new(*id)).collect();
        PublicAddresses { setting, because: "subnet setting".to_owned(), held_by }
    }

    fn public_node() -> Node {
        let address = "198.51.100.9".parse().unwrap();
        Node { id: NodeId::new("i-9"), name: String::new(), private: Vec::new(), public: vec![address] }
    }

    #[test]
    fn a_held_address_and_a_setting_that_gives_one_both_fail() {
        assert_eq!(judge(|pool| pool.public_addresses = known(addresses(Some(false), &["i-1"]))), Ok(State::Fail));
        assert_eq!(judge(|pool| pool.public_addresses = known(addresses(Some(true), &[]))), Ok(State::Fail));
    }

    #[test]
    fn an_autoscalers_machine_with_a_public_address_fails_although_the_setting_is_off() {
        assert_eq!(judge(|pool| pool.nodes = known(vec![public_node()])), Ok(State::Fail));
    }

    #[test]
    fn a_pool_without_the_setting_passes_when_its_machines_were_seen() {
        assert_eq!(judge(|pool| pool.public_addresses = known(addresses(None, &[]))), Ok(State::Pass));
    }

    #[test]
    fn the_setting_alone_is_no_pass_but_a_proof_outranks_the_gap() {
        assert_eq!(judge(|pool| pool.nodes.hide(gap())), Err(gap()));
        assert_eq!(
            judge(|pool| {
                pool.nodes.hide(gap());
                pool.public_addresses = known(addresses(Some(true), &[]));
            }),
            Ok(State::Fail)
        );
        assert_eq!(
            judge(|pool| {
                pool.nodes = known(vec![public_node()]);
                pool.public_addresses.hide(gap());
            }),
            Ok(State::Fail)
        );
    }

    #[test]
    fn a_serverless_pool_has_no_machines_to_ask_about() {
        assert_eq!(judge(|pool| pool.kind = PoolKind::Serverless), Ok(State::NotApplicable));
    }
}
