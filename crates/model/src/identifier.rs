//! Names of things, each with its own type so that one cannot be taken for another.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Who runs the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Amazon Web Services (EKS).
    Aws,
    /// Microsoft Azure (AKS).
    Azure,
    /// Google Cloud (GKE).
    Gcp,
    /// A cluster that stands alone.
    Kubernetes,
}

impl Provider {
    /// The name used in configuration, in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// The name of the managed Kubernetes service, as people say it.
    pub fn service(self) -> &'static str {
        match self {
            Self::Aws => "EKS",
            Self::Azure => "AKS",
            Self::Gcp => "GKE",
            Self::Kubernetes => "Kubernetes",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the provider's own text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Arc::from(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The provider's own name of a cluster: an ARN, an ARM resource id, a GCP resource name.
    ClusterId
}
name! {
    /// Where credentials and limits end: `ACCOUNT`, `ACCOUNT/REGION`, a subscription id or a project id.
    Scope
}
name! {
    /// A region or zone.
    Location
}
name! {
    /// A group of machines that share their settings. Stable when machines are replaced.
    PoolId
}
name! {
    /// The provider's id of one machine.
    NodeId
}

/// A Kubernetes version, as far as it can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Version {
    /// The major number.
    pub major: u32,
    /// The minor number.
    pub minor: u32,
}

impl Version {
    /// Reads `1.31`, `v1.31.2` or `1.31.2-gke.100`. `None` when it does not start with two numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches('v').split('.');
        let major = parts.next()?.parse().ok()?;
        let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
        Some(Self { major, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_three_providers_are_read_and_compared() {
        let read = |text| Version::parse(text).map(|version| version.to_string());
        assert_eq!(read("1.31").as_deref(), Some("1.31"));
        assert_eq!(read("v1.9.4").as_deref(), Some("1.9"));
        assert_eq!(read("1.35.1-gke.1171000").as_deref(), Some("1.35"));
        assert_eq!(read("latest"), None);
        assert!(Version::parse("1.9") < Version::parse("1.28"));
    }
}
