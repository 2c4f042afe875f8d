//! `palisade store`: looking after what is remembered.

use crate::{
    arguments::{Prune, Store},
    exit::Exit,
    output::{self, Screen},
    scan::configuration,
    schedules,
    service::{evidence, opened::memory},
};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use palisade_config::Keep;
use palisade_evidence::{Trust, verify};
use palisade_store::{Applied, Backup, Bucket, Database, FindingFilter};
use std::{collections::BTreeSet, fmt::Write as _, path::Path};

pub(crate) async fn run(wanted: &Store, screen: &Screen) -> anyhow::Result<Exit> {
    match wanted {
        Store::Prune(wanted) => prune(wanted, screen).await,
        Store::Backup { to, config } => {
            let database = memory(&configuration(config)?, config).await?;
            told(to, database.backup(to).await?)
        }
        Store::Check { file } => told(file, Database::check_backup(file).await?),
        Store::Fetch { address, to } => {
            let bucket = Bucket::open(address, std::env::vars())?;
            if bucket.is_bundle().await? {
                let files = bucket.fetch_bundle(to).await?;
                let told = format!("{files} files of a bundle in `{}`", to.display());
                verify(to, &Trust::default()).with_context(|| format!("{told}, which does not hold"))?;
                screen.note(&format!("{told}, which holds; who made it is told by `evidence verify --key`"));
                return Ok(Exit::Done);
            }
            let files = bucket.fetch(to).await?;
            screen.note(&format!("{files} files in `{}`, all of them as they were kept", to.display()));
            Ok(Exit::Done)
        }
    }
}

fn told(file: &Path, backup: Backup) -> anyhow::Result<Exit> {
    let Backup { version, runs, findings, waiting } = backup;
    let text = format!(
        "{}: whole; {runs} runs, {findings} findings, {waiting} messages that wait; tables of version {version}\n",
        file.display()
    );
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

async fn prune(wanted: &Prune, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let schedules = schedules::all(&wanted.folder, &config, &wanted.config)?;
    let database = memory(&config, &wanted.config).await?;
    let now = Timestamp::now();
    let Keep { runs_days, closed_days, messages_days, firings_days, evidence_days } = config.service.keep;
    // Before anything is removed: whether an open finding rests on a folder is asked of the whole memory.
    let open = database.findings(&FindingFilter::default()).await?;
    let rests: BTreeSet<Timestamp> = open.iter().flat_map(|finding| [finding.as_of, finding.last_seen]).collect();
    let before = now.checked_sub(SignedDuration::from_hours(24 * i64::from(evidence_days))).unwrap_or(now);
    let mut folders = Vec::new();
    for schedule in &schedules {
        folders.extend(evidence::old(schedule, &wanted.config, before, &rests)?);
    }
    let keep = palisade_store::Keep { runs_days, closed_days, messages_days, firings_days };
    let Applied { runs, turns, findings, evaluations, messages, firings, clusters } =
        database.retain(&keep, now, wanted.dry_run).await?;
    if !wanted.dry_run {
        folders.iter().try_for_each(|folder| evidence::remove(folder))?;
    }
    let mut text = String::new();
    for (count, what, days) in [
        (runs, "runs", runs_days),
        (turns, "turns of what was said", runs_days),
        (findings, "closed findings", closed_days),
        (evaluations, "things that are no more", closed_days),
        (clusters, "clusters that are gone", closed_days),
        (messages, "messages", messages_days),
        (firings, "firings", firings_days),
        (folders.len() as u64, "folders of evidence", evidence_days),
    ] {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{count:>8}  {what} older than {days} days");
    }
    for folder in &folders {
        let _ = writeln!(text, "          {}", folder.display());
    }
    output::data(text.as_bytes(), None)?;
    screen.note(if wanted.dry_run { "nothing was removed" } else { "removed" });
    Ok(Exit::Done)
}
