//! Mail to a server of a few lines.

use crate::receiver::{channel, message, now, secrets};
use palisade_message::{Kind, Medium, SecretRef};
use palisade_notify::{Courier, Outcome};
use palisade_track::EventKind;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Mutex,
};

/// A mail server that answers `answer` to this command and yes to every other one.
async fn server(command: &'static str, answer: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&lines);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut read = BufReader::new(read).lines();
            let _ = write.write_all(b"220 here\r\n").await;
            let mut in_data = false;
            while let Ok(Some(line)) = read.next_line().await {
                written.lock().await.push(line.clone());
                let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
                let said = match (in_data, verb.as_str()) {
                    (true, ".") if command == "." => answer,
                    (true, ".") => "250 taken",
                    (true, _) => continue,
                    (false, verb) if verb == command => answer,
                    (false, "EHLO") => "250-here\r\n250 AUTH PLAIN LOGIN",
                    (false, "DATA") => "354 go on",
                    (false, "AUTH") => "235 welcome",
                    (false, "QUIT") => "221 bye",
                    (false, _) => "250 yes",
                };
                in_data = said.starts_with("354") || (in_data && line != ".");
                let _ = write.write_all(format!("{said}\r\n").as_bytes()).await;
            }
        }
    });
    (url, lines)
}

#[tokio::test]
async fn a_mail_goes_to_everybody_and_is_what_was_rendered() {
    let (url, lines) = server("", "").await;
    let mut channel = channel(Medium::Email, &url);
    if let Kind::Email { login, .. } = &mut channel.kind {
        *login = Some(("palisade".to_owned(), SecretRef::Env("PASSWORD".to_owned())));
    }
    let rendered = message(&channel, EventKind::Opened, None);
    let courier = Courier::new(secrets(&channel, "").await).patience(Duration::from_secs(5));
    let receipt = courier.deliver(&channel, &rendered, now()).await;
    assert_eq!(receipt.outcome, Outcome::Taken, "{receipt:?}");
    assert_eq!(receipt.answer.status, Some(250));
    let lines = lines.lock().await;
    let said = lines.join("\r\n");
    for line in ["MAIL FROM:<palisade@example.com>", "RCPT TO:<ana@example.com>", "RCPT TO:<ben@example.com>"] {
        assert!(said.contains(line), "{said}");
    }
    let sent = String::from_utf8(rendered.body.bytes().to_vec()).unwrap();
    assert!(said.contains(sent.trim_end()), "{said}");
}

#[tokio::test]
async fn what_a_mail_server_refuses_follows_the_table() {
    for (command, answer, outcome) in [
        ("MAIL", "451 later", Outcome::Later(None)),
        ("RCPT", "550 nobody here", Outcome::Unwelcome),
        ("RCPT", "450 busy", Outcome::Later(None)),
        (".", "552 too large", Outcome::TooLarge),
        (".", "554 spam", Outcome::Wrong),
    ] {
        let (url, _) = server(command, answer).await;
        let channel = channel(Medium::Email, &url);
        let courier = Courier::new(secrets(&channel, "").await).patience(Duration::from_secs(5));
        let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
        assert_eq!(receipt.outcome, outcome, "{command} {answer}: {receipt:?}");
    }
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = channel(Medium::Email, &format!("smtp://{}", listener.local_addr().unwrap()));
    let courier = Courier::new(secrets(&channel, "").await).patience(Duration::from_millis(200));
    let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Unreachable, "{receipt:?}");
}
