//! The SDK's pipeline with our patience: bounded attempts, bounded waits, a watcher on every attempt.

use super::client::Attempts;
use crate::{Limits, Settings};
use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, TokenCredential},
    http::{
        ClientOptions, Context, Pipeline, Request, RetryOptions, StatusCode, Transport,
        headers::{AUTHORIZATION, HeaderName, Headers, RETRY_AFTER},
        policies::{Policy, PolicyResult, RetryHeaders, RetryPolicy, auth::BearerTokenAuthorizationPolicy},
    },
    time::{Duration, OffsetDateTime},
};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::Arc,
};
use tokio::sync::Mutex;

/// The longest wait between two attempts, whatever the service asks for.
const LONGEST_PAUSE: std::time::Duration = std::time::Duration::from_mins(1);

/// The headers with what Azure Resource Manager and Microsoft Graph call a request.
const REQUEST_IDS: [&str; 2] = ["x-ms-request-id", "request-id"];

/// The header with what Azure Resource Manager calls everything that a request set off.
const CORRELATION_IDS: [&str; 1] = ["x-ms-correlation-request-id"];

/// A token is renewed when less than this is left of it.
const RENEWAL: Duration = Duration::minutes(5);

/// Connections with our time limits. A proxy never stands before a loopback address.
pub(super) fn transport(limits: &Limits, loopback: bool) -> Result<Transport, String> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(limits.attempt.min(std::time::Duration::from_secs(5)))
        .timeout(limits.attempt)
        .redirect(reqwest::redirect::Policy::none());
    if loopback {
        builder = builder.no_proxy();
    }
    let client = builder.build().map_err(|error| format!("no connections can be made: {error}"))?;
    Ok(Transport::new(Arc::new(client)))
}

/// The pipeline of one target to one service, which tokens are made out for.
pub(super) fn new(
    settings: &Settings,
    transport: Transport,
    credential: Arc<dyn TokenCredential>,
    (audience, secured): (&'static str, bool),
) -> Pipeline {
    // The SDK's own policy refuses plain http, which is right everywhere but on loopback.
    let sign: Arc<dyn Policy> = if secured {
        Arc::new(BearerTokenAuthorizationPolicy::new(credential, [audience]))
    } else {
        Arc::new(LoopbackBearer { credential, audience, token: Mutex::new(None) })
    };
    let options = ClientOptions {
        retry: RetryOptions::custom(Arc::new(Patience::of(&settings.limits))),
        transport: Some(transport),
        ..ClientOptions::default()
    };
    Pipeline::new(
        option_env!("CARGO_PKG_NAME"),
        option_env!("CARGO_PKG_VERSION"),
        options,
        vec![],
        vec![sign, Arc::new(Watch { attempts: settings.limits.attempts })],
        None,
    )
}

/// Exponential pauses with jitter, as often as the limits say.
#[derive(Debug)]
pub(super) struct Patience {
    attempts: u32,
    first_pause: std::time::Duration,
    headers: RetryHeaders,
}

impl Patience {
    /// The patience the settings ask for.
    pub(super) fn of(limits: &Limits) -> Self {
        let milliseconds = ["x-ms-retry-after-ms", "retry-after-ms"].map(HeaderName::from_static);
        Self {
            attempts: limits.attempts.max(1),
            first_pause: limits.first_pause,
            headers: RetryHeaders { retry_headers: milliseconds.into_iter().chain([RETRY_AFTER]).collect() },
        }
    }

    /// How long to wait before the given attempt: what the service asks for, but no longer than we are ready to.
    fn pause(&self, retry_count: u32, asked: Option<Duration>) -> std::time::Duration {
        let doubled = self.first_pause.saturating_mul(1 << retry_count.saturating_sub(1).min(16));
        let own = doubled + jitter(doubled / 4);
        let asked = asked.map_or(std::time::Duration::ZERO, |asked| {
            std::time::Duration::from_millis(u64::try_from(asked.whole_milliseconds()).unwrap_or_default())
        });
        own.max(asked).min(LONGEST_PAUSE)
    }
}

/// Some part of `most`, different each time.
fn jitter(most: std::time::Duration) -> std::time::Duration {
    let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    std::time::Duration::from_millis(RandomState::new().build_hasher().finish() % millis)
}

#[async_trait]
impl RetryPolicy for Patience {
    fn is_expired(&self, _since_start: Duration, retry_count: u32) -> bool {
        retry_count + 1 >= self.attempts
    }

    fn retry_headers(&self) -> Option<&RetryHeaders> {
        Some(&self.headers)
    }

    fn retry_status_codes(&self) -> &[StatusCode] {
        // Empty: the SDK's own list, which is 408, 429, 500, 502, 503 and 504.
        &[]
    }

    fn sleep_duration(&self, retry_count: u32) -> Duration {
        Duration::try_from(self.pause(retry_count, None)).unwrap_or(Duration::ZERO)
    }

    async fn wait(&self, retry_count: u32, retry_after: Option<Duration>) {
        tokio::time::sleep(self.pause(retry_count, retry_after)).await;
    }
}

/// Notes what became of each attempt, and waits where the SDK would not: it honours `Retry-After` on 429 and 503 only, and
/// Azure sends it with other errors too (azure_core 1.1).
#[derive(Debug)]
struct Watch {
    attempts: u32,
}

/// How long a broken service asks to be left alone, where the SDK does not look.
fn left_alone(status: u16, retry_after: Option<&str>) -> std::time::Duration {
    let asked = match status {
        408 | 500 | 502 | 504 => retry_after.and_then(seconds).unwrap_or_default(),
        _ => std::time::Duration::ZERO,
    };
    asked.min(LONGEST_PAUSE)
}

/// What `Retry-After` says, when it says it in seconds.
fn seconds(retry_after: &str) -> Option<std::time::Duration> {
    retry_after.trim().parse().ok().map(std::time::Duration::from_secs)
}

/// The first of some headers that is there.
fn id<'a>(headers: &'a Headers, names: &[&'static str]) -> Option<&'a str> {
    names.iter().find_map(|name| headers.get_optional_str(&HeaderName::from_static(name)))
}

#[async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the trait hides this lifetime, and an implementation must hide it too")]
impl Policy for Watch {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let attempts = context.value::<Arc<Attempts>>();
        if let Some(attempts) = attempts {
            // Not an error of the transport: the SDK does not try again.
            attempts.sent().map_err(|spent| azure_core::Error::new(azure_core::error::ErrorKind::Other, spent))?;
        }
        let result = forward(context, request, next).await;
        if let Some(attempts) = attempts {
            match &result {
                Ok(response) => {
                    let headers = response.headers();
                    let ids = (id(headers, &REQUEST_IDS), id(headers, &CORRELATION_IDS));
                    let made = attempts.answered(response.status().into(), ids.0, ids.1);
                    let asked = response.headers().get_optional_str(&RETRY_AFTER);
                    if response.status() == StatusCode::TooManyRequests {
                        attempts.throttled(asked.and_then(seconds));
                    }
                    if made < self.attempts {
                        tokio::time::sleep(left_alone(response.status().into(), asked)).await;
                    }
                }
                Err(_) => attempts.silent(),
            }
        }
        result
    }
}

/// Signs requests to loopback addresses.
#[derive(Debug)]
struct LoopbackBearer {
    credential: Arc<dyn TokenCredential>,
    audience: &'static str,
    token: Mutex<Option<AccessToken>>,
}

impl LoopbackBearer {
    async fn token(&self) -> azure_core::Result<AccessToken> {
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.as_ref()
            && token.expires_on > OffsetDateTime::now_utc() + RENEWAL
        {
            return Ok(token.clone());
        }
        let token = self.credential.get_token(&[self.audience], None).await?;
        Ok(cached.insert(token).clone())
    }
}

#[async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the trait hides this lifetime, and an implementation must hide it too")]
impl Policy for LoopbackBearer {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let token = self.token().await?;
        request.insert_header(AUTHORIZATION, format!("Bearer {}", token.token.secret()));
        forward(context, request, next).await
    }
}

async fn forward(context: &Context<'_>, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
    match next.split_first() {
        Some((policy, rest)) => policy.send(context, request, rest).await,
        // INVARIANT: the SDK puts its transport last.
        None => {
            Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "the pipeline has no transport"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_asks_for_is_honoured_and_bounded() {
        let patience = Patience::of(&Limits::default());
        assert!(patience.pause(1, Some(Duration::seconds(7))) >= std::time::Duration::from_secs(7));
        assert_eq!(patience.pause(1, Some(Duration::seconds(3600))), LONGEST_PAUSE);
        assert!(patience.pause(1, Some(Duration::seconds(-5))) < std::time::Duration::from_secs(1));
    }

    #[test]
    fn a_broken_service_is_left_alone_as_long_as_it_asks() {
        let seconds = std::time::Duration::from_secs;
        assert_eq!(left_alone(500, Some("3")), seconds(3));
        assert_eq!(left_alone(504, Some("86400")), LONGEST_PAUSE);
        // The SDK waits by itself, or there is nothing to wait for.
        for (status, asked) in [(429, Some("3")), (503, Some("3")), (200, Some("3")), (500, None), (500, Some("soon"))]
        {
            assert_eq!(left_alone(status, asked), seconds(0), "{status} {asked:?}");
        }
    }

    #[test]
    fn pauses_grow_and_attempts_end() {
        let patience = Patience::of(&Limits::default());
        assert!(patience.pause(1, None) >= std::time::Duration::from_millis(400));
        assert!(patience.pause(3, None) >= std::time::Duration::from_millis(1600));
        let expired: Vec<bool> = (0..4).map(|count| patience.is_expired(Duration::ZERO, count)).collect();
        assert_eq!(expired, [false, false, false, true]);
    }
}
