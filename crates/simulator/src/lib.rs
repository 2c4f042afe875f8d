//! Small loopback servers that speak the clouds' wire formats from a described world.
//!
//! A test double of the *providers*, never of the product: what Palisade does runs through the real SDK clients.
//! Each cloud is one pure function from a world and a request to a reply; one shell serves them on loopback and adds
//! latency, throttling, denial and faults on demand, and keeps a ledger of what was asked.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use palisade_simulator::{Faults, Simulator, World};
//!
//! let running = Simulator::start(World::acme()?, Faults::default()).await?;
//! // ... point an SDK client at `running.aws`, let it work ...
//! for (operation, times) in running.ledger().duplicates() {
//!     assert_eq!(times, 1, "{operation:?} was asked more than once");
//! }
//! # Ok(())
//! # }
//! ```

pub mod aws;
pub mod azure;
mod certificate;
pub mod faults;
pub mod gcp;
pub mod generate;
pub mod http;
pub mod ledger;
pub mod server;
pub mod world;

pub use faults::{FaultKind, FaultRule, Faults};
pub use http::{Operation, Reply, Request};
pub use ledger::{Entry, Ledger};
pub use server::{Running, Simulator, StartError};
pub use world::{Provider, World, WorldError};
