//! The clusters that the laws are tried on.

use jiff::{SignedDuration, Span, tz::TimeZone};
use palisade_controls::controls;
use palisade_engine::{
    Answer, AnswerKind, AnsweredFor, Answers, Context, Enough, Entry, Policy, Value, Verdict, Waiver,
};
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

/// How people answered every question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// All is well.
    Good,
    /// All is bad.
    Bad,
    /// Some of it is bad.
    Partly,
    /// All was well two years ago.
    Long,
}

/// An answer to every question of every control, for the whole fleet.
pub(crate) fn answers(mood: Mood) -> Answers {
    let today = now().to_zoned(TimeZone::UTC).date();
    let on = today.saturating_sub(Span::new().days(if mood == Mood::Long { 730 } else { 1 }));
    let value = |kind: AnswerKind| match (kind, mood) {
        (AnswerKind::Choice, Mood::Good | Mood::Long) => Value::Yes,
        (AnswerKind::Choice, Mood::Partly) => Value::Partly,
        (AnswerKind::Choice, Mood::Bad) => Value::No,
        (AnswerKind::Day { .. }, Mood::Bad) => Value::Never,
        (AnswerKind::Day { .. }, _) => Value::Day(on),
        (AnswerKind::Number { enough: Enough::Zero, .. }, Mood::Bad) => Value::Number(1),
        (AnswerKind::Number { enough: Enough::Hundred, .. }, Mood::Partly) => Value::Number(50),
        (AnswerKind::Number { enough: Enough::Hundred, .. }, Mood::Good | Mood::Long) => Value::Number(100),
        (AnswerKind::Number { .. }, _) => Value::Number(0),
    };
    let all = controls();
    let entries = all.iter().filter_map(|control| {
        let values = control.asks?.questions.iter().map(|question| (question.name.to_owned(), value(question.kind)));
        Some(Answer {
            control: control.meta.id.to_owned(),
            of: AnsweredFor::Fleet,
            values: values.collect(),
            by: "ana".to_owned(),
            on,
            expires: None,
            evidence: None,
            note: None,
        })
    });
    Answers::new(entries.collect(), "")
}

/// Under which people answered in part, long ago, or half of them no and half yes, and accepted risks stand or have ended.
pub(crate) fn further_policies() -> Vec<Policy> {
    let mut policies: Vec<Policy> = [Mood::Partly, Mood::Long]
        .into_iter()
        .map(|mood| Policy { answers: answers(mood), ..Policy::default() })
        .collect();
    let no_to_one = |control: &str, question: &str| {
        let mut entries = answers(Mood::Good).entries().to_vec();
        let entry = entries.iter_mut().find(|entry| entry.control == control).unwrap();
        entry.values.insert(question.to_owned(), Value::No).unwrap();
        Policy { answers: Answers::new(entries, ""), ..Policy::default() }
    };
    policies.push(no_to_one("ET-06", "owned"));
    for hours in [-1, 1] {
        let waiver = |cluster: &str| Waiver {
            control: "CP-03".to_owned(),
            cluster: cluster.to_owned(),
            subject: None,
            owner: "ana".to_owned(),
            approver: "ben".to_owned(),
            reason: "until the migration".to_owned(),
            until: now() + SignedDuration::from_hours(hours),
            approved: None,
            covers: None,
        };
        policies.push(Policy { waivers: vec![waiver("tidy"), waiver("sloppy")], ..Policy::default() });
    }
    policies
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
        all_objects: true,
        answers: answers(Mood::Bad),
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
        answers: answers(Mood::Good),
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
