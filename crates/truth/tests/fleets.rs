//! Fleets.
#[test]
fn a() {}
