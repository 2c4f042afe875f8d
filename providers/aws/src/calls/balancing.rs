//! Elastic Load Balancing: who is brought to the machines, and how.

use palisade_model::FactKind::Exposure;
use palisade_provider::{Call, Per};

/// `elasticloadbalancing:DescribeLoadBalancers`: load balancers that face the internet.
pub(crate) const DESCRIBE_LOAD_BALANCERS: Call = Call {
    name: "elasticloadbalancing:DescribeLoadBalancers",
    permission: "elasticloadbalancing:DescribeLoadBalancers",
    per: Per::Region,
    feeds: &[Exposure],
    redact: &[],
    purpose: "load balancers that face the internet",
};

/// `elasticloadbalancing:DescribeTargetGroups`: the groups of targets load balancers forward to.
pub(crate) const DESCRIBE_TARGET_GROUPS: Call = Call {
    name: "elasticloadbalancing:DescribeTargetGroups",
    permission: "elasticloadbalancing:DescribeTargetGroups",
    per: Per::Region,
    feeds: &[Exposure],
    redact: &[],
    purpose: "the groups of targets load balancers forward to",
};

/// `elasticloadbalancing:DescribeListeners`: the ports on which load balancers that face the internet listen.
pub(crate) const DESCRIBE_LISTENERS: Call = Call {
    name: "elasticloadbalancing:DescribeListeners",
    permission: "elasticloadbalancing:DescribeListeners",
    per: Per::Network,
    feeds: &[Exposure],
    redact: &["/DescribeListenersResponse/DescribeListenersResult/Listeners/*/DefaultActions/*/AuthenticateOidcConfig"],
    purpose: "the ports on which load balancers that face the internet listen",
};

/// `elasticloadbalancing:DescribeRules`: which requests application load balancers send where.
pub(crate) const DESCRIBE_RULES: Call = Call {
    name: "elasticloadbalancing:DescribeRules",
    permission: "elasticloadbalancing:DescribeRules",
    per: Per::Network,
    feeds: &[Exposure],
    redact: &["/DescribeRulesResponse/DescribeRulesResult/Rules/*/Actions/*/AuthenticateOidcConfig"],
    purpose: "which requests application load balancers send where",
};

/// `elb:DescribeLoadBalancers`: load balancers of the first generation, whose own API has a name of its own and the same
/// permission.
pub(crate) const DESCRIBE_CLASSIC_LOAD_BALANCERS: Call = Call {
    name: "elb:DescribeLoadBalancers",
    permission: "elasticloadbalancing:DescribeLoadBalancers",
    per: Per::Region,
    feeds: &[Exposure],
    redact: &[],
    purpose: "Classic Load Balancers that face the internet",
};

/// `elb:DescribeInstanceHealth`: which machines a load balancer of the first generation serves.
pub(crate) const DESCRIBE_INSTANCE_HEALTH: Call = Call {
    name: "elb:DescribeInstanceHealth",
    permission: "elasticloadbalancing:DescribeInstanceHealth",
    per: Per::Network,
    feeds: &[Exposure],
    redact: &[],
    purpose: "which machines a Classic Load Balancer serves",
};

/// `elasticloadbalancing:DescribeTargetHealth`: the machines and ports in a target group.
pub(crate) const DESCRIBE_TARGET_HEALTH: Call = Call {
    name: "elasticloadbalancing:DescribeTargetHealth",
    permission: "elasticloadbalancing:DescribeTargetHealth",
    per: Per::Network,
    feeds: &[Exposure],
    redact: &[],
    purpose: "the machines and ports in a target group",
};

/// `elasticloadbalancing:DescribeTargetGroupAttributes`: whether targets see the client's own address.
pub(crate) const DESCRIBE_TARGET_GROUP_ATTRIBUTES: Call = Call {
    name: "elasticloadbalancing:DescribeTargetGroupAttributes",
    permission: "elasticloadbalancing:DescribeTargetGroupAttributes",
    per: Per::Network,
    feeds: &[Exposure],
    redact: &[],
    purpose: "whether targets see the client's own address",
};
