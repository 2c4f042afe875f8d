//! Carries one run through all stages: collect, normalize, evaluate, gather.
