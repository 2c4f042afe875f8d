//! Replies in the shapes Azure Resource Manager uses, good and bad.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::ids;
use super::wire::Item;
use crate::http::{Operation, Reply};

const JSON: &str = "application/json; charset=utf-8";

/// A body that is JSON already.
pub(crate) fn ok(body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        content_type: JSON,
        headers: vec![("x-ms-ratelimit-remaining-subscription-reads".to_owned(), "11999".to_owned())],
        body,
    }
}

/// One resource.
pub(crate) fn resource(item: &Item) -> Reply {
    ok(item.as_bytes().to_vec())
}

/// A page of a list; `next` is the value of `nextLink`, if the field is there at all.
pub(crate) fn page(items: &[Item], next: Option<&Value>) -> Reply {
    listed(items, next.map(|next| ("nextLink", next)))
}

/// A page of a list of Microsoft Graph.
pub(crate) fn odata(items: &[Item], next: Option<&Value>) -> Reply {
    listed(items, next.map(|next| ("@odata.nextLink", next)))
}

/// A page of a list that pages on by a token.
pub(crate) fn tokens(items: &[Item], token: Option<&str>) -> Reply {
    let token = json!(token.unwrap_or_default());
    listed(items, Some(("skipToken", &token)))
}

fn listed(items: &[Item], next: Option<(&str, &Value)>) -> Reply {
    let size = items.iter().map(|item| item.len() + 1).sum::<usize>();
    let mut body = String::with_capacity(size + 256);
    body.push_str("{\"value\":[");
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        body.push_str(item);
    }
    body.push(']');
    if let Some((field, next)) = next {
        // Writing to a string cannot fail.
        let _ = write!(body, ",\"{field}\":{next}");
    }
    body.push('}');
    ok(body.into_bytes())
}

/// ARM's error envelope.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply {
        status,
        content_type: JSON,
        headers: vec![("x-ms-failure-cause".to_owned(), "gateway".to_owned())],
        body: json!({"error": {"code": code, "message": message}}).to_string().into_bytes(),
    }
}

/// The caller sent no token.
pub(crate) fn unauthenticated() -> Reply {
    let mut reply = error(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    reply.headers.push((
        "www-authenticate".to_owned(),
        "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\"".to_owned(),
    ));
    reply
}

/// The caller may not do this.
pub(crate) fn denied(operation: &Operation) -> Reply {
    let client = ids::client("app/palisade");
    let object = ids::principal("app/palisade");
    let Operation { permission, scope, .. } = operation;
    // Microsoft Graph does not say what is missing.
    if !permission.contains('/') {
        return error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    }
    let at = if scope == super::route::TENANT { "/".to_owned() } else { format!("/subscriptions/{scope}") };
    error(
        403,
        "AuthorizationFailed",
        &format!(
            "The client '{client}' with object id '{object}' does not have authorization to perform action \
             '{permission}' over scope '{at}' or the scope is invalid. If access was recently granted, please refresh \
             your credentials."
        ),
    )
}

/// Too many calls; a second is enough for the bucket of a small world.
pub(crate) fn throttled(operation: &Operation) -> Reply {
    let Operation { permission, scope, .. } = operation;
    let (code, message) = if permission.starts_with("Microsoft.ResourceGraph/") {
        ("RateLimiting", "Please provide below info when asking for support. Client was throttled.".to_owned())
    } else if permission.starts_with("Microsoft.ContainerService/") {
        ("TooManyRequests", format!("The request is throttled: too many list calls in subscription '{scope}'."))
    } else {
        (
            "SubscriptionRequestsThrottled",
            format!(
                "Number of 'read' requests for subscription '{scope}' exceeded the limit. Please try again after '1' seconds."
            ),
        )
    };
    let mut reply = error(429, code, &message);
    reply.headers.push(("retry-after".to_owned(), "1".to_owned()));
    reply
}

/// Azure failed by itself.
pub(crate) fn server_error(operation: &Operation) -> Reply {
    let message = format!("The server encountered an internal error while performing '{}'.", operation.permission);
    error(500, "InternalServerError", &message)
}

/// What Entra's token endpoint answers to any client.
pub(crate) fn token() -> Reply {
    Reply {
        status: 200,
        content_type: JSON,
        headers: vec![("cache-control".to_owned(), "no-store, no-cache".to_owned())],
        body: json!({
            "token_type": "Bearer",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": "simulated-token",
        })
        .to_string()
        .into_bytes(),
    }
}
