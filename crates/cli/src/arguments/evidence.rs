//! Evidence that others can check.

use super::schedules::instant;
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
  palisade evidence export run1 --out for-the-auditor --profile auditor --pseudonym-key env:PSEUDONYMS")]
    Export(ExportBundle),
    /// Check bundles and name the first fact that does not hold
    #[command(after_help = "\
Examples:
  palisade evidence verify bundle-1 --key signing.pem.pub
  palisade evidence verify bundle-1 bundle-2 bundle-3.tar --key old.pub --rotation new.pem.rotation.json

Exit codes: 0 everything holds; 2 wrong usage; 4 something does not hold")]
    Verify(VerifyBundles),
    /// Keys that seal bundles
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
    /// The configuration that the run had: its targets are what was asked for, its policy is applied
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Who is called by name
    #[arg(long, value_enum, default_value_t = ProfileName::Internal)]
    pub(crate) profile: ProfileName,
    /// Where the key of pseudonyms is: `env:NAME`, `file:PATH`, a secret manager. It stays inside
    #[arg(long, value_name = "REFERENCE", required_if_eq("profile", "auditor"))]
    pub(crate) pseudonym_key: Option<SecretRef>,
    /// Where the private key is that seals the bundle: `env:NAME`, `file:PATH`, a secret manager
    #[arg(long, value_name = "REFERENCE", requires = "log")]
    pub(crate) key: Option<SecretRef>,
    /// The folder of the log that numbers bundles; begun when it is not there
    #[arg(long, value_name = "DIR", requires = "key")]
    pub(crate) log: Option<PathBuf>,
    /// The log's name
    #[arg(long, value_name = "NAME", default_value = "palisade/evidence")]
    pub(crate) origin: String,
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
}

#[derive(Debug, Args)]
pub(crate) struct VerifyBundles {
    /// Bundles; several must follow each other without a gap
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
        #[arg(value_name = "REFERENCE")]
        key: SecretRef,
        /// The log's name
        #[arg(long, value_name = "NAME", default_value = "palisade/evidence")]
        origin: String,
    },
    /// Make the key that follows another one, and FILE.rotation.json that both have signed
    #[command(after_help = "Examples:\n  palisade evidence keys rotate file:signing.pem --out signing-2027.pem")]
    Rotate {
        /// Where the old private key is
        #[arg(value_name = "REFERENCE")]
        old: SecretRef,
        /// The new private key's file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
}
