//! The data-protection map: how the content of etcd is kept.

use crate::{
    map::{Kind, Map, Tone},
    mended::View,
    sketch::{Sketch, Thing, cluster as cluster_node, in_order},
};
use palisade_model::{Cluster, Coverage, Etcd, KeyAccess, KeyOwner, KeyState, Rotation};

/// Holders of a key that are drawn.
const DRAWN: usize = 6;

/// Where etcd stands, what of it is encrypted, with whose key, and who else may use or change that.
pub fn protection<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    let mut sketch = Sketch::new(Kind::Protection, view);
    for cluster in in_order(clusters) {
        let node = cluster_node(&mut sketch, 0, cluster);
        if let Some(etcd) = etcd(&mut sketch, cluster, &node)
            && let Some(encryption) = encryption(&mut sketch, cluster, &etcd)
        {
            key(&mut sketch, cluster, &encryption);
        }
    }
    sketch.finish()
}

fn put(
    sketch: &mut Sketch<'_>,
    cluster: &Cluster,
    lane: usize,
    label: &str,
    plural: &'static str,
    tone: Tone,
) -> String {
    let key = format!("{} {label}", cluster.id);
    sketch.put(cluster, &Thing { lane, key: &key, plural: Some(plural), label, tone })
}

fn etcd(sketch: &mut Sketch<'_>, cluster: &Cluster, node: &str) -> Option<String> {
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
    sketch.say(&id, &because);
    sketch.join(node, &id, "", tone);
    Some(id)
}

fn encryption(sketch: &mut Sketch<'_>, cluster: &Cluster, etcd: &str) -> Option<String> {
    let encryption = match cluster.encryption.get() {
        Ok(encryption) => encryption,
        Err(gap) => {
            sketch.unread(cluster, etcd, 2, "encryption", &gap);
            return None;
        }
    };
    let (name, tone, label) = match encryption.coverage {
        Coverage::AllObjects => ("every object is encrypted", Tone::Good, String::new()),
        Coverage::Secrets => ("Secrets are encrypted", Tone::Good, String::new()),
        Coverage::Nothing => {
            let (tone, label) = sketch.bad(cluster, &["ET-08"], "in the clear");
            ("nothing is encrypted", tone, label)
        }
    };
    let id = put(sketch, cluster, 2, name, "encryptions", tone);
    sketch.say(&id, &encryption.because);
    sketch.join(etcd, &id, &label, tone);
    Some(id)
}

fn key(sketch: &mut Sketch<'_>, cluster: &Cluster, encryption: &str) {
    let owner = cluster.encryption.get().map(|encryption| encryption.owner.clone());
    let name = match owner {
        Ok(KeyOwner::Customer { key } | KeyOwner::ProviderManaged { key }) => key,
        Ok(KeyOwner::Provider) => "the provider's key".to_owned(),
        Ok(KeyOwner::Nobody) | Err(_) => return,
    };
    let state = match cluster.key.state.get() {
        Ok(KeyState::Live { .. } | KeyState::NoCustomerKey { .. }) => Ok((Tone::Good, String::new())),
        Ok(KeyState::Disabled { because }) => Ok(sketch.bad(cluster, &["ET-11"], &format!("switched off: {because}"))),
        Ok(KeyState::PendingDeletion { .. }) => Ok(sketch.bad(cluster, &["ET-11"], "will be destroyed")),
        Err(gap) => Err(gap),
    };
    let (tone, label) = state.clone().unwrap_or((Tone::Unknown, "state not read".to_owned()));
    let thing = Thing { lane: 3, key: &name, plural: Some("keys"), label: &name, tone };
    let id = sketch.put(cluster, &thing);
    if let Err(gap) = state {
        sketch.say(&id, &gap.to_string());
    }
    sketch.join(encryption, &id, &label, tone);
    let rotation = match cluster.key.rotation.get() {
        Ok(Rotation::Automatic { days: Some(days) }) => format!("rotates every {days} days"),
        Ok(Rotation::Automatic { days: None }) => "rotates by itself".to_owned(),
        Ok(Rotation::Manual { .. }) => "is rotated by hand".to_owned(),
        Ok(Rotation::Off) => "does not rotate".to_owned(),
        Ok(Rotation::Elsewhere { because } | Rotation::NoCustomerKey { because }) => because.clone(),
        Err(gap) => format!("rotation not read: {gap}"),
    };
    sketch.say(&id, &rotation);
    holders(sketch, cluster, &id);
}

fn holders(sketch: &mut Sketch<'_>, cluster: &Cluster, key: &str) {
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
        let (tone, label) = if holder.broad { sketch.bad(cluster, &["ET-13"], &label) } else { (Tone::Plain, label) };
        let thing =
            Thing { lane: 4, key: &holder.principal, plural: Some("principals"), label: &holder.principal, tone };
        let id = sketch.put(cluster, &thing);
        sketch.join(key, &id, &label, tone);
    }
    let more = holders.len().saturating_sub(DRAWN);
    if more > 0 {
        let id = put(sketch, cluster, 4, &format!("{more} more principals"), "principals", Tone::Plain);
        sketch.join(key, &id, "", Tone::Plain);
    }
}
