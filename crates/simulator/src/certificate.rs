//! Certificates that look like those of a control plane. Nobody signed them: only what a reader looks at is true.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};

/// Ten years, which is what a managed control plane gets.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 3650);

/// A certificate authority that ends then: PEM in base64, as EKS and GKE write it.
pub(crate) fn authority(name: &str, until: Timestamp) -> String {
    let body = STANDARD.encode(certificate(name, until));
    let lines: Vec<&str> = (0..body.len()).step_by(64).filter_map(|at| body.get(at..body.len().min(at + 64))).collect();
    STANDARD.encode(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")))
}

/// X.509 version 3 with a subject, a validity and a key of zeros.
fn certificate(name: &str, until: Timestamp) -> Vec<u8> {
    // `ecdsa-with-SHA256`, `id-ecPublicKey` on `prime256v1`, `commonName`.
    let algorithm = sequence(&[element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])]);
    let curve = sequence(&[
        element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
        element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
    ]);
    let common = sequence(&[element(0x06, &[0x55, 0x04, 0x03]), element(0x0c, name.as_bytes())]);
    let name = sequence(&[element(0x31, &common)]);
    let bits = |length: usize| element(0x03, &vec![0; length + 1]);
    let body = sequence(&[
        element(0xa0, &element(0x02, &[2])),
        element(0x02, &[1]),
        algorithm.clone(),
        name.clone(),
        sequence(&[time(until - LIFE), time(until)]),
        name,
        sequence(&[curve, bits(65)]),
    ]);
    sequence(&[body, algorithm, bits(64)])
}

/// Two digits of the year before 2050, four from then on (RFC 5280, 4.1.2.5).
fn time(moment: Timestamp) -> Vec<u8> {
    let long = moment.strftime("%Y%m%d%H%M%SZ").to_string();
    match long.get(2..).filter(|_| long.as_str() < "2050") {
        Some(short) => element(0x17, short.as_bytes()),
        None => element(0x18, long.as_bytes()),
    }
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            bytes.extend([0x82, high, low]);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_pem_in_base64_with_its_end_in_it() {
        let text = authority("kubernetes", "2036-01-02T03:04:05Z".parse().unwrap());
        let pem = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).unwrap();
        assert!(der.windows(13).any(|part| part == b"360102030405Z"));
    }
}
