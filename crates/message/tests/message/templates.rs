//! Titles and bodies that a user writes.

use crate::samples::{channel, finding, json, planned, rendered_by, text_of};
use palisade_engine::Severity;
use palisade_message::{Medium, Part, Room, Template, Templates};
use palisade_track::{Event, EventKind};

fn template(part: Part, event: Option<EventKind>, on: Option<&str>, text: &str) -> Template {
    Template { event, channel: on.map(str::to_owned), part, name: "mine.txt".to_owned(), text: text.to_owned() }
}

fn channels() -> Vec<palisade_message::Channel> {
    Medium::ALL.map(channel).to_vec()
}

fn opened(name: &str) -> Event {
    finding(EventKind::Opened, Severity::High, name, "open")
}

#[test]
fn a_title_and_a_body_replace_ours_and_their_values_are_escaped_for_the_channel() {
    let templates = vec![
        template(Part::Title, Some(EventKind::Opened), None, "*{{ finding.cluster_name }}* is at risk"),
        template(
            Part::Body,
            None,
            Some("slack"),
            "<https://wiki.example/{{ finding.control }}|runbook> {{ finding.because }}",
        ),
    ];
    let templates_checked = Templates::check(templates.clone(), &channels());
    // The body is for every event, and a run has no finding.
    assert!(templates_checked.is_err());
    let body =
        "{% if finding %}<https://wiki.example/{{ finding.control }}|runbook> {{ finding.subject_name }}{% endif %}";
    let templates = vec![templates[0].clone(), template(Part::Body, None, Some("slack"), body)];
    let templates = Templates::check(templates, &channels()).unwrap();
    let message = planned(vec![opened("a<b>&c")]);
    let slack = json(&rendered_by(&message, Medium::Slack, None, Room::Usual, &templates)).to_string();
    assert!(slack.contains("*cluster-a&lt;b&gt;&amp;c* is at risk"), "{slack}");
    assert!(slack.contains("<https://wiki.example/ND-01|runbook> a&lt;b&gt;&amp;c"), "{slack}");
    let (_, text, html) = text_of(&rendered_by(&message, Medium::Email, None, Room::Usual, &templates));
    assert!(text.contains("*cluster-a<b>&c* is at risk"), "{text}");
    assert!(html.contains("*cluster-a&lt;b&gt;&amp;c* is at risk"), "{html}");
    assert!(text.contains("close the port"), "the body of mail is ours: {text}");
}

#[test]
fn the_most_particular_template_is_taken() {
    let templates = [
        template(Part::Title, None, None, "all"),
        template(Part::Title, Some(EventKind::Opened), None, "event"),
        template(Part::Title, None, Some("slack"), "channel"),
        template(Part::Title, Some(EventKind::Opened), Some("slack"), "both"),
    ];
    let title = |many: usize, medium: Medium| {
        let templates = Templates::check(templates[..many].to_vec(), &channels()).unwrap();
        json(&rendered_by(&planned(vec![opened("p")]), medium, None, Room::Usual, &templates)).to_string()
    };
    for (many, said) in [(1, "all"), (2, "event"), (3, "channel"), (4, "both")] {
        assert!(title(many, Medium::Slack).contains(&format!("*{said}*")), "{said}");
    }
    assert!(title(4, Medium::PagerDuty).contains("event"));
}

#[test]
fn every_mistake_of_every_template_is_told_at_once_with_its_line() {
    let templates = vec![
        template(Part::Title, None, None, "fine"),
        Template {
            name: "a.txt".to_owned(),
            ..template(Part::Title, Some(EventKind::Opened), None, "one\n{{ finding.clustr }}")
        },
        Template { name: "b.txt".to_owned(), ..template(Part::Body, Some(EventKind::Gone), None, "{% if finding %}") },
        Template { name: "c.txt".to_owned(), ..template(Part::Body, None, None, "{{ nothing }}") },
        Template {
            name: "d.txt".to_owned(),
            ..template(
                Part::Body,
                None,
                None,
                "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            )
        },
        Template { name: "e.txt".to_owned(), ..template(Part::Body, None, None, &"x".repeat(100_000)) },
    ];
    let mistakes = Templates::check(templates, &channels()).unwrap_err();
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_template_that_stumbles_over_an_event_leaves_ours() {
    // The sample has an owner; a finding need not.
    let text = "{{ finding.owner + \"!\" }}";
    let templates =
        Templates::check(vec![template(Part::Title, Some(EventKind::Opened), None, text)], &channels()).unwrap();
    let message = planned(vec![opened("p")]);
    let said = json(&rendered_by(&message, Medium::Slack, None, Room::Usual, &templates)).to_string();
    assert!(said.contains("New (high): ND-01"), "{said}");
}

#[test]
fn a_template_that_says_too_much_leaves_ours_and_a_body_without_room_is_left_out_whole() {
    let text = "<https://wiki.example|x>".repeat(80);
    let check = |templates: Vec<Template>| Templates::check(templates, &channels()).unwrap();
    let templates = check(vec![
        template(Part::Title, None, None, &text),
        template(Part::Body, Some(EventKind::Opened), Some("slack"), &text),
    ]);
    let events = |many: usize| {
        (0..many).map(|number| {
            finding(EventKind::Opened, Severity::High, &format!("p{number}"), &format!("reason {number}"))
        })
    };
    let said = |many: usize| {
        let message = planned(events(many).collect());
        json(&rendered_by(&message, Medium::Slack, None, Room::Usual, &templates)).to_string()
    };
    assert!(said(1).contains("New (high): ND-01") && said(1).contains("wiki.example"), "{}", said(1));
    assert!(said(10).contains("New (high): ND-01") && !said(10).contains("wiki.example"), "{}", said(10));
}
