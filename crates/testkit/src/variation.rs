//! Changes to an example cluster, so that together the examples reach every verdict of every control.
//!
//! Each changes one fact, or the few that belong together, into one more state that a provider can report. The laws
//! try each alone and at random several at once; a test of the controls names every verdict that none of them reaches.

mod access;
mod around;
mod identity;
mod key;
mod lifecycle;
mod machinery;
mod pipeline;
mod pool;

use palisade_model::{Cluster, Observed};

/// The name of a variation and how it is made.
type Named = (&'static str, fn(&mut Cluster));

/// One change to a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Variation {
    /// What is different, for the message of a test that fails.
    pub name: &'static str,
    /// Makes it so.
    pub apply: fn(&mut Cluster),
}

/// Every variation, in a fixed order.
pub fn variations() -> impl Iterator<Item = Variation> {
    [access::ALL, pool::ALL, identity::ALL, key::ALL, machinery::ALL, lifecycle::ALL, pipeline::ALL, around::ALL]
        .into_iter()
        .flatten()
        .map(|(name, apply)| Variation { name, apply: *apply })
}

/// Changes a fact that is known; one that is hidden stays hidden.
fn change<T: Clone>(fact: &mut Observed<T>, how: impl FnOnce(&mut T)) {
    *fact = fact.clone().map(|mut value| {
        how(&mut value);
        value
    });
}
