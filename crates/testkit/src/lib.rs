//! Example clusters, snapshot builders and golden helpers for tests.
