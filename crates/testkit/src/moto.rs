//! Somebody else's AWS: moto in server mode.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test that cannot go on says where")]
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A moto server on loopback, ended with the value.
#[derive(Debug)]
pub struct Moto {
    server: Child,
    /// Where it answers.
    pub url: String,
    python: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

impl Moto {
    /// Starts it. It needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`, which
    /// `cargo xtask test` installs.
    pub fn start() -> Self {
        let python = std::env::var("PALISADE_TEST_PYTHON").expect(
            "this test needs moto: run `cargo xtask test`, or point PALISADE_TEST_PYTHON at a Python with \
             crates/simulator/tests/oracle/requirements.txt installed",
        );
        let mut server = Command::new(&python)
            .args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        // It says where it listens once it does, and goes on writing for as long as it lives.
        let mut lines = BufReader::new(server.stderr.take().expect("its stderr is piped")).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.get(line.find("http://127.0.0.1:")?..)?.trim().to_owned()))
            .expect("moto says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Self { server, url, python }
    }

    /// Runs a Python script with the server's address and these arguments, and returns what it printed as JSON.
    pub fn seed(&self, script: &Path, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.python);
        let output = command.arg(script).arg(&self.url).args(arguments).output().expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("a script prints JSON")
    }
}
