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
    /// In the secret manager of a cloud.
    Managed(Box<Managed>),
}

/// A secret in a cloud's secret manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Managed {
    /// Whose, and by which name.
    pub entry: Entry,
    /// The member of the secret's JSON object that is meant. None: the whole text.
    pub member: Option<String>,
}

/// The name of a secret in a secret manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// AWS Secrets Manager.
    Aws {
        /// A name, or an ARN.
        id: String,
        /// The region that an ARN names. None: that of the process.
        region: Option<String>,
    },
    /// Azure Key Vault.
    Azure {
        /// The vault's host, `NAME.vault.azure.net` in the public cloud.
        host: String,
        /// The secret's name.
        name: String,
        /// One version of it. None: the current one.
        version: Option<String>,
    },
    /// Google Secret Manager.
    Google {
        /// The resource name of a version: `projects/P/secrets/S/versions/latest`.
        version: String,
        /// The location of a regional secret. None: a global one.
        location: Option<String>,
    },
}

impl Entry {
    /// The right that reading it takes.
    pub fn permission(&self) -> &'static str {
        match self {
            Self::Aws { .. } => "secretsmanager:GetSecretValue",
            Self::Azure { .. } => "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            Self::Google { .. } => "secretmanager.versions.access",
        }
    }
}

/// How a reference to a secret manager begins, what follows, and who reads that.
type Form = (&'static str, &'static str, fn(&str) -> Option<Entry>);

/// The secret managers that can be named.
const FORMS: [Form; 3] = [
    ("aws-sm://", "a name or an ARN of AWS Secrets Manager", aws),
    ("azure-kv://", "`VAULT/NAME` or `VAULT/NAME/VERSION` of Azure Key Vault", azure),
    (
        "gcp-sm://",
        "`projects/PROJECT/secrets/NAME` of Google Secret Manager, with `/versions/VERSION` if not the latest",
        google,
    ),
];

/// Why a text is no reference to a secret. The text is not repeated: it may be the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// It is the secret itself, or anything else that names no place.
    #[error("a secret stands in the file itself")]
    Literal,
    /// The place has no name.
    #[error("the reference to a secret names nothing")]
    Nameless,
    /// What follows the scheme is not the name of a secret there.
    #[error("`{scheme}` is followed by {form}")]
    Malformed {
        /// How the reference begins.
        scheme: &'static str,
        /// What has to follow.
        form: &'static str,
    },
    /// AWS Parameter Store, which is not read.
    #[error(
        "parameters of AWS Systems Manager are not read: keep the secret in AWS Secrets Manager and say `aws-sm://NAME`"
    )]
    Parameter,
}

impl FromStr for SecretRef {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("aws-ssm://") {
            return Err(SecretRefError::Parameter);
        }
        for (scheme, form, read) in FORMS {
            let Some(rest) = text.strip_prefix(scheme) else { continue };
            let (name, member) = match rest.split_once('#') {
                Some((name, member)) => (name, Some(member)),
                None => (rest, None),
            };
            if name.is_empty() || member == Some("") {
                return Err(SecretRefError::Nameless);
            }
            let entry = read(name).ok_or(SecretRefError::Malformed { scheme, form })?;
            return Ok(Self::Managed(Box::new(Managed { entry, member: member.map(str::to_owned) })));
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

/// Whether a text has so many letters, digits and such signs, and nothing else.
fn is_name(text: &str, signs: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
}

/// The characters and lengths are those of the service's API reference, `CreateSecret`.
fn aws(id: &str) -> Option<Entry> {
    let name = |name: &str| is_name(name, "/_+=.@-", 512);
    let Some(arn) = id.strip_prefix("arn:") else {
        return name(id).then(|| Entry::Aws { id: id.to_owned(), region: None });
    };
    let [partition, "secretsmanager", region, account, "secret", named] = arn.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    (is_name(partition, "-", 32) && is_name(region, "-", 32) && is_account && name(named))
        .then(|| Entry::Aws { id: id.to_owned(), region: Some(region.to_owned()) })
}

/// The clouds' ends of a vault's host. A token is sent to no other host.
const VAULTS: [&str; 3] = [".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn"];

fn azure(path: &str) -> Option<Entry> {
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
    .then(|| Entry::Azure {
        host: format!("{}{end}", vault.to_ascii_lowercase()),
        name: name.to_owned(),
        version: version.map(str::to_owned),
    })
}

fn google(path: &str) -> Option<Entry> {
    let parts: Vec<&str> = path.split('/').collect();
    let (location, parts) = match parts[..] {
        ["projects", project, "locations", location, ..] => {
            (Some(location), [&["projects", project], parts.get(4..)?].concat())
        }
        _ => (None, parts),
    };
    let (project, secret, version) = match parts[..] {
        ["projects", project, "secrets", secret] => (project, secret, "latest"),
        ["projects", project, "secrets", secret, "versions", version] => (project, secret, version),
        _ => return None,
    };
    let known = is_name(project, "-:.", 64) && is_name(secret, "_-", 255) && is_name(version, "_-", 64);
    let place = match location {
        None => String::new(),
        Some(location) if is_name(location, "-", 32) => format!("/locations/{location}"),
        Some(_) => return None,
    };
    known.then(|| Entry::Google {
        version: format!("projects/{project}{place}/secrets/{secret}/versions/{version}"),
        location: location.map(str::to_owned),
    })
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Managed(managed) => {
                let Managed { entry, member } = managed.as_ref();
                match entry {
                    Entry::Aws { id, .. } => write!(f, "aws-sm://{id}"),
                    Entry::Azure { host, name, version: None } => write!(f, "azure-kv://{host}/{name}"),
                    Entry::Azure { host, name, version: Some(version) } => {
                        write!(f, "azure-kv://{host}/{name}/{version}")
                    }
                    Entry::Google { version, .. } => write!(f, "gcp-sm://{version}"),
                }?;
                member.as_ref().map_or(Ok(()), |member| write!(f, "#{member}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Result<Entry, SecretRefError> {
        match text.parse()? {
            SecretRef::Managed(managed) if managed.member.is_none() => Ok(managed.entry),
            other => panic!("{other:?}"),
        }
    }

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
    }

    #[test]
    fn the_secret_managers_of_three_clouds_are_named_as_their_consoles_name_them() {
        let aws = |id: &str, region: Option<&str>| Entry::Aws { id: id.to_owned(), region: region.map(str::to_owned) };
        assert_eq!(entry("aws-sm://palisade/slack"), Ok(aws("palisade/slack", None)));
        let arn = "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:palisade/slack-AbCdEf";
        assert_eq!(entry(&format!("aws-sm://{arn}")), Ok(aws(arn, Some("us-gov-west-1"))));

        let azure = |host: &str, version: Option<&str>| Entry::Azure {
            host: host.to_owned(),
            name: "slack-token".to_owned(),
            version: version.map(str::to_owned),
        };
        assert_eq!(entry("azure-kv://Acme-Sec/slack-token"), Ok(azure("acme-sec.vault.azure.net", None)));
        assert_eq!(
            entry("azure-kv://acme.vault.azure.cn/slack-token/0a1b"),
            Ok(azure("acme.vault.azure.cn", Some("0a1b")))
        );

        let google = |version: &str, location: Option<&str>| Entry::Google {
            version: version.to_owned(),
            location: location.map(str::to_owned),
        };
        assert_eq!(
            entry("gcp-sm://projects/acme-sec/secrets/slack"),
            Ok(google("projects/acme-sec/secrets/slack/versions/latest", None))
        );
        assert_eq!(
            entry("gcp-sm://projects/7/locations/europe-west3/secrets/slack/versions/4"),
            Ok(google("projects/7/locations/europe-west3/secrets/slack/versions/4", Some("europe-west3")))
        );
    }

    #[test]
    fn a_member_of_a_json_secret_is_named_behind_a_hash_and_every_reference_prints_as_it_is_read() {
        for text in [
            "env:SLACK_TOKEN",
            "file:/run/secrets/teams",
            "aws-sm://palisade#slack.token",
            "azure-kv://acme.vault.azure.net/palisade/0a1b#slack",
            "gcp-sm://projects/p/secrets/s/versions/latest#slack",
        ] {
            assert_eq!(text.parse::<SecretRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_name_there_is_refused_so_that_no_token_goes_to_a_strange_host() {
        for (text, scheme) in [
            ("aws-sm://a b", "aws-sm://"),
            ("aws-sm://arn:aws:ssm:eu-west-1:111122223333:secret:a", "aws-sm://"),
            ("azure-kv://acme", "azure-kv://"),
            ("azure-kv://acme.vault.azure.net.evil.example/a", "azure-kv://"),
            ("azure-kv://evil.example/a", "azure-kv://"),
            ("azure-kv://acme@evil/a", "azure-kv://"),
            ("azure-kv://acme/a/b/c", "azure-kv://"),
            ("gcp-sm://slack", "gcp-sm://"),
            ("gcp-sm://projects/p/secrets/../versions/1", "gcp-sm://"),
            ("gcp-sm://projects/p/locations/evil.example/secrets/s", "gcp-sm://"),
        ] {
            let refused = text.parse::<SecretRef>().unwrap_err();
            assert!(matches!(refused, SecretRefError::Malformed { scheme: named, .. } if named == scheme), "{text}");
        }
        for nothing in ["aws-sm://", "azure-kv://#a", "gcp-sm://projects/p/secrets/s#"] {
            assert_eq!(nothing.parse::<SecretRef>(), Err(SecretRefError::Nameless), "{nothing}");
        }
        assert_eq!("aws-ssm:///palisade/slack".parse::<SecretRef>(), Err(SecretRefError::Parameter));
    }
}
