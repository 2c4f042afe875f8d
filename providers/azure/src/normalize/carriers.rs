//! What carries identities: whoever controls it becomes them.

use super::{
    capabilities::{BY_RUNBOOK, ON_A_MACHINE, ON_A_SCALE_SET},
    table::{Table, table},
};
use crate::{
    arm,
    record::{Carrier, Identity, ScaleSet},
};
use palisade_authority::MethodRow;
use palisade_model::{Evidence, Gap};
use std::collections::HashMap;

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ScaleSet,
    Machine,
    Automation,
}

/// Something that carries an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// Its resource id.
    pub(super) id: String,
    kind: Kind,
}

impl Carried {
    /// How whoever controls it becomes the identity.
    pub(super) fn method(&self) -> &'static MethodRow {
        match self.kind {
            Kind::ScaleSet => &ON_A_SCALE_SET,
            Kind::Machine => &ON_A_MACHINE,
            Kind::Automation => &BY_RUNBOOK,
        }
    }

    /// As people know it.
    pub(super) fn said(&self) -> String {
        let what = match self.kind {
            Kind::ScaleSet => "scale set",
            Kind::Machine => "virtual machine",
            Kind::Automation => "Automation account",
        };
        format!("{what} `{}`", arm::name(&self.id))
    }
}

/// Everything that carries an identity.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    /// By the identity's resource id; an identity that a thing has of its own, by the thing's.
    by_identity: HashMap<String, Vec<Carried>>,
    /// The identities that things have of their own: object id in lower case, and the thing's resource id.
    own: Vec<(String, String)>,
    pages: Vec<Evidence>,
}

impl Carriers {
    /// Reads the three lists; the gap when one is not whole.
    pub(super) fn read(
        scale_sets: &Result<Table<'_, ScaleSet>, Gap>,
        machines: &Result<Table<'_, Carrier>, Gap>,
        automation: &Result<Table<'_, Carrier>, Gap>,
    ) -> Result<Self, Gap> {
        let mut found = Self::default();
        let scale_sets = table(scale_sets)?;
        found.pages.extend_from_slice(scale_sets.pages());
        for row in scale_sets.rows() {
            found.add(&row.id, Kind::ScaleSet, &row.get()?.identity);
        }
        for (list, kind) in [(machines, Kind::Machine), (automation, Kind::Automation)] {
            let list = table(list)?;
            found.pages.extend_from_slice(list.pages());
            for row in list.rows() {
                found.add(&row.id, kind, &row.get()?.identity);
            }
        }
        Ok(found)
    }

    fn add(&mut self, id: &str, kind: Kind, identity: &Identity) {
        let carried = Carried { id: id.to_owned(), kind };
        for name in identity.user_assigned_identities.iter().flat_map(|all| all.keys()) {
            self.by_identity.entry(arm::key(name)).or_default().push(carried.clone());
        }
        if let Some(principal) = &identity.principal_id {
            self.own.push((principal.to_ascii_lowercase(), id.to_owned()));
            self.by_identity.entry(arm::key(id)).or_default().push(carried);
        }
    }

    /// What carries an identity, by the identity's resource id or, of an identity of its own, the thing's.
    pub(super) fn of(&self, identity: &str) -> &[Carried] {
        self.by_identity.get(&arm::key(identity)).map_or(&[], Vec::as_slice)
    }

    /// The identities that things have of their own.
    pub(super) fn own(&self) -> &[(String, String)] {
        &self.own
    }

    /// The lists, for facts that rest on all of them.
    pub(super) fn pages(&self) -> &[Evidence] {
        &self.pages
    }
}
