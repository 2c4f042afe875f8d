//! Looks for secrets in what is about to be given away. What looks like one keeps the bundle from being made.

use palisade_provider::redact;
use serde_json::Value;

/// Something that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what looks like {kind} stands at byte {at}")]
pub struct Suspect {
    /// What it looks like.
    pub kind: &'static str,
    /// Where. The text itself is told to nobody.
    pub at: usize,
}

/// What secrets begin with, how long what follows must be to be one, and what they are.
const BEGINNINGS: [(&str, usize, &str); 16] = [
    ("PRIVATE KEY-----", 0, "a private key"),
    ("eyJhbGciOi", 40, "a signed token (JWT)"),
    ("eyJ0eXAiOi", 40, "a signed token (JWT)"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xapp-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
    ("ya29.", 30, "a Google access token"),
    ("AccountKey=", 40, "a storage account's key"),
    ("SharedAccessSignature=", 20, "a shared access signature"),
    ("hooks.slack.com/services/", 20, "a Slack webhook"),
];

/// The first thing in a file that looks like a secret. In JSON that holds answers, also fields whose names are those of
/// secrets and that are not blanked.
pub fn suspect(bytes: &[u8], is_answer: bool) -> Option<Suspect> {
    let text = String::from_utf8_lossy(bytes);
    for (beginning, length, kind) in BEGINNINGS {
        for (at, found) in text.match_indices(beginning) {
            let follows = text.get(at + found.len()..).unwrap_or_default();
            let run =
                follows.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=".contains(byte)).count();
            if run >= length {
                return Some(Suspect { kind, at });
            }
        }
    }
    if !is_answer {
        return None;
    }
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return None };
    let mut blanked = value.clone();
    redact(&mut blanked, &[]);
    (blanked != value).then_some(Suspect { kind: "a field with a secret's name that is not blanked", at: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_named_by_kind_and_place_and_never_by_its_text() {
        let long = "A".repeat(44);
        for (text, kind) in [
            (format!(r#"{{"a":"-----BEGIN EC PRIVATE KEY-----{long}"}}"#), "a private key"),
            (format!("eyJhbGciOi{long}"), "a signed token (JWT)"),
            (format!("x ghp_{long}"), "a GitHub token"),
            (format!("xoxb-{long}"), "a Slack token"),
            (format!("AIza{long}"), "a Google API key"),
            (format!("DefaultEndpointsProtocol=https;AccountKey={long}"), "a storage account's key"),
        ] {
            let found = suspect(text.as_bytes(), false).unwrap();
            assert_eq!(found.kind, kind, "{text}");
            assert!(!found.to_string().contains(&long));
        }
        for text in ["ghp_short", "the PRIVATE KEY", "AIza", r#"{"publicKey":"-----BEGIN PUBLIC KEY-----"}"#] {
            assert_eq!(suspect(text.as_bytes(), false), None, "{text}");
        }
    }

    #[test]
    fn an_answer_with_a_field_that_should_have_been_blanked_is_suspect() {
        assert!(suspect(br#"{"masterAuth":{"password":"hunter2"}}"#, true).is_some());
        assert_eq!(suspect(br#"{"masterAuth":{"password":"(redacted)"}}"#, true), None);
        assert_eq!(suspect(br#"{"masterAuth":{"password":"hunter2"}}"#, false), None);
    }
}
