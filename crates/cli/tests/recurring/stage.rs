//! A folder with a configuration, a receiver, simulated clouds, and a look into the memory.

use crate::server::Place;
use axum::{Router, body::Bytes, extract::State, http::Uri, routing::post};
use palisade_simulator::{Faults, Running, Simulator, World};
use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _, any::install_default_drivers};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::{Arc, Mutex},
};

/// The story's AWS, in which shop-prod's API server answers everybody.
const STORY: &str = include_str!("../../../simulator/worlds/acme/aws.yaml");

/// A cloud: the story, with shop-prod's API server open or closed and its secrets encrypted or not.
pub(crate) async fn cloud(open: bool, encrypted: bool, faults: Faults) -> Running {
    let mut world = STORY.to_owned();
    let mut replace = |from: &str, to: &str| {
        assert!(world.contains(from), "the story says it otherwise");
        world = world.replace(from, to);
    };
    if !open {
        replace("cidrs: [0.0.0.0/1, 128.0.0.0/1]", "cidrs: [203.0.113.0/24]");
    }
    if !encrypted {
        replace("            encryption: shop-etcd\n", "");
    }
    Simulator::start(World::from_yaml(&world, "", "").unwrap(), faults).await.unwrap()
}

/// What a receiver of webhooks got, and whom it kills when it gets the next message.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) messages: Vec<Value>,
    /// Paths of what was posted elsewhere than to `/`, with the text.
    pub(crate) pings: Vec<(String, String)>,
    pub(crate) kill: Option<Kill>,
}

/// Whom to kill, and whether before the answer or when it is on its way.
#[derive(Clone, Copy)]
pub(crate) struct Kill {
    pub(crate) process: u32,
    pub(crate) before_the_answer: bool,
}

/// A receiver.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: String,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let received = Arc::<Mutex<Received>>::default();
        let take = |State(received): State<Arc<Mutex<Received>>>, body: Bytes| async move {
            let kill = {
                let mut received = received.lock().unwrap();
                received.messages.push(serde_json::from_slice(&body).unwrap());
                received.kill.take()
            };
            match kill {
                Some(kill) if kill.before_the_answer => signal("KILL", kill.process),
                Some(kill) => drop(tokio::task::spawn_blocking(move || signal("KILL", kill.process))),
                None => (),
            }
        };
        let ping = |State(received): State<Arc<Mutex<Received>>>, uri: Uri, body: Bytes| async move {
            let text = String::from_utf8(body.to_vec()).unwrap();
            received.lock().unwrap().pings.push((uri.path().to_owned(), text));
        };
        let app = Router::new().route("/", post(take)).route("/{*rest}", post(ping)).with_state(Arc::clone(&received));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, received }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Received) -> T) -> T {
        look(&mut self.received.lock().unwrap())
    }

    /// How many messages of a kind came.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let is_it = |message: &&Value| message["type"] == format!("io.palisade.{kind}");
        self.with(|received| received.messages.iter().filter(is_it).count())
    }

    /// The paths that were pinged, in order.
    pub(crate) fn pinged(&self) -> Vec<String> {
        self.with(|received| received.pings.iter().map(|(path, _)| path.clone()).collect())
    }
}

/// Sends a signal.
pub(crate) fn signal(name: &str, process: u32) {
    // It may have ended by itself: then there is nobody to tell.
    let _ = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).stderr(Stdio::null()).status();
}

/// A folder in which the program runs.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) place: Place,
    pub(crate) receiver: Receiver,
    pub(crate) memory: tokio::sync::Mutex<AnyConnection>,
}

impl Stage {
    /// With a schedule that fired last at two in the morning.
    pub(crate) async fn set(place: Place) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("schedules")).unwrap();
        let schedule = "name: nightly\ncron: \"0 2 * * *\"\ntime_zone: UTC\ntargets: all\nprofile: full\n";
        fs::write(folder.path().join("schedules/nightly.yaml"), schedule).unwrap();
        place.open().await.close().await;
        install_default_drivers();
        let memory = AnyConnection::connect(&place.url()).await.unwrap().into();
        Self { folder, place, receiver: Receiver::start().await, memory }
    }

    /// Points the configuration at a cloud.
    pub(crate) fn over(&self, cloud: &Running, service: &str) {
        let database = match &self.place {
            Place::File(folder) => folder.path().join("palisade.db").display().to_string(),
            Place::Server(_) => "env:MEMORY".to_owned(),
        };
        let aws = &cloud.aws;
        let config = format!(
            "targets:\n  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{aws}\"}}\n\
             sinks:\n  channels:\n    - {{name: hook, kind: webhook, url: env:HOOK, allow_loopback: true}}\n  \
             routes:\n    - {{name: all, send_to: [hook], messages_per_hour: 1000}}\n\
             service:\n  database: {database}\n  installation: acme\n{service}"
        );
        fs::write(self.folder.path().join("palisade.yaml"), config).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        // The one that was built with the tests, or another: as it is handed out.
        let program = std::env::var("PALISADE_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_palisade").to_owned());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .env("HOOK", &self.receiver.address)
            .env("PING", format!("{}ping/7d1f", self.receiver.address));
        if let Place::Server(url) = &self.place {
            command.env("MEMORY", url);
        }
        command
    }

    /// Runs the program to its end. Returns what it printed; it must end with 0.
    pub(crate) async fn palisade(&self, arguments: &[&str]) -> (String, String) {
        let mut command = self.command(arguments);
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {out}\n{err}");
        (out, err)
    }

    /// Starts the program and returns it with what it will say.
    pub(crate) fn start(mut command: Command) -> (Child, Said) {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Said { lines: BufReader::new(child.stderr.take().unwrap()), before: String::new() };
        (child, said)
    }

    /// The first number of a question to the memory.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut memory = self.memory.lock().await;
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *memory).await.unwrap().get(0)
    }

    /// The first column of a question to the memory.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let mut memory = self.memory.lock().await;
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut *memory).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect()
    }

    pub(crate) async fn change(&self, sql: &str) {
        let mut memory = self.memory.lock().await;
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut *memory).await.unwrap();
    }

    /// Time goes by: whatever was held by somebody who is lost is held no more.
    pub(crate) async fn leases_end(&self) {
        self.change("UPDATE leases SET held_until = 0").await;
        self.change("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'").await;
    }

    /// The last firing was so many days earlier: the schedule is due again.
    pub(crate) async fn days_go_by(&self, days: i64) {
        let nanoseconds = days * 24 * 3600 * 1_000_000_000;
        self.change(&format!(
            "UPDATE firings SET nominal = nominal - {nanoseconds} WHERE nominal = (SELECT MAX(nominal) FROM firings)"
        ))
        .await;
    }

    /// Waits until the memory answers so.
    pub(crate) async fn remembers(&self, sql: &str, number: i64) {
        while self.number(sql).await != number {
            tokio::task::yield_now().await;
        }
    }
}

/// What a program says on stderr.
pub(crate) struct Said {
    lines: BufReader<ChildStderr>,
    /// What it said so far.
    pub(crate) before: String,
}

impl Said {
    /// Waits until it says this.
    pub(crate) async fn until(mut self, wanted: &str) -> Self {
        let wanted = wanted.to_owned();
        tokio::task::spawn_blocking(move || {
            loop {
                let mut line = String::new();
                let read = self.lines.read_line(&mut line).unwrap();
                self.before.push_str(&line);
                assert!(read > 0, "it ended and did not say `{wanted}`:\n{}", self.before);
                if line.contains(&wanted) {
                    return self;
                }
            }
        })
        .await
        .unwrap()
    }
}

/// Waits for the end of a process.
pub(crate) async fn end(mut child: Child) -> Option<i32> {
    tokio::task::spawn_blocking(move || child.wait().unwrap().code()).await.unwrap()
}

/// Waits until it is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}
