//! The four maps, now and after the plan: of the fleet as markup, and of single clusters as data that the script draws.

use crate::{Outlook, Report, plain};
use indexmap::IndexSet;
use palisade_assess::{Quarter, mended_by};
use palisade_maps::{Edge, FITS, Kind, Layout, Map, Mended, Node, Piece, Tone, View};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Rows told in words below a map.
const ROWS: usize = 40;
/// Bytes for the maps of single clusters, so that the page stays small enough to be sent.
const ROOM: usize = 4_000_000;

/// What the page shows of the maps.
pub(super) struct MapsView {
    pub(super) maps: Vec<MapView>,
    /// What there is to choose from, by their places in the list of clusters.
    pub(super) clusters: Vec<(usize, String)>,
    pub(super) fleet: String,
    pub(super) legend: Vec<(&'static str, &'static str)>,
    pub(super) planned: bool,
    /// What the script draws of single clusters, as JSON.
    pub(super) drawn: String,
}

/// One map of the fleet.
pub(super) struct MapView {
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) title: &'static str,
    pub(super) views: Vec<Drawing>,
}

/// How it is at one time.
pub(super) struct Drawing {
    pub(super) when: &'static str,
    pub(super) said: &'static str,
    pub(super) title: String,
    pub(super) rolled: bool,
    pub(super) svg: String,
    pub(super) rows: Vec<Row>,
    pub(super) more: usize,
}

/// An edge in words.
pub(super) struct Row {
    pub(super) tone: &'static str,
    pub(super) means: &'static str,
    pub(super) from: String,
    pub(super) label: String,
    pub(super) to: String,
}

impl MapsView {
    pub(super) fn of(report: &Report, outlook: Option<&Outlook>) -> serde_json::Result<Self> {
        let planned = outlook.map(|outlook| after_the_plan(report, outlook));
        let places: HashMap<&str, usize> = report.clusters.iter().map(|one| one.id.as_str()).zip(0..).collect();
        let maps = Kind::ALL.into_iter().map(|kind| {
            let drawing = |view: &View| drawing(kind, &report.pieces, view, &places);
            MapView {
                name: kind.name(),
                short: short(kind),
                title: kind.title(),
                views: [&View::Now].into_iter().chain(&planned).map(drawing).collect(),
            }
        });
        let is_shown = |tone: &Tone| *tone != Tone::Changed || planned.is_some();
        let mut clusters: Vec<(usize, String)> = (0..)
            .zip(&report.clusters)
            .map(|(place, one)| (place, format!("{} · {}", called(&one.name), one.provider.service())))
            .collect();
        clusters.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        Ok(Self {
            maps: maps.collect(),
            fleet: match clusters.len() {
                1 => "the whole fleet, 1 cluster".to_owned(),
                count => format!("the whole fleet, {count} clusters"),
            },
            clusters,
            legend: Tone::ALL.into_iter().filter(is_shown).map(|tone| (tone.name(), tone.meaning())).collect(),
            planned: planned.is_some(),
            drawn: serde_json::to_string(&Drawn::of(report, planned.as_ref(), &places))?,
        })
    }
}

/// How things are after the whole plan, for a map of them.
pub fn after_the_plan(report: &Report, outlook: &Outlook) -> View {
    let mended = mended_by(&outlook.plan, &outlook.initiatives, Quarter::LAST);
    View::After(Mended::of(&report.findings, &mended))
}

/// How a tab calls a map.
fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Exposure => "Exposure",
        Kind::Authority => "Authority",
        Kind::Architecture => "Architecture",
        Kind::Protection => "Data protection",
    }
}

/// The name of a cluster, harmless; it may be called nothing at all.
fn called(name: &str) -> String {
    let name: String = plain(name).chars().take(80).collect();
    if name.trim().is_empty() { "(no name)".to_owned() } else { name }
}

fn drawing(kind: Kind, pieces: &[Piece], view: &View, places: &HashMap<&str, usize>) -> Drawing {
    let whole = Map::of(kind, pieces, view);
    let count = whole.nodes.len();
    let map = whole.rolled_up(FITS);
    // A node that is one cluster leads to the map of it alone, and several to the list of them.
    let link = |node: &Node| {
        if node.plural != Some("clusters") {
            return None;
        }
        if node.count > 1 {
            return Some(format!("#/clusters?q={}", node.group));
        }
        let place = places.get(node.id.split_once(':')?.1)?;
        Some(format!("#/maps/{}/{place}{}", kind.name(), if map.after_the_plan { "?after" } else { "" }))
    };
    let (rows, more) = rows(&map);
    Drawing {
        when: if map.after_the_plan { "after" } else { "now" },
        said: if map.after_the_plan { "After the plan" } else { "Now" },
        title: map.title(),
        rolled: map.nodes.len() < count,
        svg: map.svg_in_page(&link),
        rows,
        more,
    }
}

/// What a map says that somebody has to know, in words, worst first.
fn rows(map: &Map) -> (Vec<Row>, usize) {
    let nodes: BTreeMap<&str, &Node> = map.nodes.iter().map(|node| (&*node.id, node)).collect();
    let is_told = |edge: &&Edge| matches!(edge.tone, Tone::Bad | Tone::Unknown | Tone::Changed);
    let mut edges: Vec<&Edge> = map.edges.iter().filter(is_told).collect();
    edges.sort_by_key(|edge| (Reverse(edge.tone), &edge.from, &edge.to));
    let name = |id: &str| {
        let Some(node) = nodes.get(id) else { return String::new() };
        let said: Vec<&str> = [&node.label].into_iter().chain(node.detail.first()).map(String::as_str).collect();
        plain(&said.join(", "))
    };
    let row = |edge: &&Edge| Row {
        tone: edge.tone.name(),
        means: edge.tone.meaning(),
        from: name(&edge.from),
        label: plain(&edge.label),
        to: name(&edge.to),
    };
    (edges.iter().take(ROWS).map(row).collect(), edges.len().saturating_sub(ROWS))
}

/// What the script draws of single clusters. Numbers are pixels, places in the texts, or places among the tones.
#[derive(Serialize)]
struct Drawn {
    tones: Vec<&'static str>,
    kinds: Vec<&'static str>,
    lanes: Vec<&'static [&'static str]>,
    /// How wide a node is, where an edge's straight part begins behind it, and where the first node may stand.
    node: [i64; 3],
    texts: Vec<String>,
    /// By the place of the cluster and then of the kind; nothing where there was no room.
    clusters: BTreeMap<usize, Vec<Value>>,
}

impl Drawn {
    fn of(report: &Report, planned: Option<&View>, places: &HashMap<&str, usize>) -> Self {
        let mut texts = IndexSet::new();
        let mut clusters = BTreeMap::new();
        let mut room = ROOM;
        for piece in worst_first(report) {
            let Some(place) = places.get(piece.cluster().as_str()).copied() else { continue };
            let before = texts.len();
            let own: Vec<Value> = Kind::ALL.into_iter().map(|kind| one(kind, piece, planned, &mut texts)).collect();
            let written = own.iter().map(|one| one.to_string().len()).sum::<usize>();
            let new: usize = texts.iter().skip(before).map(|text: &String| text.len() + 3).sum();
            let Some(left) = room.checked_sub(written + new) else {
                texts.truncate(before);
                break;
            };
            room = left;
            clusters.insert(place, own);
        }
        Self {
            tones: Tone::ALL.iter().map(|tone| tone.name()).collect(),
            kinds: Kind::ALL.iter().map(|kind| kind.name()).collect(),
            lanes: Kind::ALL.iter().map(|kind| kind.lanes()).collect(),
            node: [Layout::NODE, Layout::BEND, Layout::HEAD],
            texts: texts.into_iter().collect(),
            clusters,
        }
    }
}

/// The pieces of the clusters with the worst open findings before the others.
fn worst_first(report: &Report) -> Vec<&Piece> {
    let mut weight: HashMap<&str, u64> = HashMap::new();
    for finding in report.findings.iter().filter(|finding| super::is_open(finding)) {
        let points = 16_u64.pow(u32::try_from(finding.severity as usize).unwrap_or_default());
        let known = weight.entry(finding.cluster.as_str()).or_default();
        *known = known.saturating_add(points);
    }
    let mut pieces: Vec<&Piece> = report.pieces.iter().collect();
    pieces.sort_by_key(|piece| {
        let id = piece.cluster().as_str();
        (Reverse(weight.get(id).copied().unwrap_or_default()), id)
    });
    pieces
}

/// One map of one cluster, now and after the plan: the places are the same, only tones and labels change.
fn one(kind: Kind, piece: &Piece, planned: Option<&View>, texts: &mut IndexSet<String>) -> Value {
    let now = Map::of(kind, [piece], &View::Now);
    let later = Map::of(kind, [piece], planned.unwrap_or(&View::Now));
    let layout = now.layout();
    let mut text = |text: &str| texts.insert_full(text.to_owned()).0;
    let tone = |tone: Tone| Tone::ALL.iter().position(|one| *one == tone).unwrap_or_default();
    let nodes = layout.nodes.iter().zip(&later.nodes).map(|(placed, later)| {
        let node = placed.node;
        let (label, tones) = (text(&node.label), [tone(node.tone), tone(later.tone)]);
        let detail: Vec<usize> = node.detail.iter().map(|line| text(line)).collect();
        json!([node.lane, placed.y, placed.height, label, tones[0], tones[1], detail])
    });
    let nodes: Vec<Value> = nodes.collect();
    let names: HashMap<&str, usize> = now.nodes.iter().map(|node| &*node.id).zip(0..).collect();
    let edges = layout.edges.iter().zip(&later.edges).map(|(drawn, later)| {
        let end = |id: &str| names.get(id).copied().unwrap_or_default();
        let (from, to) = (end(&drawn.edge.from), end(&drawn.edge.to));
        let (label, planned) = (text(&drawn.edge.label), text(&later.label));
        json!([from, to, drawn.from.1, drawn.to.1, label, tone(drawn.edge.tone), planned, tone(later.tone)])
    });
    let edges: Vec<Value> = edges.collect();
    json!([layout.width, layout.height, layout.lanes, nodes, edges])
}
