//! Errors, in the format of each protocol.

use std::borrow::Cow;

use serde_json::json;

use super::call::Service;
use super::tree::{Dialect, Tree, fields};
use crate::http::Reply;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

/// A made-up request id; the real ones are of no use either.
pub(crate) const REQUEST_ID: &str = "7a62c49f-347e-4fc4-9331-6e8eexample";

impl Failure {
    pub(crate) fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// The client asked for something that cannot be answered.
    pub(crate) fn client(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// The failure in the service's own format.
    pub(crate) fn reply(&self, service: Service) -> Reply {
        match service {
            Service::Eks | Service::Backup | Service::GuardDuty | Service::Inspector => {
                Reply::json(self.status, &json!({ "message": self.message }))
                    .with_header("x-amzn-errortype", &self.code)
            }
            Service::Kms
            | Service::Organizations
            | Service::Config
            | Service::CloudTrail
            | Service::Logs
            | Service::Ecr => {
                let is_refusal = self.code == "AccessDeniedException";
                let key = if is_refusal || service == Service::Organizations { "Message" } else { "message" };
                let body = json!({ "__type": self.code, key: self.message });
                Reply { content_type: "application/x-amz-json-1.1", ..Reply::json(self.status, &body) }
            }
            Service::Ec2 => {
                let error = fields().put("Code", self.code.as_ref()).put("Message", &self.message);
                let body =
                    Tree::from(fields().put("Errors", fields().put("Error", error)).put("RequestID", REQUEST_ID));
                let body = Tree::from(fields().put("Response", body)).xml(Dialect::Item);
                Reply::xml(self.status, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"))
            }
            Service::Sts
            | Service::Iam
            | Service::AutoScaling
            | Service::LoadBalancing
            | Service::ClassicLoadBalancing => {
                let kind = if self.status < 500 { "Sender" } else { "Receiver" };
                let error = fields().put("Type", kind).put("Code", self.code.as_ref()).put("Message", &self.message);
                let body = Tree::from(fields().put("Error", error).put("RequestId", REQUEST_ID)).xml(Dialect::Member);
                let namespace = service.namespace();
                Reply::xml(self.status, format!("<ErrorResponse xmlns=\"{namespace}\">{body}</ErrorResponse>"))
            }
        }
    }
}

/// The refusal of an action, in the words and under the code of the service.
pub(crate) fn denied(service: Service, action: &str, principal: &str, resource: Option<&str>) -> Failure {
    let permission = format!("{}:{action}", service.prefix());
    let on = resource.map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
    let because = "because no identity-based policy allows the";
    match service {
        Service::Ec2 => Failure::new(
            403,
            "UnauthorizedOperation",
            format!(
                "You are not authorized to perform this operation. User: {principal} is not authorized to perform: {permission} {because} {permission} action"
            ),
        ),
        Service::Sts => Failure::new(
            403,
            "AccessDenied",
            format!("User: {principal} is not authorized to perform: {permission}{on}"),
        ),
        Service::Organizations => {
            Failure::client("AccessDeniedException", "You don't have permissions to access this resource.")
        }
        Service::Kms | Service::Config | Service::CloudTrail | Service::Logs | Service::Ecr => Failure::client(
            "AccessDeniedException",
            format!("User: {principal} is not authorized to perform: {permission}{on} {because} {permission} action"),
        ),
        Service::Eks | Service::Backup | Service::GuardDuty | Service::Inspector => Failure::new(
            403,
            "AccessDeniedException",
            format!("User: {principal} is not authorized to perform: {permission}{on}"),
        ),
        Service::Iam | Service::AutoScaling | Service::LoadBalancing | Service::ClassicLoadBalancing => Failure::new(
            403,
            "AccessDenied",
            format!("User: {principal} is not authorized to perform: {permission}{on} {because} {permission} action"),
        ),
    }
}

/// The answer to a caller who asks too fast.
pub(crate) fn throttled(service: Service) -> Failure {
    match service {
        Service::Eks | Service::Backup | Service::GuardDuty | Service::Inspector => {
            Failure::new(429, "ThrottlingException", "Rate exceeded")
        }
        Service::Ec2 => Failure::new(503, "RequestLimitExceeded", "Request limit exceeded."),
        Service::Organizations => Failure::client(
            "TooManyRequestsException",
            "AWS Organizations can't complete your request because another request is already in progress. Try again later.",
        ),
        Service::Kms | Service::Config | Service::CloudTrail | Service::Logs | Service::Ecr => {
            Failure::client("ThrottlingException", "Rate exceeded")
        }
        Service::Sts | Service::Iam | Service::AutoScaling | Service::LoadBalancing | Service::ClassicLoadBalancing => {
            Failure::client("Throttling", "Rate exceeded")
        }
    }
}

/// The answer when something breaks inside the service.
pub(crate) fn broken(service: Service) -> Failure {
    let message = "An internal error has occurred";
    match service {
        Service::Eks | Service::Ecr => Failure::new(500, "ServerException", message),
        Service::Backup | Service::Logs => Failure::new(500, "ServiceUnavailableException", message),
        Service::GuardDuty | Service::Inspector => Failure::new(500, "InternalServerErrorException", message),
        Service::CloudTrail | Service::Config => Failure::new(500, "InternalFailure", message),
        Service::Ec2 => Failure::new(500, "InternalError", message),
        Service::Kms => Failure::new(500, "KMSInternalException", message),
        Service::Organizations => Failure::new(500, "ServiceException", message),
        Service::Iam => Failure::new(500, "ServiceFailure", message),
        Service::Sts | Service::AutoScaling | Service::LoadBalancing | Service::ClassicLoadBalancing => {
            Failure::new(500, "InternalFailure", message)
        }
    }
}
