//! What a run asked of the clouds, counted.

use crate::Provider;

/// How one operation of a cloud was asked in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// The cloud.
    pub provider: Provider,
    /// The service, in the provider's words: `eks`, `Microsoft.Network`, `container`.
    pub service: String,
    /// The operation, in the provider's words.
    pub operation: String,
    /// How often.
    pub count: CallCount,
}

/// How often something was asked, and how that went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Questions that were sent; each page of a list is one.
    pub calls: u64,
    /// Requests that repeated a question. All requests that were sent are `calls` and these.
    pub retried: u64,
    /// Requests that were answered with "slow down".
    pub throttled: u64,
    /// Questions that got no answer in the end, the sent ones and those that were not.
    pub failed: u64,
    /// Questions that were not sent, or not sent again, because the run's budget was used up. They are in `failed` too.
    pub unasked: u64,
}

impl CallCount {
    /// Every request that was sent.
    pub fn requests(self) -> u64 {
        self.calls + self.retried
    }

    /// Both counts in one.
    pub fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            retried: self.retried + other.retried,
            throttled: self.throttled + other.throttled,
            failed: self.failed + other.failed,
            unasked: self.unasked + other.unasked,
        }
    }

    /// All rows in one.
    pub fn total<'a>(rows: impl IntoIterator<Item = &'a CallRow>) -> Self {
        rows.into_iter().fold(Self::default(), |all, row| all.and(row.count))
    }
}
