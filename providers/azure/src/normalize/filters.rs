//! Security groups as they are configured, and what they let out.

use super::{
    exposure::Exposed,
    pools::PoolRead,
    routes::Hop,
    rules::{Direction, Own},
    space::HOST,
    surroundings::Surroundings,
    table::table,
};
use crate::arm;
use palisade_model::{Egress, Evidence, Filters, Gap, OpenRule, SubnetFilter};
use palisade_reach::{Action, AddrSet, Bounds, Family, Protocol};

/// The filter on the subnet, and rules that let in everything from outside the cluster.
///
/// Azure's default rule that lets the network in cannot be removed and is not counted; the exposure shows what it does.
pub(super) fn filters(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    exposed: Result<&(Exposed, Vec<Evidence>), &Gap>,
    seen: &mut Vec<Evidence>,
) -> Result<Filters, Gap> {
    let space = pool.space(around, seen)?;
    // With no machines there is nothing the rules decide, and the list of rules is still needed to say so.
    table(&around.security_groups)?;
    let (exposed, sources) = exposed.map_err(Clone::clone)?;
    seen.extend_from_slice(sources);
    let subnet = match &space.security_group {
        Some(id) => SubnetFilter::Attached(arm::name(id).to_owned()),
        None => SubnetFilter::Missing { subnet: space.name.clone() },
    };
    let inside = pool.members.union(&super::space::nets(&[HOST]));
    let decides = |id: &str| {
        let mut hits = exposed.layers.iter().flat_map(|layer| &layer.hits);
        hits.any(|hit| hit.action == Action::Allow && hit.rule.as_str() == id)
    };
    let mut open: Vec<OpenRule> = Vec::new();
    for line in exposed.filters.iter().flat_map(|filter| &filter.lines) {
        let sources = line.addresses.subtract(&Bounds::exact(inside.clone()));
        let known = open.iter().any(|rule| rule.rule == line.id());
        if line.is_wide && !known && !sources.upper().is_empty() && decides(line.id()) {
            open.push(OpenRule { rule: line.id().to_owned(), sources, text: line.text.clone() });
        }
    }
    Ok(Filters { subnet, open })
}

/// What may leave the machines.
pub(super) fn egress(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Egress, Gap> {
    let space = pool.space(around, seen)?;
    seen.extend(pool.cluster.row.evidence("/properties/networkProfile"));
    let sets = pool.sets.as_ref().map_err(Clone::clone)?;
    let template = match sets.first() {
        Some(row) => {
            seen.extend(row.evidence("/properties/virtualMachineProfile/networkProfile"));
            row.get()?.security_group()
        }
        None => None,
    };
    let groups = table(&around.security_groups)?;
    for id in space.security_group.as_deref().into_iter().chain(template) {
        seen.extend(groups.find(id).and_then(|row| row.evidence("/properties")));
    }
    // Any address of the subnet will do: rules out of a subnet seldom name single machines.
    let own = Own { address: space.own.to_nets().first().map(|net| net.addr()), groups: Vec::new() };
    let pass = around.pass(&space, template, &own, (Family::V4, Direction::Out))?;
    let reached = pass.sessions.any_port.map(|packets| packets.sources(Protocol::TCP, 443));
    let everything = |set: &AddrSet| set.covers_any(Family::V4, &space.local);
    let unrestricted = if everything(reached.lower()) {
        Some(match pass.filters.is_empty() {
            true => "no security group filters what leaves".to_owned(),
            false => "the security groups let out traffic to every address".to_owned(),
        })
    } else if everything(reached.upper()) {
        return Err(Gap::Unsettled {
            what: "the security groups name service tags or other things whose addresses are not read: they may let out \
                   traffic to every address"
                .to_owned(),
        });
    } else {
        None
    };
    let outbound = pool.cluster.properties.network_profile.outbound_type.as_deref();
    let closed = outbound.filter(|kind| kind.eq_ignore_ascii_case("none") || kind.eq_ignore_ascii_case("block"));
    let forced_through = match (&space.default_route, closed) {
        (Some((Hop::Through(hop), name)), _) => Some(format!("route `{name}` to `{hop}`")),
        (Some((Hop::Nowhere, name)), _) => Some(format!("route `{name}`, which leads nowhere")),
        (Some((Hop::Internet | Hop::Inside, _)) | None, Some(kind)) if space.default_outbound == Some(false) => {
            Some(format!("`outboundType` is `{kind}` and the subnet is lent no way out"))
        }
        (Some((Hop::Internet | Hop::Inside, _)) | None, _) => None,
    };
    // AKS has no setting for what leaves its own control plane.
    Ok(Egress { unrestricted, forced_through, control_plane: None })
}
