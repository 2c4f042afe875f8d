//! `palisade demo`.

use crate::{
    arguments::{Demo, Format},
    exit::{self, Exit},
    output::{self, Screen, report_file},
    paths, providers,
    scan::{complain_of_lost, scan},
};
use anyhow::Context as _;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use palisade_config::{Source, read_answers};
use palisade_controls::controls;
use palisade_engine::Policy;
use palisade_provider::CallLimits;
use palisade_reach::{AddrSet, parse_net};
use palisade_report::{History, Report};
use palisade_simulator::{Faults, Simulator, World};
use palisade_store::SnapshotFolder;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The seed of generated fleets: the same number of clusters is the same fleet.
const SEED: u64 = 7;

pub(crate) async fn run(wanted: &Demo, screen: &Screen) -> anyhow::Result<Exit> {
    for place in wanted.keep.iter().chain(&wanted.output.output) {
        paths::outside_bundles(place)?;
    }
    let world = match wanted.clusters {
        None => World::acme().context("the story of the demo is broken")?,
        Some(clusters) => World::generated(SEED, clusters),
    };
    let faults =
        Faults { latency: Duration::from_millis(wanted.latency), deny: wanted.deny.clone(), ..Faults::default() };
    let running = Simulator::start(world, faults).await.context("could not start the simulated clouds on loopback")?;
    let targets = providers::simulated(&running.aws, &running.azure, &running.gcp);
    let store = wanted.keep.as_ref().map(SnapshotFolder::create).transpose()?;
    let mut policy = policy();
    if wanted.clusters.is_none() {
        let text = answers(Timestamp::now().to_zoned(TimeZone::UTC).date());
        policy.answers = read_answers(&Source { name: "the story's answers", text: &text }, &controls())
            .context("the story of the demo is broken")?;
        if let Some(folder) = &wanted.keep {
            output::data(text.as_bytes(), Some(&folder.join("answers.yaml")))?;
        }
    }
    let (report, outcomes) = scan(&targets, store.as_ref(), (&policy, CallLimits::default()), screen).await?;
    let next = match &wanted.keep {
        Some(folder) => vec![
            format!("palisade reach shop-prod --snapshot {} --port 22", folder.display()),
            format!("palisade replay {} --format json", folder.display()),
            "palisade explain CP-01".to_owned(),
        ],
        None => vec![
            "palisade explain CP-01".to_owned(),
            "palisade demo --keep acme && palisade reach shop-prod --snapshot acme --port 22".to_owned(),
            "palisade demo --deny eks:DescribeCluster   what a missing permission looks like".to_owned(),
            "palisade permissions aws                   the role your own fleet needs".to_owned(),
        ],
    };
    screen.report(&report, &wanted.output, next)?;
    if wanted.output.format == Format::Table {
        match page(&report, wanted.keep.as_deref()) {
            Ok(path) => screen.note(&format!("the whole report, with maps and plan: open file://{}", path.display())),
            // Everything that was asked for is there.
            Err(error) => screen.warn(&format!("the page of the report could not be kept: {error:#}")),
        }
    }
    let lost = complain_of_lost(&outcomes, screen);
    Ok(exit::of_report(&report, lost, wanted.gate.fail_on, wanted.gate.min_coverage))
}

/// Writes the page beside what is kept, or where things may go away again, and says where.
fn page(report: &Report, keep: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = match keep {
        Some(folder) => fs::canonicalize(folder)?,
        None => tempfile::Builder::new().prefix("palisade-demo-").tempdir()?.keep(),
    };
    let path = folder.join("report.html");
    report_file(&path, report, palisade_report::Format::Html, History::default())?;
    Ok(path)
}

/// What people at the acme of the story said: some of it holds, some is bad, some ends soon, one is too old.
fn answers(today: Date) -> String {
    let ago = |days: i64| today.saturating_sub(Span::new().days(days));
    format!(
        "\
# What people at acme said of what no API tells.
answers:
  - control: DR-01
    environment: production
    answer: {{ rto_minutes: 240, rpo_minutes: 60 }}
    by: Imani Okafor
    answered: {half_a_year}
  - control: DR-02
    environment: production
    answer: {{ tested_on: {last_month}, worked: yes, took_minutes: 185 }}
    by: Jonas Weber
    answered: {last_month}
    evidence: https://wiki.acme.example/restores/shop
  - control: OB-07
    answer: {{ tested_on: {five_months}, on_call: yes, runbook: yes }}
    by: Jonas Weber
    answered: {five_months}
    evidence: https://wiki.acme.example/on-call
    note: the next exercise is planned
  - control: AR-09
    answer: partly
    by: Imani Okafor
    answered: {last_month}
    note: analytics shares the payments account until it moves
  - control: CD-03
    answer: yes
    by: Lin Zhao
    answered: {last_month}
    evidence: https://git.acme.example/platform/rules
  - control: GV-05
    answer: {{ reviewed_on: {long_ago}, settled: yes }}
    by: Lin Zhao
    answered: {long_ago}
    evidence: https://wiki.acme.example/access-review
",
        last_month = ago(31),
        five_months = ago(160),
        half_a_year = ago(182),
        long_ago = ago(260),
    )
}

/// What the acme of the story has decided.
fn policy() -> Policy {
    let approved = ["203.0.113.0/24", "198.51.100.0/24"].into_iter().filter_map(|range| parse_net(range).ok());
    Policy { approved_ranges: Some(AddrSet::from_nets(approved)), ..Policy::default() }
}
