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
        let (mode, exclusions) = match (self.region.block_mode.get(), self.region.block_exclusions.get()) {
            (Ok(mode), Ok(exclusions)) => (mode.as_deref(), exclusions),
            (Ok(mode), Err(_)) if matches!(mode.as_deref(), None | Some("off")) => return Ok(None),
            (Ok(_), Err(gap)) => return Err(gap.clone()),
            // It can only close what is open, so what is closed without it stays closed.
            (Err(gap), _) => {
                if !reached.upper().is_empty() {
                    limits.insert(format!("VPC Block Public Access may close this and was not read: {gap}"));
                }
                *reached = Bounds::unknown_within(reached.upper().clone());
                *ordinary = Bounds::unknown_within(ordinary.upper().clone());
                return Ok(None);
            }
        };
        let blocks = match mode {
            None | Some("off") => return Ok(None),
            Some("block-bidirectional" | "block-ingress") => true,
            Some(other) => {
                limits.insert(format!("VPC Block Public Access is in the unknown mode `{other}`"));
                false
            }
        };
        let of = |id: &str| excluded(exclusions, id);
        let excluded = match (of(&key.subnet), of(&key.vpc)) {
            (Excluded::No | Excluded::Closed, Excluded::No | Excluded::Closed) => Some(false),
            (Excluded::No | Excluded::Open, Excluded::Open) | (Excluded::Open, Excluded::No) => Some(true),
            (Excluded::Open, Excluded::Closed) | (Excluded::Closed, Excluded::Open) => {
                limits.insert(
                    "exclusions of the network and of the subnet disagree, and which wins is not documented".to_owned(),
                );
                None
            }
            (Excluded::Changing, _) | (_, Excluded::Changing) => {
                limits.insert("an exclusion from VPC Block Public Access is being changed".to_owned());
                None
            }
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

/// What the exclusions of a network or subnet say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Excluded {
    /// There is none.
    No,
    /// It lets the internet in.
    Open,
    /// It only lets out.
    Closed,
    /// It is coming or going, or in a state we do not know.
    Changing,
}

fn excluded(exclusions: &[Exclusion], id: &str) -> Excluded {
    let ending = format!("/{id}");
    let own = exclusions.iter().filter(|one| one.resource_arn.as_deref().is_some_and(|arn| arn.ends_with(&ending)));
    let mut found = Excluded::No;
    for one in own {
        let state = one.state.as_deref().unwrap_or("create-complete");
        let says = match (state, one.internet_gateway_exclusion_mode.as_deref()) {
            ("create-failed" | "delete-complete" | "disable-complete", _) => continue,
            ("create-complete" | "update-complete", Some("allow-bidirectional")) => Excluded::Open,
            ("create-complete" | "update-complete", Some("allow-egress")) => Excluded::Closed,
            (_, _) => Excluded::Changing,
        };
        found = if found == Excluded::No || found == says { says } else { Excluded::Changing };
    }
    found
}
