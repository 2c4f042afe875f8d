//! The seal of a manifest: a DSSE envelope around an in-toto statement (secure-systems-lab/dsse, in-toto/attestation).

use crate::{Algorithm, Broken, Manifest, PublicKey, manifest::MANIFEST, source::LARGEST_SMALL_FILE};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

pub(crate) const ENVELOPE: &str = "manifest.dsse.json";
pub(crate) const CHECKPOINT: &str = "checkpoint.txt";
pub(crate) const PREVIOUS: &str = "previous-checkpoint.txt";
pub(crate) const INCLUSION: &str = "manifest.tlog-proof";
pub(crate) const CONSISTENCY: &str = "consistency.txt";
pub(crate) const SIGNER: &str = "signer.pem";

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const PREDICATE_TYPE: &str = "https://github.com/palisade-dev/palisade/evidence/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// What is signed: the bytes of DSSE's pre-authentication encoding.
pub(crate) fn encoded(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

/// An in-toto statement, its members in the order in which they are written.
#[derive(Serialize)]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: &'a str,
    subject: [Subject<'a>; 1],
    #[serde(rename = "predicateType")]
    predicate_type: &'a str,
    predicate: Predicate<'a>,
}

#[derive(Serialize)]
struct Subject<'a> {
    name: &'a str,
    digest: Digest<'a>,
}

#[derive(Serialize)]
struct Digest<'a> {
    sha256: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    run: &'a str,
    as_of: jiff::Timestamp,
    complete: bool,
    log: Option<&'a str>,
    number: Option<u64>,
    previous: Option<&'a str>,
    /// How it is signed. Absent in bundles of older versions, which all are signed with Ed25519.
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'a str>,
}

/// The statement about a manifest. For each way to sign it there is one.
pub(crate) fn statement(manifest: &Manifest, sha256: &str, algorithm: Option<Algorithm>) -> String {
    let position = manifest.log.as_ref();
    let statement = Statement {
        kind: "https://in-toto.io/Statement/v1",
        subject: [Subject { name: MANIFEST, digest: Digest { sha256 } }],
        predicate_type: PREDICATE_TYPE,
        predicate: Predicate {
            run: &manifest.run,
            as_of: manifest.as_of,
            complete: manifest.complete,
            log: position.map(|position| position.origin.as_str()),
            number: position.map(|position| position.number),
            previous: position.and_then(|position| position.previous.as_deref()),
            algorithm: algorithm.map(Algorithm::name),
        },
    };
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string(&statement).unwrap_or_default()
}

/// A statement and its signature.
pub(crate) fn envelope(payload: &str, key: PublicKey, signature: &[u8]) -> String {
    written(&Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: vec![Signature { keyid: key.fingerprint(), sig: STANDARD.encode(signature) }],
    })
}

fn written(envelope: &Envelope) -> String {
    // Strings and lists always have a JSON form.
    serde_json::to_string_pretty(envelope).map(|text| text + "\n").unwrap_or_default()
}

/// Checks that a key has signed exactly this manifest, and tells a changed manifest from a changed envelope.
pub(crate) fn check(text: &str, manifest: &Manifest, sha256: &str, signer: &str) -> Result<PublicKey, Broken> {
    let broken = |fact: String| Broken::new(ENVELOPE, fact);
    let envelope: Envelope =
        serde_json::from_str(text).map_err(|error| broken(format!("it is no envelope: {error}")))?;
    if written(&envelope) != text || envelope.payload_type != PAYLOAD_TYPE {
        return Err(broken("it is written in another way than envelopes are".to_owned()));
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(broken("it has not one signature".to_owned()));
    };
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| broken("its payload is no base64".to_owned()))?;
    let raw = STANDARD.decode(&signature.sig).map_err(|_| broken("its signature is no base64".to_owned()))?;
    let key = PublicKey::from_pem(signer).ok().filter(|key| key.to_pem() == signer);
    let is_signed = |key: PublicKey| key.has_signed(&encoded(&payload), &raw);
    let says = |algorithm| payload == statement(manifest, sha256, algorithm).as_bytes();
    let algorithm = [None, Some(Algorithm::Ed25519), Some(Algorithm::EcdsaP256)].into_iter().find(|named| says(*named));
    let Some(algorithm) = algorithm else {
        // Whoever is signed is right.
        return Err(if key.is_some_and(is_signed) {
            Broken::new(MANIFEST, format!("it is not what was signed: its SHA-256 is {sha256}"))
        } else {
            broken("it does not speak of this manifest".to_owned())
        });
    };
    let listed = manifest.file(SIGNER).is_some_and(|entry| entry.sha256 == crate::write::sha256(signer.as_bytes()));
    let Some(key) = key.filter(|_| listed) else {
        return Err(Broken::new(SIGNER, "it is not the key that the manifest names"));
    };
    if signature.keyid != key.fingerprint() || !is_signed(key) {
        return Err(broken(format!("its signature does not hold for the key `{SIGNER}`")));
    }
    if algorithm.unwrap_or(Algorithm::Ed25519) != key.algorithm() {
        return Err(broken("it names another algorithm than that of the key".to_owned()));
    }
    Ok(key)
}

/// Longest text of a seal.
pub(crate) const LIMIT: u64 = LARGEST_SMALL_FILE;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, manifest::Engine, manifest::FileEntry, write::sha256};

    #[test]
    fn the_algorithm_that_a_statement_names_is_that_of_the_key_and_none_is_that_of_older_versions() {
        let (key, _) = SigningKey::generate().unwrap();
        let signer = key.public().to_pem();
        let entry = FileEntry {
            path: SIGNER.to_owned(),
            bytes: signer.len() as u64,
            sha256: sha256(signer.as_bytes()),
            media_type: "application/x-pem-file".to_owned(),
            role: "key".to_owned(),
        };
        let [palisade, binary_sha256, controls_sha256] = [(); 3].map(|()| "x".to_owned());
        let manifest = Manifest::new(
            "run".to_owned(),
            (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::UNIX_EPOCH),
            Engine { palisade, binary_sha256, controls_sha256 },
            "internal/1".to_owned(),
            true,
            (0, 0, 0, 0),
            (None, None),
            None,
            vec![entry],
        );
        let checked = |algorithm| {
            let payload = statement(&manifest, "ab", algorithm);
            let text = envelope(&payload, key.public(), &key.sign(&encoded(payload.as_bytes())));
            check(&text, &manifest, "ab", &signer)
        };
        assert_eq!(checked(Some(Algorithm::Ed25519)).unwrap(), key.public());
        assert_eq!(checked(None).unwrap(), key.public());
        let broken = checked(Some(Algorithm::EcdsaP256)).unwrap_err();
        assert_eq!(broken.fact, "it names another algorithm than that of the key");
    }
}
