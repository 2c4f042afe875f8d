//! What a person sees who made mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Accounts, AwsTarget, Source, TargetKind, read, read_waivers};
use palisade_engine::Severity;
use std::fs;

const CONTROLS: &[&str] = &["CP-01", "CP-02", "CP-03"];

fn mistakes(text: &str) -> String {
    read(&Source { name: "palisade.yaml", text }, CONTROLS).unwrap_err().to_string()
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_the_way_out() {
    insta::assert_snapshot!(mistakes(
        "targets:
  - name: prod
    provider: awss
  - name: prod
    provider: aws
    regoins: enabled
    role: arn:aws:iam::111111111111:role/PalisadeReader
    accounts: [11111]
  - name: lab
    provider: gcp
    endpoint_url: http://emulator.example:5002
policy:
  approved_ranges: [10.0.0.0/40]
  severities: { CP-1: low, CP-02: terrible }
"
    ));
}

#[test]
fn a_file_that_is_not_yaml_is_one_mistake_with_its_place() {
    insta::assert_snapshot!(mistakes("targets:\n  - name: [prod\n    provider: aws\n"));
}

#[test]
fn an_empty_file_says_what_to_begin_with() {
    insta::assert_snapshot!(mistakes("policy: {}\n"));
}

#[test]
fn a_good_file_is_read_and_account_ids_keep_their_zeros() {
    let text = "targets:
  - name: prod
    provider: aws
    accounts: [012345678901, \"111111111111\"]
    role: PalisadeReader
    endpoint_url: http://127.0.0.1:5000
policy:
  severities: { CP-03: low }
  approved_ranges: [203.0.113.0/24]
";
    let config = read(&Source { name: "palisade.yaml", text }, CONTROLS).unwrap();
    let TargetKind::Aws(AwsTarget { accounts, role, .. }) = &config.targets[0].kind else { panic!("not aws") };
    assert_eq!(accounts, &Accounts::List(vec!["012345678901".to_owned(), "111111111111".to_owned()]));
    assert_eq!(role.as_deref(), Some("PalisadeReader"));
    assert_eq!(config.policy.severities.get("CP-03"), Some(&Severity::Low));
    assert!(config.policy.approved_ranges.is_some());
}

#[test]
fn plain_http_is_for_loopback_only_whatever_it_looks_like() {
    for url in [
        "http://127.0.0.1.example:1",
        "http://localhost.example",
        "http://10.0.0.1",
        "http://127.0.0.1@evil.example",
        "ftp://x",
        "x",
        "https://",
    ] {
        let text = format!("targets:\n  - {{name: a, provider: aws, endpoint_url: \"{url}\"}}\n");
        assert!(read(&Source { name: "p", text: &text }, CONTROLS).is_err(), "{url}");
    }
    for url in ["http://127.0.0.1:5000", "http://localhost:1", "http://[::1]:9", "https://eks.example"] {
        let text = format!("targets:\n  - {{name: a, provider: aws, endpoint_url: \"{url}\"}}\n");
        assert!(read(&Source { name: "p", text: &text }, CONTROLS).is_ok(), "{url}");
    }
}

#[test]
fn every_mistake_of_the_waivers_is_reported_at_once_with_its_place() {
    let text = "waivers:
  - {control: CP-01, cluster: shop, owner: ana, approver: ben, reason: migration}
  - {control: CP-09, cluster: shop, owner: ana, approver: ben, reason: migration, until: tomorrow}
  - {control: CP-01, cluster: shop, reason: \"\", until: 2027-03-31, expires: never}
  - {control: CP-01, cluster: shop, owner: ana, approver: ben, reason: r, until: 2027-03-31, approved: [web], covers: 2}
  - {control: CP-01, cluster: [a, b], owner: ana, approver: ben, reason: r, until: 2027-03-31, covers: 0}
";
    insta::assert_snapshot!(read_waivers(&Source { name: "waivers.yaml", text }, CONTROLS).unwrap_err().to_string());
}

#[test]
fn a_waiver_says_what_it_was_approved_for_and_ends_with_its_day() {
    let waiver = |rest: &str| {
        let text = format!(
            "waivers:\n  - {{control: CP-01, cluster: shop, owner: ana, approver: ben, reason: r, until: 2027-03-31{rest}}}\n"
        );
        read_waivers(&Source { name: "waivers.yaml", text: &text }, CONTROLS).unwrap().remove(0)
    };
    assert_eq!(waiver("").until.to_string(), "2027-04-01T00:00:00Z");
    assert_eq!(
        (waiver("").approved, waiver("").approver.as_str(), waiver(", covers: 4").covers),
        (None, "ben", Some(4))
    );
    let print = "0123456789abcdef0123456789abcdef";
    let listed = waiver(&format!(", approved: [{print}]")).approved.unwrap();
    assert_eq!(listed.iter().map(ToString::to_string).collect::<Vec<_>>(), [print]);
}

/// What is wrong, in the first line of each message.
fn titles(text: &str) -> Vec<String> {
    let diagnostics = read(&Source { name: "palisade.yaml", text }, CONTROLS).unwrap_err();
    diagnostics.all().iter().map(|diagnostic| diagnostic.title.clone()).collect()
}

fn target(rest: &str) -> String {
    format!("targets:\n  - name: prod\n    provider: aws\n{rest}")
}

#[test]
fn each_mistake_has_a_message_with_its_file_line_and_column() {
    let cases: &[(String, &str, &str)] = &[
        (target("    regoins: enabled\n"), "has no key `regoins`", "4:5"),
        (target("    regions: { a: b }\n"), "`regions` is a map", "4:14"),
        (target("    accounts: 7\n"), "no set of accounts is called `7`", "4:15"),
        (target("    accounts: [1234]\n"), "`1234` is no account id", "4:16"),
        (target("    accounts: []\n"), "`accounts` is empty", "4:15"),
        (target("    regions: [Ireland]\n"), "`Ireland` is no region", "4:15"),
        (target("    endpoint_url: http://10.0.0.1\n"), "over plain http", "4:19"),
        (target("  - name: prod\n    provider: gcp\n"), "`prod`", "4:11"),
        ("targets:\n  - { name: a, provider: openstack }\n".to_owned(), "no provider is called `openstack`", "2:26"),
        (
            "targets:\n  - { name: a, provider: gcp, projects: [p], folders: [f] }\n".to_owned(),
            "more than one of `projects`, `folders` and `organization`",
            "2:",
        ),
        ("targets: []\n".to_owned(), "target", "1:"),
        ("targets: many\n".to_owned(), "`targets` is a single value", "1:10"),
        (target("policy: { severities: { XX-99: low } }\n"), "no control is called `XX-99`", "4:25"),
        (target("policy: { key_age_days: soon }\n"), "`key_age_days` is no whole number", "4:25"),
        (target("policy: { require_customer_key: maybe }\n"), "neither `true` nor `false`", "4:33"),
        (target("policy: { untrusted_workloads: some }\n"), "neither `true` nor `false`", "4:32"),
        (target("policy: { image_age_days: young }\n"), "`image_age_days` is no whole number", "4:27"),
        (target("policy: { vulnerability_days: never }\n"), "`vulnerability_days` is no whole number", "4:31"),
        (target("policy: [a]\n"), "`policy` is a list", "4:9"),
        (target("sinks: { slack: { url: \"https://hooks.example/secret\" } }\n"), "`sinks` has no key `slack`", "4:10"),
        (target("sinks: [chat]\n"), "`sinks` is a list", "4:8"),
        (target("\tregions: enabled\n"), "a tab indents this line", "4:1"),
        ("\u{0}\u{1}\u{2}".to_owned(), "this is not YAML", "1:"),
        ("- a\n- b\n".to_owned(), "the configuration is a list", "1:1"),
        (String::new(), "the configuration is nothing", "palisade.yaml"),
    ];
    for (text, title, place) in cases {
        let message = mistakes(text);
        assert!(message.contains(title), "{text}\nsays\n{message}");
        let expected = if place.contains(':') { format!("palisade.yaml:{place}") } else { (*place).to_owned() };
        assert!(message.contains(&expected), "{expected} for\n{text}\nsays\n{message}");
        assert!(!message.contains("hooks.example"), "{message}");
    }
}

#[test]
fn what_is_built_to_break_a_reader_is_refused_in_a_moment() {
    let level = |level: usize| {
        let before = level.checked_sub(1).map_or("x".to_owned(), |before| format!("*a{before}"));
        format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "))
    };
    let bomb = (0..12).map(level).chain(["targets: *a11\n".to_owned()]).collect();
    let deep = format!("targets: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let deep_maps = format!("targets: {}", "{a: ".repeat(50_000));
    let huge = format!("# {}\ntargets: []\n", "x".repeat(20_000_000));
    let wide = format!("targets: [{}]\n", "x, ".repeat(1_000_000));
    for text in [bomb, deep, deep_maps, huge, wide] {
        let message = mistakes(&text);
        assert!(message.len() < 1_000_000, "a message of {} bytes", message.len());
    }
}

#[test]
fn many_mistakes_are_told_in_the_order_of_the_file() {
    let text =
        "targets:\n  - name: a\n    provider: aws\n    rols: x\n    accounts: [1]\n  - name: a\n    provider: azur\n";
    assert_eq!(titles(text).len(), 4, "{:?}", titles(text));
    let message = mistakes(text);
    let places: Vec<usize> =
        ["4:5", "5:16", "6:11", "7:15"].iter().map(|place| message.find(&format!(":{place}")).unwrap()).collect();
    assert!(places.is_sorted(), "{message}");
}

#[test]
fn the_waivers_of_the_guide_are_read() {
    let guide = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/waivers.md")).unwrap();
    let example = guide.split("```yaml\n").find(|part| part.starts_with("waivers:")).unwrap();
    let text = example.split("```").next().unwrap();
    let waivers = read_waivers(&Source { name: "waivers.md", text }, &["ND-05"]).map_err(|error| error.to_string());
    let waiver = waivers.unwrap().remove(0);
    assert_eq!((waiver.approver.as_str(), waiver.approved.unwrap().len()), ("ben", 1));
    let other = text.replace("approved: ", "#").replace("      - ", "#").replace("# covers", "covers");
    assert_eq!(read_waivers(&Source { name: "waivers.md", text: &other }, &["ND-05"]).unwrap()[0].covers, Some(4));
}

#[test]
fn the_service_says_how_long_and_whom() {
    let text = |service: &str| format!("targets: [{{name: a, provider: aws}}]\nservice:\n{service}");
    let good = text(
        "  lease_seconds: 30\n  stop_seconds: 5\n  pings:\n    - {schedule: nightly, url: env:PING}\n    - {schedule: hourly, url: file:/p, allow_loopback: true}\n",
    );
    let service = read(&Source { name: "palisade.yaml", text: &good }, &[]).unwrap().service;
    assert_eq!((service.lease_seconds, service.stop_seconds), (30, 5));
    let pings: Vec<_> =
        service.pings.iter().map(|ping| (ping.schedule.as_str(), ping.url.to_string(), ping.allow_loopback)).collect();
    assert_eq!(pings, [("nightly", "env:PING".to_owned(), false), ("hourly", "file:/p".to_owned(), true)]);
    for (service, told) in [
        ("  lease_seconds: 0\n", "`lease_seconds` is no whole number from 1 to 3600"),
        ("  stop_seconds: 601\n", "`stop_seconds` is no whole number from 1 to 600"),
        ("  pings: {nightly: env:PING}\n", "`pings` is a map"),
        ("  pings: [{schedule: nightly}]\n", "a ping has no `url`"),
        ("  pings: [{url: env:PING}]\n", "a ping has no `schedule`"),
        ("  pings: [{schedule: nightly, url: PING}]\n", "stands in the file itself"),
        ("  pings: [{schedule: nightly, url: env:PING, sign: x}]\n", "a ping has no key `sign`"),
    ] {
        let told_of = mistakes(&text(service));
        assert!(told_of.contains(told), "{service}: {told_of}");
    }
    let told = mistakes(&text("  pings: [{schedule: nightly, url: \"https://hc-ping.com/s3cret\"}]\n"));
    assert!(told.contains("env:NAME") && !told.contains("s3cret"), "{told}");
}

#[test]
fn every_mistake_about_the_keeping_of_evidence_is_reported_at_once_with_its_place() {
    insta::assert_snapshot!(mistakes(
        "targets: [{name: prod, provider: aws}]
evidence:
  bundle: here
  bundles_days: 100
  answers_days: 200
  after_runs: perhaps
  holds:
    - {reason: a case, by: ana}
    - {reason: a case, run: r, from: 2026-01-01}
    - {by: ana, from: 2026-13-01}
    - {reason: a case, by: ana, from: 2026-02-01, to: 2026-01-01}
"
    ));
}

#[test]
fn evidence_is_kept_for_seven_years_and_its_answers_for_four_hundred_days_unless_somebody_says_otherwise() {
    let evidence = |more: &str| {
        let text = format!("targets: [{{name: prod, provider: aws}}]\nevidence: {{bundles: [kept]{more}}}\n");
        read(&Source { name: "palisade.yaml", text: &text }, CONTROLS).unwrap().evidence.unwrap()
    };
    let usual = evidence("");
    assert_eq!((usual.bundles_days, usual.answers_days, usual.after_runs), (2557, 400, false));
    assert_eq!(usual.record, "palisade.retention.ndjson");
    // Shorter bundles have shorter answers.
    assert_eq!(evidence(", bundles_days: 90").answers_days, 90);
    let held = evidence(", holds: [{reason: x, by: ana, to: 2026-06-30}, {reason: y, by: ben, run: abc}]").holds;
    assert_eq!((held[0].from, held[0].to), (None, Some("2026-06-30".parse().unwrap())));
    assert_eq!(held[1].run.as_deref(), Some("abc"));
}
