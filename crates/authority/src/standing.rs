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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Capability;
    use crate::escalate::Node;
    use crate::method::Method;

    #[test]
    fn a_standing_serialises_in_words_and_reads_back() {
        let standing = Standing {
            administrator: Some((Certainty::Conditional(["aws:SourceIp".to_owned()].into()), vec!["admin".into()])),
            held: vec![Held {
                capability: Capability::DecryptKms,
                certainty: Certainty::Certain,
                actions: vec!["kms:Decrypt".to_owned()],
                by: vec!["admin".into()],
                everywhere: true,
            }],
            escalation: Some(vec![Hop {
                from: Node::Identity("node".into()),
                to: Node::ClusterAdmin,
                method: Method::new("access-entry", "It adds itself."),
                permissions: vec!["eks:CreateAccessEntry".to_owned()],
                by: vec!["admin".into()],
                certainty: Certainty::Certain,
            }]),
            wildcards: vec![Wildcard { grant: "admin".into(), pattern: "*".to_owned() }],
            outside_need: vec![OutsideNeed { grant: "admin".into(), actions: vec!["*".to_owned()], more: 0 }],
            assumptions: vec!["no organisation policy".to_owned()],
        };
        let json = serde_json::to_value(&standing).unwrap();
        assert_eq!(json["administrator"], serde_json::json!([{"conditional": ["aws:SourceIp"]}, ["admin"]]));
        assert_eq!(json["held"][0]["capability"], "decrypt-kms");
        assert_eq!(json["held"][0]["certainty"], "certain");
        assert_eq!(json["escalation"][0]["from"], serde_json::json!({"identity": "node"}));
        assert_eq!(json["escalation"][0]["to"], "cluster-admin");
        assert_eq!(serde_json::from_value::<Standing>(json).unwrap(), standing);
    }
}
