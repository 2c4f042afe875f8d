//! How bad a finding is.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How bad a finding is, from least to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth doing some day.
    Low,
    /// Worth planning.
    Medium,
    /// Worth doing soon.
    High,
    /// Worth doing now.
    Critical,
}

impl Severity {
    /// Every severity, from least to worst.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name used in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step worse; critical stays critical.
    pub fn raised(self) -> Self {
        match self {
            Self::Info => Self::Low,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// One step better; info stays info.
    pub fn lowered(self) -> Self {
        match self {
            Self::Info | Self::Low => Self::Info,
            Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }
}

/// What makes a severity another one than a control and its verdict say by themselves.
///
/// The three published modifiers, and the organisation's own word, which ends the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modifier {
    /// The API server answers the internet (CP-01 fails): one step worse for controls of nodes and identities.
    Exposed,
    /// The cluster's labels name production: one step worse for controls of availability.
    Production,
    /// Another setting neutralises what is bad: one step better.
    Mitigated,
    /// The policy sets the control's severity itself.
    Policy,
}

impl Modifier {
    /// The reason in words, as reports give it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Exposed => "the API server answers the internet (CP-01)",
            Self::Production => "labelled as production",
            Self::Mitigated => "another setting neutralises it",
            Self::Policy => "set by your policy",
        }
    }

    pub(crate) fn apply(self, severity: Severity) -> Severity {
        match self {
            Self::Exposed | Self::Production => severity.raised(),
            Self::Mitigated => severity.lowered(),
            Self::Policy => severity,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no severity: choose info, low, medium, high or critical")]
pub struct ParseSeverityError(String);

impl FromStr for Severity {
    type Err = ParseSeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| ParseSeverityError(text.chars().take(40).collect()))
    }
}
