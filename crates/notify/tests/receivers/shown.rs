//! What public readers make of our messages: Slack's own types, and the renderer of Adaptive Cards in a browser.

use crate::receiver::{channel, message};
use palisade_message::{Medium, Thread};
use palisade_track::EventKind;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A tool that `cargo xtask test` sets up.
fn tool(variable: &str, what: &str) -> PathBuf {
    let place = std::env::var(variable);
    let place = place.unwrap_or_else(|_| panic!("this test needs {what}: run `cargo xtask test`, or set {variable}"));
    PathBuf::from(place)
}

fn packages() -> PathBuf {
    tool(
        "PALISADE_TEST_NODE",
        "a folder in which the packages of crates/notify/tests/oracle/package.json are installed",
    )
}

/// A message as it is kept among the recordings of `crates/message`.
fn golden(name: &str) -> Value {
    let path =
        format!("{}/../message/tests/message/snapshots/message__messages__{name}.snap", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(text.splitn(3, "---\n").nth(2).unwrap()).unwrap()
}

fn sent(medium: Medium, kind: EventKind, thread: Option<&Thread>) -> Value {
    let rendered = message(&channel(medium, "http://127.0.0.1:1"), kind, thread);
    serde_json::from_slice(rendered.body.bytes()).unwrap()
}

const POST: &str = "ChatPostMessageArguments";
const UPDATE: &str = "ChatUpdateArguments";

/// A program that says of each body that it is what a method of Slack takes, and of its blocks that they are blocks.
fn program(bodies: &[(&str, Value)]) -> String {
    let mut text = "import type { ChatPostMessageArguments, ChatUpdateArguments } from '@slack/web-api';\n\
                    import type { KnownBlock } from '@slack/types';\n"
        .to_owned();
    for (number, (method, body)) in bodies.iter().enumerate() {
        let mut rest = body.clone();
        let blocks = rest.as_object_mut().unwrap().remove("blocks").unwrap();
        let members: Vec<String> =
            rest.as_object().unwrap().iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
        text += &format!("const b{number}: KnownBlock[] = {blocks};\n");
        text += &format!("export const m{number}: {method} = {{ {}, blocks: b{number} }};\n", members.join(", "));
    }
    text
}

/// What the compiler says of these programs, each a file.
fn compiled(programs: &[(String, String)]) -> (bool, String) {
    let packages = packages();
    let folder = tempfile::tempdir_in(&packages).unwrap();
    for (name, text) in programs {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(packages.join("node_modules/.bin/tsc"))
        .args(["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--pretty", "false"])
        .args(programs.iter().map(|(name, _)| name))
        .current_dir(folder.path())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_message_to_slack_is_what_its_own_types_describe() {
    let (reply, update) = (Thread::Reply("1.1".to_owned()), Thread::Update("1.1".to_owned()));
    let mut bodies = vec![(POST, golden("a_bad_night_in_slack"))];
    for kind in EventKind::ALL {
        bodies.push((POST, sent(Medium::Slack, kind, None)));
        bodies.push((POST, sent(Medium::Slack, kind, Some(&reply))));
        bodies.push((UPDATE, sent(Medium::Slack, kind, Some(&update))));
    }
    let (good, said) = compiled(&[("good.mts".to_owned(), program(&bodies))]);
    assert!(good, "{said}");
}

#[test]
fn the_types_of_slack_notice_what_is_wrong() {
    let broken = |change: fn(&mut Value)| {
        let mut body = sent(Medium::Slack, EventKind::Worsened, Some(&Thread::Reply("1.1".to_owned())));
        change(&mut body);
        program(&[(POST, body)])
    };
    let wrong: [(&str, fn(&mut Value)); 7] = [
        ("a block of no known type", |body| body["blocks"][1]["type"] = "sektion".into()),
        ("markup in a header", |body| body["blocks"][0]["text"]["type"] = "mrkdwn".into()),
        ("a section without a text", |body| body["blocks"][1]["text"] = Value::Null),
        ("elements that are no list", |body| {
            let context = body["blocks"].as_array_mut().unwrap().last_mut().unwrap();
            context["elements"] = json!({});
        }),
        ("a key that no section has", |body| body["blocks"][1]["txt"] = "x".into()),
        ("a message for the channel too, in no thread", |body| {
            body.as_object_mut().unwrap().remove("thread_ts").unwrap();
        }),
        ("no channel", |body| {
            body.as_object_mut().unwrap().remove("channel").unwrap();
        }),
    ];
    let named = |number: usize| format!("wrong-{number}.mts");
    let programs: Vec<_> =
        wrong.iter().enumerate().map(|(number, (_, change))| (named(number), broken(*change))).collect();
    let (good, said) = compiled(&programs);
    assert!(!good);
    for (number, (what, _)) in wrong.iter().enumerate() {
        assert!(said.contains(&format!("{}(", named(number))), "{what} was not noticed:\n{said}");
    }
}

/// A page that shows these cards, and below them how many things in them the renderer did not know.
fn page(cards: &[Value], script: &str) -> String {
    let cards = Value::from(cards.to_vec()).to_string().replace("</", "<\\/");
    format!(
        "<!DOCTYPE html><meta charset=utf-8><body style='font-family:sans-serif;width:760px;margin:16px'>\
         <div id=cards></div><pre id=unknown></pre><script>{script}</script><script>\
         let unknown = 0;\
         for (const one of {cards}) {{\
           const card = new AdaptiveCards.AdaptiveCard();\
           const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_4);\
           card.parse(one, context);\
           unknown += context.eventCount;\
           document.getElementById('cards').appendChild(card.render());\
         }}\
         document.getElementById('unknown').textContent = 'unknown: ' + unknown;</script>"
    )
}

/// What the browser shows of a page: its text as HTML, and the bytes of a picture.
fn shown(cards: &[Value], picture: &Path) -> (String, Vec<u8>) {
    let script = fs::read_to_string(packages().join("node_modules/adaptivecards/dist/adaptivecards.min.js")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, page(cards, &script)).unwrap();
    let browser = |option: &str| {
        let output = Command::new(tool("PALISADE_TEST_CHROMIUM", "Chromium"))
            // What it is shown is ours: the sandbox of a browser may be missing where tests run.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=820,1400"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args([option, &format!("file://{}", file.display())])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let dom = browser("--dump-dom");
    browser(&format!("--screenshot={}", picture.display()));
    // The script stands in the page too.
    let text = dom.split("<script>").next().unwrap().to_owned();
    (text, fs::read(picture).unwrap())
}

/// Width and height of a PNG.
fn size(picture: &[u8]) -> (u32, u32) {
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn every_card_is_shown_whole_by_the_public_renderer() {
    let card = |message: Value| message["attachments"][0]["content"].clone();
    let mut cards = vec![card(golden("a_bad_night_in_teams"))];
    cards.extend(EventKind::ALL.map(|kind| card(sent(Medium::Teams, kind, None))));
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (text, picture) = shown(&cards, &pictures.join("cards.png"));
    assert!(text.contains("unknown: 0"), "{text}");
    for words in
        ["Digest: 6 new", "97 % read", "API server", "sg-0a1b2c3d", "Waiver ends soon", "Messages are not taken"]
    {
        assert!(text.contains(words), "{words} is not shown:\n{text}");
    }
    let (_, blank) = shown(&[], &pictures.join("blank.png"));
    assert_eq!(size(&picture), (820, 1400));
    assert!(picture.len() > 50_000 && picture.len() > 5 * blank.len(), "{} {}", picture.len(), blank.len());
}

#[test]
fn the_renderer_notices_what_version_1_4_does_not_know() {
    let mut card = sent(Medium::Teams, EventKind::Opened, None)["attachments"][0]["content"].clone();
    card["body"].as_array_mut().unwrap().push(json!({ "type": "Banana" }));
    let (text, _) = shown(&[card], &Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong.png"));
    assert!(text.contains("unknown: 1"), "{text}");
}
