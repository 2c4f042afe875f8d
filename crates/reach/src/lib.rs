//! Exact sets of packets: address and port intervals, ordered and any-allow filters, routes, bounds. Knows no cloud.
//!
//! # What it is responsible for
//!
//! A provider describes its filters and routes in this vocabulary, and gets back the exact set of packets that pass:
//! every source address, per family, protocol and port. A set is an ordinary value with one normal form, so two sets
//! are equal exactly when they hold the same packets; `0.0.0.0/0` and its two halves are the same value.
//!
//! What a provider could not read is not guessed: a rule carries [`Bounds`], the packets it surely matches and the
//! packets it may match, and the answer carries bounds too. They are the tightest ones the rules allow.
//!
//! Filters, routes and conditions compose to a [`Path`]. Its answer comes with [`proofs`], with reasons for a single packet
//! ([`Path::why`]) and with the smallest changes that close something ([`Path::fixes`]).
//!
//! # What it refuses to do
//!
//! It knows no cloud, no rule numbers, no service tags and no defaults: the provider sorts the rules, expands the names
//! and writes its defaults out as rules. It does no I/O and cannot fail; only text and network prefixes are parsed, by
//! [`parse_net`].
//!
//! # Example
//!
//! ```
//! use palisade_reach::{
//!     Action, AddrSet, Bounds, Family, PacketSet, Ports, Printer, Protocol, Protocols, Rule, first_match, internet,
//!     parse_net,
//! };
//!
//! # fn main() -> Result<(), palisade_reach::ParseNetError> {
//! let ssh = |sources: AddrSet| PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(22, 22), &sources);
//! let rules = [
//!     Rule::new("100", Action::Deny, Bounds::exact(ssh(AddrSet::from_net(parse_net("198.51.100.0/24")?)))),
//!     Rule::new("200", Action::Allow, Bounds::exact(ssh(AddrSet::from_nets([parse_net("0.0.0.0/1")?, parse_net("128.0.0.0/1")?])))),
//! ];
//!
//! let outcome = first_match(&rules, Action::Deny);
//! let sources = outcome.allowed.map(|packets| packets.sources(Protocol::TCP, 22).intersect(internet()));
//!
//! assert!(sources.is_exact());
//! assert_eq!(Printer::default().bounds(&sources), "any IPv4 address except 198.51.100.0/24");
//! assert_eq!(outcome.witness(Family::V4, Protocol::TCP, 22), ["200".into()]);
//! # Ok(())
//! # }
//! ```

#![warn(clippy::disallowed_methods)]

mod address;
mod analysed;
mod atoms;
mod bounds;
mod cell;
mod filter;
mod fix;
mod interval;
mod layer;
mod line;
mod net;
mod packet;
mod path;
mod point;
mod print;
mod proof;
mod protocol;
mod route;
mod rule;
mod why;

pub use address::{AddrSet, Family, internet};
pub use analysed::{ANALYSED, analysed};
pub use atoms::{
    Chain, ORDINARY_SOURCE_PORTS, PortedRule, Sessions, Split, exists_source_port, source_port_atoms, with_source_ports,
};
pub use bounds::{Bounds, SetOps};
pub use cell::Cell;
pub use filter::{Hit, Outcome, any_allow, first_match, tiers, witness};
pub use fix::{Change, Fix, MOST_PREFIXES};
pub use interval::{IntervalSet, Ports};
pub use net::{ParseNetError, parse_net};
pub use packet::{Packet, PacketSet};
pub use path::{Gate, Layer, Path, Tier};
pub use point::Point;
pub use print::{Printer, ports};
pub use proof::{By, MOST_PARTS, Proof, Step, proofs};
pub use protocol::{Protocol, Protocols};
pub use route::{Certainty, Route, longest_prefix, longest_prefix_bounds, routes_for};
pub use rule::{Action, Rule, RuleId};
pub use why::{Fate, Judged, Passes, Trace};
