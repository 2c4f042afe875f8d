//! Errors of the client libraries, in our classes.

use super::patience::{is_throttled, reason};
use crate::calls::SERVICE_DISABLED;
use google_cloud_gax::error::{Error, rpc::Code, rpc::StatusDetails};
use palisade_provider::{Failure, FailureReason};
use std::error::Error as _;

/// The failure an error amounts to.
pub(crate) fn failure(error: &Error) -> Failure {
    let class = class(error);
    if is_not_signed_in(error) {
        return not_signed_in(error.http_status_code());
    }
    let words = words(error);
    let words = if is_unknown_project(error) {
        format!("the project does not exist, or nobody lets these credentials see it ({words})")
    } else {
        words
    };
    let mut failure = Failure::new(class, &words);
    if let Some(status) = error.http_status_code() {
        failure = failure.status(status);
    }
    let code = reason(error).map(str::to_owned).or_else(|| error.status().map(|status| status.code.name().to_owned()));
    if let Some(code) = code {
        failure = failure.code(&code);
    }
    if class == FailureReason::Denied {
        failure.permission = metadata(error, "permission");
    }
    failure
}

/// The project whose API is off, as `projects/NUMBER`, when that is what the service said.
pub(crate) fn consumer(error: &Error) -> Option<String> {
    metadata(error, "consumer")
}

/// What no permission would mend, said plainly: the library's own words are a page on how to sign in.
pub(crate) fn not_signed_in(status: Option<u16>) -> Failure {
    let mut failure = Failure::new(
        FailureReason::Denied,
        "the credentials are missing, wrong, revoked or expired; sign in with `gcloud auth application-default login` \
         or name others in GOOGLE_APPLICATION_CREDENTIALS",
    );
    failure.permission = Some(String::new());
    match status {
        Some(status) => failure.status(status),
        None => failure,
    }
}

/// Nobody was recognised; what they may do was not even looked at.
fn is_not_signed_in(error: &Error) -> bool {
    error.http_status_code() == Some(401)
        || error.status().is_some_and(|status| status.code == Code::Unauthenticated)
        || error.is_authentication()
}

/// Google tells a stranger only that they may not use the project.
fn is_unknown_project(error: &Error) -> bool {
    reason(error) == Some("CONSUMER_INVALID")
}

fn class(error: &Error) -> FailureReason {
    if is_throttled(error) {
        return FailureReason::Throttled;
    }
    if is_unknown_project(error) {
        return FailureReason::NotFound;
    }
    if reason(error) == Some(SERVICE_DISABLED) {
        return FailureReason::Unsupported;
    }
    let code = error.status().map(|status| status.code);
    match error.http_status_code() {
        Some(403) => return FailureReason::Denied,
        // A service says so in its own format; a bare 404 comes from a front end that knows no such path.
        Some(404) if code == Some(Code::NotFound) => return FailureReason::NotFound,
        Some(400 | 404 | 405 | 501) => return FailureReason::Unsupported,
        _ => (),
    }
    match code {
        Some(Code::PermissionDenied) => FailureReason::Denied,
        Some(Code::NotFound) => FailureReason::NotFound,
        Some(Code::Unimplemented) => FailureReason::Unsupported,
        _ if error.is_deserialization() || error.is_serialization() || error.is_binding() => FailureReason::Malformed,
        _ => FailureReason::Unreachable,
    }
}

fn metadata(error: &Error, key: &str) -> Option<String> {
    error.status()?.details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) => info.metadata.get(key).cloned(),
        _ => None,
    })
}

/// The words of the service, or of the client with the causes below it.
fn words(error: &Error) -> String {
    if let Some(status) = error.status() {
        return status.message.clone();
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        let more = below.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = below.source();
    }
    words
}
