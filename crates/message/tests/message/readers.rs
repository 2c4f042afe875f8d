//! Every message as public readers of another language see it: what they refuse, a receiver would refuse.

use crate::{
    hostile,
    messages::bad_night,
    samples::{finding, planned, rendered_in},
};
use palisade_engine::Severity;
use palisade_message::{Medium, Planned, Room, sample};
use palisade_testkit::ask;
use palisade_track::EventKind;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Every kind of event, a bad night, a flood, and names that want to be more than names.
fn messages() -> Vec<(String, Planned)> {
    let mut all: Vec<(String, Planned)> =
        EventKind::ALL.iter().map(|kind| (kind.name().to_owned(), planned(vec![sample(*kind)]))).collect();
    all.push(("bad-night".to_owned(), bad_night()));
    for many in [10, 13, 30] {
        let one = |number| finding(EventKind::Opened, Severity::High, &format!("p{number}"), &format!("why {number}"));
        all.push((format!("{many}-findings"), planned((0..many).map(one).collect())));
    }
    for (number, name) in hostile::NAMES.iter().enumerate() {
        all.push((format!("hostile-{number}"), planned(vec![hostile::event(name)])));
    }
    let long = "x".repeat(10_000);
    all.push(("hostile-long".to_owned(), planned(vec![hostile::event(&long)])));
    all
}

/// The messages in the form of a channel, by name; the bytes as text, since that is what they are on the wire.
fn forms(medium: Medium) -> Map<String, Value> {
    let mut forms = Map::new();
    for (name, message) in messages() {
        let text = |room| String::from_utf8(rendered_in(&message, medium, None, room).body.bytes().to_vec()).unwrap();
        forms.insert(format!("{name}-small"), text(Room::Little).into());
        forms.insert(name, text(Room::Usual).into());
    }
    forms
}

/// How many things a script of `tests/oracle` found good.
fn judged_by(script: &str, input: &Value) -> usize {
    ask(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(script), input).unwrap()
}

#[test]
fn the_public_renderer_of_cards_shows_every_word_of_every_card_legibly_and_as_text() {
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cards");
    std::fs::create_dir_all(&pictures).unwrap();
    let forms = forms(Medium::Teams);
    let many = forms.len();
    assert!(judged_by("cards.py", &json!({ "messages": forms, "pictures": pictures })) > 6 * many);
}

#[test]
fn slacks_own_models_take_every_block_and_refuse_what_slack_refuses() {
    let forms = forms(Medium::Slack);
    let many = forms.len();
    assert!(judged_by("slack.py", &json!({ "messages": forms })) > 3 * many);
}

#[test]
fn pagerdutys_own_client_makes_the_same_event_of_the_same_words() {
    let forms = forms(Medium::PagerDuty);
    let many = forms.len();
    assert!(judged_by("pagerduty.py", &json!({ "messages": forms })) > 3 * many);
}

#[test]
fn pythons_mail_package_reads_headers_text_and_html_of_every_mail_without_a_defect() {
    let forms = forms(Medium::Email);
    let many = forms.len();
    assert!(judged_by("mail.py", &json!({ "messages": forms })) > 15 * many);
}
