//! What went wrong, in our classes.

use azure_core::{error::ErrorKind, http::RawResponse};
use palisade_provider::{Call, Failure, FailureReason};
use serde::Deserialize;
use serde_json::Value;

/// ARM's error envelope.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Complaint,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Complaint {
    code: Option<String>,
    message: Option<String>,
}

/// The body of an answer, or why it is none.
pub(super) fn body(call: &Call, response: &RawResponse) -> Result<Value, Failure> {
    let status: u16 = response.status().into();
    let bytes: &[u8] = response.body();
    if status == 200 {
        return serde_json::from_slice(bytes).map_err(|error| {
            Failure::new(FailureReason::Malformed, &format!("the answer is not JSON: {error}")).status(status)
        });
    }
    Err(of_status(call, status, bytes))
}

/// Why the pipeline gave up.
pub(super) fn of_error(error: &azure_core::Error) -> Failure {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words.push_str(": ");
            words.push_str(&cause_words);
        }
        source = cause.source();
    }
    match error.kind() {
        ErrorKind::Credential => unaccepted(Failure::new(FailureReason::Denied, plain(&words).unwrap_or(&words))),
        ErrorKind::HttpResponse { status, .. } => {
            let status: u16 = (*status).into();
            let reason = match status {
                400..=428 | 430..=499 => FailureReason::Denied,
                429 => FailureReason::Throttled,
                _ => FailureReason::Unreachable,
            };
            let failure = Failure::new(reason, &words).status(status);
            if status == 401 { unaccepted(failure) } else { failure }
        }
        ErrorKind::DataConversion => Failure::new(FailureReason::Malformed, &words),
        _ => Failure::new(FailureReason::Unreachable, &words),
    }
}

fn of_status(call: &Call, status: u16, bytes: &[u8]) -> Failure {
    let complaint = serde_json::from_slice::<Envelope>(bytes).unwrap_or_default().error;
    let code = complaint.code.unwrap_or_default();
    let message = complaint.message.unwrap_or_else(|| format!("answered with status {status}"));
    let reason = reason(status, &code);
    let mut failure = Failure::new(reason, plain(&code).unwrap_or(&message)).status(status);
    if !code.is_empty() {
        failure = failure.code(&code);
    }
    match status {
        401 => unaccepted(failure),
        403 => {
            failure.permission = Some(permission(&message).unwrap_or(call.permission).to_owned());
            failure
        }
        _ => failure,
    }
}

/// Credentials that are not accepted: no permission in the world would help, and none may be told.
fn unaccepted(mut failure: Failure) -> Failure {
    failure.permission = Some(String::new());
    failure
}

fn reason(status: u16, code: &str) -> FailureReason {
    match (status, code) {
        (429, _) => FailureReason::Throttled,
        (401 | 403, _) => FailureReason::Denied,
        (
            _,
            "NoRegisteredProviderFound"
            | "InvalidResourceType"
            | "InvalidResourceNamespace"
            | "InvalidApiVersionParameter"
            | "MissingSubscriptionRegistration"
            | "MissingApiVersionParameter"
            | "UnsupportedApiVersion",
        )
        | (405 | 501, _) => FailureReason::Unsupported,
        (404 | 410, _) => FailureReason::NotFound,
        (400..=499, _) => FailureReason::Unsupported,
        _ => FailureReason::Unreachable,
    }
}

/// One sentence for what goes wrong most when a target is set up, by the codes of Entra and of Azure Resource Manager.
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
fn plain(words: &str) -> Option<&'static str> {
    const SENTENCES: &[(&str, &str)] = &[
        ("AADSTS7000222", "the application's secret has expired: make a new one and set AZURE_CLIENT_SECRET"),
        (
            "AADSTS7000215",
            "the application's secret is wrong: set AZURE_CLIENT_SECRET to the secret's value, not to its id",
        ),
        ("AADSTS700016", "the application is not known in this tenant: check AZURE_CLIENT_ID and the tenant"),
        ("AADSTS90002", "there is no such tenant: check `tenant` or AZURE_TENANT_ID, and which Azure cloud it is in"),
        ("AADSTS900023", "the tenant's id cannot be one: check `tenant` or AZURE_TENANT_ID"),
        (
            "AADSTS70021",
            "no federated credential of the application matches the token: check its issuer, subject and audience",
        ),
        (
            "AADSTS700213",
            "no federated credential of the application matches the token: check its issuer, subject and audience",
        ),
        ("AADSTS700024", "the federated token has expired: let whatever writes AZURE_FEDERATED_TOKEN_FILE renew it"),
        ("AADSTS50034", "there is no such account in this tenant"),
        ("ExpiredAuthenticationToken", "the token has expired: sign in again"),
        ("InvalidAuthenticationTokenTenant", "the token is of another tenant than the subscription: check `tenant`"),
        ("InvalidAuthenticationToken", "the token was not accepted: sign in again"),
        (
            "SubscriptionNotFound",
            "there is no such subscription for these credentials: check its id and the tenant, and give them a role in it",
        ),
        ("InvalidSubscriptionId", "the subscription's id cannot be one: write it as a GUID"),
    ];
    let is_said = |code: &str| {
        words.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case(code))
    };
    SENTENCES.iter().find_map(|(code, sentence)| is_said(code).then_some(*sentence))
}

/// The permission that ARM names in `... to perform action 'X' over scope ...`.
fn permission(message: &str) -> Option<&str> {
    let (_, after) = message.split_once("perform action '")?;
    let (permission, _) = after.split_once('\'')?;
    (!permission.is_empty()).then_some(permission)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CLUSTERS;

    #[test]
    fn a_refusal_names_the_permission_that_azure_names() {
        let body = br#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/read' over scope '/subscriptions/s'."}}"#;
        let failure = of_status(&CLUSTERS, 403, body);
        assert_eq!(failure.reason, FailureReason::Denied);
        assert_eq!(failure.code.as_deref(), Some("AuthorizationFailed"));
        assert_eq!(failure.permission.as_deref(), Some("Microsoft.ContainerService/managedClusters/read"));
        assert_eq!(of_status(&CLUSTERS, 403, b"no").permission.as_deref(), Some(CLUSTERS.permission));
    }

    #[test]
    fn a_mistake_in_setting_up_is_one_sentence_with_the_way_out() {
        let entra = |code: &str| {
            let words = format!(
                "ClientSecretCredential authentication failed: {code}: Something long. Trace ID: 1 Timestamp: 2"
            );
            of_error(&azure_core::Error::with_message(ErrorKind::Credential, words)).message
        };
        assert_eq!(
            entra("AADSTS7000222"),
            "the application's secret has expired: make a new one and set AZURE_CLIENT_SECRET"
        );
        assert!(entra("AADSTS90002").starts_with("there is no such tenant"));
        assert!(entra("AADSTS900023").starts_with("the tenant's id cannot be one"));
        assert!(entra("AADSTS999999").contains("Something long"), "what we do not know is told as it came");
        let unknown = of_status(
            &CLUSTERS,
            404,
            br#"{"error":{"code":"SubscriptionNotFound","message":"The subscription 's' could not be found."}}"#,
        );
        assert_eq!(unknown.reason, FailureReason::NotFound);
        assert!(unknown.message.starts_with("there is no such subscription for these credentials"));
        let tenant = of_status(&CLUSTERS, 401, br#"{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong issuer."}}"#);
        assert_eq!((tenant.reason, tenant.message.contains("check `tenant`")), (FailureReason::Denied, true));
    }

    #[test]
    fn credentials_that_are_not_accepted_are_told_as_that_and_not_as_a_missing_permission() {
        let expired = of_status(&CLUSTERS, 401, br#"{"error":{"code":"ExpiredAuthenticationToken","message":"x"}}"#);
        let refused = of_error(&azure_core::Error::with_message(ErrorKind::Credential, "AADSTS7000222"));
        for failure in [expired, refused] {
            let gap = failure.gap(&CLUSTERS, "s");
            assert_eq!((gap.reason(), gap.permission()), (palisade_model::GapReason::Denied, None));
            assert!(gap.to_string().contains("did not accept the credentials"), "{gap}");
        }
    }

    #[test]
    fn each_status_has_its_class() {
        let table = [
            (401, "", FailureReason::Denied),
            (404, "ResourceNotFound", FailureReason::NotFound),
            (404, "InvalidResourceType", FailureReason::Unsupported),
            (400, "NoRegisteredProviderFound", FailureReason::Unsupported),
            (409, "MissingSubscriptionRegistration", FailureReason::Unsupported),
            (429, "TooManyRequests", FailureReason::Throttled),
            (500, "InternalServerError", FailureReason::Unreachable),
            (501, "NotImplemented", FailureReason::Unsupported),
            (503, "", FailureReason::Unreachable),
            (301, "", FailureReason::Unreachable),
        ];
        for (status, code, expected) in table {
            assert_eq!(reason(status, code), expected, "{status} {code}");
        }
    }
}
