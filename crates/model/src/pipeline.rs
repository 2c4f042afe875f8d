//! Pipelines that come from outside with tokens of their own and change the cluster.

use palisade_authority::{Certainty, IdentityId, PipelineSubject};

/// The identities that runs of pipelines become and that have rights over the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipelines {
    /// Those that were found, a statement each.
    pub found: Vec<Pipeline>,
    /// Holders of rights over the cluster of which nobody could read whether a pipeline acts as them, and why.
    pub unread: Vec<String>,
}

/// A statement by which runs of pipelines become an identity with rights over the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// The identity.
    pub identity: IdentityId,
    /// Whose tokens are believed.
    pub issuer: String,
    /// Which runs.
    pub admits: PipelineSubject,
    /// What the identity may do to the cluster.
    pub reach: PipelineReach,
    /// The statement, for the reader.
    pub text: String,
}

/// How far in the cluster a pipeline's identity reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PipelineReach {
    /// The namespaces it was given rights in.
    Namespaces(Vec<String>),
    /// The whole cluster.
    Cluster {
        /// By which rights.
        by: Vec<String>,
        /// How sure that is.
        certainty: Certainty,
    },
    /// What the cluster itself gives it, which is not read.
    Inside {
        /// By what: the groups that it is in.
        by: String,
    },
}
