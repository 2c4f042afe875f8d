//! What the doubles of key managers share: a key that really signs, and `openssl`, which judges it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fs, process::Command};

#[derive(Debug)]
pub(crate) enum Pair {
    Edwards(Ed25519KeyPair),
    /// The same key for both forms of a signature.
    P256 {
        der: EcdsaKeyPair,
        raw: EcdsaKeyPair,
    },
}

impl Pair {
    pub(crate) fn edwards() -> Self {
        Self::Edwards(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn p256() -> Self {
        let der = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let stored = der.to_pkcs8v1().unwrap();
        let raw = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, stored.as_ref()).unwrap();
        Self::P256 { der, raw }
    }

    /// The public half in DER.
    pub(crate) fn public(&self) -> Vec<u8> {
        match self {
            Self::Edwards(pair) => {
                let start = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
                [start.as_slice(), pair.public_key().as_ref()].concat()
            }
            Self::P256 { der, .. } => {
                let start = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
                [start.as_slice(), der.public_key().as_ref()].concat()
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let Self::Edwards(pair) = self else { panic!("P-256 signs digests") };
        pair.sign(message).as_ref().to_vec()
    }

    /// The signature of a SHA-256 in DER.
    pub(crate) fn sign_digest(&self, digest: &[u8]) -> Vec<u8> {
        let Self::P256 { der, .. } = self else { panic!("Ed25519 signs messages") };
        der.sign_digest(&Digest::import_less_safe(digest, &SHA256).unwrap()).unwrap().as_ref().to_vec()
    }

    /// The signature of a SHA-256 as two numbers.
    pub(crate) fn sign_digest_raw(&self, digest: &[u8]) -> Vec<u8> {
        let Self::P256 { raw, .. } = self else { panic!("Ed25519 signs messages") };
        raw.sign_digest(&Digest::import_less_safe(digest, &SHA256).unwrap()).unwrap().as_ref().to_vec()
    }

    /// Lets `openssl` verify a signature as the first page of a bundle does.
    pub(crate) fn openssl_verifies(&self, public: &[u8], message: &[u8], signature: &[u8]) {
        assert_eq!(public, self.public());
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("key.der", public), ("signed", message), ("signature", signature)] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let digest = match self {
            Self::Edwards(_) => "",
            Self::P256 { .. } => "-digest sha256",
        };
        let script = format!(
            "openssl pkey -pubin -inform DER -in key.der -out signer.pem && openssl pkeyutl -verify -pubin -inkey signer.pem \
             -rawin {digest} -in signed -sigfile signature"
        );
        let output = Command::new("sh").args(["-ec", &script]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Serves on loopback and says where.
pub(crate) async fn serve(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}
