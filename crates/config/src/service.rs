//! How runs are remembered and served.

use crate::{
    Diagnostic, Diagnostics,
    node::{Node, Value},
    reader::Map,
};
use palisade_message::{SecretRef, SecretRefError};
use std::net::SocketAddr;

/// How runs are remembered and served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Where everything is remembered.
    pub database: Memory,
    /// The name of this installation, as messages say it.
    pub installation: String,
    /// Where health and metrics are answered. Absent: nowhere. Always a loopback address, because nobody is asked who
    /// they are.
    pub listen: Option<SocketAddr>,
    /// How long a run is held without a sign of life, in seconds, before another instance may take it over.
    pub lease_seconds: u32,
    /// How long units in hand, and a message, may take after somebody asked to stop, in seconds.
    pub stop_seconds: u32,
    /// Watchers outside, who are told when runs begin and end.
    pub pings: Vec<Ping>,
    /// For how long things are kept when `palisade store prune` is run.
    pub keep: Keep,
}

/// A watcher outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Of which schedule.
    pub schedule: String,
    /// Its address, which is a secret.
    pub url: SecretRef,
    /// Whether plain http to a loopback address is accepted: for trying things out.
    pub allow_loopback: bool,
}

/// For how many days things are kept. What is open is kept whatever its age, with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Runs, and what turned in them. 400 by default: a year can be compared with the year before.
    pub runs_days: u32,
    /// Findings that were resolved or are gone. 400 by default.
    pub closed_days: u32,
    /// Messages that were delivered, given up or not wanted. 90 by default.
    pub messages_days: u32,
    /// Firings of schedules that have ended. 90 by default.
    pub firings_days: u32,
    /// The folders in which schedules keep evidence. 400 by default.
    pub evidence_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { runs_days: 400, closed_days: 400, messages_days: 90, firings_days: 90, evidence_days: 400 }
    }
}

/// Where everything is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In a file, relative to the configuration.
    File(String),
    /// In a PostgreSQL database whose address is kept there: it may hold a password.
    Server(SecretRef),
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            database: Memory::File("palisade.db".to_owned()),
            installation: "palisade".to_owned(),
            listen: None,
            lease_seconds: 300,
            stop_seconds: 20,
            pings: Vec::new(),
            keep: Keep::default(),
        }
    }
}

pub(crate) const KEYS: &[&str] =
    &["database", "installation", "listen", "lease_seconds", "stop_seconds", "pings", "keep"];
pub(crate) const KEEP_KEYS: &[&str] = &["runs_days", "closed_days", "messages_days", "firings_days", "evidence_days"];

pub(crate) const PING_KEYS: &[&str] = &["schedule", "url", "allow_loopback"];

/// The most days that anything is kept.
const LONGEST: u32 = 36_500;
/// The fewest days that a closed finding is kept: what comes back within seven flaps, and that must be known.
const CLOSED: u32 = 8;

/// Reads `service`. What is not said has a default.
/// Where an address may be kept.
const PLACES: &str = "put the address into an environment variable, a file or a secret manager and write `env:NAME`, \
                      `file:/PATH` or for example `aws-sm://NAME`";

pub(crate) fn read(node: Option<&Node>, diagnostics: &mut Diagnostics) -> ServiceConfig {
    let mut service = ServiceConfig::default();
    let Some(map) = node.and_then(|node| Map::of(node, "`service`", KEYS, diagnostics)) else { return service };
    if let Some((text, span)) = map.text("database", diagnostics) {
        match text.parse::<SecretRef>() {
            Ok(place) => service.database = Memory::Server(place),
            Err(SecretRefError::Literal) if text.contains("://") => {
                diagnostics.hide(&span);
                diagnostics.push(
                    Diagnostic::at(span, "an address that may hold a password stands in the file itself")
                        .label("not kept in a file")
                        .help(PLACES),
                );
            }
            Err(SecretRefError::Literal) => service.database = Memory::File(text),
            Err(error) => diagnostics.push(Diagnostic::at(span, error.to_string()).label("names no place")),
        }
    }
    if let Some((name, span)) = map.text("installation", diagnostics) {
        if name.trim().is_empty() || name.chars().count() > 60 {
            diagnostics.push(Diagnostic::at(span, "`installation` is no name").label("expected 1 to 60 characters"));
        } else {
            service.installation = name;
        }
    }
    if let Some((text, span)) = map.text("listen", diagnostics) {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => service.listen = Some(address),
            Ok(_) => diagnostics.push(
                Diagnostic::at(span, "everybody could read it there")
                    .label("not a loopback address")
                    .help("health and metrics ask nobody who they are: listen on 127.0.0.1 and put a proxy in front"),
            ),
            Err(_) => diagnostics.push(
                Diagnostic::at(span, format!("`{text}` is no address and port"))
                    .label("expected for example `127.0.0.1:9464`"),
            ),
        }
    }
    if let Some(seconds) = map.number("lease_seconds", 1..3601, diagnostics) {
        service.lease_seconds = seconds;
    }
    if let Some(seconds) = map.number("stop_seconds", 1..601, diagnostics) {
        service.stop_seconds = seconds;
    }
    if let Some(entry) = map.get("pings") {
        service.pings = pings(entry.value, diagnostics);
    }
    if let Some(map) = map.get("keep").and_then(|entry| Map::of(entry.value, "`keep`", KEEP_KEYS, diagnostics)) {
        let mut days =
            |name: &str, least: u32, usual: u32| map.number(name, least..LONGEST + 1, diagnostics).unwrap_or(usual);
        let usual = service.keep;
        service.keep = Keep {
            runs_days: days("runs_days", 1, usual.runs_days),
            closed_days: days("closed_days", CLOSED, usual.closed_days),
            messages_days: days("messages_days", 1, usual.messages_days),
            firings_days: days("firings_days", 1, usual.firings_days),
            evidence_days: days("evidence_days", 1, usual.evidence_days),
        };
    }
    service
}

fn pings(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Ping> {
    let Value::List(nodes) = &node.value else {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("`pings` is {}", node.kind()))
                .label("expected a list of `- {schedule: NAME, url: env:NAME}`"),
        );
        return Vec::new();
    };
    nodes.iter().filter_map(|node| ping(node, diagnostics)).collect()
}

fn ping(node: &Node, diagnostics: &mut Diagnostics) -> Option<Ping> {
    let map = Map::of(node, "a ping", PING_KEYS, diagnostics)?;
    let (schedule, url) = (map.text("schedule", diagnostics), map.text("url", diagnostics));
    for missing in ["schedule", "url"].into_iter().filter(|name| map.get(name).is_none()) {
        diagnostics.push(Diagnostic::at(map.span.clone(), format!("a ping has no `{missing}`")).label("not said here"));
    }
    let allow_loopback = map.flag("allow_loopback", diagnostics).unwrap_or_default();
    let ((schedule, _), (url, span)) = schedule.zip(url)?;
    match url.parse::<SecretRef>() {
        Ok(url) => Some(Ping { schedule, url, allow_loopback }),
        Err(SecretRefError::Literal) => {
            diagnostics.hide(&span);
            diagnostics.push(
                Diagnostic::at(span, "an address that may hold a token stands in the file itself")
                    .label("not kept in a file")
                    .help(PLACES),
            );
            None
        }
        Err(error) => {
            diagnostics.push(Diagnostic::at(span, error.to_string()).label("names no place"));
            None
        }
    }
}
