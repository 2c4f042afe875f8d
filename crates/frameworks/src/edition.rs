//! One version of a framework, or an organisation's own.

use crate::{Question, UNREAD, UnreadControl};
use palisade_engine::{Entry, Framework, Mapping, Meta, mappings};
use palisade_model::Provider;
use std::collections::BTreeMap;

/// One version of a framework, or an organisation's own.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Its name in files and on the command line: `cis-eks-2.0.0`.
    pub key: String,
    /// Its title, as its publisher says it.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The clusters that it is about.
    pub providers: Vec<Provider>,
    /// Whether an organisation has written it for itself: then it has no more requirements than these.
    pub is_own: bool,
    /// The requirements that we know of, in their own order.
    pub requirements: Vec<Requirement>,
}

/// A requirement of a framework, and what speaks to it.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its number.
    pub id: String,
    /// What it asks for, in the words of whoever wrote the file. `None` for what others publish: their text is theirs.
    pub title: Option<String>,
    /// The controls that speak to it, in the order of the catalogue.
    pub controls: Vec<&'static Meta>,
    /// What is asked of people besides.
    pub questions: Vec<Question>,
    /// What else the catalogue has that speaks to it and that this version does not check.
    pub unread: Vec<&'static UnreadControl>,
}

impl Requirement {
    /// Whether anything of it is checked or asked.
    pub fn is_checked(&self) -> bool {
        !self.controls.is_empty() || !self.questions.is_empty()
    }
}

impl Edition {
    /// The requirements of which something is checked or asked.
    pub fn checked(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|one| one.is_checked())
    }

    /// The requirements that the catalogue knows by number and of which this version checks nothing.
    pub fn unchecked(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|one| !one.is_checked())
    }

    /// Title and version.
    pub fn told(&self) -> String {
        let between = if self.version.starts_with(|letter: char| letter.is_ascii_digit()) { "version " } else { "" };
        format!("{}, {between}{}", self.title, self.version)
    }

    /// What it covers and what it does not, in a sentence or two.
    pub fn covers(&self) -> String {
        let (checked, unchecked) = (self.checked().count(), self.unchecked().count());
        if self.is_own {
            return format!("It covers {}: all that the file has.", count(checked, "requirement"));
        }
        let further = match unchecked {
            0 => String::new(),
            1 => " One more is known by number and not checked by this version.".to_owned(),
            more => format!(" {more} more are known by number and not checked by this version."),
        };
        format!(
            "It covers {} that we map.{further} The publisher's text may have more, and it alone says what each asks for.",
            count(checked, "requirement")
        )
    }
}

/// A number and a noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The clouds whose clusters a framework is about.
pub fn providers(framework: Framework) -> &'static [Provider] {
    match framework {
        Framework::CisEks | Framework::AwsFsbp => &[Provider::Aws],
        Framework::CisAks => &[Provider::Azure],
        Framework::CisGke => &[Provider::Gcp],
        Framework::CisKubernetes
        | Framework::NsaCisa
        | Framework::Nist80053
        | Framework::Nist800190
        | Framework::PciDss
        | Framework::Soc2
        | Framework::Iso27001 => &[Provider::Aws, Provider::Azure, Provider::Gcp],
    }
}

/// Every edition of every framework that the controls are mapped to, newest first.
pub fn editions(controls: &[Entry]) -> Vec<Edition> {
    let mut found = Vec::new();
    for framework in Framework::ALL {
        for version in framework.versions() {
            let is_it = |mapping: &Mapping| mapping.framework == framework && mapping.version == *version;
            let mut wanted: BTreeMap<Vec<Part>, Requirement> = BTreeMap::new();
            for control in controls {
                for id in mappings(control.meta).into_iter().filter(is_it).flat_map(|mapping| numbers(&mapping)) {
                    let one = requirement(&mut wanted, id);
                    if one.controls.iter().all(|known| known.id != control.meta.id) {
                        one.controls.push(control.meta);
                    }
                }
            }
            for control in UNREAD {
                for id in control.mappings().into_iter().filter(is_it).flat_map(|mapping| numbers(&mapping)) {
                    let one = requirement(&mut wanted, id);
                    if one.unread.iter().all(|known| known.id != control.id) {
                        one.unread.push(control);
                    }
                }
            }
            let mapping = Mapping { framework, version, requirements: Vec::new() };
            found.push(Edition {
                key: mapping.key().to_ascii_lowercase(),
                title: framework.title().to_owned(),
                version: (*version).to_owned(),
                providers: providers(framework).to_vec(),
                is_own: false,
                requirements: wanted.into_values().collect(),
            });
        }
    }
    found
}

fn requirement(wanted: &mut BTreeMap<Vec<Part>, Requirement>, id: String) -> &mut Requirement {
    wanted.entry(parts(&id)).or_insert_with(|| Requirement {
        id,
        title: None,
        controls: Vec::new(),
        questions: Vec::new(),
        unread: Vec::new(),
    })
}

/// Every requirement of a row, one by one: `3.1.1-3.1.3` is three.
fn numbers(mapping: &Mapping) -> Vec<String> {
    mapping.requirements.iter().flat_map(|one| between(one.ends())).collect()
}

fn between((first, last): (&str, &str)) -> Vec<String> {
    let split = |text: &str| -> Option<(String, u32)> {
        let (before, number) = text.rsplit_once('.')?;
        Some((before.to_owned(), number.parse().ok()?))
    };
    match (split(first), split(last)) {
        (Some((before, from)), Some((same, to))) if first != last && before == same && from < to => {
            (from..=to).map(|number| format!("{before}.{number}")).collect()
        }
        _ if first == last => vec![first.to_owned()],
        // Not a run that can be counted: its two ends are all that is known of it.
        _ => vec![first.to_owned(), last.to_owned()],
    }
}

/// A part of a number: 8.9 comes before 8.10.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

fn parts(id: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = id;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|letter: char| letter.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (part, more) = rest.split_at(end);
        found.push(part.parse().map_or_else(|_| Part::Text(part.to_owned()), Part::Number));
        rest = more;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_requirements_is_each_of_them_and_ten_comes_after_nine() {
        assert_eq!(between(("3.1.1", "3.1.4")), ["3.1.1", "3.1.2", "3.1.3", "3.1.4"]);
        assert_eq!(between(("5.4.1", "5.4.1")), ["5.4.1"]);
        assert_eq!(between(("SC-7", "SC-7")), ["SC-7"]);
        assert_eq!(between(("3.1.1", "3.2.4")), ["3.1.1", "3.2.4"]);
        let mut ids = ["A.8.10", "A.8.9", "AC-17(3)", "AC-4", "AC-17"].map(parts);
        ids.sort();
        assert_eq!(ids, ["A.8.9", "A.8.10", "AC-4", "AC-17", "AC-17(3)"].map(parts));
    }
}
