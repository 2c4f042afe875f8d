//! The clouds that are simulated together.

use std::str::FromStr;
use std::sync::Arc;

use crate::http::{Operation, Reply, Request};
use crate::{aws, azure, gcp};

/// Everything that exists in the three simulated clouds.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// What exists in AWS.
    pub aws: aws::World,
    /// What exists in Azure.
    pub azure: azure::World,
    /// What exists in Google Cloud.
    pub gcp: gcp::World,
}

/// A simulated cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

/// Why a description of a world was refused.
#[derive(Debug, thiserror::Error)]
#[error("the world of `{provider}` is not well described: {reason}")]
#[non_exhaustive]
pub struct WorldError {
    /// Whose description it is.
    pub provider: &'static str,
    /// What is wrong with it, with line and column.
    pub reason: String,
}

impl FromStr for Provider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "aws" => Ok(Self::Aws),
            "azure" => Ok(Self::Azure),
            "gcp" => Ok(Self::Gcp),
            other => Err(format!("no simulated cloud is called `{other}`: write `aws`, `azure` or `gcp`")),
        }
    }
}

impl World {
    /// The story "acme": a small believable company with good and bad clusters in every cloud.
    pub fn acme() -> Result<Self, WorldError> {
        Self::from_yaml(
            include_str!("../worlds/acme/aws.yaml"),
            include_str!("../worlds/acme/azure.yaml"),
            include_str!("../worlds/acme/gcp.yaml"),
        )
    }

    /// A world from its descriptions, one per cloud. An empty text describes an empty cloud.
    pub fn from_yaml(aws: &str, azure: &str, gcp: &str) -> Result<Self, WorldError> {
        Ok(Self { aws: read("aws", aws)?, azure: read("azure", azure)?, gcp: read("gcp", gcp)? })
    }

    /// A fleet of any size, spread over the three clouds; the same for the same seed.
    pub fn generated(seed: u64, clusters: usize) -> Self {
        let third = clusters / 3;
        Self {
            aws: aws::generate(seed, clusters - 2 * third),
            azure: azure::generate(seed, third),
            gcp: gcp::generate(seed, third),
        }
    }

    /// A fleet of any size in one cloud; the other two are empty.
    pub fn generated_for(provider: Provider, seed: u64, clusters: usize) -> Self {
        match provider {
            Provider::Aws => Self { aws: aws::generate(seed, clusters), ..Self::default() },
            Provider::Azure => Self { azure: azure::generate(seed, clusters), ..Self::default() },
            Provider::Gcp => Self { gcp: gcp::generate(seed, clusters), ..Self::default() },
        }
    }

    /// A fleet of many AWS accounts of which every `every`th has a cluster, and the others nothing.
    pub fn sparse(seed: u64, accounts: usize, every: usize) -> Self {
        Self { aws: aws::sparse(seed, accounts, every), ..Self::default() }
    }

    pub(crate) fn into_clouds(self) -> (Arc<dyn Cloud>, Arc<dyn Cloud>, Arc<dyn Cloud>) {
        (Arc::new(self.aws), Arc::new(self.azure), Arc::new(self.gcp))
    }
}

fn read<T: serde::de::DeserializeOwned + Default>(provider: &'static str, text: &str) -> Result<T, WorldError> {
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    serde_saphyr::from_str(text).map_err(|error| WorldError { provider, reason: error.to_string() })
}

/// What the shell needs from a cloud.
pub(crate) trait Cloud: Send + Sync {
    /// The operation a request stands for; `None` when this cloud knows no such call.
    fn operation(&self, request: &Request) -> Option<Operation>;
    /// The true answer.
    fn reply(&self, request: &Request) -> Reply;
    /// The answer to a caller without the permission.
    fn denied(&self, operation: &Operation) -> Reply;
    /// The answer to a caller who asks too fast.
    fn throttled(&self, operation: &Operation) -> Reply;
    /// The answer when something breaks inside the cloud.
    fn server_error(&self, operation: &Operation) -> Reply;
    /// The headers by which every answer to a request is called by an id, if the cloud sends such headers.
    fn id_headers(&self, request: &Request) -> &'static [&'static str];
}

/// Every cloud module has the same six functions; this makes them a [`Cloud`].
macro_rules! cloud {
    ($module:ident) => {
        impl Cloud for $module::World {
            fn operation(&self, request: &Request) -> Option<Operation> {
                $module::operation(self, request)
            }
            fn reply(&self, request: &Request) -> Reply {
                $module::reply(self, request)
            }
            fn denied(&self, operation: &Operation) -> Reply {
                $module::denied(operation)
            }
            fn throttled(&self, operation: &Operation) -> Reply {
                $module::throttled(operation)
            }
            fn server_error(&self, operation: &Operation) -> Reply {
                $module::server_error(operation)
            }
            fn id_headers(&self, request: &Request) -> &'static [&'static str] {
                $module::id_headers(request)
            }
        }
    };
}

cloud!(aws);
cloud!(azure);
cloud!(gcp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_of_acme_can_be_read() {
        World::acme().unwrap();
    }

    #[test]
    fn a_description_that_makes_no_sense_is_refused_with_its_reason() {
        let story = "accounts: [{ id: '1', name: shop }]";
        let error = World::from_yaml(story, "", "").unwrap_err();
        assert_eq!(error.provider, "aws");
        assert!(error.reason.contains("account `1`: an account id has twelve digits"), "{error}");
    }

    #[test]
    fn a_fleet_of_one_provider_leaves_the_others_empty() {
        let world = World::generated_for(Provider::Aws, 1, 2);
        assert!(world.aws.account("200000000001").is_some());
        assert!(World::generated_for(Provider::Gcp, 1, 2).aws.account("200000000001").is_none());
    }
}
