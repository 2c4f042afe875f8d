//! What several facts say against one subject.

use crate::quoted::listed;
use palisade_engine::{Severity, Verdict};
use palisade_model::Gap;

/// Proofs that a subject is bad, and what else could be one.
#[derive(Debug, Default)]
pub(crate) struct Flaws {
    proofs: Vec<(Severity, String)>,
    doubts: Vec<Gap>,
}

impl Flaws {
    /// This is bad, and this bad.
    pub(crate) fn prove(&mut self, severity: Severity, because: impl Into<String>) {
        self.proofs.push((severity, because.into()));
    }

    /// Something that could be a proof was not read.
    pub(crate) fn doubt(&mut self, gap: Gap) {
        self.doubts.push(gap);
    }

    /// What was read could be a proof and does not settle it.
    pub(crate) fn unsettled(&mut self, what: impl Into<String>) {
        self.doubt(Gap::Unsettled { what: what.into() });
    }

    /// Proofs fail, the worst first; without one a doubt is unknown; without either, `good` speaks.
    pub(crate) fn settle(mut self, good: impl FnOnce() -> Result<Verdict, Gap>) -> Result<Verdict, Gap> {
        self.proofs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        self.proofs.dedup();
        let Some((severity, _)) = self.proofs.first() else {
            return doubt(self.doubts).map_or_else(good, Err);
        };
        let because: Vec<&str> = self.proofs.iter().map(|(_, because)| because.as_str()).collect();
        Ok(Verdict::fail(because.join("; ")).severity(*severity))
    }
}

/// One gap for all: what was not read comes before what was read and does not settle it.
fn doubt(doubts: Vec<Gap>) -> Option<Gap> {
    let mut open = Vec::new();
    let mut unread = Vec::new();
    for doubt in doubts {
        match doubt {
            Gap::Unsettled { what } => open.push(what),
            Gap::Denied { .. }
            | Gap::Throttled { .. }
            | Gap::Unreachable { .. }
            | Gap::Malformed { .. }
            | Gap::Unsupported { .. }
            | Gap::NotCollected { .. } => unread.push(doubt),
        }
    }
    let unsettled = (!open.is_empty()).then(|| Gap::Unsettled { what: listed(open, "; ") });
    unread.into_iter().min().or(unsettled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_testkit::gap;

    fn settle(flaws: Flaws) -> Result<Verdict, Gap> {
        flaws.settle(|| Ok(Verdict::pass("good")))
    }

    #[test]
    fn a_proof_outranks_a_doubt_and_the_worst_proof_speaks_first() {
        let mut flaws = Flaws::default();
        flaws.doubt(gap());
        flaws.prove(Severity::Low, "b");
        flaws.prove(Severity::High, "a");
        let verdict = settle(flaws).unwrap();
        assert_eq!((verdict.because.as_str(), verdict.severity), ("a; b", Some(Severity::High)));
    }

    #[test]
    fn what_is_unsettled_is_told_together_in_an_order_of_its_own() {
        let mut flaws = Flaws::default();
        flaws.unsettled("b");
        flaws.unsettled("a");
        assert_eq!(settle(flaws), Err(Gap::Unsettled { what: "a; b".to_owned() }));
    }

    #[test]
    fn a_doubt_outranks_silence_and_a_refused_call_what_is_merely_unsettled() {
        let mut flaws = Flaws::default();
        flaws.unsettled("a condition");
        flaws.doubt(gap());
        assert_eq!(settle(flaws), Err(gap()));
        assert_eq!(settle(Flaws::default()), Ok(Verdict::pass("good")));
    }
}
