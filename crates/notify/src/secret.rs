//! Secrets, looked up where the configuration says they are.

use palisade_message::{Entry, SecretRef};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroize as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::Read as _,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    /// It is no text.
    #[error("the secret `{0}` is no text")]
    Binary(SecretRef),
    /// It is no JSON object, or has no such member, or the member is no text.
    #[error("the secret `{0}` has no text of that name: what stands there is no JSON object with such a member")]
    Member(SecretRef),
    /// The secret manager did not give it.
    #[error("the secret `{place}` could not be read: {why}; reading it takes `{permission}`")]
    Withheld {
        /// Where.
        place: SecretRef,
        /// Its answer in short, without secrets.
        why: String,
        /// The right that it takes.
        permission: &'static str,
    },
    /// This build cannot ask that secret manager.
    #[error("the secret `{place}` needs a build with the feature `{feature}`")]
    NotBuilt {
        /// Where.
        place: SecretRef,
        /// What would bring it.
        feature: &'static str,
    },
}

/// The longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads secrets where they are kept.
pub trait Keep: fmt::Debug + Send + Sync {
    /// The secret as it is there now.
    fn read<'a>(&'a self, place: &'a SecretRef) -> Kept<'a>;
}

/// A secret on its way.
pub type Kept<'a> = Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>>;

/// Reads environment and files, and knows no secret manager. The environment is an argument.
pub struct Local<E>(pub E);

impl<E> fmt::Debug for Local<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}

impl<E: Fn(&str) -> Option<String> + Send + Sync> Keep for Local<E> {
    fn read<'a>(&'a self, place: &'a SecretRef) -> Kept<'a> {
        Box::pin(async move { local(place, &self.0) })
    }
}

fn local(place: &SecretRef, environment: impl Fn(&str) -> Option<String>) -> Result<Secret, SecretError> {
    let text = match place {
        SecretRef::Env(name) => environment(name).ok_or_else(|| SecretError::NotSet(place.clone()))?,
        SecretRef::File(path) => {
            let unreadable = |source| SecretError::Unreadable { place: place.clone(), source };
            let mut text = String::new();
            // A device says no length and may have no end.
            let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
            if text.len() as u64 > LONGEST {
                return Err(SecretError::TooLong(place.clone()));
            }
            read.map_err(unreadable)?;
            text
        }
        SecretRef::Managed(managed) => {
            let feature = match managed.entry {
                Entry::Aws { .. } => "secrets-aws",
                Entry::Azure { .. } => "secrets-azure",
                Entry::Google { .. } => "secrets-gcp",
            };
            return Err(SecretError::NotBuilt { place: place.clone(), feature });
        }
    };
    secret(place, text)
}

/// A secret out of the text that stood in its place. Refuses what can be none.
pub fn secret(place: &SecretRef, mut text: String) -> Result<Secret, SecretError> {
    if let SecretRef::Managed(managed) = place
        && let Some(member) = &managed.member
    {
        let object: Result<BTreeMap<String, serde_json::Value>, _> = serde_json::from_str(&text);
        text.zeroize();
        text = match object.ok().and_then(|mut object| object.remove(member)) {
            Some(serde_json::Value::String(text)) => text,
            Some(_) | None => return Err(SecretError::Member(place.clone())),
        };
    }
    if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST) {
        return Err(SecretError::TooLong(place.clone()));
    }
    let secret = Secret::new(text);
    if secret.expose().is_empty() { Err(SecretError::Empty(place.clone())) } else { Ok(secret) }
}

/// How long a secret is used before it is read again.
const FRESH: Duration = Duration::from_mins(5);

/// The secrets of a configuration. They are read again now and then, so that a rotated one is taken without a restart.
#[derive(Clone, Debug)]
pub struct Secrets(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    keeper: Arc<dyn Keep>,
    fresh: Duration,
    read: Mutex<BTreeMap<SecretRef, Taken>>,
}

/// A secret and when it was taken from its place.
#[derive(Clone, Debug)]
struct Taken {
    secret: Secret,
    at: Instant,
}

impl Secrets {
    /// Reads all of them. Every one that is not there is returned at once.
    pub async fn open<'a>(
        places: impl IntoIterator<Item = &'a SecretRef>,
        keeper: Arc<dyn Keep>,
    ) -> Result<Self, Vec<SecretError>> {
        Self::fresh_for(FRESH, places, keeper).await
    }

    async fn fresh_for<'a>(
        fresh: Duration,
        places: impl IntoIterator<Item = &'a SecretRef>,
        keeper: Arc<dyn Keep>,
    ) -> Result<Self, Vec<SecretError>> {
        let secrets = Self(Arc::new(Shelf { keeper, fresh, read: Mutex::default() }));
        let mut errors = Vec::new();
        for place in places.into_iter().collect::<BTreeSet<_>>() {
            if let Err(error) = secrets.take(place).await {
                errors.push(error);
            }
        }
        if errors.is_empty() { Ok(secrets) } else { Err(errors) }
    }

    /// A secret, at most five minutes old. One that cannot be read again stays as it was: an outage of where it is kept
    /// must not silence the messages that tell of outages.
    pub(crate) async fn get(&self, place: &SecretRef) -> Result<Secret, SecretError> {
        let known = self.known(place);
        match known {
            Some(taken) if taken.at.elapsed() < self.0.fresh => Ok(taken.secret),
            Some(Taken { secret, .. }) => self.take(place).await.or_else(|error| {
                tracing::warn!(%error, "a secret could not be read again and is used as it was");
                self.shelve(place, &secret);
                Ok(secret)
            }),
            None => self.take(place).await,
        }
    }

    /// Reads these again now. Whether any of them is another than before.
    pub(crate) async fn changed(&self, places: &[&SecretRef]) -> bool {
        let mut changed = false;
        for place in places {
            let before = self.known(place);
            match self.take(place).await {
                Ok(now) => changed |= before.is_none_or(|before| before.secret.expose() != now.expose()),
                Err(error) => tracing::warn!(%error, "a secret that was refused could not be read again"),
            }
        }
        changed
    }

    fn known(&self, place: &SecretRef) -> Option<Taken> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    async fn take(&self, place: &SecretRef) -> Result<Secret, SecretError> {
        let secret = self.0.keeper.read(place).await?;
        self.shelve(place, &secret);
        Ok(secret)
    }

    fn shelve(&self, place: &SecretRef, secret: &Secret) {
        let taken = Taken { secret: secret.clone(), at: Instant::now() };
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone(), taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_message::Managed;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn managed(member: Option<&str>) -> SecretRef {
        let entry = Entry::Aws { id: "palisade".to_owned(), region: None };
        SecretRef::Managed(Box::new(Managed { entry, member: member.map(str::to_owned) }))
    }

    /// Gives another secret at every reading, until it gives none.
    #[derive(Debug, Default)]
    struct Rotating {
        readings: AtomicUsize,
        out_of_order: std::sync::atomic::AtomicBool,
    }

    impl Keep for Rotating {
        fn read<'a>(&'a self, place: &'a SecretRef) -> Kept<'a> {
            Box::pin(async move {
                if self.out_of_order.load(Ordering::SeqCst) {
                    return Err(SecretError::NotSet(place.clone()));
                }
                secret(place, format!("secret-{}", self.readings.fetch_add(1, Ordering::SeqCst)))
            })
        }
    }

    #[tokio::test]
    async fn secrets_come_from_the_environment_and_from_files_and_are_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "xoxb-from-file\n").unwrap();
        let file = SecretRef::File(path.to_string_lossy().into_owned());
        let env = SecretRef::Env("TOKEN".to_owned());
        let environment = |name: &str| (name == "TOKEN").then(|| "xoxb-from-env".to_owned());
        let secrets = Secrets::open([&file, &env], Arc::new(Local(environment))).await.unwrap();
        assert_eq!(secrets.get(&file).await.unwrap().expose(), "xoxb-from-file");
        assert_eq!(secrets.get(&env).await.unwrap().expose(), "xoxb-from-env");
        let printed = format!("{secrets:?}");
        assert!(!printed.contains("xoxb") && printed.contains("***"), "{printed}");
    }

    #[tokio::test]
    async fn every_secret_that_is_not_there_is_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, " \n").unwrap();
        let places = [
            SecretRef::Env("MISSING".to_owned()),
            SecretRef::File("/nonexistent/secret".to_owned()),
            SecretRef::File(empty.to_string_lossy().into_owned()),
            managed(None),
        ];
        let errors = Secrets::open(&places, Arc::new(Local(|_: &str| None))).await.unwrap_err();
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("`env:MISSING` is not set"), "{told:?}");
        assert!(told.iter().any(|line| line.contains("is empty")), "{told:?}");
        assert!(told.iter().any(|line| line.contains("`secrets-aws`")), "{told:?}");
    }

    #[tokio::test]
    async fn a_secret_is_not_read_again_while_it_is_fresh_unless_it_was_refused() {
        let keeper = Arc::new(Rotating::default());
        let place = managed(None);
        let secrets = Secrets::open([&place], Arc::<Rotating>::clone(&keeper)).await.unwrap();
        for _ in 0..3 {
            assert_eq!(secrets.get(&place).await.unwrap().expose(), "secret-0");
        }
        assert!(secrets.changed(&[&place]).await);
        assert_eq!(secrets.get(&place).await.unwrap().expose(), "secret-1");
    }

    #[tokio::test]
    async fn an_old_secret_is_read_again_and_stays_while_its_place_is_out_of_order() {
        let keeper = Arc::new(Rotating::default());
        let place = managed(None);
        let shelf = Secrets::fresh_for(Duration::ZERO, [&place], Arc::<Rotating>::clone(&keeper)).await.unwrap();
        assert_eq!(shelf.get(&place).await.unwrap().expose(), "secret-1");
        keeper.out_of_order.store(true, Ordering::SeqCst);
        assert_eq!(shelf.get(&place).await.unwrap().expose(), "secret-1");
        assert!(!shelf.changed(&[&place]).await, "what cannot be read has not changed");
        keeper.out_of_order.store(false, Ordering::SeqCst);
        assert_eq!(shelf.get(&place).await.unwrap().expose(), "secret-2");
    }

    #[test]
    fn a_member_of_a_json_secret_is_taken_out_of_it_and_what_has_none_is_not_repeated() {
        let text = r#"{"slack": "xoxb-1", "port": 25}"#;
        assert_eq!(secret(&managed(Some("slack")), text.to_owned()).unwrap().expose(), "xoxb-1");
        assert_eq!(secret(&managed(None), text.to_owned()).unwrap().expose(), text);
        for (member, text) in [("teams", text), ("port", text), ("slack", "xoxb-1"), ("slack", "[\"xoxb-1\"]")] {
            let refused = secret(&managed(Some(member)), text.to_owned()).unwrap_err();
            assert!(matches!(refused, SecretError::Member(_)) && !refused.to_string().contains("xoxb"), "{refused}");
        }
    }
}
