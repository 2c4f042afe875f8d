//! What a configuration says about messages, and what a person sees who made mistakes there.

use jiff::civil::{Weekday, time};
use palisade_config::{Config, Source, read};
use palisade_engine::Severity;
use palisade_message::{Kind, MailSecurity, Medium, Remind, SecretRef, When, default_routes};
use palisade_track::EventKind;

const HEAD: &str = "targets: [{ name: prod, provider: aws }]\nsinks:\n";

fn config(sinks: &str) -> Result<Config, String> {
    let text = format!("{HEAD}{sinks}");
    read(&Source { name: "palisade.yaml", text: &text }, &["CP-01"]).map_err(|diagnostics| diagnostics.to_string())
}

const WHOLE: &str = "  report_url: https://palisade.example.com/
  proxy_url: http://proxy.example.com:3128
  channels:
    - { name: chat, kind: slack, token: env:SLACK_TOKEN, channel: C0123456789 }
    - { name: simple, kind: slack-webhook, url: file:/run/secrets/slack }
    - { name: teams, kind: teams, url: env:TEAMS_URL, allow_hosts: [.flow.example.com] }
    - { name: hook, kind: webhook, url: env:HOOK_URL, secrets: [env:HOOK_NEW, env:HOOK_OLD], allow_addresses: [10.0.0.0/8] }
    - { name: pager, kind: pagerduty, routing_key: env:PD_KEY }
    - name: mail
      kind: email
      host: smtp.example.com
      security: tls
      username: palisade
      password: env:SMTP_PASSWORD
      from: Palisade <palisade@example.com>
      to: [ana@example.com, ben@example.com]
  routes:
    - { name: page, severities: [critical], send_to: [pager, chat] }
    - { name: quiet, events: [scan.completed], send_to: nobody }
    - name: team
      owners: [ana]
      providers: [aws, gcp]
      scopes: [\"111111111111\", acme-*]
      frameworks: [CIS-EKS-2.0.0]
      schedules: [nightly]
      send_to: [teams]
      when: daily
      at: 08:30
      time_zone: Europe/Berlin
      quiet_hours: { from: \"22:00\", to: \"07:00\", time_zone: Europe/Berlin }
      messages_per_hour: 5
      remind_every_hours: 72
    - { name: rest, send_to: [mail, hook, simple], when: weekly, on: friday, remind_every_hours: never }
  templates:
    - { event: finding.opened, channel: chat, title_file: messages/opened.txt }
";

#[test]
fn everything_about_messages_is_read() {
    let sinks = config(WHOLE).unwrap().sinks.unwrap();
    assert_eq!(sinks.report_url.as_deref(), Some("https://palisade.example.com"));
    assert_eq!(sinks.proxy_url.as_deref(), Some("http://proxy.example.com:3128"));
    let media: Vec<Medium> = sinks.channels.iter().map(|channel| channel.kind.medium()).collect();
    assert_eq!(media, Medium::ALL);
    assert_eq!(
        sinks.channel("hook").unwrap().kind.secrets(),
        ["HOOK_URL", "HOOK_NEW", "HOOK_OLD"].map(|name| SecretRef::Env(name.to_owned())).iter().collect::<Vec<_>>()
    );
    assert_eq!(sinks.channel("hook").unwrap().allow_addresses, ["10.0.0.0/8".parse().unwrap()]);
    let Kind::Email { port, security, login, to, .. } = &sinks.channel("mail").unwrap().kind else { panic!("no mail") };
    assert_eq!((*port, *security, to.len()), (465, MailSecurity::Tls, 2));
    assert!(login.is_some());
    let names: Vec<&str> = sinks.routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["page", "quiet", "team", "rest"]);
    let [page, quiet, team, rest] = sinks.routes.as_slice() else { panic!("four routes") };
    assert_eq!(page.matches.severities, [Severity::Critical].into());
    assert_eq!((quiet.matches.events.clone(), quiet.send_to.len()), ([EventKind::ScanCompleted].into(), 0));
    let When::Daily { at, zone } = &team.when else { panic!("not daily") };
    assert_eq!((*at, zone.name()), (time(8, 30, 0, 0), "Europe/Berlin"));
    assert_eq!((team.matches.providers.len(), team.messages_per_hour), (2, 5));
    assert_eq!(team.quiet.as_ref().unwrap().from, time(22, 0, 0, 0));
    let reminders = [page, team, rest].map(|route| route.remind);
    assert_eq!(reminders, [Remind::BySeverity, Remind::EveryHours(72), Remind::Never]);
    assert!(matches!(&rest.when, When::Weekly { on: Weekday::Friday, .. }));
    assert_eq!(sinks.templates[0].title_file.as_deref(), Some("messages/opened.txt"));
}

#[test]
fn without_routes_the_usual_ones_are_taken_and_without_sinks_nobody_is_told() {
    let sinks = config("  channels: [{ name: chat, kind: teams, url: env:URL }]\n").unwrap().sinks.unwrap();
    assert_eq!(sinks.routes, default_routes(&sinks.channels));
    assert_eq!(sinks.routes.len(), 4);
    let text = "targets: [{ name: prod, provider: aws }]\n";
    assert_eq!(read(&Source { name: "p", text }, &[]).unwrap().sinks, None);
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_the_way_out() {
    let mistakes = config(
        "  report_url: ftp://palisade.example.com
  proxy_url: proxy
  channels:
    - { name: chat, kind: slak, token: env:T }
    - { name: chat room, kind: teams, url: env:URL }
    - { name: simple, kind: slack-webhook, urll: env:URL }
    - { name: a, kind: webhook, url: env:URL, secrets: [env:A, env:B, env:C] }
    - { name: a, kind: webhook, url: azure-kv://prod }
    - { name: mail, kind: email, host: smtp.example.com, from: nobody, to: [ana@example.com], username: ana }
    - { name: pager, kind: pagerduty, routing_key: env:KEY, allow_addresses: [10.0.0.0/99] }
  routes:
    - { name: one, severities: [critcal], events: [finding.open], send_to: [pagr] }
    - { name: two, send_to: [a], at: \"09:00\" }
    - { name: two, send_to: [a], when: daily, at: 25:00, time_zone: Mars/Olympus }
    - { name: three, send_to: [a], quiet_hours: { from: \"22:00\", to: \"22:00\" } }
    - { name: four }
  templates:
    - { event: finding.opened }
",
    )
    .unwrap_err();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn a_secret_in_the_file_is_a_mistake_that_does_not_show_it() {
    let cases = [
        "    - { name: a, kind: slack-webhook, url: https://hooks.slack.com/services/T0/B0/hunter2 }\n",
        "    - { name: a, kind: slack, token: xoxb-hunter2, channel: C1 }\n",
        "    - { name: a, kind: pagerduty, routing_key: hunter2hunter2hunter2hunter2hunt }\n",
        "    - { name: a, kind: webhook, url: env:URL, secrets: [whsec_hunter2] }\n",
        "    - { name: a, kind: webhook, url: env:URL, secret: whsec_hunter2 }\n",
        "    - { name: a, kind: teams, webhook_url: \"https://prod.logic.azure.com/hunter2\" }\n",
        "    - { name: a, kind: teams, url: { value: hunter2 } }\n",
        "    - { name: a, kind: email, host: h, from: a@b.example, to: [a@b.example], username: u, password: hunter2 }\n",
        "    - { name: a, kind: oops, token: hunter2, url: hunter2 }\n",
        "    - name: a\n      kind: teams\n      url: |\n        https://prod.logic.azure.com/\n        hunter2\n",
    ];
    for channel in cases {
        let mistake = config(&format!("  channels:\n{channel}")).unwrap_err();
        assert!(!mistake.contains("hunter2"), "{mistake}");
        assert!(mistake.contains("error[config]"), "{mistake}");
    }
    let mistake = config("  slack: { url: \"https://hooks.slack.com/hunter2\" }\n").unwrap_err();
    assert!(!mistake.contains("hunter2"), "{mistake}");
}

#[test]
fn secrets_may_be_in_the_secret_managers_of_the_clouds_and_a_name_that_is_none_there_says_what_is_expected() {
    let with = |reference: &str| config(&format!("  channels: [{{ name: a, kind: teams, url: \"{reference}\" }}]\n"));
    for reference in ["aws-sm://palisade/teams#url", "azure-kv://acme-sec/teams", "gcp-sm://projects/p/secrets/s"] {
        assert!(with(reference).is_ok(), "{reference}");
    }
    for (reference, expected) in [
        ("azure-kv://teams", "`VAULT/NAME`"),
        ("gcp-sm://teams", "`projects/PROJECT/secrets/NAME`"),
        ("aws-ssm://palisade/teams", "aws-sm://NAME"),
    ] {
        let mistake = with(reference).unwrap_err();
        assert!(mistake.contains(expected), "{mistake}");
    }
}

#[test]
fn the_examples_of_the_guides_are_read() {
    for guide in ["slack", "teams", "webhook", "secrets"] {
        let path = format!("{}/../../docs/guides/{guide}.md", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let examples: Vec<&str> =
            text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert!(!examples.is_empty(), "{guide}");
        for text in examples {
            let config = read(&Source { name: &path, text }, &[]).map_err(|mistakes| mistakes.to_string()).unwrap();
            assert!(config.sinks.is_some_and(|sinks| !sinks.channels.is_empty()), "{text}");
        }
    }
}
