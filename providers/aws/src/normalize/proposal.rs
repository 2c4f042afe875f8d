//! A smaller policy for an identity: what its job needs, out of what it has.

use super::{account::Account, iam::standing::Need, read, trail::conclude};
use palisade_authority::{Authority, Grant, Layer, LayerKind, Proposal, Selector, Truth};
use palisade_model::{Gap, Unused};
use palisade_provider::{Proposed, Snapshot};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What to give a principal instead of what it has. Nothing when no cluster uses it.
pub(crate) fn propose(snapshot: &Snapshot, arn: &str) -> Option<Result<Proposed, Gap>> {
    let (proposals, _) = read(snapshot, |account, _| of_account(account, arn).into_iter().collect());
    proposals.into_iter().next()
}

fn of_account(account: &Account<'_>, arn: &str) -> Option<Result<Proposed, Gap>> {
    let uses = account.uses.values().filter_map(|uses| uses.get().ok()?.get(arn));
    let need = uses.map(|one| one.need.clone()).reduce(|all, one| all.and(&one))?;
    Some(
        conclude(|trail| {
            let directory = account.holding(arn, trail)?;
            let authority = directory.authority(arn);
            let mut notes: Vec<String> = authority.assumptions().to_vec();
            let needed = if need.is_unknown() {
                let role = directory.roles.get(arn).ok_or_else(|| Gap::Unsettled {
                    what: "what a user needs is known to nobody: access reports are only read of roles".to_owned(),
                })?;
                used_services(&account.unused(arn, role, trail)?, &mut notes)?
            } else {
                notes.push(baseline(&need));
                need.authority()
            };
            Ok(proposed(&palisade_authority::propose(&authority, &needed, &BTreeSet::new()), notes))
        })
        .get()
        .cloned(),
    )
}

fn baseline(need: &Need) -> String {
    format!(
        "its need is that of {}: what it does beside that is not recorded action by action",
        need.policies().join(", ")
    )
}

/// What a workload needs its owner knows; what it did not use for long it does not.
fn used_services(unused: &Unused, notes: &mut Vec<String>) -> Result<Authority, Gap> {
    let Unused::Known { services, window_days } = unused else {
        return Err(Gap::Unsettled { what: "what it needs is recorded nowhere".to_owned() });
    };
    notes.push(format!("services it did not use for {window_days} days are left out; the rest is not narrowed"));
    let left_out = services.iter().map(|service| palisade_authority::Glob::insensitive(&format!("{service}:*")));
    let used = Grant::allow("used services", Selector::all_but(left_out), Selector::everything());
    Ok(Authority::new(vec![Layer::new("need", LayerKind::Grants, [used])]))
}

/// The proposal as an IAM policy.
///
/// A grant under a condition is named and left out: without its condition the document would give more than is given
/// now.
fn proposed(proposal: &Proposal, mut notes: Vec<String>) -> Proposed {
    let mut statements = Vec::new();
    for grant in &proposal.grants {
        let keep = |why: &str| format!("keep {}, for {why}: {} on {}", grant.id, grant.actions, grant.resources);
        match (&grant.when, allow(grant)) {
            (Truth::True, Some(statement)) => statements.push(statement),
            // What an allow leaves out only a deny can say, and that would take it from the other statements too.
            (Truth::True, None) => notes.push(keep("what it leaves out")),
            _ => notes.push(keep("its condition")),
        }
    }
    notes.extend(proposal.dropped.iter().map(|grant| format!("drop {grant}: nothing of it is needed")));
    notes.extend(proposal.loose.iter().map(|pattern| format!("`{pattern}` allows more than is needed")));
    notes.extend(proposal.not_given.iter().map(|action| format!("`{action}` was used and is not given now")));
    notes.sort();
    notes.dedup();
    Proposed { document: json!({ "Version": "2012-10-17", "Statement": statements }), notes }
}

fn allow(grant: &Grant) -> Option<Value> {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!("Allow"));
    part(&grant.actions, "Action", &mut statement)?;
    part(&grant.resources, "Resource", &mut statement)?;
    Some(Value::Object(statement))
}

/// The names of a selector, or all but some; nothing when IAM has no word for it.
fn part(selector: &Selector, word: &str, statement: &mut Map<String, Value>) -> Option<()> {
    let texts = |globs: &[palisade_authority::Glob]| -> Vec<String> {
        let texts: BTreeSet<String> = globs.iter().map(ToString::to_string).collect();
        texts.into_iter().collect()
    };
    if selector.none_of().is_empty() {
        statement.insert(word.to_owned(), json!(texts(selector.any_of())));
    } else if is_all_but(selector) {
        statement.insert(format!("Not{word}"), json!(texts(selector.none_of())));
    } else {
        return None;
    }
    Some(())
}

fn is_all_but(selector: &Selector) -> bool {
    !selector.none_of().is_empty() && selector.any_of().iter().any(palisade_authority::Glob::is_everything)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::Glob;

    fn given(id: &str, actions: Selector) -> Grant {
        Grant::allow(id, actions, Selector::of([Glob::sensitive("arn:aws:s3:::logs/*")]))
    }

    fn put() -> Selector {
        Selector::of([Glob::insensitive("s3:PutObject")])
    }

    #[test]
    fn what_is_given_without_a_condition_is_a_statement() {
        let all_but = Selector::all_but([Glob::insensitive("iam:*")]);
        let grants = vec![given("logs", put()), given("most", all_but)];
        let document = proposed(&Proposal { grants, ..Proposal::default() }, Vec::new()).document;
        let expected = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::logs/*"] },
            { "Effect": "Allow", "NotAction": ["iam:*"], "Resource": ["arn:aws:s3:::logs/*"] },
        ] });
        assert_eq!(document, expected);
    }

    #[test]
    fn what_hangs_on_a_condition_or_leaves_something_out_is_named_and_never_given_without_it() {
        let some = Selector::of_except([Glob::insensitive("s3:*")], [Glob::insensitive("s3:Delete*")]);
        let conditional = given("policy a statement 0", put()).when(Truth::unknown("aws:SourceVpce"));
        let grants = vec![conditional, given("policy a statement 1", some)];
        let dropped = vec!["policy b statement 0".into()];
        let proposed = proposed(&Proposal { grants, dropped, ..Proposal::default() }, Vec::new());
        assert_eq!(proposed.document["Statement"], json!([]));
        assert_eq!(
            proposed.notes,
            [
                "drop policy b statement 0: nothing of it is needed",
                "keep policy a statement 0, for its condition: s3:PutObject on arn:aws:s3:::logs/*",
                "keep policy a statement 1, for what it leaves out: s3:* except s3:Delete* on arn:aws:s3:::logs/*",
            ]
        );
    }
}
