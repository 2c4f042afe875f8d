//! `palisade report`: what stored snapshots say, for people.

pub(crate) mod pdf;

use crate::{
    arguments::{MakeReport, ReportFormat},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    plan::kept_in,
    scan::configuration,
    service::opened::memory,
    stored,
};
use palisade_report::{Changes, Format, History, Options, render};
use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

/// Runs whose scores are shown.
const RUNS: u32 = 60;

pub(crate) fn run(wanted: &MakeReport, screen: &Screen) -> anyhow::Result<Exit> {
    let is_binary = matches!(wanted.format, ReportFormat::Pdf | ReportFormat::Xlsx);
    if is_binary && wanted.output.is_none() && io::stdout().is_terminal() {
        return Err(WrongUsage("a terminal cannot show this form: name a file with `-o FILE`".to_owned()).into());
    }
    // Before anything is read: a report that cannot be made is no reason to wait.
    let browser = match wanted.format {
        ReportFormat::Pdf => Some(pdf::browser(wanted.browser.as_deref())?),
        _ => None,
    };
    let report = stored::judged(&wanted.snapshots, wanted.config.as_deref())?;
    let changes = match wanted.since.as_slice() {
        [] => None,
        earlier => Some(Changes::between(&stored::judged(earlier, wanted.config.as_deref())?, &report)),
    };
    let past = match &wanted.trend {
        Some(schedule) => past(schedule, wanted)?.before(&report.run.id),
        None => History::default(),
    };
    let plan = match &wanted.file {
        Some(file) => Some(kept_in(Some(file), None, &report)?),
        None => None,
    };
    let options = Options { plan, history: History { changes, ..past }, ..screen.options(wanted.output.is_some()) };
    let format = match wanted.format {
        ReportFormat::Html | ReportFormat::Pdf => Format::Html,
        ReportFormat::Markdown => Format::Markdown,
        ReportFormat::Xlsx => Format::Xlsx,
        ReportFormat::Json => Format::Json,
    };
    let Some(browser) = browser else {
        output::write(wanted.output.as_deref(), |to| render(&report, format, &options, to))?;
        return Ok(Exit::Done);
    };
    let mut page = Vec::new();
    render(&report, format, &options, &mut page)?;
    output::data(&pdf::printed(&browser, &page)?, wanted.output.as_deref())?;
    Ok(Exit::Done)
}

/// How the scores of a schedule's runs were, by the memory of the configuration.
fn past(schedule: &str, wanted: &MakeReport) -> anyhow::Result<History> {
    let path = wanted.config.as_deref().unwrap_or(Path::new("palisade.yaml"));
    let config = configuration(path)?;
    let texts = crate::runtime()?.block_on(async {
        let database = memory(&config, path).await?;
        anyhow::Ok(database.scores(Some(schedule), RUNS).await?)
    })?;
    Ok(History::remembered(texts.iter().map(String::as_str)))
}
