//! The registries that images come from.

use crate::Gap;

/// Whether one registry or repository is scanned for known vulnerabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageScanning {
    /// The registry or repository.
    pub registry: String,
    /// How.
    pub mode: ScanMode,
}

/// How images are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanMode {
    /// Again and again, also when new vulnerabilities become known.
    Continuous {
        /// By what.
        by: String,
    },
    /// Once, when they are pushed.
    OnPush {
        /// By what.
        by: String,
    },
    /// Not, unless somebody asks for it.
    Off {
        /// What says so.
        because: String,
    },
}

/// A registry or repository near the cluster, by who may reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// As people know it.
    pub name: String,
    /// What opens it.
    pub openings: Vec<RegistryOpening>,
    /// What was not read and could open it.
    pub unread: Option<Gap>,
}

/// What opens a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegistryOpening {
    /// Its network lets everybody ask; who gets an answer is decided by identity alone.
    PublicNetwork {
        /// What says so.
        by: String,
    },
    /// A user name and a password that everybody shares sign in to it.
    SharedPassword {
        /// What says so.
        by: String,
    },
    /// Everybody may pull, signed in or not, or signed in with any account of the world.
    AnyonePulls {
        /// What says so.
        by: String,
    },
    /// Everybody may push.
    AnyonePushes {
        /// What says so.
        by: String,
    },
}
