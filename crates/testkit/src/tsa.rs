//! Somebody else's time-stamping authority: `openssl ts`.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test that cannot go on says where")]
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

/// A time-stamping authority (RFC 3161) with a certificate authority of its own, in a folder.
#[derive(Clone, Debug)]
pub struct Tsa {
    folder: PathBuf,
}

const CONFIG: &str = "\
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[stamps]
extendedKeyUsage = critical,timeStamping
[ca]
basicConstraints = critical,CA:true
";

impl Tsa {
    /// Makes keys and certificates in a folder.
    pub fn new(folder: &Path) -> Self {
        let tsa = Self { folder: folder.to_owned() };
        fs::write(folder.join("tsa.cnf"), CONFIG).expect("the folder can be written to");
        fs::write(folder.join("serial"), "0f\n").expect("the folder can be written to");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf";
        tsa.openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Test-CA -extensions ca"));
        tsa.openssl(&format!("req -new {key} -keyout tsa.key -out tsa.csr -subj /CN=Test-TSA"));
        tsa.openssl(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3650 -extfile tsa.cnf \
             -extensions stamps",
        );
        tsa
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(&self.folder).output();
        let output = output.expect("openssl is installed");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The certificate that signatures lead back to.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Answers a question.
    pub fn answer(&self, query: &[u8]) -> Vec<u8> {
        fs::write(self.folder.join("query"), query).expect("the folder can be written to");
        self.openssl("ts -reply -config tsa.cnf -queryfile query -out reply");
        fs::read(self.folder.join("reply")).expect("openssl wrote an answer")
    }

    /// Whether `openssl` finds that an answer is of this authority and stamps these bytes.
    pub fn verifies(&self, answer: &Path, data: &Path) -> bool {
        let mut command = Command::new("openssl");
        command.args(["ts", "-verify", "-in"]).arg(answer).arg("-data").arg(data).arg("-CAfile").arg(self.authority());
        command.output().expect("openssl is installed").status.success()
    }

    /// Serves on loopback for as long as the test lives. Returns its address.
    pub fn serve(&self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let tsa = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut length = 0;
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a length");
                    }
                    line.clear();
                }
                let mut query = vec![0; length];
                reader.read_exact(&mut query).expect("a question");
                let answer = tsa.answer(&query);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: \
                     close\r\n\r\n",
                    answer.len()
                );
                let mut stream = reader.into_inner();
                drop(stream.write_all(&[head.as_bytes(), &answer].concat()));
            }
        });
        format!("http://{address}")
    }
}
