//! `palisade reach`.

use crate::{
    arguments::Reach,
    exit::Exit,
    output::{self, Screen},
    stored,
};
use palisade_report::{Options, reach};

pub(crate) fn run(wanted: &Reach, screen: &Screen) -> anyhow::Result<Exit> {
    let name = &wanted.cluster;
    let clusters =
        stored::clusters(&wanted.lookup, |cluster| cluster.name == *name || cluster.id.as_str() == name, screen)?;
    if clusters.is_empty() {
        return Err(stored::nothing_called("cluster", name));
    }
    let options = Options { colour: screen.colour, width: screen.width, next: Vec::new() };
    for cluster in &clusters {
        output::data(reach(cluster, wanted.port, &options).as_bytes(), None)?;
    }
    Ok(Exit::Done)
}
