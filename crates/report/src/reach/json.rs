//! Who can reach a cluster, for programs.

use super::nodes::{lines, proven};
use crate::ClusterRow;
use palisade_model::Cluster;
use palisade_reach::Protocols;
use serde_json::{Value, json};

/// Who can reach a cluster and through which rules, as `palisade.reach/v1`.
pub fn reach_json(cluster: &Cluster, port: Option<u16>) -> Value {
    let row = ClusterRow::of(cluster);
    let api: Vec<Value> = row
        .api
        .iter()
        .filter(|way| port.is_none_or(|port| way.packets.ports == port.to_string()))
        .map(|way| {
            json!({
                "family": way.packets.family.to_string(),
                "ports": way.packets.ports,
                "lower": way.packets.lower,
                "upper": way.packets.upper,
                "addresses": way.packets.addresses.to_string(),
                "any": way.packets.any,
                "gate": match way.gate { crate::Gate::None => "none", crate::Gate::Iam => "iam" },
            })
        })
        .collect();
    let unknown = |gap: palisade_model::Gap| gap.to_string();
    let (pools, nodes_unknown) = match cluster.pools.get() {
        Ok(pools) => (pools.as_slice(), None),
        Err(gap) => (&[][..], Some(unknown(gap))),
    };
    let pools: Vec<Value> = pools
        .iter()
        .map(|pool| {
            let exposures = pool.exposure.get();
            json!({
                "pool": pool.name,
                "unknown": exposures.as_ref().err().map(ToString::to_string),
                "exposures": exposures.into_iter().flatten().map(|exposure| json!({
                    "nodes": exposure.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "exact": exposure.internet.is_exact(),
                    "answers": lines(exposure, port),
                    "proofs": proven(exposure, port).iter().map(|proof| json!({
                        "to": &*proof.path,
                        "certain": proof.certain,
                        "packets": cells(&proof.packets),
                        "through": proof.steps.iter().map(|step| json!({
                            "layer": &*step.layer,
                            "by": step.by.iter().map(ToString::to_string).collect::<Vec<_>>(),
                        })).collect::<Vec<_>>(),
                    })).collect::<Vec<_>>(),
                    "closed_by": exposure.mitigation.as_ref().map(|mitigation| &mitigation.by),
                    "limits": exposure.limits,
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "schema": "palisade.reach/v1",
        "cluster": { "id": row.id, "name": row.name, "provider": row.provider.name(), "scope": row.scope },
        "api": api,
        "api_unknown": cluster.api.public.gap().map(ToString::to_string),
        "nodes_unknown": nodes_unknown,
        "pools": pools,
    })
}

fn cells(packets: &palisade_reach::PacketSet) -> Vec<Value> {
    packets
        .cells()
        .map(|cell| {
            json!({
                "protocol": match cell.protocol {
                    Protocols::Any => "any".to_owned(),
                    Protocols::Portless => "portless".to_owned(),
                    Protocols::One(protocol) => protocol.to_string(),
                },
                "ports": [cell.ports.0, cell.ports.1],
                "sources": cell.sources.to_nets().iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect()
}
