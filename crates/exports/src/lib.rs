//! The record of a run in the forms that other programs read: OSCAL, OCSF, ASFF, JUnit, SARIF, CSV, workbooks.
//!
//! Each form is a projection of one [`Record`]: the same record gives the same bytes, and nothing is in a form that is not in
//! the record. [`Outcome`] is what our verdicts are called elsewhere. No form has all of them; where one has less to say, it
//! says the lesser thing: what was not read passes nowhere. Names are UUIDs of version 5 or fingerprints, so that the same
//! thing has the same name in every export.
//!
//! Text from clouds and people is hostile, and each form shows it as [`palisade_report::plain`] makes it: without anything
//! invisible, and cut after 600 characters. The whole of it is in the run's own record.
#![warn(clippy::disallowed_methods)]

mod activity;
mod asff;
mod junit;
mod names;
mod ocsf;
mod oscal;
mod outcome;
mod record;
mod text;

pub use activity::Earlier;
pub use asff::Hub;
pub use ocsf::OcsfVersion;
pub use outcome::Outcome;
pub use record::{Bundled, OwnFramework, OwnRequirement, Record};

use palisade_report::{Format, Options, render};
use std::io::{self, Write};

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// OSCAL 1.2.1: catalog, profile, component definition, assessment results, plan of action and milestones.
    Oscal,
    /// OCSF Compliance Finding, class 2003: a line for each verdict.
    Ocsf,
    /// The AWS Security Finding Format: a line for each call of `BatchImportFindings`.
    Asff,
    /// JUnit XML: a suite for each cluster, a test case for each verdict.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// A line for each finding, for spreadsheets.
    Csv,
    /// A workbook, with the plan.
    Xlsx,
}

impl Form {
    /// Every one.
    pub const ALL: [Self; 7] = [Self::Oscal, Self::Ocsf, Self::Asff, Self::Junit, Self::Sarif, Self::Csv, Self::Xlsx];

    /// Whether a plan is part of it.
    pub fn has_plan(self) -> bool {
        matches!(self, Self::Oscal | Self::Xlsx)
    }
}

/// A file of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, or `folder/name`.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    document: Document,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    Oscal(oscal::Model),
    Ocsf,
    Asff,
    Junit,
    Sarif,
    Csv,
    Xlsx,
}

/// The media type of workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The files of a form. OSCAL's plan is left out when there is nothing to be done: an empty one would not be valid.
pub fn files(record: &Record<'_>, form: Form) -> Vec<File> {
    let one = |path, media_type, document| vec![File { path, media_type, document }];
    match form {
        Form::Oscal => oscal::Model::ALL
            .into_iter()
            .filter(|model| *model != oscal::Model::Plan || oscal::has_plan(record))
            .map(|model| File {
                path: model.path(),
                media_type: "application/oscal+json",
                document: Document::Oscal(model),
            })
            .collect(),
        Form::Ocsf => one("ocsf.ndjson", "application/x-ndjson", Document::Ocsf),
        Form::Asff => one("asff.ndjson", "application/x-ndjson", Document::Asff),
        Form::Junit => one("junit.xml", "application/xml", Document::Junit),
        Form::Sarif => one("findings.sarif", "application/sarif+json", Document::Sarif),
        Form::Csv => one("findings.csv", "text/csv", Document::Csv),
        Form::Xlsx => one("report.xlsx", XLSX, Document::Xlsx),
    }
}

/// Writes a file of an export, piece by piece where the form lets it: of SARIF the whole is held, which it limits to 25,000
/// results, and of workbooks.
pub fn write(record: &Record<'_>, file: File, to: &mut dyn Write) -> io::Result<()> {
    match file.document {
        Document::Oscal(model) => oscal::write(record, model, to),
        Document::Ocsf => ocsf::write(record, to),
        Document::Asff => asff::write(record, to),
        Document::Junit => junit::write(record, to),
        Document::Sarif => report(record, Format::Sarif, to),
        Document::Csv => report(record, Format::Csv, to),
        Document::Xlsx => report(record, Format::Xlsx, to),
    }
}

/// How many verdicts a form leaves out because it cannot carry them: ASFF those of other clouds, unless a [`Hub`] takes them,
/// and SARIF none that it counts itself. What sums up others is in none.
pub fn left_out(record: &Record<'_>, form: Form) -> usize {
    match form {
        Form::Asff => asff::left_out(record),
        Form::Oscal | Form::Ocsf | Form::Junit | Form::Sarif | Form::Csv | Form::Xlsx => 0,
    }
}

/// A form that reports have too.
fn report(record: &Record<'_>, format: Format, to: &mut dyn Write) -> io::Result<()> {
    let plan = record.outlook.map(|outlook| outlook.file.clone());
    render(record.report, format, &Options { plan, ..Options::default() }, to)
}
