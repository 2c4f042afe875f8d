//! How a call went over the wire, in the words by which the cloud's own audit log knows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a call went over the wire: when it was sent, how often, and what the provider called each request.
///
/// The audit log of whoever was asked has the same ids and is kept by the cloud, which knows nothing of us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// When the first attempt was sent.
    pub sent_at: Timestamp,
    /// The id that we gave the call in its user agent, where the provider gives requests no ids of its own and its audit log
    /// keeps the user agent (Google Cloud).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_id: Option<String>,
    /// Every attempt, in order. All but the last were tried again.
    pub attempts: Vec<Attempt>,
}

/// One attempt at a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The HTTP status. `None` when no answer came, and where a client does not tell it of an answer that it accepted
    /// (Google Cloud).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the provider calls the request: `x-amzn-requestid`, `x-ms-request-id`, Graph's `request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the provider calls everything that the request set off: `x-ms-correlation-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Whether the answer was to slow down. A status alone does not say so: AWS says it with 400 and with 503 too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub throttled: bool,
}

impl Attempt {
    /// An attempt that was answered, with what stood in the headers.
    pub fn answered(status: u16, request_id: Option<&str>, correlation_id: Option<&str>) -> Self {
        Self {
            status: Some(status),
            request_id: request_id.and_then(plain_id),
            correlation_id: correlation_id.and_then(plain_id),
            throttled: false,
        }
    }
}

/// The longest id that is kept, in bytes; those of the providers have 16 to 76.
const LONGEST_ID: usize = 128;

/// The id if it can be one: what came over a network is no id because it stood where one should.
fn plain_id(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+/:;.".contains(&byte);
    (!text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(is_plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_id_is_none() {
        let id = |text: &str| Attempt::answered(200, Some(text), None).request_id;
        for good in ["4f1c0d0e-6f3a-4b8f-9d0c-2f3a4b5c6d7e", "EASTUS:20261129T020000Z:4f1c0d0e", "tx3Fh+/=="] {
            assert_eq!(id(good).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a\u{1b}[31mb", "\u{e9}", &"x".repeat(129)] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_known_does_not_stand_there() {
        let exchange = Exchange {
            sent_at: Timestamp::UNIX_EPOCH,
            sent_id: None,
            attempts: vec![Attempt::default(), Attempt::answered(200, Some("r"), None)],
        };
        let text = serde_json::to_string(&exchange).unwrap();
        assert_eq!(text, r#"{"sent_at":"1970-01-01T00:00:00Z","attempts":[{},{"status":200,"request_id":"r"}]}"#);
        assert_eq!(serde_json::from_str::<Exchange>(&text).unwrap(), exchange);
    }
}
