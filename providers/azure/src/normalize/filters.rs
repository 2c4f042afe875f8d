//! Security groups as they are configured, and what they let out.

use super::{
    pools::PoolRead,
    routes::Hop,
    rules::{Direction, Membership, Own, OwnAddress},
    space::{HOST, Space},
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
    seen: &mut Vec<Evidence>,
) -> Result<Filters, Gap> {
    let space = pool.space(around, seen)?;
    let template = template(pool, seen)?;
    read_from(&space, template, around, seen)?;
    let subnet = match &space.security_group {
        Some(id) => SubnetFilter::Attached(arm::name(id).to_owned()),
        None => SubnetFilter::Missing { subnet: space.name.clone() },
    };
    // Whichever machine: a rule that is about one of them is about the pool.
    let pass = around.pass(&space, template, &Own::default(), (Family::V4, Direction::In))?;
    let inside = Bounds::exact(pool.members.union(&super::space::nets(&[HOST])));
    let decides = |id: &str| {
        let mut hits = pass.layers.iter().flat_map(|layer| &layer.hits);
        hits.any(|hit| hit.action == Action::Allow && hit.rule.as_str() == id)
    };
    let mut open: Vec<OpenRule> = Vec::new();
    for line in pass.filters.iter().flat_map(|filter| &filter.lines).filter(|line| line.is_wide && decides(line.id())) {
        let sources = line.addresses.subtract(&inside);
        match open.iter_mut().find(|rule| rule.rule == line.id()) {
            // The same rule under another reading of the tags.
            Some(known) => {
                let (one, other) = (&known.sources, &sources);
                known.sources = Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()));
            }
            None => open.push(OpenRule { rule: line.id().to_owned(), sources, text: line.text.clone() }),
        }
    }
    open.retain(|rule| !rule.sources.upper().is_empty());
    Ok(Filters { subnet, open })
}

/// The security group that new machines of the pool get on their interfaces.
fn template<'p>(pool: &PoolRead<'p, '_>, seen: &mut Vec<Evidence>) -> Result<Option<&'p str>, Gap> {
    let Some(row) = pool.sets.as_ref().map_err(Clone::clone)?.first().copied() else { return Ok(None) };
    seen.extend(row.evidence("/properties/virtualMachineProfile/networkProfile"));
    Ok(row.get()?.security_group())
}

/// Notes the security groups; the gap when their list is not whole.
fn read_from(
    space: &Space,
    template: Option<&str>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<(), Gap> {
    let groups = table(&around.security_groups)?;
    for id in space.security_group.as_deref().into_iter().chain(template) {
        seen.extend(groups.find(id).and_then(|row| row.evidence("/properties")));
    }
    Ok(())
}

/// What may leave the machines.
pub(super) fn egress(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Egress, Gap> {
    let space = pool.space(around, seen)?;
    seen.extend(pool.cluster.row.evidence("/properties/networkProfile"));
    let template = template(pool, seen)?;
    read_from(&space, template, around, seen)?;
    // Whichever machine of the subnet: a rule that names one of them may or may not be about it.
    let own = Own { address: OwnAddress::OneOf(space.own.clone()), groups: Membership::Unread };
    let pass = around.pass(&space, template, &own, (Family::V4, Direction::Out))?;
    let reached = pass.sessions.any_port.map(|packets| packets.sources(Protocol::TCP, 443));
    let everything = |set: &AddrSet| set.covers_any(Family::V4, &space.local);
    let unrestricted = if everything(reached.lower()) {
        let because = if pass.filtered {
            "the security groups let out traffic to every address"
        } else {
            "no security group filters what leaves"
        };
        Some(because.to_owned())
    } else if everything(reached.upper()) {
        return Err(Gap::Unsettled {
            what:
                "the security groups name service tags or other things whose addresses are not read: they may let out \
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
