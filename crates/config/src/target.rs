//! What to read.

use crate::{
    Diagnostic, Diagnostics, Discovery, discovery,
    node::{Node, Value},
    reader::{Map, choose, text, texts},
};
use std::{collections::BTreeSet, ops::Range};

/// A named part of the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetConfig {
    /// Its name, unique in the file.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
}

impl TargetConfig {
    /// The accounts, subscriptions or projects that it lists. `None`: it finds out what there is.
    pub fn scopes(&self) -> Option<&[String]> {
        match &self.kind {
            TargetKind::Aws(AwsTarget { accounts: Accounts::List(ids), .. })
            | TargetKind::Azure(AzureTarget { subscriptions: Subscriptions::List(ids), .. })
            | TargetKind::Gcp(GcpTarget { projects: Projects::List(ids), .. }) => Some(ids),
            TargetKind::Aws(_) | TargetKind::Azure(_) | TargetKind::Gcp(_) => None,
        }
    }
}

/// What a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// AWS accounts.
    Aws(AwsTarget),
    /// Azure subscriptions.
    Azure(AzureTarget),
    /// GCP projects.
    Gcp(GcpTarget),
}

/// AWS accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsTarget {
    /// Which accounts.
    pub accounts: Accounts,
    /// The role assumed in each member account.
    pub role: Option<String>,
    /// The external id that the role asks for.
    pub external_id: Option<String>,
    /// Which regions.
    pub regions: Regions,
    /// How those that hold clusters are found.
    pub discovery: Discovery,
    /// Another endpoint than the public one.
    pub endpoint_url: Option<String>,
}

/// Which AWS accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// The credentials' own.
    Own,
    /// Every active account of the organisation.
    Organization,
    /// These.
    List(Vec<String>),
}

/// Which AWS regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// Those enabled in the account.
    Enabled,
    /// These.
    List(Vec<String>),
}

/// Azure subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureTarget {
    /// Which subscriptions.
    pub subscriptions: Subscriptions,
    /// How those that hold clusters are found.
    pub discovery: Discovery,
    /// The tenant to sign in to.
    pub tenant: Option<String>,
    /// Which Azure.
    pub cloud: AzureCloud,
    /// Another endpoint than the public one.
    pub endpoint_url: Option<String>,
}

/// Which Azure subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscriptions {
    /// Every one the credentials see.
    All,
    /// These.
    List(Vec<String>),
    /// Those below these management groups.
    ManagementGroups(Vec<String>),
}

/// Which Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureCloud {
    /// The public one.
    Public,
    /// The one for the United States' government.
    UsGovernment,
    /// The one in China.
    China,
}

/// GCP projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GcpTarget {
    /// Which projects.
    pub projects: Projects,
    /// How those that hold clusters are found.
    pub discovery: Discovery,
    /// The project that pays for the calls.
    pub quota_project: Option<String>,
    /// Another endpoint than the public one.
    pub endpoint_url: Option<String>,
}

/// Which GCP projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projects {
    /// Every one the credentials see.
    All,
    /// These.
    List(Vec<String>),
    /// Those below these folders.
    Folders(Vec<String>),
    /// Those of this organisation.
    Organization(String),
}

const PROVIDERS: &[&str] = &["aws", "azure", "gcp"];
pub(crate) const AWS_KEYS: &[&str] =
    &["name", "provider", "accounts", "role", "external_id", "regions", "discovery", "endpoint_url"];
pub(crate) const AZURE_KEYS: &[&str] =
    &["name", "provider", "subscriptions", "management_groups", "tenant", "cloud", "discovery", "endpoint_url"];
pub(crate) const GCP_KEYS: &[&str] =
    &["name", "provider", "projects", "folders", "organization", "quota_project", "discovery", "endpoint_url"];
const ANY_KEYS: &[&str] = &[
    "name",
    "provider",
    "accounts",
    "role",
    "external_id",
    "regions",
    "subscriptions",
    "management_groups",
    "tenant",
    "cloud",
    "projects",
    "folders",
    "organization",
    "quota_project",
    "discovery",
    "endpoint_url",
];

pub(crate) fn read(root: &Map<'_>, diagnostics: &mut Diagnostics) -> Vec<TargetConfig> {
    let Some(entry) = root.get("targets") else {
        diagnostics.push(
            Diagnostic::at(root.span.start..root.span.start, "there is no `targets`")
                .label("nothing to read")
                .help("add\n  targets:\n    - name: prod-aws\n      provider: aws"),
        );
        return Vec::new();
    };
    let Value::List(items) = &entry.value.value else {
        diagnostics.push(
            Diagnostic::at(entry.value.span.clone(), format!("`targets` is {}", entry.value.kind()))
                .label("expected a list: begin each target with `- name:`"),
        );
        return Vec::new();
    };
    if items.is_empty() {
        diagnostics.push(Diagnostic::at(entry.key, "`targets` is empty").label("name at least one target"));
    }
    let mut names = BTreeSet::new();
    items.iter().filter_map(|item| target(item, &mut names, diagnostics)).collect()
}

fn target(node: &Node, names: &mut BTreeSet<String>, diagnostics: &mut Diagnostics) -> Option<TargetConfig> {
    // The provider decides which keys are known, so it is looked up before they are checked.
    let written = provider_of(node);
    let keys = match written.as_deref() {
        Some("aws") => AWS_KEYS,
        Some("azure") => AZURE_KEYS,
        Some("gcp") => GCP_KEYS,
        Some(_) | None => ANY_KEYS,
    };
    let map = Map::of(node, "a target", keys, diagnostics)?;
    let name = required(&map, "name", diagnostics);
    let provider = required(&map, "provider", diagnostics)
        .and_then(|(text, span)| choose((&text, span), "provider", PROVIDERS, diagnostics));
    if let Some((name, span)) = &name
        && !names.insert(name.clone())
    {
        diagnostics
            .push(Diagnostic::at(span.clone(), format!("two targets are called `{name}`")).label("the second one"));
    }
    let endpoint_url = endpoint(&map, diagnostics);
    let kind = match provider? {
        "aws" => TargetKind::Aws(aws(&map, endpoint_url, diagnostics)),
        "azure" => TargetKind::Azure(azure(&map, endpoint_url, diagnostics)),
        _ => TargetKind::Gcp(gcp(&map, endpoint_url, diagnostics)),
    };
    Some(TargetConfig { name: name?.0, kind })
}

fn provider_of(node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == "provider").and_then(|(_, value)| match &value.value {
        Value::Scalar(text) => Some(text.clone()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    })
}

fn required(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<(String, Range<usize>)> {
    if map.get(name).is_none() {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), format!("a target has no `{name}`")).label(format!("add `{name}:`")),
        );
    }
    map.text(name, diagnostics)
}

fn aws(map: &Map<'_>, endpoint_url: Option<String>, diagnostics: &mut Diagnostics) -> AwsTarget {
    let accounts = map.get("accounts").map_or(Accounts::Own, |entry| match &entry.value.value {
        Value::Scalar(word) if word == "organization" => Accounts::Organization,
        Value::Scalar(word) => {
            let _ = choose((word, entry.value.span.clone()), "set of accounts", &["organization"], diagnostics);
            Accounts::Own
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            let ids = texts(entry.value, "accounts", diagnostics).unwrap_or_default();
            for (id, span) in &ids {
                if id.len() != 12 || !id.chars().all(|letter| letter.is_ascii_digit()) {
                    diagnostics.push(
                        Diagnostic::at(span.clone(), format!("`{id}` is no account id"))
                            .label("expected twelve digits")
                            .help("quote ids that begin with a zero: \"012345678901\""),
                    );
                }
            }
            Accounts::List(words(ids))
        }
    });
    let role = map.text("role", diagnostics);
    if let Some((role, span)) = &role
        && role.starts_with("arn:")
    {
        let name = role.rsplit('/').next().unwrap_or_default();
        diagnostics.push(
            Diagnostic::at(span.clone(), "`role` is an ARN")
                .label("expected the role's name")
                .help(format!("write `role: {name}`: the ARN is made for each account and partition")),
        );
    }
    let regions = map.get("regions").map_or(Regions::Enabled, |entry| match &entry.value.value {
        Value::Scalar(word) if word == "enabled" => Regions::Enabled,
        Value::Scalar(word) => {
            let _ = choose((word, entry.value.span.clone()), "set of regions", &["enabled"], diagnostics);
            Regions::Enabled
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            let regions = texts(entry.value, "regions", diagnostics).unwrap_or_default();
            for (region, span) in &regions {
                if !looks_like_a_region(region) {
                    diagnostics.push(
                        Diagnostic::at(span.clone(), format!("`{region}` is no region"))
                            .label("expected for example `eu-west-1`"),
                    );
                }
            }
            Regions::List(words(regions))
        }
    });
    let discovery = discovery::read(map, "config-aggregator", diagnostics);
    AwsTarget {
        accounts,
        discovery,
        role: role.map(|(role, _)| role),
        external_id: map.text("external_id", diagnostics).map(|(id, _)| id),
        regions,
        endpoint_url,
    }
}

fn looks_like_a_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(|l| l.is_ascii_lowercase() || l.is_ascii_digit()))
        && parts.last().is_some_and(|last| last.chars().all(|letter| letter.is_ascii_digit()))
}

fn azure(map: &Map<'_>, endpoint_url: Option<String>, diagnostics: &mut Diagnostics) -> AzureTarget {
    let groups = map.texts("management_groups", diagnostics).map(words);
    let listed = map.get("subscriptions").map(|entry| match &entry.value.value {
        Value::Scalar(word) => {
            let _ = choose((word, entry.value.span.clone()), "set of subscriptions", &["all"], diagnostics);
            Subscriptions::All
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            Subscriptions::List(words(texts(entry.value, "subscriptions", diagnostics).unwrap_or_default()))
        }
    });
    if let (Some(_), Some(entry)) = (&groups, map.get("subscriptions")) {
        diagnostics.push(
            Diagnostic::at(entry.key, "both `subscriptions` and `management_groups` are set")
                .label("choose one of the two"),
        );
    }
    let cloud = map.text("cloud", diagnostics).and_then(|(text, span)| {
        choose((&text, span), "Azure cloud", &["public", "us-government", "china"], diagnostics)
    });
    AzureTarget {
        discovery: discovery::read(map, "resource-graph", diagnostics),
        subscriptions: groups.map_or(listed.unwrap_or(Subscriptions::All), Subscriptions::ManagementGroups),
        tenant: map.text("tenant", diagnostics).map(|(tenant, _)| tenant),
        cloud: match cloud {
            Some("us-government") => AzureCloud::UsGovernment,
            Some("china") => AzureCloud::China,
            Some(_) | None => AzureCloud::Public,
        },
        endpoint_url,
    }
}

fn gcp(map: &Map<'_>, endpoint_url: Option<String>, diagnostics: &mut Diagnostics) -> GcpTarget {
    let listed = map.get("projects").map(|entry| match &entry.value.value {
        Value::Scalar(word) => {
            let _ = choose((word, entry.value.span.clone()), "set of projects", &["all"], diagnostics);
            Projects::All
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            Projects::List(words(texts(entry.value, "projects", diagnostics).unwrap_or_default()))
        }
    });
    let folders = map.texts("folders", diagnostics).map(|folders| Projects::Folders(words(folders)));
    let organization =
        map.get("organization").and_then(|entry| text(entry.value, "organization", diagnostics)).map(|(id, _)| id);
    let organization = organization.map(Projects::Organization);
    let chosen: Vec<Projects> = [listed, folders, organization].into_iter().flatten().collect();
    if chosen.len() > 1 {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "more than one of `projects`, `folders` and `organization` is set")
                .label("choose one of the three"),
        );
    }
    let projects = chosen.into_iter().next().unwrap_or(Projects::All);
    let discovery = discovery::read(map, "asset-inventory", diagnostics);
    if let (Discovery::Inventory { .. }, Projects::All | Projects::List(_), Some(entry)) =
        (&discovery, &projects, map.get("discovery"))
    {
        diagnostics.push(
            Diagnostic::at(entry.key, "there is nothing that Cloud Asset Inventory could search")
                .label("it is asked about an organisation or folders")
                .help("set `organization` or `folders`, or leave `discovery` out"),
        );
    }
    GcpTarget {
        projects,
        discovery,
        quota_project: map.text("quota_project", diagnostics).map(|(project, _)| project),
        endpoint_url,
    }
}

/// An endpoint. Credentials travel to it, so plain http is accepted on loopback only.
fn endpoint(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let (url, span) = map.text("endpoint_url", diagnostics)?;
    let refuse = |title: String, label: &str| Diagnostic::at(span.clone(), title).label(label);
    let Some((scheme, rest)) = url.split_once("://") else {
        diagnostics.push(refuse(format!("`{url}` is no URL"), "expected `https://HOST`"));
        return None;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        diagnostics.push(refuse("`endpoint_url` holds credentials".to_owned(), "remove what stands before `@`"));
        return None;
    }
    match scheme {
        "https" if !authority.is_empty() => Some(url),
        "http" if is_loopback(authority) => Some(url),
        "http" => {
            diagnostics.push(
                refuse(format!("`{authority}` would get credentials over plain http"), "not a loopback address")
                    .help("write `https://`; plain http is accepted for 127.0.0.0/8, [::1] and localhost only"),
            );
            None
        }
        _ => {
            diagnostics.push(refuse(format!("`{url}` is no URL of a cloud's API"), "expected `https://HOST`"));
            None
        }
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn words(located: Vec<(String, Range<usize>)>) -> Vec<String> {
    located.into_iter().map(|(word, _)| word).collect()
}
