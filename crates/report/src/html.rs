//! The page for a browser: one file that opens without a network and asks nobody for anything.
//!
//! The summary is written as markup, so that it is there without scripts and on paper. Everything behind it is data in
//! columns, which the page's own script puts into the document as text. A policy in the head lets only that script and
//! that style run, by their digests.

mod answers;
mod changes;
mod data;
mod health;
pub(crate) mod maps;
mod plan;
mod summary;
mod waivers;

use crate::{Options, Outlook, Report};
use answers::AnswersView;
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use changes::{ChangesView, Course};
use health::HealthView;
use maps::MapsView;
use palisade_assess::assess;
use palisade_engine::State;
use plan::PlanView;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use summary::Summary;
use waivers::WaiversView;

const STYLE: &str = concat!(include_str!("../templates/style.css"), include_str!("../templates/maps.css"));
const SCRIPT: &str = concat!(include_str!("../templates/maps.js"), include_str!("../templates/script.js"));

/// The page around the summary. Whatever is not marked `safe` in it is escaped.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    data: String,
    map_data: String,
    run: &'a str,
    started: String,
    finished: String,
    version: &'static str,
    summary: Summary<'a>,
    health: HealthView,
    plan: Result<PlanView, String>,
    maps: MapsView,
    changes: Option<ChangesView>,
    trends: Vec<Course>,
    answers: AnswersView,
    waivers: WaiversView,
}

pub(crate) fn html(report: &Report, options: &Options, to: &mut dyn Write) -> io::Result<()> {
    let outlook = Outlook::of(report, options.plan.as_ref());
    let assessment = assess(&report.findings, report.unseen_places(), &options.history.past);
    let maps = MapsView::of(report, outlook.as_ref().ok())?;
    let page = Page {
        style: STYLE,
        style_hash: digest(STYLE),
        script: SCRIPT,
        script_hash: digest(SCRIPT),
        data: harmless(&serde_json::to_string(&data::Data::of(report))?),
        map_data: harmless(&maps.drawn),
        run: &report.run.id,
        started: moment(report.run.started_at),
        finished: moment(report.run.finished_at),
        version: report.run.palisade,
        summary: Summary::of(report),
        health: HealthView::of(&assessment, report),
        plan: outlook.as_ref().map(PlanView::of).map_err(ToString::to_string),
        maps,
        changes: options.history.changes.as_ref().map(ChangesView::of),
        trends: changes::courses(&assessment),
        answers: AnswersView::of(&report.answers),
        waivers: WaiversView::of(report),
    };
    let mut to = io::BufWriter::new(to);
    page.write_into(&mut to).map_err(io::Error::other)?;
    to.flush()
}

/// A source of a content security policy.
pub(crate) fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// JSON that cannot end the element it stands in: the letter that begins a tag is written as an escape, which means the
/// same to a parser of JSON.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A moment to the minute, in UTC.
pub(crate) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Whether somebody has to do something about it.
fn is_open(finding: &palisade_engine::Finding) -> bool {
    finding.state == State::Fail && !finding.waived
}
