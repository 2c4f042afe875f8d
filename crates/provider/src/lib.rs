//! The contract a provider signs: calls, targets, snapshots, gaps.
