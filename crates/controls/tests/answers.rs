//! Which answer counts for which cluster, and what it says where facts are silent.
#![expect(clippy::unwrap_used, reason = "a test stops at an example that is not what it seems")]

use palisade_controls::controls;
use palisade_engine::{Answer, AnsweredFor, Answers, Context, Finding, Policy, State, Value, evaluate};
use palisade_model::{Cluster, Coverage, Etcd, Image, Patching, Pool, Provider, Rotation, Telemetry, Unused};
use palisade_testkit::{known, now, tidy};

fn answer(control: &str, of: AnsweredFor, value: (&str, Value)) -> Answer {
    Answer {
        control: control.to_owned(),
        of,
        values: [(value.0.to_owned(), value.1)].into(),
        by: "ana".to_owned(),
        on: "2026-11-19".parse().unwrap(),
        expires: None,
        evidence: None,
        note: None,
    }
}

fn judged(cluster: &Cluster, control: &str, entries: Vec<Answer>) -> Finding {
    let policy = Policy { answers: Answers::new(entries, ""), ..Policy::default() };
    let findings = evaluate(cluster, &controls(), &Context { policy: &policy, now: now() }).findings;
    findings.into_iter().find(|finding| finding.control.id == control).unwrap()
}

/// An environment and what counts for a cluster of it.
fn in_environment(label: &str, entries: &[(AnsweredFor, Value)]) -> State {
    let mut cluster = tidy(Provider::Azure);
    cluster.labels.insert("Environment".to_owned(), label.to_owned());
    let entries = entries.iter().map(|(of, value)| answer("AR-09", of.clone(), ("separated", *value)));
    judged(&cluster, "AR-09", entries.collect()).state
}

#[test]
fn the_narrowest_answer_counts_and_of_equals_the_worst() {
    let environment = |name: &str| AnsweredFor::Environment(name.to_owned());
    let cluster = |name: &str| AnsweredFor::Cluster(name.to_owned());
    let fleet = AnsweredFor::Fleet;
    let (yes, no) = (Value::Yes, Value::No);
    type Row<'a> = (&'a str, &'a [(AnsweredFor, Value)], State);
    let table: &[Row<'_>] = &[
        ("nobody", &[], State::AttestMissing),
        ("the fleet", &[(fleet.clone(), yes)], State::Pass),
        ("the environment before the fleet", &[(fleet.clone(), no), (environment("Dev"), yes)], State::Pass),
        ("another environment", &[(fleet.clone(), no), (environment("prod"), yes)], State::Fail),
        ("the cluster before its environment", &[(environment("dev"), yes), (cluster("tidy"), no)], State::Fail),
        ("by its id", &[(fleet.clone(), no), (cluster("azure/example/tidy"), yes)], State::Pass),
        ("another cluster", &[(cluster("shop"), yes)], State::AttestMissing),
        ("id and name are equals", &[(cluster("tidy"), yes), (cluster("azure/example/tidy"), no)], State::Fail),
        ("the worst of equals", &[(fleet.clone(), no), (fleet.clone(), yes)], State::Fail),
        ("whatever their order", &[(fleet.clone(), yes), (fleet.clone(), no)], State::Fail),
    ];
    for (name, entries, expected) in table {
        assert_eq!(in_environment("dev", entries), *expected, "{name}");
    }
    // All words that the policy has for production are one environment.
    assert_eq!(in_environment("prod", &[(environment("production"), yes)]), State::Pass);
    assert_eq!(in_environment("dev", &[(environment("development"), yes)]), State::AttestMissing);
}

#[test]
fn an_answer_counts_from_its_day_to_the_end_of_its_last_one() {
    let state = |on: &str, expires: Option<&str>| {
        let entry = Answer {
            on: on.parse().unwrap(),
            expires: expires.map(|day| day.parse().unwrap()),
            ..answer("AR-09", AnsweredFor::Fleet, ("separated", Value::Yes))
        };
        judged(&tidy(Provider::Gcp), "AR-09", vec![entry]).state
    };
    // Judged at the first moment of 2026-11-20.
    assert_eq!(state("2025-11-20", None), State::Pass);
    assert_eq!(state("2025-11-19", None), State::AttestExpired);
    assert_eq!(state("2026-11-01", Some("2026-11-20")), State::Pass);
    assert_eq!(state("2026-11-01", Some("2026-11-19")), State::AttestExpired);
    // Whoever answers may be where it is tomorrow already, and no further ahead than that.
    assert_eq!(state("2026-11-21", None), State::Pass);
    assert_eq!(state("2026-11-22", None), State::AttestMissing);
}

#[test]
fn an_old_no_is_as_old_as_an_old_yes() {
    let entry =
        Answer { on: "2020-01-01".parse().unwrap(), ..answer("AR-09", AnsweredFor::Fleet, ("separated", Value::No)) };
    assert_eq!(judged(&tidy(Provider::Gcp), "AR-09", vec![entry]).state, State::AttestExpired);
}

#[test]
fn a_verdict_rests_on_the_record_of_the_answer_and_says_who_gave_it() {
    let entry = Answer {
        evidence: Some("https://wiki.example.com/1".to_owned()),
        ..answer("AR-09", AnsweredFor::Fleet, ("separated", Value::Yes))
    };
    let digest = entry.digest();
    let finding = judged(&tidy(Provider::Aws), "AR-09", vec![entry]);
    let records = finding.evidence.records();
    assert_eq!(records.iter().map(|one| (one.digest, &*one.call)).collect::<Vec<_>>(), [(digest, "answers")]);
    assert_eq!(
        &*finding.because,
        "`ana` answered on 2026-11-19 for the whole fleet: separated yes (https://wiki.example.com/1); it counts until \
         2027-11-19"
    );
}

#[test]
fn where_the_cloud_is_silent_people_are_heard_and_where_it_speaks_they_are_not() {
    let because = || "outside".to_owned();
    let disks = |cluster: &mut Cluster| cluster.etcd = known(Etcd::CustomerNetwork { because: because() });
    let rotation = |cluster: &mut Cluster| cluster.key.rotation = known(Rotation::Elsewhere { because: because() });
    let objects = |cluster: &mut Cluster| {
        let mut encryption = cluster.encryption.get().unwrap().clone();
        (encryption.coverage, encryption.rewritten) = (Coverage::Secrets, None);
        cluster.encryption = known(encryption);
    };
    let unused = |cluster: &mut Cluster| {
        let mut identities = cluster.identities.get().unwrap().clone();
        for one in &mut identities {
            one.unused = known(Unused::NobodyKnows { hint: "no records".to_owned() });
        }
        cluster.identities = known(identities);
    };
    let pools = |cluster: &mut Cluster, change: &dyn Fn(&mut Pool)| {
        let mut pools = cluster.pools.get().unwrap().clone();
        pools.iter_mut().for_each(change);
        cluster.pools = known(pools);
    };
    let image = |cluster: &mut Cluster| {
        pools(cluster, &|pool| pool.machinery.image = known(Image::Own { id: "image".to_owned() }));
    };
    let patching = |cluster: &mut Cluster| {
        pools(cluster, &|pool| pool.machinery.patching = known(Patching::Undeclared { because: because() }));
    };
    let telemetry = |cluster: &mut Cluster| {
        cluster.platform.telemetry = known(Telemetry { metrics: None, logs: None, because: because() });
    };
    let day = |text: &str| Value::Day(text.parse().unwrap());
    type Row<'a> = (&'a str, &'a dyn Fn(&mut Cluster), &'a str, Value, Value);
    let table: &[Row<'_>] = &[
        ("ET-14", &disks, "encrypted", Value::Yes, Value::No),
        ("ET-12", &rotation, "rotated_on", day("2026-09-01"), Value::Never),
        ("ET-15", &objects, "rewritten_on", day("2026-09-01"), Value::Never),
        ("ID-12", &unused, "removed_on", day("2026-09-01"), Value::Never),
        ("ND-09", &image, "mended", Value::Yes, Value::No),
        ("ND-11", &patching, "replaced", Value::Yes, Value::No),
        ("OB-03", &telemetry, "collected", Value::Yes, Value::No),
    ];
    for (control, silence, question, good, bad) in table {
        let state = |is_silent: bool, values: &[Value]| {
            let mut cluster = tidy(Provider::Azure);
            if is_silent {
                silence(&mut cluster);
            }
            let said = |value: &Value| answer(control, AnsweredFor::Cluster("tidy".to_owned()), (question, *value));
            judged(&cluster, control, values.iter().map(said).collect()).state
        };
        let told = [state(true, &[]), state(true, &[*good]), state(true, &[*bad])];
        assert_eq!(told, [State::AttestMissing, State::Pass, State::Fail], "{control}");
        assert_eq!(state(false, &[*bad]), state(false, &[]), "{control}: what was read outranks what is said");
    }
}

#[test]
fn a_key_elsewhere_must_rotate_as_often_as_the_policy_says() {
    let mut cluster = tidy(Provider::Aws);
    cluster.key.rotation = known(Rotation::Elsewhere { because: "XKS".to_owned() });
    let rotated = |days: u32| {
        let rotated_on = ("rotated_on", Value::Day("2026-09-01".parse().unwrap()));
        let entries = vec![answer("ET-12", AnsweredFor::Cluster("tidy".to_owned()), rotated_on)];
        let policy = Policy { answers: Answers::new(entries, ""), rotation_days: days, ..Policy::default() };
        let findings = evaluate(&cluster, &controls(), &Context { policy: &policy, now: now() }).findings;
        findings.into_iter().find(|finding| finding.control.id == "ET-12").unwrap().state
    };
    assert_eq!([30, 79, 80, 365].map(rotated), [State::Fail, State::Pass, State::Pass, State::Pass]);
}
