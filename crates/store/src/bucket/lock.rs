//! Whether a bucket can be written over, as the bucket says: read, never assumed.

use super::Bucket;
use crate::StoreError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a bucket is asked about itself, and with which permission. Reads; whoever may not make one is told `unknown`.
pub const STORAGE_CALLS: [(&str, &str); 4] = [
    ("s3:GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("s3:GetBucketVersioning", "s3:GetBucketVersioning"),
    ("Get Container Properties (Azure Blob Storage)", "Microsoft.Storage/storageAccounts/blobServices/containers/read"),
    ("storage.buckets.get", "storage.buckets.get"),
];

/// Something that was asked: the answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact<T> {
    /// The answer.
    Known(T),
    /// Why there is none.
    Unknown(String),
}

/// What keeps objects from being replaced or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lock {
    /// Nothing.
    None,
    /// Every object that is put there is kept.
    Kept {
        /// In the provider's words: who may end it before its time.
        mode: Fact<String>,
        /// How long.
        keeps: Fact<String>,
    },
}

/// What a bucket says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    schema: String,
    /// Where it is.
    pub address: String,
    /// Whether objects are kept when others are put in their place.
    pub versioning: Fact<bool>,
    /// What keeps objects from being replaced or removed.
    pub write_once: Fact<Lock>,
}

impl Storage {
    fn new(address: &str, versioning: Fact<bool>, write_once: Fact<Lock>) -> Self {
        Self { schema: "palisade.storage/v1".to_owned(), address: address.to_owned(), versioning, write_once }
    }

    /// Reads what stands in a bundle of evidence.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// As it stands in a bundle of evidence.
    pub fn to_text(&self) -> String {
        // Strings and truth values always have a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |fact: &Fact<String>| match fact {
            Fact::Known(words) => words.clone(),
            Fact::Unknown(why) => format!("unknown ({why})"),
        };
        match &self.write_once {
            Fact::Known(Lock::None) => write!(f, "not write-once: objects can be removed"),
            Fact::Known(Lock::Kept { mode, keeps }) => {
                write!(f, "write-once, mode {}, every object is kept for {}", said(mode), said(keeps))
            }
            Fact::Unknown(why) => write!(f, "nobody knows whether it is write-once: {why}"),
        }?;
        match &self.versioning {
            Fact::Known(true) => write!(f, "; versions are kept"),
            Fact::Known(false) => write!(f, "; no versions are kept"),
            Fact::Unknown(why) => write!(f, "; nobody knows whether versions are kept: {why}"),
        }
    }
}

impl Bucket {
    /// Asks the bucket whether it is write-once and for how long. Never fails: what is not answered is unknown.
    pub async fn storage(&self) -> Storage {
        let (versioning, write_once) = match &self.lock {
            #[cfg(feature = "s3")]
            Asked::S3(s3) => futures::join!(s3::versioning(s3), s3::lock(s3)),
            #[cfg(feature = "azure-blob")]
            Asked::Azure(azure) => azure::facts(azure).await,
            #[cfg(feature = "gcs")]
            Asked::Gcs(gcs) => gcs::facts(gcs).await,
            Asked::Nobody => {
                let why = "this program was built without a client that asks";
                (Fact::Unknown(why.to_owned()), Fact::Unknown(why.to_owned()))
            }
        };
        Storage::new(&self.place, versioning, write_once)
    }
}

/// Whom to ask.
#[derive(Clone)]
pub(super) enum Asked {
    #[cfg(feature = "s3")]
    S3(std::sync::Arc<object_store::aws::AmazonS3>),
    #[cfg(feature = "azure-blob")]
    Azure(std::sync::Arc<azure::Container>),
    #[cfg(feature = "gcs")]
    Gcs(std::sync::Arc<gcs::GcsBucket>),
    Nobody,
}

impl Asked {
    /// The client for questions about the bucket of an address, set up as the one for objects is.
    pub(super) fn of(url: &url::Url, options: &[(String, String)]) -> Result<Self, StoreError> {
        let unusable =
            |error: object_store::Error| StoreError::Address { address: url.to_string(), why: error.to_string() };
        // The parameters are used by what is built.
        let _ = (options, &unusable);
        match url.scheme() {
            #[cfg(feature = "s3")]
            "s3" => s3::open(url, options).map(|s3| Self::S3(s3.into())).map_err(unusable),
            #[cfg(feature = "azure-blob")]
            "az" => azure::open(url, options).map(|azure| Self::Azure(azure.into())).map_err(unusable),
            #[cfg(feature = "gcs")]
            "gs" => gcs::open(url, options).map(|gcs| Self::Gcs(gcs.into())).map_err(unusable),
            _ => Ok(Self::Nobody),
        }
    }
}

/// What came back: the status, the headers, the body.
#[cfg(any(feature = "s3", feature = "azure-blob", feature = "gcs"))]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The longest answer about a bucket that is read, in bytes.
#[cfg(any(feature = "s3", feature = "azure-blob", feature = "gcs"))]
const LONGEST_ANSWER: usize = 1 << 20;

/// Sends one read. The words of an error name no address: a signed one is a secret for a minute.
#[cfg(any(feature = "s3", feature = "azure-blob", feature = "gcs"))]
async fn get(url: &str, headers: &[(String, String)]) -> Result<Answer, String> {
    let client = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| "no connection can be made".to_owned())?;
    let mut request = client.get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut response = request.send().await.map_err(|error| format!("it was not reached: {}", error.without_url()))?;
    let status = response.status().as_u16();
    let named = |(name, value): (&_, &reqwest::header::HeaderValue)| {
        let name: &reqwest::header::HeaderName = name;
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = response.headers().iter().filter_map(named).collect();
    let mut body = Vec::new();
    let broke_off = |error: reqwest::Error| format!("its answer broke off: {}", error.without_url());
    while let Some(chunk) = response.chunk().await.map_err(broke_off)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err("its answer is too long".to_owned());
        }
    }
    let body = String::from_utf8(body).map_err(|_| "its answer is no text".to_owned())?;
    Ok(Answer { status, headers, body })
}

/// Why an answer tells nothing.
#[cfg(any(feature = "s3", feature = "azure-blob", feature = "gcs"))]
fn refused(status: u16, permission: &str) -> String {
    match status {
        401 | 403 => format!("it was refused: `{permission}` is missing"),
        404 => "there is no such bucket".to_owned(),
        _ => format!("it answered with status {status}"),
    }
}

#[cfg(feature = "s3")]
mod s3 {
    use super::{Fact, Lock, get, refused};
    use object_store::{
        aws::{AmazonS3, AmazonS3Builder},
        path::Path,
        signer::{SignedUrlOptions, Signer as _},
    };
    use palisade_provider::xml_to_json;
    use serde_json::Value;
    use std::time::Duration;

    pub(super) fn open(url: &url::Url, options: &[(String, String)]) -> object_store::Result<AmazonS3> {
        let begun = AmazonS3Builder::new().with_url(url.as_str());
        let set = |builder: AmazonS3Builder, (name, value): &(String, String)| match name.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        };
        options.iter().fold(begun, set).build()
    }

    /// Asks for one part of the bucket's configuration: status and body.
    async fn ask(s3: &AmazonS3, what: &str) -> Result<(u16, String), String> {
        let query = SignedUrlOptions::new().with_query([(what, "")]);
        let whole = Path::default();
        let signed = s3.signed_url_opts(reqwest::Method::GET, &whole, Duration::from_mins(1), &query);
        let url = signed.await.map_err(|error| format!("nobody is signed in: {error}"))?;
        let answer = get(url.as_str(), &[]).await?;
        Ok((answer.status, answer.body))
    }

    fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
        value.pointer(pointer)?.as_str()
    }

    pub(super) async fn versioning(s3: &AmazonS3) -> Fact<bool> {
        match ask(s3, "versioning").await {
            Err(why) => Fact::Unknown(why),
            Ok((200, body)) => match xml_to_json(&body) {
                Ok(value) => versions(&value),
                Err(error) => Fact::Unknown(error.to_string()),
            },
            Ok((status, _)) => Fact::Unknown(refused(status, "s3:GetBucketVersioning")),
        }
    }

    /// S3 calls the whole `VersioningConfiguration`, and others who speak as it does call it otherwise.
    pub(super) fn versions(answer: &Value) -> Fact<bool> {
        let whole = answer.as_object().and_then(|whole| whole.values().next());
        match whole.map(|whole| whole.get("Status").and_then(Value::as_str)) {
            None => Fact::Unknown("the answer is none about versions".to_owned()),
            Some(None) => Fact::Known(false),
            Some(Some("Enabled")) => Fact::Known(true),
            Some(Some(_)) => Fact::Unknown("versions are not made any more, and those of before are kept".to_owned()),
        }
    }

    pub(super) async fn lock(s3: &AmazonS3) -> Fact<Lock> {
        match ask(s3, "object-lock").await {
            Err(why) => Fact::Unknown(why),
            Ok((200, body)) => read(&body).map_or_else(Fact::Unknown, Fact::Known),
            // A bucket that was never locked has no such configuration.
            Ok((404, body)) if body.contains("ObjectLockConfigurationNotFoundError") => Fact::Known(Lock::None),
            Ok((status, _)) => Fact::Unknown(refused(status, "s3:GetBucketObjectLockConfiguration")),
        }
    }

    pub(super) fn read(body: &str) -> Result<Lock, String> {
        let value = xml_to_json(body).map_err(|error| error.to_string())?;
        let at = |name: &str| text(&value, &format!("/ObjectLockConfiguration/{name}"));
        if at("ObjectLockEnabled") != Some("Enabled") {
            return Ok(Lock::None);
        }
        let Some(mode) = at("Rule/DefaultRetention/Mode") else {
            // Locks are possible there, and an object that is put without one has none.
            return Ok(Lock::None);
        };
        let keeps = match (at("Rule/DefaultRetention/Days"), at("Rule/DefaultRetention/Years")) {
            (Some(days), _) => Fact::Known(format!("{days} days")),
            (None, Some(years)) => Fact::Known(format!("{years} years")),
            (None, None) => Fact::Unknown("the rule names no time".to_owned()),
        };
        Ok(Lock::Kept { mode: Fact::Known(mode.to_owned()), keeps })
    }
}

#[cfg(feature = "azure-blob")]
mod azure {
    use super::{Fact, Lock, get, refused};
    use object_store::{
        azure::{AzureAuthorizer, AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder},
        client::{HttpRequest, HttpRequestBody},
    };

    /// A container and where it answers.
    pub(in crate::bucket) struct Container {
        client: MicrosoftAzure,
        account: String,
        url: String,
    }

    pub(super) fn open(url: &url::Url, options: &[(String, String)]) -> object_store::Result<Container> {
        let begun = MicrosoftAzureBuilder::new().with_url(url.as_str());
        let set = |builder: MicrosoftAzureBuilder, (name, value): &(String, String)| match name
            .to_ascii_lowercase()
            .parse()
        {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        };
        let builder = options.iter().fold(begun, set);
        let account = builder.get_config_value(&AzureConfigKey::AccountName).unwrap_or_default();
        let endpoint = builder
            .get_config_value(&AzureConfigKey::Endpoint)
            .unwrap_or_else(|| format!("https://{account}.blob.core.windows.net"));
        let container = url.host_str().unwrap_or_default();
        let url = format!("{}/{container}?restype=container", endpoint.trim_end_matches('/'));
        Ok(Container { client: builder.build()?, account, url })
    }

    pub(super) async fn facts(container: &Container) -> (Fact<bool>, Fact<Lock>) {
        let versioning =
            Fact::Unknown("only Azure Resource Manager tells it, and no address of a container says where".to_owned());
        (versioning, lock(container).await.unwrap_or_else(Fact::Unknown))
    }

    async fn lock(container: &Container) -> Result<Fact<Lock>, String> {
        let credential = container.client.credentials().get_credential().await;
        let credential = credential.map_err(|error| format!("nobody is signed in: {error}"))?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = container.url.parse().map_err(|_| "no address can be made of it".to_owned())?;
        let authorizer = AzureAuthorizer::new(&credential, &container.account);
        authorizer.try_authorize(&mut request).map_err(|error| format!("it could not be signed: {error}"))?;
        let headers = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let answer = get(&request.uri().to_string(), &headers.collect::<Vec<_>>()).await?;
        if answer.status != 200 {
            return Ok(Fact::Unknown(refused(answer.status, super::STORAGE_CALLS[2].1)));
        }
        Ok(read(&answer.headers))
    }

    /// What the container's headers say. How long a policy keeps is told by Azure Resource Manager alone.
    pub(super) fn read(headers: &[(String, String)]) -> Fact<Lock> {
        let flag = |name: &str| headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str());
        let elsewhere = || Fact::Unknown("only Azure Resource Manager tells it".to_owned());
        match (flag("x-ms-has-immutability-policy"), flag("x-ms-has-legal-hold")) {
            (Some("true"), _) => Fact::Known(Lock::Kept { mode: elsewhere(), keeps: elsewhere() }),
            (Some(_), Some("true")) => Fact::Known(Lock::Kept {
                mode: Fact::Known("legal hold".to_owned()),
                keeps: Fact::Known("as long as the hold is not lifted".to_owned()),
            }),
            (Some("false"), Some("false")) => Fact::Known(Lock::None),
            _ => Fact::Unknown("the container's properties do not say so".to_owned()),
        }
    }
}

#[cfg(feature = "gcs")]
mod gcs {
    use super::{Fact, Lock, get, refused};
    use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey};
    use serde_json::Value;

    /// A bucket and where it answers.
    pub(in crate::bucket) struct GcsBucket {
        client: GoogleCloudStorage,
        url: String,
        /// Whether requests are signed.
        signs: bool,
    }

    pub(super) fn open(url: &url::Url, options: &[(String, String)]) -> object_store::Result<GcsBucket> {
        let begun = GoogleCloudStorageBuilder::new().with_url(url.as_str());
        let set = |builder: GoogleCloudStorageBuilder, (name, value): &(String, String)| match name
            .to_ascii_lowercase()
            .parse()
        {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        };
        let builder = options.iter().fold(begun, set);
        let base = builder.get_config_value(&GoogleConfigKey::BaseUrl);
        let base = base.unwrap_or_else(|| "https://storage.googleapis.com".to_owned());
        let bucket = url.host_str().unwrap_or_default();
        let url = format!("{}/storage/v1/b/{bucket}?fields=retentionPolicy,versioning", base.trim_end_matches('/'));
        let signs = builder.get_config_value(&GoogleConfigKey::SkipSignature).as_deref() != Some("true");
        Ok(GcsBucket { client: builder.build()?, url, signs })
    }

    pub(super) async fn facts(bucket: &GcsBucket) -> (Fact<bool>, Fact<Lock>) {
        match ask(bucket).await {
            Ok(value) => read(&value),
            Err(why) => (Fact::Unknown(why.clone()), Fact::Unknown(why)),
        }
    }

    async fn ask(bucket: &GcsBucket) -> Result<Value, String> {
        let mut headers = Vec::new();
        if bucket.signs {
            let credential = bucket.client.credentials().get_credential().await;
            let credential = credential.map_err(|error| format!("nobody is signed in: {error}"))?;
            headers.push(("authorization".to_owned(), format!("Bearer {}", credential.bearer)));
        }
        let answer = get(&bucket.url, &headers).await?;
        if answer.status != 200 {
            return Err(refused(answer.status, "storage.buckets.get"));
        }
        serde_json::from_str(&answer.body).map_err(|error| error.to_string())
    }

    pub(super) fn read(bucket: &Value) -> (Fact<bool>, Fact<Lock>) {
        let versioning = bucket.pointer("/versioning/enabled").and_then(Value::as_bool).unwrap_or(false);
        let Some(policy) = bucket.get("retentionPolicy") else {
            return (Fact::Known(versioning), Fact::Known(Lock::None));
        };
        let is_locked = policy.get("isLocked").and_then(Value::as_bool).unwrap_or(false);
        let mode = if is_locked { "locked" } else { "not locked: the bucket's owner can shorten or remove it" };
        let keeps = match policy.get("retentionPeriod").and_then(Value::as_str) {
            Some(seconds) => Fact::Known(format!("{seconds} seconds")),
            None => Fact::Unknown("the policy names no time".to_owned()),
        };
        (Fact::Known(versioning), Fact::Known(Lock::Kept { mode: Fact::Known(mode.to_owned()), keeps }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_and_never_a_lock() {
        let unknown = || Fact::Unknown("it was refused".to_owned());
        let storage = Storage::new("s3://acme", Fact::Unknown("it was refused".to_owned()), unknown());
        assert!(storage.to_string().starts_with("nobody knows whether it is write-once: it was refused"), "{storage}");
        assert!(storage.to_text().contains("\"unknown\": \"it was refused\""), "{}", storage.to_text());
        let kept = Lock::Kept { mode: Fact::Known("COMPLIANCE".to_owned()), keeps: Fact::Known("400 days".to_owned()) };
        let storage = Storage::new("s3://acme", Fact::Known(true), Fact::Known(kept));
        let words = "write-once, mode COMPLIANCE, every object is kept for 400 days; versions are kept";
        assert_eq!(storage.to_string(), words);
    }

    #[test]
    fn every_question_to_a_bucket_stands_in_the_guide_with_its_permission() {
        let guide = include_str!("../../../../docs/guides/evidence.md");
        for (call, permission) in STORAGE_CALLS {
            assert!(guide.contains(call) && guide.contains(&format!("`{permission}`")), "{call}: {permission}");
        }
    }

    #[cfg(feature = "s3")]
    #[test]
    fn a_lock_without_a_rule_for_every_object_keeps_none() {
        let body = |rule: &str| {
            format!(
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
            )
        };
        assert_eq!(s3::read(&body("")), Ok(Lock::None));
        let rule = "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Years>7</Years></DefaultRetention></Rule>";
        let kept = Lock::Kept { mode: Fact::Known("GOVERNANCE".to_owned()), keeps: Fact::Known("7 years".to_owned()) };
        assert_eq!(s3::read(&body(rule)), Ok(kept));
        assert!(s3::read("<oops").is_err());
    }

    #[cfg(feature = "s3")]
    #[test]
    fn versions_are_kept_not_kept_or_nobody_knows() {
        let said = |body: &str| s3::versions(&palisade_provider::xml_to_json(body).unwrap());
        for root in ["VersioningConfiguration", "GetBucketVersioningResponse"] {
            let body =
                |status: &str| format!("<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{status}</{root}>");
            assert_eq!(said(&body("<Status>Enabled</Status>")), Fact::Known(true));
            assert_eq!(said(&body("")), Fact::Known(false));
            assert!(matches!(said(&body("<Status>Suspended</Status>")), Fact::Unknown(_)));
        }
        assert_eq!(said("<VersioningConfiguration/>"), Fact::Known(false));
    }

    /// Answers one request with these headers and body. Returns where, and what was asked.
    #[cfg(any(feature = "azure-blob", feature = "gcs"))]
    fn server(head: &'static str, body: &'static str) -> (String, std::sync::mpsc::Receiver<String>) {
        use std::io::{BufRead as _, Write as _};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut reader = std::io::BufReader::new(listener.accept().unwrap().0);
            let (mut request, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                request.push_str(&std::mem::take(&mut line));
            }
            asked.send(request.to_lowercase()).unwrap();
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            reader.into_inner().write_all(answer.as_bytes()).unwrap();
        });
        (url, seen)
    }

    #[cfg(any(feature = "azure-blob", feature = "gcs"))]
    async fn said(address: &str, options: &[(&str, &str)]) -> Storage {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Bucket::open(address, options).unwrap().storage().await
    }

    #[cfg(feature = "gcs")]
    #[tokio::test]
    async fn google_is_asked_for_the_policy_of_the_bucket_and_a_refusal_names_the_permission() {
        let body = r#"{"retentionPolicy":{"retentionPeriod":"3600","isLocked":true}}"#;
        for (head, body, told) in [
            ("200 OK", body, "write-once, mode locked, every object is kept for 3600 seconds; no versions are kept"),
            (
                "403 Forbidden",
                "{}",
                "nobody knows whether it is write-once: it was refused: `storage.buckets.get` is missing",
            ),
        ] {
            let (url, seen) = server(head, body);
            let options = [("GOOGLE_BASE_URL", url.as_str()), ("GOOGLE_SKIP_SIGNATURE", "true")];
            let storage = said("gs://acme/kept", &options).await;
            assert!(storage.to_string().starts_with(told), "{storage}");
            assert!(seen.recv().unwrap().starts_with("get /storage/v1/b/acme?fields=retentionpolicy,versioning "));
        }
    }

    #[cfg(feature = "azure-blob")]
    #[tokio::test]
    async fn a_container_of_azure_is_asked_for_its_properties_with_a_signature() {
        let (url, seen) = server("200 OK\r\nx-ms-has-immutability-policy: true\r\nx-ms-has-legal-hold: false", "");
        let options = [
            ("AZURE_STORAGE_ACCOUNT_NAME", "acme"),
            ("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0"),
            ("AZURE_STORAGE_ENDPOINT", url.as_str()),
        ];
        let storage = said("az://evidence/kept", &options).await;
        let told = "write-once, mode unknown (only Azure Resource Manager tells it), every object is kept for unknown";
        assert!(storage.to_string().starts_with(told), "{storage}");
        let asked = seen.recv().unwrap();
        assert!(asked.starts_with("get /evidence?restype=container "), "{asked}");
        assert!(asked.contains("authorization: sharedkey acme:"), "{asked}");
    }

    #[cfg(feature = "azure-blob")]
    #[test]
    fn a_container_says_that_it_has_a_policy_and_not_for_how_long() {
        let read = |policy: Option<&str>, hold: Option<&str>| {
            let headers = [("x-ms-has-immutability-policy", policy), ("x-ms-has-legal-hold", hold)];
            let there = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            azure::read(&there.collect::<Vec<_>>())
        };
        assert_eq!(read(Some("false"), Some("false")), Fact::Known(Lock::None));
        assert!(matches!(read(None, Some("false")), Fact::Unknown(_)), "silence is no answer");
        assert!(matches!(read(Some("false"), None), Fact::Unknown(_)));
        assert!(matches!(read(Some("true"), Some("false")), Fact::Known(Lock::Kept { keeps: Fact::Unknown(_), .. })));
        assert!(matches!(read(Some("false"), Some("true")), Fact::Known(Lock::Kept { keeps: Fact::Known(_), .. })));
    }

    #[cfg(feature = "gcs")]
    #[test]
    fn a_retention_policy_that_is_not_locked_is_told_as_that() {
        let read = |text: &str| gcs::read(&serde_json::from_str(text).unwrap());
        assert_eq!(read("{}"), (Fact::Known(false), Fact::Known(Lock::None)));
        let (versioning, lock) =
            read(r#"{"versioning":{"enabled":true},"retentionPolicy":{"retentionPeriod":"86400","isLocked":true}}"#);
        let kept =
            Lock::Kept { mode: Fact::Known("locked".to_owned()), keeps: Fact::Known("86400 seconds".to_owned()) };
        assert_eq!((versioning, lock), (Fact::Known(true), Fact::Known(kept)));
        let (_, loose) = read(r#"{"retentionPolicy":{"retentionPeriod":"86400"}}"#);
        assert!(
            matches!(loose, Fact::Known(Lock::Kept { mode: Fact::Known(mode), .. }) if mode.contains("not locked"))
        );
    }
}
