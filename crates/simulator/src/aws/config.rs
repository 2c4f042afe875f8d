//! AWS Config: what an aggregator over the whole organization knows. JSON 1.1.

use serde_json::{Value, json};

use super::World;
use super::call::{Call, Service};
use super::error::{Failure, denied};
use super::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "Limit",
    token: "NextToken",
    smallest: 0,
    largest: 100,
    usual: 25,
    bad_size: "InvalidLimitException",
    bad_token: "InvalidNextTokenException",
};

/// The one query that is understood; another is refused rather than answered wrongly.
const QUERY: &str = "SELECT accountId, awsRegion, resourceName WHERE resourceType = 'AWS::EKS::Cluster'";

pub(crate) fn answer(world: &World, call: &Call) -> Result<Reply, Failure> {
    let Some(aggregator) = &world.aggregator else {
        let message =
            "The configuration aggregator does not exist. Check the configuration aggregator name and try again.";
        return Err(Failure::client("NoSuchConfigurationAggregatorException", message));
    };
    if call.action != "SelectAggregateResourceConfig" {
        return Err(Failure::client("UnknownOperationException", ""));
    }
    if call.account != world.management {
        return Err(denied(Service::Config, &call.action, &call.principal(), None));
    }
    if call.required("ConfigurationAggregatorName")? != aggregator.name || call.region != aggregator.region {
        let message =
            "The configuration aggregator does not exist. Check the configuration aggregator name and try again.";
        return Err(Failure::client("NoSuchConfigurationAggregatorException", message));
    }
    if call.required("Expression")? != QUERY {
        return Err(Failure::client("InvalidExpressionException", "The simulator does not understand this query."));
    }
    let rows: Vec<Value> = world
        .accounts
        .values()
        .flat_map(|estate| estate.named_regions().map(move |(region, fabric)| (estate, region, fabric)))
        .filter(|(estate, region, _)| {
            let place = format!("{}/{region}", estate.account.id);
            !aggregator.unrecorded.iter().any(|unrecorded| *unrecorded == estate.account.id || *unrecorded == place)
        })
        .flat_map(|(estate, region, fabric)| {
            fabric.clusters.keys().map(move |name| {
                let row = json!({ "accountId": estate.account.id, "awsRegion": region, "resourceName": name });
                Value::from(row.to_string())
            })
        })
        .collect();
    let page = PAGING.page(call, rows.len(), world.page_limit)?;
    let fields = ["accountId", "awsRegion", "resourceName"].map(|name| json!({ "Name": name }));
    let mut body = json!({ "Results": page.of(&rows), "QueryInfo": { "SelectFields": fields } });
    if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
        body.insert("NextToken".to_owned(), json!(next));
    }
    Ok(Reply { content_type: "application/x-amz-json-1.1", ..Reply::json(200, &body) })
}
