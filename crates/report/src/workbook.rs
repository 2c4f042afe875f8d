//! The report and the plan as workbooks (XLSX). Every cell that holds words is typed as words, so that no name can become a
//! formula, a link or a date, and every number is a number that can be summed.

use crate::{Options, Outlook, Report, RunInfo, plain::cell_text, table::of_clusters, way};
use jiff::{Timestamp, tz::TimeZone};
use palisade_assess::{Assessment, Initiative, InitiativeId, Score, Why, assess};
use palisade_engine::{Finding, Severity, State};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::{
    collections::{BTreeMap, HashMap},
    io,
};

/// Rows that a sheet can hold below its head.
const ROWS: usize = 1_048_575;

/// What stands in a cell.
enum Cell {
    Words(String),
    Number(f64),
}

impl From<&str> for Cell {
    fn from(words: &str) -> Self {
        Self::Words(cell_text(words))
    }
}

impl From<String> for Cell {
    fn from(words: String) -> Self {
        Self::from(words.as_str())
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(f64::from(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(f64::from(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

impl From<Option<Score>> for Cell {
    fn from(score: Option<Score>) -> Self {
        score.map_or_else(|| Self::Words(String::new()), |score| Self::Number(f64::from(score.points())))
    }
}

/// The report as a workbook: summary, clusters, findings, gaps, plan.
pub(crate) fn workbook(report: &Report, options: &Options, to: &mut dyn io::Write) -> io::Result<()> {
    let outlook = Outlook::of(report, options.plan.as_ref());
    let assessment = assess(&report.findings, report.unseen_places(), &options.history.past);
    let make = || -> Result<Vec<u8>, XlsxError> {
        let mut book = begun(&report.run)?;
        summary(&mut book, report, &assessment)?;
        clusters(&mut book, report, &assessment)?;
        findings(&mut book, report)?;
        gaps(&mut book, report)?;
        if let Ok(outlook) = &outlook {
            plan_sheets(&mut book, outlook)?;
        }
        book.save_to_buffer()
    };
    to.write_all(&make().map_err(io::Error::other)?)
}

/// The plan as a workbook: its initiatives, and what to expect.
///
/// # Errors
/// When `to` does not take it.
pub fn plan_xlsx(outlook: &Outlook, run: &RunInfo, to: &mut dyn io::Write) -> io::Result<()> {
    let make = || -> Result<Vec<u8>, XlsxError> {
        let mut book = begun(run)?;
        plan_sheets(&mut book, outlook)?;
        book.save_to_buffer()
    };
    to.write_all(&make().map_err(io::Error::other)?)
}

/// A workbook that was made when the run ended, and not when somebody asked for it.
fn begun(run: &RunInfo) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let made = datetime(run.finished_at)?;
    book.set_properties(&DocProperties::new().set_title("Palisade").set_comment(&run.id).set_creation_datetime(&made));
    Ok(book)
}

/// A moment in UTC; a workbook knows none before 1900, which no run is of.
fn datetime(at: Timestamp) -> Result<ExcelDateTime, XlsxError> {
    let at = at.to_zoned(TimeZone::UTC);
    let year = u16::try_from(at.year()).unwrap_or(1970).max(1900);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    ExcelDateTime::from_ymd(year, part(at.month()), part(at.day()))?.and_hms(
        part(at.hour()).into(),
        part(at.minute()),
        part(at.second()),
    )
}

/// A sheet with a head that stays and can be filtered. What does not fit is said on the last row.
fn sheet(
    book: &mut Workbook,
    name: &str,
    head: &[(&str, u16)],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), XlsxError> {
    let strong = Format::new().set_bold().set_background_color(Color::RGB(0x00E6_EEF7));
    let wrapped = Format::new().set_text_wrap().set_align(rust_xlsxwriter::FormatAlign::Top);
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    for (column, (title, width)) in (0..).zip(head) {
        sheet.write_string_with_format(0, column, *title, &strong)?;
        sheet.set_column_width(column, *width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let (mut last, mut left) = (0, 0_usize);
    for (at, cells) in (0..).zip(rows) {
        if at >= ROWS - 1 {
            left += 1;
            continue;
        }
        last += 1;
        for (column, cell) in (0..).zip(cells) {
            write(sheet, last, column, cell, &wrapped)?;
        }
    }
    if left > 0 {
        sheet.write_string(last + 1, 0, format!("{left} more rows do not fit: the CSV form has them"))?;
    }
    let columns = u16::try_from(head.len()).unwrap_or(1).max(1);
    sheet.autofilter(0, 0, last, columns - 1)?;
    Ok(())
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: Cell, wrapped: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Words(words) if words.is_empty() => Ok(()),
        Cell::Words(words) => sheet.write_string_with_format(row, column, words, wrapped).map(|_| ()),
        Cell::Number(number) => sheet.write_number_with_format(row, column, number, wrapped).map(|_| ()),
    }
}

fn summary(book: &mut Workbook, report: &Report, assessment: &Assessment) -> Result<(), XlsxError> {
    let own = |wanted: &dyn Fn(&Finding) -> bool| of_clusters(report).filter(|finding| wanted(finding)).count();
    let mut rows: Vec<Vec<Cell>> = vec![
        vec!["Run".into(), report.run.id.as_str().into()],
        vec!["Read until".into(), report.run.finished_at.to_string().into()],
        vec!["Palisade".into(), report.run.palisade.into()],
        vec!["Clusters".into(), report.clusters.len().into()],
        vec!["Facts asked for".into(), report.coverage.total.into()],
        vec!["Facts read".into(), report.coverage.known.into()],
        vec!["Gaps".into(), report.gaps.len().into()],
    ];
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let count = own(&|one| is_open(one) && one.severity == severity);
        rows.push(vec![format!("Open, {severity}").into(), count.into()]);
    }
    let unknown = own(&|one| matches!(one.state, State::Unknown | State::AttestMissing | State::AttestExpired));
    rows.push(vec!["Unknown".into(), unknown.into()]);
    rows.push(vec!["Accepted".into(), own(&|one| one.state == State::Fail && one.waived).into()]);
    rows.push(vec!["Pass".into(), own(&|one| one.state == State::Pass).into()]);
    for layer in &assessment.fleet.layers {
        rows.push(vec![format!("Layer {}, by itself", layer.layer).into(), layer.own.into()]);
        rows.push(vec![format!("Layer {}, on what is around it", layer.layer).into(), layer.effective.into()]);
    }
    for one in &assessment.fleet.dimensions {
        rows.push(vec![format!("Dimension {}", one.dimension).into(), one.score.into()]);
    }
    sheet(book, "Summary", &[("What", 44), ("Is", 44)], rows.into_iter())
}

fn is_open(finding: &Finding) -> bool {
    finding.state == State::Fail && !finding.waived
}

fn clusters(book: &mut Workbook, report: &Report, assessment: &Assessment) -> Result<(), XlsxError> {
    let mut open: HashMap<&str, [usize; 5]> = HashMap::new();
    for finding in of_clusters(report) {
        let counts = open.entry(finding.cluster.as_str()).or_default();
        let place = match (is_open(finding), finding.severity, finding.state) {
            (true, Severity::Critical, _) => 0,
            (true, Severity::High, _) => 1,
            (true, Severity::Medium, _) => 2,
            (true, Severity::Low | Severity::Info, _) => 3,
            (false, _, State::Unknown | State::AttestMissing | State::AttestExpired) => 4,
            (false, _, _) => continue,
        };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let health: HashMap<&str, _> = assessment.clusters.iter().map(|one| (one.cluster.as_str(), &one.health)).collect();
    let rows = report.clusters.iter().map(|one| {
        let counts = open.get(one.id.as_str()).copied().unwrap_or_default();
        let mut cells: Vec<Cell> = vec![
            one.name.as_str().into(),
            one.provider.service().into(),
            one.scope.as_str().into(),
            one.location.as_str().into(),
        ];
        cells.extend(counts.into_iter().map(Cell::from));
        let layers = health.get(one.id.as_str()).into_iter().flat_map(|health| &health.layers);
        cells.extend(layers.map(|layer| Cell::from(layer.effective)));
        cells.resize_with(13, || Cell::Words(String::new()));
        cells.push(one.id.as_str().into());
        cells
    });
    let head = [
        ("Cluster", 28),
        ("Service", 9),
        ("Scope", 30),
        ("Location", 16),
        ("Critical", 9),
        ("High", 9),
        ("Medium", 9),
        ("Low", 9),
        ("Unknown", 9),
        ("Cloud", 9),
        ("Cluster layer", 13),
        ("Container", 10),
        ("Code", 9),
        ("Id", 60),
    ];
    sheet(book, "Clusters", &head, rows)
}

fn findings(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let rows = report.findings.iter().map(|one| {
        let accepted = one.acceptance.as_ref().map(|accepted| accepted.until.to_string()).unwrap_or_default();
        vec![
            Cell::from(one.severity.name()),
            one.state.name().into(),
            if one.waived { "waived" } else { "" }.into(),
            one.control.id.into(),
            one.control.title.into(),
            one.control.layer.name().into(),
            one.control.dimension.name().into(),
            one.provider.service().into(),
            one.scope.as_str().into(),
            Cell::from(&*one.cluster_name),
            one.subject.kind.name().into(),
            Cell::from(&*one.subject.name),
            Cell::from(&*one.because),
            one.remediation.into(),
            one.control.effort.name().into(),
            accepted.into(),
            one.fingerprint.to_string().into(),
        ]
    });
    let head = [
        ("Severity", 10),
        ("Verdict", 14),
        ("Waived", 9),
        ("Control", 9),
        ("Title", 40),
        ("Layer", 10),
        ("Dimension", 18),
        ("Service", 9),
        ("Scope", 26),
        ("Cluster", 24),
        ("Of", 12),
        ("Subject", 28),
        ("Because", 70),
        ("What to do", 60),
        ("Effort", 8),
        ("Accepted until", 22),
        ("Fingerprint", 36),
    ];
    sheet(book, "Findings", &head, rows)
}

fn gaps(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let rows = report.gaps.iter().map(|gap| {
        vec![
            Cell::from(gap.scope.as_str()),
            gap.call.as_str().into(),
            gap.reason.name().into(),
            gap.permission.as_deref().unwrap_or_default().into(),
            gap.message.as_str().into(),
            gap.hides.join(", ").into(),
            gap.times.into(),
        ]
    });
    let head =
        [("Scope", 36), ("Call", 36), ("Reason", 14), ("Permission", 36), ("Message", 60), ("Hides", 60), ("Times", 8)];
    sheet(book, "Gaps", &head, rows)
}

fn plan_sheets(book: &mut Workbook, outlook: &Outlook) -> Result<(), XlsxError> {
    let quarters = outlook.plan.quarters.iter();
    let planned: BTreeMap<&InitiativeId, (usize, bool)> = quarters
        .flat_map(|one| one.items.iter().map(|item| (item, usize::from(one.span.quarter.number()))))
        .map(|(item, quarter)| (&item.initiative, (quarter, item.pinned)))
        .collect();
    let left: BTreeMap<&InitiativeId, &Why> =
        outlook.plan.left_out.iter().map(|one| (&one.initiative, &one.why)).collect();
    let all = way::by_id(outlook);
    let row = |one: &Initiative| {
        let place = planned.get(&one.id);
        let step = |pick: fn(&palisade_assess::Risk) -> &palisade_assess::Step| {
            one.worst.as_ref().map(|worst| pick(worst).because.join("; ")).unwrap_or_default()
        };
        vec![
            place.map_or_else(|| Cell::from(""), |(quarter, _)| (*quarter).into()),
            if place.is_some_and(|(_, pinned)| *pinned) { "pinned" } else { "" }.into(),
            one.quadrant.name().into(),
            one.title.as_str().into(),
            one.provider.service().into(),
            one.account.as_str().into(),
            one.owner.as_str().into(),
            one.severity.name().into(),
            Cell::Number(f64::from(one.cost.days.in_quarters()) / 4.0),
            one.risk.get().into(),
            one.findings.len().into(),
            one.clusters.len().into(),
            step(|risk| &risk.likelihood).into(),
            step(|risk| &risk.impact).into(),
            one.cost.because.as_str().into(),
            left.get(&one.id).map(|reason| way::why(reason, &all)).unwrap_or_default().into(),
            one.id.as_str().into(),
        ]
    };
    let head = [
        ("Quarter", 9),
        ("Pinned", 8),
        ("Quadrant", 11),
        ("Change", 60),
        ("Service", 9),
        ("Account", 26),
        ("Owner", 18),
        ("Severity", 10),
        ("Days", 8),
        ("Risk", 9),
        ("Findings", 9),
        ("Clusters", 9),
        ("Likely because", 50),
        ("Gives", 50),
        ("Costs because", 50),
        ("Why in no quarter", 50),
        ("Id", 50),
    ];
    sheet(book, "Plan", &head, outlook.initiatives.iter().map(row))?;
    let expected = outlook.expected.iter().flat_map(|one| {
        let when = one.after.map_or_else(|| "today".to_owned(), |quarter| format!("after quarter {quarter}"));
        let layers = one.layers.iter().map(|(layer, own, _)| (format!("Layer {layer}"), *own));
        let dimensions = one.dimensions.iter().map(|(dimension, score)| (format!("Dimension {dimension}"), *score));
        let (on, risk) = (one.on.to_string(), one.risk_left.get());
        let scores: Vec<Vec<Cell>> = layers
            .chain(dimensions)
            .map(|(name, score)| vec![when.as_str().into(), on.as_str().into(), name.into(), score.into()])
            .collect();
        scores.into_iter().chain([vec![when.into(), on.into(), "Points of risk left".into(), risk.into()]])
    });
    sheet(book, "Expected", &[("When", 18), ("On", 12), ("What", 36), ("Is", 12)], expected)
}
