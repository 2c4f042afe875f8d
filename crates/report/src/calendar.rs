//! The plan as a calendar (RFC 5545).

use crate::{Outlook, RunInfo, plain, way};
use icalendar::{Calendar, Component as _, Event, EventLike as _, Property};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// One event for each initiative that is planned, over the days of its quarter, which leaves people free. The same plan gives
/// the same bytes, and the same initiative the same event, so that a calendar that reads it again moves what moved.
pub fn plan_ics(outlook: &Outlook, run: &RunInfo) -> String {
    let all = way::by_id(outlook);
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Palisade//Palisade//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.append_property(Property::new("METHOD", "PUBLISH"));
    calendar.name("Palisade plan");
    let stamp = run.finished_at.strftime("%Y%m%dT%H%M%SZ").to_string();
    for quarter in &outlook.plan.quarters {
        let day = |date: jiff::civil::Date| date.strftime("%Y%m%d").to_string();
        // The last day is not in it, by the standard.
        let Ok(end) = quarter.span.to.tomorrow() else { continue };
        for item in &quarter.items {
            let Some(one) = all.get(&item.initiative) else { continue };
            let owner = if one.owner.as_str().is_empty() { "nobody yet".to_owned() } else { plain(one.owner.as_str()) };
            let mut event = Event::new();
            event.uid(&uid(one.id.as_str()));
            event.append_property(Property::new("DTSTAMP", &stamp));
            event.append_property(date("DTSTART", &day(quarter.span.from)));
            event.append_property(date("DTEND", &day(end)));
            event.append_property(Property::new("TRANSP", "TRANSPARENT"));
            event.append_property(Property::new("CATEGORIES", "PALISADE"));
            event.summary(&plain(&one.title));
            event.location(&format!("{} {}", one.provider.service(), plain(&one.account)));
            event.description(&format!(
                "Quarter {}, {} days, {} points of risk go, {} findings close.\nWho: {owner}\nPalisade: {}",
                quarter.span.quarter,
                item.days,
                item.risk.get(),
                one.findings.len(),
                plain(one.id.as_str())
            ));
            calendar.push(event.done());
        }
    }
    folded(&calendar.to_string())
}

/// Octets of a line, without its end.
const LINE: usize = 75;

/// Lines of a length that every reader takes. Those of the crate are one octet too long where they are folded (0.17.17).
fn folded(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut length = 0;
        for letter in line.chars() {
            if length + letter.len_utf8() > LINE {
                lines.push_str("\r\n ");
                length = 1;
            }
            lines.push(letter);
            length += letter.len_utf8();
        }
        lines.push_str("\r\n");
    }
    lines
}

fn date(name: &str, day: &str) -> Property {
    let mut property = Property::new(name, day);
    property.add_parameter("VALUE", "DATE");
    property.done()
}

/// The first bytes of a digest, two letters each.
pub(crate) fn letters(text: &str, bytes: usize) -> String {
    Sha256::digest(text).iter().take(bytes).fold(String::new(), |mut letters, byte| {
        // Writing to a string cannot fail.
        let _ = write!(letters, "{byte:02x}");
        letters
    })
}

/// A name that is the same in every calendar that is made of the same initiative, and tells nobody what it is.
fn uid(id: &str) -> String {
    let mut letters = letters(id, 16);
    letters.push_str("@palisade");
    letters
}
