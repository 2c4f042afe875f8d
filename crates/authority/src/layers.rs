//! The layers a request passes, and the authority of one identity they add up to.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::grant::{Effect, Grant};
use crate::judge::Decision;
use crate::language::unmentioned;
use crate::name::Name;

/// The name of a layer, as a person knows it: `boundary`, `scp at ou-prod`, `node scopes`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerName(Arc<str>);

impl LayerName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for LayerName {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a layer's allows are for. Its denies always win, whatever its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// Gives: one such layer must allow. Identity policies, role assignments, bindings.
    Grants,
    /// Gives past every [`LayerKind::Limit`]: a resource that names this very session.
    Direct,
    /// Gives nothing; every request must also be allowed here. Organisation policies, token scopes.
    Guard,
    /// Gives nothing; what a `Grants` layer gives must also be allowed here, what a `Direct` layer gives need not.
    /// Permission boundaries, session policies.
    Limit,
    /// Only takes away; its allows mean nothing. Deny assignments, deny policies.
    Denials,
}

/// Whether the documents of a layer were read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// All of them.
    Complete,
    /// Not all of them; names what is missing. What is missing may allow and may deny: it is never taken to be absent.
    Missing(String),
}

/// One layer of policy and the grants read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name printed when this layer is the reason.
    pub name: LayerName,
    /// What its allows are for.
    pub kind: LayerKind,
    /// What was read from it.
    pub grants: Vec<Grant>,
    /// Whether everything was read.
    pub read: Reading,
}

impl Layer {
    /// A layer read completely.
    pub fn new(name: impl Into<LayerName>, kind: LayerKind, grants: impl IntoIterator<Item = Grant>) -> Self {
        Self { name: name.into(), kind, grants: grants.into_iter().collect(), read: Reading::Complete }
    }

    /// A layer of which nothing was read; `what` names the missing document.
    pub fn unread(name: impl Into<LayerName>, kind: LayerKind, what: impl Into<String>) -> Self {
        Self { name: name.into(), kind, grants: Vec::new(), read: Reading::Missing(what.into()) }
    }

    pub(crate) fn missing(&self) -> Option<&str> {
        match &self.read {
            Reading::Complete => None,
            Reading::Missing(what) => Some(what),
        }
    }

    /// Whether its allows can be what gives a permission.
    pub(crate) fn gives(&self) -> bool {
        match self.kind {
            LayerKind::Grants | LayerKind::Direct => true,
            LayerKind::Guard | LayerKind::Limit | LayerKind::Denials => false,
        }
    }
}

/// What one identity may effectively do: every layer that applies to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    layers: Vec<Layer>,
    assumptions: Vec<String>,
    scope: Glob,
    unused: char,
    anywhere: String,
}

impl Authority {
    /// The authority these layers add up to. The order of the layers decides which one is named when several stop a
    /// request.
    pub fn new(layers: Vec<Layer>) -> Self {
        let mut authority =
            Self { layers, assumptions: Vec::new(), scope: Glob::everything(), unused: '\0', anywhere: String::new() };
        authority.settle();
        authority
    }

    /// The authority of an identity nobody gave anything.
    pub fn none() -> Self {
        Self::new(Vec::new())
    }

    /// The same authority with "everywhere" meaning every resource in `scope`: a subscription, a project.
    #[must_use]
    pub fn over(mut self, scope: Glob) -> Self {
        self.scope = scope;
        self.settle();
        self
    }

    /// The same authority with an assumption to be printed beside every conclusion.
    #[must_use]
    pub fn assuming(mut self, what: impl Into<String>) -> Self {
        let what = what.into();
        if !self.assumptions.contains(&what) {
            self.assumptions.push(what);
        }
        self
    }

    /// The same authority as if the unread documents of guards, limits and denials stopped nothing, with that
    /// recorded as an assumption: the other end of the answer, for a reader who knows there are none.
    #[must_use]
    pub fn assuming_unread_stop_nothing(self) -> Self {
        let Self { layers, assumptions, scope, .. } = self;
        let mut kept = Self { layers: Vec::new(), assumptions, scope, unused: '\0', anywhere: String::new() };
        for mut layer in layers {
            if layer.gives() || layer.read == Reading::Complete {
                kept.layers.push(layer);
                continue;
            }
            let read = std::mem::replace(&mut layer.read, Reading::Complete);
            if let Reading::Missing(what) = read {
                kept = kept.assuming(format!("{what}: nothing unread stops anything"));
            }
            // What was read of it still denies; what it must allow is taken as allowed.
            layer.kind = LayerKind::Denials;
            kept.layers.push(layer);
        }
        kept.settle();
        kept
    }

    /// The decision on one action on one resource.
    pub fn decide(&self, action: &str, resource: &str) -> Decision {
        let resource = Name::new(resource);
        let relevant = self.relevant(Name::new(action));
        self.judge_relevant(&relevant, |one| one.grant.resources.accepts(resource))
    }

    /// The decision on one action on a resource of the scope that no policy singles out: what holds everywhere but
    /// for named exceptions.
    pub fn decide_everywhere(&self, action: &str) -> Decision {
        self.decide(action, &self.anywhere)
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What is taken for granted without having been read.
    pub fn assumptions(&self) -> &[String] {
        &self.assumptions
    }

    /// What "everywhere" means.
    pub fn scope(&self) -> &Glob {
        &self.scope
    }

    /// Every grant of every layer.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.layers.iter().flat_map(|layer| &layer.grants)
    }

    /// The grants that give something: allows of the layers that give.
    pub fn giving(&self) -> impl Iterator<Item = &Grant> {
        let givers = self.layers.iter().filter(|layer| layer.gives());
        givers.flat_map(|layer| &layer.grants).filter(|grant| grant.effect == Effect::Allow)
    }

    pub(crate) fn unused(&self) -> char {
        self.unused
    }

    pub(crate) fn anywhere(&self) -> &str {
        &self.anywhere
    }

    /// The patterns that may contain letters beyond ASCII, the scope among them.
    pub(crate) fn exotic(&self) -> impl Iterator<Item = &Glob> {
        let spoken = self.grants().flat_map(|grant| grant.actions.exotic().chain(grant.resources.exotic()));
        spoken.chain([&self.scope])
    }

    fn settle(&mut self) {
        self.unused = unmentioned(self.exotic());
        self.anywhere = self.scope.witness(self.unused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selector::Selector;

    fn all(id: &str) -> Grant {
        Grant::allow(id, Selector::everything(), Selector::everything())
    }

    #[test]
    fn everywhere_is_as_wide_as_the_scope_and_no_wider() {
        let project = Selector::of([Glob::sensitive("projects/p"), Glob::sensitive("projects/p/*")]);
        let layer = Layer::new("bindings", LayerKind::Grants, [Grant::allow("owner", Selector::everything(), project)]);
        let owner = Authority::new(vec![layer]);
        assert!(owner.decide_everywhere("x.get").is_deny());
        assert!(owner.over(Glob::sensitive("projects/p/*")).decide_everywhere("x.get").is_allow());
    }

    #[test]
    fn everywhere_spares_the_resources_that_policies_single_out() {
        let but_one = Grant::deny("not this", Selector::everything(), Selector::of([Glob::sensitive("vault")]));
        let node = Authority::new(vec![Layer::new("policies", LayerKind::Grants, [all("admin"), but_one])]);
        assert!(node.decide_everywhere("x").is_allow());
        assert!(node.decide("x", "vault").is_deny());
    }

    #[test]
    fn a_policy_that_mentions_the_unused_letter_makes_another_one_unused() {
        let odd = Grant::deny("odd", Selector::everything(), Selector::of([Glob::sensitive("\u{e000}")]));
        let node = Authority::new(vec![Layer::new("policies", LayerKind::Grants, [all("admin"), odd])]);
        assert!(node.decide_everywhere("x").is_allow());
    }

    #[test]
    fn assuming_that_an_unread_policy_stops_nothing_is_said_and_undone_nowhere() {
        let known = Grant::deny("region", Selector::of([Glob::insensitive("ec2:*")]), Selector::everything());
        let mut policy = Layer::unread("scp", LayerKind::Guard, "organisation policies");
        policy.grants.push(known);
        let node = Authority::new(vec![Layer::new("policies", LayerKind::Grants, [all("admin")]), policy]);
        assert_eq!(node.assumptions(), <[String; 0]>::default());
        let assumed = node.clone().assuming_unread_stop_nothing();
        assert_eq!(assumed.assumptions(), ["organisation policies: nothing unread stops anything"]);
        assert!(!node.decide("s3:GetObject", "*").is_allow());
        assert!(assumed.decide("s3:GetObject", "*").is_allow());
        assert!(assumed.decide("ec2:RunInstances", "*").is_deny(), "what was read still denies");
    }

    #[test]
    fn an_unread_layer_that_gives_is_not_assumed_away() {
        let node = Authority::new(vec![Layer::unread("own", LayerKind::Grants, "inline policies")]);
        let assumed = node.clone().assuming_unread_stop_nothing();
        assert_eq!(assumed, node);
    }

    #[test]
    fn an_assumption_is_made_once() {
        let node = Authority::none().assuming("no organisation policy").assuming("no organisation policy");
        assert_eq!(node.assumptions(), ["no organisation policy"]);
    }

    #[test]
    fn what_gives_are_the_allows_of_the_layers_that_give() {
        let node = Authority::new(vec![
            Layer::new(
                "policies",
                LayerKind::Grants,
                [all("given"), Grant::deny("no", Selector::nothing(), Selector::nothing())],
            ),
            Layer::new("boundary", LayerKind::Limit, [all("boundary")]),
        ]);
        let giving: Vec<&str> = node.giving().map(|grant| grant.id.as_str()).collect();
        assert_eq!(giving, ["given"]);
        assert_eq!(node.grants().count(), 3);
    }
}
