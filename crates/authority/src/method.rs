//! Ways to become another identity, as tables a provider fills.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::capability::Certainty;
use crate::grant::GrantId;
use crate::layers::Authority;

/// A way to become someone else: a short stable name and the sentence that explains it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Method {
    name: Arc<str>,
    sentence: Arc<str>,
}

impl Method {
    /// A method called `name`, explained by `sentence`.
    pub fn new(name: impl Into<Arc<str>>, sentence: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), sentence: sentence.into() }
    }

    /// The short stable name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the holder does, and what that makes of it.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a method makes of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The administrator of the account.
    Administrator,
    /// The administrator of a cluster.
    ClusterAdmin,
    /// The identity it was used on.
    Target,
}

/// A row of a provider's table of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodRow {
    /// The short stable name.
    pub name: &'static str,
    /// What the holder does, and what that makes of it.
    pub sentence: &'static str,
    /// Alternatives; each is a set of actions that are needed together.
    pub needs: &'static [&'static [&'static str]],
    /// What it makes of its user.
    pub effect: Outcome,
}

impl MethodRow {
    /// The method this row describes.
    pub fn method(&self) -> Method {
        Method::new(self.name, self.sentence)
    }
}

/// Where one action of a method must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// On this resource.
    On(&'a str),
    /// On some resource, whichever.
    Somewhere,
    /// On every resource in scope.
    Everywhere,
}

/// That a method is open to an identity, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Satisfied {
    /// How sure that is.
    pub certainty: Certainty,
    /// The actions used.
    pub permissions: Vec<String>,
    /// The grants that give them.
    pub by: Vec<GrantId>,
}

/// Whether `authority` has what a method needs, each action at the place `place` names for it.
///
/// Of several ways to satisfy the row the first certain one is told, else the first conditional one.
pub fn satisfied<'a>(authority: &Authority, row: &MethodRow, place: impl Fn(&str) -> Place<'a>) -> Option<Satisfied> {
    let mut conditional = None;
    for set in row.needs {
        let Some(way) = together(authority, set, &place) else {
            continue;
        };
        if way.certainty.is_certain() {
            return Some(way);
        }
        conditional = conditional.or(Some(way));
    }
    conditional
}

fn together<'a>(authority: &Authority, set: &[&str], place: &impl Fn(&str) -> Place<'a>) -> Option<Satisfied> {
    let mut certainty = Certainty::Certain;
    let mut by = BTreeSet::new();
    for action in set {
        let decision = match place(action) {
            Place::On(resource) => authority.decide(action, resource),
            Place::Somewhere => authority.decide_any_resource(action),
            Place::Everywhere => authority.decide_everywhere(action),
        };
        certainty = certainty.and(decision.certainty()?);
        by.extend(decision.by().iter().cloned());
    }
    let permissions = set.iter().map(|action| (*action).to_owned()).collect();
    Some(Satisfied { certainty, permissions, by: by.into_iter().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Glob;
    use crate::grant::Grant;
    use crate::layers::{Layer, LayerKind};
    use crate::selector::Selector;
    use crate::truth::Truth;

    const PASS: MethodRow = MethodRow {
        name: "pass-role",
        sentence: "It starts something that runs under the role.",
        needs: &[&["iam:PassRole", "ec2:RunInstances"], &["iam:PassRole", "lambda:CreateFunction"]],
        effect: Outcome::Target,
    };
    const ROLE: &str = "arn:role/ci-admin";

    fn authority(grants: &[(&str, &str, &str, Truth)]) -> Authority {
        let grants = grants.iter().map(|(id, action, resource, when)| {
            let actions = Selector::of([Glob::insensitive(action)]);
            Grant::allow(*id, actions, Selector::of([Glob::sensitive(resource)])).when(when.clone())
        });
        Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)])
    }

    fn on_role(action: &str) -> Place<'static> {
        if action == "iam:PassRole" { Place::On(ROLE) } else { Place::Somewhere }
    }

    #[test]
    fn a_method_is_open_when_each_action_is_allowed_where_it_must_be() {
        let run = ("run", "ec2:RunInstances", "arn:instance/*", Truth::True);
        let here = authority(&[("pass", "iam:PassRole", "arn:role/ci-*", Truth::True), run.clone()]);
        let open = satisfied(&here, &PASS, on_role).unwrap();
        assert_eq!(open.permissions, ["iam:PassRole", "ec2:RunInstances"]);
        assert_eq!(open.by, ["pass".into(), "run".into()]);
        assert!(open.certainty.is_certain());
        let elsewhere = authority(&[("pass", "iam:PassRole", "arn:role/other", Truth::True), run]);
        assert_eq!(satisfied(&elsewhere, &PASS, on_role), None);
        assert!(satisfied(&elsewhere, &PASS, |_| Place::Somewhere).is_some());
        assert_eq!(satisfied(&elsewhere, &PASS, |_| Place::Everywhere), None);
    }

    #[test]
    fn a_certain_way_is_told_before_a_conditional_one() {
        let both = authority(&[
            ("pass", "iam:PassRole", "*", Truth::True),
            ("run", "ec2:RunInstances", "*", Truth::unknown("k")),
            ("function", "lambda:CreateFunction", "*", Truth::True),
        ]);
        assert_eq!(satisfied(&both, &PASS, on_role).unwrap().permissions, ["iam:PassRole", "lambda:CreateFunction"]);
        let maybe = authority(&[
            ("pass", "iam:PassRole", "*", Truth::unknown("j")),
            ("run", "ec2:RunInstances", "*", Truth::unknown("k")),
        ]);
        let on = ["j", "k"].map(str::to_owned);
        assert_eq!(satisfied(&maybe, &PASS, on_role).unwrap().certainty, Certainty::Conditional(on.into()));
    }

    #[test]
    fn a_row_names_its_method() {
        let method = PASS.method();
        assert_eq!((method.name(), method.sentence()), (PASS.name, PASS.sentence));
        assert_eq!(method.to_string(), "pass-role");
    }
}
