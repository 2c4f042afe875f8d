//! The collector against the simulated AWS: every call goes through the official SDK.
#![cfg(feature = "collect")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use futures::StreamExt;
use palisade_aws::{Accounts, Aws, CALLS, Credentials, Regions, Settings};
use palisade_model::{Cluster, FactKind, GapReason, Inventory};
use palisade_provider::{
    Collect, Discovery, Event, FailureReason, Pace, Progress, Provider, Quiet, Recorder, Snapshot,
};
use palisade_simulator::{FaultKind, FaultRule, Faults, Ledger, Simulator, World};
use palisade_testkit::said;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

const ACME: &str = include_str!("../../../crates/simulator/worlds/acme/aws.yaml");

struct Run {
    discovery: Discovery,
    snapshots: Vec<Snapshot>,
    inventories: Vec<Inventory>,
    ledger: Ledger,
}

impl Run {
    fn clusters(&self) -> BTreeMap<String, &Cluster> {
        let clusters = self.inventories.iter().flat_map(|inventory| &inventory.clusters);
        clusters.map(|cluster| (cluster.name.clone(), cluster)).collect()
    }

    fn cluster(&self, name: &str) -> &Cluster {
        self.clusters().get(name).expect("the cluster is there")
    }
}

/// The world of a description; that of the story is worked out once for all tests.
fn described(world: &str) -> World {
    static STORY: LazyLock<World> = LazyLock::new(|| World::from_yaml(ACME, "", "").unwrap());
    if world == ACME { STORY.clone() } else { World::from_yaml(world, "", "").unwrap() }
}

async fn run_with(world: &str, faults: Faults, progress: Arc<dyn Progress>, change: impl Fn(&mut Settings)) -> Run {
    let running = Simulator::start(described(world), faults).await.unwrap();
    let mut settings = Settings {
        accounts: Accounts::Organization,
        role: Some("PalisadeReader".to_owned()),
        external_id: Some("acme-7d1f".to_owned()),
        endpoint_url: Some(running.aws.clone()),
        base_region: Some("us-east-1".to_owned()),
        credentials: Credentials::Static {
            access_key_id: "AKIAPALISADE00000001".to_owned(),
            secret_access_key: "any".to_owned(),
            session_token: None,
        },
        ..Settings::new("acme")
    };
    change(&mut settings);
    let aws = Aws::new(settings);
    let clock = Arc::new(|| "2026-11-21T00:00:00Z".parse().unwrap());
    let recorder = Recorder::new("acme", clock, progress, Arc::new(Pace::default()));
    let discovery = aws.discover(&recorder.for_unit()).await;
    let recorders: Vec<Recorder> = discovery.units.iter().map(|_| recorder.for_unit()).collect();
    let units = discovery.units.iter().zip(&recorders);
    let snapshots: Vec<Snapshot> =
        futures::future::join_all(units.map(|(unit, recorder)| aws.collect(unit, recorder))).await;
    let inventories = snapshots.iter().chain([&discovery.snapshot]).map(|snapshot| aws.normalize(snapshot)).collect();
    Run { snapshots, inventories, discovery, ledger: running.ledger() }
}

async fn run(faults: Faults) -> Run {
    run_with(ACME, faults, Arc::new(Quiet), |_| ()).await
}

fn broken(permission: &str, kind: FaultKind) -> Faults {
    Faults { fault: vec![FaultRule { permission: permission.to_owned(), kind, times: None }], ..Faults::default() }
}

/// What was not read. What AWS does not tell whatever is read is another question.
fn gaps(cluster: &Cluster) -> Vec<String> {
    let facts = cluster.facts();
    let unread = facts.iter().filter(|fact| fact.gap.is_some_and(|gap| gap.reason() != GapReason::Unsupported));
    unread.filter_map(|fact| Some(format!("{}: {}", fact.kind.name(), fact.gap?))).collect()
}

/// The kinds of facts that AWS does not tell of some cluster, whatever is read.
fn untold(clusters: &BTreeMap<String, &Cluster>) -> BTreeSet<FactKind> {
    let facts = clusters.values().flat_map(|cluster| cluster.facts());
    facts.filter(|fact| fact.gap.is_some()).map(|fact| fact.kind).collect()
}

/// Asked where clusters are found in one place alone: there it has tests of its own.
const INVENTORY: &str = "config:SelectAggregateResourceConfig";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acme_is_read_whole_with_every_declared_call_and_none_twice() {
    let run = run(Faults::default()).await;
    let names: Vec<String> = run.clusters().into_keys().collect();
    assert_eq!(names, ["analytics", "edge-auto", "legacy-1-27", "payments-prod", "shop-prod"]);
    for inventory in &run.inventories {
        assert_eq!(inventory.unseen, []);
    }
    let failures: Vec<_> = run.snapshots.iter().chain([&run.discovery.snapshot]).flat_map(Snapshot::failures).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    // A pool that has a least and a most size may still have nobody who changes it: other groups are not asked for.
    let is_settled = |gap: &String| !gap.starts_with("scaling: auto scaling groups that no node group names");
    let open: Vec<String> = run.clusters().values().flat_map(|cluster| gaps(cluster)).filter(is_settled).collect();
    assert_eq!(open, Vec::<String>::new());
    // Of machines that joined by themselves, of config maps and of a cluster from 2022.
    let of_the_fleet = [
        FactKind::Scaling,
        FactKind::Boot,
        FactKind::Isolation,
        FactKind::PolicyEngine,
        FactKind::Transit,
        FactKind::SignIn,
        FactKind::Administrators,
        FactKind::Blockers,
        FactKind::DeletionGuard,
        FactKind::AuditLog,
        FactKind::PoolVersion,
        FactKind::PoolZones,
        FactKind::Surge,
        FactKind::PoolHealth,
        // Where Inspector does not scan.
        FactKind::Vulnerabilities,
    ];
    let more: Vec<FactKind> = untold(&run.clusters()).into_iter().filter(|kind| !of_the_fleet.contains(kind)).collect();
    assert_eq!(more, Vec::new());
    assert_eq!(run.ledger.duplicates(), BTreeMap::new());
    let asked: BTreeSet<String> = run.ledger.counts().into_keys().collect();
    // The first generation of load balancers shares its permissions with the second.
    let declared: BTreeSet<String> =
        CALLS.iter().filter(|call| call.name != INVENTORY).map(|call| permission_of(call.name)).collect();
    assert_eq!(asked, declared);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_the_world_is_in_a_snapshot() {
    let run = run(Faults::default()).await;
    let mut seen = 0;
    for snapshot in run.snapshots.iter().chain([&run.discovery.snapshot]) {
        for record in snapshot.records() {
            let palisade_provider::Outcome::Answered(body) = &record.outcome else { continue };
            let text = String::from_utf8_lossy(body.bytes());
            seen += 1;
            for secret in ["dd-secret-7f3a9c1e5b2d4f60", "hunter2", "glpat-observability", "wJalrXUtn", "V0FSRUhPVVNF"]
            {
                assert!(!text.contains(secret), "{} holds {secret}", record.call);
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_two_say_what_whole_lists_say() {
    let whole = run(Faults::default()).await;
    let small = run_with(&format!("page_limit: 2\n{ACME}"), Faults::default(), Arc::new(Quiet), |_| ()).await;
    assert!(small.ledger.entries().len() > whole.ledger.entries().len());
    assert_eq!(small.ledger.duplicates(), BTreeMap::new());
    for (name, cluster) in whole.clusters() {
        assert_eq!(said(small.cluster(&name)), said(cluster), "{name}");
    }
}

/// The permission of a call; the first generation of load balancers shares its permissions with the second.
fn permission_of(call: &str) -> String {
    call.replace("elb:", "elasticloadbalancing:")
}

/// The regions of the story that hold clusters: asking the other fifteen of every account proves nothing more.
fn inhabited() -> Regions {
    Regions::List(vec!["eu-west-1".to_owned(), "us-east-1".to_owned()])
}

/// Counts what it is told.
#[derive(Debug, Default)]
struct Told(Mutex<(usize, usize)>);

impl Progress for Told {
    fn tell(&self, event: Event) {
        let mut counts = self.0.lock().unwrap();
        match event {
            Event::Throttled => counts.0 += 1,
            Event::Clusters(found) => counts.1 += found,
            _ => (),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_call_is_tried_again_and_told_of() {
    let whole = run(Faults::default()).await;
    let told = Arc::new(Told::default());
    let faults = Faults { throttle_per_mille: 150, throttle_times: 1, ..Faults::default() };
    let throttled = run_with(ACME, faults, Arc::clone(&told) as Arc<dyn Progress>, |_| ()).await;
    for (name, cluster) in whole.clusters() {
        assert_eq!(said(throttled.cluster(&name)), said(cluster), "{name}");
    }
    let (slowed, clusters) = *told.0.lock().unwrap();
    assert!(slowed > 10, "{slowed}");
    assert_eq!(clusters, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_stays_throttled_is_a_gap_of_that_class_and_nothing_else_is_lost() {
    let faults = Faults { always_throttle: vec!["kms:GetKeyRotationStatus".to_owned()], ..Faults::default() };
    let run = run(faults).await;
    let shop = run.cluster("shop-prod");
    assert_eq!(shop.key.rotation.gap().unwrap().reason(), GapReason::Throttled);
    assert_eq!(gaps(shop).len(), 1, "{:?}", gaps(shop));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_broken_answer_becomes_its_class() {
    let cases = [
        (FaultKind::ServerError, "kms:GetKeyRotationStatus", GapReason::Unreachable),
        (FaultKind::CutConnection, "kms:GetKeyRotationStatus", GapReason::Unreachable),
        (FaultKind::TruncatedPage, "kms:GetKeyRotationStatus", GapReason::Malformed),
        (FaultKind::MalformedBody, "kms:GetKeyRotationStatus", GapReason::Malformed),
    ];
    for (kind, permission, reason) in cases {
        let run = run(broken(permission, kind)).await;
        let shop = run.cluster("shop-prod");
        assert_eq!(shop.key.rotation.gap().unwrap().reason(), reason, "{kind:?}");
        assert_eq!(gaps(shop).len(), 1, "{kind:?}: {:?}", gaps(shop));
    }
    for kind in [FaultKind::TruncatedPage, FaultKind::MalformedBody] {
        let run = run(broken("ec2:DescribeVpcs", kind)).await;
        let pools = run.cluster("shop-prod").pools.get().unwrap();
        assert!(pools.iter().all(|pool| pool.exposure.gap().unwrap().reason() == GapReason::Malformed), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_repeats_its_token_is_malformed_and_not_endless() {
    let run = run_with(
        &format!("page_limit: 1\n{ACME}"),
        broken("eks:ListNodegroups", FaultKind::RepeatToken),
        Arc::new(Quiet),
        |_| (),
    )
    .await;
    let gap = run.cluster("shop-prod").pools.gap().cloned();
    assert!(gap.is_none(), "karpenter's machines are no node group, so there is one page: {gap:?}");
    let gap = run_with(
        &format!("page_limit: 1\n{ACME}"),
        broken("eks:ListAddons", FaultKind::RepeatToken),
        Arc::new(Quiet),
        |_| (),
    )
    .await;
    let gap = gap.cluster("shop-prod").controllers.gap().cloned().unwrap();
    assert_eq!(gap.reason(), GapReason::Malformed);
    assert!(gap.to_string().contains("the same page token came twice"), "{gap}");
}

/// Every call whose lists have pages, in all three wire formats: half a body and a list that never ends are failures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_body_and_a_repeated_token_are_malformed_in_every_wire_format() {
    let world = format!("page_limit: 1\n{ACME}");
    // Without the list of accounts no other list is asked for.
    let lists: [&[&str]; 2] = [
        &[
            "eks:ListAddons",
            "ec2:DescribeSecurityGroups",
            "iam:GetAccountAuthorizationDetails",
            "elasticloadbalancing:DescribeLoadBalancers",
        ],
        &["organizations:ListAccounts"],
    ];
    let kinds = [FaultKind::TruncatedPage, FaultKind::RepeatToken];
    for (kind, calls) in kinds.iter().flat_map(|kind| lists.iter().map(move |calls| (*kind, *calls))) {
        let fault = calls.iter().map(|call| FaultRule { permission: (*call).to_owned(), kind, times: None });
        let faults = Faults { fault: fault.collect(), ..Faults::default() };
        // Trying again is shown elsewhere; here it would only be waited for.
        let run = run_with(&world, faults, Arc::new(Quiet), |settings| {
            settings.limits.attempts = 1;
            settings.regions = inhabited();
        })
        .await;
        let snapshots = || run.snapshots.iter().chain([&run.discovery.snapshot]);
        let failures: Vec<_> = snapshots().flat_map(Snapshot::failures).collect();
        let failed: BTreeSet<String> = failures.iter().map(|(record, _)| permission_of(&record.call)).collect();
        assert_eq!(failed, calls.iter().map(|call| (*call).to_owned()).collect(), "{kind:?}");
        for (record, failure) in failures {
            assert_eq!(failure.reason, FailureReason::Malformed, "{} {kind:?}: {failure:?}", record.call);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_cannot_be_entered_is_unseen_and_the_others_are_read() {
    let run = run_with(ACME, Faults::default(), Arc::new(Quiet), |settings| settings.external_id = None).await;
    let unseen: Vec<_> = run.inventories.iter().flat_map(|inventory| &inventory.unseen).collect();
    assert_eq!(unseen.len(), 1, "{unseen:?}");
    assert_eq!(unseen[0].scope.as_str(), "333333333333");
    assert_eq!(unseen[0].gap.to_string(), "`sts:AssumeRole` was denied in `333333333333`: grant `sts:AssumeRole`");
    assert_eq!(run.clusters().len(), 3);
}

/// What is left when the time of the target is up was not answered: no account, no region and no cluster is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_when_the_time_is_up_is_told_and_not_lost() {
    let listed = ["eu-west-1", "us-east-1"];
    for (target, unit) in [(1_500, 60_000), (60_000, 1_000), (0, 60_000)] {
        let faults = Faults { latency: Duration::from_millis(400), ..Faults::default() };
        let began = std::time::Instant::now();
        let run = run_with(ACME, faults, Arc::new(Quiet), |settings| {
            settings.regions = Regions::List(listed.map(str::to_owned).to_vec());
            settings.limits.target = Duration::from_millis(target);
            settings.limits.unit = Duration::from_millis(unit);
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(20), "{target} {unit}");
        let snapshots = || run.snapshots.iter().chain([&run.discovery.snapshot]);
        let failures: Vec<_> = snapshots().flat_map(Snapshot::failures).collect();
        assert!(!failures.is_empty());
        for (record, failure) in failures {
            assert_eq!(failure.reason, FailureReason::Unreachable, "{record:?}");
            assert!(failure.message.contains("time limit"), "{failure:?}");
        }
        // Every place is either read or told.
        let told: BTreeSet<String> =
            snapshots().flat_map(Snapshot::records).map(|record| record.scope.to_string()).collect();
        let unseen: BTreeSet<String> =
            run.inventories.iter().flat_map(|inventory| &inventory.unseen).map(|one| one.scope.to_string()).collect();
        assert!(
            !unseen.is_empty() || run.clusters().values().any(|cluster| !gaps(cluster).is_empty()),
            "{target} {unit}"
        );
        for unit in &run.discovery.units {
            let places = listed.map(|region| format!("{}/{region}", unit.scope));
            let all = places.iter().all(|place| told.contains(place));
            assert!(all || unseen.contains(&unit.scope), "{}: {unseen:?}", unit.scope);
        }
        assert!(!run.discovery.units.is_empty() || unseen.contains("acme"), "{unseen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_role_no_other_account_is_mistaken_for_our_own() {
    let run = run_with(ACME, Faults::default(), Arc::new(Quiet), |settings| settings.role = None).await;
    assert_eq!(run.clusters().len(), 0);
    let unseen = run.inventories.iter().map(|inventory| inventory.unseen.len()).sum::<usize>();
    assert_eq!(unseen, 3);
}

/// What a call feeds and nothing of acme hangs on: its machines say themselves what a template says of new ones, and the
/// rights of its pipelines stand in access entries, which no policy of an organization takes away.
const NOT_IN_ACME: &[(&str, &[FactKind])] = &[
    ("ec2:DescribeLaunchTemplateVersions", &[FactKind::Image, FactKind::Disks]),
    ("organizations:DescribeOrganization", &[FactKind::Pipelines]),
    ("organizations:ListPolicies", &[FactKind::Pipelines]),
    ("organizations:ListTargetsForPolicy", &[FactKind::Pipelines]),
    ("organizations:DescribePolicy", &[FactKind::Pipelines]),
    ("organizations:ListParents", &[FactKind::Pipelines]),
];

/// The law of declared calls: denying one takes away exactly the kinds of facts it says it feeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_call_takes_what_it_feeds_and_leaves_the_rest() {
    let inhabited = |settings: &mut Settings| settings.regions = inhabited();
    let whole = run_with(ACME, Faults::default(), Arc::new(Quiet), inhabited).await;
    let before: BTreeMap<String, _> = whole.clusters().iter().map(|(name, one)| (name.clone(), said(one))).collect();
    let before = &before;
    let mut wrong = Vec::new();
    let calls = CALLS.iter().filter(|call| !["sts:GetCallerIdentity", INVENTORY].contains(&call.name));
    let losses = futures::stream::iter(calls).map(|call| async move {
        let faults = Faults { deny: vec![call.permission.to_owned()], ..Faults::default() };
        // Only where regions are looked for is it asked which there are.
        let everywhere = call.name == "ec2:DescribeRegions";
        let denied =
            if everywhere { run(faults).await } else { run_with(ACME, faults, Arc::new(Quiet), inhabited).await };
        let clusters = denied.clusters();
        let mut lost: BTreeSet<FactKind> = BTreeSet::new();
        for (name, before) in before {
            match clusters.get(name).map(|cluster| said(cluster)) {
                None => lost.extend(FactKind::ALL),
                Some(after) => lost.extend(FactKind::ALL.iter().filter(|kind| before.get(kind) != after.get(kind))),
            }
        }
        (call, lost)
    });
    for (call, lost) in losses.buffered(4).collect::<Vec<_>>().await {
        let feeds: BTreeSet<FactKind> = call.feeds.iter().copied().collect();
        // No node of acme stands behind a prefix list itself; vector A1-10 shows what an unreadable one does.
        let is_shown_elsewhere = call.name == "ec2:GetManagedPrefixListEntries" && lost.is_subset(&feeds);
        let elsewhere =
            NOT_IN_ACME.iter().filter(|(name, _)| *name == call.name).flat_map(|(_, kinds)| *kinds).copied();
        let elsewhere: BTreeSet<FactKind> = elsewhere.collect();
        // What acme has come to show is no exception any more.
        assert!(elsewhere.is_disjoint(&lost), "{}: {elsewhere:?}", call.name);
        let feeds: BTreeSet<FactKind> = feeds.difference(&elsewhere).copied().collect();
        if lost != feeds && !is_shown_elsewhere {
            let more: Vec<_> = lost.difference(&feeds).collect();
            let less: Vec<_> = feeds.difference(&lost).collect();
            wrong.push(format!("{}: lost besides {more:?}; not lost {less:?}", call.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
