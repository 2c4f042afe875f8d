//! Evidence that others can check.

use super::{ExportFormat, ExportTargets, KeyRef, ListFormat, schedules::instant};
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
  palisade evidence export evidence --since 2026-11-01 --out november -c palisade.yaml \\
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
    /// Print the answer of a call, or an export, which may be encrypted, as the bundle has it
    #[command(after_help = "\
Examples:
  palisade evidence answer bundle-1 --call 17
  palisade evidence answer bundle-1 --call 17 --period-key file:2026-11.key | jq .
  palisade evidence answer bundle-1 --export exports/findings.csv --period-key file:2026-11.key")]
    Answer {
        /// The bundle, here or by its address in a bucket
        bundle: PathBuf,
        /// The number of the call in `calls.ndjson`
        #[arg(long, value_name = "N", required_unless_present = "export", conflicts_with = "export")]
        call: Option<u64>,
        /// The place of an export in the bundle, without the ending `.enc`
        #[arg(long, value_name = "PATH")]
        export: Option<String>,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// What of the evidence is over, and what is held: bundles, and the keys of months. Removes it with `--apply`
    #[command(after_help = "\
Examples:
  palisade evidence retain                     what is kept until when, what is due, what is held by whom
  palisade evidence retain --apply             remove what is due, and write it down

`evidence:` in the configuration says where bundles are, for how many days they are kept, and what is held. A month whose key is
destroyed is erased in every copy. Nothing of a bucket that is locked or keeps versions is removed.")]
    Retain(Retain),
    /// Keys that seal bundles, and keys that answers are encrypted with
    #[command(after_help = "Examples:\n  palisade evidence keys new --out signing.pem")]
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Retain {
    /// Remove what is due. Without it nothing is removed
    #[arg(long)]
    pub(crate) apply: bool,
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// Names as the clouds have them
    Internal,
    /// Stable pseudonyms in place of people's names
    Auditor,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExportBundle {
    /// Folders written by `--save-snapshot`, `demo --keep` or a schedule's evidence; with `--since`, folders that schedules
    /// keep their evidence in
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// Where the bundle goes: a folder that is not there yet, or a file that ends in `.tar`
    #[arg(short, long, value_name = "DIR|FILE")]
    pub(crate) out: PathBuf,
    /// A bundle of every run that fired at this moment or later, oldest first, each in a folder of its own below `--out` and judged
    /// by the waivers and answers that are kept with it. One that is there is left as it is
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "config", conflicts_with = "period_key")]
    pub(crate) since: Option<Timestamp>,
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
    /// The key that seals the bundle: `env:NAME`, `file:PATH`, a secret manager, or a key manager that signs and keeps it:
    /// `awskms:ARN`, `gcpkms:projects/...`, `azurekms:VAULT/NAME`
    #[arg(long, value_name = "REFERENCE", requires = "log")]
    pub(crate) key: Option<KeyRef>,
    /// The folder of the log that numbers bundles; begun when it is not there
    #[arg(long, value_name = "DIR", requires = "key")]
    pub(crate) log: Option<PathBuf>,
    /// The log's name
    #[arg(long, value_name = "NAME", default_value = "palisade/evidence")]
    pub(crate) origin: String,
    /// Encrypt the answers and the exports with the key of the run's calendar month: without it they are gone, and everything
    /// else still holds
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
  palisade evidence keys show aws-sm://palisade-signing --origin acme.example/evidence
  palisade evidence keys show awskms:arn:aws:kms:eu-west-1:111122223333:alias/evidence --out evidence.pub")]
    Show {
        /// Where the key is: where it can be read, or a key manager
        #[arg(value_name = "REFERENCE")]
        key: KeyRef,
        /// A new file for the public key
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
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
    /// Make the key that follows another one, or take one that is there, and FILE.rotation.json that both have signed
    #[command(after_help = "\
Examples:
  palisade evidence keys rotate file:signing.pem --out signing-2027.pem
  palisade evidence keys rotate file:signing.pem --new awskms:arn:aws:kms:eu-west-1:111122223333:key/1f2e --out kms-2027
                                      writes kms-2027.pub and kms-2027.rotation.json")]
    Rotate {
        /// Where the old key is
        #[arg(value_name = "REFERENCE")]
        old: KeyRef,
        /// Where the new key is, when none is to be made: no private key is written then
        #[arg(long, value_name = "REFERENCE")]
        new: Option<KeyRef>,
        /// The new private key's file, and how FILE.pub and FILE.rotation.json begin
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
