//! Where an identity stands: what it holds, how far it could climb, what it would not need.

use super::{
    authority::{Power, Rights, account_resource},
    groups::IN_NO_GROUP,
    people::Account,
    principal::Principal,
    tables::{
        AGENT_ROLES, BASIC_ROLES, BECOME, CAPABILITIES, CLUSTER_ADMIN, DEPLOYMENT_MANAGER, DIRECT, FORGE, NODE_NEED,
        NODE_ROLES, OF_STORAGE, OWN_FOLDER, OWN_ORGANIZATION, OWN_PROJECT, ROOT_ON_NODE, RUN_AS_POD, STORAGE_KEY,
        UPDATE_ROLE,
    },
};
use crate::record::names::{is_apis_agent, is_google_agent};
use palisade_authority::{
    Authority, Certainty, GrantId, Graph, Held, Hop, IdentityId, MethodRow, Need, Node, OutsideNeed, Place, Satisfied,
    Standing, Wildcard, capabilities, combine, satisfied,
};
use palisade_model::{Gap, IdentityKind};
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

/// What a step through a pod on the machine's network depends on.
const HOST_NETWORK: &str = "whether the cluster admits pods on the machine's network";

/// Most identities that a way is followed through; where it might go on through further ones, that is told.
const MOST_FOLLOWED: usize = 256;

/// Whom a way may lead to through the machines and clusters of a project. A role on the project holds in all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Targets {
    /// Accounts that machines carry, whether they are nodes of a cluster or not.
    pub(crate) machines: BTreeSet<String>,
    /// Accounts and principals that pods act as.
    pub(crate) pods: BTreeSet<String>,
    /// Accounts that only pods on the machine's own network get tokens of.
    pub(crate) host: BTreeSet<String>,
    /// Why there may be further machines.
    pub(crate) unread_machines: Option<Gap>,
    /// Why there may be further clusters, or pods that act as further accounts.
    pub(crate) unread_pods: Option<Gap>,
}

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: IdentityKind,
    /// The access scopes of a node's token.
    pub(crate) scopes: Option<&'a [String]>,
}

/// What was worked out for one cluster of a project and holds for its neighbours: an identity is the same one in all.
#[derive(Debug, Default)]
pub(crate) struct StandingBook {
    /// By identity, with all its roles and no access scopes.
    steps: RefCell<HashMap<String, Rc<Steps>>>,
    standings: RefCell<BTreeMap<Key, Result<Arc<Standing>, Gap>>>,
    /// What the accounts of the project may do in Cloud Storage, and why they may do more.
    storage: OnceCell<(Vec<Held>, Option<Gap>)>,
}

/// The shortest way up that was found, and what was not read of the steps on the way: it may hide another one.
type Climb = (Option<Vec<Hop>>, Option<Gap>);

/// An identity, in its use.
type Key = (String, IdentityKind, Option<Vec<String>>);

/// The part of a standing that does not depend on whom pods and machines may be.
#[derive(Debug)]
struct Own {
    standing: Standing,
    /// Nothing for a sure administrator, who needs no way up.
    steps: Option<Steps>,
    /// Why it may hold more: a role it holds was not read.
    unread: Option<Gap>,
}

/// The steps an identity can take, whatever the cluster.
#[derive(Debug)]
struct Steps {
    hops: Vec<Hop>,
    /// Steps onto machines: open where a machine of the cluster carries the account.
    onto_machines: Vec<(String, Hop)>,
    /// How it runs pods: open towards whomever pods of the project's clusters may be.
    pods: Option<Satisfied>,
    /// Why there may be further steps: a role it holds was not read.
    unread: Option<Gap>,
}

/// The standing of an identity.
pub(crate) fn standing(
    book: &StandingBook,
    rights: &Rights<'_>,
    asked: Asked<'_>,
    targets: &Targets,
) -> Result<Arc<Standing>, Gap> {
    let key: Key = (asked.id.to_owned(), asked.kind, asked.scopes.map(<[String]>::to_vec));
    if let Some(known) = book.standings.borrow().get(&key) {
        return known.clone();
    }
    let found = (|| {
        let Own { mut standing, steps, mut unread } = own(book, rights, asked)?;
        unread = rights.unread().cloned().or(unread);
        if let Some(steps) = &steps {
            let (way, unseen) = climb(book, rights, asked.id, steps, targets);
            standing.escalation = way;
            unread = unread.or(unseen);
        }
        settled(standing, unread).map(Arc::new)
    })();
    book.standings.borrow_mut().insert(key, found.clone());
    found
}

/// What was read stands: bindings only add. What it does not prove hangs on what was not read; where it proves nothing, that
/// is the answer.
fn settled(mut standing: Standing, unread: Option<Gap>) -> Result<Standing, Gap> {
    let Some(gap) = unread else { return Ok(standing) };
    let sure = |certainty: &Certainty| certainty.is_certain();
    let owns = standing.administrator.as_ref().is_some_and(|(certainty, _)| sure(certainty));
    let climbs = standing.escalation.as_ref().is_some_and(|way| way.iter().all(|hop| sure(&hop.certainty)));
    let holds = standing.held.iter().any(|held| sure(&held.certainty));
    if !(owns || climbs || holds || !standing.wildcards.is_empty() || !standing.outside_need.is_empty()) {
        return Err(gap);
    }
    if !owns {
        let on = Certainty::Conditional(BTreeSet::from([gap.to_string()]));
        let (certainty, mut by) =
            standing.administrator.take().map_or((on.clone(), Vec::new()), |(known, by)| (known.and(on), by));
        by.push(GrantId::from("what was not read"));
        standing.administrator = Some((certainty, by));
    }
    Ok(standing)
}

impl StandingBook {
    fn steps(&self, rights: &Rights<'_>, id: &str) -> Rc<Steps> {
        if let Some(steps) = self.steps.borrow().get(id) {
            return Rc::clone(steps);
        }
        let steps = Rc::new(steps(rights, id, &rights.of(&principal(rights, id), None, &[])));
        self.steps.borrow_mut().insert(id.to_owned(), Rc::clone(&steps));
        steps
    }
}

fn own(book: &StandingBook, rights: &Rights<'_>, asked: Asked<'_>) -> Result<Own, Gap> {
    let is_agent = asked.kind == IdentityKind::ControlPlane;
    let leaving_out: &[&str] = if is_agent { AGENT_ROLES } else { &[] };
    let power = rights.of(&principal(rights, asked.id), asked.scopes, leaving_out);
    let authority = &power.authority;
    let mut assumptions = authority.assumptions().to_vec();
    if is_agent {
        assumptions.push("the roles Google gives its own agent are left out".to_owned());
    }
    if rights.groups_hold_roles {
        assumptions.push(IN_NO_GROUP.to_owned());
    }
    let wildcards = power
        .bound
        .iter()
        .filter(|bound| BASIC_ROLES.contains(&bound.role.as_str()))
        .filter(|_| !is_narrowed(authority))
        .map(|bound| Wildcard { grant: bound.id.clone(), pattern: bound.role.clone() })
        .collect();
    let (by_keys, unread) = with_storage_keys(book, rights, &power);
    let standing = Standing {
        administrator: ownership(rights, &power),
        held: combine([capabilities(authority, &possible(&power)), by_keys].concat()),
        escalation: None,
        wildcards,
        outside_need: beyond_need(rights, asked.kind, &power)?,
        assumptions,
    };
    let surely = standing.administrator.as_ref().is_some_and(|(certainty, _)| certainty.is_certain());
    let steps = (!surely).then(|| steps(rights, asked.id, &power));
    Ok(Own { standing, steps, unread: power.unread.or(unread) })
}

/// Method 9: with a key for it anybody is in Cloud Storage whom one of the project's accounts is there.
fn with_storage_keys(book: &StandingBook, rights: &Rights<'_>, power: &Power) -> (Vec<Held>, Option<Gap>) {
    let project = format!("projects/{}", rights.project);
    let Some(way) = open_to(power, &STORAGE_KEY, |_| Place::On(&project)) else { return (Vec::new(), None) };
    let (theirs, unread) = book.storage.get_or_init(|| {
        let (mut theirs, mut unread) = (Vec::new(), None);
        for (email, _) in rights.people.accounts.iter().filter(|(_, account)| !account.disabled) {
            let power = rights.of(&principal(rights, email), None, &[]);
            let rows: Vec<Need> = OF_STORAGE.iter().filter(|need| power.may(need.any_of)).copied().collect();
            theirs.extend(capabilities(&power.authority, &rows));
            unread = unread.or(power.unread);
        }
        (combine(theirs), unread)
    });
    let through = |held: &Held| Held {
        certainty: held.certainty.clone().and(way.certainty.clone()),
        actions: way.permissions.clone(),
        by: way.by.clone(),
        ..held.clone()
    };
    (theirs.iter().map(through).collect(), unread.clone())
}

/// The rows that may be satisfied at all.
fn possible(power: &Power) -> Vec<Need> {
    CAPABILITIES.iter().filter(|need| power.may(need.any_of)).copied().collect()
}

/// The identity as policies know it.
pub(crate) fn principal<'a>(rights: &Rights<'a>, id: &'a str) -> Principal<'a> {
    if id.contains('@') && !id.contains(':') {
        let home = rights.people.accounts.get(id).map(|account| account.home.as_str());
        let own = home.is_none_or(|home| home == rights.project);
        return Principal::Account { email: id, project: own.then_some(rights.hierarchy.number.as_str()) };
    }
    Principal::Member(id)
}

/// Whether access scopes narrow what the roles give.
fn is_narrowed(authority: &Authority) -> bool {
    authority.layers().iter().any(|layer| layer.kind == palisade_authority::LayerKind::Guard)
}

/// Method 1: who may set the policy of the project, or of something above it, owns the project.
fn ownership(rights: &Rights<'_>, power: &Power) -> Option<(Certainty, Vec<GrantId>)> {
    let ways = own_hops(rights, power);
    let certain = ways.iter().find(|(_, way)| way.certainty.is_certain());
    certain.or(ways.first()).map(|(_, way)| (way.certainty.clone(), way.by.clone()))
}

fn own_hops(rights: &Rights<'_>, power: &Power) -> Vec<(&'static MethodRow, Satisfied)> {
    let mut ways = Vec::new();
    for place in &rights.hierarchy.places {
        let row: &'static MethodRow = if place.name.starts_with("folders/") {
            &OWN_FOLDER
        } else if place.name.starts_with("organizations/") {
            &OWN_ORGANIZATION
        } else {
            &OWN_PROJECT
        };
        ways.extend(open_to(power, row, |_| Place::On(&place.name)).map(|way| (row, way)));
    }
    ways
}

/// The shortest way to the administrator of the project, else to that of the cluster.
fn climb(book: &StandingBook, rights: &Rights<'_>, id: &str, steps: &Steps, targets: &Targets) -> Climb {
    let mut seen: BTreeSet<String> = BTreeSet::from([id.to_owned()]);
    let mut open: VecDeque<String> = VecDeque::new();
    let mut taken: Vec<Hop> = Vec::new();
    let (mut next, mut unread) = steps.towards(id, targets);
    loop {
        for hop in &next {
            let Node::Identity(to) = &hop.to else { continue };
            if seen.contains(to.as_str()) {
                continue;
            }
            if seen.len() >= MOST_FOLLOWED {
                let what =
                    format!("`{id}` may become more than {MOST_FOLLOWED} others, whose ways are not all followed");
                unread.get_or_insert(Gap::Unsettled { what });
            } else if seen.insert(to.as_str().to_owned()) {
                open.push_back(to.as_str().to_owned());
            }
        }
        taken.append(&mut next);
        let Some(other) = open.pop_front() else { break };
        // Google's own agents are followed no further, as nobody acts as them: only as the agent of the APIs.
        let member = format!("serviceAccount:{other}");
        if !is_google_agent(&member) || is_apis_agent(&member) {
            let (hops, further) = book.steps(rights, &other).towards(&other, targets);
            next = hops;
            unread = unread.or(further);
        }
    }
    // Most can become somebody at most, and that leads nowhere.
    if taken.iter().all(|hop| matches!(hop.to, Node::Identity(_))) {
        return (None, unread);
    }
    let mut graph = Graph::new();
    for hop in taken {
        graph.add(hop);
    }
    let from = IdentityId::from(id);
    let way = [Node::Administrator, Node::ClusterAdmin].iter().find_map(|to| graph.shortest_path(&from, to));
    (way, unread)
}

/// Whether a way is open. Most ways are ruled out by the names of the permissions alone.
fn open_to<'a>(power: &Power, row: &MethodRow, place: impl Fn(&str) -> Place<'a>) -> Option<Satisfied> {
    if power.may(row.needs) { satisfied(&power.authority, row, place) } else { None }
}

fn hop(id: &str, to: Node, row: &MethodRow, way: Satisfied) -> Hop {
    Hop {
        from: Node::Identity(IdentityId::from(id)),
        to,
        method: row.method(),
        permissions: way.permissions,
        by: way.by,
        certainty: way.certainty,
    }
}

/// The steps an identity can take.
fn steps(rights: &Rights<'_>, id: &str, power: &Power) -> Steps {
    let mut hops = Vec::new();
    let mut onto_machines = Vec::new();
    let mut step = |to: Node, row: &MethodRow, way: Satisfied| hops.push(hop(id, to, row, way));
    for (row, way) in own_hops(rights, power) {
        step(Node::Administrator, row, way);
    }
    // A custom role is changed where it is defined; holding the permission on the project does not reach a role of the
    // organisation.
    for role in power
        .bound
        .iter()
        .filter(|bound| bound.role.starts_with("projects/") || bound.role.starts_with("organizations/"))
    {
        if let Some(way) = open_to(power, &UPDATE_ROLE, |_| Place::On(&role.role)) {
            step(Node::Administrator, &UPDATE_ROLE, way);
        }
    }
    if let Some(way) = open_to(power, &CLUSTER_ADMIN, |_| Place::Somewhere) {
        step(Node::ClusterAdmin, &CLUSTER_ADMIN, way);
    }
    if let Some(way) = open_to(power, &DEPLOYMENT_MANAGER, |_| Place::Somewhere) {
        let agent = format!("{}@cloudservices.gserviceaccount.com", rights.hierarchy.number);
        step(Node::Identity(IdentityId::from(agent)), &DEPLOYMENT_MANAGER, way);
    }
    let project = format!("projects/{}", rights.project);
    let mut unread = power.unread.clone();
    if let Some(way) = open_to(power, &FORGE, |_| Place::On(&project)) {
        for (email, account) in
            rights.people.accounts.iter().filter(|(email, account)| !account.disabled && *email != id)
        {
            match trusts_own_pool(rights, account) {
                Ok(true) => step(Node::Identity(IdentityId::from(email.as_str())), &FORGE, way.clone()),
                Ok(false) => (),
                Err(gap) => _ = unread.get_or_insert(gap),
            }
        }
    }
    for row in BECOME.iter().chain([&ROOT_ON_NODE]) {
        // Most identities may do none of this anywhere, and then no account has to be looked at.
        if open_to(power, row, |_| Place::Somewhere).is_none() {
            continue;
        }
        for (email, account) in &rights.people.accounts {
            if account.disabled || email == id {
                continue;
            }
            let resource = account_resource(&account.home, email);
            let on_account = |action: &str| action.starts_with("iam.serviceAccount");
            let place = |action: &str| if on_account(action) { Place::On(&resource) } else { Place::Somewhere };
            let Some(way) = open_to(power, row, place) else { continue };
            let to = Node::Identity(IdentityId::from(email.as_str()));
            if row.name == ROOT_ON_NODE.name {
                onto_machines.push((email.clone(), hop(id, to, row, way)));
            } else {
                step(to, row, way);
            }
        }
    }
    Steps { hops, onto_machines, pods: open_to(power, &RUN_AS_POD, |_| Place::Somewhere), unread }
}

/// Whether identities of a pool of the project, other than the clusters' own, may act as an account. Whoever rules the
/// pool's providers decides who those are. Google keeps the providers of the clusters' pools itself.
fn trusts_own_pool(rights: &Rights<'_>, account: &Account) -> Result<bool, Gap> {
    let pools = [rights.project, rights.hierarchy.number.as_str()]
        .map(|project| format!("//iam.googleapis.com/projects/{project}/locations/global/workloadIdentityPools/"));
    let is_own = |member: &String| {
        let pool = pools.iter().find_map(|pools| member.split_once(pools.as_str()).map(|(_, pool)| pool));
        pool.and_then(|pool| pool.split('/').next()).is_some_and(|pool| !pool.ends_with(".svc.id.goog"))
    };
    for binding in account.policy.iter().flat_map(|policy| &policy.bindings) {
        if let Some(role) = binding.role.as_deref().filter(|_| binding.members.iter().any(is_own))
            && rights.roles.get(role)?.has_any(DIRECT)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Steps {
    /// Those that are open where machines and pods are these, and why there may be further ones.
    fn towards(&self, id: &str, targets: &Targets) -> (Vec<Hop>, Option<Gap>) {
        let mut hops = self.hops.clone();
        let mut unread = self.unread.clone();
        let onto = self.onto_machines.iter().filter(|(email, _)| targets.machines.contains(email));
        hops.extend(onto.map(|(_, hop)| hop.clone()));
        if !self.onto_machines.is_empty() {
            unread = unread.or_else(|| targets.unread_machines.clone());
        }
        let Some(way) = &self.pods else { return (hops, unread) };
        let unread = unread.or_else(|| targets.unread_pods.clone());
        let to = |target: &String| Node::Identity(IdentityId::from(target.as_str()));
        for target in targets.pods.iter().filter(|target| *target != id) {
            hops.push(hop(id, to(target), &RUN_AS_POD, way.clone()));
        }
        // GKE's metadata server stands between pods and the machine's tokens, but for pods on the machine's network.
        // <https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#metadata_server>
        for target in targets.host.iter().filter(|target| *target != id && !targets.pods.contains(*target)) {
            let admitted = Certainty::Conditional(BTreeSet::from([HOST_NETWORK.to_owned()]));
            let way = Satisfied { certainty: way.certainty.clone().and(admitted), ..way.clone() };
            hops.push(hop(id, to(target), &RUN_AS_POD, way));
        }
        (hops, unread)
    }
}

/// What an identity was given and does not need. What a workload needs only its owner knows.
fn beyond_need(rights: &Rights<'_>, kind: IdentityKind, power: &Power) -> Result<Vec<OutsideNeed>, Gap> {
    let (needed_roles, needed): (&[&str], &[&str]) = match kind {
        IdentityKind::Node => (NODE_ROLES, NODE_NEED),
        IdentityKind::ControlPlane => (AGENT_ROLES, &[]),
        IdentityKind::Workload | IdentityKind::Controller => return Ok(Vec::new()),
    };
    let mut outside: BTreeMap<GrantId, OutsideNeed> = BTreeMap::new();
    let authority = &power.authority;
    for held in power.bound.iter().filter(|held| !needed_roles.contains(&held.role.as_str())) {
        let role = rights.roles.get(&held.role)?;
        let stray = role.permissions.iter().filter(|permission| !needed.contains(permission));
        let actions: Vec<String> = stray
            .filter(|permission| !authority.decide_any_resource(permission).is_deny())
            .map(|permission| (*permission).to_owned())
            .collect();
        // Scopes may stop what was not looked at, so only an unnarrowed token is said to hold the rest.
        let beyond = if kind == IdentityKind::Node { role.beyond_nodes } else { role.total };
        let more = if is_narrowed(authority) { 0 } else { beyond.saturating_sub(actions.len()) };
        if more > 0 || !actions.is_empty() {
            outside.entry(held.id.clone()).or_insert_with(|| OutsideNeed { grant: held.id.clone(), actions, more });
        }
    }
    Ok(outside.into_values().collect())
}
