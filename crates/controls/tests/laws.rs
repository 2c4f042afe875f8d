//! What holds for every control, whoever wrote it.

mod laws {
    mod examples;
    mod hiding;
    mod order;
    mod waiver;
    mod widening;
    pub(crate) mod world;
}
