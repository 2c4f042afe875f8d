//! Who may become whom and do what, decided exactly: identities, capabilities, escalation paths, excess.
//!
//! The crate is responsible for the mathematics of authority and for its vocabulary. A provider translates what its
//! cloud says (policies, role assignments, bindings, deny rules) into [`Grant`]s in [`Layer`]s; from there on every
//! answer is computed here: [`Authority::decide`] for one request, [`capabilities`] for what an identity amounts to,
//! [`Graph`] for what it could become, [`excess`] for what it would not need.
//!
//! Not knowing is part of every answer. A condition nobody could evaluate and a document nobody could read are named
//! unknowns ([`Truth::Unknown`], [`Reading::Missing`]); a decision is [`Decision::Allow`] or [`Decision::Deny`] only
//! when no unknown could change it, and names what it hangs on otherwise.
//!
//! The crate refuses to know any cloud, any syntax of policies, any table of permissions; it reads nothing, asks
//! nobody, knows no time and no chance.
//!
//! ```
//! use palisade_authority::{Authority, Decision, DenyReason, Glob, Grant, Layer, LayerKind, Selector};
//!
//! let everything = Grant::allow("policy admin statement 0", Selector::everything(), Selector::everything());
//! let buckets_only = Selector::of([Glob::insensitive("s3:*")]);
//! let node = Authority::new(vec![
//!     Layer::new("identity policies", LayerKind::Grants, [everything]),
//!     Layer::new("boundary", LayerKind::Limit, [Grant::allow("boundary", buckets_only, Selector::everything())]),
//! ]);
//!
//! assert!(node.decide("s3:GetObject", "arn:aws:s3:::logs/today").is_allow());
//! let blocked = node.decide("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/node");
//! assert_eq!(blocked, Decision::Deny { by: DenyReason::Guard("boundary".into()) });
//! ```
#![warn(clippy::disallowed_methods)]

mod capability;
mod escalate;
mod every_action;
mod excess;
mod glob;
mod grant;
mod held;
mod judge;
mod language;
mod layers;
mod method;
mod name;
mod packed;
mod patterns;
mod pipeline;
mod propose;
mod relate;
mod relevant;
mod selector;
mod somewhere;
mod standing;
mod truth;
mod universe;

pub use capability::{Capability, Certainty, UnknownCapability};
pub use escalate::{Graph, Hop, IdentityId, Node, explain};
pub use excess::{Excess, LISTED, OutsideNeed, Wildcard, excess, wildcards, within};
pub use glob::{Case, Glob, Part};
pub use grant::{Effect, Grant, GrantId};
pub use held::{Held, Need, capabilities, combine};
pub use judge::{Decision, DenyReason};
pub use layers::{Authority, Layer, LayerKind, LayerName, Reading};
pub use method::{Method, MethodRow, Outcome, Place, Satisfied, satisfied};
pub use packed::Damaged;
pub use pipeline::{PipelineService, PipelineSubject};
pub use propose::{Proposal, propose};
pub use selector::Selector;
pub use standing::Standing;
pub use truth::Truth;
pub use universe::{AccessLevel, ActionSet, Beyond, Counts, Reached, Universe};
