//! Slack with a bot: threads, and messages that say when what they told is over.

use crate::stage::{Answer, Receiver, Seen, Stage, at, channel, event, route};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::Severity;
use palisade_message::{Kind, When, Zone};
use palisade_store::DeliveryState;
use palisade_track::{Event, EventKind, Topic};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

/// What Slack keeps of a message.
#[derive(Clone, Debug)]
struct Message {
    ts: String,
    thread: Option<String>,
    title: String,
    text: String,
    broadcast: bool,
    updates: usize,
}

/// A Slack of one channel.
#[derive(Clone, Debug, Default)]
struct Slack {
    messages: Arc<Mutex<Vec<Message>>>,
    refusing_updates: Arc<Mutex<Option<&'static str>>>,
    /// Whether an answer to a message that is gone is put into the channel.
    is_forgiving: Arc<AtomicBool>,
}

impl Slack {
    fn answer(&self, seen: &Seen) -> Answer {
        let body = seen.json();
        let said = self.said(&seen.path, &body);
        (200, None, said.unwrap_or_else(|error| json!({ "ok": false, "error": error })).to_string())
    }

    fn said(&self, path: &str, body: &Value) -> Result<Value, &'static str> {
        let mut messages = self.messages.lock().unwrap();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let (title, blocks) = (text("text").unwrap(), body["blocks"].to_string());
        let answer = |ts: &str, thread: Option<&String>| {
            let message = thread.map_or(json!({ "ts": ts }), |thread| json!({ "ts": ts, "thread_ts": thread }));
            Ok(json!({ "ok": true, "channel": "C1", "ts": ts, "message": message }))
        };
        match path {
            "/api/chat.postMessage" => {
                // It takes names of channels here, and in updates only ids.
                if !["alerts", "C1"].contains(&body["channel"].as_str().unwrap()) {
                    return Err("channel_not_found");
                }
                let mut thread = text("thread_ts");
                let is_lost =
                    thread.as_ref().is_some_and(|thread| messages.iter().all(|message| message.ts != *thread));
                if is_lost {
                    if !self.is_forgiving.load(Ordering::SeqCst) {
                        return Err("thread_not_found");
                    }
                    thread = None;
                }
                let ts = format!("17000000{:02}.000100", messages.len());
                let broadcast = body["reply_broadcast"] == true;
                let said = answer(&ts, thread.as_ref());
                messages.push(Message { ts, thread, title, text: blocks, broadcast, updates: 0 });
                said
            }
            "/api/chat.update" => {
                if let Some(error) = *self.refusing_updates.lock().unwrap() {
                    return Err(error);
                }
                if body["channel"] != "C1" {
                    return Err("channel_not_found");
                }
                let ts = text("ts").unwrap();
                let found = messages.iter_mut().find(|message| message.ts == ts).ok_or("message_not_found")?;
                (found.title, found.text) = (title, blocks);
                found.updates += 1;
                answer(&ts, found.thread.as_ref())
            }
            _ => Err("unknown_method"),
        }
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// What stands in the channel itself.
    fn roots(&self) -> Vec<Message> {
        self.messages().into_iter().filter(|message| message.thread.is_none()).collect()
    }

    fn below(&self, root: &Message) -> Vec<Message> {
        self.messages().into_iter().filter(|message| message.thread.as_ref() == Some(&root.ts)).collect()
    }

    fn delete(&self, ts: &str) {
        self.messages.lock().unwrap().retain(|message| message.ts != ts);
    }
}

async fn stage() -> (Stage, Slack, Receiver) {
    let slack = Slack::default();
    let answers = slack.clone();
    let receiver = Receiver::start(move |seen| answers.answer(seen)).await;
    let api_url = Some(format!("{}/api", receiver.url));
    let chat = channel("chat", |token| Kind::Slack { token, channel: "alerts".to_owned(), api_url });
    let stage = Stage::new(vec![(chat, "xoxb-1".to_owned())], vec![route("now", &[], "chat")]).await;
    (stage, slack, receiver)
}

fn named(kind: EventKind, name: &str, now: Timestamp) -> Event {
    event(kind, name, "ana", now)
}

async fn told(stage: &Stage, events: &[(EventKind, &str)]) {
    stage.wait(SignedDuration::from_hours(24));
    let now = stage.now();
    let events: Vec<Event> = events.iter().map(|(kind, name)| named(*kind, name, now)).collect();
    stage.tell(&events).await;
    stage.deliver().await;
    assert_eq!(stage.all(DeliveryState::Ready).await, []);
    assert_eq!(stage.all(DeliveryState::Dead).await, []);
}

#[tokio::test]
async fn what_follows_goes_below_the_message_that_first_told_and_that_says_when_it_is_over() {
    let (mut stage, slack, _receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop"), (EventKind::Opened, "till")]).await;
    assert_eq!(slack.messages().len(), 1);
    stage.restart().await;
    told(&stage, &[(EventKind::Worsened, "shop")]).await;
    told(&stage, &[(EventKind::Reminder, "till")]).await;
    let root = slack.roots().remove(0);
    let below = slack.below(&root);
    assert_eq!((slack.roots().len(), below.len(), root.updates), (1, 2, 0));
    assert!(below[0].broadcast && !below[1].broadcast, "what got worse is seen in the channel too");
    stage.restart().await;
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    let root = slack.roots().remove(0);
    assert_eq!((slack.roots().len(), slack.below(&root).len(), root.updates), (1, 3, 1));
    assert!(root.text.contains("Resolved") && root.text.contains("New (high)"), "{}", root.text);
    assert!(root.title.contains("1 new") && root.title.contains("1 resolved"), "{}", root.title);
    told(&stage, &[(EventKind::Gone, "till")]).await;
    let root = slack.roots().remove(0);
    assert_eq!((slack.below(&root).len(), root.updates), (4, 2));
    assert!(!root.text.contains("New (high)") && root.text.contains("Gone"), "{}", root.text);
    stage.deliver().await;
    assert_eq!(slack.roots()[0].updates, 2, "once is enough");
}

#[tokio::test]
async fn what_one_run_says_of_several_messages_goes_below_each() {
    let (stage, slack, _receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop"), (EventKind::Opened, "till")]).await;
    told(&stage, &[(EventKind::Opened, "desk")]).await;
    let after = [(EventKind::Resolved, "shop"), (EventKind::Resolved, "till"), (EventKind::Resolved, "desk")];
    told(&stage, &[&after[..], &[(EventKind::Opened, "barn")]].concat()).await;
    let roots = slack.roots();
    assert_eq!(roots.len(), 3, "what is new is a message of its own");
    assert_eq!(roots.iter().map(|root| slack.below(root).len()).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(roots.iter().map(|root| root.updates).collect::<Vec<_>>(), [1, 1, 0]);
}

#[tokio::test]
async fn a_message_that_was_deleted_is_replaced_by_a_new_one() {
    let (stage, slack, _receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    slack.delete(&slack.roots()[0].ts);
    told(&stage, &[(EventKind::Worsened, "shop")]).await;
    let root = slack.roots().remove(0);
    assert!(root.title.contains("worse"), "{}", root.title);
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    let root = slack.roots().remove(0);
    assert_eq!((slack.roots().len(), slack.below(&root).len(), root.updates), (1, 1, 1));
    slack.delete(&root.ts);
    told(&stage, &[(EventKind::Gone, "shop")]).await;
    assert_eq!(slack.roots().len(), 1);
    assert_eq!(slack.roots()[0].updates, 0, "what says itself that it is over is up to date");
}

#[tokio::test]
async fn an_answer_to_a_deleted_message_that_was_put_into_the_channel_is_what_is_answered_from_then_on() {
    let (stage, slack, _receiver) = stage().await;
    slack.is_forgiving.store(true, Ordering::SeqCst);
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    slack.delete(&slack.roots()[0].ts);
    told(&stage, &[(EventKind::Worsened, "shop")]).await;
    assert_eq!(slack.roots().len(), 1, "it is told once");
    told(&stage, &[(EventKind::Reminder, "shop")]).await;
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    let root = slack.roots().remove(0);
    assert_eq!((slack.roots().len(), slack.below(&root).len(), root.updates), (1, 2, 1));
}

#[tokio::test]
async fn a_finding_that_comes_back_begins_a_new_thread() {
    let (stage, slack, _receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    told(&stage, &[(EventKind::Reopened, "shop")]).await;
    let roots = slack.roots();
    assert_eq!((roots.len(), slack.below(&roots[0]).len(), slack.below(&roots[1]).len()), (2, 1, 0));
    assert!(roots[0].title.contains("resolved"), "{}", roots[0].title);
}

#[tokio::test]
async fn an_update_that_fails_is_tried_again_and_one_that_cannot_be_is_given_up() {
    let (stage, slack, _receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    *slack.refusing_updates.lock().unwrap() = Some("internal_error");
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    assert_eq!((slack.messages().len(), slack.roots()[0].updates), (2, 0));
    *slack.refusing_updates.lock().unwrap() = None;
    stage.wait(SignedDuration::from_hours(7));
    stage.deliver().await;
    assert_eq!((slack.messages().len(), slack.roots()[0].updates), (2, 1), "and nothing is told twice");
    told(&stage, &[(EventKind::Opened, "till")]).await;
    *slack.refusing_updates.lock().unwrap() = Some("edit_window_closed");
    told(&stage, &[(EventKind::Resolved, "till")]).await;
    *slack.refusing_updates.lock().unwrap() = None;
    stage.wait(SignedDuration::from_hours(7));
    stage.deliver().await;
    assert_eq!((slack.messages().len(), slack.roots()[1].updates), (4, 0));
}

#[tokio::test]
async fn a_digest_stands_in_the_channel_and_closes_what_it_tells() {
    let slack = Slack::default();
    let answers = slack.clone();
    let receiver = Receiver::start(move |seen| answers.answer(seen)).await;
    let api_url = Some(format!("{}/api", receiver.url));
    let chat = channel("chat", |token| Kind::Slack { token, channel: "alerts".to_owned(), api_url });
    let mut daily = route("daily", &[EventKind::Resolved], "chat");
    daily.when = When::Daily { at: jiff::civil::time(9, 0, 0, 0), zone: Zone::UTC };
    let routes = vec![daily, route("now", &[], "chat")];
    let stage = Stage::new(vec![(chat, "xoxb-1".to_owned())], routes).await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    told(&stage, &[(EventKind::Opened, "till")]).await;
    let now = stage.now();
    stage.tell(&[named(EventKind::Resolved, "shop", now), named(EventKind::Resolved, "till", now)]).await;
    stage.deliver().await;
    assert_eq!(slack.messages().len(), 2, "it is not nine yet");
    stage.set(at("2026-11-21T09:00:00Z"));
    stage.deliver().await;
    let roots = slack.roots();
    assert_eq!((slack.messages().len(), roots.len()), (3, 3));
    assert_eq!(roots.iter().map(|root| root.updates).collect::<Vec<_>>(), [1, 1, 0]);
}

#[tokio::test]
async fn a_channel_that_was_moved_is_not_answered_in_its_old_place() {
    let (mut stage, slack, receiver) = stage().await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    let api_url = Some(format!("{}/api", receiver.url));
    stage.post.sinks.channels[0] = channel("chat", |token| Kind::Slack { token, channel: "C1".to_owned(), api_url });
    told(&stage, &[(EventKind::Worsened, "shop")]).await;
    assert_eq!(slack.roots().len(), 2);
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    assert_eq!((slack.roots().len(), slack.below(&slack.roots()[1]).len()), (2, 1));
}

#[tokio::test]
async fn an_incoming_webhook_has_no_threads() {
    let receiver = Receiver::answering(200).await;
    let chat = channel("chat", |url| Kind::SlackWebhook { url });
    let stage = Stage::new(vec![(chat, receiver.url.clone())], vec![route("now", &[], "chat")]).await;
    told(&stage, &[(EventKind::Opened, "shop")]).await;
    told(&stage, &[(EventKind::Resolved, "shop")]).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.json().get("thread_ts").is_none() && seen.json().get("ts").is_none()));
    assert_eq!(stage.database.open_threads().await.unwrap(), []);
}

#[tokio::test]
async fn hostile_names_stay_names_in_what_replaces_a_message() {
    let (stage, slack, _receiver) = stage().await;
    let name = "<!channel> `*x*` \u{202E}";
    stage.tell(&[named(EventKind::Opened, name, stage.now())]).await;
    stage.deliver().await;
    let mut resolved = named(EventKind::Resolved, name, stage.now());
    resolved.severity = Severity::High;
    assert!(matches!(resolved.topic, Topic::Finding { .. }));
    stage.tell(&[resolved]).await;
    stage.deliver().await;
    let root = &slack.roots()[0];
    assert_eq!(root.updates, 1);
    assert!(!root.text.contains('\u{202E}'), "{}", root.text);
    let blocks: Value = serde_json::from_str(&root.text).unwrap();
    let marked = blocks.as_array().unwrap().iter().filter(|block| block["text"]["type"] == "mrkdwn");
    let marked: Vec<String> = marked.map(|block| block["text"]["text"].to_string()).collect();
    assert!(!marked.is_empty() && marked.iter().all(|text| !text.contains("<!channel>")), "{marked:?}");
}
