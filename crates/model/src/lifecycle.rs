//! How a cluster is kept: its version, its upgrades, where it stands, how it is watched, and what would delete it.

use crate::{Gap, Observed, Version};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How a cluster is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifecycle {
    /// How long the provider supports the control plane's version.
    pub support: Observed<Support>,
    /// How upgrades come.
    pub upgrades: Observed<Upgrades>,
    /// Over how many zones the control plane stands.
    pub placement: Observed<Placement>,
    /// What the provider says is in the way of the next upgrade.
    pub blockers: Observed<Vec<Blocker>>,
    /// What runs in the cluster on the provider's behalf.
    pub extensions: Observed<Extensions>,
    /// Features without a promise.
    pub experiments: Observed<Experiments>,
    /// What stands between the cluster and its deletion.
    pub deletion_guard: Observed<DeletionGuard>,
    /// What the provider promises for the control plane.
    pub tier: Observed<Tier>,
    /// Whether requests to the Kubernetes API are logged.
    pub audit: Observed<AuditLog>,
    /// How the provider says the cluster is.
    pub health: Observed<Health>,
    /// Who answers for it and what it holds, as its labels say.
    pub register: Observed<Register>,
}

impl Lifecycle {
    /// Nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self {
            support: Observed::missing(gap.clone()),
            upgrades: Observed::missing(gap.clone()),
            placement: Observed::missing(gap.clone()),
            blockers: Observed::missing(gap.clone()),
            extensions: Observed::missing(gap.clone()),
            experiments: Observed::missing(gap.clone()),
            deletion_guard: Observed::missing(gap.clone()),
            tier: Observed::missing(gap.clone()),
            audit: Observed::missing(gap.clone()),
            health: Observed::missing(gap.clone()),
            register: Observed::missing(gap.clone()),
        }
    }
}

/// How the machines of a pool are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Upkeep {
    /// The version of their kubelets.
    pub version: Observed<Version>,
    /// Where they stand.
    pub zones: Observed<Zones>,
    /// How an upgrade replaces them.
    pub surge: Observed<Surge>,
    /// How the provider says they are.
    pub health: Observed<PoolHealth>,
}

impl Upkeep {
    /// Nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self {
            version: Observed::missing(gap.clone()),
            zones: Observed::missing(gap.clone()),
            surge: Observed::missing(gap.clone()),
            health: Observed::missing(gap.clone()),
        }
    }
}

/// How long the provider supports a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What the provider says of it now.
    pub phase: Phase,
    /// When standard support ends, if that is known.
    pub standard_until: Option<Timestamp>,
    /// When every support ends, if that is known and the cluster gets more than the standard.
    pub extended_until: Option<Timestamp>,
    /// The version and where the dates come from, in words.
    pub because: String,
}

/// What the provider gives for a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// What everybody gets.
    Standard,
    /// Longer support, at a price.
    Extended,
    /// None.
    Ended,
}

/// How upgrades come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upgrades {
    /// The provider offers neither a channel nor a window: people upgrade, by their own calendar.
    ByHand {
        /// What the provider does when nobody does.
        because: String,
    },
    /// By the provider.
    Planned {
        /// The channel; nothing when there is none.
        channel: Option<String>,
        /// The window; nothing when there is none.
        window: Option<String>,
        /// Times in which nothing is upgraded.
        freezes: Vec<Freeze>,
        /// A setting that upgrades past everything that speaks against it.
        forced: Option<String>,
    },
}

/// A time in which nothing is upgraded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Freeze {
    /// Its name.
    pub name: String,
    /// When it begins, if that is known.
    pub from: Option<Timestamp>,
    /// When it ends; nothing when no date ends it.
    pub until: Option<Timestamp>,
    /// Whether it holds up patches of security too.
    pub everything: bool,
}

/// Over how many zones the control plane stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Several.
    Spread {
        /// The setting or statement that says so.
        because: String,
    },
    /// One.
    OneZone {
        /// Which.
        zone: String,
    },
}

/// Something in the way of the next upgrade.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocker {
    /// What, in the provider's words.
    pub what: String,
    /// Whether it surely is, or only may be.
    pub certain: bool,
}

/// What runs in the cluster on the provider's behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extensions {
    /// The provider keeps them at a version that fits the cluster: its own statement. Nothing when the customer chooses.
    pub kept_by_provider: Option<String>,
    /// Those that were looked at.
    pub listed: Vec<Extension>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version, when the provider says one.
    pub version: Option<String>,
    /// What is wrong with it; nothing when it is well.
    pub flaw: Option<ExtensionFlaw>,
}

/// What is wrong with an extension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtensionFlaw {
    /// The provider does not support it, or not in this version.
    Unsupported(String),
    /// The provider says that it does not work.
    Ailing(String),
}

/// Features without a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Experiments {
    /// The provider has none to switch on.
    NotOffered {
        /// The provider's own statement.
        because: String,
    },
    /// Those that are in use; none is a good answer.
    InUse(Vec<String>),
}

/// What stands between a cluster and its deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletionGuard {
    /// A setting that has to be taken away first.
    Set {
        /// Which.
        because: String,
    },
    /// Nothing.
    Missing {
        /// The setting that says so.
        because: String,
    },
    /// The provider has no such setting on clusters: a person has to answer.
    Attested {
        /// What there may be instead.
        because: String,
    },
}

/// What the provider promises for the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tier {
    /// A level of service.
    Guaranteed {
        /// The tier.
        because: String,
    },
    /// Nothing.
    Free {
        /// The tier.
        because: String,
    },
}

/// Whether requests to the Kubernetes API are logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditLog {
    /// Always, by the provider.
    Inherent {
        /// The provider's own statement.
        because: String,
    },
    /// By a setting.
    On {
        /// Where they go.
        because: String,
        /// Further logs of the control plane that are not kept.
        without: Vec<String>,
    },
    /// Not at all.
    Off {
        /// The setting that says so.
        because: String,
    },
}

/// How the provider says the cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The provider's word for its state.
    pub status: String,
    /// What that word means.
    pub condition: Condition,
    /// What the provider complains of.
    pub issues: Vec<String>,
}

/// What a state means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// It works.
    Working,
    /// The provider is changing it.
    Changing,
    /// Somebody stopped it.
    Stopped,
    /// It failed or is impaired.
    Failed,
}

/// How the provider says the machines of a pool are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolHealth {
    /// What the provider complains of.
    pub issues: Vec<String>,
    /// Whether broken machines are replaced.
    pub repair: Repair,
}

/// Whether broken machines are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// They are.
    On {
        /// The setting or statement that says so.
        because: String,
    },
    /// They are not.
    Off {
        /// The setting that says so.
        because: String,
    },
}

/// Where the machines of a pool stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones {
    /// The zones new machines may stand in. Empty when the provider places them in no zone in particular.
    pub zones: BTreeSet<String>,
    /// Whether the provider may take the machines away at any time.
    pub reclaimable: bool,
    /// The setting that says so.
    pub because: String,
}

/// How an upgrade replaces the machines of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Surge {
    /// New machines come before old ones go.
    Before {
        /// The setting that says so.
        because: String,
    },
    /// Old ones go first.
    After {
        /// The setting that says so.
        because: String,
    },
    /// The provider replaces them by its own rules.
    ByProvider {
        /// The provider's own statement.
        because: String,
    },
}

/// The labels or tags that name what a cluster is for. Case means nothing.
const ENVIRONMENT_LABELS: &[&str] = &["environment", "env", "stage"];

/// The labels or tags that name how sensitive its data is. Case means nothing.
const CLASS_LABELS: &[&str] = &["data-class", "dataclass", "data_class", "data-classification", "classification"];

/// Who answers for a cluster and what it holds. Hostile text: escape where it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it is for.
    pub environment: Option<String>,
    /// How sensitive its data is.
    pub data_class: Option<String>,
}

impl Register {
    /// What labels or tags say.
    pub fn of(labels: &BTreeMap<String, String>) -> Self {
        let said = |wanted: &[&str]| {
            let of = |name: &&str| {
                let found = labels.iter().find(|(label, text)| label.eq_ignore_ascii_case(name) && !text.is_empty());
                found.map(|(_, text)| text.clone())
            };
            wanted.iter().find_map(of)
        };
        Self { owner: said(crate::OWNER_LABELS), environment: said(ENVIRONMENT_LABELS), data_class: said(CLASS_LABELS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_whatever_their_case_and_an_empty_one_says_nothing() {
        let labels = [("Team", "shop"), ("ENV", "prod"), ("classification", "")];
        let labels = labels.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let register =
            Register { owner: Some("shop".to_owned()), environment: Some("prod".to_owned()), data_class: None };
        assert_eq!(Register::of(&labels), register);
    }
}
