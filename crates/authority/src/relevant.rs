//! The few grants that bear on one action, picked out of all layers once.

use crate::glob::Glob;
use crate::grant::{Effect, Grant};
use crate::judge::{Decision, judge};
use crate::layers::{Authority, LayerKind};
use crate::name::Name;

impl Authority {
    /// The grants that bear on an action, wherever it is aimed.
    pub(crate) fn relevant(&self, action: Name<'_>) -> Vec<Relevant<'_>> {
        let mut relevant = Vec::new();
        for (place, layer) in self.layers().iter().enumerate() {
            for grant in layer.grants.iter().filter(|grant| grant.concerns(action)) {
                let idle = layer.kind == LayerKind::Denials && grant.effect == Effect::Allow;
                if idle || grant.resources.any_of().is_empty() {
                    continue;
                }
                let gives = layer.gives() && grant.effect == Effect::Allow;
                relevant.push(Relevant { layer: place, gives, grant });
            }
        }
        relevant
    }

    /// The verdict when, of those, the ones that `applies` picks apply.
    pub(crate) fn judge_relevant<'a>(
        &'a self,
        relevant: &[Relevant<'a>],
        applies: impl Fn(&Relevant<'a>) -> bool,
    ) -> Decision {
        let applies = &applies;
        judge(self.layers(), |place, _| {
            relevant.iter().filter(move |one| one.layer == place && applies(one)).map(|one| one.grant)
        })
    }
}

/// A grant whose actions include the one in question.
#[derive(Clone, Copy)]
pub(crate) struct Relevant<'a> {
    pub(crate) layer: usize,
    pub(crate) gives: bool,
    pub(crate) grant: &'a Grant,
}

impl Relevant<'_> {
    /// Whether it cannot make one resource differ from another, other than by giving.
    pub(crate) fn is_uniform(&self) -> bool {
        if self.gives { self.grant.resources.none_of().is_empty() } else { self.grant.resources.is_everything() }
    }

    /// Whether it applies to the most favourable resource imaginable: allows do, denies when nothing escapes them.
    pub(crate) fn applies_at_best(&self) -> bool {
        self.grant.effect == Effect::Allow || self.grant.resources.is_everything()
    }

    /// The same for the most favourable resource a pattern stands for.
    pub(crate) fn applies_at_best_in(&self, glob: &Glob) -> bool {
        match self.grant.effect {
            Effect::Allow => self.grant.resources.may_meet(glob),
            Effect::Deny => self.grant.resources.plainly_covers(glob),
        }
    }
}
