//! The region's switch that keeps the internet out of every network.

use super::{Evaluator, Key};
use crate::record::network::Exclusion;
use palisade_model::{Gap, Mitigation};
use palisade_reach::{Bounds, PacketSet};
use std::collections::BTreeSet;

impl Evaluator<'_> {
    /// VPC Block Public Access: closes what the rules leave open, unless the network or subnet is excluded.
    pub(super) fn block(
        &self,
        key: &Key,
        reached: &mut Bounds<PacketSet>,
        ordinary: &mut Bounds<PacketSet>,
        limits: &mut BTreeSet<String>,
    ) -> Result<Option<Mitigation>, Gap> {
        let mode = self.region.block_mode.get()?.as_deref();
        let blocks = match mode {
            None | Some("off") => return Ok(None),
            Some("block-bidirectional" | "block-ingress") => true,
            Some(other) => {
                limits.insert(format!("VPC Block Public Access is in the unknown mode `{other}`"));
                false
            }
        };
        let exclusions = self.region.block_exclusions.get()?;
        let of = |id: &str| {
            exclusions
                .iter()
                .filter(|one| is_in_force(one))
                .find(|one| one.resource_arn.as_deref().is_some_and(|arn| arn.ends_with(&format!("/{id}"))))
        };
        let lets_in = |one: &Exclusion| one.internet_gateway_exclusion_mode.as_deref() == Some("allow-bidirectional");
        let excluded = match (of(&key.subnet).map(lets_in), of(&key.vpc).map(lets_in)) {
            (Some(subnet), Some(vpc)) if subnet != vpc => {
                limits.insert(
                    "exclusions of the network and of the subnet disagree, and which wins is not documented".to_owned(),
                );
                None
            }
            (Some(open), _) | (None, Some(open)) => Some(open),
            (None, None) => Some(false),
        };
        match (blocks, excluded) {
            (_, Some(true)) => Ok(None),
            (true, Some(false)) => {
                let without = std::mem::replace(reached, Bounds::exact(PacketSet::empty()));
                *ordinary = Bounds::exact(PacketSet::empty());
                let by = format!("VPC Block Public Access in mode `{}`", mode.unwrap_or_default());
                Ok((!without.upper().is_empty()).then_some(Mitigation { by, without }))
            }
            (false, Some(false)) | (_, None) => {
                *reached = Bounds::unknown_within(reached.upper().clone());
                *ordinary = Bounds::unknown_within(ordinary.upper().clone());
                Ok(None)
            }
        }
    }
}

/// An exclusion counts from when it is made until it is gone, so that nothing is called closed too early.
fn is_in_force(exclusion: &Exclusion) -> bool {
    matches!(
        exclusion.state.as_deref(),
        Some("create-complete" | "update-complete" | "update-in-progress" | "delete-in-progress") | None
    )
}
