//! How fast a service is asked, and how often in all.

use crate::{Failure, FailureReason, Quota, pace::Pace};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What a run may ask of the clouds at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// Requests that may be sent in the whole run, the repeated ones included. `None`: as many as it takes.
    pub max_calls: Option<u64>,
    /// The share of each published quota that may be used, in percent. `None`: as fast as the services answer, until one asks
    /// to slow down.
    pub share_of_quota: Option<u8>,
}

/// The run's budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run's budget of {max_calls} calls is used up: raise `limits.max_calls`, or read less in one run")]
pub struct BudgetSpent {
    /// How many requests there were to be.
    pub max_calls: u64,
}

impl From<BudgetSpent> for Failure {
    fn from(spent: BudgetSpent) -> Self {
        Self::new(FailureReason::NotAsked, &spent.to_string())
    }
}

/// How many requests a run may still send. Every request takes one when it leaves, so there are never more.
#[derive(Debug)]
pub(crate) struct Budget {
    max_calls: Option<u64>,
    left: AtomicU64,
}

impl Budget {
    pub(crate) fn new(max_calls: Option<u64>) -> Self {
        Self { max_calls, left: AtomicU64::new(max_calls.unwrap_or(0)) }
    }

    /// Takes one.
    pub(crate) fn take(&self) -> Result<(), BudgetSpent> {
        let Some(max_calls) = self.max_calls else { return Ok(()) };
        let taken = self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        taken.map(drop).map_err(|_| BudgetSpent { max_calls })
    }

    /// Whether there is one, without taking it.
    pub(crate) fn look(&self) -> Result<(), BudgetSpent> {
        match self.max_calls {
            Some(max_calls) if self.left.load(Ordering::Acquire) == 0 => Err(BudgetSpent { max_calls }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Where one rate holds: what one credential asks of one service in one region.
#[derive(Debug)]
pub(crate) struct Lane(Mutex<Bucket>);

impl Lane {
    pub(crate) fn new(quota: Option<&Quota>, share: Option<u8>) -> Self {
        Self(Mutex::new(Bucket::new(quota.zip(share), Instant::now())))
    }

    /// Takes a token and waits until it is there, and until the end of a rest that the service asks for meanwhile.
    pub(crate) async fn wait(&self) {
        let mut wait = self.with(|bucket| bucket.take(Instant::now()));
        while !wait.is_zero() {
            tokio::time::sleep(wait).await;
            wait = self.with(|bucket| bucket.rest(Instant::now()));
        }
    }

    /// Takes a token for a request that does not wait here, since its client waits by itself before it asks again. Those who
    /// come next wait for it.
    pub(crate) fn owe(&self) {
        self.with(|bucket| bucket.take(Instant::now()));
    }

    /// The service has asked to slow down, perhaps for this long.
    pub(crate) fn slow_down(&self, asked: Option<Duration>) {
        self.with(|bucket| bucket.slow_down(Instant::now(), asked));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Bucket) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The slowest that a service is asked, however often it asks to slow down, in requests a second.
const SLOWEST: f64 = 0.5;
/// What is left of the rate when a service asks to slow down.
const CUT: f64 = 0.5;
/// What of the rate that was too much comes back in a second.
const REGAIN: f64 = 0.02;
/// A service asks to slow down in all answers that are under way: those of this time are one sign.
const ONE_SIGN: Duration = Duration::from_secs(1);
/// The longest that a service is left alone, whatever it asks for.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Over how long the rate is seen at which requests leave.
const SEEN: Duration = Duration::from_secs(1);

/// A token bucket whose rate is learned. Knows no clock: every change is told the time.
///
/// Without a share of a published quota there is no rate at first, and nobody waits. When the service asks to slow down, the
/// rate becomes half of what left in the last second; then it grows by a fiftieth of what was too much in every second, and at
/// twice that it is forgotten. With a share it begins with the share and never grows above it.
#[derive(Debug)]
struct Bucket {
    /// Tokens a second. `None`: nobody waits.
    rate: Option<f64>,
    /// Where the rate ends its growth. `None`: there it is forgotten.
    most: Option<f64>,
    /// The rate that was too much.
    too_much: f64,
    /// The most tokens that are saved up.
    burst: f64,
    /// Negative: so many have been promised.
    tokens: f64,
    filled_at: Instant,
    slowed_at: Option<Instant>,
    rest_until: Instant,
    seen: Seen,
}

impl Bucket {
    fn new(quota: Option<(&Quota, u8)>, now: Instant) -> Self {
        let share = |of: u32, share: u8| f64::from(of) * f64::from(share) / 100.0;
        let most = quota.map(|(quota, percent)| {
            (share(quota.requests, percent) / f64::from(quota.per_seconds.max(1))).max(f64::MIN_POSITIVE)
        });
        let burst = quota.map_or(1.0, |(quota, percent)| share(quota.burst, percent).max(1.0));
        Self {
            rate: most,
            most,
            too_much: 0.0,
            burst,
            tokens: burst,
            filled_at: now,
            slowed_at: None,
            rest_until: now,
            seen: Seen { since: now, count: 0, before: 0.0 },
        }
    }

    /// Takes a token. How long to wait for it.
    fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.seen.count(now);
        let rest = self.rest(now);
        let Some(rate) = self.rate else { return rest };
        self.tokens -= 1.0;
        let owed = if self.tokens < 0.0 { -self.tokens / rate } else { 0.0 };
        rest.max(Duration::try_from_secs_f64(owed).unwrap_or(Duration::MAX))
    }

    /// For how long the service still wants to be left alone.
    fn rest(&self, now: Instant) -> Duration {
        self.rest_until.saturating_duration_since(now)
    }

    /// The tokens and the rate of the time that has passed.
    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        let Some(rate) = self.rate else { return };
        self.tokens = (self.tokens + rate * passed).min(self.burst);
        if self.slowed_at.is_none() {
            return;
        }
        let grown = rate + self.too_much * REGAIN * passed;
        let end = self.most.unwrap_or(self.too_much * 2.0);
        self.rate = if grown < end { Some(grown) } else { self.most };
        if grown >= end {
            self.slowed_at = None;
        }
    }

    fn slow_down(&mut self, now: Instant, asked: Option<Duration>) {
        self.fill(now);
        let rest = asked.unwrap_or_default().min(LONGEST_REST);
        self.rest_until = self.rest_until.max(now + rest);
        if self.slowed_at.is_some_and(|at| now.saturating_duration_since(at) < ONE_SIGN) {
            return;
        }
        let seen = self.seen.rate(now);
        let was = self.rate.map_or(seen, |rate| rate.min(seen.max(SLOWEST)));
        self.too_much = was.max(SLOWEST);
        self.rate = Some((self.too_much * CUT).max(SLOWEST.min(self.most.unwrap_or(SLOWEST))));
        self.tokens = self.tokens.min(0.0);
        self.slowed_at = Some(now);
    }
}

/// How many requests leave in a second.
#[derive(Debug)]
struct Seen {
    since: Instant,
    count: u32,
    /// A second, in the time before.
    before: f64,
}

impl Seen {
    fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= SEEN {
            self.before = f64::from(self.count) / passed.as_secs_f64();
            (self.since, self.count) = (now, 0);
        }
        self.count = self.count.saturating_add(1);
    }

    fn rate(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        // What left within a moment counts as of a whole second.
        (f64::from(self.count) / passed.max(1.0)).max(if passed < 1.0 { self.before } else { 0.0 })
    }
}

/// One question's way out: its lane, and the budget of the run.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) pace: Arc<Pace>,
    pub(crate) lane: Arc<Lane>,
    pub(crate) host: Arc<str>,
    pub(crate) scope: Arc<str>,
}

#[cfg(test)]
mod tests;
