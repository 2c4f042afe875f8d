//! The controls, one file each, and their map to benchmarks.
