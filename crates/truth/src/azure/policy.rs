//! placeholder
use crate::{dice::Dice, tally::Tally};
use palisade_model::Cluster;
use serde_json::{Value, json};
#[derive(Clone, Debug)]
pub(crate) struct Authority {}
impl Authority {
    pub(crate) fn random(_dice: &mut Dice) -> Self {
        Self {}
    }
    pub(crate) fn described(&self) -> Value {
        json!({})
    }
}
pub(crate) fn compare(_authority: &Authority, _cluster: &Cluster, _tally: &mut Tally) {}
