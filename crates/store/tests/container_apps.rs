//! A bucket that is signed in to with the managed identity of Azure's Container Apps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use palisade_store::{Bucket, SUMS};
use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
};

/// Answers what a client asks for on loopback, tokens of a managed identity among it, and tells the first lines.
fn cloud() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            let head: Vec<String> =
                reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let length =
                head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            io::copy(&mut reader.take(length.unwrap_or(0)), &mut io::sink()).unwrap();
            let _ = tell.send(head[0].clone());
            let (status, body) = if head[0].starts_with("GET /msi/token?") {
                ("200 OK", r#"{"access_token": "t", "expires_on": "4102444800"}"#)
            } else {
                ("201 Created\r\nETag: \"1\"", "")
            };
            let length = body.len();
            write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                .unwrap();
        }
    });
    (address, told)
}

#[tokio::test]
async fn the_managed_identity_of_container_apps_signs_in_where_its_endpoint_is() {
    let (address, told) = cloud();
    let environment = [
        ("IDENTITY_ENDPOINT", format!("{address}/msi/token")),
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000001".to_owned()),
        ("AZURE_STORAGE_ACCOUNT_NAME", "acme".to_owned()),
        ("AZURE_ENDPOINT", format!("{address}/acme")),
        ("AZURE_ALLOW_HTTP", "true".to_owned()),
        ("ENDPOINT", "http://127.0.0.1:9".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let kept = tempfile::tempdir().unwrap();
    fs::write(kept.path().join("findings.csv"), "a,b\n").unwrap();
    fs::write(kept.path().join(SUMS), "").unwrap();
    assert_eq!(Bucket::open("az://evidence/palisade", environment).unwrap().send(kept.path(), "n").await.unwrap(), 2);
    let asked: Vec<String> = told.try_iter().collect();
    assert!(
        asked.iter().any(|line| line.starts_with("GET /msi/token?") && line.contains("0000-000000000001")),
        "{asked:?}"
    );
    assert!(asked.iter().any(|line| line.starts_with("PUT /acme/evidence/palisade/n/findings.csv")), "{asked:?}");
}
