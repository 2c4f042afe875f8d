//! The verdict on one request: which layers let it through, which stop it, what it hangs on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::capability::Certainty;
use crate::grant::{Effect, Grant, GrantId};
use crate::layers::{Layer, LayerKind, LayerName};
use crate::truth::{Strength, Truth};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is allowed, whatever the unknowns turn out to be.
    Allow {
        /// The grants that give it.
        by: Vec<GrantId>,
    },
    /// It is denied, whatever the unknowns turn out to be.
    Deny {
        /// What stops it.
        by: DenyReason,
    },
    /// It depends.
    Conditional {
        /// What it depends on: condition keys, unread documents.
        on: BTreeSet<String>,
        /// The grants that would give it.
        by: Vec<GrantId>,
    },
}

/// What stops a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenyReason {
    /// A grant that denies.
    Explicit(GrantId),
    /// Nothing gives it.
    Implicit,
    /// It is given, but this layer does not let it through.
    Guard(LayerName),
}

impl Decision {
    /// Whether it is allowed for certain.
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// Whether it is denied for certain.
    pub fn is_deny(&self) -> bool {
        matches!(self, Self::Deny { .. })
    }

    /// How sure it is that the request may go through; nothing when it may not.
    pub fn certainty(&self) -> Option<Certainty> {
        match self {
            Self::Allow { .. } => Some(Certainty::Certain),
            Self::Conditional { on, .. } => Some(Certainty::Conditional(on.clone())),
            Self::Deny { .. } => None,
        }
    }

    /// The grants that give it, or would.
    pub fn by(&self) -> &[GrantId] {
        match self {
            Self::Allow { by } | Self::Conditional { by, .. } => by,
            Self::Deny { .. } => &[],
        }
    }

    /// The same, but no longer certain of anything it allows.
    pub(crate) fn also_hanging_on(self, what: &str) -> Self {
        match self {
            Self::Allow { by } => Self::Conditional { on: BTreeSet::from([what.to_owned()]), by },
            Self::Conditional { mut on, by } => {
                on.insert(what.to_owned());
                Self::Conditional { on, by }
            }
            deny @ Self::Deny { .. } => deny,
        }
    }

    /// Denied, then conditional, then allowed.
    pub(crate) fn strength(&self) -> Strength {
        match self {
            Self::Allow { .. } => Strength::True,
            Self::Conditional { .. } => Strength::Unknown,
            Self::Deny { .. } => Strength::False,
        }
    }
}

/// The verdict when `matched` names, for each layer, the grants that apply to the request. Grants whose condition is
/// false must already be left out.
pub(crate) fn judge<'a, M, I>(layers: &'a [Layer], matched: M) -> Decision
where
    M: Fn(usize, &'a Layer) -> I,
    I: Iterator<Item = &'a Grant>,
{
    let mut tally = Tally::new();
    for (place, layer) in layers.iter().enumerate() {
        if let Some(grant) = tally.add(layer, matched(place, layer)) {
            return Decision::Deny { by: DenyReason::Explicit(grant.id.clone()) };
        }
    }
    match tally.outcome() {
        Strength::False => Decision::Deny { by: tally.reason() },
        strength => {
            let mut evidence = Evidence::default();
            for (place, layer) in layers.iter().enumerate() {
                evidence.gather(&tally, layer, matched(place, layer));
            }
            let by = evidence.by.into_iter().collect();
            if strength == Strength::True {
                Decision::Allow { by }
            } else {
                Decision::Conditional { on: evidence.on, by }
            }
        }
    }
}

/// What the layers say, strongest first where one is enough, weakest first where all are needed.
struct Tally<'a> {
    given: Strength,
    direct: Strength,
    guards: Strength,
    limits: Strength,
    denied: Strength,
    stopped_by: Option<&'a LayerName>,
}

impl<'a> Tally<'a> {
    fn new() -> Self {
        Self {
            given: Strength::False,
            direct: Strength::False,
            guards: Strength::True,
            limits: Strength::True,
            denied: Strength::False,
            stopped_by: None,
        }
    }

    /// Adds a layer; returns the grant that settles the matter by denying.
    fn add(&mut self, layer: &'a Layer, grants: impl Iterator<Item = &'a Grant>) -> Option<&'a Grant> {
        let (mut allows, mut denies) = unread(layer);
        for grant in grants {
            let strength = grant.when.strength();
            match (grant.effect, strength) {
                (Effect::Allow, _) => allows = allows.max(strength),
                (Effect::Deny, Strength::True) => return Some(grant),
                (Effect::Deny, _) => denies = denies.max(strength),
            }
        }
        self.denied = self.denied.max(denies);
        match layer.kind {
            LayerKind::Grants => self.given = self.given.max(allows),
            LayerKind::Direct => self.direct = self.direct.max(allows),
            LayerKind::Guard => self.guards = self.guards.min(allows),
            LayerKind::Limit => self.limits = self.limits.min(allows),
            LayerKind::Denials => return None,
        }
        if !layer.gives() && allows == Strength::False {
            self.stopped_by = self.stopped_by.or(Some(&layer.name));
        }
        None
    }

    /// What the `Grants` layers give, as far as the limits let it through.
    fn limited(&self) -> Strength {
        self.given.min(self.limits)
    }

    fn source(&self) -> Strength {
        self.limited().max(self.direct)
    }

    fn outcome(&self) -> Strength {
        self.source().min(self.guards).min(self.denied.not())
    }

    /// Why the outcome is a denial, when no grant denies for certain.
    fn reason(&self) -> DenyReason {
        let given = self.given.max(self.direct) > Strength::False;
        match self.stopped_by {
            Some(layer) if given => DenyReason::Guard(layer.clone()),
            Some(_) | None => DenyReason::Implicit,
        }
    }
}

/// What the unread part of a layer may say: it may allow, it may deny.
fn unread(layer: &Layer) -> (Strength, Strength) {
    match layer.missing() {
        Some(_) => (Strength::Unknown, Strength::Unknown),
        None => (Strength::False, Strength::False),
    }
}

/// Who gives it and what it hangs on, once it is known to be allowed or conditional.
#[derive(Default)]
struct Evidence {
    by: BTreeSet<GrantId>,
    on: BTreeSet<String>,
}

impl Evidence {
    fn gather<'a>(&mut self, tally: &Tally<'_>, layer: &Layer, grants: impl Iterator<Item = &'a Grant>) {
        let (mut allows, denies) = unread(layer);
        if denies == Strength::Unknown {
            self.on.extend(layer.missing().map(str::to_owned));
        }
        // The strength of the whole this layer's allows belong to, when that whole is part of the verdict.
        let whole = match layer.kind {
            LayerKind::Grants => Some(tally.given).filter(|_| tally.limited() == tally.source()),
            LayerKind::Direct => Some(tally.direct).filter(|direct| *direct == tally.source()),
            LayerKind::Guard | LayerKind::Limit | LayerKind::Denials => None,
        };
        let mut hangs_on = BTreeSet::new();
        for grant in grants {
            let strength = grant.when.strength();
            match grant.effect {
                Effect::Allow => {
                    allows = allows.max(strength);
                    if Some(strength) == whole {
                        self.by.insert(grant.id.clone());
                    }
                    hangs_on.extend(names(&grant.when));
                }
                Effect::Deny => self.on.extend(names(&grant.when)),
            }
        }
        let counts = match layer.kind {
            LayerKind::Grants | LayerKind::Direct => {
                tally.source() == Strength::Unknown && whole == Some(Strength::Unknown)
            }
            LayerKind::Guard => allows == Strength::Unknown,
            LayerKind::Limit => {
                allows == Strength::Unknown
                    && tally.source() == Strength::Unknown
                    && tally.limited() == Strength::Unknown
            }
            LayerKind::Denials => false,
        };
        if counts {
            self.on.extend(hangs_on);
        }
    }
}

fn names(when: &Truth) -> impl Iterator<Item = String> {
    let unknown = match when {
        Truth::Unknown(names) => Some(names),
        Truth::True | Truth::False => None,
    };
    unknown.into_iter().flatten().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Authority, Reading};
    use crate::selector::Selector;

    fn allow(id: &str) -> Grant {
        Grant::allow(id, Selector::everything(), Selector::everything())
    }

    fn deny(id: &str) -> Grant {
        Grant::deny(id, Selector::everything(), Selector::everything())
    }

    fn layer<const N: usize>(kind: LayerKind, grants: [Grant; N]) -> Layer {
        Layer::new(format!("{kind:?}"), kind, grants)
    }

    fn decide<const N: usize>(layers: [Layer; N]) -> Decision {
        Authority::new(layers.into()).decide("act", "thing")
    }

    fn conditional(on: &[&str], by: &[&str]) -> Decision {
        let on = on.iter().map(|name| (*name).to_owned()).collect();
        Decision::Conditional { on, by: by.iter().map(|id| GrantId::from(*id)).collect() }
    }

    #[test]
    fn nobody_gave_anything_is_an_implicit_denial() {
        assert_eq!(decide([]), Decision::Deny { by: DenyReason::Implicit });
        let guarded = decide([layer(LayerKind::Guard, [allow("guard")])]);
        assert_eq!(guarded, Decision::Deny { by: DenyReason::Implicit });
    }

    #[test]
    fn a_deny_wins_in_whatever_layer_it_stands() {
        for kind in [LayerKind::Grants, LayerKind::Direct, LayerKind::Guard, LayerKind::Limit, LayerKind::Denials] {
            let decision =
                decide([layer(LayerKind::Grants, [allow("given")]), layer(kind, [allow("also"), deny("no")])]);
            assert_eq!(decision, Decision::Deny { by: DenyReason::Explicit("no".into()) }, "{kind:?}");
        }
    }

    #[test]
    fn what_a_denial_layer_allows_gives_nothing() {
        let decision = decide([layer(LayerKind::Denials, [allow("idle")])]);
        assert_eq!(decision, Decision::Deny { by: DenyReason::Implicit });
    }

    #[test]
    fn a_certain_grant_makes_the_uncertain_ones_beside_it_irrelevant() {
        let maybe = allow("maybe").when(Truth::unknown("k"));
        let decision = decide([layer(LayerKind::Grants, [maybe, allow("sure")])]);
        assert_eq!(decision, Decision::Allow { by: vec!["sure".into()] });
    }

    #[test]
    fn a_conditional_answer_names_only_what_it_hangs_on() {
        let decision = decide([
            layer(LayerKind::Grants, [allow("sure"), allow("maybe").when(Truth::unknown("unneeded"))]),
            layer(LayerKind::Guard, [allow("guard").when(Truth::unknown("vpc"))]),
            layer(LayerKind::Denials, [deny("if far").when(Truth::unknown("address"))]),
        ]);
        assert_eq!(decision, conditional(&["address", "vpc"], &["sure"]));
    }

    #[test]
    fn an_unread_layer_is_named_and_never_taken_to_be_absent() {
        let given = layer(LayerKind::Grants, [allow("given")]);
        for kind in [LayerKind::Guard, LayerKind::Limit, LayerKind::Denials] {
            let decision = decide([given.clone(), Layer::unread("scp", kind, "policies of the organisation")]);
            assert_eq!(decision, conditional(&["policies of the organisation"], &["given"]), "{kind:?}");
        }
        let decision = decide([Layer::unread("own", LayerKind::Grants, "inline policies")]);
        assert_eq!(decision, conditional(&["inline policies"], &[]));
    }

    #[test]
    fn a_deny_that_was_read_still_denies_beside_documents_that_were_not() {
        let mut partly = layer(LayerKind::Denials, [deny("no")]);
        partly.read = Reading::Missing("the rest".to_owned());
        let decision = decide([layer(LayerKind::Grants, [allow("given")]), partly]);
        assert_eq!(decision, Decision::Deny { by: DenyReason::Explicit("no".into()) });
    }

    #[test]
    fn a_direct_grant_passes_limits_but_no_guard() {
        let direct = || layer(LayerKind::Direct, [allow("named")]);
        let closed_limit = layer(LayerKind::Limit, []);
        assert_eq!(decide([direct(), closed_limit.clone()]), Decision::Allow { by: vec!["named".into()] });
        let both = decide([layer(LayerKind::Grants, [allow("given")]), direct(), closed_limit]);
        assert_eq!(both, Decision::Allow { by: vec!["named".into()] }, "what the limit stops gives nothing");
        let guarded = decide([direct(), layer(LayerKind::Guard, [])]);
        assert_eq!(guarded, Decision::Deny { by: DenyReason::Guard("Guard".into()) });
    }

    #[test]
    fn the_first_layer_that_stops_a_request_is_the_reason() {
        let stopping = |name: &str, kind| Layer::new(name, kind, []);
        let decision = decide([
            layer(LayerKind::Grants, [allow("given")]),
            stopping("boundary", LayerKind::Limit),
            stopping("scp", LayerKind::Guard),
        ]);
        assert_eq!(decision, Decision::Deny { by: DenyReason::Guard("boundary".into()) });
    }
}
