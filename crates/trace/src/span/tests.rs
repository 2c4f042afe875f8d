use super::*;
use palisade_model::Provider;
use palisade_provider::{Body, Exchange};
use std::{collections::BTreeSet, sync::Arc};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn record(call: &str, scope: &str, (sent, got): (i64, i64), attempts: Vec<Attempt>, outcome: Outcome) -> Record {
    Record {
        call: Arc::from(call),
        scope: Arc::from(scope),
        params: BTreeMap::new(),
        page: 0,
        last: true,
        at: at(got),
        exchange: (!attempts.is_empty()).then(|| Exchange { sent_at: at(sent), sent_id: None, attempts }),
        outcome,
    }
}

fn snapshot(scope: &str, records: Vec<Record>) -> Snapshot {
    Snapshot::new("prod".to_owned(), Provider::Aws, scope.to_owned(), (at(0), at(100)), records)
}

fn good() -> Outcome {
    Outcome::Answered(Body::new(*b"{}"))
}

fn account() -> Vec<Span> {
    let slowed = Attempt { throttled: true, ..Attempt::answered(429, Some("r1"), None) };
    let denied = Outcome::Failed(Failure::new(FailureReason::Denied, "no"));
    let unsent = Outcome::Failed(Failure::new(FailureReason::NotAsked, "the budget is used up"));
    let fine = || vec![Attempt::answered(200, Some("r2"), None)];
    let records = vec![
        record("ec2:DescribeRegions", "111111111111", (1, 2), fine(), good()),
        record("eks:ListClusters", "111111111111/eu-west-1", (3, 9), [vec![slowed], fine()].concat(), good()),
        record(
            "eks:DescribeCluster",
            "111111111111/eu-west-1",
            (10, 12),
            vec![Attempt::answered(403, None, None)],
            denied,
        ),
        record("eks:ListClusters", "111111111111/us-east-1", (4, 5), fine(), good()),
        record("kms:DescribeKey", "111111111111/us-east-1", (0, 20), Vec::new(), unsent),
        // Shared with every account: asked of the one that rules.
        record("organizations:ListPolicies", "999999999999", (1, 3), fine(), good()),
    ];
    spans(&snapshot("111111111111", records), &Trace { id: [7; 16] })
}

fn named<'a>(spans: &'a [Span], name: &str, scope: &str) -> &'a Span {
    let is = |span: &&Span| {
        span.name == name && span.attributes.iter().any(|(_, value)| *value == Value::Text(scope.to_owned()))
    };
    spans.iter().find(is).unwrap()
}

#[test]
fn a_call_stands_below_its_region_that_below_its_account_and_that_below_the_run() {
    let spans = account();
    let (account, region) = (named(&spans, ACCOUNT, "111111111111"), named(&spans, REGION, "111111111111/eu-west-1"));
    let call = named(&spans, CALL, "eks:DescribeCluster");
    assert_eq!((call.parent, region.parent), (Some(region.id), Some(account.id)));
    assert_eq!(account.parent, Some(Trace { id: [7; 16] }.root()));
    assert_eq!((account.from, account.to), (at(0), at(100)));
    assert_eq!((region.from, region.to), (at(3), at(12)), "from its first question to its last answer");
    for call in ["ec2:DescribeRegions", "organizations:ListPolicies"] {
        assert_eq!(named(&spans, CALL, call).parent, Some(account.id), "{call} is of no region");
    }
    let ids: BTreeSet<[u8; 8]> = spans.iter().map(|span| span.id).collect();
    assert_eq!(ids.len(), spans.len());
    let whole =
        |span: &Span| span.parent.is_some_and(|parent| parent == Trace { id: [7; 16] }.root() || ids.contains(&parent));
    assert!(spans.iter().all(whole), "no span hangs in the air");
}

#[test]
fn a_call_says_how_it_went() {
    let spans = account();
    let of = |call: &str, scope: &str| {
        let is = |span: &&Span| {
            [(OPERATION, call), (SCOPE, scope)]
                .iter()
                .all(|(name, text)| span.attributes.contains(&(*name, Value::Text((*text).to_owned()))))
        };
        spans.iter().find(is).unwrap()
    };
    let repeated = of("eks:ListClusters", "111111111111/eu-west-1");
    for expected in [
        (ATTEMPTS, Value::Number(2)),
        (THROTTLED, Value::Number(1)),
        (STATUS, Value::Number(200)),
        (REQUEST, Value::Text("r2".to_owned())),
    ] {
        assert!(repeated.attributes.contains(&expected), "{expected:?}: {:?}", repeated.attributes);
    }
    assert_eq!((repeated.failure.as_deref(), repeated.from, repeated.to), (None, at(3), at(9)));
    let denied = of("eks:DescribeCluster", "111111111111/eu-west-1");
    assert!(denied.attributes.contains(&(ERROR, Value::Text("denied".to_owned()))));
    assert_eq!(denied.failure.as_deref(), Some("no"));
    let unsent = of("kms:DescribeKey", "111111111111/us-east-1");
    assert!(unsent.attributes.contains(&(ATTEMPTS, Value::Number(0))));
    assert_eq!(unsent.from, unsent.to, "what was not sent took no time");
}

#[test]
fn a_discovery_has_a_span_of_its_own_and_no_regions() {
    let records = vec![record("organizations:ListAccounts", "111111111111", (1, 2), Vec::new(), good())];
    let spans = spans(&snapshot(DISCOVERY, records), &Trace { id: [7; 16] });
    let names: Vec<&str> = spans.iter().map(|span| span.name).collect();
    assert_eq!(names, [DISCOVER, CALL]);
    assert_eq!(spans[1].parent, Some(spans[0].id));
}

#[test]
fn every_span_and_every_attribute_is_documented() {
    let trace = Trace { id: [7; 16] };
    let mut spans = account();
    spans.push(trace.run((at(0), at(1)), Some("nightly-full")));
    let kinds: BTreeMap<&str, &SpanKind> = SPANS.iter().map(|kind| (kind.name, kind)).collect();
    for span in &spans {
        let kind = kinds[span.name];
        for (name, _) in &span.attributes {
            assert!(kind.attributes.iter().any(|(known, _)| known == name), "{}: {name}", span.name);
        }
    }
    let seen: BTreeSet<&str> = spans.iter().map(|span| span.name).collect();
    assert_eq!(seen.len(), SPANS.len() - 1, "all but the discovery");
}
