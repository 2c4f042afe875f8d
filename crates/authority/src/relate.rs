//! How two patterns relate: does one contain the other, do they meet.

use crate::glob::{Case, Glob, Token, fold};

impl Glob {
    /// Whether every name `other` accepts is accepted here too.
    ///
    /// Exact, with one exception on the safe side: a letter whose case does not count is taken to have another case
    /// whenever Unicode gives it an upper case.
    pub fn includes(&self, other: &Self) -> bool {
        if self.is_everything() {
            return true;
        }
        let same_case = self.case() == other.case();
        if same_case && !self.head().could_include(other.head()) {
            return false;
        }
        if let Some(name) = other.literal()
            && (same_case || self.case() == Case::Insensitive)
        {
            return self.matches(name);
        }
        let within = |wanted, given| letter_within(given, other.case(), wanted, self.case());
        let Some((ours, theirs)) = without_shared_ends(self.tokens(), other.tokens(), within) else { return false };
        let steps = steps(ours);
        let mut here = vec![false; steps.len() + 1];
        let mut next = here.clone();
        if let Some(first) = here.first_mut() {
            *first = true;
        }
        pass_runs(&steps, &mut here);
        for letter in theirs {
            next.fill(false);
            for (place, (step, active)) in steps.iter().zip(&here).enumerate() {
                if !active {
                    continue;
                }
                let (stays, advances) = step.take(*letter, self.case(), other.case());
                for (moved, to) in [(stays, place), (advances, place + 1)] {
                    if let (true, Some(slot)) = (moved, next.get_mut(to)) {
                        *slot = true;
                    }
                }
            }
            pass_runs(&steps, &mut next);
            std::mem::swap(&mut here, &mut next);
        }
        here.last().copied().unwrap_or(false)
    }

    /// Whether some name is accepted by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.is_everything() || other.is_everything() {
            return true;
        }
        if self.case() == other.case() && !self.head().could_meet(other.head()) {
            return false;
        }
        let meet = |a, b| letters_meet(a, self.case(), b, other.case());
        let Some((ours, theirs)) = without_shared_ends(self.tokens(), other.tokens(), meet) else { return false };
        // Row by row from the end: each entry says whether the rest of one pattern meets the rest of the other. Rows
        // are stored last entry first.
        let mut below = vec![true];
        let mut only_runs = true;
        for their in theirs.iter().rev() {
            only_runs &= *their == Token::Run;
            below.push(only_runs);
        }
        for our in ours.iter().rev() {
            let mut before = *our == Token::Run && below.first().copied().unwrap_or(false);
            let mut row = Vec::with_capacity(below.len());
            row.push(before);
            for (pair, their) in below.windows(2).zip(theirs.iter().rev()) {
                let &[both_moved, ours_moved] = pair else {
                    continue;
                };
                before = match (*our, *their) {
                    (Token::Run, _) | (_, Token::Run) => ours_moved || before,
                    (Token::One, _) | (_, Token::One) => both_moved,
                    (Token::Exactly(a), Token::Exactly(b)) => {
                        both_moved && letters_meet(a, self.case(), b, other.case())
                    }
                };
                row.push(before);
            }
            below = row;
        }
        below.last().copied().unwrap_or(false)
    }
}

/// What is left of two patterns once the letters they share at both ends are gone; nothing when an end sets them apart.
fn without_shared_ends<'a>(
    mut ours: &'a [Token],
    mut theirs: &'a [Token],
    agree: impl Fn(char, char) -> bool,
) -> Option<(&'a [Token], &'a [Token])> {
    while let ([Token::Exactly(a), our_rest @ ..], [Token::Exactly(b), their_rest @ ..]) = (ours, theirs) {
        if !agree(*a, *b) {
            return None;
        }
        (ours, theirs) = (our_rest, their_rest);
    }
    while let ([our_rest @ .., Token::Exactly(a)], [their_rest @ .., Token::Exactly(b)]) = (ours, theirs) {
        if !agree(*a, *b) {
            return None;
        }
        (ours, theirs) = (our_rest, their_rest);
    }
    Some((ours, theirs))
}

/// The tokens, each `?` marked when it is part of a stretch that ends in `*`.
fn steps(tokens: &[Token]) -> Vec<Step> {
    let mut in_gap = false;
    let mark = |token: &Token| {
        in_gap = match token {
            Token::Run => true,
            Token::One => in_gap,
            Token::Exactly(_) => false,
        };
        Step { token: *token, in_gap }
    };
    let mut steps: Vec<Step> = tokens.iter().rev().map(mark).collect();
    steps.reverse();
    steps
}

/// A token of the containing pattern. `??*` is one gap of at least two characters: inside it the order of the `?` and
/// the `*` means nothing, so a `*` of the contained pattern may pass at any of its steps.
#[derive(Clone, Copy)]
struct Step {
    token: Token,
    in_gap: bool,
}

impl Step {
    /// Whether this step absorbs the letter and stays, and whether it absorbs it and moves on.
    fn take(self, letter: Token, own: Case, theirs: Case) -> (bool, bool) {
        match (self.token, letter) {
            (Token::Run, _) => (true, false),
            (Token::One, Token::Run) => (self.in_gap, false),
            (Token::One, Token::One | Token::Exactly(_)) => (false, true),
            (Token::Exactly(_), Token::Run | Token::One) => (false, false),
            (Token::Exactly(wanted), Token::Exactly(given)) => (false, letter_within(given, theirs, wanted, own)),
        }
    }
}

fn pass_runs(steps: &[Step], active: &mut [bool]) {
    let mut carried = false;
    let padded = steps.iter().map(Some).chain(std::iter::once(None));
    for (step, slot) in padded.zip(active) {
        *slot |= carried;
        carried = *slot && step.is_some_and(|step| step.token == Token::Run);
    }
}

/// Whether every spelling of `inner` is a spelling of `outer`.
fn letter_within(inner: char, inner_case: Case, outer: char, outer_case: Case) -> bool {
    match (inner_case, outer_case) {
        (Case::Sensitive, Case::Sensitive) | (Case::Insensitive, Case::Insensitive) => inner == outer,
        (Case::Sensitive, Case::Insensitive) => fold(inner) == outer,
        (Case::Insensitive, Case::Sensitive) => inner == outer && inner.to_uppercase().eq([inner]),
    }
}

/// Whether some letter is a spelling of both.
fn letters_meet(a: char, a_case: Case, b: char, b_case: Case) -> bool {
    match (a_case, b_case) {
        (Case::Sensitive, Case::Sensitive) | (Case::Insensitive, Case::Insensitive) => a == b,
        (Case::Sensitive, Case::Insensitive) => fold(a) == b,
        (Case::Insensitive, Case::Sensitive) => a == fold(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_pattern_contains_a_narrower_one_and_not_the_reverse() {
        let service = Glob::insensitive("s3:*");
        let reading = Glob::insensitive("S3:Get*");
        assert!(service.includes(&reading));
        assert!(!reading.includes(&service));
        assert!(Glob::everything().includes(&service));
    }

    #[test]
    fn the_order_of_wildcards_in_a_gap_means_nothing() {
        assert!(Glob::sensitive("?*").includes(&Glob::sensitive("*a")));
        assert!(!Glob::sensitive("?*").includes(&Glob::sensitive("*")));
        assert!(Glob::sensitive("a*??*b").includes(&Glob::sensitive("a?*x*b")));
    }

    #[test]
    fn patterns_without_a_common_name_do_not_meet() {
        assert!(!Glob::sensitive("arn:aws:s3:::a*").overlaps(&Glob::sensitive("arn:aws:s3:::b*")));
        assert!(Glob::sensitive("*-prod").overlaps(&Glob::sensitive("eks-*")));
        assert!(!Glob::sensitive("a?c").overlaps(&Glob::sensitive("a*cd")));
    }

    #[test]
    fn one_spelling_is_not_all_spellings() {
        let (strict, loose) = (Glob::sensitive("abc"), Glob::insensitive("ABC"));
        assert!(loose.includes(&strict));
        assert!(!strict.includes(&loose));
        assert!(strict.overlaps(&loose));
        assert!(Glob::sensitive("12/*").includes(&Glob::insensitive("12/34")));
    }
}
