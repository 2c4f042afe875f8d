//! The records a verdict rests on.

use palisade_model::{Evidence, Observed};
use std::{collections::BTreeSet, sync::Arc};

/// The records something rests on, shared with the facts they were read for.
///
/// Dozens of verdicts rest on the same long lists of records, and most are never printed: the lists are put together
/// when somebody asks for [`Grounds::records`].
#[derive(Clone, Debug, Default)]
pub struct Grounds {
    lists: Vec<Arc<[Evidence]>>,
    /// Whether the order in which they were looked at means nothing.
    sorted: bool,
}

impl Grounds {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The records, each once: in the order in which they were looked at, or sorted when they are of several verdicts.
    pub fn records(&self) -> Vec<&Evidence> {
        let mut seen = BTreeSet::new();
        let mut records: Vec<&Evidence> =
            self.lists.iter().flat_map(|list| list.iter()).filter(|one| seen.insert(*one)).collect();
        if self.sorted {
            records.sort_unstable();
        }
        records
    }

    /// Rests on this fact too.
    pub(crate) fn rest_on<T>(&mut self, fact: &Observed<T>) {
        self.rest_on_records(fact.shared_sources());
    }

    /// Rests on these records too.
    pub(crate) fn rest_on_records(&mut self, list: &Arc<[Evidence]>) {
        if !list.is_empty() && !self.lists.iter().any(|known| Arc::ptr_eq(known, list)) {
            self.lists.push(Arc::clone(list));
        }
    }

    /// Rests on what something else rests on too.
    pub(crate) fn rest_too_on(&mut self, other: &Self) {
        other.lists.iter().for_each(|list| self.rest_on_records(list));
    }

    /// What several verdicts rest on.
    pub(crate) fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut lists: Vec<Arc<[Evidence]>> = all.flat_map(|one| one.lists.iter().cloned()).collect();
        // Which lists are one and the same: the order does not show, because the records are sorted.
        lists.sort_unstable_by_key(|list| list.as_ptr());
        lists.dedup_by(|a, b| Arc::ptr_eq(a, b));
        Self { lists, sorted: true }
    }
}

impl PartialEq for Grounds {
    fn eq(&self, other: &Self) -> bool {
        self.records() == other.records()
    }
}

impl Eq for Grounds {}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_model::Digest;

    fn fact(bodies: &[u8]) -> Observed<()> {
        let one = |body: &u8| Evidence {
            digest: Digest::from_bytes([*body; 32]),
            call: Arc::from("test:Call"),
            pointer: Arc::from(""),
        };
        Observed::known((), bodies.iter().map(one).collect())
    }

    fn resting_on(facts: &[&[u8]]) -> Grounds {
        let mut grounds = Grounds::default();
        for bodies in facts {
            grounds.rest_on(&fact(bodies));
        }
        grounds
    }

    #[test]
    fn a_record_is_told_once_and_in_the_order_in_which_it_was_looked_at() {
        assert_eq!(resting_on(&[&[2, 1, 2], &[1, 3]]), resting_on(&[&[2, 1, 3]]));
        assert_ne!(resting_on(&[&[1, 2]]), resting_on(&[&[2, 1]]));
        assert!(resting_on(&[&[]]).is_empty());
    }

    #[test]
    fn the_records_of_several_verdicts_are_sorted_whatever_their_order() {
        let (one, two) = (resting_on(&[&[3, 1]]), resting_on(&[&[2, 1]]));
        let both = Grounds::together([&one, &two].into_iter());
        assert_eq!(both, Grounds::together([&two, &one].into_iter()));
        assert_eq!(both, resting_on(&[&[1, 2, 3]]));
    }
}
