//! Where a signing key is kept. It says where to look and nothing else.

use std::{fmt, str::FromStr};

/// The name of a key in a key manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPlace {
    /// AWS KMS.
    Aws {
        /// The ARN of a key or of an alias.
        arn: String,
        /// The region that it names.
        region: String,
    },
    /// Azure Key Vault, or a managed HSM.
    Azure {
        /// The vault's host, `NAME.vault.azure.net` in the public cloud.
        host: String,
        /// The key's name.
        name: String,
        /// One version of it. None: the current one.
        version: Option<String>,
    },
    /// Google Cloud KMS.
    Google {
        /// The resource name of a version:
        /// `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V`.
        version: String,
    },
}

/// Why a text names no key in a key manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPlaceError {
    /// It does not begin as a reference to a key manager does.
    #[error("a key in a key manager is written `awskms:ARN`, `gcpkms:projects/...` or `azurekms:VAULT/NAME`")]
    NoManager,
    /// What follows the scheme is no key there.
    #[error("`{scheme}` is followed by {form}")]
    Malformed {
        /// How the reference begins.
        scheme: &'static str,
        /// What has to follow.
        form: &'static str,
    },
}

/// How a reference begins, what follows, and who reads that.
type Form = (&'static str, &'static str, fn(&str) -> Option<KeyPlace>);

const FORMS: [Form; 3] = [
    ("awskms:", "the ARN of a key or an alias of AWS KMS", aws),
    (
        "gcpkms:",
        "`projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY/cryptoKeyVersions/VERSION` of Google Cloud KMS",
        google,
    ),
    ("azurekms:", "`VAULT/NAME` or `VAULT/NAME/VERSION` of Azure Key Vault", azure),
];

impl KeyPlace {
    /// Whether a text means a key manager, well or badly.
    pub fn is_meant(text: &str) -> bool {
        FORMS.iter().any(|(scheme, _, _)| text.starts_with(scheme))
    }

    /// The rights that sealing takes, in words.
    pub(crate) fn permissions(&self) -> &'static str {
        match self {
            Self::Aws { .. } => "`kms:GetPublicKey` and `kms:Sign`",
            Self::Azure { .. } => {
                "`Microsoft.KeyVault/vaults/keys/read` and `Microsoft.KeyVault/vaults/keys/sign/action`"
            }
            Self::Google { .. } => {
                "`cloudkms.cryptoKeyVersions.viewPublicKey` and `cloudkms.cryptoKeyVersions.useToSign`"
            }
        }
    }

    /// The feature of the program that brings its manager.
    pub(crate) fn feature(&self) -> &'static str {
        match self {
            Self::Aws { .. } => "sign-aws",
            Self::Azure { .. } => "sign-azure",
            Self::Google { .. } => "sign-gcp",
        }
    }
}

impl FromStr for KeyPlace {
    type Err = KeyPlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found =
            FORMS.iter().find_map(|(scheme, form, read)| Some((scheme, form, read, text.strip_prefix(scheme)?)));
        let (scheme, form, read, rest) = found.ok_or(KeyPlaceError::NoManager)?;
        // Other programs write slashes there: `awskms:///ARN`, `gcpkms://projects/...`.
        read(rest.trim_start_matches('/')).ok_or(KeyPlaceError::Malformed { scheme, form })
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws { arn, .. } => write!(f, "awskms:{arn}"),
            Self::Azure { host, name, version: None } => write!(f, "azurekms:{host}/{name}"),
            Self::Azure { host, name, version: Some(version) } => write!(f, "azurekms:{host}/{name}/{version}"),
            Self::Google { version } => write!(f, "gcpkms:{version}"),
        }
    }
}

/// Whether a text has so many letters, digits and such signs, and nothing else.
fn is_name(text: &str, signs: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
}

fn aws(text: &str) -> Option<KeyPlace> {
    let ["arn", partition, "kms", region, account, resource] = text.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let named = resource.strip_prefix("key/").or_else(|| resource.strip_prefix("alias/"))?;
    (is_name(partition, "-", 32) && is_name(region, "-", 32) && is_account && is_name(named, "/_-", 256))
        .then(|| KeyPlace::Aws { arn: text.to_owned(), region: region.to_owned() })
}

/// The clouds' ends of a vault's host. A token is sent to no other host.
const VAULTS: [&str; 6] = [
    ".vault.azure.net",
    ".vault.usgovcloudapi.net",
    ".vault.azure.cn",
    ".managedhsm.azure.net",
    ".managedhsm.usgovcloudapi.net",
    ".managedhsm.azure.cn",
];

fn azure(path: &str) -> Option<KeyPlace> {
    let mut parts = path.split('/');
    let (vault, name, version) = (parts.next()?, parts.next()?, parts.next());
    let (vault, end) = match vault.split_once('.') {
        None => (vault, ".vault.azure.net"),
        Some((label, _)) => (label, *VAULTS.iter().find(|end| vault.strip_suffix(**end) == Some(label))?),
    };
    (parts.next().is_none()
        && is_name(vault, "-", 24)
        && is_name(name, "-", 127)
        && version.is_none_or(|version| is_name(version, "", 64)))
    .then(|| KeyPlace::Azure {
        host: format!("{}{end}", vault.to_ascii_lowercase()),
        name: name.to_owned(),
        version: version.map(str::to_owned),
    })
}

fn google(path: &str) -> Option<KeyPlace> {
    let ["projects", project, "locations", location, "keyRings", ring, "cryptoKeys", key, "cryptoKeyVersions", version] =
        path.split('/').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let known = is_name(project, "-:.", 64) && is_name(location, "-", 32) && is_name(ring, "_-", 63);
    (known && is_name(key, "_-", 63) && is_name(version, "", 20)).then(|| KeyPlace::Google { version: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_three_clouds_are_named_as_their_consoles_name_them_and_as_other_programs_do() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let google = "projects/acme/locations/europe/keyRings/evidence/cryptoKeys/seal/cryptoKeyVersions/1";
        for (text, shown) in [
            (format!("awskms:{arn}"), format!("awskms:{arn}")),
            (format!("awskms:///{arn}"), format!("awskms:{arn}")),
            (
                "awskms:arn:aws-cn:kms:cn-north-1:111122223333:alias/a/b".to_owned(),
                "awskms:arn:aws-cn:kms:cn-north-1:111122223333:alias/a/b".to_owned(),
            ),
            (format!("gcpkms:{google}"), format!("gcpkms:{google}")),
            (format!("gcpkms://{google}"), format!("gcpkms:{google}")),
            ("azurekms:Acme/seal".to_owned(), "azurekms:acme.vault.azure.net/seal".to_owned()),
            (
                "azurekms://acme.managedhsm.azure.net/seal/0a1b".to_owned(),
                "azurekms:acme.managedhsm.azure.net/seal/0a1b".to_owned(),
            ),
        ] {
            let place: KeyPlace = text.parse().unwrap();
            assert_eq!(place.to_string(), shown);
            assert_eq!(shown.parse(), Ok(place));
        }
    }

    #[test]
    fn what_names_no_key_is_refused_with_what_has_to_follow() {
        for text in [
            "awskms:alias/evidence",
            "awskms:arn:aws:kms:eu-west-1:1111:key/x",
            "awskms:arn:aws:s3:eu-west-1:111122223333:key/x",
            "awskms:arn:aws:kms:eu-west-1:111122223333:key/",
            "awskms:arn:aws:kms:eu-west-1:111122223333:key/x?y",
            "gcpkms:projects/acme/locations/europe/keyRings/evidence/cryptoKeys/seal",
            "azurekms:acme.vault.azure.net.evil.example/seal",
            "azurekms:evil.example/seal",
            "azurekms:acme",
            "azurekms:acme/seal/0a/1b",
        ] {
            let refused = text.parse::<KeyPlace>().unwrap_err();
            assert!(matches!(refused, KeyPlaceError::Malformed { .. }), "{text}");
            assert!(KeyPlace::is_meant(text));
        }
        assert_eq!("file:signing.pem".parse::<KeyPlace>(), Err(KeyPlaceError::NoManager));
    }
}
