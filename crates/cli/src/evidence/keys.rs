//! `palisade evidence keys`.

use super::{period, signing_key};
use crate::{
    arguments::Keys,
    exit::Exit,
    output::{self, Screen},
};
use anyhow::Context as _;
use palisade_evidence::{Rotation, SigningKey};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

pub(super) async fn run(command: &Keys, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Keys::New { out } => {
            let key = new_key(out)?;
            let said = format!("{}  {}.pub\n", key.public().fingerprint(), out.display());
            output::data(said.as_bytes(), None)?;
            screen
                .note("publish the fingerprint where the bundles are not; whoever has the private key can sign as you");
        }
        Keys::Show { key, origin } => {
            let public = signing_key(key).await?.public();
            let said = format!(
                "{}fingerprint {}\nlog key {}\n",
                public.to_pem(),
                public.fingerprint(),
                public.verifier_key(origin)
            );
            output::data(said.as_bytes(), None)?;
        }
        Keys::Period { command } => return period::run(command, screen).await,
        Keys::Rotate { old, out } => {
            let old = signing_key(old).await?;
            let new = new_key(out)?;
            let rotation = with_ending(out, ".rotation.json");
            let mut text = serde_json::to_vec_pretty(&Rotation::new(&old, &new)).context("could not write JSON")?;
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

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
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
    output::data(key.public().to_pem().as_bytes(), Some(&with_ending(out, ".pub")))?;
    Ok(key)
}
