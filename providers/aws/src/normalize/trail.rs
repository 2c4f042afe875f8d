//! Remembers what a conclusion rests on while it is drawn.

use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{Call, Params, Snapshot};
use serde::de::DeserializeOwned;

/// The records a conclusion rests on.
#[derive(Debug, Default)]
pub(super) struct Trail(Vec<Evidence>);

impl Trail {
    /// Reads a fact; its records become part of the trail, its gap leaves through `?`.
    pub(super) fn read<'a, T>(&mut self, fact: &'a Observed<T>) -> Result<&'a T, Gap> {
        let value = fact.get()?;
        self.rest_on(fact.sources());
        Ok(value)
    }

    pub(super) fn rest_on(&mut self, sources: &[Evidence]) {
        for evidence in sources {
            if !self.0.contains(evidence) {
                self.0.push(evidence.clone());
            }
        }
    }

    /// What came of it, with everything it rests on.
    pub(super) fn end<T>(self, value: Result<T, Gap>) -> Observed<T> {
        let sources = if value.is_ok() { self.0 } else { Vec::new() };
        Observed::from_result(value, sources)
    }
}

/// Draws a conclusion from several facts.
pub(super) fn conclude<T>(draw: impl FnOnce(&mut Trail) -> Result<T, Gap>) -> Observed<T> {
    let mut trail = Trail::default();
    let value = draw(&mut trail);
    trail.end(value)
}

/// The parameters of a question as the snapshot wants them.
pub(super) fn pairs(params: &Params) -> Vec<(&str, &str)> {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// All members of a table, however many questions it took. A gap in any of them is a gap in the table.
pub(super) fn table<T: DeserializeOwned, U>(
    snapshot: &Snapshot,
    call: &Call,
    scope: &str,
    members: impl Fn(T) -> Vec<U>,
) -> Observed<Vec<U>> {
    let questions = snapshot.asked(call, scope);
    if questions.is_empty() {
        return snapshot.list(call, scope, &[], members);
    }
    conclude(|trail| {
        let mut all = Vec::new();
        for params in questions {
            let part = snapshot.list(call, scope, &pairs(params), &members);
            trail.rest_on(part.sources());
            let gap = part.gap().cloned();
            match gap {
                Some(gap) => return Err(gap),
                None => all.extend(into_value(part)),
            }
        }
        Ok(all)
    })
}

/// The value of a fact that is known to be one.
fn into_value<U>(fact: Observed<Vec<U>>) -> Vec<U> {
    let mut taken = Vec::new();
    let _ = fact.map(|value| taken = value);
    taken
}
