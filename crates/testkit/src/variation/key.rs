//! Encryption of etcd, and its key.

use super::{Named, change};
use crate::{known, now};
use jiff::{SignedDuration, Timestamp};
use palisade_model::{
    Cluster, Coverage, Encryption, Etcd, KeyAccess, KeyHolder, KeyOwner, KeyState, Progress, Rotation,
};

pub(super) const ALL: &[Named] = &[
    ("etcd in the customer's network", |cluster| {
        cluster.etcd = known(Etcd::CustomerNetwork { because: "a local cluster".to_owned() });
    }),
    ("no encryption above the disk and no key", |cluster| {
        encryption(cluster, |encryption| {
            (encryption.coverage, encryption.owner) = (Coverage::Nothing, KeyOwner::Nobody);
            encryption.progress = Progress::Settled;
        });
        no_key(cluster);
    }),
    ("the provider's key for Secrets", |cluster| {
        encryption(cluster, |encryption| {
            (encryption.coverage, encryption.owner) = (Coverage::Secrets, KeyOwner::Provider);
            encryption.progress = Progress::Settled;
        });
        no_key(cluster);
    }),
    ("the customer's key for Secrets, with nobody knowing of old ones", |cluster| {
        encryption(cluster, |encryption| {
            encryption.coverage = Coverage::Secrets;
            (encryption.progress, encryption.rewritten) = (Progress::Settled, None);
        });
    }),
    ("old Secrets left as they were", |cluster| {
        encryption(cluster, |encryption| {
            encryption.coverage = Coverage::Secrets;
            (encryption.progress, encryption.rewritten) = (Progress::Settled, Some(false));
        });
    }),
    ("a change that has just begun", |cluster| pending(cluster, Some(SignedDuration::from_hours(1)))),
    ("a change that takes too long", |cluster| pending(cluster, Some(SignedDuration::from_hours(48)))),
    ("a change of unknown age", |cluster| pending(cluster, None)),
    ("a change that failed", |cluster| {
        encryption(cluster, |encryption| encryption.progress = Progress::Failed { why: "denied".to_owned() });
    }),
    ("a key that is switched off", |cluster| {
        cluster.key.state = known(KeyState::Disabled { because: "Disabled".to_owned() });
    }),
    ("a key that will be destroyed", |cluster| cluster.key.state = known(KeyState::PendingDeletion { at: None })),
    ("a key that expires soon", |cluster| live(cluster, Some(true), Some(now() + SignedDuration::from_hours(24)))),
    ("a key that nothing protects", |cluster| live(cluster, Some(false), None)),
    ("a key that does not rotate", |cluster| rotation(cluster, Rotation::Off)),
    ("a key that rotates too rarely", |cluster| rotation(cluster, Rotation::Automatic { days: Some(800) })),
    ("a key that rotates nobody knows how often", |cluster| rotation(cluster, Rotation::Automatic { days: None })),
    ("a key rotated by hand of late", |cluster| rotation(cluster, Rotation::Manual { last: Some(now()) })),
    ("a key rotated by hand long ago", |cluster| {
        rotation(cluster, Rotation::Manual { last: Some(Timestamp::UNIX_EPOCH) });
    }),
    ("a key from elsewhere", |cluster| rotation(cluster, Rotation::Elsewhere { because: "imported".to_owned() })),
    ("a key that somebody else uses", |cluster| holder(cluster, true, false)),
    ("a key that somebody uses and administers", |cluster| holder(cluster, true, true)),
    ("a key that others administer", |cluster| holder(cluster, false, true)),
];

fn encryption(cluster: &mut Cluster, how: impl FnOnce(&mut Encryption)) {
    change(&mut cluster.encryption, how);
}

fn no_key(cluster: &mut Cluster) {
    let because = || "there is none of yours".to_owned();
    cluster.key.state = known(KeyState::NoCustomerKey { because: because() });
    cluster.key.rotation = known(Rotation::NoCustomerKey { because: because() });
    cluster.key.access = known(KeyAccess::NoCustomerKey { because: because() });
}

fn pending(cluster: &mut Cluster, since: Option<SignedDuration>) {
    encryption(cluster, |encryption| {
        let since = since.map(|ago| now() - ago);
        encryption.progress = Progress::Pending { state: "ENCRYPTION_PENDING".to_owned(), since };
    });
}

fn live(cluster: &mut Cluster, protected: Option<bool>, expires: Option<Timestamp>) {
    cluster.key.state = known(KeyState::Live { protected, expires });
}

fn rotation(cluster: &mut Cluster, rotation: Rotation) {
    cluster.key.rotation = known(rotation);
}

fn holder(cluster: &mut Cluster, uses: bool, administers: bool) {
    let (principal, by) = ("somebody".to_owned(), "key policy statement 1".to_owned());
    let holders = vec![KeyHolder { principal, uses, administers, broad: false, by }];
    cluster.key.access = known(KeyAccess::Known { holders, public_network: Some(false), logged: Some(true) });
}
