//! The authority map: who becomes which identity, and what that may do or become.

use crate::{
    exposure::identity_node,
    map::{Kind, Map, Tone},
    mended::View,
    piece::map_of,
    sketch::{Paint, Sketch, Thing},
};
use palisade_authority::{Certainty, Hop, Node};
use palisade_model::{Cluster, Identity, IdentityKind, PodAccess, PrincipalKind, TrustSubject};

/// Capabilities drawn of one identity: the gravest.
const DRAWN: usize = 4;

/// Who becomes which identity of the clusters, by what, and what these may do or become.
pub fn authority<'a>(clusters: impl IntoIterator<Item = &'a Cluster>, view: &View) -> Map {
    map_of(Kind::Authority, clusters, view)
}

pub(crate) fn draw(sketch: &mut Sketch, cluster: &Cluster) {
    match cluster.identities.get() {
        Ok(identities) => {
            for identity in identities {
                let id = identity_node(sketch, 1, identity);
                sketch.say(id, &format!("{} of {}", identity.kind.name(), cluster.name));
                becomes(sketch, cluster, id, identity);
                powers(sketch, 2, cluster, id, identity);
            }
        }
        Err(gap) => {
            let who = who(sketch, cluster, &cluster.name, "clusters", Tone::Unknown);
            sketch.unread(cluster, who, 1, "identities", &gap);
        }
    }
    mints(sketch, cluster);
}

fn who(sketch: &mut Sketch, cluster: &Cluster, name: &str, plural: &'static str, tone: impl Into<Paint>) -> usize {
    let key = format!("{} {name}", cluster.id);
    let id = sketch.put(&Thing { lane: 0, key: &key, plural: Some(plural), label: name, tone: tone.into() });
    sketch.say(id, &cluster.name);
    id
}

fn becomes(sketch: &mut Sketch, cluster: &Cluster, id: usize, identity: &Identity) {
    match identity.kind {
        IdentityKind::Node => {
            let from = who(sketch, cluster, "its machines", "groups of machines", Tone::Plain);
            sketch.join(from, id, "metadata service", Tone::Plain);
            let open =
                cluster.pools.get().ok().into_iter().flatten().find_map(|pool| match &pool.metadata.get().ok()?.pods {
                    PodAccess::Reachable { because } => Some(because.clone()),
                    PodAccess::Blocked { .. } => None,
                });
            if let Some(because) = open {
                let tone = Paint::Bad(&["ID-07", "ID-06"]);
                let from = who(sketch, cluster, "every pod", "groups of pods", tone);
                sketch.join(from, id, &because, tone);
            }
        }
        IdentityKind::ControlPlane => {
            let from = who(sketch, cluster, "its control plane", "control planes", Tone::Plain);
            sketch.join(from, id, "", Tone::Plain);
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
        let tone = if is_wide { Paint::Bad(&["ID-08"]) } else { Tone::Plain.into() };
        let from = who(sketch, cluster, &name, "groups of pods", tone);
        sketch.join(from, id, &trust.text, tone);
    }
    for key in identity.keys.get().ok().into_iter().flatten().filter(|key| key.active) {
        let tone = Paint::Bad(&["ID-09"]);
        let from = who(sketch, cluster, "whoever has its key", "holders of keys", tone);
        sketch.join(from, id, &format!("key {}", key.id), tone);
    }
    for other in identity.other_trust.get().ok().into_iter().flatten() {
        let is_judged = identity.kind == IdentityKind::ControlPlane;
        let tone = if is_judged { Paint::Bad(&["ID-01"]) } else { Tone::Plain.into() };
        let from = who(sketch, cluster, other, "other principals", tone);
        sketch.join(from, id, "trusted directly", tone);
    }
}

/// Who can make credentials for the cluster: they become its administrator without being any identity of it.
fn mints(sketch: &mut Sketch, cluster: &Cluster) {
    for minter in cluster.minters.get().ok().into_iter().flatten() {
        let tone = match minter.kind {
            PrincipalKind::Everyone | PrincipalKind::External => Paint::Bad(&["ID-13"]),
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Role => Tone::Plain.into(),
        };
        let from = who(sketch, cluster, &minter.principal, "makers of credentials", tone);
        let (key, name) = (format!("credentials of {}", cluster.id), format!("credentials of {}", cluster.name));
        let plural = Some("cluster credentials");
        let to = sketch.put(&Thing { lane: 1, key: &key, plural, label: &name, tone: Tone::Plain.into() });
        sketch.join(from, to, &minter.by.join(", "), tone);
    }
}

/// What an identity may do or become, in the next lane: everything, or the gravest of what it holds.
pub(crate) fn powers(sketch: &mut Sketch, lane: usize, cluster: &Cluster, id: usize, identity: &Identity) {
    let standing = match identity.standing.get() {
        Ok(standing) => standing,
        Err(gap) => return sketch.unread(cluster, id, lane, "rights", &gap),
    };
    let controls: &'static [&'static str] = match identity.kind {
        IdentityKind::ControlPlane => &["ID-01"],
        IdentityKind::Node => &["ID-03"],
        IdentityKind::Workload => &["ID-10"],
        IdentityKind::Controller => &["ID-11", "ID-10"],
    };
    let account = cluster.scope.as_str().split('/').next().unwrap_or_default();
    let everything = |sketch: &mut Sketch, tone| {
        let (key, label) = (format!("everything in {account}"), format!("everything in {account}"));
        sketch.put(&Thing { lane, key: &key, plural: Some("whole accounts"), label: &label, tone })
    };
    if let Some((certainty, _)) = &standing.administrator {
        let (tone, label) = judged(controls, certainty, "administrator");
        let to = everything(sketch, tone);
        return sketch.join(id, to, &label, tone);
    }
    let climbs = standing.escalation.iter().filter_map(|hops| hops.last().map(|last| (hops, last)));
    for (hops, last) in climbs {
        let how = hops.iter().map(|hop: &Hop| hop.method.name()).collect::<Vec<_>>().join(" › ");
        let certainty = hops.iter().fold(Certainty::Certain, |all, hop| all.and(hop.certainty.clone()));
        let (tone, label) = judged(controls, &certainty, &how);
        let to = match &last.to {
            Node::Administrator => everything(sketch, tone),
            Node::ClusterAdmin => {
                let (key, name) = (format!("admin of {}", cluster.id), format!("everything in {}", cluster.name));
                let plural = Some("whole clusters");
                sketch.put(&Thing { lane, key: &key, plural, label: &name, tone })
            }
            Node::Identity(other) => {
                let key = format!("becomes {other}");
                sketch.put(&Thing { lane, key: &key, plural: Some("other identities"), label: other.as_str(), tone })
            }
        };
        sketch.join(id, to, &label, tone);
    }
    let mut held: Vec<_> = standing.held.iter().collect();
    held.sort_by_key(|held| held.capability);
    for one in held.into_iter().take(DRAWN) {
        let (key, label) = (format!("{} in {account}", one.capability), one.capability.name());
        let tone = if one.certainty.is_certain() { Tone::Plain } else { Tone::Unknown };
        let to = sketch.put(&Thing { lane, key: &key, plural: Some(label), label, tone: Tone::Plain.into() });
        sketch.say(to, account);
        let actions = one.actions.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
        sketch.join(id, to, &actions, tone);
    }
}

fn judged(controls: &'static [&'static str], certainty: &Certainty, label: &str) -> (Paint, String) {
    match certainty {
        Certainty::Certain => (Paint::Bad(controls), label.to_owned()),
        Certainty::Conditional(_) => (Tone::Unknown.into(), format!("{label} ({certainty})")),
    }
}
