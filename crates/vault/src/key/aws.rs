//! AWS KMS.

use super::{Said, digest};
use aws_config::Region;
use aws_sdk_kms::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use std::error::Error;

/// The longest message that KMS takes whole, in bytes (API reference, `Sign`). Ed25519 has no other way.
const LONGEST: usize = 4096;

/// A key, and how it signs.
#[derive(Debug)]
pub(crate) struct Key {
    client: Client,
    arn: String,
    algorithm: SigningAlgorithmSpec,
}

pub(crate) async fn open(arn: &str, region: &str) -> Said<(Key, Vec<u8>)> {
    let config = palisade_aws::own_access().await;
    let config = aws_sdk_kms::config::Builder::from(&config).region(Region::new(region.to_owned()));
    with(Client::from_conf(config.build()), arn).await
}

async fn with(client: Client, arn: &str) -> Said<(Key, Vec<u8>)> {
    let answer = client.get_public_key().key_id(arn).send().await.map_err(|error| told(&error))?;
    let offers = |wanted: SigningAlgorithmSpec| answer.signing_algorithms().contains(&wanted).then_some(wanted);
    // Another curve signs so too: whoever reads the public key sees which it is.
    let ecdsa = || offers(SigningAlgorithmSpec::EcdsaSha256);
    let algorithm = offers(SigningAlgorithmSpec::Ed25519Sha512).or_else(ecdsa).ok_or_else(|| {
        let offered: Vec<&str> = answer.signing_algorithms().iter().map(SigningAlgorithmSpec::as_str).collect();
        let offered = if offered.is_empty() { "no signatures".to_owned() } else { offered.join(", ") };
        format!(
            "it offers {offered}: bundles are sealed with keys of the kinds ECC_NIST_EDWARDS25519 and ECC_NIST_P256, made to \
             sign and verify"
        )
    })?;
    let public = answer.public_key.ok_or_else(|| "the answer holds no public key".to_owned())?.into_inner();
    // The key itself, which an alias may leave between two calls.
    let arn = answer.key_id.unwrap_or_else(|| arn.to_owned());
    Ok((Key { client, arn, algorithm }, public))
}

impl Key {
    pub(crate) async fn sign(&self, message: &[u8]) -> Said<Vec<u8>> {
        let (kind, bytes) = match self.algorithm {
            _ if message.len() <= LONGEST => (MessageType::Raw, message.to_vec()),
            SigningAlgorithmSpec::EcdsaSha256 => (MessageType::Digest, digest(message)),
            _ => return Err(format!("it signs {LONGEST} bytes at most, and these are {}", message.len())),
        };
        let request = self.client.sign().key_id(&self.arn).message(Blob::new(bytes)).message_type(kind);
        let answer = request.signing_algorithm(self.algorithm.clone()).send().await.map_err(|error| told(&error))?;
        Ok(answer.signature.ok_or_else(|| "the answer holds no signature".to_owned())?.into_inner())
    }
}

/// What the service says of a refusal: who asked for what, and no secret.
fn told<E: ProvideErrorMetadata + Error + Send + Sync + 'static>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(said) => {
            let meta = said.err().meta();
            [meta.code(), meta.message()].into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        SdkError::ConstructionFailure(_)
        | SdkError::TimeoutError(_)
        | SdkError::DispatchFailure(_)
        | SdkError::ResponseError(_)
        | _ => DisplayErrorContext(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::doubles::{Pair, serve};
    use aws_sdk_kms::config::{BehaviorVersion, Credentials};
    use axum::{
        Router,
        body::Bytes,
        http::{HeaderMap, StatusCode},
        routing::post,
    };
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde_json::{Value, json};
    use std::sync::Arc;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";
    const ALIAS: &str = "arn:aws:kms:eu-west-1:111122223333:alias/evidence";

    /// The service as its API reference describes it, with a key of its own.
    async fn kms(pair: Arc<Pair>, kind: &'static str) -> Client {
        let app = Router::new().route(
            "/",
            post(async move |headers: HeaderMap, body: Bytes| {
                let asked: Value = serde_json::from_slice(&body).unwrap();
                let (status, said) = match headers["x-amz-target"].to_str().unwrap() {
                    _ if asked["KeyId"] != ARN && asked["KeyId"] != ALIAS => {
                        let said =
                            "User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:GetPublicKey";
                        (400, json!({ "__type": "AccessDeniedException", "message": said }))
                    }
                    "TrentService.GetPublicKey" => {
                        let algorithms = match kind {
                            "ECC_NIST_EDWARDS25519" => json!(["ED25519_SHA_512", "ED25519_PH_SHA_512"]),
                            "ECC_NIST_P256" => json!(["ECDSA_SHA_256"]),
                            _ => json!(["RSASSA_PSS_SHA_256"]),
                        };
                        let public = STANDARD.encode(pair.public());
                        let said = json!({ "KeyId": ARN, "KeySpec": kind, "KeyUsage": "SIGN_VERIFY",
                            "PublicKey": public, "SigningAlgorithms": algorithms });
                        (200, said)
                    }
                    "TrentService.Sign" => {
                        let message = STANDARD.decode(asked["Message"].as_str().unwrap()).unwrap();
                        let signed = match (asked["SigningAlgorithm"].as_str(), asked["MessageType"].as_str()) {
                            (Some("ED25519_SHA_512"), Some("RAW")) => pair.sign(&message),
                            (Some("ECDSA_SHA_256"), Some("RAW")) => pair.sign_digest(&digest(&message)),
                            (Some("ECDSA_SHA_256"), Some("DIGEST")) => pair.sign_digest(&message),
                            other => panic!("{other:?}"),
                        };
                        assert_eq!(asked["KeyId"], ARN);
                        (200, json!({ "KeyId": ARN, "Signature": STANDARD.encode(signed) }))
                    }
                    other => panic!("{other}"),
                };
                (
                    StatusCode::from_u16(status).unwrap(),
                    [("content-type", "application/x-amz-json-1.1")],
                    said.to_string(),
                )
            }),
        );
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "double", None, None, "test"))
            .endpoint_url(serve(app).await);
        Client::from_conf(config.build())
    }

    #[tokio::test]
    async fn keys_of_both_kinds_sign_what_openssl_verifies_and_an_alias_is_followed_once() {
        for (pair, kind) in [(Pair::edwards(), "ECC_NIST_EDWARDS25519"), (Pair::p256(), "ECC_NIST_P256")] {
            let pair = Arc::new(pair);
            let (key, public) = with(kms(Arc::clone(&pair), kind).await, ALIAS).await.unwrap();
            let longer = [7; LONGEST + 1];
            for message in [b"DSSEv1 28 application/vnd.in-toto+json 2 {}".as_slice(), &longer] {
                if kind == "ECC_NIST_P256" || message.len() <= LONGEST {
                    pair.openssl_verifies(&public, message, &key.sign(message).await.unwrap());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_and_a_key_of_another_kind_are_told_in_words() {
        let refused = with(kms(Arc::new(Pair::p256()), "ECC_NIST_P256").await, "arn:other").await.unwrap_err();
        assert!(refused.starts_with("AccessDeniedException: ") && refused.contains("kms:GetPublicKey"), "{refused}");
        let other = with(kms(Arc::new(Pair::p256()), "RSA_2048").await, ARN).await.unwrap_err();
        assert!(other.contains("RSASSA_PSS_SHA_256") && other.contains("ECC_NIST_P256"), "{other}");
        let (key, _) = with(kms(Arc::new(Pair::edwards()), "ECC_NIST_EDWARDS25519").await, ARN).await.unwrap();
        assert!(key.sign(&[0; LONGEST + 1]).await.unwrap_err().contains("4096"));
    }
}
