//! What the normalizer makes of answers: fixtures, vectors, traps and laws over one small account.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop where something is odd")]

mod normalizer {
    mod balancers;
    mod discovery;
    mod edges;
    mod fixtures;
    mod laws;
    mod lifecycle;
    mod organization;
    mod safeguards;
    mod scene;
    mod traps;
    mod unread;
    mod vectors;
}
