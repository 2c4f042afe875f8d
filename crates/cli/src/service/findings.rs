//! `palisade findings` and `diff`: what is remembered.

use super::opened::memory;
use crate::{
    arguments::{Acknowledge, DiffRuns, Findings, ListFormat, Taking},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    scan::configuration,
};
use jiff::Timestamp;
use palisade_report::plain;
use palisade_store::FindingFilter;
use palisade_track::Reading;
use std::fmt::Write as _;

pub(crate) async fn findings(wanted: &Findings, screen: &Screen) -> anyhow::Result<Exit> {
    match &wanted.command {
        Some(Acknowledge::Ack(Taking { fingerprint, by, note, config })) => {
            let database = memory(&configuration(config)?, config).await?;
            database.acknowledge(*fingerprint, by, note.as_deref(), Timestamp::now()).await?;
            screen.note(&plain(&format!("{by} has taken it on; its reminders stop until it is closed and comes back")));
            return Ok(Exit::Done);
        }
        Some(Acknowledge::Unack(Taking { fingerprint, by, note, config })) => {
            let database = memory(&configuration(config)?, config).await?;
            database.unacknowledge(*fingerprint, by, note.as_deref(), Timestamp::now()).await?;
            return Ok(Exit::Done);
        }
        None => (),
    }
    let database = memory(&configuration(&wanted.config)?, &wanted.config).await?;
    let filter = FindingFilter {
        closed: wanted.closed,
        at_least: wanted.at_least,
        provider: None,
        control: wanted.control.clone(),
        cluster: wanted.cluster.clone(),
    };
    let findings = database.findings(&filter).await?;
    if wanted.format == ListFormat::Json {
        output::json(&findings)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(
            text,
            "{}  {:<8} {:<12} {}  {}  since {}{}\n    {}",
            finding.fingerprint,
            finding.severity,
            finding.standing.name(),
            finding.control,
            plain(&finding.cluster_name),
            finding.first_seen.strftime("%Y-%m-%d"),
            if finding.as_of > finding.last_seen || finding.standing.is_open() {
                String::new()
            } else {
                format!(", as of {}", finding.as_of.strftime("%Y-%m-%d"))
            },
            plain(finding.brief.as_ref().unwrap_or(&finding.because))
        );
    }
    let _ = writeln!(text, "{} findings", findings.len());
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

pub(crate) async fn diff(wanted: &DiffRuns) -> anyhow::Result<Exit> {
    let database = memory(&configuration(&wanted.config)?, &wanted.config).await?;
    let (earlier, later) = if let (Some(earlier), Some(later)) = (&wanted.earlier, &wanted.later) {
        (earlier.clone(), later.clone())
    } else {
        let runs = database.runs(2).await?;
        let [later, earlier] = runs.as_slice() else {
            return Err(WrongUsage("fewer than two runs are remembered".to_owned()).into());
        };
        (earlier.id.clone(), later.id.clone())
    };
    let differences = database.diff(&earlier, &later).await?;
    let mut text = format!("from run {earlier} to run {later}\n");
    for one in &differences {
        let _ = writeln!(
            text,
            "{:<9} {}  {}  {} -> {}",
            one.cause.name(),
            one.control,
            plain(one.cluster.as_str()),
            reading(one.before),
            reading(one.after)
        );
    }
    let _ = writeln!(text, "{} differences", differences.len());
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn reading(reading: Reading) -> String {
    match reading {
        Reading::Said { state, severity } => format!("{state} {severity}"),
        Reading::Absent => "absent".to_owned(),
        Reading::Unread => "not read".to_owned(),
        Reading::NotAsked => "not asked".to_owned(),
    }
}
