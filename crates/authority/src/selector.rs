//! A set of names: what some patterns take in, less what others take out.

use std::fmt;

use crate::glob::Glob;
use crate::language::{End, Followed, Walk, unmentioned};
use crate::name::Name;
use crate::patterns::Patterns;

/// Names matched by at least one pattern of one list and by none of another.
///
/// This is the shape of an action list, of an action list with subtracted actions, and of "everything but". Cloning is
/// cheap, so a role compiled once serves every identity that holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    any_of: Patterns,
    none_of: Patterns,
}

impl Selector {
    /// Every name.
    pub fn everything() -> Self {
        Self::of([Glob::everything()])
    }

    /// No name.
    pub fn nothing() -> Self {
        Self::of([])
    }

    /// The names matched by any of these.
    pub fn of(globs: impl IntoIterator<Item = Glob>) -> Self {
        Self::of_except(globs, [])
    }

    /// Every name matched by none of these.
    pub fn all_but(globs: impl IntoIterator<Item = Glob>) -> Self {
        Self::of_except([Glob::everything()], globs)
    }

    /// The names matched by any of the first and none of the second.
    pub fn of_except(any_of: impl IntoIterator<Item = Glob>, none_of: impl IntoIterator<Item = Glob>) -> Self {
        Self { any_of: Patterns::new(any_of), none_of: Patterns::new(none_of) }
    }

    /// The patterns that take names in.
    pub fn any_of(&self) -> &[Glob] {
        self.any_of.globs()
    }

    /// The patterns that take names out again.
    pub fn none_of(&self) -> &[Glob] {
        self.none_of.globs()
    }

    /// Whether the name is in the set.
    pub fn matches(&self, name: &str) -> bool {
        self.accepts(Name::new(name))
    }

    pub(crate) fn accepts(&self, name: Name<'_>) -> bool {
        self.any_of.accepts(name) && !self.none_of.accepts(name)
    }

    /// Whether every name is in the set, and can be seen to be.
    pub fn is_everything(&self) -> bool {
        self.none_of.is_empty() && self.any_of().iter().any(Glob::is_everything)
    }

    /// Whether some name in the set matches the pattern.
    ///
    /// Exact unless the patterns combine in more than ten thousand ways; then the answer is yes, which is the answer
    /// that hides nothing.
    pub fn overlaps(&self, glob: &Glob) -> bool {
        if !self.any_of.meet(glob) || self.none_of.include(glob) {
            return false;
        }
        if !self.none_of.meet(glob) {
            return true;
        }
        let mut walk = Walk::seeded([glob]);
        let own = walk.follow(self);
        match walk.stop_at(|name| name.matches_seed(0) && name.falls_in(&own)) {
            End::Stopped | End::GaveUp => true,
            End::Exhausted => false,
        }
    }

    /// Whether every name the pattern matches is in the set.
    ///
    /// Exact unless the patterns combine in more than ten thousand ways; then the answer is no, so that nothing is
    /// taken to be covered that might not be.
    pub fn covers(&self, glob: &Glob) -> bool {
        Self::of([glob.clone()]).lies_within(&[self])
    }

    /// Whether every name of this set is in one of the others.
    pub(crate) fn lies_within(&self, others: &[&Self]) -> bool {
        let plainly = |glob: &Glob| others.iter().any(|other| other.plainly_covers(glob));
        let open: Vec<&Glob> = self.any_of().iter().filter(|glob| !plainly(glob)).collect();
        if open.is_empty() {
            return true;
        }
        let spoken = others.iter().copied().chain([self]);
        let unused = unmentioned(spoken.flat_map(Self::exotic));
        let strays = |name: String| {
            let name = Name::new(&name);
            self.accepts(name) && !others.iter().any(|other| other.accepts(name))
        };
        if open.iter().any(|glob| strays(glob.witness(unused))) {
            return false;
        }
        let mut walk = Walk::seeded(open);
        let own = walk.follow(self);
        let others: Vec<Followed> = others.iter().map(|other| walk.follow(other)).collect();
        let end = walk.stop_at(|name| name.falls_in(&own) && !others.iter().any(|other| name.falls_in(other)));
        end == End::Exhausted
    }

    /// Whether the set could share a name with the pattern, before looking at what is taken out.
    pub(crate) fn may_meet(&self, glob: &Glob) -> bool {
        self.any_of.meet(glob)
    }

    /// Whether one pattern of this set contains the other pattern and nothing takes any of it out.
    pub(crate) fn plainly_covers(&self, glob: &Glob) -> bool {
        self.any_of.include(glob) && !self.none_of.meet(glob)
    }

    /// The patterns that may contain letters beyond ASCII.
    pub(crate) fn exotic(&self) -> impl Iterator<Item = &Glob> {
        self.any_of.exotic().iter().chain(self.none_of.exotic())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any_of.is_empty() {
            return f.write_str("nothing");
        }
        list(f, self.any_of())?;
        if self.none_of.is_empty() {
            return Ok(());
        }
        f.write_str(" except ")?;
        list(f, self.none_of())
    }
}

fn list(f: &mut fmt::Formatter<'_>, globs: &[Glob]) -> fmt::Result {
    for (place, glob) in globs.iter().enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{glob}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs<const N: usize>(patterns: [&str; N]) -> [Glob; N] {
        patterns.map(Glob::insensitive)
    }

    fn glob(pattern: &str) -> Glob {
        Glob::insensitive(pattern)
    }

    #[test]
    fn what_is_taken_out_is_out_even_when_it_is_taken_in() {
        let contributor = Selector::of_except(globs(["*"]), globs(["Microsoft.Authorization/*/Write"]));
        assert!(contributor.matches("Microsoft.Compute/virtualMachines/write"));
        assert!(!contributor.matches("microsoft.authorization/roleassignments/write"));
    }

    #[test]
    fn nothing_matches_nothing_and_all_but_nothing_matches_everything() {
        assert!(!Selector::nothing().matches(""));
        assert!(!Selector::nothing().overlaps(&Glob::everything()));
        assert!(Selector::all_but([]).is_everything());
        assert!(Selector::all_but([]).covers(&Glob::everything()));
    }

    #[test]
    fn a_pattern_wholly_taken_out_does_not_meet() {
        let selector = Selector::all_but(globs(["iam:*", "organizations:*"]));
        assert!(!selector.overlaps(&glob("iam:Pass*")));
        assert!(selector.overlaps(&glob("i*")));
        assert!(!selector.covers(&glob("i*")));
        assert!(selector.covers(&glob("s3:*")));
    }

    #[test]
    fn patterns_may_cover_or_take_out_only_together() {
        let halves = Selector::of(globs(["a*", "?*", ""]));
        assert!(halves.covers(&Glob::everything()), "each name is empty or begins with a character");
        let none_left = Selector::all_but(globs(["?*", ""]));
        assert!(!none_left.overlaps(&Glob::everything()));
    }

    #[test]
    fn beyond_the_limit_the_answer_is_the_one_that_hides_nothing() {
        let tail = "?".repeat(16);
        let (begun, later) = (format!("a{tail}"), format!("*?a{tail}"));
        let together = globs([&begun, &later]);
        let whole = glob(&format!("*a{tail}"));
        // In truth the two make up the whole, but seeing it takes more combinations than the walk visits.
        assert!(!Selector::of(together.clone()).covers(&whole));
        assert!(Selector::of_except([whole.clone()], together).overlaps(&whole));
    }

    #[test]
    fn it_prints_as_it_was_written() {
        let selector = Selector::of_except(globs(["s3:*", "EC2:*"]), globs(["s3:Put*"]));
        assert_eq!(selector.to_string(), "s3:*, EC2:* except s3:Put*");
        assert_eq!(Selector::nothing().to_string(), "nothing");
    }
}
