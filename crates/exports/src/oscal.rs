//! For auditors and compliance programs: OSCAL 1.2.1, five documents.
//!
//! The models: <https://pages.nist.gov/OSCAL-Reference/models/v1.2.1/> (2026-11). Names of kinds that OSCAL leaves open are
//! those that it proposes; what it has no word for stands in properties of our namespace.

mod catalog;
mod component;
mod plan;
mod profile;
mod results;
mod risks;
mod words;

use crate::{Record, names::Uuid};
use std::io::{self, BufWriter, Write};

/// The documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Catalog,
    Profile,
    Component,
    Results,
    Plan,
}

impl Model {
    pub(crate) const ALL: [Self; 5] = [Self::Catalog, Self::Profile, Self::Component, Self::Results, Self::Plan];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Catalog => "oscal/catalog.json",
            Self::Profile => "oscal/profile.json",
            Self::Component => "oscal/component-definition.json",
            Self::Results => "oscal/assessment-results.json",
            Self::Plan => "oscal/plan-of-action-and-milestones.json",
        }
    }
}

/// Whether there is anything to be done or accepted.
pub(crate) fn has_plan(record: &Record<'_>) -> bool {
    plan::has_items(record)
}

/// Writes a document.
pub(crate) fn write(record: &Record<'_>, model: Model, to: &mut dyn Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    match model {
        Model::Catalog => serde_json::to_writer_pretty(&mut to, &catalog::of(record))?,
        Model::Profile => serde_json::to_writer_pretty(&mut to, &profile::of(record))?,
        Model::Component => serde_json::to_writer_pretty(&mut to, &component::of(record))?,
        // For programs, and long: without blanks they are half of it.
        Model::Results => results::write(record, &mut to)?,
        Model::Plan => plan::write(record, &mut to)?,
    }
    to.write_all(b"\n")?;
    to.flush()
}

/// The name of the catalog: of the controls and of the program that has them.
fn catalog_uuid(record: &Record<'_>) -> Uuid {
    let mut parts = vec![record.report.run.palisade];
    parts.extend(record.controls.iter().flat_map(|control| [control.meta.id, control.meta.title]));
    Uuid::of("catalog", &parts)
}
