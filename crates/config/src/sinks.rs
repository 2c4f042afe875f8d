//! Who is told what, where and when.

use crate::{
    Diagnostic, Diagnostics,
    node::{Node, Value},
    reader::{Map, choose, text, texts},
};
use ipnet::IpNet;
use jiff::civil::{Time, Weekday};
use palisade_engine::Severity;
use palisade_message::{
    Channel, Kind, MailSecurity, Matches, Medium, Quiet, Remind, Route, SecretRef, SecretRefError, Sinks, TemplateFile,
    When, Zone, default_routes, mailbox,
};
use palisade_model::Provider;
use palisade_track::EventKind;
use std::{collections::BTreeSet, ops::Range, str::FromStr};

pub(crate) const KEYS: &[&str] = &["channels", "routes", "report_url", "proxy_url", "templates"];

/// Keys whose values are secrets, of whatever kind of channel.
const SECRET_KEYS: &[&str] = &["token", "url", "secrets", "routing_key", "password"];

pub(crate) const COMMON: &[&str] = &["name", "kind", "allow_loopback", "allow_addresses", "allow_hosts"];

/// The keys of a kind besides those that every channel has.
pub(crate) fn keys(medium: Medium) -> &'static [&'static str] {
    match medium {
        Medium::Slack => &["token", "channel", "api_url"],
        Medium::SlackWebhook | Medium::Teams => &["url"],
        Medium::Webhook => &["url", "secrets"],
        Medium::PagerDuty => &["routing_key", "api_url"],
        Medium::Email => &["host", "port", "security", "username", "password", "from", "to"],
    }
}

/// Reads `sinks`. Values that may be secrets are hidden before any mistake is shown.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Sinks> {
    hide(node, diagnostics);
    let map = Map::of(node, "`sinks`", KEYS, diagnostics)?;
    let channels = channels(&map, diagnostics);
    let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    let routes = match map.get("routes") {
        Some(entry) => list(entry.value, "routes", diagnostics)
            .map(|items| named(items, "route", diagnostics, |item, diagnostics| route(item, &names, diagnostics)))
            .unwrap_or_default(),
        None => default_routes(&channels),
    };
    let templates = map
        .get("templates")
        .and_then(|entry| list(entry.value, "templates", diagnostics))
        .map(|items| items.iter().filter_map(|item| template(item, &names, diagnostics)).collect())
        .unwrap_or_default();
    let report_url = map.text("report_url", diagnostics).and_then(|located| web(located, "report_url", diagnostics));
    let proxy_url = map.text("proxy_url", diagnostics).and_then(|located| proxy(located, diagnostics));
    Some(Sinks { channels, routes, report_url, proxy_url, templates })
}

/// Puts stars over every value below `sinks` that is a secret by its key and no reference, and over every value whose key
/// nobody knows: a person may have written an address there, and mistakes show the line they are in.
pub(crate) fn hide(node: &Node, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| hide(item, diagnostics)),
        Value::Map(entries) => {
            for (key, value) in entries {
                let known = KEYS.contains(&key.text.as_str())
                    || ROUTE_KEYS.contains(&key.text.as_str())
                    || TEMPLATE_KEYS.contains(&key.text.as_str())
                    || QUIET_KEYS.contains(&key.text.as_str())
                    || COMMON.contains(&key.text.as_str())
                    || Medium::ALL.iter().any(|medium| keys(*medium).contains(&key.text.as_str()));
                if SECRET_KEYS.contains(&key.text.as_str()) || !known {
                    hide_scalars(value, diagnostics);
                } else {
                    hide(value, diagnostics);
                }
            }
        }
        Value::Null | Value::Scalar(_) => (),
    }
}

fn hide_scalars(node: &Node, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::Scalar(text) if SecretRef::from_str(text) == Err(SecretRefError::Literal) => {
            diagnostics.hide(&node.span);
        }
        Value::Scalar(_) | Value::Null => (),
        Value::List(items) => items.iter().for_each(|item| hide_scalars(item, diagnostics)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| hide_scalars(value, diagnostics)),
    }
}

fn list<'a>(node: &'a Node, name: &str, diagnostics: &mut Diagnostics) -> Option<&'a [Node]> {
    match &node.value {
        Value::List(items) if !items.is_empty() => Some(items),
        Value::List(_) => {
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`{name}` is empty"))
                    .label("name at least one, or leave the key out"),
            );
            None
        }
        Value::Null | Value::Scalar(_) | Value::Map(_) => {
            diagnostics.push(
                Diagnostic::at(node.span.clone(), format!("`{name}` is {}", node.kind()))
                    .label("expected a list: begin each with `-`"),
            );
            None
        }
    }
}

/// What each item is, where no two have the same name.
fn named<T>(
    items: &[Node],
    what: &str,
    diagnostics: &mut Diagnostics,
    mut read: impl FnMut(&Node, &mut Diagnostics) -> Option<(String, Range<usize>, T)>,
) -> Vec<T> {
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for item in items {
        let Some((name, span, value)) = read(item, diagnostics) else { continue };
        if names.insert(name.clone()) {
            all.push(value);
        } else {
            let title = format!("two {what}s are called `{name}`");
            diagnostics.push(Diagnostic::at(span, title).label("the second one"));
        }
    }
    all
}

fn required(map: &Map<'_>, what: &str, name: &str, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>)> {
    if map.get(name).is_none() {
        diagnostics
            .push(Diagnostic::at(map.span.clone(), format!("{what} has no `{name}`")).label(format!("add `{name}:`")));
    }
    map.text(name, diagnostics)
}

/// A name that stands in keys and paths.
fn name(map: &Map<'_>, what: &str, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>)> {
    let (name, span) = required(map, what, "name", diagnostics)?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if name.len() > 60 || !name.chars().all(plain) {
        diagnostics.push(
            Diagnostic::at(span, format!("`{name}` is no name for {what}"))
                .label("expected letters, digits, `-`, `_` and `.`, at most 60"),
        );
        return None;
    }
    Some((name, span))
}

fn channels(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Vec<Channel> {
    let Some(entry) = map.get("channels") else {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "`sinks` has no `channels`")
                .label("nowhere to send to")
                .help("add\n  channels:\n    - name: chat\n      kind: slack-webhook\n      url: env:SLACK_URL"),
        );
        return Vec::new();
    };
    let items = list(entry.value, "channels", diagnostics).unwrap_or_default();
    named(items, "channel", diagnostics, channel)
}

fn channel(node: &Node, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>, Channel)> {
    // The kind decides which keys are known, so it is looked up before they are checked.
    let written = match &node.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text == "kind").map(|(_, value)| &value.value),
        Value::Null | Value::Scalar(_) | Value::List(_) => None,
    };
    let medium = match written {
        Some(Value::Scalar(word)) => Medium::ALL.into_iter().find(|medium| medium.name() == word),
        Some(Value::Null | Value::List(_) | Value::Map(_)) | None => None,
    };
    let known: Vec<&str> = match medium {
        Some(medium) => COMMON.iter().chain(keys(medium)).copied().collect(),
        None => {
            COMMON.iter().copied().chain(Medium::ALL.iter().flat_map(|medium| keys(*medium).iter().copied())).collect()
        }
    };
    let map = Map::of(node, "a channel", &known, diagnostics)?;
    let name = name(&map, "a channel", diagnostics);
    let kinds: Vec<&str> = Medium::ALL.into_iter().map(Medium::name).collect();
    if let Some((word, span)) = required(&map, "a channel", "kind", diagnostics) {
        choose((&word, span), "kind of channel", &kinds, diagnostics)?;
    }
    let allow_loopback = map.flag("allow_loopback", diagnostics).unwrap_or(false);
    let allow_addresses = ranges(&map, diagnostics);
    let allow_hosts =
        map.texts("allow_hosts", diagnostics).unwrap_or_default().into_iter().map(|(host, _)| host).collect();
    let kind = kind(medium?, &map, diagnostics);
    let (name, span) = name?;
    Some((name.clone(), span, Channel { name, kind: kind?, allow_loopback, allow_addresses, allow_hosts }))
}

fn kind(medium: Medium, map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Kind> {
    Some(match medium {
        Medium::Slack => {
            let (token, channel) =
                (secret(map, "token", diagnostics), required(map, "a slack channel", "channel", diagnostics));
            let api_url = map.text("api_url", diagnostics).map(|(url, _)| url);
            Kind::Slack { token: token?, channel: channel?.0, api_url }
        }
        Medium::SlackWebhook => Kind::SlackWebhook { url: secret(map, "url", diagnostics)? },
        Medium::Teams => Kind::Teams { url: secret(map, "url", diagnostics)? },
        Medium::Webhook => {
            let secrets = map.get("secrets").map(|entry| (texts(entry.value, "secrets", diagnostics), entry.key));
            let secrets: Vec<SecretRef> = match secrets {
                Some((Some(written), key)) => {
                    if written.len() > 2 {
                        diagnostics.push(
                            Diagnostic::at(key, "`secrets` names more than two")
                                .label("one, or two while one replaces the other"),
                        );
                    }
                    written.into_iter().filter_map(|located| reference(located, "secrets", diagnostics)).collect()
                }
                Some((None, _)) | None => Vec::new(),
            };
            Kind::Webhook { url: secret(map, "url", diagnostics)?, secrets }
        }
        Medium::PagerDuty => {
            let api_url = map.text("api_url", diagnostics).map(|(url, _)| url);
            Kind::PagerDuty { routing_key: secret(map, "routing_key", diagnostics)?, api_url }
        }
        Medium::Email => email(map, diagnostics)?,
    })
}

fn email(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Kind> {
    let host = required(map, "an email channel", "host", diagnostics);
    let choices = ["starttls", "tls", "none"];
    let security = map.text("security", diagnostics);
    let security = security.and_then(|(word, span)| choose((&word, span), "security", &choices, diagnostics));
    let security = match security {
        Some("tls") => MailSecurity::Tls,
        Some("none") => MailSecurity::None,
        Some(_) | None => MailSecurity::StartTls,
    };
    let standard = match security {
        MailSecurity::StartTls => 587,
        MailSecurity::Tls => 465,
        MailSecurity::None => 25,
    };
    let port = map.number("port", 1..65_536, diagnostics).and_then(|port| u16::try_from(port).ok()).unwrap_or(standard);
    let login = match (map.text("username", diagnostics), map.get("password").is_some()) {
        (Some((user, _)), true) => secret(map, "password", diagnostics).map(|password| (user, password)),
        (None, false) => None,
        (Some((_, span)), false) => {
            diagnostics
                .push(Diagnostic::at(span, "there is a `username` and no `password`").label("add `password: env:..`"));
            None
        }
        (None, true) => {
            let _ = required(map, "a channel with a password", "username", diagnostics);
            None
        }
    };
    let from = required(map, "an email channel", "from", diagnostics).and_then(|located| address(located, diagnostics));
    let mut to = Vec::new();
    if let Some(entry) = map.get("to") {
        let written = texts(entry.value, "to", diagnostics).unwrap_or_default();
        to.extend(written.into_iter().filter_map(|located| address(located, diagnostics)));
    } else {
        let _ = required(map, "an email channel", "to", diagnostics);
    }
    Some(Kind::Email { host: host?.0, port, security, login, from: from?, to })
}

fn address((text, span): (String, Range<usize>), diagnostics: &mut Diagnostics) -> Option<String> {
    if let Err(error) = mailbox(&text) {
        diagnostics.push(Diagnostic::at(span, error.to_string()).label("expected for example `ana@example.com`"));
        return None;
    }
    Some(text)
}

fn secret(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<SecretRef> {
    let located = required(map, "a channel of this kind", name, diagnostics)?;
    reference(located, name, diagnostics)
}

/// A reference to a secret. What stands there instead is not repeated.
fn reference((text, span): (String, Range<usize>), name: &str, diagnostics: &mut Diagnostics) -> Option<SecretRef> {
    match text.parse() {
        Ok(reference) => Some(reference),
        Err(error) => {
            let title = match error {
                SecretRefError::Literal => format!("`{name}` holds a secret instead of naming where it is kept"),
                SecretRefError::Nameless | SecretRefError::Malformed { .. } | SecretRefError::Parameter => {
                    error.to_string()
                }
            };
            diagnostics.push(
                Diagnostic::at(span, title)
                    .label("expected for example `env:NAME`, `file:/PATH` or `aws-sm://NAME`")
                    .help("put the value into an environment variable, a file that only the service reads, or a secret manager"),
            );
            None
        }
    }
}

fn ranges(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Vec<IpNet> {
    let written = map.texts("allow_addresses", diagnostics).unwrap_or_default();
    let read = written.into_iter().filter_map(|(range, span)| match palisade_reach::parse_net(&range) {
        Ok(net) => Some(net),
        Err(error) => {
            diagnostics.push(Diagnostic::at(span, format!("`{range}` is no address range")).label(error.to_string()));
            None
        }
    });
    read.collect()
}

/// An address that people open: https, or http on loopback. Without a slash at the end.
fn web((url, span): (String, Range<usize>), name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://127.0.0.1"));
    let rest = rest.or_else(|| url.strip_prefix("http://localhost"));
    let strange = |letter: char| letter.is_whitespace() || letter.is_control() || "<>\"'|?#@\\".contains(letter);
    if rest.is_none_or(str::is_empty) || url.contains(strange) {
        diagnostics.push(
            Diagnostic::at(span, format!("`{name}` is no address that a message can link to"))
                .label("expected `https://HOST` or `https://HOST/PATH`"),
        );
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}

fn proxy((url, span): (String, Range<usize>), diagnostics: &mut Diagnostics) -> Option<String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains('@') || rest.contains(char::is_whitespace)) {
        diagnostics.push(
            Diagnostic::at(span, "`proxy_url` is no address of a proxy")
                .label("expected `http://HOST:PORT`, without credentials"),
        );
        return None;
    }
    Some(url)
}

pub(crate) const ROUTE_KEYS: &[&str] = &[
    "name",
    "severities",
    "providers",
    "scopes",
    "owners",
    "frameworks",
    "events",
    "schedules",
    "send_to",
    "when",
    "at",
    "on",
    "time_zone",
    "quiet_hours",
    "messages_per_hour",
    "remind_every_hours",
];

/// The word for a route that takes events and tells nobody.
const NOBODY: &str = "nobody";

fn route(node: &Node, channels: &[&str], diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>, Route)> {
    let map = Map::of(node, "a route", ROUTE_KEYS, diagnostics)?;
    let name = name(&map, "a route", diagnostics);
    let matches = matches(&map, diagnostics);
    let send_to = send_to(&map, channels, diagnostics);
    let when = when(&map, diagnostics);
    let quiet = map.get("quiet_hours").and_then(|entry| quiet(entry.value, diagnostics));
    let messages_per_hour = map.number("messages_per_hour", 1..1_001, diagnostics).unwrap_or(Route::MESSAGES_PER_HOUR);
    let remind = remind(&map, diagnostics);
    let (name, span) = name?;
    let route = Route { name: name.clone(), matches, send_to, when: when?, quiet, messages_per_hour, remind };
    Some((name, span, route))
}

/// What stands under `sinks`.
pub(crate) fn of(root: &Node) -> Option<&Node> {
    entry(root, "sinks")
}

fn entry<'a>(node: &'a Node, wanted: &str) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == wanted).map(|(_, value)| value)
}

fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// Names of schedules that routes ask for and nobody has. What else is wrong was said when the file was read.
pub(crate) fn check_schedules(root: &Node, schedules: &[&str], diagnostics: &mut Diagnostics) {
    for route in items(of(root).and_then(|sinks| entry(sinks, "routes"))) {
        for asked in items(entry(route, "schedules")) {
            if let Value::Scalar(word) = &asked.value {
                let _ = choose((word, asked.span.clone()), "schedule", schedules, diagnostics);
            }
        }
    }
}

/// The word for a route that reminds nobody.
const NEVER: &str = "never";

fn remind(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Remind {
    match map.get("remind_every_hours").map(|entry| &entry.value.value) {
        Some(Value::Scalar(word)) if word == NEVER => Remind::Never,
        Some(_) => {
            map.number("remind_every_hours", 1..8_761, diagnostics).map_or(Remind::BySeverity, Remind::EveryHours)
        }
        None => Remind::BySeverity,
    }
}

fn matches(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Matches {
    let words = |name: &str, diagnostics: &mut Diagnostics| -> BTreeSet<String> {
        map.texts(name, diagnostics).unwrap_or_default().into_iter().map(|(word, _)| word).collect()
    };
    const PROVIDERS: [Provider; 4] = [Provider::Aws, Provider::Azure, Provider::Gcp, Provider::Kubernetes];
    Matches {
        severities: chosen(map, ("severities", "severity"), Severity::ALL.map(|one| (one.name(), one)), diagnostics),
        providers: chosen(map, ("providers", "provider"), PROVIDERS.map(|one| (one.name(), one)), diagnostics),
        events: chosen(map, ("events", "event"), EventKind::ALL.map(|one| (one.name(), one)), diagnostics),
        scopes: words("scopes", diagnostics),
        owners: words("owners", diagnostics),
        frameworks: words("frameworks", diagnostics),
        schedules: words("schedules", diagnostics),
    }
}

/// Those of a few that a list names.
fn chosen<T: Copy + Ord, const N: usize>(
    map: &Map<'_>,
    (key, what): (&str, &str),
    choices: [(&str, T); N],
    diagnostics: &mut Diagnostics,
) -> BTreeSet<T> {
    let names = choices.map(|(name, _)| name);
    let written = map.texts(key, diagnostics).unwrap_or_default();
    let mut set = BTreeSet::new();
    for (word, span) in written {
        let name = choose((&word, span), what, &names, diagnostics);
        set.extend(choices.iter().filter(|(choice, _)| Some(*choice) == name).map(|(_, one)| *one));
    }
    set
}

fn send_to(map: &Map<'_>, channels: &[&str], diagnostics: &mut Diagnostics) -> Vec<String> {
    let Some(entry) = map.get("send_to") else {
        let _ = required(map, "a route", "send_to", diagnostics);
        return Vec::new();
    };
    if matches!(&entry.value.value, Value::Scalar(word) if word == NOBODY) {
        return Vec::new();
    }
    let written = texts(entry.value, "send_to", diagnostics).unwrap_or_default();
    let known = |(word, span): (String, Range<usize>)| {
        choose((&word, span), "channel", channels, diagnostics).map(str::to_owned)
    };
    written.into_iter().filter_map(known).collect()
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

fn when(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<When> {
    let word = match map.text("when", diagnostics) {
        Some((word, span)) => choose((&word, span), "moment", &["now", "daily", "weekly"], diagnostics)?,
        None => "now",
    };
    let at = map.text("at", diagnostics).and_then(|located| time_of_day(located, "at", diagnostics));
    let on = map.text("on", diagnostics).and_then(|(word, span)| {
        let name = choose((&word, span), "weekday", &WEEKDAYS.map(|(name, _)| name), diagnostics);
        WEEKDAYS.iter().find(|(day, _)| Some(*day) == name).map(|(_, day)| *day)
    });
    let zone = zone(map, diagnostics);
    let refuse = |key: &str, of: &str, diagnostics: &mut Diagnostics| {
        if let Some(entry) = map.get(key) {
            let title = format!("`{key}` has no meaning when a route tells `{word}`");
            diagnostics.push(Diagnostic::at(entry.key, title).label(format!("remove it, or write `when: {of}`")));
        }
    };
    let nine = Time::constant(9, 0, 0, 0);
    match word {
        "daily" => {
            refuse("on", "weekly", diagnostics);
            Some(When::Daily { at: at.unwrap_or(nine), zone: zone? })
        }
        "weekly" => Some(When::Weekly { on: on.unwrap_or(Weekday::Monday), at: at.unwrap_or(nine), zone: zone? }),
        _ => {
            for key in ["at", "on", "time_zone"] {
                refuse(key, "daily", diagnostics);
            }
            Some(When::Now)
        }
    }
}

fn zone(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<Zone> {
    let Some((name, span)) = map.text("time_zone", diagnostics) else { return Some(Zone::UTC) };
    match Zone::named(&name) {
        Ok(zone) => Some(zone),
        Err(error) => {
            diagnostics.push(Diagnostic::at(span, error.to_string()).label("expected for example `Europe/Berlin`"));
            None
        }
    }
}

fn time_of_day((text, span): (String, Range<usize>), name: &str, diagnostics: &mut Diagnostics) -> Option<Time> {
    let parts = text.split_once(':').filter(|(hour, minute)| hour.len() <= 2 && minute.len() == 2);
    let time = parts.and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
    if time.is_none() {
        diagnostics.push(
            Diagnostic::at(span, format!("`{name}` is no time of day"))
                .label("expected hours and minutes: `\"09:00\"`"),
        );
    }
    time
}

pub(crate) const QUIET_KEYS: &[&str] = &["from", "to", "time_zone"];

fn quiet(node: &Node, diagnostics: &mut Diagnostics) -> Option<Quiet> {
    let map = Map::of(node, "`quiet_hours`", QUIET_KEYS, diagnostics)?;
    let mut time = |key: &str| {
        let located = required(&map, "`quiet_hours`", key, diagnostics)?;
        let span = located.1.clone();
        time_of_day(located, key, diagnostics).map(|time| (time, span))
    };
    let (from, to) = (time("from"), time("to"));
    let zone = zone(&map, diagnostics);
    let ((from, _), (to, span)) = (from?, to?);
    if from == to {
        diagnostics.push(Diagnostic::at(span, "quiet hours end when they begin").label("choose another time"));
        return None;
    }
    Some(Quiet { from, to, zone: zone? })
}

pub(crate) const TEMPLATE_KEYS: &[&str] = &["event", "channel", "title_file", "body_file"];

fn template(node: &Node, channels: &[&str], diagnostics: &mut Diagnostics) -> Option<TemplateFile> {
    let map = Map::of(node, "a template", TEMPLATE_KEYS, diagnostics)?;
    let names = EventKind::ALL.map(EventKind::name);
    let event = map.text("event", diagnostics).and_then(|(word, span)| {
        let name = choose((&word, span), "event", &names, diagnostics);
        EventKind::ALL.into_iter().find(|kind| Some(kind.name()) == name)
    });
    let channel = map
        .text("channel", diagnostics)
        .and_then(|(word, span)| choose((&word, span), "channel", channels, diagnostics).map(str::to_owned));
    let mut file = |key: &str| map.get(key).and_then(|entry| text(entry.value, key, diagnostics)).map(|(file, _)| file);
    let (title_file, body_file) = (file("title_file"), file("body_file"));
    if title_file.is_none() && body_file.is_none() {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "a template writes nothing").label("add `title_file:` or `body_file:`"),
        );
    }
    Some(TemplateFile { event, channel, title_file, body_file })
}
