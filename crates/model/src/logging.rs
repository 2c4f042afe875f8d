//! What is written down of requests to the cloud and to the cluster, and how long it is kept.

use crate::Gap;

/// What was read of a question, with what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes(String),
    /// It is not.
    No(String),
    /// What would tell was not read.
    Unread(Gap),
}

/// Where requests to the cloud's API that concern the cluster are written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityLog {
    /// The places that receive them.
    pub routes: Vec<ActivityRoute>,
    /// What looks like such a place and is none, with the reason.
    pub lacking: Vec<String>,
    /// What the provider writes and keeps a year and longer, whatever the customer sets: its statement.
    pub inherent: Option<&'static str>,
}

/// A place that receives what is asked of the cloud's API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityRoute {
    /// As people know it.
    pub name: String,
    /// Whether it receives requests to every region, and not only to the cluster's.
    pub everywhere: bool,
}

/// Where the audit log of the Kubernetes API is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditStore {
    /// It is not written at all.
    NotWritten {
        /// What says so.
        because: String,
    },
    /// It is written to these places.
    Kept(Vec<AuditPlace>),
}

/// A place where the audit log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// As people know it.
    pub name: String,
    /// How long it keeps the log; the gap when that was not read.
    pub kept: Result<Retention, Gap>,
    /// How long of that the log can be searched.
    pub searchable: Result<Retention, Gap>,
    /// Whether something keeps an administrator from deleting it sooner.
    pub protected: Answer,
}

/// How long something is kept; forever is longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    /// So many days.
    Days(u32),
    /// Until somebody deletes it.
    Forever,
}
