//! For each place on the protocol-and-port line, a set of addresses of one family.

use std::sync::Arc;

use crate::interval::IntervalSet;
use crate::point::Point;

/// One stretch of the line with the same addresses.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Segment<A> {
    pub(crate) lo: u32,
    pub(crate) hi: u32,
    pub(crate) sources: Arc<IntervalSet<A>>,
}

/// The line.
///
/// INVARIANT: segments are sorted and disjoint, no address set is empty, and neighbours that touch differ. The same
/// packets therefore always make the same value. Address sets are shared, because rules mostly reuse them whole.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Line<A> {
    segments: Vec<Segment<A>>,
}

impl<A> Default for Line<A> {
    fn default() -> Self {
        Self { segments: Vec::new() }
    }
}

impl<A: Point> Line<A> {
    /// The same addresses at each of the places.
    pub(crate) fn uniform(places: &IntervalSet<u32>, sources: &IntervalSet<A>) -> Self {
        if sources.is_empty() {
            return Self::default();
        }
        let sources = Arc::new(sources.clone());
        let segment = |(lo, hi): &(u32, u32)| Segment { lo: *lo, hi: *hi, sources: Arc::clone(&sources) };
        Self { segments: places.intervals().iter().map(segment).collect() }
    }

    pub(crate) fn segments(&self) -> &[Segment<A>] {
        &self.segments
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        sweep(self, other, Lone::Both, |a, b| {
            Some(if a.is_subset(b) {
                Arc::clone(b)
            } else if b.is_subset(a) {
                Arc::clone(a)
            } else {
                Arc::new(a.union(b))
            })
        })
    }

    /// The union of many lines, by halves, so that no line is copied more than logarithmically often.
    pub(crate) fn union_all(lines: &[&Self]) -> Self {
        match lines {
            [] => Self::default(),
            [line] => (*line).clone(),
            lines => {
                let (front, back) = lines.split_at(lines.len() / 2);
                Self::union_all(front).union(&Self::union_all(back))
            }
        }
    }

    pub(crate) fn intersect(&self, other: &Self) -> Self {
        sweep(self, other, Lone::Neither, |a, b| {
            if a.is_subset(b) {
                Some(Arc::clone(a))
            } else if b.is_subset(a) {
                Some(Arc::clone(b))
            } else {
                filled(a.intersect(b))
            }
        })
    }

    pub(crate) fn subtract(&self, other: &Self) -> Self {
        sweep(
            self,
            other,
            Lone::Left,
            |a, b| {
                if a.is_disjoint(b) { Some(Arc::clone(a)) } else { filled(a.subtract(b)) }
            },
        )
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.subtract(other).is_empty()
    }

    /// The addresses at one place.
    pub(crate) fn at(&self, place: u32) -> Option<&IntervalSet<A>> {
        let segment = self.segments.get(self.segments.partition_point(|segment| segment.hi < place))?;
        (segment.lo <= place).then_some(&segment.sources)
    }

    /// The addresses at any of the places.
    pub(crate) fn over(&self, places: &IntervalSet<u32>) -> IntervalSet<A> {
        let mut found = Vec::new();
        for (lo, hi) in places.intervals() {
            let first = self.segments.partition_point(|segment| segment.hi < *lo);
            let touched = self.segments.iter().skip(first).take_while(|segment| segment.lo <= *hi);
            found.extend(touched.flat_map(|segment| segment.sources.intervals()).copied());
        }
        IntervalSet::from_ranges(found)
    }

    /// The places that have any address.
    pub(crate) fn places(&self) -> IntervalSet<u32> {
        self.segments.iter().map(|segment| (segment.lo, segment.hi)).collect()
    }
}

/// What happens to a stretch that only one of two lines has.
#[derive(Clone, Copy)]
enum Lone {
    Both,
    Left,
    Neither,
}

/// The part of a segment that is still to be handled.
struct Cursor<'a, A> {
    lo: u32,
    hi: u32,
    sources: &'a Arc<IntervalSet<A>>,
    rest: &'a [Segment<A>],
}

impl<'a, A> Cursor<'a, A> {
    fn start(segments: &'a [Segment<A>]) -> Option<Self> {
        let (first, rest) = segments.split_first()?;
        Some(Self { lo: first.lo, hi: first.hi, sources: &first.sources, rest })
    }

    fn past(self, end: u32) -> Option<Self> {
        if end < self.hi { Some(Self { lo: end + 1, ..self }) } else { Self::start(self.rest) }
    }
}

/// Walks both lines once, cuts them where either changes, and lets `both` decide where both have addresses.
fn sweep<A: Point>(
    left: &Line<A>,
    right: &Line<A>,
    lone: Lone,
    both: impl Fn(&Arc<IntervalSet<A>>, &Arc<IntervalSet<A>>) -> Option<Arc<IntervalSet<A>>>,
) -> Line<A> {
    let keeps_left = matches!(lone, Lone::Both | Lone::Left);
    let keeps_right = matches!(lone, Lone::Both);
    let mut line = Line { segments: Vec::with_capacity(left.segments.len() + 2) };
    let (mut a, mut b) = (Cursor::start(&left.segments), Cursor::start(&right.segments));
    loop {
        match (a, b) {
            (Some(x), Some(y)) if x.lo == y.lo => {
                let end = x.hi.min(y.hi);
                if let Some(sources) = both(x.sources, y.sources) {
                    append(&mut line, x.lo, end, &sources);
                }
                a = x.past(end);
                b = y.past(end);
            }
            (Some(x), y) if y.as_ref().is_none_or(|y| x.lo < y.lo) => {
                let end = y.as_ref().map_or(x.hi, |y| x.hi.min(y.lo - 1));
                if keeps_left {
                    append(&mut line, x.lo, end, x.sources);
                } else if y.is_none() {
                    return line;
                }
                a = x.past(end);
                b = y;
            }
            (x, Some(y)) => {
                let end = x.as_ref().map_or(y.hi, |x| y.hi.min(x.lo - 1));
                if keeps_right {
                    append(&mut line, y.lo, end, y.sources);
                } else if x.is_none() {
                    return line;
                }
                a = x;
                b = y.past(end);
            }
            (_, None) => return line,
        }
    }
}

/// Adds a stretch after the last one, merging the two where they touch and hold the same addresses.
fn append<A: Point>(line: &mut Line<A>, lo: u32, hi: u32, sources: &Arc<IntervalSet<A>>) {
    match line.segments.last_mut() {
        // Equality of shared sets compares pointers first.
        Some(last) if last.hi + 1 == lo && last.sources == *sources => last.hi = hi,
        _ => line.segments.push(Segment { lo, hi, sources: Arc::clone(sources) }),
    }
}

fn filled<A: Point>(sources: IntervalSet<A>) -> Option<Arc<IntervalSet<A>>> {
    (!sources.is_empty()).then(|| Arc::new(sources))
}
