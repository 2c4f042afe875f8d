//! `palisade evidence keys`.

use super::{period, place::beside, signer};
use crate::{
    arguments::Keys,
    exit::Exit,
    output::{self, Screen},
    paths,
};
use anyhow::{Context as _, anyhow};
use palisade_evidence::{PublicKey, Rotation, Signer, SigningKey};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

pub(super) async fn run(command: &Keys, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Keys::New { out } => {
            let (key, text) = SigningKey::generate()?;
            put_new(&[private(out, &text), public(out, &key.public())])?;
            let said = format!("{}  {}.pub\n", key.public().fingerprint(), out.display());
            output::data(said.as_bytes(), None)?;
            screen
                .note("publish the fingerprint where the bundles are not; whoever has the private key can sign as you");
        }
        Keys::Show { key, origin, out } => {
            let public = signer::open(key).await?.public();
            if let Some(out) = out {
                put_new(&[New { path: out.clone(), text: public.to_pem(), mode: READABLE }])?;
            }
            let said = format!(
                "{}algorithm {}\nfingerprint {}\nlog key {}\n",
                public.to_pem(),
                public.algorithm().name(),
                public.fingerprint(),
                public.verifier_key(origin)
            );
            output::data(said.as_bytes(), None)?;
        }
        Keys::Period { command } => return period::run(command, screen).await,
        Keys::Rotate { old, new, out } => {
            let old = signer::open(old).await?;
            let mut files = Vec::new();
            let new: Box<dyn Signer + Send + Sync> = match new {
                None => {
                    let (key, text) = SigningKey::generate()?;
                    files.push(private(out, &text));
                    Box::new(key)
                }
                Some(place) => signer::open(place).await?,
            };
            let both = Rotation::new(old.as_ref(), new.as_ref())?;
            let text = serde_json::to_string_pretty(&both).context("could not write JSON")? + "\n";
            let rotation = beside(out, ".rotation.json");
            files.push(public(out, &new.public()));
            files.push(New { path: rotation.clone(), text, mode: READABLE });
            put_new(&files)?;
            let said = format!(
                "{}  {}.pub\nfollows {}\n",
                new.public().fingerprint(),
                out.display(),
                old.public().fingerprint()
            );
            output::data(said.as_bytes(), None)?;
            screen.note(&format!(
                "give `{}` to whoever trusts the old key, and copy it into the folder of each log that goes on under the new one",
                rotation.display()
            ));
        }
    }
    Ok(Exit::Done)
}

/// A file that is not there yet.
struct New {
    path: PathBuf,
    text: String,
    /// The permissions that it asks for; the user's mask takes from them.
    mode: u32,
}

const READABLE: u32 = 0o666;
const BY_ITS_OWNER: u32 = 0o600;

/// The file of a private key.
fn private(out: &Path, text: &str) -> New {
    New { path: out.to_owned(), text: text.to_owned(), mode: BY_ITS_OWNER }
}

/// The file of a public key, beside that of the private one.
fn public(out: &Path, key: &PublicKey) -> New {
    New { path: beside(out, ".pub"), text: key.to_pem(), mode: READABLE }
}

/// Writes new files, all of them or none. What is there is never overwritten.
fn put_new(files: &[New]) -> anyhow::Result<()> {
    for file in files {
        paths::outside_bundles(&file.path)?;
    }
    let unwritten = |file: &New| format!("could not write the new file `{}`", file.path.display());
    if let Some(file) = files.iter().find(|file| fs::symlink_metadata(&file.path).is_ok()) {
        let why = "it is there already and is not overwritten: move it away, or name another file with `--out`";
        return Err(anyhow!(why).context(unwritten(file)));
    }
    for (written, file) in files.iter().enumerate() {
        if let Err(error) = put(file) {
            // Half of a pair is worse than none; the first error is the one to report.
            for file in files.iter().take(written) {
                let _ = fs::remove_file(&file.path);
            }
            return Err(error).with_context(|| unwritten(file));
        }
    }
    Ok(())
}

/// Writes a new file and brings it to the disk. When that fails, nothing of it is left.
fn put(file: &New) -> io::Result<()> {
    let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(file.mode).open(&file.path)?;
    let written = open.write_all(file.text.as_bytes()).and_then(|()| open.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(&file.path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_new_files_all_are_written_or_none_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let out = folder.path().join("k.pem");
        let file = |path: PathBuf| New { path, text: "x".to_owned(), mode: READABLE };
        // What cannot be written takes what was written before it along.
        let nowhere = folder.path().join("missing/k.pem.pub");
        assert!(put_new(&[private(&out, "secret"), file(nowhere)]).is_err());
        assert!(names().is_empty());
        for there in ["k.pem", "k.pem.pub", "k.pem.rotation.json"] {
            fs::write(folder.path().join(there), "mine").unwrap();
            let files = [private(&out, "secret"), file(beside(&out, ".pub")), file(beside(&out, ".rotation.json"))];
            let told = format!("{:#}", put_new(&files).unwrap_err());
            assert!(told.contains(&format!("{there}`: it is there already and is not overwritten")), "{told}");
            assert_eq!(names(), [there]);
            assert_eq!(fs::read(folder.path().join(there)).unwrap(), b"mine");
            fs::remove_file(folder.path().join(there)).unwrap();
        }
        put_new(&[private(&out, "secret")]).unwrap();
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&out).unwrap());
        assert_eq!(mode & 0o777, BY_ITS_OWNER);
    }
}
