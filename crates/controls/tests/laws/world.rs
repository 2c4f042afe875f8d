//! The clusters that the laws are tried on.

use palisade_engine::{Context, Entry, Policy, Verdict};
use palisade_model::{Cluster, Gap, Provider};
use palisade_testkit::{now, sloppy, tidy};

pub(crate) const PROVIDERS: [Provider; 4] = [Provider::Aws, Provider::Azure, Provider::Gcp, Provider::Kubernetes];

/// The good and the bad cluster of every provider.
pub(crate) fn worlds() -> Vec<Cluster> {
    PROVIDERS.into_iter().flat_map(|provider| [tidy(provider), sloppy(provider)]).collect()
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
