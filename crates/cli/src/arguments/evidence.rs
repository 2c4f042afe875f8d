//! Evidence that others can check.

use super::{ExportFormat, ExportTargets, schedules::instant};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use palisade_message::SecretRef;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// Make a bundle of a stored snapshot: answers, ledger of calls, parameters, verdicts, manifest, seal
    #[command(after_help = "\
Examples:
  palisade evidence export run1 --out bundle-1 -c palisade.yaml
  palisade evidence export run1 --out bundle-1.tar -c palisade.yaml \\
      --key file:signing.pem --log bundles --origin acme.example/evidence
  palisade evidence export run1 --out bundle-1 --framework acme-baseline.yaml
  palisade evidence export run1 --out bundle-1 -c palisade.yaml --format oscal,csv
  palisade evidence export run1 --out for-the-auditor --profile auditor --pseudonym-key env:PSEUDONYMS")]
    Export(Box<ExportBundle>),
    /// Check bundles and name the first fact that does not hold
    #[command(after_help = "\
Examples:
  palisade evidence verify bundle-1 --key signing.pem.pub
  palisade evidence verify bundle-1 bundle-2 bundle-3.tar --key old.pub --rotation new.pem.rotation.json

Exit codes: 0 everything holds; 2 wrong usage; 4 something does not hold")]
    Verify(VerifyBundles),
    /// Send a bundle to a bucket, where nothing of it is ever replaced
    #[command(after_help = "\
Examples:
  palisade evidence send bundle-1 --to s3://acme-evidence/bundles
  palisade evidence verify s3://acme-evidence/bundles/bundle-1 --key signing.pem.pub")]
    Send {
        /// The bundle
        bundle: PathBuf,
        /// The bucket: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// Have an authority say when it saw a bundle (RFC 3161), and keep its token beside the manifest
    #[command(after_help = "\
Examples:
  palisade evidence timestamp bundle-1 --tsa https://freetsa.org/tsr
  openssl ts -verify -in bundle-1/manifest.tsr -data bundle-1/manifest.json -CAfile tsa.pem")]
    Timestamp {
        /// The bundle's folder
        bundle: PathBuf,
        /// The authority's address. It is sent the SHA-256 of the manifest and nothing else
        #[arg(long, value_name = "URL")]
        tsa: url::Url,
    },
    /// Print the answer of a call, which may be encrypted, as the bundle has it
    #[command(after_help = "\
Examples:
  palisade evidence answer bundle-1 --call 17
  palisade evidence answer bundle-1 --call 17 --period-key file:2026-11.key | jq .")]
    Answer {
        /// The bundle, here or by its address in a bucket
        bundle: PathBuf,
        /// The number of the call in `calls.ndjson`
        #[arg(long, value_name = "N")]
        call: u64,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// Keys that seal bundles, and keys that answers are encrypted with
    #[command(after_help = "Examples:\n  palisade evidence keys new --out signing.pem")]
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// Names as the clouds have them
    Internal,
    /// Stable pseudonyms in place of people's names
    Auditor,
}

#[derive(Debug, Args)]
pub(crate) struct ExportBundle {
    /// Folders written by `--save-snapshot`, `demo --keep` or a schedule's evidence
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// Where the bundle goes: a folder that is not there yet, or a file that ends in `.tar`
    #[arg(short, long, value_name = "DIR|FILE")]
    pub(crate) out: PathBuf,
    /// A bucket to send it to as well, once and for good: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: Option<String>,
    /// The configuration that the run had: its targets are what was asked for, its policy is applied
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A framework of one's own, whose summary stands in the bundle beside those of ours; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) framework: Vec<PathBuf>,
    /// Other forms to put into the bundle's folder `exports`; several with commas between them. They make it larger
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) format: Vec<ExportFormat>,
    #[command(flatten)]
    pub(crate) targets: ExportTargets,
    /// Who is called by name
    #[arg(long, value_enum, default_value_t = ProfileName::Internal)]
    pub(crate) profile: ProfileName,
    /// Where the key of pseudonyms is: `env:NAME`, `file:PATH`, a secret manager. It stays inside
    #[arg(long, value_name = "REFERENCE", required_if_eq("profile", "auditor"))]
    pub(crate) pseudonym_key: Option<SecretRef>,
    /// Where the private key is that seals the bundle: `env:NAME`, `file:PATH`, a secret manager
    #[arg(long, value_name = "REFERENCE", requires = "log", value_parser = signing_key)]
    pub(crate) key: Option<SecretRef>,
    /// The folder of the log that numbers bundles; begun when it is not there
    #[arg(long, value_name = "DIR", requires = "key")]
    pub(crate) log: Option<PathBuf>,
    /// The log's name
    #[arg(long, value_name = "NAME", default_value = "palisade/evidence")]
    pub(crate) origin: String,
    /// Encrypt the answers with the key of the run's calendar month: without it they are gone, and everything else still holds
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) period_key: Option<SecretRef>,
    /// The folder of schedules: the bundle lists which runs there should have been, and those that failed or were missed
    #[arg(long, value_name = "DIR", requires = "config")]
    pub(crate) schedules: Option<PathBuf>,
    /// List runs after this moment: that of the bundle before, if the log has it, else of the first run that is remembered
    #[arg(long, value_name = "TIME", requires = "schedules", value_parser = instant)]
    pub(crate) runs_since: Option<Timestamp>,
}

/// Whom to trust.
#[derive(Debug, Args)]
pub(crate) struct Trusted {
    /// A public key that is trusted; may be repeated. Without it nobody knows who made the bundle
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// A rotation written by `keys rotate`, to trust what follows a trusted key; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) rotation: Vec<PathBuf>,
    /// Where the key of the bundle's month is, for one whose answers are encrypted: `env:NAME`, `file:PATH`, a secret manager
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) period_key: Vec<SecretRef>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyBundles {
    /// Bundles, here or by their address in a bucket; several must follow each other without a gap
    #[arg(required = true, value_name = "BUNDLE")]
    pub(crate) bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key pair: FILE, readable by you alone, and FILE.pub
    #[command(after_help = "Examples:\n  palisade evidence keys new --out signing.pem")]
    New {
        /// The private key's new file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// The public half of a key, its fingerprint, and its name as readers of logs take it
    #[command(after_help = "\
Examples:
  palisade evidence keys show file:signing.pem
  palisade evidence keys show aws-sm://palisade-signing --origin acme.example/evidence")]
    Show {
        /// Where the private key is
        #[arg(value_name = "REFERENCE", value_parser = signing_key)]
        key: SecretRef,
        /// The log's name
        #[arg(long, value_name = "NAME", default_value = "palisade/evidence")]
        origin: String,
    },
    /// Keys that answers are encrypted with, one for each calendar month
    #[command(after_help = "Examples:\n  palisade evidence keys period new --period 2026-11 --out 2026-11.key")]
    Period {
        #[command(subcommand)]
        command: PeriodKeys,
    },
    /// Make the key that follows another one, and FILE.rotation.json that both have signed
    #[command(after_help = "Examples:\n  palisade evidence keys rotate file:signing.pem --out signing-2027.pem")]
    Rotate {
        /// Where the old private key is
        #[arg(value_name = "REFERENCE", value_parser = signing_key)]
        old: SecretRef,
        /// The new private key's file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeriodKeys {
    /// Make the key of a calendar month: FILE, readable by you alone
    #[command(after_help = "Examples:\n  palisade evidence keys period new --period 2026-11 --out 2026-11.key")]
    New {
        /// The calendar month in UTC
        #[arg(long, value_name = "YYYY-MM")]
        period: String,
        /// The key's new file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// The month and the id of a key, as manifests name it
    #[command(after_help = "Examples:\n  palisade evidence keys period show file:2026-11.key")]
    Show {
        /// Where the key is
        #[arg(value_name = "REFERENCE")]
        key: SecretRef,
    },
    /// Destroy a key for good: no answer of its month can be read or judged again, and everything else still holds
    #[command(after_help = "\
Examples:
  palisade evidence keys period destroy 2025-10.key --id 0f3c...   the id is asked for, so that it is the right one

A copy elsewhere (a backup, a secret manager, a snapshot of the disk) is not destroyed by this.")]
    Destroy {
        /// The key's file
        file: PathBuf,
        /// The key's id, as `show` and the manifests say it
        #[arg(long, value_name = "ID")]
        id: String,
    },
}

/// Where a private key can be read. One that stays inside a key manager cannot be.
fn signing_key(text: &str) -> Result<SecretRef, String> {
    let managers = ["aws-kms:", "arn:aws:kms:", "azure-kv-key:", "gcp-kms:"];
    if managers.iter().any(|manager| text.starts_with(manager)) {
        return Err("this version signs with keys that it reads, and a key manager gives none away. Missing are its client for \
                    signatures and seals of another kind than Ed25519; keep the key in a secret manager: `aws-sm://`, \
                    `azure-kv://`, `gcp-sm://`"
            .to_owned());
    }
    text.parse().map_err(|error: palisade_message::SecretRefError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stays_in_a_key_manager_is_refused_with_what_is_missing() {
        for text in ["aws-kms://alias/evidence", "arn:aws:kms:eu-west-1:111111111111:key/x", "gcp-kms://projects/p"] {
            assert!(signing_key(text).unwrap_err().contains("seals of another kind than Ed25519"), "{text}");
        }
        assert!(signing_key("file:signing.pem").is_ok());
        assert!(signing_key("hunter2").is_err());
    }
}
