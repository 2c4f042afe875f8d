//! How big the page is, how long it takes to make, and how long a browser takes to open it and to search in it:
//! `cargo bench -p palisade-report -- FINDINGS`, 100,000 where no number is given. The browser is Chromium, where there is one.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use palisade_assess::{Surroundings, assess, initiatives};
use palisade_controls::controls;
use palisade_engine::{Context, Coverage, Finding, Policy, evaluate};
use palisade_maps::Piece;
use palisade_model::{Cluster, ClusterId, Provider, Scope};
use palisade_report::{
    AnswerSheet, AnswerTally, ClusterRow, Format, Options, Outlook, Parameters, Report, RunInfo, render,
};
use palisade_testkit::{now, sloppy, tidy};
use std::{env, fs, process::Command, time::Instant};

/// As many clusters as it takes, of all clouds, every second one in a bad state.
fn report(wanted: usize) -> Report {
    let (policy, controls) = (Policy::default(), controls());
    let context = Context { policy: &policy, now: now() };
    let (mut clusters, mut findings): (Vec<Cluster>, Vec<Finding>) = (Vec::new(), Vec::new());
    let mut tally = AnswerTally::default();
    while findings.len() < wanted {
        let number = clusters.len();
        let provider = [Provider::Aws, Provider::Azure, Provider::Gcp].into_iter().nth(number % 3).unwrap();
        let base = if number % 2 == 0 { tidy(provider) } else { sloppy(provider) };
        let scope = format!("{:012}/eu-west-1", 100_000_000_000_usize + number / 4);
        let name = format!("cluster-{number}");
        let cluster = Cluster { id: ClusterId::new(format!("{scope}/{name}")), scope: Scope::new(scope), name, ..base };
        let own = evaluate(&cluster, &controls, &context).findings;
        tally.take(&cluster, &own, &policy);
        findings.extend(own);
        clusters.push(cluster);
    }
    let answers: AnswerSheet = tally.finish(&controls, &policy, now());
    Report {
        run: RunInfo { id: "bench".to_owned(), started_at: now(), finished_at: now(), palisade: "0.1.0" },
        coverage: Coverage { known: 99, total: 100 },
        clusters: clusters.iter().map(ClusterRow::of).collect(),
        surroundings: clusters.iter().map(|cluster| Surroundings::of(cluster, &policy)).collect(),
        pieces: clusters.iter().map(Piece::of).collect(),
        unseen: std::collections::BTreeMap::new(),
        findings,
        gaps: Vec::new(),
        told: Vec::new(),
        calls: Vec::new(),
        unused_waivers: Vec::new(),
        grown_waivers: Vec::new(),
        answers,
        parameters: Parameters { waivers: None, answers: policy.answers.digest(), data: Vec::new() },
    }
}

fn main() {
    let wanted = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let report = report(wanted);
    println!("{} findings of {} clusters", report.findings.len(), report.clusters.len());
    let began = Instant::now();
    let health = assess(&report.findings, 0, &[]);
    println!("health of {} clusters in {:.2?}", health.clusters.len(), began.elapsed());
    let began = Instant::now();
    let changes = initiatives(&report.findings, &report.surroundings);
    println!("{} initiatives found in {:.2?}", changes.len(), began.elapsed());
    let began = Instant::now();
    let outlook = Outlook::of(&report, None).unwrap();
    println!("planned, with what to expect, in {:.2?}: {} initiatives", began.elapsed(), outlook.initiatives.len());
    let began = Instant::now();
    let mut page = Vec::new();
    render(&report, Format::Html, &Options::default(), &mut page).unwrap();
    println!("made in {:.2?}: {} kB", began.elapsed(), page.len() / 1000);
    let began = Instant::now();
    let mut book = Vec::new();
    render(&report, Format::Xlsx, &Options::default(), &mut book).unwrap();
    println!("as a workbook in {:.2?}: {} kB", began.elapsed(), book.len() / 1000);
    let path = env::temp_dir().join(format!("palisade-page-{}.html", std::process::id()));
    fs::write(&path, &page).unwrap();
    for (what, hash) in [("nothing", None), ("the summary", Some("")), ("a search", Some("#/findings?q=cluster-7"))] {
        let address = hash.map_or_else(|| "about:blank".to_owned(), |hash| format!("file://{}{hash}", path.display()));
        let began = Instant::now();
        let browser = Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", &address])
            .output();
        match browser {
            Ok(output) if output.status.success() => {
                println!("Chromium started, opened {what} and ended in {:.2?}", began.elapsed());
            }
            Ok(_) | Err(_) => println!("no Chromium that could open {what}"),
        }
    }
    fs::remove_file(path).unwrap();
}
