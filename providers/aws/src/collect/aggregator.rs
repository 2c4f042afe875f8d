//! Asks AWS Config where clusters are: one question instead of one for each region of each account.
//!
//! It is the one call of its service, so no SDK is built for it: the SDKs' own machinery sends, signs and repeats a request
//! that is written out here.

use super::{
    ask::{Capture, Paging, Question, Wire, ask},
    failure,
    organization::Caller,
    session::Session,
};
use crate::{
    calls,
    partition::partition_of,
    record::aggregator::{Places, Selected, places},
    settings::Aggregator,
};
use aws_runtime::{
    auth::{
        SigV4OperationSigningConfig,
        sigv4::{SCHEME_ID, SigV4AuthScheme},
    },
    retries::classifiers::AwsErrorCodeClassifier,
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        runtime_components::RuntimeComponentsBuilder,
        runtime_plugin::StaticRuntimePlugin,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::Layer, error::ErrorMetadata};
use aws_types::{SigningName, region::SigningRegion};
use futures::future::BoxFuture;
use palisade_provider::{Failure, FailureReason, Recorder, Told};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

/// What an aggregator is asked. <https://docs.aws.amazon.com/config/latest/developerguide/query-using-sql-editor-console.html>
const QUERY: &str = "SELECT accountId, awsRegion, resourceName WHERE resourceType = 'AWS::EKS::Cluster'";

/// The most rows that a page may have.
const PAGE: u32 = 100;

/// The places that hold clusters, as the aggregator knows them; `None` when it did not say so to the end.
pub(super) async fn ask_for_places(
    caller: &Caller,
    aggregator: &Aggregator,
    (recorder, until): (&Recorder, Instant),
) -> Option<Places> {
    let session = caller.session.of_account(&caller.account, &caller.partition);
    let region = aggregator.region.clone().unwrap_or_else(|| session.base_region.clone());
    let mut params = vec![("aggregator", aggregator.name.as_str()), ("region", region.as_str())];
    if aggregator.cross_check {
        params.push((Told::CROSS_CHECK, "true"));
    }
    let question = Question {
        call: &calls::SELECT_AGGREGATE_RESOURCE_CONFIG,
        scope: &caller.account,
        params: &params,
        wire: Wire::Json,
        paging: Some(Paging::NEXT_TOKEN_PASCAL),
    };
    let host = format!("config.{region}");
    let send = |token: Option<String>, capture: Capture| select(&session, (aggregator, &region), token, capture);
    let pages = ask::<Selected>((recorder, until), &host, &question, send).await?;
    let asked = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    match places(pages) {
        Ok(places) => Some(places),
        Err(error) => {
            let failure = Failure::new(FailureReason::Malformed, &format!("a row cannot be read: {error}"));
            recorder.failed(question.call, question.scope, question.params, asked, failure, None);
            None
        }
    }
}

/// One page of the answer.
fn select(
    session: &Session,
    (aggregator, region): (&Aggregator, &str),
    token: Option<String>,
    capture: Capture,
) -> BoxFuture<'static, Result<(), Failure>> {
    let mut body = json!({ "Expression": QUERY, "ConfigurationAggregatorName": aggregator.name, "Limit": PAGE });
    if let (Some(token), Some(body)) = (token, body.as_object_mut()) {
        body.insert("NextToken".to_owned(), json!(token));
    }
    let operation = operation(session, region, body.to_string(), capture);
    Box::pin(async move {
        let sent = operation?.invoke(()).await;
        sent.map_err(|error| failure::of(&error))
    })
}

fn operation(
    session: &Session,
    region: &str,
    body: String,
    capture: Capture,
) -> Result<Operation<(), (), ErrorMetadata>, Failure> {
    let config = session.config();
    let denied = || Failure::new(FailureReason::Denied, failure::NO_CREDENTIALS);
    let credentials = config.credentials_provider().ok_or_else(denied)?;
    let mut signing = Layer::new("signing");
    signing.store_put(AuthSchemeOptionResolverParams::new(()));
    signing.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(aws_types::region::Region::new(region.to_owned()))),
        name: Some(SigningName::from_static("config")),
        ..SigV4OperationSigningConfig::default()
    });
    let signers = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_resolver(SCHEME_ID, credentials);
    let plugin = StaticRuntimePlugin::new().with_config(signing.freeze()).with_runtime_components(signers);
    let endpoint = config.endpoint_url().map_or_else(|| endpoint(region), str::to_owned);
    let mut builder = Operation::builder()
        .service_name("config")
        .operation_name("SelectAggregateResourceConfig")
        .endpoint_url(&endpoint)
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .interceptor(capture)
        .runtime_plugin(plugin);
    if let Some(client) = config.http_client() {
        builder = builder.http_client(client);
    }
    if let Some(retry) = config.retry_config() {
        builder = builder.standard_retry(retry);
    }
    if let Some(timeouts) = config.timeout_config() {
        builder = builder.timeout_config(timeouts.clone());
    }
    if let Some(sleep) = config.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = config.time_source() {
        builder = builder.time_source(time);
    }
    Ok(builder.serializer(move |(): ()| request(&body)).deserializer(answer).build())
}

/// Where AWS Config answers in a region.
fn endpoint(region: &str) -> String {
    let suffix = match partition_of(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://config.{region}.{suffix}")
}

/// AWS JSON 1.1.
fn request(body: &str) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1");
    headers.insert("content-length", body.len().to_string());
    headers.insert("x-amz-target", "StarlingDoveService.SelectAggregateResourceConfig");
    headers.insert("user-agent", concat!("palisade/", env!("CARGO_PKG_VERSION")));
    Ok(request)
}

/// The body itself is taken by the capture.
fn answer(response: &HttpResponse) -> Result<(), OrchestratorError<ErrorMetadata>> {
    #[derive(Default, Deserialize)]
    struct Refusal {
        #[serde(rename = "__type")]
        kind: Option<String>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    if response.status().is_success() {
        return Ok(());
    }
    let body = response.body().bytes().unwrap_or_default();
    let Refusal { kind, message } = serde_json::from_slice(body).unwrap_or_default();
    let mut error = ErrorMetadata::builder();
    if let Some(kind) = kind {
        error = error.code(kind.rsplit('#').next().unwrap_or_default());
    }
    if let Some(message) = message {
        error = error.message(message);
    }
    Err(OrchestratorError::operation(error.build()))
}
