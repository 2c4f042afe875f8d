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
use palisade_reach::{Action, AddrSet, Bounds, Certainty, Family, Protocol};

/// The filter on the subnet, and rules that let in everything from outside the cluster.
///
/// Azure's default rule that lets the network in cannot be removed and is not counted; the exposure shows what it does.
pub(super) fn filters(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Filters, Gap> {
    let space = pool.space(around, seen)?;
    let templates = templates(pool, seen)?;
    read_from(&space, &templates, around, seen)?;
    let subnet = match &space.security_group {
        Some(id) => SubnetFilter::Attached(arm::name(id).to_owned()),
        None => SubnetFilter::Missing { subnet: space.name.clone() },
    };
    let mut open: Vec<OpenRule> = Vec::new();
    for family in families(&space) {
        let mut ours: Vec<OpenRule> = Vec::new();
        for template in &templates {
            for rule in wide_rules(pool, (&space, *template, family), around)? {
                // Two scale sets may stand behind the same rule.
                if !ours.contains(&rule) {
                    ours.push(rule);
                }
            }
        }
        for rule in ours {
            match open.iter_mut().find(|known| known.rule == rule.rule) {
                Some(known) => known.sources = known.sources.union(&rule.sources),
                None => open.push(rule),
            }
        }
    }
    Ok(Filters { subnet, open })
}

/// Rules that let in everything from outside the cluster, in one family, behind one template.
fn wide_rules(
    pool: &PoolRead<'_, '_>,
    (space, template, family): (&Space, Option<&str>, Family),
    around: &Surroundings<'_>,
) -> Result<Vec<OpenRule>, Gap> {
    // Whichever machine: a rule that is about one of them is about the pool.
    let pass = around.pass(space, template, &Own::default(), (family, Direction::In))?;
    let inside = Bounds::exact(pool.members.union(&super::space::nets(&[HOST])));
    let decides = |id: &str| {
        let mut hits = pass.layers.iter().flat_map(|layer| &layer.hits);
        hits.any(|hit| hit.action == Action::Allow && hit.rule.as_str() == id)
    };
    let mut open: Vec<OpenRule> = Vec::new();
    let lines = pass.filters.iter().flat_map(|filter| &filter.lines);
    for line in lines.filter(|line| line.is_wide != Certainty::No && decides(line.id())) {
        let sources = line.addresses.subtract(&inside);
        // One whose ports or protocol cannot be read may let in everything.
        let sources = match line.is_wide {
            Certainty::Yes => sources,
            Certainty::Maybe | Certainty::No => Bounds::unknown_within(sources.upper().clone()),
        };
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
    Ok(open)
}

/// The families in which machines of a subnet have addresses.
fn families(space: &Space) -> impl Iterator<Item = Family> {
    let has_v6 = !space.own.family(Family::V6).is_empty();
    std::iter::once(Family::V4).chain(has_v6.then_some(Family::V6))
}

/// The security groups that new machines of the pool get on their interfaces: most pools have one scale set.
fn templates<'p>(pool: &PoolRead<'p, '_>, seen: &mut Vec<Evidence>) -> Result<Vec<Option<&'p str>>, Gap> {
    let mut found = Vec::new();
    for row in pool.sets.as_ref().map_err(Clone::clone)? {
        seen.extend(row.evidence("/properties/virtualMachineProfile/networkProfile"));
        let group = row.get()?.security_group();
        if !found.contains(&group) {
            found.push(group);
        }
    }
    Ok(found)
}

/// Notes the security groups; the gap when their list is not whole.
fn read_from(
    space: &Space,
    templates: &[Option<&str>],
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<(), Gap> {
    let groups = table(&around.security_groups)?;
    for id in space.security_group.as_deref().into_iter().chain(templates.iter().flatten().copied()) {
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
    let templates = templates(pool, seen)?;
    read_from(&space, &templates, around, seen)?;
    let (mut unrestricted, mut perhaps) = (None, false);
    for (family, template) in families(&space).flat_map(|family| templates.iter().map(move |one| (family, *one))) {
        // Whichever machine of the subnet: a rule that names one of them may or may not be about it.
        let own = Own { address: OwnAddress::OneOf(space.own.family(family)), groups: Membership::Unread };
        let pass = around.pass(&space, template, &own, (family, Direction::Out))?;
        let reached = pass.sessions.any_port.map(|packets| packets.sources(Protocol::TCP, 443));
        let everything = |set: &AddrSet| set.covers_any(family, &space.local);
        perhaps |= everything(reached.upper());
        if unrestricted.is_none() && everything(reached.lower()) {
            let because = if pass.filtered {
                "the security groups let out traffic to every address"
            } else {
                "no security group filters what leaves"
            };
            unrestricted = Some(because.to_owned());
        }
    }
    if unrestricted.is_none() && perhaps {
        return Err(Gap::Unsettled {
            what:
                "the security groups name service tags or other things whose addresses are not read: they may let out \
                   traffic to every address"
                    .to_owned(),
        });
    }
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
