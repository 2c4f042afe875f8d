//! A fact, or the reason it is missing.

use crate::{Evidence, Gap};
use std::sync::Arc;

/// A fact with the records it was read from, or the reason it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed<T> {
    value: Result<T, Gap>,
    /// Shared: many facts rest on the same records.
    sources: Arc<[Evidence]>,
}

impl<T> Observed<T> {
    /// A value and where it was read. Derived facts name every record they rest on.
    pub fn known(value: T, sources: Vec<Evidence>) -> Self {
        Self { value: Ok(value), sources: sources.into() }
    }

    /// No value, and why.
    pub fn missing(gap: Gap) -> Self {
        Self { value: Err(gap), sources: Arc::from([]) }
    }

    /// From a computation that read several facts with `?`.
    pub fn from_result(value: Result<T, Gap>, sources: Vec<Evidence>) -> Self {
        Self { value, sources: sources.into() }
    }

    /// The same, beside other facts that rest on the same records.
    pub fn from_shared(value: Result<T, Gap>, sources: &Arc<[Evidence]>) -> Self {
        Self { value, sources: Arc::clone(sources) }
    }

    /// The value. A gap leaves the caller through `?`, so no control can mistake it for an answer.
    pub fn get(&self) -> Result<&T, Gap> {
        self.value.as_ref().map_err(Clone::clone)
    }

    /// The gap, when the value is missing.
    pub fn gap(&self) -> Option<&Gap> {
        self.value.as_ref().err()
    }

    /// The records the value was read from.
    pub fn sources(&self) -> &[Evidence] {
        &self.sources
    }

    /// The same records, to be kept beside the fact.
    pub fn shared_sources(&self) -> &Arc<[Evidence]> {
        &self.sources
    }

    /// The same observation, said in other words.
    pub fn map<U>(self, say: impl FnOnce(T) -> U) -> Observed<U> {
        Observed { value: self.value.map(say), sources: self.sources }
    }

    /// The same observation, read by something that may itself find a gap.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, Gap>) -> Observed<U> {
        Observed { value: self.value.and_then(read), sources: self.sources }
    }

    /// The same observation with further records it rests on.
    pub fn resting_on(mut self, further: &[Evidence]) -> Self {
        let mut sources = self.sources.to_vec();
        for evidence in further {
            if !sources.contains(evidence) {
                sources.push(evidence.clone());
            }
        }
        self.sources = sources.into();
        self
    }

    /// The value, to be changed in place.
    pub(crate) fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut().ok()
    }

    /// Forgets the value.
    pub fn hide(&mut self, gap: Gap) {
        self.value = Err(gap);
    }
}

/// Looks for one fact that settles a question.
///
/// A proof outranks a gap, and a gap outranks silence: with a proof we answer at once, whatever else is missing;
/// without one, a gap is the answer, because the missing fact could have been the proof.
pub fn first_proof<'a, T>(
    facts: impl IntoIterator<Item = &'a Observed<T>>,
    proves: impl Fn(&T) -> bool,
) -> Result<Option<(&'a T, &'a [Evidence])>, Gap> {
    let mut first_gap = None;
    for fact in facts {
        match &fact.value {
            Ok(value) if proves(value) => return Ok(Some((value, fact.sources()))),
            Ok(_) => (),
            Err(gap) => first_gap = first_gap.or(Some(gap)),
        }
    }
    first_gap.map_or(Ok(None), |gap| Err(gap.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap() -> Gap {
        Gap::NotCollected { what: "nobody asked".to_owned() }
    }

    #[test]
    fn a_proof_outranks_a_gap_and_a_gap_outranks_silence() {
        let facts = [Observed::missing(gap()), Observed::known(1, vec![]), Observed::known(2, vec![])];
        assert_eq!(first_proof(&facts, |n| *n == 2).unwrap().map(|(n, _)| *n), Some(2));
        assert_eq!(first_proof(&facts, |n| *n == 3), Err(gap()));
        assert_eq!(first_proof(&facts[1..], |n| *n == 3), Ok(None));
    }
}
