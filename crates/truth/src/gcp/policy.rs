//! placeholder
use crate::{dice::Dice, tally::Tally};
use palisade_model::Cluster;
use serde_json::{Value, json};
#[derive(Clone, Debug)]
pub(crate) struct Authority {}
impl Authority {
    pub(crate) fn random(_dice: &mut Dice, _in_folder: bool) -> Self { Self {} }
    pub(crate) fn described(&self) -> [Value; 3] { [json!({}), json!({}), json!({})] }
}
pub(crate) fn compare(_authority: &Authority, _fleet: &super::Fleet, _cluster: &Cluster, _tally: &mut Tally) {}
