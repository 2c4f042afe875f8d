//! placeholder
pub(crate) const ORGANIZATION: &str = "481516234200";
