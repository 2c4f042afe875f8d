//! Security admin rules of Azure Virtual Network Manager: they are asked before the security groups and may pass by them.
//! <https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins>

use super::{
    malformed,
    rules::{Direction, Filter, Own, Reading},
    space::Space,
    surroundings::Surroundings,
};
use crate::{ADMIN_RULES, arm, record::AdminRule};
use palisade_model::{Evidence, Gap};
use palisade_reach::{Action, Bounds, Certainty, Chain, Family, PacketSet, Sessions, with_source_ports};
use std::sync::Arc;

/// What one rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// The security groups decide.
    Allow,
    /// It is let in, whatever the security groups say.
    AlwaysAllow,
    /// It is stopped, whatever the security groups say.
    Deny,
}

/// The rules that hold in a network, in one direction and family.
#[derive(Debug)]
pub(super) struct Admin {
    /// The network's name.
    pub(super) name: String,
    /// What each does.
    ahead: Filter,
    /// What they do not stop.
    passed: Filter,
    /// What they let in past the security groups.
    always: Arc<Filter>,
}

/// What was found out about them.
#[derive(Clone, Debug)]
pub(super) enum AdminRead {
    /// There are none.
    None,
    /// They are known.
    Known(Arc<Admin>),
}

/// What the rules make of packets to or from one address.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What they do not stop.
    pub(super) passed: Chain,
    /// What they let in past the security groups.
    pub(super) always: Sessions,
}

impl Admin {
    /// Which rules match the own side.
    pub(super) fn matching(&self, own: &Own, space: &Space) -> Vec<Certainty> {
        self.passed.matching(own, space)
    }

    /// The rules as far as they match the own side.
    pub(super) fn verdict(&self, matching: &[Certainty]) -> Verdict {
        let always = with_source_ports(&[self.always.chain(matching)]).sessions;
        Verdict { passed: self.passed.chain(matching), always }
    }

    /// The rules as they stand before the security groups.
    pub(super) fn ahead(&self, matching: &[Certainty]) -> Chain {
        self.ahead.told(matching)
    }

    /// The rules that pass by the security groups, for those who ask how things are configured.
    pub(super) fn past_groups(&self) -> &Arc<Filter> {
        &self.always
    }
}

impl Surroundings<'_> {
    /// Where the admin rules of a subnet's network were read.
    pub(super) fn admin_evidence(&self, space: &Space) -> Vec<Evidence> {
        let network = space.key.split_once("/subnets/").map_or(space.key.as_str(), |(network, _)| network);
        self.admin
            .get(network)
            .and_then(|read| read.as_ref().ok())
            .map_or_else(Vec::new, |table| table.pages().to_vec())
    }

    /// The admin rules of a subnet's network.
    pub(super) fn admin_rules(
        &self,
        space: &Space,
        family: Family,
        (direction, reading): (Direction, Reading),
    ) -> Result<AdminRead, Gap> {
        let network = space.key.split_once("/subnets/").map_or(space.key.as_str(), |(network, _)| network);
        let table = match self.admin.get(network) {
            // One of them may let in everything past the security groups.
            None => {
                let (name, permission) = (arm::name(network), ADMIN_RULES.permission);
                return Err(Gap::NotCollected {
                    what: format!(
                        "the security admin rules of network `{name}` were not asked for, which takes `{permission}`: they \
                         come before the security groups and may pass by them"
                    ),
                });
            }
            Some(Ok(table)) => table,
            // A cloud without Virtual Network Manager has no rules of it.
            Some(Err(Gap::Unsupported { .. })) => return Ok(AdminRead::None),
            Some(Err(gap)) => return Err(gap.clone()),
        };
        let rules = table.all()?;
        if rules.is_empty() {
            return Ok(AdminRead::None);
        }
        let odd = |why: String| malformed(&ADMIN_RULES, self.subscription, "/value", &why);
        let name = arm::name(network).to_owned();
        let mut read = Vec::new();
        for rule in rules {
            let access =
                access(rule).ok_or_else(|| odd(format!("{}: a word for access we do not know", rule.called())))?;
            read.push((rule.as_security_rule(), access));
        }
        let filter = |act: fn(Access) -> Action, default| {
            let rules = read.iter().map(|(rule, access)| (rule, act(*access), *access == Access::AlwaysAllow));
            Filter::of(&name, rules, (space, family), (direction, reading), default).map_err(odd)
        };
        let ahead = filter(skipping, Action::Pass)?;
        let passed = filter(not_stopped, Action::Allow)?;
        let always = filter(let_past, Action::Deny)?;
        let known = Admin { name: name.clone(), ahead, passed, always: Arc::new(always) };
        Ok(AdminRead::Known(Arc::new(known)))
    }
}

fn access(rule: &AdminRule) -> Option<Access> {
    let word = rule.properties.access.as_deref()?;
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    [("Allow", Access::Allow), ("AlwaysAllow", Access::AlwaysAllow), ("Deny", Access::Deny)]
        .into_iter()
        .find_map(|(name, access)| is(name).then_some(access))
}

fn skipping(access: Access) -> Action {
    match access {
        Access::Allow => Action::Pass,
        Access::AlwaysAllow => Action::Allow,
        Access::Deny => Action::Deny,
    }
}

fn not_stopped(access: Access) -> Action {
    match access {
        Access::Allow | Access::AlwaysAllow => Action::Allow,
        Access::Deny => Action::Deny,
    }
}

fn let_past(access: Access) -> Action {
    match access {
        Access::AlwaysAllow => Action::Allow,
        // Both end the search among the admin rules.
        Access::Allow | Access::Deny => Action::Deny,
    }
}

/// What gets through when either way is open.
pub(super) fn or(one: &Sessions, other: &Sessions) -> Sessions {
    Sessions { any_port: one.any_port.union(&other.any_port), ordinary: one.ordinary.union(&other.ordinary) }
}

/// What may get through.
pub(super) fn perhaps(sessions: &Sessions) -> Sessions {
    let may = |bounds: &Bounds<PacketSet>| Bounds::unknown_within(bounds.upper().clone());
    Sessions { any_port: may(&sessions.any_port), ordinary: may(&sessions.ordinary) }
}
