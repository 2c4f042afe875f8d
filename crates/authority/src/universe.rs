//! Every action a cloud publishes, as one numbered list, and sets of them.
//!
//! Patterns answer what a policy says; a list answers how much that is: "everything but `iam:*`" is 20,268 actions of AWS,
//! 456 of which change permissions. The list is the provider's; here is only the mathematics of it. No list is complete, so a
//! set also says what it holds of the actions that are not listed ([`Beyond`]), and nothing is concluded about them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::grant::Effect;
use crate::judge::Decision;
use crate::layers::Authority;
use crate::name::Name;
use crate::selector::Selector;

/// What an action is for, in the words of its cloud. It is a hint: `sts:AssumeRole` is published as a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessLevel {
    /// Names what exists.
    List,
    /// Tells what is in it.
    Read,
    /// Makes, changes or removes it.
    Write,
    /// Changes its tags.
    Tagging,
    /// Changes who may do something with it.
    Permissions,
}

impl AccessLevel {
    /// All of them, mildest first.
    pub const ALL: [Self; 5] = [Self::List, Self::Read, Self::Write, Self::Tagging, Self::Permissions];

    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Tagging => "tagging",
            Self::Permissions => "permissions",
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How two names are ordered when case does not count.
pub(crate) fn folded_order(one: &str, other: &str) -> Ordering {
    let fold = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(fold).cmp(other.bytes().map(fold))
}

/// The published actions of a cloud, in order of their names, case not counting.
///
/// INVARIANT: the names are in that order, and no name stands twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Universe {
    source: String,
    /// All names end to end, and for each where it ends.
    text: String,
    ends: Vec<u32>,
    levels: Vec<AccessLevel>,
}

/// How many of the actions that are not listed a set holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Beyond {
    /// None of them.
    #[default]
    None,
    /// It may hold some.
    Some,
    /// All of them, whatever they will be called.
    All,
}

/// A set of actions of one universe.
///
/// About listed actions it is exact, whatever operations made it. About the others it is as exact as [`Beyond`] can say;
/// `Some` never turns into `None` or `All` without a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionSet {
    bits: Box<[u64]>,
    /// What it holds of the actions that are not listed.
    pub beyond: Beyond,
}

/// What an identity may do, as sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// On some resource, whatever the unknowns turn out to be.
    pub certain: ActionSet,
    /// On some resource, if the unknowns allow it. Contains the certain ones.
    pub possible: ActionSet,
}

/// How many actions of each level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<AccessLevel, usize>);

impl Counts {
    /// All levels together.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        write!(f, "{total} {}", if total == 1 { "action" } else { "actions" })?;
        for (place, (level, count)) in self.0.iter().rev().filter(|(_, count)| **count > 0).enumerate() {
            write!(f, "{}{count} {level}", if place == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}

impl Universe {
    /// A list of actions; `source` says where it comes from, for the reader. Of a name given twice the graver level
    /// counts.
    pub fn new(source: impl Into<String>, actions: impl IntoIterator<Item = (String, AccessLevel)>) -> Self {
        let mut sorted: BTreeMap<(String, String), AccessLevel> = BTreeMap::new();
        for (name, level) in actions {
            let known = sorted.entry((name.to_ascii_lowercase(), name)).or_insert(level);
            *known = level.max(*known);
        }
        let mut universe = Self { source: source.into(), ..Self::default() };
        for ((_, name), level) in sorted {
            universe.push(&name, level);
        }
        universe
    }

    pub(crate) fn of(source: String) -> Self {
        Self { source, ..Self::default() }
    }

    pub(crate) fn push(&mut self, name: &str, level: AccessLevel) {
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.levels.push(level);
    }

    /// Where the list comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many actions it lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every action with its level, in order.
    pub fn actions(&self) -> impl Iterator<Item = (&str, AccessLevel)> {
        (0..self.len()).filter_map(|place| Some((self.name(place)?, *self.levels.get(place)?)))
    }

    fn name(&self, place: usize) -> Option<&str> {
        let start = match place.checked_sub(1) {
            None => 0,
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
        };
        self.text.get(start..usize::try_from(*self.ends.get(place)?).ok()?)
    }

    /// No action.
    pub fn none(&self) -> ActionSet {
        ActionSet { bits: vec![0; self.len().div_ceil(64)].into(), beyond: Beyond::None }
    }

    /// Every action, listed or not.
    pub fn all(&self) -> ActionSet {
        self.none().complement(self)
    }

    /// The actions of a selector.
    pub fn select(&self, selector: &Selector) -> ActionSet {
        let mut set = self.none();
        for (place, (name, _)) in self.actions().enumerate() {
            if selector.accepts(Name::new(name)) {
                set.insert(place);
            }
        }
        let unlisted = |glob: &Glob| match glob.literal() {
            // Case does not matter here: a listed name in other letters is only counted as perhaps unlisted.
            Some(name) if self.lists(name) => Beyond::None,
            _ if glob.is_everything() => Beyond::All,
            Some(_) | None => Beyond::Some,
        };
        let most = |globs: &[Glob]| globs.iter().map(unlisted).max().unwrap_or_default();
        set.beyond = most(selector.any_of()).without(most(selector.none_of()));
        set
    }

    fn lists(&self, action: &str) -> bool {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let Some(name) = self.name(middle) else { return false };
            match folded_order(name, action) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return true,
                Ordering::Greater => high = middle,
            }
        }
        false
    }

    /// What an authority allows on some resource.
    ///
    /// Exact for every listed action: each is decided as [`Authority::decide_any_resource`] does. Those that no allow
    /// mentions are not asked about.
    pub fn reached(&self, authority: &Authority) -> Reached {
        let unread_gives = authority.layers().iter().any(|layer| layer.gives() && layer.missing().is_some());
        let mut asked = if unread_gives { self.all() } else { self.none() };
        for grant in authority.giving() {
            asked = asked.union(&self.select(&grant.actions));
        }
        let (mut certain, mut possible) = (self.none(), self.none());
        for (place, (name, _)) in self.actions().enumerate() {
            if !asked.holds(place) {
                continue;
            }
            match authority.decide_any_resource(name) {
                Decision::Allow { .. } => {
                    certain.insert(place);
                    possible.insert(place);
                }
                Decision::Conditional { .. } => possible.insert(place),
                Decision::Deny { .. } => {}
            }
        }
        possible.beyond = asked.beyond;
        let plain = authority.layers().iter().all(|layer| {
            layer.missing().is_none() && layer.gives() && layer.grants.iter().all(|grant| grant.effect == Effect::Allow)
        });
        let sure = || authority.giving().filter(|grant| grant.when == crate::truth::Truth::True);
        certain.beyond = match asked.beyond {
            Beyond::All if plain && sure().any(|grant| self.select(&grant.actions).beyond == Beyond::All) => {
                Beyond::All
            }
            Beyond::All | Beyond::Some => Beyond::Some,
            Beyond::None => Beyond::None,
        };
        Reached { certain, possible }
    }

    /// How many listed actions of each level a set holds.
    pub fn count(&self, set: &ActionSet) -> Counts {
        let mut counts = BTreeMap::new();
        for (_, level) in self.listed(set) {
            *counts.entry(level).or_default() += 1;
        }
        Counts(counts)
    }

    /// The listed actions of a set, in order.
    pub fn listed<'a>(&'a self, set: &'a ActionSet) -> impl Iterator<Item = (&'a str, AccessLevel)> {
        self.actions().enumerate().filter(|(place, _)| set.holds(*place)).map(|(_, action)| action)
    }
}

impl Beyond {
    fn complement(self) -> Self {
        match self {
            Self::None => Self::All,
            Self::Some => Self::Some,
            Self::All => Self::None,
        }
    }

    fn without(self, other: Self) -> Self {
        self.min(other.complement())
    }
}

impl ActionSet {
    fn insert(&mut self, place: usize) {
        if let Some(word) = self.bits.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn holds(&self, place: usize) -> bool {
        self.bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    fn zip(&self, other: &Self, beyond: Beyond, word: impl Fn(u64, u64) -> u64) -> Self {
        Self { bits: self.bits.iter().zip(&other.bits).map(|(a, b)| word(*a, *b)).collect(), beyond }
    }

    /// The actions in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, self.beyond.max(other.beyond), |a, b| a | b)
    }

    /// The actions in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.zip(other, self.beyond.min(other.beyond), |a, b| a & b)
    }

    /// The actions in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        self.zip(other, self.beyond.without(other.beyond), |a, b| a & !b)
    }

    /// Every action that is not in this set.
    #[must_use]
    pub fn complement(&self, universe: &Universe) -> Self {
        let mut set = Self { bits: self.bits.iter().map(|word| !word).collect(), beyond: self.beyond.complement() };
        let used = universe.len() % 64;
        if let (Some(last), 1..) = (set.bits.last_mut(), used) {
            *last &= (1 << used) - 1;
        }
        set
    }

    /// Whether every listed action of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.bits.iter().zip(&other.bits).all(|(a, b)| a & !b == 0)
    }

    /// Whether it holds no listed action.
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    /// How many listed actions it holds.
    pub fn len(&self) -> usize {
        self.bits.iter().map(|word| usize::try_from(word.count_ones()).unwrap_or_default()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Grant;
    use crate::layers::{Layer, LayerKind};
    use crate::truth::Truth;

    fn universe() -> Universe {
        let actions = [
            ("s3:GetObject", AccessLevel::Read),
            ("s3:PutObject", AccessLevel::Write),
            ("s3:PutBucketPolicy", AccessLevel::Permissions),
            ("ec2:RunInstances", AccessLevel::Write),
            ("ec2:DescribeInstances", AccessLevel::List),
        ];
        Universe::new("test", actions.map(|(name, level)| (name.to_owned(), level)))
    }

    fn on<const N: usize>(patterns: [&str; N]) -> Selector {
        Selector::of(patterns.map(Glob::insensitive))
    }

    fn names(universe: &Universe, set: &ActionSet) -> Vec<String> {
        universe.listed(set).map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn patterns_become_exact_sets_whatever_their_case() {
        let all = universe();
        assert_eq!(names(&all, &all.select(&on(["S3:put*"]))), ["s3:PutBucketPolicy", "s3:PutObject"]);
        let but = Selector::all_but([Glob::insensitive("s3:*")]);
        assert_eq!(names(&all, &all.select(&but)), ["ec2:DescribeInstances", "ec2:RunInstances"]);
        assert_eq!(all.all().len(), 5);
        assert_eq!(all.all().complement(&all), all.none());
    }

    #[test]
    fn what_is_not_listed_is_never_forgotten() {
        let all = universe();
        let beyond = |selector: &Selector| all.select(selector).beyond;
        assert_eq!(beyond(&on(["s3:GetObject", "EC2:runinstances"])), Beyond::None);
        assert_eq!(beyond(&on(["s3:Get*"])), Beyond::Some);
        assert_eq!(beyond(&on(["new:Action"])), Beyond::Some);
        assert_eq!(beyond(&Selector::everything()), Beyond::All);
        assert_eq!(beyond(&Selector::all_but([Glob::insensitive("s3:GetObject")])), Beyond::All);
        assert_eq!(beyond(&Selector::all_but([Glob::insensitive("s3:*")])), Beyond::Some);
        assert_eq!(beyond(&Selector::nothing()), Beyond::None);
    }

    #[test]
    fn actions_are_counted_by_what_they_are_for_gravest_first() {
        let all = universe();
        let counts = all.count(&all.all());
        assert_eq!(counts.to_string(), "5 actions: 1 permissions, 2 write, 1 read, 1 list");
        assert_eq!(all.count(&all.select(&on(["s3:GetObject"]))).to_string(), "1 action: 1 read");
        assert_eq!(Counts::default().to_string(), "0 actions");
    }

    #[test]
    fn what_is_reached_is_what_is_decided_for_each_action() {
        let all = universe();
        let bucket = Selector::of([Glob::sensitive("arn:bucket")]);
        let grants = [
            Grant::allow("s3", on(["s3:*"]), bucket),
            Grant::allow("maybe", on(["ec2:*"]), Selector::everything()).when(Truth::unknown("k")),
            Grant::deny("no", on(["s3:PutObject"]), Selector::everything()),
        ];
        let reached = all.reached(&Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)]));
        assert_eq!(names(&all, &reached.certain), ["s3:GetObject", "s3:PutBucketPolicy"]);
        assert_eq!(reached.possible.len(), 4);
        assert_eq!(reached.certain.beyond, Beyond::Some);
        let unread = Authority::new(vec![Layer::unread("own", LayerKind::Grants, "inline policies")]);
        assert_eq!(all.reached(&unread).possible, all.all());
        assert!(all.reached(&unread).certain.is_empty());
    }

    #[test]
    fn of_a_name_listed_twice_the_graver_level_counts() {
        let twice = [("a:B", AccessLevel::Permissions), ("a:B", AccessLevel::Read)];
        let universe = Universe::new("test", twice.map(|(name, level)| (name.to_owned(), level)));
        assert_eq!(universe.actions().collect::<Vec<_>>(), [("a:B", AccessLevel::Permissions)]);
    }
}
