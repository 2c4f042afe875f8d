//! Identities of pipelines.

use super::{Named, change};
use palisade_authority::{Certainty, PipelineSubject};
use palisade_model::{Cluster, Pipeline, PipelineReach};

pub(super) const ALL: &[Named] = &[
    ("a pipeline of every customer of a service", |cluster| {
        let subject = "repo:*".to_owned();
        every(cluster, |one| one.admits = PipelineSubject::Anyone { subject: subject.clone() });
    }),
    ("a pipeline of every project of an owner", |cluster| {
        let subject = "repo:acme/*".to_owned();
        every(cluster, |one| one.admits = PipelineSubject::Owner { subject: subject.clone() });
    }),
    ("a pipeline of every branch", |cluster| {
        let subject = "repo:acme/shop:*".to_owned();
        every(cluster, |one| one.admits = PipelineSubject::Project { subject: subject.clone() });
    }),
    ("a pipeline of a service that is not known", |cluster| {
        every(cluster, |one| "https://ci.example".clone_into(&mut one.issuer));
    }),
    ("a pipeline with rights over the whole cluster", |cluster| {
        let by = vec!["admin".to_owned()];
        every(cluster, |one| one.reach = PipelineReach::Cluster { by: by.clone(), certainty: Certainty::Certain });
    }),
    ("a pipeline with rights that the cluster gives", |cluster| {
        every(cluster, |one| one.reach = PipelineReach::Inside { by: "group `deployers`".to_owned() });
    }),
    ("no pipeline", |cluster| change(&mut cluster.pipelines, |pipelines| pipelines.found.clear())),
    ("an application that could be a pipeline's", |cluster| {
        change(&mut cluster.pipelines, |pipelines| pipelines.unread.push("application `ci`".to_owned()));
    }),
];

fn every(cluster: &mut Cluster, how: impl Fn(&mut Pipeline)) {
    change(&mut cluster.pipelines, |pipelines| pipelines.found.iter_mut().for_each(how));
}
