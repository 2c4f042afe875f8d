//! Recurring runs, from the firing to the messages: over simulated clouds that change between runs, to a receiver on
//! loopback.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, Uri},
    routing::post,
};
use palisade_simulator::{Faults, Simulator, World};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
};

/// The story's AWS, in which shop-prod's API server answers everybody.
const OPEN: &str = include_str!("../../simulator/worlds/acme/aws.yaml");

/// How the story says it.
const EVERYBODY: &str = "cidrs: [0.0.0.0/1, 128.0.0.0/1]";

type Messages = Arc<Mutex<Vec<Value>>>;

/// A receiver of webhooks. Returns its address and what it gets.
async fn receiver() -> (String, Messages) {
    let messages = Messages::default();
    let take = |State(messages): State<Messages>, body: Bytes| async move {
        messages.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    };
    let app = Router::new().route("/", post(take)).with_state(Arc::clone(&messages));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, messages)
}

fn command(folder: &Path, arguments: &[&str], hook: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .env("HOOK", hook);
    command
}

async fn palisade(folder: &Path, arguments: &[&str], hook: &str) -> (Option<i32>, String, String) {
    end(command(folder, arguments, hook)).await
}

/// Runs a program to its end: its code, and what it said.
async fn end(mut command: Command) -> (Option<i32>, String, String) {
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A folder with a configuration and a schedule.
fn furnished() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("schedules")).unwrap();
    let schedule = "name: nightly\ncron: \"0 2 * * *\"\ntime_zone: UTC\ntargets: all\nprofile: full\n";
    fs::write(folder.path().join("schedules/nightly.yaml"), schedule).unwrap();
    folder
}

/// Runs the schedule over a world, and returns what was printed and which messages came.
async fn run_over(
    world: &str,
    deny: &[&str],
    folder: &Path,
    (hook, messages): (&str, &Messages),
) -> (String, Vec<Value>) {
    let faults = Faults { deny: deny.iter().map(ToString::to_string).collect(), ..Faults::default() };
    let running = Simulator::start(World::from_yaml(world, "", "").unwrap(), faults).await.unwrap();
    configure(folder, &running.aws);
    let (code, out, err) = palisade(folder, &["run", "nightly", "--now"], hook).await;
    assert_eq!(code, Some(0), "{out}\n{err}");
    (out, std::mem::take(&mut *messages.lock().unwrap()))
}

fn configure(folder: &Path, aws: &str) {
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{aws}\"}}\n\
         sinks:\n  channels:\n    - {{name: hook, kind: webhook, url: env:HOOK, allow_loopback: true}}\n  routes:\n    - {{name: all, send_to: [hook]}}\n\
         service: {{database: memory.db, installation: acme, listen: \"127.0.0.1:0\"}}\n"
    );
    fs::write(folder.join("palisade.yaml"), config).unwrap();
}

/// Kind, control and cluster of what the messages tell of findings.
fn told(messages: &[Value]) -> BTreeSet<(String, String, String)> {
    let events = messages.iter().flat_map(|message| message["data"]["events"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events
        .filter(|event| event["finding"].is_object())
        .map(|event| {
            let finding = &event["finding"];
            (text(&event["event"]), text(&finding["control"]), text(&finding["cluster_name"]))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_messages_that_arrive_are_exactly_what_changed() {
    let folder = furnished();
    let (hook, messages) = receiver().await;
    let to = (hook.as_str(), &messages);
    let closed = OPEN.replace(EVERYBODY, "cidrs: [203.0.113.0/24]");
    assert_ne!(closed, OPEN, "the story says it otherwise");

    let (out, first) = run_over(OPEN, &[], folder.path(), to).await;
    assert!(out.contains("rulepack.changed the first run"), "{out}");
    assert!(told(&first).is_empty() && !first.is_empty(), "the first run is one digest: {first:#?}");

    let (out, none) = run_over(OPEN, &[], folder.path(), to).await;
    assert!(out.contains("nothing changed"), "{out}");
    assert_eq!(none, Vec::<Value>::new(), "nothing changed and somebody was told");

    let (out, changed) = run_over(&closed, &[], folder.path(), to).await;
    let resolved = ("finding.resolved".to_owned(), "CP-01".to_owned(), "shop-prod".to_owned());
    assert!(told(&changed).contains(&resolved), "{out}\n{changed:#?}");
    assert!(told(&changed).iter().all(|(_, _, cluster)| cluster == "shop-prod"), "{:#?}", told(&changed));
    let ids: Vec<String> = changed.iter().map(|message| message["id"].to_string()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "a message came twice: {ids:?}");

    // What cannot be read is neither resolved nor opened; that it was not read is told, and is what GV-04 is about.
    let (out, blind) = run_over(&closed, &["eks:DescribeCluster"], folder.path(), to).await;
    let is_about_reading = |(event, control, _): &(String, String, String)| {
        control == "GV-04" && ["finding.opened", "finding.worsened"].contains(&event.as_str())
    };
    assert!(told(&blind).iter().all(is_about_reading), "{out}");
    assert_eq!(blind.len(), 1, "it is one message: {blind:#?}");
    let events = blind.iter().flat_map(|message| message["data"]["events"].as_array().unwrap());
    assert!(events.map(|event| &event["event"]).any(|event| event == "coverage.dropped"), "{out}\n{blind:#?}");

    let (out, again) = run_over(OPEN, &[], folder.path(), to).await;
    let reopened = ("finding.reopened".to_owned(), "CP-01".to_owned(), "shop-prod".to_owned());
    assert!(told(&again).contains(&reopened), "{out}\n{again:#?}");

    let (_, out, err) =
        palisade(folder.path(), &["findings", "--control", "CP-01", "--cluster", "shop-prod"], &hook).await;
    assert!(out.contains("1 findings") && out.contains("shop-prod"), "{out}{err}");
    let fingerprint = out.split_whitespace().next().unwrap().to_owned();
    let (code, _, err) = palisade(folder.path(), &["findings", "ack", &fingerprint, "--by", "ana"], &hook).await;
    assert_eq!(code, Some(0), "{err}");
    let (_, out, _) =
        palisade(folder.path(), &["findings", "--control", "CP-01", "--cluster", "shop-prod"], &hook).await;
    assert!(out.contains("acknowledged"), "{out}");
    let (_, out, err) = palisade(folder.path(), &["diff"], &hook).await;
    assert!(out.contains("CP-01"), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firing_is_run_once_and_a_receiver_that_is_down_gets_its_message_later() {
    let folder = furnished();
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    configure(folder.path(), &running.aws);
    let nobody = "http://127.0.0.1:9/";
    let (code, out, err) = palisade(folder.path(), &["run", "nightly"], nobody).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("messages: 0 delivered") && !out.contains(" 0 to be tried again"), "{out}");
    let (code, out, err) = palisade(folder.path(), &["run", "nightly"], nobody).await;
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains("was run before"), "{err}");
    let (_, out, _) = palisade(folder.path(), &["notify", "list"], nobody).await;
    assert!(out.contains("all/hook") && out.contains("no connection"), "{out}");
    let (code, _, err) = palisade(folder.path(), &["notify", "replay", "4711"], nobody).await;
    assert_eq!(code, Some(2), "{err}");
    let (hook, messages) = receiver().await;
    let (code, _, err) = palisade(folder.path(), &["notify", "test", "hook"], &hook).await;
    assert_eq!(code, Some(0), "{err}");
    let code = err.split("code ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(messages.lock().unwrap()[0].to_string().contains(code), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_does_not_know_us_waits_until_a_test_has_arrived_there() {
    let folder = furnished();
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    configure(folder.path(), &running.aws);
    let refusing = Router::new().route("/", post(|| async { StatusCode::FORBIDDEN }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stranger = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, refusing).await });
    let (code, _, err) = palisade(folder.path(), &["run", "nightly"], &stranger).await;
    assert_eq!(code, Some(0), "{err}");
    let (hook, messages) = receiver().await;
    let (_, out, _) = palisade(folder.path(), &["notify", "send"], &hook).await;
    assert!(out.starts_with("0 delivered") && messages.lock().unwrap().is_empty(), "the channel is paused: {out}");
    let (code, _, err) = palisade(folder.path(), &["notify", "test", "hook"], &hook).await;
    assert_eq!(code, Some(0), "{err}");
    let (_, out, _) = palisade(folder.path(), &["notify", "send"], &hook).await;
    assert!(!out.starts_with("0 delivered"), "{out}");
    let kinds: BTreeSet<String> = messages.lock().unwrap().iter().map(|message| message["type"].to_string()).collect();
    assert!(kinds.contains("\"io.palisade.rulepack.changed\""), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_a_schedule_names_and_nobody_has_is_not_read_and_no_success() {
    let folder = furnished();
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    configure(folder.path(), &running.aws);
    let file = folder.path().join("schedules/nightly.yaml");
    let schedule = fs::read_to_string(&file).unwrap();
    for (scopes, expected, told) in
        [("[\"999999999999\"]", 4, "`999999999999`"), ("[\"222222222222\"]", 0, "shop-prod")]
    {
        let targets = format!("targets:\n  - name: acme\n    scopes: {scopes}");
        fs::write(&file, schedule.replace("targets: all", &targets)).unwrap();
        let (code, out, err) = palisade(folder.path(), &["run", "nightly", "--now"], "http://127.0.0.1:9/").await;
        assert_eq!(code, Some(expected), "{out}{err}");
        let (_, findings, _) = palisade(folder.path(), &["findings"], "http://127.0.0.1:9/").await;
        assert!(err.contains(told) || findings.contains(told), "{scopes}: {out}{err}{findings}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_says_that_it_is_ready_and_stops_when_it_is_told_to() {
    let folder = furnished();
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    configure(folder.path(), &running.aws);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = fs::read_to_string(folder.path().join("palisade.yaml")).unwrap();
    fs::write(folder.path().join("palisade.yaml"), config.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")))
        .unwrap();
    let mut service = command(folder.path(), &["serve"], "http://127.0.0.1:9/");
    let mut service = service.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(service.stderr.take().unwrap()).lines();
        let said = lines.by_ref().map(Result::unwrap).find(|line| line.contains("serving 1 schedules"));
        assert!(said.is_some(), "the service ended early");
        let unasked = "palisade_calls_unasked_total{provider=\"aws\",service=\"eks\",operation=\"ListClusters\"} 0\n";
        for (path, expected) in [
            ("healthz", "ok"),
            ("readyz", "ready"),
            ("metrics", "palisade_messages_total"),
            // Before anything is asked: whatever is published with its value first was never seen to grow.
            ("metrics", unasked),
        ] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(expected), "{path}: {answer}");
        }
        let stopped = Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap();
        assert!(stopped.success());
        service.wait().unwrap()
    })
    .await
    .unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_asks_for_a_framework_that_nobody_maps_is_refused_with_the_nearest_name() {
    let folder = furnished();
    let config = "targets: [{name: acme, provider: aws}]\nsinks:\n  channels: [{name: hook, kind: webhook, url: env:HOOK}]\n  \
                  routes: [{name: audit, send_to: [hook], frameworks: [CIS-EKS, SOC2-TCS]}]\n";
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    for arguments in [["run", "nightly"].as_slice(), &["notify", "test", "hook"], &["serve"]] {
        let (code, _, err) = palisade(folder.path(), arguments, "https://receiver.example/").await;
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("`audit` asks for `SOC2-TCS`; did you mean `SOC2-TSC`?"), "{err}");
        assert!(!err.contains("asks for `CIS-EKS`"), "{err}");
    }
}

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9/";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firing_that_is_asked_for_again_ends_as_its_run_did() {
    let dark = Faults { deny: vec!["*".to_owned()], ..Faults::default() };
    let healthy = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    for (faults, arguments, expected, why) in [
        (dark, ["run", "nightly"].as_slice(), 4, ", and a target could not be read at all"),
        (Faults::default(), &["run", "nightly", "--fail-on", "low"], 1, ", and has findings at or above"),
        (Faults::default(), &["run", "nightly"], 0, ""),
    ] {
        let folder = furnished();
        let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), faults).await.unwrap();
        configure(folder.path(), &running.aws);
        let (code, out, err) = palisade(folder.path(), arguments, NOBODY).await;
        assert_eq!(code, Some(expected), "{out}{err}");
        configure(folder.path(), &healthy.aws);
        let (code, out, err) = palisade(folder.path(), arguments, NOBODY).await;
        assert_eq!((code, out.as_str()), (Some(expected), ""), "{err}");
        assert!(err.contains(&format!("was run before{why}")), "{err}");
    }
    assert!(healthy.ledger().entries().is_empty(), "a firing is run once, whatever came of it");
}

/// Where objects are kept, and whether it refuses them.
#[derive(Default)]
struct Objects {
    refuses: bool,
    names: BTreeSet<String>,
}

/// A store of objects. Returns its address and what it keeps.
async fn objects() -> (String, Arc<Mutex<Objects>>) {
    let kept = Arc::new(Mutex::new(Objects { refuses: true, ..Objects::default() }));
    let take = |State(kept): State<Arc<Mutex<Objects>>>, uri: Uri, _: Bytes| async move {
        let mut kept = kept.lock().unwrap();
        if kept.refuses {
            return (StatusCode::FORBIDDEN, [("etag", "\"0\"")]);
        }
        kept.names.insert(uri.path().to_owned());
        (StatusCode::OK, [("etag", "\"1\"")])
    };
    let app = Router::new().fallback(take).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&kept));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, kept)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_again_for_a_firing_whose_evidence_was_not_sent_sends_it_or_says_that_it_is_lost() {
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    for disk_is_kept in [true, false] {
        let folder = furnished();
        configure(folder.path(), &running.aws);
        let file = folder.path().join("schedules/nightly.yaml");
        let schedule = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{schedule}evidence: {{formats: [json], to: s3://acme-evidence/palisade}}\n")).unwrap();
        let (store, kept) = objects().await;
        let run = async || {
            let mut command = command(folder.path(), &["run", "nightly"], NOBODY);
            command.env("AWS_ENDPOINT_URL_S3", &store).env("AWS_ALLOW_HTTP", "true");
            end(command).await
        };
        for _ in 0..2 {
            let (code, _, err) = run().await;
            assert_eq!(code, Some(4), "{err}");
            assert!(err.contains("the evidence waits in `palisade.evidence/nightly`"), "{err}");
        }
        kept.lock().unwrap().refuses = false;
        let waiting = folder.path().join("palisade.evidence/nightly");
        if !disk_is_kept {
            fs::remove_dir_all(&waiting).unwrap();
            let (code, _, err) = run().await;
            assert_eq!(code, Some(4), "{err}");
            assert!(err.contains("its evidence was never sent to `s3://acme-evidence/palisade`"), "{err}");
            assert!(kept.lock().unwrap().names.is_empty());
            continue;
        }
        let (code, _, err) = run().await;
        assert_eq!(code, Some(0), "{err}");
        let is_whole = kept.lock().unwrap().names.iter().any(|name| name.ends_with("/SHA256SUMS"));
        assert!(is_whole && fs::read_dir(&waiting).unwrap().next().is_none(), "{err}");
        kept.lock().unwrap().refuses = true;
        let (code, _, err) = run().await;
        assert_eq!(code, Some(0), "nothing is owed any more: {err}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_that_could_not_be_written_is_missed_by_whoever_asks_for_its_firing_again() {
    let folder = furnished();
    let running = Simulator::start(World::from_yaml(OPEN, "", "").unwrap(), Faults::default()).await.unwrap();
    configure(folder.path(), &running.aws);
    let file = folder.path().join("schedules/nightly.yaml");
    let schedule = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{schedule}evidence: {{formats: [json], to: kept}}\n")).unwrap();
    fs::write(folder.path().join("kept"), "a file, where a folder is to be").unwrap();
    let (code, _, err) = palisade(folder.path(), &["run", "nightly"], NOBODY).await;
    assert_eq!(code, Some(4), "{err}");
    fs::remove_file(folder.path().join("kept")).unwrap();
    let (code, _, err) = palisade(folder.path(), &["run", "nightly"], NOBODY).await;
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("was run before, and its evidence is not whole: it is not in `kept/nightly/"), "{err}");
    for _ in 0..2 {
        let (code, _, err) = palisade(folder.path(), &["run", "nightly", "--now"], NOBODY).await;
        assert_eq!(code, Some(0), "{err}");
    }
}
