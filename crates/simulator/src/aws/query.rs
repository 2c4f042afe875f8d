//! The services of the query protocol: parameters in a form, answers in XML.

pub(crate) mod autoscaling;
pub(crate) mod balancing;
pub(crate) mod ec2;
pub(crate) mod iam;

use super::call::{Call, Service};
use super::error::{Failure, REQUEST_ID};
use super::tree::{Dialect, Fields, Tree};
use crate::http::Reply;

/// A successful answer.
pub(crate) fn response(call: &Call, result: Fields) -> Reply {
    rendered(call, &Tree::from(result).xml(dialect(call.service)))
}

/// A successful answer whose content is XML already.
pub(crate) fn rendered(call: &Call, content: &str) -> Reply {
    let (action, namespace) = (&call.action, call.service.namespace());
    Reply::xml(
        200,
        if call.service == Service::Ec2 {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{namespace}\">\
                 <requestId>{REQUEST_ID}</requestId>{content}</{action}Response>"
            )
        } else {
            format!(
                "<{action}Response xmlns=\"{namespace}\"><{action}Result>{content}</{action}Result>\
                 <ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>"
            )
        },
    )
}

/// An element with rendered content.
pub(crate) fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

pub(crate) fn dialect(service: Service) -> Dialect {
    if service == Service::Ec2 { Dialect::Item } else { Dialect::Member }
}

/// The failure of an action that the service does not have.
pub(crate) fn invalid_action(call: &Call) -> Failure {
    Failure::client("InvalidAction", format!("The action {} is not valid for this web service.", call.action))
}
