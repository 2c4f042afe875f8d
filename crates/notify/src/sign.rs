//! Signatures of webhooks, as Standard Webhooks 1.0.0 describes them.

use crate::Secret;
use jiff::Timestamp;
use standardwebhooks::Webhook;

/// The headers that a signed message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// `webhook-id`: the same over every retry.
    pub id: String,
    /// `webhook-timestamp`: seconds, of this attempt.
    pub timestamp: i64,
    /// `webhook-signature`: one for each secret.
    pub signature: String,
}

/// Why a message could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A secret is not `whsec_` and base64.
    #[error("a signing secret is not `whsec_` followed by base64")]
    NotBase64,
    /// A secret is too short or too long to be one.
    #[error("a signing secret has {0} bytes; 24 to 64 are expected")]
    Length(usize),
    /// The body is not text.
    #[error("the message is not UTF-8")]
    NotText,
}

/// Signs a body with every secret: while one secret replaces another, a receiver may know either. `None` without any.
pub fn sign(id: &str, now: Timestamp, body: &[u8], secrets: &[Secret]) -> Result<Option<Signatures>, SignError> {
    if secrets.is_empty() {
        return Ok(None);
    }
    let timestamp = now.as_second();
    let signed: Result<Vec<String>, SignError> =
        secrets.iter().map(|secret| one(id, timestamp, body, secret)).collect();
    Ok(Some(Signatures { id: id.to_owned(), timestamp, signature: signed?.join(" ") }))
}

fn one(id: &str, timestamp: i64, body: &[u8], secret: &Secret) -> Result<String, SignError> {
    let text = secret.expose().strip_prefix("whsec_").ok_or(SignError::NotBase64)?;
    // Three bytes of a key are four letters of base64, and `=` fills up.
    let letters = text.trim_end_matches('=').len();
    let bytes = letters * 3 / 4;
    if !(24..=64).contains(&bytes) {
        return Err(SignError::Length(bytes));
    }
    let webhook = Webhook::new(secret.expose()).map_err(|_| SignError::NotBase64)?;
    webhook.sign(id, timestamp, body).map_err(|_| SignError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn the_published_example_has_the_published_signature_and_two_secrets_give_two() {
        // From the tests of the reference library.
        let known = secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let other = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G");
        let now = Timestamp::from_second(1_649_367_553).unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = |secrets: &[Secret]| sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", now, body, secrets).unwrap();
        let one = signed(std::slice::from_ref(&known)).unwrap();
        assert_eq!(one.signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let two = signed(&[other, known]).unwrap();
        assert!(two.signature.ends_with(&format!(" {}", one.signature)));
        assert_eq!(two.signature.matches("v1,").count(), 2);
        assert_eq!(signed(&[]), None);
    }

    #[test]
    fn what_is_no_signing_secret_is_refused_without_being_shown() {
        for text in
            ["hunter2", "whsec_????????????????????????????????", "whsec_AAAA", "whpk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
        {
            let refused = sign("id", Timestamp::UNIX_EPOCH, b"{}", &[secret(text)]).unwrap_err();
            assert!(!refused.to_string().contains(text.trim_start_matches("whsec_")), "{refused}");
        }
    }
}
