//! An API server's allow-list as lines of outside addresses. Shared by CP-01, CP-02, CP-03 and CP-05.

use crate::quoted::quoted;
use palisade_model::{EntryKind, PublicDoor};
use palisade_reach::{AddrSet, Bounds, Family, Printer};

/// What stands in for a name where the list lets in more than its lines explain.
const UNNAMED: &str = "addresses that no line names";

/// One line of an allow-list, and the outside addresses it lets in.
pub(super) struct Line<'a> {
    /// As it was written.
    pub(super) text: &'a str,
    /// What kind of line it is; `None` for what no line explains.
    pub(super) kind: Option<&'a EntryKind>,
    /// The internet's addresses it lets in, the cluster's own left out.
    pub(super) covers: Bounds<AddrSet>,
}

/// The lines that let in somebody outside. Private ranges and the cluster's own outgoing
/// addresses are nobody outside. What is let in and stands in no line makes a line of its own: a normalizer that does
/// not know a flag widens the upper bound and writes no entry.
pub(super) fn lines(door: &PublicDoor) -> Vec<Line<'_>> {
    let outside = Bounds::exact(AddrSet::any_outside(&door.own));
    let explained = door.entries.iter().fold(AddrSet::empty(), |all, entry| all.union(entry.covers.upper()));
    let rest = door.sources.intersect(&outside).subtract(&Bounds::exact(explained));
    door.entries
        .iter()
        .map(|entry| Line { text: &entry.text, kind: Some(&entry.kind), covers: entry.covers.intersect(&outside) })
        .chain([Line { text: UNNAMED, kind: None, covers: rest }])
        .filter(|line| !line.covers.upper().is_empty() && line.kind != Some(&EntryKind::OwnEgress))
        .collect()
}

/// The widest that the door may stand open. A name that covers one cloud's customers, or less, adds nothing here: all
/// public clouds together hold about a tenth of IPv4 (counted 2026-08 over 64 providers' published ranges).
pub(crate) fn widest(door: &PublicDoor) -> AddrSet {
    let could_be_anyone = |line: &&Line<'_>| match line.kind {
        Some(EntryKind::EveryCustomer { .. } | EntryKind::Named | EntryKind::OwnEgress) => false,
        Some(EntryKind::Range(_) | EntryKind::Everyone) | None => true,
    };
    let lines = lines(door);
    let anyone =
        lines.iter().filter(could_be_anyone).fold(AddrSet::empty(), |all, line| all.union(line.covers.upper()));
    anyone.intersect(door.sources.upper()).union(door.sources.lower())
}

/// Whether the addresses are at least half of a family's internet: who lets in half has not chosen whom to let in.
pub(crate) fn is_whole_internet(sources: &AddrSet) -> bool {
    Family::ALL.into_iter().any(|family| sources.share_of_internet(family) >= 0.5)
}

/// Whom the door answers, in words.
pub(super) fn said(door: &PublicDoor) -> String {
    let surely = Printer::new(door.own.clone()).bounds(&Bounds::exact(door.sources.lower().clone()));
    let lines = lines(door);
    let adds = |line: &&Line<'_>| !line.covers.upper().is_subset(door.sources.lower());
    let unread = quoted(lines.iter().filter(adds).map(|line| line.text));
    match (door.sources.lower().is_empty(), unread.is_empty()) {
        (_, true) => surely,
        (true, false) => format!("whoever stands behind {unread}"),
        (false, false) => format!("{surely} and whoever stands behind {unread}"),
    }
}

/// The share of the internet, in brackets; nothing where nobody is surely let in.
pub(super) fn share(sources: &AddrSet) -> String {
    let texts: Vec<String> = Family::ALL
        .into_iter()
        .map(|family| (100.0 * sources.share_of_internet(family), family))
        .filter(|(percent, _)| *percent > 0.0)
        .map(|(percent, family)| match percent {
            ..0.01 => format!("less than 0.01% of the {family} internet"),
            _ => format!("{percent:.2}% of the {family} internet"),
        })
        .collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}
