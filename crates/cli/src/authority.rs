//! `palisade authority`.

use crate::{
    arguments::Authority,
    exit::Exit,
    output::{self, Screen},
    stored,
};
use palisade_model::{Cluster, Identity};
use palisade_report::{Options, authority};

pub(crate) fn run(wanted: &Authority, screen: &Screen) -> anyhow::Result<Exit> {
    let name = wanted.identity.as_str();
    let is_it = |identity: &Identity| identity.id.to_string() == name || identity.name == name;
    let identities = |cluster: &Cluster| -> Vec<Identity> {
        cluster.identities.get().ok().into_iter().flatten().filter(|identity| is_it(identity)).cloned().collect()
    };
    let clusters = stored::clusters(&wanted.lookup, |cluster| !identities(cluster).is_empty(), screen)?;
    if clusters.is_empty() {
        return Err(stored::nothing_called("identity", name));
    }
    let options = Options { colour: screen.colour, width: screen.width, next: Vec::new() };
    for cluster in &clusters {
        for identity in identities(cluster) {
            output::data(authority(cluster, &identity, &options).as_bytes(), None)?;
        }
    }
    Ok(Exit::Done)
}
