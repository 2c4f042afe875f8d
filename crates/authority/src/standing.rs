//! Everything there is to say about one identity, as one value.

use serde::{Deserialize, Serialize};

use crate::capability::Certainty;
use crate::escalate::Hop;
use crate::excess::{OutsideNeed, Wildcard};
use crate::grant::GrantId;
use crate::held::Held;

/// Where an identity stands: what it holds, how far it could climb, what it would not need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether it may do everything, how sure that is, and which grants give it.
    pub administrator: Option<(Certainty, Vec<GrantId>)>,
    /// The capabilities it has.
    pub held: Vec<Held>,
    /// The shortest way to more, hop by hop.
    pub escalation: Option<Vec<Hop>>,
    /// Grants of whole services or of everything.
    pub wildcards: Vec<Wildcard>,
    /// What it was given and does not need.
    pub outside_need: Vec<OutsideNeed>,
    /// What was taken for granted to conclude this.
    pub assumptions: Vec<String>,
}
