//! Statements as grants.

use super::{
    condition::{Filled, binds, fill, glob, holds, is_chosen},
    request::Request,
};
use crate::record::document::{Document, Statement};
use palisade_authority::{Case, Effect, Glob, Grant, GrantId, Selector, Truth};

/// The version from which on documents have variables.
const WITH_VARIABLES: &str = "2012-10-17";

/// The grants of a document for the requests of a principal. `name` is how people find the document.
pub(in crate::normalize) fn grants(document: &Document, name: &str, request: &Request) -> Vec<Grant> {
    let variables = has_variables(document);
    let statements = document.statement.iter().enumerate();
    statements.flat_map(|(place, statement)| of_statement(statement, place, name, request, variables)).collect()
}

/// Whether a document gives the same grants whoever asks: it has neither conditions nor variables.
pub(in crate::normalize) fn is_same_for_all(document: &Document) -> bool {
    let resources = |one: &Statement| {
        let patterns = one.resource.iter().chain(&one.not_resource).flatten();
        patterns.into_iter().any(|pattern| pattern.contains("${"))
    };
    document.statement.iter().all(|one| one.condition.is_empty() && !resources(one))
}

/// Whether `${…}` means something in the document.
pub(in crate::normalize) fn has_variables(document: &Document) -> bool {
    document.version.as_deref() == Some(WITH_VARIABLES)
}

fn of_statement(statement: &Statement, place: usize, name: &str, request: &Request, variables: bool) -> Vec<Grant> {
    let effect = match statement.effect.as_deref() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Vec::new(),
    };
    let Some(actions) = actions(statement) else { return Vec::new() };
    let when = match effect {
        Effect::Allow => holds(&statement.condition, request, variables),
        Effect::Deny => binds(&statement.condition, request, variables),
    };
    if when == Truth::False {
        return Vec::new();
    }
    let id = GrantId::from(match statement.sid.as_deref() {
        Some(sid) if !sid.is_empty() => format!("{name} statement {sid}"),
        _ => format!("{name} statement {place}"),
    });
    let of = |resources: Selector, more: Truth| Grant {
        id: id.clone(),
        effect,
        actions: actions.clone(),
        resources,
        when: when.clone().and(more),
    };
    match (&statement.resource, &statement.not_resource) {
        (Some(patterns), _) => {
            let (mut known, mut grants) = (Vec::new(), Vec::new());
            // Whoever chooses what a variable stands for chooses something else than what is denied.
            let meant = |pattern: &&String| effect == Effect::Allow || !is_chosen(pattern, request, variables);
            for pattern in patterns.iter().filter(meant) {
                match fill(pattern, request, variables) {
                    Filled::Pieces(pieces) => known.push(glob(Case::Sensitive, &pieces)),
                    Filled::Nothing => (),
                    Filled::Unknown(key, pieces) => {
                        let wide = Selector::of([glob(Case::Sensitive, &pieces)]);
                        grants.push(of(wide, Truth::unknown(key)));
                    }
                }
            }
            if !known.is_empty() {
                grants.push(of(Selector::of(known), Truth::True));
            }
            grants
        }
        (None, Some(patterns)) => {
            let mut unknown = Truth::True;
            // And something else than what an allowance leaves out.
            let meant = |pattern: &&String| effect == Effect::Deny || !is_chosen(pattern, request, variables);
            let out: Vec<Glob> = patterns
                .iter()
                .filter(meant)
                .filter_map(|pattern| match fill(pattern, request, variables) {
                    Filled::Pieces(pieces) => Some(glob(Case::Sensitive, &pieces)),
                    Filled::Nothing => None,
                    Filled::Unknown(key, _) => {
                        unknown = Truth::unknown(key);
                        None
                    }
                })
                .collect();
            vec![of(Selector::all_but(out), unknown)]
        }
        // A resource policy speaks of its own resource.
        (None, None) => vec![of(Selector::everything(), Truth::True)],
    }
}

/// The actions a statement speaks of. Case does not count.
pub(in crate::normalize) fn actions(statement: &Statement) -> Option<Selector> {
    let globs = |patterns: &[String]| patterns.iter().map(|pattern| Glob::insensitive(pattern)).collect::<Vec<_>>();
    match (&statement.action, &statement.not_action) {
        (Some(patterns), _) => Some(Selector::of(globs(patterns))),
        (None, Some(patterns)) => Some(Selector::all_but(globs(patterns))),
        (None, None) => None,
    }
}
