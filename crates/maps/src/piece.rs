//! What a cluster puts on the maps, before anybody says which view is wanted.

use crate::{
    architecture, authority, exposure,
    map::{Edge, Kind, Map, Node, Tone},
    mended::View,
    protection,
    sketch::{DETAIL, Paint, Part, Sketch},
};
use palisade_model::{Cluster, ClusterId, Provider};
use std::collections::{BTreeMap, BTreeSet};

/// What one cluster puts on the four maps. It is small beside the cluster, and is all that maps of a fleet need of it: now and
/// after any plan.
#[derive(Clone, Debug)]
pub struct Piece {
    cluster: ClusterId,
    name: String,
    provider: Provider,
    parts: [Part; 4],
}

impl Piece {
    /// What a cluster puts on the maps.
    pub fn of(cluster: &Cluster) -> Self {
        Self::with(cluster, |kind| part(kind, cluster))
    }

    /// What it puts on one map alone.
    fn on(kind: Kind, cluster: &Cluster) -> Self {
        Self::with(cluster, |other| if other == kind { part(kind, cluster) } else { Part::default() })
    }

    fn with(cluster: &Cluster, draw: impl Fn(Kind) -> Part) -> Self {
        let (id, name, provider) = (cluster.id.clone(), cluster.name.clone(), cluster.provider);
        Self { cluster: id, name, provider, parts: Kind::ALL.map(draw) }
    }

    /// The id of the cluster.
    pub fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// The name of the cluster, as its cloud has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn part(&self, kind: Kind) -> &Part {
        let [exposure, authority, architecture, protection] = &self.parts;
        match kind {
            Kind::Exposure => exposure,
            Kind::Authority => authority,
            Kind::Architecture => architecture,
            Kind::Protection => protection,
        }
    }
}

fn part(kind: Kind, cluster: &Cluster) -> Part {
    let mut sketch = Sketch::new();
    match kind {
        Kind::Exposure => exposure::draw(&mut sketch, cluster),
        Kind::Authority => authority::draw(&mut sketch, cluster),
        Kind::Architecture => architecture::draw(&mut sketch, cluster),
        Kind::Protection => protection::draw(&mut sketch, cluster),
    }
    sketch.finish()
}

/// One map of clusters of which nothing was kept.
pub(crate) fn map_of<'a>(kind: Kind, clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    let pieces: Vec<Piece> = clusters.into_iter().map(|cluster| Piece::on(kind, cluster)).collect();
    Map::of(kind, &pieces, view)
}

impl Map {
    /// A map of the clusters that these pieces are of. Their order does not matter.
    pub fn of<'a>(kind: Kind, pieces: impl IntoIterator<Item = &'a Piece>, view: &View) -> Self {
        // What is said first of a thing that clusters share must not depend on who came first.
        let mut pieces: Vec<&Piece> = pieces.into_iter().collect();
        pieces.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
        let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
        let mut edges: BTreeMap<(&str, &str), (BTreeSet<String>, Tone)> = BTreeMap::new();
        for piece in &pieces {
            let part = piece.part(kind);
            for own in &part.nodes {
                let tones = own.paints.iter().map(|paint| resolved(*paint, &piece.cluster, view).0);
                let tone = tones.max().unwrap_or(Tone::Plain);
                let node = nodes.entry(&own.id).or_insert_with(|| Node {
                    id: own.id.to_string(),
                    lane: own.lane,
                    plural: own.plural,
                    group: piece.provider.name(),
                    label: own.label.to_string(),
                    detail: Vec::new(),
                    tone,
                    count: 1,
                });
                node.tone = node.tone.max(tone);
                for line in &own.detail {
                    if node.detail.len() < DETAIL && !node.detail.iter().any(|known| **known == **line) {
                        node.detail.push(line.to_string());
                    }
                }
            }
            for own in &part.edges {
                let (Some(from), Some(to)) = (part.nodes.get(own.from), part.nodes.get(own.to)) else { continue };
                let (tone, control) = resolved(own.paint, &piece.cluster, view);
                let (labels, known) = edges.entry((&from.id, &to.id)).or_insert((BTreeSet::new(), tone));
                match (control, &*own.label) {
                    (None, "") => (),
                    (None, label) => _ = labels.insert(label.to_owned()),
                    (Some(control), "") => _ = labels.insert(control.to_owned()),
                    (Some(control), label) => _ = labels.insert(format!("{control}: {label}")),
                }
                *known = (*known).max(tone);
            }
        }
        let edge = |((from, to), (labels, tone)): ((&str, &str), (BTreeSet<String>, Tone))| {
            let label = labels.into_iter().collect::<Vec<_>>().join("; ");
            Edge { from: from.to_owned(), to: to.to_owned(), label, tone }
        };
        let clusters: BTreeSet<&ClusterId> = pieces.iter().map(|piece| &piece.cluster).collect();
        Self {
            kind,
            after_the_plan: matches!(view, View::After(_)),
            clusters: clusters.len(),
            edges: edges.into_iter().map(edge).collect(),
            nodes: nodes.into_values().collect(),
        }
    }
}

/// What to think of something, and by which control the plan changes it: what is bad is changed when a plan mends one of the
/// controls that say so in this cluster.
fn resolved(paint: Paint, cluster: &ClusterId, view: &View) -> (Tone, Option<&'static str>) {
    match (paint, view) {
        (Paint::Is(tone), _) => (tone, None),
        (Paint::Bad(_), View::Now) => (Tone::Bad, None),
        (Paint::Bad(by), View::After(mended)) => match mended.first(cluster, by) {
            Some(control) => (Tone::Changed, Some(control)),
            None => (Tone::Bad, None),
        },
    }
}
