//! IAM: placeholder.
use crate::{dice::Dice, tally::Tally};
use palisade_model::Cluster;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub(crate) struct Role {}
impl Role {
    pub(crate) fn random(_dice: &mut Dice) -> Self {
        Self {}
    }
    pub(crate) fn managed(&self, _place: usize) -> Vec<Value> {
        Vec::new()
    }
    pub(crate) fn described(&self, place: usize) -> Value {
        json!({"name": format!("role-{place}"), "trust": "ec2", "policies": []})
    }
}
pub(crate) fn compare(_roles: &[Role], _cluster: &Cluster, _tally: &mut Tally) {}
