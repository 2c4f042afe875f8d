//! Turns runs into bundles that others can verify and judge again without trusting whoever made them.
//!
//! A bundle is a folder: the answers of the clouds by digest, a ledger of the calls, what was decided and by what it was
//! judged, the verdicts, other forms of them ([`Export`]), and a manifest over all of it ([`BundleWriter`]). A seal signs the manifest and gives it a number
//! in a log that can only grow ([`BundleLog`]). [`verify`] names the first fact that does not hold; [`Bundle`] gives the
//! answers back for another judgement. `docs/guides/evidence.md` is the auditor's view of the same.
//!
//! Nothing here knows a cloud, a network or the time: the same run gives the same bytes.

mod broken;
mod bundle;
mod closed_file;
mod coverage;
mod export;
mod firings;
mod guide;
mod key;
mod ledger;
mod log;
mod manifest;
mod merkle;
mod note;
mod p256;
mod part;
mod period;
mod policy;
mod principal;
mod profile;
mod retention;
mod rotation;
mod scope;
mod seal;
mod secrets;
mod signatures;
mod signer;
mod source;
mod timestamp;
mod unsorted;
mod verdicts;
mod verify;
mod write;

pub use broken::Broken;
pub use bundle::{Bundle, Snapshots, VERDICTS};
pub use coverage::{Place, Population, Told};
pub use export::Export;
pub use firings::{FiringCounts, FiringLine, FiringOutcome, Firings, ScheduleFirings};
pub use key::{Algorithm, KeyError, PublicKey, SigningKey};
pub use log::{BundleLog, Entry};
pub use manifest::{Engine, FileEntry, Manifest};
pub use merkle::{Tree, check_consistency, check_inclusion, leaf};
pub use part::ExportError;
pub use period::{Encryption, PeriodKey};
pub use policy::{PolicyError, read_policy, write_policy};
pub use profile::{Profile, Pseudonyms};
pub use retention::{Fate, Held, Hold, Retention};
pub use rotation::Rotation;
pub use scope::Asked;
pub use secrets::{Suspect, suspect};
pub use signer::Signer;
pub use source::{LARGEST_ANSWER, LARGEST_FILE, LARGEST_LINE, LARGEST_SMALL_FILE};
pub use timestamp::{Stamp, put_timestamp, read_timestamp, timestamp_query};
pub use verdicts::{Calls, Difference, Numbers, differences, verdict_lines};
pub use verify::{Checked, Signed, Trust, verify, verify_chain};
pub use write::{BundleWriter, Context, Finished, Judged, Seal, controls_text, file_sha256};
