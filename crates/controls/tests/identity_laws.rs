//! What holds for the controls of identities and of etcd's encryption, whatever the standing, the policy and the day.

use jiff::SignedDuration;
use palisade_authority::{
    Capability, Certainty, GrantId, Held, Hop, IdentityId, Method, Node, OutsideNeed, Standing, Wildcard,
};
use palisade_controls::controls;
use palisade_engine::{Context, Entry, Policy, Severity, State, evaluate};
use palisade_model::{
    Cluster, Encryption, ExternalTrust, KeyState, LongLivedKey, Minter, PrincipalKind, Progress, Provider, Rotation,
};
use palisade_testkit::{known, now, sloppy, tidy};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PROVIDERS: [Provider; 4] = [Provider::Aws, Provider::Azure, Provider::Gcp, Provider::Kubernetes];

/// The controls that read a standing.
const STANDING: [&str; 4] = ["ID-01", "ID-03", "ID-10", "ID-11"];

/// Grants from here on hang on a condition.
const CONDITIONAL: usize = 3;

fn grant(number: usize) -> GrantId {
    GrantId::from(format!("grant {number}"))
}

fn certainty(grants: &[usize]) -> Certainty {
    let on: BTreeSet<String> =
        grants.iter().filter(|number| **number >= CONDITIONAL).map(|number| format!("key-{number}")).collect();
    if on.is_empty() { Certainty::Certain } else { Certainty::Conditional(on) }
}

fn held() -> impl Strategy<Value = Held> {
    let capability = prop::sample::select(Capability::ALL.to_vec());
    let actions = prop::sample::subsequence(vec!["a:Read", "a:Write", "b:Read"], 0..=3);
    (capability, actions, prop::sample::subsequence(vec![0, 1, 2, 3, 4], 1..=3), any::<bool>()).prop_map(
        |(capability, actions, by, everywhere)| Held {
            capability,
            certainty: certainty(&by),
            actions: actions.into_iter().map(str::to_owned).collect(),
            by: by.into_iter().map(grant).collect(),
            everywhere,
        },
    )
}

fn path() -> impl Strategy<Value = Vec<Hop>> {
    let end = prop_oneof![
        Just(Node::Administrator),
        Just(Node::ClusterAdmin),
        Just(Node::Identity(IdentityId::from("somebody"))),
    ];
    (end, prop::collection::vec(prop::sample::subsequence(vec![0, 1, 2, 3, 4], 0..=2), 1..4)).prop_map(
        |(end, steps)| {
            let last = steps.len() - 1;
            let node = |number: usize| Node::Identity(IdentityId::from(format!("identity {number}")));
            let hop = |(number, by): (usize, Vec<usize>)| Hop {
                from: node(number),
                to: if number == last { end.clone() } else { node(number + 1) },
                method: Method::new("method", "It becomes somebody."),
                permissions: vec!["a:Write".to_owned()],
                certainty: certainty(&by),
                by: by.into_iter().map(grant).collect(),
            };
            steps.into_iter().enumerate().map(hop).collect()
        },
    )
}

/// A standing whose wide and needless grants also give some capability, so that it shows whether they are conditional.
fn standing() -> impl Strategy<Value = Standing> {
    let administrator = prop::option::weighted(0.1, prop::sample::subsequence(vec![0, 1, 2, 3, 4], 1..=2));
    let pattern = prop::sample::select(vec!["a:*", "b:Read", "*", "c:*"]);
    let wide = prop::collection::vec((0usize..5, pattern.clone(), any::<bool>(), 0usize..2), 0..4);
    let way = prop::option::weighted(0.3, path());
    (administrator, prop::collection::vec(held(), 0..4), way, wide).prop_map(
        |(administrator, held, escalation, wide)| {
            let mut standing = Standing { held, escalation, ..Standing::default() };
            standing.administrator = administrator.map(|by| (certainty(&by), by.into_iter().map(grant).collect()));
            for (number, pattern, is_wildcard, more) in wide {
                let (grant, pattern) = (grant(number), pattern.to_owned());
                standing.held.push(Held {
                    capability: Capability::PullAnyImage,
                    certainty: certainty(&[number]),
                    actions: vec!["z:Pull".to_owned()],
                    by: vec![grant.clone()],
                    everywhere: false,
                });
                if is_wildcard {
                    standing.wildcards.push(Wildcard { grant, pattern });
                } else {
                    standing.outside_need.push(OutsideNeed { grant, actions: vec![pattern], more });
                }
            }
            standing
        },
    )
}

/// The standing if every condition holds, or if none does.
fn resolved(mut standing: Standing, all_hold: bool) -> Standing {
    let sure = |by: &[GrantId]| !by.iter().any(|one| (CONDITIONAL..5).any(|number| *one == grant(number)));
    if !all_hold {
        standing.administrator = standing.administrator.filter(|(certainty, _)| certainty.is_certain());
        standing.escalation = standing.escalation.filter(|path| path.iter().all(|hop| hop.certainty.is_certain()));
        standing.held.retain(|held| held.certainty.is_certain());
        standing.wildcards.retain(|wildcard| sure(std::slice::from_ref(&wildcard.grant)));
        standing.outside_need.retain(|outside| sure(std::slice::from_ref(&outside.grant)));
    }
    if let Some((certainty, _)) = &mut standing.administrator {
        *certainty = Certainty::Certain;
    }
    for held in &mut standing.held {
        held.certainty = Certainty::Certain;
    }
    for hop in standing.escalation.iter_mut().flatten() {
        hop.certainty = Certainty::Certain;
    }
    standing
}

/// Both standings in one.
fn and(mut standing: Standing, more: Standing) -> Standing {
    standing.administrator = match (standing.administrator, more.administrator) {
        (Some((Certainty::Certain, by)), _) => Some((Certainty::Certain, by)),
        (conditional, None) => conditional,
        (_, Some(other)) => Some(other),
    };
    standing.escalation = standing.escalation.or(more.escalation);
    standing.held.extend(more.held);
    standing.wildcards.extend(more.wildcards);
    standing.outside_need.extend(more.outside_need);
    standing
}

#[expect(clippy::unwrap_used, reason = "the identities of an example are known")]
fn with_standing(provider: Provider, standing: &Standing) -> Cluster {
    let mut cluster = tidy(provider);
    let mut identities = cluster.identities.get().unwrap().clone();
    for identity in &mut identities {
        identity.standing = known(std::sync::Arc::new(standing.clone()));
    }
    cluster.identities = known(identities);
    cluster
}

fn some_controls(ids: &[&str]) -> Vec<Entry> {
    controls().into_iter().filter(|control| ids.contains(&control.meta.id)).collect()
}

/// The worst that each control says of the cluster.
fn said(ids: &[&str], cluster: &Cluster, context: &Context<'_>) -> BTreeMap<&'static str, (State, Severity)> {
    let mut said = BTreeMap::new();
    for finding in evaluate(cluster, &some_controls(ids), context).findings {
        let worst = said.entry(finding.control.id).or_insert((finding.state, finding.severity));
        *worst = (*worst).max((finding.state, finding.severity));
    }
    said
}

fn today(policy: &Policy) -> Context<'_> {
    Context { policy, now: now() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn further_rights_never_end_a_failure_or_make_it_milder(standing in standing(), more in standing()) {
        let policy = Policy::default();
        let before = said(&STANDING, &with_standing(Provider::Aws, &standing), &today(&policy));
        let surely = and(standing.clone(), resolved(more.clone(), true));
        let perhaps = said(&STANDING, &with_standing(Provider::Aws, &and(standing, more)), &today(&policy));
        let surely = said(&STANDING, &with_standing(Provider::Aws, &surely), &today(&policy));
        for (id, (state, severity)) in before {
            if state == State::Fail {
                prop_assert!(surely[id] >= (State::Fail, severity), "{id}: {severity}, then {:?}", surely[id]);
            }
            prop_assert!(state == State::Pass || perhaps[id].0 != State::Pass, "{id}: {state}, then {:?}", perhaps[id]);
        }
    }

    #[test]
    fn what_is_said_under_conditions_holds_whether_they_are_met_or_not(standing in standing()) {
        let policy = Policy::default();
        let judged = |standing: &Standing| said(&STANDING, &with_standing(Provider::Gcp, standing), &today(&policy));
        let between = judged(&standing);
        for all_hold in [false, true] {
            let end = judged(&resolved(standing.clone(), all_hold));
            for (id, (state, _)) in &between {
                prop_assert!(*state != State::Fail || end[id].0 == State::Fail, "{id}: fails and then {:?}", end[id]);
                prop_assert!(*state != State::Pass || end[id].0 == State::Pass, "{id}: passes and then {:?}", end[id]);
            }
        }
    }

    #[test]
    fn the_order_of_rights_and_of_grants_changes_no_reason(standing in standing()) {
        let mut turned = standing.clone();
        turned.held.reverse();
        for held in &mut turned.held {
            held.by.reverse();
        }
        turned.wildcards.reverse();
        turned.outside_need.reverse();
        let policy = Policy::default();
        let reasons = |standing: &Standing| -> Vec<(State, String)> {
            let cluster = with_standing(Provider::Aws, standing);
            let findings = evaluate(&cluster, &some_controls(&STANDING), &today(&policy)).findings;
            findings.into_iter().map(|finding| (finding.state, finding.because.into_string())).collect()
        };
        prop_assert_eq!(reasons(&standing), reasons(&turned));
    }

    #[test]
    fn approving_more_never_ends_a_pass(
        approved in prop::collection::btree_set("[ab]", 0..2),
        more in prop::collection::btree_set("[ab]", 0..2),
        minters in prop::collection::vec(("[ab]", 0usize..5), 0..3),
        parties in prop::collection::vec(("[ab]", any::<bool>()), 0..3),
    ) {
        let kinds = [
            PrincipalKind::User, PrincipalKind::Group, PrincipalKind::Role, PrincipalKind::Everyone, PrincipalKind::External,
        ];
        let mut cluster = tidy(Provider::Gcp);
        cluster.minters = known(minters.into_iter().map(|(principal, kind)| {
            let (by, scope) = (vec!["right".to_owned()], "project".to_owned());
            Minter { principal, kind: kinds[kind], by, scope, certainty: Certainty::Certain }
        }).collect());
        cluster.external_trusts = known(parties.into_iter().map(|(party, guarded)| {
            ExternalTrust { party, via: "role".to_owned(), guarded_by: guarded.then(|| "external id".to_owned()) }
        }).collect());
        let judged = |approved: &BTreeSet<String>| {
            let (approved_minters, approved_parties) = (Some(approved.clone()), Some(approved.clone()));
            let policy = Policy { approved_minters, approved_parties, ..Policy::default() };
            said(&["ID-13", "ID-14"], &cluster, &today(&policy))
        };
        let (few, many) = (judged(&approved), judged(&approved.union(&more).cloned().collect()));
        for (id, (state, _)) in few {
            prop_assert!(state != State::Pass || many[id].0 == State::Pass, "{id}: passes and then {:?}", many[id]);
        }
    }

    #[test]
    fn waiting_mends_nothing(age in 0i64..20_000, expiry in 0i64..20_000, wait in 0i64..20_000) {
        let (past, future) = (now() - SignedDuration::from_hours(age), now() + SignedDuration::from_hours(expiry));
        let mut cluster = tidy(Provider::Gcp);
        let mut identities = cluster.identities.get().unwrap().clone();
        let key = LongLivedKey { id: "key".to_owned(), created: Some(past), active: true };
        identities.truncate(1);
        identities[0].keys = known(vec![key]);
        cluster.identities = known(identities);
        cluster.key.state = known(KeyState::Live { protected: None, expires: Some(future) });
        cluster.key.rotation = known(Rotation::Manual { last: Some(past) });
        let progress = Progress::Pending { state: "PENDING".to_owned(), since: Some(past) };
        cluster.encryption = known(Encryption { progress, ..cluster.encryption.get().unwrap().clone() });
        let policy = Policy::default();
        let later = Context { policy: &policy, now: now() + SignedDuration::from_hours(wait) };
        let after = said(&["ID-09", "ET-11", "ET-12", "ET-15"], &cluster, &later);
        for (id, before) in said(&["ID-09", "ET-11", "ET-12", "ET-15"], &cluster, &today(&policy)) {
            prop_assert!(after[id] >= before, "{id}: {before:?}, then {:?}", after[id]);
        }
    }
}

#[test]
fn what_the_policy_demands_fails_the_bad_cluster_and_not_the_good_one() {
    let names = |name: &str| Some(BTreeSet::from([name.to_owned()]));
    let policy = Policy {
        customer_key: Some(true),
        all_objects: true,
        approved_minters: names("platform-admins"),
        approved_parties: names("222222222222"),
        ..Policy::default()
    };
    let demanded = ["ID-13", "ID-14", "ET-09", "ET-10"];
    for provider in PROVIDERS {
        for (id, (state, _)) in said(&demanded, &sloppy(provider), &today(&policy)) {
            let offered = id != "ET-10" || provider != Provider::Azure;
            assert_eq!(state == State::Fail, offered, "{provider} {id}: {state}");
        }
        for (id, (state, _)) in said(&demanded, &tidy(provider), &today(&policy)) {
            assert_eq!(state, State::Pass, "{provider} {id}");
        }
    }
}

#[test]
fn no_control_of_identities_or_etcd_says_the_same_of_one_subject_twice() {
    let policy = Policy::default();
    for provider in PROVIDERS {
        for cluster in [tidy(provider), sloppy(provider)] {
            let mut seen = BTreeSet::new();
            for finding in evaluate(&cluster, &controls(), &today(&policy)).findings {
                let fingerprint = finding.fingerprint.to_string();
                assert!(seen.insert(fingerprint), "{provider} {} {}", finding.control.id, finding.subject.name);
            }
        }
    }
}
