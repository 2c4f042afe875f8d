//! Reads configuration and points at what is wrong with it.
//!
//! A file is read into a tree that remembers where every key and value stands, then checked as a whole: every mistake
//! is reported at once, with file, line, column and what to write instead. Takes text and gives values; it opens no
//! file and knows no environment.
#![warn(clippy::disallowed_methods)]

mod answers;
mod diagnostic;
mod discovery;
mod framework;
mod limits;
mod nearest;
mod node;
mod policy;
mod reader;
mod reference;
mod retention;
mod schedule;
mod schema;
mod service;
mod sinks;
mod target;
mod waiver;

pub use answers::{Unanswered, answers_schema, answers_template, read_answers};
pub use diagnostic::{Diagnostic, Diagnostics, Source};
pub use discovery::Discovery;
pub use framework::{framework_schema, read_framework};
pub use limits::Limits;
pub use nearest::nearest;
pub use reference::{Key, Section, Takes, reference};
pub use retention::{EvidenceConfig, HoldConfig};
pub use schedule::{
    EvidenceExport, EvidenceFormat, Known, Profile, ScheduleConfig, ScheduleTarget, ScheduleTargets, Selection,
    read_schedule,
};
pub use schema::schedule_schema;
pub use service::{Keep, Memory, Ping, ServiceConfig};
pub use target::{
    Accounts, AwsTarget, AzureCloud, AzureTarget, GcpTarget, Projects, Regions, Subscriptions, TargetConfig, TargetKind,
};
pub use waiver::{EditError, append_waiver, read_waivers, remove_waiver};

use palisade_engine::Policy;
use palisade_message::Sinks;

/// A whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What to read. At least one.
    pub targets: Vec<TargetConfig>,
    /// What the organisation has decided.
    pub policy: Policy,
    /// A file with accepted risks, as it is written, relative to the configuration.
    pub waivers_file: Option<String>,
    /// A file with what people say that no API tells, as it is written, relative to the configuration.
    pub answers_file: Option<String>,
    /// Who is told what, where and when. Absent: nobody.
    pub sinks: Option<Sinks>,
    /// How runs are remembered and served.
    pub service: ServiceConfig,
    /// What a run may ask of the clouds at most.
    pub limits: Limits,
    /// For how long bundles of evidence are kept. Absent: nobody removes any.
    pub evidence: Option<EvidenceConfig>,
}

/// Reads `palisade.yaml`. `controls` are the ids that severities may be set for.
pub fn read(source: &Source<'_>, controls: &[&str]) -> Result<Config, Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    let config = root_config(&root, controls, &mut diagnostics);
    match config {
        Some(config) if diagnostics.is_empty() => Ok(config),
        _ => Err(diagnostics),
    }
}

/// Whether routes ask for schedules that nobody has: such a route takes nothing, and nobody would notice. `schedules` are
/// the names there are; the configuration itself was read before, and was right.
pub fn check_schedules_of_routes(source: &Source<'_>, schedules: &[&str]) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::new(source);
    let Some(root) = node::parse(source, &mut diagnostics) else { return Err(diagnostics) };
    sinks::check_schedules(&root, schedules, &mut diagnostics);
    if diagnostics.is_empty() {
        return Ok(());
    }
    // Mistakes show the line they are in, and a line may hold what nobody may see.
    if let Some(sinks) = sinks::of(&root) {
        sinks::hide(sinks, &mut diagnostics);
    }
    Err(diagnostics)
}

fn root_config(root: &node::Node, controls: &[&str], diagnostics: &mut Diagnostics) -> Option<Config> {
    let known = &["targets", "policy", "sinks", "service", "limits", "evidence"];
    let map = reader::Map::of(root, "the configuration", known, diagnostics)?;
    let sinks = map.get("sinks").and_then(|entry| sinks::read(entry.value, diagnostics));
    let targets = target::read(&map, diagnostics);
    let (policy, policy::Files { waivers: waivers_file, answers: answers_file }) =
        policy::read(map.get("policy").map(|entry| entry.value), controls, diagnostics);
    let service = service::read(map.get("service").map(|entry| entry.value), diagnostics);
    let limits = limits::read(map.get("limits").map(|entry| entry.value), diagnostics);
    let evidence = map.get("evidence").and_then(|entry| retention::read(entry.value, diagnostics));
    Some(Config { targets, policy, waivers_file, answers_file, sinks, service, limits, evidence })
}
