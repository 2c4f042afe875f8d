//! Where a signing key is.

use palisade_message::SecretRef;
use palisade_vault::KeyPlace;
use std::{fmt, str::FromStr};

/// Where a signing key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyRef {
    /// Where it can be read.
    Secret(SecretRef),
    /// In a key manager, which gives it to nobody.
    Managed(KeyPlace),
}

impl FromStr for KeyRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if KeyPlace::is_meant(text) {
            return text.parse().map(Self::Managed).map_err(|error: palisade_vault::KeyPlaceError| error.to_string());
        }
        let managers = ["aws-kms:", "arn:aws:kms:", "azure-kv-key:", "gcp-kms:"];
        if managers.iter().any(|manager| text.starts_with(manager)) {
            return Err(palisade_vault::KeyPlaceError::NoManager.to_string());
        }
        text.parse().map(Self::Secret).map_err(|error: palisade_message::SecretRefError| error.to_string())
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(place) => place.fmt(f),
            Self::Managed(place) => place.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_where_it_can_be_read_or_in_a_key_manager_and_nothing_else() {
        let key = |text: &str| text.parse::<KeyRef>();
        assert!(matches!(key("file:signing.pem"), Ok(KeyRef::Secret(_))));
        let arn = "awskms:arn:aws:kms:eu-west-1:111122223333:alias/evidence";
        assert!(matches!(key(arn), Ok(KeyRef::Managed(_))));
        assert_eq!(key(arn).unwrap().to_string(), arn);
        assert!(key("awskms:alias/evidence").unwrap_err().contains("ARN"));
        for text in ["aws-kms://alias/evidence", "arn:aws:kms:eu-west-1:111111111111:key/x", "gcp-kms://projects/p"] {
            assert!(key(text).unwrap_err().contains("`awskms:ARN`"), "{text}");
        }
        let literal = key("hunter2").unwrap_err();
        assert!(!literal.contains("hunter2"), "{literal}");
    }
}
