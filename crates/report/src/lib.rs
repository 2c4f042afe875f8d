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
pub use framework::{FrameworkFormat, FrameworkReport, SealedBy, framework, framework_report_schema};
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
use palisade_model::{CallCount, CallRow, DataFile, Digest, Provider};
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
    /// Where an inventory of the cloud told which places hold clusters, by target.
    pub told: Vec<ToldRow>,
    /// The findings, in the order of clusters, then controls.
    pub findings: Vec<Finding>,
    /// The calls that failed, worst first.
    pub gaps: Vec<GapRow>,
    /// What was asked, by provider, service and operation.
    pub calls: Vec<CallRow>,
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

    /// Every question of the run.
    pub fn asked(&self) -> CallCount {
        CallCount::total(&self.calls)
    }

    /// The same in a few words. `None` when nothing was asked.
    pub fn asked_in_words(&self) -> Option<String> {
        let asked = self.asked();
        let rest = [
            (asked.retried, "repeated"),
            (asked.throttled, "throttled"),
            (asked.failed, "failed"),
            (asked.unasked, "not sent since the budget was used up"),
        ];
        let told = rest.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        (asked != CallCount::default()).then(|| format!("{} calls{}", asked.calls, told.collect::<String>()))
    }
}

/// What an inventory of a cloud told of where clusters are, and what is known of what it did not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// The target, as it is configured.
    pub target: String,
    /// What told it, for people.
    pub by: String,
    /// When it was asked.
    pub at: Timestamp,
    /// How many places it named: accounts with their regions, subscriptions, projects.
    pub places: usize,
    /// How many other places were looked at all the same.
    pub checked: usize,
    /// Whether every place was asked all the same. Where that is not so and none was looked at, nothing is known of others.
    pub cross_checked: bool,
    /// Places that hold clusters and that it did not name.
    pub missed: Vec<String>,
}

impl ToldRow {
    /// In a sentence.
    pub fn words(&self) -> String {
        let Self { target, by, at, places, checked, cross_checked, missed } = self;
        let noun = if *places == 1 { "place" } else { "places" };
        let rest = match (checked, missed.as_slice()) {
            (0, []) if *cross_checked => "every place was asked, and there is no other that answered".to_owned(),
            (0, []) => "other places were not looked at".to_owned(),
            (checked, []) => format!("{checked} other places were looked at and hold no cluster"),
            // The list of one that holds clusters may have broken off.
            (0, missed) => format!("it did not tell of {}", missed.join(", ")),
            (checked, missed) => {
                format!("{checked} other places were looked at, and it did not tell of {}", missed.join(", "))
            }
        };
        format!("`{target}` as told by {by} at {at}: {places} {noun} with clusters; {rest}")
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
