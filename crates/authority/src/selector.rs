//! A set of names: what some patterns take in, less what others take out.

use std::fmt;

use crate::glob::{Glob, Name};
use crate::language::{self, Walk};

/// Names matched by at least one pattern of one list and by none of another.
///
/// This is the shape of an action list, of an action list with subtracted actions, and of "everything but".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    any_of: Vec<Glob>,
    none_of: Vec<Glob>,
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
        Self { any_of: any_of.into_iter().collect(), none_of: none_of.into_iter().collect() }
    }

    /// The patterns that take names in.
    pub fn any_of(&self) -> &[Glob] {
        &self.any_of
    }

    /// The patterns that take names out again.
    pub fn none_of(&self) -> &[Glob] {
        &self.none_of
    }

    /// Whether the name is in the set.
    pub fn matches(&self, name: &str) -> bool {
        self.accepts(Name::new(name))
    }

    pub(crate) fn accepts(&self, name: Name<'_>) -> bool {
        self.any_of.iter().any(|glob| glob.accepts(name)) && !self.none_of.iter().any(|glob| glob.accepts(name))
    }

    /// Whether every name is in the set, and can be seen to be.
    pub fn is_everything(&self) -> bool {
        self.none_of.is_empty() && self.any_of.iter().any(Glob::is_everything)
    }

    /// Whether some name in the set matches the pattern.
    ///
    /// Exact unless the patterns combine in more than ten thousand ways; then the answer is yes, which is the answer
    /// that hides nothing.
    pub fn overlaps(&self, glob: &Glob) -> bool {
        let mut open = self.any_of.iter().filter(|taken| taken.overlaps(glob)).peekable();
        if open.peek().is_none() {
            return false;
        }
        if self.none_of.is_empty() {
            return true;
        }
        if self.none_of.iter().any(|out| out.includes(glob)) {
            return false;
        }
        let meeting: Vec<&Glob> = std::iter::once(glob).chain(open).chain(&self.none_of).collect();
        let outs = meeting.len() - self.none_of.len();
        let end = language::walk(&meeting, 1, |name| {
            name.matches(0)
                && (1..outs).any(|index| name.matches(index))
                && !(outs..meeting.len()).any(|index| name.matches(index))
        });
        match end {
            Walk::Stopped | Walk::GaveUp => true,
            Walk::Exhausted => false,
        }
    }

    /// Whether every name the pattern matches is in the set.
    ///
    /// Exact unless the patterns combine in more than ten thousand ways; then the answer is no, so that nothing is
    /// taken to be covered that might not be.
    pub fn covers(&self, glob: &Glob) -> bool {
        if self.none_of.iter().any(|out| out.overlaps(glob)) {
            return false;
        }
        if self.any_of.iter().any(|taken| taken.includes(glob)) {
            return true;
        }
        Self::of([glob.clone()]).lies_within([self])
    }

    /// Whether every name of this set is in one of the others.
    pub(crate) fn lies_within<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> bool {
        let others: Vec<&Self> = others.into_iter().collect();
        let unused = language::unmentioned(others.iter().copied().chain([self]).flat_map(Self::globs));
        let stray = self.any_of.iter().map(|glob| glob.witness(unused)).any(|name| {
            let name = Name::new(&name);
            self.accepts(name) && !others.iter().any(|other| other.accepts(name))
        });
        if stray {
            return false;
        }
        let globs: Vec<&Glob> = self.globs().chain(others.iter().flat_map(|other| other.globs())).collect();
        let end = language::walk(&globs, self.any_of.len(), |name| {
            let mut index = 0;
            self.holds(name, &mut index) && !others.iter().fold(false, |held, other| other.holds(name, &mut index) || held)
        });
        end == Walk::Exhausted
    }

    /// Whether a name with these matches is in the set, when the set's patterns begin at `index` of the walk; moves
    /// `index` past them.
    pub(crate) fn holds(&self, name: &language::Combination<'_>, index: &mut usize) -> bool {
        let outs = *index + self.any_of.len();
        let end = outs + self.none_of.len();
        let held = (*index..outs).any(|at| name.matches(at)) && !(outs..end).any(|at| name.matches(at));
        *index = end;
        held
    }

    pub(crate) fn globs(&self) -> impl Iterator<Item = &Glob> {
        self.any_of.iter().chain(&self.none_of)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any_of.is_empty() {
            return f.write_str("nothing");
        }
        list(f, &self.any_of)?;
        if self.none_of.is_empty() {
            return Ok(());
        }
        f.write_str(" except ")?;
        list(f, &self.none_of)
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
