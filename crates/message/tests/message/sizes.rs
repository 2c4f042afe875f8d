//! Whatever the events are, a message is within the limits of its channel, and it is JSON.

use crate::samples::{finding, json, planned, rendered_in, text_of};
use palisade_engine::Severity;
use palisade_message::{
    MAIL_BYTES, Medium, Planned, Room, SLACK_BLOCKS, SLACK_TEXT, TEAMS_BYTES, WEBHOOK_BYTES, sample,
};
use palisade_track::{Event, EventKind, Summary, Topic, Unread};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

fn event() -> impl Strategy<Value = Event> {
    let text = prop_oneof![
        "\\PC{0,40}",
        "[<>&*_`\\\\\\[\\]]{0,60}",
        vec(any::<char>(), 0..60).prop_map(|letters| letters.into_iter().collect::<String>()),
        (1_usize..1_500).prop_map(|length| "<&>*".repeat(length)),
    ];
    let (name, because) = (text.clone(), text);
    (0..EventKind::ALL.len(), 0..Severity::ALL.len(), name, because, any::<bool>()).prop_map(
        |(kind, severity, name, because, own)| {
            let (kind, severity) = (EventKind::ALL[kind], Severity::ALL[severity]);
            let mut event = sample(kind);
            event.severity = severity;
            match &mut event.topic {
                Topic::Finding { .. } if own => return finding(kind, severity, &name, &because),
                Topic::Finding { finding, reached_by, .. } => {
                    finding.cluster_name.clone_from(&name);
                    finding.remediation.clone_from(&because);
                    *reached_by = Some(because);
                }
                Topic::Waiver { selector, owner, .. } => {
                    *selector = name;
                    *owner = because;
                }
                Topic::Run(summary) => summary.why = Some(because),
                Topic::Channel { name: channel, why, .. } => {
                    *channel = name;
                    *why = because;
                }
            }
            event
        },
    )
}

fn message() -> impl Strategy<Value = Planned> {
    let unread = ("\\PC{0,300}", "\\PC{0,300}", proptest::option::of("\\PC{0,300}"))
        .prop_map(|(scope, reason, permission)| Unread { scope, reason, permission, as_of: None });
    let summary = (vec(unread, 0..40), any::<u64>(), any::<u64>()).prop_map(|(unread, known, total)| Summary {
        facts_known: known,
        facts_total: total,
        unread,
        ..Summary::default()
    });
    (vec(event(), 1..40), proptest::option::of(summary), any::<bool>()).prop_map(|(events, coverage, braked)| Planned {
        coverage,
        together: if braked { "storm/1" } else { "now" }.to_owned(),
        ..planned(events)
    })
}

fn length(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

fn check_slack(value: &Value) {
    let blocks = value["blocks"].as_array().unwrap();
    assert!(!blocks.is_empty() && blocks.len() <= SLACK_BLOCKS);
    let mut all = 0;
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => {
                assert!(length(&block["text"]["text"]) <= 150 && length(&block["text"]["text"]) > 0);
                all += length(&block["text"]["text"]);
            }
            "section" => {
                check_mrkdwn(block["text"]["text"].as_str().unwrap());
                assert!(length(&block["text"]["text"]) <= 3_000 && length(&block["text"]["text"]) > 0);
                all += length(&block["text"]["text"]);
            }
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!(elements.len() <= 10);
                all += elements.iter().map(|element| length(&element["text"])).sum::<usize>();
            }
            other => panic!("{other}"),
        }
    }
    assert!(all <= SLACK_TEXT, "{all} characters");
}

/// Links are whole, and what is no link is escaped whole.
fn check_mrkdwn(text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let from = &rest[at..];
        let whole = if let Some(link) = from.strip_prefix('<') {
            let (link, _) = link.split_once('>').unwrap_or_else(|| panic!("a link that does not end: {text}"));
            assert!(link.starts_with("https://palisade.example/") && !link.contains('<'), "{text}");
            link.len() + 2
        } else {
            let escape = ["&amp;", "&lt;", "&gt;"].into_iter().find(|escape| from.starts_with(escape));
            escape.unwrap_or_else(|| panic!("half an escape: {text}")).len()
        };
        rest = &from[whole..];
    }
}

fn check_pagerduty(value: &Value) {
    assert!(["trigger", "resolve"].contains(&value["event_action"].as_str().unwrap()));
    assert!(length(&value["dedup_key"]) <= 255);
    assert!((1..=1_024).contains(&length(&value["payload"]["summary"])));
    assert!(["critical", "error", "warning", "info"].contains(&value["payload"]["severity"].as_str().unwrap()));
    assert!(length(&value["payload"]["source"]) > 0);
}

fn check(message: &Planned, room: Room) {
    for medium in Medium::ALL {
        let rendered = rendered_in(message, medium, None, room);
        let bytes = rendered.body.bytes().len();
        match medium {
            Medium::Slack | Medium::SlackWebhook => check_slack(&json(&rendered)),
            Medium::Teams => {
                assert!(bytes <= TEAMS_BYTES, "{bytes} bytes");
                assert!(json(&rendered)["attachments"].is_array());
            }
            Medium::Webhook => {
                assert!(bytes <= WEBHOOK_BYTES, "{bytes} bytes");
                assert_eq!(json(&rendered)["specversion"], "1.0");
            }
            Medium::PagerDuty => {
                assert!(bytes <= 512 * 1024);
                check_pagerduty(&json(&rendered));
            }
            Medium::Email => {
                let (headers, text, _) = text_of(&rendered);
                assert!(!text.is_empty() && bytes <= MAIL_BYTES);
                assert!(headers.lines().all(|line| line.len() <= 998));
            }
        }
    }
}

#[test]
fn the_longest_texts_in_any_number_fit() {
    for letter in ["x", "<", "*", "😀", "\\", "`"] {
        for length in [80, 300, 5_000] {
            for many in [1, 3, 10, 20] {
                let event = |number: usize| {
                    let text = format!("{number}{}", letter.repeat(length));
                    let mut event = finding(EventKind::Opened, Severity::High, &text, &text);
                    if let Topic::Finding { finding, reached_by, .. } = &mut event.topic {
                        finding.control_name.clone_from(&text);
                        finding.remediation.clone_from(&text);
                        finding.owner = Some(text.clone());
                        *reached_by = Some(text);
                    }
                    event
                };
                let message = planned((0..many).map(event).collect());
                check(&message, Room::Usual);
                check(&message, Room::Little);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_fits_its_channel(message in message()) {
        check(&message, Room::Usual);
        check(&message, Room::Little);
    }

    #[test]
    fn the_same_message_is_the_same_bytes(message in message()) {
        for medium in Medium::ALL {
            let once = rendered_in(&message, medium, None, Room::Usual);
            prop_assert_eq!(once, rendered_in(&message, medium, None, Room::Usual));
        }
    }
}
