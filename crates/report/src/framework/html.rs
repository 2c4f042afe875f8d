//! The report as one page: a cover to be signed, then requirement by requirement.
//!
//! It has no script at all. A policy in the head lets only its own style apply, by its digest.

use super::{FrameworkReport, ORDER, SealedBy, meaning};
use crate::html::{digest, moment};
use crate::plain::plain;
use askama::Template;
use palisade_engine::Finding;
use palisade_frameworks::{ControlResult, Counts, Heard, Question, RequirementResult, Status};
use std::io::{self, Write};

const STYLE: &str = concat!(include_str!("../../templates/style.css"), include_str!("../../templates/framework.css"));

/// Places that a cover names.
const PLACES: usize = 12;
/// Findings that a control's part names of each status.
const NAMED: usize = 5;
/// Findings that a requirement names beside each control.
const BESIDE: usize = 3;

#[derive(Template)]
#[template(path = "framework.html")]
struct Page<'a> {
    style: &'static str,
    style_hash: String,
    title: String,
    version: String,
    headline: String,
    covers: String,
    is_own: bool,
    run: &'a str,
    started: String,
    finished: String,
    palisade: &'a str,
    clusters: usize,
    unseen: usize,
    told: Vec<String>,
    places: Vec<Place>,
    more_places: usize,
    known: u64,
    total: u64,
    percent: String,
    gaps: usize,
    sealed: Option<Seal<'a>>,
    has_calls: bool,
    figures: Vec<Figure>,
    meter: Vec<Share>,
    requirements: Vec<Row<'a>>,
    controls: Vec<Control>,
    deviations: Vec<Deviation>,
    unchecked: Vec<Unchecked<'a>>,
    further: Vec<(&'static str, &'static str)>,
}

struct Place {
    cloud: &'static str,
    scope: String,
    clusters: usize,
}

struct Seal<'a> {
    manifest: &'a str,
    signed: Option<(String, String, u64)>,
    is_trusted: bool,
}

struct Figure {
    class: &'static str,
    count: u64,
    said: &'static str,
    meaning: &'static str,
}

/// A part of a meter: its class and its share in whole thousandths of the width.
struct Share {
    class: &'static str,
    x: u64,
    width: u64,
    said: String,
}

struct Row<'a> {
    anchor: String,
    id: String,
    title: String,
    class: &'static str,
    said: &'static str,
    because: &'a [String],
    meter: Vec<Share>,
    controls: Vec<Speaks>,
    questions: Vec<Asked>,
    unread: Vec<(&'static str, &'static str)>,
}

struct Speaks {
    id: &'static str,
    title: &'static str,
    counts: Vec<Tag>,
    named: Vec<Named>,
    more: u64,
}

struct Tag {
    class: &'static str,
    text: String,
}

struct Named {
    print: String,
    short: String,
    cluster: String,
}

struct Asked {
    asks: String,
    class: &'static str,
    said: String,
    evidence: String,
}

struct Control {
    id: &'static str,
    title: &'static str,
    counts: Vec<Tag>,
    excuses: Vec<&'static str>,
    lines: Vec<Line>,
    more: u64,
}

struct Line {
    anchor: String,
    class: &'static str,
    said: &'static str,
    cluster: String,
    place: String,
    because: String,
    print: String,
    calls: String,
}

struct Deviation {
    control: &'static str,
    title: &'static str,
    cluster: String,
    owner: String,
    approver: String,
    reason: String,
    until: String,
}

struct Unchecked<'a> {
    id: &'a str,
    controls: String,
}

pub(super) fn html(report: &FrameworkReport<'_>, to: &mut dyn Write) -> io::Result<()> {
    let FrameworkReport { run, rolled, coverage, told, gaps, sealed, .. } = report;
    let edition = rolled.edition;
    let places = report.places();
    let counts = rolled.counts();
    let unchecked: Vec<&RequirementResult<'_>> = rolled.unchecked().collect();
    let mut further: Vec<(&'static str, &'static str)> =
        rolled.requirements.iter().flat_map(|one| &one.requirement.unread).map(|one| (one.id, one.title)).collect();
    further.sort_unstable();
    further.dedup();
    let page = Page {
        style: STYLE,
        style_hash: digest(STYLE),
        title: plain(&edition.title),
        version: plain(&format!("Version {}", edition.version)),
        headline: report.headline(),
        covers: edition.covers(),
        is_own: edition.is_own,
        run: &run.id,
        started: moment(run.started_at),
        finished: moment(run.finished_at),
        palisade: run.palisade,
        clusters: rolled.clusters.len(),
        unseen: rolled.unseen,
        told: told.iter().map(|row| plain(&row.words())).collect(),
        more_places: places.len().saturating_sub(PLACES),
        places: places
            .into_iter()
            .take(PLACES)
            .map(|((provider, scope), clusters)| Place { cloud: provider.service(), scope: plain(scope), clusters })
            .collect(),
        known: coverage.known,
        total: coverage.total,
        // Rounded down: one missing fact of ten thousand is not "100 %".
        percent: format!("{:.1} %", (coverage.ratio() * 1000.0).floor() / 10.0),
        gaps: *gaps,
        sealed: sealed.map(|SealedBy { manifest, signed, is_trusted }| Seal {
            manifest,
            signed: signed.as_ref().map(|(key, origin, number)| (key.clone(), plain(origin), *number)),
            is_trusted: *is_trusted,
        }),
        has_calls: report.calls.is_some(),
        figures: ORDER
            .into_iter()
            .map(|status| Figure {
                class: status.name(),
                count: counts.of(status),
                said: status.said(),
                meaning: meaning(status),
            })
            .collect(),
        meter: meter(&counts, "requirement"),
        requirements: rolled.checked().map(|one| row(report, one)).collect(),
        controls: rolled.controls.values().map(|one| control(report, one)).collect(),
        deviations: rolled.controls.values().flat_map(deviations).collect(),
        unchecked: unchecked
            .into_iter()
            .map(|one| Unchecked {
                id: &one.requirement.id,
                controls: one.requirement.unread.iter().map(|one| one.id).collect::<Vec<_>>().join(", "),
            })
            .collect(),
        further,
    };
    let mut to = io::BufWriter::new(to);
    page.write_into(&mut to).map_err(io::Error::other)?;
    to.flush()
}

/// How much of the whole has each status, left to right. What is there is never too thin to be seen.
fn meter(counts: &Counts, noun: &str) -> Vec<Share> {
    const WIDTH: u64 = 1_000;
    const LEAST: u64 = 12;
    let there: Vec<(Status, u64)> =
        ORDER.iter().map(|status| (*status, counts.of(*status))).filter(|(_, count)| *count > 0).collect();
    let total = counts.total().max(1);
    let room = WIDTH.saturating_sub(LEAST * there.len() as u64);
    let mut x = 0;
    let last = there.len();
    let mut shares = Vec::new();
    for (number, (status, count)) in (1..).zip(there) {
        let width = if number == last { WIDTH - x } else { LEAST + room * count / total };
        let many = if count == 1 { "" } else { "s" };
        shares.push(Share { class: status.name(), x, width, said: format!("{count} {noun}{many} {}", status.said()) });
        x += width;
    }
    shares
}

fn tags(counts: &Counts) -> Vec<Tag> {
    let there = ORDER.into_iter().map(|status| (status, counts.of(status))).filter(|(_, count)| *count > 0);
    there.map(|(status, count)| Tag { class: status.name(), text: format!("{count} {}", status.said()) }).collect()
}

/// A name in an address of this page: what others wrote stays out of it.
fn anchor(place: usize) -> String {
    format!("r{}", place + 1)
}

fn row<'a>(report: &FrameworkReport<'_>, result: &'a RequirementResult<'_>) -> Row<'a> {
    let of = result.requirement;
    let place = report.rolled.requirements.iter().position(|one| one.requirement.id == of.id).unwrap_or_default();
    let speaks = |control: &ControlResult<'_>| Speaks {
        id: control.meta.id,
        title: control.meta.title,
        counts: tags(&control.clusters),
        named: control
            .shown
            .iter()
            .filter(|shown| named(control, shown.1))
            .take(BESIDE)
            .map(|(_, one)| name(one))
            .collect(),
        more: control.clusters.total().saturating_sub(BESIDE.min(shown(control)) as u64),
    };
    Row {
        anchor: anchor(place),
        id: plain(&of.id),
        title: of.title.as_deref().map(plain).unwrap_or_default(),
        class: result.status.name(),
        said: result.status.said(),
        because: &result.because,
        meter: meter(&result.clusters, "cluster"),
        controls: of.controls.iter().filter_map(|meta| report.rolled.controls.get(meta.id)).map(speaks).collect(),
        questions: of.questions.iter().zip(&result.heard).map(|(question, heard)| asked(question, *heard)).collect(),
        unread: of.unread.iter().map(|one| (one.id, one.title)).collect(),
    }
}

/// How many findings a control's part names.
fn shown(control: &ControlResult<'_>) -> usize {
    control.shown.iter().filter(|(_, one)| named(control, one)).count()
}

/// Whether a control's part names a finding.
fn named(control: &ControlResult<'_>, finding: &Finding) -> bool {
    let Some((status, _)) = control.shown.iter().find(|(_, one)| std::ptr::eq(*one, finding)) else { return false };
    let same = control.shown.iter().filter(|(other, _)| other == status);
    same.take(NAMED).any(|(_, one)| std::ptr::eq(*one, finding))
}

fn name(finding: &Finding) -> Named {
    let print = finding.fingerprint.to_string();
    let cluster = plain(&finding.cluster_name);
    Named { short: print.chars().take(8).collect(), print, cluster }
}

fn asked(question: &Question, heard: Heard) -> Asked {
    let (class, said) = match (&question.said, heard) {
        (Some(said), Heard::Counts(word)) => (
            if word == palisade_frameworks::Word::Yes { Status::Satisfied } else { Status::NotSatisfied },
            format!("{}, said {} on {}; it counts until {}", word.name(), plain(&said.by), said.on, said.last_day()),
        ),
        (Some(said), Heard::Expired) => (
            Status::Unknown,
            format!(
                "{} said {} on {}; that counted until {}",
                plain(&said.by),
                said.word.name(),
                said.on,
                said.last_day()
            ),
        ),
        (Some(said), Heard::Nothing) => {
            (Status::Unknown, format!("{} answered on {}, later than this was read", plain(&said.by), said.on))
        }
        (None, _) => (Status::Unknown, "nobody has answered".to_owned()),
    };
    let evidence = question.said.as_ref().and_then(|said| said.evidence.as_deref()).map(plain).unwrap_or_default();
    Asked { asks: plain(&question.asks), class: class.name(), said, evidence }
}

fn control(report: &FrameworkReport<'_>, control: &ControlResult<'_>) -> Control {
    let line = |(status, finding): &(Status, &Finding)| {
        let print = finding.fingerprint.to_string();
        Line {
            anchor: format!("f{print}"),
            class: status.name(),
            said: status.said(),
            cluster: plain(&finding.cluster_name),
            place: plain(&format!("{} {}", finding.provider.service(), finding.scope)),
            because: plain(finding.brief.as_deref().unwrap_or(&finding.because)),
            print,
            calls: report.calls(finding),
        }
    };
    let lines: Vec<Line> = control.shown.iter().filter(|(_, one)| named(control, one)).map(line).collect();
    Control {
        id: control.meta.id,
        title: control.meta.title,
        counts: tags(&control.clusters),
        excuses: control.never_fails.iter().copied().collect(),
        more: control.clusters.total().saturating_sub(lines.len() as u64),
        lines,
    }
}

/// Every accepted risk that is named, each with who answers for it.
fn deviations(control: &ControlResult<'_>) -> Vec<Deviation> {
    let accepted = control.shown.iter().filter(|(status, _)| *status == Status::Accepted);
    let told = accepted.filter_map(|(_, finding)| Some((finding, finding.acceptance.as_deref()?)));
    told.map(|(finding, acceptance)| Deviation {
        control: control.meta.id,
        title: control.meta.title,
        cluster: plain(&finding.cluster_name),
        owner: plain(&acceptance.owner),
        approver: plain(&acceptance.approver),
        reason: plain(&acceptance.reason),
        until: acceptance.until.strftime("%Y-%m-%d").to_string(),
    })
    .collect()
}
