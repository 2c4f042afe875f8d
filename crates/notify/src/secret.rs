//! Secrets, looked up where the configuration says they are.

use palisade_message::SecretRef;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroize as _};
use std::collections::BTreeMap;

/// A secret. Printing it prints nothing of it, and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret's text. White space around it is not part of it: files end in a line end.
    pub fn new(mut text: String) -> Self {
        let secret = SecretString::from(text.trim().to_owned());
        text.zeroize();
        Self(secret)
    }

    /// The text. Hand it to what needs it and keep no copy.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Why a secret is not there.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment does not have it.
    #[error("the secret `{0}` is not set in the environment")]
    NotSet(SecretRef),
    /// The file cannot be read.
    #[error("the secret `{place}` could not be read")]
    Unreadable {
        /// Where.
        place: SecretRef,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("the secret `{0}` is empty")]
    Empty(SecretRef),
    /// It is too long to be one.
    #[error("the secret `{0}` has more than {LONGEST} bytes")]
    TooLong(SecretRef),
}

/// The longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Looks a secret up. The environment is an argument.
pub fn load(place: &SecretRef, environment: impl Fn(&str) -> Option<String>) -> Result<Secret, SecretError> {
    let text = match place {
        SecretRef::Env(name) => environment(name).ok_or_else(|| SecretError::NotSet(place.clone()))?,
        SecretRef::File(path) => {
            let unreadable = |source| SecretError::Unreadable { place: place.clone(), source };
            if std::fs::metadata(path).map_err(unreadable)?.len() > LONGEST {
                return Err(SecretError::TooLong(place.clone()));
            }
            std::fs::read_to_string(path).map_err(unreadable)?
        }
    };
    let secret = Secret::new(text);
    if secret.expose().is_empty() { Err(SecretError::Empty(place.clone())) } else { Ok(secret) }
}

/// The secrets of a configuration, by where they are kept.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<SecretRef, Secret>);

impl Secrets {
    /// Looks all of them up. Every one that is not there is returned at once.
    pub fn load<'a>(
        places: impl IntoIterator<Item = &'a SecretRef>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<SecretError>> {
        let mut secrets = BTreeMap::new();
        let mut errors = Vec::new();
        for place in places.into_iter().collect::<std::collections::BTreeSet<_>>() {
            match load(place, &environment) {
                Ok(secret) => {
                    secrets.insert(place.clone(), secret);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(secrets)) } else { Err(errors) }
    }

    pub(crate) fn get(&self, place: &SecretRef) -> Result<&Secret, SecretError> {
        self.0.get(place).ok_or_else(|| SecretError::NotSet(place.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_the_environment_and_from_files_and_are_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "xoxb-from-file\n").unwrap();
        let file = SecretRef::File(path.to_string_lossy().into_owned());
        let env = SecretRef::Env("TOKEN".to_owned());
        let environment = |name: &str| (name == "TOKEN").then(|| "xoxb-from-env".to_owned());
        let secrets = Secrets::load([&file, &env], environment).unwrap();
        assert_eq!(secrets.get(&file).unwrap().expose(), "xoxb-from-file");
        assert_eq!(secrets.get(&env).unwrap().expose(), "xoxb-from-env");
        let printed = format!("{secrets:?}");
        assert!(!printed.contains("xoxb") && printed.contains("***"), "{printed}");
    }

    #[test]
    fn every_secret_that_is_not_there_is_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, " \n").unwrap();
        let places = [
            SecretRef::Env("MISSING".to_owned()),
            SecretRef::File("/nonexistent/secret".to_owned()),
            SecretRef::File(empty.to_string_lossy().into_owned()),
        ];
        let errors = Secrets::load(&places, |_| None).unwrap_err();
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("`env:MISSING` is not set"), "{told:?}");
        assert!(told.iter().any(|line| line.contains("is empty")), "{told:?}");
    }
}
