//! Who can reach a cluster, for people.

mod api;
mod fix;
mod json;
mod nodes;
mod why;

pub use json::reach_json;

use crate::{Options, brief::short_names, paint::Pen, plain};
use palisade_model::{Cluster, Exposure, Pool};
use palisade_reach::{Packet, PacketSet, Protocol};
use std::{fmt::Write as _, net::IpAddr};

/// Protocols a reader asks about.
const PROTOCOLS: [Protocol; 3] = [Protocol::TCP, Protocol::UDP, Protocol::SCTP];

/// Who can reach a cluster's API server and nodes, through which rules. With a port, only that destination port.
pub fn reach(cluster: &Cluster, port: Option<u16>, options: &Options) -> String {
    let (pen, mut text) = head(cluster, options);
    api::who(cluster, port, pen, &mut text);
    each_exposure(cluster, pen, &mut text, |_, exposure, pen, text| nodes::who(exposure, port, pen, text));
    text
}

/// What a packet meets on its way to each part of a cluster, and the first layer that stops it.
///
/// The API server is asked on its own port; machines are asked when somebody names a port.
pub fn reach_why(
    cluster: &Cluster,
    source: IpAddr,
    protocol: Protocol,
    port: Option<u16>,
    options: &Options,
) -> String {
    let (pen, mut text) = head(cluster, options);
    let asked = port.map_or_else(String::new, |port| format!("/{port}"));
    let _ = writeln!(text, "  {}", pen.faint(&format!("{protocol}{asked} from {source}")));
    api::why(cluster, source, protocol, pen, &mut text);
    match port {
        Some(port) => each_exposure(cluster, pen, &mut text, |_, exposure, pen, text| {
            why::nodes(exposure, Packet { source, protocol, port }, pen, text);
        }),
        None => line(pen, &mut text, "nodes", "not asked: name the port with `--port`"),
    }
    text
}

/// The smallest changes that close what `unwanted` says should be closed of an exposure, layer by layer.
pub fn reach_fix(cluster: &Cluster, unwanted: &dyn Fn(&Exposure) -> PacketSet, options: &Options) -> String {
    let (pen, mut text) = head(cluster, options);
    each_exposure(cluster, pen, &mut text, |pool, exposure, pen, text| {
        fix::nodes((cluster, pool), exposure, &unwanted(exposure), pen, text);
    });
    text
}

fn head(cluster: &Cluster, options: &Options) -> (Pen, String) {
    let pen = Pen { colour: options.colour, width: options.width };
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}  {} in {}",
        pen.strong(&plain(&cluster.name)),
        cluster.provider.service(),
        plain(cluster.scope.as_str())
    );
    (pen, text)
}

/// Tells something of each group of machines with the same answer, under its name.
fn each_exposure(cluster: &Cluster, pen: Pen, text: &mut String, tell: impl Fn(&Pool, &Exposure, Pen, &mut String)) {
    let pools = match cluster.pools.get() {
        Err(gap) => return line(pen, text, "nodes", &format!("unknown: {gap}")),
        Ok(pools) => pools,
    };
    for pool in pools {
        let name = format!("nodes of {}", plain(&pool.name));
        match pool.exposure.get() {
            Err(gap) => line(pen, text, &name, &format!("unknown: {gap}")),
            Ok(exposures) if exposures.is_empty() => line(pen, text, &name, "there are none now"),
            Ok(exposures) => {
                for exposure in exposures {
                    let machines: Vec<String> =
                        exposure.nodes.iter().take(2).map(|node| short_names(node.as_str())).collect();
                    let more = exposure.nodes.len().saturating_sub(machines.len());
                    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                    line(pen, text, &name, &plain(&format!("{}{more}", machines.join(", "))));
                    tell(pool, exposure, pen, text);
                }
            }
        }
    }
}

fn line(pen: Pen, text: &mut String, name: &str, answer: &str) {
    let _ = writeln!(text, "{}", pen.wrap(&plain(answer), &format!("  {name}: "), "    "));
}

/// A line below a name.
fn below(pen: Pen, text: &mut String, said: &str) {
    let inside = said.len() - said.trim_start().len();
    let (first, rest) = (" ".repeat(4 + inside), " ".repeat(6 + inside));
    let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(said.trim_start())), &first, &rest));
}

/// A command on a line of its own, however long: one that was cut cannot be pasted. Its words are quoted, see
/// `fix::shell`.
fn pasted(text: &mut String, command: &str) {
    let _ = writeln!(text, "        {command}");
}
