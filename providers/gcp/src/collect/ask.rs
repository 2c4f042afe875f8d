//! Sends one call, or all pages of one, and writes down what came of it.

use super::{
    clients::Clients,
    failure::{consumer, failure},
    patience::{NeverThrottled, Patience},
};
use crate::settings::Settings;
use google_cloud_gax::{backoff_policy::BackoffPolicy, options::RequestOptionsBuilder, retry_policy::RetryPolicy};
use palisade_provider::{Call, Exchange, Failure, FailureReason, Recorder};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeSet, hash_map::RandomState},
    hash::{BuildHasher as _, Hasher as _},
    sync::Arc,
};
use tokio::time::Instant;

/// What distinguishes a call from others of its name and scope.
pub(crate) type Params<'a> = &'a [(&'a str, &'a str)];

/// A call and the service that answers it.
pub(crate) type Question = (&'static Call, &'static str);

/// Asks on behalf of one unit, or of several that share the answer.
#[derive(Clone, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) clients: &'a Clients,
    pub(crate) settings: &'a Settings,
    pub(crate) recorder: Recorder,
    /// When the unit has to be done.
    pub(crate) deadline: Instant,
}

const LATE: &str = "no answer within the time limit of the call, the project or the target";

/// A service, as the pace counts it.
pub(crate) mod host {
    pub(crate) const CONTAINER: &str = "container.googleapis.com";
    pub(crate) const COMPUTE: &str = "compute.googleapis.com";
    pub(crate) const RESOURCES: &str = "cloudresourcemanager.googleapis.com";
    pub(crate) const IAM: &str = "iam.googleapis.com";
    pub(crate) const KMS: &str = "cloudkms.googleapis.com";
    pub(crate) const RECOMMENDER: &str = "recommender.googleapis.com";
    pub(crate) const LOGGING: &str = "logging.googleapis.com";
    pub(crate) const USAGE: &str = "serviceusage.googleapis.com";
    pub(crate) const BACKUP: &str = "gkebackup.googleapis.com";
    pub(crate) const ATTESTATION: &str = "binaryauthorization.googleapis.com";
    pub(crate) const CONSTRAINTS: &str = "orgpolicy.googleapis.com";
    pub(crate) const ARTIFACTS: &str = "artifactregistry.googleapis.com";
    pub(crate) const ASSETS: &str = "cloudasset.googleapis.com";
    pub(crate) const ANALYSIS: &str = "containeranalysis.googleapis.com";
}

impl Asker<'_> {
    /// The same, writing into a book of its own.
    pub(crate) fn apart(&self) -> Self {
        Self { recorder: self.recorder.for_unit(), ..self.clone() }
    }

    /// Asks for something that has one page. Returns it for those who plan the next calls. `strip` removes what must not
    /// be stored.
    pub(crate) async fn one<B, T, F>(
        &self,
        (call, host): Question,
        scope: &str,
        params: Params<'_>,
        builder: B,
        send: impl FnOnce(B) -> F,
        strip: impl FnOnce(&mut Value),
    ) -> Result<Value, FailureReason>
    where
        B: RequestOptionsBuilder,
        T: Serialize,
        F: Future<Output = google_cloud_gax::Result<T>>,
    {
        match self.send(host, scope, builder, send).await {
            Ok((mut value, exchange)) => {
                strip(&mut value);
                self.recorder.answered(call, scope, params, (0, true), value.clone(), exchange);
                Ok(value)
            }
            Err(Refusal { failure, exchange, .. }) => {
                let reason = failure.reason;
                self.recorder.failed(call, scope, params, 0, failure, exchange);
                Err(reason)
            }
        }
    }

    /// Asks for every page of a list. `builder` gets the token of the page, empty for the first one; `look` sees each page
    /// before it is stored: it removes what must not be, and takes what the next calls are planned with.
    pub(crate) async fn pages<B, T, F>(
        &self,
        (call, host): Question,
        scope: &str,
        params: Params<'_>,
        builder: impl Fn(String) -> B,
        send: impl Fn(B) -> F,
        look: impl FnMut(&mut Value),
    ) -> Result<(), FailureReason>
    where
        B: RequestOptionsBuilder,
        T: Serialize,
        F: Future<Output = google_cloud_gax::Result<T>>,
    {
        let refused = self.pages_until((call, host), scope, params, builder, send, look).await;
        refused.map_err(|(page, Refusal { failure, exchange, .. })| {
            let reason = failure.reason;
            self.recorder.failed(call, scope, params, page, failure, exchange);
            reason
        })
    }

    /// The same, leaving it to the caller to write down the page that was refused.
    pub(crate) async fn pages_until<B, T, F>(
        &self,
        (call, host): Question,
        scope: &str,
        params: Params<'_>,
        builder: impl Fn(String) -> B,
        send: impl Fn(B) -> F,
        mut look: impl FnMut(&mut Value),
    ) -> Result<(), (u32, Refusal)>
    where
        B: RequestOptionsBuilder,
        T: Serialize,
        F: Future<Output = google_cloud_gax::Result<T>>,
    {
        let mut page = 0_u32;
        let mut seen = BTreeSet::new();
        let mut token = String::new();
        loop {
            let sent = self.send(host, scope, builder(token), &send).await;
            let (mut value, exchange) = sent.map_err(|refusal| (page, refusal))?;
            look(&mut value);
            token = value.get("nextPageToken").and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
            let last = token.is_empty();
            self.recorder.answered(call, scope, params, (page, last), value, exchange);
            if last {
                return Ok(());
            }
            page = page.saturating_add(1);
            if !seen.insert(token.clone()) {
                let failure = Failure::new(FailureReason::Malformed, "the same page token came twice");
                return Err((page, Refusal { failure, consumer: None, exchange: None }));
            }
        }
    }

    /// Sends one question and writes nothing down. Returns the answer and how it came.
    pub(crate) async fn send<B, T, F>(
        &self,
        host: &'static str,
        scope: &str,
        builder: B,
        send: impl FnOnce(B) -> F,
    ) -> Result<(Value, Option<Exchange>), Refusal>
    where
        B: RequestOptionsBuilder,
        T: Serialize,
        F: Future<Output = google_cloud_gax::Result<T>>,
    {
        let limits = self.settings.limits;
        let transcript = self.recorder.transcript(host, scope);
        let alone = |failure| Refusal { failure, consumer: None, exchange: transcript.exchange() };
        let late = || alone(Failure::new(FailureReason::Unreachable, LATE));
        let permit = tokio::time::timeout_at(self.deadline, transcript.permit()).await.map_err(|_| late())?;
        let _permit = permit.map_err(|spent| alone(spent.into()))?;
        let patience = Patience::new(limits, &transcript);
        let id = call_id();
        let mut builder = builder
            .with_idempotency(true)
            .with_attempt_timeout(limits.attempt)
            .with_retry_policy(Arc::clone(&patience) as Arc<dyn RetryPolicy>)
            .with_backoff_policy(patience as Arc<dyn BackoffPolicy>)
            .with_retry_throttler(NeverThrottled)
            .with_user_agent(format!(concat!("palisade/", env!("CARGO_PKG_VERSION"), " (call {})"), id));
        if let Some(project) = &self.settings.quota_project {
            builder = builder.with_quota_project(project.clone());
        }
        let until = self.deadline.min(Instant::now() + limits.call);
        transcript.sent_as(&id).map_err(|spent| alone(spent.into()))?;
        let answer = tokio::time::timeout_at(until, Box::pin(send(builder))).await.map_err(|_| late())?;
        let answer = answer.map_err(|error| Refusal {
            failure: transcript.unasked().unwrap_or_else(|| failure(&error)),
            consumer: consumer(&error),
            exchange: transcript.exchange(),
        })?;
        let value = serde_json::to_value(answer);
        let value = value.map_err(|error| alone(Failure::new(FailureReason::Malformed, &error.to_string())))?;
        Ok((value, transcript.exchange()))
    }
}

/// An id for a call, 128 bits as hexadecimal. Google gives requests no id that its clients tell of; Cloud Audit Logs keep the
/// user agent (`protoPayload.requestMetadata.callerSuppliedUserAgent`), so it stands there.
/// <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog#RequestMetadata>
fn call_id() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

/// A page's token; none for the first page, for the services that tell an empty token from none.
pub(crate) fn after_first(token: String) -> Option<String> {
    (!token.is_empty()).then_some(token)
}

/// A question without an answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) failure: Failure,
    /// The project whose API is off, as `projects/NUMBER`, when that is why.
    pub(crate) consumer: Option<String>,
    /// How it went over the wire; `None` when nothing was sent.
    pub(crate) exchange: Option<Exchange>,
}
