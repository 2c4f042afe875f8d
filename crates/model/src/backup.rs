//! Backups of the cluster's objects and volumes.

use crate::{Answer, Gap};
use jiff::Timestamp;

/// A plan that backs the cluster up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// As people know it.
    pub name: String,
    /// Why it does nothing, when it is paused, broken or switched off.
    pub stopped: Option<String>,
    /// What of the cluster it leaves out by name; nothing when it takes the whole cluster.
    pub partly: Option<String>,
}

/// What is known of the backups that were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There can be none.
    NoPlan {
        /// Why not.
        because: String,
    },
    /// What the provider recorded.
    Recorded {
        /// When the newest complete one was made.
        last_success: Option<Timestamp>,
        /// The newest attempt that came to nothing or was only partly made, and when.
        last_failure: Option<(Timestamp, String)>,
        /// Who says so.
        by: String,
    },
}

/// How backups are guarded against what destroys the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupSafety {
    /// There is nothing to guard.
    NoPlan {
        /// Why not.
        because: String,
    },
    /// The copies that plans make.
    Copies(Vec<BackupCopy>),
}

/// Where one plan keeps what it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupCopy {
    /// The plan and the place.
    pub name: String,
    /// Whether volumes are in it.
    pub volumes: Answer,
    /// Whether it is encrypted.
    pub encrypted: Answer,
    /// Whether a lock keeps everybody from deleting it.
    pub locked: Answer,
    /// Whether it survives the loss of the cluster's region or account.
    pub elsewhere: Answer,
}

/// The plans of a place and why some of them were not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupPlans {
    /// Those that back the cluster up.
    pub found: Vec<BackupPlan>,
    /// Why there may be further ones.
    pub unread: Option<Gap>,
}
