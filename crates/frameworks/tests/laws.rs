//! What holds for every roll-up, of whatever findings. The environment variable `PROPTEST_CASES` scales the number of cases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a law stops at an example that is not what it seems"
)]

use palisade_controls::controls;
use palisade_engine::{Acceptance, Context, Finding, Policy, State, evaluate};
use palisade_frameworks::{
    ClusterKey, Edition, Requirement, RolledUp, Standing, Status, Unseen, editions, never_fails, roll_up,
};
use palisade_model::{Cluster, ClusterId, Provider};
use palisade_testkit::{now, sloppy, tidy};
use proptest::{prelude::*, sample::Index};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

static EDITIONS: LazyLock<Vec<Edition>> = LazyLock::new(|| editions(&controls()));

/// Findings of a few clusters of each cloud, good and bad.
static FINDINGS: LazyLock<Vec<Finding>> = LazyLock::new(|| {
    let policy = Policy::default();
    let named = |mut cluster: Cluster, number: u32| {
        cluster.id = ClusterId::new(format!("{}-{number}", cluster.id));
        cluster
    };
    [Provider::Aws, Provider::Azure, Provider::Gcp]
        .into_iter()
        .flat_map(|provider| [named(tidy(provider), 1), named(sloppy(provider), 2), named(tidy(provider), 3)])
        .flat_map(|cluster| evaluate(&cluster, &controls(), &Context { policy: &policy, now: now() }).findings)
        .collect()
});

fn clusters(findings: &[Finding]) -> Vec<ClusterKey<'_>> {
    findings.iter().map(|one| (one.provider, one.scope.as_str(), one.cluster.as_str())).collect()
}

fn stands(findings: &[Finding], unseen: &Unseen) -> Vec<(String, Status)> {
    let standing = Standing::of(findings, clusters(findings));
    let all = EDITIONS.iter().flat_map(|edition| {
        let rolled = roll_up(edition, &standing, unseen, now());
        rolled
            .requirements
            .iter()
            .map(|one| (format!("{} {}", edition.key, one.requirement.id), one.status))
            .collect::<Vec<_>>()
    });
    all.collect()
}

fn is_good(status: Status) -> bool {
    status <= Status::Satisfied
}

/// What is thrown for some findings.
type Throw = Vec<(Index, State, bool)>;

fn thrown() -> impl Strategy<Value = Throw> {
    prop::collection::vec((any::<Index>(), prop::sample::select(State::ALL.to_vec()), any::<bool>()), 0..40)
}

/// Findings whose states were thrown: to begin with everything is good.
fn with(throw: &Throw) -> Vec<Finding> {
    let mut findings = good();
    for (at, state, waived) in throw {
        let one = at.get(&findings).fingerprint;
        set(&mut findings, one, *state, *waived);
    }
    findings
}

/// Every verdict is a pass.
fn good() -> Vec<Finding> {
    let mut findings = FINDINGS.clone();
    for one in &mut findings {
        (one.state, one.waived, one.gap) = (State::Pass, false, None);
        if one.evidence.is_empty() {
            one.evidence = FINDINGS.iter().find(|other| !other.evidence.is_empty()).unwrap().evidence.clone();
        }
    }
    findings
}

/// One part becomes something, and its sum with it as the engine sums.
fn set(findings: &mut [Finding], print: palisade_engine::Fingerprint, state: State, waived: bool) {
    let at = findings.iter().position(|one| one.fingerprint == print).unwrap();
    let (cluster, control) = (findings[at].cluster.clone(), findings[at].control.id);
    (findings[at].state, findings[at].waived) = (state, waived);
    let is_same = |one: &Finding| one.cluster == cluster && one.control.id == control;
    let parts: Vec<(State, bool)> =
        findings.iter().filter(|one| is_same(one) && !one.rolled_up).map(|one| (one.state, one.waived)).collect();
    let Some(worst) = parts.iter().map(|(state, _)| *state).max() else { return };
    let all_waived = parts.iter().filter(|(state, _)| *state == worst).all(|(_, waived)| *waived);
    for sum in findings.iter_mut().filter(|one| is_same(one) && one.rolled_up) {
        (sum.state, sum.waived) = (worst, all_waived);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_findings_changes_nothing(throw in thrown(), seed in any::<u64>()) {
        let findings = with(&throw);
        let before = told(&findings);
        let mut shuffled = findings.clone();
        let place = |one: &Finding| {
            let mut hash = DefaultHasher::new();
            (seed, one.fingerprint, one.rolled_up).hash(&mut hash);
            hash.finish()
        };
        shuffled.sort_by_cached_key(place);
        prop_assert_eq!(told(&shuffled), before);
    }

    #[test]
    fn what_becomes_unknown_never_makes_a_requirement_good(
        throw in thrown(), hidden in prop::collection::vec(any::<Index>(), 1..20)
    ) {
        let findings = with(&throw);
        let before = stands(&findings, &Unseen::new());
        let mut less = findings.clone();
        for at in hidden {
            let one = at.get(&less).fingerprint;
            set(&mut less, one, State::Unknown, false);
        }
        for ((which, was), (_, is)) in before.into_iter().zip(stands(&less, &Unseen::new())) {
            prop_assert!(!is_good(is) || is_good(was), "{which}: {was} became {is}");
            prop_assert!(is >= was || was == Status::NotSatisfied || was == Status::Accepted, "{which}: {was} became {is}");
        }
    }

    #[test]
    fn what_is_never_said_never_makes_a_requirement_good(throw in thrown(), lost in any::<Index>()) {
        let findings = with(&throw);
        let before = stands(&findings, &Unseen::new());
        let (cluster, control) = { let one = lost.get(&findings); (one.cluster.clone(), one.control.id) };
        let keys = clusters(&findings);
        let less: Vec<Finding> =
            findings.iter().filter(|one| one.cluster != cluster || one.control.id != control).cloned().collect();
        let standing = Standing::of(&less, keys);
        for edition in EDITIONS.iter() {
            for one in roll_up(edition, &standing, &Unseen::new(), now()).requirements {
                let which = format!("{} {}", edition.key, one.requirement.id);
                let was = before.iter().find(|(other, _)| *other == which).unwrap().1;
                prop_assert!(!is_good(one.status) || is_good(was), "{which}: {was} became {}", one.status);
            }
        }
    }

    #[test]
    fn what_is_mended_never_makes_a_requirement_worse(
        throw in thrown(), mended in prop::collection::vec(any::<Index>(), 1..20)
    ) {
        let findings = with(&throw);
        let before = stands(&findings, &Unseen::new());
        let mut better = findings.clone();
        for at in mended {
            let one = at.get(&better);
            // Only what is bad or unknown can be mended.
            if one.state > State::Mitigated {
                let print = one.fingerprint;
                set(&mut better, print, State::Pass, false);
            }
        }
        for ((which, was), (_, is)) in before.into_iter().zip(stands(&better, &Unseen::new())) {
            prop_assert!(is <= was, "{which}: {was} became {is}");
        }
    }

    #[test]
    fn clusters_that_come_one_by_one_in_any_order_say_what_all_at_once_say(throw in thrown(), order in any::<Index>()) {
        // More clusters than a roll-up names.
        let mut findings = Vec::new();
        for round in 0..6 {
            findings.extend(with(&throw).into_iter().map(|mut finding| {
                finding.cluster = ClusterId::new(format!("{}-{round}", finding.cluster));
                finding
            }));
        }
        findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
        let mut each: Vec<&[Finding]> = findings.chunk_by(|a, b| a.cluster == b.cluster).collect();
        let turn = order.index(each.len());
        each.rotate_left(turn);
        if turn.is_multiple_of(2) {
            each.reverse();
        }
        let (mut one_by_one, mut named) = (Standing::default(), BTreeSet::new());
        for of_cluster in each {
            one_by_one.take(of_cluster, |finding| { named.insert(finding.fingerprint); });
        }
        prop_assert_eq!(told_of(&one_by_one), told(&findings));
        for edition in EDITIONS.iter() {
            for one in rolled(edition, &one_by_one).controls.values() {
                prop_assert!(one.shown.iter().all(|(_, finding)| named.contains(&finding.fingerprint)));
            }
        }
    }

    #[test]
    fn a_place_that_was_not_seen_leaves_nothing_good(throw in thrown()) {
        let findings = with(&throw);
        let unseen: Unseen = [(Provider::Aws, 1), (Provider::Azure, 1), (Provider::Gcp, 1)].into();
        for (which, is) in stands(&findings, &unseen) {
            prop_assert!(!is_good(is), "{which}: {is}");
        }
    }
}

/// Everything that is told of every edition.
fn told(findings: &[Finding]) -> Vec<String> {
    told_of(&standing(findings))
}

fn told_of(standing: &Standing) -> Vec<String> {
    EDITIONS
        .iter()
        .map(|edition| {
            let rolled = roll_up(edition, standing, &Unseen::new(), now());
            let each = rolled.requirements.iter().map(|one| {
                format!("{} {} {:?} {}", one.requirement.id, one.status, one.clusters, one.because.join("; "))
            });
            let shown = rolled.controls.values().map(|one| {
                let prints: Vec<String> =
                    one.shown.iter().map(|(status, one)| format!("{status} {}", one.fingerprint)).collect();
                format!("{} {:?} {}", one.meta.id, one.clusters, prints.join(","))
            });
            each.chain(shown).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

fn standing(findings: &[Finding]) -> Standing {
    Standing::of(findings, clusters(findings))
}

fn rolled<'a>(edition: &'a Edition, standing: &'a Standing) -> RolledUp<'a> {
    roll_up(edition, standing, &Unseen::new(), now())
}

/// An edition of one requirement that one control speaks to.
fn about(control: &str) -> Edition {
    let meta = controls().into_iter().find(|one| one.meta.id == control).unwrap().meta;
    let requirement = Requirement {
        id: "1".to_owned(),
        title: None,
        controls: vec![meta],
        questions: Vec::new(),
        unread: Vec::new(),
    };
    Edition {
        key: "own".to_owned(),
        title: "Own".to_owned(),
        version: "1".to_owned(),
        providers: vec![Provider::Aws],
        is_own: true,
        requirements: vec![requirement],
    }
}

/// One cluster's verdict of a control, as it should be.
fn of(control: &str, cluster: u32, state: State) -> Finding {
    let mut one = good()
        .into_iter()
        .filter(|one| one.provider == Provider::Aws && one.control.id == control)
        .find(|one| one.subject.kind == palisade_engine::SubjectKind::Cluster)
        .unwrap();
    one.cluster = ClusterId::new(format!("c-{cluster}"));
    (one.state, one.rolled_up) = (state, false);
    one
}

#[test]
fn the_worst_verdict_decides_and_an_accepted_one_is_told_as_that() {
    let edition = about("CP-01");
    let waived = Finding {
        waived: true,
        acceptance: Some(Box::new(Acceptance {
            owner: "ana".to_owned(),
            approver: "ben".to_owned(),
            reason: "until the migration".to_owned(),
            until: "2026-12-31T00:00:00Z".parse().unwrap(),
        })),
        ..of("CP-01", 9, State::Fail)
    };
    let one = |number, state| of("CP-01", number, state);
    for (findings, status, because) in [
        (vec![one(1, State::Pass), one(2, State::Pass)], Status::Satisfied, "holds: CP-01 on 2 of 2 clusters"),
        (vec![one(1, State::Pass), one(2, State::Mitigated)], Status::Satisfied, "holds: CP-01 on 2 of 2 clusters"),
        (
            vec![one(1, State::Pass), one(2, State::NotApplicable)],
            Status::Satisfied,
            "holds: CP-01 on 1 of 2 clusters; nothing to check: CP-01 on 1 of 2 clusters",
        ),
        (vec![one(1, State::NotApplicable)], Status::NotApplicable, "nothing to check: CP-01 on 1 of 1 cluster"),
        (
            vec![one(1, State::Inherited), one(2, State::NotApplicable)],
            Status::Inherited,
            "the provider's: CP-01 on 1 of 2 clusters; nothing to check: CP-01 on 1 of 2 clusters",
        ),
        (
            vec![one(1, State::Pass), waived.clone()],
            Status::Accepted,
            "does not hold and is accepted: CP-01 on 1 of 2 clusters; the first ends on 2026-12-31",
        ),
        (
            vec![one(1, State::Unknown), waived.clone()],
            Status::Unknown,
            "not known: CP-01 on 1 of 2 clusters; does not hold and is accepted: CP-01 on 1 of 2 clusters; the first ends on 2026-12-31",
        ),
        (
            vec![one(1, State::Fail), waived, one(2, State::Unknown)],
            Status::NotSatisfied,
            "does not hold: CP-01 on 1 of 3 clusters; not known: CP-01 on 1 of 3 clusters; does not hold and is accepted: CP-01 on 1 of 3 clusters; the first ends on 2026-12-31",
        ),
        (
            vec![one(1, State::AttestMissing)],
            Status::Unknown,
            "not known: CP-01 on 1 of 1 cluster; people have not answered, or too long ago: CP-01",
        ),
        (
            vec![one(1, State::AttestExpired)],
            Status::Unknown,
            "not known: CP-01 on 1 of 1 cluster; people have not answered, or too long ago: CP-01",
        ),
        (Vec::new(), Status::Unknown, "no cluster that it is about was read"),
    ] {
        let standing = standing(&findings);
        let rolled = rolled(&edition, &standing);
        let result = &rolled.requirements[0];
        assert_eq!((result.status, result.because.join("; ").as_str()), (status, because));
        assert_eq!(result.clusters.total(), findings.len() as u64);
    }
}

#[test]
fn a_pass_that_rests_on_no_record_is_unknown() {
    let edition = about("CP-01");
    let findings = vec![Finding { evidence: palisade_engine::Grounds::default(), ..of("CP-01", 1, State::Pass) }];
    assert_eq!(rolled(&edition, &standing(&findings)).requirements[0].status, Status::Unknown);
}

#[test]
fn an_accepted_part_hides_nothing_that_is_unknown_at_another() {
    let edition = about("ND-01");
    let part = |subject: &str, state, waived| Finding {
        subject: palisade_engine::Subject {
            kind: palisade_engine::SubjectKind::NodePool,
            id: subject.into(),
            name: subject.into(),
        },
        waived,
        ..of("ND-01", 1, state)
    };
    let sum = Finding { rolled_up: true, waived: true, ..of("ND-01", 1, State::Fail) };
    let findings = vec![sum, part("a", State::Fail, true), part("b", State::Unknown, false)];
    assert_eq!(rolled(&edition, &standing(&findings)).requirements[0].status, Status::Unknown);
}

#[test]
fn a_good_word_where_no_bad_one_is_possible_is_no_evidence() {
    let mut edition = about("NW-03");
    let findings = vec![of("NW-03", 1, State::Pass), of("CP-01", 1, State::Pass)];
    assert!(never_fails("NW-03", Provider::Aws).is_some());
    let known = standing(&findings);
    let alone = rolled(&edition, &known);
    assert_eq!(alone.requirements[0].status, Status::Unknown);
    let why = "the good word of NW-03 is no evidence on 1 of 1 cluster, where it cannot fail: nothing of their networks is on the \
               list of retirements";
    assert_eq!(alone.requirements[0].because, [why]);
    // Beside another control it says nothing.
    edition.requirements[0].controls.extend(about("CP-01").requirements[0].controls.clone());
    let beside = rolled(&edition, &known);
    assert_eq!(beside.requirements[0].status, Status::Satisfied);
    assert_eq!(beside.requirements[0].because, ["holds: CP-01 on 1 of 1 cluster"]);
}

#[test]
fn whatever_control_speaks_to_a_requirement_it_is_told_why_it_stands_so() {
    let all = good();
    let standing = Standing::of(&all, clusters(&all));
    for control in controls() {
        for provider in [Provider::Aws, Provider::Azure, Provider::Gcp] {
            let edition = Edition { providers: vec![provider], ..about(control.meta.id) };
            let rolled = roll_up(&edition, &standing, &Unseen::new(), now());
            let one = &rolled.requirements[0];
            let is_excused = never_fails(control.meta.id, provider).is_some();
            assert_eq!(is_excused, one.status == Status::Unknown, "{} {provider}: {}", control.meta.id, one.status);
            assert!(!one.because.is_empty(), "{} {provider}", control.meta.id);
        }
    }
}

#[test]
fn a_requirement_that_is_not_wholly_checked_is_never_satisfied() {
    let all = good();
    let standing = Standing::of(&all, clusters(&all));
    for edition in EDITIONS.iter() {
        let rolled = roll_up(edition, &standing, &Unseen::new(), now());
        for one in &rolled.requirements {
            let is_whole = one.requirement.unread.is_empty();
            assert!(
                is_whole || one.status == Status::Unknown,
                "{} {}: {}",
                edition.key,
                one.requirement.id,
                one.status
            );
            assert!(!one.because.is_empty(), "{} {}", edition.key, one.requirement.id);
        }
    }
}

#[test]
fn only_clusters_that_an_edition_is_about_count() {
    for edition in EDITIONS.iter() {
        let standing = standing(&FINDINGS);
        let rolled = rolled(edition, &standing);
        assert_eq!(rolled.clusters.len(), 3 * edition.providers.len(), "{}", edition.key);
        for one in rolled.controls.values() {
            assert_eq!(one.clusters.total(), rolled.clusters.len() as u64, "{} {}", edition.key, one.meta.id);
            assert!(one.shown.iter().all(|(_, finding)| edition.providers.contains(&finding.provider)));
        }
    }
}
