//! How far something is open, in five words made from exact sets of addresses.

use palisade_model::{Api, DoorKind, Gap, Pool, PublicAccess};
use palisade_reach::{AddrSet, Bounds, Family, PacketSet, Printer, internet};
use serde::Serialize;

/// The most IPv4 addresses (or /64 networks of IPv6) that count as few.
const FEW: u128 = 1024;
/// Addresses in a /64.
const NETWORK: u128 = 1 << 64;

/// How many can knock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Openness {
    /// Nobody from outside.
    Closed,
    /// Anybody whom the cloud's IAM lets through.
    Gated,
    /// At most 1,024 addresses from outside.
    Few,
    /// More, but not everybody.
    Many,
    /// The whole internet, of one family at least.
    Everyone,
}

/// Who can reach something, by what is proven or by the most it could be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// How many can knock. What was not settled counts as open.
    pub openness: Openness,
    /// Whether that is proven.
    pub certain: bool,
    /// What makes it so.
    pub because: String,
}

impl Reach {
    /// Nobody knows: counted as if everybody could knock.
    pub(crate) fn unread(because: impl std::fmt::Display) -> Self {
        let because = format!("counted as open to everyone, because it was not read: {because}");
        Self { openness: Openness::Everyone, certain: false, because }
    }

    fn closed(because: impl Into<String>) -> Self {
        Self { openness: Openness::Closed, certain: true, because: because.into() }
    }

    /// Of an API server: its public endpoint, second doors and tunnels, whichever is widest.
    pub(crate) fn of_api(api: &Api) -> Self {
        let endpoint = match api.public.get() {
            Ok(PublicAccess::Open(door)) => Self::of_addresses(&door.sources, &door.own),
            Ok(PublicAccess::Closed { because } | PublicAccess::NotApplicable { because }) => {
                Self::closed(because.as_str())
            }
            Err(gap) => Self::unread(gap),
        };
        let others = [second_door(api), tunnel(api)];
        let widest = others.into_iter().flatten().fold(endpoint, |a, b| if b.openness > a.openness { b } else { a });
        Self { because: format!("API server: {}", widest.because), ..widest }
    }

    /// Of the machines of a pool.
    pub(crate) fn of_pool(pool: &Pool) -> Self {
        let exposures = match pool.exposure.get() {
            Ok(exposures) => exposures,
            Err(gap) => return Self::unread(gap),
        };
        let reaches = exposures.iter().map(|exposure| Self::of_packets(&exposure.internet, &exposure.local));
        let widest = reaches.reduce(|a, b| if b.openness > a.openness { b } else { a });
        let widest = widest.unwrap_or_else(|| Self::closed("it has no machines"));
        Self { because: format!("machines of `{}`: {}", pool.name, widest.because), ..widest }
    }

    fn of_packets(packets: &Bounds<PacketSet>, local: &AddrSet) -> Self {
        let sources = |set: &PacketSet| set.cells().fold(AddrSet::empty(), |all, cell| all.union(&cell.sources));
        Self::of_addresses(&Bounds::between(sources(packets.lower()), sources(packets.upper())), local)
    }

    fn of_addresses(sources: &Bounds<AddrSet>, own: &AddrSet) -> Self {
        let openness = openness(sources.upper(), own);
        let certain = openness == self::openness(sources.lower(), own);
        let outside = sources.map(|set| set.intersect(internet()).subtract(own));
        let because = match openness {
            Openness::Closed => "no address outside gets through".to_owned(),
            Openness::Everyone if certain => "the whole internet gets through".to_owned(),
            Openness::Gated | Openness::Few | Openness::Many | Openness::Everyone => {
                let who = Printer::new(own.clone()).bounds(&outside);
                if certain { format!("{who} get through") } else { format!("not settled, counted as open: {who}") }
            }
        };
        Self { openness, certain, because }
    }
}

fn openness(sources: &AddrSet, own: &AddrSet) -> Openness {
    if Family::ALL.iter().any(|family| sources.covers_any(*family, own)) {
        return Openness::Everyone;
    }
    let outside = sources.intersect(internet()).subtract(own);
    let networks = outside.count(Family::V6).div_ceil(NETWORK);
    match outside.count(Family::V4).saturating_add(networks) {
        0 => Openness::Closed,
        1..=FEW => Openness::Few,
        _ => Openness::Many,
    }
}

fn second_door(api: &Api) -> Option<Reach> {
    let gated = |because: String| Reach { openness: Openness::Gated, certain: true, because };
    match api.doors.get() {
        Ok(doors) => doors.iter().find_map(|door| match &door.kind {
            DoorKind::DnsEndpoint { external: true, gate, .. } => {
                Some(gated(format!("`{}` answers everyone who holds `{gate}`", door.name)))
            }
            DoorKind::HostedInterface { network_limited: false } => {
                Some(gated(format!("the hosted interface `{}` answers everyone who can sign in", door.name)))
            }
            DoorKind::DnsEndpoint { .. } | DoorKind::HostedInterface { .. } | DoorKind::PublicName => None,
        }),
        Err(gap) => Some(not_read("second doors", &gap)),
    }
}

fn tunnel(api: &Api) -> Option<Reach> {
    match api.tunnels.get() {
        Ok(tunnels) => tunnels.first().map(|tunnel| Reach {
            openness: Openness::Gated,
            certain: true,
            because: format!("a tunnel passes by the network's rules: {}", tunnel.holder),
        }),
        Err(gap) => Some(not_read("tunnels", &gap)),
    }
}

/// Doors and tunnels are guarded by IAM whatever they are, so that is the most they can open.
fn not_read(what: &str, gap: &Gap) -> Reach {
    let because = format!("{what} were not read and are counted as there: {gap}");
    Reach { openness: Openness::Gated, certain: false, because }
}
