//! How runs are remembered and served.

use crate::{Diagnostic, Diagnostics, node::Node, reader::Map};
use palisade_message::SecretRef;
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
    /// For how long things are kept when `palisade store prune` is run.
    pub keep: Keep,
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
            keep: Keep::default(),
        }
    }
}

const KEYS: &[&str] = &["database", "installation", "listen", "keep"];
const KEEP_KEYS: &[&str] = &["runs_days", "closed_days", "messages_days", "firings_days", "evidence_days"];

/// The most days that anything is kept.
const LONGEST: u32 = 36_500;
/// The fewest days that a closed finding is kept: what comes back within seven flaps, and that must be known.
const CLOSED: u32 = 8;

/// Reads `service`. What is not said has a default.
pub(crate) fn read(node: Option<&Node>, diagnostics: &mut Diagnostics) -> ServiceConfig {
    let mut service = ServiceConfig::default();
    let Some(map) = node.and_then(|node| Map::of(node, "`service`", KEYS, diagnostics)) else { return service };
    if let Some((text, span)) = map.text("database", diagnostics) {
        if text.contains("://") {
            diagnostics.hide(&span);
            diagnostics.push(
                Diagnostic::at(span, "an address that may hold a password stands in the file itself")
                    .label("not kept in a file")
                    .help("put the address into an environment variable and write `env:NAME`"),
            );
        } else if text.starts_with("env:") || text.starts_with("file:") {
            match text.parse::<SecretRef>() {
                Ok(place) => service.database = Memory::Server(place),
                Err(error) => diagnostics.push(Diagnostic::at(span, error.to_string()).label("names no place")),
            }
        } else {
            service.database = Memory::File(text);
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
