//! A folder in which the commands of a page find what they speak of.

use crate::{blocks::Block, words};
use axum::Router;
use palisade_simulator::{Faults, Running, Simulator, World};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What all pages share: three simulated clouds, a receiver of messages and one stored run.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    _running: Running,
}

/// Programs that a page asks for and that are not here.
const STAND_INS: &[&str] = &["EDITOR"];

/// Options whose value is made by the command: it is not there before.
const MADE: &[&str] = &["--out", "-o", "--output", "--keep", "--save-snapshot", "--to", ">"];

impl Stage {
    pub(crate) async fn set() -> Self {
        let running = Simulator::start(World::acme().unwrap(), Faults::default()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new().fallback(|| async { "ok" });
        tokio::spawn(async move { axum::serve(listener, app).await });
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (aws, azure, gcp) = (&running.aws, &running.azure, &running.gcp);
        let config = format!(
            "targets:\n  - {{name: prod-aws, provider: aws, accounts: organization, role: PalisadeReader, external_id: \
             acme-7d1f, endpoint_url: \"{aws}\"}}\n  - {{name: prod-azure, provider: azure, endpoint_url: \"{azure}\"}}\n  \
             - {{name: prod-gcp, provider: gcp, endpoint_url: \"{gcp}\"}}\n\
             policy:\n  approved_ranges: [203.0.113.0/24, 198.51.100.0/24]\n  answers_file: answers.yaml\n  waivers_file: \
             waivers.yaml\n\
             sinks:\n  channels:\n    - {{name: chat, kind: webhook, url: env:CHAT_URL, allow_loopback: true}}\n\
             service:\n  installation: acme\n  listen: 127.0.0.1:0\n"
        );
        fs::write(at.join("palisade.yaml"), config).unwrap();
        fs::write(at.join("receiver"), receiver).unwrap();
        let kept = Self::command_in(at, at, "palisade").args(["demo", "--keep", "acme", "-o", "report.txt"]).output();
        told(&kept.unwrap(), "palisade demo --keep acme");
        Self { folder, _running: running }
    }

    fn command_in(base: &Path, folder: &Path, program: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", path)
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .env("PSEUDONYMS", "a key that stays inside")
            .env("CHAT_URL", fs::read_to_string(base.join("receiver")).unwrap_or_default());
        for name in STAND_INS {
            command.env(name, "true");
        }
        command
    }

    /// A folder for one page, as somebody has it who has scanned for a while.
    pub(crate) fn page(&self) -> Pages<'_> {
        let folder = tempfile::tempdir().unwrap();
        let (at, root) = (folder.path(), Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap());
        fs::copy(self.folder.path().join("palisade.yaml"), at.join("palisade.yaml")).unwrap();
        fs::copy(self.folder.path().join("acme/answers.yaml"), at.join("answers.yaml")).unwrap();
        fs::write(at.join("waivers.yaml"), "waivers: []\n").unwrap();
        for name in ["schedules", "examples", "terraform", "deploy"] {
            symlink(root.join(name), at.join(name)).unwrap();
        }
        Pages { stage: self, folder }
    }
}

/// A page's folder.
pub(crate) struct Pages<'a> {
    stage: &'a Stage,
    folder: tempfile::TempDir,
}

/// What a block's run said.
pub(crate) struct Ran {
    /// How many commands of ours were run.
    pub(crate) ours: usize,
    /// Commands that failed, with what was said.
    pub(crate) failed: Vec<String>,
}

/// `palisade` as a page's reader has it: what it answers with 0, 1 or 3 is an answer, and `serve` is stopped once it serves.
const PRELUDE: &str = r#"
set -u -o pipefail
palisade() {
    if [ "$1" = serve ]; then
        rm -f "$LOGS/pipe"; mkfifo "$LOGS/pipe"
        command palisade "$@" 2> "$LOGS/pipe" & local process=$!
        while read -r line; do
            echo "$line" >> "$LOGS/said"
            case $line in *serving*) kill -TERM $process ;; esac
        done < "$LOGS/pipe"
        wait $process
    else
        command palisade "$@" 2> "$LOGS/said"
    fi
    local code=$?
    echo "$code $*" >> "$LOGS/ours"
    case $code in
        0|1|3) return 0 ;;
        *) cat "$LOGS/said" >> "$LOGS/failed"; return $code ;;
    esac
}
trap 'echo "ended with $?: $BASH_COMMAND" >> "$LOGS/failed"' ERR
"#;

impl Pages<'_> {
    /// Runs a block of the page, after what was run before.
    pub(crate) fn run(&self, block: &Block) -> Ran {
        let at = self.folder.path();
        self.prepare(block);
        let logs = tempfile::tempdir().unwrap();
        let text = self.filled(&block.text);
        let mut bash = self.command("bash");
        bash.env("LOGS", logs.path()).arg("-c").arg(format!("{PRELUDE}{text}"));
        let output = bash.output().unwrap();
        let log = |name: &str| fs::read_to_string(logs.path().join(name)).unwrap_or_default();
        let mut failed: Vec<String> = Some(log("failed")).filter(|log| !log.is_empty()).into_iter().collect();
        if !failed.is_empty() {
            failed.push(format!("in {}: {}", at.display(), String::from_utf8_lossy(&output.stderr)));
        }
        Ran { ours: log("ours").lines().count(), failed }
    }

    fn command(&self, program: &str) -> Command {
        Stage::command_in(self.stage.folder.path(), self.folder.path(), program)
    }

    /// Makes what a block speaks of and does not make itself, and removes what it makes.
    fn prepare(&self, block: &Block) {
        let at = self.folder.path();
        let mut made = Vec::new();
        for line in block.lines() {
            let words = words::of(&line);
            if words.join(" ") == "palisade answers init" {
                fs::remove_file(at.join("answers.yaml")).unwrap();
            }
            for (before, word) in words.iter().zip(words.iter().skip(1)) {
                let name = word.strip_prefix("file:").unwrap_or(word);
                // A plan is begun by the command that asks for one.
                let begun = name == "plan.yaml" && words.get(1).is_some_and(|word| word == "plan");
                if begun {
                    made.push(name.to_owned());
                } else if MADE.contains(&before.as_str()) {
                    made.push(name.to_owned());
                    let place = at.join(name);
                    // It may not be there, and then all is well.
                    let _ = fs::remove_dir_all(&place);
                    let _ = fs::remove_file(&place);
                } else if !made.iter().any(|made| name == made || name == format!("{made}.pub")) {
                    self.provide(name);
                }
            }
        }
    }

    /// Makes something that pages speak of, unless it is there.
    fn provide(&self, name: &str) {
        let place = self.folder.path().join(name);
        if place.exists() {
            return;
        }
        let plain = name.trim_end_matches(".pub");
        match plain {
            "acme" | "run1" | "run2" | "last-week" => copy(&self.stage.folder.path().join("acme"), &place),
            "plan.yaml" => self.palisade(&["plan", "run1", "--file", "plan.yaml", "-o", "plan.txt"]),
            "signing.pem" => self.palisade(&["evidence", "keys", "new", "--out", "signing.pem"]),
            "bundle-1" => self.palisade(&["evidence", "export", "run1", "--out", "bundle-1", "-c", "palisade.yaml"]),
            "palisade.db" => self.palisade(&["run", "nightly-full", "--now"]),
            _ => {}
        }
    }

    fn palisade(&self, arguments: &[&str]) {
        arguments.iter().filter(|word| word.starts_with("run") && word.len() == 4).for_each(|word| self.provide(word));
        told(&self.command("palisade").args(arguments).output().unwrap(), &arguments.join(" "));
    }

    /// The text with what stands for something else replaced by it.
    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("ROLE", "arn:aws:iam::222222222222:role/shop-node");
        if text.contains("FINGERPRINT") {
            let listed = self.command("palisade").args(["findings", "--format", "json"]).output().unwrap();
            let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
            let found = listed.to_string();
            let first = found.split("\"fingerprint\":\"").nth(1).and_then(|rest| rest.split('"').next());
            text = text.replace("FINGERPRINT", first.unwrap());
        }
        text
    }
}

/// Copies a folder.
fn copy(from: &Path, to: &PathBuf) {
    told(&Command::new("cp").arg("-r").arg(from).arg(to).output().unwrap(), "cp");
}

fn told(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{what}: {said}");
}
