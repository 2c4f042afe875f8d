//! `palisade evidence keys`.

use super::{period, place::beside, signer};
use crate::{
    arguments::Keys,
    exit::Exit,
    output::{self, Screen},
};
use anyhow::Context as _;
use palisade_evidence::{PublicKey, Rotation, Signer, SigningKey};
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

pub(super) async fn run(command: &Keys, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Keys::New { out } => {
            let key = new_key(out)?;
            let said = format!("{}  {}.pub\n", key.public().fingerprint(), out.display());
            output::data(said.as_bytes(), None)?;
            screen
                .note("publish the fingerprint where the bundles are not; whoever has the private key can sign as you");
        }
        Keys::Show { key, origin, out } => {
            let public = signer::open(key).await?.public();
            if let Some(out) = out {
                put_new(out, &public)?;
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
            let new: Box<dyn Signer + Send + Sync> = match new {
                None => Box::new(new_key(out)?),
                Some(place) => {
                    let key = signer::open(place).await?;
                    put_new(&beside(out, ".pub"), &key.public())?;
                    key
                }
            };
            let rotation = beside(out, ".rotation.json");
            let both = Rotation::new(old.as_ref(), new.as_ref())?;
            let mut text = serde_json::to_vec_pretty(&both).context("could not write JSON")?;
            text.push(b'\n');
            output::data(&text, Some(&rotation))?;
            let said = format!(
                "{}  {}.pub\nfollows {}\n",
                new.public().fingerprint(),
                out.display(),
                old.public().fingerprint()
            );
            output::data(said.as_bytes(), None)?;
            screen.note(&format!("give `{}` to whoever trusts the old key", rotation.display()));
        }
    }
    Ok(Exit::Done)
}

/// Writes a public key to a file that is not there yet.
fn put_new(path: &Path, key: &PublicKey) -> anyhow::Result<()> {
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(key.to_pem().as_bytes()));
    written.with_context(|| format!("could not write the new file `{}`", path.display()))
}

/// Writes a new key beside its public half. A key that is there is never overwritten.
fn new_key(out: &Path) -> anyhow::Result<SigningKey> {
    let (key, text) = SigningKey::generate()?;
    let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    written
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .with_context(|| format!("could not write the new file `{}`", out.display()))?;
    output::data(key.public().to_pem().as_bytes(), Some(&beside(out, ".pub")))?;
    Ok(key)
}
