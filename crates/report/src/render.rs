//! One report, many forms.

use crate::{History, Report, csv_lines, html, json, sarif, table, words, workbook};
use palisade_assess::PlanFile;
use std::io::{self, Write};

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Table,
    /// Everything, as `palisade.evaluation/v1`.
    Json,
    /// For code-scanning pages, SARIF 2.1.0.
    Sarif,
    /// A line for each finding.
    Csv,
    /// One file for a browser, which opens without a network.
    Html,
    /// For a wiki or an issue.
    Markdown,
    /// A workbook with a sheet for each kind of thing.
    Xlsx,
}

/// How the form for people looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether colour is wanted.
    pub colour: bool,
    /// How many columns there are.
    pub width: usize,
    /// Commands worth trying next.
    pub next: Vec<String>,
    /// The plan as people keep it, for the forms that hold a plan; without it one is made afresh.
    pub plan: Option<PlanFile>,
    /// What is known of earlier runs, for the forms that tell of it.
    pub history: History,
}

impl Default for Options {
    fn default() -> Self {
        Self { colour: false, width: 80, next: Vec::new(), plan: None, history: History::default() }
    }
}

/// Writes a report in a form. Equal reports give equal bytes.
pub fn render(report: &Report, format: Format, options: &Options, to: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => to.write_all(table::table(report, options).as_bytes()),
        Format::Json => json::json(report, to),
        Format::Sarif => sarif::sarif(report, to),
        Format::Csv => csv_lines::csv(report, to),
        Format::Html => html::html(report, options, to),
        Format::Markdown => to.write_all(words::markdown(report, options).as_bytes()),
        Format::Xlsx => workbook::workbook(report, options, to),
    }
}
