//! One line of a policy: who gave or took what, where, and under which condition.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::selector::Selector;
use crate::truth::{Strength, Truth};

/// What a grant does to a request it applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Lets it through, as far as its layer is concerned.
    Allow,
    /// Stops it, whatever else allows it.
    Deny,
}

/// Where a grant was written, in words a person can look up: `policy AdministratorAccess statement 0`, the id of a
/// role assignment, a binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(Arc<str>);

impl GrantId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for GrantId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One statement, assignment, binding or deny rule, already narrowed to the identity in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where it was written; printed as evidence.
    pub id: GrantId,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// What may be done.
    pub actions: Selector,
    /// To what.
    pub resources: Selector,
    /// Whether its condition holds.
    pub when: Truth,
}

impl Grant {
    /// An unconditional grant that allows.
    pub fn allow(id: impl Into<GrantId>, actions: Selector, resources: Selector) -> Self {
        Self { id: id.into(), effect: Effect::Allow, actions, resources, when: Truth::True }
    }

    /// An unconditional grant that denies.
    pub fn deny(id: impl Into<GrantId>, actions: Selector, resources: Selector) -> Self {
        Self { effect: Effect::Deny, ..Self::allow(id, actions, resources) }
    }

    /// The same grant under a condition, on top of any it already has.
    #[must_use]
    pub fn when(mut self, condition: Truth) -> Self {
        self.when = self.when.and(condition);
        self
    }

    pub(crate) fn concerns(&self, action: Name<'_>) -> bool {
        self.when.strength() > Strength::False && self.actions.accepts(action)
    }
}
