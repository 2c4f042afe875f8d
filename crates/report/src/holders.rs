//! Who holds a capability or can come to hold it, over every cluster and cloud that was read.

use crate::{Options, brief::short_names, paint::Pen, plain};
use palisade_authority::{Capability, Certainty, GrantId, IdentityId, Node, Standing};
use palisade_model::{Cluster, Identity, KeyAccess};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Somebody whom only a policy names.
const PRINCIPAL: &str = "principal";

/// One way by which somebody has a capability.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// Whether it hangs on something; certain ways come first.
    certainty: Certainty,
    /// Whether another step comes before it; what is held comes before what can be got.
    steps: usize,
    /// By what.
    by: String,
}

/// Somebody with a capability.
struct Holder {
    name: String,
    kind: &'static str,
    clusters: BTreeSet<String>,
    way: Way,
}

struct Answer {
    holders: BTreeMap<String, Holder>,
    /// What is not known, once each.
    unknown: BTreeSet<String>,
}

/// Everybody who holds a capability or can come to hold it, for people.
pub fn who(clusters: &[Cluster], capability: Capability, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let answer = answer(clusters, capability);
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}",
        pen.wrap(&format!("{}  {}", pen.strong(capability.name()), capability.meaning()), "", "  ")
    );
    let mut holders: Vec<(&String, &Holder)> = answer.holders.iter().collect();
    holders.sort_by_key(|(id, holder)| (&holder.way, *id));
    for (certain, title) in [(true, "certainly"), (false, "if a condition holds")] {
        let these: Vec<_> = holders.iter().filter(|(_, one)| one.way.certainty.is_certain() == certain).collect();
        if these.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}  {}", pen.strong(title), these.len());
        for (id, holder) in these {
            let clusters: Vec<&str> = holder.clusters.iter().map(String::as_str).take(2).collect();
            let more = holder.clusters.len().saturating_sub(clusters.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let head = format!("{}  {} of {}{more}", holder.name, holder.kind, clusters.join(", "));
            let _ = writeln!(text, "{}", pen.wrap(&plain(&head), "  ", "    "));
            if **id != holder.name {
                let _ = writeln!(text, "{}", pen.wrap(&plain(id), "    ", "    "));
            }
            let on = match &holder.way.certainty {
                Certainty::Certain => String::new(),
                Certainty::Conditional(on) => {
                    format!("; if {}", on.iter().cloned().collect::<Vec<_>>().join(", "))
                }
            };
            let said = short_names(&format!("{}{on}", holder.way.by));
            let _ = writeln!(text, "{}", pen.wrap_to(&plain(&said), "    ", 4));
        }
    }
    if holders.is_empty() {
        let _ = writeln!(text, "\n  nobody that was read");
    }
    if !answer.unknown.is_empty() {
        let _ = writeln!(text, "\n{}", pen.strong("not known"));
        for gap in &answer.unknown {
            let _ = writeln!(text, "{}", pen.wrap_to(&plain(&short_names(gap)), "  ", 3));
        }
    }
    text
}

/// The same for programs, as `palisade.holders/v1`.
pub fn who_json(clusters: &[Cluster], capability: Capability) -> Value {
    let answer = answer(clusters, capability);
    let holders: Vec<Value> = answer
        .holders
        .iter()
        .map(|(id, holder)| {
            json!({
                "id": id,
                "name": holder.name,
                "kind": holder.kind,
                "clusters": holder.clusters,
                "certain": holder.way.certainty.is_certain(),
                "on": match &holder.way.certainty {
                    Certainty::Certain => Vec::new(),
                    Certainty::Conditional(on) => on.iter().cloned().collect(),
                },
                "holds": holder.way.steps == 0,
                "by": holder.way.by,
            })
        })
        .collect();
    json!({
        "schema": "palisade.holders/v1",
        "capability": capability.name(),
        "holders": holders,
        "unknown": answer.unknown,
    })
}

fn answer(clusters: &[Cluster], capability: Capability) -> Answer {
    let mut answer = Answer { holders: BTreeMap::new(), unknown: BTreeSet::new() };
    let mut standings: BTreeMap<&IdentityId, &Standing> = BTreeMap::new();
    for identity in clusters.iter().flat_map(|cluster| cluster.identities.get().into_iter().flatten()) {
        if let Ok(standing) = identity.standing.get() {
            standings.insert(&identity.id, standing);
        }
    }
    for cluster in clusters {
        match cluster.identities.get() {
            Err(gap) => _ = answer.unknown.insert(format!("identities of {}: {gap}", cluster.name)),
            Ok(identities) => {
                for identity in identities {
                    answer.identity(cluster, identity, capability, &standings);
                }
            }
        }
        answer.groups(cluster, capability);
        match capability {
            Capability::ClusterAdmin | Capability::ReadClusterSecrets | Capability::RunWorkloads => {
                answer.minters(cluster);
            }
            Capability::DecryptKms => answer.key(cluster),
            _ => (),
        }
    }
    answer
}

impl Answer {
    fn add(&mut self, id: &str, name: &str, kind: &'static str, cluster: &Cluster, way: Way) {
        let holder = self.holders.entry(id.to_owned()).or_insert_with(|| Holder {
            name: name.to_owned(),
            kind,
            clusters: BTreeSet::new(),
            way: way.clone(),
        });
        // An identity that was looked at says more of itself than a policy that names it.
        if holder.kind == PRINCIPAL && kind != PRINCIPAL {
            (holder.name, holder.kind) = (name.to_owned(), kind);
        }
        holder.clusters.insert(format!("{} {}", cluster.provider.service(), cluster.name));
        if way < holder.way {
            holder.way = way;
        }
    }

    fn identity(
        &mut self,
        cluster: &Cluster,
        identity: &Identity,
        capability: Capability,
        standings: &BTreeMap<&IdentityId, &Standing>,
    ) {
        match identity.standing.get() {
            Err(gap) => _ = self.unknown.insert(format!("{}: {gap}", identity.name)),
            Ok(standing) => {
                let best =
                    held(standing, capability).into_iter().chain(become_it(standing, capability, standings)).min();
                if let Some(way) = best {
                    self.add(identity.id.as_str(), &identity.name, identity.kind.name(), cluster, way);
                }
            }
        }
    }

    /// Members of groups nobody could look into.
    fn groups(&mut self, cluster: &Cluster, capability: Capability) {
        match cluster.unread_groups.get() {
            Err(gap) => _ = self.unknown.insert(format!("members of groups around {}: {gap}", cluster.name)),
            Ok(groups) => {
                for group in groups.iter().filter(|group| group.adds.iter().any(|has| gives(*has, capability))) {
                    let on = format!("somebody is a member: `{}` would tell", group.readable_with);
                    let way = Way { certainty: Certainty::Conditional([on].into()), steps: 0, by: given(&group.by) };
                    self.add(&group.group, &group.group, "group", cluster, way);
                }
            }
        }
    }

    fn minters(&mut self, cluster: &Cluster) {
        match cluster.minters.get() {
            Err(gap) => _ = self.unknown.insert(format!("who can make credentials for {}: {gap}", cluster.name)),
            Ok(minters) => {
                for minter in minters {
                    let by =
                        format!("can make credentials for the cluster by {} in {}", minter.by.join(", "), minter.scope);
                    let on = "the credentials it makes are an administrator's".to_owned();
                    let certainty = minter.certainty.clone().and(Certainty::Conditional([on].into()));
                    let way = Way { certainty, steps: 1, by };
                    self.add(&minter.principal, &minter.principal, PRINCIPAL, cluster, way);
                }
            }
        }
    }

    fn key(&mut self, cluster: &Cluster) {
        match cluster.key.access.get() {
            Err(gap) => _ = self.unknown.insert(format!("who holds the key of {}: {gap}", cluster.name)),
            Ok(KeyAccess::NoCustomerKey { .. }) => (),
            Ok(KeyAccess::Known { holders, .. }) => {
                for holder in holders.iter().filter(|holder| holder.uses || holder.administers) {
                    let verb = if holder.uses { "uses" } else { "may let itself use" };
                    let by = format!("{verb} the key of the cluster's etcd by {}", holder.by);
                    let way = Way { certainty: Certainty::Certain, steps: usize::from(!holder.uses), by };
                    self.add(&holder.principal, &holder.principal, PRINCIPAL, cluster, way);
                }
            }
        }
    }
}

/// Whether one capability amounts to another by itself.
fn gives(has: Capability, wanted: Capability) -> bool {
    has == wanted
        || has == Capability::Administrator
        || (has == Capability::ClusterAdmin
            && matches!(wanted, Capability::ReadClusterSecrets | Capability::RunWorkloads))
}

/// What an identity has now.
fn held(standing: &Standing, capability: Capability) -> Vec<Way> {
    let administrator = standing.administrator.iter().map(|(certainty, by)| Way {
        certainty: certainty.clone(),
        steps: 0,
        by: format!("administrator, {}", given(by)),
    });
    let held = standing.held.iter().filter(|held| gives(held.capability, capability)).map(|held| Way {
        certainty: held.certainty.clone(),
        steps: 0,
        by: if held.actions.is_empty() {
            given(&held.by)
        } else {
            format!("{}, {}", held.actions.join(" + "), given(&held.by))
        },
    });
    administrator.chain(held).collect()
}

/// What it can get: by giving it to itself, or by becoming who has it.
fn become_it(standing: &Standing, capability: Capability, standings: &BTreeMap<&IdentityId, &Standing>) -> Vec<Way> {
    let mut ways = Vec::new();
    for held in &standing.held {
        let (said, certainty) = match held.capability {
            Capability::EscalatePrivilege => ("can give itself the right", held.certainty.clone()),
            Capability::AssumeAnyIdentity => (
                "can become any identity",
                held.certainty.clone().and(Certainty::Conditional(["some identity holds it".to_owned()].into())),
            ),
            _ => continue,
        };
        ways.push(Way {
            certainty,
            steps: 1,
            by: format!("{said} by {}, {}", held.actions.join(" + "), given(&held.by)),
        });
    }
    let path = standing.escalation.as_deref().unwrap_or_default();
    let mut certainty = Certainty::Certain;
    let mut told = Vec::new();
    for hop in path {
        certainty = certainty.and(hop.certainty.clone());
        told.push(format!("`{}` by {}, {}", hop.to, hop.method, given(&hop.by)));
        let then = match &hop.to {
            Node::Administrator => Some(Certainty::Certain),
            Node::ClusterAdmin => gives(Capability::ClusterAdmin, capability).then_some(Certainty::Certain),
            Node::Identity(id) => {
                let ways = standings.get(id).map(|standing| held_by(standing, capability));
                ways.flatten()
            }
        };
        if let Some(then) = then {
            let by = format!("can become {}", told.join(", then "));
            ways.push(Way { certainty: certainty.clone().and(then), steps: told.len(), by });
            break;
        }
    }
    ways
}

fn held_by(standing: &Standing, capability: Capability) -> Option<Certainty> {
    held(standing, capability).into_iter().map(|way| way.certainty).min()
}

fn given(by: &[GrantId]) -> String {
    let by: BTreeSet<&str> = by.iter().map(GrantId::as_str).collect();
    if by.is_empty() {
        "given by nothing that is named".to_owned()
    } else {
        format!("given by {}", Vec::from_iter(by).join(", "))
    }
}
