//! Who can reach a cluster, for people.

use crate::{Options, paint::Pen, plain};
use palisade_model::{Cluster, DoorKind, Exposure, PublicAccess};
use palisade_reach::{Action, AddrSet, Family, IntervalSet, PacketSet, Printer, Protocol};
use std::fmt::Write as _;

/// Who can reach a cluster's API server and nodes, through which rules. With a port, only that destination port.
pub fn reach(cluster: &Cluster, port: Option<u16>, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}  {} in {}",
        pen.strong(&plain(&cluster.name)),
        cluster.provider.service(),
        plain(cluster.scope.as_str())
    );
    api(cluster, port, pen, &mut text);
    match cluster.pools.get() {
        Err(gap) => line(pen, &mut text, "nodes", &format!("unknown: {gap}")),
        Ok(pools) => {
            for pool in pools {
                let name = format!("nodes of {}", plain(&pool.name));
                match pool.exposure.get() {
                    Err(gap) => line(pen, &mut text, &name, &format!("unknown: {gap}")),
                    Ok(exposures) if exposures.is_empty() => line(pen, &mut text, &name, "there are none now"),
                    Ok(exposures) => {
                        for exposure in exposures {
                            nodes(exposure, &name, port, pen, &mut text);
                        }
                    }
                }
            }
        }
    }
    text
}

fn api(cluster: &Cluster, port: Option<u16>, pen: Pen, text: &mut String) {
    match cluster.api.public.get() {
        Err(gap) => line(pen, text, "API server", &format!("unknown: {gap}")),
        Ok(PublicAccess::Closed { because } | PublicAccess::NotApplicable { because }) => {
            line(pen, text, "API server", &format!("nobody from outside: {}", plain(because)));
        }
        Ok(PublicAccess::Open(door)) if port.is_none_or(|port| port == door.port) => {
            let printer = Printer::new(door.own.clone());
            let entries: Vec<String> = door.entries.iter().map(|entry| plain(&entry.text)).collect();
            let answer =
                format!("tcp/{}: {} (allow-list: {})", door.port, printer.bounds(&door.sources), entries.join(", "));
            line(pen, text, "API server", &answer);
        }
        Ok(PublicAccess::Open(_)) => (),
    }
    for door in cluster.api.doors.get().ok().into_iter().flatten() {
        if let DoorKind::DnsEndpoint { external: true, gate, .. } = &door.kind {
            let answer = format!("{}: any address, gated by IAM (`{gate}`)", plain(&door.name));
            line(pen, text, "second door", &answer);
        }
    }
}

fn nodes(exposure: &Exposure, name: &str, port: Option<u16>, pen: Pen, text: &mut String) {
    let machines: Vec<String> = exposure.nodes.iter().take(3).map(|node| plain(node.as_str())).collect();
    let more = exposure.nodes.len().saturating_sub(machines.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    line(pen, text, name, &format!("{}{more}", machines.join(", ")));
    let printer = Printer::new(exposure.local.clone());
    let upper = exposure.internet.upper();
    let mut any = false;
    for protocol in [Protocol::TCP, Protocol::UDP, Protocol::SCTP] {
        let asked = port.map_or_else(IntervalSet::full, |port| IntervalSet::from_range(port, port));
        for (ports, _) in upper.restrict_ports(protocol, &asked).ports_by_sources(protocol) {
            any = true;
            let sources = |set: &PacketSet| -> AddrSet {
                let (first, _) = ports.intervals().first().copied().unwrap_or((0, 0));
                set.sources(protocol, first)
            };
            let bounds = palisade_reach::Bounds::between(sources(exposure.internet.lower()), sources(upper));
            let count = |family| bounds.upper().count(family);
            let answer = format!(
                "{protocol}/{} from {} ({} IPv4 and {} IPv6 addresses) through {}",
                palisade_reach::ports(&ports),
                printer.bounds(&bounds),
                count(Family::V4),
                count(Family::V6),
                through(exposure, protocol, &ports)
            );
            let _ = writeln!(text, "{}", pen.wrap(&plain(&answer), "    ", "      "));
        }
    }
    if !any {
        let what = port.map_or_else(String::new, |port| format!(" on port {port}"));
        let _ = writeln!(text, "    nobody from outside{what}");
    }
    if let Some(mitigation) = &exposure.mitigation {
        let _ = writeln!(text, "{}", pen.wrap(&plain(&format!("closed by {}", mitigation.by)), "    ", "      "));
    }
    for limit in &exposure.limits {
        let _ = writeln!(text, "{}", pen.wrap(&plain(&format!("limit: {limit}")), "    ", "      "));
    }
}

/// The rules of each layer that admit something to these ports.
fn through(exposure: &Exposure, protocol: Protocol, ports: &IntervalSet<u16>) -> String {
    let layers: Vec<String> = exposure
        .layers
        .iter()
        .filter_map(|layer| {
            let admits = |packets: &PacketSet| !packets.restrict_ports(protocol, ports).is_empty();
            let rules: Vec<String> = layer
                .hits
                .iter()
                .filter(|hit| hit.action == Action::Allow && admits(&hit.packets))
                .map(|hit| hit.rule.to_string())
                .collect();
            (!rules.is_empty()).then(|| format!("{} {}", layer.name, rules.join(" and ")))
        })
        .collect();
    if layers.is_empty() { "settings without rules".to_owned() } else { layers.join(", ") }
}

fn line(pen: Pen, text: &mut String, name: &str, answer: &str) {
    let _ = writeln!(text, "{}", pen.wrap(answer, &format!("  {name}: "), "    "));
}
