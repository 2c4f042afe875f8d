//! `palisade evidence`, and `palisade replay` of a bundle.

use crate::{
    arguments::{Evidence, Trusted},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths,
};
use anyhow::Context as _;
use palisade_config::{Source, read_answers};
use palisade_controls::controls;
use palisade_engine::Answers;
use palisade_evidence::{Bundle, FiringCounts, Firings, LARGEST_SMALL_FILE, PublicKey, Rotation, Trust, verify};
use palisade_message::SecretRef;
use palisade_notify::{Keep as _, Secret};
use palisade_report::plain;
use palisade_store::Bucket;
use palisade_vault::Vault;
use place::Place;
use std::path::{Path, PathBuf};

mod again;
mod export;
mod firings;
mod keys;
mod period;
mod place;
pub(crate) mod retention;
mod shown;
mod signer;
mod timestamp;
mod verified;
mod views;

pub(crate) use again::{judged, judged_again, replay};
pub(crate) use shown::asked_of;

pub(crate) async fn run(command: &Evidence, screen: &Screen) -> anyhow::Result<Exit> {
    match command {
        Evidence::Export(wanted) => export::run(wanted, screen).await,
        Evidence::Verify(wanted) => verified::run(wanted, screen).await,
        Evidence::Send { bundle, to } => {
            verify(bundle, &Trust::default())
                .with_context(|| format!("the bundle `{}` does not hold: it is not sent", bundle.display()))?;
            let bucket = Bucket::open(to, std::env::vars())?;
            screen.note(&format!("`{to}` says: {}", plain(&bucket.storage().await.to_string())));
            output::data(send(&bucket, bundle).await?.as_bytes(), None)?;
            Ok(Exit::Done)
        }
        Evidence::Timestamp { bundle, tsa } => timestamp::run(bundle, tsa, screen).await,
        Evidence::Answer { bundle, call, export, trusted } => {
            let place = Place::of(bundle).await?;
            let opened = Bundle::open(place.path(), &trust(trusted).await?)
                .with_context(|| format!("the bundle `{}` does not hold", bundle.display()))?;
            match (call, export) {
                (Some(call), _) => output::data(&opened.answer(*call)?, None)?,
                (None, Some(path)) => output::write(None, |to| opened.export(path, to).map_err(std::io::Error::other))?,
                (None, None) => (),
            }
            Ok(Exit::Done)
        }
        Evidence::Keys { command } => keys::run(command, screen).await,
        Evidence::Retain(wanted) => retention::run(wanted, screen).await,
    }
}

async fn secret(place: &SecretRef) -> anyhow::Result<Secret> {
    Ok(Vault::default().read(place).await?)
}

async fn trust(trusted: &Trusted) -> anyhow::Result<Trust> {
    let text = |path: &PathBuf| {
        paths::text(path, LARGEST_SMALL_FILE)
            .map_err(|error| WrongUsage(format!("could not read `{}`: {error}", path.display())))
    };
    let mut keys = Vec::new();
    for path in &trusted.key {
        let key = PublicKey::from_pem(&text(path)?);
        keys.push(key.map_err(|error| WrongUsage(format!("`{}`: {error}", path.display())))?);
    }
    let mut rotations = Vec::new();
    for path in &trusted.rotation {
        let rotation: Rotation = serde_json::from_str(&text(path)?)
            .map_err(|error| WrongUsage(format!("`{}` is no rotation: {error}", path.display())))?;
        rotation.keys().map_err(|error| WrongUsage(format!("`{}`: {error}", path.display())))?;
        rotations.push(rotation);
    }
    let mut periods = Vec::new();
    for place in &trusted.period_key {
        periods.push(period::read(place).await?);
    }
    Ok(Trust::new(&keys, &rotations)?.opening(periods))
}

/// Whether a path is a bundle and not the folder of a snapshot.
pub(crate) fn is_bundle(path: &Path) -> bool {
    place::address(path).is_some() || path.is_file() || path.join("manifest.json").is_file()
}

/// Sends a bundle, and says where it is now.
async fn send(bucket: &Bucket, bundle: &Path) -> anyhow::Result<String> {
    let (address, objects) = bucket.send_bundle(bundle).await?;
    Ok(format!("sent to {address}: {objects} objects\n"))
}

/// How many runs there should have been, and what became of them.
fn counted(counts: &FiringCounts) -> String {
    let FiringCounts { firings, done, failed, unfinished, missed } = counts;
    format!("{firings} firings of schedules: {done} done, {failed} failed, {unfinished} not ended, {missed} missed")
}

/// Of which schedules nobody knows whether runs are missing.
fn unremembered(firings: &Firings) -> Option<String> {
    let names: Vec<&str> = firings.unremembered().collect();
    match names.as_slice() {
        _ if firings.are_known() => None,
        [] => Some("nobody knows whether runs are missing: there is no schedule".to_owned()),
        names => {
            Some(format!("nobody knows which runs of `{}` are missing: none is remembered", plain(&names.join("`, `"))))
        }
    }
}

/// The answers of a file as it stands in a bundle.
fn answers_of(text: &str) -> anyhow::Result<Answers> {
    Ok(read_answers(&Source { name: "context/answers.yaml", text }, &controls())?)
}
