//! Lists of resources, looked up by id.

use super::malformed;
use crate::{
    arm,
    record::{
        AdminRule, BackupInstance, BackupVault, Carrier, ContainerRegistry, DenyAssignment, DiagnosticSetting, Feature,
        FederatedCredential, FlowLog, Interface, List, LoadBalancer, Lock, Maintenance, Member, Network,
        PolicyAssignment, PolicyExemption, Pricing, PrivateEndpointConnection, PublicAddress, RecoveryPoint,
        RoleAssignment, RoleDefinition, RouteTable, ScaleSet, SecurityGroup, Subscription, TrustedAccessBinding,
        UserAssignedIdentity, Vault, Watcher,
    },
};
use palisade_model::{Evidence, Gap};
use palisade_provider::{Call, Record, Snapshot};
use serde::de::DeserializeOwned;
use std::{collections::HashMap, sync::Arc};

/// One resource of a list and where it stands.
#[derive(Debug)]
pub(super) struct Row<'s, T> {
    /// Its id as it was written.
    pub(super) id: String,
    /// It, or why it could not be read.
    pub(super) item: Result<T, Gap>,
    /// The page.
    pub(super) record: &'s Record,
    /// The place on the page.
    pub(super) at: usize,
}

impl<T> Row<'_, T> {
    /// It, or the gap it leaves.
    pub(super) fn get(&self) -> Result<&T, Gap> {
        self.item.as_ref().map_err(Clone::clone)
    }

    /// The evidence for something read of it.
    pub(super) fn evidence(&self, below: &str) -> Option<Evidence> {
        let digest = match &self.record.outcome {
            palisade_provider::Outcome::Answered(body) => body.digest(),
            palisade_provider::Outcome::Failed(_) => return None,
        };
        let pointer = format!("/value/{}{below}", self.at);
        Some(Evidence { digest, call: Arc::clone(&self.record.call), pointer: Arc::from(pointer) })
    }
}

/// Something with an id of its own.
pub(super) trait Identified {
    /// The id, when it was there.
    fn id(&self) -> Option<&str>;
}

macro_rules! identified {
    ($($name:ident),*) => {
        $(impl Identified for $name {
            fn id(&self) -> Option<&str> {
                self.id.as_deref()
            }
        })*
    };
}

identified!(
    AdminRule,
    BackupInstance,
    BackupVault,
    Carrier,
    ContainerRegistry,
    DenyAssignment,
    FlowLog,
    Interface,
    LoadBalancer,
    Lock,
    Member,
    Network,
    PolicyAssignment,
    PolicyExemption,
    PublicAddress,
    RoleAssignment,
    RoleDefinition,
    RouteTable,
    ScaleSet,
    SecurityGroup,
    UserAssignedIdentity,
    Vault,
    Watcher
);

macro_rules! nameless {
    ($($name:ident),*) => {
        $(impl Identified for $name {
            fn id(&self) -> Option<&str> {
                None
            }
        })*
    };
}

nameless!(
    DiagnosticSetting,
    Feature,
    FederatedCredential,
    Maintenance,
    Pricing,
    PrivateEndpointConnection,
    RecoveryPoint,
    Subscription,
    TrustedAccessBinding
);

/// A whole list.
#[derive(Debug)]
pub(super) struct Table<'s, T> {
    rows: Vec<Row<'s, T>>,
    places: HashMap<String, usize>,
    pages: Vec<Evidence>,
}

impl<'s, T: DeserializeOwned + Identified> Table<'s, T> {
    /// Reads a list; the gap when it is not whole.
    pub(super) fn read(snapshot: &'s Snapshot, call: &Call, scope: &str, params: &[(&str, &str)]) -> Result<Self, Gap> {
        let mut table = Self { rows: Vec::new(), places: HashMap::new(), pages: Vec::new() };
        for page in snapshot.pages::<List<T>>(call, scope, params)? {
            table.pages.extend(page.record.evidence(""));
            for (at, listed) in page.value.items().enumerate() {
                let item = listed.item.map_err(|why| malformed(call, scope, &format!("/value/{at}"), &why));
                let id = item.as_ref().ok().and_then(|item: &T| item.id().map(str::to_owned)).or(listed.id);
                let id = id.unwrap_or_default();
                if !id.is_empty() {
                    table.places.insert(arm::key(&id), table.rows.len());
                }
                table.rows.push(Row { id, item, record: page.record, at });
            }
        }
        Ok(table)
    }
}

impl<'s, T> Table<'s, T> {
    /// The resource with this id.
    pub(super) fn find(&self, id: &str) -> Option<&Row<'s, T>> {
        self.places.get(&arm::key(id)).and_then(|place| self.rows.get(*place))
    }

    /// All of them, in the order of the answer.
    pub(super) fn rows(&self) -> &[Row<'s, T>] {
        &self.rows
    }

    /// All of them; the gap when one could not be read.
    pub(super) fn all(&self) -> Result<Vec<&T>, Gap> {
        self.rows.iter().map(Row::get).collect()
    }

    /// Every page, for facts that rest on the whole list.
    pub(super) fn pages(&self) -> &[Evidence] {
        &self.pages
    }
}

/// The table, or why there is none.
pub(super) fn table<'t, 's, T>(read: &'t Result<Table<'s, T>, Gap>) -> Result<&'t Table<'s, T>, Gap> {
    read.as_ref().map_err(Clone::clone)
}
