//! How each requirement of a framework stands, for an auditor: a page, its data, a list, a text.

mod html;
mod json;
mod lists;

use crate::{RunInfo, ToldRow};
use palisade_engine::{Coverage, Finding};
use palisade_frameworks::{RolledUp, Status};
use palisade_model::Provider;
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
};

/// How each requirement of a framework stands, and what that rests on.
#[derive(Clone, Copy)]
pub struct FrameworkReport<'a> {
    /// Which run it was.
    pub run: &'a RunInfo,
    /// How each requirement stands.
    pub rolled: &'a RolledUp<'a>,
    /// How much of everything that was read was seen.
    pub coverage: Coverage,
    /// Where an inventory of the cloud told which places hold clusters.
    pub told: &'a [ToldRow],
    /// Rows of the list of gaps.
    pub gaps: usize,
    /// The bundle that it was made of, when it was.
    pub sealed: Option<&'a SealedBy>,
    /// The calls of a bundle's ledger that a finding rests on, as numbers and ranges, when there is a ledger.
    pub calls: Option<&'a dyn Fn(&Finding) -> String>,
}

impl fmt::Debug for FrameworkReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameworkReport").field("edition", &self.rolled.edition.key).finish_non_exhaustive()
    }
}

/// The bundle of evidence that a report was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBy {
    /// The SHA-256 of its manifest, in hexadecimal.
    pub manifest: String,
    /// The fingerprint of the key that signed it, the log's name and the bundle's number in it. `None`: it is not sealed.
    pub signed: Option<(String, String, u64)>,
    /// Whether it is a key that the reader trusts.
    pub is_trusted: bool,
}

/// A form of such a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameworkFormat {
    /// One file for a browser, which opens without a network; it has a print sheet.
    Html,
    /// `palisade.framework/v1`.
    Json,
    /// A line for each requirement and control that speaks to it.
    Csv,
    /// For a wiki or an issue.
    Markdown,
}

/// Renders such a report. The same report gives the same bytes.
pub fn framework(report: &FrameworkReport<'_>, format: FrameworkFormat, to: &mut dyn Write) -> io::Result<()> {
    match format {
        FrameworkFormat::Html => html::html(report, to),
        FrameworkFormat::Json => json::json(report, to),
        FrameworkFormat::Csv => lists::csv(report, to),
        FrameworkFormat::Markdown => to.write_all(lists::markdown(report).as_bytes()),
    }
}

/// The JSON Schema of `palisade.framework/v1`, as published in `docs/reference/`.
pub fn framework_report_schema() -> serde_json::Value {
    json::schema()
}

impl FrameworkReport<'_> {
    fn calls(&self, finding: &Finding) -> String {
        self.calls.map_or_else(String::new, |calls| calls(finding))
    }

    /// Where the clusters are, and how many.
    fn places(&self) -> BTreeMap<(Provider, &str), usize> {
        let mut places = BTreeMap::new();
        for (provider, scope, _) in &self.rolled.clusters {
            *places.entry((*provider, *scope)).or_default() += 1;
        }
        places
    }

    /// How it stands, in a sentence.
    fn headline(&self) -> String {
        let counts = self.rolled.counts();
        let (all, good) = (counts.total(), counts.of(Status::Satisfied));
        let bad = counts.of(Status::NotSatisfied);
        let open = if all == 1 { "requirement" } else { "requirements" };
        match (good == all, bad) {
            (true, _) => format!("All {all} {open} that are checked are satisfied"),
            (false, 0) => format!("{good} of {all} {open} are satisfied, and none is known not to be"),
            (false, _) => {
                format!("{good} of {all} {open} are satisfied, {bad} {} not", if bad == 1 { "is" } else { "are" })
            }
        }
    }
}

/// What a status means, for whoever reads the report.
fn meaning(status: Status) -> &'static str {
    match status {
        Status::Satisfied => "everything that speaks to it was read or answered, and is good",
        Status::NotSatisfied => "it is proven not to hold, on at least one cluster or by somebody's own answer",
        Status::Accepted => "it does not hold; somebody owns that risk until a day",
        Status::Unknown => {
            "something that could show that it does not hold was not read, not answered or is not checked"
        }
        Status::Inherited => "the cloud provider is responsible and says so; nothing was tested",
        Status::NotApplicable => "it is proven that there is nothing here that it could be about",
    }
}

/// The statuses as readers want them: what is to be done first.
const ORDER: [Status; 6] = [
    Status::NotSatisfied,
    Status::Unknown,
    Status::Accepted,
    Status::Satisfied,
    Status::Inherited,
    Status::NotApplicable,
];
