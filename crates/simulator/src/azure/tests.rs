//! The whole of the Azure side, driven as a client drives it.
