//! A key that stays in a key manager: ECDSA over P-256, where every signature is another one.

use crate::{
    public_tools::{commands, python, shell},
    stage::{Making, ORIGIN, copy, files},
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use palisade_evidence::{
    BundleLog, ExportError, Finished, KeyError, PublicKey, Rotation, Seal, Signer, SigningKey, Trust, verify,
    verify_chain,
};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

/// A key manager: it gives signatures away, and never its key.
#[derive(Debug)]
struct Manager {
    pair: EcdsaKeyPair,
    /// What it says that its key is.
    shown: PublicKey,
    asked: AtomicU32,
    refuses: bool,
}

impl Manager {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { shown: public(&pair), pair, asked: AtomicU32::new(0), refuses: false }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn public(pair: &EcdsaKeyPair) -> PublicKey {
    let start = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    PublicKey::from_der(&[start.as_slice(), pair.public_key().as_ref()].concat()).unwrap()
}

impl Signer for Manager {
    fn public(&self) -> PublicKey {
        self.shown
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.refuses {
            return Err("AccessDeniedException: not authorized to perform kms:Sign".to_owned());
        }
        Ok(self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }
}

fn make(folder: &Path, key: &dyn Signer, (name, place): (&str, &str)) -> Result<Finished, ExportError> {
    let mut log = BundleLog::open(&folder.join("log"), ORIGIN, key.public()).unwrap();
    let making = Making { name, ..Making::default() };
    making.at(&folder.join(place), Some(Seal { key, log: &mut log }))
}

#[test]
fn a_key_that_stays_elsewhere_seals_and_every_reader_agrees_on_whole_and_on_changed_bundles() {
    let folder = tempfile::tempdir().unwrap();
    let (root, manager) = (folder.path(), Manager::new());
    for number in ["1", "2", "3"] {
        make(root, &manager, (format!("run-{number}").as_str(), number)).unwrap();
    }
    let trust = Trust::new(&[manager.public()], &[]).unwrap();
    let checked: Vec<_> =
        ["1", "2", "3"].map(|name| (name.to_owned(), verify(&root.join(name), &trust).unwrap())).into();
    verify_chain(&checked).unwrap();
    assert_eq!(checked[2].1.signed.as_ref().unwrap().fingerprint, manager.public().fingerprint());
    let published = root.join("published.pub");
    fs::write(&published, manager.public().to_pem()).unwrap();

    let page = fs::read_to_string(root.join("2/VERIFY.md")).unwrap();
    let output = shell(&commands(&page).concat(), &root.join("2"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("Signature Verified Successfully") && said.contains(&manager.public().fingerprint()),
        "{said}"
    );
    for number in ["1", "2", "3"] {
        let output = python(&root.join(number), Some(&published));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    let mut dice = ChaCha8Rng::seed_from_u64(14);
    let signed =
        ["manifest.dsse.json", "checkpoint.txt", "previous-checkpoint.txt", "manifest.tlog-proof", "signer.pem"];
    for step in 0..30 {
        let work = tempfile::tempdir().unwrap();
        copy(&root.join("3"), work.path());
        let name = if step < 20 {
            (*signed.choose(&mut dice).unwrap()).to_owned()
        } else {
            files(work.path()).choose(&mut dice).unwrap().0.clone()
        };
        let mut bytes = fs::read(work.path().join(&name)).unwrap();
        let at = dice.random_range(0..bytes.len());
        bytes[at] ^= dice.random_range(1..=255_u8);
        fs::write(work.path().join(&name), bytes).unwrap();
        assert!(verify(work.path(), &trust).is_err(), "byte {at} of {name}");
        assert!(!python(work.path(), Some(&published)).status.success(), "byte {at} of {name}");
    }
}

#[test]
fn the_same_run_has_the_same_bytes_and_asks_nobody_to_sign_again() {
    let folder = tempfile::tempdir().unwrap();
    let (root, manager) = (folder.path(), Manager::new());
    make(root, &manager, ("run-1", "1")).unwrap();
    make(root, &manager, ("run-2", "2")).unwrap();
    // The statement and the checkpoint of each; the checkpoint before was signed before.
    assert_eq!(manager.asked(), 4);
    make(root, &manager, ("run-2", "again")).unwrap();
    assert_eq!(manager.asked(), 4);
    assert_eq!(files(&root.join("2")), files(&root.join("again")));
    // What is remembered is looked at before it is used.
    let remembered = root.join("log/signatures.ndjson");
    let forged = fs::read_to_string(&remembered).unwrap().replace("\"signature\":\"MEU", "\"signature\":\"MEA");
    let forged = forged.replace("\"signature\":\"MEQ", "\"signature\":\"MEA");
    fs::write(&remembered, forged).unwrap();
    make(root, &manager, ("run-2", "signed-anew")).unwrap();
    let trust = Trust::new(&[manager.public()], &[]).unwrap();
    verify(&root.join("signed-anew"), &trust).unwrap();
    assert!(manager.asked() > 4);
}

#[test]
fn who_refuses_or_signs_with_another_key_seals_nothing_and_leaves_no_number_behind() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = Manager { refuses: true, ..Manager::new() };
    let exchanged = Manager { shown: Manager::new().shown, ..Manager::new() };
    for (manager, told) in [(&refusing, "not authorized to perform kms:Sign"), (&exchanged, "no signature by this key")]
    {
        let error = make(folder.path(), manager, ("run-1", "1")).unwrap_err();
        assert!(matches!(error, ExportError::Key(KeyError::Sign { .. })), "{error:?}");
        let told_all = error.to_string();
        assert!(told_all.contains(told) && told_all.contains(&manager.public().fingerprint()), "{told_all}");
        let log = BundleLog::open(&folder.path().join("log"), ORIGIN, manager.public()).unwrap();
        assert_eq!(log.entries(), []);
        assert!(!folder.path().join("1").exists() && !folder.path().join("1.part").exists());
    }
    assert_eq!(make(folder.path(), &Manager::new(), ("run-1", "1")).unwrap().manifest.log.unwrap().number, 1);
}

#[test]
fn a_log_goes_on_under_a_managed_key_that_follows_one_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (root, manager, old) = (folder.path(), Manager::new(), SigningKey::generate().unwrap().0);
    make(root, &old, ("run-1", "1")).unwrap();
    let rotation = Rotation::new(&old, &manager).unwrap();
    let told = BundleLog::open(&root.join("log"), ORIGIN, manager.public()).unwrap_err().fact;
    assert!(told.contains(&manager.public().fingerprint()) && told.contains("keys rotate"), "{told}");
    fs::write(root.join("log/next.rotation.json"), serde_json::to_string(&rotation).unwrap()).unwrap();
    make(root, &manager, ("run-2", "2")).unwrap();
    assert_eq!(rotation.keys().unwrap(), (old.public(), manager.public()));
    let trust = Trust::new(&[old.public()], &[rotation]).unwrap();
    let checked: Vec<_> = ["1", "2"].map(|name| (name.to_owned(), verify(&root.join(name), &trust).unwrap())).into();
    verify_chain(&checked).unwrap();
    assert!(verify(&root.join("2"), &Trust::new(&[old.public()], &[]).unwrap()).is_err());
}

#[test]
fn a_managed_keys_name_in_readers_of_logs_has_the_id_of_its_der_form() {
    let manager = Manager::new();
    let key = manager.public().verifier_key(ORIGIN);
    let id = manager.public().fingerprint();
    let start: String = id.chars().take(8).collect();
    assert!(key.starts_with(&format!("{ORIGIN}+{start}+")), "{key}");
}
