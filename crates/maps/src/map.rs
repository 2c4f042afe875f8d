//! A map as data.

use serde::Serialize;

/// Which of the four maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Who reaches what from the internet, and what that leads to.
    Exposure,
    /// Who becomes which identity, and what that may do.
    Authority,
    /// How clusters are built.
    Architecture,
    /// How the data in etcd is kept.
    Protection,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Exposure, Self::Authority, Self::Architecture, Self::Protection];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exposure => "exposure",
            Self::Authority => "authority",
            Self::Architecture => "architecture",
            Self::Protection => "protection",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Exposure => "Exposure: who reaches what, and what it leads to",
            Self::Authority => "Authority: who becomes what, and what that may do",
            Self::Architecture => "Architecture: what stands where",
            Self::Protection => "Data protection: how the content of etcd is kept",
        }
    }

    /// The lane that all others are ordered by.
    pub(crate) fn pivot(self) -> usize {
        match self {
            Self::Exposure => 2,
            Self::Authority | Self::Architecture => 1,
            Self::Protection => 0,
        }
    }

    /// The heading of each lane, from left to right.
    pub fn lanes(self) -> &'static [&'static str] {
        match self {
            Self::Exposure => &["From", "Way in", "Cluster", "Runs as", "Which may"],
            Self::Authority => &["Who becomes it", "Identity", "Which may do, or become"],
            Self::Architecture => &["Account", "Cluster", "Machines", "Way out"],
            Self::Protection => &["Cluster", "etcd", "Encryption", "Key", "Who else may use or change it"],
        }
    }
}

/// What to think of something. When several are one, the last of these is said of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// Nothing: it is just there.
    Plain,
    /// It is as it should be.
    Good,
    /// The plan changes it.
    Changed,
    /// It was not read, or is not settled.
    Unknown,
    /// It is bad.
    Bad,
}

impl Tone {
    /// Every one, in the order of a legend.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Good, Self::Changed, Self::Unknown, Self::Bad];

    /// As data and styles have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::Bad => "bad",
        }
    }

    /// In a legend.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Plain => "is there",
            Self::Good => "as it should be",
            Self::Changed => "changed by the plan",
            Self::Unknown => "not read or not settled",
            Self::Bad => "bad",
        }
    }
}

/// A thing on a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name in this map.
    pub id: String,
    /// In which lane it stands, from 0.
    pub lane: usize,
    /// What several of its kind are called: `pools`, `identities`. What has none stands for itself, however large the
    /// fleet.
    pub plural: Option<&'static str>,
    /// What it belongs to, when many are drawn as one: the provider.
    pub group: &'static str,
    /// What a reader calls it.
    pub label: String,
    /// What else there is to say.
    pub detail: Vec<String>,
    /// What to think of it.
    pub tone: Tone,
    /// How many things it stands for.
    pub count: usize,
}

/// From one thing to another, in the next lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// From which node.
    pub from: String,
    /// To which.
    pub to: String,
    /// What goes there.
    pub label: String,
    /// What to think of it.
    pub tone: Tone,
}

/// A map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Map {
    /// Which.
    pub kind: Kind,
    /// Whether a plan is thought to be carried out.
    pub after_the_plan: bool,
    /// The clusters on it.
    pub clusters: usize,
    /// Its nodes, by lane and name.
    pub nodes: Vec<Node>,
    /// Its edges.
    pub edges: Vec<Edge>,
}
