//! `palisade plan`: from findings to four quarters.

use crate::{
    arguments::{Plan, PlanFormat},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths, stored,
};
use palisade_assess::{PersonDays, PlanFile};
use palisade_report::{
    Outlook, Report, begun, plan_csv, plan_github, plan_ics, plan_jira, plan_markdown, plan_text, plan_xlsx,
};
use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

pub(crate) fn run(wanted: &Plan, screen: &Screen) -> anyhow::Result<Exit> {
    if wanted.format == PlanFormat::Xlsx && wanted.output.is_none() && io::stdout().is_terminal() {
        return Err(WrongUsage("a terminal cannot show a workbook: name a file with `-o FILE`".to_owned()).into());
    }
    let report = stored::judged(&wanted.snapshots, wanted.config.as_deref())?;
    let kept = kept_in(wanted.file.as_deref(), wanted.days, &report)?;
    let outlook = Outlook::of(&report, Some(&kept)).map_err(|error| match &wanted.file {
        Some(file) => WrongUsage(format!("`{}`: {error}", file.display())).into(),
        None => anyhow::Error::from(error),
    })?;
    if let Some(file) = &wanted.file {
        output::data(outlook.file.write().as_bytes(), Some(file))?;
        screen.note(&format!("the plan is kept in `{}`: move, pin or exclude what you want otherwise", file.display()));
    }
    let options = screen.options(wanted.output.is_some());
    output::write(wanted.output.as_deref(), |to| match wanted.format {
        PlanFormat::Table => to.write_all(plan_text(&outlook, &options).as_bytes()),
        PlanFormat::Markdown => to.write_all(plan_markdown(&outlook).as_bytes()),
        PlanFormat::Csv => plan_csv(&outlook, to),
        PlanFormat::Xlsx => plan_xlsx(&outlook, &report.run, to),
        PlanFormat::Ics => to.write_all(plan_ics(&outlook, &report.run).as_bytes()),
        PlanFormat::Github => to.write_all(plan_github(&outlook).as_bytes()),
        PlanFormat::Jira => plan_jira(&outlook, to),
        PlanFormat::Json => {
            serde_json::to_writer_pretty(&mut *to, &outlook)?;
            to.write_all(b"\n")
        }
        PlanFormat::Html => {
            let options = palisade_report::Options { plan: Some(kept.clone()), ..options.clone() };
            palisade_report::render(&report, palisade_report::Format::Html, &options, to)
        }
    })?;
    Ok(Exit::Done)
}

/// The plan as it is kept, or one that begins with this run.
pub(crate) fn kept_in(file: Option<&Path>, days: Option<u32>, report: &Report) -> anyhow::Result<PlanFile> {
    let days = days.map(PersonDays::days);
    let Some(file) = file else { return Ok(begun(report, days)) };
    match paths::text(file, paths::DOCUMENT) {
        Ok(_) if days.is_some() => Err(WrongUsage(format!(
            "`{}` says how many days there are: change `days_per_quarter` in it and leave out `--days`",
            file.display()
        ))
        .into()),
        Ok(text) => read(file, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(begun(report, days)),
        Err(error) => Err(WrongUsage(format!("could not read `{}`: {error}", file.display())).into()),
    }
}

fn read(file: &Path, text: &str) -> anyhow::Result<PlanFile> {
    PlanFile::read(text).map_err(|error| WrongUsage(format!("`{}`: {error}", file.display())).into())
}
