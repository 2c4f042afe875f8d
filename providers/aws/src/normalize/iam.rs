//! Identity and access management: what AWS' policy documents mean.

pub(super) mod baseline;
pub(super) mod capability;
pub(super) mod condition;
pub(super) mod directory;
pub(super) mod escalation;
pub(super) mod organization;
pub(super) mod pipeline;
pub(super) mod policy;
pub(super) mod request;
pub(super) mod standing;
pub(super) mod trust;

#[cfg(test)]
mod methods;
#[cfg(test)]
mod vectors;
