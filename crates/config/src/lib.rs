//! Reads configuration and points at what is wrong with it.
