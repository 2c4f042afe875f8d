//! The region's switch that keeps the internet out of every network.

use super::{Evaluator, Key};
use crate::record::network::Exclusion;
use palisade_model::Gap;
use palisade_reach::{Bounds, Gate, Layer, PacketSet};

impl Evaluator<'_> {
    /// VPC Block Public Access: closes what the rules leave open, unless the network or subnet is excluded.
    pub(super) fn block(&self, key: &Key) -> Result<Blocked, Gap> {
        let (mode, exclusions) = match (self.region.block_mode.get(), self.region.block_exclusions.get()) {
            (Ok(mode), Ok(exclusions)) => (mode.as_deref(), exclusions),
            (Ok(mode), Err(_)) if matches!(mode.as_deref(), None | Some("off")) => return Ok(Blocked::No),
            (Ok(_), Err(gap)) => return Err(gap.clone()),
            // It can only close what is open, so what is closed without it stays closed.
            (Err(gap), _) => {
                return Ok(Blocked::Untold(format!("VPC Block Public Access may close this and was not read: {gap}")));
            }
        };
        let odd = match mode {
            None | Some("off") => return Ok(Blocked::No),
            Some("block-bidirectional" | "block-ingress") => None,
            Some(other) => Some(format!("VPC Block Public Access is in the unknown mode `{other}`")),
        };
        let of = |id: &str| excluded(exclusions, id);
        let untold = match (of(&key.subnet), of(&key.vpc)) {
            (Excluded::No | Excluded::Closed, Excluded::No | Excluded::Closed) => odd,
            (Excluded::No | Excluded::Open, Excluded::Open) | (Excluded::Open, Excluded::No) => return Ok(Blocked::No),
            (Excluded::Open, Excluded::Closed) | (Excluded::Closed, Excluded::Open) => Some(
                "exclusions of the network and of the subnet disagree, and which wins is not documented".to_owned(),
            ),
            (Excluded::Changing, _) | (_, Excluded::Changing) => {
                Some("an exclusion from VPC Block Public Access is being changed".to_owned())
            }
        };
        let by = || format!("VPC Block Public Access in mode `{}`", mode.unwrap_or_default());
        Ok(untold.map_or_else(|| Blocked::By(by()), Blocked::Untold))
    }
}

/// What the switch is called among the layers of a path.
pub(super) const NAME: &str = "VPC Block Public Access";

/// Whether the internet is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    /// It is not.
    No,
    /// It is.
    By(String),
    /// It may be.
    Untold(String),
}

impl Blocked {
    /// The layer of it, where there is one.
    pub(super) fn layer(&self) -> Option<Layer> {
        let layer = |id: &str, passes| Layer::new(NAME, Gate::Fixed { id: id.into(), passes });
        match self {
            Self::No => None,
            Self::By(by) => Some(layer(by, Bounds::exact(PacketSet::empty()))),
            Self::Untold(why) => Some(layer(NAME, Bounds::unknown_within(PacketSet::all())).unsure(why)),
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
