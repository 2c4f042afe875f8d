//! Where an identity stands: what it holds, how far it could climb, what it would not need.

use super::{
    assignments::{self, Assignments},
    capabilities::{
        ALWAYS, ASSIGN_ROLES, BY_RUNBOOK, CHANGE_CLUSTER, INVOKE_COMMAND, LIST_ADMIN_CREDENTIAL, ON_A_MACHINE,
        ON_A_SCALE_SET, TO_ADMINISTRATOR, TO_IDENTITY, WITH_LOCAL_ACCOUNTS, WITH_RUN_COMMAND, WITHOUT_ENTRA,
    },
    cluster::Read,
    doors::can_run_commands,
    shape::{Shape, said_of},
    surroundings::Surroundings,
};
use crate::arm;
use palisade_authority::{
    Authority, Capability, Effect, Grant, GrantId, Graph, Held, Hop, IdentityId, Layer, MethodRow, Need, Node,
    OutsideNeed, Place, Standing, capabilities, combine, excess, satisfied, wildcards, within,
};
use palisade_model::{Gap, IdentityKind, UnreadGroup};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// What is taken for granted beside what is named as unknown.
const NO_ELIGIBLE_ROLES: &str =
    "roles that somebody may activate (Privileged Identity Management) are not read: taken as not held";

/// The groups themselves are a fact of the cluster.
const NO_GROUPS: &str = "it is taken to be in none of the groups that hold roles here and whose members were not read";

/// Authorities and the graph of who may become whom, worked out once.
#[derive(Debug, Default)]
pub(super) struct Standings {
    authorities: HashMap<String, Arc<Authority>>,
    held: HashMap<(String, Switches), Arc<Vec<Held>>>,
    shapes: HashMap<(Shape, Switches, About), Told>,
    graph: Option<Arc<Climbs>>,
    pub(super) groups: HashMap<Switches, Arc<[UnreadGroup]>>,
}

/// Who may become whom, and who arrives.
#[derive(Debug, Default)]
struct Climbs {
    graph: Graph,
    /// The identities from which a path leads to the administrator: object id and resource id, the nearest first.
    arriving: Vec<(String, String)>,
}

/// The names of the grants of one authority, and what all of its shape hold by them.
type Told = (Vec<GrantId>, Vec<Held>);

/// Which capabilities are asked about: those over clusters count only where an assignment reaches one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum About {
    Clusters,
    Others,
    Everything,
}

/// What of a cluster decides which rights make an administrator of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Switches {
    local_accounts: bool,
    entra: bool,
    run_command: bool,
}

impl Switches {
    pub(super) fn of(read: &Read<'_, '_>) -> Self {
        Self { local_accounts: has_local_accounts(read), entra: has_entra(read), run_command: can_run_commands(read) }
    }

    pub(super) fn needs(self) -> Vec<Need> {
        let mut needs = ALWAYS.to_vec();
        needs.extend(
            [
                self.local_accounts.then_some(WITH_LOCAL_ACCOUNTS),
                (!self.entra).then_some(WITHOUT_ENTRA),
                self.run_command.then_some(WITH_RUN_COMMAND),
            ]
            .into_iter()
            .flatten(),
        );
        needs
    }
}

/// Local accounts are on unless they are switched off.
/// <https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad>
pub(super) fn has_local_accounts(read: &Read<'_, '_>) -> bool {
    read.properties.disable_local_accounts != Some(true)
}

/// Whether people sign in through Entra.
pub(super) fn has_entra(read: &Read<'_, '_>) -> bool {
    read.properties.aad_profile.is_some()
}

impl Surroundings<'_> {
    /// The authority of a principal: what it was given itself.
    pub(super) fn authority(&self, assignments: &Assignments<'_>, principal: &str) -> Arc<Authority> {
        let key = principal.to_ascii_lowercase();
        if let Some(known) = self.standings.borrow().authorities.get(&key) {
            return Arc::clone(known);
        }
        let mut authority = assignments.authority(principal).assuming(NO_ELIGIBLE_ROLES);
        let unread = |held: &assignments::Held| held.is_group() && assignments.members().of(&held.principal).is_none();
        if assignments.all().iter().any(unread) {
            authority = authority.assuming(NO_GROUPS);
        }
        let authority = Arc::new(authority);
        self.standings.borrow_mut().authorities.insert(key, Arc::clone(&authority));
        authority
    }

    fn held(
        &self,
        assignments: &Assignments<'_>,
        principal: &str,
        authority: &Authority,
        switches: Switches,
    ) -> Arc<Vec<Held>> {
        let key = (principal.to_ascii_lowercase(), switches);
        if let Some(known) = self.standings.borrow().held.get(&key) {
            return Arc::clone(known);
        }
        // Rights over clusters in a group that holds none, such as a control plane's in its node resource group, are no
        // power over any: neither by themselves nor as the surer half of one that does reach a cluster.
        let near = assignments.authority_by(principal, |one| self.touches_a_cluster(&one.scope));
        let mut held = self.told(assignments, authority, switches, About::Others);
        held.extend(self.told(assignments, &near, switches, About::Clusters));
        let held = Arc::new(combine(held));
        self.standings.borrow_mut().held.insert(key, Arc::clone(&held));
        held
    }

    /// The capabilities of an authority, worked out once for all of its shape.
    fn told(
        &self,
        assignments: &Assignments<'_>,
        authority: &Authority,
        switches: Switches,
        about: About,
    ) -> Vec<Held> {
        let needs = || -> Vec<Need> {
            let mut needs = switches.needs();
            needs.retain(|need| match about {
                About::Clusters => is_about_clusters(need.capability),
                About::Others => !is_about_clusters(need.capability),
                About::Everything => true,
            });
            needs
        };
        let Some((shape, names)) = Shape::of(authority, assignments.subscription) else {
            return capabilities(authority, &needs());
        };
        let key = (shape, switches, about);
        if let Some((known, held)) = self.standings.borrow().shapes.get(&key) {
            return said_of(held, known, &names);
        }
        let held = capabilities(authority, &needs());
        self.standings.borrow_mut().shapes.insert(key, (names, held.clone()));
        held
    }

    /// Where an identity of a cluster stands. `need` is absent where nobody knows what it needs.
    pub(super) fn standing(
        &self,
        read: &Read<'_, '_>,
        (principal, kind): (&str, IdentityKind),
        need: impl Fn(&Assignments<'_>) -> Authority,
    ) -> Result<Standing, Gap> {
        let assignments = self.assignments.as_ref().map_err(Clone::clone)?;
        let authority = self.authority(assignments, principal);
        if may_become_somebody(&authority) {
            // What carries whom decides how far it climbs, and so does who there is to become.
            self.carriers()?;
            self.knows_identities()?;
        }
        let switches = Switches::of(read);
        let held = self.held(assignments, principal, &authority, switches);
        if let Some(gap) = &self.unread_cluster {
            // Rights over clusters where none is known may be rights over one that could not be read.
            let anywhere = self.told(assignments, &authority, switches, About::Clusters);
            if anywhere.iter().any(|one| !held.iter().any(|known| known.capability == one.capability)) {
                return Err(gap.clone());
            }
        }
        let subscription = format!("/subscriptions/{}", assignments.subscription);
        let decision = authority.decide(ASSIGN_ROLES, &subscription);
        let administrator = decision.certainty().map(|certainty| (certainty, decision.by().to_vec()));
        let need = need(assignments);
        let outside_need = match kind {
            // What a workload needs is its owner's to say.
            IdentityKind::Workload => Vec::new(),
            IdentityKind::ControlPlane | IdentityKind::Node | IdentityKind::Controller => {
                let stray = stray(&authority, &need);
                stray.map_or_else(Vec::new, |stray| {
                    outside(&stray, &self.told(assignments, &stray, switches, About::Everything), &need)
                })
            }
        };
        let direct = administrator.as_ref().is_some_and(|(certainty, _)| certainty.is_certain());
        Ok(Standing {
            escalation: if direct { None } else { self.escalation(read, assignments, principal, &authority) },
            wildcards: wildcards(&authority, &need),
            outside_need,
            administrator,
            assumptions: authority.assumptions().to_vec(),
            held: held.to_vec(),
        })
    }

    /// The shortest way to the administrator, or else into the cluster.
    fn escalation(
        &self,
        read: &Read<'_, '_>,
        assignments: &Assignments<'_>,
        principal: &str,
        authority: &Authority,
    ) -> Option<Vec<Hop>> {
        let from = identity(principal);
        let graph = self.graph(assignments);
        let known = graph.graph.shortest_path(&from, &Node::Administrator).filter(|path| !path.is_empty());
        known.or_else(|| {
            // Identities that Azure makes for clusters are in no list: their own first step is looked at here.
            let hop = to_administrator(&from, authority, assignments);
            if let Some(hop) = hop {
                return Some(vec![hop]);
            }
            let through = graph.arriving.iter().find_map(|(target, id)| {
                let hop = self.become_identity(principal, authority, (target, id))?;
                let rest = graph.graph.shortest_path(&identity(target), &Node::Administrator)?;
                Some(std::iter::once(hop).chain(rest).collect::<Vec<_>>())
            });
            through.or_else(|| into_cluster(&from, authority, read).map(|hop| vec![hop]))
        })
    }

    /// Who of the subscription's identities may become whom, as far as it leads to the administrator: user-assigned ones,
    /// and those that machines and Automation accounts have of their own.
    ///
    /// Worked out backwards from those who are there already, so that identities that lead nowhere cost nothing.
    fn graph(&self, assignments: &Assignments<'_>) -> Arc<Climbs> {
        if let Some(known) = &self.standings.borrow().graph {
            return Arc::clone(known);
        }
        let mut graph = Graph::new();
        let mut arriving: Vec<(String, String)> = Vec::new();
        let mut open: BTreeMap<String, Option<String>> = BTreeMap::new();
        for held in assignments.all() {
            open.insert(held.principal.clone(), None);
        }
        for row in self.identities.iter().flat_map(super::table::Table::rows) {
            let principal = row.item.as_ref().ok().and_then(|item| item.properties.principal_id.as_deref());
            if let Some(principal) = principal {
                open.insert(principal.to_ascii_lowercase(), Some(row.id.clone()));
            }
        }
        // Identities that machines have of their own are nobody's to hand out, and whoever controls the machine is them.
        for (principal, thing) in self.carriers().iter().flat_map(|carriers| carriers.own()) {
            open.insert(principal.clone(), Some(thing.clone()));
        }
        // Only identities climb here; people and groups with assignments are somebody else's business.
        let used: BTreeSet<String> =
            open.iter().filter(|(_, id)| id.is_some()).map(|(principal, _)| principal.clone()).collect();
        let mut frontier: Vec<(String, String)> = Vec::new();
        let mut waiting: Vec<String> = Vec::new();
        for principal in used {
            let authority = self.authority(assignments, &principal);
            match to_administrator(&identity(&principal), &authority, assignments) {
                Some(hop) => {
                    graph.add(hop);
                    if let Some(Some(id)) = open.get(&principal) {
                        frontier.push((principal, id.clone()));
                    }
                }
                None if may_become_somebody(&authority) => waiting.push(principal),
                None => {}
            }
        }
        while !frontier.is_empty() && !waiting.is_empty() {
            arriving.append(&mut frontier.clone());
            let mut next = Vec::new();
            waiting.retain(|principal| {
                let authority = self.authority(assignments, principal);
                let hops = frontier
                    .iter()
                    .filter_map(|(target, id)| self.become_identity(principal, &authority, (target, id)));
                let hops: Vec<Hop> = hops.collect();
                let found = !hops.is_empty();
                for hop in hops {
                    graph.add(hop);
                }
                if let (true, Some(Some(id))) = (found, open.get(principal)) {
                    next.push((principal.clone(), id.clone()));
                }
                !found
            });
            frontier = next;
        }
        arriving.append(&mut frontier);
        let graph = Arc::new(Climbs { graph, arriving });
        self.standings.borrow_mut().graph = Some(Arc::clone(&graph));
        graph
    }
}

impl Surroundings<'_> {
    fn become_identity(&self, from: &str, authority: &Authority, (target, id): (&str, &str)) -> Option<Hop> {
        let (from, to) = (identity(from), || Node::from(identity(target)));
        let place = |action: &str| {
            if action.starts_with("Microsoft.ManagedIdentity/") { Place::On(id) } else { Place::Somewhere }
        };
        let is_assigned = arm::key(id).contains("/providers/microsoft.managedidentity/userassignedidentities/");
        let mut handing_out = TO_IDENTITY.iter().filter(|_| is_assigned);
        let directly = handing_out.find_map(|row| hop(&from, to(), authority, row, place));
        directly.or_else(|| {
            // Where carriers were not read no standing is told that hangs on them.
            let carriers = self.carriers().ok()?;
            let mut carried = carriers.of(id).iter();
            carried.find_map(|one| hop(&from, to(), authority, one.method(), |_| Place::On(&one.id)))
        })
    }
}

pub(super) fn is_about_clusters(capability: Capability) -> bool {
    matches!(
        capability,
        Capability::ClusterAdmin
            | Capability::ReadClusterSecrets
            | Capability::RunWorkloads
            | Capability::OpenControlPlane
            | Capability::ExposeMetadata
            | Capability::DeleteCluster
    )
}

/// An identity by its object id.
pub(super) fn identity(principal: &str) -> IdentityId {
    IdentityId::from(principal.to_ascii_lowercase().as_str())
}

fn may_become_somebody(authority: &Authority) -> bool {
    let methods = TO_IDENTITY.iter().chain([&ON_A_SCALE_SET, &ON_A_MACHINE, &BY_RUNBOOK]);
    let mut ways = methods.flat_map(|method| method.needs.iter());
    ways.any(|way| way.iter().all(|action| !authority.decide_any_resource(action).is_deny()))
}

fn to_administrator(from: &IdentityId, authority: &Authority, assignments: &Assignments<'_>) -> Option<Hop> {
    let subscription = format!("/subscriptions/{}", assignments.subscription);
    let place = |_: &str| Place::On(&subscription);
    TO_ADMINISTRATOR.iter().find_map(|row| hop(from, Node::Administrator, authority, row, place))
}

fn into_cluster(from: &IdentityId, authority: &Authority, read: &Read<'_, '_>) -> Option<Hop> {
    let place = |_: &str| Place::On(read.id());
    let ways = [
        has_local_accounts(read).then_some(&LIST_ADMIN_CREDENTIAL),
        can_run_commands(read).then_some(&INVOKE_COMMAND),
        Some(&CHANGE_CLUSTER),
    ];
    ways.into_iter().flatten().find_map(|row| hop(from, Node::ClusterAdmin, authority, row, place))
}

fn hop<'p>(
    from: &IdentityId,
    to: Node,
    authority: &Authority,
    row: &MethodRow,
    place: impl Fn(&str) -> Place<'p>,
) -> Option<Hop> {
    let way = satisfied(authority, row, place)?;
    Some(Hop {
        from: Node::Identity(from.clone()),
        to,
        method: row.method(),
        permissions: way.permissions,
        by: way.by,
        certainty: way.certainty,
    })
}

/// The authority without the grants that are the need itself, which most grants of a tidy cluster are; nothing when none
/// is left. What remains is compared action by action.
fn stray(given: &Authority, need: &Authority) -> Option<Authority> {
    let needed = |grant: &Grant| {
        need.grants().any(|other| {
            other.actions == grant.actions && grant.resources.any_of().iter().all(|place| other.resources.covers(place))
        })
    };
    let left = |layer: &Layer| Layer {
        grants: layer.grants.iter().filter(|grant| grant.effect == Effect::Deny || !needed(grant)).cloned().collect(),
        ..layer.clone()
    };
    let layers: Vec<Layer> = given.layers().iter().map(left).collect();
    let stray = Authority::new(layers).over(given.scope().clone());
    let any = stray.giving().next().is_some();
    any.then_some(stray)
}

/// What is given beyond the need: actions the need does not contain, and actions it contains that reach further.
fn outside(authority: &Authority, held: &[Held], need: &Authority) -> Vec<OutsideNeed> {
    let mut outside: BTreeMap<_, OutsideNeed> =
        within(authority, need).into_iter().map(|one| (one.grant.clone(), one)).collect();
    for further in excess(authority, held, need).capabilities {
        for grant in further.by {
            let known =
                outside.entry(grant.clone()).or_insert_with(|| OutsideNeed { grant, actions: Vec::new(), more: 0 });
            for action in &further.actions {
                if !known.actions.contains(action) && !known.actions.iter().any(|pattern| pattern == "*") {
                    known.actions.push(action.clone());
                }
            }
        }
    }
    outside.into_values().collect()
}
