//! What a report says beyond its findings: how healthy the fleet is, and what to do in which order.

use crate::Report;
use jiff::{civil::Date, tz::TimeZone};
use palisade_assess::{
    Assessment, Calendar, Capacity, Conflict, Expected, Field, Initiative, NoSuchYear, PersonDays, Plan, PlanFile,
    Progress, assess, initiatives, plan, progress, roadmap, scorecard,
};
use serde::Serialize;

/// The days of work of a quarter when nobody says how many: one person who does nothing else.
const DAYS: PersonDays = PersonDays::days(60);

/// The health of a fleet and the way from there.
#[derive(Clone, Debug, Serialize)]
pub struct Outlook {
    /// The scores.
    pub assessment: Assessment,
    /// The changes that findings ask for, worst first.
    pub initiatives: Vec<Initiative>,
    /// The scorecard.
    pub fields: Vec<Field>,
    /// The four quarters.
    pub plan: Plan,
    /// What should be true after each.
    pub expected: Vec<Expected>,
    /// How what was planned before stands.
    pub progress: Vec<Progress>,
    /// The plan's file, as it should be kept.
    pub file: PlanFile,
}

/// Why there is no outlook.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutlookError {
    /// The dates of the plan do not exist.
    #[error(transparent)]
    Year(#[from] NoSuchYear),
    /// What people want cannot be.
    #[error("the plan cannot be kept:\n  {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
    Conflicts(Vec<Conflict>),
}

impl Outlook {
    /// Of a report, under a plan that is kept, or else from the day of the run with one person's days.
    ///
    /// # Errors
    /// When the plan leaves the calendar, and when its pins contradict each other or the capacity.
    pub fn of(report: &Report, kept: Option<&PlanFile>) -> Result<Self, OutlookError> {
        let today = day(report);
        let kept = kept.cloned().unwrap_or_else(|| begun(report, None));
        let calendar = Calendar::new(kept.start, today, kept.capacity.clone())?;
        let initiatives = initiatives(&report.findings, &report.surroundings);
        let plan = plan(&initiatives, &calendar, &kept.wishes()).map_err(OutlookError::Conflicts)?;
        let assessment = assess(&report.findings, report.unseen_places(), &[]);
        let expected = roadmap(&plan, &initiatives, &report.findings, today);
        let progress = progress(&kept, &calendar, &initiatives, &report.findings, &report.surroundings);
        Ok(Self {
            fields: scorecard(&initiatives),
            file: kept.updated(&plan, &initiatives, &progress),
            assessment,
            initiatives,
            plan,
            expected,
            progress,
        })
    }
}

/// The day on which a report was made, in UTC.
fn day(report: &Report) -> Date {
    report.run.finished_at.to_zoned(TimeZone::UTC).date()
}

/// An empty plan that begins on the day of a run, with so many days of work a quarter, or those of one person.
pub fn begun(report: &Report, days: Option<PersonDays>) -> PlanFile {
    let days_per_quarter = days.unwrap_or(DAYS);
    let capacity = Capacity { days_per_quarter, teams: [].into(), holidays: [].into(), frozen: Vec::new() };
    PlanFile::new(day(report), capacity)
}
