//! The first fact of a bundle that does not hold.

/// The first fact of a bundle that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`: {fact}")]
pub struct Broken {
    /// The file, as the manifest names it. Hostile text when the bundle is: escape where it is shown.
    pub file: String,
    /// What does not hold.
    pub fact: String,
}

impl Broken {
    pub(crate) fn new(file: impl Into<String>, fact: impl Into<String>) -> Self {
        Self { file: file.into(), fact: fact.into() }
    }
}
