//! The shortest way against all ways, on small random graphs.

use palisade_authority::{Certainty, Graph, Hop, IdentityId, Method, Node};
use proptest::prelude::*;

const NODES: usize = 6;

fn id(number: usize) -> IdentityId {
    format!("identity {number}").into()
}

fn hop((from, to, conditional): (usize, usize, bool)) -> Hop {
    Hop {
        from: Node::Identity(id(from)),
        to: Node::Identity(id(to)),
        method: Method::new("m", "It becomes the other."),
        permissions: vec![],
        by: vec![],
        certainty: if conditional { Certainty::Conditional(["k".to_owned()].into()) } else { Certainty::Certain },
    }
}

type Edge = (usize, usize, bool);

/// Conditional hops, then hops, of the best way; by trying every way without a circle.
fn best(edges: &[Edge], visited: &[usize], at: usize, to: usize) -> Option<(usize, usize)> {
    if at == to {
        return Some((0, 0));
    }
    let onward = edges.iter().filter(|(from, next, _)| *from == at && !visited.contains(next));
    onward
        .filter_map(|(_, next, conditional)| {
            let visited: Vec<usize> = visited.iter().copied().chain([at]).collect();
            let (uncertain, hops) = best(edges, &visited, *next, to)?;
            Some((uncertain + usize::from(*conditional), hops + 1))
        })
        .min()
}

fn edges() -> impl Strategy<Value = Vec<Edge>> {
    prop::collection::vec((0..NODES, 0..NODES, any::<bool>()), 0..14)
}

fn build(edges: &[Edge]) -> Graph {
    let mut graph = Graph::new();
    edges.iter().copied().map(hop).for_each(|hop| graph.add(hop));
    graph
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_way_told_is_a_way_and_no_way_is_better(edges in edges()) {
        let graph = build(&edges);
        let reachable = graph.reachable_from(&id(0));
        for to in 1..NODES {
            let target = Node::Identity(id(to));
            let path = graph.shortest_path(&id(0), &target);
            let told = path.as_ref().map(|path| (path.iter().filter(|hop| !hop.certainty.is_certain()).count(), path.len()));
            prop_assert_eq!(told, best(&edges, &[], 0, to));
            prop_assert_eq!(reachable.get(&target).map(Certainty::is_certain), told.map(|(conditional, _)| conditional == 0));
            let Some(path) = path else { continue };
            let ends: Vec<&Node> = path.iter().map(|hop| &hop.to).collect();
            let starts: Vec<&Node> = path.iter().map(|hop| &hop.from).collect();
            prop_assert_eq!(starts.first().copied(), Some(&Node::Identity(id(0))));
            prop_assert_eq!(ends.last().copied(), Some(&target));
            prop_assert_eq!(&starts[1..], &ends[..ends.len() - 1]);
        }
    }

    #[test]
    fn the_order_in_which_steps_were_learned_does_not_matter(edges in edges()) {
        let (forward, backward) = (build(&edges), build(&edges.iter().rev().copied().collect::<Vec<_>>()));
        for to in 1..NODES {
            let target = Node::Identity(id(to));
            prop_assert_eq!(forward.shortest_path(&id(0), &target), backward.shortest_path(&id(0), &target));
        }
    }
}
