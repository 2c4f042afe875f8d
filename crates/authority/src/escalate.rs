//! The graph of who may become whom, and the shortest way through it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::capability::Certainty;
use crate::grant::GrantId;
use crate::method::Method;

/// An identity, by the name its cloud gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityId(Arc<str>);

impl IdentityId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for IdentityId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one can become.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Node {
    /// This identity.
    Identity(IdentityId),
    /// Whoever may do everything in the account.
    Administrator,
    /// Whoever may do everything in the cluster.
    ClusterAdmin,
}

impl From<IdentityId> for Node {
    fn from(id: IdentityId) -> Self {
        Self::Identity(id)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(id) => id.fmt(f),
            Self::Administrator => f.write_str("administrator"),
            Self::ClusterAdmin => f.write_str("cluster-admin"),
        }
    }
}

/// One step: `from` becomes `to`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hop {
    /// Who takes the step.
    pub from: Node,
    /// What it becomes.
    pub to: Node,
    /// How.
    pub method: Method,
    /// The permissions the step uses.
    pub permissions: Vec<String>,
    /// The grants that give them.
    pub by: Vec<GrantId>,
    /// How sure it is that the step is open.
    pub certainty: Certainty,
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} by {}", self.from, self.to, self.method)?;
        let mut before = ": ";
        if !self.permissions.is_empty() {
            write!(f, "{before}needs {}", self.permissions.join(", "))?;
            before = ", ";
        }
        if !self.by.is_empty() {
            let by: Vec<&str> = self.by.iter().map(GrantId::as_str).collect();
            write!(f, "{before}given by {}", by.join(", "))?;
        }
        match &self.certainty {
            Certainty::Certain => Ok(()),
            conditional @ Certainty::Conditional(_) => write!(f, " ({conditional})"),
        }
    }
}

/// Who may become whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    hops: BTreeMap<Node, BTreeSet<Hop>>,
}

/// Conditional hops first, then hops: a sure detour beats a shorter way that may be closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Length {
    conditional: usize,
    hops: usize,
}

impl Graph {
    /// A graph in which nobody can become anyone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step. Steps of an identity to itself lead nowhere and are left out.
    pub fn add(&mut self, hop: Hop) {
        if hop.from != hop.to {
            self.hops.entry(hop.from.clone()).or_default().insert(hop);
        }
    }

    /// Every step, in a stable order.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.hops.values().flatten()
    }

    /// The way from an identity to a node with the fewest conditional hops, and among those the fewest hops. Empty
    /// when it is there already, nothing when there is no way.
    pub fn shortest_path(&self, from: &IdentityId, to: &Node) -> Option<Vec<Hop>> {
        let arrivals = self.arrivals(from);
        let start = Node::Identity(from.clone());
        (*to == start || arrivals.contains_key(to)).then(|| path(&arrivals, to).into_iter().cloned().collect())
    }

    /// Everything an identity can become, itself left out, with how sure the best way there is.
    pub fn reachable_from(&self, from: &IdentityId) -> BTreeMap<Node, Certainty> {
        let arrivals = self.arrivals(from);
        let certainty = |to| path(&arrivals, to).into_iter().map(|hop| hop.certainty.clone());
        arrivals.keys().map(|to| ((*to).clone(), certainty(to).fold(Certainty::Certain, Certainty::and))).collect()
    }

    /// For each node that can be reached, the last hop of the best way to it.
    fn arrivals(&self, from: &IdentityId) -> BTreeMap<&Node, &Hop> {
        let start = Node::Identity(from.clone());
        let mut arrivals: BTreeMap<&Node, &Hop> = BTreeMap::new();
        let Some((start, _)) = self.hops.get_key_value(&start) else {
            return arrivals;
        };
        let mut best: BTreeMap<&Node, Length> = BTreeMap::from([(start, Length::default())]);
        let mut open = BTreeSet::from([(Length::default(), start)]);
        while let Some((length, node)) = open.pop_first() {
            for hop in self.hops.get(node).into_iter().flatten() {
                let conditional = length.conditional + usize::from(!hop.certainty.is_certain());
                let reached = Length { conditional, hops: length.hops + 1 };
                if best.get(&hop.to).is_some_and(|known| *known <= reached) {
                    continue;
                }
                if let Some(known) = best.insert(&hop.to, reached) {
                    open.remove(&(known, &hop.to));
                }
                arrivals.insert(&hop.to, hop);
                open.insert((reached, &hop.to));
            }
        }
        arrivals
    }
}

fn path<'a>(arrivals: &BTreeMap<&'a Node, &'a Hop>, to: &Node) -> Vec<&'a Hop> {
    let mut hops = Vec::new();
    let mut at = to;
    while let Some(hop) = arrivals.get(at) {
        hops.push(*hop);
        at = &hop.from;
    }
    hops.reverse();
    hops
}

/// A path in words, a line for each hop.
pub fn explain(path: &[Hop]) -> Vec<String> {
    path.iter().map(Hop::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node {
        match name {
            "administrator" => Node::Administrator,
            "cluster-admin" => Node::ClusterAdmin,
            name => Node::Identity(name.into()),
        }
    }

    fn hop(from: &str, to: &str, on: &[&str]) -> Hop {
        let on: BTreeSet<String> = on.iter().map(|name| (*name).to_owned()).collect();
        Hop {
            from: node(from),
            to: node(to),
            method: Method::new("assume-role", "It asks for the role."),
            permissions: vec!["sts:AssumeRole".to_owned()],
            by: vec![format!("policy of {from}").as_str().into()],
            certainty: if on.is_empty() { Certainty::Certain } else { Certainty::Conditional(on) },
        }
    }

    fn graph(hops: &[(&str, &str, &[&str])]) -> Graph {
        let mut graph = Graph::new();
        for (from, to, on) in hops {
            graph.add(hop(from, to, on));
        }
        graph
    }

    fn path(graph: &Graph, from: &str, to: &str) -> Option<String> {
        let path = graph.shortest_path(&from.into(), &node(to))?;
        let stops = path.iter().map(|hop| hop.to.to_string());
        Some(std::iter::once(from.to_owned()).chain(stops).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_way_with_the_fewest_hops_is_told() {
        let graph =
            graph(&[("node", "a", &[]), ("a", "b", &[]), ("b", "administrator", &[]), ("a", "administrator", &[])]);
        assert_eq!(path(&graph, "node", "administrator").unwrap(), "node a administrator");
    }

    #[test]
    fn a_sure_detour_beats_a_shorter_way_that_may_be_closed() {
        let graph = graph(&[("node", "administrator", &["mfa"]), ("node", "a", &[]), ("a", "administrator", &[])]);
        assert_eq!(path(&graph, "node", "administrator").unwrap(), "node a administrator");
    }

    #[test]
    fn there_is_no_way_against_the_arrows_and_none_to_a_stranger() {
        let graph = graph(&[("a", "node", &[])]);
        assert_eq!(path(&graph, "node", "a"), None);
        assert_eq!(path(&graph, "node", "cluster-admin"), None);
        assert_eq!(path(&graph, "stranger", "a"), None);
    }

    #[test]
    fn who_is_there_already_needs_no_step() {
        assert_eq!(Graph::new().shortest_path(&"node".into(), &node("node")), Some(vec![]));
    }

    #[test]
    fn circles_end() {
        let graph = graph(&[("a", "b", &[]), ("b", "a", &[]), ("b", "c", &[]), ("a", "a", &[])]);
        assert_eq!(path(&graph, "a", "c").unwrap(), "a b c");
        assert_eq!(graph.hops().count(), 3, "a step to oneself is none");
    }

    #[test]
    fn everything_one_can_become_is_listed_with_its_certainty() {
        let graph = graph(&[("a", "b", &["k"]), ("b", "c", &["j"]), ("c", "a", &[]), ("x", "y", &[])]);
        let reach = graph.reachable_from(&"a".into());
        let on = |names: &[&str]| Certainty::Conditional(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(reach, BTreeMap::from([(node("b"), on(&["k"])), (node("c"), on(&["j", "k"]))]));
    }

    #[test]
    fn a_path_reads_as_who_becomes_whom_how_and_thanks_to_what() {
        let graph = graph(&[("node", "ci", &["sts:ExternalId"]), ("ci", "administrator", &[])]);
        let path = graph.shortest_path(&"node".into(), &Node::Administrator).unwrap();
        assert_eq!(
            explain(&path),
            [
                "node -> ci by assume-role: needs sts:AssumeRole, given by policy of node (conditional on sts:ExternalId)",
                "ci -> administrator by assume-role: needs sts:AssumeRole, given by policy of ci",
            ]
        );
        let trust = Hop { permissions: vec![], by: vec![], ..path[1].clone() };
        assert_eq!(trust.to_string(), "ci -> administrator by assume-role");
    }
}
