//! A receiver that answers as it is told and remembers what it was sent.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use jiff::Timestamp;
use palisade_message::{
    Channel, Guides, Kind, MailSecurity, Medium, Planned, Rendered, Room, SecretRef, Templates, Thread, View, render,
    sample,
};
use palisade_notify::{Courier, Local, Receipt, Secrets};
use palisade_track::EventKind;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// How a receiver answers.
pub(crate) type Answers = Arc<dyn Fn(&Seen) -> Response<Body> + Send + Sync>;

/// A receiver that runs until it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) async fn start(answers: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", answers).await
    }

    /// At another address of loopback.
    pub(crate) async fn at(address: &str, answers: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Self {
        let answers: Answers = Arc::new(answers);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let state = (Arc::clone(&seen), answers);
        let app = Router::new().fallback(receive).with_state(state);
        let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen, task }
    }

    /// One that always answers with this status and body.
    pub(crate) async fn answering(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Self {
        let headers = headers.to_vec();
        Self::start(move |_| {
            let response = headers
                .iter()
                .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
            response.body(Body::from(body)).unwrap()
        })
        .await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

type Shared = (Arc<Mutex<Vec<Seen>>>, Answers);

async fn receive(
    State((seen, answers)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let one = Seen { method, path: uri.to_string(), headers, body };
    seen.lock().unwrap().push(one.clone());
    answers(&one)
}

pub(crate) fn now() -> Timestamp {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

/// A channel whose receiver is at `url`, which is also its secret.
pub(crate) fn channel(medium: Medium, url: &str) -> Channel {
    let secret = |name: &str| SecretRef::Env(name.to_owned());
    let kind = match medium {
        Medium::Slack => {
            Kind::Slack { token: secret("TOKEN"), channel: "C1".to_owned(), api_url: Some(format!("{url}/api")) }
        }
        Medium::SlackWebhook => Kind::SlackWebhook { url: secret("URL") },
        Medium::Teams => Kind::Teams { url: secret("URL") },
        Medium::Webhook => Kind::Webhook { url: secret("URL"), secrets: vec![secret("OLD"), secret("NEW")] },
        Medium::PagerDuty => Kind::PagerDuty { routing_key: secret("TOKEN"), api_url: Some(format!("{url}/enqueue")) },
        Medium::Email => Kind::Email {
            host: "127.0.0.1".to_owned(),
            port: url.rsplit(':').next().unwrap().parse().unwrap(),
            security: MailSecurity::None,
            login: None,
            from: "palisade@example.com".to_owned(),
            to: vec!["ana@example.com".to_owned(), "ben@example.com".to_owned()],
        },
    };
    Channel {
        name: "chat".to_owned(),
        kind,
        allow_loopback: true,
        allow_addresses: Vec::new(),
        allow_hosts: Vec::new(),
    }
}

pub(crate) const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub(crate) const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G";

pub(crate) async fn secrets(channel: &Channel, url: &str) -> Secrets {
    let url = url.to_owned();
    let environment = move |name: &str| {
        Some(match name {
            "URL" => url.clone(),
            "OLD" => OLD.to_owned(),
            "NEW" => NEW.to_owned(),
            _ => "token-1".to_owned(),
        })
    };
    Secrets::open(channel.kind.secrets(), Arc::new(Local(environment))).await.unwrap()
}

pub(crate) fn message(channel: &Channel, kind: EventKind, thread: Option<&Thread>) -> Rendered {
    let event = sample(kind);
    let planned = Planned {
        route: "all".to_owned(),
        channel: channel.name.clone(),
        together: "now".to_owned(),
        not_before: now(),
        events: vec![event],
        coverage: None,
    };
    let (guides, templates) = (Guides::default(), Templates::default());
    let view = View { channel, report_url: None, guides: &guides, templates: &templates, installation: "acme" };
    render(&planned, &view, thread, Room::Usual)
}

/// One attempt at the receiver at `url`; the secret address may be longer than that.
pub(crate) async fn deliver(medium: Medium, url: &str, address: &str) -> Receipt {
    let channel = channel(medium, url);
    let courier = Courier::new(secrets(&channel, address).await).patience(Duration::from_millis(400));
    courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await
}
