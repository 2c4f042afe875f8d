//! `palisade evidence keys period`.

use super::secret;
use crate::{
    arguments::PeriodKeys,
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths,
};
use anyhow::Context as _;
use palisade_evidence::{LARGEST_SMALL_FILE, PeriodKey};
use palisade_message::SecretRef;
use std::{
    fs,
    io::{Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

pub(super) async fn run(command: &PeriodKeys, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        PeriodKeys::New { period, out } => {
            let (key, text) = PeriodKey::generate(period)
                .map_err(|_| WrongUsage(format!("`{period}` is no calendar month: write it as `2026-11`")))?;
            let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
            written
                .and_then(|mut file| {
                    file.write_all(text.as_bytes())?;
                    file.sync_all()
                })
                .with_context(|| format!("could not write the new file `{}`", out.display()))?;
            tell(&key)?;
            screen.note(
                "keep it where the bundles are not: whoever has both can read the answers, and without it nobody can",
            );
        }
        PeriodKeys::Show { key } => tell(&read(key).await?)?,
        PeriodKeys::Destroy { file, id } => {
            let text = paths::text(file, LARGEST_SMALL_FILE)
                .with_context(|| format!("could not read `{}`", file.display()))?;
            let key = PeriodKey::from_text(&text).with_context(|| format!("`{}` is not destroyed", file.display()))?;
            if key.id() != id {
                let why =
                    format!("`{}` holds the key `{}` and not `{id}`: it is not destroyed", file.display(), key.id());
                return Err(WrongUsage(why).into());
            }
            destroy(file, text.len()).with_context(|| format!("could not destroy `{}`", file.display()))?;
            output::data(format!("{}  {}  destroyed\n", key.id(), key.period()).as_bytes(), None)?;
            screen.note("copies elsewhere (backups, secret managers, snapshots of the disk) are not destroyed by this");
        }
    }
    Ok(Exit::Done)
}

/// Overwrites a file before it is removed. What a disk keeps of old blocks is the disk's.
pub(super) fn destroy(file: &Path, length: usize) -> std::io::Result<()> {
    let mut open = fs::OpenOptions::new().write(true).open(file)?;
    open.write_all(&vec![0; length])?;
    open.sync_all()?;
    open.rewind()?;
    open.set_len(0)?;
    open.sync_all()?;
    fs::remove_file(file)
}

fn tell(key: &PeriodKey) -> anyhow::Result<()> {
    output::data(format!("{}  {}\n", key.id(), key.period()).as_bytes(), None)
}

/// The key at a reference.
pub(super) async fn read(place: &SecretRef) -> anyhow::Result<PeriodKey> {
    let text = secret(place).await?;
    PeriodKey::from_text(text.expose()).with_context(|| format!("the secret `{place}` is no key of a period"))
}
