//! What one cluster puts on one map.

use crate::map::Tone;
use palisade_engine::ControlId;
use palisade_model::{Cluster, Gap};
use std::collections::BTreeMap;

/// Lines of detail in one node.
pub(crate) const DETAIL: usize = 4;
/// Letters of a text on a map.
const LONGEST: usize = 160;

/// What to think of something, which a plan may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Whatever is planned.
    Is(Tone),
    /// Bad, until a plan mends one of these.
    Bad(&'static [ControlId]),
}

impl From<Tone> for Paint {
    fn from(tone: Tone) -> Self {
        Self::Is(tone)
    }
}

/// A cluster's share of a map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) nodes: Vec<PartNode>,
    pub(crate) edges: Vec<PartEdge>,
}

/// A thing that a cluster puts on a map.
#[derive(Clone, Debug)]
pub(crate) struct PartNode {
    pub(crate) id: Box<str>,
    pub(crate) lane: usize,
    pub(crate) plural: Option<&'static str>,
    pub(crate) label: Box<str>,
    pub(crate) detail: Vec<Box<str>>,
    pub(crate) paints: Vec<Paint>,
}

/// From one thing to another, by their places among the nodes.
#[derive(Clone, Debug)]
pub(crate) struct PartEdge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: Box<str>,
    pub(crate) paint: Paint,
}

/// A cluster's share, while it is drawn.
#[derive(Debug)]
pub(crate) struct Sketch {
    part: Part,
    places: BTreeMap<Box<str>, usize>,
}

/// A node as its map describes it.
pub(crate) struct Thing<'a> {
    pub(crate) lane: usize,
    /// Unique in its lane.
    pub(crate) key: &'a str,
    pub(crate) plural: Option<&'static str>,
    pub(crate) label: &'a str,
    pub(crate) tone: Paint,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self { part: Part::default(), places: BTreeMap::new() }
    }

    /// Puts a thing on the map, or finds it there, and gives its name.
    pub(crate) fn put(&mut self, thing: &Thing<'_>) -> usize {
        let id = visible(&format!("{}:{}", thing.lane, thing.key)).into_boxed_str();
        let next = self.part.nodes.len();
        let place = *self.places.entry(id.clone()).or_insert(next);
        if place == next {
            self.part.nodes.push(PartNode {
                id,
                lane: thing.lane,
                plural: thing.plural,
                label: named(clean(thing.label)).into_boxed_str(),
                detail: Vec::new(),
                paints: Vec::new(),
            });
        }
        if let Some(node) = self.part.nodes.get_mut(place)
            && !node.paints.contains(&thing.tone)
        {
            node.paints.push(thing.tone);
        }
        place
    }

    /// Says more of a thing.
    pub(crate) fn say(&mut self, place: usize, line: &str) {
        let line = named(clean(line)).into_boxed_str();
        let node = self.part.nodes.get_mut(place);
        if let Some(node) = node.filter(|node| node.detail.len() < DETAIL && !node.detail.contains(&line)) {
            node.detail.push(line);
        }
    }

    /// Draws an edge. Several between the same things are one with several labels.
    pub(crate) fn join(&mut self, from: usize, to: usize, label: &str, tone: impl Into<Paint>) {
        let label = clean(label).into_boxed_str();
        self.part.edges.push(PartEdge { from, to, label, paint: tone.into() });
    }

    /// Puts what was not read in a lane, behind what it belongs to.
    pub(crate) fn unread(&mut self, cluster: &Cluster, behind: usize, lane: usize, what: &str, gap: &Gap) {
        let (key, label) = (format!("{} {what} not read", cluster.id), format!("{what}: not read"));
        let tone = Tone::Unknown.into();
        let id = self.put(&Thing { lane, key: &key, plural: Some("things not read"), label: &label, tone });
        self.say(id, &gap.to_string());
        self.join(behind, id, "", Tone::Unknown);
    }

    pub(crate) fn finish(mut self) -> Part {
        self.part.nodes.shrink_to_fit();
        self.part.edges.shrink_to_fit();
        self.part
    }
}

/// The cluster itself, in a lane.
pub(crate) fn cluster(sketch: &mut Sketch, lane: usize, cluster: &Cluster) -> usize {
    let tone = Tone::Plain.into();
    let thing = Thing { lane, key: cluster.id.as_str(), plural: Some("clusters"), label: &cluster.name, tone };
    let id = sketch.put(&thing);
    sketch.say(id, &format!("{} {}", cluster.provider.service(), cluster.scope));
    id
}

/// What is called nothing at all says so.
fn named(label: String) -> String {
    if label.trim().is_empty() { "(no name)".to_owned() } else { label }
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
            || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect()
}
