//! Fixes as commands of Google's own program, with the names of what is there, to be pasted.
//!
//! The names come out of what the ways in and the rules on them are called, which `providers/gcp` writes: a way in names its
//! network, `HOST/NETWORK`, and its region; a rule names its priority.
//!
//! A denial added to a network is for every machine in it, as is the rule it stands in front of where that names no target.

use super::shell::{flag, name};
use palisade_model::{Cluster, Pool, PoolKind};
use palisade_reach::{Cell, Change, PacketSet, Path, Protocol, Protocols, RuleId};
use std::collections::BTreeMap;

/// The highest priority that comes before the implied rules.
const LAST_OF_RULES: u32 = 65_534;

/// One that comes after the customer's own rules of a policy and before those Google puts at its end.
const LAST_OF_POLICY: u32 = 2_147_480_000;

/// Where a way in leads.
struct Spot<'a> {
    /// The project of the network, which a Shared VPC keeps in another one than the cluster.
    host: &'a str,
    network: &'a str,
    region: &'a str,
}

/// Who keeps a rule.
enum Keeper<'a> {
    /// The network itself.
    Network,
    /// A policy, with what tells the program which one it is.
    Policy { group: &'static str, which: Vec<String> },
    /// A load balancer.
    Balancer { called: &'a str, region: &'a str },
    /// The machines' own addresses.
    Addresses,
}

/// The commands for one change in one layer. `wrong` is what comes through and should not. None where no command of the
/// customer's changes it.
pub(super) fn commands(
    (cluster, pool): (&Cluster, &Pool),
    (path, layer): (&Path, &str),
    change: &Change,
    wrong: &PacketSet,
) -> Vec<String> {
    let Some(keeper) = keeper(path, layer) else { return Vec::new() };
    let spot = spot(&path.name);
    match (keeper, change) {
        (Keeper::Addresses, _) => private_nodes(cluster, pool),
        (Keeper::Balancer { called, region }, _) => {
            let place = format!("{} {}", flag("region", region), flag("project", cluster.scope.as_str()));
            let delete = |name| format!("gcloud compute forwarding-rules delete {name} {place}");
            name(called).map(delete).into_iter().collect()
        }
        (Keeper::Network, change) => spot.map_or_else(Vec::new, |spot| of_network(&spot, change, wrong)),
        (Keeper::Policy { group, which }, change) => of_policy(group, &which, layer, change, wrong),
    }
}

fn spot(path: &str) -> Option<Spot<'_>> {
    let (_, rest) = path.split_once(" in network ")?;
    let (host, rest) = rest.split_once('/')?;
    let (network, region) = rest.rsplit_once(", ")?;
    Some(Spot { host, network, region })
}

fn keeper<'a>(path: &'a Path, layer: &'a str) -> Option<Keeper<'a>> {
    let at = |spot: &Spot<'_>| flag("project", spot.host);
    let policy = |name: &str| flag("firewall-policy", name);
    match layer {
        "external address" => return Some(Keeper::Addresses),
        "VPC firewall rules" => return Some(Keeper::Network),
        "load balancer" => {
            let (called, rest) = path.name.strip_prefix("forwarding rule ")?.split_once(" (IPv")?;
            let region = rest.split_once(") of ")?.1.split_once(" in network ")?.0;
            return Some(Keeper::Balancer { called, region });
        }
        _ => (),
    }
    if let Some(called) = layer.strip_prefix("hierarchical firewall policy ") {
        // By its number a policy is known without its organisation.
        let number = called.strip_suffix(')').and_then(|both| both.rsplit_once(" ("));
        let number = number.map_or(called, |(_, number)| number);
        return Some(Keeper::Policy { group: "firewall-policies", which: vec![policy(number)] });
    }
    let spot = spot(&path.name)?;
    if let Some(called) = layer.strip_prefix("regional network firewall policy ") {
        let which = vec![policy(called), flag("firewall-policy-region", spot.region), at(&spot)];
        return Some(Keeper::Policy { group: "network-firewall-policies", which });
    }
    let called = layer.strip_prefix("network firewall policy ")?;
    let which = vec![policy(called), "--global-firewall-policy".to_owned(), at(&spot)];
    Some(Keeper::Policy { group: "network-firewall-policies", which })
}

/// New machines of the pool get no external address; those that have one are replaced.
fn private_nodes(cluster: &Cluster, pool: &Pool) -> Vec<String> {
    let settable = match pool.kind {
        PoolKind::Managed => name(&pool.name),
        PoolKind::SelfManaged | PoolKind::Automatic | PoolKind::Serverless => None,
    };
    let update = |pool| {
        format!(
            "gcloud container node-pools update {pool} {} {} {} --enable-private-nodes",
            flag("cluster", &cluster.name),
            flag("location", cluster.location.as_str()),
            flag("project", cluster.scope.as_str())
        )
    };
    settable.map(update).into_iter().collect()
}

fn of_network(spot: &Spot<'_>, change: &Change, wrong: &PacketSet) -> Vec<String> {
    let project = flag("project", spot.host);
    let known = |rule: &RuleId| network_rule(rule).and_then(|(called, priority)| Some((name(called)?, priority)));
    let deny = |priority: u32| -> Vec<String> {
        // At one priority a denial comes before an allowance, so the same number does.
        let command = |(place, one): (usize, Expressed)| {
            format!(
                "gcloud compute firewall-rules create palisade-deny-{} {} {project} --direction=INGRESS --action=DENY \
                 --priority={priority} {} {}",
                place + 1,
                flag("network", spot.network),
                flag("rules", &one.traffic),
                flag("source-ranges", &one.sources)
            )
        };
        expressed(wrong).into_iter().flatten().enumerate().map(command).collect()
    };
    match change {
        Change::Remove { rule } => known(rule)
            .map(|(called, _)| format!("gcloud compute firewall-rules delete {called} {project}"))
            .into_iter()
            .collect(),
        Change::Narrow { rule, leaves } => {
            let Some((called, priority)) = known(rule) else { return Vec::new() };
            match expressed(leaves).as_deref() {
                Some([one]) => vec![format!(
                    "gcloud compute firewall-rules update {called} {project} {} {}",
                    flag("rules", &one.traffic),
                    flag("source-ranges", &one.sources)
                )],
                // One rule cannot say what is left: another one in front of it can say what is not.
                _ => deny(priority),
            }
        }
        Change::Deny { before: Some(rule), .. } => known(rule).map_or_else(Vec::new, |(_, priority)| deny(priority)),
        Change::Deny { before: None, .. } => deny(LAST_OF_RULES),
    }
}

/// `VPC firewall rule NAME (priority NUMBER)`.
fn network_rule(rule: &RuleId) -> Option<(&str, u32)> {
    let (called, rest) = rule.as_str().strip_prefix("VPC firewall rule ")?.rsplit_once(" (priority ")?;
    Some((called, rest.strip_suffix(')')?.parse().ok()?))
}

fn of_policy(group: &str, which: &[String], layer: &str, change: &Change, wrong: &PacketSet) -> Vec<String> {
    let which = which.join(" ");
    // `POLICY rule NUMBER (NAME)`.
    let known = |rule: &RuleId| -> Option<u32> {
        let rest = rule.as_str().strip_prefix(layer)?.strip_prefix(" rule ")?;
        rest.split(' ').next()?.parse().ok()
    };
    let deny = |before: u32| -> Vec<String> {
        let all: Vec<Expressed> = expressed(wrong).unwrap_or_default();
        // Each needs a number of its own in front of the rule; there are none in front of the first.
        let Some(first) = u32::try_from(all.len()).ok().and_then(|count| before.checked_sub(count)) else {
            return Vec::new();
        };
        let command = |(number, one): (u32, Expressed)| {
            format!(
                "gcloud compute {group} rules create {number} {which} --direction=INGRESS --action=deny {} {}",
                flag("layer4-configs", &one.traffic),
                flag("src-ip-ranges", &one.sources)
            )
        };
        (first..before).zip(all).map(command).collect()
    };
    match change {
        Change::Remove { rule } => known(rule)
            .map(|number| format!("gcloud compute {group} rules delete {number} {which}"))
            .into_iter()
            .collect(),
        Change::Narrow { rule, leaves } => {
            let Some(number) = known(rule) else { return Vec::new() };
            match expressed(leaves).as_deref() {
                Some([one]) => vec![format!(
                    "gcloud compute {group} rules update {number} {which} {} {}",
                    flag("layer4-configs", &one.traffic),
                    flag("src-ip-ranges", &one.sources)
                )],
                _ => deny(number),
            }
        }
        Change::Deny { before: Some(rule), .. } => known(rule).map_or_else(Vec::new, deny),
        Change::Deny { before: None, .. } => deny(LAST_OF_POLICY),
    }
}

/// What one rule says: protocols with their ports, and addresses.
struct Expressed {
    traffic: String,
    sources: String,
}

/// Packets as the rules that match exactly them; nothing where rules have no words for some of them. A rule is for addresses
/// of one family.
fn expressed(packets: &PacketSet) -> Option<Vec<Expressed>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cell in packets.cells() {
        let nets: Vec<String> = cell.sources.to_nets().iter().map(ToString::to_string).collect();
        groups.entry(nets.join(",")).or_default().push(traffic(&cell)?);
    }
    Some(groups.into_iter().map(|(sources, traffic)| Expressed { traffic: traffic.join(","), sources }).collect())
}

fn traffic(cell: &Cell) -> Option<String> {
    let protocol = match cell.protocol {
        Protocols::Any => return Some("all".to_owned()),
        Protocols::Portless => return None,
        Protocols::One(protocol) => protocol,
    };
    let (first, last) = cell.ports;
    let is_whole = cell.ports == (0, u16::MAX);
    let known = match protocol {
        Protocol::TCP => "tcp",
        Protocol::UDP => "udp",
        Protocol::SCTP => "sctp",
        // Google's rules know no types of messages.
        Protocol::ICMP | Protocol::ICMPV6 => return is_whole.then(|| protocol.0.to_string()),
        other => return Some(other.0.to_string()),
    };
    Some(match (is_whole, first == last) {
        (true, _) => known.to_owned(),
        (false, true) => format!("{known}:{first}"),
        (false, false) => format!("{known}:{first}-{last}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_reach::{AddrSet, Ports, parse_net};

    /// The packets that rules of these words match.
    fn meant(expressed: &[Expressed]) -> PacketSet {
        let sets: Vec<PacketSet> = expressed
            .iter()
            .flat_map(|one| {
                let sources: AddrSet = one.sources.split(',').filter_map(|net| parse_net(net).ok()).collect();
                one.traffic.split(',').map(move |item| {
                    let (protocol, ports) = item.split_once(':').unwrap_or((item, "0-65535"));
                    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                    let protocols = match protocol {
                        "all" => Protocols::Any,
                        "tcp" => Protocols::One(Protocol::TCP),
                        "udp" => Protocols::One(Protocol::UDP),
                        "sctp" => Protocols::One(Protocol::SCTP),
                        number => Protocols::One(Protocol(number.parse().unwrap())),
                    };
                    PacketSet::of(
                        protocols,
                        &Ports::from_range(first.parse().unwrap(), last.parse().unwrap()),
                        &sources,
                    )
                })
            })
            .collect();
        PacketSet::union_all(&sets)
    }

    fn some(protocol: Protocols, ports: (u16, u16), net: &str) -> PacketSet {
        let sources: AddrSet = [parse_net(net).unwrap()].into_iter().collect();
        PacketSet::of(protocol, &Ports::from_range(ports.0, ports.1), &sources)
    }

    #[test]
    fn the_words_mean_exactly_the_packets_and_what_has_no_words_is_not_said() {
        let tcp = Protocols::One(Protocol::TCP);
        let ssh = some(tcp, (22, 22), "0.0.0.0/0");
        for packets in [
            ssh.clone(),
            some(Protocols::Any, (0, 65_535), "203.0.113.0/24").union(&some(
                Protocols::Any,
                (0, 65_535),
                "2001:db8::/32",
            )),
            ssh.union(&some(Protocols::One(Protocol::UDP), (30_000, 32_767), "10.0.0.0/8")).union(&some(
                tcp,
                (443, 444),
                "::/0",
            )),
            some(tcp, (0, 65_535), "10.0.0.0/9").subtract(&ssh),
            some(Protocols::One(Protocol::ESP), (0, 0), "192.0.2.0/24"),
            some(Protocols::One(Protocol::ICMP), (0, 65_535), "192.0.2.0/24"),
        ] {
            assert_eq!(meant(&expressed(&packets).unwrap()), packets);
        }
        let everything_but_ssh = some(Protocols::Any, (0, 65_535), "0.0.0.0/0").subtract(&ssh);
        assert!(expressed(&everything_but_ssh).is_none());
        assert!(expressed(&some(Protocols::One(Protocol::ICMP), (2048, 2303), "0.0.0.0/0")).is_none());
    }
}
