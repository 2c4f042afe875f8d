//! What the page's script knows, small: findings in columns, texts and records once each.

use crate::{ClusterRow, Gate, IdentityRow, NodeRows, PacketRow, Report};
use indexmap::IndexSet;
use palisade_authority::{Certainty, Hop, Node, Standing};
use palisade_engine::{Finding, GapRow, Meta, Severity, State, mappings};
use palisade_model::Evidence;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

#[derive(Serialize)]
pub(super) struct Data<'a> {
    severities: Vec<&'static str>,
    states: Vec<&'static str>,
    kinds: Vec<&'static str>,
    coverage: Coverage,
    texts: Vec<String>,
    controls: Vec<Control>,
    clusters: Vec<Cluster<'a>>,
    findings: Columns,
    /// Call, pointer and digest of each record, as places in the texts.
    records: Vec<[usize; 3]>,
    /// Lists of records, as places in them.
    lists: Vec<Vec<usize>>,
    gaps: Vec<Gap<'a>>,
}

#[derive(Serialize)]
struct Coverage {
    known: u64,
    total: u64,
}

#[derive(Serialize)]
struct Control {
    id: &'static str,
    title: &'static str,
    concern: &'static str,
    layer: &'static str,
    dimension: &'static str,
    severity: &'static str,
    effort: &'static str,
    maps: Vec<palisade_engine::Mapping>,
}

#[derive(Serialize)]
struct Cluster<'a> {
    name: &'a str,
    provider: &'static str,
    service: &'static str,
    scope: &'a str,
    location: &'a str,
    api: Vec<Api<'a>>,
    nodes: Vec<Machines<'a>>,
    identities: Vec<Identity<'a>>,
}

#[derive(Serialize)]
struct Packets<'a> {
    family: &'static str,
    protocol: &'a str,
    ports: &'a str,
    lower: &'a [String],
    upper: &'a [String],
    any: bool,
}

#[derive(Serialize)]
struct Api<'a> {
    packets: Packets<'a>,
    gate: &'static str,
}

#[derive(Serialize)]
struct Machines<'a> {
    pool: &'a str,
    count: usize,
    packets: Vec<Packets<'a>>,
    via: &'a [String],
}

#[derive(Serialize)]
struct Identity<'a> {
    id: &'a str,
    kind: &'static str,
    known: bool,
    can: Vec<String>,
}

/// One entry for each finding in each column. Numbers are places in the lists they speak of.
#[derive(Serialize, Default)]
struct Columns {
    control: Vec<usize>,
    cluster: Vec<usize>,
    severity: Vec<usize>,
    state: Vec<usize>,
    kind: Vec<usize>,
    subject: Vec<usize>,
    because: Vec<usize>,
    brief: Vec<usize>,
    todo: Vec<usize>,
    modified: Vec<usize>,
    accepted: Vec<usize>,
    waived: Vec<u8>,
    fingerprint: Vec<usize>,
    evidence: Vec<usize>,
}

#[derive(Serialize)]
struct Gap<'a> {
    scope: &'a str,
    call: &'a str,
    reason: &'static str,
    permission: Option<&'a str>,
    message: &'a str,
    hides: &'a [&'static str],
    times: usize,
}

impl<'a> Data<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut columns = Columns::default();
        let (mut texts, mut kinds) = (IndexSet::new(), IndexSet::new());
        let (mut records, mut lists) = (IndexSet::new(), IndexSet::new());
        let mut controls: BTreeMap<&'static str, &'static Meta> = BTreeMap::new();
        for finding in &report.findings {
            controls.insert(finding.control.id, finding.control);
        }
        let places: HashMap<&str, usize> = controls.keys().copied().zip(0..).collect();
        let clusters: HashMap<(&str, &str), usize> =
            report.clusters.iter().map(|one| (one.scope.as_str(), one.id.as_str())).zip(0..).collect();
        for finding in &report.findings {
            // A finding of a cluster that no row stands for cannot be shown; there is none.
            let key = (finding.scope.as_str(), finding.cluster.as_str());
            let Some(cluster) = clusters.get(&key).copied() else { continue };
            let rests_on = finding.evidence.records().into_iter();
            let list: Vec<usize> = rests_on.map(|one| at(&mut records, record(one, &mut texts))).collect();
            columns.control.extend(places.get(finding.control.id));
            columns.cluster.push(cluster);
            columns.severity.push(place(&Severity::ALL, &finding.severity));
            columns.state.push(place(&State::ALL, &finding.state));
            columns.kind.push(at(&mut kinds, finding.subject.kind.name()));
            columns.subject.push(at(&mut texts, finding.subject.name.to_string()));
            columns.because.push(at(&mut texts, finding.because.to_string()));
            columns.brief.push(at(&mut texts, finding.brief.as_deref().unwrap_or_default().to_owned()));
            columns.todo.push(at(&mut texts, finding.remediation.to_owned()));
            columns.modified.push(at(&mut texts, modified(finding)));
            columns.accepted.push(at(&mut texts, accepted(finding)));
            columns.waived.push(u8::from(finding.waived));
            columns.fingerprint.push(at(&mut texts, finding.fingerprint.to_string()));
            columns.evidence.push(at(&mut lists, list));
        }
        Self {
            severities: Severity::ALL.iter().map(|one| one.name()).collect(),
            states: State::ALL.iter().map(|one| one.name()).collect(),
            kinds: kinds.into_iter().collect(),
            coverage: Coverage { known: report.coverage.known, total: report.coverage.total },
            texts: texts.into_iter().collect(),
            controls: controls.values().map(|meta| control(meta)).collect(),
            clusters: report.clusters.iter().map(cluster).collect(),
            findings: columns,
            records: records.into_iter().collect(),
            lists: lists.into_iter().collect(),
            gaps: report.gaps.iter().map(gap).collect(),
        }
    }
}

/// The place of a value in a set, which takes it in if it is new.
fn at<T: std::hash::Hash + Eq>(set: &mut IndexSet<T>, value: T) -> usize {
    set.insert_full(value).0
}

fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or_default()
}

fn record(one: &Evidence, texts: &mut IndexSet<String>) -> [usize; 3] {
    [one.call.to_string(), one.pointer.to_string(), one.digest.to_string()].map(|text| at(texts, text))
}

fn modified(finding: &Finding) -> String {
    let reasons: Vec<&str> = finding.modifiers.iter().map(|modifier| modifier.reason()).collect();
    if reasons.is_empty() {
        return String::new();
    }
    format!("{} by itself; {}", finding.base_severity, reasons.join("; "))
}

fn accepted(finding: &Finding) -> String {
    let Some(one) = &finding.acceptance else { return String::new() };
    let how = if finding.waived { "accepted until" } else { "was accepted until" };
    format!("{how} {} by {}: {}", one.until, one.owner, one.reason)
}

fn control(meta: &Meta) -> Control {
    Control {
        id: meta.id,
        title: meta.title,
        concern: super::summary::title(meta.concern),
        layer: meta.layer.name(),
        dimension: meta.dimension.name(),
        severity: meta.severity.name(),
        effort: meta.effort.name(),
        maps: mappings(meta),
    }
}

fn cluster(row: &ClusterRow) -> Cluster<'_> {
    let api = row.api.iter().map(|way| Api {
        packets: packets(&way.packets),
        gate: match way.gate {
            Gate::None => "none",
            Gate::Iam => "iam",
        },
    });
    Cluster {
        name: &row.name,
        provider: row.provider.name(),
        service: row.provider.service(),
        scope: &row.scope,
        location: &row.location,
        api: api.collect(),
        nodes: row.nodes.iter().map(machines).collect(),
        identities: row.identities.iter().map(identity).collect(),
    }
}

fn machines(rows: &NodeRows) -> Machines<'_> {
    Machines {
        pool: &rows.pool,
        count: rows.nodes.len(),
        packets: rows.packets.iter().map(packets).collect(),
        via: &rows.via,
    }
}

fn packets(row: &PacketRow) -> Packets<'_> {
    Packets {
        family: match row.family {
            palisade_reach::Family::V4 => "IPv4",
            palisade_reach::Family::V6 => "IPv6",
        },
        protocol: &row.protocol,
        ports: &row.ports,
        lower: &row.lower,
        upper: &row.upper,
        any: row.any,
    }
}

fn identity(row: &IdentityRow) -> Identity<'_> {
    let can = row.standing.as_deref().map(can).unwrap_or_default();
    Identity { id: row.id.as_str(), kind: row.kind, known: row.standing.is_some(), can }
}

/// What an identity can do that matters, worst first.
fn can(standing: &Standing) -> Vec<String> {
    let perhaps = |certainty: &Certainty| if certainty.is_certain() { "" } else { "perhaps " };
    let mut can = Vec::new();
    if let Some((certainty, _)) = &standing.administrator {
        can.push(format!("{}administrator", perhaps(certainty)));
    }
    if let Some(path) = &standing.escalation {
        can.extend(path.last().map(|hop| becomes(hop, path.len())));
    }
    can.extend(standing.held.iter().map(|held| format!("{}{}", perhaps(&held.certainty), held.capability.name())));
    can
}

fn becomes(last: &Hop, steps: usize) -> String {
    let whom = match &last.to {
        Node::Administrator => "an administrator".to_owned(),
        Node::ClusterAdmin => "a cluster-admin".to_owned(),
        Node::Identity(id) => id.to_string(),
    };
    format!("can become {whom} in {steps} {}", if steps == 1 { "step" } else { "steps" })
}

fn gap(row: &GapRow) -> Gap<'_> {
    Gap {
        scope: &row.scope,
        call: &row.call,
        reason: row.reason.name(),
        permission: row.permission.as_deref(),
        message: &row.message,
        hides: &row.hides,
        times: row.times,
    }
}
