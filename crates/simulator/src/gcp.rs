//! The APIs of Google Cloud that a scan needs, from a described organisation.
//!
//! One endpoint serves them all: Kubernetes Engine, Compute Engine, Resource Manager, IAM, Cloud KMS and Recommender,
//! at the paths at which Google's Rust clients ask. Everything is read-only and prepared when the world is loaded. As
//! the real services do, it leaves out what is false or empty, answers enumerations as numbers when it is asked to,
//! sends 64-bit numbers as text and counts pages with tokens. A filter it cannot evaluate is refused, not ignored.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::http::{Operation, Reply, Request};

mod answer;
pub(crate) mod description;
mod enums;
mod expand;
mod ids;
mod roles;
mod route;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::generate::gcp::generate;

use description::Description;
use route::{Route, Shape};
use wire::{Enums, Item, List, Wire};

/// One Google Cloud organisation, ready to answer.
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
        formatter.debug_struct("World").field("objects", &self.wire.len()).finish()
    }
}

/// The operation a request stands for; `None` when nothing answers at its path.
pub fn operation(world: &World, request: &Request) -> Option<Operation> {
    Route::of(&world.wire, request).filter(|route| route.method == request.method).map(|route| route.operation(request))
}

/// Google Cloud tells a caller no id of a request.
pub(crate) fn id_headers(_: &Request) -> &'static [&'static str] {
    &[]
}

/// The true answer.
pub fn reply(world: &World, request: &Request) -> Reply {
    let wire = &world.wire;
    if request.path == "/token" || request.path.ends_with("/service-accounts/default/token") {
        return answer::token();
    }
    let Some(route) = Route::of(wire, request).filter(|route| route.method == request.method) else {
        return answer::nowhere(&request.path);
    };
    if let Some(refusal) = no_such_consumer(wire, &route) {
        return refusal;
    }
    let enums = enums_wanted(request);
    match route.shape {
        Shape::Resource => {
            let path = match request.query.get("network") {
                // Asked of a region, for one network: its name or any form of its address.
                Some(network) if route.path.ends_with("/firewallPolicies/getEffectiveFirewalls") => {
                    format!("{}#{}", route.path, network.rsplit('/').next().unwrap_or_default())
                }
                _ => route.path.clone(),
            };
            found(wire, &route, &path, enums)
        }
        Shape::Policy => {
            let path = if policy_version(request) >= 3 { route.path.clone() } else { format!("{}#1", route.path) };
            found(wire, &route, &path, enums)
        }
        Shape::Whole { field } => {
            let path = whole_list(&route, request);
            let empty = List::default();
            let list = wire.list(&path).unwrap_or(&empty);
            if route.path.ends_with("/keys") && wire.resource(route.path.trim_end_matches("/keys")).is_none() {
                return answer::missing(&route, &route.path);
            }
            answer::page(&list.head, field, &list.items, None, enums)
        }
        Shape::Pages { field, default, most } => pages(wire, &route, request, (field, default, most)),
        Shape::Aggregated { field } => aggregated(wire, &route, request, field),
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

/// The answer when something breaks inside Google Cloud.
pub fn server_error(operation: &Operation) -> Reply {
    answer::server_error(operation)
}

/// A project that does not exist, or that never turned the API on.
fn no_such_consumer(wire: &Wire, route: &Route) -> Option<Reply> {
    if route.scope.contains('/') || route.scope == "global" {
        return None;
    }
    match wire.projects.get(&route.scope) {
        None if route.service == route::COMPUTE => {
            Some(answer::missing(route, &format!("/compute/v1/projects/{}", route.scope)))
        }
        None => Some(answer::unknown_project(route, &route.scope)),
        Some(known) if known.disabled_apis.iter().any(|api| api == route.service) => {
            Some(answer::service_disabled(route, &route.scope, &known.number))
        }
        Some(_known) => None,
    }
}

fn found(wire: &Wire, route: &Route, path: &str, enums: Enums) -> Reply {
    wire.resource(path).map_or_else(|| answer::missing(route, path), |item| answer::ok(item.text(enums)))
}

fn enums_wanted(request: &Request) -> Enums {
    let numbers = ["$alt", "alt"]
        .iter()
        .any(|name| request.query.get(*name).is_some_and(|value| value.contains("enum-encoding=int")));
    if numbers { Enums::Numbers } else { Enums::Names }
}

/// `requestedPolicyVersion`, which services take from the query or from the body.
fn policy_version(request: &Request) -> u64 {
    let asked = ["options.requestedPolicyVersion", "optionsRequestedPolicyVersion"];
    let query = asked.iter().find_map(|name| request.query.get(*name)).and_then(|text| text.parse().ok());
    let body = || {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        let version = body.get("options")?.get("requestedPolicyVersion")?;
        version.as_u64().or_else(|| version.as_str()?.parse().ok())
    };
    query.or_else(body).unwrap_or(1)
}

/// The keys of an account can be asked for by their type, as a name or as a number.
fn whole_list(route: &Route, request: &Request) -> String {
    let types = request.query.get("keyTypes").map(String::as_str).unwrap_or_default();
    match types {
        "USER_MANAGED" | "1" => format!("{}#USER_MANAGED", route.path),
        "SYSTEM_MANAGED" | "2" => format!("{}#SYSTEM_MANAGED", route.path),
        _ => route.path.clone(),
    }
}

fn pages(wire: &Wire, route: &Route, request: &Request, (field, default, most): (&str, usize, usize)) -> Reply {
    let mut path = route.path.clone();
    if path == "/v3/projects" || path == "/v3/folders" {
        path = format!("{path}?parent={}", request.query.get("parent").map(String::as_str).unwrap_or_default());
    }
    let full = request.query.get("view").is_some_and(|view| view == "FULL" || view == "1");
    if path.ends_with("/roles") && full {
        path.push_str("#full");
    }
    match request.query.get("filter").filter(|filter| !filter.is_empty()) {
        // Kinds are the one thing that this filter of Google's knows besides addresses.
        Some(filter) if path.ends_with("/occurrences") && kind_of(filter).is_some() => {
            path = format!("{path}#{}", kind_of(filter).unwrap_or_default());
        }
        Some(filter) => {
            return answer::invalid(route, &format!("The simulator does not evaluate the filter '{filter}'."));
        }
        None => (),
    }
    let empty = List::default();
    let list = wire.list(&path).unwrap_or(&empty);
    let mut selected = None;
    if let Some(query) = request.query.get("query").filter(|query| !query.trim().is_empty()) {
        selected = search(&list.items, query);
        if selected.is_none() {
            return answer::invalid(route, &format!("The simulator does not evaluate the query '{query}'."));
        }
    }
    let items = selected.as_deref().unwrap_or(&list.items);
    let Ok((of, to)) = window(wire, request, items.len(), default, most) else {
        return answer::invalid(route, "The page token is not valid.");
    };
    let next = (to < items.len()).then(|| page_token(to));
    let page = items.get(of..to).unwrap_or_default();
    answer::page(&list.head, field, page, next.as_deref(), enums_wanted(request))
}

fn aggregated(wire: &Wire, route: &Route, request: &Request, field: &str) -> Reply {
    if let Some(filter) = request.query.get("filter").filter(|filter| !filter.is_empty()) {
        return answer::invalid(route, &format!("The simulator does not evaluate the filter '{filter}'."));
    }
    let Some(list) = wire.aggregated(&route.path) else { return answer::missing(route, &route.path) };
    let all: usize = list.scopes.values().map(Vec::len).sum();
    let Ok((of, to)) = window(wire, request, all, 500, 500) else {
        return answer::invalid(route, "Invalid value for field 'pageToken'.");
    };
    let next = (to < all).then(|| page_token(to));
    answer::scopes(list, field, (of, to), next.as_deref())
}

/// `kind="VULNERABILITY"`.
fn kind_of(filter: &str) -> Option<&str> {
    let kind = filter.trim().strip_prefix("kind=\"")?.strip_suffix('"')?;
    kind.chars().all(|letter| letter.is_ascii_uppercase()).then_some(kind)
}

/// Which items the page has: from, to.
fn window(wire: &Wire, request: &Request, all: usize, default: usize, most: usize) -> Result<(usize, usize), ()> {
    let token = request.query.get("pageToken").map(String::as_str).unwrap_or_default();
    let of = if token.is_empty() { 0 } else { token_offset(token).ok_or(())? };
    let asked = ["pageSize", "maxResults"].iter().find_map(|name| request.query.get(*name)?.parse::<usize>().ok());
    // Zero and absent both mean "you choose".
    let size = asked.filter(|size| *size > 0).unwrap_or(default).min(most).min(wire.page_size.unwrap_or(most));
    Ok((of.min(all), of.saturating_add(size).min(all)))
}

/// The searches that collectors use: `parent:folders/1`, `state:ACTIVE`, `projectId:p`, joined by spaces or `AND`.
fn search(items: &[Item], query: &str) -> Option<Vec<Item>> {
    let mut terms = Vec::new();
    for term in query.split_whitespace().filter(|term| !term.eq_ignore_ascii_case("and")) {
        let (field, value) = term.split_once([':', '='])?;
        let field = match field {
            "id" => "projectId",
            "parent" | "state" | "projectId" | "displayName" => field,
            _ => return None,
        };
        terms.push((field, value.trim_matches('"')));
    }
    let kept = items.iter().filter(|item| {
        let body: Value = serde_json::from_str(item.text(Enums::Names)).unwrap_or_default();
        terms.iter().all(|(field, value)| body.get(*field).and_then(Value::as_str) == Some(*value))
    });
    Some(kept.cloned().collect())
}

/// An opaque token for a position in a list.
fn page_token(offset: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("offset:{offset}"))
}

fn token_offset(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("offset:")?.parse().ok()
}
