//! What a message says of a control: taken from its page.

use palisade_engine::{Entry, mappings, section};
use std::collections::{BTreeMap, BTreeSet};

/// What a message says of a control.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The bad state in a few words: the heading of its page.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// The frameworks that ask for it.
    pub frameworks: BTreeSet<String>,
}

/// What messages say of the controls, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guides(BTreeMap<String, About>);

impl Guides {
    /// Taken from the pages of these controls.
    pub fn of(controls: &[Entry]) -> Self {
        let about = |entry: &Entry| About {
            title: title(entry.guide).to_owned(),
            why: section(entry.guide, "## Why it matters").unwrap_or_default().to_owned(),
            frameworks: mappings(entry.meta).into_iter().map(|row| row.framework.to_owned()).collect(),
        };
        controls.iter().map(|entry| (entry.meta.id.to_owned(), about(entry))).collect()
    }

    /// What is said of a control, if it is known.
    pub fn get(&self, control: &str) -> Option<&About> {
        self.0.get(control)
    }

    /// Whether a control is asked for by a framework.
    pub(crate) fn asks(&self, framework: &str, control: &str) -> bool {
        self.get(control).is_some_and(|about| about.frameworks.contains(framework))
    }
}

impl FromIterator<(String, About)> for Guides {
    fn from_iter<T: IntoIterator<Item = (String, About)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

fn title(guide: &str) -> &str {
    guide.lines().find_map(|line| line.trim().strip_prefix("# ")).unwrap_or_default()
}
