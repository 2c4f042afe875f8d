//! Recurring runs that are killed, frozen and stopped: the real program over simulated clouds, with a receiver on loopback,
//! in SQLite and in PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on says where"
)]

#[path = "recurring/instances.rs"]
mod instances;
#[path = "recurring/kills.rs"]
mod kills;
#[path = "recurring/reminders.rs"]
mod reminders;
#[path = "../../store/tests/database/server.rs"]
#[expect(dead_code, reason = "the tests of the store ask more of it")]
mod server;
#[path = "recurring/stage.rs"]
mod stage;
#[path = "recurring/stops.rs"]
mod stops;
#[path = "recurring/together.rs"]
mod together;
