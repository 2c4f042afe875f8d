//! What a person sees who made mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Accounts, AwsTarget, Source, TargetKind, read, read_waivers};
use palisade_engine::Severity;

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
fn a_waiver_without_an_end_is_refused() {
    let text = "waivers:\n  - {control: CP-01, cluster: shop, owner: ana, reason: migration}\n  - {control: CP-09, cluster: shop, owner: ana, reason: migration, until: tomorrow}\n";
    insta::assert_snapshot!(read_waivers(&Source { name: "waivers.yaml", text }, CONTROLS).unwrap_err().to_string());
    let text = "waivers:\n  - {control: CP-01, cluster: shop, owner: ana, reason: migration, until: 2027-03-31}\n";
    let waivers = read_waivers(&Source { name: "waivers.yaml", text }, CONTROLS).unwrap();
    assert_eq!(waivers[0].until.to_string(), "2027-04-01T00:00:00Z");
}
