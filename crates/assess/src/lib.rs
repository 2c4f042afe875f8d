//! From findings to the four layers and the eight dimensions: what the outer layer leaves of the inner one.
