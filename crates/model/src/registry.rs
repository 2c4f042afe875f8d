//! The registries that images come from.

use crate::Gap;
use jiff::Timestamp;

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

/// The critical vulnerabilities of the images that run in a cluster, as the provider's scanner tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageVulnerabilities {
    /// Those that a newer version mends, of images that run in the cluster or may.
    pub fixable: Vec<ImageVulnerability>,
    /// What the scanner looks at, for a sentence: `Amazon Inspector looks at the 3 images that it saw running here`.
    pub covered: String,
    /// Why images may run that it does not look at. Empty when nothing that was read says so.
    pub uncovered: Vec<Gap>,
}

/// A critical vulnerability that a newer version mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageVulnerability {
    /// Its public number: `CVE-2026-1234`.
    pub name: String,
    /// The image that has it, as people know it.
    pub image: String,
    /// When the scanner first saw it in the image. `None`: it does not say.
    pub since: Option<Timestamp>,
    /// Whether the image runs in the cluster.
    pub runs: ImageRuns,
}

/// Whether an image runs in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageRuns {
    /// The provider saw it run there.
    Here,
    /// Nothing that was read says whether it does.
    Perhaps {
        /// Why.
        because: String,
    },
}
