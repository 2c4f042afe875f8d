//! The shell: three listeners on loopback that ask the clouds' pure functions for replies and spoil them on demand.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::serve::ListenerExt;
use futures::stream::{self, StreamExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::faults::{Decision, FaultKind, Faults, Injector};
use crate::http::{Operation, Reply, Request, decoded, pairs};
use crate::ledger::{Book, Ledger};
use crate::world::{Cloud, World};

/// The largest request body that is read; no real request comes near it.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How long the first half of a body has to leave before its connection is cut.
const CUT_DELAY: Duration = Duration::from_millis(20);

/// Serves a world on loopback.
#[derive(Clone, Copy, Debug)]
pub struct Simulator;

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The servers' own threads could not be created.
    #[error("could not start the threads of the simulator")]
    Threads(#[source] io::Error),
    /// No port could be had on 127.0.0.1.
    #[error("could not listen on a loopback port for `{provider}`")]
    Listen {
        /// The cloud the port was for.
        provider: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The threads stopped before the ports were open.
    #[error("the threads of the simulator stopped while it started")]
    Stopped(#[source] tokio::task::JoinError),
}

/// A simulator at work. It stops when this is dropped, with every connection it holds.
#[derive(Debug)]
pub struct Running {
    /// Where the AWS services answer, all on one address: `http://127.0.0.1:PORT`.
    pub aws: String,
    /// Where the Azure services answer.
    pub azure: String,
    /// Where the Google Cloud services answer.
    pub gcp: String,
    book: Arc<Book>,
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Opens the three ports and answers from `world`, with `faults`.
    ///
    /// The servers live on threads of their own, so a client that blocks its own threads or pauses its own clock does
    /// not stop them.
    pub async fn start(world: World, faults: Faults) -> Result<Running, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("simulator")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let book = Arc::new(Book::default());
        // From here on the runtime is dropped with `running`, which is allowed inside another runtime.
        let mut running = Running {
            aws: String::new(),
            azure: String::new(),
            gcp: String::new(),
            book: Arc::clone(&book),
            runtime: None,
        };
        let injector = Arc::new(Injector::new(faults));
        let handle = runtime.handle().clone();
        running.runtime = Some(runtime);
        let open = async |provider, cloud: Arc<dyn Cloud>| {
            let gate = Gate { cloud, injector: Arc::clone(&injector), book: Arc::clone(&book) };
            handle
                .spawn(listen(gate))
                .await
                .map_err(StartError::Stopped)?
                .map_err(|source| StartError::Listen { provider, source })
        };
        let (aws, azure, gcp) = world.into_clouds();
        running.aws = open("aws", aws).await?;
        running.azure = open("azure", azure).await?;
        running.gcp = open("gcp", gcp).await?;
        Ok(running)
    }
}

impl Running {
    /// What was asked so far.
    pub fn ledger(&self) -> Ledger {
        self.book.snapshot()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// One cloud behind its listener.
#[derive(Clone)]
struct Gate {
    cloud: Arc<dyn Cloud>,
    injector: Arc<Injector>,
    book: Arc<Book>,
}

async fn listen(gate: Gate) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not switch off delayed sending");
        }
    });
    let router = Router::new().fallback(answer).with_state(gate);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "the simulator stopped listening");
        }
    });
    Ok(format!("http://{address}"))
}

async fn answer(State(gate): State<Gate>, request: axum::extract::Request) -> Response<Body> {
    let request = read(request).await;
    let operation = gate.cloud.operation(&request).unwrap_or_else(|| unrecognised(&request));
    let slip = gate.book.arrived(operation.clone());
    let id_headers = gate.cloud.id_headers(&request);
    let id = slip.id();
    slip.named(request.header("user-agent").unwrap_or_default(), (!id_headers.is_empty()).then(|| id.clone()));
    let latency = gate.injector.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (reply, fault) = match gate.injector.decide(&operation) {
        Decision::Answer => (gate.cloud.reply(&request), None),
        Decision::Deny => (gate.cloud.denied(&operation), None),
        Decision::Throttle => (gate.cloud.throttled(&operation), None),
        Decision::Break(FaultKind::Hang) => {
            slip.answered(0, Some(FaultKind::Hang));
            std::future::pending().await
        }
        Decision::Break(FaultKind::ServerError) => (gate.cloud.server_error(&operation), Some(FaultKind::ServerError)),
        Decision::Break(FaultKind::RepeatToken) => {
            let reply = gate.cloud.reply(&request);
            (gate.injector.first_page(&request, reply), Some(FaultKind::RepeatToken))
        }
        Decision::Break(kind) => (gate.cloud.reply(&request), Some(kind)),
    };
    tracing::debug!(permission = operation.permission, scope = operation.scope, status = reply.status, "answered");
    slip.answered(reply.status, fault);
    send(id_headers.iter().fold(reply, |reply, header| reply.with_header(header, &id)), fault)
}

async fn read(request: axum::extract::Request) -> Request {
    let (parts, body) = request.into_parts();
    let headers: std::collections::BTreeMap<String, String> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let host =
        headers.get("host").map(|host| host.split(':').next().unwrap_or_default().to_owned()).unwrap_or_default();
    // A body that cannot be read is an empty one: the cloud then answers that something is missing.
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    Request {
        method: parts.method.as_str().to_owned(),
        host,
        path: decoded(parts.uri.path()),
        query: pairs(parts.uri.query().unwrap_or_default()),
        headers,
        body: body.to_vec(),
    }
}

fn unrecognised(request: &Request) -> Operation {
    Operation {
        permission: "unrecognised".to_owned(),
        scope: String::new(),
        subject: format!("{} {}", request.method, request.path),
    }
}

fn send(reply: Reply, fault: Option<FaultKind>) -> Response<Body> {
    let whole = reply.body.len();
    let half: Bytes = reply.body.get(..whole / 2).unwrap_or_default().to_vec().into();
    let (declared, body) = match fault {
        Some(FaultKind::CutConnection) => {
            let cut = async {
                // An error right behind the first part would close the connection before that part is written.
                tokio::time::sleep(CUT_DELAY).await;
                Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut on purpose"))
            };
            let parts = stream::once(std::future::ready(Ok(half))).chain(stream::once(cut));
            (whole.max(64), Body::from_stream(parts))
        }
        Some(FaultKind::TruncatedPage) => (half.len(), Body::from(half)),
        Some(FaultKind::MalformedBody) => {
            let text = if reply.content_type.contains("xml") { "<oops" } else { "{\"oops\"" };
            (text.len(), Body::from(text))
        }
        Some(FaultKind::ServerError | FaultKind::Hang | FaultKind::RepeatToken) | None => {
            (whole, Body::from(reply.body))
        }
    };
    let mut response = Response::new(body);
    let status = if fault == Some(FaultKind::MalformedBody) { 200 } else { reply.status };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(declared));
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    if reply.status == StatusCode::TOO_MANY_REQUESTS.as_u16() && !headers.contains_key(RETRY_AFTER) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
