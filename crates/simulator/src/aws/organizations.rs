//! AWS Organizations: JSON 1.1.

use serde_json::{Value, json};

use super::World;
use super::call::{Call, Service};
use super::description::{Description, RulingKind};
use super::error::{Failure, denied};
use super::moment::Moment;
use super::page::Paging;
use crate::http::{Reply, hash};

const PAGING: Paging = Paging {
    size: "MaxResults",
    token: "NextToken",
    smallest: 1,
    largest: 20,
    usual: 20,
    bad_size: "InvalidInputException",
    bad_token: "InvalidInputException",
};

/// The tree of an organization and the policies that hang in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hierarchy {
    root: String,
    /// Every unit and account with what stands above it.
    nodes: Vec<Node>,
    policies: Vec<Policy>,
}

#[derive(Clone, Debug)]
struct Node {
    id: String,
    name: String,
    kind: &'static str,
    parent: String,
}

#[derive(Clone, Debug)]
struct Policy {
    id: String,
    name: String,
    kind: &'static str,
    aws_managed: bool,
    content: String,
    targets: Vec<String>,
}

const SERVICE_CONTROL: &str = "SERVICE_CONTROL_POLICY";
const RESOURCE_CONTROL: &str = "RESOURCE_CONTROL_POLICY";

impl Hierarchy {
    pub(crate) fn of(description: &Description) -> Self {
        let organization = description.organization.as_deref().unwrap_or_default();
        let short = |name: &str, digits: usize| {
            let all = format!("{:016x}", hash(&[organization, name]));
            all.chars().take(digits).collect::<String>()
        };
        let tree = short("root", 4);
        let root = format!("r-{tree}");
        let unit = |name: &str| format!("ou-{tree}-{}", short(name, 8));
        let above = |name: &Option<String>| name.as_deref().map_or_else(|| root.clone(), unit);
        let units = description.units.iter().map(|one| Node {
            id: unit(&one.name),
            name: one.name.clone(),
            kind: "ORGANIZATIONAL_UNIT",
            parent: above(&one.parent),
        });
        let accounts = description.accounts.iter().map(|one| Node {
            id: one.id.clone(),
            name: one.name.clone(),
            kind: "ACCOUNT",
            parent: above(&one.unit),
        });
        let nodes: Vec<Node> = units.chain(accounts).collect();
        let id_of = |name: &String| match name.as_str() {
            "root" => root.clone(),
            name => nodes
                .iter()
                .find(|node| node.name == *name || node.id == *name)
                .map_or_else(String::new, |node| node.id.clone()),
        };
        let without: Vec<String> = description.without_full_access.iter().map(id_of).collect();
        let everywhere: Vec<String> = [&root].into_iter().chain(nodes.iter().map(|node| &node.id)).cloned().collect();
        let allow = |principal: Value| {
            let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
            if let (Some(statement), false) = (statement.as_object_mut(), principal.is_null()) {
                statement.insert("Principal".to_owned(), principal);
            }
            json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
        };
        let of_aws = |id: &str, kind, content, targets: Vec<String>| Policy {
            id: id.to_owned(),
            name: id.trim_start_matches("p-").to_owned(),
            kind,
            aws_managed: true,
            content,
            targets,
        };
        let kept = everywhere.iter().filter(|id| !without.contains(id)).cloned().collect();
        let mut policies = vec![
            of_aws("p-FullAWSAccess", SERVICE_CONTROL, allow(Value::Null), kept),
            of_aws("p-RCPFullAWSAccess", RESOURCE_CONTROL, allow(json!("*")), everywhere),
        ];
        policies.extend(description.policies.iter().map(|one| Policy {
            id: format!("p-{}", short(&one.name, 8)),
            name: one.name.clone(),
            kind: match one.kind {
                RulingKind::ServiceControl => SERVICE_CONTROL,
                RulingKind::ResourceControl => RESOURCE_CONTROL,
            },
            aws_managed: false,
            content: one.document.to_string(),
            targets: one.attached.iter().map(id_of).collect(),
        }));
        Self { root, nodes, policies }
    }

    fn target(&self, id: &str) -> (&str, &'static str) {
        let node = self.nodes.iter().find(|node| node.id == id);
        node.map_or(("Root", "ROOT"), |node| (node.name.as_str(), node.kind))
    }
}

pub(crate) fn answer(world: &World, call: &Call) -> Result<Reply, Failure> {
    let Some(organization) = &world.organization else {
        return Err(Failure::client(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    };
    if call.action == "DescribeOrganization" {
        return Ok(reply(&json!({ "Organization": {
            "Id": organization,
            "Arn": format!("arn:aws:organizations::{}:organization/{organization}", world.management),
            "FeatureSet": "ALL",
            "MasterAccountArn": format!("arn:aws:organizations::{0}:account/{organization}/{0}", world.management),
            "MasterAccountId": world.management,
            "MasterAccountEmail": format!("aws+{}@acme.example", world.management),
            "AvailablePolicyTypes": [{ "Type": SERVICE_CONTROL, "Status": "ENABLED" }],
        } })));
    }
    if call.account != world.management {
        return Err(denied(Service::Organizations, &call.action, &call.principal(), None));
    }
    match call.action.as_str() {
        "ListAccounts" => accounts(world, organization, call),
        "ListPolicies" => {
            let filter = call.required("Filter")?;
            if ![SERVICE_CONTROL, RESOURCE_CONTROL].contains(&filter) {
                return Err(Failure::client("InvalidInputException", "You specified an invalid value."));
            }
            let listed = world.hierarchy.policies.iter().filter(|policy| policy.kind == filter);
            let summaries = listed.map(|policy| summary(world, organization, policy));
            listing(world, call, "Policies", &summaries.collect::<Vec<_>>())
        }
        "ListTargetsForPolicy" => {
            let policy = policy(world, call)?;
            let targets = policy.targets.iter().map(|id| {
                let (name, kind) = world.hierarchy.target(id);
                let word = if kind == "ORGANIZATIONAL_UNIT" { "ou" } else { &kind.to_lowercase() };
                let arn = format!("arn:aws:organizations::{}:{word}/{organization}/{id}", world.management);
                json!({ "TargetId": id, "Arn": arn, "Name": name, "Type": kind })
            });
            listing(world, call, "Targets", &targets.collect::<Vec<_>>())
        }
        "DescribePolicy" => {
            let policy = policy(world, call)?;
            let summary = summary(world, organization, policy);
            Ok(reply(&json!({ "Policy": { "PolicySummary": summary, "Content": policy.content } })))
        }
        "ListParents" => {
            let id = call.required("ChildId")?;
            let missing = || Failure::client("ChildNotFoundException", "You specified a child that doesn't exist.");
            let node = world.hierarchy.nodes.iter().find(|node| node.id == id).ok_or_else(missing)?;
            let kind = if node.parent == world.hierarchy.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
            listing(world, call, "Parents", &[json!({ "Id": node.parent, "Type": kind })])
        }
        _ => Err(Failure::client("UnknownOperationException", "")),
    }
}

fn policy<'w>(world: &'w World, call: &Call) -> Result<&'w Policy, Failure> {
    let id = call.required("PolicyId")?;
    let missing =
        || Failure::client("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.");
    world.hierarchy.policies.iter().find(|policy| policy.id == id).ok_or_else(missing)
}

fn summary(world: &World, organization: &str, policy: &Policy) -> Value {
    let kind = policy.kind.to_lowercase();
    let arn = if policy.aws_managed {
        format!("arn:aws:organizations::aws:policy/{kind}/{}", policy.id)
    } else {
        format!("arn:aws:organizations::{}:policy/{organization}/{kind}/{}", world.management, policy.id)
    };
    let (managed, about) = (policy.aws_managed, format!("{} of the organization", policy.name));
    json!({ "Id": policy.id, "Arn": arn, "Name": policy.name, "Description": about, "Type": policy.kind, "AwsManaged": managed })
}

fn accounts(world: &World, organization: &str, call: &Call) -> Result<Reply, Failure> {
    let accounts = world.accounts.values().map(|estate| {
        let account = &estate.account;
        let is_management = account.id == world.management;
        json!({
            "Id": account.id,
            "Arn": format!("arn:aws:organizations::{}:account/{organization}/{}", world.management, account.id),
            "Email": format!("aws+{}@acme.example", account.id),
            "Name": account.name,
            "Status": account.status,
            "State": account.status,
            "JoinedMethod": if is_management { "INVITED" } else { "CREATED" },
            "JoinedTimestamp": Moment::long_ago().epoch(),
        })
    });
    listing(world, call, "Accounts", &accounts.collect::<Vec<_>>())
}

/// A page of a list.
fn listing(world: &World, call: &Call, field: &str, all: &[Value]) -> Result<Reply, Failure> {
    let page = PAGING.page(call, all.len(), world.page_limit)?;
    let mut body = json!({ field: page.of(all) });
    if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
        body.insert("NextToken".to_owned(), json!(next));
    }
    Ok(reply(&body))
}

fn reply(body: &Value) -> Reply {
    Reply { content_type: "application/x-amz-json-1.1", ..Reply::json(200, body) }
}
