//! The clusters that the laws are tried on.

use palisade_engine::{Context, Entry, Policy, Verdict};
use palisade_model::{Cluster, Gap, Provider};
use palisade_testkit::{Variation, nets, now, sloppy, tidy, variations};
use proptest::prelude::*;

pub(crate) const PROVIDERS: [Provider; 4] = [Provider::Aws, Provider::Azure, Provider::Gcp, Provider::Kubernetes];

/// The good and the bad cluster of every provider.
pub(crate) fn worlds() -> Vec<Cluster> {
    PROVIDERS.into_iter().flat_map(|provider| [tidy(provider), sloppy(provider)]).collect()
}

/// A cluster with each variation alone.
pub(crate) fn varied(base: Cluster) -> impl Iterator<Item = (String, Cluster)> {
    variations().map(move |variation| {
        let mut cluster = base.clone();
        (variation.apply)(&mut cluster);
        (format!("{} with {}", base.id, variation.name), cluster)
    })
}

/// A cluster with several variations at once.
pub(crate) fn mixed() -> impl Strategy<Value = Cluster> {
    let all: Vec<Variation> = variations().collect();
    let some = prop::sample::subsequence((0..all.len()).collect::<Vec<_>>(), 0..12).prop_shuffle();
    (prop::sample::select(PROVIDERS.to_vec()), any::<bool>(), some).prop_map(move |(provider, is_good, some)| {
        let mut cluster = if is_good { tidy(provider) } else { sloppy(provider) };
        for number in some {
            (all[number].apply)(&mut cluster);
        }
        cluster
    })
}

/// Nothing decided, everything decided strictly, and everything decided generously.
pub(crate) fn policies() -> [Policy; 3] {
    let approved = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let strict = Policy {
        approved_ranges: Some(nets(&["203.0.113.0/24"])),
        approved_bindings: approved(&["operator"]),
        approved_minters: Some(approved(&["platform-admins"])),
        approved_parties: Some(approved(&[])),
        customer_key: Some(true),
        own_disk_key: Some(true),
        untrusted_workloads: Some(true),
        encrypt_pod_traffic: Some(true),
        secrets_kept_outside: Some(true),
        telemetry_elsewhere: Some(false),
        all_objects: true,
        ..Policy::default()
    };
    let generous = Policy {
        approved_ranges: Some(nets(&["0.0.0.0/0", "::/0"])),
        approved_bindings: approved(&["backup"]),
        approved_minters: Some(approved(&["platform-admins", "somebody"])),
        approved_parties: Some(approved(&["222222222222"])),
        customer_key: Some(false),
        own_disk_key: Some(false),
        untrusted_workloads: Some(false),
        encrypt_pod_traffic: Some(false),
        secrets_kept_outside: Some(false),
        telemetry_elsewhere: Some(true),
        ..Policy::default()
    };
    [Policy::default(), strict, generous]
}

pub(crate) fn context(policy: &Policy) -> Context<'_> {
    Context { policy, now: now() }
}

/// What a control says, each subject with its verdict, in an order that does not depend on the cluster's.
pub(crate) fn said(control: &Entry, cluster: &Cluster, policy: &Policy) -> Vec<(String, Result<Verdict, Gap>)> {
    let judgements = (control.judge)(cluster, &context(policy));
    let mut said: Vec<_> = judgements
        .into_iter()
        .map(|judgement| (format!("{} {}", judgement.subject.kind.name(), judgement.subject.id), judgement.verdict))
        .collect();
    said.sort_by(|a, b| a.0.cmp(&b.0));
    said
}
