//! Reports to be rendered: good and bad clusters, and names that hurt.

use jiff::SignedDuration;
use palisade_assess::Surroundings;
use palisade_controls::controls;
use palisade_engine::{
    Answer, AnsweredFor, Answers, Context, Coverage, Finding, GapRow, Policy, Value, Waiver, evaluate,
};
use palisade_maps::Piece;
use palisade_model::{CallCount, CallRow, Cluster, ClusterId, DataFile, GapReason, PoolId, Provider, Scope};
use palisade_report::{AnswerSheet, AnswerTally, ClusterRow, Format, Options, Parameters, Report, RunInfo, render};
use palisade_testkit::{known, now, sloppy, tidy};

pub(crate) const HOSTILE: &str = "<script>\u{1b}[31m=cmd|'/c calc'!A1\u{202e}";

/// Names that somebody in the cloud may give to a thing to hurt whoever reads about it.
pub(crate) fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "=cmd|'/c calc'!A1",
        "\u{feff}\u{200b}=1+1",
        " \t@SUM(1)",
        "\u{ff1d}1+1",
        "+1\r\n-1",
        "<script>alert(1)</script>",
        "[click here](https://evil.example)",
        "../../../etc/passwd",
        "file:///etc/passwd?x#y",
        "\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{7}",
        "\u{1b}[2J\u{9b}31m\u{202e}txt.exe\u{2066}",
        "a\u{200d}\u{200b}\u{3164}\u{e0041}b",
        "\u{5e97}\u{8217}\u{96c6}\u{7fa4}\u{5e97}\u{8217}\u{96c6}\u{7fa4}\u{5e97}\u{8217}\u{96c6}\u{7fa4}\u{5e97}\u{8217}\u{96c6}\u{7fa4}",
        "line one\nline two\n\nNext\n  rm -rf /",
        "\"quoted\", 'and, separated'",
        "nul\0byte",
        "",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    names.push("x".repeat(10_000));
    names.push("e\u{301}\u{302}".repeat(5_000));
    names
}

/// A bad cluster whose every free text is the name.
pub(crate) fn named(name: &str) -> Report {
    let mut cluster = sloppy(Provider::Aws);
    name.clone_into(&mut cluster.name);
    cluster.id = ClusterId::new(format!("arn:aws:eks:eu-west-1:111111111111:cluster/{name}"));
    cluster.scope = Scope::new(name);
    let mut pools = cluster.pools.get().unwrap().clone();
    pools[0].id = PoolId::new(name);
    name.clone_into(&mut pools[0].name);
    cluster.pools = known(pools);
    let mut trusts = cluster.trusts.get().unwrap().clone();
    name.clone_into(&mut trusts[0].text);
    cluster.trusts = known(trusts);
    let waiver = Waiver {
        control: "CP-01".to_owned(),
        cluster: name.to_owned(),
        subject: None,
        owner: name.to_owned(),
        approver: "ben".to_owned(),
        reason: name.to_owned(),
        until: now() + SignedDuration::from_hours(1),
        approved: None,
        covers: None,
    };
    let policy = Policy { waivers: vec![waiver], answers: answers(name), ..Policy::default() };
    let findings = evaluate(&cluster, &controls(), &Context { policy: &policy, now: now() }).findings;
    let surroundings = vec![Surroundings::of(&cluster, &policy)];
    let pieces = vec![Piece::of(&cluster)];
    let answers = sheet(std::slice::from_ref(&cluster), &policy);
    Report { clusters: vec![ClusterRow::of(&cluster)], surroundings, pieces, findings, answers, ..report() }
}

/// What somebody of that name said: one answer that counts, one that ends soon, one too old, and one for no cluster.
pub(crate) fn answers(name: &str) -> Answers {
    let answer = |control: &str, values: &[(&str, Value)], on: &str, expires: Option<&str>| Answer {
        control: control.to_owned(),
        of: AnsweredFor::Fleet,
        values: values.iter().map(|(question, value)| ((*question).to_owned(), *value)).collect(),
        by: name.to_owned(),
        on: on.parse().unwrap(),
        expires: expires.map(|day| day.parse().unwrap()),
        evidence: Some(name.to_owned()),
        note: Some(name.to_owned()),
    };
    let day = Value::Day("2026-09-14".parse().unwrap());
    let entries = vec![
        answer("AR-09", &[("separated", Value::No)], "2026-11-01", None),
        answer("CD-03", &[("required", Value::Yes)], "2026-11-01", Some("2026-12-01")),
        answer("GV-06", &[("reviewed_on", day), ("owned", Value::Yes)], "2026-01-01", None),
        Answer {
            of: AnsweredFor::Environment(format!("not {name}")),
            ..answer("AR-09", &[("separated", Value::Yes)], "2026-11-01", None)
        },
    ];
    Answers::new(entries, name)
}

/// A list of the world that is too old.
pub(crate) fn data() -> DataFile {
    let text = |text: &str| text.to_owned();
    DataFile {
        name: text("azure/service-tags"),
        lists: text("addresses"),
        feeds: text("rules that name tags"),
        source: text("Microsoft"),
        version: text("1"),
        source_sha256: "0".repeat(64),
        sha256: "1".repeat(64),
        day: "2026-01-01".parse().unwrap(),
        fresh_days: 60,
        licence: text("MIT"),
    }
}

fn sheet(clusters: &[Cluster], policy: &Policy) -> AnswerSheet {
    let (controls, mut tally) = (controls(), AnswerTally::default());
    for cluster in clusters {
        tally.take(cluster, &evaluate(cluster, &controls, &Context { policy, now: now() }).findings, policy);
    }
    tally.finish(&controls, policy, now())
}

pub(crate) fn rendered(report: &Report, format: Format, width: usize) -> String {
    let options = Options { colour: false, width, next: Vec::new(), ..Options::default() };
    let mut bytes = Vec::new();
    render(report, format, &options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn report() -> Report {
    let clusters: Vec<Cluster> = [Provider::Aws, Provider::Azure, Provider::Gcp]
        .into_iter()
        .flat_map(|provider| {
            let mut hostile = sloppy(provider);
            HOSTILE.clone_into(&mut hostile.name);
            hostile.scope = Scope::new("@SUM(1)");
            [tidy(provider), hostile]
        })
        .collect();
    let policy = Policy { answers: answers(HOSTILE), ..Policy::default() };
    let context = Context { policy: &policy, now: now() };
    let controls = controls();
    let findings: Vec<Finding> =
        clusters.iter().flat_map(|cluster| evaluate(cluster, &controls, &context).findings).collect();
    Report {
        run: RunInfo { id: "r1".to_owned(), started_at: now(), finished_at: now(), palisade: "0.1.0" },
        coverage: Coverage { known: 99, total: 100 },
        clusters: clusters.iter().map(ClusterRow::of).collect(),
        surroundings: clusters.iter().map(|cluster| Surroundings::of(cluster, &policy)).collect(),
        pieces: clusters.iter().map(Piece::of).collect(),
        unseen: std::collections::BTreeMap::new(),
        told: Vec::new(),
        findings,
        gaps: vec![GapRow {
            scope: "111111111111/eu-west-1".to_owned(),
            call: "eks:DescribeCluster".to_owned(),
            reason: GapReason::Denied,
            permission: Some("eks:DescribeCluster".to_owned()),
            message: HOSTILE.to_owned(),
            hides: vec!["CP-01", "CP-02"],
            times: 3,
        }],
        calls: vec![CallRow {
            provider: Provider::Aws,
            service: "eks".to_owned(),
            operation: "DescribeCluster".to_owned(),
            count: CallCount { calls: 7, retried: 2, throttled: 1, failed: 3, unasked: 0 },
        }],
        unused_waivers: Vec::new(),
        grown_waivers: Vec::new(),
        answers: sheet(&clusters, &policy),
        parameters: Parameters { waivers: None, answers: policy.answers.digest(), data: vec![data()] },
    }
}

pub(crate) fn bytes(format: Format) -> Vec<u8> {
    let options =
        Options { colour: false, width: 80, next: vec!["palisade explain CP-01".to_owned()], ..Options::default() };
    let mut bytes = Vec::new();
    render(&report(), format, &options, &mut bytes).unwrap();
    bytes
}
