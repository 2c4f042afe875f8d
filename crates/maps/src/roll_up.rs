//! Many things drawn as one.

use crate::map::{Edge, Map, Node, Tone};
use std::collections::{BTreeMap, BTreeSet};

/// Nodes of one lane that still fit on a wall.
pub const FITS: usize = 64;
/// Labels and names told of what became one.
const TOLD: usize = 2;

impl Map {
    /// The map, with what is alike drawn as one when a lane has more nodes than `fits`: the same kind of thing of the same
    /// provider about which the same is to be thought. Each such node says how many it is.
    #[must_use]
    pub fn rolled_up(self, fits: usize) -> Self {
        let mut lanes: BTreeMap<usize, usize> = BTreeMap::new();
        for node in &self.nodes {
            *lanes.entry(node.lane).or_default() += 1;
        }
        if lanes.values().all(|count| *count <= fits) {
            return self;
        }
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        let mut groups: BTreeMap<(usize, String), Vec<&Node>> = BTreeMap::new();
        for node in &self.nodes {
            let name = match node.plural {
                Some(plural) => format!("{}:{}:{plural}:{:?}", node.lane, node.group, node.tone),
                None => node.id.clone(),
            };
            names.insert(&node.id, name.clone());
            groups.entry((node.lane, name)).or_default().push(node);
        }
        let nodes: Vec<Node> = groups.iter().filter_map(|((_, name), alike)| together(name, alike)).collect();
        let mut edges: BTreeMap<(&str, &str, Tone), (BTreeSet<&str>, usize)> = BTreeMap::new();
        for edge in &self.edges {
            let (Some(from), Some(to)) = (names.get(&*edge.from), names.get(&*edge.to)) else { continue };
            let (labels, count) = edges.entry((from, to, edge.tone)).or_default();
            labels.insert(&edge.label);
            *count += 1;
        }
        let edges = edges.into_iter().map(|((from, to, tone), (labels, count))| {
            let (from, to) = (from.to_owned(), to.to_owned());
            Edge { from, to, label: several(&labels, count), tone }
        });
        Self { edges: edges.collect(), nodes, ..self.clone() }
    }
}

fn together(name: &str, alike: &[&Node]) -> Option<Node> {
    let first = *alike.first()?;
    let count = alike.iter().map(|node| node.count).sum();
    if alike.len() == 1 {
        return Some(Node { id: name.to_owned(), ..first.clone() });
    }
    let labels: BTreeSet<&str> = alike.iter().map(|node| &*node.label).collect();
    let (label, named) = if labels.len() == 1 {
        // What is called alike is told apart by what is said of it.
        let said: BTreeSet<&str> = alike.iter().filter_map(|node| node.detail.first()).map(String::as_str).collect();
        (format!("{} \u{d7} {count}", first.label), said)
    } else {
        (format!("{count} {}", first.plural.unwrap_or_default()), labels)
    };
    let some: Vec<&str> = named.iter().copied().take(TOLD).collect();
    let more = if named.len() > TOLD { ", \u{2026}" } else { "" };
    let detail = vec![first.group.to_owned(), format!("{}{more}", some.join(", "))];
    Some(Node { id: name.to_owned(), label, detail, count, ..first.clone() })
}

/// What several edges say as one.
fn several(labels: &BTreeSet<&str>, count: usize) -> String {
    let told: Vec<&str> = labels.iter().copied().filter(|label| !label.is_empty()).collect();
    let times = if count > 1 { format!("{count} × ") } else { String::new() };
    match told.as_slice() {
        [] if count > 1 => format!("{count} ×"),
        [] => String::new(),
        [one] => format!("{times}{one}"),
        [first, ..] => format!("{times}{first}, and {} other", told.len() - 1),
    }
}
