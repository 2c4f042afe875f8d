//! The controls, one file each, and their map to benchmarks.
//!
//! A control's doc comment is its published page, its `palisade explain` text and the remediation of its findings.
//! Its id, severity, effort and benchmark rows are those of the catalogue (`tests/catalogue.csv`); a test compares.
//! Controls read facts and judge; anything hard is computed before, in the model and the normalizers.
#![warn(clippy::disallowed_methods)]

pub mod architecture;
pub mod asked;
pub mod backup;
pub mod control_plane;
pub mod delivery;
mod environment;
pub mod etcd;
mod flaws;
pub mod governance;
pub mod identity;
pub mod image;
pub mod network;
pub mod node;
pub mod observability;
mod quoted;
mod retirements;
pub mod scalability;
mod time;
pub mod workload;

use palisade_engine::Entry;

/// Every control, in the order of the catalogue.
pub fn controls() -> Vec<Entry> {
    let mut all = [
        control_plane::CONTROLS,
        node::CONTROLS,
        identity::CONTROLS,
        etcd::CONTROLS,
        image::CONTROLS,
        network::CONTROLS,
        workload::CONTROLS,
        backup::CONTROLS,
        observability::CONTROLS,
        scalability::CONTROLS,
        architecture::CONTROLS,
        delivery::CONTROLS,
        governance::CONTROLS,
        asked::CONTROLS,
    ]
    .concat();
    all.sort_by_key(|control| place(control.meta.id));
    all
}

/// The areas of the catalogue, in its order.
const AREAS: [&str; 15] = ["CP", "ND", "ID", "ET", "NW", "RB", "WL", "IM", "BK", "DR", "OB", "SC", "AR", "CD", "GV"];

/// Where a control stands in the catalogue.
fn place(id: &'static str) -> (usize, &'static str) {
    let area = id.split_once('-').map_or(id, |(area, _)| area);
    (AREAS.iter().position(|known| *known == area).unwrap_or(AREAS.len()), id)
}
