//! What clouds publish about how fast they may be asked.

/// How fast one service may be asked, as its provider publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The service: how the host begins that is asked.
    pub host: &'static str,
    /// Requests that may be sent in any `per_seconds`, in the long run.
    pub requests: u32,
    /// The period of `requests`, in seconds.
    pub per_seconds: u32,
    /// Requests that may be sent at once after a rest.
    pub burst: u32,
    /// Where it is published.
    pub source: &'static str,
}

impl Quota {
    /// The quota of a host: the one that says most of it.
    pub fn of<'a>(host: &str, quotas: &'a [Self]) -> Option<&'a Self> {
        quotas.iter().filter(|quota| host.starts_with(quota.host)).max_by_key(|quota| quota.host.len())
    }
}
