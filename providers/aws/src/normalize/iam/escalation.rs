//! Who may become whom: the methods of the table, each with its preconditions checked.

use super::{
    capability::{
        ASSUME, CHANGE_ISSUER, CLUSTER_ADMIN, EXISTING, Existing, JOIN_GROUP, LAUNCHERS, MAKE_ISSUER, ON_MACHINES,
        ON_OWN_GROUP, ON_OWN_USER, ON_SELF, RESTORE_VERSION, REWRITE_TRUST, RULE_SAML, USER_CREDENTIALS,
    },
    directory::{Change, Directory},
    trust,
};
use palisade_authority::{
    Authority, Case, Certainty, Glob, Grant, GrantId, Graph, Hop, IdentityId, Layer, LayerKind, MethodRow, Node, Part,
    Place, Satisfied, Selector, Truth, satisfied,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

/// Most identities whose own ways are followed; beyond, the answer says so.
const FOLLOWED: usize = 256;

/// An administrator, with how sure that is and what makes it one.
pub(in crate::normalize) type Administrator = (Certainty, Vec<GrantId>);

/// The ways between the identities of an account, found when they are asked for.
#[derive(Debug)]
pub(in crate::normalize) struct Ways<'a> {
    directory: &'a Directory,
    partition: String,
    region: String,
    /// Roles that run on machines of known clusters.
    on_machines: BTreeSet<String>,
    /// The issuers that are registered as identity providers, without their scheme; nothing when they were not read.
    providers: Option<BTreeSet<String>>,
    administrators: RefCell<BTreeMap<String, Option<Administrator>>>,
    hops: RefCell<BTreeMap<String, Rc<Vec<Hop>>>>,
    servants: RefCell<BTreeMap<&'static str, Rc<Servants>>>,
}

/// The roles that admit a service, with how sure that is.
type Servants = Vec<(String, Truth)>;

impl<'a> Ways<'a> {
    pub(in crate::normalize) fn new(
        directory: &'a Directory,
        (partition, region): (&str, &str),
        on_machines: BTreeSet<String>,
        providers: Option<BTreeSet<String>>,
    ) -> Self {
        Self {
            directory,
            partition: partition.to_owned(),
            region: region.to_owned(),
            on_machines,
            providers,
            administrators: RefCell::default(),
            hops: RefCell::default(),
            servants: RefCell::default(),
        }
    }

    /// Whether a principal may do everything, or give itself the right to.
    pub(in crate::normalize) fn administrator(&self, principal: &str) -> Option<Administrator> {
        if let Some(known) = self.administrators.borrow().get(principal) {
            return known.clone();
        }
        let found = self.find_administrator(principal);
        self.administrators.borrow_mut().insert(principal.to_owned(), found.clone());
        found
    }

    fn find_administrator(&self, principal: &str) -> Option<Administrator> {
        let authority = self.directory.authority(principal);
        if let Some(found) = over_iam(&authority) {
            return Some(found);
        }
        let mut conditional = None;
        for (_, found) in self.on_self(principal, &authority, None) {
            if found.certainty.is_certain() {
                return Some((found.certainty, found.by));
            }
            conditional = conditional.or(Some((found.certainty, found.by)));
        }
        conditional
    }

    /// The methods that make a principal an administrator by itself.
    fn on_self(
        &self,
        principal: &str,
        authority: &Authority,
        change: Option<Change<'_>>,
    ) -> Vec<(MethodRow, Satisfied)> {
        if !may(authority, "iam:") {
            return Vec::new();
        }
        // The policy that would be attached is the worst one: a condition on `iam:PolicyARN` may not let it through.
        let worst = format!("arn:{}:iam::aws:policy/AdministratorAccess", self.partition);
        let request = self.directory.request(principal).with("iam:PolicyARN", &worst);
        let authority = self.directory.authority_after(principal, &request, change);
        let mut found = Vec::new();
        // What a boundary keeps out stays out, whatever the principal writes itself; a new role has no boundary.
        let bounded = authority.layers().iter().any(|layer| layer.kind == LayerKind::Limit && !lets_everything(layer));
        if !bounded && self.directory.users.contains_key(principal) {
            let on_user = satisfied(&authority, &ON_OWN_USER, |_| Place::On(principal));
            found.extend(on_user.map(|way| (ON_OWN_USER, way)));
            for group in self.directory.groups_of(principal) {
                let on_group = satisfied(&authority, &ON_OWN_GROUP, |_| Place::On(group));
                found.extend(on_group.map(|way| (ON_OWN_GROUP, way)));
            }
        }
        let attached: Vec<&str> =
            self.directory.attached(principal).into_iter().filter(|arn| !arn.contains(":iam::aws:")).collect();
        for row in ON_SELF {
            let way = match row.name {
                "make-a-role" => satisfied(&authority, row, |_| Place::Somewhere),
                _ if bounded => None,
                "rewrite-attached-policy" => {
                    attached.iter().find_map(|policy| satisfied(&authority, row, |_| Place::On(policy)))
                }
                _ if self.directory.roles.contains_key(principal) => {
                    satisfied(&authority, row, |_| Place::On(principal))
                }
                _ => None,
            };
            found.extend(way.map(|way| (*row, way)));
        }
        found
    }

    /// The best way from a principal to administrator, when it is none already.
    pub(in crate::normalize) fn escalation(&self, principal: &str) -> (Option<Vec<Hop>>, Option<String>) {
        let mut graph = Graph::new();
        let mut seen = BTreeSet::from([principal.to_owned()]);
        let mut open = VecDeque::from([principal.to_owned()]);
        let mut cut = None;
        while let Some(at) = open.pop_front() {
            for hop in self.hops(&at).iter() {
                graph.add(hop.clone());
                let Node::Identity(next) = &hop.to else { continue };
                // An administrator's other ways lead nowhere worse.
                if self.administrator(next.as_str()).is_some() || !seen.insert(next.as_str().to_owned()) {
                    continue;
                }
                if seen.len() > FOLLOWED {
                    cut = Some(format!("ways through more than {FOLLOWED} identities were not followed"));
                    continue;
                }
                open.push_back(next.as_str().to_owned());
            }
        }
        for next in graph.hops().filter_map(identity_of).collect::<BTreeSet<_>>() {
            if let Some((certainty, by)) = self.administrator(&next) {
                graph.add(Hop {
                    from: Node::Identity(IdentityId::from(next)),
                    to: Node::Administrator,
                    method: palisade_authority::Method::new("is-administrator", "It may do everything in the account."),
                    permissions: Vec::new(),
                    by,
                    certainty,
                });
            }
        }
        let from = IdentityId::from(principal);
        let path = graph
            .shortest_path(&from, &Node::Administrator)
            .or_else(|| graph.shortest_path(&from, &Node::ClusterAdmin));
        (path.filter(|path| !path.is_empty()), cut)
    }

    /// The single steps open to a principal.
    fn hops(&self, principal: &str) -> Rc<Vec<Hop>> {
        if let Some(known) = self.hops.borrow().get(principal) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.find_hops(principal));
        self.hops.borrow_mut().insert(principal.to_owned(), Rc::clone(&found));
        found
    }

    fn find_hops(&self, principal: &str) -> Vec<Hop> {
        let authority = self.directory.authority(principal);
        let mut hops = self.hops_after(principal, &authority, None);
        for (row, way, change) in self.changes(principal, &authority) {
            let request = self.directory.request(principal);
            let changed = self.directory.authority_after(principal, &request, Some(change));
            let mut further = self.hops_after(principal, &changed, Some(change));
            if let Some((certainty, by)) = over_iam(&changed) {
                let own = Satisfied { certainty, permissions: Vec::new(), by };
                further.push(hop(principal, Node::Administrator, row, own, Truth::True));
            }
            // What is open without the change needs no change.
            further.retain(|one| !hops.iter().any(|known| known.to == one.to && known.certainty == one.certainty));
            hops.extend(further.into_iter().map(|one| after(row, &way, one)));
        }
        hops
    }

    /// What a principal can change of what it is given without writing anything new: which version of a policy counts,
    /// and, for a user, which groups it is in.
    fn changes<'b>(
        &'b self,
        principal: &'b str,
        authority: &Authority,
    ) -> Vec<(&'static MethodRow, Satisfied, Change<'b>)> {
        let directory = self.directory;
        let mut found = Vec::new();
        if !may(authority, "iam:") {
            return found;
        }
        for policy in directory.attached(principal).into_iter().filter(|arn| !arn.contains(":iam::aws:")) {
            let versions = directory.other_versions(policy);
            if versions == 0 {
                continue;
            }
            let Some(way) = satisfied(authority, &RESTORE_VERSION, |_| Place::On(policy)) else { continue };
            let all = (0..versions).map(|place| Change::Version { policy, place });
            found.extend(all.map(|change| (&RESTORE_VERSION, way.clone(), change)));
        }
        if directory.users.contains_key(principal) {
            let own = directory.groups_of(principal);
            let others: BTreeMap<&str, &str> = directory.groups().filter(|(_, arn)| !own.contains(arn)).collect();
            for (name, arn) in others {
                let way = satisfied(authority, &JOIN_GROUP, |_| Place::On(arn));
                found.extend(way.map(|way| (&JOIN_GROUP, way, Change::Group(name))));
            }
        }
        found
    }

    /// The single steps open to a principal after a change.
    fn hops_after(&self, principal: &str, authority: &Authority, change: Option<Change<'_>>) -> Vec<Hop> {
        let mut hops: Vec<Hop> = Vec::new();
        for (row, way) in self.on_self(principal, authority, change) {
            hops.push(hop(principal, Node::Administrator, &row, way, Truth::True));
        }
        if may(authority, "eks:")
            && let Some(way) = satisfied(authority, &CLUSTER_ADMIN, |_| Place::Somewhere)
        {
            hops.push(hop(principal, Node::ClusterAdmin, &CLUSTER_ADMIN, way, Truth::True));
        }
        self.assumptions(principal, authority, &mut hops);
        self.takeovers(principal, authority, &mut hops);
        self.providers(principal, authority, &mut hops);
        self.in_place(principal, authority, &mut hops);
        self.launches(principal, authority, change, &mut hops);
        hops
    }

    /// Roles that trust the principal.
    fn assumptions(&self, principal: &str, authority: &Authority, hops: &mut Vec<Hop>) {
        let request = self.directory.request(principal);
        for role in self.directory.open_roles().iter().filter(|role| *role != principal) {
            let admission = match self.directory.trust(role) {
                Ok(Some(document)) => trust::admits(document, principal, &self.directory.account, &request),
                Ok(None) => continue,
                // It may name anybody.
                Err(_) => trust::Admission { admits: unread_trust(role), by_name: true },
            };
            if admission.admits == Truth::False {
                continue;
            }
            let way = satisfied(authority, &ASSUME, |_| Place::On(role));
            let way = way.or_else(|| admission.by_name.then(|| by_trust(authority, role)).flatten());
            if let Some(way) = way {
                hops.push(hop(principal, to(role), &ASSUME, way, admission.admits));
            }
        }
    }

    /// Roles and users whose gate the principal can open itself.
    fn takeovers(&self, principal: &str, authority: &Authority, hops: &mut Vec<Hop>) {
        let directory = self.directory;
        if may(authority, "iam:") {
            if anywhere(authority, "iam:UpdateAssumeRolePolicy") {
                for role in directory.roles.keys().filter(|role| *role != principal) {
                    if let Some(way) = satisfied(authority, &REWRITE_TRUST, |_| Place::On(role)) {
                        hops.push(hop(principal, to(role), &REWRITE_TRUST, way, Truth::True));
                    }
                }
            }
            for user in directory.users.keys().filter(|user| *user != principal) {
                if let Some(way) = satisfied(authority, &USER_CREDENTIALS, |_| Place::On(user)) {
                    hops.push(hop(principal, to(user), &USER_CREDENTIALS, way, Truth::True));
                }
            }
        }
    }

    /// Roles that trust an identity provider which the principal can make or rule.
    fn providers(&self, principal: &str, authority: &Authority, hops: &mut Vec<Hop>) {
        if !may(authority, "iam:") {
            return;
        }
        for (role, provider) in self.directory.trusting_providers().iter().filter(|(role, _)| role != principal) {
            if provider.contains(":saml-provider/") {
                if let Some(way) = satisfied(authority, &RULE_SAML, |_| Place::On(provider)) {
                    hops.push(hop(principal, to(role), &RULE_SAML, way, Truth::True));
                }
                continue;
            }
            let Some((_, issuer)) = provider.split_once(":oidc-provider/") else { continue };
            let of_issuer = Truth::unknown(format!("whether it gets a token of {issuer}"));
            let missing = match &self.providers {
                Some(known) if known.contains(issuer) => Truth::False,
                Some(_) => Truth::True,
                None => Truth::unknown(format!("whether {issuer} is registered")),
            };
            for (row, there) in [(&MAKE_ISSUER, missing.clone()), (&CHANGE_ISSUER, missing.not())] {
                if let Some(way) = satisfied(authority, row, |_| Place::On(provider)) {
                    push_if(hops, principal, role, row, &way, there.and(of_issuer.clone()));
                }
            }
        }
    }

    /// Roles that something carries in which the principal can run what it likes.
    fn in_place(&self, principal: &str, authority: &Authority, hops: &mut Vec<Hop>) {
        let directory = self.directory;
        let on_machines = satisfied(authority, &ON_MACHINES, |_| Place::Somewhere);
        let others = |servants: Rc<Servants>| {
            let others = servants.iter().filter(|(role, _)| role != principal).cloned();
            others.collect::<Servants>()
        };
        if let Some(way) = &on_machines {
            let carried =
                |role: &str| directory.roles.get(role).is_some_and(|one| !one.instance_profile_list.is_empty());
            let machines = others(self.servants("ec2.amazonaws.com")).into_iter();
            for (role, admits) in machines.filter(|(role, _)| carried(role)) {
                let runs = if self.on_machines.contains(&role) {
                    Truth::True
                } else {
                    Truth::unknown(format!("whether a machine carries {role}"))
                };
                push_if(hops, principal, &role, &ON_MACHINES, way, runs.and(admits));
            }
        }
        for Existing { service, what, row } in EXISTING {
            let Some(way) = satisfied(authority, row, |_| Place::Somewhere) else { continue };
            for (role, admits) in others(self.servants(service)) {
                let runs = Truth::unknown(format!("whether {what} has {role}"));
                push_if(hops, principal, &role, row, &way, runs.and(admits));
            }
        }
    }

    /// The roles that admit a service; found once, whoever asks.
    fn servants(&self, service: &'static str) -> Rc<Servants> {
        if let Some(known) = self.servants.borrow().get(service) {
            return Rc::clone(known);
        }
        let directory = self.directory;
        let admitting = directory.roles.keys().filter_map(|role| {
            let admits = match directory.trust(role) {
                Ok(document) => {
                    let document = document.filter(|document| trust::names_service(document, service))?;
                    trust::admits_service(document, service, &directory.request(role))
                }
                Err(_) => unread_trust(role),
            };
            (admits != Truth::False).then(|| (role.clone(), admits))
        });
        let found: Rc<Servants> = Rc::new(admitting.collect());
        self.servants.borrow_mut().insert(service, Rc::clone(&found));
        found
    }

    /// Roles the principal can pass to something it starts.
    fn launches(&self, principal: &str, authority: &Authority, change: Option<Change<'_>>, hops: &mut Vec<Hop>) {
        let directory = self.directory;
        if !anywhere(authority, "iam:PassRole") {
            return;
        }
        let machine = format!("arn:{}:ec2:{}:{}:instance/i-0", self.partition, self.region, directory.account);
        for launcher in LAUNCHERS {
            let request = directory.request(principal).with("iam:PassedToService", launcher.service);
            let authority = directory.authority_after(principal, &request, change);
            for (role, admits) in self.servants(launcher.service).iter().filter(|(role, _)| role != principal) {
                let place = |action: &str| match action {
                    "iam:PassRole" => Place::On(role),
                    // Every kind of resource must be allowed; the machine is the one that conditions speak of.
                    "ec2:RunInstances" => Place::On(&machine),
                    _ => Place::Somewhere,
                };
                if let Some(way) = satisfied(&authority, &launcher.row, place) {
                    hops.push(hop(principal, to(role), &launcher.row, way, admits.clone()));
                }
            }
        }
    }
}

fn unread_trust(role: &str) -> Truth {
    Truth::unknown(format!("the trust policy of {role}, which could not be read"))
}

/// Assuming a role whose trust policy names the principal itself: in the same account that is enough, as if the principal's
/// own policies allowed it; what denies and what limits counts all the same.
fn by_trust(authority: &Authority, role: &str) -> Option<Satisfied> {
    let actions = Selector::of([Glob::insensitive("sts:AssumeRole")]);
    let resources = Selector::of([Glob::from_parts(Case::Sensitive, &[Part::Literal(role)])]);
    let given = Grant::allow(format!("trust policy of {role}"), actions, resources);
    let named = Layer::new("trust policy", LayerKind::Grants, [given]);
    let layers = authority.layers().iter().cloned().chain([named]).collect();
    satisfied(&Authority::new(layers), &ASSUME, |_| Place::On(role))
}

/// Whether a limit limits nothing.
fn lets_everything(layer: &Layer) -> bool {
    layer
        .grants
        .iter()
        .any(|grant| grant.when == Truth::True && grant.actions.is_everything() && grant.resources.is_everything())
}

/// Who may do everything with IAM.
fn over_iam(authority: &Authority) -> Option<Administrator> {
    if authority.decide_everywhere("iam:CreateUser").is_deny() {
        return None;
    }
    let decision = authority.decide_every_action(&Glob::insensitive("iam:*"));
    decision.certainty().map(|certainty| (certainty, decision.by().to_vec()))
}

/// A step that is open after a change, as one step: the change and what it opens.
fn after(row: &MethodRow, way: &Satisfied, then: Hop) -> Hop {
    let mut permissions = way.permissions.clone();
    permissions.extend(then.permissions);
    let by: BTreeSet<GrantId> = way.by.iter().cloned().chain(then.by).collect();
    let certainty = way.certainty.clone().and(then.certainty);
    Hop { from: then.from, to: then.to, method: row.method(), permissions, by: by.into_iter().collect(), certainty }
}

fn identity_of(hop: &Hop) -> Option<String> {
    match &hop.to {
        Node::Identity(id) => Some(id.as_str().to_owned()),
        Node::Administrator | Node::ClusterAdmin => None,
    }
}

fn to(arn: &str) -> Node {
    Node::Identity(IdentityId::from(arn))
}

fn push_if(hops: &mut Vec<Hop>, principal: &str, role: &str, row: &MethodRow, way: &Satisfied, open: Truth) {
    if open != Truth::False {
        hops.push(hop(principal, to(role), row, way.clone(), open));
    }
}

fn hop(principal: &str, to: Node, row: &MethodRow, way: Satisfied, open: Truth) -> Hop {
    let further = match open {
        Truth::True | Truth::False => Certainty::Certain,
        Truth::Unknown(on) => Certainty::Conditional(on),
    };
    Hop {
        from: Node::Identity(IdentityId::from(principal)),
        to,
        method: row.method(),
        permissions: way.permissions,
        by: way.by,
        certainty: way.certainty.and(further),
    }
}

/// Whether an action may be possible on some resource.
fn anywhere(authority: &Authority, action: &str) -> bool {
    !authority.decide_any_resource(action).is_deny()
}

/// Whether some grant speaks of a service at all; most identities' grants do not speak of IAM.
fn may(authority: &Authority, service: &str) -> bool {
    let unread = authority.layers().iter().any(|layer| layer.read != palisade_authority::Reading::Complete);
    let pattern = Glob::insensitive(&format!("{service}*"));
    unread || authority.giving().any(|grant| grant.actions.overlaps(&pattern))
}
