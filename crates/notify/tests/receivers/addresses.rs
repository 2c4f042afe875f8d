//! Where nothing is sent.

use crate::receiver::{Receiver, channel, deliver, message, now, secrets};
use palisade_message::{Channel, Kind, Medium};
use palisade_notify::{Courier, Destination, DestinationError, Outcome, Refused, Resolve, Resolver};
use palisade_track::EventKind;
use std::{
    error::Error as _,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A resolver that says the next of its answers each time it is asked.
#[derive(Debug)]
struct Says {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Says {
    fn these(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
        Arc::new(Self { answers: answers.collect(), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Says {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolver<'a> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[asked.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn strict(medium: Medium) -> Channel {
    Channel { allow_loopback: false, ..channel(medium, "http://127.0.0.1:9") }
}

fn check(medium: Medium, url: &str) -> Result<(), DestinationError> {
    Destination::check(url, &strict(medium)).map(|_| ())
}

#[test]
fn only_https_to_the_right_hosts_without_credentials_is_a_destination() {
    let good = [
        (Medium::SlackWebhook, "https://hooks.slack.com/services/T/B/x"),
        (Medium::Teams, "https://prod-01.westeurope.logic.azure.com:443/workflows/x?sig=y"),
        (Medium::Teams, "https://default1.2.environment.api.powerplatform.com/powerautomate/x"),
        (Medium::PagerDuty, "https://events.eu.pagerduty.com/v2/enqueue"),
        (Medium::Webhook, "https://receiver.example/hook"),
        (Medium::Webhook, "https://8.8.8.8/hook"),
    ];
    for (medium, url) in good {
        assert_eq!(check(medium, url), Ok(()), "{url}");
    }
    let bad = [
        (Medium::Webhook, "http://receiver.example/hook", "only https"),
        (Medium::Webhook, "ftp://receiver.example/hook", "only https"),
        (Medium::Webhook, "file:///etc/passwd", "no URL"),
        (Medium::Webhook, "receiver.example/hook", "no URL"),
        (Medium::Webhook, "https://user:pass@receiver.example/", "credentials"),
        (Medium::Webhook, "https://receiver.example:8443/", "port 8443"),
        (Medium::Webhook, "https://metadata.google.internal/", "metadata"),
        (Medium::Webhook, "https://METADATA.google.internal./", "metadata"),
        (Medium::SlackWebhook, "https://hooks.slack.com.evil.example/x", "no host of slack-webhook"),
        (Medium::SlackWebhook, "https://evil.example/hooks.slack.com", "no host of slack-webhook"),
        (Medium::Teams, "https://logic.azure.com.evil.example/", "no host of teams"),
        (Medium::Teams, "https://evillogic.azure.com/", "no host of teams"),
        (Medium::PagerDuty, "https://pagerduty.example/", "no host of pagerduty"),
    ];
    for (medium, url, why) in bad {
        let refused = check(medium, url).unwrap_err().to_string();
        assert!(refused.contains(why), "{url}: {refused}");
    }
    let own = Channel { allow_hosts: vec![".corp.example".to_owned()], ..strict(Medium::SlackWebhook) };
    assert!(Destination::check("https://chat.corp.example:8443/hooks/x", &own).is_ok());
    assert!(Destination::check("https://corp.example/hooks/x", &own).is_err());
}

#[test]
fn every_way_of_writing_an_inner_address_is_seen_through() {
    for host in [
        "127.0.0.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "017700000001",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ] {
        let refused = check(Medium::Webhook, &format!("https://{host}/"));
        assert!(
            matches!(refused, Err(DestinationError::Address { source: Refused::NotPublic(_), .. })),
            "{host}: {refused:?}"
        );
    }
    for host in [
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "169.254.43518",
        "0251.0376.0251.0376",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "100.100.100.200",
        "169.254.170.2",
    ] {
        let everything = Channel {
            allow_addresses: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
            allow_loopback: true,
            ..strict(Medium::Webhook)
        };
        let refused = Destination::check(&format!("https://{host}/"), &everything);
        assert!(
            matches!(refused, Err(DestinationError::Address { source: Refused::Metadata(_), .. })),
            "{host}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_name_is_resolved_once_and_every_address_of_it_is_checked() {
    for (addresses, why) in [
        (&["8.8.8.8", "10.0.0.1"][..], "`10.0.0.1` is not a public address"),
        (&["169.254.169.254"][..], "metadata service"),
        (&["2606:4700::1111", "::ffff:169.254.169.254"][..], "metadata service"),
        (&["168.63.129.16"][..], "metadata service"),
        (&["127.0.0.1"][..], "not a public address"),
    ] {
        let channel = strict(Medium::Webhook);
        let resolver = Says::these(&[addresses]);
        let courier = Courier::new(secrets(&channel, "https://receiver.example/hook?key=hunter2").await)
            .resolving(resolver.clone());
        let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
        assert_eq!(receipt.outcome, Outcome::Refused, "{addresses:?}");
        let error = receipt.error.unwrap();
        let cause = error.source().unwrap();
        let chain = format!("{error}: {cause}: {}", cause.source().unwrap());
        assert!(chain.contains(why) && chain.contains("receiver.example") && !chain.contains("hunter2"), "{chain}");
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    // The system would say that `localhost` is 127.0.0.1, where nobody listens on this port.
    let receiver = Receiver::at("127.0.0.2", |_| axum::http::Response::new(axum::body::Body::empty())).await;
    let port: u16 = receiver.url.rsplit(':').next().unwrap().parse().unwrap();
    // A name that resolves to loopback the first time and to the metadata service whenever it is asked again.
    let resolver = Says::these(&[&["127.0.0.2"], &["169.254.169.254"]]);
    let channel = channel(Medium::Webhook, &receiver.url);
    let address = format!("http://localhost:{port}/hook");
    let courier = Courier::new(secrets(&channel, &address).await).resolving(resolver.clone());
    let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Taken, "{receipt:?}");
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    assert_eq!(receiver.seen()[0].path, "/hook");
    assert_eq!(receiver.seen()[0].header("host"), format!("localhost:{port}"));
    assert_eq!(receiver.seen()[0].method, "POST");
}

#[tokio::test]
async fn a_name_without_an_address_is_tried_again() {
    let channel = strict(Medium::Webhook);
    let courier = Courier::new(secrets(&channel, "https://receiver.example/").await).resolving(Says::these(&[&[]]));
    let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Unreachable);
}

#[tokio::test]
async fn loopback_is_spoken_to_by_channels_that_say_so_only() {
    let receiver = Receiver::answering(200, &[], "").await;
    assert_eq!(deliver(Medium::Webhook, &receiver.url, &receiver.url).await.outcome, Outcome::Taken);
    let strict = Channel { allow_loopback: false, ..channel(Medium::Webhook, &receiver.url) };
    let courier = Courier::new(secrets(&strict, &receiver.url).await);
    let receipt = courier.deliver(&strict, &message(&strict, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Refused);
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_named_and_metadata_is_refused_all_the_same() {
    let proxy = Receiver::answering(200, &[], "").await;
    let url = url::Url::parse(&proxy.url).unwrap();
    let loopback = channel(Medium::Webhook, &proxy.url);
    let courier = Courier::new(secrets(&loopback, "http://localhost:9/hook").await).through(Some(url.clone()));
    let receipt = courier.deliver(&loopback, &message(&loopback, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Taken, "{receipt:?}");
    assert_eq!(proxy.seen()[0].path, "http://localhost:9/hook");
    for address in ["https://169.254.169.254/", "https://metadata.google.internal/"] {
        let channel = strict(Medium::Webhook);
        let courier = Courier::new(secrets(&channel, address).await).through(Some(url.clone()));
        let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
        assert_eq!(receipt.outcome, Outcome::Refused, "{address}");
    }
    assert_eq!(proxy.seen().len(), 1);
}

/// Runs itself once more with proxies in the environment, since a test cannot change its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_of_the_environment_are_ignored() {
    const TARGET: &str = "PALISADE_TEST_TARGET";
    if let Ok(target) = std::env::var(TARGET) {
        assert_eq!(deliver(Medium::Webhook, &target, &target).await.outcome, Outcome::Taken);
        return;
    }
    let (proxy, target) = (Receiver::answering(200, &[], "").await, Receiver::answering(200, &[], "").await);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "addresses::proxies_of_the_environment_are_ignored"]).env(TARGET, &target.url);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"] {
        child.env(name, &proxy.url);
    }
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((proxy.seen().len(), target.seen().len()), (0, 1));
}

#[tokio::test]
async fn a_mail_server_inside_needs_to_be_allowed_and_plain_text_is_for_loopback_only() {
    let inside = |allow: &[&str]| {
        let mut channel = strict(Medium::Email);
        channel.allow_addresses = allow.iter().map(|net| net.parse().unwrap()).collect();
        if let Kind::Email { host, .. } = &mut channel.kind {
            "relay.example".clone_into(host);
        }
        channel
    };
    for (channel, why) in [(inside(&[]), "nothing is sent"), (inside(&["10.0.0.0/8"]), "smtp without TLS")] {
        let courier = Courier::new(secrets(&channel, "").await).resolving(Says::these(&[&["10.0.0.25"]]));
        let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
        assert_eq!(receipt.outcome, Outcome::Refused);
        let error = receipt.error.unwrap();
        assert!(error.source().unwrap().to_string().contains(why), "{:?}", error.source());
    }
}
