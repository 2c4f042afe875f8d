//! From a planned message to the bytes of its channel.

use crate::{
    Channel, Dialect, Guides, Kind, Mail, Medium, Planned, Templates, Thread,
    content::{COUNTS_ONLY, Content, SIZES, Size, content},
    email, pagerduty, slack, teams, webhook,
};
use serde_json::Value;

/// What rendering depends on besides the message.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The channel it is rendered for.
    pub channel: &'a Channel,
    /// Where the report is served, without a slash at the end.
    pub report_url: Option<&'a str>,
    /// What is said of controls.
    pub guides: &'a Guides,
    /// What the user says instead.
    pub templates: &'a Templates,
    /// The name of this installation: the source of its events.
    pub installation: &'a str,
}

/// How much room a receiver has left a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Room {
    /// What its documentation says.
    #[default]
    Usual,
    /// Less: it has refused the message as too large. Counts and a link are left.
    Little,
}

/// A message in the form of its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The kind of channel.
    pub medium: Medium,
    /// What is sent.
    pub body: Body,
    /// The same over every retry: see [`Planned::id`].
    pub id: String,
    /// Where in a chat it goes.
    pub thread: Option<Thread>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON, byte for byte: signatures are made over these.
    Json(Vec<u8>),
    /// A mail.
    Mail(Mail),
}

impl Body {
    /// The bytes, as they go out.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Json(bytes) => bytes,
            Self::Mail(mail) => &mail.bytes,
        }
    }
}

/// Renders a message for its channel. What is too large for the channel is rendered smaller: shorter lines, fewer items,
/// and in the end counts and a link.
pub fn render(planned: &Planned, view: &View<'_>, thread: Option<&Thread>, room: Room) -> Rendered {
    let medium = view.channel.kind.medium();
    let said = |dialect: Dialect| content(planned, view, dialect);
    let body = match &view.channel.kind {
        Kind::Slack { channel, .. } => {
            let said = said(Dialect::Slack);
            json(room, slack::fits, |size| slack::message(&said, size, Some(channel), thread))
        }
        Kind::SlackWebhook { .. } => {
            let said = said(Dialect::Slack);
            json(room, slack::fits, |size| slack::message(&said, size, None, None))
        }
        Kind::Teams { .. } => {
            let said = said(Dialect::Markdown);
            json(room, teams::fits, |size| teams::message(&said, size))
        }
        Kind::Webhook { .. } => {
            let said = said(Dialect::Text);
            json(room, webhook::fits, |size| webhook::message(planned, &said, size, view))
        }
        Kind::PagerDuty { .. } => {
            let said = said(Dialect::Text);
            json(room, pagerduty::fits, |size| pagerduty::message(planned, &said, size, view))
        }
        Kind::Email { from, to, .. } => {
            let (text, html) = (said(Dialect::Text), said(Dialect::Html));
            let mail = |size| email::mail(planned, (&text, &html), size, view, from, to);
            let fits = |mail: &Mail| mail.bytes.len() <= email::MAIL_BYTES;
            Body::Mail(sizes(room).map(mail).find(fits).unwrap_or_else(|| mail(SIZES[COUNTS_ONLY])))
        }
    };
    let thread = thread.filter(|_| medium == Medium::Slack).cloned();
    Rendered { medium, body, id: planned.id(), thread }
}

fn sizes(room: Room) -> impl Iterator<Item = Size> {
    let skipped = match room {
        Room::Usual => 0,
        Room::Little => COUNTS_ONLY,
    };
    SIZES.iter().copied().skip(skipped)
}

/// The first size that fits; the smallest one is made to.
fn json(room: Room, fits: fn(&Value, usize) -> bool, message: impl Fn(Size) -> Value) -> Body {
    let mut last = Vec::new();
    for size in sizes(room) {
        let value = message(size);
        let bytes = value.to_string().into_bytes();
        if fits(&value, bytes.len()) {
            return Body::Json(bytes);
        }
        last = bytes;
    }
    Body::Json(last)
}

/// What the lowest line of a message says.
pub(crate) fn footer(said: &Content, installation: &str) -> String {
    format!("{} · {}", crate::Plain::new(installation).within(Dialect::Text, 60), crate::words::minute(said.at))
}
