//! The architecture map: accounts, clusters, machines and their way out.

use crate::{
    map::{Kind, Map, Tone},
    mended::View,
    sketch::{Sketch, Thing, cluster as cluster_node, in_order},
};
use palisade_model::{Cluster, DefaultRoute, Pool, PoolKind};

/// Accounts, clusters with their versions, pools with their machines, and the way out of these.
pub fn architecture<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    let mut sketch = Sketch::new(Kind::Architecture, view);
    for cluster in in_order(clusters) {
        let account = cluster.scope.as_str().split('/').next().unwrap_or_default();
        let thing = Thing { lane: 0, key: account, plural: Some("accounts"), label: account, tone: Tone::Plain };
        let account = sketch.put(cluster, &thing);
        sketch.say(&account, cluster.provider.service());
        let node = cluster_node(&mut sketch, 1, cluster);
        match cluster.version.get() {
            Ok(version) => sketch.say(&node, &format!("Kubernetes {version}")),
            Err(gap) => sketch.say(&node, &format!("version not read: {gap}")),
        }
        sketch.join(&account, &node, cluster.location.as_str(), Tone::Plain);
        match cluster.pools.get() {
            Ok(pools) => pools.iter().for_each(|pool| machines(&mut sketch, cluster, &node, pool)),
            Err(gap) => sketch.unread(cluster, &node, 2, "node pools", &gap),
        }
    }
    sketch.finish()
}

fn machines(sketch: &mut Sketch<'_>, cluster: &Cluster, node: &str, pool: &Pool) {
    let kind = match pool.kind {
        PoolKind::Managed => "managed",
        PoolKind::SelfManaged => "self-managed",
        PoolKind::Automatic => "automatic",
        PoolKind::Serverless => "serverless",
    };
    let key = format!("{} {}", cluster.id, pool.id);
    let thing = Thing { lane: 2, key: &key, plural: Some("node pools"), label: &pool.name, tone: Tone::Plain };
    let id = sketch.put(cluster, &thing);
    sketch.join(node, &id, kind, Tone::Plain);
    match pool.nodes.get() {
        Ok(nodes) => {
            let public = nodes.iter().filter(|node| !node.public.is_empty()).count();
            let machines = if nodes.len() == 1 { "machine" } else { "machines" };
            sketch.say(&id, &format!("{} {machines}, {public} with a public address", nodes.len()));
        }
        Err(gap) => sketch.say(&id, &format!("machines not read: {gap}")),
    }
    let (name, label, tone) = match pool.default_route.get() {
        Ok(DefaultRoute::Internet { via }) => {
            let (tone, label) = sketch.bad(cluster, &["ND-05"], via);
            ("straight to the internet", label, tone)
        }
        Ok(DefaultRoute::Implicit { via }) => {
            let (tone, label) = sketch.bad(cluster, &["ND-05"], via);
            ("implicit address", label, tone)
        }
        Ok(DefaultRoute::Brokered { via }) => ("translated or inspected", via.clone(), Tone::Good),
        Ok(DefaultRoute::None) => ("no way out", String::new(), Tone::Good),
        Ok(DefaultRoute::ProviderManaged) => ("provider-run network", String::new(), Tone::Plain),
        Err(gap) => return sketch.unread(cluster, &id, 3, "way out", &gap),
    };
    let to = sketch.put(cluster, &Thing { lane: 3, key: name, plural: None, label: name, tone });
    sketch.join(&id, &to, &label, tone);
}
