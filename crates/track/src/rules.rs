//! By what a run judged.

use crate::Print;
use palisade_engine::{Answers, Entry, Policy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// By what a run judged: when this is the same, whatever changed is the world or what could be read of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rules {
    /// The version of the program.
    pub palisade: String,
    /// The ids of the controls that ran.
    pub controls: BTreeSet<String>,
    /// What the organisation had decided, without its waivers, which change how a finding is shown, and without its
    /// answers, which are what people saw of the world.
    pub policy: Print,
}

impl Rules {
    /// The rules of a run.
    pub fn of(palisade: &str, controls: &[Entry], policy: &Policy) -> Self {
        let decided =
            Policy { waivers: Vec::new(), waivers_digest: None, answers: Answers::default(), ..policy.clone() };
        Self {
            palisade: palisade.to_owned(),
            controls: controls.iter().map(|control| control.meta.id.to_owned()).collect(),
            // The debug form of one version of the program is stable, and the version is part of the rules.
            policy: Print::of([format!("{decided:?}").as_str()]),
        }
    }

    /// All of it in one print.
    pub fn print(&self) -> Print {
        let own = [self.palisade.as_str(), &self.policy.to_string()].map(str::to_owned);
        Print::of(own.iter().map(String::as_str).chain(self.controls.iter().map(String::as_str)))
    }

    /// What is different since `before`, in a sentence. `None` when nothing is.
    pub fn changed_since(&self, before: &Self) -> Option<String> {
        let mut said = Vec::new();
        if self.palisade != before.palisade {
            said.push(format!("Palisade {} instead of {}", self.palisade, before.palisade));
        }
        let listed = |some: Vec<&str>| some.join(", ");
        let added: Vec<&str> = self.controls.difference(&before.controls).map(String::as_str).collect();
        let removed: Vec<&str> = before.controls.difference(&self.controls).map(String::as_str).collect();
        if !added.is_empty() {
            said.push(format!("controls that did not run before: {}", listed(added)));
        }
        if !removed.is_empty() {
            said.push(format!("controls that run no more: {}", listed(removed)));
        }
        if self.policy != before.policy {
            said.push("another policy".to_owned());
        }
        if said.is_empty() { None } else { Some(said.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use palisade_engine::{Severity, Waiver, digest_of};

    #[test]
    fn a_waiver_or_an_answer_is_no_other_rule_and_a_severity_is() {
        let mut policy = Policy::default();
        let plain = Rules::of("0.1.0", &[], &policy);
        policy.waivers.push(Waiver {
            control: "CP-01".to_owned(),
            cluster: "shop".to_owned(),
            subject: None,
            owner: "platform".to_owned(),
            approver: "ben".to_owned(),
            reason: "until the migration".to_owned(),
            until: Timestamp::UNIX_EPOCH,
            approved: None,
            covers: None,
        });
        policy.waivers_digest = Some(digest_of("waivers: []"));
        policy.answers = Answers::new(Vec::new(), "answers: []");
        assert_eq!(Rules::of("0.1.0", &[], &policy), plain);
        policy.severities.insert("CP-01".to_owned(), Severity::Low);
        let other = Rules::of("0.2.0", &[], &policy);
        assert_eq!(other.changed_since(&plain).as_deref(), Some("Palisade 0.2.0 instead of 0.1.0; another policy"),);
        assert_ne!(other.print(), plain.print());
    }
}
