//! What a report says of one cluster besides its findings: who can reach it and who it can be.

use palisade_authority::{IdentityId, Standing};
use palisade_model::{Cluster, DoorKind, Exposure, Observed, PublicAccess};
use palisade_reach::{AddrSet, Bounds, Cell, Family, PacketSet, Protocols};
use std::{collections::BTreeSet, sync::Arc};

/// One cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRow {
    /// The provider's own name of it.
    pub id: String,
    /// Who runs it.
    pub provider: palisade_model::Provider,
    /// Where it lives.
    pub scope: String,
    /// Its region or zone.
    pub location: String,
    /// As people know it. Hostile text.
    pub name: String,
    /// Who can reach its API server.
    pub api: Vec<ApiRow>,
    /// Who can reach its machines, one entry for each distinct answer.
    pub nodes: Vec<NodeRows>,
    /// Who it is in the cloud.
    pub identities: Vec<IdentityRow>,
}

/// What stands in front of something that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing but the API server's own authentication.
    None,
    /// The provider's IAM decides before a packet gets there.
    Iam,
}

/// Sources that reach one family, protocol and range of ports.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketRow {
    /// `ipv4` or `ipv6`.
    pub family: Family,
    /// `tcp`, `udp`, a number, or `any`.
    pub protocol: String,
    /// One port or a range.
    pub ports: String,
    /// Ranges that certainly get through.
    pub lower: Vec<String>,
    /// Ranges outside of which nothing gets through.
    pub upper: Vec<String>,
    /// How many addresses `upper` holds.
    pub addresses: u128,
    /// Whether `lower` is every address outside.
    pub any: bool,
}

/// A way to the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiRow {
    /// Who gets there.
    pub packets: PacketRow,
    /// What stands in front.
    pub gate: Gate,
}

/// Machines with the same answer.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRows {
    /// The pool's name.
    pub pool: String,
    /// The provider's ids of the machines.
    pub nodes: Vec<String>,
    /// Who gets there.
    pub packets: Vec<PacketRow>,
    /// The rules that let them.
    pub via: Arc<[String]>,
    /// What is not modelled and widened the bounds.
    pub limits: Vec<String>,
}

/// Who the cluster is in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The provider's id.
    pub id: IdentityId,
    /// `control-plane`, `node`, `workload` or `controller`.
    pub kind: &'static str,
    /// What it may do and whom it can become, where that is known. Shared with the clusters that use it too.
    pub standing: Option<Arc<Standing>>,
}

impl ClusterRow {
    /// What a report says of a cluster.
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            id: cluster.id.to_string(),
            provider: cluster.provider,
            scope: cluster.scope.to_string(),
            location: cluster.location.to_string(),
            name: cluster.name.clone(),
            api: api_rows(cluster),
            nodes: node_rows(cluster),
            identities: identity_rows(cluster),
        }
    }
}

fn api_rows(cluster: &Cluster) -> Vec<ApiRow> {
    let mut rows = Vec::new();
    if let Ok(PublicAccess::Open(door)) = cluster.api.public.get() {
        let ports = door.port.to_string();
        for family in [Family::V4, Family::V6] {
            if let Some(packets) = packet_row(family, "tcp", &ports, &door.sources, &door.own) {
                rows.push(ApiRow { packets, gate: Gate::None });
            }
        }
    }
    let reaches_everyone = |doors: &Observed<Vec<palisade_model::Door>>| {
        doors.get().is_ok_and(|doors| {
            doors.iter().any(|door| matches!(door.kind, DoorKind::DnsEndpoint { external: true, .. }))
        })
    };
    if reaches_everyone(&cluster.api.doors) {
        let everyone = Bounds::exact(AddrSet::all());
        for family in [Family::V4, Family::V6] {
            if let Some(packets) = packet_row(family, "tcp", "443", &everyone, &AddrSet::empty()) {
                rows.push(ApiRow { packets, gate: Gate::Iam });
            }
        }
    }
    rows
}

fn node_rows(cluster: &Cluster) -> Vec<NodeRows> {
    let pools = cluster.pools.get().ok().into_iter().flatten();
    pools
        .flat_map(|pool| {
            let exposures = pool.exposure.get().ok().into_iter().flatten();
            exposures.map(|exposure| NodeRows {
                pool: pool.name.clone(),
                nodes: exposure.nodes.iter().map(ToString::to_string).collect(),
                packets: exposure_rows(exposure),
                via: via(exposure),
                limits: exposure.limits.clone(),
            })
        })
        .collect()
}

fn exposure_rows(exposure: &Exposure) -> Vec<PacketRow> {
    let lower = exposure.internet.lower();
    exposure
        .internet
        .upper()
        .cells()
        .filter_map(|cell: Cell| {
            let certain = certain(lower, &cell);
            let bounds = Bounds::between(certain, cell.sources.clone());
            let protocol = match cell.protocol {
                Protocols::Any => "any".to_owned(),
                Protocols::Portless => "portless".to_owned(),
                Protocols::One(protocol) => protocol.to_string(),
            };
            let (first, last) = cell.ports;
            let ports = if first == last { first.to_string() } else { format!("{first}-{last}") };
            packet_row(cell.family, &protocol, &ports, &bounds, &exposure.local)
        })
        .collect()
}

/// The sources that certainly reach every port of a cell.
fn certain(lower: &PacketSet, cell: &Cell) -> AddrSet {
    let (first, last) = cell.ports;
    let mut sources = cell.sources.clone();
    for other in lower.cells().filter(|other| other.family == cell.family && other.protocol == cell.protocol) {
        let (from, to) = other.ports;
        if from <= first && last <= to {
            return sources.intersect(&other.sources);
        }
    }
    if lower.is_empty() {
        return AddrSet::empty();
    }
    if let Protocols::One(protocol) = cell.protocol {
        // The lower bound changes inside the cell: what holds at every change holds throughout.
        for port in boundaries(lower, cell) {
            sources = sources.intersect(&lower.sources(protocol, port));
        }
        return sources;
    }
    AddrSet::empty()
}

fn boundaries(lower: &PacketSet, cell: &Cell) -> BTreeSet<u16> {
    let (first, last) = cell.ports;
    let inside = |port: &u16| (first..=last).contains(port);
    let edges = lower.cells().flat_map(|other| [other.ports.0, other.ports.1.saturating_add(1)]);
    edges.filter(inside).chain([first]).collect()
}

fn packet_row(
    family: Family,
    protocol: &str,
    ports: &str,
    sources: &Bounds<AddrSet>,
    local: &AddrSet,
) -> Option<PacketRow> {
    let outside = |set: &AddrSet| set.family(family).intersect(palisade_reach::internet()).subtract(local);
    let (lower, upper) = (outside(sources.lower()), outside(sources.upper()));
    if upper.is_empty() {
        return None;
    }
    let texts = |set: &AddrSet| set.to_nets().iter().map(ToString::to_string).collect::<Vec<_>>();
    Some(PacketRow {
        family,
        protocol: protocol.to_owned(),
        ports: ports.to_owned(),
        addresses: upper.count(family),
        any: lower.covers_any(family, local),
        lower: texts(&lower),
        upper: texts(&upper),
    })
}

fn via(exposure: &Exposure) -> Arc<[String]> {
    exposure
        .layers
        .iter()
        .flat_map(|layer| layer.hits.iter())
        .filter(|hit| hit.action == palisade_reach::Action::Allow)
        .map(|hit| hit.rule.to_string())
        .collect()
}

fn identity_rows(cluster: &Cluster) -> Vec<IdentityRow> {
    let identities = cluster.identities.get().ok().into_iter().flatten();
    identities
        .map(|identity| IdentityRow {
            id: identity.id.clone(),
            kind: identity.kind.name(),
            standing: identity.standing.get().ok().map(Arc::clone),
        })
        .collect()
}
