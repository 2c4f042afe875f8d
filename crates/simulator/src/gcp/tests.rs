//! The whole of the Google Cloud side, driven as a client drives it.
