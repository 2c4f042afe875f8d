//! What the standing of an identity says against it.

mod weight;

pub(super) use weight::counts_against_application;

use crate::flaws::Flaws;
use crate::quoted::quoted;
use palisade_authority::{Certainty, GrantId, Held, Node, Standing};
use palisade_engine::{Severity, Verdict};
use palisade_model::{Gap, Identity, IdentityKind};
use std::collections::{BTreeMap, BTreeSet};

/// Judges an identity by its standing, together with what was already found against it.
pub(super) fn judge(identity: &Identity, mut flaws: Flaws) -> Result<Verdict, Gap> {
    let verdict = match identity.standing.get() {
        Ok(standing) => {
            let reader = Reader { name: &identity.name, kind: identity.kind, standing };
            reader.read(&mut flaws);
            flaws.settle(|| Ok(Verdict::pass(reader.good())))
        }
        Err(gap) => flaws.settle(|| Err(gap)),
    };
    Ok(verdict?.seen_in(&identity.standing))
}

struct Reader<'a> {
    name: &'a str,
    kind: IdentityKind,
    standing: &'a Standing,
}

impl<'a> Reader<'a> {
    fn read(&self, flaws: &mut Flaws) {
        if let Some((certainty, by)) = &self.standing.administrator {
            let said = format!("`{}` is an administrator, by {}", self.name, quoted(by));
            say(flaws, Severity::Critical, certainty, said);
            if certainty.is_certain() {
                return;
            }
        }
        self.escalation(flaws);
        let told = self.capabilities(flaws);
        self.grants(flaws, &told);
    }

    fn escalation(&self, flaws: &mut Flaws) {
        let path = self.standing.escalation.as_deref().unwrap_or_default();
        let (Some(first), Some(last)) = (path.first(), path.last()) else { return };
        let is_needed =
            weight::has_known_need(self.kind) && !weight::is_beyond_need(self.standing, &first.permissions, &first.by);
        let severity = match &last.to {
            // The provider's own service may need what amounts to everything; without it the cluster breaks.
            Node::Administrator | Node::ClusterAdmin if is_needed && self.kind == IdentityKind::ControlPlane => return,
            Node::Administrator | Node::ClusterAdmin => Severity::Critical,
            Node::Identity(_) if is_needed => return,
            Node::Identity(_) => Severity::High,
        };
        let way = if path.len() > 1 {
            format!(" in {} steps, the first to `{}`", path.len(), first.to)
        } else {
            String::new()
        };
        let with =
            if first.permissions.is_empty() { String::new() } else { format!(" with {}", quoted(&first.permissions)) };
        let by = if first.by.is_empty() { String::new() } else { format!(", given by {}", quoted(&first.by)) };
        let said = format!("`{}` can become `{}`{way} by `{}`{with}{by}", self.name, last.to, first.method);
        let certainty = path.iter().map(|hop| hop.certainty.clone()).fold(Certainty::Certain, Certainty::and);
        say(flaws, severity, &certainty, said);
    }

    /// Tells the capabilities that count against the identity and returns the grants that surely give them.
    fn capabilities(&self, flaws: &mut Flaws) -> BTreeSet<&'a GrantId> {
        let mut alike: BTreeMap<(Severity, &Certainty), Vec<&'a Held>> = BTreeMap::new();
        for held in &self.standing.held {
            if let Some(severity) = weight::of(self.kind, self.standing, held) {
                alike.entry((severity, &held.certainty)).or_default().push(held);
            }
        }
        let beyond = if weight::has_known_need(self.kind) { " beyond its need" } else { "" };
        for ((severity, certainty), held) in &alike {
            let names = quoted(held.iter().map(|one| one.capability));
            let by = quoted(held.iter().flat_map(|one| &one.by));
            let everywhere = if held.iter().all(|one| one.everywhere) { " on every resource" } else { "" };
            say(
                flaws,
                *severity,
                certainty,
                format!("`{}` holds {names}{everywhere}{beyond}, given by {by}", self.name),
            );
        }
        let sure = alike.into_iter().filter(|((_, certainty), _)| certainty.is_certain());
        sure.flat_map(|(_, held)| held).flat_map(|held| &held.by).collect()
    }

    /// Tells the grants that are too wide, and those that are not needed and not told yet.
    fn grants(&self, flaws: &mut Flaws, told: &BTreeSet<&GrantId>) {
        let conditional = weight::conditional_grants(self.standing);
        let certainty = |grant| conditional.get(grant).map_or(&Certainty::Certain, |certainty| *certainty);
        for wildcard in &self.standing.wildcards {
            let said =
                format!("`{}` is given `{}` on every resource by `{}`", self.name, wildcard.pattern, wildcard.grant);
            say(flaws, Severity::High, certainty(&wildcard.grant), said);
        }
        if !weight::has_known_need(self.kind) {
            return;
        }
        let wide: BTreeSet<&GrantId> = self.standing.wildcards.iter().map(|wildcard| &wildcard.grant).collect();
        let untold = |grant| !told.contains(grant) && !wide.contains(grant);
        for outside in self.standing.outside_need.iter().filter(|outside| untold(&outside.grant)) {
            let more = if outside.more == 0 { String::new() } else { format!(" (and {} further)", outside.more) };
            let actions = quoted(&outside.actions);
            let said = format!("`{}` does not need {actions}{more}, given by `{}`", self.name, outside.grant);
            say(flaws, Severity::Medium, certainty(&outside.grant), said);
        }
    }

    fn good(&self) -> String {
        let (name, held) = (self.name, quoted(self.standing.held.iter().map(|held| held.capability)));
        let mut said = vec![if weight::has_known_need(self.kind) {
            format!("`{name}` holds nothing beyond its need")
        } else {
            format!("no way from `{name}` to an administrator was found")
        }];
        match (weight::has_known_need(self.kind), held.is_empty()) {
            (_, true) => (),
            (true, false) => said.push(format!("inherent in that is {held}")),
            (false, false) => said.push(format!("it holds {held}")),
        }
        // With a way that nobody needs this would not be said.
        if let Some(last) = self.standing.escalation.as_ref().and_then(|path| path.last()) {
            said.push(format!("what it needs is also a way to `{}`", last.to));
        }
        if !self.standing.assumptions.is_empty() {
            said.push(format!("taken for granted: {}", quoted(&self.standing.assumptions)));
        }
        said.join("; ")
    }
}

/// A certain flaw is a proof; one that hangs on something is a doubt that names it.
fn say(flaws: &mut Flaws, severity: Severity, certainty: &Certainty, said: String) {
    match certainty {
        Certainty::Certain => flaws.prove(severity, said),
        Certainty::Conditional(on) => flaws.unsettled(format!("{said}, if at all: it hangs on {}", quoted(on))),
    }
}
