//! What providers have retired or will, with the day and where they say so: data, checked on 2026-11-29.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_model::Provider;
use std::sync::LazyLock;

/// `provider,role,word,ends,source`; a word without a day is one that the provider offers and has announced no end of.
const TABLE: &str = include_str!("retirements.csv");

/// How long something lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    provider: &'static str,
    role: &'static str,
    word: &'static str,
    /// The day it ends, when one is announced.
    pub(crate) ends: Option<Date>,
    /// Where the provider says so.
    pub(crate) source: &'static str,
}

static LIVES: LazyLock<Vec<Life>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

/// What is known of something; nothing when the table does not know the word.
pub(crate) fn life(provider: Provider, role: &str, word: &str) -> Option<Life> {
    let provider = name(provider);
    let is_it = |life: &&Life| life.provider == provider && life.role == role && life.word.eq_ignore_ascii_case(word);
    LIVES.iter().find(is_it).copied()
}

/// The day of a moment, in UTC.
pub(crate) fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
        Provider::Kubernetes => "kubernetes",
    }
}

fn row(line: &'static str) -> Option<Life> {
    let fields: Vec<&'static str> = line.split(',').collect();
    let [provider, role, word, ends, source] = fields.as_slice() else { return None };
    let ends = if ends.is_empty() { None } else { Some(ends.parse().ok()?) };
    Some(Life { provider, role, word, ends, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_can_be_read_and_says_where_it_is_from() {
        assert_eq!(LIVES.len(), TABLE.lines().count() - 1);
        for life in LIVES.iter() {
            assert!(life.source.starts_with("https://"), "{life:?}");
            assert!(["aws", "azure", "gcp"].contains(&life.provider), "{life:?}");
        }
        let mut keys: Vec<_> = LIVES.iter().map(|life| (life.provider, life.role, life.word)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), LIVES.len());
    }

    #[test]
    fn a_word_is_known_with_or_without_an_end_or_not_at_all() {
        let ends = |role, word| life(Provider::Azure, role, word).map(|life| life.ends.map(|day| day.to_string()));
        assert_eq!(ends("network plugin", "Kubenet"), Some(Some("2028-03-31".to_owned())));
        assert_eq!(ends("node image", "Azure Linux 3"), Some(None));
        assert_eq!(ends("node image", "Slackware"), None);
    }
}
