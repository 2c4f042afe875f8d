//! How the parts of a target that hold clusters are found.

use crate::{
    Diagnostic, Diagnostics,
    reader::{Map, choose},
};

/// How the parts of a target that hold clusters are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Discovery {
    /// By asking each part for its list of clusters.
    #[default]
    Lists,
    /// By asking the inventory that the cloud keeps: an aggregator of AWS Config, Azure Resource Graph, Cloud Asset Inventory.
    Inventory {
        /// The name of the aggregator (AWS).
        aggregator: Option<String>,
        /// The region of the aggregator (AWS). Absent: that of calls that belong to no region.
        region: Option<String>,
        /// Whether every part is asked all the same, so that what the inventory did not tell of is read and named.
        cross_check: bool,
    },
}

pub(crate) const KEYS: &[&str] = &["from", "cross_check"];
pub(crate) const AWS_KEYS: &[&str] = &["from", "aggregator", "region", "cross_check"];

/// Reads `discovery`. `inventory` is what this cloud calls its own.
pub(crate) fn read(map: &Map<'_>, inventory: &'static str, diagnostics: &mut Diagnostics) -> Discovery {
    let keys = match inventory {
        "config-aggregator" => AWS_KEYS,
        _ => KEYS,
    };
    let Some(map) = map.get("discovery").and_then(|entry| Map::of(entry.value, "`discovery`", keys, diagnostics))
    else {
        return Discovery::Lists;
    };
    let from = map.text("from", diagnostics);
    if map.get("from").is_none() {
        let label = format!("add `from: {inventory}`, or `from: lists`");
        diagnostics.push(Diagnostic::at(map.span.clone(), "`discovery` has no `from`").label(label));
    }
    let aggregator = map.text("aggregator", diagnostics).map(|(name, _)| name);
    let region = map.text("region", diagnostics).map(|(region, _)| region);
    let cross_check = map.flag("cross_check", diagnostics).unwrap_or_default();
    let from =
        from.and_then(|(text, span)| choose((&text, span), "way of discovery", &["lists", inventory], diagnostics));
    match from {
        None | Some("lists") => Discovery::Lists,
        Some(_) => {
            if inventory == "config-aggregator" && map.get("aggregator").is_none() {
                diagnostics.push(
                    Diagnostic::at(map.span.clone(), "which aggregator is asked is not said")
                        .label("add `aggregator: NAME`"),
                );
            }
            Discovery::Inventory { aggregator, region, cross_check }
        }
    }
}
