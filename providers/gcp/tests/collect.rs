//! The collector against the simulated Google Cloud, through the official clients.
#![cfg(feature = "collect")]
#![expect(clippy::unwrap_used, reason = "a run that cannot be started is a failed test")]

use palisade_gcp::{CALLS, Credential, Gcp, Limits, Projects, Secret, Settings, call};
use palisade_model::{Cluster, Exposure, FactKind, Gap, GapReason, Inventory};
use palisade_provider::{Collect, Event, FailureReason, Outcome, Pace, Progress, Provider, Quiet, Recorder, Snapshot};
use palisade_simulator::{FaultKind, FaultRule, Faults, Ledger, Running, Simulator, World};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

const ACME: &str = include_str!("../../../crates/simulator/worlds/acme/gcp.yaml");
const ORGANIZATION: &str = "481516234200";
const PROD: &str = "acme-prod-4711";
const LAB: &str = "acme-lab-0815";
const TOKEN: &str = "ya29.this-is-a-token";

#[derive(Default)]
struct Events(Mutex<Vec<Event>>);

impl Progress for Events {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Events {
    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|event| wanted(event)).count()
    }
}

/// One whole run and what it left behind.
struct Run {
    discovery: Snapshot,
    snapshots: Vec<Snapshot>,
    inventory: Inventory,
    ledger: Ledger,
    events: Arc<Events>,
}

impl Run {
    fn all(&self) -> impl Iterator<Item = &Snapshot> {
        self.snapshots.iter().chain([&self.discovery])
    }

    fn failures(&self) -> BTreeSet<(String, String, FailureReason)> {
        self.all()
            .flat_map(Snapshot::failures)
            .map(|(record, failure)| (record.call.to_string(), record.scope.to_string(), failure.reason))
            .collect()
    }

    fn cluster(&self, name: &str) -> &Cluster {
        self.inventory.clusters.iter().find(|cluster| cluster.name == name).unwrap()
    }

    /// The kinds of facts that are missing, by cluster.
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

fn settings(running: &Running) -> Settings {
    Settings {
        projects: Projects::Organization(ORGANIZATION.to_owned()),
        endpoint_url: Some(running.gcp.clone()),
        credential: Credential::Token(Secret::new(TOKEN)),
        limits: Limits { first_pause: Duration::from_millis(1), ..Limits::default() },
        ..Settings::new("acme")
    }
}

async fn collected(gcp: &str, faults: Faults, change: impl Fn(Settings) -> Settings) -> Run {
    let running = Simulator::start(World::from_yaml("", "", gcp).unwrap(), faults).await.unwrap();
    let provider = Gcp::new(change(settings(&running)));
    let events = Arc::new(Events::default());
    let watching = Arc::clone(&events) as Arc<dyn Progress>;
    let recorder = Recorder::new("acme", Arc::new(palisade_testkit::now), watching, Arc::new(Pace::default()));
    let discovery = provider.discover(&recorder).await;
    let snapshots = futures_of(discovery.units.iter().map(|unit| provider.collect(unit, &recorder))).await;
    let mut inventory = provider.normalize(&discovery.snapshot);
    for part in snapshots.iter().map(|snapshot| provider.normalize(snapshot)) {
        inventory.clusters.extend(part.clusters);
        inventory.unseen.extend(part.unseen);
    }
    Run { discovery: discovery.snapshot, snapshots, inventory, ledger: running.ledger(), events }
}

/// The projects side by side, as a run reads them.
async fn futures_of<'a, T>(all: impl Iterator<Item = palisade_provider::Future<'a, T>>) -> Vec<T> {
    futures::future::join_all(all).await
}

async fn acme(faults: Faults) -> Run {
    collected(ACME, faults, |settings| settings).await
}

fn broken(permission: &str, kind: FaultKind, times: Option<u32>) -> Faults {
    Faults { fault: vec![FaultRule { permission: permission.to_owned(), kind, times }], ..Faults::default() }
}

#[tokio::test]
async fn acme_is_read_whole_but_for_what_it_does_not_offer() {
    let run = acme(Faults::default()).await;
    let off = (call::INSIGHTS.name.to_owned(), LAB.to_owned(), FailureReason::Unsupported);
    assert_eq!(run.failures(), BTreeSet::from([off]));
    let mut names: Vec<&str> = run.inventory.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["data", "edge", "ml-lab", "search-prod"]);
    let unseen: Vec<&str> = run.inventory.unseen.iter().map(|unseen| unseen.scope.as_str()).collect();
    assert_eq!(unseen, ["acme-lab-0815/us-central1-f"]);
    for ((cluster, kind), reasons) in run.gaps() {
        let expected = match kind {
            // The zone that did not answer may hold a cluster whose machines carry the account, too.
            FactKind::Dedication => GapReason::Unreachable,
            // Security Command Center is not asked.
            FactKind::Detection => GapReason::NotCollected,
            // A service that is off, and images of the lab that are not scanned.
            _ => GapReason::Unsupported,
        };
        let open = [FactKind::Dedication, FactKind::Unused, FactKind::Detection, FactKind::Vulnerabilities];
        assert!(open.contains(&kind), "{cluster}: {kind:?}");
        assert_eq!(reasons, BTreeSet::from([expected]), "{cluster}");
    }
    assert_eq!(run.events.count(|event| matches!(event, Event::Clusters(2))), 2);
}

/// The call, and its permission, that is made where clusters are found in one place alone: there it has tests of its own.
const INVENTORY: (&str, &str) = ("cloudasset.searchAllResources", "cloudasset.assets.searchAllResources");

fn asked_of_acme() -> Vec<&'static str> {
    palisade_provider::permissions(CALLS).into_iter().filter(|permission| *permission != INVENTORY.1).collect()
}

#[tokio::test]
async fn every_declared_permission_is_used_no_other_is_and_nothing_is_asked_twice() {
    let run = acme(Faults::default()).await;
    let used: BTreeSet<String> = run.ledger.counts().into_keys().collect();
    let declared: BTreeSet<String> = asked_of_acme().into_iter().map(str::to_owned).collect();
    assert_eq!(used, declared);
    assert_eq!(run.ledger.duplicates(), BTreeMap::new());
    let made: BTreeSet<&str> = run.all().flat_map(Snapshot::records).map(|record| &*record.call).collect();
    let known: BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
    let unused: Vec<_> = known.difference(&made).collect();
    // An organisation's projects are listed, not searched.
    assert_eq!(unused, [&INVENTORY.0, &call::PROJECTS_SEARCH.name]);
    assert!(made.is_subset(&known));
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let large = acme(Faults::default()).await;
    let small = collected(&format!("page_size: 2\n{ACME}"), Faults::default(), |settings| settings).await;
    assert!(small.ledger.entries().len() > large.ledger.entries().len());
    assert_eq!(small.gaps(), large.gaps());
    let counts = |run: &Run| -> BTreeMap<String, (usize, usize, usize)> {
        let of = |cluster: &Cluster| {
            let pools = cluster.pools.get().unwrap();
            let nodes = pools.iter().map(|pool| pool.nodes.get().unwrap().len()).sum();
            let exposures = pools.iter().map(|pool| pool.exposure.get().unwrap().len()).sum();
            (cluster.name.clone(), (nodes, exposures, cluster.identities.get().unwrap().len()))
        };
        run.inventory.clusters.iter().map(of).collect()
    };
    assert_eq!(counts(&small), counts(&large));
    assert_eq!(counts(&large).values().map(|(nodes, ..)| nodes).sum::<usize>(), 18);
}

#[tokio::test]
async fn a_denied_permission_hides_only_facts_its_calls_feed() {
    let whole = acme(Faults::default()).await.gaps();
    for permission in asked_of_acme() {
        let calls: Vec<_> = CALLS.iter().filter(|call| call.permission == permission).collect();
        let denied = acme(Faults { deny: vec![permission.to_owned()], ..Faults::default() }).await;
        let names: BTreeSet<String> = denied.failures().into_iter().map(|(call, ..)| call).collect();
        assert!(calls.iter().any(|call| names.contains(call.name)), "{permission}");
        let gaps = denied.gaps();
        let mut hidden: BTreeSet<FactKind> = gaps
            .iter()
            .filter(|(fact, reasons)| whole.get(fact) != Some(reasons))
            .map(|((_, kind), _)| *kind)
            .collect();
        // What the other calls prove of an exposure stands, and what this one leaves open is told with it.
        let leaves_open = denied.inventory.clusters.iter().any(|cluster| leaves_open(cluster, permission));
        hidden.extend(leaves_open.then_some(FactKind::Exposure));
        let fed: BTreeSet<FactKind> = calls.iter().flat_map(|call| call.feeds).copied().collect();
        let undeclared: Vec<_> = hidden.difference(&fed).collect();
        assert!(undeclared.is_empty(), "{permission} also hides {undeclared:?}");
        let blind = [call::CLUSTERS_LIST.permission, call::PROJECTS_LIST.permission, call::FOLDERS_LIST.permission];
        if blind.contains(&permission) {
            assert!(denied.inventory.unseen.len() > 1 || denied.inventory.clusters.is_empty(), "{permission}");
        } else {
            assert!(!hidden.is_empty(), "{permission} hides nothing");
            let says = |gap: &Gap| gap.permission() == Some(permission);
            let named = denied.inventory.clusters.iter().flat_map(Cluster::facts).filter_map(|fact| fact.gap).any(says);
            assert!(named || leaves_open, "no gap names {permission}");
        }
    }
}

/// Whether the ways to some machine are not known exactly for want of a permission.
fn leaves_open(cluster: &Cluster, permission: &str) -> bool {
    let grant = format!("grant `{permission}`");
    let open = |exposure: &Exposure| {
        let exact = exposure.internet.is_exact() && exposure.inside.is_exact();
        !exact && exposure.limits.iter().any(|limit| limit.contains(&grant))
    };
    let pools = cluster.pools.get().into_iter().flatten();
    pools.flat_map(|pool| pool.exposure.get().into_iter().flatten()).any(open)
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_nothing_is_missing() {
    let quiet = acme(Faults::default()).await;
    let run = acme(Faults { throttle_per_mille: 150, throttle_times: 1, seed: 5, ..Faults::default() }).await;
    assert_eq!(run.failures(), quiet.failures());
    assert_eq!(run.gaps(), quiet.gaps());
    assert!(run.events.count(|event| matches!(event, Event::Throttled)) > 0);
}

#[tokio::test]
async fn a_call_that_is_always_throttled_becomes_a_gap_after_four_attempts() {
    let permission = call::FIREWALLS.permission;
    let run = acme(Faults { always_throttle: vec![format!("{permission}@{PROD}")], ..Faults::default() }).await;
    assert!(run.failures().contains(&(call::FIREWALLS.name.to_owned(), PROD.to_owned(), FailureReason::Throttled)));
    let attempts = run.ledger.entries().iter().filter(|entry| entry.status == 429).count();
    assert_eq!(attempts, 4);
    let cluster = run.cluster("search-prod");
    let pool = &cluster.pools.get().unwrap()[0];
    assert_eq!(pool.filters.gap().map(Gap::reason), Some(GapReason::Throttled));
    // Its machines have no address of the internet, whatever the rules nobody read say.
    let exposures = pool.exposure.get().unwrap();
    assert!(exposures.iter().all(|exposure| exposure.internet.upper().is_empty() && !exposure.inside.is_exact()));
    assert!(pool.nodes.get().is_ok() && cluster.minters.get().is_ok());
    assert!(run.cluster("data").pools.get().unwrap()[0].exposure.get().is_ok());
}

#[tokio::test]
async fn each_way_to_break_an_answer_has_its_class_and_leaves_the_other_facts_intact() {
    for (kind, reason) in [
        (FaultKind::ServerError, FailureReason::Unreachable),
        (FaultKind::CutConnection, FailureReason::Unreachable),
        (FaultKind::TruncatedPage, FailureReason::Malformed),
        (FaultKind::MalformedBody, FailureReason::Malformed),
    ] {
        let run = acme(broken(&format!("{}@{PROD}", call::ROUTES.permission), kind, None)).await;
        assert!(
            run.failures().contains(&(call::ROUTES.name.to_owned(), PROD.to_owned(), reason)),
            "{kind:?}: {:?}",
            run.failures()
        );
        let cluster = run.cluster("search-prod");
        let pool = &cluster.pools.get().unwrap()[0];
        assert!(pool.default_route.gap().is_some() && pool.filters.get().is_ok(), "{kind:?}");
        assert!(cluster.api.public.get().is_ok() && cluster.identities.get().is_ok(), "{kind:?}");
    }
}

#[tokio::test]
async fn what_heals_by_itself_is_no_failure() {
    let quiet = acme(Faults::default()).await.failures();
    for kind in [FaultKind::ServerError, FaultKind::CutConnection] {
        let run = acme(broken("compute.*", kind, Some(2))).await;
        assert_eq!(run.failures(), quiet, "{kind:?}");
    }
}

#[tokio::test]
async fn a_page_token_that_comes_twice_is_malformed_and_no_endless_loop() {
    let small = format!("page_size: 2\n{ACME}");
    let run =
        collected(&small, broken(call::INSTANCES.permission, FaultKind::RepeatToken, None), |settings| settings).await;
    assert!(run.failures().contains(&(call::INSTANCES.name.to_owned(), PROD.to_owned(), FailureReason::Malformed)));
    let nodes = run.cluster("edge").pools.get().unwrap()[0].nodes.gap().map(Gap::reason);
    assert_eq!(nodes, Some(GapReason::Malformed));
}

#[tokio::test]
async fn a_service_that_never_answers_is_unreachable_when_the_attempts_are_used_up() {
    let short = |settings| Settings {
        limits: Limits {
            attempts: 2,
            attempt: Duration::from_millis(400),
            first_pause: Duration::from_millis(1),
            ..Limits::default()
        },
        ..settings
    };
    let run = collected(ACME, broken(call::ROUTERS.permission, FaultKind::Hang, None), short).await;
    assert!(run.failures().contains(&(call::ROUTERS.name.to_owned(), LAB.to_owned(), FailureReason::Unreachable)));
    assert!(run.cluster("ml-lab").api.public.get().is_ok());
}

#[tokio::test]
async fn a_list_of_projects_is_taken_as_it_is_and_one_that_cannot_be_seen_is_told() {
    let listed = |settings| Settings {
        projects: Projects::List(vec![LAB.to_owned(), "nobodys-project".to_owned()]),
        ..settings
    };
    let run = collected(ACME, Faults::default(), listed).await;
    assert_eq!(run.discovery.records().len(), 0);
    let mut unseen: Vec<&str> = run.inventory.unseen.iter().map(|unseen| unseen.scope.as_str()).collect();
    unseen.sort_unstable();
    assert_eq!(unseen, ["acme-lab-0815/us-central1-f", "nobodys-project"]);
    assert_eq!(run.inventory.clusters.len(), 2);
}

#[tokio::test]
async fn every_visible_project_and_those_of_a_folder_are_found() {
    for projects in [Projects::All, Projects::Folders(vec!["700100200300".to_owned()])] {
        let run =
            collected(ACME, Faults::default(), |settings| Settings { projects: projects.clone(), ..settings }).await;
        let scopes: Vec<&str> = run.snapshots.iter().map(|snapshot| snapshot.scope.as_str()).collect();
        assert_eq!(scopes, [LAB, PROD], "{projects:?}");
    }
}

#[tokio::test]
async fn nothing_is_asked_around_clusters_that_do_not_exist() {
    let empty = "organization: '1'\nprojects: [{id: lonely-1, number: '7'}, {id: off-2, number: '8', disabled_apis: [container.googleapis.com]}]";
    let run = collected(empty, Faults::default(), |settings| Settings { projects: Projects::All, ..settings }).await;
    let asked: Vec<String> = run.ledger.counts().into_keys().collect();
    assert_eq!(asked, [call::CLUSTERS_LIST.permission, call::PROJECTS_SEARCH.permission]);
    // With the API off in that very project there is nothing to see, and nothing unseen.
    assert_eq!(run.inventory, Inventory::default());
}

#[tokio::test]
async fn an_endpoint_nobody_listens_at_is_a_failure_of_each_project_and_no_panic() {
    let provider = Gcp::new(Settings {
        projects: Projects::List(vec!["p".to_owned()]),
        endpoint_url: Some("http://127.0.0.1:9".to_owned()),
        credential: Credential::Anonymous,
        limits: Limits { attempts: 1, ..Limits::default() },
        ..Settings::new("t")
    });
    let recorder = Recorder::new("t", Arc::new(palisade_testkit::now), Arc::new(Quiet), Arc::new(Pace::default()));
    let discovery = provider.discover(&recorder).await;
    let snapshot = provider.collect(&discovery.units[0], &recorder).await;
    let reasons: Vec<FailureReason> = snapshot.failures().map(|(_, failure)| failure.reason).collect();
    assert_eq!(reasons, [FailureReason::Unreachable]);
    assert_eq!(provider.normalize(&snapshot).unseen.len(), 1);
}

#[tokio::test]
async fn neither_the_token_nor_a_value_of_machine_metadata_is_in_a_snapshot() {
    let run = acme(Faults::default()).await;
    for snapshot in run.all() {
        let mut text = snapshot.to_lines();
        for record in snapshot.records() {
            if let Outcome::Answered(body) = &record.outcome {
                text.push_str(&String::from_utf8_lossy(body.bytes()));
            }
        }
        for secret in [TOKEN, "SimulatedKeyOfNobody", "ssh-ed25519", "BEGIN PRIVATE KEY", "privateKeyData\":\"e"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

/// Whatever is asked, the same answer.
async fn one_answer(status: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0_u8; 8192];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn a_token_that_expired_is_told_in_a_sentence_and_not_as_a_missing_permission() {
    let body = r#"{"error": {"code": 401, "message": "Request had invalid authentication credentials.", "status": "UNAUTHENTICATED"}}"#;
    let url = one_answer("401 Unauthorized", body).await;
    let provider = Gcp::new(Settings {
        projects: Projects::List(vec!["p".to_owned()]),
        endpoint_url: Some(url),
        credential: Credential::Token(Secret::new(TOKEN)),
        ..Settings::new("t")
    });
    let recorder = Recorder::new("t", Arc::new(palisade_testkit::now), Arc::new(Quiet), Arc::new(Pace::default()));
    let discovery = provider.discover(&recorder).await;
    let snapshot = provider.collect(&discovery.units[0], &recorder).await;
    assert_eq!(snapshot.failures().count(), 1);
    let gap = provider.normalize(&snapshot).unseen.remove(0).gap;
    assert_eq!(gap.permission(), None);
    assert!(gap.to_string().contains("did not accept the credentials"), "{gap}");
}

#[tokio::test]
async fn a_project_nobody_knows_is_told_in_a_sentence_and_not_as_a_missing_permission() {
    let listed = |settings| Settings { projects: Projects::List(vec!["nobodys-project".to_owned()]), ..settings };
    let gap = collected(ACME, Faults::default(), listed).await.inventory.unseen.remove(0).gap;
    assert_eq!(gap.permission(), None);
    assert!(gap.to_string().contains("the project does not exist"), "{gap}");
}
