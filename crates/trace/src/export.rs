//! Sends spans, some at a time.

use crate::{Settings, Span, request};
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use std::time::Duration;

/// How many spans one request has at most. A span has about 300 bytes; collectors take four megabytes.
pub(crate) const BATCH: usize = 2_000;

/// How often a batch is sent before it is given up.
const ATTEMPTS: u32 = 3;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a batch did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// No connection could be had, or it broke.
    #[error("the collector could not be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It refused.
    #[error("the collector answered with {0}")]
    Refused(StatusCode),
}

/// A way to a collector.
#[derive(Debug)]
pub(crate) struct Exporter {
    client: Client,
    settings: Settings,
    version: &'static str,
}

impl Exporter {
    pub(crate) fn new(settings: Settings, version: &'static str) -> Result<Self, reqwest::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        for (name, value) in &settings.headers {
            // What is no header cannot be sent; the settings took only names that can be.
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let client = Client::builder()
            .default_headers(headers)
            .timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, settings, version })
    }

    /// Sends spans. What a collector cannot take now is sent again, since it throws away what it has twice. Where no connection
    /// can be had, nothing is tried again: the end of a run would wait for nobody, once for each batch.
    pub(crate) async fn send(&self, spans: &[Span]) -> Result<(), ExportError> {
        let body = request(spans, &self.settings.service, self.version);
        for attempt in 1.. {
            let sent = self.client.post(self.settings.endpoint.clone()).body(body.clone()).send().await;
            let pause = match &sent {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                // The statuses that the protocol says may pass.
                Ok(answer) if [429, 502, 503, 504].contains(&answer.status().as_u16()) => {
                    let asked = answer.headers().get("retry-after").and_then(|text| text.to_str().ok()?.parse().ok());
                    asked.map_or(Duration::from_millis(200) * attempt, Duration::from_secs)
                }
                Ok(answer) => return Err(ExportError::Refused(answer.status())),
                Err(_) => Duration::from_millis(200) * attempt,
            };
            let is_away = sent.as_ref().is_err_and(reqwest::Error::is_connect);
            if is_away || attempt >= ATTEMPTS {
                return Err(sent.map_or_else(
                    |error| ExportError::Unreachable(error.without_url()),
                    |answer| ExportError::Refused(answer.status()),
                ));
            }
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
        Ok(())
    }
}
