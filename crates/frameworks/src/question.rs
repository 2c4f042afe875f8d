//! What a framework of one's own asks people, and what they said.

use crate::Status;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

/// How long an answer counts when it does not say so itself, in days.
pub const DAYS: u32 = 365;

/// A question that no API answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub asks: String,
    /// What somebody said, if anybody did.
    pub said: Option<Said>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In a word.
    pub word: Word,
    /// Who.
    pub by: String,
    /// On which day.
    pub on: Date,
    /// The last day on which it counts, when that is earlier than [`DAYS`] later.
    pub expires: Option<Date>,
    /// A link to what it rests on.
    pub evidence: Option<String>,
}

/// An answer in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It holds.
    Yes,
    /// It holds at some places.
    Partly,
    /// It does not hold.
    No,
}

impl Word {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Yes, Self::Partly, Self::No];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}

impl Said {
    /// The last day on which it counts, in UTC.
    pub fn last_day(&self) -> Date {
        let limit = self.on.saturating_add(Span::new().days(i64::from(DAYS)));
        self.expires.map_or(limit, |expires| expires.min(limit))
    }
}

/// What a question is worth at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nobody answered, or only later.
    Nothing,
    /// The answer counts no more.
    Expired,
    /// It counts.
    Counts(Word),
}

impl Question {
    /// What it is worth at a moment.
    pub fn heard(&self, now: Timestamp) -> Heard {
        let Some(said) = &self.said else { return Heard::Nothing };
        let today = now.to_zoned(TimeZone::UTC).date();
        // Somewhere it is tomorrow already.
        if said.on > today.saturating_add(Span::new().days(1)) {
            return Heard::Nothing;
        }
        if today > said.last_day() { Heard::Expired } else { Heard::Counts(said.word) }
    }

    /// How the requirement stands by it.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.heard(now) {
            Heard::Nothing | Heard::Expired => Status::Unknown,
            Heard::Counts(Word::Yes) => Status::Satisfied,
            Heard::Counts(Word::Partly | Word::No) => Status::NotSatisfied,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(word: Word, on: &str, expires: Option<&str>, now: &str) -> Heard {
        let said = Said {
            word,
            by: "ana".to_owned(),
            on: on.parse().unwrap(),
            expires: expires.map(|day| day.parse().unwrap()),
            evidence: None,
        };
        Question { asks: "Is it?".to_owned(), said: Some(said) }.heard(now.parse().unwrap())
    }

    #[test]
    fn an_answer_counts_from_its_day_to_its_last_day_and_never_for_more_than_a_year() {
        let counts = Heard::Counts(Word::Yes);
        for (on, expires, now, wanted) in [
            ("2026-01-01", None, "2026-01-01T00:00:00Z", counts),
            ("2026-01-02", None, "2026-01-01T00:00:00Z", counts),
            ("2026-01-03", None, "2026-01-01T23:59:59Z", Heard::Nothing),
            ("2026-01-01", None, "2027-01-01T23:59:59Z", counts),
            ("2026-01-01", None, "2027-01-02T00:00:00Z", Heard::Expired),
            ("2026-01-01", Some("2026-02-01"), "2026-02-01T23:59:59Z", counts),
            ("2026-01-01", Some("2026-02-01"), "2026-02-02T00:00:00Z", Heard::Expired),
            ("2026-01-01", Some("2030-02-01"), "2027-01-02T00:00:00Z", Heard::Expired),
        ] {
            assert_eq!(heard(Word::Yes, on, expires, now), wanted, "{on} {expires:?} {now}");
        }
    }

    #[test]
    fn only_a_yes_that_counts_satisfies() {
        let status = |word, now: &str| {
            let said =
                Said { word, by: "ana".to_owned(), on: "2026-01-01".parse().unwrap(), expires: None, evidence: None };
            Question { asks: "Is it?".to_owned(), said: Some(said) }.status(now.parse().unwrap())
        };
        assert_eq!(status(Word::Yes, "2026-06-01T00:00:00Z"), Status::Satisfied);
        assert_eq!(status(Word::Partly, "2026-06-01T00:00:00Z"), Status::NotSatisfied);
        assert_eq!(status(Word::No, "2026-06-01T00:00:00Z"), Status::NotSatisfied);
        assert_eq!(status(Word::Yes, "2028-06-01T00:00:00Z"), Status::Unknown);
        assert_eq!(
            Question { asks: String::new(), said: None }.status("2026-06-01T00:00:00Z".parse().unwrap()),
            Status::Unknown
        );
    }
}
