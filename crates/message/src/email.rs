//! Mails: text and HTML side by side.

use crate::{
    Dialect, Planned, View,
    content::{Content, Item, Size},
    key::digest,
    webhook::path,
};
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use palisade_engine::Severity;
use std::{fmt::Write as _, time::Duration};

/// A mail as it goes to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Who it comes from.
    pub from: String,
    /// Who it goes to.
    pub to: Vec<String>,
    /// Headers and body.
    pub bytes: Vec<u8>,
}

/// What is no address of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a mailbox")]
pub struct MailAddressError(pub String);

/// The address of a mailbox, `ana@example.com` or `Ana <ana@example.com>`, in its plain form.
pub fn mailbox(text: &str) -> Result<String, MailAddressError> {
    parsed(text).map(|mailbox| mailbox.email.to_string())
}

fn parsed(text: &str) -> Result<Mailbox, MailAddressError> {
    text.parse().map_err(|_| MailAddressError(crate::plain::cut(crate::Plain::new(text).as_str(), 80)))
}

/// The most bytes of a mail: mail programs clip what is longer.
pub const MAIL_BYTES: usize = 100 * 1024;

/// The longest subject: what fits into a list of mails.
const SUBJECT: usize = 150;

/// The mail of a message. `to` holds addresses that were read by [`mailbox`]; one that was not is left out.
pub(crate) fn mail(
    planned: &Planned,
    (text, html): (&Content, &Content),
    size: Size,
    view: &View<'_>,
    from: &str,
    to: &[String],
) -> Mail {
    let id = planned.id();
    let domain = from.rsplit_once('@').map_or("palisade.invalid", |(_, domain)| domain.trim_end_matches('>'));
    let domain: String =
        domain.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-')).collect();
    let installation = path(view.installation);
    let seconds = u64::try_from(text.at.as_second()).unwrap_or_default();
    let mut builder = Message::builder()
        .date(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{id}@{domain}>")))
        .subject(format!("[Palisade] {}", text.title.within(Dialect::Text, SUBJECT)));
    if let Some(thread) = planned.thread() {
        // The first mail of a thread need not exist: mail programs put together what refers to the same one.
        let root = format!("<thread_{}@{domain}>", digest([thread.as_str()]));
        builder = builder.references(root.clone()).in_reply_to(root);
    }
    if let Ok(from) = parsed(from) {
        builder = builder.from(from);
    }
    for to in to.iter().filter_map(|to| parsed(to).ok()) {
        builder = builder.to(to);
    }
    for (name, value) in [
        (HeaderName::new_from_ascii_str("List-Id"), format!("Palisade <palisade.{installation}.{domain}>")),
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()),
    ] {
        builder = builder.raw_header(HeaderValue::new(name, value));
    }
    let parts = MultiPart::alternative()
        .boundary(format!("palisade_{}", digest([id.as_str(), "boundary"])))
        .singlepart(part(ContentType::TEXT_PLAIN, text_body(text, size)))
        .singlepart(part(ContentType::TEXT_HTML, html_body(html, size, view.installation)));
    let bytes = builder.multipart(parts).map(|message| message.formatted()).unwrap_or_default();
    let plain = |address: &String| mailbox(address).ok();
    Mail { from: mailbox(from).unwrap_or_default(), to: to.iter().filter_map(plain).collect(), bytes }
}

/// Base64 keeps every line short and every letter whole, on any server.
fn part(kind: ContentType, body: String) -> SinglePart {
    SinglePart::builder().header(kind).header(ContentTransferEncoding::Base64).body(body)
}

fn text_body(said: &Content, size: Size) -> String {
    // Writing to a string cannot fail, here and below.
    let mut body = said.title.within(Dialect::Text, 300) + "\n";
    if !said.coverage.is_empty() {
        body += "\nNot everything was read\n";
        for line in &said.coverage {
            let _ = writeln!(body, "  {}", line.within(Dialect::Text, size.line));
        }
    }
    for note in &said.notes {
        let _ = writeln!(body, "\n{}", note.within(Dialect::Text, size.line));
    }
    for item in said.told(size).0 {
        let _ = writeln!(body, "\n{}", item.head(Dialect::Text, size.line));
        for (label, line) in item.lines(Dialect::Text, size) {
            let _ = if label.is_empty() { writeln!(body, "  {line}") } else { writeln!(body, "  {label}: {line}") };
        }
        if let Some(link) = &item.link {
            let _ = writeln!(body, "  {link}");
        }
    }
    for row in said.counts(size) {
        let _ = write!(body, "\n{}", row.within(Dialect::Text, size.line));
    }
    for line in said.more(size).into_iter().chain(said.link.clone()) {
        let _ = writeln!(body, "\n{line}");
    }
    body + "\n-- \n" + &crate::render::footer(said, "Palisade") + "\n"
}

fn html_body(said: &Content, size: Size, installation: &str) -> String {
    let mut body = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"></head>\
         <body style=\"font-family:sans-serif;max-width:48em;color:#1a1a1a\">",
    );
    let _ = write!(body, "<h2>{}</h2>", said.title.within(Dialect::Html, 900));
    if !said.coverage.is_empty() {
        body += "<div style=\"border-left:4px solid #c77700;padding:0 1em\"><p><b>Not everything was read</b></p>";
        for line in &said.coverage {
            let _ = write!(body, "<p>{}</p>", line.within(Dialect::Html, size.line));
        }
        body += "</div>";
    }
    for note in &said.notes {
        let _ = write!(body, "<p>{}</p>", note.within(Dialect::Html, size.line));
    }
    for item in said.told(size).0 {
        item_html(&mut body, item, size);
    }
    if !said.counts(size).is_empty() {
        body += "<ul>";
        for row in said.counts(size) {
            let _ = write!(body, "<li>{}</li>", row.within(Dialect::Html, size.line));
        }
        body += "</ul>";
    }
    if let Some(more) = said.more(size) {
        let _ = write!(body, "<p>{more}</p>");
    }
    if let Some(link) = &said.link {
        let _ = write!(body, "<p><a href=\"{}\">Open the report</a></p>", attribute(link));
    }
    let footer = crate::plain::escape_within(&crate::render::footer(said, installation), Dialect::Html, 400);
    let _ = write!(body, "<hr><p style=\"color:#666\"><small>{footer}</small></p></body></html>");
    body
}

fn item_html(body: &mut String, item: &Item, size: Size) {
    let _ = write!(
        body,
        "<div style=\"border-left:4px solid {};padding:0 1em;margin:1em 0\"><p><b>{}</b></p>",
        color(item),
        item.head(Dialect::Html, size.line)
    );
    let lines = item.lines(Dialect::Html, size);
    for (_, line) in lines.iter().filter(|(label, _)| label.is_empty()) {
        let _ = write!(body, "<p>{line}</p>");
    }
    if lines.iter().any(|(label, _)| !label.is_empty()) {
        body.push_str("<table>");
        for (label, line) in lines.iter().filter(|(label, _)| !label.is_empty()) {
            let _ = write!(
                body,
                "<tr><td style=\"vertical-align:top;white-space:nowrap;color:#666\">{label}</td><td>{}</td></tr>",
                code(line)
            );
        }
        body.push_str("</table>");
    }
    if let Some(link) = &item.link {
        let _ = write!(body, "<p><a href=\"{}\">Open</a></p>", attribute(link));
    }
    body.push_str("</div>");
}

fn attribute(link: &str) -> String {
    crate::plain::escape_within(link, Dialect::Html, 2_000)
}

/// What stands between backticks as code. With an odd number of them nobody knows which are pairs.
fn code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let part = |(place, part): (usize, &&str)| match place % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

fn color(item: &Item) -> &'static str {
    match item.severity {
        _ if item.good => "#2b8a3e",
        Severity::Critical => "#b00020",
        Severity::High => "#d9480f",
        Severity::Medium => "#c77700",
        Severity::Low => "#1864ab",
        Severity::Info => "#868e96",
    }
}
