//! What security groups and admin rules let through to an address: worked out once for all addresses to which the same
//! rules apply.

use super::{
    admin::{AdminRead, or},
    rules::{Direction, Filter, Own, Reading, Readings},
    space::Space,
    surroundings::{Surroundings, elsewhere},
    table::table,
};
use crate::{SECURITY_GROUPS, arm};
use palisade_model::{Gap, Layer};
use palisade_reach::{Certainty, Family, Hit, Sessions, with_source_ports};
use std::{collections::HashMap, sync::Arc};

type FilterKey = (String, String, Family, Direction, Reading);
type View = (Family, Direction, Reading);
type PassKey = (Vec<(FilterKey, Vec<Certainty>)>, Vec<String>, (String, View, Vec<Certainty>));

/// Security groups that were read and questions that were answered, so that a thousand equal machines cost one answer.
#[derive(Debug, Default)]
pub(super) struct Evaluations {
    filters: HashMap<FilterKey, Result<Arc<Filter>, Gap>>,
    passes: HashMap<PassKey, Arc<Pass>>,
    admin: HashMap<(String, View), Result<AdminRead, Gap>>,
}

/// What gets through the security groups before one address.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) sessions: Sessions,
    /// The same under each reading of the tag `VirtualNetwork`.
    pub(super) under: Readings<Sessions>,
    pub(super) layers: Vec<Layer>,
    /// Whether there is any security group.
    pub(super) filtered: bool,
    /// Whether there are admin rules.
    pub(super) ruled: bool,
    /// The groups, for those who ask how they are configured.
    pub(super) filters: Vec<Arc<Filter>>,
}

impl Surroundings<'_> {
    /// A security group as it looks from a subnet.
    fn filter(&self, id: &str, space: &Space, (family, direction, reading): View) -> Result<Arc<Filter>, Gap> {
        let key = (arm::key(id), space.key.clone(), family, direction, reading);
        if let Some(known) = self.evaluations.borrow().filters.get(&key) {
            return known.clone();
        }
        let row = table(&self.security_groups)?
            .find(id)
            .ok_or_else(|| elsewhere(&SECURITY_GROUPS, "network security group", id));
        let filter = row.and_then(|row| Filter::read(row, space, family, (direction, reading))).map(Arc::new);
        self.evaluations.borrow_mut().filters.insert(key, filter.clone());
        filter
    }

    /// The security groups before an address, the subnet's first: both must allow.
    pub(super) fn filters(
        &self,
        space: &Space,
        interface: Option<&str>,
        view: View,
    ) -> Result<Vec<(FilterKey, String, Arc<Filter>)>, Gap> {
        let mut found = Vec::new();
        let subnet = space.security_group.as_deref().map(|id| (id, format!("subnet `{}`", space.name)));
        let interface = interface.map(|id| (id, "the interface".to_owned()));
        for (id, place) in subnet.into_iter().chain(interface) {
            let (family, direction, reading) = view;
            let key = (arm::key(id), space.key.clone(), family, direction, reading);
            let filter = self.filter(id, space, view)?;
            let name = format!("network security group `{}` on {place}", filter.name);
            let name = match filter.tags_of {
                Some(day) => format!("{name} (service tags as of {day})"),
                None => name,
            };
            found.push((key, name, filter));
        }
        Ok(found)
    }

    /// What gets through to an address, or from it.
    pub(super) fn pass(
        &self,
        space: &Space,
        interface: Option<&str>,
        own: &Own,
        (family, direction): (Family, Direction),
    ) -> Result<Arc<Pass>, Gap> {
        let narrow = self.read_pass(space, interface, own, (family, direction, Reading::Narrow))?;
        if space.virtual_network.is_exact() {
            return Ok(narrow);
        }
        let wide = self.read_pass(space, interface, own, (family, direction, Reading::Wide))?;
        Ok(Arc::new(either(&narrow, &wide)))
    }

    pub(super) fn admin(&self, space: &Space, view: View) -> Result<AdminRead, Gap> {
        let key = (space.key.clone(), view);
        if let Some(known) = self.evaluations.borrow().admin.get(&key) {
            return known.clone();
        }
        let (family, direction, reading) = view;
        let read = self.admin_rules(space, family, (direction, reading));
        self.evaluations.borrow_mut().admin.insert(key, read.clone());
        read
    }

    /// What gets through under one reading of the tags.
    fn read_pass(&self, space: &Space, interface: Option<&str>, own: &Own, view: View) -> Result<Arc<Pass>, Gap> {
        let filters = self.filters(space, interface, view)?;
        let matching: Vec<Vec<Certainty>> = filters.iter().map(|(_, _, filter)| filter.matching(own, space)).collect();
        let names = filters.iter().map(|(_, name, _)| name.clone()).collect();
        let admin = self.admin(space, view)?;
        let admin_matching = match &admin {
            AdminRead::Known(admin) => admin.matching(own, space),
            AdminRead::None => Vec::new(),
        };
        let key: PassKey = (
            filters.iter().map(|(key, ..)| key.clone()).zip(matching.iter().cloned()).collect(),
            names,
            (space.key.clone(), view, admin_matching.clone()),
        );
        if let Some(known) = self.evaluations.borrow().passes.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut chains = Vec::new();
        let mut places = Vec::new();
        for ((filter_key, _, filter), matching) in filters.iter().zip(&matching) {
            // One group in both places decides the same twice.
            let known = filters.iter().position(|(other, ..)| other == filter_key).unwrap_or_default();
            if known == places.len() {
                chains.push(filter.chain(matching));
            }
            places.push(known);
        }
        let mut layers = Vec::new();
        let mut passing = None;
        let mut past_groups = None;
        if let AdminRead::Known(admin) = &admin {
            let verdict = admin.verdict(&admin_matching);
            let passed = with_source_ports(std::slice::from_ref(&verdict.passed));
            let name = format!("security admin rules of `{}`", admin.name);
            layers.push(Layer { name, hits: passed.hits.into_iter().flatten().collect() });
            // Last, so that the places of the groups stay what they are.
            chains.push(verdict.passed);
            past_groups = Some(Arc::clone(admin.past_groups()));
            passing = Some(verdict.always);
        }
        let split = with_source_ports(&chains);
        let hits = |place: usize| -> Vec<Hit> { split.hits.get(place).cloned().unwrap_or_default() };
        let groups = filters.iter().zip(&places);
        layers.extend(groups.map(|((_, name, _), place)| Layer { name: name.clone(), hits: hits(*place) }));
        let sessions = match &passing {
            Some(always) => or(&split.sessions, always),
            None => split.sessions,
        };
        let pass = Arc::new(Pass {
            layers,
            filtered: !filters.is_empty(),
            ruled: passing.is_some(),
            filters: past_groups.into_iter().chain(filters.into_iter().map(|(_, _, filter)| filter)).collect(),
            under: Readings { narrow: sessions.clone(), wide: sessions.clone() },
            sessions,
        });
        self.evaluations.borrow_mut().passes.insert(key, Arc::clone(&pass));
        Ok(pass)
    }
}

/// What gets through when either reading may be the true one: each packet surely when it does under both.
fn either(narrow: &Pass, wide: &Pass) -> Pass {
    let layers = narrow.layers.iter().zip(&wide.layers).map(|(one, other)| {
        let mut hits = one.hits.clone();
        for hit in &other.hits {
            match hits.iter_mut().find(|known| known.rule == hit.rule) {
                Some(known) => known.packets = known.packets.union(&hit.packets),
                None => hits.push(hit.clone()),
            }
        }
        Layer { name: one.name.clone(), hits }
    });
    let under = Readings { narrow: narrow.sessions.clone(), wide: wide.sessions.clone() };
    Pass {
        sessions: under.either(),
        under,
        layers: layers.collect(),
        filtered: narrow.filtered,
        ruled: narrow.ruled,
        filters: narrow.filters.iter().chain(&wide.filters).cloned().collect(),
    }
}
