//! A memory, a clock that the test moves, and receivers on loopback.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, Uri},
};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Fingerprint, Severity, Subject, SubjectKind};
use palisade_message::{Channel, Guides, Kind, Matches, Remind, Route, SecretRef, Sinks, Templates, When, sample};
use palisade_model::ClusterId;
use palisade_notify::{Courier, Local, Resolve, Resolver, Secrets};
use palisade_provider::Clock;
use palisade_service::{Post, Posted};
use palisade_store::{Database, Delivery, DeliveryState, EndpointState};
use palisade_track::{Event, EventKind, Topic};
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a receiver answers: status, a header, a body.
pub(crate) type Answer = (u16, Option<(&'static str, String)>, String);

type Answers = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

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
    pub(crate) async fn start(answers: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers: Answers = Arc::new(answers);
        let app = Router::new().fallback(receive).with_state((Arc::clone(&seen), answers));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen, task }
    }

    pub(crate) async fn answering(status: u16) -> Self {
        Self::start(move |_| (status, None, "said".to_owned())).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn receive(
    State((seen, answers)): State<(Arc<Mutex<Vec<Seen>>>, Answers)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let one = Seen { path: uri.path().to_owned(), headers, body };
    seen.lock().unwrap().push(one.clone());
    let (status, header, body) = answers(&one);
    let response = Response::builder().status(status);
    let response = header.into_iter().fold(response, |response, (name, value)| response.header(name, value));
    response.body(Body::from(body)).unwrap()
}

/// Knows no host.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl Resolve for Nowhere {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolver<'a> {
        Box::pin(async { Err(std::io::Error::other("no such host")) })
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When every test begins.
pub(crate) fn noon() -> Timestamp {
    at("2026-11-18T12:00:00Z")
}

/// Where a test takes place.
pub(crate) struct Stage {
    pub(crate) post: Post,
    pub(crate) database: Database,
    milliseconds: Arc<AtomicI64>,
    pub(crate) clock: Clock,
    sinks: Sinks,
    urls: Vec<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Channels by name with the address that their secret holds, and routes. Every look at the clock takes two seconds:
    /// no receiver has to be waited for.
    pub(crate) async fn new(channels: Vec<(Channel, String)>, routes: Vec<Route>) -> Self {
        Self::ticking(channels, routes, 2_000).await
    }

    pub(crate) async fn ticking(channels: Vec<(Channel, String)>, routes: Vec<Route>, tick: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::file(&folder.path().join("palisade.db")).await.unwrap();
        let urls = channels.iter().map(|(channel, url)| (channel.name.to_uppercase(), url.clone())).collect::<Vec<_>>();
        let channels = channels.into_iter().map(|(channel, _)| channel).collect();
        let sinks = Sinks { channels, routes, report_url: None, proxy_url: None, templates: Vec::new() };
        let milliseconds = Arc::new(AtomicI64::new(noon().as_millisecond()));
        let shared = Arc::clone(&milliseconds);
        let clock: Clock =
            Arc::new(move || Timestamp::from_millisecond(shared.fetch_add(tick, Ordering::SeqCst)).unwrap());
        let post = post(&sinks, &urls).await;
        post.introduce(&database).await.unwrap();
        Self { post, database, milliseconds, clock, sinks, urls, _folder: folder }
    }

    /// The same with a process of its own: what was not written down is forgotten.
    pub(crate) async fn restart(&mut self) {
        self.post = post(&self.sinks, &self.urls).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn wait(&self, time: SignedDuration) {
        self.milliseconds.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.milliseconds.store(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Queues what a run would tell.
    pub(crate) async fn tell(&self, events: &[Event]) {
        let now = self.now();
        let past = self.post.past(&self.database, now).await.unwrap();
        self.database.tell(events, now, |events| self.post.routes(events, None, &past, now)).await.unwrap();
    }

    pub(crate) async fn deliver(&self) -> Posted {
        self.post.deliver(&self.database, &self.clock).await.unwrap()
    }

    /// Where the messages stand.
    pub(crate) async fn all(&self, state: DeliveryState) -> Vec<Delivery> {
        self.database.deliveries(state, 10_000).await.unwrap()
    }

    pub(crate) async fn state_of(&self, channel: &str) -> EndpointState {
        let endpoints = self.database.endpoints().await.unwrap();
        endpoints.into_iter().find(|endpoint| endpoint.id == channel).unwrap().state
    }
}

async fn post(sinks: &Sinks, urls: &[(String, String)]) -> Post {
    let known = urls.to_vec();
    let value = move |name: &str| known.iter().find(|(known, _)| known == name).map(|(_, url)| url.clone());
    let refs: Vec<&SecretRef> = sinks.channels.iter().flat_map(|channel| channel.kind.secrets()).collect();
    let courier =
        Courier::new(Secrets::open(refs, Arc::new(Local(value))).await.unwrap()).patience(Duration::from_millis(300));
    let courier = courier.resolving(Arc::new(Nowhere));
    Post::new(sinks.clone(), Guides::default(), Templates::default(), courier, "acme".to_owned())
}

/// A channel whose secret is the variable with its name in capitals.
pub(crate) fn channel(name: &str, kind: impl FnOnce(SecretRef) -> Kind) -> Channel {
    Channel {
        name: name.to_owned(),
        kind: kind(SecretRef::Env(name.to_uppercase())),
        allow_loopback: true,
        allow_addresses: Vec::new(),
        allow_hosts: Vec::new(),
    }
}

pub(crate) fn webhook(name: &str) -> Channel {
    channel(name, |url| Kind::Webhook { url, secrets: Vec::new() })
}

/// A route that tells a channel these kinds of events at once; none stands for every kind.
pub(crate) fn route(name: &str, events: &[EventKind], to: &str) -> Route {
    Route {
        name: name.to_owned(),
        matches: Matches { events: events.iter().copied().collect(), ..Matches::default() },
        send_to: vec![to.to_owned()],
        when: When::Now,
        quiet: None,
        messages_per_hour: 1_000,
        remind: Remind::BySeverity,
    }
}

/// What happened to the finding of this name.
pub(crate) fn event(kind: EventKind, name: &str, owner: &str, now: Timestamp) -> Event {
    let mut event = Event { at: now, severity: Severity::High, ..sample(kind) };
    if let Topic::Finding { finding, .. } = &mut event.topic {
        let cluster = ClusterId::new(format!("arn:aws:eks:eu-west-1:111111111111:cluster/{name}"));
        let subject = Subject { kind: SubjectKind::Cluster, id: cluster.as_str().into(), name: name.into() };
        finding.fingerprint = Fingerprint::of("CP-01", &cluster, &subject);
        cluster.as_str().clone_into(&mut finding.subject);
        finding.cluster = cluster;
        name.clone_into(&mut finding.cluster_name);
        name.clone_into(&mut finding.subject_name);
        finding.owner = Some(owner.to_owned());
        finding.severity = Severity::High;
        finding.because = format!("the endpoint of {name} lets in everybody");
    }
    event
}
