//! How a requirement stands.

use palisade_engine::{Finding, State};
use std::fmt;

/// How a requirement stands.
///
/// The order is "worst last": of several the last one counts. An accepted risk is better than what nobody knows, because
/// somebody looked and decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is proven that there is nothing here that it could be about.
    NotApplicable,
    /// The cloud provider is responsible, and says so.
    Inherited,
    /// Everything that speaks to it was read or answered, and is good.
    Satisfied,
    /// It does not hold, and somebody has accepted that for a time.
    Accepted,
    /// Something that could show that it does not hold was not read, not answered or is not checked.
    Unknown,
    /// It is proven not to hold.
    NotSatisfied,
}

impl Status {
    /// Every one, worst last.
    pub const ALL: [Self; 6] =
        [Self::NotApplicable, Self::Inherited, Self::Satisfied, Self::Accepted, Self::Unknown, Self::NotSatisfied];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Inherited => "inherited",
            Self::Satisfied => "satisfied",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::NotSatisfied => "not-satisfied",
        }
    }

    /// As people say it.
    pub fn said(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Inherited => "inherited",
            Self::Satisfied => "satisfied",
            Self::Accepted => "accepted deviation",
            Self::Unknown => "unknown",
            Self::NotSatisfied => "not satisfied",
        }
    }

    /// What a finding says of a requirement.
    pub fn of(finding: &Finding) -> Self {
        // A verdict that rests on no record is none.
        let if_seen = |status| if finding.evidence.is_empty() { Self::Unknown } else { status };
        match finding.state {
            State::Fail | State::AttestMissing | State::AttestExpired if finding.waived => Self::Accepted,
            State::Fail => Self::NotSatisfied,
            State::Unknown | State::AttestMissing | State::AttestExpired => Self::Unknown,
            State::Pass | State::Mitigated => if_seen(Self::Satisfied),
            State::Inherited => if_seen(Self::Inherited),
            State::NotApplicable => if_seen(Self::NotApplicable),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 6]);

impl Counts {
    /// One more.
    pub fn add(&mut self, status: Status) {
        for (count, one) in self.0.iter_mut().zip(Status::ALL) {
            *count += u64::from(one == status);
        }
    }

    /// How many have a status.
    pub fn of(&self, status: Status) -> u64 {
        self.iter().find(|(one, _)| *one == status).map_or(0, |(_, count)| count)
    }

    /// How many there are together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every status with its number, worst last.
    pub fn iter(&self) -> impl Iterator<Item = (Status, u64)> + '_ {
        Status::ALL.into_iter().zip(self.0)
    }

    /// The worst that there is.
    pub fn worst(&self) -> Option<Status> {
        self.iter().filter(|(_, count)| *count > 0).map(|(status, _)| status).last()
    }
}
