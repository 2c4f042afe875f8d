//! Replies in the shapes that the APIs of Google Cloud use, good and bad.

use serde_json::{Value, json};

use super::route::Route;
use super::wire::{Aggregated, Enums, Item};
use crate::http::{Operation, Reply};

const JSON: &str = "application/json; charset=UTF-8";

/// A body that is JSON already.
pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Reply {
    Reply { status: 200, content_type: JSON, headers: vec![("server".to_owned(), "ESF".to_owned())], body: body.into() }
}

/// A page of a list. A field that would be empty is left out, so an empty list is `{}`.
pub(crate) fn page(
    head: &[(&'static str, String)],
    field: &str,
    items: &[Item],
    next: Option<&str>,
    enums: Enums,
) -> Reply {
    let mut body = Object::new(head);
    if !items.is_empty() {
        body.field(field);
        body.text.push('[');
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                body.text.push(',');
            }
            body.text.push_str(item.text(enums));
        }
        body.text.push(']');
    }
    if let Some(next) = next {
        body.field("nextPageToken");
        body.text.push_str(&json!(next).to_string());
    }
    ok(body.end())
}

/// A page of a list over all scopes: `of` to `to` counts through all scopes in their order. Every page names every
/// scope, with a warning where it has nothing.
pub(crate) fn scopes(list: &Aggregated, field: &str, (of, to): (usize, usize), next: Option<&str>) -> Reply {
    let mut body = Object::new(&list.head);
    body.field("items");
    let mut items = Object::new(&[]);
    let mut position = 0;
    for (scope, all) in &list.scopes {
        items.field(scope);
        let here: Vec<&Item> =
            all.iter().zip(position..).filter(|(_item, at)| (of..to).contains(at)).map(|(item, _at)| item).collect();
        position += all.len();
        if here.is_empty() {
            let warning = json!({"warning": {
                "code": "NO_RESULTS_ON_PAGE",
                "message": format!("There are no results for scope '{scope}' on this page."),
                "data": [{"key": "scope", "value": scope}],
            }});
            items.text.push_str(&warning.to_string());
        } else {
            let mut inner = Object::new(&[]);
            inner.field(field);
            inner.text.push('[');
            for (position, item) in here.iter().enumerate() {
                if position > 0 {
                    inner.text.push(',');
                }
                inner.text.push_str(item.text(Enums::Names));
            }
            inner.text.push(']');
            items.text.push_str(&inner.end());
        }
    }
    body.text.push_str(&items.end());
    if let Some(next) = next {
        body.field("nextPageToken");
        body.text.push_str(&json!(next).to_string());
    }
    ok(body.end())
}

/// A JSON object that is written piece by piece: the pieces are JSON already and are not parsed again.
struct Object {
    text: String,
}

impl Object {
    fn new(head: &[(&'static str, String)]) -> Self {
        let mut object = Self { text: "{".to_owned() };
        for (name, value) in head {
            object.field(name);
            object.text.push_str(value);
        }
        object
    }

    fn field(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(&json!(name).to_string());
        self.text.push(':');
    }

    fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// `google.rpc.Status` with an `ErrorInfo`.
fn error(service: &str, (code, status, message): (u16, &str, &str), reason: &str, metadata: &Value) -> Reply {
    let mut body = json!({
        "code": code,
        "message": message,
        "status": status,
        "details": [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": metadata,
        }],
    });
    if service == super::route::COMPUTE {
        // Compute Engine still sends the errors of its first years as well.
        let old = match code {
            403 => "forbidden",
            404 => "notFound",
            429 => "rateLimitExceeded",
            _ => "invalid",
        };
        super::wire::set(&mut body, "errors", json!([{"message": message, "domain": "global", "reason": old}]));
    }
    Reply {
        status: code,
        content_type: JSON,
        headers: vec![("server".to_owned(), "ESF".to_owned())],
        body: json!({"error": body}).to_string().into_bytes(),
    }
}

/// What the front end of Google answers where no API is.
pub(crate) fn nowhere(path: &str) -> Reply {
    let path = path.replace('&', "&amp;").replace('<', "&lt;");
    Reply {
        status: 404,
        content_type: "text/html; charset=UTF-8",
        headers: Vec::new(),
        body: format!("<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>The requested URL <code>{path}</code> was not found on this server.").into_bytes(),
    }
}

/// Something in the request that the simulator, or Google, does not accept.
pub(crate) fn invalid(route: &Route, message: &str) -> Reply {
    error(route.service, (400, "INVALID_ARGUMENT", message), "INVALID_ARGUMENT", &json!({"service": route.service}))
}

/// A thing that does not exist.
pub(crate) fn missing(route: &Route, path: &str) -> Reply {
    let message = match route.service {
        super::route::COMPUTE => format!("The resource '{}' was not found", path.trim_start_matches("/compute/v1/")),
        _ => format!("Not found: {}.", path.trim_start_matches('/')),
    };
    error(route.service, (404, "NOT_FOUND", &message), "RESOURCE_NOT_FOUND", &json!({"service": route.service}))
}

/// A project that does not exist: nobody is told so.
pub(crate) fn unknown_project(route: &Route, project: &str) -> Reply {
    let metadata = json!({"service": route.service, "consumer": format!("projects/{project}")});
    let message = format!("Permission denied on resource project {project}.");
    error(route.service, (403, "PERMISSION_DENIED", &message), "CONSUMER_INVALID", &metadata)
}

/// A project in which the API was never turned on.
pub(crate) fn service_disabled(route: &Route, project: &str, number: &str) -> Reply {
    let Route { service, .. } = route;
    let link = format!("https://console.developers.google.com/apis/api/{service}/overview?project={number}");
    let message = format!(
        "{service} has not been used in project {project} before or it is disabled. Enable it by visiting {link} then \
         retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and \
         retry."
    );
    let metadata = json!({
        "service": service,
        "serviceTitle": service,
        "consumer": format!("projects/{number}"),
        "containerInfo": number,
        "activationUrl": link,
    });
    error(service, (403, "PERMISSION_DENIED", &message), "SERVICE_DISABLED", &metadata)
}

/// The caller may not do this.
pub(crate) fn denied(operation: &Operation) -> Reply {
    let Operation { permission, scope, .. } = operation;
    // A search finds what the caller may see. Who may see nothing gets an empty answer, not an error.
    if super::route::is_search(operation) {
        return ok("{}");
    }
    let resource = if scope.contains('/') { scope.clone() } else { format!("projects/{scope}") };
    let service = super::route::service_of(permission);
    let message = match service {
        super::route::COMPUTE => format!("Required '{permission}' permission for '{resource}'"),
        super::route::CONTAINER => format!("Required \"{permission}\" permission(s) for \"{resource}\"."),
        _ => format!("Permission '{permission}' denied on resource '//{service}/{resource}' (or it may not exist)."),
    };
    let metadata = json!({"permission": permission, "resource": resource, "service": service});
    error(service, (403, "PERMISSION_DENIED", &message), "IAM_PERMISSION_DENIED", &metadata)
}

/// Too many calls; a second is enough for the bucket of a small world.
pub(crate) fn throttled(operation: &Operation) -> Reply {
    let Operation { permission, scope, .. } = operation;
    let service = super::route::service_of(permission);
    let message = format!(
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service '{service}' for consumer '{scope}'."
    );
    let metadata = json!({
        "service": service,
        "consumer": scope,
        "quota_limit": "ReadRequestsPerMinutePerProject",
        "quota_metric": format!("{service}/read_requests"),
        "quota_limit_value": "1500",
    });
    error(service, (429, "RESOURCE_EXHAUSTED", &message), "RATE_LIMIT_EXCEEDED", &metadata)
        .with_header("retry-after", "1")
}

/// Google failed by itself.
pub(crate) fn server_error(operation: &Operation) -> Reply {
    let body = json!({"error": {
        "code": 500,
        "message": format!("Internal error encountered while performing {}.", operation.permission),
        "status": "INTERNAL",
    }});
    Reply { status: 500, content_type: JSON, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// What a token endpoint answers to any client.
pub(crate) fn token() -> Reply {
    let body = json!({"access_token": "simulated-token", "expires_in": 3599, "token_type": "Bearer"});
    ok(body.to_string())
}
