//! Delivers rendered messages over the network and returns receipts.
//!
//! [`Courier::deliver`] makes one attempt. What follows from it is a function of its outcome and the time,
//! [`after`], so that every rule is tested without waiting. It refuses to connect to an address that is not public unless
//! the channel allows it, to follow a redirect, and to print a secret: addresses of webhooks are secrets too.

mod address;
mod answer;
mod attempt;
mod courier;
mod destination;
mod health;
mod mail;
mod ping;
mod secret;
mod sign;

pub use address::{Refused, judge};
pub use answer::{Answer, KEPT_BYTES, LARGEST_ANSWER};
pub use attempt::{Next, Outcome, WINDOW, after};
pub use courier::{Courier, DeliveryError, Receipt, Resolve, Resolver, SystemResolver};
pub use destination::{Destination, DestinationError};
pub use health::{DISABLED_AFTER, Health, State};
pub use ping::Sign;
pub use secret::{Keep, Kept, Local, Secret, SecretError, Secrets, secret};
pub use sign::{SignError, Signatures, sign};
