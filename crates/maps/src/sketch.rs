//! Putting a map together.

use crate::{
    map::{Edge, Kind, Map, Node, Tone},
    mended::View,
};
use palisade_engine::ControlId;
use palisade_model::{Cluster, ClusterId, Gap};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of detail in one node.
const DETAIL: usize = 4;
/// Letters of a text on a map.
const LONGEST: usize = 160;

/// A map that is being drawn.
pub(crate) struct Sketch<'a> {
    kind: Kind,
    view: &'a View,
    clusters: BTreeSet<ClusterId>,
    nodes: BTreeMap<(usize, String), Node>,
    edges: BTreeMap<(String, String), (BTreeSet<String>, Tone)>,
}

/// A node as its map describes it.
pub(crate) struct Thing<'a> {
    pub(crate) lane: usize,
    /// Unique in its lane.
    pub(crate) key: &'a str,
    pub(crate) plural: Option<&'static str>,
    pub(crate) label: &'a str,
    pub(crate) tone: Tone,
}

impl<'a> Sketch<'a> {
    pub(crate) fn new(kind: Kind, view: &'a View) -> Self {
        Self { kind, view, clusters: BTreeSet::new(), nodes: BTreeMap::new(), edges: BTreeMap::new() }
    }

    /// Puts a thing on the map, or finds it there, and gives its name.
    pub(crate) fn put(&mut self, cluster: &Cluster, thing: &Thing<'_>) -> String {
        self.clusters.insert(cluster.id.clone());
        let id = visible(&format!("{}:{}", thing.lane, thing.key));
        let node = self.nodes.entry((thing.lane, id.clone())).or_insert_with(|| Node {
            id: id.clone(),
            lane: thing.lane,
            plural: thing.plural,
            group: cluster.provider.name(),
            label: clean(thing.label),
            detail: Vec::new(),
            tone: thing.tone,
            count: 1,
        });
        node.tone = node.tone.max(thing.tone);
        id
    }

    /// Says more of a thing.
    pub(crate) fn say(&mut self, id: &str, line: &str) {
        let line = clean(line);
        let node = self.nodes.values_mut().find(|node| node.id == id);
        if let Some(node) = node.filter(|node| node.detail.len() < DETAIL && !node.detail.contains(&line)) {
            node.detail.push(line);
        }
    }

    /// Draws an edge. Several between the same things are one with several labels.
    pub(crate) fn join(&mut self, from: &str, to: &str, label: &str, tone: Tone) {
        let (labels, known) = self.edges.entry((from.to_owned(), to.to_owned())).or_insert((BTreeSet::new(), tone));
        if !label.is_empty() {
            labels.insert(clean(label));
        }
        *known = (*known).max(tone);
    }

    /// The tone and the label of what is bad by some controls: after the plan, what it mends of them is changed.
    pub(crate) fn bad(&self, cluster: &Cluster, by: &[ControlId], label: &str) -> (Tone, String) {
        let View::After(mended) = self.view else { return (Tone::Bad, label.to_owned()) };
        match mended.first(&cluster.id, by) {
            Some(control) => (Tone::Changed, format!("{control}: {label}")),
            None => (Tone::Bad, label.to_owned()),
        }
    }

    /// Puts what was not read in a lane, behind what it belongs to.
    pub(crate) fn unread(&mut self, cluster: &Cluster, behind: &str, lane: usize, what: &str, gap: &Gap) {
        let (key, label) = (format!("{} {what} not read", cluster.id), format!("{what}: not read"));
        let thing = Thing { lane, key: &key, plural: Some("things not read"), label: &label, tone: Tone::Unknown };
        let id = self.put(cluster, &thing);
        self.say(&id, &gap.to_string());
        self.join(behind, &id, "", Tone::Unknown);
    }

    pub(crate) fn finish(self) -> Map {
        let edge = |((from, to), (labels, tone)): ((String, String), (BTreeSet<String>, Tone))| {
            let label = labels.into_iter().collect::<Vec<_>>().join("; ");
            Edge { from, to, label, tone }
        };
        Map {
            kind: self.kind,
            after_the_plan: matches!(self.view, View::After(_)),
            clusters: self.clusters.len(),
            nodes: self.nodes.into_values().collect(),
            edges: self.edges.into_iter().map(edge).collect(),
        }
    }
}

/// Clusters by their ids: what is said first of a thing that they share must not depend on who came first.
pub(crate) fn in_order<'a>(clusters: impl IntoIterator<Item = &'a Cluster>) -> Vec<&'a Cluster> {
    let mut clusters: Vec<&Cluster> = clusters.into_iter().collect();
    clusters.sort_by(|a, b| (&a.id, &a.name).cmp(&(&b.id, &b.name)));
    clusters
}

/// The cluster itself, in a lane.
pub(crate) fn cluster(sketch: &mut Sketch<'_>, lane: usize, cluster: &Cluster) -> String {
    let thing =
        Thing { lane, key: cluster.id.as_str(), plural: Some("clusters"), label: &cluster.name, tone: Tone::Plain };
    let id = sketch.put(cluster, &thing);
    sketch.say(&id, &format!("{} {}", cluster.provider.service(), cluster.scope));
    id
}

/// A text of a length that fits, without what could lead a reader astray.
fn clean(text: &str) -> String {
    let shown = visible(text);
    if shown.chars().count() <= LONGEST { shown } else { shown.chars().take(LONGEST - 1).chain(['…']).collect() }
}

/// A text without what could lead a reader astray: control characters, turns of direction, what is invisible.
fn visible(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect()
}
