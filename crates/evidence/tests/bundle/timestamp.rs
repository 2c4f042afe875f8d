//! Tokens of a time-stamping authority that shares no code with us.

use crate::{
    public_tools::python,
    stage::{Making, Sealed},
};
use palisade_evidence::{Trust, put_timestamp, read_timestamp, timestamp_query, verify};
use palisade_testkit::Tsa;
use std::fs;

#[test]
fn a_token_is_asked_for_checked_kept_beside_the_manifest_and_verified_by_openssl() {
    let sealed = Sealed::new(2);
    let folder = tempfile::tempdir().unwrap();
    let tsa = Tsa::new(folder.path());
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    let (bundle, other) = (sealed.path("1"), sealed.path("2"));
    let checked = verify(&bundle, &trust).unwrap();
    assert_eq!(checked.timestamp, None);
    let (query, nonce) = timestamp_query(&checked.sha256).unwrap();
    let answer = tsa.answer(&query);
    let stamp = read_timestamp(&answer, &checked.sha256, Some(nonce)).unwrap();
    // An old answer, and one over something else, are none to this question.
    let stale = read_timestamp(&answer, &checked.sha256, Some(nonce ^ 1)).unwrap_err();
    assert_eq!(stale.fact, "it does not answer the question that was asked");
    let wrong = read_timestamp(&answer, &verify(&other, &trust).unwrap().sha256, Some(nonce)).unwrap_err();
    assert_eq!(wrong.fact, "it is the token of another manifest");
    for cut in 0..answer.len() {
        assert!(read_timestamp(&answer[..cut], &checked.sha256, None).is_err(), "cut at {cut}");
    }

    put_timestamp(&bundle, &answer).unwrap();
    assert!(put_timestamp(&bundle, &answer).is_err(), "a token is not replaced");
    assert_eq!(verify(&bundle, &trust).unwrap().timestamp, Some(stamp));
    assert!(tsa.verifies(&bundle.join("manifest.tsr"), &bundle.join("manifest.json")));
    assert!(!tsa.verifies(&bundle.join("manifest.tsr"), &other.join("manifest.json")));
    let output = python(&bundle, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    fs::copy(bundle.join("manifest.tsr"), other.join("manifest.tsr")).unwrap();
    let broken = verify(&other, &trust).unwrap_err();
    assert_eq!((broken.file.as_str(), broken.fact.as_str()), ("manifest.tsr", "it is the token of another manifest"));
    // The same in a bundle without a seal.
    let plain = sealed.path("plain");
    Making::default().at(&plain, None).unwrap();
    let sum = verify(&plain, &Trust::default()).unwrap().sha256;
    put_timestamp(&plain, &tsa.answer(&timestamp_query(&sum).unwrap().0)).unwrap();
    assert!(verify(&plain, &Trust::default()).unwrap().timestamp.is_some());
}
