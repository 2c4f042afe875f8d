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
