//! What no API tells: what people are asked, what they said, and how long that counts.
//!
//! An answer is somebody's word with a date. It never outlives its own last day, the age that its control allows, or the
//! age of what it says was done; what is missing or too old is a state of its own and never a pass.

mod ask;
mod hear;

pub use ask::{AnswerKind, Asks, Enough, Question, Widest};
pub use hear::{Heard, hear};

use crate::{Grounds, Policy, waiver::is_called};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use palisade_model::{Cluster, Digest, Evidence};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// The call that stands in the evidence of what rests on an answer.
pub const ANSWERS: &str = "answers";

/// The call that stands in the evidence of what rests on the file of accepted risks.
pub const WAIVERS: &str = "waivers";

/// What was said to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Yes.
    Yes,
    /// Some of it, or at some places.
    Partly,
    /// No.
    No,
    /// It was never done.
    Never,
    /// On this day.
    Day(Date),
    /// So many.
    Number(u32),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::Partly => f.write_str("partly"),
            Self::No => f.write_str("no"),
            Self::Never => f.write_str("never"),
            Self::Day(day) => day.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// For which clusters somebody answered, narrower ones last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnsweredFor {
    /// For all of them.
    Fleet,
    /// For those whose label `environment`, `env` or `stage` says so.
    Environment(String),
    /// For one, by its id or name, as a waiver names it.
    Cluster(String),
}

impl AnsweredFor {
    /// Whether a cluster is one of them. All words that the policy has for production mean the same environment.
    pub fn holds(&self, cluster: &Cluster, policy: &Policy) -> bool {
        match self {
            Self::Fleet => true,
            Self::Cluster(wanted) => is_called((cluster.id.as_str(), &cluster.name), wanted),
            Self::Environment(wanted) => environments(cluster).any(|has| {
                let word = |text: &str| policy.production.contains(&text.to_ascii_lowercase());
                has.eq_ignore_ascii_case(wanted) || (word(has) && word(wanted))
            }),
        }
    }
}

impl fmt::Display for AnsweredFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str("the whole fleet"),
            Self::Environment(name) => write!(f, "environment `{name}`"),
            Self::Cluster(name) => write!(f, "cluster `{name}`"),
        }
    }
}

/// The labels that name a cluster's environment.
pub(crate) const ENVIRONMENT_LABELS: [&str; 3] = ["environment", "env", "stage"];

/// What a cluster's labels say its environment is; hostile text.
pub fn environments(cluster: &Cluster) -> impl Iterator<Item = &str> {
    ENVIRONMENT_LABELS.into_iter().flat_map(|wanted| {
        let named = move |(label, _): &(&String, &String)| label.eq_ignore_ascii_case(wanted);
        cluster.labels.iter().filter(named).map(|(_, value)| value.as_str())
    })
}

/// What somebody said about one control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The control that asks.
    pub control: String,
    /// For which clusters.
    pub of: AnsweredFor,
    /// What was said, by the name of the question.
    pub values: BTreeMap<String, Value>,
    /// Who said it. Hostile text.
    pub by: String,
    /// On which day.
    pub on: Date,
    /// The last day on which it counts, when whoever answered set one.
    pub expires: Option<Date>,
    /// Where that can be looked up. Hostile text.
    pub evidence: Option<String>,
    /// Something to add. Hostile text.
    pub note: Option<String>,
}

/// Until when an answer counts, and what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// The first moment at which it does not count any more.
    pub at: Timestamp,
    /// The last day on which it counts, in UTC.
    pub last_day: Date,
    /// What ends it.
    pub because: Limit,
}

/// What ends an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Its own last day.
    Own,
    /// The control takes no answer that is older than so many days.
    Answered {
        /// The oldest that counts, in days.
        days: u32,
    },
    /// What it says was done was done longer ago than the control takes.
    Done {
        /// The question.
        question: &'static str,
        /// The longest ago that counts, in days.
        days: u32,
    },
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("it was given until then"),
            Self::Answered { days } => write!(f, "an answer counts for {days} days"),
            Self::Done { question, days } => write!(f, "`{question}` counts for {days} days"),
        }
    }
}

impl Answer {
    /// Until when it counts: the earliest of all its limits.
    pub fn until(&self, asks: &Asks) -> Until {
        let after = |day: Date, days: u32| day.saturating_add(Span::new().days(days));
        let own = self.expires.map(|day| (day, Limit::Own));
        let age = (after(self.on, asks.days), Limit::Answered { days: asks.days });
        let done = asks.questions.iter().filter_map(|question| match (question.kind, self.values.get(question.name)) {
            (AnswerKind::Day { within_days: days }, Some(Value::Day(day))) => {
                Some((after(*day, days), Limit::Done { question: question.name, days }))
            }
            _ => None,
        });
        let (last_day, because) =
            own.into_iter().chain(done).fold(age, |least, next| if next.0 < least.0 { next } else { least });
        Until { at: end_of(last_day), last_day, because }
    }

    /// The number that was said to a question.
    pub fn number(&self, question: &str) -> Option<u32> {
        match self.values.get(question) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// What was said, in the order of the questions.
    pub fn said(&self, asks: &Asks) -> String {
        let said = asks.questions.iter().filter_map(|question| {
            let value = self.values.get(question.name)?;
            Some(match question.kind {
                AnswerKind::Number { unit, .. } => format!("{} {value} {unit}", question.name),
                AnswerKind::Choice | AnswerKind::Day { .. } => format!("{} {value}", question.name),
            })
        });
        said.collect::<Vec<_>>().join(", ")
    }

    /// The SHA-256 of what it says: the same words by the same person are the same record, wherever they stand in a file.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let mut take = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        take(&self.control);
        take(&self.of.to_string());
        for (question, value) in &self.values {
            take(question);
            take(&value.to_string());
        }
        take(&self.by);
        take(&self.on.to_string());
        for optional in [self.expires.map(|day| day.to_string()), self.evidence.clone(), self.note.clone()] {
            take(if optional.is_some() { "1" } else { "0" });
            take(optional.as_deref().unwrap_or_default());
        }
        Digest::from_bytes(hash.finalize().into())
    }
}

/// The end of a day in UTC.
fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    next.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The SHA-256 of a file's text.
pub fn digest_of(text: &str) -> Digest {
    Digest::from_bytes(Sha256::digest(text).into())
}

/// Everything that people said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    entries: Vec<Answer>,
    /// Where they stand, by control: a fleet asks for every cluster and control.
    index: BTreeMap<String, Places>,
    /// The record of each entry.
    records: Vec<Arc<[Evidence]>>,
    /// Where the entry of a record stands.
    places: BTreeMap<Digest, usize>,
    /// The record of the whole, for what is not in it.
    whole: Arc<[Evidence]>,
    /// The file, if there is one.
    file: Option<Digest>,
}

/// Where the answers about one control stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places {
    fleet: Vec<usize>,
    environments: Vec<usize>,
    clusters: BTreeMap<String, Vec<usize>>,
}

impl Default for Answers {
    fn default() -> Self {
        let whole = Arc::from([record(digest_of(""))]);
        let (entries, index, records, places) = (Vec::new(), BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { entries, index, records, places, whole, file: None }
    }
}

impl Answers {
    /// What a file says, and its text.
    pub fn new(entries: Vec<Answer>, text: &str) -> Self {
        let file = digest_of(text);
        let mut index = BTreeMap::<String, Places>::new();
        for (place, entry) in entries.iter().enumerate() {
            let places = index.entry(entry.control.clone()).or_default();
            match &entry.of {
                AnsweredFor::Fleet => places.fleet.push(place),
                AnsweredFor::Environment(_) => places.environments.push(place),
                AnsweredFor::Cluster(name) => places.clusters.entry(name.clone()).or_default().push(place),
            }
        }
        let digests: Vec<Digest> = entries.iter().map(Answer::digest).collect();
        let records = digests.iter().map(|digest| Arc::from([record(*digest)])).collect();
        let places = digests.into_iter().zip(0..).collect();
        Self { entries, index, records, places, whole: Arc::from([record(file)]), file: Some(file) }
    }

    /// The answers, in the order of the file.
    pub fn entries(&self) -> &[Answer] {
        &self.entries
    }

    /// The SHA-256 of the file. `None`: there is none.
    pub fn digest(&self) -> Option<Digest> {
        self.file
    }

    /// The places of the answers to a control that count for a cluster: the narrowest there are, in the order of the file.
    pub fn about(&self, control: &str, cluster: &Cluster, policy: &Policy) -> Vec<usize> {
        let Some(places) = self.index.get(control) else { return Vec::new() };
        let names = BTreeSet::from([cluster.id.as_str(), cluster.name.as_str()]);
        let mut own: Vec<usize> =
            names.iter().filter_map(|name| places.clusters.get(*name)).flatten().copied().collect();
        own.sort_unstable();
        if !own.is_empty() {
            return own;
        }
        let holds = |place: &usize| self.entries.get(*place).is_some_and(|entry| entry.of.holds(cluster, policy));
        let of_environment: Vec<usize> = places.environments.iter().copied().filter(holds).collect();
        if of_environment.is_empty() { places.fleet.clone() } else { of_environment }
    }

    /// The answer to a control that something rests on, by its place; `Some(None)` when it rests on nobody having
    /// answered, `None` when it rests on nobody's word.
    pub fn behind(&self, control: &str, grounds: &Grounds) -> Option<Option<usize>> {
        let digests: Vec<Digest> = answers_behind(grounds).collect();
        let own = |place: &usize| self.entries.get(*place).is_some_and(|entry| entry.control == control);
        let place = digests.iter().filter_map(|digest| self.places.get(digest)).copied().find(own);
        if digests.is_empty() { None } else { Some(place) }
    }

    /// The record of an entry, or of the whole where nobody answered.
    fn record(&self, place: Option<usize>) -> &Arc<[Evidence]> {
        place.and_then(|place| self.records.get(place)).unwrap_or(&self.whole)
    }
}

/// The records of people's word that something rests on.
pub fn answers_behind(grounds: &Grounds) -> impl Iterator<Item = Digest> {
    grounds.records().into_iter().filter(|record| &*record.call == ANSWERS).map(|record| record.digest)
}

fn record(digest: Digest) -> Evidence {
    Evidence { digest, call: Arc::from(ANSWERS), pointer: Arc::from("") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKS: Asks = Asks {
        widest: Widest::Fleet,
        days: 365,
        evidence: false,
        questions: &[
            Question { name: "tested-on", asks: "When?", kind: AnswerKind::Day { within_days: 180 } },
            Question { name: "worked", asks: "Did it?", kind: AnswerKind::Choice },
        ],
    };

    fn answer(tested: &str, on: &str, expires: Option<&str>) -> Answer {
        Answer {
            control: "DR-02".to_owned(),
            of: AnsweredFor::Fleet,
            values: BTreeMap::from([
                ("tested-on".to_owned(), Value::Day(tested.parse().unwrap())),
                ("worked".to_owned(), Value::Yes),
            ]),
            by: "ana".to_owned(),
            on: on.parse().unwrap(),
            expires: expires.map(|day| day.parse().unwrap()),
            evidence: None,
            note: None,
        }
    }

    #[test]
    fn the_earliest_limit_ends_an_answer_and_is_named() {
        let until = |tested, on, expires| {
            let until = answer(tested, on, expires).until(&ASKS);
            (until.last_day.to_string(), until.because.to_string())
        };
        let told = |day: &str, because: &str| (day.to_owned(), because.to_owned());
        assert_eq!(until("2026-01-01", "2026-06-01", None), told("2026-06-30", "`tested-on` counts for 180 days"));
        assert_eq!(
            until("2026-01-01", "2026-01-01", Some("2026-02-01")),
            told("2026-02-01", "it was given until then")
        );
        let never = Answer {
            values: BTreeMap::from([("tested-on".to_owned(), Value::Never)]),
            ..answer("2026-01-01", "2026-01-01", None)
        };
        assert_eq!(never.until(&ASKS).last_day.to_string(), "2027-01-01");
        assert_eq!(never.until(&ASKS).at.to_string(), "2027-01-02T00:00:00Z");
    }

    #[test]
    fn the_record_of_an_answer_is_its_words_and_not_its_place() {
        let (one, other) = (answer("2026-01-01", "2026-06-01", None), answer("2026-01-02", "2026-06-01", None));
        assert_eq!(one.digest(), one.clone().digest());
        let changed = [
            other.clone(),
            Answer { by: "ben".to_owned(), ..one.clone() },
            Answer { evidence: Some(String::new()), ..one.clone() },
            Answer { note: Some(String::new()), ..one.clone() },
            Answer { of: AnsweredFor::Cluster("the whole fleet".to_owned()), ..one.clone() },
        ];
        for changed in changed {
            assert_ne!(changed.digest(), one.digest(), "{changed:?}");
        }
        let (forth, back) = (Answers::new(vec![one.clone(), other.clone()], "a"), Answers::new(vec![other, one], "b"));
        assert_eq!(forth.record(Some(0)), back.record(Some(1)));
        assert_ne!(forth.record(None), back.record(None));
    }
}
