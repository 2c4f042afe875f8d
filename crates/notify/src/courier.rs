//! One attempt at delivering one message.

use crate::{
    Answer, Destination, DestinationError, Outcome, Secret, SecretError, Secrets, SignError,
    answer::LARGEST_ANSWER,
    attempt::{of_slack, of_status, retry_after},
    mail, sign,
};
use jiff::Timestamp;
use palisade_message::{Body, Channel, Kind, Rendered, SecretRef, Thread};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect,
};
use std::{
    error::Error as _,
    fmt,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use url::Url;

/// Finds the addresses of a host.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// Its addresses, asked for once.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolver<'a>;
}

/// The addresses of a host, on their way.
pub type Resolver<'a> = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Asks the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolver<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Delivers messages, one attempt at a time.
#[derive(Clone, Debug)]
pub struct Courier {
    resolver: Arc<dyn Resolve>,
    pub(crate) secrets: Secrets,
    proxy: Option<Url>,
    patience: Duration,
}

/// What became of an attempt.
#[derive(Debug)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// What the receiver said.
    pub answer: Answer,
    /// Why it did not succeed, without secrets.
    pub error: Option<DeliveryError>,
    /// Slack's name of the message, for threads and updates.
    pub ts: Option<String>,
    /// Slack's id of the channel it stands in: updates take no names.
    pub place: Option<String>,
    /// Whether Slack put it below another message. None where the answer does not say.
    pub is_below: Option<bool>,
}

/// Why an attempt did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The address is refused.
    #[error("the channel `{channel}` is not used")]
    Destination {
        /// Which.
        channel: String,
        /// Why.
        source: DestinationError,
    },
    /// A secret is missing.
    #[error("the channel `{channel}` cannot be used")]
    Secret {
        /// Which.
        channel: String,
        /// Why.
        source: SecretError,
    },
    /// The message cannot be signed.
    #[error("the messages of the channel `{channel}` cannot be signed")]
    Sign {
        /// Which.
        channel: String,
        /// Why.
        source: SignError,
    },
    /// The host has no address.
    #[error("the address of `{host}` was not found")]
    Unresolved {
        /// Whose.
        host: String,
    },
    /// No connection, or no answer in time.
    #[error("`{host}` did not answer: {why}")]
    Unreachable {
        /// Who.
        host: String,
        /// Why, in words that hold nothing of the address.
        why: String,
    },
    /// It answered, and not that it took the message.
    #[error("`{host}` answered {status}{}", said(.word.as_deref()))]
    Answered {
        /// Who.
        host: String,
        /// The status.
        status: u16,
        /// What it said, where it has a word for it.
        word: Option<String>,
    },
    /// The message is not in the form of this channel.
    #[error("the message is not one for the channel `{channel}`")]
    Form {
        /// Which.
        channel: String,
    },
}

fn said(word: Option<&str>) -> String {
    word.map(|word| format!(" ({word})")).unwrap_or_default()
}

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(20);

const SLACK_API: &str = "https://slack.com/api";
const PAGERDUTY_API: &str = "https://events.pagerduty.com/v2/enqueue";

impl Courier {
    /// A courier that knows these secrets and asks the system for addresses. It uses no proxy.
    pub fn new(secrets: Secrets) -> Self {
        Self { resolver: Arc::new(SystemResolver), secrets, proxy: None, patience: PATIENCE }
    }

    /// The same, asking another resolver.
    #[must_use]
    pub fn resolving(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// The same through a proxy. It resolves names in our stead, so the addresses behind them are its to check; what is
    /// refused by name or as a literal address still is.
    #[must_use]
    pub fn through(mut self, proxy: Option<Url>) -> Self {
        self.proxy = proxy;
        self
    }

    /// The same, waiting only so long for a receiver.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Makes one attempt. Never fails as such: what happened is in the receipt.
    pub async fn deliver(&self, channel: &Channel, message: &Rendered, now: Timestamp) -> Receipt {
        let mut receipt = self.try_once(channel, message, now).await;
        let unwelcome = matches!(receipt.outcome, Outcome::Unwelcome | Outcome::Closed);
        // A secret that was rotated since it was read: the receiver has not turned away who we are now.
        if unwelcome && self.secrets.changed(&channel.kind.secrets()).await {
            receipt = self.try_once(channel, message, now).await;
        }
        match &receipt.error {
            None => tracing::debug!(channel = channel.name, id = message.id, "message delivered"),
            Some(error) => {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(channel = channel.name, id = message.id, %error, cause, "message not delivered");
            }
        }
        receipt
    }

    async fn try_once(&self, channel: &Channel, message: &Rendered, now: Timestamp) -> Receipt {
        self.attempt(channel, message, now).await.unwrap_or_else(|Failed { outcome, error }| Receipt {
            outcome,
            answer: Answer::default(),
            error: Some(error),
            ts: None,
            place: None,
            is_below: None,
        })
    }

    async fn attempt(&self, channel: &Channel, message: &Rendered, now: Timestamp) -> Result<Receipt, Failed> {
        let form = || Failed::refused(DeliveryError::Form { channel: channel.name.clone() });
        let secret =
            async |place: &SecretRef| self.secrets.get(place).await.map_err(|source| Failed::secret(channel, source));
        match (&channel.kind, &message.body) {
            (Kind::Slack { token, api_url, .. }, Body::Json(body)) => {
                let method = match &message.thread {
                    Some(Thread::Update(_)) => "chat.update",
                    Some(Thread::Reply(_)) | None => "chat.postMessage",
                };
                let base = api_url.as_deref().unwrap_or(SLACK_API).trim_end_matches('/');
                let to = Destination::check(&format!("{base}/{method}"), channel);
                let to = to.map_err(|source| Failed::destination(channel, source))?;
                let client = self.client(&to, channel).await?;
                let request = client.post(to.url().clone()).bearer_auth(secret(token).await?.expose());
                let heard = self.send(request, "application/json; charset=utf-8", body.clone(), &to, now).await?;
                Ok(heard.by_slack(&to))
            }
            (Kind::SlackWebhook { url } | Kind::Teams { url }, Body::Json(body)) => {
                let (to, client) = self.open(&secret(url).await?, channel).await?;
                let request = client.post(to.url().clone());
                Ok(self.send(request, "application/json", body.clone(), &to, now).await?.by_status(&to))
            }
            (Kind::Webhook { url, secrets }, Body::Json(body)) => {
                let mut keys = Vec::with_capacity(secrets.len());
                for place in secrets {
                    keys.push(secret(place).await?);
                }
                let signed = sign(&message.id, now, body, &keys)
                    .map_err(|source| Failed::refused(DeliveryError::Sign { channel: channel.name.clone(), source }))?;
                let (to, client) = self.open(&secret(url).await?, channel).await?;
                // The id is there without a signature too: it is the idempotency key.
                let mut request = client.post(to.url().clone()).header("webhook-id", &message.id);
                if let Some(signed) = signed {
                    request = request
                        .header("webhook-timestamp", signed.timestamp)
                        .header("webhook-signature", signed.signature);
                }
                let heard = self.send(request, "application/cloudevents+json", body.clone(), &to, now).await?;
                Ok(heard.by_status(&to))
            }
            (Kind::PagerDuty { routing_key, api_url }, Body::Json(body)) => {
                let to = Destination::check(api_url.as_deref().unwrap_or(PAGERDUTY_API), channel);
                let to = to.map_err(|source| Failed::destination(channel, source))?;
                let client = self.client(&to, channel).await?;
                let mut event: serde_json::Value = serde_json::from_slice(body).map_err(|_| form())?;
                let map = event.as_object_mut().ok_or_else(form)?;
                map.insert("routing_key".to_owned(), secret(routing_key).await?.expose().into());
                let body = event.to_string().into_bytes();
                Ok(self.send(client.post(to.url().clone()), "application/json", body, &to, now).await?.by_status(&to))
            }
            (Kind::Email { .. }, Body::Mail(letter)) => {
                mail::send(channel, letter, &self.secrets, self.resolver.as_ref(), self.patience).await
            }
            (Kind::Email { .. }, Body::Json(_))
            | (
                Kind::Slack { .. }
                | Kind::SlackWebhook { .. }
                | Kind::Teams { .. }
                | Kind::Webhook { .. }
                | Kind::PagerDuty { .. },
                Body::Mail(_),
            ) => Err(form()),
        }
    }

    /// The destination behind a secret address, and a client that reaches nothing else.
    async fn open(&self, address: &Secret, channel: &Channel) -> Result<(Destination, Client), Failed> {
        let to = Destination::check(address.expose(), channel);
        let to = to.map_err(|source| Failed::destination(channel, source))?;
        let client = self.client(&to, channel).await?;
        Ok((to, client))
    }

    /// A client that connects to the checked addresses of a destination and nowhere else: no redirects, and no proxy that
    /// the configuration does not name.
    pub(crate) async fn client(&self, to: &Destination, channel: &Channel) -> Result<Client, Failed> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .timeout(self.patience)
            .connect_timeout(self.patience.min(Duration::from_secs(10)))
            .user_agent(concat!("palisade/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            let proxy = reqwest::Proxy::all(proxy.clone())
                .map_err(|_| Failed::unreachable(to, "the proxy's address is not usable"))?;
            builder = builder.proxy(proxy);
        } else if to.literal().is_none() {
            let addresses = resolved(self.resolver.as_ref(), to.host()).await?;
            for address in &addresses {
                to.admits(*address).map_err(|source| Failed::destination(channel, source))?;
            }
            let sockets: Vec<SocketAddr> =
                addresses.into_iter().map(|address| SocketAddr::new(address, to.port())).collect();
            builder = builder.resolve_to_addrs(to.url().host_str().unwrap_or(to.host()), &sockets);
        }
        builder.build().map_err(|_| Failed::unreachable(to, "TLS could not be set up"))
    }

    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        kind: &'static str,
        body: Vec<u8>,
        to: &Destination,
        now: Timestamp,
    ) -> Result<Heard, Failed> {
        let response = request.header(CONTENT_TYPE, kind).body(body).send().await;
        let response = response.map_err(|error| Failed::unreachable(to, why(&error)))?;
        let status = response.status().as_u16();
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked = asked.and_then(|value| retry_after(value, now));
        let body = read(response).await.map_err(|error| Failed::unreachable(to, why(&error)))?;
        Ok(Heard { status, asked, body })
    }
}

/// The addresses of a host. At least one.
pub(crate) async fn resolved(resolver: &dyn Resolve, host: &str) -> Result<Vec<IpAddr>, Failed> {
    let found = resolver.resolve(host).await.unwrap_or_default();
    if found.is_empty() {
        let error = DeliveryError::Unresolved { host: host.to_owned() };
        return Err(Failed { outcome: Outcome::Unreachable, error });
    }
    Ok(found)
}

/// Reads at most [`LARGEST_ANSWER`] bytes; what comes after is not asked for.
async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = LARGEST_ANSWER.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if chunk.len() >= room {
            break;
        }
    }
    Ok(body)
}

/// Why a request got no answer, without the address that reqwest would tell.
fn why(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "not in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    }
}

/// What came back.
pub(crate) struct Heard {
    status: u16,
    asked: Option<Timestamp>,
    body: Vec<u8>,
}

impl Heard {
    pub(crate) fn by_status(self, to: &Destination) -> Receipt {
        let outcome = of_status(self.status, self.asked);
        self.receipt(to, outcome, None)
    }

    fn by_slack(self, to: &Destination) -> Receipt {
        if !(200..300).contains(&self.status) {
            return self.by_status(to);
        }
        let (outcome, word) = of_slack(&self.body, self.asked);
        let answer: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let named = |name: &str| {
            let text = answer.as_ref().filter(|_| outcome == Outcome::Taken)?.get(name)?.as_str()?;
            // Names of messages and channels are short; whatever else it says is none.
            Some(text.to_owned()).filter(|text| !text.is_empty() && text.len() <= 64)
        };
        let (ts, place) = (named("ts"), named("channel"));
        let message = answer.as_ref().filter(|_| outcome == Outcome::Taken).and_then(|answer| answer.get("message"));
        let is_below = message.map(|message| message.get("thread_ts").is_some());
        Receipt { ts, place, is_below, ..self.receipt(to, outcome, word) }
    }

    fn receipt(self, to: &Destination, outcome: Outcome, word: Option<String>) -> Receipt {
        let error = (outcome != Outcome::Taken).then(|| DeliveryError::Answered {
            host: to.host().to_owned(),
            status: self.status,
            word,
        });
        Receipt { outcome, answer: Answer::of(self.status, &self.body), error, ts: None, place: None, is_below: None }
    }
}

/// An attempt that got no answer.
pub(crate) struct Failed {
    pub(crate) outcome: Outcome,
    pub(crate) error: DeliveryError,
}

impl Failed {
    pub(crate) fn refused(error: DeliveryError) -> Self {
        Self { outcome: Outcome::Refused, error }
    }

    pub(crate) fn destination(channel: &Channel, source: DestinationError) -> Self {
        Self::refused(DeliveryError::Destination { channel: channel.name.clone(), source })
    }

    pub(crate) fn secret(channel: &Channel, source: SecretError) -> Self {
        Self::refused(DeliveryError::Secret { channel: channel.name.clone(), source })
    }

    pub(crate) fn unreachable(to: &Destination, why: &str) -> Self {
        let error = DeliveryError::Unreachable { host: to.host().to_owned(), why: why.to_owned() };
        Self { outcome: Outcome::Unreachable, error }
    }
}
