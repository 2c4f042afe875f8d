//! Every kind of event in every channel, as it is sent.

use crate::samples::{finding, json, planned, rendered, rendered_in, text_of};
use palisade_engine::Severity;
use palisade_message::{Medium, Planned, Room, Thread, sample};
use palisade_track::{EventKind, Summary, Topic, Unread};
use serde_json::Value;
use std::fmt::Write as _;

/// Every text of a message in the order in which it is shown.
fn outline(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if !["type", "$schema", "contentType", "version"].contains(&key.as_str()) => {
                        writeln!(out, "  {key}: {}", text.replace('\n', "\n    ")).unwrap();
                    }
                    _ => outline(value, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| outline(item, out)),
        Value::String(text) => writeln!(out, "  - {text}").unwrap(),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// One message whole, and the texts of those of every other kind.
fn every_kind(medium: Medium) -> String {
    let opened = rendered(&planned(vec![sample(EventKind::Opened)]), medium);
    let mut out = serde_json::to_string_pretty(&json(&opened)).unwrap() + "\n";
    for kind in EventKind::ALL {
        writeln!(out, "\n=== {}", kind.name()).unwrap();
        outline(&json(&rendered(&planned(vec![sample(kind)]), medium)), &mut out);
    }
    out
}

#[test]
fn slack_is_told_of_every_kind_of_event() {
    insta::assert_snapshot!(every_kind(Medium::Slack));
}

#[test]
fn an_incoming_webhook_of_slack_gets_the_same_without_a_channel() {
    for kind in EventKind::ALL {
        let mut bot = json(&rendered(&planned(vec![sample(kind)]), Medium::Slack));
        assert!(bot.as_object_mut().unwrap().remove("channel").is_some());
        assert_eq!(json(&rendered(&planned(vec![sample(kind)]), Medium::SlackWebhook)), bot);
    }
}

#[test]
fn teams_is_told_of_every_kind_of_event() {
    insta::assert_snapshot!(every_kind(Medium::Teams));
}

#[test]
fn a_receiver_of_cloud_events_is_told_of_every_kind_of_event() {
    insta::assert_snapshot!(every_kind(Medium::Webhook));
}

#[test]
fn pagerduty_is_told_of_every_kind_of_event() {
    insta::assert_snapshot!(every_kind(Medium::PagerDuty));
}

#[test]
fn mail_is_told_of_every_kind_of_event() {
    let opened = rendered(&planned(vec![sample(EventKind::Opened)]), Medium::Email);
    let mut out = String::from_utf8(opened.body.bytes().to_vec()).unwrap().replace("\r\n", "\n");
    for kind in EventKind::ALL {
        let (headers, text, html) = text_of(&rendered(&planned(vec![sample(kind)]), Medium::Email));
        let subject = headers.lines().find(|line| line.starts_with("Subject:")).unwrap().to_owned();
        write!(out, "\n=== {}\n{subject}\n{text}", kind.name()).unwrap();
        if kind == EventKind::Opened {
            writeln!(out, "{}", html.replace("><", ">\n<")).unwrap();
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn what_was_not_read_is_told_before_anything_else() {
    let mut message = planned(vec![sample(EventKind::Opened)]);
    let place = |account: &str| Unread {
        scope: account.to_owned(),
        reason: "denied".to_owned(),
        permission: Some("eks:ListClusters".to_owned()),
        as_of: Some("2026-11-18T03:00:00Z".parse().unwrap()),
    };
    message.coverage = Some(Summary {
        facts_known: 97,
        facts_total: 100,
        before: Some((100, 100)),
        unread: ["1", "2", "3", "4", "5"].map(|digit| place(&digit.repeat(12))).to_vec(),
        ..Summary::default()
    });
    let said = "97 % read (before: 100 %); 5 places denied; their findings are kept as of 2026-11-18";
    for medium in Medium::ALL {
        let message = rendered(&message, medium);
        let shown = match medium {
            Medium::Email => text_of(&message).1,
            // The keys of JSON have no order; the first thing that people read of it is this list.
            Medium::Webhook => json(&message)["data"]["coverage"].to_string(),
            _ => {
                let mut out = String::new();
                outline(&json(&message), &mut out);
                out
            }
        };
        let coverage = shown.find(said).unwrap_or_else(|| panic!("{medium}:\n{shown}"));
        let item = shown.find("the endpoint lets in");
        assert!(item.is_none_or(|item| coverage < item), "{medium}:\n{shown}");
        assert!(shown.contains("and 2 more"), "{medium}:\n{shown}");
    }
}

#[test]
fn findings_with_one_cause_are_one_item_with_their_number() {
    let event = |pool: &str, group: &str| {
        let because = format!("node pool `{pool}` accepts port 22 from `0.0.0.0/0` through `{group}`");
        finding(EventKind::Opened, Severity::High, pool, &because)
    };
    let mut events: Vec<_> = (0..7).map(|number| event(&format!("pool-{number}"), "sg-1")).collect();
    events.push(event("other", "sg-2"));
    let (_, text, _) = text_of(&rendered(&planned(events), Medium::Email));
    assert!(text.contains("one cause, 7 node pools in 7 clusters: `pool-0`, `pool-1`, `pool-2` and 4 more"), "{text}");
    assert!(text.contains("node pool `other` of cluster `cluster-other`"), "{text}");
    assert_eq!(text.matches("New (high)").count(), 2, "{text}");
}

#[test]
fn more_than_ten_items_end_in_and_n_more_and_more_than_twenty_are_counts() {
    let events = |many: usize| -> Vec<_> {
        (0..many)
            .map(|number| {
                finding(EventKind::Opened, Severity::High, &format!("p{number}"), &format!("reason {number}"))
            })
            .collect()
    };
    let text = |many: usize| text_of(&rendered(&planned(events(many)), Medium::Email)).1;
    assert_eq!(text(10).matches("New (high)").count(), 10);
    assert!(!text(10).contains("more"));
    assert_eq!(text(13).matches("New (high)").count(), 10);
    assert!(text(13).contains("and 3 more in the report"), "{}", text(13));
    assert_eq!(text(21).matches("New (high)").count(), 0);
    assert!(text(21).contains("High: 21 new"), "{}", text(21));
    assert!(text(21).contains("https://palisade.example/runs/run-1"), "{}", text(21));
}

#[test]
fn a_receiver_that_finds_a_message_too_large_gets_counts_and_a_link() {
    for medium in Medium::ALL {
        let message = planned(vec![sample(EventKind::Opened), sample(EventKind::Resolved)]);
        let whole = rendered(&message, medium);
        let small = rendered_in(&message, medium, None, Room::Little);
        assert!(small.body.bytes().len() < whole.body.bytes().len(), "{medium}");
        assert_eq!(small.id, whole.id, "{medium}");
        let shown = match medium {
            Medium::Email => text_of(&small).1,
            _ => json(&small).to_string(),
        };
        assert!(shown.contains("1 new") && shown.contains("palisade.example/runs/run-1"), "{medium}: {shown}");
    }
}

#[test]
fn what_follows_on_a_finding_goes_into_its_thread_and_slack_alone_has_threads() {
    let message = planned(vec![sample(EventKind::Resolved)]);
    let reply = Thread::Reply("1700000000.000100".to_owned());
    let said = json(&rendered_in(&message, Medium::Slack, Some(&reply), Room::Usual));
    assert_eq!(said["thread_ts"], "1700000000.000100");
    let update = Thread::Update("1700000000.000100".to_owned());
    let said = json(&rendered_in(&message, Medium::Slack, Some(&update), Room::Usual));
    assert_eq!(said["ts"], "1700000000.000100");
    let said = rendered_in(&message, Medium::SlackWebhook, Some(&reply), Room::Usual);
    assert!(json(&said).get("thread_ts").is_none() && said.thread.is_none());
    let opened = planned(vec![sample(EventKind::Opened)]);
    assert_eq!(opened.thread(), message.thread());
    assert!(opened.thread().is_some());
    let two = planned(vec![sample(EventKind::Opened), finding(EventKind::Opened, Severity::High, "p", "r")]);
    assert_eq!(two.thread(), None);
}

#[test]
fn a_page_is_closed_by_the_end_of_what_opened_it() {
    let key = |kind| json(&rendered(&planned(vec![sample(kind)]), Medium::PagerDuty));
    assert_eq!(key(EventKind::Opened)["event_action"], "trigger");
    assert_eq!(key(EventKind::Resolved)["event_action"], "resolve");
    assert_eq!(key(EventKind::Gone)["event_action"], "resolve");
    assert_eq!(key(EventKind::Opened)["dedup_key"], key(EventKind::Resolved)["dedup_key"]);
    assert_eq!(key(EventKind::Worsened)["dedup_key"], key(EventKind::Gone)["dedup_key"]);
    assert_eq!(key(EventKind::CoverageDropped)["dedup_key"], key(EventKind::CoverageRestored)["dedup_key"]);
    assert_ne!(key(EventKind::CoverageDropped)["dedup_key"], key(EventKind::ScanMissed)["dedup_key"]);
}

#[test]
fn the_id_of_a_message_is_the_same_in_every_form_and_another_for_other_news_and_other_channels() {
    let one = planned(vec![sample(EventKind::Opened)]);
    let ids = Medium::ALL.map(|medium| rendered(&one, medium).id);
    assert!(ids.iter().all(|id| *id == one.id()));
    let later = Planned { not_before: jiff::Timestamp::MAX, together: "until/7".to_owned(), ..one.clone() };
    assert_eq!(later.id(), one.id());
    let other = Planned { events: vec![sample(EventKind::Gone)], ..one.clone() };
    assert_ne!(other.id(), one.id());
    let elsewhere = Planned { channel: "elsewhere".to_owned(), ..one.clone() };
    assert_ne!(elsewhere.id(), one.id());
}

#[test]
fn a_finding_whose_place_was_not_read_says_as_of_when() {
    let mut event = sample(EventKind::Reminder);
    if let Topic::Finding { finding, .. } = &mut event.topic {
        finding.as_of = "2026-11-10T00:00:00Z".parse().unwrap();
    }
    let (_, text, _) = text_of(&rendered(&planned(vec![event.clone()]), Medium::Email));
    assert!(text.contains("As of: 2026-11-10: this place has not been read since"), "{text}");
    assert!(event.key().starts_with("finding.reminder/"));
}

/// A message as it may come after a bad night: one thing of each sort, a cause of several pools, and a gap.
pub(crate) fn bad_night() -> Planned {
    let open = |pool: &str| {
        let because = format!("pool `{pool}` accepts port 22 from `0.0.0.0/0` through `sg-0a1b2c3d`");
        finding(EventKind::Opened, Severity::High, pool, &because)
    };
    let mut events: Vec<_> = ["blue", "green", "red", "general-purpose", "batch"].map(open).to_vec();
    events.extend([sample(EventKind::Worsened), sample(EventKind::Resolved), sample(EventKind::WaiverExpiring)]);
    events.push(finding(EventKind::Opened, Severity::Medium, "a_b *c* <d>", "the key does not rotate"));
    let coverage = match sample(EventKind::CoverageDropped).topic {
        Topic::Run(summary) => Some(summary),
        Topic::Finding { .. } | Topic::Waiver { .. } | Topic::Channel { .. } => None,
    };
    Planned { coverage, together: "until/1".to_owned(), ..planned(events) }
}

#[test]
fn a_bad_night_in_teams() {
    insta::assert_json_snapshot!(json(&rendered(&bad_night(), Medium::Teams)));
}

#[test]
fn a_bad_night_in_slack() {
    insta::assert_json_snapshot!(json(&rendered(&bad_night(), Medium::Slack)));
}
