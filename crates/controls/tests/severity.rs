//! How bad a finding is here, what made it so, and what a waiver leaves of it.
#![expect(clippy::unwrap_used, reason = "a test stops at an example that is not what it seems")]

use jiff::SignedDuration;
use palisade_controls::controls;
use palisade_engine::{
    Context, Finding, Fingerprint, Modifier, Policy, Severity, State, Waiver, evaluate, hold_to_approval,
};
use palisade_model::{Cluster, KeyState, Pool, PoolId, Provider};
use palisade_testkit::{known, now, sloppy, tidy, variations};

fn findings(cluster: &Cluster, policy: &Policy) -> Vec<Finding> {
    evaluate(cluster, &controls(), &Context { policy, now: now() }).findings
}

/// The finding about the whole cluster: the roll-up where there is one.
fn of(findings: &[Finding], control: &str) -> Finding {
    findings.iter().find(|finding| finding.control.id == control).unwrap().clone()
}

fn vary(cluster: &mut Cluster, name: &str) {
    (variations().find(|variation| variation.name == name).unwrap().apply)(cluster);
}

fn severities(finding: &Finding) -> (Severity, Severity, &[Modifier]) {
    (finding.base_severity, finding.severity, &finding.modifiers)
}

#[test]
fn an_open_api_server_makes_controls_of_nodes_and_identities_one_step_worse_and_says_so() {
    let mut cluster = tidy(Provider::Aws);
    vary(&mut cluster, "keys for shells");
    vary(&mut cluster, "a legacy mechanism for pods");
    vary(&mut cluster, "the provider's key for Secrets");
    let closed = findings(&cluster, &Policy::default());
    assert_eq!(severities(&of(&closed, "ND-07")), (Severity::High, Severity::High, &[][..]));
    vary(&mut cluster, "two halves of the internet");
    let open = findings(&cluster, &Policy::default());
    for control in ["ND-07", "ID-05"] {
        let expected = (Severity::High, Severity::Critical, &[Modifier::Exposed][..]);
        assert_eq!(severities(&of(&open, control)), expected, "{control}");
    }
    assert_eq!(of(&open, "ET-10").modifiers, []);
}

#[test]
fn a_step_that_changes_nothing_is_not_told() {
    let finding = of(&findings(&sloppy(Provider::Aws), &Policy::default()), "ND-02");
    assert_eq!(severities(&finding), (Severity::Critical, Severity::Critical, &[][..]));
}

#[test]
fn production_makes_controls_of_availability_one_step_worse() {
    let mut cluster = tidy(Provider::Azure);
    cluster.key.state = known(KeyState::Live { protected: Some(false), expires: None });
    assert_eq!(of(&findings(&cluster, &Policy::default()), "ET-11").severity, Severity::High);
    cluster.labels.insert("Environment".to_owned(), "Prod".to_owned());
    let finding = of(&findings(&cluster, &Policy::default()), "ET-11");
    assert_eq!(severities(&finding), (Severity::High, Severity::Critical, &[Modifier::Production][..]));
}

#[test]
fn what_another_setting_neutralises_is_one_step_better() {
    let mut cluster = tidy(Provider::Aws);
    vary(&mut cluster, "ports closed by a setting of the network");
    let finding = of(&findings(&cluster, &Policy::default()), "ND-02");
    assert_eq!(finding.state, State::Mitigated);
    assert_eq!(severities(&finding), (Severity::Critical, Severity::High, &[Modifier::Mitigated][..]));
}

#[test]
fn the_policys_own_severity_ends_the_matter_and_the_base_is_still_told() {
    let policy =
        Policy { severities: [("ND-02".to_owned(), Severity::Low)].into_iter().collect(), ..Policy::default() };
    let finding = of(&findings(&sloppy(Provider::Gcp), &policy), "ND-02");
    assert_eq!(severities(&finding), (Severity::Critical, Severity::Low, &[Modifier::Policy][..]));
}

fn waiver(subject: Option<&str>, hours: i64) -> Waiver {
    Waiver {
        control: "ND-02".to_owned(),
        cluster: "tidy".to_owned(),
        subject: subject.map(str::to_owned),
        owner: "ana".to_owned(),
        approver: "ben".to_owned(),
        reason: "bastion".to_owned(),
        until: now() + SignedDuration::from_hours(hours),
        approved: None,
        covers: None,
    }
}

/// Two pools open to SSH: `a` with public addresses (critical) and `b` without (high).
fn two_open_pools() -> Cluster {
    let mut cluster = tidy(Provider::Aws);
    vary(&mut cluster, "SSH for a stranger");
    let pool = |name: &str, cluster: &Cluster| {
        let pool = cluster.pools.get().unwrap().first().unwrap().clone();
        Pool { id: PoolId::new(name), name: name.to_owned(), ..pool }
    };
    let quiet = pool("b", &cluster);
    vary(&mut cluster, "public addresses");
    cluster.pools = known(vec![pool("a", &cluster), quiet]);
    cluster
}

#[test]
fn a_roll_up_speaks_of_what_nobody_has_accepted() {
    let cluster = two_open_pools();
    assert_eq!(of(&findings(&cluster, &Policy::default()), "ND-02").severity, Severity::Critical);
    let policy = Policy { waivers: vec![waiver(Some("a"), 1)], ..Policy::default() };
    let sum = of(&findings(&cluster, &policy), "ND-02");
    assert!(sum.rolled_up && !sum.waived);
    assert_eq!((sum.state, sum.severity), (State::Fail, Severity::High));
    assert!(sum.because.contains("`b`"), "{}", sum.because);
    let both = Policy { waivers: vec![waiver(Some("a"), 1), waiver(Some("b"), 1)], ..Policy::default() };
    let sum = of(&findings(&cluster, &both), "ND-02");
    assert!(sum.waived);
    assert_eq!((sum.state, sum.severity), (State::Fail, Severity::Critical));
}

#[test]
fn a_finding_keeps_who_accepted_it_and_until_when_also_after_that_has_ended() {
    let cluster = two_open_pools();
    let judged = |waivers| of(&findings(&cluster, &Policy { waivers, ..Policy::default() }), "ND-02");
    let covered = judged(vec![waiver(None, -1), waiver(None, 1)]);
    assert!(covered.waived);
    assert_eq!(covered.acceptance.unwrap().until, now() + SignedDuration::from_hours(1));
    let ended = judged(vec![waiver(None, -1), waiver(None, -2)]);
    assert!(!ended.waived);
    let acceptance = ended.acceptance.unwrap();
    assert_eq!((acceptance.owner.as_str(), acceptance.until), ("ana", now() - SignedDuration::from_hours(1)));
    assert_eq!(judged(Vec::new()).acceptance, None);
}

#[test]
fn what_a_waiver_was_not_approved_for_is_not_waived() {
    let cluster = two_open_pools();
    let all = findings(&cluster, &Policy::default());
    let print = |name: &str| {
        all.iter().find(|one| one.control.id == "ND-02" && *one.subject.name == *name).unwrap().fingerprint
    };
    let (sum, a, b) = (print("tidy"), print("a"), print("b"));
    let listed =
        |approved: &[Fingerprint]| Waiver { approved: Some(approved.iter().copied().collect()), ..waiver(None, 1) };
    let counted = |covers| Waiver { covers: Some(covers), ..waiver(None, 1) };
    let only_a = waiver(Some("a"), 1);
    /// (waivers, which of the sum, `a` and `b` are waived, what each that has grown was approved for and selects)
    type Row<'a> = (&'a [Waiver], [bool; 3], &'a [(u64, u64)]);
    let table: &[Row<'_>] = &[
        (&[waiver(None, 1)], [true, true, true], &[]),
        (&[listed(&[a, b])], [true, true, true], &[]),
        (&[listed(&[sum, a])], [false, true, false], &[(1, 2)]),
        (&[listed(&[sum])], [false; 3], &[(0, 2)]),
        (&[counted(2)], [true, true, true], &[]),
        (&[counted(1)], [false; 3], &[(1, 2)]),
        (&[counted(1), only_a.clone()], [false, true, false], &[(1, 2)]),
        (&[counted(1), only_a.clone(), waiver(Some("b"), 1)], [true, true, true], &[(1, 2)]),
        (&[counted(1), listed(&[sum, a])], [false, true, false], &[(1, 2), (1, 2)]),
        (&[Waiver { covers: Some(0), ..only_a }], [false; 3], &[(0, 1)]),
    ];
    for (number, (waivers, waived, grown)) in table.iter().enumerate() {
        let mut judged = findings(&cluster, &Policy { waivers: waivers.to_vec(), ..Policy::default() });
        let told = hold_to_approval(&mut judged, waivers, now());
        assert_eq!(told.iter().map(|one| (one.approved, one.selects)).collect::<Vec<_>>(), *grown, "row {number}");
        for (print, waived) in [sum, a, b].into_iter().zip(waived) {
            let finding = judged.iter().find(|one| one.fingerprint == print).unwrap();
            assert_eq!(finding.waived, *waived, "row {number}: {}", finding.subject.name);
            let ends_later = finding.acceptance.as_ref().is_some_and(|one| now() < one.until);
            assert!(finding.waived || !ends_later, "row {number}: it would be said to have ended");
        }
    }
}
