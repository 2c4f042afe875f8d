//! The controls that findings name.

use crate::Report;
use palisade_engine::{Mapping, Meta, Requirement, mappings};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A control, with the requirements it speaks to.
#[derive(Serialize, JsonSchema)]
pub(super) struct ControlJson {
    /// Its id.
    id: &'static str,
    /// Its name: the bad state.
    name: &'static str,
    /// What should be true.
    title: &'static str,
    /// What it takes to mend: `S`, `M`, `L` or `XL`.
    effort: &'static str,
    /// Requirements, each with the version of the framework it stands in.
    maps: Vec<MapJson>,
}

/// One version of a framework.
#[derive(Serialize, JsonSchema)]
struct MapJson {
    /// Its name, for example `CIS-EKS`.
    framework: &'static str,
    /// Its version: the same number means different things in another one.
    version: &'static str,
    /// The requirements; `3.1.1-3.1.4` is a run of them.
    requirements: Vec<&'static str>,
}

pub(super) fn of(report: &Report) -> Vec<ControlJson> {
    let metas: BTreeMap<&str, &'static Meta> =
        report.findings.iter().map(|finding| (finding.control.id, finding.control)).collect();
    metas.into_values().map(control).collect()
}

fn control(meta: &Meta) -> ControlJson {
    let map = |mapping: Mapping| MapJson {
        framework: mapping.framework.name(),
        version: mapping.version,
        requirements: mapping.requirements.iter().copied().map(Requirement::as_str).collect(),
    };
    ControlJson {
        id: meta.id,
        name: meta.name,
        title: meta.title,
        effort: meta.effort.name(),
        maps: mappings(meta).into_iter().map(map).collect(),
    }
}
