//! Azure Key Vault and managed HSMs.

use super::{Said, digest};
use crate::azure_cloud;
use azure_core::{
    Error,
    credentials::TokenCredential,
    error::ErrorKind,
    http::{ClientOptions, RequestContent},
};
use azure_security_keyvault_keys::{
    KeyClient, KeyClientOptions,
    models::{
        CurveName, JsonWebKey, KeyClientGetKeyOptions, KeyClientSignOptions, KeyType, SignParameters,
        SignatureAlgorithm,
    },
};
use std::{fmt, sync::Arc};

/// What stands before the two coordinates of a point of P-256 in its `SubjectPublicKeyInfo` (RFC 5480).
const P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// A version of a key. Key Vault has no Ed25519: it signs by `ES256`.
pub(crate) struct Key {
    client: KeyClient,
    name: String,
    version: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}/{})", self.name, self.version)
    }
}

/// The SDK asks for a token only when the vault names its own cloud as the one to sign in for.
pub(crate) async fn open(host: &str, name: &str, version: Option<&str>) -> Said<(Key, Vec<u8>)> {
    let (credential, client_options) = palisade_azure::own_access(azure_cloud(host))?;
    with(credential, client_options, host, (name, version)).await
}

async fn with(
    credential: Arc<dyn TokenCredential>,
    client_options: ClientOptions,
    host: &str,
    (name, version): (&str, Option<&str>),
) -> Said<(Key, Vec<u8>)> {
    let options = KeyClientOptions { client_options, ..KeyClientOptions::default() };
    let client = KeyClient::new(&format!("https://{host}"), credential, Some(options)).map_err(|error| told(&error))?;
    let options =
        KeyClientGetKeyOptions { key_version: version.map(str::to_owned), ..KeyClientGetKeyOptions::default() };
    let answer = client.get_key(name, Some(options)).await.map_err(|error| told(&error))?;
    let key = answer.into_model().map_err(|_| "the answer is none of a vault".to_owned())?.key;
    let key = key.ok_or_else(|| "the answer holds no public key".to_owned())?;
    let public = public(&key)?;
    // The version that was shown signs, whatever becomes the current one meanwhile.
    let version = key.kid.as_deref().and_then(|kid| kid.rsplit('/').next()).unwrap_or_default().to_owned();
    Ok((Key { client, name: name.to_owned(), version }, public))
}

fn public(key: &JsonWebKey) -> Said<Vec<u8>> {
    let is_curve = matches!(key.kty, Some(KeyType::Ec | KeyType::EcHsm)) && key.crv == Some(CurveName::P256);
    let coordinate = |bytes: &Option<Vec<u8>>| bytes.clone().filter(|bytes| bytes.len() == 32);
    match (coordinate(&key.x), coordinate(&key.y)) {
        (Some(x), Some(y)) if is_curve => Ok([P256.as_slice(), &x, &y].concat()),
        _ => {
            let kind = key.kty.as_ref().map_or("unknown", AsRef::as_ref);
            Err(format!("it is of the kind {kind}: bundles are sealed with keys of the kind EC or EC-HSM on P-256"))
        }
    }
}

impl Key {
    pub(crate) async fn sign(&self, message: &[u8]) -> Said<Vec<u8>> {
        let wanted = SignParameters { algorithm: Some(SignatureAlgorithm::Es256), value: Some(digest(message)) };
        let wanted: RequestContent<SignParameters> = wanted.try_into().map_err(|error| told(&error))?;
        let options =
            KeyClientSignOptions { key_version: Some(self.version.clone()), ..KeyClientSignOptions::default() };
        let answer = self.client.sign(&self.name, wanted, Some(options)).await.map_err(|error| told(&error))?;
        let answer = answer.into_model().map_err(|_| "the answer is none of a vault".to_owned())?;
        answer.result.as_deref().and_then(to_der).ok_or_else(|| "the answer holds no signature".to_owned())
    }
}

fn told(error: &Error) -> String {
    match error.kind() {
        ErrorKind::HttpResponse { error_code: Some(code), .. } => format!("{code}: {error}"),
        _ => error.to_string(),
    }
}

/// The DER form of a signature that is two numbers of 32 bytes (RFC 7518, section 3.4).
fn to_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let body = [integer(r)?, integer(s)?].concat();
    Some([[0x30, u8::try_from(body.len()).ok()?].as_slice(), &body].concat())
}

fn integer(digits: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.iter().copied().skip_while(|digit| *digit == 0).collect();
    let zero: &[u8] = if digits.first()? >= &0x80 { &[0] } else { &[] };
    let length = u8::try_from(zero.len() + digits.len()).ok()?;
    Some([[0x02, length].as_slice(), zero, &digits].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::doubles::Pair;
    use azure_core::{
        credentials::{AccessToken, Secret, TokenRequestOptions},
        http::{
            AsyncRawResponse, Body, HttpClient, Request, RetryOptions, StatusCode, Transport,
            headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE},
        },
        time::{Duration, OffsetDateTime},
    };
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    #[derive(Debug)]
    struct Somebody;

    #[async_trait::async_trait]
    impl TokenCredential for Somebody {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            assert_eq!(scopes, ["https://vault.azure.net/.default"]);
            Ok(AccessToken::new(Secret::new("token"), OffsetDateTime::now_utc() + Duration::hours(1)))
        }
    }

    /// A vault as it answers, with a key of its own.
    #[derive(Debug)]
    struct Answers {
        pair: Pair,
        kind: &'static str,
    }

    #[async_trait::async_trait]
    impl HttpClient for Answers {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            let mut headers = Headers::new();
            if request.headers().get_optional_str(&AUTHORIZATION).is_none() {
                let challenge =
                    r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net""#;
                headers.insert(WWW_AUTHENTICATE, challenge);
                return Ok(AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, String::new()));
            }
            let kid = "https://acme.vault.azure.net/keys/seal/0a1b";
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let (status, said) = match request.url().path().trim_end_matches('/') {
                "/keys/seal" | "/keys/seal/0a1b" => {
                    let point = self.pair.public().split_off(P256.len());
                    let key = json!({ "kid": kid, "kty": self.kind, "crv": "P-256", "key_ops": ["sign", "verify"],
                        "x": text(&point[..32]), "y": text(&point[32..]) });
                    (StatusCode::Ok, json!({ "key": key }))
                }
                "/keys/seal/0a1b/sign" => {
                    let Body::Bytes(body) = request.body() else { panic!("a body") };
                    let asked: Value = serde_json::from_slice(body).unwrap();
                    assert_eq!(asked["alg"], "ES256");
                    let message = URL_SAFE_NO_PAD.decode(asked["value"].as_str().unwrap()).unwrap();
                    (StatusCode::Ok, json!({ "kid": kid, "value": text(&self.pair.sign_digest_raw(&message)) }))
                }
                _ => {
                    let said = "Caller is not authorized to perform action on resource.";
                    (StatusCode::Forbidden, json!({ "error": { "code": "Forbidden", "message": said } }))
                }
            };
            Ok(AsyncRawResponse::from_bytes(status, headers, said.to_string()))
        }
    }

    async fn opened(kind: &'static str, key: (&str, Option<&str>)) -> (Arc<Answers>, Said<(Key, Vec<u8>)>) {
        let answers = Arc::new(Answers { pair: Pair::p256(), kind });
        let transport = Transport::new(Arc::clone(&answers) as Arc<dyn HttpClient>);
        let options =
            ClientOptions { transport: Some(transport), retry: RetryOptions::none(), ..ClientOptions::default() };
        let opened = with(Arc::new(Somebody), options, "acme.vault.azure.net", key).await;
        (answers, opened)
    }

    #[tokio::test]
    async fn a_vaults_key_signs_what_openssl_verifies_by_the_version_that_was_shown() {
        for (kind, version) in [("EC", None), ("EC-HSM", Some("0a1b"))] {
            let (answers, opened) = opened(kind, ("seal", version)).await;
            let (key, public) = opened.unwrap();
            for message in [b"a statement".as_slice(), b"", &[7; 5000]] {
                answers.pair.openssl_verifies(&public, message, &key.sign(message).await.unwrap());
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_and_a_key_of_another_kind_are_told_in_words() {
        let (_, refused) = opened("EC", ("other", None)).await;
        let refused = refused.unwrap_err();
        assert!(refused.starts_with("Forbidden: ") && refused.contains("not authorized"), "{refused}");
        let (_, other) = opened("RSA", ("seal", None)).await;
        assert!(other.unwrap_err().contains("kind RSA"));
    }

    #[test]
    fn two_numbers_become_der_without_leading_zeros_and_without_a_sign() {
        let mut raw = [0; 64];
        (raw[31], raw[32]) = (5, 0x80);
        let der = to_der(&raw).unwrap();
        assert_eq!(der[..8], [0x30, 38, 2, 1, 5, 2, 33, 0]);
        assert_eq!((to_der(&raw[..63]), to_der(&[0; 64])), (None, None));
    }
}
