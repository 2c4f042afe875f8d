//! The memory in a database: one suite against SQLite and PostgreSQL, and what only a file can suffer.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on says where"
)]

#[path = "database/fault.rs"]
mod fault;
#[path = "database/fleet.rs"]
mod fleet;
#[path = "database/kill.rs"]
mod kill;
#[path = "database/server.rs"]
mod server;
#[path = "database/share.rs"]
mod share;
#[path = "database/suite.rs"]
mod suite;
