//! Where a secret is kept. The secret itself is never here.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where a secret is kept. It can be printed: it says where to look and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretRef {
    /// In an environment variable of the process.
    Env(String),
    /// In a file: its whole text without the line end.
    File(String),
}

/// Why a text is no reference to a secret. The text is not repeated: it may be the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// It is the secret itself, or anything else that names no place.
    #[error("a secret stands in the file itself")]
    Literal,
    /// The place has no name.
    #[error("the reference to a secret names nothing")]
    Nameless,
    /// The secret manager of a cloud, which this build does not speak to.
    #[error("`{scheme}` needs a build with the feature `{feature}`, and this one has none")]
    NotBuilt {
        /// How the reference begins.
        scheme: &'static str,
        /// What would bring it.
        feature: &'static str,
    },
}

/// The secret managers that are recognised: how a reference begins and the feature that would read it.
const MANAGERS: &[(&str, &str)] = &[
    ("aws-sm://", "secrets-aws"),
    ("aws-ssm://", "secrets-aws"),
    ("azure-kv://", "secrets-azure"),
    ("gcp-sm://", "secrets-gcp"),
];

impl FromStr for SecretRef {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((scheme, feature)) = MANAGERS.iter().find(|(scheme, _)| text.starts_with(scheme)) {
            return Err(SecretRefError::NotBuilt { scheme, feature });
        }
        match text.split_once(':') {
            Some(("env" | "file", name)) if name.trim().is_empty() => Err(SecretRefError::Nameless),
            Some(("env", name)) if is_variable(name) => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) => Ok(Self::File(path.to_owned())),
            Some(_) | None => Err(SecretRefError::Literal),
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_are_taken_and_a_secret_is_never_repeated() {
        assert_eq!("env:SLACK_TOKEN".parse(), Ok(SecretRef::Env("SLACK_TOKEN".to_owned())));
        assert_eq!("file:/run/secrets/teams".parse(), Ok(SecretRef::File("/run/secrets/teams".to_owned())));
        for literal in ["xoxb-1-2-abc", "https://hooks.slack.com/services/T/B/x", "whsec_AAAA", "env:xoxb-1-2", ""] {
            let refused = literal.parse::<SecretRef>().unwrap_err();
            assert_eq!(refused, SecretRefError::Literal, "{literal}");
            assert!(literal.is_empty() || !refused.to_string().contains(literal));
        }
        assert_eq!("env:".parse::<SecretRef>(), Err(SecretRefError::Nameless));
        for (scheme, feature) in MANAGERS {
            let refused = format!("{scheme}name").parse::<SecretRef>().unwrap_err().to_string();
            assert!(refused.contains(feature), "{refused}");
        }
    }
}
