//! A PostgreSQL server of our own, and places for databases.
//!
//! The server is started once for the tests of a process, from the installed programs, on a socket in a folder that is
//! removed with it. It ends when the process does, however that ends: a shell waits at the other end of a pipe.

use palisade_store::Database;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, any::install_default_drivers};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;

/// Where a test keeps its database.
pub(crate) enum Place {
    File(TempDir),
    Server(String),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn server() -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        install_default_drivers();
        let mut connection = AnyConnection::connect(&server.url("postgres")).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        connection.close().await.unwrap();
        Self::Server(server.url(&name))
    }

    /// The address as the driver takes it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(folder) => format!("sqlite://{}?mode=rwc", folder.path().join("palisade.db").display()),
            Self::Server(url) => url.clone(),
        }
    }

    pub(crate) async fn open(&self) -> Database {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> Result<Database, palisade_store::DatabaseError> {
        match self {
            Self::File(folder) => Database::file(&folder.path().join("palisade.db")).await,
            Self::Server(url) => Database::server(url).await,
        }
    }
}

struct Server {
    socket: String,
    /// Its input is held open as long as the process lives.
    _keeper: Child,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://palisade@localhost/{database}?host={}", self.socket)
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let programs = programs();
    for program in ["initdb", "pg_ctl"] {
        let version = Command::new(program).arg("--version").env("PATH", &programs).output();
        assert!(
            version.is_ok_and(|output| output.status.success()),
            "PostgreSQL is not installed: `{program}` is neither on the PATH nor in /usr/lib/postgresql (Debian: apt-get install postgresql)"
        );
    }
    // A socket's path must be short.
    let folder = tempfile::Builder::new().prefix("palisade-pg-").tempdir_in("/tmp").unwrap().keep();
    let folder = folder.to_str().unwrap().to_owned();
    let script = r#"
        set -e
        initdb --pgdata="$1/data" --username=palisade --auth=trust --no-sync --encoding=UTF8 --locale=C > "$1/log" 2>&1
        pg_ctl --pgdata="$1/data" --log="$1/log" --wait start > /dev/null \
            -o "-c listen_addresses='' -c unix_socket_directories='$1' -c fsync=off -c shared_buffers=32MB -c max_connections=200"
        echo ready
        cat > /dev/null
        pg_ctl --pgdata="$1/data" --mode=immediate stop > /dev/null
        rm -rf "$1"
    "#;
    let mut command = as_somebody(&folder);
    command.args(["sh", "-c", script, "sh", &folder]).env("LC_ALL", "C").env("PATH", &programs).current_dir("/tmp");
    let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let log = || std::fs::read_to_string(format!("{folder}/log")).unwrap_or_default();
    assert_eq!(said.trim(), "ready", "PostgreSQL did not start:\n{}", log());
    Server { socket: folder, _keeper: keeper }
}

/// Calls one of the server's programs.
pub(crate) fn call(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").env("PATH", programs()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The search path, with where Debian keeps the server's programs behind it.
fn programs() -> String {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<String> = versions.map(|version| format!("{}/bin", version.path().display())).collect();
    folders.sort();
    let path = std::env::var("PATH").unwrap_or_default();
    folders.into_iter().rev().fold(path, |path, folder| format!("{path}:{folder}"))
}

/// PostgreSQL refuses to run as root.
fn as_somebody(folder: &str) -> Command {
    let number = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if number(&["-u"]).as_deref() != Some("0") {
        return Command::new("env");
    }
    let somebody =
        ["postgres", "nobody"].into_iter().find_map(|name| Some((number(&["-u", name])?, number(&["-g", name])?)));
    let Some((user, group)) = somebody else {
        panic!("run as root, the tests need a user `postgres` or `nobody` for PostgreSQL");
    };
    let owned = Command::new("chown").arg(format!("{user}:{group}")).arg(folder).status().unwrap();
    assert!(owned.success());
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    command
}
