//! Networks and what filters them, written down.

use serde::Deserialize;

/// A VPC network.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) auto: bool,
    /// `AFTER_CLASSIC_FIREWALL` or `BEFORE_CLASSIC_FIREWALL`.
    pub(crate) order: String,
    /// Whether the route to the Internet that every network starts with is still there.
    pub(crate) default_route: bool,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) firewalls: Vec<Firewall>,
    /// The global network firewall policy.
    pub(crate) policies: Vec<Policy>,
    pub(crate) regional_policies: Vec<RegionalPolicy>,
    pub(crate) routes: Vec<Route>,
    pub(crate) routers: Vec<Router>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            name: String::new(),
            auto: false,
            order: "AFTER_CLASSIC_FIREWALL".to_owned(),
            default_route: true,
            subnets: Vec::new(),
            firewalls: Vec::new(),
            policies: Vec::new(),
            regional_policies: Vec::new(),
            routes: Vec::new(),
            routers: Vec::new(),
        }
    }
}

/// A subnetwork.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Subnet {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) range: String,
    pub(crate) pods: Option<String>,
    pub(crate) services: Option<String>,
    pub(crate) private_google_access: bool,
    pub(crate) flow_logs: bool,
}

/// A VPC firewall rule. Protocols are written `tcp:22,80-90`, `icmp` or `all`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Firewall {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) priority: u32,
    pub(crate) direction: String,
    pub(crate) allow: Vec<String>,
    pub(crate) deny: Vec<String>,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    pub(crate) from_tags: Vec<String>,
    pub(crate) from_accounts: Vec<String>,
    pub(crate) to_tags: Vec<String>,
    pub(crate) to_accounts: Vec<String>,
    pub(crate) disabled: bool,
}

impl Default for Firewall {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            priority: 1000,
            direction: "INGRESS".to_owned(),
            allow: Vec::new(),
            deny: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            from_tags: Vec::new(),
            from_accounts: Vec::new(),
            to_tags: Vec::new(),
            to_accounts: Vec::new(),
            disabled: false,
        }
    }
}

/// A firewall policy: hierarchical or of a network, by where it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) rules: Vec<PolicyRule>,
}

/// A firewall policy for one region of a network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RegionalPolicy {
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) rules: Vec<PolicyRule>,
}

/// One rule of a firewall policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PolicyRule {
    pub(crate) priority: u32,
    /// `allow`, `deny`, `goto_next` or `apply_security_profile_group`.
    pub(crate) action: String,
    pub(crate) direction: String,
    pub(crate) description: String,
    pub(crate) protocols: Vec<String>,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    pub(crate) from_regions: Vec<String>,
    pub(crate) from_secure_tags: Vec<String>,
    pub(crate) to_secure_tags: Vec<String>,
    pub(crate) to_accounts: Vec<String>,
    pub(crate) disabled: bool,
}

impl Default for PolicyRule {
    fn default() -> Self {
        Self {
            priority: 1000,
            action: "allow".to_owned(),
            direction: "INGRESS".to_owned(),
            description: String::new(),
            protocols: vec!["all".to_owned()],
            from: Vec::new(),
            to: Vec::new(),
            from_regions: Vec::new(),
            from_secure_tags: Vec::new(),
            to_secure_tags: Vec::new(),
            to_accounts: Vec::new(),
            disabled: false,
        }
    }
}

/// A route that somebody made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) range: String,
    pub(crate) priority: Option<u32>,
    pub(crate) tags: Vec<String>,
    /// An address; the Internet gateway when absent.
    pub(crate) next_hop: Option<String>,
}

/// A router that does address translation for its region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Router {
    pub(crate) name: String,
    pub(crate) region: String,
}
