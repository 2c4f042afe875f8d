//! Where an identity stands: what it holds, how far it could climb, what it would not need.

use super::{
    baseline::BASELINES,
    capability::NEEDS,
    directory::{Directory, short},
    escalation::Ways,
};
use palisade_authority::{
    Authority, Glob, Grant, Layer, LayerKind, Selector, Standing, capabilities, wildcards, within,
};
use std::{rc::Rc, sync::LazyLock};

/// The baselines as grants, compiled once.
static GRANTS: LazyLock<Vec<(&str, Grant)>> = LazyLock::new(|| {
    let grants = BASELINES.iter().map(|baseline| {
        let actions = baseline.actions.iter().map(|action| Glob::insensitive(action));
        (baseline.policy, Grant::allow(baseline.policy, Selector::of(actions), Selector::everything()))
    });
    grants.collect()
});

/// What an identity needs, by the managed policies AWS names for its job.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::normalize) struct Need(Vec<&'static str>);

impl Need {
    /// A control plane's: more with Auto Mode, which runs network, storage and load balancers itself.
    pub(in crate::normalize) fn control_plane(auto_mode: bool) -> Self {
        let mut policies = vec!["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"];
        if auto_mode {
            policies.extend([
                "AmazonEKSComputePolicy",
                "AmazonEKSBlockStoragePolicy",
                "AmazonEKSLoadBalancingPolicy",
                "AmazonEKSNetworkingPolicy",
            ]);
        }
        Self(policies)
    }

    /// A node's: to join, to pull images, to be managed; the network interface's only while its plugin has no role.
    pub(in crate::normalize) fn node(network_plugin: bool) -> Self {
        let mut policies = vec![
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKSWorkerNodeMinimalPolicy",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonSSMManagedInstanceCore",
        ];
        if network_plugin {
            policies.push("AmazonEKS_CNI_Policy");
        }
        Self(policies)
    }

    /// A Fargate profile's.
    pub(in crate::normalize) fn fargate() -> Self {
        Self(vec!["AmazonEKSFargatePodExecutionRolePolicy"])
    }

    /// An add-on's.
    pub(in crate::normalize) fn addon(name: &str) -> Self {
        Self(match name {
            "vpc-cni" => vec!["AmazonEKS_CNI_Policy"],
            "aws-ebs-csi-driver" => vec!["AmazonEBSCSIDriverPolicy"],
            "amazon-cloudwatch-observability" => vec!["CloudWatchAgentServerPolicy"],
            _ => Vec::new(),
        })
    }

    /// Both needs together.
    pub(in crate::normalize) fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().filter(|policy| !self.0.contains(policy)).copied().collect::<Vec<_>>());
        self
    }

    /// Whether nothing is known of what it needs: a workload's own business.
    pub(in crate::normalize) fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// The managed policies that say so.
    pub(in crate::normalize) fn policies(&self) -> &[&'static str] {
        &self.0
    }

    fn contains(&self, arn: &str) -> bool {
        arn.contains(":iam::aws:policy/") && self.0.contains(&short(arn))
    }

    /// The need as an authority.
    pub(in crate::normalize) fn authority(&self) -> Authority {
        let grants = GRANTS.iter().filter(|(policy, _)| self.0.contains(policy)).map(|(_, grant)| grant.clone());
        Authority::new(vec![Layer::new("need", LayerKind::Grants, grants)])
    }
}

/// Where a principal of the account stands.
pub(in crate::normalize) fn standing(directory: &Directory, ways: &Ways<'_>, principal: &str, need: &Need) -> Standing {
    let authority = directory.authority(principal);
    let administrator = ways.administrator(principal);
    // An administrator has nowhere to climb.
    let (escalation, cut) = if administrator.is_some() { (None, None) } else { ways.escalation(principal) };
    let needed = need.authority();
    // A policy that is part of the need lies within it; leaving it out first spares comparing it with itself.
    let holds_need = directory.attached(principal).iter().any(|arn| need.contains(arn));
    let beyond = if holds_need {
        Rc::new(directory.authority_without(principal, &directory.request(principal), |arn| need.contains(arn)))
    } else {
        Rc::clone(&authority)
    };
    let outside_need = if need.is_unknown() { Vec::new() } else { within(&beyond, &needed) };
    let mut assumptions = authority.assumptions().to_vec();
    assumptions.extend(cut);
    Standing {
        held: capabilities(&authority, NEEDS),
        escalation,
        wildcards: wildcards(&beyond, &needed),
        outside_need,
        administrator,
        assumptions,
    }
}
