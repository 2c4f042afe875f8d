//! Where an identity stands: what it holds, how far it could climb, what it would not need.

use super::{
    authority::{Power, Rights, account_resource},
    groups::IN_NO_GROUP,
    people::Account,
    principal::Principal,
    tables::{
        AGENT_ROLES, BASIC_ROLES, BECOME, CAPABILITIES, CLUSTER_ADMIN, DEPLOYMENT_MANAGER, DIRECT, FORGE, NODE_NEED,
        NODE_ROLES, OWN_FOLDER, OWN_ORGANIZATION, OWN_PROJECT, ROOT_ON_NODE, RUN_AS_POD, UPDATE_ROLE,
    },
};
use palisade_authority::{
    Authority, Certainty, GrantId, Graph, Hop, IdentityId, MethodRow, Need, Node, OutsideNeed, Place, Satisfied,
    Standing, Wildcard, capabilities, satisfied,
};
use palisade_model::{Gap, IdentityKind};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

/// What a step through a pod on the machine's network depends on.
const HOST_NETWORK: &str = "whether the cluster admits pods on the machine's network";

/// Most identities that a way is followed through; beyond, the first ones found are enough to tell.
const MOST_FOLLOWED: usize = 64;

/// The identities of the cluster a way may lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Targets {
    /// Accounts that machines carry.
    pub(crate) nodes: BTreeSet<String>,
    /// Accounts and principals that pods act as.
    pub(crate) pods: BTreeSet<String>,
    /// Accounts that only pods on the machine's own network get tokens of.
    pub(crate) host: BTreeSet<String>,
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
    own: RefCell<BTreeMap<Key, Rc<Own>>>,
    /// The sets of targets met so far.
    targets: RefCell<BTreeMap<Targets, usize>>,
    /// With the shortest way up, by the targets it may lead to.
    ways: RefCell<BTreeMap<(Key, usize), Arc<Standing>>>,
}

/// The shortest way up, if there is one.
type Climb = Option<Vec<Hop>>;

/// An identity, in its use.
type Key = (String, IdentityKind, Option<Vec<String>>);

/// The part of a standing that does not depend on whom the cluster's pods and nodes may be.
#[derive(Debug)]
struct Own {
    standing: Arc<Standing>,
    /// Nothing for a sure administrator, who needs no way up.
    steps: Option<Steps>,
}

/// The steps an identity can take, whatever the cluster.
#[derive(Debug)]
struct Steps {
    hops: Vec<Hop>,
    /// Steps onto machines: open where a machine of the cluster carries the account.
    onto_machines: Vec<(String, Hop)>,
    /// How it runs pods: open towards whomever pods of the cluster may be.
    pods: Option<Satisfied>,
}

/// The standing of an identity.
pub(crate) fn standing(
    book: &StandingBook,
    rights: &Rights<'_>,
    asked: Asked<'_>,
    targets: &Targets,
) -> Result<Arc<Standing>, Gap> {
    let key: Key = (asked.id.to_owned(), asked.kind, asked.scopes.map(<[String]>::to_vec));
    let known = book.own.borrow().get(&key).map(Rc::clone);
    let own = if let Some(own) = known {
        own
    } else {
        let own = Rc::new(own(rights, asked)?);
        book.own.borrow_mut().insert(key.clone(), Rc::clone(&own));
        own
    };
    match &own.steps {
        Some(steps) => book.with_way(rights, key, (&own.standing, steps), targets),
        None => Ok(Arc::clone(&own.standing)),
    }
}

impl StandingBook {
    /// The standing with the way up from there.
    fn with_way(
        &self,
        rights: &Rights<'_>,
        key: Key,
        (own, steps): (&Arc<Standing>, &Steps),
        targets: &Targets,
    ) -> Result<Arc<Standing>, Gap> {
        let known = self.targets.borrow().get(targets).copied();
        let place = known.unwrap_or_else(|| {
            let mut all = self.targets.borrow_mut();
            let place = all.len();
            all.insert(targets.clone(), place);
            place
        });
        let key = (key, place);
        if let Some(known) = self.ways.borrow().get(&key) {
            return Ok(Arc::clone(known));
        }
        let found = match climb(self, rights, &key.0.0, steps, targets)? {
            Some(way) => Arc::new(Standing { escalation: Some(way), ..(**own).clone() }),
            None => Arc::clone(own),
        };
        self.ways.borrow_mut().insert(key, Arc::clone(&found));
        Ok(found)
    }

    fn steps(&self, rights: &Rights<'_>, id: &str) -> Result<Rc<Steps>, Gap> {
        if let Some(steps) = self.steps.borrow().get(id) {
            return Ok(Rc::clone(steps));
        }
        let steps = Rc::new(steps(rights, id, &rights.of(&principal(rights, id), None, &[])?)?);
        self.steps.borrow_mut().insert(id.to_owned(), Rc::clone(&steps));
        Ok(steps)
    }
}

fn own(rights: &Rights<'_>, asked: Asked<'_>) -> Result<Own, Gap> {
    let is_agent = asked.kind == IdentityKind::ControlPlane;
    let leaving_out: &[&str] = if is_agent { AGENT_ROLES } else { &[] };
    let power = rights.of(&principal(rights, asked.id), asked.scopes, leaving_out)?;
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
    let standing = Standing {
        administrator: ownership(rights, &power),
        held: capabilities(authority, &possible(&power)),
        escalation: None,
        wildcards,
        outside_need: beyond_need(rights, asked.kind, &power)?,
        assumptions,
    };
    let surely = standing.administrator.as_ref().is_some_and(|(certainty, _)| certainty.is_certain());
    let steps = (!surely).then(|| steps(rights, asked.id, &power)).transpose()?;
    Ok(Own { standing: Arc::new(standing), steps })
}

/// The rows that may be satisfied at all.
fn possible(power: &Power) -> Vec<Need> {
    CAPABILITIES.iter().filter(|need| power.may(need.any_of)).copied().collect()
}

/// The identity as policies know it.
fn principal<'a>(rights: &Rights<'a>, id: &'a str) -> Principal<'a> {
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
fn climb(book: &StandingBook, rights: &Rights<'_>, id: &str, steps: &Steps, targets: &Targets) -> Result<Climb, Gap> {
    let mut seen: BTreeSet<String> = BTreeSet::from([id.to_owned()]);
    let mut open: VecDeque<String> = VecDeque::new();
    let mut taken: Vec<Hop> = Vec::new();
    let mut next = steps.towards(id, targets);
    loop {
        for hop in &next {
            if let Node::Identity(to) = &hop.to
                && seen.len() < MOST_FOLLOWED
                && seen.insert(to.as_str().to_owned())
            {
                open.push_back(to.as_str().to_owned());
            }
        }
        taken.append(&mut next);
        let Some(other) = open.pop_front() else { break };
        // Google's own agents are followed no further: which roles they hold is not asked.
        if !crate::record::names::is_google_agent(&format!("serviceAccount:{other}")) {
            next = book.steps(rights, &other)?.towards(&other, targets);
        }
    }
    // Most can become somebody at most, and that leads nowhere.
    if taken.iter().all(|hop| matches!(hop.to, Node::Identity(_))) {
        return Ok(None);
    }
    let mut graph = Graph::new();
    for hop in taken {
        graph.add(hop);
    }
    let from = IdentityId::from(id);
    Ok([Node::Administrator, Node::ClusterAdmin].iter().find_map(|to| graph.shortest_path(&from, to)))
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
fn steps(rights: &Rights<'_>, id: &str, power: &Power) -> Result<Steps, Gap> {
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
    if let Some(way) = open_to(power, &FORGE, |_| Place::On(&project)) {
        for (email, account) in
            rights.people.accounts.iter().filter(|(email, account)| !account.disabled && *email != id)
        {
            if trusts_own_pool(rights, account)? {
                step(Node::Identity(IdentityId::from(email.as_str())), &FORGE, way.clone());
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
    Ok(Steps { hops, onto_machines, pods: open_to(power, &RUN_AS_POD, |_| Place::Somewhere) })
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
    /// Those that are open in a cluster whose machines and pods are these.
    fn towards(&self, id: &str, targets: &Targets) -> Vec<Hop> {
        let mut hops = self.hops.clone();
        let onto = self.onto_machines.iter().filter(|(email, _)| targets.nodes.contains(email));
        hops.extend(onto.map(|(_, hop)| hop.clone()));
        let Some(way) = &self.pods else { return hops };
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
        hops
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
