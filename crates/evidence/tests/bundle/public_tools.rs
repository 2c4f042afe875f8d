//! A bundle is checked by tools that share no code with us: what `VERIFY.md` says, and the reader in Python.

use crate::{
    mutations::mutate,
    stage::{Sealed, copy, files},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use palisade_evidence::{Signer, Trust, put_timestamp, timestamp_query, verify};
use palisade_testkit::Tsa;
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The commands that a page shows, in order.
pub(crate) fn commands(page: &str) -> Vec<String> {
    page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

pub(crate) fn shell(script: &str, folder: &Path) -> Output {
    Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(folder).output().unwrap()
}

pub(crate) fn python(bundle: &Path, key: Option<&Path>) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/verify/verify.py");
    Command::new("python3").arg(script).arg(bundle).args(key).output().unwrap()
}

fn published_key(sealed: &Sealed) -> PathBuf {
    let path = sealed.path("published.pub");
    fs::write(&path, sealed.key.public().to_pem()).unwrap();
    path
}

#[test]
fn the_commands_of_the_first_page_find_a_whole_bundle_whole() {
    let sealed = Sealed::new(2);
    let page = fs::read_to_string(sealed.path("2/VERIFY.md")).unwrap();
    let commands = commands(&page);
    assert_eq!(commands.len(), 5);
    let output = shell(&commands.concat(), &sealed.path("2"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in ["Signature Verified Successfully", "manifest.json: OK", "number 2 of acme.example/evidence"] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(said.contains(&sealed.key.public().fingerprint()));
}

#[test]
fn the_commands_of_the_first_page_find_what_was_changed() {
    let sealed = Sealed::new(1);
    let page = fs::read_to_string(sealed.path("1/VERIFY.md")).unwrap();
    let commands = commands(&page);
    let has_digit = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_digit);
    let answer = files(&sealed.path("1"))
        .into_iter()
        .find(|(name, bytes)| name.starts_with("raw/") && !name.ends_with("SHA256SUMS") && has_digit(bytes));
    for (name, step) in [
        ("results/verdicts.ndjson", 0),
        (answer.as_ref().unwrap().0.as_str(), 0),
        ("manifest.dsse.json", 1),
        ("signer.pem", 1),
        ("manifest.json", 1),
    ] {
        let work = tempfile::tempdir().unwrap();
        copy(&sealed.path("1"), work.path());
        let path = work.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        // A digit of the run's name, of the base64, of an answer: the form stays.
        let old = text.find(|letter: char| letter.is_ascii_digit()).map(|at| text.as_bytes()[at]).unwrap();
        let new = if old == b'7' { "8" } else { "7" };
        fs::write(&path, text.replacen(char::from(old), new, 1)).unwrap();
        let output = shell(&commands[step], work.path());
        assert!(!output.status.success(), "{name} was changed: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_reader_in_another_language_agrees_on_whole_and_on_changed_bundles() {
    let sealed = Sealed::new(3);
    let key = published_key(&sealed);
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    for number in ["1", "2", "3"] {
        let output = python(&sealed.path(number), Some(&key));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..20 {
        let work = tempfile::tempdir().unwrap();
        copy(&sealed.path("3"), work.path());
        let (name, mut bytes) = files(work.path()).choose(&mut dice).unwrap().clone();
        let at = dice.random_range(0..bytes.len());
        bytes[at] ^= dice.random_range(1..=255_u8);
        fs::write(work.path().join(&name), bytes).unwrap();
        assert!(verify(work.path(), &trust).is_err(), "byte {at} of {name}");
        assert!(!python(work.path(), Some(&key)).status.success(), "byte {at} of {name}");
    }
    let stranger = sealed.path("stranger.pub");
    let (other, _) = palisade_evidence::SigningKey::generate().unwrap();
    fs::write(&stranger, other.public().to_pem()).unwrap();
    assert!(!python(&sealed.path("1"), Some(&stranger)).status.success());
}

/// What the reader in Python says of a bundle that it does not take: one line, and no stack of calls.
fn refused(bundle: &Path) -> String {
    let output = python(bundle, None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{} is taken", bundle.display());
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

#[test]
fn a_reader_in_another_language_names_the_file_that_was_changed() {
    let sealed = Sealed::new(3);
    for seed in 1_000..1_040 {
        let work = tempfile::tempdir().unwrap();
        copy(&sealed.path("3"), work.path());
        let (what, names) = mutate(work.path(), &mut ChaCha8Rng::seed_from_u64(seed));
        let said = refused(work.path());
        assert!(names.iter().any(|name| said.contains(name)), "{seed}: {what}: {said}");
    }
}

#[test]
fn two_readers_refuse_what_leads_elsewhere_is_on_no_list_or_is_counted_otherwise() {
    let sealed = Sealed::new(1);
    let manifest = |bundle: &Path, old: &str, new: &str| {
        let text = fs::read_to_string(bundle.join("manifest.json")).unwrap();
        assert!(text.contains(old));
        fs::write(bundle.join("manifest.json"), text.replacen(old, new, 1)).unwrap();
    };
    let whole = fs::read_to_string(sealed.path("1/manifest.json")).unwrap();
    let answers = whole.lines().find(|line| line.contains("\"answers\":")).unwrap().to_owned();
    type Change<'a> = &'a dyn Fn(&Path);
    let cases: &[(&str, &str, Change<'_>)] = &[
        ("raw", "neither a plain file nor a folder", &|bundle| {
            let elsewhere = bundle.with_extension("elsewhere");
            fs::rename(bundle.join("raw"), &elsewhere).unwrap();
            std::os::unix::fs::symlink(elsewhere, bundle.join("raw")).unwrap();
        }),
        ("raw/zz", "on no list", &|bundle| fs::create_dir(bundle.join("raw/zz")).unwrap()),
        ("exports/more", "on no list", &|bundle| fs::create_dir(bundle.join("exports/more")).unwrap()),
        ("more", "on no list", &|bundle| fs::create_dir(bundle.join("more")).unwrap()),
        ("previous-checkpoint.txt", "on no list", &|bundle| {
            fs::copy(bundle.join("checkpoint.txt"), bundle.join("previous-checkpoint.txt")).unwrap();
        }),
        ("manifest.tsr", "no token", &|bundle| fs::write(bundle.join("manifest.tsr"), "junk").unwrap()),
        ("manifest.tsr", "no token", &|bundle| fs::write(bundle.join("manifest.tsr"), [0x30, 0]).unwrap()),
        ("manifest.json", "written in another way", &|bundle| fs::write(bundle.join("manifest.json"), "").unwrap()),
        ("manifest.json", "written in another way", &|bundle| fs::write(bundle.join("manifest.json"), "{}\n").unwrap()),
        ("manifest.json", "no path inside", &|bundle| {
            manifest(bundle, "\"context/controls.json\"", "\"../b/context/controls.json\"");
        }),
        ("manifest.json", "counts other", &|bundle| {
            manifest(bundle, &answers, "  \"answers\": 999,");
        }),
    ];
    for (name, fact, change) in cases {
        let work = tempfile::tempdir().unwrap();
        let bundle = work.path().join("b");
        copy(&sealed.path("1"), &bundle);
        change(&bundle);
        let broken = verify(&bundle, &Trust::default()).unwrap_err();
        assert_eq!(broken.file, *name, "{broken}");
        let said = refused(&bundle);
        assert!(said.starts_with(name) && said.contains(fact), "{said}");
    }
}

#[test]
fn two_readers_take_a_token_over_the_manifest_and_no_other() {
    let sealed = Sealed::new(2);
    let folder = tempfile::tempdir().unwrap();
    let tsa = Tsa::new(folder.path());
    let sum = verify(&sealed.path("1"), &Trust::default()).unwrap().sha256;
    let token = tsa.answer(&timestamp_query(&sum).unwrap().0);
    put_timestamp(&sealed.path("1"), &token).unwrap();
    assert!(python(&sealed.path("1"), None).status.success());
    put_timestamp(&sealed.path("2"), &token).unwrap();
    verify(&sealed.path("2"), &Trust::default()).unwrap_err();
    assert_eq!(refused(&sealed.path("2")), "manifest.tsr: is the token of another manifest\n");
    for wrong in [&token[..token.len() - 1], &[&token[..], b"\n"].concat()] {
        fs::write(sealed.path("1/manifest.tsr"), wrong).unwrap();
        verify(&sealed.path("1"), &Trust::default()).unwrap_err();
        assert_eq!(refused(&sealed.path("1")), "manifest.tsr: is no whole answer\n");
    }
}

/// One element in DER of less than 64 KiB.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    let head = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, body].concat()
}

/// An answer of an authority that says these words beside a token, or beside none.
fn answer(status: u8, words: &str, token: &[u8]) -> Vec<u8> {
    let words = element(0x30, &[&element(0x0c, &[words.as_bytes()])]);
    element(0x30, &[&element(0x30, &[&element(0x02, &[&[status]]), &words]), token])
}

#[test]
fn two_readers_take_no_words_beside_a_token_for_what_was_stamped() {
    let sealed = Sealed::new(2);
    let folder = tempfile::tempdir().unwrap();
    let tsa = Tsa::new(folder.path());
    // The token over each manifest, without the answer around it, and how openssl shows the answer.
    let [(stranger, _), (own, shown)] = ["1", "2"].map(|number| {
        let sum = verify(&sealed.path(number), &Trust::default()).unwrap().sha256;
        fs::write(folder.path().join("answer"), tsa.answer(&timestamp_query(&sum).unwrap().0)).unwrap();
        let script = "openssl ts -reply -in answer -token_out -out token && openssl ts -reply -in answer -text";
        let output = shell(script, folder.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (fs::read(folder.path().join("token")).unwrap(), String::from_utf8(output.stdout).unwrap())
    });
    for line in ["\nTST info:\n", "\nHash Algorithm: sha256\nMessage data:\n", "\nSerial number: "] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let words = format!("granted\n{shown}");
    let (bundle, place) = (sealed.path("2"), sealed.path("2/manifest.tsr"));
    for status in [0, 1] {
        fs::write(&place, answer(status, &words, &own)).unwrap();
        assert!(verify(&bundle, &Trust::default()).unwrap().timestamp.is_some());
        let output = python(&bundle, None);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (other, none) = ("is the token of another manifest", "is no token that an authority granted");
    let (stranger, own, nothing) = (stranger.as_slice(), own.as_slice(), b"".as_slice());
    for (status, token, fact) in [(0, stranger, other), (0, nothing, none), (2, own, none), (2, nothing, none)] {
        fs::write(&place, answer(status, &words, token)).unwrap();
        assert_eq!(verify(&bundle, &Trust::default()).unwrap_err().file, "manifest.tsr");
        assert_eq!(refused(&bundle), format!("manifest.tsr: {fact}\n"));
    }
}

/// Changes the statement of a bundle and its type, and signs them with the key that sealed the bundle.
fn sign_again(sealed: &Sealed, bundle: &Path, change: impl FnOnce(&str) -> String, kind: &str) {
    let path = bundle.join("manifest.dsse.json");
    let text = fs::read_to_string(&path).unwrap();
    let envelope: Value = serde_json::from_str(&text).unwrap();
    let [payload, old_kind, signature] =
        ["/payload", "/payloadType", "/signatures/0/sig"].map(|at| envelope.pointer(at).unwrap().as_str().unwrap());
    let statement = change(&String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap());
    let message = format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len());
    let signed = Signer::sign(&sealed.key, message.as_bytes()).unwrap();
    let text = text.replace(payload, &STANDARD.encode(&statement)).replace(old_kind, kind);
    fs::write(path, text.replace(signature, &STANDARD.encode(signed))).unwrap();
}

#[test]
fn two_readers_refuse_a_statement_that_its_own_key_signed_and_that_says_other_than_the_manifest() {
    let sealed = Sealed::new(2);
    let in_toto = "application/vnd.in-toto+json";
    let work = tempfile::tempdir().unwrap();
    copy(&sealed.path("2"), work.path());
    let original = fs::read(work.path().join("manifest.dsse.json")).unwrap();
    sign_again(&sealed, work.path(), str::to_owned, in_toto);
    assert_eq!(fs::read(work.path().join("manifest.dsse.json")).unwrap(), original, "the same is signed again");
    // Older versions name no algorithm.
    sign_again(&sealed, work.path(), |statement| statement.replace(",\"algorithm\":\"ed25519\"", ""), in_toto);
    verify(work.path(), &Trust::default()).unwrap();
    let output = python(work.path(), None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let (form, other, algorithm) = ("has another form", "does not speak of this manifest", "names another algorithm");
    let (previous, nobody) = (verify(&sealed.path("1"), &Trust::default()).unwrap().sha256, "0".repeat(64));
    let second = r#"},{"name":"other.json","digest":{"sha256":"00"}}],"predicateType""#;
    for (old, new, kind, fact) in [
        ("", "", "application/json", form),
        ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1", in_toto, other),
        ("https://github.com/palisade-dev/palisade/evidence/v1", "https://slsa.dev/provenance/v1", in_toto, other),
        (r#"}],"predicateType""#, second, in_toto, other),
        (r#""name":"manifest.json""#, r#""name":"other.json""#, in_toto, other),
        (r#""run":""#, r#""run":"another-"#, in_toto, other),
        (r#""asOf":"2"#, r#""asOf":"1"#, in_toto, other),
        (r#""complete":false"#, r#""complete":true"#, in_toto, other),
        (r#""complete":false"#, r#""complete":0"#, in_toto, other),
        (r#""log":"acme.example"#, r#""log":"evil.example"#, in_toto, other),
        (r#""number":2"#, r#""number":99"#, in_toto, other),
        (previous.as_str(), nobody.as_str(), in_toto, other),
        (r#""algorithm":"ed25519""#, r#""algorithm":"ecdsa-p256-sha256""#, in_toto, algorithm),
        (r#""algorithm":"ed25519""#, r#""algorithm":"ed25519","more":1"#, in_toto, other),
        // Of two members of one name the last counts for many readers.
        (r#""number":2"#, r#""number":99,"number":2"#, in_toto, other),
    ] {
        fs::write(work.path().join("manifest.dsse.json"), &original).unwrap();
        let change = |statement: &str| {
            assert!(statement.contains(old), "{old} in {statement}");
            statement.replacen(old, new, 1)
        };
        sign_again(&sealed, work.path(), change, kind);
        verify(work.path(), &Trust::default()).unwrap_err();
        assert_eq!(refused(work.path()), format!("manifest.dsse.json: {fact}\n"), "{new}");
    }
}

#[test]
fn a_name_in_a_bundle_does_not_reach_the_terminal_as_it_is() {
    let sealed = Sealed::new(1);
    fs::write(sealed.path("1/\u{1b}[2Jx"), "").unwrap();
    assert_eq!(refused(&sealed.path("1")), "\\x1b[2Jx: is no path inside a bundle\n");
}

#[test]
fn a_key_made_by_openssl_seals_and_ours_is_read_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let script = "openssl genpkey -algorithm ed25519 -out k.pem && openssl pkey -in k.pem -pubout -out k.pub \
                  && openssl pkey -pubin -in k.pub -outform DER | sha256sum | cut -c1-64";
    let output = shell(script, folder.path());
    let theirs =
        palisade_evidence::SigningKey::from_pem(&fs::read_to_string(folder.path().join("k.pem")).unwrap()).unwrap();
    assert_eq!(theirs.public().fingerprint(), String::from_utf8(output.stdout).unwrap().trim());
    assert_eq!(theirs.public().to_pem(), fs::read_to_string(folder.path().join("k.pub")).unwrap());
    let (ours, text) = palisade_evidence::SigningKey::generate().unwrap();
    fs::write(folder.path().join("ours.pem"), text).unwrap();
    let output = shell("openssl pkey -in ours.pem -pubout", folder.path());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ours.public().to_pem());
}
