//! Whole-process measurements against the simulated clouds.
//!
//! The clouds run in this process and the scanner in another, so that the figures are the scanner's alone. Memory and
//! CPU are read from `/proc`, which is why this runs on Linux only.

use crate::process;
use anyhow::{Context as _, bail};
use palisade_simulator::{Faults, Running, Simulator, World};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const SEED: u64 = 7;
/// Clock ticks a second in `/proc/PID/stat`; 100 on every Linux this is run on.
const TICKS: f64 = 100.0;

struct Figures {
    wall: Duration,
    cpu: f64,
    peak_mib: f64,
}

pub(crate) fn run(root: &Path, latency: u64, sizes: &[usize], evaluate: usize) -> anyhow::Result<()> {
    process::run(root, "cargo", &["build", "--release", "--package", "palisade-cli"], &[])?;
    let binary = root.join("target/release/palisade");
    let work = root.join("target/bench");
    fs::create_dir_all(&work)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    eprintln!(
        "\n{:>9} {:>8} {:>9} {:>8} {:>10} {:>11}",
        "clusters", "calls", "wall s", "CPU s", "peak MiB", "in flight"
    );
    for size in sizes {
        let running = start(&runtime, *size, latency)?;
        let config = configuration(&work, &running)?;
        let figures = measure(
            Command::new(&binary)
                .args(["scan", "--format", "json", "-o"])
                .arg(work.join("report.json"))
                .arg("-c")
                .arg(&config),
        )?;
        let ledger = running.ledger();
        eprintln!(
            "{size:>9} {:>8} {:>9.2} {:>8.2} {:>10.1} {:>11}",
            ledger.entries().len(),
            figures.wall.as_secs_f64(),
            figures.cpu,
            figures.peak_mib,
            ledger.in_flight_peak()
        );
        if !ledger.duplicates().is_empty() {
            bail!("the same read was made twice: {:?}", ledger.duplicates());
        }
    }
    let running = start(&runtime, evaluate, 0)?;
    let config = configuration(&work, &running)?;
    let snapshot = work.join("snapshot");
    // A folder that is not there is as good as an empty one.
    let _ = fs::remove_dir_all(&snapshot);
    let figures = measure(
        Command::new(&binary)
            .args(["scan", "--format", "json", "-o"])
            .arg(work.join("report.json"))
            .arg("--save-snapshot")
            .arg(&snapshot)
            .arg("-c")
            .arg(&config),
    )?;
    drop(running);
    eprintln!(
        "\nstored {evaluate} clusters: wall {:.1} s, CPU {:.1} s, peak {:.1} MiB",
        figures.wall.as_secs_f64(),
        figures.cpu,
        figures.peak_mib
    );
    let figures = measure(
        Command::new(&binary).args(["replay", "--format", "json", "-o"]).arg(work.join("replay.json")).arg(&snapshot),
    )?;
    #[expect(clippy::cast_precision_loss, reason = "a count of clusters")]
    let rate = evaluate as f64 / figures.wall.as_secs_f64();
    eprintln!(
        "evaluated {evaluate} stored clusters, reading and writing included: wall {:.2} s, {rate:.0} clusters a second, peak {:.1} MiB",
        figures.wall.as_secs_f64(),
        figures.peak_mib
    );
    Ok(())
}

fn start(runtime: &tokio::runtime::Runtime, clusters: usize, latency: u64) -> anyhow::Result<Running> {
    let faults = Faults { latency: Duration::from_millis(latency), ..Faults::default() };
    Ok(runtime.block_on(Simulator::start(World::generated(SEED, clusters), faults))?)
}

fn configuration(work: &Path, running: &Running) -> anyhow::Result<std::path::PathBuf> {
    let text = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, provider: gcp, endpoint_url: \"{}\"}}\n",
        running.aws, running.azure, running.gcp
    );
    let path = work.join("palisade.yaml");
    fs::write(&path, text)?;
    Ok(path)
}

fn measure(command: &mut Command) -> anyhow::Result<Figures> {
    let started = Instant::now();
    let mut child = command
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {command:?}"))?;
    let mut figures = Figures { wall: Duration::ZERO, cpu: 0.0, peak_mib: 0.0 };
    loop {
        sample(&child, &mut figures);
        if let Some(status) = child.try_wait()? {
            figures.wall = started.elapsed();
            if !status.success() {
                bail!("{command:?} failed: {status}");
            }
            return Ok(figures);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn sample(child: &Child, figures: &mut Figures) {
    let folder = format!("/proc/{}", child.id());
    let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    figures.peak_mib = figures.peak_mib.max(peak.unwrap_or(0.0) / 1024.0);
    let stat = fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; what follows it does not.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |position: usize| fields.get(position).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    figures.cpu = figures.cpu.max((ticks(11) + ticks(12)) / TICKS);
}
