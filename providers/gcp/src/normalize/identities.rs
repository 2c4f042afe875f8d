//! The cloud identities of a cluster, and who may become them.

use super::{
    authority::Rights,
    hierarchy::{Denial, Hierarchy},
    machines::Machines,
    people::{People, pool},
    principal::workload_pool,
    roles::RoleBook,
    standing::{Asked, StandingBook, Targets, standing},
    tables::DIRECT,
    trusts::{CONFIG_CONNECTOR, controllers, external, location, subject_text, trusts},
};
use crate::{
    calls::{INSIGHTS, KEYS_LIST},
    record::{
        container::Cluster,
        iam::{Insights, Key, Keys},
        names::{account_home, engine_agent, is_google_agent, last},
        nodes::{NodeAccount, default_account, is_autopilot, node_accounts, of_pool},
        word::{INSIGHT_STATE, KEY_TYPE, METADATA_MODE},
    },
};
use jiff::Timestamp;
use palisade_authority::IdentityId;
use palisade_model::{
    Audience, Controller, ControllerIdentity, Dedication, Evidence, ExternalTrust, Gap, Identity, IdentityKind, Issuer,
    LongLivedKey, Observed, Trust, TrustSubject, Unused,
};
use palisade_provider::Snapshot;
use serde_json::Value;
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

/// Everything the identities of a project's clusters rest on.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) project: &'a str,
    pub(crate) clusters: &'a [Cluster],
    /// Why there may be further ones.
    pub(crate) unlisted: Option<&'a Gap>,
    pub(crate) hierarchy: &'a Observed<Hierarchy>,
    pub(crate) denials: &'a Observed<Vec<Denial>>,
    pub(crate) people: &'a Observed<People>,
    pub(crate) roles: &'a RoleBook<'a>,
    pub(crate) machines: &'a Observed<Machines>,
    pub(crate) insights: &'a Observed<Insights>,
    pub(crate) groups_hold_roles: bool,
    pub(crate) book: &'a IdentityBook,
    pub(crate) now: Timestamp,
}

impl<'a> Surroundings<'a> {
    /// What rights follow from.
    pub(crate) fn rights(&self) -> Result<Rights<'a>, Gap> {
        Ok(Rights {
            project: self.project,
            hierarchy: self.hierarchy.get()?,
            denials: self.denials.get()?,
            people: self.people.get()?,
            roles: self.roles,
            groups_hold_roles: self.groups_hold_roles,
            now: self.now,
        })
    }
}

/// What a cluster is towards Google's APIs.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) identities: Vec<Identity>,
    pub(crate) trusts: Result<Vec<Trust>, Gap>,
    pub(crate) controllers: Result<Vec<Controller>, Gap>,
    pub(crate) external: Result<Vec<ExternalTrust>, Gap>,
}

/// One identity while it is being put together.
#[derive(Debug, Default)]
struct Draft {
    kind: Option<IdentityKind>,
    used_by: BTreeSet<String>,
    /// The access scopes of its pools; all together, since any of the pools may be the one that is broken into.
    scopes: Option<Vec<String>>,
}

/// The identities, trusts and controllers of one cluster.
pub(crate) fn identified(around: &Surroundings<'_>, cluster: &Cluster, name: &str) -> Result<Identified, Gap> {
    let hierarchy = around.hierarchy.get()?;
    let people = around.people.get()?;
    let trusts = around.book.trusts(around, cluster, (hierarchy, people));
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    let agent = format!("service-{}@container-engine-robot.iam.gserviceaccount.com", hierarchy.number);
    drafts.insert(
        agent,
        Draft {
            kind: Some(IdentityKind::ControlPlane),
            used_by: BTreeSet::from([format!("the control plane of {name}")]),
            scopes: None,
        },
    );
    for pool in &cluster.node_pools {
        let account = of_pool(cluster, pool);
        let email = address(&account, &hierarchy.number);
        let draft = drafts.entry(email).or_default();
        draft.kind = Some(IdentityKind::Node);
        draft.used_by.insert(format!("node pool {}", pool.name.as_deref().unwrap_or_default()));
        let none_yet = draft.scopes.is_none();
        let known = draft.scopes.get_or_insert_default();
        // No scopes mean every scope, and so does an empty list from then on.
        if account.scopes.is_empty() || (!none_yet && known.is_empty()) {
            known.clear();
        } else {
            known.extend(account.scopes.iter().cloned());
        }
    }
    for trust in trusts.iter() {
        let draft = drafts.entry(trust.identity.as_str().to_owned()).or_default();
        let kind = if is_config_connector(trust) { IdentityKind::Controller } else { IdentityKind::Workload };
        draft.kind = draft.kind.or(Some(kind));
        draft.used_by.insert(subject_text(&trust.subject));
    }
    let targets = around.book.targets(around, (hierarchy, people));
    let unread = hierarchy.unread().chain(&people.unread).min();
    let mut identities: Vec<Identity> =
        drafts.into_iter().map(|(id, draft)| identity(around, cluster, &id, draft, (&targets, &trusts))).collect();
    if let (Some(gap), Some(pool)) = (unread, pool(cluster)) {
        identities.push(unseen(pool, gap));
    }
    // A trust that was read and is wide is bad whatever the others are.
    let trusts_are_bad = trusts.iter().any(|trust| is_wide(&trust.subject));
    let mut told = trusts.to_vec();
    if let (Some(gap), Some(pool)) = (unread, pool(cluster)) {
        told.push(unseen_trust(pool, gap));
    }
    let trusts_fact = match unread {
        Some(gap) if pool(cluster).is_some() && !trusts_are_bad => Err(gap.clone()),
        _ => Ok(told),
    };
    let controllers = controllers(cluster, &trusts);
    let own_is_sure = |one: &Controller| matches!(one.identity, ControllerIdentity::Shared(_));
    let controllers = match unread {
        Some(gap) if !controllers.iter().all(own_is_sure) => Err(gap.clone()),
        _ => Ok(controllers),
    };
    let here = hierarchy.places.first().into_iter().flat_map(|place| &place.unread).chain(&people.unread).min();
    let external = here.map_or_else(|| Ok(external(around.project, hierarchy, people)), |gap| Err(gap.clone()));
    Ok(Identified { identities, trusts: trusts_fact, controllers, external })
}

/// Whoever pods may be by what was not read: of it nothing is known, not even that it exists.
fn unseen(pool: &str, gap: &Gap) -> Identity {
    Identity {
        id: IdentityId::from(unseen_id(pool)),
        name: "workloads by what was not read".to_owned(),
        kind: IdentityKind::Workload,
        used_by: vec![format!("service accounts of pool {pool}")],
        standing: Observed::missing(gap.clone()),
        dedication: Observed::missing(gap.clone()),
        other_trust: Observed::missing(gap.clone()),
        keys: Observed::missing(gap.clone()),
        unused: Observed::missing(gap.clone()),
    }
}

fn unseen_id(pool: &str) -> String {
    format!("unread identities of pool {pool}")
}

fn unseen_trust(pool: &str, gap: &Gap) -> Trust {
    Trust {
        identity: IdentityId::from(unseen_id(pool)),
        subject: TrustSubject::Expression { text: gap.to_string() },
        audience: Audience::Checked,
        issuer: Issuer::PartlySeenPool { pool: pool.to_owned(), gap: gap.clone() },
        consumers: 0,
        text: format!("what was not read: {gap}"),
    }
}

fn is_wide(subject: &TrustSubject) -> bool {
    match subject {
        TrustSubject::Namespace { .. }
        | TrustSubject::Pattern { .. }
        | TrustSubject::WholeCluster
        | TrustSubject::WholePool => true,
        TrustSubject::Exact { .. } | TrustSubject::Nobody { .. } | TrustSubject::Expression { .. } => false,
    }
}

fn is_config_connector(trust: &Trust) -> bool {
    matches!(&trust.subject, TrustSubject::Exact { namespace, .. } if namespace == CONFIG_CONNECTOR)
}

fn address(account: &NodeAccount<'_>, number: &str) -> String {
    account.email.map_or_else(|| default_account(number), str::to_owned)
}

fn identity(
    around: &Surroundings<'_>,
    cluster: &Cluster,
    id: &str,
    draft: Draft,
    (targets, trusts): (&Targets, &[Trust]),
) -> Identity {
    let kind = draft.kind.unwrap_or(IdentityKind::Workload);
    let book = around.book;
    let stand = (|| {
        let rights = around.rights()?;
        let scopes = draft.scopes.as_deref().filter(|_| kind == IdentityKind::Node);
        standing(&book.standings, &rights, Asked { id, kind, scopes }, targets)
    })();
    let known = book.shared(around, id, kind);
    let sources = book.sources(around);
    Identity {
        id: IdentityId::from(id),
        name: known.name.clone(),
        kind,
        used_by: draft.used_by.into_iter().collect(),
        standing: Observed::from_shared(stand, &sources.rights),
        dedication: Observed::from_shared(dedication(around, cluster, id, kind, trusts), &sources.machines),
        other_trust: known.other_trust.clone(),
        keys: known.keys.clone(),
        unused: known.unused.clone(),
    }
}

/// What is the same in every cluster of a project, worked out once.
#[derive(Debug, Default)]
pub(crate) struct IdentityBook {
    standings: StandingBook,
    shared: RefCell<HashMap<(String, bool), Rc<Known>>>,
    sources: RefCell<Option<Rc<Sources>>>,
    trusts: RefCell<HashMap<ClusterKey, Rc<Vec<Trust>>>>,
    targets: OnceCell<Rc<Targets>>,
}

/// A cluster's name and location.
type ClusterKey = (String, String);

/// What does not depend on the cluster an identity is seen from.
#[derive(Debug)]
struct Known {
    name: String,
    other_trust: Observed<Vec<String>>,
    keys: Observed<Vec<LongLivedKey>>,
    unused: Observed<Unused>,
}

/// The records behind the facts of identities.
#[derive(Debug)]
struct Sources {
    /// How many roles had been looked at.
    roles: usize,
    rights: Arc<[Evidence]>,
    trust: Arc<[Evidence]>,
    machines: Arc<[Evidence]>,
}

impl IdentityBook {
    fn trusts(
        &self,
        around: &Surroundings<'_>,
        cluster: &Cluster,
        (hierarchy, people): (&Hierarchy, &People),
    ) -> Rc<Vec<Trust>> {
        let key = (cluster.name.clone().unwrap_or_default(), location(cluster).to_owned());
        if let Some(trusts) = self.trusts.borrow().get(&key) {
            return Rc::clone(trusts);
        }
        let found = Rc::new(trusts(around, cluster, hierarchy, people));
        self.trusts.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Whom machines and pods of the whole project may be: roles on the project hold in every cluster of it.
    fn targets(&self, around: &Surroundings<'_>, (hierarchy, people): (&Hierarchy, &People)) -> Rc<Targets> {
        let targets = self.targets.get_or_init(|| {
            let mut targets = Targets { unread_pods: around.unlisted.cloned(), ..Targets::default() };
            for cluster in around.clusters {
                let nodes = node_accounts(cluster, Some(&hierarchy.number));
                for trust in self.trusts(around, cluster, (hierarchy, people)).iter() {
                    targets.pods.insert(trust.identity.as_str().to_owned());
                }
                if metadata_is_open(cluster) {
                    targets.pods.extend(nodes.iter().cloned());
                } else if !is_autopilot(cluster) {
                    targets.host.extend(nodes.iter().cloned());
                }
                targets.machines.extend(nodes);
            }
            match around.machines.get() {
                Ok(machines) => {
                    let carried = machines.all().iter().flat_map(|machine| &machine.service_accounts);
                    targets.machines.extend(carried.filter_map(|account| account.email.clone()));
                    targets.unread_machines = machines.unread().map(|machine| machine.gap.clone());
                }
                Err(gap) => targets.unread_machines = Some(gap),
            }
            Rc::new(targets)
        });
        Rc::clone(targets)
    }

    fn shared(&self, around: &Surroundings<'_>, id: &str, kind: IdentityKind) -> Rc<Known> {
        let is_account = id.contains('@') && !id.contains(':') && kind != IdentityKind::ControlPlane;
        let key = (id.to_owned(), is_account);
        if let Some(known) = self.shared.borrow().get(&key) {
            return Rc::clone(known);
        }
        let account = around.people.get().ok().and_then(|people| people.accounts.get(id));
        let name = account.and_then(|account| account.name.clone());
        let other_trust = if is_account { other_trust(around, id) } else { Ok(Vec::new()) };
        let sources = self.sources(around);
        let keys = if is_account { keys(around, id) } else { Observed::from_shared(Ok(Vec::new()), &sources.trust) };
        let known = Rc::new(Known {
            name: name.unwrap_or_else(|| id.split('@').next().unwrap_or(id).to_owned()),
            other_trust: Observed::from_shared(other_trust, &sources.trust),
            keys,
            unused: unused(around, id),
        });
        self.shared.borrow_mut().insert(key, Rc::clone(&known));
        known
    }

    /// The records, again when further roles were looked at.
    fn sources(&self, around: &Surroundings<'_>) -> Rc<Sources> {
        let roles = around.roles.looked_at();
        if let Some(sources) = self.sources.borrow().as_ref().filter(|sources| sources.roles == roles) {
            return Rc::clone(sources);
        }
        let (above, people) = (around.hierarchy.sources(), around.people.sources());
        let role_records = around.roles.evidence();
        let sources = Rc::new(Sources {
            roles,
            rights: [above, people, around.denials.sources(), &role_records].concat().into(),
            trust: [above, people, &role_records].concat().into(),
            machines: [above, people, around.machines.sources()].concat().into(),
        });
        *self.sources.borrow_mut() = Some(Rc::clone(&sources));
        sources
    }
}

/// Whether pods of some pool get the machine's tokens.
fn metadata_is_open(cluster: &Cluster) -> bool {
    !is_autopilot(cluster)
        && cluster.node_pools.iter().any(|pool| {
            let mode = pool.config.as_ref().and_then(|config| config.workload_metadata_config.as_ref());
            !mode.and_then(|config| config.mode.as_ref()).is_some_and(|mode| mode.is(METADATA_MODE, "GKE_METADATA"))
        })
}

/// Whether an identity serves this purpose alone.
fn dedication(
    around: &Surroundings<'_>,
    cluster: &Cluster,
    id: &str,
    kind: IdentityKind,
    trusts: &[Trust],
) -> Result<Dedication, Gap> {
    let hierarchy = around.hierarchy.get()?;
    if kind == IdentityKind::Node && id == default_account(&hierarchy.number) {
        let member = format!("serviceAccount:{id}");
        let broad = ["roles/owner", "roles/editor"].iter().find(|role| {
            hierarchy
                .places
                .iter()
                .flat_map(|place| &place.policy.bindings)
                .any(|binding| binding.role.as_deref() == Some(**role) && binding.members.contains(&member))
        });
        return Ok(Dedication::Default { name: id.to_owned(), broad: broad.map(|role| (*role).to_owned()) });
    }
    let mut with: BTreeSet<String> = BTreeSet::new();
    // Another use that was read settles it; without one, what was not read may be one.
    let mut doubt = around.people.get()?.unread.iter().min().cloned();
    match kind {
        IdentityKind::Node => {
            for other in around.clusters.iter().filter(|other| !is_same(other, cluster)) {
                if other.node_pools.iter().any(|pool| of_pool(other, pool).email == Some(id)) {
                    with.insert(format!("cluster {}", other.name.as_deref().unwrap_or_default()));
                }
            }
            with.extend(
                trusts.iter().filter(|trust| trust.identity.as_str() == id).map(|trust| subject_text(&trust.subject)),
            );
            match around.machines.get() {
                Ok(machines) => {
                    for machine in machines.nameless() {
                        if machine.service_accounts.iter().any(|account| account.email.as_deref() == Some(id)) {
                            with.insert(format!("machine {}", machine.name.as_deref().unwrap_or_default()));
                        }
                    }
                    doubt = doubt.or(machines.unread().map(|machine| machine.gap.clone()));
                }
                Err(gap) => doubt = doubt.or(Some(gap)),
            }
            doubt = doubt.or_else(|| around.unlisted.cloned());
        }
        IdentityKind::Workload | IdentityKind::Controller => {
            let subjects: BTreeSet<String> = trusts
                .iter()
                .filter(|trust| trust.identity.as_str() == id)
                .map(|trust| subject_text(&trust.subject))
                .collect();
            if subjects.len() > 1 {
                with = subjects;
            }
            doubt = doubt.or(around.machines.gap().cloned());
        }
        IdentityKind::ControlPlane => doubt = around.machines.gap().cloned(),
    }
    match (with.is_empty(), doubt) {
        (false, _) => Ok(Dedication::Shared { with: with.into_iter().collect() }),
        (true, Some(gap)) => Err(gap),
        (true, None) => Ok(Dedication::Dedicated),
    }
}

fn is_same(a: &Cluster, b: &Cluster) -> bool {
    a.name == b.name && a.location == b.location
}

/// Who else may become an account: by the account's own policy, and by roles on the project or above that make tokens of
/// every account. What Owner and Editor can do by way of a launcher is a matter of their own standing.
fn other_trust(around: &Surroundings<'_>, id: &str) -> Result<Vec<String>, Gap> {
    let hierarchy = around.hierarchy.get()?;
    let people = around.people.get()?;
    let pools: BTreeSet<&str> = around.clusters.iter().filter_map(pool).collect();
    let mut found = BTreeSet::new();
    let mut doubt = hierarchy.unread().chain(&people.unread).min().cloned();
    let own = people.accounts.get(id).and_then(|account| account.policy.as_ref());
    let own = own.into_iter().flat_map(|policy| &policy.bindings).map(|binding| (binding, format!("account {id}")));
    let above = hierarchy
        .places
        .iter()
        .flat_map(|place| place.policy.bindings.iter().map(|binding| (binding, place.name.clone())));
    for (binding, place) in own.chain(above) {
        let members: Vec<&String> = binding
            .members
            .iter()
            .filter(|member| !is_google_agent(member) && engine_agent(member).is_none())
            // Workloads of these clusters are trusts, not others.
            .filter(|member| workload_pool(member).is_none_or(|pool| !pools.contains(pool)))
            .filter(|member| member.strip_prefix("serviceAccount:") != Some(id))
            .collect();
        let Some(role) = binding.role.as_deref().filter(|_| !members.is_empty()) else { continue };
        match around.roles.get(role) {
            Ok(role_held) if role_held.has_any(DIRECT) => {
                found.extend(members.into_iter().map(|member| format!("{member} by {role} on {place}")));
            }
            Ok(_) => (),
            Err(gap) => _ = doubt.get_or_insert(gap),
        }
    }
    // Somebody who was read is one too many already.
    match doubt {
        Some(gap) if found.is_empty() => Err(gap),
        _ => Ok(found.into_iter().collect()),
    }
}

/// The user-managed keys of an account. The system's own always exist and are asked for nowhere.
fn keys(around: &Surroundings<'_>, id: &str) -> Observed<Vec<LongLivedKey>> {
    let home = account_home(id, around.project);
    let listed: Observed<Keys> = around.snapshot.one(&KEYS_LIST, home, &[("account", id)]);
    listed.map(|list| {
        let managed = |key: &&Key| !key.kind.as_ref().is_some_and(|kind| kind.is(KEY_TYPE, "SYSTEM_MANAGED"));
        list.keys
            .iter()
            .filter(managed)
            .map(|key| LongLivedKey {
                id: key.name.as_deref().map(last).unwrap_or_default().to_owned(),
                created: key.valid_after_time.as_deref().and_then(|text| text.parse().ok()),
                active: key.disabled != Some(true),
            })
            .collect()
    })
}

/// What the recommender saw unused. Google keeps an insight for each role and member it watched for the whole window.
fn unused(around: &Surroundings<'_>, id: &str) -> Observed<Unused> {
    let sources = around.insights.sources().to_vec();
    let read = around.insights.get().map(|insights| {
        let mut services = BTreeSet::new();
        let mut window_days = 90;
        let mut watched = false;
        for insight in &insights.insights {
            let active = insight.state_info.as_ref().and_then(|info| info.state.as_ref());
            if active.is_some_and(|state| state.is(INSIGHT_STATE, "DISMISSED")) {
                continue;
            }
            let Some(content) = &insight.content else { continue };
            let text = |key: &str| content.get(key).and_then(Value::as_str);
            let member = text("member").unwrap_or_default();
            if member != id && member.strip_prefix("serviceAccount:") != Some(id) {
                continue;
            }
            watched = true;
            if let Some(days) = insight.observation_period.as_deref().and_then(days) {
                window_days = days;
            }
            let exercised = content.get("exercisedPermissions").and_then(Value::as_array).map_or(0, Vec::len);
            let count = content.get("currentTotalPermissionsCount");
            let total = count.and_then(|count| match count {
                Value::String(text) => text.parse::<usize>().ok(),
                count => count.as_u64().and_then(|count| usize::try_from(count).ok()),
            });
            let role = text("role").unwrap_or("a role");
            match total {
                Some(total) if total > exercised => {
                    services.insert(format!("{role}: {} of {total} permissions", total - exercised));
                }
                Some(_) => (),
                None if exercised == 0 => {
                    services.insert(format!("{role}: no permission was used"));
                }
                None => {
                    services.insert(format!("{role}: all but {exercised} permissions, of a number that is not told"));
                }
            }
        }
        if watched {
            Unused::Known { services: services.into_iter().collect(), window_days }
        } else {
            Unused::NobodyKnows { hint: format!("Google keeps no insight about `{id}`") }
        }
    });
    Observed::from_result(read, sources)
}

/// The insights of a project.
pub(crate) fn insights(snapshot: &Snapshot, project: &str) -> Observed<Insights> {
    snapshot.list(&INSIGHTS, project, &[], |page: Insights| page.insights).map(|insights| Insights { insights })
}

/// `7776000s` is 90 days.
fn days(text: &str) -> Option<u32> {
    let seconds: u64 = text.strip_suffix('s')?.split('.').next()?.parse().ok()?;
    u32::try_from(seconds / 86_400).ok()
}

/// The records of both facts that trusts and identities rest on.
pub(crate) fn sources(around: &Surroundings<'_>, own: &[Evidence]) -> Vec<Evidence> {
    [own, around.hierarchy.sources(), around.people.sources()].concat()
}
