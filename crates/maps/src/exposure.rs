//! The exposure map: from the internet to a way in, to a cluster, to what it runs as, to what that may do.

use crate::{
    authority::powers,
    map::{Kind, Map, Tone},
    mended::View,
    piece::map_of,
    sketch::{Paint, Sketch, Thing, cluster as cluster_node},
};
use palisade_model::{
    Cluster, DoorKind, Exposure, Identity, IdentityKind, Pool, PublicAccess, PublicAddresses, TunnelKind,
};
use palisade_reach::{AddrSet, Family, PacketSet, Printer, Protocol, internet};
use std::fmt::Write as _;

const API: &[&str] = &["CP-03", "CP-01", "CP-02", "CP-05"];
const NODES: &[&str] = &["ND-01", "ND-02", "ND-03", "ND-04"];
/// Lines of ports on one edge.
const LINES: usize = 3;

/// Who reaches what from outside, with exact address sets, and what that leads to.
pub fn exposure<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    map_of(Kind::Exposure, clusters, view)
}

pub(crate) fn draw(sketch: &mut Sketch, cluster: &Cluster) {
    let node = cluster_node(sketch, 2, cluster);
    api(sketch, cluster, node);
    pools(sketch, cluster, node);
    match cluster.identities.get() {
        Ok(identities) => identities.iter().for_each(|identity| runs_as(sketch, cluster, node, identity)),
        Err(gap) => sketch.unread(cluster, node, 3, "identities", &gap),
    }
}

fn origin(sketch: &mut Sketch, name: &str) -> usize {
    sketch.put(&Thing { lane: 0, key: name, plural: None, label: name, tone: Tone::Plain.into() })
}

fn way_in(
    sketch: &mut Sketch,
    cluster: &Cluster,
    node: usize,
    name: &str,
    plural: &'static str,
    tone: impl Into<Paint>,
) -> usize {
    let key = format!("{} {name}", cluster.id);
    let id = sketch.put(&Thing { lane: 1, key: &key, plural: Some(plural), label: name, tone: tone.into() });
    sketch.say(id, &cluster.name);
    sketch.join(id, node, "", Tone::Plain);
    id
}

fn api(sketch: &mut Sketch, cluster: &Cluster, node: usize) {
    match cluster.api.public.get() {
        Ok(PublicAccess::Open(door)) => {
            let outside = door.sources.map(|set| set.intersect(internet()).subtract(&door.own));
            if outside.upper().is_empty() {
                way_in(sketch, cluster, node, "API endpoint", "API endpoints", Tone::Good);
                return;
            }
            let is_any = |set: &AddrSet| Family::ALL.iter().any(|family| set.covers_any(*family, &door.own));
            let label = format!("tcp/{} from {}", door.port, Printer::new(door.own.clone()).bounds(&outside));
            let tone = if is_any(door.sources.lower()) {
                Paint::Bad(API)
            } else if door.sources.is_exact() {
                Tone::Plain.into()
            } else {
                Tone::Unknown.into()
            };
            let from = origin(sketch, "Internet");
            let to = way_in(sketch, cluster, node, "API endpoint", "API endpoints", tone);
            sketch.join(from, to, &label, tone);
        }
        Ok(PublicAccess::Closed { because } | PublicAccess::NotApplicable { because }) => {
            let id = way_in(sketch, cluster, node, "API endpoint", "API endpoints", Tone::Good);
            sketch.say(id, because);
        }
        Err(gap) => {
            let id = way_in(sketch, cluster, node, "API endpoint", "API endpoints", Tone::Unknown);
            sketch.say(id, &format!("not read: {gap}"));
        }
    }
    let with_right = "Holders of an IAM right";
    for door in cluster.api.doors.get().ok().into_iter().flatten() {
        let label = match &door.kind {
            DoorKind::DnsEndpoint { external: true, gate, .. } => format!("holders of {gate}, from anywhere"),
            DoorKind::HostedInterface { network_limited: false } => "whoever can sign in, from anywhere".to_owned(),
            DoorKind::DnsEndpoint { .. } | DoorKind::HostedInterface { .. } | DoorKind::PublicName => continue,
        };
        let tone = Paint::Bad(&["CP-06"]);
        let from = origin(sketch, with_right);
        let to = way_in(sketch, cluster, node, &format!("second door {}", door.name), "second doors", tone);
        sketch.join(from, to, &label, tone);
    }
    for tunnel in cluster.api.tunnels.get().ok().into_iter().flatten() {
        let name = match &tunnel.kind {
            TunnelKind::RunCommand => "run command",
            TunnelKind::TrustedBinding { .. } => "trusted service",
            TunnelKind::Gateway { .. } => "gateway",
        };
        let tone = Paint::Bad(&["CP-07"]);
        let from = origin(sketch, with_right);
        let to = way_in(sketch, cluster, node, name, "tunnels", tone);
        sketch.join(from, to, last_two(&tunnel.holder), tone);
    }
}

/// The end of a path: what it is, without where.
fn last_two(path: &str) -> &str {
    let end = path.rmatch_indices('/').nth(1).map(|(at, _)| at + 1);
    end.and_then(|end| path.get(end..)).unwrap_or(path).trim_matches('`')
}

fn pools(sketch: &mut Sketch, cluster: &Cluster, node: usize) {
    let pools = match cluster.pools.get() {
        Ok(pools) => pools,
        Err(gap) => {
            let id = way_in(sketch, cluster, node, "node pools", "node pools", Tone::Unknown);
            sketch.say(id, &format!("not read: {gap}"));
            return;
        }
    };
    for pool in pools {
        let name = format!("machines of {}", pool.name);
        match pool.exposure.get() {
            Ok(exposures) => {
                let id = way_in(sketch, cluster, node, &name, "node pools", Tone::Good);
                if let Ok(PublicAddresses { held_by, .. }) = pool.public_addresses.get()
                    && !held_by.is_empty()
                {
                    sketch.say(id, &format!("{} with a public address", held_by.len()));
                }
                for exposure in exposures {
                    machines(sketch, cluster, node, pool, exposure);
                }
            }
            Err(gap) => {
                let id = way_in(sketch, cluster, node, &name, "node pools", Tone::Unknown);
                sketch.say(id, &format!("not read: {gap}"));
            }
        }
    }
}

fn machines(sketch: &mut Sketch, cluster: &Cluster, node: usize, pool: &Pool, exposure: &Exposure) {
    let (lower, upper) = (exposure.internet.lower(), exposure.internet.upper());
    if upper.is_empty() {
        return;
    }
    let printer = Printer::new(exposure.local.clone());
    let lines = |set: &PacketSet, may: &str| -> Vec<String> {
        let of = |protocol: Protocol| {
            let lines = printer.packets(set, protocol).into_iter();
            lines.map(move |line| format!("{protocol} {line}{may}")).collect::<Vec<_>>()
        };
        [Protocol::TCP, Protocol::UDP].into_iter().flat_map(of).collect()
    };
    let (told, tone) = if lower.is_empty() {
        (lines(upper, " (not settled)"), Tone::Unknown.into())
    } else {
        (lines(lower, ""), Paint::Bad(NODES))
    };
    let more = told.len().saturating_sub(LINES);
    let mut label = told.into_iter().take(LINES).collect::<Vec<_>>().join("; ");
    if more > 0 {
        let _ = write!(label, "; {more} more");
    }
    let from = origin(sketch, "Internet");
    let to = way_in(sketch, cluster, node, &format!("machines of {}", pool.name), "node pools", tone);
    for path in exposure.paths.iter().take(2) {
        sketch.say(to, &path.name);
    }
    sketch.join(from, to, &label, tone);
}

fn runs_as(sketch: &mut Sketch, cluster: &Cluster, node: usize, identity: &Identity) {
    let id = identity_node(sketch, 3, identity);
    sketch.join(node, id, identity.kind.name(), Tone::Plain);
    powers(sketch, 4, cluster, id, identity);
}

/// An identity, which several clusters may share.
pub(crate) fn identity_node(sketch: &mut Sketch, lane: usize, identity: &Identity) -> usize {
    let plural = match identity.kind {
        IdentityKind::ControlPlane => "cluster identities",
        IdentityKind::Node => "node identities",
        IdentityKind::Workload => "workload identities",
        IdentityKind::Controller => "controller identities",
    };
    let tone = if identity.standing.get().is_ok() { Tone::Plain } else { Tone::Unknown };
    let key = identity.id.to_string();
    sketch.put(&Thing { lane, key: &key, plural: Some(plural), label: &identity.name, tone: tone.into() })
}
