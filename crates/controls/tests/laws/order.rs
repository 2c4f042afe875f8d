//! The order in which a provider lists things changes nothing.

use crate::world::{PROVIDERS, said};
use palisade_authority::{Capability, IdentityId};
use palisade_controls::controls;
use palisade_engine::Policy;
use palisade_model::{
    Cluster, EntryKind, Identity, KeyAccess, Mitigation, NodeId, Observed, Pool, PoolId, PrivateGuard, PublicAccess,
    UnreadGroup, Unused, Upgrades,
};
use palisade_reach::Bounds;
use palisade_testkit::{known, nets, packets, sloppy, tidy};

#[test]
fn turning_every_list_changes_no_finding() {
    for provider in PROVIDERS {
        let cluster = crowded(sloppy(provider), &tidy(provider));
        let ours = Policy { approved_ranges: Some(nets(&["198.51.100.0/24"])), ..Policy::default() };
        for policy in [Policy::default(), ours] {
            for control in controls() {
                let before = said(&control, &cluster, &policy);
                for steps in 1..4 {
                    let after = said(&control, &turned(cluster.clone(), steps), &policy);
                    assert_eq!(before, after, "{provider} {} turned by {steps}", control.meta.id);
                }
            }
        }
    }
}

/// A cluster with several of everything, good and bad side by side.
fn crowded(mut cluster: Cluster, good: &Cluster) -> Cluster {
    change(&mut cluster.api.public, |public| {
        if let PublicAccess::Open(door) = public {
            for text in ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/28"] {
                let mut entry = door.entries[0].clone();
                (entry.text, entry.covers) = (text.to_owned(), Bounds::exact(nets(&[text])));
                entry.kind = EntryKind::Range(text.parse().unwrap());
                door.entries.push(entry);
            }
        }
    });
    change(&mut cluster.api.doors, |doors| several(doors, |door, number| door.name = format!("door-{number}")));
    change(&mut cluster.api.tunnels, |tunnels| {
        several(tunnels, |tunnel, number| tunnel.holder = format!("holder-{number}"));
    });
    let group = |number: usize| UnreadGroup {
        group: format!("group-{number}"),
        by: vec![format!("role-{number}").into()],
        adds: Capability::ALL.into(),
        everywhere: Capability::ALL.into(),
        wildcards: Vec::new(),
        readable_with: "Members.Read",
    };
    cluster.unread_groups = known((0..4).map(group).collect());
    change(&mut cluster.trusts, |trusts| several(trusts, |trust, number| trust.text = format!("trust-{number}")));
    change(&mut cluster.controllers, |all| several(all, |one, number| one.name = format!("controller-{number}")));
    change(&mut cluster.minters, |all| several(all, |one, number| one.principal = format!("principal-{number}")));
    change(&mut cluster.external_trusts, |all| several(all, |one, number| one.party = format!("party-{number}")));
    change(&mut cluster.pipelines, |pipelines| {
        several(&mut pipelines.found, |one, number| one.text = format!("statement {number}"));
        pipelines.unread = (0..4).map(|number| format!("application {number}")).collect();
    });
    change(&mut cluster.access.administrators, |all| {
        several(all, |one, number| one.principal = format!("principal-{number}"));
    });
    change(&mut cluster.lifecycle.blockers, |all| several(all, |one, number| one.what = format!("blocker-{number}")));
    change(&mut cluster.lifecycle.extensions, |extensions| {
        several(&mut extensions.listed, |one, number| one.name = format!("extension-{number}"));
    });
    change(&mut cluster.lifecycle.health, |health| {
        several(&mut health.issues, |issue, number| *issue = format!("issue-{number}"));
    });
    change(&mut cluster.lifecycle.upgrades, |upgrades| {
        if let Upgrades::Planned { freezes, .. } = upgrades {
            several(freezes, |freeze, number| freeze.name = format!("freeze-{number}"));
        }
    });
    change(&mut cluster.key.access, |access| {
        if let KeyAccess::Known { holders, .. } = access {
            several(holders, |holder, number| holder.principal = format!("principal-{number}"));
        }
    });
    let pools = good.pools.get().unwrap().iter().chain(cluster.pools.get().unwrap());
    cluster.pools = known(pools.enumerate().map(|(number, pool)| crowded_pool(pool.clone(), number)).collect());
    let identities = good.identities.get().unwrap().iter().chain(cluster.identities.get().unwrap());
    let identities = identities.enumerate().map(|(number, identity)| crowded_identity(identity.clone(), number));
    cluster.identities = known(identities.collect());
    cluster
}

fn crowded_pool(mut pool: Pool, number: usize) -> Pool {
    pool.id = PoolId::new(format!("pool-{number}"));
    pool.name = format!("pool-{number}");
    change(&mut pool.nodes, |nodes| several(nodes, |node, number| node.id = NodeId::new(format!("i-{number}"))));
    change(&mut pool.public_addresses, |addresses| {
        several(&mut addresses.held_by, |id, number| *id = NodeId::new(format!("i-{number}")));
    });
    change(&mut pool.exposure, |exposures| {
        several(exposures, |exposure, number| {
            exposure.nodes = vec![NodeId::new(format!("i-{number}")), NodeId::new("i-0")];
            exposure.limits = vec![format!("limit {number}"), "another limit".to_owned()];
            let without = Bounds::exact(packets(22, &nets(&["198.51.100.0/24"])));
            exposure.mitigation = Some(Mitigation { by: format!("setting {number}"), without });
        });
    });
    change(&mut pool.filters, |filters| {
        several(&mut filters.open, |rule, number| rule.rule = format!("rule-{number}"));
    });
    pool
}

fn crowded_identity(mut identity: Identity, number: usize) -> Identity {
    identity.id = IdentityId::from(format!("identity-{number}"));
    identity.name = format!("identity-{number}");
    several(&mut identity.used_by, |user, number| *user = format!("user-{number}"));
    change(&mut identity.keys, |keys| several(keys, |key, number| key.id = format!("key-{number}")));
    change(&mut identity.other_trust, |all| several(all, |one, number| *one = format!("principal-{number}")));
    change(&mut identity.unused, |unused| {
        if let Unused::Known { services, .. } = unused {
            several(services, |service, number| *service = format!("service-{number}"));
        }
    });
    identity
}

/// The same cluster with every list turned by some steps.
fn turned(mut cluster: Cluster, steps: usize) -> Cluster {
    change(&mut cluster.api.public, |public| {
        if let PublicAccess::Open(door) = public {
            turn(&mut door.entries, steps);
        }
    });
    change(&mut cluster.api.private_guard, |guard| {
        if let PrivateGuard::Filtered { via, .. } = guard {
            turn(via, steps);
        }
    });
    change(&mut cluster.api.doors, |doors| turn(doors, steps));
    change(&mut cluster.api.tunnels, |tunnels| turn(tunnels, steps));
    change(&mut cluster.unread_groups, |groups| {
        let mut turned = groups.to_vec();
        turn(&mut turned, steps);
        *groups = turned.into();
    });
    change(&mut cluster.trusts, |trusts| turn(trusts, steps));
    change(&mut cluster.controllers, |controllers| turn(controllers, steps));
    change(&mut cluster.minters, |minters| turn(minters, steps));
    change(&mut cluster.external_trusts, |trusts| turn(trusts, steps));
    change(&mut cluster.pipelines, |pipelines| {
        turn(&mut pipelines.found, steps);
        turn(&mut pipelines.unread, steps);
    });
    change(&mut cluster.access.administrators, |all| turn(all, steps));
    change(&mut cluster.lifecycle.blockers, |all| turn(all, steps));
    change(&mut cluster.lifecycle.extensions, |extensions| turn(&mut extensions.listed, steps));
    change(&mut cluster.lifecycle.health, |health| turn(&mut health.issues, steps));
    change(&mut cluster.lifecycle.upgrades, |upgrades| {
        if let Upgrades::Planned { freezes, .. } = upgrades {
            turn(freezes, steps);
        }
    });
    change(&mut cluster.key.access, |access| {
        if let KeyAccess::Known { holders, .. } = access {
            turn(holders, steps);
        }
    });
    change(&mut cluster.pools, |pools| {
        turn(pools, steps);
        for pool in pools {
            change(&mut pool.nodes, |nodes| turn(nodes, steps));
            change(&mut pool.public_addresses, |addresses| turn(&mut addresses.held_by, steps));
            change(&mut pool.filters, |filters| turn(&mut filters.open, steps));
            change(&mut pool.exposure, |exposures| {
                turn(exposures, steps);
                for exposure in exposures {
                    turn(&mut exposure.nodes, steps);
                    turn(&mut exposure.limits, steps);
                }
            });
        }
    });
    change(&mut cluster.identities, |identities| {
        turn(identities, steps);
        for identity in identities {
            turn(&mut identity.used_by, steps);
            change(&mut identity.keys, |keys| turn(keys, steps));
            change(&mut identity.other_trust, |principals| turn(principals, steps));
            change(&mut identity.unused, |unused| {
                if let Unused::Known { services, .. } = unused {
                    turn(services, steps);
                }
            });
        }
    });
    cluster
}

fn change<T: Clone>(fact: &mut Observed<T>, how: impl FnOnce(&mut T)) {
    *fact = fact.clone().map(|mut value| {
        how(&mut value);
        value
    });
}

/// Three of the first element, each made different; an empty list stays empty.
fn several<T: Clone>(list: &mut Vec<T>, differ: impl Fn(&mut T, usize)) {
    let Some(first) = list.first().cloned() else { return };
    *list = vec![first; 3];
    for (number, element) in list.iter_mut().enumerate() {
        differ(element, number);
    }
}

fn turn<T>(list: &mut [T], steps: usize) {
    if !list.is_empty() {
        let length = list.len();
        list.rotate_left(steps % length);
    }
}
