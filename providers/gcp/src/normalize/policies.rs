//! Policies that say who holds what, as far as they can be read.

use crate::record::{
    iam::{Flaw, Policy},
    lenient::Member as _,
};
use palisade_model::{Evidence, Gap};
use palisade_provider::{Call, Snapshot};
use serde_json::Value;

/// A policy of a place. Bindings only ever add, so those that were read stand whatever the others are.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadPolicy {
    pub(crate) policy: Policy,
    /// Why there may be further bindings.
    pub(crate) unread: Vec<Gap>,
    /// Why there may be further audit settings.
    pub(crate) unread_audit: Option<Gap>,
}

/// The answer to a question for a policy, with its record added to the sources.
pub(crate) fn policy(
    snapshot: &Snapshot,
    call: &Call,
    scope: &str,
    params: &[(&str, &str)],
    sources: &mut Vec<Evidence>,
) -> ReadPolicy {
    let strict = snapshot.one::<Policy>(call, scope, params);
    sources.extend_from_slice(strict.sources());
    match strict.get() {
        Ok(policy) if policy.bindings.iter().all(|binding| binding.flaw().is_none()) => {
            ReadPolicy { policy: policy.clone(), ..ReadPolicy::default() }
        }
        Ok(_) | Err(Gap::Malformed { .. }) => {
            let body = snapshot.one::<Value>(call, scope, params);
            if strict.sources().is_empty() {
                sources.extend_from_slice(body.sources());
            }
            match body.get() {
                Ok(body) => {
                    let (policy, flaws) = Policy::in_parts(body);
                    let gap = |flaw: &Flaw| Gap::Malformed {
                        call: call.name.to_owned(),
                        scope: scope.to_owned(),
                        pointer: flaw.pointer.clone(),
                        why: flaw.why.clone(),
                    };
                    let (audit, bindings): (Vec<_>, Vec<_>) =
                        flaws.iter().partition(|flaw| flaw.pointer.starts_with("/auditConfigs"));
                    ReadPolicy {
                        policy,
                        unread: bindings.into_iter().map(gap).collect(),
                        unread_audit: audit.first().map(|flaw| gap(flaw)),
                    }
                }
                Err(gap) => unread(gap),
            }
        }
        Err(gap) => unread(gap),
    }
}

fn unread(gap: Gap) -> ReadPolicy {
    ReadPolicy { policy: Policy::default(), unread: vec![gap.clone()], unread_audit: Some(gap) }
}
