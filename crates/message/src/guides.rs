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
            frameworks: mappings(entry.meta).into_iter().map(|row| row.key()).collect(),
        };
        controls.iter().map(|entry| (entry.meta.id.to_owned(), about(entry))).collect()
    }

    /// What is said of a control, if it is known.
    pub fn get(&self, control: &str) -> Option<&About> {
        self.0.get(control)
    }

    /// The frameworks that ask for any control, with their versions.
    pub fn frameworks(&self) -> BTreeSet<&str> {
        self.0.values().flat_map(|about| &about.frameworks).map(String::as_str).collect()
    }

    /// Whether a name means any framework that asks for a control: `CIS-EKS-2.0.0`, or `CIS-EKS` in any version.
    pub fn knows(&self, framework: &str) -> bool {
        self.0.keys().any(|control| self.asks(framework, control))
    }

    /// Whether a control is asked for by a framework: `CIS-EKS-2.0.0`, or `CIS-EKS` in any version.
    pub(crate) fn asks(&self, framework: &str, control: &str) -> bool {
        let is_it = |known: &String| {
            known.strip_prefix(framework).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', 'r']))
        };
        self.get(control).is_some_and(|about| about.frameworks.iter().any(is_it))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framework_is_meant_in_one_version_or_in_every_one() {
        let frameworks: BTreeSet<String> = ["CIS-EKS-2.0.0".to_owned(), "SOC2-TSC".to_owned()].into();
        let about = About { frameworks, ..About::default() };
        let guides: Guides = [("CP-01".to_owned(), about)].into_iter().collect();
        for (framework, asked) in [
            ("CIS-EKS-2.0.0", true),
            ("CIS-EKS", true),
            ("CIS", true),
            ("SOC2-TSC", true),
            ("CIS-AKS", false),
            ("CIS-EKS-2", false),
        ] {
            assert_eq!(guides.asks(framework, "CP-01"), asked, "{framework}");
        }
        assert!(!guides.asks("CIS", "CP-02"));
        assert!(guides.knows("SOC2") && guides.knows("CIS-EKS") && !guides.knows("CIS-EKS-1.8.0"));
        assert_eq!(guides.frameworks(), ["CIS-EKS-2.0.0", "SOC2-TSC"].into());
    }
}
