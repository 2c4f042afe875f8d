//! `palisade evidence timestamp`.

use crate::{
    exit::{Exit, WrongUsage},
    output::{self, Screen},
};
use anyhow::{Context as _, bail};
use palisade_evidence::{LARGEST_SMALL_FILE, Trust, put_timestamp, read_timestamp, timestamp_query, verify};
use std::{path::Path, time::Duration};
use url::Url;

/// How long an authority may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(bundle: &Path, tsa: &Url, screen: &Screen) -> anyhow::Result<Exit> {
    let shown = bundle.display();
    if !bundle.is_dir() {
        let why = format!(
            "`{shown}` is no folder: a tar file is written once; make the bundle as a folder to have it stamped"
        );
        return Err(WrongUsage(why).into());
    }
    let checked = verify(bundle, &Trust::default()).with_context(|| format!("the bundle `{shown}` does not hold"))?;
    if let Some(stamp) = &checked.timestamp {
        bail!("`{shown}` has a token already, of {}: it is not replaced", stamp.at);
    }
    let (query, nonce) = timestamp_query(&checked.sha256)?;
    let answer = ask(tsa, query).await.with_context(|| format!("the authority at `{tsa}` gave no answer"))?;
    let stamp = read_timestamp(&answer, &checked.sha256, Some(nonce))
        .with_context(|| format!("the answer of the authority at `{tsa}` is of no use"))?;
    put_timestamp(bundle, &answer).with_context(|| format!("could not write the token into `{shown}`"))?;
    output::data(format!("{}  {shown}/manifest.tsr\n", stamp.at).as_bytes(), None)?;
    screen.note(&format!(
        "whether the authority signed it is checked with its certificate: `openssl ts -verify -in {shown}/manifest.tsr -data \
         {shown}/manifest.json -CAfile tsa.pem`"
    ));
    Ok(Exit::Done)
}

/// Sends a question. What comes back is hostile until it was read.
async fn ask(tsa: &Url, query: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    let request = client.post(tsa.clone()).header("content-type", "application/timestamp-query").body(query);
    let mut response = request.send().await?;
    if response.status() != reqwest::StatusCode::OK {
        bail!("it answered with status {}", response.status());
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        answer.extend_from_slice(&chunk);
        if answer.len() as u64 > LARGEST_SMALL_FILE {
            bail!("its answer is too long");
        }
    }
    Ok(answer)
}
