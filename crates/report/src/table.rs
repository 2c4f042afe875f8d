//! The report for people: grouped by concern and provider, worst first, ending in what to do.

use crate::{
    Options, Report,
    brief::brief,
    paint::Pen,
    plain::{clipped, plain},
};
use palisade_assess::assess;
use palisade_engine::{Concern, Finding, GapRow, State, SubjectKind};
use palisade_model::Provider;
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};
use textwrap::core::display_width;

/// Findings spelled out for one provider of one concern; the rest is counted.
const SPELLED_OUT: usize = 6;
/// The controls and clusters that share a reason.
type Alike<'a> = (BTreeSet<&'a str>, BTreeSet<&'a str>);
/// The gaps that one thing would close, and the controls they hide.
type Closed<'a> = (Vec<&'a GapRow>, BTreeSet<&'static str>);

/// Gaps spelled out.
const GAPS: usize = 10;
/// Lines of one reason; the other forms have it in full.
const LINES: usize = 3;
/// Controls named that share a reason.
const ALIKE: usize = 6;
/// Controls named behind a gap.
const HIDDEN: usize = 8;

pub(crate) fn table(report: &Report, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let mut text = String::new();
    head(report, pen, &mut text);
    for concern in Concern::ALL {
        group(report, *concern, pen, &mut text);
    }
    gaps(report, pen, &mut text);
    asked(report, pen, &mut text);
    summary(report, pen, &mut text);
    foot(report, options, pen, &mut text);
    text
}

fn head(report: &Report, pen: Pen, text: &mut String) {
    let clouds: BTreeSet<Provider> = report.clusters.iter().map(|cluster| cluster.provider).collect();
    let clouds: Vec<&str> = clouds.into_iter().map(Provider::name).collect();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}  {} clusters in {}, {} of facts known",
        pen.strong("Palisade"),
        report.clusters.len(),
        if clouds.is_empty() { "no cloud".to_owned() } else { clouds.join(", ") },
        percent(report)
    );
    for told in &report.told {
        let _ = writeln!(text, "{}", pen.faint(&pen.wrap(&plain(&told.words()), "  ", "  ")));
    }
}

/// The findings a person reads: the cluster's own and the roll-ups, which name the worst part.
pub(crate) fn of_clusters(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.subject.kind == SubjectKind::Cluster)
}

fn group(report: &Report, concern: Concern, pen: Pen, text: &mut String) {
    let findings: Vec<&Finding> = of_clusters(report).filter(|finding| finding.control.concern == concern).collect();
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}\n{}", pen.strong(title(concern)), counts(&findings, pen, "  "));
    let providers: BTreeSet<Provider> = findings.iter().map(|finding| finding.provider).collect();
    for provider in providers {
        let mut shown: Vec<&Finding> =
            findings.iter().copied().filter(|finding| finding.provider == provider && is_shown(finding)).collect();
        let _ = writeln!(text, "  {}", pen.strong(provider.service()));
        if shown.is_empty()
            && !findings.iter().any(|finding| finding.provider == provider && finding.state == State::Unknown)
        {
            let _ = writeln!(text, "    {}", pen.faint("nothing to do"));
        }
        shown.sort_by(|a, b| {
            (a.waived, b.state, b.severity, a.control.id, &a.cluster_name).cmp(&(
                b.waived,
                a.state,
                a.severity,
                b.control.id,
                &b.cluster_name,
            ))
        });
        for finding in shown.iter().take(SPELLED_OUT) {
            spell_out(finding, pen, text);
        }
        if let Some(more) = shown.len().checked_sub(SPELLED_OUT).filter(|more| *more > 0) {
            let _ = writeln!(text, "    {}", pen.faint(&format!("and {more} more: `--format csv` lists them all")));
        }
        unknowns(&findings, provider, pen, text);
    }
}

fn is_shown(finding: &Finding) -> bool {
    match finding.state {
        State::Fail | State::Mitigated | State::AttestExpired => true,
        State::Pass | State::Inherited | State::NotApplicable | State::Unknown | State::AttestMissing => false,
    }
}

fn spell_out(finding: &Finding, pen: Pen, text: &mut String) {
    let mark = match (finding.waived, finding.state) {
        (true, _) => pen.faint(&format!("{:<9}", "waived")),
        (false, State::Mitigated) => pen.state(State::Mitigated, &format!("{:<9}", "mitigated")),
        (false, _) => pen.severity(finding.severity, &format!("{:<9}", finding.severity.name())),
    };
    let name = clipped(&finding.cluster_name, pen.width.saturating_sub(23).min(32));
    let room = pen.width.saturating_sub(23 + display_width(&name));
    let _ = writeln!(
        text,
        "    {mark} {}  {}  {}",
        finding.control.id,
        pen.strong(&name),
        pen.faint(&clipped(finding.scope.as_str(), room))
    );
    let because = plain(&brief(finding.brief.as_ref().unwrap_or(&finding.because)));
    let told = [Some(because), severity_changed(finding), accepted(finding)];
    for line in told.into_iter().flatten() {
        let _ = writeln!(text, "{}", pen.wrap_to(&line, "              ", LINES));
    }
}

/// Why the severity is not the control's own.
fn severity_changed(finding: &Finding) -> Option<String> {
    let reasons: Vec<&str> = finding.modifiers.iter().map(|modifier| modifier.reason()).collect();
    let how = match finding.severity.cmp(&finding.base_severity) {
        Ordering::Greater => "raised from",
        Ordering::Less => "lowered from",
        Ordering::Equal => "still",
    };
    (!reasons.is_empty()).then(|| format!("{how} {}: {}", finding.base_severity, reasons.join("; ")))
}

/// Who accepted the finding and until when, or that this has ended.
fn accepted(finding: &Finding) -> Option<String> {
    let one = finding.acceptance.as_ref()?;
    let until = one.until.strftime("%Y-%m-%d");
    Some(if finding.waived {
        plain(&format!("accepted by {} until {until}: {}", one.owner, one.reason))
    } else {
        plain(&format!("the waiver of {} ended on {until}", one.owner))
    })
}

/// What is not known, by control and reason, so that one missing permission is one line and not a hundred.
fn unknowns(findings: &[&Finding], provider: Provider, pen: Pen, text: &mut String) {
    let mut by_reason: BTreeMap<(State, String), Alike<'_>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.provider == provider) {
        if matches!(finding.state, State::Unknown | State::AttestMissing) {
            // Which part of a cluster is the worst would set apart what is missing for the same reason.
            let reason = finding
                .gap
                .as_ref()
                .map_or_else(|| finding.brief.as_ref().unwrap_or(&finding.because).to_string(), ToString::to_string);
            let (controls, clusters) = by_reason.entry((finding.state, reason)).or_default();
            controls.insert(finding.control.id);
            clusters.insert(finding.cluster.as_str());
        }
    }
    let mut rows: Vec<_> = by_reason.into_iter().collect();
    rows.sort_by_key(|((state, because), (controls, clusters))| {
        (std::cmp::Reverse(controls.len() * clusters.len()), *state, because.clone())
    });
    let rest = rows.len().saturating_sub(SPELLED_OUT);
    for ((state, because), (controls, clusters)) in rows.into_iter().take(SPELLED_OUT) {
        let word = if state == State::Unknown { "unknown" } else { "asked" };
        let mut controls: Vec<String> = controls.into_iter().map(str::to_owned).collect();
        if let Some(more) = controls.len().checked_sub(ALIKE).filter(|more| *more > 0) {
            controls.truncate(ALIKE);
            controls.push(format!("and {more} more"));
        }
        let count = if clusters.len() == 1 { "1 cluster".to_owned() } else { format!("{} clusters", clusters.len()) };
        let _ = writeln!(text, "    {} {}  {count}", pen.state(state, &format!("{word:<9}")), controls.join(" "));
        let _ = writeln!(text, "{}", pen.wrap_to(&plain(&brief(&because)), "              ", LINES));
    }
    if rest > 0 {
        let _ =
            writeln!(text, "    {}", pen.faint(&format!("and {rest} more reasons: `--format json` lists them all")));
    }
}

fn gaps(report: &Report, pen: Pen, text: &mut String) {
    if report.gaps.is_empty() {
        return;
    }
    let mut by_cure: BTreeMap<(&str, String), Closed<'_>> = BTreeMap::new();
    for gap in &report.gaps {
        let cure = match &gap.permission {
            Some(permission) if !permission.is_empty() => format!("grant `{}`", plain(permission)),
            _ if gap.call.is_empty() => plain(&gap.message),
            _ => format!("`{}`: {}", gap.call, plain(&gap.message)),
        };
        let (rows, hidden) = by_cure.entry((gap.reason.name(), cure)).or_default();
        rows.push(gap);
        hidden.extend(&gap.hides);
    }
    let _ = writeln!(text, "\n{}", pen.strong("Not read"));
    let mut rows: Vec<_> = by_cure.into_iter().collect();
    rows.sort_by_key(|((reason, cure), (_, hidden))| (std::cmp::Reverse(hidden.len()), *reason, cure.clone()));
    let rest = rows.len().saturating_sub(GAPS);
    for ((reason, cure), (gaps, hidden)) in rows.into_iter().take(GAPS) {
        let scopes: BTreeSet<&str> = gaps.iter().map(|gap| gap.scope.as_str()).collect();
        let place = match (scopes.len(), scopes.first()) {
            (1, Some(scope)) => plain(scope),
            (count, _) => format!("{count} scopes"),
        };
        let cure = brief(&cure);
        let place = if cure.contains(&format!("in `{place}`")) { String::new() } else { format!(" in {place}") };
        let indent = " ".repeat(16);
        let mut lines = pen.wrap_to(&format!("{cure}{place}"), &indent, LINES);
        lines.replace_range(..indent.len(), &format!("  {reason:<13} "));
        let _ = writeln!(text, "{lines}");
        if !hidden.is_empty() {
            let _ = writeln!(text, "{}", pen.wrap(&hides(&hidden, report), &indent, &indent));
        }
    }
    if rest > 0 {
        let _ = writeln!(text, "  {}", pen.faint(&format!("and {rest} more: `--format json` lists them all")));
    }
}

/// What people were asked: how much is missing, and what ends soon.
fn asked(report: &Report, pen: Pen, text: &mut String) {
    let sheet = &report.answers;
    if sheet.rows.is_empty() {
        return;
    }
    let of = |state: State| sheet.rows.iter().filter(move |row| row.state == state);
    let controls = |state: State| of(state).map(|row| row.control.id).collect::<BTreeSet<_>>();
    let answered = sheet.rows.iter().filter(|row| row.answer.is_some() && row.state != State::AttestExpired).count();
    let _ = writeln!(text, "\n{}", pen.strong("Asked of people"));
    let mut line = |mark: String, words: String| {
        let _ = writeln!(text, "  {mark} {}", pen.wrap_to(&words, &" ".repeat(12), LINES).trim_start());
    };
    for (state, word, what) in
        [(State::AttestMissing, "missing", "nobody has answered"), (State::AttestExpired, "expired", "answers too old")]
    {
        let ids = controls(state);
        if !ids.is_empty() {
            let ids = ids.into_iter().collect::<Vec<_>>().join(" ");
            line(pen.state(state, &format!("{word:<9}")), format!("{what}: {ids}"));
        }
    }
    for row in sheet.rows.iter().filter(|row| row.ends_soon).take(SPELLED_OUT) {
        let (Some(answer), Some(until)) = (&row.answer, row.until) else { continue };
        let words = format!("{}, by {} for {}: counts until {}", row.control.id, answer.by, row.of(), until.last_day);
        line(pen.faint(&format!("{:<9}", "ends soon")), plain(&words));
    }
    let (count, noun) = (answered, if answered == 1 { "answer counts" } else { "answers count" });
    line(pen.faint(&format!("{:<9}", "answered")), format!("{count} {noun}; `palisade answers status` lists them"));
}

/// Which controls a gap hides.
fn hides(hidden: &BTreeSet<&'static str>, report: &Report) -> String {
    let asked: BTreeSet<&str> = report.findings.iter().map(|finding| finding.control.id).collect();
    if !asked.is_empty() && asked.iter().all(|id| hidden.contains(id)) {
        return "hides every control".to_owned();
    }
    let named: Vec<&str> = hidden.iter().copied().take(HIDDEN).collect();
    let more = hidden.len().saturating_sub(named.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("hides {}{more}", named.join(" "))
}

fn summary(report: &Report, pen: Pen, text: &mut String) {
    if report.findings.is_empty() {
        return;
    }
    let assessment = assess(&report.findings, report.unseen_places(), &[]);
    let layers: Vec<String> = assessment
        .fleet
        .layers
        .iter()
        .filter_map(|layer| {
            let (own, effective) = (layer.own?.points(), layer.effective?.points());
            let inside = if effective < own {
                format!(" (counts as {effective}, inside the layer around it)")
            } else {
                String::new()
            };
            Some(format!("{} {own}{inside}", layer.layer))
        })
        .collect();
    // Colour takes no columns: the line is laid out before its head is painted.
    let line = pen.wrap(&format!("Layers  {} of 100", layers.join(", ")), "", "        ");
    let rest = line.strip_prefix("Layers").unwrap_or(&line);
    let _ = writeln!(text, "\n{}{rest}", pen.strong("Layers"));
}

fn foot(report: &Report, options: &Options, pen: Pen, text: &mut String) {
    let all: Vec<&Finding> = of_clusters(report).collect();
    let _ = writeln!(text, "{}  {} of facts known\n{}", pen.strong("Total"), percent(report), counts(&all, pen, ""));
    if let Some(asked) = report.asked_in_words() {
        let _ = writeln!(text, "{}  {asked}", pen.strong("Asked"));
    }
    if options.next.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", pen.strong("Next"));
    for command in &options.next {
        let _ = writeln!(text, "  {command}");
    }
}

/// How many of each state, in lines that fit: colour takes no columns, so words are placed before they are painted.
fn counts(findings: &[&Finding], pen: Pen, indent: &str) -> String {
    let words = State::ALL.iter().rev().filter_map(|state| {
        let count = findings.iter().filter(|finding| finding.state == *state).count();
        (count > 0).then(|| (*state, format!("{count} {}", state.name())))
    });
    let (mut text, mut column) = (indent.to_owned(), indent.len());
    for (place, (state, word)) in words.enumerate() {
        if place > 0 {
            let fits = column + 3 + word.len() <= pen.width;
            text.push_str(if fits { ", " } else { ",\n" });
            text.push_str(if fits { "" } else { indent });
            column = if fits { column + 2 } else { indent.len() };
        }
        column += word.len();
        text.push_str(&pen.state(state, &word));
    }
    text
}

/// The share of facts that are known.
pub(crate) fn percent(report: &Report) -> String {
    // Rounded down: one missing fact of ten thousand is not "100 %".
    format!("{:.1} %", (report.coverage.ratio() * 1000.0).floor() / 10.0)
}

fn title(concern: Concern) -> &'static str {
    match concern {
        Concern::ApiServerNetwork => "API server network access",
        Concern::NodeNetwork => "Node network access",
        Concern::CloudApiIam => "Access to the cloud's API",
        Concern::EtcdAccess => "Access to etcd",
        Concern::EtcdEncryption => "Encryption of etcd",
        Concern::None => "Other",
    }
}
