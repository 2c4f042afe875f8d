//! KMS: JSON 1.1.

use serde_json::{Value, json};

use super::World;
use super::call::{Call, Service};
use super::error::{Failure, denied};
use super::expand::Fabric;
use super::expand::keys::KeyFacts;
use super::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "Limit",
    token: "Marker",
    smallest: 1,
    largest: 100,
    usual: 50,
    bad_size: "ValidationException",
    bad_token: "InvalidMarkerException",
};

pub(crate) fn answer(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    let name = call.required("KeyId")?;
    let key = find(world, fabric, call, name)?;
    let body = match call.action.as_str() {
        "DescribeKey" => json!({ "KeyMetadata": key.metadata }),
        "GetKeyRotationStatus" => key.rotation.clone(),
        "GetKeyPolicy" => {
            json!({ "Policy": key.policy, "PolicyName": call.parameter("PolicyName").unwrap_or("default") })
        }
        "ListGrants" => {
            let page = PAGING.page(call, key.grants.len(), world.page_limit)?;
            let mut body = json!({ "Grants": page.of(&key.grants), "Truncated": page.next.is_some() });
            if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
                body.insert("NextMarker".to_owned(), json!(next));
            }
            body
        }
        _ => return Err(Failure::client("UnknownOperationException", "")),
    };
    Ok(Reply { content_type: "application/x-amz-json-1.1", ..Reply::json(200, &body) })
}

/// A key of the region by its id, ARN or alias, or a key of another account that lets this one use it.
fn find<'world>(
    world: &'world World,
    fabric: &'world Fabric,
    call: &Call,
    name: &str,
) -> Result<&'world KeyFacts, Failure> {
    let owner = name.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3)).unwrap_or(&call.account);
    if owner == call.account {
        return fabric.keys.iter().find(|key| key.is_called(name)).ok_or_else(|| not_found(name));
    }
    let foreign = world.account(owner).and_then(|estate| estate.region(&call.region));
    let key = foreign.and_then(|fabric| fabric.keys.iter().find(|key| key.is_called(name)));
    key.filter(|key| key.policy.contains(&call.account))
        .ok_or_else(|| denied(Service::Kms, &call.action, &call.principal(), Some(name)))
}

fn not_found(name: &str) -> Failure {
    let message = if name.contains("alias/") {
        format!("Alias {name} is not found.")
    } else {
        format!("Key '{name}' does not exist")
    };
    Failure::client("NotFoundException", message)
}

/// The members of an object that have a value.
pub(crate) fn compact(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, compact(value)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(compact).collect()),
        other => other,
    }
}
