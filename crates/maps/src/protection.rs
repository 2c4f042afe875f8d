//! The data-protection map: how the content of etcd is kept.

use crate::{
    map::{Kind, Map, Tone},
    mended::View,
    piece::map_of,
    sketch::{Paint, Sketch, Thing, cluster as cluster_node},
};
use palisade_model::{Cluster, Coverage, Etcd, KeyAccess, KeyOwner, KeyState, Rotation};

/// Holders of a key that are drawn.
const DRAWN: usize = 6;

/// Where etcd stands, what of it is encrypted, with whose key, and who else may use or change that.
pub fn protection<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    map_of(Kind::Protection, clusters, view)
}

pub(crate) fn draw(sketch: &mut Sketch, cluster: &Cluster) {
    let node = cluster_node(sketch, 0, cluster);
    if let Some(etcd) = etcd(sketch, cluster, node)
        && let Some(encryption) = encryption(sketch, cluster, etcd)
    {
        key(sketch, cluster, encryption);
    }
}

fn put(
    sketch: &mut Sketch,
    cluster: &Cluster,
    lane: usize,
    label: &str,
    plural: &'static str,
    tone: impl Into<Paint>,
) -> usize {
    let key = format!("{} {label}", cluster.id);
    let id = sketch.put(&Thing { lane, key: &key, plural: Some(plural), label, tone: tone.into() });
    sketch.say(id, &cluster.name);
    id
}

fn etcd(sketch: &mut Sketch, cluster: &Cluster, node: usize) -> Option<usize> {
    let (name, because, tone) = match cluster.etcd.get() {
        Ok(Etcd::ProviderManaged { reference }) => ("run by the provider", (*reference).to_owned(), Tone::Good),
        // What reaches it there is not computed.
        Ok(Etcd::CustomerNetwork { because }) => ("in a network of its own", because.clone(), Tone::Unknown),
        Err(gap) => {
            sketch.unread(cluster, node, 1, "etcd", &gap);
            return None;
        }
    };
    let id = put(sketch, cluster, 1, name, "etcds", tone);
    sketch.say(id, &because);
    sketch.join(node, id, "", tone);
    Some(id)
}

fn encryption(sketch: &mut Sketch, cluster: &Cluster, etcd: usize) -> Option<usize> {
    let encryption = match cluster.encryption.get() {
        Ok(encryption) => encryption,
        Err(gap) => {
            sketch.unread(cluster, etcd, 2, "encryption", &gap);
            return None;
        }
    };
    let (name, tone, label) = match encryption.coverage {
        Coverage::AllObjects => ("every object is encrypted", Tone::Good.into(), ""),
        Coverage::Secrets => ("Secrets are encrypted", Tone::Good.into(), ""),
        Coverage::Nothing => ("nothing is encrypted", Paint::Bad(&["ET-08"]), "in the clear"),
    };
    let id = put(sketch, cluster, 2, name, "encryptions", tone);
    sketch.say(id, &encryption.because);
    sketch.join(etcd, id, label, tone);
    Some(id)
}

fn key(sketch: &mut Sketch, cluster: &Cluster, encryption: usize) {
    let owner = cluster.encryption.get().map(|encryption| encryption.owner.clone());
    let name = match owner {
        Ok(KeyOwner::Customer { key } | KeyOwner::ProviderManaged { key }) => key,
        Ok(KeyOwner::Provider) => "the provider's key".to_owned(),
        Ok(KeyOwner::Nobody) | Err(_) => return,
    };
    let state = match cluster.key.state.get() {
        Ok(KeyState::Live { .. } | KeyState::NoCustomerKey { .. }) => Ok((Paint::Is(Tone::Good), String::new())),
        Ok(KeyState::Disabled { because }) => Ok((Paint::Bad(&["ET-11"]), format!("switched off: {because}"))),
        Ok(KeyState::PendingDeletion { .. }) => Ok((Paint::Bad(&["ET-11"]), "will be destroyed".to_owned())),
        Err(gap) => Err(gap),
    };
    let (tone, label) = state.clone().unwrap_or((Tone::Unknown.into(), "state not read".to_owned()));
    let thing = Thing { lane: 3, key: &name, plural: Some("keys"), label: &name, tone };
    let id = sketch.put(&thing);
    if let Err(gap) = state {
        sketch.say(id, &gap.to_string());
    }
    sketch.join(encryption, id, &label, tone);
    let rotation = match cluster.key.rotation.get() {
        Ok(Rotation::Automatic { days: Some(days) }) => format!("rotates every {days} days"),
        Ok(Rotation::Automatic { days: None }) => "rotates by itself".to_owned(),
        Ok(Rotation::Manual { .. }) => "is rotated by hand".to_owned(),
        Ok(Rotation::Off) => "does not rotate".to_owned(),
        Ok(Rotation::Elsewhere { because } | Rotation::NoCustomerKey { because }) => because.clone(),
        Err(gap) => format!("rotation not read: {gap}"),
    };
    sketch.say(id, &rotation);
    holders(sketch, cluster, id);
}

fn holders(sketch: &mut Sketch, cluster: &Cluster, key: usize) {
    let holders = match cluster.key.access.get() {
        Ok(KeyAccess::Known { holders, .. }) => holders,
        Ok(KeyAccess::NoCustomerKey { .. }) => return,
        Err(gap) => return sketch.unread(cluster, key, 4, "holders", &gap),
    };
    for holder in holders.iter().take(DRAWN) {
        let may = match (holder.uses, holder.administers) {
            (true, true) => "decrypt, administer",
            (true, false) => "decrypt",
            (false, true) => "administer",
            (false, false) => "nothing of these",
        };
        let label = format!("{may} by {}", holder.by);
        let tone = if holder.broad { Paint::Bad(&["ET-13"]) } else { Tone::Plain.into() };
        let thing =
            Thing { lane: 4, key: &holder.principal, plural: Some("principals"), label: &holder.principal, tone };
        let id = sketch.put(&thing);
        sketch.join(key, id, &label, tone);
    }
    let more = holders.len().saturating_sub(DRAWN);
    if more > 0 {
        let id = put(sketch, cluster, 4, &format!("{more} more principals"), "principals", Tone::Plain);
        sketch.join(key, id, "", Tone::Plain);
    }
}
