//! What is known of a control before it judges anything.

use crate::Severity;
use palisade_model::FactKind;
use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every one, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name used in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

words! {
    /// The five infrastructure concerns, and none of them.
    Concern {
        /// Network access to the API server.
        ApiServerNetwork = "api-server-network",
        /// Network access to nodes.
        NodeNetwork = "node-network",
        /// Kubernetes' access to the cloud's API.
        CloudApiIam = "cloud-api-iam",
        /// Access to etcd.
        EtcdAccess = "etcd-access",
        /// Encryption of etcd.
        EtcdEncryption = "etcd-encryption",
        /// None of the five.
        None = "none",
    }
}

words! {
    /// The four layers; an inner one is no stronger than the one around it.
    Layer {
        /// The cloud or the data center.
        Cloud = "Cloud",
        /// The cluster.
        Cluster = "Cluster",
        /// The container.
        Container = "Container",
        /// The code.
        Code = "Code",
    }
}

words! {
    /// The eight dimensions of the health assessment.
    Dimension {
        /// How it is built.
        Architecture = "Architecture",
        /// What runs on it.
        Applications = "Applications",
        /// How it grows.
        Scalability = "Scalability",
        /// What it keeps.
        StorageAndBackup = "Storage & Backup",
        /// How changes arrive.
        CiCd = "CI/CD",
        /// What happens when it is gone.
        DisasterRecovery = "Disaster Recovery",
        /// What one sees of it.
        MonitoringAndHealthChecks = "Monitoring & Health Checks",
        /// Who can do what to it.
        Security = "Security",
    }
}

words! {
    /// What it takes to mend something.
    Effort {
        /// A flag or rule; hours, no restarts.
        S = "S",
        /// A redesign or a rolling restart; days.
        M = "M",
        /// Rolling replacement or migration with application teams; weeks.
        L = "L",
        /// A rebuild or a change of the organisation; a quarter.
        Xl = "XL",
    }
}

/// `AREA-nn`; never reused, never renumbered.
pub type ControlId = &'static str;

/// What is known of a control before it judges anything.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// `AREA-nn`.
    pub id: ControlId,
    /// The bad state in kebab case: file name, anchor of the page, name in JSON.
    pub name: &'static str,
    /// The good state in a sentence, as the catalogue says it.
    pub title: &'static str,
    /// Which of the five concerns.
    pub concern: Concern,
    /// Which of the four layers.
    pub layer: Layer,
    /// Which of the eight dimensions.
    pub dimension: Dimension,
    /// How bad a fail is unless the verdict says otherwise.
    pub severity: Severity,
    /// What it takes to mend.
    pub effort: Effort,
    /// The kinds of facts it reads.
    pub needs: &'static [FactKind],
    /// Benchmark requirements, `FRAMEWORK:id,id; FRAMEWORK:id`.
    pub maps: &'static str,
}
