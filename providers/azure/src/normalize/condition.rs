//! Conditions on role assignments, as far as they limit which roles may be given away to whom.
//! <https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples>
//!
//! Read are `ActionMatches` and, about `roleAssignments`, `RoleDefinitionId` with `ForAnyOfAnyValues:GuidEquals` and
//! `PrincipalType` with `ForAnyOfAnyValues:StringEqualsIgnoreCase`. Every other comparison is an unknown.

use palisade_authority::{Glob, Truth};

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// The action is this one.
    Action(String),
    /// The role that is given away is one of these, in lower case.
    Role(Vec<String>),
    /// Whoever is given it is of one of these types, in lower case.
    Recipient(Vec<String>),
    /// Something we do not read.
    Other(String),
}

/// What is asked to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The action; absent for any that the condition does not name.
    pub(super) action: Option<&'a str>,
    /// The role to be given away; absent for one that the condition does not name.
    pub(super) role: Option<&'a str>,
    /// The type of whoever is to be given it.
    pub(super) recipient: &'a str,
}

impl Condition {
    /// Reads a condition; nothing when it is not written as conditions are.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = Words { rest: text, depth: 0 };
        let read = words.any()?;
        words.rest.trim().is_empty().then_some(read)
    }

    /// Whether it holds.
    pub(super) fn holds(&self, asked: Asked<'_>) -> Truth {
        match self {
            Self::All(parts) => Truth::all(parts.iter().map(|part| part.holds(asked))),
            Self::Any(parts) => Truth::any(parts.iter().map(|part| part.holds(asked))),
            Self::Not(part) => part.holds(asked).not(),
            Self::Action(pattern) => {
                asked.action.is_some_and(|action| Glob::insensitive(pattern).matches(action)).into()
            }
            // Only assignments of roles have these.
            Self::Role(_) | Self::Recipient(_) if asked.action.is_none() => Truth::unknown("condition about roles"),
            Self::Role(roles) => asked.role.is_some_and(|role| roles.iter().any(|one| one == role)).into(),
            Self::Recipient(types) => types.iter().any(|one| one.eq_ignore_ascii_case(asked.recipient)).into(),
            Self::Other(text) => Truth::unknown(format!("condition: {text}")),
        }
    }

    /// The actions and the roles it names.
    pub(super) fn named(&self) -> (Vec<&str>, Vec<&str>) {
        let (mut actions, mut roles) = (Vec::new(), Vec::new());
        self.collect(&mut actions, &mut roles);
        (actions, roles)
    }

    fn collect<'c>(&'c self, actions: &mut Vec<&'c str>, roles: &mut Vec<&'c str>) {
        let add = |all: &mut Vec<&'c str>, one: &'c str| {
            if !all.contains(&one) {
                all.push(one);
            }
        };
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(actions, roles)),
            Self::Not(part) => part.collect(actions, roles),
            Self::Action(action) => add(actions, action),
            Self::Role(named) => named.iter().for_each(|role| add(roles, role)),
            Self::Recipient(_) | Self::Other(_) => {}
        }
    }
}

/// How deep brackets may stand in each other; people write three.
const DEEPEST: usize = 64;

/// A condition while it is read, from the left. "And" binds closer than "or".
struct Words<'t> {
    rest: &'t str,
    depth: usize,
}

impl Words<'_> {
    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.word("OR") || self.sign("||") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 { parts.pop()? } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.one()?];
        while self.word("AND") || self.sign("&&") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 { parts.pop()? } else { Condition::All(parts) })
    }

    fn one(&mut self) -> Option<Condition> {
        self.depth += 1;
        let read = if self.depth > DEEPEST { None } else { self.comparison() };
        self.depth -= 1;
        read
    }

    fn comparison(&mut self) -> Option<Condition> {
        if self.sign("!") || self.word("NOT") {
            return Some(Condition::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inside = self.any()?;
            return self.sign(")").then_some(inside);
        }
        let start = self.rest.trim_start();
        let (subject, after) = start.split_once('{')?;
        let (values, rest) = after.split_once('}')?;
        // Whatever stands between brackets of another kind is no comparison.
        if subject.contains(['(', ')', '}', '!']) {
            return None;
        }
        self.rest = rest;
        let values: Vec<String> = values
            .split(',')
            .map(|value| value.trim().trim_matches('\'').to_ascii_lowercase())
            .filter(|value| !value.is_empty())
            .collect();
        let subject: String = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let is = |text: &str| subject.eq_ignore_ascii_case(text);
        if is("ActionMatches") {
            let [action] = values.as_slice() else { return None };
            return Some(Condition::Action(action.clone()));
        }
        for source in ["@Request", "@Resource"] {
            let attribute = format!("{source}[Microsoft.Authorization/roleAssignments:");
            if is(&format!("{attribute}RoleDefinitionId] ForAnyOfAnyValues:GuidEquals")) {
                return Some(Condition::Role(values));
            }
            if is(&format!("{attribute}PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase")) {
                return Some(Condition::Recipient(values));
            }
        }
        Some(Condition::Other(format!("{subject} {{{}}}", values.join(", "))))
    }

    fn word(&mut self, word: &str) -> bool {
        let start = self.rest.trim_start();
        let found = start.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
        let after = start.get(word.len()..).unwrap_or_default();
        let ends = !after.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if found && ends {
            self.rest = after;
        }
        found && ends
    }

    fn sign(&mut self, sign: &str) -> bool {
        let after = self.rest.trim_start().strip_prefix(sign);
        if let Some(after) = after {
            self.rest = after;
        }
        after.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str = "Microsoft.Authorization/roleAssignments/write";
    const LIMITED: &str = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR \
        (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {A1, b2} AND \
        @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'}))";

    fn holds(text: &str, action: Option<&str>, role: Option<&str>, recipient: &str) -> Truth {
        Condition::read(text).unwrap().holds(Asked { action, role, recipient })
    }

    #[test]
    fn a_limit_on_roles_holds_for_those_roles_and_leaves_other_actions_alone() {
        assert_eq!(holds(LIMITED, Some(WRITE), Some("a1"), "User"), Truth::True);
        assert_eq!(holds(LIMITED, Some(WRITE), Some("a1"), "ServicePrincipal"), Truth::False);
        assert_eq!(holds(LIMITED, Some(WRITE), None, "User"), Truth::False);
        assert_eq!(holds(LIMITED, None, None, "User"), Truth::True);
        assert_eq!(Condition::read(LIMITED).unwrap().named(), (vec![&*WRITE.to_ascii_lowercase()], vec!["a1", "b2"]));
    }

    #[test]
    fn what_is_not_read_is_unknown_and_only_where_it_matters() {
        let other = "!(ActionMatches{'x/write'}) OR @Request[x:y] ForAnyOfAllValues:GuidNotEquals {a1}";
        assert!(matches!(holds(other, Some("x/write"), None, "User"), Truth::Unknown(_)));
        assert_eq!(holds(other, Some("x/read"), None, "User"), Truth::True);
    }

    #[test]
    fn what_is_no_condition_is_not_read() {
        for odd in [
            "",
            "(",
            "ActionMatches{'a'",
            "(ActionMatches{'a'}",
            "ActionMatches{'a'} OR",
            "ActionMatches{'a'} x",
            "a b",
        ] {
            assert_eq!(Condition::read(odd), None, "{odd}");
        }
        assert_eq!(Condition::read(&"(".repeat(1_000_000)), None);
        assert_eq!(Condition::read(&"!".repeat(1_000_000)), None);
    }
}
