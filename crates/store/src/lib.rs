//! Keeps what runs saw: the raw answers, and the memory of what was said of them.
//!
//! - [`SnapshotFolder`]: answers by the SHA-256 of their bytes, and one list of records a scope.
//! - [`Bucket`]: what runs kept, in S3, Azure Blob Storage or Google Cloud Storage.
//! - [`Share`]: the parts of a run that many processes read, as objects that are written once.
//! - [`Database`]: runs, what was said, the standing of findings, waivers, messages that wait to be delivered, leases.
//!   SQLite in one file, or PostgreSQL when several instances share it.
//!
//! What is decided about a run is decided by `palisade-track`; this crate loads, writes, and lets nothing be written by
//! half.

mod bucket;
mod database;
mod folder;
mod pack;
mod share;

pub use bucket::{BUCKETS, Bucket, Fact, Lock, STORAGE_CALLS, SUMS, Storage, files_below};
pub use database::{
    Acknowledgement, Applied, Backup, Claimed, ClaimedUnit, Database, DatabaseError, Delivery, DeliveryState, Ended,
    Ending, Endpoint, EndpointState, Fence, FileSettings, FindingFilter, Firing, FiringClaim, Keep, Lease,
    MOST_ATTEMPTS, Outcome, Recorded, Route, RunRow, ServerSettings, SharedPlan, SharedRun, Stale, Thread, Told,
    UnitTally, Upshot,
};
pub use folder::{SnapshotFolder, StoreError};
pub use pack::{Bodies, Pack, unit_id};
pub use share::Share;
