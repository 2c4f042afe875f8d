//! Who made a call, in the words of the cloud that was asked.
//!
//! AWS tells it in answers that a run has anyway: whose the credentials are, and whose session a role gave. Azure and Google tell
//! it in no answer.

use crate::ledger::Line;
use palisade_model::Provider;
use palisade_provider::{Outcome, Snapshot};
use std::collections::BTreeMap;

const IDENTITY: (&str, &str) = ("sts:GetCallerIdentity", "/GetCallerIdentityResponse/GetCallerIdentityResult/Arn");
const SESSION: (&str, &str) = ("sts:AssumeRole", "/AssumeRoleResponse/AssumeRoleResult/AssumedRoleUser/Arn");

/// Whose the credentials of each target are, as far as it was asked.
#[derive(Debug, Default)]
pub(crate) struct Callers(BTreeMap<String, String>);

/// Who made the calls of one part of a target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Principals {
    /// With the target's own credentials.
    own: Option<String>,
    /// In the session of a role.
    entered: Option<String>,
}

impl Callers {
    /// Looks whether a part of a target says whose its credentials are.
    pub(crate) fn learn(&mut self, snapshot: &Snapshot) {
        if let Some(arn) = told(snapshot, IDENTITY) {
            self.0.insert(snapshot.target.clone(), arn);
        }
    }

    /// Who made the calls of a part.
    pub(crate) fn of(&self, snapshot: &Snapshot) -> Principals {
        if snapshot.provider != Provider::Aws {
            return Principals::default();
        }
        Principals { own: self.0.get(&snapshot.target).cloned(), entered: told(snapshot, SESSION) }
    }
}

impl Principals {
    /// Writes into a line of the ledger who made its call, if that is known. What leads into an account, and what is asked of the
    /// organisation, is asked with the target's own credentials.
    pub(crate) fn sign(&self, line: &mut Line) {
        let is_own = ["sts:", "organizations:"].iter().any(|service| line.operation.starts_with(service));
        let who = if is_own { &self.own } else { self.entered.as_ref().map_or(&self.own, |_| &self.entered) };
        line.principal.clone_from(who);
    }
}

/// What stands at a place of the first answer to a call.
fn told(snapshot: &Snapshot, (call, place): (&str, &str)) -> Option<String> {
    let records = snapshot.records().iter().filter(|record| *record.call == *call);
    records.into_iter().find_map(|record| match &record.outcome {
        Outcome::Answered(body) => {
            let answer: serde_json::Value = serde_json::from_slice(body.bytes()).ok()?;
            Some(answer.pointer(place)?.as_str()?.to_owned())
        }
        Outcome::Failed(_) => None,
    })
}
