//! The collector against the simulated Azure, through the real SDK.
#![cfg(feature = "collect")]
#![expect(clippy::unwrap_used, reason = "a run that cannot be started is a failed test")]

use palisade_azure::{
    Azure, CALLS, CLUSTERS, CredentialSource, Limits, ROLE_ASSIGNMENTS, Secret, Settings, Subscriptions,
};
use palisade_model::{Cluster, FactKind, GapReason, Inventory};
use palisade_provider::{Collect, Event, FailureReason, Outcome, Pace, Progress, Provider, Recorder, Snapshot};
use palisade_simulator::{FaultKind, FaultRule, Faults, Ledger, Running, Simulator, World};
use palisade_testkit::said;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

const ACME: &str = include_str!("../../../crates/simulator/worlds/acme/azure.yaml");

/// One cluster of a kind that acme has none of: behind a private endpoint, without an issuer, and with a control plane that
/// could become anybody.
const LINKED: &str = "
      - name: linked
        group: batch
        endpoint: {private: true}
        pools: [{name: system, count: 1}]
        assignments: [{principal: cluster/linked, role: Contributor}]
";

const TOKEN: &str = "eyJ-this-is-a-token";

#[derive(Default)]
struct Events(Mutex<Vec<Event>>);

impl Progress for Events {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Events {
    fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|event| is_it(event)).count()
    }
}

struct Run {
    snapshots: Vec<Snapshot>,
    discovery: Snapshot,
    inventory: Inventory,
    ledger: Ledger,
    events: Arc<Events>,
}

impl Run {
    fn failures(&self) -> Vec<(String, FailureReason)> {
        let all = self.snapshots.iter().chain([&self.discovery]);
        all.flat_map(|snapshot| snapshot.failures().map(|(record, failure)| (record.call.to_string(), failure.reason)))
            .collect()
    }

    fn cluster(&self, name: &str) -> &Cluster {
        self.inventory.clusters.iter().find(|cluster| cluster.name == name).unwrap()
    }

    /// Every fact that is missing, by cluster.
    fn gaps(&self) -> BTreeMap<(String, FactKind), BTreeSet<GapReason>> {
        let mut gaps: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for cluster in &self.inventory.clusters {
            for fact in cluster.facts() {
                if let Some(gap) = fact.gap {
                    gaps.entry((cluster.name.clone(), fact.kind)).or_default().insert(gap.reason());
                }
            }
        }
        gaps
    }
}

/// A subnet for API servers, to which a route table is added: acme has none there.
const API_SUBNET: &str = "{name: checkout-api, prefix: 10.20.16.0/28, security_group: aks-nodes";

fn world(page_size: usize) -> World {
    assert!(ACME.contains(API_SUBNET));
    let acme = ACME.replace(API_SUBNET, &format!("{API_SUBNET}, route_table: through-firewall"));
    World::from_yaml("", &format!("page_size: {page_size}\n{acme}{LINKED}"), "").unwrap()
}

fn settings(running: &Running) -> Settings {
    Settings {
        subscriptions: Subscriptions::ManagementGroups(vec!["acme-root".to_owned()]),
        endpoint_url: Some(running.azure.clone()),
        credential: CredentialSource::Token(Secret::new(TOKEN)),
        limits: Limits { first_pause: Duration::from_millis(1), ..Limits::default() },
        ..Settings::new("acme")
    }
}

async fn run(page_size: usize, faults: Faults) -> Run {
    run_with(page_size, faults, |settings| settings).await
}

async fn run_with(page_size: usize, faults: Faults, change: impl Fn(Settings) -> Settings) -> Run {
    run_in(world(page_size), faults, change).await
}

async fn run_in(world: World, faults: Faults, change: impl Fn(Settings) -> Settings) -> Run {
    let running = Simulator::start(world, faults).await.unwrap();
    let azure = Azure::new(change(settings(&running)));
    let events = Arc::new(Events::default());
    let clock = Arc::new(palisade_testkit::now);
    let recorder = Recorder::new("acme", clock, Arc::clone(&events) as Arc<dyn Progress>, Arc::new(Pace::default()));
    let discovery = azure.discover(&recorder.for_unit()).await;
    let mut snapshots = Vec::new();
    for unit in &discovery.units {
        snapshots.push(azure.collect(unit, &recorder.for_unit()).await);
    }
    let mut inventory = azure.normalize(&discovery.snapshot);
    for part in snapshots.iter().map(|snapshot| azure.normalize(snapshot)) {
        inventory.clusters.extend(part.clusters);
        inventory.unseen.extend(part.unseen);
    }
    Run { snapshots, discovery: discovery.snapshot, inventory, ledger: running.ledger(), events }
}

fn broken(permission: &str, kind: FaultKind, times: Option<u32>) -> Faults {
    Faults { fault: vec![FaultRule { permission: permission.to_owned(), kind, times }], ..Faults::default() }
}

#[tokio::test]
async fn acme_is_collected_and_normalized_without_a_failure() {
    let run = run(100, Faults::default()).await;
    assert_eq!(run.failures(), []);
    assert_eq!(run.inventory.unseen, []);
    let names: Vec<&str> = run.inventory.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(names, ["archive", "checkout-prod", "web-prod", "batch-dev", "linked", "lab-west"]);
    assert_eq!(run.events.count(|event| matches!(event, Event::Clusters(_))), 2);
    // What is still missing is what Azure or this version does not offer, never something that went wrong.
    for ((cluster, kind), reasons) in run.gaps() {
        let fine = reasons.iter().all(|reason| matches!(reason, GapReason::Unsupported | GapReason::NotCollected));
        assert!(fine, "{cluster}: {} {reasons:?}", kind.name());
    }
}

#[tokio::test]
async fn every_declared_permission_is_used_and_no_other_and_nothing_is_asked_twice() {
    let run = run(100, Faults::default()).await;
    let used: BTreeSet<String> = run.ledger.counts().into_keys().collect();
    let declared: BTreeSet<String> = palisade_provider::permissions(CALLS).into_iter().map(str::to_owned).collect();
    assert_eq!(used, declared);
    assert_eq!(run.ledger.duplicates(), BTreeMap::new());
    let made: BTreeSet<String> = run
        .snapshots
        .iter()
        .chain([&run.discovery])
        .flat_map(|snapshot| snapshot.records().iter().map(|record| record.call.to_string()))
        .collect();
    // The inventory is asked where clusters are found in one place alone: there it has tests of its own.
    let lists = CALLS.iter().filter(|call| call.name != "ResourceGraph_Resources");
    assert_eq!(made, lists.map(|call| call.name.to_owned()).collect());
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let (small, large) = (run(2, Faults::default()).await, run(100, Faults::default()).await);
    assert!(small.ledger.entries().len() > large.ledger.entries().len());
    let facts = |run: &Run| -> Vec<(String, usize, usize)> {
        let of = |cluster: &Cluster| {
            let nodes =
                cluster.pools.get().unwrap().iter().filter_map(|pool| pool.nodes.get().ok()).map(Vec::len).sum();
            (cluster.name.clone(), nodes, cluster.minters.get().unwrap().len())
        };
        run.inventory.clusters.iter().map(of).collect()
    };
    assert_eq!(facts(&small), facts(&large));
    assert_eq!(small.gaps(), large.gaps());
}

/// The kinds of facts of which some cluster says something else, or nothing any more.
fn changed(before: &Inventory, after: &Inventory) -> BTreeSet<FactKind> {
    let of = |cluster: &Cluster| after.clusters.iter().find(|one| one.id == cluster.id).map(said);
    let differs = |cluster: &Cluster| {
        let (before, after) = (said(cluster), of(cluster).unwrap_or_default());
        FactKind::ALL.iter().copied().filter(move |kind| before.get(kind) != after.get(kind)).collect::<Vec<_>>()
    };
    before.clusters.iter().flat_map(differs).collect()
}

#[tokio::test]
async fn a_denied_permission_hides_exactly_the_facts_its_calls_feed() {
    let whole = run(100, Faults::default()).await;
    for permission in palisade_provider::permissions(CALLS) {
        let calls: Vec<_> = CALLS.iter().filter(|call| call.permission == permission).collect();
        let denied = run(100, Faults { deny: vec![permission.to_owned()], ..Faults::default() }).await;
        let failed: BTreeSet<String> = denied.failures().into_iter().map(|(call, _)| call).collect();
        assert!(calls.iter().any(|call| failed.contains(call.name)), "{permission}");
        assert!(denied.failures().iter().all(|(_, reason)| *reason == FailureReason::Denied), "{permission}");
        let (gaps, known) = (denied.gaps(), whole.gaps());
        // What clusters are found by feeds everything; how much is lost without it depends on how a target names its parts.
        if calls.iter().any(|call| call.feeds.len() == FactKind::ALL.len()) {
            assert!(!denied.inventory.unseen.is_empty() || gaps != whole.gaps(), "{permission}");
            continue;
        }
        let hidden: BTreeSet<FactKind> = gaps
            .iter()
            .filter(|(fact, reasons)| known.get(fact) != Some(reasons))
            .map(|((_, kind), _)| *kind)
            .collect();
        let fed: BTreeSet<FactKind> = calls.iter().flat_map(|call| call.feeds).copied().collect();
        assert!(hidden.is_subset(&fed), "{permission}: {:?}", hidden.difference(&fed).collect::<Vec<_>>());
        // Some facts say of each of their parts what was not read of it: those say something else then.
        let changed = changed(&whole.inventory, &denied.inventory);
        assert!(fed.is_subset(&changed), "{permission}: {:?}", fed.difference(&changed).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_nothing_is_missing() {
    let run = run(100, Faults { throttle_per_mille: 120, throttle_times: 1, seed: 7, ..Faults::default() }).await;
    assert_eq!(run.failures(), []);
    assert!(run.events.count(|event| matches!(event, Event::Throttled)) > 0);
    assert!(run.ledger.entries().iter().any(|entry| entry.status == 429));
    assert_eq!(run.inventory.clusters.len(), 6);
}

#[tokio::test]
async fn a_call_that_is_always_throttled_becomes_a_gap_after_four_attempts() {
    let permission = "Microsoft.ManagedIdentity/userAssignedIdentities/read";
    let throttled = run(
        100,
        Faults {
            always_throttle: vec![format!("{permission}@3d4b5a69-1c2e-4f80-8a7b-90c1d2e3f401")],
            ..Faults::default()
        },
    )
    .await;
    assert_eq!(
        throttled.failures(),
        [("UserAssignedIdentities_ListBySubscription".to_owned(), FailureReason::Throttled)]
    );
    let tries = throttled.ledger.entries().iter().filter(|entry| entry.status == 429).count();
    assert_eq!(tries, 4);
    let cluster = throttled.cluster("checkout-prod");
    assert_eq!(cluster.trusts.gap().map(palisade_model::Gap::reason), Some(GapReason::Throttled));
    assert!(cluster.api.public.get().is_ok() && cluster.pools.get().is_ok() && cluster.minters.get().is_ok());
}

#[tokio::test]
async fn each_way_to_break_an_answer_has_its_class_and_leaves_the_other_facts_intact() {
    let table = [
        (FaultKind::ServerError, FailureReason::Unreachable),
        (FaultKind::CutConnection, FailureReason::Unreachable),
        (FaultKind::TruncatedPage, FailureReason::Malformed),
        (FaultKind::MalformedBody, FailureReason::Malformed),
    ];
    for (kind, reason) in table {
        let run = run(100, broken(ROLE_ASSIGNMENTS.permission, kind, None)).await;
        let failures: BTreeSet<_> = run.failures().into_iter().collect();
        assert_eq!(failures, BTreeSet::from([(ROLE_ASSIGNMENTS.name.to_owned(), reason)]), "{kind:?}");
        let cluster = run.cluster("checkout-prod");
        assert!(cluster.minters.gap().is_some(), "{kind:?}");
        assert!(cluster.api.public.get().is_ok() && cluster.key.state.get().is_ok(), "{kind:?}");
    }
}

#[tokio::test]
async fn what_heals_by_itself_is_not_a_failure() {
    for kind in [FaultKind::ServerError, FaultKind::CutConnection] {
        let run = run(100, broken("Microsoft.Network/*", kind, Some(2))).await;
        assert_eq!(run.failures(), [], "{kind:?}");
    }
}

#[tokio::test]
async fn a_page_token_that_comes_twice_is_malformed_and_no_endless_loop() {
    let run = run(2, broken(ROLE_ASSIGNMENTS.permission, FaultKind::RepeatToken, None)).await;
    let failures: BTreeSet<_> = run.failures().into_iter().collect();
    assert_eq!(failures, BTreeSet::from([(ROLE_ASSIGNMENTS.name.to_owned(), FailureReason::Malformed)]));
    assert_eq!(run.cluster("checkout-prod").minters.gap().map(palisade_model::Gap::reason), Some(GapReason::Malformed));
}

#[tokio::test]
async fn a_service_that_never_answers_is_unreachable_after_the_attempts_are_used_up() {
    let short = |settings| Settings {
        limits: Limits {
            attempt: Duration::from_millis(300),
            attempts: 2,
            first_pause: Duration::from_millis(1),
            ..Limits::default()
        },
        ..settings
    };
    let run = run_with(100, broken("Microsoft.Network/routeTables/read", FaultKind::Hang, None), short).await;
    let failures: BTreeSet<_> = run.failures().into_iter().collect();
    assert_eq!(failures, BTreeSet::from([("RouteTables_ListAll".to_owned(), FailureReason::Unreachable)]));
}

#[tokio::test]
async fn a_list_of_subscriptions_names_its_units_and_an_invisible_one_is_told() {
    let own = "9e8d7c6b-5a49-4382-b716-05f4e3d2c102";
    let listed = |settings| Settings {
        subscriptions: Subscriptions::List(vec![own.to_owned(), "00000000-0000-0000-0000-00000000dead".to_owned()]),
        ..settings
    };
    let run = run_with(100, Faults::default(), listed).await;
    let scopes: Vec<&str> = run.snapshots.iter().map(|snapshot| snapshot.scope.as_str()).collect();
    assert_eq!(scopes, ["00000000-0000-0000-0000-00000000dead", own]);
    assert_eq!(run.inventory.unseen.len(), 1);
    assert_eq!(run.inventory.clusters.len(), 3);
    let everything =
        run_with(100, Faults::default(), |settings| Settings { subscriptions: Subscriptions::All, ..settings }).await;
    assert_eq!(everything.snapshots.len(), 2);
}

/// Acme with an identity in a group within the group that owns everything.
fn nested() -> World {
    let nested = ACME.replace(
        "{name: founders, members: [user/founder]}",
        "{name: founders, members: [group/robots]}\n  - {name: robots, members: [user/founder, identity/checkout-orders]}",
    );
    World::from_yaml("", &format!("page_size: 1\n{nested}{LINKED}"), "").unwrap()
}

/// What an identity of `checkout-prod` is as an administrator of the subscription.
fn administers(run: &Run, name: &str) -> Option<bool> {
    let identities = run.cluster("checkout-prod").identities.get().unwrap();
    let identity = identities.iter().find(|one| one.name == name).unwrap();
    identity.standing.get().unwrap().administrator.as_ref().map(|(certainty, _)| certainty.is_certain())
}

#[tokio::test]
async fn an_identity_holds_what_was_given_to_a_group_around_its_group() {
    let run = run_in(nested(), Faults::default(), |settings| settings).await;
    assert_eq!(run.failures(), []);
    assert_eq!(administers(&run, "checkout-orders"), Some(true));
    assert_eq!(administers(&run, "checkout-kubelet"), None);
    assert!(run.cluster("checkout-prod").unread_groups.get().unwrap().is_empty());
    // The owners of both subscriptions are looked into once.
    assert_eq!(run.ledger.duplicates(), BTreeMap::new());
    let denied = Faults { deny: vec!["GroupMember.Read.All".to_owned()], ..Faults::default() };
    let denied = run_in(nested(), denied, |settings| settings).await;
    let gap = denied.cluster("checkout-prod").unread_groups.gap().cloned().unwrap();
    assert_eq!(gap.permission(), Some("GroupMember.Read.All"));
    assert_eq!(administers(&denied, "checkout-orders"), None, "the groups put every application in doubt instead");
}

#[tokio::test]
async fn what_the_targets_time_does_not_reach_is_unreachable_and_nothing_is_lost() {
    let own = ["3d4b5a69-1c2e-4f80-8a7b-90c1d2e3f401", "9e8d7c6b-5a49-4382-b716-05f4e3d2c102"];
    let late = |settings: Settings| Settings {
        subscriptions: Subscriptions::List(own.map(str::to_owned).to_vec()),
        limits: Limits { target: Duration::ZERO, ..settings.limits },
        ..settings
    };
    let run = run_with(100, Faults::default(), late).await;
    assert_eq!(run.ledger.entries().len(), 0, "nothing is asked after the time is over");
    assert_eq!(run.snapshots.len(), own.len());
    for snapshot in &run.snapshots {
        let (record, failure) = snapshot.failures().next().unwrap();
        assert_eq!((&*record.call, failure.reason), (CLUSTERS.name, FailureReason::Unreachable));
        assert_eq!(failure.message, "the time limit of the target was over");
    }
    for subscription in own {
        let unseen = run.inventory.unseen.iter().find(|unseen| unseen.scope.as_str() == subscription).unwrap();
        assert_eq!(unseen.gap.reason(), GapReason::Unreachable);
    }
}

#[tokio::test]
async fn nothing_is_asked_around_clusters_that_do_not_exist() {
    let running = Simulator::start(
        World::from_yaml("", "subscriptions: [{id: s1, name: empty}]", "").unwrap(),
        Faults::default(),
    )
    .await
    .unwrap();
    let azure = Azure::new(Settings { subscriptions: Subscriptions::All, ..settings(&running) });
    let recorder = Recorder::new(
        "t",
        Arc::new(palisade_testkit::now),
        Arc::new(palisade_provider::Quiet),
        Arc::new(Pace::default()),
    );
    let discovery = azure.discover(&recorder.for_unit()).await;
    assert_eq!(discovery.units.len(), 1);
    azure.collect(&discovery.units[0], &recorder.for_unit()).await;
    let asked: Vec<String> = running.ledger().counts().into_keys().collect();
    assert_eq!(asked, [CLUSTERS.permission, "Microsoft.Resources/subscriptions/read"]);
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_a_denial_that_is_told() {
    let bad = |settings| Settings { credential: CredentialSource::Token(Secret::new("")), ..settings };
    let run = run_with(100, Faults::default(), bad).await;
    assert!(run.failures().iter().all(|(_, reason)| *reason == FailureReason::Denied), "{:?}", run.failures());
    assert_eq!(run.inventory.unseen.len(), 2);
}

#[tokio::test]
async fn neither_the_token_nor_a_secret_is_in_a_snapshot() {
    let run = run(100, Faults::default()).await;
    for snapshot in run.snapshots.iter().chain([&run.discovery]) {
        let mut text = snapshot.to_lines();
        for record in snapshot.records() {
            if let Outcome::Answered(body) = &record.outcome {
                text.push_str(&String::from_utf8_lossy(body.bytes()));
            }
        }
        for secret in [TOKEN, "adminPassword\":\"", "\"secret\":\"s", "ssh-rsa "] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
