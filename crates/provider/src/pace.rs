//! How many calls are under way at once, how fast they leave, and how many there may be.

use crate::{
    CallLimits, Quota,
    rate::{Budget, Lane},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Lock, PoisonError},
};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// Bounds on calls in flight: over everything, per host and per scope. Bounds on how fast they leave, for each credential,
/// service and region; and on how many leave in all.
///
/// A call budget is a safety feature: the limits of a scope are shared with the platform that runs there.
#[derive(Debug)]
pub struct Pace {
    all: Arc<Semaphore>,
    per_host: usize,
    per_scope: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    scopes: Mutex<HashMap<String, Arc<Semaphore>>>,
    limits: CallLimits,
    pub(crate) budget: Budget,
    lanes: Lock<HashMap<(String, String), Arc<Lane>>>,
}

/// Leave to make one call; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _scope: Option<OwnedSemaphorePermit>,
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(256, 96, 32)
    }
}

impl Pace {
    /// At most so many calls at once: in all, to one host, in one scope.
    pub fn new(all: usize, per_host: usize, per_scope: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all.max(1))),
            per_host: per_host.max(1),
            per_scope: per_scope.max(1),
            hosts: Mutex::new(HashMap::new()),
            scopes: Mutex::new(HashMap::new()),
            limits: CallLimits::default(),
            budget: Budget::new(None),
            lanes: Lock::default(),
        }
    }

    /// With bounds on what is asked in all, and on how fast.
    pub fn limited(self, limits: CallLimits) -> Self {
        Self { limits, budget: Budget::new(limits.max_calls), ..self }
    }

    /// The lane of a credential at a host.
    pub(crate) fn lane(&self, credential: String, host: &str, quotas: &[Quota]) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry((credential, host.to_owned()));
        let new = || Arc::new(Lane::new(Quota::of(host, quotas), self.limits.share_of_quota));
        Arc::clone(lane.or_insert_with(new))
    }

    /// Waits for leave to call `host` in `scope`. The narrowest bound is taken first, so that a crowded scope, or a service
    /// that wants to be left alone, does not hold places that others could use.
    pub(crate) async fn permit(&self, host: &str, scope: &str, lane: &Lane) -> Permit {
        let scope = of(&self.scopes, scope, self.per_scope).await.acquire_owned().await.ok();
        lane.wait().await;
        let host = of(&self.hosts, host, self.per_host).await.acquire_owned().await.ok();
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Permit { _scope: scope, _host: host, _all: all }
    }
}

async fn of(map: &Mutex<HashMap<String, Arc<Semaphore>>>, name: &str, size: usize) -> Arc<Semaphore> {
    let mut map = map.lock().await;
    if let Some(semaphore) = map.get(name) {
        return Arc::clone(semaphore);
    }
    let semaphore = Arc::new(Semaphore::new(size));
    map.insert(name.to_owned(), Arc::clone(&semaphore));
    semaphore
}
