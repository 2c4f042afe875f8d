//! What Azure tells on its pages and by no call: how long AKS supports a version, and which regions have zones. Each is a
//! file of `data/` with its source and its day.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use palisade_model::Version;

static SUPPORT: &str = include_str!("../data/kubernetes-support.csv");
static ZONES: &str = include_str!("../data/zones.txt");

/// How long a date of the calendar is believed. Microsoft moves dates, and plans a new version every few months.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24 * 180);

/// Until when AKS supports a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Support {
    /// The end of what every cluster gets.
    pub(crate) community: Timestamp,
    /// The end of long-term support, for those that pay for it.
    pub(crate) long_term: Timestamp,
}

/// Until when AKS supports a version; nothing when the calendar does not hold it, or is too old at `now` to be believed.
pub(crate) fn support(version: Version, now: Timestamp) -> Option<Support> {
    let believed = start(day()?)? + BELIEVED;
    if now > believed {
        return None;
    }
    SUPPORT.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = line.split(',');
        let is_it = Version::parse(fields.next()?)? == version;
        let (community, long_term) = (month_end(fields.next()?)?, month_end(fields.next()?)?);
        is_it.then_some(Support { community, long_term })
    })
}

/// The day of the calendar of support.
pub(crate) fn day() -> Option<Date> {
    SUPPORT.lines().find_map(|line| line.strip_prefix("# as of: "))?.parse().ok()
}

/// Whether a region is known to have zones. One that is not known may have them all the same.
pub(crate) fn has_zones(region: &str) -> bool {
    let plain: String = region.chars().filter(|letter| *letter != ' ').collect();
    ZONES.lines().any(|line| line.eq_ignore_ascii_case(&plain))
}

/// The first moment after a month.
fn month_end(month: &str) -> Option<Timestamp> {
    let first: Date = format!("{month}-01").parse().ok()?;
    start(first.last_of_month().tomorrow().ok()?)
}

fn start(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Timestamp {
        format!("{day}T00:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_month_means_its_last_day() {
        let found = support(Version { major: 1, minor: 34 }, at("2026-11-20")).unwrap();
        assert_eq!((found.community, found.long_term), (at("2026-12-01"), at("2027-12-01")));
        assert_eq!(support(Version { major: 1, minor: 99 }, at("2026-11-20")), None);
    }

    #[test]
    fn no_date_is_believed_once_the_calendar_is_half_a_year_old() {
        let version = Version { major: 1, minor: 37 };
        assert!(support(version, at("2027-02-01")).is_some());
        assert_eq!(support(version, at("2027-02-02")), None);
    }

    #[test]
    fn every_line_of_the_calendar_can_be_read() {
        for line in SUPPORT.lines().filter(|line| !line.starts_with('#')) {
            let version = Version::parse(line.split(',').next().unwrap()).unwrap();
            assert!(
                support(version, at("2026-08-05")).is_some_and(|found| found.community < found.long_term),
                "{line}"
            );
        }
    }

    #[test]
    fn a_region_is_known_however_its_name_is_spaced() {
        assert!(has_zones("westeurope") && has_zones("West Europe"));
        assert!(!has_zones("westus") && !has_zones("") && !has_zones("# as of: 2026-08-05"));
    }
}
