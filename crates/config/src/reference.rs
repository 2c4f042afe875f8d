//! What may be written in `palisade.yaml`, key by key: the source of its page.
//!
//! The readers beside it decide; tests hold each statement here against them: the keys, the defaults, the bounds, the words.

mod told;

use palisade_engine::Policy;
use palisade_message::Route;
use std::collections::BTreeSet;

use crate::ServiceConfig;

/// A part of the configuration.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where it stands, for example `service.keep`.
    pub place: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys, in the order in which they are told.
    pub keys: Vec<Key>,
}

/// A key of the configuration.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds when it is absent.
    pub default: String,
    /// What it means.
    pub means: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A whole number within bounds, both included.
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
        /// What is counted.
        unit: &'static str,
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Something else, in words.
    Other(&'static str),
}

/// Every part, in the order of the file.
pub fn reference() -> Vec<Section> {
    [
        told::targets(),
        told::policy(&Policy::default()),
        told::sinks(),
        told::service(&ServiceConfig::default()),
        vec![told::limits()],
        told::evidence(),
    ]
    .concat()
}

fn key(name: &'static str, takes: Takes, default: impl Into<String>, means: &'static str) -> Key {
    Key { name, takes, default: default.into(), means }
}

fn number(name: &'static str, (least, most): (u32, u32), unit: &'static str, default: u32, means: &'static str) -> Key {
    key(name, Takes::Number { least, most, unit }, default.to_string(), means)
}

fn other(name: &'static str, takes: &'static str, default: &'static str, means: &'static str) -> Key {
    key(name, Takes::Other(takes), default, means)
}

fn flag(name: &'static str, default: Option<bool>, means: &'static str) -> Key {
    key(name, Takes::Flag, default.map_or("nobody has said".to_owned(), |flag| flag.to_string()), means)
}

fn words(set: &BTreeSet<String>) -> String {
    if set.is_empty() { "none".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

const PER_HOUR: u32 = Route::MESSAGES_PER_HOUR;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, discovery, limits, policy, read, retention, service, sinks, target};

    fn keys(place: &str) -> Vec<&'static str> {
        let all = reference();
        let section = all.iter().find(|section| section.place == place).unwrap_or_else(|| panic!("no part `{place}`"));
        section.keys.iter().map(|key| key.name).collect()
    }

    #[test]
    fn the_page_tells_the_keys_that_the_readers_know() {
        let both = |common: &str, own: &str| [keys(common), keys(own)].concat();
        let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        let told = |names: Vec<&'static str>| {
            let all = set(&names);
            assert_eq!(all.len(), names.len(), "told twice: {names:?}");
            all
        };
        assert_eq!(told(both("targets", "targets, aws")), set(target::AWS_KEYS));
        assert_eq!(told(both("targets", "targets, azure")), set(target::AZURE_KEYS));
        assert_eq!(told(both("targets", "targets, gcp")), set(target::GCP_KEYS));
        let discovery = set(discovery::AWS_KEYS);
        assert!(discovery::KEYS.iter().all(|key| discovery.contains(key)));
        assert_eq!(told(keys("targets.discovery")), discovery);
        assert_eq!(told(keys("limits")), set(limits::KEYS));
        assert_eq!(told(keys("evidence")), set(retention::KEYS));
        assert_eq!(told(keys("evidence.holds")), set(retention::HOLD_KEYS));
        assert_eq!(told(keys("policy")), set(policy::KEYS));
        assert_eq!(told(keys("sinks")), set(sinks::KEYS));
        assert_eq!(told(keys("sinks.routes")), set(sinks::ROUTE_KEYS));
        assert_eq!(told(keys("sinks.routes.quiet_hours")), set(sinks::QUIET_KEYS));
        assert_eq!(told(keys("sinks.templates")), set(sinks::TEMPLATE_KEYS));
        assert_eq!(told(keys("service")), set(service::KEYS));
        assert_eq!(told(keys("service.keep")), set(service::KEEP_KEYS));
        assert_eq!(told(keys("service.pings")), set(service::PING_KEYS));
        assert_eq!(told(keys("sinks.channels")), set(sinks::COMMON));
        for medium in palisade_message::Medium::ALL {
            let place = format!("sinks.channels, {}", medium.name());
            assert_eq!(told(keys(&place)), set(sinks::keys(medium)), "{place}");
        }
    }

    /// A configuration in which only this is said.
    fn with(section: &Section, key: &str, value: &str) -> String {
        let target = "targets:\n  - {name: a, provider: aws}\n";
        let channel = "sinks:\n  channels:\n    - {name: c, kind: teams, url: \"env:U\"}\n";
        match section.place {
            "policy" => format!("{target}policy:\n  {key}: {value}\n"),
            "targets.discovery" => {
                format!("targets:\n  - {{name: a, provider: azure, discovery: {{from: lists, {key}: {value}}}}}\n")
            }
            "limits" => format!("{target}limits:\n  {key}: {value}\n"),
            // Answers are not kept longer than their bundles.
            "evidence" if key == "answers_days" => {
                format!("{target}evidence:\n  bundles: [b]\n  bundles_days: 36500\n  {key}: {value}\n")
            }
            "evidence" => format!("{target}evidence:\n  bundles: [b]\n  {key}: {value}\n"),
            "service" => format!("{target}service:\n  {key}: {value}\n"),
            "service.keep" => format!("{target}service:\n  keep:\n    {key}: {value}\n"),
            "service.pings" => {
                format!("{target}service:\n  pings:\n    - {{schedule: s, url: \"env:U\", {key}: {value}}}\n")
            }
            "sinks.routes" => {
                format!("{target}{channel}  routes:\n    - {{name: r, send_to: [c], {key}: {value}}}\n")
            }
            "targets, azure" => format!("targets:\n  - {{name: a, provider: azure, {key}: {value}}}\n"),
            "sinks.channels" => {
                format!("{target}sinks:\n  channels:\n    - {{name: c, kind: teams, url: \"env:U\", {key}: {value}}}\n")
            }
            "sinks.channels, email" => format!(
                "{target}sinks:\n  channels:\n    - {{name: c, kind: email, host: h, from: a@b.example, to: [a@b.example], {key}: {value}}}\n"
            ),
            other => panic!("nothing is known of how `{other}` is written: {key}"),
        }
    }

    fn reads(section: &Section, key: &str, value: &str) -> bool {
        read(&Source { name: "palisade.yaml", text: &with(section, key, value) }, &["CP-01"]).is_ok()
    }

    #[test]
    fn the_bounds_the_words_and_the_flags_of_the_page_are_those_of_the_readers() {
        let mut tried = 0;
        for section in reference() {
            for key in &section.keys {
                let name = format!("{} {}", section.place, key.name);
                match key.takes {
                    Takes::Number { least, most, .. } => {
                        for good in [least, most] {
                            assert!(reads(&section, key.name, &good.to_string()), "{name}: {good}");
                        }
                        for bad in [i64::from(least) - 1, i64::from(most) + 1] {
                            assert!(!reads(&section, key.name, &bad.to_string()), "{name}: {bad}");
                        }
                    }
                    Takes::Flag => {
                        assert!(reads(&section, key.name, "true") && reads(&section, key.name, "false"), "{name}");
                        assert!(!reads(&section, key.name, "maybe"), "{name}");
                    }
                    // The kind of a target or channel, and its place in the week, decide what else is asked for.
                    Takes::Word(_) if ["provider", "kind", "when", "on"].contains(&key.name) => continue,
                    Takes::Word(words) => {
                        assert!(words.iter().all(|word| reads(&section, key.name, word)), "{name}");
                        assert!(!reads(&section, key.name, "frobnicate"), "{name}");
                    }
                    Takes::Other(_) => continue,
                }
                tried += 1;
            }
        }
        assert!(tried > 30, "only {tried} keys were tried");
    }

    #[test]
    fn a_number_that_is_told_as_the_default_is_within_the_bounds() {
        for section in reference() {
            for key in section.keys {
                if let Takes::Number { least, most, .. } = key.takes
                    && let Ok(default) = key.default.parse::<u32>()
                {
                    assert!((least..=most).contains(&default), "{}: {default}", key.name);
                }
                assert!(!key.default.is_empty() && key.means.ends_with('.'), "{}", key.name);
            }
        }
    }
}
