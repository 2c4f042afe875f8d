//! One account: what its clusters share, and the judgements that need several of them.

use super::{
    access,
    cluster::Known,
    iam::{
        directory::{Directory, account_of},
        escalation::Ways,
        organization::Guards,
        standing::{Need, standing},
        trust,
    },
    identities::{self, Uses},
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::{
        Query,
        iam::{AccessKeys, LastAccessed, Role},
        organization::Accounts,
    },
};
use jiff::{SignedDuration, Timestamp};
use palisade_authority::{IdentityId, Standing};
use palisade_model::{Dedication, Evidence, Gap, Identity, IdentityKind, KeyHolder, LongLivedKey, Observed, Unused};
use palisade_provider::Snapshot;
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashSet},
    rc::Rc,
    sync::Arc,
};

/// Records, and the first gap among them.
#[derive(Debug)]
struct Rests {
    sources: Arc<[Evidence]>,
    gap: Option<Gap>,
}

/// Who holds a key.
type Holders = Rc<Observed<BTreeSet<KeyHolder>>>;

/// The window in which a right counts as used (control ID-12).
const WINDOW_DAYS: u32 = 90;

/// What the clusters of an account share.
#[derive(Debug)]
pub(super) struct Account<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) id: &'a str,
    pub(super) directory: Observed<&'a Directory>,
    pub(super) ways: Option<Ways<'a>>,
    /// What each cluster uses, by the cluster's ARN; with the records that rests on.
    pub(super) uses: BTreeMap<String, Observed<Uses>>,
    /// Who uses an identity, by its ARN; and the records of all clusters' uses, or the first that are missing.
    users: BTreeMap<String, BTreeSet<String>>,
    rests: Rests,
    standings: RefCell<BTreeMap<(String, Need), Arc<Standing>>>,
    identities: RefCell<BTreeMap<(String, IdentityKind, Need), Rc<Identity>>>,
    holders: RefCell<BTreeMap<(String, String), Holders>>,
    organization: OnceCell<BTreeSet<String>>,
    guards: OnceCell<Guards>,
}

impl<'a> Account<'a> {
    /// Finds what every cluster uses, and prepares what is judged across clusters.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        (id, partition): (&'a str, &str),
        directory: &'a Result<Directory, Gap>,
        clusters: &[&(&Region<'a>, String, Known<'a>)],
    ) -> Self {
        let directory = match directory {
            Ok(directory) => Observed::known(directory, directory.sources.clone()),
            Err(gap) => Observed::missing(gap.clone()),
        };
        let uses: BTreeMap<String, Observed<Uses>> = clusters
            .iter()
            .map(|(region, arn, known)| {
                (arn.clone(), conclude(|trail| identities::uses(region, known, &directory, trail)))
            })
            .collect();
        let nodes = uses.values().filter_map(|uses| uses.get().ok()).flatten();
        let on_machines = nodes.filter(|(_, one)| one.kind == IdentityKind::Node).map(|(arn, _)| arn.clone()).collect();
        let region = clusters.first().map_or("", |(region, _, _)| region.name);
        let providers = access::providers(snapshot, id);
        let providers = providers.get().ok().map(|providers| providers.iter().cloned().collect());
        let ways =
            directory.get().ok().map(|directory| Ways::new(directory, (partition, region), on_machines, providers));
        Self {
            snapshot,
            id,
            directory,
            ways,
            users: users(&uses),
            rests: rests(&uses),
            uses,
            standings: RefCell::default(),
            identities: RefCell::default(),
            holders: RefCell::default(),
            organization: OnceCell::new(),
            guards: OnceCell::new(),
        }
    }

    /// What the organisation takes away from everybody in the account.
    pub(super) fn guards(&self) -> &Guards {
        self.guards.get_or_init(|| Guards::read(self.snapshot, self.id))
    }

    /// Who holds a key; worked out once however many clusters share it.
    pub(super) fn holders(
        &self,
        scope: &str,
        key: &str,
        find: impl FnOnce() -> Observed<BTreeSet<KeyHolder>>,
    ) -> Holders {
        let place = (scope.to_owned(), key.to_owned());
        if let Some(known) = self.holders.borrow().get(&place) {
            return Rc::clone(known);
        }
        let found = Rc::new(find());
        self.holders.borrow_mut().insert(place, Rc::clone(&found));
        found
    }

    /// Whether an account belongs to us: our own, or one of the organisation's, as far as its list was read.
    pub(super) fn is_ours(&self, account: &str) -> bool {
        account == self.id || self.organization().contains(account)
    }

    /// Read only when somebody outside shows up: in most accounts nobody does.
    fn organization(&self) -> &BTreeSet<String> {
        self.organization.get_or_init(|| {
            let scopes = self.snapshot.scopes(&calls::LIST_ACCOUNTS);
            let pages = scopes.into_iter().map(|scope| {
                self.snapshot.list(&calls::LIST_ACCOUNTS, scope, &[], |page: Accounts| {
                    page.accounts.into_iter().filter_map(|account| account.id).collect()
                })
            });
            pages.filter_map(|page| super::endpoint::take(page).ok()).flatten().collect()
        })
    }

    /// The identities of a cluster.
    pub(super) fn identities(&self, cluster: &str) -> Observed<Vec<Identity>> {
        conclude(|trail| {
            let Some(uses) = self.uses.get(cluster) else {
                return Err(Gap::NotCollected { what: "the cluster's identities were not read".to_owned() });
            };
            let uses = trail.read(uses)?;
            Ok(uses.iter().map(|(arn, one)| self.identity(cluster, arn, one)).collect())
        })
    }

    fn identity(&self, cluster: &str, arn: &str, one: &identities::Use) -> Identity {
        Identity {
            used_by: one.used_by.iter().cloned().collect(),
            dedication: self.dedication(cluster, arn, one.kind),
            ..(*self.shared_identity(arn, one)).clone()
        }
    }

    /// What is the same of an identity for every cluster that uses it alike.
    fn shared_identity(&self, arn: &str, one: &identities::Use) -> Rc<Identity> {
        let key = (arn.to_owned(), one.kind, one.need.clone());
        if let Some(known) = self.identities.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.work_out(arn, one));
        self.identities.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn work_out(&self, arn: &str, one: &identities::Use) -> Identity {
        let kind = one.kind;
        Identity {
            id: IdentityId::from(arn),
            name: identities::name(arn),
            kind,
            used_by: Vec::new(),
            dedication: Observed::known(Dedication::Dedicated, Vec::new()),
            standing: conclude(|trail| {
                let directory = self.holding(arn, trail)?;
                let ways = self.ways.as_ref().ok_or_else(|| elsewhere(arn))?;
                Ok(self.standing(directory, ways, arn, &one.need))
            }),
            other_trust: conclude(|trail| {
                let directory = self.holding(arn, trail)?;
                Self::other_trust(directory, arn, kind)
            }),
            keys: conclude(|trail| {
                let directory = self.holding(arn, trail)?;
                self.keys(directory, arn, trail)
            }),
            unused: conclude(|trail| {
                let directory = self.holding(arn, trail)?;
                match directory.roles.get(arn) {
                    Some(role) => self.unused(arn, role, trail),
                    None => Ok(Unused::NobodyKnows { hint: "access reports are only made for roles".to_owned() }),
                }
            }),
        }
    }

    /// The directory, if it holds the identity.
    pub(super) fn holding(&self, arn: &str, trail: &mut Trail) -> Result<&'a Directory, Gap> {
        let directory: &'a Directory = trail.read(&self.directory)?;
        if directory.roles.contains_key(arn) || directory.users.contains_key(arn) {
            return Ok(directory);
        }
        Err(if account_of(arn).is_some_and(|account| account != self.id) {
            elsewhere(arn)
        } else {
            Gap::Unsettled { what: format!("{arn} is not among the account's roles and users") }
        })
    }

    fn standing(&self, directory: &Directory, ways: &Ways<'_>, arn: &str, need: &Need) -> Arc<Standing> {
        let key = (arn.to_owned(), need.clone());
        if let Some(known) = self.standings.borrow().get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(standing(directory, ways, arn, need));
        self.standings.borrow_mut().insert(key, Arc::clone(&found));
        found
    }

    /// Whether an identity serves one cluster in one role. Another cluster whose identities are unknown may share it.
    fn dedication(&self, cluster: &str, arn: &str, kind: IdentityKind) -> Observed<Dedication> {
        let elsewhere = self.users.get(arn).into_iter().flatten().filter(|other| *other != cluster);
        let mut with: BTreeSet<String> = elsewhere.cloned().collect();
        let own = self.uses.get(cluster).and_then(|uses| uses.get().ok()?.get(arn));
        with.extend(own.filter(|one| one.kind == kind).map(other_jobs).unwrap_or_default());
        let shared = (!with.is_empty()).then(|| Dedication::Shared { with: with.into_iter().collect() });
        match (shared, &self.rests.gap) {
            (Some(shared), _) => Observed::from_shared(Ok(shared), &self.rests.sources),
            (None, None) => Observed::from_shared(Ok(Dedication::Dedicated), &self.rests.sources),
            (None, Some(gap)) => Observed::missing(gap.clone()),
        }
    }

    /// Everybody a role admits beside the services that its job is about.
    fn other_trust(directory: &Directory, arn: &str, kind: IdentityKind) -> Result<Vec<String>, Gap> {
        // Nobody assumes a user.
        let Some(document) = directory.trust(arn)? else { return Ok(Vec::new()) };
        let services: &[&str] = match kind {
            IdentityKind::ControlPlane => &["eks.amazonaws.com"],
            IdentityKind::Node => &["ec2.amazonaws.com", "eks-fargate-pods.amazonaws.com", "ssm.amazonaws.com"],
            IdentityKind::Workload => &["pods.eks.amazonaws.com"],
            IdentityKind::Controller => &["pods.eks.amazonaws.com", "capabilities.eks.amazonaws.com"],
        };
        let federates = matches!(kind, IdentityKind::Workload | IdentityKind::Controller);
        let parties = trust::parties(document).into_iter().filter(|party| {
            let service = party.id.strip_suffix(".cn").unwrap_or(&party.id);
            let is_expected = party.kind == "Service" && services.contains(&service);
            let is_pod = federates && party.kind == "Federated" && party.id.contains(":oidc-provider/oidc.eks.");
            !is_expected && !is_pod
        });
        Ok(parties.map(|party| format!("{} {}", party.kind, party.id)).collect())
    }

    /// A role has no keys of its own; a user may.
    fn keys(&self, directory: &Directory, arn: &str, trail: &mut Trail) -> Result<Vec<LongLivedKey>, Gap> {
        let Some(user) = directory.users.get(arn) else { return Ok(Vec::new()) };
        let user = user.user_name.as_deref().ok_or_else(|| Gap::Unsettled { what: format!("{arn} has no name") })?;
        let answer = self.snapshot.list(
            &calls::LIST_ACCESS_KEYS,
            self.id,
            &[("user", user)],
            |Query(page): Query<AccessKeys>| page.access_key_metadata,
        );
        let keys = trail.read(&answer)?;
        Ok(keys
            .iter()
            .map(|key| LongLivedKey {
                id: key.access_key_id.clone().unwrap_or_default(),
                created: key.create_date,
                active: key.status.as_deref() != Some("Inactive"),
            })
            .collect())
    }

    pub(super) fn unused(&self, arn: &str, role: &Role, trail: &mut Trail) -> Result<Unused, Gap> {
        let now = self.snapshot.finished_at;
        let since = window_start(now);
        if role.create_date.is_some_and(|created| created > since) {
            return Ok(Unused::TooYoung);
        }
        // The report hangs on its order: a refused order is the reason, not the report nobody could ask for.
        let params = [("role", arn)];
        let ordered = self.snapshot.one::<serde::de::IgnoredAny>(
            &calls::GENERATE_SERVICE_LAST_ACCESSED_DETAILS,
            self.id,
            &params,
        );
        trail.read(&ordered)?;
        let call = &calls::GET_SERVICE_LAST_ACCESSED_DETAILS;
        let pages = self.snapshot.pages::<Query<LastAccessed>>(call, self.id, &params)?;
        let mut services = BTreeSet::new();
        for page in pages {
            trail.rest_on(&page.record.evidence("").into_iter().collect::<Vec<_>>());
            let Query(report) = page.value;
            if report.job_status.as_deref() != Some("COMPLETED") {
                let status = report.job_status.as_deref().unwrap_or("unknown");
                return Err(Gap::Unsettled { what: format!("the access report on {arn} has the status `{status}`") });
            }
            let idle = report
                .services_last_accessed
                .into_iter()
                .filter(|one| one.last_authenticated.is_none_or(|at| at < since));
            for one in idle {
                let unnamed = || Gap::Unsettled { what: format!("the access report on {arn} names no service") };
                services.insert(one.service_namespace.ok_or_else(unnamed)?);
            }
        }
        Ok(Unused::Known { services: services.into_iter().collect(), window_days: WINDOW_DAYS })
    }
}

/// The clusters that use each identity.
fn users(uses: &BTreeMap<String, Observed<Uses>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (cluster, uses) in uses {
        for identity in uses.get().into_iter().flat_map(BTreeMap::keys) {
            users.entry(identity.clone()).or_default().insert(cluster.clone());
        }
    }
    users
}

/// The records of everything the clusters use, with the first gap in it.
fn rests(uses: &BTreeMap<String, Observed<Uses>>) -> Rests {
    let mut seen = HashSet::new();
    let sources = uses.values().filter(|uses| uses.gap().is_none()).flat_map(Observed::sources);
    let sources: Arc<[Evidence]> = sources.filter(|source| seen.insert(*source)).cloned().collect();
    Rests { sources, gap: uses.values().find_map(Observed::gap).cloned() }
}

fn window_start(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(WINDOW_DAYS))).unwrap_or(Timestamp::MIN)
}

/// Jobs of another kind that one identity does in the same cluster: nodes and service accounts, for example.
fn other_jobs(one: &identities::Use) -> Vec<String> {
    let family = |by: &str| match by {
        "the control plane" => "the control plane",
        by if by.starts_with("service account ") || by.starts_with("service accounts") => "service accounts",
        by if by.starts_with("add-on ") => "service accounts",
        by if by.starts_with("capability ") => "capabilities",
        _ => "nodes",
    };
    let families: BTreeSet<&str> = one.used_by.iter().map(|by| family(by)).collect();
    if families.len() < 2 { Vec::new() } else { families.into_iter().map(str::to_owned).collect() }
}

fn elsewhere(arn: &str) -> Gap {
    let account = account_of(arn).unwrap_or("another account");
    Gap::NotCollected { what: format!("{arn} belongs to {account}: read that account to know it") }
}
