//! The architecture map: accounts, clusters, machines and their way out.

use crate::{
    map::{Kind, Map, Tone},
    mended::View,
    piece::map_of,
    sketch::{Paint, Sketch, Thing, cluster as cluster_node},
};
use palisade_model::{Cluster, DefaultRoute, Pool, PoolKind};

/// Accounts, clusters with their versions, pools with their machines, and the way out of these.
pub fn architecture<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    map_of(Kind::Architecture, clusters, view)
}

pub(crate) fn draw(sketch: &mut Sketch, cluster: &Cluster) {
    let account = cluster.scope.as_str().split('/').next().unwrap_or_default();
    let tone = Tone::Plain.into();
    let account = sketch.put(&Thing { lane: 0, key: account, plural: Some("accounts"), label: account, tone });
    sketch.say(account, cluster.provider.service());
    let node = cluster_node(sketch, 1, cluster);
    match cluster.version.get() {
        Ok(version) => sketch.say(node, &format!("Kubernetes {version}")),
        Err(gap) => sketch.say(node, &format!("version not read: {gap}")),
    }
    sketch.join(account, node, cluster.location.as_str(), Tone::Plain);
    match cluster.pools.get() {
        Ok(pools) => pools.iter().for_each(|pool| machines(sketch, cluster, node, pool)),
        Err(gap) => sketch.unread(cluster, node, 2, "node pools", &gap),
    }
}

fn machines(sketch: &mut Sketch, cluster: &Cluster, node: usize, pool: &Pool) {
    let kind = match pool.kind {
        PoolKind::Managed => "managed",
        PoolKind::SelfManaged => "self-managed",
        PoolKind::Automatic => "automatic",
        PoolKind::Serverless => "serverless",
    };
    let key = format!("{} {}", cluster.id, pool.id);
    let thing = Thing { lane: 2, key: &key, plural: Some("node pools"), label: &pool.name, tone: Tone::Plain.into() };
    let id = sketch.put(&thing);
    sketch.join(node, id, kind, Tone::Plain);
    match pool.nodes.get() {
        Ok(nodes) => {
            let public = nodes.iter().filter(|node| !node.public.is_empty()).count();
            let machines = if nodes.len() == 1 { "machine" } else { "machines" };
            sketch.say(id, &format!("{} {machines}, {public} with a public address", nodes.len()));
        }
        Err(gap) => sketch.say(id, &format!("machines not read: {gap}")),
    }
    let (name, label, tone) = match pool.default_route.get() {
        Ok(DefaultRoute::Internet { via }) => ("straight to the internet", via.clone(), Paint::Bad(&["ND-05"])),
        Ok(DefaultRoute::Implicit { via }) => ("implicit address", via.clone(), Paint::Bad(&["ND-05"])),
        Ok(DefaultRoute::Brokered { via }) => ("translated or inspected", via.clone(), Tone::Good.into()),
        Ok(DefaultRoute::None) => ("no way out", String::new(), Tone::Good.into()),
        Ok(DefaultRoute::ProviderManaged) => ("provider-run network", String::new(), Tone::Plain.into()),
        Err(gap) => return sketch.unread(cluster, id, 3, "way out", &gap),
    };
    let to = sketch.put(&Thing { lane: 3, key: name, plural: None, label: name, tone });
    sketch.join(id, to, &label, tone);
}
