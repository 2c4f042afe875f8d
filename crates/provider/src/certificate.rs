//! When a certificate ends: as much of X.509 as that takes.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// A certificate of which the end could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is not base64 where it should be.
    #[error("it is not base64")]
    Base64,
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    Empty,
    /// What is in it is not built like a certificate.
    #[error("it is not built like a certificate")]
    Malformed,
}

/// The day on which the first certificate of a bundle ends. The bundle is PEM in base64, as EKS and GKE write it.
///
/// # Errors
/// When it is not base64, holds no certificate, or one of them cannot be read.
pub fn certificate_end(bundle: &str) -> Result<Timestamp, CertificateError> {
    let pem = STANDARD.decode(bundle.trim()).map_err(|_| CertificateError::Base64)?;
    let pem = String::from_utf8(pem).map_err(|_| CertificateError::Malformed)?;
    let mut first: Option<Timestamp> = None;
    for part in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let (body, _) = part.split_once("-----END CERTIFICATE-----").ok_or(CertificateError::Malformed)?;
        let body: String = body.chars().filter(|letter| !letter.is_whitespace()).collect();
        let der = STANDARD.decode(body).map_err(|_| CertificateError::Base64)?;
        let end = not_after(&der).ok_or(CertificateError::Malformed)?;
        first = Some(first.map_or(end, |first| first.min(end)));
    }
    first.ok_or(CertificateError::Empty)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the validity of one certificate (RFC 5280, 4.1).
fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = of(der, SEQUENCE)?;
    let (mut rest, _) = of(certificate, SEQUENCE)?;
    if let Some((_, after)) = of(rest, VERSION) {
        rest = after;
    }
    let (_, rest) = of(rest, INTEGER)?;
    let (_algorithm, rest) = of(rest, SEQUENCE)?;
    let (_issuer, rest) = of(rest, SEQUENCE)?;
    let (validity, _) = of(rest, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// An element of the wanted kind and what comes after it.
fn of(input: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(input)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element: its tag, its content, and what comes after it.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        // A longer length says in how many bytes it follows. Four are more than any certificate needs.
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        let length =
            bytes.iter().try_fold(0usize, |all, byte| all.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Two digits of the year stand for 1950 to 2049.
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let text = match tag {
        UTC_TIME => {
            let year: u8 = text.get(..2)?.parse().ok()?;
            format!("{}{text}", if year < 50 { "20" } else { "19" })
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%SZ", &text).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenSSL 3, once with an end before 2050 and once with one after.
    const NEAR: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJmekNDQVNXZ0F3SUJBZ0lVQmlqaW5GOVZWRXdBMmxqN1JjMndTZWFLSjZNd0NnWUlLb1pJemowRUF3SXcKRlRFVE1CRUdBMVVFQXd3S2EzVmlaWEp1WlhSbGN6QWVGdzB5TmpFeE1qa3dOakEyTlRoYUZ3MHpOakV4TWpZdwpOakEyTlRoYU1CVXhFekFSQmdOVkJBTU1DbXQxWW1WeWJtVjBaWE13V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPClBRTUJCd05DQUFSZHR0RHFZQXJEUytCRnRBK1hlZXpBWWw1RjZHNHc2VlRwT2V5akRSenQxOW9SMG84UTFhZTAKUjhoQzZmeGYyc2Y4RlVpNjJyOS9KUjU0eGdTV0Rodi9vMU13VVRBZEJnTlZIUTRFRmdRVVdjbnhuZlJpdFBSRgpPSC9CY05DUFV3ajRrYzB3SHdZRFZSMGpCQmd3Rm9BVVdjbnhuZlJpdFBSRk9IL0JjTkNQVXdqNGtjMHdEd1lEClZSMFRBUUgvQkFVd0F3RUIvekFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUJZL0o5SkxPaEVrUG9lQVVqQUdnR0cKZ2Y0cEt2Y3Vjb0M1U0l1cFdYRUJPZ0loQUtyaUZ2ZU80YStkZWx1cHdyZVhDRHJ5MEpUbmtvelV6cDhmR3JVdwpzNWdZCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";
    const FAR: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJnRENDQVNlZ0F3SUJBZ0lVVStic056T0FYVVB4UVRHbHpUK29XNFJsRHZ3d0NnWUlLb1pJemowRUF3SXcKRlRFVE1CRUdBMVVFQXd3S2EzVmlaWEp1WlhSbGN6QWdGdzB5TmpFeE1qa3dOakEyTlRoYUdBOHlNRGMyTURNeApNVEEyTURZMU9Gb3dGVEVUTUJFR0ExVUVBd3dLYTNWaVpYSnVaWFJsY3pCWk1CTUdCeXFHU000OUFnRUdDQ3FHClNNNDlBd0VIQTBJQUJKS2NIYWlJUjhySDBHV2w5NlNjY2ZPQU9CUWY5OC9GcGc0WHBCZTlKQ2VFdnZNUXFDYlMKVVV3ckRzUVVoem96Z1dURVp2Q2FybGVBejdsWUVWYmpQRjZqVXpCUk1CMEdBMVVkRGdRV0JCUmdGa2NTcE90TApCeFEyR0hIZWxlaUNhc1JSYURBZkJnTlZIU01FR0RBV2dCUmdGa2NTcE90TEJ4UTJHSEhlbGVpQ2FzUlJhREFQCkJnTlZIUk1CQWY4RUJUQURBUUgvTUFvR0NDcUdTTTQ5QkFNQ0EwY0FNRVFDSUg1Vk5hUWg5eGg3bk9MUTRlWUMKb2g5bFRsYjFreDFBOFdiMjFxMmxqWktrQWlBbUR0UUkyTFVmQ2JQTFJxYUx6bkZobHRkcXJsSDJIM2Z6VExmQgo0bjg2eUE9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==";

    fn end(text: &str) -> Result<String, CertificateError> {
        certificate_end(text).map(|end| end.to_string())
    }

    #[test]
    fn the_end_is_read_in_both_spellings_of_time() {
        assert_eq!(end(NEAR).as_deref(), Ok("2036-11-26T06:06:58Z"));
        assert_eq!(end(FAR).as_deref(), Ok("2076-03-11T06:06:58Z"));
    }

    #[test]
    fn of_several_the_first_to_end_counts() {
        let pem = |text: &str| String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
        let both = STANDARD.encode(format!("{}{}", pem(FAR), pem(NEAR)));
        assert_eq!(end(&both).as_deref(), Ok("2036-11-26T06:06:58Z"));
    }

    #[test]
    fn what_is_no_certificate_is_an_error_however_it_is_cut() {
        assert_eq!(end("%"), Err(CertificateError::Base64));
        assert_eq!(end(""), Err(CertificateError::Empty));
        let pem = String::from_utf8(STANDARD.decode(NEAR).unwrap()).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).unwrap();
        for length in 0..der.len() {
            let cut = STANDARD.encode(der.split_at(length).0);
            let pem = format!("-----BEGIN CERTIFICATE-----\n{cut}\n-----END CERTIFICATE-----\n");
            assert_eq!(end(&STANDARD.encode(pem)), Err(CertificateError::Malformed), "{length} bytes");
        }
    }
}
