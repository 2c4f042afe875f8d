//! The ways to the API server.

use super::{below, line};
use crate::paint::Pen;
use palisade_model::{Cluster, Door, DoorKind, PublicAccess, PublicDoor};
use palisade_reach::{Printer, Protocol};
use std::net::IpAddr;

const NAME: &str = "API server";

pub(super) fn who(cluster: &Cluster, port: Option<u16>, pen: Pen, text: &mut String) {
    match cluster.api.public.get() {
        Err(gap) => line(pen, text, NAME, &format!("unknown: {gap}")),
        Ok(PublicAccess::Closed { because } | PublicAccess::NotApplicable { because }) => {
            line(pen, text, NAME, &format!("nobody from outside: {because}"));
        }
        Ok(PublicAccess::Open(door)) if port.is_none_or(|port| port == door.port) => {
            let entries: Vec<&str> = door.entries.iter().map(|entry| entry.text.as_str()).collect();
            let from = Printer::new(door.own.clone()).bounds(&door.sources);
            let why =
                if door.sources.is_exact() { String::new() } else { format!(" because {}", unknown_entries(door)) };
            let answer =
                format!("tcp/{} reachable from {from}{why} through its allow-list ({})", door.port, entries.join(", "));
            line(pen, text, NAME, &answer);
        }
        Ok(PublicAccess::Open(_)) => (),
    }
    match cluster.api.doors.get() {
        Err(gap) => line(pen, text, "second doors", &format!("unknown: {gap}")),
        Ok(doors) => {
            for (door, gate) in gated(doors) {
                let answer = format!("{}: reachable from any address, gated by IAM (`{gate}`)", door.name);
                line(pen, text, "second door", &answer);
            }
        }
    }
}

pub(super) fn why(cluster: &Cluster, source: IpAddr, protocol: Protocol, pen: Pen, text: &mut String) {
    match cluster.api.public.get() {
        Err(gap) => line(pen, text, NAME, &format!("it cannot be told: {gap}")),
        Ok(PublicAccess::Closed { because } | PublicAccess::NotApplicable { because }) => {
            line(pen, text, NAME, &format!("public address: there is none ({because}): it is stopped here"));
        }
        Ok(PublicAccess::Open(door)) => {
            line(pen, text, NAME, &format!("asked on its own port, tcp/{}", door.port));
            list(door, source, protocol, pen, text);
        }
    }
    for (door, gate) in cluster.api.doors.get().iter().flat_map(|doors| gated(doors)) {
        let said = if protocol == Protocol::TCP {
            format!("{}: no address list; IAM decides by `{gate}`", door.name)
        } else {
            format!("{}: it answers TCP only", door.name)
        };
        line(pen, text, "second door", &said);
    }
    if let Err(gap) = cluster.api.doors.get() {
        line(pen, text, "second doors", &format!("it cannot be told: {gap}"));
    }
}

fn list(door: &PublicDoor, source: IpAddr, protocol: Protocol, pen: Pen, text: &mut String) {
    if protocol != Protocol::TCP {
        return below(pen, text, "it answers TCP only: stopped here");
    }
    let admits = door.entries.iter().find(|entry| entry.covers.lower().contains(source));
    let may: Vec<String> = door
        .entries
        .iter()
        .filter(|entry| entry.covers.upper().contains(source))
        .map(|entry| format!("`{}`", entry.text))
        .collect();
    let surely = door.sources.lower().contains(source);
    let perhaps = door.sources.upper().contains(source);
    let said = match (admits, surely, perhaps) {
        (Some(entry), true, _) => format!("allow-list: entry `{}` lets it through: it gets there", entry.text),
        (None, true, _) => "allow-list: lets it through: it gets there".to_owned(),
        (_, false, true) if may.is_empty() => "allow-list: it cannot be told whether it lets it through".to_owned(),
        (_, false, true) => format!("allow-list: it cannot be told whether {} lets it through", may.join(" or ")),
        (_, false, false) => "allow-list: no entry lets it through: it is stopped here".to_owned(),
    };
    below(pen, text, &said);
}

fn unknown_entries(door: &PublicDoor) -> String {
    let vague: Vec<String> =
        door.entries.iter().filter(|entry| !entry.covers.is_exact()).map(|entry| format!("`{}`", entry.text)).collect();
    if vague.is_empty() {
        "not all of it was read".to_owned()
    } else {
        format!("{} is not known address by address", vague.join(", "))
    }
}

/// Doors that answer everybody and let IAM decide.
fn gated(doors: &[Door]) -> impl Iterator<Item = (&Door, &'static str)> {
    doors.iter().filter_map(|door| match door.kind {
        DoorKind::DnsEndpoint { external: true, gate, .. } => Some((door, gate)),
        DoorKind::DnsEndpoint { external: false, .. } | DoorKind::PublicName | DoorKind::HostedInterface { .. } => None,
    })
}
