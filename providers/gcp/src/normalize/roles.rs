//! What roles hold, as far as some table asks.

use super::tables::{INTERESTING, NODE_NEED};
use crate::{
    calls::ROLES_GET,
    record::{
        names::role_home,
        word::{ROLE_STAGE, Word},
    },
};
use palisade_authority::{Case, Glob, Selector};
use palisade_model::{Digest, Evidence, Gap, Observed};
use palisade_provider::{FailureReason, Outcome, Snapshot};
use serde::{Deserialize, Deserializer, de};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// What a role holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Role {
    /// The permissions some table asks about, in order.
    pub(crate) permissions: Vec<&'static str>,
    /// How many it has in all.
    pub(crate) total: usize,
    /// How many of all a node does not need.
    pub(crate) beyond_nodes: usize,
    /// The same permissions as a set of names.
    pub(crate) actions: Option<Selector>,
}

impl Role {
    /// Whether it holds one of these.
    pub(crate) fn has_any(&self, permissions: &[&str]) -> bool {
        permissions.iter().any(|permission| self.has(permission))
    }

    /// Whether it holds this one.
    pub(crate) fn has(&self, permission: &str) -> bool {
        self.permissions.binary_search(&permission).is_ok()
    }
}

/// The roles of a snapshot.
#[derive(Debug)]
pub(crate) struct RoleBook<'a> {
    snapshot: &'a Snapshot,
    roles: RefCell<HashMap<String, Result<Arc<Role>, Gap>>>,
    evidence: RefCell<BTreeSet<Evidence>>,
}

impl<'a> RoleBook<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, roles: RefCell::default(), evidence: RefCell::default() }
    }

    /// What a role holds. A role that does not exist any more holds nothing, though bindings may still name it.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Role>, Gap> {
        if let Some(role) = self.roles.borrow().get(name) {
            return role.clone();
        }
        let role = self.read(name);
        self.roles.borrow_mut().insert(name.to_owned(), role.clone());
        role
    }

    /// How many records of roles were looked at so far.
    pub(crate) fn looked_at(&self) -> usize {
        self.evidence.borrow().len()
    }

    /// The records of all roles looked at so far.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        self.evidence.borrow().iter().cloned().collect()
    }

    /// Every permission a role holds, whether some table asks about it or not.
    pub(crate) fn whole(&self, name: &str) -> Result<Vec<String>, Gap> {
        let scope = role_home(name);
        // A role that vanished or is switched off holds nothing.
        if self.get(name)?.total == 0 {
            return Ok(Vec::new());
        }
        let record: Observed<Whole> = self.snapshot.one(&ROLES_GET, scope, &[("role", name)]);
        record.get().map(|record| record.permissions.clone())
    }

    fn read(&self, name: &str) -> Result<Arc<Role>, Gap> {
        let scope = role_home(name);
        let Some(record) = self.snapshot.find(&ROLES_GET, scope, &[("role", name)]).into_iter().next() else {
            return Err(Gap::NotCollected { what: format!("`{}` was not asked for `{name}`", ROLES_GET.name) });
        };
        self.evidence.borrow_mut().extend(record.evidence(""));
        match &record.outcome {
            Outcome::Failed(failure) if failure.reason == FailureReason::NotFound => Ok(Arc::default()),
            Outcome::Failed(failure) => Err(failure.gap(&ROLES_GET, scope)),
            Outcome::Answered(body) => decoded(body.digest(), body.bytes()).map_err(|why| Gap::Malformed {
                call: ROLES_GET.name.to_owned(),
                scope: scope.to_owned(),
                pointer: String::new(),
                why,
            }),
        }
    }
}

/// Most roles that are remembered between snapshots; an organisation has some hundreds.
const MOST_REMEMBERED: usize = 4096;

/// Roles by the digest of their record. Editor alone has twelve thousand permissions and stands in every project's
/// snapshot, so reading it once is worth the memory; the same digest is the same role.
static REMEMBERED: LazyLock<Mutex<HashMap<Digest, Arc<Role>>>> = LazyLock::new(Mutex::default);

fn decoded(digest: Digest, bytes: &[u8]) -> Result<Arc<Role>, String> {
    let lock = || REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(role) = lock().get(&digest) {
        return Ok(Arc::clone(role));
    }
    let record: Record = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let disabled = record.stage.as_ref().is_some_and(|stage| stage.is(ROLE_STAGE, "DISABLED"));
    let role = if record.deleted == Some(true) || disabled {
        Role::default()
    } else {
        record.permissions.unwrap_or_default().into_role()
    };
    let role = Arc::new(role);
    let mut remembered = lock();
    if remembered.len() < MOST_REMEMBERED {
        remembered.insert(digest, Arc::clone(&role));
    }
    Ok(role)
}

#[derive(Clone, Debug, Deserialize)]
struct Whole {
    #[serde(default, rename = "includedPermissions", deserialize_with = "crate::record::lenient::list")]
    permissions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default, rename = "includedPermissions")]
    permissions: Option<Picked>,
    #[serde(default, deserialize_with = "crate::record::lenient::flag")]
    deleted: Option<bool>,
    stage: Option<Word>,
}

/// The permissions some table asks about, picked while reading.
#[derive(Default)]
struct Picked {
    names: Vec<&'static str>,
    total: usize,
}

impl Picked {
    fn into_role(mut self) -> Role {
        self.names.sort_unstable();
        self.names.dedup();
        let needed = self.names.iter().filter(|name| NODE_NEED.contains(name)).count();
        let globs = self.names.iter().map(|name| Glob::exactly(Case::Sensitive, name));
        Role {
            actions: (!self.names.is_empty()).then(|| Selector::of(globs)),
            total: self.total,
            beyond_nodes: self.total.saturating_sub(needed),
            permissions: self.names,
        }
    }
}

impl<'de> Deserialize<'de> for Picked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> de::Visitor<'de> for List {
            type Value = Picked;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of permissions")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Picked, A::Error> {
                let mut picked = Picked::default();
                while let Some(Name(name)) = list.next_element()? {
                    picked.total += 1;
                    picked.names.extend(name);
                }
                Ok(picked)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A permission, if some table asks about it.
struct Name(Option<&'static str>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a permission")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name(INTERESTING.get(text).copied()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
