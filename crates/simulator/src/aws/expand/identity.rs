//! What IAM says about an account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::nodes::Names;
use crate::aws::call::BASE_ROLE;
use crate::aws::description::cluster::{DEFAULT_CLUSTER_ROLE, DEFAULT_NODE_ROLE};
use crate::aws::description::identity::{Group, Irsa, Policy, Role, Trust, User};
use crate::aws::description::{Account, Tags};
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Dialect, Fields, Tree, fields};

/// A policy that AWS publishes, as of 2026.
#[derive(Debug, Deserialize)]
struct Published {
    path: String,
    version: String,
    created: Moment,
    document: Value,
}

/// The policies of AWS that stories may attach, by name.
static PUBLISHED: LazyLock<BTreeMap<String, Published>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../managed_policies.json")).unwrap_or_default());

/// Whether AWS publishes a policy of this name, as far as the simulator knows.
pub(crate) fn is_published(name: &str) -> bool {
    PUBLISHED.contains_key(name)
}

/// Which part of an account's identities an element belongs to; in the order in which IAM lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    User,
    Group,
    Role,
    LocalManagedPolicy,
    AwsManagedPolicy,
}

/// The identities of an account, ready to be listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    /// Everything, in order, as XML.
    pub(crate) details: Vec<(Section, String)>,
    /// The ARNs of the identity providers.
    pub(crate) providers: Vec<String>,
    /// The access keys of each user, as the list shows them, with the id and the last use of each.
    pub(crate) access_keys: BTreeMap<String, Vec<KeyUse>>,
    /// When each identity last used each service.
    pub(crate) services: BTreeMap<String, BTreeMap<String, Option<Moment>>>,
}

/// An access key and what it was last used for.
#[derive(Clone, Debug)]
pub(crate) struct KeyUse {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) listed: String,
    pub(crate) last_used: Option<Moment>,
    pub(crate) service: String,
}

impl Identity {
    pub(crate) fn expand(account: &Account, is_management: bool, management: &str) -> Self {
        let place = Place { partition: account.partition.clone(), account: account.id.clone(), region: String::new() };
        let roles = roles(account, is_management, management);
        let scribe = Scribe { place: &place, profiles: profiles(account) };
        let mut identity = Self::default();
        let mut details = Vec::new();
        for user in &account.users {
            details.push((Section::User, scribe.user(user)));
            identity.services.insert(place.iam("user", &user.name), user.services.clone());
            identity.access_keys.insert(user.name.clone(), scribe.access_keys(user));
        }
        details.extend(account.groups.iter().map(|group| (Section::Group, scribe.group(group))));
        for role in &roles {
            details.push((Section::Role, scribe.role(role)));
            identity.services.insert(scribe.role_arn(role), role.services.clone());
        }
        let used = attached(account, &roles);
        let count = |name: &str| used.iter().filter(|attached| **attached == name).count();
        details.extend(
            account
                .policies
                .iter()
                .map(|policy| (Section::LocalManagedPolicy, scribe.policy(policy, count(&policy.name)))),
        );
        for (name, published) in PUBLISHED.iter().filter(|(name, _)| count(name) > 0) {
            details.push((Section::AwsManagedPolicy, scribe.published(name, published, count(name))));
        }
        identity.details =
            details.into_iter().map(|(section, fields)| (section, Tree::from(fields).xml(Dialect::Member))).collect();
        identity.providers = providers(account);
        identity
    }
}

/// The described roles, with those that every account has and those that clusters need and nobody described.
fn roles(account: &Account, is_management: bool, management: &str) -> Vec<Role> {
    let mut roles = account.roles.clone();
    let mut add = |name: &str, trust: &str, policies: &[&str], inline: BTreeMap<String, Value>| {
        if roles.iter().all(|role| role.name != name) {
            roles.push(Role {
                name: name.to_owned(),
                path: "/".to_owned(),
                trust: Trust::Service(trust.to_owned()),
                policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
                inline,
                boundary: None,
                last_used: Some(Moment::STORY),
                services: BTreeMap::new(),
                assumable: false,
                created: Moment::long_ago(),
                tags: Tags::new(),
            });
        }
    };
    let read = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": ["eks:List*", "eks:Describe*", "ec2:Describe*", "iam:Get*", "iam:List*"], "Resource": "*" }],
    });
    let inline = BTreeMap::from([("read-posture".to_owned(), read)]);
    if is_management {
        add(BASE_ROLE, "ec2", &[], inline.clone());
    }
    add(&account.reader.role, management, &[], inline);
    let clusters: Vec<_> = account.regions.values().flat_map(|region| &region.clusters).collect();
    if clusters.iter().any(|cluster| cluster.role == DEFAULT_CLUSTER_ROLE) {
        add(DEFAULT_CLUSTER_ROLE, "eks", &["AmazonEKSClusterPolicy"], BTreeMap::new());
    }
    if clusters.iter().flat_map(|cluster| &cluster.node_groups).any(|group| group.role == DEFAULT_NODE_ROLE) {
        let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy"];
        add(DEFAULT_NODE_ROLE, "ec2", &policies, BTreeMap::new());
    }
    roles
}

/// The instance profiles that carry each role to nodes.
fn profiles(account: &Account) -> BTreeMap<String, BTreeSet<String>> {
    let mut profiles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, region) in &account.regions {
        let place = Place { partition: account.partition.clone(), account: account.id.clone(), region: name.clone() };
        for cluster in &region.clusters {
            for group in &cluster.node_groups {
                let profile = Names::of(&place, cluster, group).profile;
                profiles.entry(group.role.clone()).or_default().insert(profile);
            }
            if let Some(auto) = &cluster.auto_mode {
                profiles.entry(auto.role.clone()).or_default().insert(auto.role.clone());
            }
        }
    }
    profiles
}

/// The ARNs of the clusters' identity providers, then of the others.
fn providers(account: &Account) -> Vec<String> {
    let mut providers = Vec::new();
    for (name, region) in &account.regions {
        let place = Place { partition: account.partition.clone(), account: account.id.clone(), region: name.clone() };
        let trusted = region.clusters.iter().filter(|cluster| cluster.irsa);
        providers.extend(trusted.map(|cluster| place.iam("oidc-provider", &place.issuer(&cluster.name))));
    }
    let place = Place { partition: account.partition.clone(), account: account.id.clone(), region: String::new() };
    providers.extend(account.oidc_providers.iter().map(|provider| place.iam("oidc-provider", provider)));
    providers
}

/// The name of every attachment of a managed policy.
fn attached<'account>(account: &'account Account, roles: &'account [Role]) -> Vec<&'account str> {
    let of_users = account.users.iter().flat_map(|user| &user.policies);
    let of_groups = account.groups.iter().flat_map(|group| &group.policies);
    let of_roles = roles.iter().flat_map(|role| &role.policies);
    of_users.chain(of_groups).chain(of_roles).map(|name| name.rsplit('/').next().unwrap_or(name)).collect()
}

/// Writes the elements of one account.
struct Scribe<'world> {
    place: &'world Place,
    profiles: BTreeMap<String, BTreeSet<String>>,
}

impl Scribe<'_> {
    fn user(&self, user: &User) -> Fields {
        fields()
            .put("Path", "/")
            .put("UserName", &user.name)
            .put("UserId", self.id("AIDA", &user.name))
            .put("Arn", self.place.iam("user", &user.name))
            .put("CreateDate", user.created.iso())
            .put("UserPolicyList", inline(&user.inline))
            .put("GroupList", user.groups.clone())
            .put("AttachedManagedPolicies", self.attachments(&user.policies))
            .maybe("PermissionsBoundary", user.boundary.as_ref().map(|name| self.boundary(name)))
            .put("Tags", tags(&user.tags))
    }

    fn group(&self, group: &Group) -> Fields {
        fields()
            .put("Path", "/")
            .put("GroupName", &group.name)
            .put("GroupId", self.id("AGPA", &group.name))
            .put("Arn", self.place.iam("group", &group.name))
            .put("CreateDate", Moment::long_ago().iso())
            .put("GroupPolicyList", inline(&group.inline))
            .put("AttachedManagedPolicies", self.attachments(&group.policies))
    }

    fn role_arn(&self, role: &Role) -> String {
        self.place.iam("role", &format!("{}{}", role.path.trim_start_matches('/'), role.name))
    }

    fn role(&self, role: &Role) -> Fields {
        let heart = fields()
            .put("Path", &role.path)
            .put("RoleName", &role.name)
            .put("RoleId", crate::aws::sts::role_id(&self.place.account, &role.name))
            .put("Arn", self.role_arn(role))
            .put("CreateDate", role.created.iso())
            .put("AssumeRolePolicyDocument", encoded(&self.trust(&role.trust)));
        let names = self.profiles.get(&role.name).into_iter().flatten();
        let profiles = names.map(|name| {
            fields()
                .put("Path", "/")
                .put("InstanceProfileName", name)
                .put("InstanceProfileId", self.id("AIPA", name))
                .put("Arn", self.place.iam("instance-profile", name))
                .put("CreateDate", role.created.iso())
                .put("Roles", vec![heart.clone()])
        });
        let last_used = role.last_used.map(|at| fields().put("LastUsedDate", at.iso()).put("Region", "eu-west-1"));
        heart
            .clone()
            .put("InstanceProfileList", profiles.collect::<Vec<_>>())
            .put("RolePolicyList", inline(&role.inline))
            .put("AttachedManagedPolicies", self.attachments(&role.policies))
            .maybe("PermissionsBoundary", role.boundary.as_ref().map(|name| self.boundary(name)))
            .put("Tags", tags(&role.tags))
            .put("RoleLastUsed", last_used.unwrap_or_default())
    }

    fn policy(&self, policy: &Policy, attachments: usize) -> Fields {
        let documents = policy.earlier.iter().chain([&policy.document]);
        let mut versions: Vec<Fields> = documents
            .enumerate()
            .map(|(index, document)| version(&format!("v{}", index + 1), document, index == policy.earlier.len()))
            .collect();
        versions.reverse();
        let arn = self.place.iam("policy", &policy.name);
        managed(&policy.name, &self.id("ANPA", &policy.name), &arn, "/", attachments)
            .put("DefaultVersionId", format!("v{}", policy.earlier.len() + 1))
            .put("PolicyVersionList", versions)
    }

    fn published(&self, name: &str, published: &Published, attachments: usize) -> Fields {
        managed(name, &self.id("ANPA", name), &self.policy_arn(name), &published.path, attachments)
            .put("DefaultVersionId", &published.version)
            .put("UpdateDate", published.created.iso())
            .put("PolicyVersionList", vec![version(&published.version, &published.document, true)])
    }

    fn access_keys(&self, user: &User) -> Vec<KeyUse> {
        let one = |(index, key): (usize, &crate::aws::description::identity::AccessKey)| {
            let id = self.id("AKIA", &format!("{} {index}", user.name));
            let listed = fields()
                .put("UserName", &user.name)
                .put("AccessKeyId", &id)
                .put("Status", &key.status)
                .put("CreateDate", key.created.iso());
            let listed = Tree::from(listed).xml(Dialect::Member);
            KeyUse { id, user: user.name.clone(), listed, last_used: key.last_used, service: key.service.clone() }
        };
        user.access_keys.iter().enumerate().map(one).collect()
    }

    fn id(&self, prefix: &str, name: &str) -> String {
        format!("{prefix}{}", self.place.hex(prefix, &[name], 16).to_uppercase())
    }

    /// The ARN of a managed policy: one of AWS or, if AWS has none of that name, of the account.
    fn policy_arn(&self, name: &str) -> String {
        match PUBLISHED.get(name) {
            Some(published) => format!("arn:{}:iam::aws:policy{}{name}", self.place.partition, published.path),
            None => self.place.iam("policy", name),
        }
    }

    fn attachments(&self, names: &[String]) -> Tree {
        let one = |name: &String| {
            let arn = self.policy_arn(name);
            fields().put("PolicyName", name.rsplit('/').next().unwrap_or(name)).put("PolicyArn", arn)
        };
        names.iter().map(one).collect::<Vec<_>>().into()
    }

    fn boundary(&self, name: &str) -> Fields {
        fields().put("PermissionsBoundaryType", "Policy").put("PermissionsBoundaryArn", self.policy_arn(name))
    }

    fn trust(&self, trust: &Trust) -> Value {
        let (principal, actions): (Value, &[&str]) = match trust {
            Trust::Document { document } => return document.clone(),
            Trust::ServiceAccounts(irsa) => return self.irsa(irsa),
            Trust::Service(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                (json!({ "AWS": format!("arn:{}:iam::{name}:root", self.place.partition) }), &["sts:AssumeRole"])
            }
            Trust::Service(name) => {
                let (service, actions): (&str, &[&str]) = match name.as_str() {
                    "pods" => ("pods.eks", &["sts:AssumeRole", "sts:TagSession"]),
                    "capabilities" => ("capabilities.eks", &["sts:AssumeRole", "sts:TagSession"]),
                    "fargate" => ("eks-fargate-pods", &["sts:AssumeRole"]),
                    other => (other, &["sts:AssumeRole"]),
                };
                (json!({ "Service": format!("{service}.amazonaws.com") }), actions)
            }
        };
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": actions }] })
    }

    /// Trust in the identity provider of a cluster of this account.
    fn irsa(&self, irsa: &Irsa) -> Value {
        let place = Place { region: irsa.region.clone(), ..self.place.clone() };
        let issuer = place.issuer(&irsa.cluster);
        let mut exact = serde_json::Map::from_iter([(format!("{issuer}:aud"), json!("sts.amazonaws.com"))]);
        let mut conditions = serde_json::Map::new();
        if let Some(subject) = &irsa.subject {
            let subject = json!(format!("system:serviceaccount:{subject}"));
            if irsa.like {
                conditions.insert("StringLike".to_owned(), json!({ format!("{issuer}:sub"): subject }));
            } else {
                exact.insert(format!("{issuer}:sub"), subject);
            }
        }
        conditions.insert("StringEquals".to_owned(), Value::Object(exact));
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Federated": place.iam("oidc-provider", &issuer) },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": conditions,
            }],
        })
    }
}

fn managed(name: &str, id: &str, arn: &str, path: &str, attachments: usize) -> Fields {
    fields()
        .put("PolicyName", name)
        .put("PolicyId", id)
        .put("Arn", arn)
        .put("Path", path)
        .put("AttachmentCount", u32::try_from(attachments).unwrap_or(u32::MAX))
        .put("PermissionsBoundaryUsageCount", 0_u32)
        .put("IsAttachable", true)
        .put("CreateDate", Moment::long_ago().iso())
}

fn version(id: &str, document: &Value, is_default: bool) -> Fields {
    fields()
        .put("Document", encoded(document))
        .put("VersionId", id)
        .put("IsDefaultVersion", is_default)
        .put("CreateDate", Moment::long_ago().iso())
}

fn inline(policies: &BTreeMap<String, Value>) -> Tree {
    let one =
        |(name, document): (&String, &Value)| fields().put("PolicyName", name).put("PolicyDocument", encoded(document));
    policies.iter().map(one).collect::<Vec<_>>().into()
}

/// IAM tags are named as in EC2, but begin with capitals.
fn tags(tags: &Tags) -> Tree {
    tags.iter().map(|(key, value)| fields().put("Key", key).put("Value", value)).collect::<Vec<_>>().into()
}

/// A policy document as IAM sends it: JSON, percent-encoded as RFC 3986 says.
fn encoded(document: &Value) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(&document.to_string(), RESERVED).to_string()
}
