//! Where things stand on a map: lanes from left to right, few crossings, always the same.

use crate::map::{Edge, Map, Node, Tone};
use std::collections::BTreeMap;

/// Width of a node.
pub(crate) const NODE: i64 = 210;
/// Between two lanes: an edge bends, and then runs straight below its label, at least so far.
pub(crate) const BEND: i64 = 64;
const RUN: i64 = 24;
/// Letters of a label on the straight part of an edge, and the room of one.
pub(crate) const ON_EDGE: usize = 32;
const LETTER: i64 = 6;
/// Letters of a control's name before the label of what a plan changes: room is kept for them before it is planned.
const CHANGED: usize = 7;
/// Around everything.
pub(crate) const MARGIN: i64 = 40;
/// Above the first node.
pub(crate) const HEAD: i64 = 120;
/// Between two nodes of a lane.
const GAP: i64 = 16;
/// Height of a line of detail, of the label with its margins, and of an arriving edge.
pub(crate) const LINE: i64 = 14;
pub(crate) const TITLE: i64 = 32;
const ARRIVAL: i64 = 18;
/// Letters of a line inside a node.
pub(crate) const LETTERS: usize = 33;

/// A node with its place.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its left side.
    pub x: i64,
    /// Its top.
    pub y: i64,
    /// How tall it is. Every node is as wide as any other: [`Layout::NODE`].
    pub height: i64,
}

/// An edge with its ends.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// The edge.
    pub edge: &'a Edge,
    /// Where it leaves.
    pub from: (i64, i64),
    /// Where it arrives.
    pub to: (i64, i64),
    /// Where its straight part begins, which carries its label.
    pub straight: i64,
}

/// A map with places, in pixels from its upper left corner.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// The left side of each lane.
    pub lanes: Vec<i64>,
    /// The nodes, as the map has them.
    pub nodes: Vec<Placed<'a>>,
    /// The edges, as the map has them.
    pub edges: Vec<Drawn<'a>>,
    /// How wide it is.
    pub width: i64,
    /// How tall it is.
    pub height: i64,
}

impl Layout<'_> {
    /// How wide a node is.
    pub const NODE: i64 = NODE;
    /// How far behind a node an edge's straight part begins.
    pub const BEND: i64 = BEND;
    /// Where the first node may stand; headings of lanes stand above.
    pub const HEAD: i64 = HEAD;
}

impl Map {
    /// The map with the places of everything. A view of now and one after a plan have the same, before they are rolled up.
    pub fn layout(&self) -> Layout<'_> {
        layout(self)
    }
}

/// The left side of each lane: a lane is as far from the next as the labels between them are long.
fn lanes(map: &Map, ends: &[(usize, usize)]) -> Vec<i64> {
    let mut longest = vec![0; map.kind.lanes().len()];
    for (edge, (from, _)) in map.edges.iter().zip(ends) {
        let slot = map.nodes.get(*from).and_then(|node| longest.get_mut(node.lane));
        if let Some(slot) = slot.filter(|_| !edge.label.is_empty()) {
            let more = if edge.tone == Tone::Bad { CHANGED * edge.label.split("; ").count() } else { 0 };
            *slot = ON_EDGE.min(edge.label.chars().count() + more).max(*slot);
        }
    }
    let mut x = MARGIN;
    let left = |longest: usize| {
        let here = x;
        x += NODE + BEND + RUN + whole(longest) * LETTER;
        here
    };
    longest.into_iter().map(left).collect()
}

pub(crate) fn layout(map: &Map) -> Layout<'_> {
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); map.kind.lanes().len()];
    for (index, node) in map.nodes.iter().enumerate() {
        if let Some(column) = columns.get_mut(node.lane) {
            column.push(index);
        }
    }
    let names: BTreeMap<&str, usize> = map.nodes.iter().enumerate().map(|(index, node)| (&*node.id, index)).collect();
    let ends: Vec<(usize, usize)> =
        map.edges.iter().filter_map(|edge| Some((*names.get(&*edge.from)?, *names.get(&*edge.to)?))).collect();
    order(&mut columns, &ends, map.kind.pivot(), map.nodes.len());
    let heights: Vec<i64> = (0..map.nodes.len()).map(|index| height(map, index, &ends)).collect();
    let tops = stack(&columns, &ends, &heights);
    let lanes = lanes(map, &ends);
    let lane_of = |index: usize| map.nodes.get(index).and_then(|node| lanes.get(node.lane)).copied().unwrap_or(MARGIN);
    let top = |index: usize| tops.get(index).copied().unwrap_or(HEAD);
    let tall = |index: usize| heights.get(index).copied().unwrap_or(TITLE);
    let centre = |index: usize| top(index) + tall(index) / 2;
    let edges = map.edges.iter().filter_map(|edge| {
        let (from, to) = (*names.get(&*edge.from)?, *names.get(&*edge.to)?);
        // Where it stands among the edges that leave or arrive there: as what is at the other ends stands.
        let port = |here: usize, others: Vec<(i64, &Edge)>, mine: (i64, &Edge)| {
            let before = others.iter().filter(|one| **one < mine).count();
            top(here) + tall(here) * (2 * whole(before) + 1) / (2 * whole(others.len().max(1)))
        };
        let joined = || map.edges.iter().zip(&ends);
        let leaving = joined().filter(|(_, (a, _))| *a == from).map(|(edge, (_, b))| (centre(*b), edge)).collect();
        let arriving = joined().filter(|(_, (_, b))| *b == to).map(|(edge, (a, _))| (centre(*a), edge)).collect();
        let left = lane_of(from) + NODE;
        Some(Drawn {
            edge,
            from: (left, port(from, leaving, (centre(to), edge))),
            to: (lane_of(to), port(to, arriving, (centre(from), edge))),
            straight: left + BEND,
        })
    });
    let edges = edges.collect();
    let nodes: Vec<Placed<'_>> = map
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| Placed { node, x: lane_of(index), y: top(index), height: tall(index) })
        .collect();
    let bottom = nodes.iter().map(|placed| placed.y + placed.height).max().unwrap_or(HEAD);
    let width = lanes.last().copied().unwrap_or(MARGIN) + NODE + MARGIN;
    Layout { lanes, nodes, edges, width, height: bottom + 2 * MARGIN }
}

fn height(map: &Map, index: usize, ends: &[(usize, usize)]) -> i64 {
    let lines = map.nodes.get(index).map_or(0, |node| node.detail.len());
    let arriving = ends.iter().filter(|(_, to)| *to == index).count();
    let leaving = ends.iter().filter(|(from, _)| *from == index).count();
    (TITLE + whole(lines) * LINE).max(whole(arriving) * ARRIVAL).max(whole(leaving) * 6)
}

/// Orders each lane by the middle of what its nodes are joined to, from the lane of the clusters outwards. That lane keeps
/// the order of names, so that a map of now and one of after the plan can be laid over each other.
fn order(columns: &mut [Vec<usize>], ends: &[(usize, usize)], pivot: usize, count: usize) {
    let mut place = vec![0; count];
    let note = |place: &mut Vec<i64>, column: &[usize]| {
        for (at, index) in column.iter().enumerate() {
            if let Some(slot) = place.get_mut(*index) {
                *slot = whole(at) * 1000 / whole(column.len().max(1));
            }
        }
    };
    for column in columns.iter() {
        note(&mut place, column);
    }
    for lane in (0..pivot).rev().chain(pivot + 1..columns.len()) {
        let Some(column) = columns.get_mut(lane) else { continue };
        let middle = |index: usize| {
            let joined = ends.iter().filter_map(|(from, to)| {
                let (this, other) = if lane > pivot { (to, from) } else { (from, to) };
                (*this == index).then(|| place.get(*other).copied().unwrap_or_default())
            });
            let (sum, count) = joined.fold((0, 0), |(sum, count), one| (sum + one, count + 1));
            if count == 0 { place.get(index).copied().unwrap_or_default() } else { sum / count }
        };
        let mut keyed: Vec<(i64, usize)> = column.iter().map(|index| (middle(*index), *index)).collect();
        keyed.sort_unstable();
        *column = keyed.into_iter().map(|(_, index)| index).collect();
        note(&mut place, column);
    }
}

/// The tops of all nodes: each lane stacked, and moved to the middle of the tallest.
fn stack(columns: &[Vec<usize>], ends: &[(usize, usize)], heights: &[i64]) -> Vec<i64> {
    let tall = |index: usize| heights.get(index).copied().unwrap_or(TITLE);
    let whole_height = |column: &[usize]| column.iter().map(|index| tall(*index) + GAP).sum::<i64>();
    let most = columns.iter().map(|column| whole_height(column)).max().unwrap_or_default();
    let mut tops = vec![HEAD; heights.len()];
    for column in columns {
        let spare = most - whole_height(column);
        // Spread over the whole height, so that edges run level where they can.
        let between = spare / (whole(column.len()) + 1);
        let mut at = HEAD + between;
        for index in column {
            let joined = ends.iter().filter(|(_, to)| to == index);
            let centres = joined.filter_map(|(from, _)| Some(tops.get(*from)? + tall(*from) / 2));
            let (sum, count) = centres.fold((0, 0), |(sum, count), one| (sum + one, count + 1));
            let rest: i64 =
                whole_height(&column.iter().copied().skip_while(|other| other != index).collect::<Vec<_>>());
            let latest = HEAD + most - rest;
            let wanted = if count == 0 { at } else { sum / count - tall(*index) / 2 };
            let earliest = at - between;
            let top = wanted.clamp(earliest.min(latest), latest.max(earliest));
            if let Some(slot) = tops.get_mut(*index) {
                *slot = top;
            }
            at = top + tall(*index) + GAP + between;
        }
    }
    tops
}

/// A count as a length.
pub(crate) fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 1_000_000)
}
