//! Names from a cloud that want to be more than names.

use crate::samples::{finding, json, planned, rendered, text_of};
use palisade_engine::Severity;
use palisade_message::{Medium, mailbox};
use palisade_track::{Event, EventKind, Topic};
use serde_json::Value;

/// The name; what must not be found in what each channel shows.
pub(crate) const NAMES: &[&str] = &[
    "<!channel> everyone",
    "<https://evil.example|Open the report>",
    "<script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "[Open the report](https://evil.example)",
    "**RESOLVED** ~~critical~~",
    "![x](https://evil.example/pixel.png)",
    "prod\r\nBcc: everyone@example.com\r\n\r\nhello",
    "prod\nSubject: other",
    "prod\u{202E}gnp.exe",
    "prod\u{200B}\u{200D}\u{FEFF}",
    "prod\u{0}\u{7}\u{1B}[2J",
    "`; rm -rf / #`",
    "{{ finding.owner }}{% for a in b %}",
    "&lt;already&gt; &amp; escaped",
    "\u{E0041}\u{E0042}",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
];

pub(crate) fn event(name: &str) -> Event {
    let mut event = finding(EventKind::Opened, Severity::Critical, name, &format!("pool `{name}` is open"));
    if let Topic::Finding { finding, reached_by, .. } = &mut event.topic {
        finding.owner = Some(name.to_owned());
        name.clone_into(&mut finding.control_name);
        finding.remediation = format!("mend {name}");
        *reached_by = Some(name.to_owned());
    }
    event.schedule = Some(name.to_owned());
    event.run = Some(name.to_owned());
    event
}

fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|value| strings(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

fn is_deceiving(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
            | '\u{E0000}'..='\u{E007F}')
}

#[test]
fn nothing_that_people_read_holds_what_deceives_the_eye() {
    for name in NAMES {
        let message = planned(vec![event(name)]);
        for medium in [Medium::Slack, Medium::SlackWebhook, Medium::Teams, Medium::PagerDuty] {
            let value = json(&rendered(&message, medium));
            let mut found = Vec::new();
            strings(&value, &mut found);
            for text in found {
                assert!(!text.contains(is_deceiving), "{medium} shows {text:?} for {name:?}");
            }
        }
        let (_, text, html) = text_of(&rendered(&message, Medium::Email));
        assert!(!text.contains(is_deceiving) && !html.contains(is_deceiving), "{text:?}");
    }
}

#[test]
fn slack_makes_no_mention_and_no_link_of_a_name() {
    for name in NAMES {
        let value = json(&rendered(&planned(vec![event(name)]), Medium::Slack));
        for block in value["blocks"].as_array().unwrap() {
            let texts = [&block["text"]].into_iter().chain(block["elements"].as_array().into_iter().flatten());
            for text in texts.filter(|text| text["type"] == "mrkdwn") {
                assert_eq!(text["verbatim"], true);
                // Every `<` that is left is one of our own links.
                let shown = text["text"].as_str().unwrap();
                for (at, _) in shown.match_indices('<') {
                    assert!(shown[at..].starts_with("<https://palisade.example/"), "{shown}");
                }
            }
        }
        assert!(!value["text"].as_str().unwrap().contains('<'));
    }
}

#[test]
fn teams_takes_no_name_for_markdown() {
    for name in NAMES {
        let value = json(&rendered(&planned(vec![event(name)]), Medium::Teams));
        let mut found = Vec::new();
        strings(&value["attachments"][0]["content"]["body"], &mut found);
        for text in found.into_iter().filter(|text| !text.starts_with("https://palisade.example/")) {
            let mut before = ' ';
            let mut escaped = false;
            for letter in text.chars() {
                escaped = before == '\\' && !escaped;
                assert!(escaped || !"*_[]`<>~#|!".contains(letter), "{text}");
                before = letter;
            }
        }
    }
}

#[test]
fn a_mail_has_the_headers_that_we_wrote_and_html_that_we_wrote() {
    for name in NAMES {
        let (headers, _, html) = text_of(&rendered(&planned(vec![event(name)]), Medium::Email));
        let names: Vec<&str> = headers
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        let expected = [
            "Date",
            "Message-ID",
            "Subject",
            "References",
            "In-Reply-To",
            "From",
            "To",
            "List-Id",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ];
        let mut sorted: Vec<&str> = names.clone();
        sorted.sort_unstable();
        let mut wanted = expected.to_vec();
        wanted.sort_unstable();
        assert_eq!(sorted, wanted, "{headers}");
        for tag in ["<script", "<img", "<a href=\"https://evil"] {
            assert!(!html.contains(tag), "{html}");
        }
        let opened: Vec<&str> = html.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap()).collect();
        let ours = [
            "!DOCTYPE", "html", "head", "meta", "body", "h2", "div", "p", "b", "table", "tr", "td", "a", "hr", "small",
            "ul", "li", "code",
        ];
        for tag in opened {
            assert!(ours.contains(&tag.trim_start_matches('/')), "<{tag}> in {html}");
        }
    }
}

#[test]
fn machines_get_the_name_as_it_is() {
    for name in NAMES {
        let value = json(&rendered(&planned(vec![event(name)]), Medium::Webhook));
        assert_eq!(value["data"]["events"][0]["finding"]["subject"]["name"], **name);
        assert!(!value["data"]["text"].as_str().unwrap().contains(is_deceiving));
        assert!(value["source"].as_str().unwrap().is_ascii());
    }
}

#[test]
fn an_address_of_a_mailbox_is_one_and_nothing_else() {
    assert_eq!(mailbox("Ana <ana@example.com>").unwrap(), "ana@example.com");
    for address in ["ana", "ana@example.com\r\nBcc: x@y", "ana@example.com, eve@example.com", ""] {
        assert!(mailbox(address).is_err(), "{address:?}");
    }
}
