//! Whether images have to prove where they come from before they run.

/// What is asked of an image before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageAdmission {
    /// A signature or an attestation, or it does not run.
    Enforced {
        /// What says so.
        by: String,
    },
    /// Something is switched on that lets every image pass.
    Toothless {
        /// Why it does.
        because: String,
    },
    /// What the provider does not decide: it is asked for inside the cluster, or nowhere.
    Inside {
        /// What was looked at and does not tell.
        what: String,
    },
    /// Nothing.
    Off {
        /// What says so.
        because: String,
    },
}
