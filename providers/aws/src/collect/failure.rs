//! What went wrong, in the classes of the provider contract.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use palisade_provider::{Failure, FailureReason};
use std::error::Error;

/// Codes that say "slower", in all four protocols.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Codes that say "not you".
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "UnauthorizedException",
    "AuthFailure",
    "NotAuthorized",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "OptInRequired",
    "Blocked",
];

/// Codes that say "no such thing".
const NOT_FOUND: &[&str] = &[
    "ResourceNotFoundException",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NotFoundException",
    "RepositoryPolicyNotFoundException",
];

/// Codes that say "no such call".
const UNSUPPORTED: &[&str] = &[
    "InvalidAction",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "UnknownOperation",
    "AWSOrganizationsNotInUseException",
    "UnsupportedAvailabilityZoneException",
    "InvalidRequest",
];

/// Whether an answer asks to slow down. Looked at for every attempt, so that a retry can be told of.
pub(super) fn is_throttle(status: u16, body: &[u8]) -> bool {
    match status {
        429 => true,
        400 | 503 => {
            let start = body.get(..body.len().min(1024)).unwrap_or_default();
            let text = String::from_utf8_lossy(start);
            ["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"].iter().any(|word| text.contains(word))
        }
        _ => false,
    }
}

/// The failure an SDK error stands for. Never quotes a body: one may hold credentials.
pub(super) fn of<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> Failure {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = ProvideErrorMetadata::code(error);
    let said = ProvideErrorMetadata::message(error);
    let reason = match error {
        SdkError::ConstructionFailure(_) => credentials_or(error, FailureReason::Malformed),
        SdkError::DispatchFailure(_) => credentials_or(error, FailureReason::Unreachable),
        SdkError::ServiceError(_) => class(status.unwrap_or_default(), code),
        // A body that came whole and could not be read; one that was cut short is not in memory.
        SdkError::ResponseError(answer) if answer.raw().body().bytes().is_some_and(|body| !body.is_empty()) => {
            FailureReason::Malformed
        }
        // Timeouts, answers cut short, and whatever the SDK adds.
        _ => FailureReason::Unreachable,
    };
    let unsigned = matches!(error, SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_));
    let message = match (reason, code.and_then(about_credentials)) {
        (FailureReason::Denied, _) if unsigned => NO_CREDENTIALS.to_owned(),
        (_, Some(advice)) => {
            said.map_or_else(|| advice.to_owned(), |said| format!("{}: {advice}", said.trim_end_matches('.')))
        }
        (_, None) => said.map_or_else(|| chain(error), str::to_owned),
    };
    let mut failure = Failure::new(reason, &message);
    if let Some(status) = status {
        failure = failure.status(status);
    }
    if let Some(code) = code {
        failure = failure.code(code);
    }
    failure
}

/// In place of the SDK's chain of everything it tried.
pub(super) const NO_CREDENTIALS: &str = "there are no AWS credentials to sign with: run `aws sso login`, set `AWS_PROFILE`, or set \
                              `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`";

/// The way out where credentials are no good, by the code of the refusal.
fn about_credentials(code: &str) -> Option<&'static str> {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            Some("sign in again, for example with `aws sso login`")
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" => {
            Some("the access key is unknown, or the region is not enabled in its account")
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            Some("the secret key does not belong to the access key")
        }
        _ => None,
    }
}

/// The class of an answer by its status and code.
fn class(status: u16, code: Option<&str>) -> FailureReason {
    // EC2 writes codes such as `Client.UnauthorizedOperation` in some places, the JSON services `prefix#Code`.
    let code = code.map(|code| code.rsplit(['#']).next().unwrap_or(code).trim_start_matches("Client."));
    let is = |codes: &[&str]| code.is_some_and(|code| codes.contains(&code));
    if status == 429 || is(THROTTLED) {
        FailureReason::Throttled
    } else if status == 401 || is(DENIED) {
        FailureReason::Denied
    } else if is(NOT_FOUND) || code.is_some_and(|code| code.ends_with(".NotFound")) {
        FailureReason::NotFound
    } else if is(UNSUPPORTED) {
        FailureReason::Unsupported
    } else if status >= 500 {
        FailureReason::Unreachable
    } else if status == 403 {
        FailureReason::Denied
    } else if status == 404 {
        // A page of some web server: nobody here knows the path.
        FailureReason::Unsupported
    } else if (200..300).contains(&status) {
        FailureReason::Malformed
    } else {
        FailureReason::Unsupported
    }
}

/// A request that was never sent for want of credentials is a matter of rights, not of the network.
fn credentials_or(error: &(dyn Error + 'static), otherwise: FailureReason) -> FailureReason {
    let text = chain(error).to_lowercase();
    if text.contains("credential") || text.contains("identity") { FailureReason::Denied } else { otherwise }
}

/// Every cause, in the words of its `Display`.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_decide_before_statuses() {
        assert_eq!(class(400, Some("ThrottlingException")), FailureReason::Throttled);
        assert_eq!(class(503, Some("RequestLimitExceeded")), FailureReason::Throttled);
        assert_eq!(class(400, Some("AccessDeniedException")), FailureReason::Denied);
        assert_eq!(class(403, Some("UnauthorizedOperation")), FailureReason::Denied);
        assert_eq!(class(404, Some("ResourceNotFoundException")), FailureReason::NotFound);
        assert_eq!(class(400, Some("InvalidLaunchTemplateId.NotFound")), FailureReason::NotFound);
        assert_eq!(class(404, None), FailureReason::Unsupported);
        assert_eq!(class(500, None), FailureReason::Unreachable);
        assert_eq!(class(200, None), FailureReason::Malformed);
    }

    #[test]
    fn credentials_that_are_no_good_come_with_a_way_out() {
        for code in DENIED.iter().filter(|code| code.contains("Expired")) {
            assert!(about_credentials(code).is_some_and(|advice| advice.contains("sign in again")), "{code}");
        }
        assert!(
            about_credentials("InvalidClientTokenId").is_some_and(|advice| advice.contains("region is not enabled"))
        );
        assert_eq!(about_credentials("AccessDenied"), None);
        assert!(!NO_CREDENTIALS.contains('\n') && !NO_CREDENTIALS.contains("  "), "{NO_CREDENTIALS}");
    }

    #[test]
    fn throttling_is_seen_in_every_protocol() {
        assert!(is_throttle(429, b""));
        assert!(is_throttle(400, br#"{"__type":"ThrottlingException"}"#));
        assert!(is_throttle(503, b"<Code>RequestLimitExceeded</Code>"));
        assert!(!is_throttle(503, b"<Code>Unavailable</Code>"));
        assert!(!is_throttle(200, b"Throttling"));
    }
}
