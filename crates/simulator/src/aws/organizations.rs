//! AWS Organizations: JSON 1.1.

use serde_json::json;

use super::World;
use super::call::{Call, Service};
use super::error::{Failure, denied};
use super::moment::Moment;
use super::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "MaxResults",
    token: "NextToken",
    smallest: 1,
    largest: 20,
    usual: 20,
    bad_size: "InvalidInputException",
    bad_token: "InvalidInputException",
};

pub(crate) fn answer(world: &World, call: &Call) -> Result<Reply, Failure> {
    let Some(organization) = &world.organization else {
        return Err(Failure::client(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    };
    if call.account != world.management {
        return Err(denied(Service::Organizations, &call.action, &call.principal(), None));
    }
    if call.action != "ListAccounts" {
        return Err(Failure::client("UnknownOperationException", ""));
    }
    let accounts: Vec<_> = world.accounts.values().map(|estate| &estate.account).collect();
    let page = PAGING.page(call, accounts.len(), world.page_limit)?;
    let accounts = page.of(&accounts).iter().map(|account| {
        let is_management = account.id == world.management;
        json!({
            "Id": account.id,
            "Arn": format!("arn:aws:organizations::{}:account/{organization}/{}", world.management, account.id),
            "Email": format!("aws+{}@acme.example", account.id),
            "Name": account.name,
            "Status": account.status,
            "State": account.status,
            "JoinedMethod": if is_management { "INVITED" } else { "CREATED" },
            "JoinedTimestamp": Moment::long_ago().epoch(),
        })
    });
    let mut body = json!({ "Accounts": accounts.collect::<Vec<_>>() });
    if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
        body.insert("NextToken".to_owned(), json!(next));
    }
    Ok(Reply { content_type: "application/x-amz-json-1.1", ..Reply::json(200, &body) })
}
