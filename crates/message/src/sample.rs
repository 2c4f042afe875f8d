//! What an event looks like.

use jiff::Timestamp;
use palisade_engine::{Severity, State, SubjectKind};
use palisade_model::{ClusterId, Provider, Scope};
use palisade_track::{Event, EventKind, Standing, Summary, Topic, Tracked, Unread};

/// An event of a kind, with everything that an event of this kind may have: templates are tried on it, and a test message
/// shows it.
pub fn sample(kind: EventKind) -> Event {
    let at = Timestamp::from_second(1_795_003_200).unwrap_or(Timestamp::UNIX_EPOCH);
    let day = |days: i64| at.checked_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap_or(at);
    let finding = || Topic::Finding {
        finding: Box::new(Tracked {
            fingerprint: sample_fingerprint(),
            control: "CP-01".to_owned(),
            control_name: "endpoint-open-to-the-internet".to_owned(),
            provider: Provider::Aws,
            scope: Scope::new("111111111111/eu-west-1"),
            cluster: ClusterId::new("arn:aws:eks:eu-west-1:111111111111:cluster/shop"),
            cluster_name: "shop".to_owned(),
            subject_kind: SubjectKind::Cluster,
            subject: "arn:aws:eks:eu-west-1:111111111111:cluster/shop".to_owned(),
            subject_name: "shop".to_owned(),
            owner: Some("ana".to_owned()),
            standing: Standing::Open,
            verdict: State::Fail,
            severity: Severity::Critical,
            because: "the endpoint lets in `0.0.0.0/0`".to_owned(),
            brief: Some("open".to_owned()),
            remediation: "list your own ranges".to_owned(),
            first_seen: day(12),
            last_seen: at,
            as_of: at,
            generation: if kind == EventKind::Reopened { 2 } else { 1 },
            turned: day(12),
            recent_turns: 0,
            good_reads: 0,
            waived_until: None,
        }),
        before: (kind == EventKind::Worsened).then_some(Severity::High),
        reached_by: Some("the whole internet".to_owned()),
    };
    let topic = match kind {
        EventKind::Opened
        | EventKind::Worsened
        | EventKind::Reopened
        | EventKind::Resolved
        | EventKind::Gone
        | EventKind::Reminder => finding(),
        EventKind::WaiverExpiring | EventKind::WaiverExpired | EventKind::WaiverUnused | EventKind::WaiverGrown => {
            Topic::Waiver { selector: "CP-01 shop".to_owned(), owner: "ana".to_owned(), until: day(-7), covers: 3 }
        }
        EventKind::ScanCompleted
        | EventKind::ScanPartial
        | EventKind::ScanFailed
        | EventKind::ScanMissed
        | EventKind::CoverageDropped
        | EventKind::CoverageRestored
        | EventKind::Baseline => Topic::Run(run(kind, day(3))),
        EventKind::DeliveryFailing => {
            Topic::Channel { name: "chat".to_owned(), why: "the receiver answers 403".to_owned(), waiting: 4 }
        }
    };
    Event {
        kind,
        at,
        run: Some("run-1".to_owned()),
        schedule: Some("nightly".to_owned()),
        severity: Severity::Critical,
        topic,
    }
}

/// What a run read: everything where the event says so.
fn run(kind: EventKind, before: Timestamp) -> Summary {
    let whole = matches!(kind, EventKind::ScanCompleted | EventKind::CoverageRestored | EventKind::Baseline);
    let unread = Unread {
        scope: "222222222222".to_owned(),
        reason: "denied".to_owned(),
        permission: Some("eks:ListClusters".to_owned()),
        as_of: Some(before),
    };
    Summary {
        clusters: 3,
        facts_known: if whole { 100 } else { 97 },
        facts_total: 100,
        before: match kind {
            EventKind::CoverageRestored => Some((97, 100)),
            EventKind::Baseline => None,
            _ => Some((100, 100)),
        },
        unread: if whole { Vec::new() } else { vec![unread] },
        open: vec![(Severity::Critical, 1), (Severity::High, 4)],
        by_provider: vec![(Provider::Aws, 4), (Provider::Gcp, 1)],
        why: (kind == EventKind::Baseline).then(|| "the first run".to_owned()),
    }
}

fn sample_fingerprint() -> palisade_engine::Fingerprint {
    let subject = palisade_engine::Subject { kind: SubjectKind::Cluster, id: "shop".into(), name: "shop".into() };
    palisade_engine::Fingerprint::of("CP-01", &ClusterId::new("shop"), &subject)
}
