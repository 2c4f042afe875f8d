//! Composes reports and renders them to bytes: text, JSON, SARIF, CSV, Markdown, workbooks, calendars, and a page to open in a
//! browser.
//!
//! A [`Report`] is what one run has to say. Every rendering is a function of it, so that the same snapshot gives the
//! same bytes. Text from a cloud is hostile wherever it is rendered: each renderer escapes for its medium.
#![warn(clippy::disallowed_methods)]

mod answers;
mod authority;
mod brief;
mod calendar;
mod changes;
mod csv_lines;
mod framework;
mod holders;
mod html;
mod issues;
mod json;
mod lines;
mod outlook;
mod page;
mod paint;
mod plain;
mod reach;
mod render;
mod row;
mod sarif;
mod table;
mod way;
mod words;
mod workbook;

pub use answers::{AnswerRow, AnswerSheet, AnswerTally};
pub use authority::{authority, authority_json};
pub use calendar::plan_ics;
pub use changes::{ChangeRow, Changes, History, scores};
pub use framework::{FrameworkFormat, FrameworkReport, SealedBy, framework};
pub use holders::{who, who_json};
pub use html::maps::after_the_plan;
pub use issues::{plan_github, plan_jira};
pub use json::json_schema;
pub use outlook::{Outlook, OutlookError, begun};
pub use page::control_page;
pub use plain::{cell, plain};
pub use reach::{reach, reach_fix, reach_json, reach_why};
pub use render::{Format, Options, render};
pub use row::{ApiRow, ClusterRow, Gate, IdentityRow, NodeRows, PacketRow};
pub use way::{plan_csv, plan_markdown, plan_text};
pub use workbook::plan_xlsx;

use jiff::{Timestamp, tz::TimeZone};
use palisade_assess::Surroundings;
use palisade_engine::{Coverage, Finding, GapRow, Grown, Waiver};
use palisade_maps::Piece;
use palisade_model::{DataFile, Digest, Provider};
use std::collections::BTreeMap;

/// Which run it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Made from the snapshots, so that a replay has the same.
    pub id: String,
    /// When the first call was made.
    pub started_at: Timestamp,
    /// When the last answer was there.
    pub finished_at: Timestamp,
    /// The version of this program that judged.
    pub palisade: &'static str,
}

/// What one run has to say.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which run it was.
    pub run: RunInfo,
    /// How much was seen.
    pub coverage: Coverage,
    /// The clusters, in the order of provider, scope and id.
    pub clusters: Vec<ClusterRow>,
    /// What weighs in the risk of their findings, in the same order.
    pub surroundings: Vec<Surroundings>,
    /// What they put on the maps, in the same order.
    pub pieces: Vec<Piece>,
    /// How many places where clusters may be nobody could look at, by whose clusters they may hold.
    pub unseen: BTreeMap<Provider, usize>,
    /// The findings, in the order of clusters, then controls.
    pub findings: Vec<Finding>,
    /// The calls that failed, worst first.
    pub gaps: Vec<GapRow>,
    /// Waivers of the policy that match nothing that was found: mistyped, or about something that is gone.
    pub unused_waivers: Vec<Waiver>,
    /// Waivers of the policy that select more bad findings than they were approved for. The rest is not waived.
    pub grown_waivers: Vec<Grown>,
    /// What people were asked and what they said.
    pub answers: AnswerSheet,
    /// The files that it was judged by, beside the answers of the clouds.
    pub parameters: Parameters,
}

impl Report {
    /// How many places where clusters may be nobody could look at.
    pub fn unseen_places(&self) -> usize {
        self.unseen.values().sum()
    }
}

/// The files that a run was judged by, beside the answers of the clouds: the same ones give the same report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The SHA-256 of the file of accepted risks. `None`: there is none.
    pub waivers: Option<Digest>,
    /// The SHA-256 of the file of answers. `None`: there is none.
    pub answers: Option<Digest>,
    /// The dated lists in the program that facts rest on, by their names.
    pub data: Vec<DataFile>,
}

impl Parameters {
    /// The lists that were too old when everything was read.
    pub fn stale(&self, run: &RunInfo) -> impl Iterator<Item = &DataFile> {
        let day = run.finished_at.to_zoned(TimeZone::UTC).date();
        self.data.iter().filter(move |file| file.is_stale(day))
    }
}
