//! The authority map: who becomes which identity, and what that may do or become.

use crate::{
    exposure::identity_node,
    map::{Kind, Map, Tone},
    mended::View,
    sketch::{Sketch, Thing, in_order},
};
use palisade_authority::{Certainty, Hop, Node};
use palisade_model::{Cluster, Identity, IdentityKind, PodAccess, PrincipalKind, TrustSubject};

/// Capabilities drawn of one identity: the gravest.
const DRAWN: usize = 4;

/// Who becomes which identity of the clusters, by what, and what these may do or become.
pub fn authority<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    let mut sketch = Sketch::new(Kind::Authority, view);
    for cluster in in_order(clusters) {
        match cluster.identities.get() {
            Ok(identities) => {
                for identity in identities {
                    let id = identity_node(&mut sketch, 1, cluster, identity);
                    sketch.say(&id, &format!("{} of {}", identity.kind.name(), cluster.name));
                    becomes(&mut sketch, cluster, &id, identity);
                    powers(&mut sketch, 2, cluster, &id, identity);
                }
            }
            Err(gap) => {
                let who = who(&mut sketch, cluster, &cluster.name, "clusters", Tone::Unknown);
                sketch.unread(cluster, &who, 1, "identities", &gap);
            }
        }
        mints(&mut sketch, cluster);
    }
    sketch.finish()
}

fn who(sketch: &mut Sketch<'_>, cluster: &Cluster, name: &str, plural: &'static str, tone: Tone) -> String {
    let key = format!("{} {name}", cluster.id);
    let id = sketch.put(cluster, &Thing { lane: 0, key: &key, plural: Some(plural), label: name, tone });
    sketch.say(&id, &cluster.name);
    id
}

fn becomes(sketch: &mut Sketch<'_>, cluster: &Cluster, id: &str, identity: &Identity) {
    match identity.kind {
        IdentityKind::Node => {
            let from = who(sketch, cluster, "its machines", "groups of machines", Tone::Plain);
            sketch.join(&from, id, "metadata service", Tone::Plain);
            let open =
                cluster.pools.get().ok().into_iter().flatten().find_map(|pool| match &pool.metadata.get().ok()?.pods {
                    PodAccess::Reachable { because } => Some(because.clone()),
                    PodAccess::Blocked { .. } => None,
                });
            if let Some(because) = open {
                let (tone, label) = sketch.bad(cluster, &["ID-07", "ID-06"], &because);
                let from = who(sketch, cluster, "every pod", "groups of pods", tone);
                sketch.join(&from, id, &label, tone);
            }
        }
        IdentityKind::ControlPlane => {
            let from = who(sketch, cluster, "its control plane", "control planes", Tone::Plain);
            sketch.join(&from, id, "", Tone::Plain);
        }
        IdentityKind::Workload | IdentityKind::Controller => (),
    }
    for trust in cluster.trusts.get().ok().into_iter().flatten().filter(|trust| trust.identity == identity.id) {
        let (name, is_wide) = match &trust.subject {
            TrustSubject::Exact { namespace, service_account } => (format!("{namespace}/{service_account}"), false),
            TrustSubject::Namespace { namespace } => (format!("every pod of {namespace}"), true),
            TrustSubject::Pattern { pattern } => (format!("pods like {pattern}"), true),
            TrustSubject::WholeCluster => ("every pod".to_owned(), true),
            TrustSubject::WholePool => ("every pod of every cluster of the pool".to_owned(), true),
            TrustSubject::Nobody { .. } => continue,
            TrustSubject::Expression { text } => (format!("pods by {text}"), true),
        };
        let plain = (Tone::Plain, trust.text.clone());
        let (tone, label) = if is_wide { sketch.bad(cluster, &["ID-08"], &trust.text) } else { plain };
        let from = who(sketch, cluster, &name, "groups of pods", tone);
        sketch.join(&from, id, &label, tone);
    }
    for key in identity.keys.get().ok().into_iter().flatten().filter(|key| key.active) {
        let (tone, label) = sketch.bad(cluster, &["ID-09"], &format!("key {}", key.id));
        let from = who(sketch, cluster, "whoever has its key", "holders of keys", tone);
        sketch.join(&from, id, &label, tone);
    }
    for other in identity.other_trust.get().ok().into_iter().flatten() {
        let plain = (Tone::Plain, "trusted directly".to_owned());
        let is_judged = identity.kind == IdentityKind::ControlPlane;
        let (tone, label) = if is_judged { sketch.bad(cluster, &["ID-01"], &plain.1) } else { plain };
        let from = who(sketch, cluster, other, "other principals", tone);
        sketch.join(&from, id, &label, tone);
    }
}

/// Who can make credentials for the cluster: they become its administrator without being any identity of it.
fn mints(sketch: &mut Sketch<'_>, cluster: &Cluster) {
    for minter in cluster.minters.get().ok().into_iter().flatten() {
        let (tone, label) = match minter.kind {
            PrincipalKind::Everyone | PrincipalKind::External => sketch.bad(cluster, &["ID-13"], &minter.by.join(", ")),
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Role => (Tone::Plain, minter.by.join(", ")),
        };
        let from = who(sketch, cluster, &minter.principal, "makers of credentials", tone);
        let (key, name) = (format!("credentials of {}", cluster.id), format!("credentials of {}", cluster.name));
        let thing = Thing { lane: 1, key: &key, plural: Some("cluster credentials"), label: &name, tone: Tone::Plain };
        let to = sketch.put(cluster, &thing);
        sketch.join(&from, &to, &label, tone);
    }
}

/// What an identity may do or become, in the next lane: everything, or the gravest of what it holds.
pub(crate) fn powers(sketch: &mut Sketch<'_>, lane: usize, cluster: &Cluster, id: &str, identity: &Identity) {
    let standing = match identity.standing.get() {
        Ok(standing) => standing,
        Err(gap) => return sketch.unread(cluster, id, lane, "rights", &gap),
    };
    let controls: &[&str] = match identity.kind {
        IdentityKind::ControlPlane => &["ID-01"],
        IdentityKind::Node => &["ID-03"],
        IdentityKind::Workload => &["ID-10"],
        IdentityKind::Controller => &["ID-11", "ID-10"],
    };
    let account = cluster.scope.as_str().split('/').next().unwrap_or_default();
    let everything = |sketch: &mut Sketch<'_>, tone| {
        let (key, label) = (format!("everything in {account}"), format!("everything in {account}"));
        sketch.put(cluster, &Thing { lane, key: &key, plural: Some("whole accounts"), label: &label, tone })
    };
    if let Some((certainty, _)) = &standing.administrator {
        let (tone, label) = judged(sketch, cluster, controls, certainty, "administrator");
        let to = everything(sketch, tone);
        return sketch.join(id, &to, &label, tone);
    }
    let climbs = standing.escalation.iter().filter_map(|hops| hops.last().map(|last| (hops, last)));
    for (hops, last) in climbs {
        let how = hops.iter().map(|hop: &Hop| hop.method.name()).collect::<Vec<_>>().join(" › ");
        let certainty = hops.iter().fold(Certainty::Certain, |all, hop| all.and(hop.certainty.clone()));
        let (tone, label) = judged(sketch, cluster, controls, &certainty, &how);
        let to = match &last.to {
            Node::Administrator => everything(sketch, tone),
            Node::ClusterAdmin => {
                let (key, name) = (format!("admin of {}", cluster.id), format!("everything in {}", cluster.name));
                let plural = Some("whole clusters");
                sketch.put(cluster, &Thing { lane, key: &key, plural, label: &name, tone })
            }
            Node::Identity(other) => {
                let key = format!("becomes {other}");
                sketch.put(
                    cluster,
                    &Thing { lane, key: &key, plural: Some("other identities"), label: other.as_str(), tone },
                )
            }
        };
        sketch.join(id, &to, &label, tone);
    }
    let mut held: Vec<_> = standing.held.iter().collect();
    held.sort_by_key(|held| held.capability);
    for one in held.into_iter().take(DRAWN) {
        let (key, label) = (format!("{} in {account}", one.capability), one.capability.name());
        let tone = if one.certainty.is_certain() { Tone::Plain } else { Tone::Unknown };
        let to = sketch.put(cluster, &Thing { lane, key: &key, plural: Some(label), label, tone: Tone::Plain });
        sketch.say(&to, account);
        let actions = one.actions.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
        sketch.join(id, &to, &actions, tone);
    }
}

fn judged(
    sketch: &Sketch<'_>,
    cluster: &Cluster,
    controls: &[&'static str],
    certainty: &Certainty,
    label: &str,
) -> (Tone, String) {
    match certainty {
        Certainty::Certain => sketch.bad(cluster, controls, label),
        Certainty::Conditional(_) => (Tone::Unknown, format!("{label} ({certainty})")),
    }
}
