//! Roles, users, groups and policies of an account, read once.

use super::{
    organization::Guards,
    policy::{grants, is_same_for_all},
    request::Request,
    trust::{self, Federated},
};
use crate::{
    calls,
    record::{
        Query,
        document::{Document, Text},
        iam::{AttachedPolicy, AuthorizationDetails, Boundary, Group, InlinePolicy, Role, Tag, User},
    },
};
use palisade_authority::{Authority, Grant, Layer, LayerKind, Reading};
use palisade_model::{Evidence, Gap};
use palisade_provider::Snapshot;
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// A parsed document, or why it could not be parsed.
pub(super) type Parsed = Result<Document, String>;

/// A managed policy's document, parsed when somebody holds it: most of an account's policies concern no cluster.
#[derive(Debug)]
struct Managed {
    text: Text,
    parsed: OnceCell<Rc<Parsed>>,
    /// Its other versions, each with its name.
    others: Vec<(String, Option<Text>)>,
    /// Its grants, where they do not depend on who asks: the policies AWS manages are held by many.
    grants: OnceCell<Option<Rc<Vec<Grant>>>>,
}

impl Managed {
    fn document(&self) -> Rc<Parsed> {
        Rc::clone(self.parsed.get_or_init(|| Rc::new(self.text.parse())))
    }

    fn grants(&self, name: &str) -> Option<&[Grant]> {
        let compile = || {
            let document = self.document();
            let document = document.as_ref().as_ref().ok().filter(|document| is_same_for_all(document))?;
            Some(Rc::new(grants(document, name, &Request::default())))
        };
        self.grants.get_or_init(compile).as_ref().map(|grants| grants.as_slice())
    }
}

/// A change that somebody makes to what it is given, with what the account holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::normalize) enum Change<'a> {
    /// Another version of a managed policy becomes the default.
    Version {
        /// The policy's ARN.
        policy: &'a str,
        /// The version's place among the others.
        place: usize,
    },
    /// It joins a group, by the group's name.
    Group(&'a str),
}

/// Everybody and everything IAM knows in an account.
#[derive(Debug)]
pub(in crate::normalize) struct Directory {
    pub(in crate::normalize) account: String,
    pub(in crate::normalize) sources: Vec<Evidence>,
    /// By ARN.
    pub(in crate::normalize) roles: BTreeMap<String, Role>,
    /// By ARN.
    pub(in crate::normalize) users: BTreeMap<String, User>,
    groups: HashMap<String, Group>,
    policies: HashMap<String, Managed>,
    trusts: HashMap<String, Parsed>,
    /// The role of each instance profile, by the profile's ARN.
    pub(in crate::normalize) profiles: HashMap<String, String>,
    /// What the organisation takes away from everybody here.
    guards: Guards,
    authorities: RefCell<HashMap<String, Rc<Authority>>>,
    able: RefCell<HashMap<&'static str, Rc<Vec<String>>>>,
    open: OnceCell<Vec<String>>,
    federating: OnceCell<Vec<(String, String)>>,
    unread_trust: OnceCell<Option<Gap>>,
    issuers: OnceCell<HashMap<String, Vec<String>>>,
}

/// A policy of a principal: its name for people, its ARN if it is a managed one, and its document.
struct Source<'a> {
    name: String,
    arn: Option<&'a str>,
    document: Option<Rc<Parsed>>,
    managed: Option<&'a Managed>,
}

impl Directory {
    /// Reads the account's directory.
    pub(in crate::normalize) fn read(snapshot: &Snapshot, account: &str) -> Result<Self, Gap> {
        let pages =
            snapshot.pages::<Query<AuthorizationDetails>>(&calls::GET_ACCOUNT_AUTHORIZATION_DETAILS, account, &[])?;
        let mut directory = Self {
            account: account.to_owned(),
            sources: Vec::new(),
            roles: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: HashMap::new(),
            policies: HashMap::new(),
            trusts: HashMap::new(),
            profiles: HashMap::new(),
            guards: Guards::read(snapshot, account),
            authorities: RefCell::default(),
            able: RefCell::default(),
            open: OnceCell::new(),
            federating: OnceCell::new(),
            unread_trust: OnceCell::new(),
            issuers: OnceCell::new(),
        };
        for page in pages {
            // A policy or group without a name is missing where somebody holds it.
            directory.sources.extend(page.record.evidence(""));
            let Query(page) = page.value;
            directory
                .groups
                .extend(page.group_detail_list.into_iter().filter_map(|one| Some((one.group_name.clone()?, one))));
            for user in page.user_detail_list {
                let arn = user.arn.clone().ok_or_else(|| malformed(account, "/UserDetailList", "a user has no ARN"))?;
                directory.users.insert(arn, user);
            }
            for policy in page.policies {
                let Some(arn) = policy.arn else { continue };
                let versions = policy.policy_version_list;
                let default = |version: &crate::record::iam::PolicyVersion| {
                    version.is_default_version == Some(true) || version.version_id == policy.default_version_id
                };
                let (now, others): (Vec<_>, Vec<_>) = versions.into_iter().partition(default);
                let others = others.into_iter().map(|one| (one.version_id.unwrap_or_default(), one.document)).collect();
                if let Some(text) = now.into_iter().find_map(|version| version.document) {
                    let managed = Managed { text, parsed: OnceCell::new(), others, grants: OnceCell::new() };
                    directory.policies.insert(arn, managed);
                }
            }
            for role in page.role_detail_list {
                let arn = role.arn.clone().ok_or_else(|| malformed(account, "/RoleDetailList", "a role has no ARN"))?;
                for profile in role.instance_profile_list.iter().filter_map(|profile| profile.arn.clone()) {
                    directory.profiles.insert(profile, arn.clone());
                }
                let trust = role.assume_role_policy_document.as_ref().map(Text::parse);
                let trust = trust.unwrap_or_else(|| Err("the role has none".to_owned()));
                directory.trusts.insert(arn.clone(), trust.and_then(trust::naming_somebody));
                directory.roles.insert(arn, role);
            }
        }
        Ok(directory)
    }

    /// Who may assume a role. Nothing for users and strangers, which have no trust policy; a gap for a role whose trust
    /// policy could not be read, for that one may admit anybody.
    pub(in crate::normalize) fn trust(&self, role: &str) -> Result<Option<&Document>, Gap> {
        match self.trusts.get(role) {
            Some(Ok(document)) => Ok(Some(document)),
            Some(Err(why)) => Err(malformed(&self.account, &format!("the trust policy of {role}"), why)),
            None => Ok(None),
        }
    }

    /// The trust policy of a role where it could be read. For looking up what is said, never for concluding that
    /// something is not said.
    fn readable_trust(&self, role: &str) -> Option<&Document> {
        self.trusts.get(role)?.as_ref().ok()
    }

    /// Roles whose trust policy may admit a principal; most admit services and identity providers alone.
    pub(in crate::normalize) fn open_roles(&self) -> &[String] {
        self.open.get_or_init(|| {
            let open = |role: &&String| self.readable_trust(role).is_none_or(trust::may_admit_principals);
            self.roles.keys().filter(open).cloned().collect()
        })
    }

    /// The roles that service accounts of an issuer may become, each with the statements that say so. A trust policy that
    /// could not be read may be one more.
    pub(in crate::normalize) fn federated(&self, issuer: &str) -> Result<Vec<(&str, Vec<Federated>)>, Gap> {
        // Asked for every cluster and looked for once.
        let unread = self.unread_trust.get_or_init(|| self.roles.keys().find_map(|role| self.trust(role).err()));
        if let Some(gap) = unread {
            return Err(gap.clone());
        }
        let index = self.issuers.get_or_init(|| {
            let mut index: HashMap<String, Vec<String>> = HashMap::new();
            for role in self.roles.keys() {
                for issuer in self.readable_trust(role).map(trust::issuers).unwrap_or_default() {
                    index.entry(issuer).or_default().push(role.clone());
                }
            }
            index
        });
        let trusting = index.get(issuer).into_iter().flatten();
        let with =
            trusting.filter_map(|role| Some((role.as_str(), trust::federated(self.readable_trust(role)?, issuer))));
        Ok(with.collect())
    }

    /// The roles that trust an identity provider, each with the provider's ARN.
    pub(in crate::normalize) fn trusting_providers(&self) -> &[(String, String)] {
        self.federating.get_or_init(|| {
            let of = |role: &String| -> Vec<(String, String)> {
                let parties = self.readable_trust(role).map(trust::parties).unwrap_or_default().into_iter();
                let providers = parties.filter(|party| party.kind == "Federated").map(|party| (role.clone(), party.id));
                let unique: BTreeSet<_> = providers.collect();
                unique.into_iter().collect()
            };
            self.roles.keys().flat_map(of).collect()
        })
    }

    /// Everybody who may do something on some resource. Roles linked to services can only be assumed by them.
    pub(in crate::normalize) fn able(&self, action: &'static str) -> Rc<Vec<String>> {
        if let Some(known) = self.able.borrow().get(action) {
            return Rc::clone(known);
        }
        let everybody = self.roles.keys().chain(self.users.keys());
        let found = everybody
            .filter(|arn| !arn.contains(":role/aws-service-role/"))
            .filter(|arn| !self.authority(arn).decide_any_resource(action).is_deny());
        let found: Rc<Vec<String>> = Rc::new(found.cloned().collect());
        self.able.borrow_mut().insert(action, Rc::clone(&found));
        found
    }

    /// What is known of the requests of a principal.
    pub(in crate::normalize) fn request(&self, principal: &str) -> Request {
        let tags = |tags: &[Tag]| -> Vec<(String, String)> {
            tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?))).collect()
        };
        if let Some(user) = self.users.get(principal) {
            let name = user.user_name.as_deref().unwrap_or_default();
            let request = Request::of_user(principal, name, &self.account, &tags(&user.tags));
            return request.of_member(self.guards.membership());
        }
        let own = self.roles.get(principal).map(|role| tags(&role.tags)).unwrap_or_default();
        let request = Request::of_role(principal, &self.account, &own).of_member(self.guards.membership());
        let by_pods = match self.trusts.get(principal) {
            Some(Ok(document)) => trust::names_service(document, "pods.eks.amazonaws.com"),
            Some(Err(_)) => true,
            None => false,
        };
        if by_pods { request.with_session_tags() } else { request }
    }

    /// What a principal may do, as far as this account's documents say; computed once.
    pub(in crate::normalize) fn authority(&self, principal: &str) -> Rc<Authority> {
        if let Some(known) = self.authorities.borrow().get(principal) {
            return Rc::clone(known);
        }
        let authority = Rc::new(self.authority_for(principal, &self.request(principal)));
        self.authorities.borrow_mut().insert(principal.to_owned(), Rc::clone(&authority));
        authority
    }

    /// What a principal may do in requests of which more is known.
    pub(in crate::normalize) fn authority_for(&self, principal: &str, request: &Request) -> Authority {
        self.authority_without(principal, request, |_| false)
    }

    /// What a principal may do without some of its managed policies.
    pub(in crate::normalize) fn authority_without(
        &self,
        principal: &str,
        request: &Request,
        left_out: impl Fn(&str) -> bool,
    ) -> Authority {
        let sources = self.sources_of(principal, None);
        let kept = sources.iter().filter(|source| !source.arn.is_some_and(&left_out));
        self.authority_of(principal, request, kept)
    }

    /// What a principal may do after a change.
    pub(in crate::normalize) fn authority_after(
        &self,
        principal: &str,
        request: &Request,
        change: Option<Change<'_>>,
    ) -> Authority {
        self.authority_of(principal, request, &self.sources_of(principal, change))
    }

    fn authority_of<'a>(
        &self,
        principal: &str,
        request: &Request,
        sources: impl IntoIterator<Item = &'a Source<'a>>,
    ) -> Authority {
        let mut layers = vec![self.layer("identity policies", LayerKind::Grants, sources, request)];
        if let Some(boundary) = self.boundary_of(principal) {
            let arn = boundary.permissions_boundary_arn.as_deref().unwrap_or_default();
            let source = Source {
                name: format!("boundary {}", short(arn)),
                arn: None,
                document: self.policies.get(arn).map(Managed::document),
                managed: None,
            };
            layers.push(self.layer("boundary", LayerKind::Limit, [&source], request));
        }
        // Roles linked to services are no business of the organisation's (Organizations user guide, SCPs and RCPs).
        if !principal.contains(":role/aws-service-role/") {
            layers.extend(self.guards.layers(request));
        }
        Authority::new(layers)
    }

    fn layer<'a>(
        &self,
        name: &str,
        kind: LayerKind,
        sources: impl IntoIterator<Item = &'a Source<'a>>,
        request: &Request,
    ) -> Layer {
        let (mut all, mut missing): (Vec<Grant>, Vec<String>) = (Vec::new(), Vec::new());
        for source in sources {
            if let Some(same) = source.managed.and_then(|managed| managed.grants(&source.name)) {
                all.extend(same.iter().cloned());
                continue;
            }
            match source.document.as_deref() {
                Some(Ok(document)) => all.extend(grants(document, &source.name, request)),
                Some(Err(_)) | None => missing.push(source.name.clone()),
            }
        }
        let mut layer = Layer::new(name, kind, all);
        if !missing.is_empty() {
            layer.read = Reading::Missing(format!("{} of {}", missing.join(", "), self.account));
        }
        layer
    }

    /// The managed policies attached to a principal, directly or through its groups, by ARN.
    pub(in crate::normalize) fn attached(&self, principal: &str) -> Vec<&str> {
        let attached = self.lists_of(principal).into_iter().flat_map(|(attached, _)| attached);
        attached.filter_map(|one| one.policy_arn.as_deref()).collect()
    }

    /// The groups a user is in.
    pub(in crate::normalize) fn groups_of(&self, user: &str) -> Vec<&str> {
        let names = self.users.get(user).into_iter().flat_map(|user| &user.group_list);
        names.filter_map(|name| self.groups.get(name)?.arn.as_deref()).collect()
    }

    fn lists_of(&self, principal: &str) -> Vec<(&[AttachedPolicy], &[InlinePolicy])> {
        if let Some(role) = self.roles.get(principal) {
            return vec![(&role.attached_managed_policies, &role.role_policy_list)];
        }
        let Some(user) = self.users.get(principal) else { return Vec::new() };
        let groups = user.group_list.iter().filter_map(|name| self.groups.get(name));
        let of_groups =
            groups.map(|group| (group.attached_managed_policies.as_slice(), group.group_policy_list.as_slice()));
        std::iter::once((user.attached_managed_policies.as_slice(), user.user_policy_list.as_slice()))
            .chain(of_groups)
            .collect()
    }

    /// How many other versions a policy has.
    pub(in crate::normalize) fn other_versions(&self, policy: &str) -> usize {
        self.policies.get(policy).map_or(0, |managed| managed.others.len())
    }

    /// Every group, by its name, with its ARN.
    pub(in crate::normalize) fn groups(&self) -> impl Iterator<Item = (&str, &str)> {
        self.groups.iter().filter_map(|(name, group)| Some((name.as_str(), group.arn.as_deref()?)))
    }

    fn sources_of(&self, principal: &str, change: Option<Change<'_>>) -> Vec<Source<'_>> {
        let mut sources = Vec::new();
        let joined = match change {
            Some(Change::Group(name)) => self.groups.get(name),
            Some(Change::Version { .. }) | None => None,
        };
        let joined =
            joined.map(|group| (group.attached_managed_policies.as_slice(), group.group_policy_list.as_slice()));
        for (attached, inline) in self.lists_of(principal).into_iter().chain(joined) {
            for policy in attached {
                let arn = policy.policy_arn.as_deref().unwrap_or_default();
                let name = policy.policy_name.clone().unwrap_or_else(|| short(arn).to_owned());
                let managed = self.policies.get(arn);
                if let Some(Change::Version { policy, place }) = change
                    && policy == arn
                {
                    let (version, text) =
                        managed.and_then(|managed| managed.others.get(place)).cloned().unwrap_or_default();
                    let document = text.map(|text| Rc::new(text.parse()));
                    let name = format!("policy {name} version {version}");
                    sources.push(Source { name, arn: Some(arn), document, managed: None });
                    continue;
                }
                let document = managed.map(Managed::document);
                sources.push(Source { name: format!("policy {name}"), arn: Some(arn), document, managed });
            }
            for policy in inline {
                let name = policy.policy_name.clone().unwrap_or_default();
                let document = policy.policy_document.as_ref().map(|text| Rc::new(text.parse()));
                sources.push(Source { name: format!("inline policy {name}"), arn: None, document, managed: None });
            }
        }
        let groups = self.users.get(principal).into_iter().flat_map(|user| &user.group_list);
        for name in groups.filter(|name| !self.groups.contains_key(*name)) {
            sources.push(Source { name: format!("group {name}"), arn: None, document: None, managed: None });
        }
        sources
    }

    fn boundary_of(&self, principal: &str) -> Option<&Boundary> {
        let of_role = self.roles.get(principal).and_then(|role| role.permissions_boundary.as_ref());
        of_role.or_else(|| self.users.get(principal)?.permissions_boundary.as_ref())
    }
}

/// The gap of an answer that was given and cannot be read.
fn malformed(account: &str, pointer: &str, why: &str) -> Gap {
    Gap::Malformed {
        call: calls::GET_ACCOUNT_AUTHORIZATION_DETAILS.name.to_owned(),
        scope: account.to_owned(),
        pointer: pointer.to_owned(),
        why: why.to_owned(),
    }
}

/// The last part of an ARN.
pub(in crate::normalize) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The account an ARN names.
pub(in crate::normalize) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
}
