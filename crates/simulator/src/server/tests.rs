//! The shell, asked over the loopback.

use super::*;
use crate::faults::FaultRule;

const STORY: &str = "
page_limit: 2
accounts:
  - id: '111111111111'
    name: shop
    regions:
      eu-west-1:
        vpcs: [{ name: shop, cidr: 10.0.0.0/16 }]
        clusters: [{ name: a, vpc: shop }, { name: b, vpc: shop }, { name: c, vpc: shop }]
";

async fn start(faults: Faults) -> Running {
    Simulator::start(World::from_yaml(STORY, "", "").unwrap(), faults).await.unwrap()
}

/// Faults from a short text.
fn faults(text: &str) -> Faults {
    serde_saphyr::from_str(text).unwrap()
}

async fn get(running: &Running, path: &str) -> reqwest::Result<(u16, String)> {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=AKIAPALISADE00000000/20261120/eu-west-1/eks/aws4_request, Signature=0";
    let request = reqwest::Client::new().get(format!("{}{path}", running.aws)).header("authorization", authorization);
    let response = request.timeout(Duration::from_secs(2)).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

#[tokio::test]
async fn three_clouds_answer_on_three_ports() {
    let running = start(Faults::default()).await;
    let ports = std::collections::BTreeSet::from([&running.aws, &running.azure, &running.gcp]);
    assert_eq!(ports.len(), 3);
    let (status, body) = get(&running, "/clusters?maxResults=2").await.unwrap();
    assert_eq!(status, 200);
    assert!(body.starts_with("{\"clusters\":[\"a\",\"b\"],\"nextToken\":\""), "{body}");
}

#[tokio::test]
async fn the_ledger_keeps_what_was_asked_in_order() {
    let running = start(faults("deny: ['eks:DescribeCluster#b']")).await;
    for path in ["/clusters", "/clusters/a", "/clusters/b", "/clusters/a", "/favicon.ico"] {
        get(&running, path).await.unwrap();
    }
    let ledger = running.ledger();
    let told: Vec<(&str, &str, u16)> = ledger
        .entries()
        .iter()
        .map(|entry| (entry.operation.permission.as_str(), entry.operation.subject.as_str(), entry.status))
        .collect();
    let expected = [
        ("eks:ListClusters", "", 200),
        ("eks:DescribeCluster", "name=a", 200),
        ("eks:DescribeCluster", "name=b", 403),
        ("eks:DescribeCluster", "name=a", 200),
        ("unrecognised", "GET /favicon.ico", 404),
    ];
    assert_eq!(told, expected);
    let duplicates: Vec<(String, usize)> =
        ledger.duplicates().into_iter().map(|(operation, times)| (operation.subject, times)).collect();
    assert_eq!(duplicates, [("name=a".to_owned(), 2)]);
}

#[tokio::test]
async fn a_throttled_call_says_when_to_come_again_and_then_succeeds() {
    let running = start(faults("throttle_per_mille: 1000")).await;
    let first = reqwest::get(format!("{}/clusters", running.aws)).await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(get(&running, "/clusters").await.unwrap().0, 429, "another caller has a count of its own");
    assert_eq!(get(&running, "/clusters").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_cut_connection_is_an_error_of_the_transport() {
    let rule = FaultRule { permission: "eks:*".to_owned(), kind: FaultKind::CutConnection, times: Some(1) };
    let running = start(Faults { fault: vec![rule], ..Faults::default() }).await;
    let error = get(&running, "/clusters").await.unwrap_err();
    assert!(error.is_decode() || error.is_body(), "the status has arrived, the body has not: {error:?}");
    assert_eq!(get(&running, "/clusters").await.unwrap().0, 200);
    assert_eq!(running.ledger().duplicates().len(), 0, "what did not arrive was not answered");
}

#[tokio::test]
async fn a_truncated_page_looks_complete_and_is_not() {
    let running = start(faults("fault: [{ permission: 'eks:ListClusters', kind: truncated-page }]")).await;
    let (status, body) = get(&running, "/clusters").await.unwrap();
    assert_eq!(status, 200);
    assert!(body.starts_with("{\"clusters\"") && serde_json::from_str::<serde_json::Value>(&body).is_err(), "{body}");
}

#[tokio::test]
async fn a_malformed_body_has_status_200_and_a_server_error_has_not() {
    let rules = "fault: [{ permission: 'eks:ListClusters', kind: malformed-body }, { permission: 'eks:Describe*', kind: server-error }]";
    let running = start(faults(rules)).await;
    assert_eq!(get(&running, "/clusters").await.unwrap(), (200, "{\"oops\"".to_owned()));
    assert_eq!(get(&running, "/clusters/a").await.unwrap().0, 500);
}

#[tokio::test]
async fn a_repeated_token_leads_to_the_first_page_again() {
    let running = start(faults("fault: [{ permission: 'eks:ListClusters', kind: repeat-token }]")).await;
    let first = get(&running, "/clusters").await.unwrap().1;
    let token = serde_json::from_str::<serde_json::Value>(&first).unwrap()["nextToken"].as_str().unwrap().to_owned();
    assert_eq!(get(&running, &format!("/clusters?nextToken={token}")).await.unwrap().1, first);
}

#[tokio::test]
async fn calls_that_wait_are_in_flight_together_and_a_hanging_one_has_no_status() {
    let running = start(faults("latency_millis: 50\nfault: [{ permission: 'eks:DescribeCluster', kind: hang }]")).await;
    let hanging = get(&running, "/clusters/a");
    let (first, second, third) =
        futures::future::join3(get(&running, "/clusters"), get(&running, "/clusters/x/addons"), hanging).await;
    assert!(first.is_ok() && second.is_ok());
    assert!(third.unwrap_err().is_timeout());
    let ledger = running.ledger();
    assert_eq!(ledger.in_flight_peak(), 3);
    let hung = ledger.entries().iter().find(|entry| entry.fault == Some(FaultKind::Hang)).unwrap();
    assert_eq!(hung.status, 0);
}

#[tokio::test]
async fn a_dropped_simulator_does_not_answer() {
    let running = start(Faults::default()).await;
    let address = running.aws.clone();
    get(&running, "/clusters").await.unwrap();
    drop(running);
    assert!(reqwest::get(address).await.is_err());
}
