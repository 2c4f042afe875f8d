//! Google Cloud, from a described organisation.

use serde::Deserialize;

use crate::http::{Operation, Reply, Request};

pub use crate::generate::gcp::generate;

/// One Google Cloud organisation, ready to answer.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct World {}

/// The operation a request stands for; `None` when nothing answers at its path.
pub fn operation(_world: &World, _request: &Request) -> Option<Operation> {
    None
}

/// The true answer.
pub fn reply(_world: &World, _request: &Request) -> Reply {
    Reply { status: 404, content_type: "application/json", headers: Vec::new(), body: Vec::new() }
}

/// The answer to a caller without the permission.
pub fn denied(_operation: &Operation) -> Reply {
    Reply { status: 403, content_type: "application/json", headers: Vec::new(), body: Vec::new() }
}

/// The answer to a caller who asks too fast.
pub fn throttled(_operation: &Operation) -> Reply {
    Reply { status: 429, content_type: "application/json", headers: Vec::new(), body: Vec::new() }
}

/// The answer when something breaks inside Google Cloud.
pub fn server_error(_operation: &Operation) -> Reply {
    Reply { status: 500, content_type: "application/json", headers: Vec::new(), body: Vec::new() }
}
