//! Organizations: which accounts there are, and what is taken away from all of them.
//!
//! Policies and the tree they hang in can be read in the management account and by delegated administrators alone; which
//! organisation an account is in every account may ask.

use palisade_model::FactKind::{self, Guardrails, Minters, Pipelines, Standing};
use palisade_provider::{Call, Per};

/// `organizations:ListAccounts`: the accounts of the organisation.
pub(crate) const LIST_ACCOUNTS: Call = Call {
    name: "organizations:ListAccounts",
    permission: "organizations:ListAccounts",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "the accounts of the organisation",
};

/// `organizations:DescribeOrganization`: whether an account is in an organisation, and whether it is the one that rules it.
pub(crate) const DESCRIBE_ORGANIZATION: Call = Call {
    name: "organizations:DescribeOrganization",
    permission: "organizations:DescribeOrganization",
    per: Per::Account,
    feeds: &[Standing, Minters, Pipelines, Guardrails],
    redact: &[],
    purpose: "whether an account is in an organisation, and whether it is the one that rules it",
};

/// `organizations:ListPolicies`: the service control and resource control policies of the organisation.
pub(crate) const LIST_POLICIES: Call = Call {
    name: "organizations:ListPolicies",
    permission: "organizations:ListPolicies",
    per: Per::Group,
    feeds: &[Standing, Minters, Pipelines, Guardrails],
    redact: &[],
    purpose: "the service control and resource control policies of the organisation",
};

/// `organizations:ListTargetsForPolicy`: the root, units and accounts a policy is attached to.
pub(crate) const LIST_TARGETS_FOR_POLICY: Call = Call {
    name: "organizations:ListTargetsForPolicy",
    permission: "organizations:ListTargetsForPolicy",
    per: Per::Group,
    feeds: &[Standing, Minters, Pipelines, Guardrails],
    redact: &[],
    purpose: "the root, units and accounts a policy is attached to",
};

/// `organizations:DescribePolicy`: what a policy of the organisation says.
pub(crate) const DESCRIBE_POLICY: Call = Call {
    name: "organizations:DescribePolicy",
    permission: "organizations:DescribePolicy",
    per: Per::Group,
    feeds: &[Standing, Minters, Pipelines, Guardrails],
    redact: &[],
    purpose: "what a policy of the organisation says",
};

/// `organizations:ListParents`: the units an account stands in, up to the root.
pub(crate) const LIST_PARENTS: Call = Call {
    name: "organizations:ListParents",
    permission: "organizations:ListParents",
    per: Per::Account,
    feeds: &[Standing, Minters, Pipelines, Guardrails],
    redact: &[],
    purpose: "the units an account stands in, up to the root",
};

/// `config:SelectAggregateResourceConfig`: the regions that hold clusters, of all accounts at once.
pub(crate) const SELECT_AGGREGATE_RESOURCE_CONFIG: Call = Call {
    name: "config:SelectAggregateResourceConfig",
    permission: "config:SelectAggregateResourceConfig",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "find the accounts and regions with clusters by an aggregator, if one is configured",
};
