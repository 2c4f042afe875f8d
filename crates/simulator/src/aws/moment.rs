//! Instants as stories write them and as the wire formats want them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// An instant, to the second. Stories write `2025-03-11` or `2025-03-11T09:30:00Z`, and `today` for the first second of the
/// day on which the world is made: a backup is fresh on every day the story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(i64);

impl Moment {
    /// The instant at which every story is told: 20 November 2026, 12:00 UTC.
    pub(crate) const STORY: Self = Self(1_795_176_000);

    /// When things were made whose age does not matter.
    pub(crate) fn long_ago() -> Self {
        Self(1_741_685_400)
    }

    pub(crate) fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * 86_400)
    }

    /// As a moment of time.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap_or_default()
    }

    /// `2025-03-11T09:30:00Z`, as IAM and STS write it.
    pub(crate) fn iso(self) -> String {
        Timestamp::from_second(self.0).unwrap_or_default().to_string()
    }

    /// `2025-03-11T09:30:00.000Z`, as EC2 writes it.
    pub(crate) fn iso_millis(self) -> String {
        self.iso().replace('Z', ".000Z")
    }

    /// Seconds since 1970, as the JSON protocols write it.
    pub(crate) fn epoch(self) -> Value {
        Value::from(self.0)
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "today" {
            let now = Timestamp::now().as_second();
            return Ok(Self(now - now.rem_euclid(86_400)));
        }
        let whole = if text.contains('T') { text.clone() } else { format!("{text}T00:00:00Z") };
        whole
            .parse::<Timestamp>()
            .map(|instant| Self(instant.as_second()))
            .map_err(|error| format!("`{text}` is not a date: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_second() {
        let moment = Moment::try_from("2026-11-20".to_owned()).unwrap();
        assert_eq!(moment.iso_millis(), "2026-11-20T00:00:00.000Z");
        assert_eq!(moment.epoch(), 1_795_132_800);
        assert_eq!(Moment::STORY.iso(), "2026-11-20T12:00:00Z");
        assert_eq!(Moment::long_ago().iso(), "2025-03-11T09:30:00Z");
        assert!(Moment::try_from("yesterday".to_owned()).is_err());
    }
}
