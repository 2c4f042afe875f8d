//! A described world through the whole chain: simulator, collector, normalizer.

use anyhow::{Context as _, anyhow};
use palisade_aws::Aws;
use palisade_azure::Azure;
use palisade_gcp::Gcp;
use palisade_model::Inventory;
use palisade_provider::{Collect, Pace, Quiet, Recorder};
use palisade_simulator::{Faults, Running, Simulator, World};
use std::sync::Arc;

/// The world of one cloud, as the simulator takes it.
#[derive(Debug)]
pub(crate) enum Described {
    Aws(String),
    Azure(String),
    Gcp(String),
}

/// What the product reads of it.
pub(crate) async fn read(described: &Described) -> anyhow::Result<Inventory> {
    let world = match described {
        Described::Aws(text) => World::from_yaml(text, "", ""),
        Described::Azure(text) => World::from_yaml("", text, ""),
        Described::Gcp(text) => World::from_yaml("", "", text),
    }?;
    let running = Simulator::start(world, Faults::default()).await?;
    match described {
        Described::Aws(_) => through(&aws(&running)).await,
        Described::Azure(_) => through(&azure(&running)).await,
        Described::Gcp(_) => through(&gcp(&running)).await,
    }
}

async fn through(provider: &impl Collect) -> anyhow::Result<Inventory> {
    let clock = Arc::new(|| jiff::Timestamp::from_second(1_795_000_000).unwrap_or_default());
    let recorder = Recorder::new("fleet", clock, Arc::new(Quiet), Arc::new(Pace::default()));
    let discovery = provider.discover(&recorder.for_unit()).await;
    let mut inventory = provider.normalize(&discovery.snapshot);
    let mut snapshots = vec![discovery.snapshot];
    for unit in &discovery.units {
        let snapshot = provider.collect(unit, &recorder.for_unit()).await;
        let part = provider.normalize(&snapshot);
        inventory.clusters.extend(part.clusters);
        inventory.unseen.extend(part.unseen);
        snapshots.push(snapshot);
    }
    if let Some((record, failure)) = snapshots.iter().flat_map(palisade_provider::Snapshot::failures).next() {
        return Err(anyhow!("{} failed in {}: {failure:?}", record.call, record.scope));
    }
    (!inventory.clusters.is_empty()).then_some(inventory).context("no cluster was found")
}

fn aws(running: &Running) -> Aws {
    use palisade_aws::{Accounts, Credentials, Regions, Settings};
    Aws::new(Settings {
        // Its own account where there is no organisation, a member that is entered where there is one.
        accounts: Accounts::List(vec![crate::aws::ACCOUNT.to_owned()]),
        role: Some("PalisadeReader".to_owned()),
        regions: Regions::List(vec![crate::aws::REGION.to_owned()]),
        endpoint_url: Some(running.aws.clone()),
        base_region: Some(crate::aws::REGION.to_owned()),
        credentials: Credentials::Static {
            access_key_id: "AKIAPALISADE00000001".to_owned(),
            secret_access_key: "any".to_owned(),
            session_token: None,
        },
        ..Settings::new("fleet")
    })
}

fn azure(running: &Running) -> Azure {
    use palisade_azure::{CredentialSource, Secret, Settings};
    Azure::new(Settings {
        endpoint_url: Some(running.azure.clone()),
        credential: CredentialSource::Token(Secret::new("eyJ-any")),
        ..Settings::new("fleet")
    })
}

fn gcp(running: &Running) -> Gcp {
    use palisade_gcp::{Credential, Projects, Secret, Settings};
    Gcp::new(Settings {
        projects: Projects::Organization(crate::gcp::ORGANIZATION.to_owned()),
        endpoint_url: Some(running.gcp.clone()),
        credential: Credential::Token(Secret::new("ya29.any")),
        ..Settings::new("fleet")
    })
}
