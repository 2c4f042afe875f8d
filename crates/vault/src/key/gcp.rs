//! Google Cloud KMS.

use super::{Said, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use google_cloud_auth::credentials::{self, Credentials};
use google_cloud_gax::{
    error::Error,
    retry_policy::{AlwaysRetry, RetryPolicyExt as _},
};
use google_cloud_kms_v1::{
    client::KeyManagementService,
    model::{Digest, crypto_key_version::CryptoKeyVersionAlgorithm},
};
use std::{fmt, time::Duration};

/// How long one answer may take with everything that is tried again.
const PATIENCE: Duration = Duration::from_secs(20);

/// A version of a key, and how it signs.
pub(crate) struct Key {
    client: KeyManagementService,
    version: String,
    is_edwards: bool,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.version)
    }
}

pub(crate) async fn open(version: &str) -> Said<(Key, Vec<u8>)> {
    let credentials = credentials::Builder::default().build().map_err(|_| {
        "no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS or run with a service account".to_owned()
    })?;
    with(credentials, "https://cloudkms.googleapis.com".to_owned(), version).await
}

async fn with(credentials: Credentials, endpoint: String, version: &str) -> Said<(Key, Vec<u8>)> {
    let client = KeyManagementService::builder()
        .with_credentials(credentials)
        .with_endpoint(endpoint)
        .with_retry_policy(AlwaysRetry.with_attempt_limit(3).with_time_limit(PATIENCE))
        .build()
        .await
        .map_err(|error| error.to_string())?;
    let answer = client.get_public_key().set_name(version).send().await.map_err(|error| told(&error))?;
    let is_edwards = match &answer.algorithm {
        CryptoKeyVersionAlgorithm::EcSignEd25519 => true,
        CryptoKeyVersionAlgorithm::EcSignP256Sha256 => false,
        other => {
            let kind = other.name().unwrap_or("unknown");
            return Err(format!(
                "it is of the kind {kind}: bundles are sealed with EC_SIGN_ED25519 and EC_SIGN_P256_SHA256"
            ));
        }
    };
    let public = der(&answer.pem).ok_or_else(|| "the answer holds no public key".to_owned())?;
    Ok((Key { client, version: version.to_owned(), is_edwards }, public))
}

impl Key {
    pub(crate) async fn sign(&self, message: &[u8]) -> Said<Vec<u8>> {
        let request = self.client.asymmetric_sign().set_name(&self.version);
        let request = if self.is_edwards {
            request.set_data(message.to_vec())
        } else {
            request.set_digest(Digest::new().set_sha256(digest(message)))
        };
        Ok(request.send().await.map_err(|error| told(&error))?.signature.to_vec())
    }
}

fn told(error: &Error) -> String {
    error.status().map_or_else(|| error.to_string(), |status| format!("{}: {}", status.code, status.message))
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let inner = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
    STANDARD.decode(inner.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::doubles::{Pair, serve};
    use axum::{
        Router,
        body::Bytes,
        extract::Path,
        http::StatusCode,
        routing::{get, post},
    };
    use google_cloud_auth::credentials::anonymous;
    use serde_json::{Value, json};
    use std::sync::Arc;

    const VERSION: &str = "projects/acme/locations/europe/keyRings/evidence/cryptoKeys/seal/cryptoKeyVersions/1";

    /// The service as its REST reference describes it, with a key of its own.
    async fn kms(pair: Arc<Pair>, kind: &'static str) -> String {
        let shown = Arc::clone(&pair);
        let public = async move |path: Path<String>| {
            if *path != format!("{VERSION}/publicKey") {
                let said = json!({ "error": { "code": 403, "status": "PERMISSION_DENIED",
                    "message": "Permission 'cloudkms.cryptoKeyVersions.viewPublicKey' denied" } });
                return (StatusCode::FORBIDDEN, said.to_string());
            }
            let text = STANDARD.encode(shown.public());
            let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
            (StatusCode::OK, json!({ "pem": pem, "algorithm": kind, "name": VERSION }).to_string())
        };
        let sign = async move |path: Path<String>, body: Bytes| {
            assert_eq!(*path, format!("{VERSION}:asymmetricSign"));
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
            let signed = match kind {
                "EC_SIGN_ED25519" => pair.sign(&bytes(&asked["data"])),
                _ => pair.sign_digest(&bytes(&asked["digest"]["sha256"])),
            };
            json!({ "name": VERSION, "signature": STANDARD.encode(signed) }).to_string()
        };
        serve(Router::new().route("/v1/{*name}", get(public).merge(post(sign)))).await
    }

    async fn opened(pair: Arc<Pair>, kind: &'static str, version: &str) -> Said<(Key, Vec<u8>)> {
        with(anonymous::Builder::new().build(), kms(pair, kind).await, version).await
    }

    #[tokio::test]
    async fn keys_of_both_kinds_sign_what_openssl_verifies() {
        for (pair, kind) in [(Pair::edwards(), "EC_SIGN_ED25519"), (Pair::p256(), "EC_SIGN_P256_SHA256")] {
            let pair = Arc::new(pair);
            let (key, public) = opened(Arc::clone(&pair), kind, VERSION).await.unwrap();
            let signature = key.sign(b"a statement").await.unwrap();
            pair.openssl_verifies(&public, b"a statement", &signature);
        }
    }

    #[tokio::test]
    async fn a_refusal_and_a_key_of_another_kind_are_told_in_words() {
        let refused =
            opened(Arc::new(Pair::p256()), "EC_SIGN_P256_SHA256", &VERSION.replace("Versions/1", "Versions/2")).await;
        let refused = refused.unwrap_err();
        assert!(refused.contains("cloudkms.cryptoKeyVersions.viewPublicKey"), "{refused}");
        let other = opened(Arc::new(Pair::p256()), "RSA_SIGN_PSS_2048_SHA256", VERSION).await.unwrap_err();
        assert!(other.contains("RSA_SIGN_PSS_2048_SHA256") && other.contains("EC_SIGN_ED25519"), "{other}");
    }
}
