//! How often a call is tried again, and how long we wait in between.

use crate::settings::Limits;
use google_cloud_gax::{
    backoff_policy::BackoffPolicy,
    error::{Error, rpc::Code, rpc::StatusDetails},
    exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder},
    retry_policy::RetryPolicy,
    retry_result::RetryResult,
    retry_state::RetryState,
    retry_throttler::RetryThrottler,
};
use palisade_provider::{Attempt, Transcript};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Longest wait a service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The patience one call gets: standard exponential backoff with jitter, and what the service asked for if that is
/// longer.
///
/// The client libraries retry neither 429 nor 500 nor a timeout by themselves. Everything we ask is a read, also the
/// reads that are sent as POST, so trying again is always safe.
#[derive(Debug)]
pub(crate) struct Patience {
    attempts: u32,
    transcript: Transcript,
    backoff: ExponentialBackoff,
    /// What the service asked for after the last attempt, in milliseconds.
    asked_for: AtomicU64,
}

impl Patience {
    pub(crate) fn new(limits: Limits, transcript: &Transcript) -> Arc<Self> {
        let backoff = ExponentialBackoffBuilder::new()
            .with_initial_delay(limits.first_pause)
            .with_maximum_delay(limits.first_pause.saturating_mul(16))
            .with_scaling(2.0)
            .clamp();
        let (attempts, transcript) = (limits.attempts, transcript.clone());
        Arc::new(Self { attempts, transcript, backoff, asked_for: AtomicU64::new(0) })
    }
}

impl RetryPolicy for Patience {
    fn on_error(&self, state: &RetryState, error: Error) -> RetryResult {
        let asked_for = wait_asked_for(&error);
        self.asked_for.store(asked_for, Ordering::Relaxed);
        if let Some(status) = error.http_status_code() {
            self.transcript.answered(Attempt::answered(status, request_id(&error), None));
        }
        if !is_passing(&error) {
            return RetryResult::Permanent(error);
        }
        if is_throttled(&error) {
            self.transcript.throttled((asked_for > 0).then(|| Duration::from_millis(asked_for)));
        }
        if state.attempt_count >= self.attempts {
            return RetryResult::Exhausted(error);
        }
        // When the run's budget is used up, that is the reason that counts.
        if self.transcript.sent().is_err() {
            return RetryResult::Exhausted(error);
        }
        RetryResult::Continue(error)
    }
}

impl BackoffPolicy for Patience {
    fn on_failure(&self, state: &RetryState) -> Duration {
        let asked_for = Duration::from_millis(self.asked_for.load(Ordering::Relaxed)).min(LONGEST_WAIT);
        self.backoff.on_failure(state).max(asked_for)
    }
}

/// Lets every retry through: four attempts bound them already, and a client is shared by many projects, so one that is
/// throttled must not use up the retries of the others.
#[derive(Debug)]
pub(crate) struct NeverThrottled;

impl RetryThrottler for NeverThrottled {
    fn throttle_retry_attempt(&self) -> bool {
        false
    }

    fn on_retry_failure(&mut self, _: &RetryResult) {}

    fn on_success(&mut self) {}
}

/// Whether the service asked us to slow down.
pub(crate) fn is_throttled(error: &Error) -> bool {
    if error.http_status_code() == Some(429) {
        return true;
    }
    let Some(status) = error.status() else { return false };
    status.code == Code::ResourceExhausted || reason(error).is_some_and(|reason| reason.ends_with("RATE_LIMIT_EXCEEDED"))
        // Compute Engine answers 403 with its own, older words.
        || (error.http_status_code() == Some(403) && status.message.to_ascii_lowercase().contains("rate limit exceeded"))
}

/// The machine-readable reason, when the service gave one.
pub(crate) fn reason(error: &Error) -> Option<&str> {
    error.status()?.details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
        _ => None,
    })
}

/// What the service calls the request, where an error says it.
fn request_id(error: &Error) -> Option<&str> {
    error.status()?.details.iter().find_map(|detail| match detail {
        StatusDetails::RequestInfo(info) => Some(info.request_id.as_str()),
        _ => None,
    })
}

/// Whether the next attempt may go better.
fn is_passing(error: &Error) -> bool {
    let server_side = error.http_status_code().is_some_and(|status| status >= 500 && status != 501);
    is_throttled(error)
        || server_side
        || error.is_timeout()
        || error.is_io()
        || error.is_connect()
        || error.is_transport()
        || (error.is_authentication() && error.is_transient_and_before_rpc())
}

/// The wait the service asked for, in milliseconds.
fn wait_asked_for(error: &Error) -> u64 {
    let header = error
        .http_headers()
        .and_then(|headers| headers.get("retry-after"))
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse::<u64>().ok())
        .map(|seconds| seconds.saturating_mul(1000));
    let detail = error.status().and_then(|status| {
        status.details.iter().find_map(|detail| match detail {
            StatusDetails::RetryInfo(info) => info.retry_delay.map(|delay| {
                u64::try_from(delay.seconds()).unwrap_or(0).saturating_mul(1000)
                    + u64::try_from(delay.nanos()).unwrap_or(0) / 1_000_000
            }),
            _ => None,
        })
    });
    header.into_iter().chain(detail).max().unwrap_or(0)
}
