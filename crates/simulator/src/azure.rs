//! Azure Resource Manager, Resource Graph and the token endpoint of Entra, from a described tenant.
//!
//! Everything is read-only and prepared when the world is loaded: a reply is a look-up and some copying. What a
//! client may get wrong is refused as Azure refuses it: no token, no `api-version`, an `api-version` that does not
//! exist, an unknown path. A filter the simulator cannot evaluate is refused too, rather than ignored.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Operation, Reply, Request};

mod answer;
pub(crate) mod description;
mod expand;
mod graph;
mod ids;
mod roles;
mod route;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::generate::azure::generate;

use description::Description;
use route::{Kind, LastPage, Route, Shape};
use wire::{Item, Wire};

/// One Azure tenant, ready to answer.
#[derive(Clone, Default, Deserialize)]
#[serde(try_from = "Description")]
pub struct World {
    wire: Arc<Wire>,
}

impl TryFrom<Description> for World {
    type Error = expand::Mistake;

    fn try_from(description: Description) -> Result<Self, Self::Error> {
        Ok(Self { wire: Arc::new(expand::expand(&description)?) })
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").field("resources", &self.wire.len()).finish()
    }
}

/// The operation a request stands for; `None` when nothing answers at its path.
pub fn operation(_world: &World, request: &Request) -> Option<Operation> {
    Route::of(&request.path).map(|route| route.operation(request))
}

/// Azure Resource Manager and Entra call a request by two ids, Microsoft Graph by one.
pub(crate) fn id_headers(request: &Request) -> &'static [&'static str] {
    if Route::of(&request.path).is_some_and(|route| route.kind.is_of_graph()) {
        &["request-id"]
    } else {
        &["x-ms-request-id", "x-ms-correlation-request-id"]
    }
}

/// The true answer.
pub fn reply(world: &World, request: &Request) -> Reply {
    if request.path.ends_with("/oauth2/v2.0/token") {
        return answer::token();
    }
    let authorized = request.header("authorization").is_some_and(|value| {
        value
            .split_once(' ')
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
    });
    if !authorized {
        return answer::unauthenticated();
    }
    let Some(route) = Route::of(&request.path) else {
        return answer::error(404, "NotFound", &format!("No resource provider answers at '{}'.", request.path));
    };
    let refusal = if route.kind.is_of_graph() { bad_query(request) } else { bad_version(route.kind, request) };
    if let Some(refusal) = refusal {
        return refusal;
    }
    let method = if route.shape == Shape::Query || route.kind.computed { "POST" } else { "GET" };
    if request.method != method {
        let message = format!("The requested resource does not support http method '{}'.", request.method);
        return answer::error(405, "MethodNotAllowed", &message);
    }
    match route.shape {
        Shape::Query => graph::answer(&world.wire, request),
        Shape::Resource => {
            let path = request.path.trim_end_matches('/').to_ascii_lowercase();
            world.wire.resource(&path).map_or_else(|| missing(&world.wire, &route, &path), answer::resource)
        }
        Shape::List if route.kind.computed => computed(&world.wire, &route, request),
        Shape::List => list(&world.wire, &route, request),
    }
}

/// The answer to a caller without the permission.
pub fn denied(operation: &Operation) -> Reply {
    answer::denied(operation)
}

/// The answer to a caller who asks too fast.
pub fn throttled(operation: &Operation) -> Reply {
    answer::throttled(operation)
}

/// The answer when something breaks inside Azure.
pub fn server_error(operation: &Operation) -> Reply {
    answer::server_error(operation)
}

/// The id of one subscription of a generated tenant.
pub(crate) fn subscription_id(seed: u64, index: usize) -> String {
    ids::guid(&format!("subscription {seed} {index}"))
}

fn bad_version(kind: &Kind, request: &Request) -> Option<Reply> {
    let asked = request.query.iter().find(|(key, _value)| key.eq_ignore_ascii_case("api-version"));
    let Some((_key, version)) = asked.filter(|(_key, version)| !version.is_empty()) else {
        return Some(answer::error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(position, byte)| match position {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    (!is_date || version.as_str() > kind.newest).then(|| {
        answer::error(
            400,
            "NoRegisteredProviderFound",
            &format!(
                "No registered resource provider found for location '' and API version '{version}' for type '{}'. The \
                 supported api-versions are '{}'.",
                kind.name, kind.newest
            ),
        )
    })
}

/// Members of one type are an advanced query, which has to say so twice.
fn bad_query(request: &Request) -> Option<Reply> {
    let eventual = request.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    let counted = request.query.get("$count").is_some_and(|count| count == "true");
    (!eventual || !counted).then(|| {
        let message = "The specified filter to the reference property query is currently not supported.";
        answer::error(400, "Request_UnsupportedQuery", message)
    })
}

fn list(wire: &Wire, route: &Route, request: &Request) -> Reply {
    let path = request.path.trim_end_matches('/').to_ascii_lowercase();
    let Some(all) = wire.list(&path) else {
        return match exists(wire, &path) {
            true if route.kind.is_of_graph() => answer::odata(&[], None),
            true => answer::page(&[], None),
            false => missing(wire, route, &path),
        };
    };
    let mut kept = None;
    if let Some(filter) = request.query.get("$filter").filter(|filter| !filter.trim().is_empty()) {
        kept = filtered(all, &path, filter);
        if kept.is_none() {
            let message = format!("The filter '{filter}' is not supported by the simulator.");
            return answer::error(400, "UnsupportedQuery", &message);
        }
    }
    let items = kept.as_deref().unwrap_or(all);
    let start = match route::skip_token(request) {
        None if route.kind.empty_first && !items.is_empty() => {
            return answer::page(&[], Some(&json!(next_link(request, &offset_token(0)))));
        }
        None => 0,
        Some(token) => match token_offset(token) {
            Some(offset) => offset,
            None => return answer::error(400, "InvalidSkipToken", "The skip token provided is invalid."),
        },
    };
    let top = request.query.get("$top").and_then(|top| top.parse().ok()).unwrap_or(usize::MAX);
    let end = start.saturating_add(wire.page_size.min(top).max(1)).min(items.len());
    let page = items.get(start..end).unwrap_or_default();
    if route.kind.is_of_graph() {
        let next = (end < items.len()).then(|| json!(next_link(request, &offset_token(end))));
        return answer::odata(page, next.as_ref());
    }
    if end < items.len() {
        return answer::page(page, Some(&json!(next_link(request, &offset_token(end)))));
    }
    match route.kind.last_page {
        LastPage::Silent => answer::page(page, None),
        LastPage::Empty => answer::page(page, Some(&json!(""))),
        LastPage::Null => answer::page(page, Some(&Value::Null)),
    }
}

/// A list that pages on by a token in the body of the request.
fn computed(wire: &Wire, route: &Route, request: &Request) -> Reply {
    let path = request.path.trim_end_matches('/').to_ascii_lowercase();
    let Some(items) = wire.list(&path) else {
        return if exists(wire, &path) { answer::tokens(&[], None) } else { missing(wire, route, &path) };
    };
    let start = match route::body_token(request) {
        None => 0,
        Some(token) => match token_offset(&token) {
            Some(offset) => offset,
            None => return answer::error(400, "InvalidSkipToken", "The skip token provided is invalid."),
        },
    };
    let end = start.saturating_add(wire.page_size.max(1)).min(items.len());
    let more = end < items.len();
    answer::tokens(items.get(start..end).unwrap_or_default(), more.then(|| offset_token(end)).as_deref())
}

/// Whether the thing that a list belongs to exists.
fn exists(wire: &Wire, list: &str) -> bool {
    let owner = match list.split_once("/providers/microsoft.insights/diagnosticsettings") {
        Some((owner, _rest)) => owner,
        None => match list.rsplit_once('/') {
            // `…/providers/<namespace>/<type>`: the owner is what stands before `providers`.
            Some((above, _kind)) => match above.rsplit_once("/providers/") {
                Some((owner, namespace)) if !namespace.contains('/') => owner,
                _ => above,
            },
            None => list,
        },
    };
    owner.is_empty() || wire.resource(owner).is_some()
}

fn missing(wire: &Wire, route: &Route, path: &str) -> Reply {
    let scope = &route.scope;
    if scope != route::TENANT && wire.resource(&format!("/subscriptions/{}", scope.to_ascii_lowercase())).is_none() {
        let message = format!("The subscription '{scope}' could not be found.");
        return answer::error(404, "SubscriptionNotFound", &message);
    }
    if route.kind.is_of_graph() {
        let message = format!(
            "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
            route.subject
        );
        return answer::error(404, "Request_ResourceNotFound", &message);
    }
    let message = format!(
        "The Resource '{}' under '{path}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        route.kind.name
    );
    answer::error(404, "ResourceNotFound", &message)
}

/// The filters that collectors use; `None` for any other.
fn filtered(items: &[Item], path: &str, filter: &str) -> Option<Vec<Item>> {
    let scope = path.split("/providers/microsoft.authorization").next().unwrap_or_default();
    let property = |item: &Item, name: &str| -> Option<String> {
        let value: Value = serde_json::from_str(item).ok()?;
        value.get("properties")?.get(name)?.as_str().map(str::to_owned)
    };
    let wanted = |field: &str| {
        let rest = filter.trim().strip_prefix(field)?.trim_start().strip_prefix("eq")?.trim();
        rest.strip_prefix('\'')?.strip_suffix('\'')
    };
    let keep: Box<dyn Fn(&Item) -> bool> = if filter.trim().eq_ignore_ascii_case("atScope()") {
        // At the scope or above it, not below.
        Box::new(|item| {
            property(item, "scope")
                .is_none_or(|at| scope.starts_with(&at.to_ascii_lowercase()) || at.starts_with("/providers/"))
        })
    } else if let Some(principal) = wanted("principalId") {
        Box::new(move |item| property(item, "principalId").as_deref() == Some(principal))
    } else if let Some(kind) = wanted("type") {
        Box::new(move |item| property(item, "type").is_some_and(|is| is.eq_ignore_ascii_case(kind)))
    } else {
        return None;
    };
    Some(items.iter().filter(|item| keep(item)).cloned().collect())
}

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'$');

/// The absolute address of the next page, with everything else that was asked.
fn next_link(request: &Request, token: &str) -> String {
    // The header has the port; the `host` of a request has not.
    let host = request.header("host").unwrap_or(&request.host);
    let asked = request.query.iter().filter(|(key, _value)| !key.eq_ignore_ascii_case("$skiptoken"));
    let query: Vec<String> = asked
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .chain([("$skiptoken", token)])
        .map(|(key, value)| format!("{}={}", utf8_percent_encode(key, QUERY), utf8_percent_encode(value, QUERY)))
        .collect();
    let path = utf8_percent_encode(&request.path, PATH);
    format!("http://{host}{path}?{}", query.join("&"))
}

const PATH: &AsciiSet = &QUERY.remove(b'/').remove(b':').remove(b'@').remove(b'(').remove(b')');

/// An opaque token for a position in a list.
fn offset_token(offset: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("offset:{offset}"))
}

fn token_offset(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("offset:")?.parse().ok()
}
