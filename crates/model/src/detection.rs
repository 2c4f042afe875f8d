//! Whether somebody watches what runs.

/// What the provider's threat detection sees of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// The API's log and what runs on the nodes.
    Whole {
        /// What says so.
        by: String,
    },
    /// A part.
    Partial {
        /// What it sees.
        by: String,
        /// What it does not see.
        missing: Vec<String>,
    },
    /// Nothing.
    Off {
        /// What says so.
        because: String,
    },
}
