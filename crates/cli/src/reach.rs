//! `palisade reach`.

use crate::{
    arguments::{ListFormat, Reach},
    exit::Exit,
    output::{self, Screen},
    stored,
};
use palisade_controls::node::unwelcome;
use palisade_report::{Options, reach, reach_fix, reach_json, reach_why};

pub(crate) fn run(wanted: &Reach, screen: &Screen) -> anyhow::Result<Exit> {
    let name = &wanted.cluster;
    let clusters =
        stored::clusters(&wanted.lookup, |cluster| cluster.name == *name || cluster.id.as_str() == name, screen)?;
    if clusters.is_empty() {
        return Err(stored::nothing_called("cluster", name, &wanted.lookup, screen, |cluster| {
            vec![cluster.name.clone()]
        }));
    }
    if wanted.format == ListFormat::Json {
        let all: Vec<_> = clusters.iter().map(|cluster| reach_json(cluster, wanted.port)).collect();
        output::json(&all)?;
        return Ok(Exit::Done);
    }
    let options = Options { colour: screen.colour, width: screen.width, next: Vec::new(), ..Options::default() };
    for cluster in &clusters {
        let text = match wanted.why {
            Some(source) => reach_why(cluster, source, wanted.protocol, wanted.port, &options),
            None if wanted.fix => {
                let unwanted = |exposure: &palisade_model::Exposure| {
                    let all = unwelcome(cluster.provider, exposure);
                    wanted.port.map_or(all.clone(), |port| all.intersect(&to_port(port)))
                };
                reach_fix(cluster, &unwanted, &options)
            }
            None => reach(cluster, wanted.port, &options),
        };
        output::data(text.as_bytes(), None)?;
    }
    Ok(Exit::Done)
}

fn to_port(port: u16) -> palisade_reach::PacketSet {
    use palisade_reach::{AddrSet, PacketSet, Ports, Protocols};
    PacketSet::of(Protocols::Any, &Ports::from_range(port, port), &AddrSet::all())
}
