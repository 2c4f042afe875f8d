//! What can go wrong with a run.

use palisade_runner::ShareError;
use palisade_store::{DatabaseError, StoreError};

/// What can go wrong with a run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The memory could not be read or written. Nothing was recorded by half.
    #[error("the memory could not be used")]
    Memory(#[from] DatabaseError),
    /// The raw answers could not be kept.
    #[error("the raw answers of the run could not be kept")]
    Evidence(#[from] StoreError),
    /// The run could not be shared with other processes.
    #[error("the run could not be shared with other processes")]
    Share(#[source] ShareError),
}

impl From<ShareError> for ServiceError {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Database(error) => Self::Memory(error),
            ShareError::Store(error) => Self::Evidence(error),
            other => Self::Share(other),
        }
    }
}

impl ServiceError {
    /// Whether another process has taken the work over: nothing was written, and nothing is left to do.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Memory(DatabaseError::Fenced { .. }))
    }
}
