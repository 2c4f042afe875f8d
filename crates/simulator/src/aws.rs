//! AWS: fourteen services behind one address.
//!
//! Requests are told apart as AWS tells them apart: JSON 1.1 by the header `x-amz-target` (Organizations, Config, KMS, CloudTrail, CloudWatch Logs, ECR), the
//! query protocol by `Action` and `Version` (EC2, IAM, STS, Auto Scaling, Elastic Load Balancing), REST-JSON by the
//! path (EKS). Signatures are read but not checked: the access key says the account, the credential scope the region.
//!
//! | Access key | Who that is |
//! | --- | --- |
//! | `AKIAPALISADE` + anything | the role `palisade` in the management account |
//! | `AKIAPALISADEEXPIRED` + anything | the same, but expired |
//! | `AKIA` + account id + 4 characters | the reader's role of that account |
//! | `ASIA` + account id + 4 characters | a session from `AssumeRole`; ending in `EXPD` it has expired |
//!
//! Any secret key will do.

mod call;
mod config;
pub(crate) mod description;
mod eks;
mod error;
mod expand;
mod item;
mod kms;
mod moment;
mod organizations;
mod page;
mod place;
mod query;
mod safeguards;
mod sts;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::{Operation, Reply, Request};
use call::{Call, Service};
pub(crate) use description::Description;
use description::check::Mistakes;
use error::Failure;
use expand::Estate;
use organizations::Hierarchy;

pub use crate::generate::aws::{generate, sparse};

/// Everything that exists in the simulated AWS, ready to be asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Description")]
pub struct World {
    organization: Option<String>,
    management: String,
    hierarchy: Hierarchy,
    aggregator: Option<description::Aggregator>,
    page_limit: Option<usize>,
    accounts: BTreeMap<String, Estate>,
}

impl TryFrom<Description> for World {
    type Error = Mistakes;

    fn try_from(description: Description) -> Result<Self, Self::Error> {
        let mistakes = Mistakes::of(&description);
        if mistakes.is_empty() { Ok(Self::expand(description)) } else { Err(mistakes) }
    }
}

impl World {
    /// Works out everything that the description leaves to AWS.
    pub(crate) fn expand(description: Description) -> Self {
        let first = description.accounts.first().map(|account| account.id.clone()).unwrap_or_default();
        let hierarchy = Hierarchy::of(&description);
        let management = description.management.unwrap_or(first);
        let estates = description.accounts.into_iter().map(|account| {
            let is_management = account.id == management;
            (account.id.clone(), Estate::expand(account, is_management, &management))
        });
        let accounts = estates.collect();
        Self {
            organization: description.organization,
            aggregator: description.aggregator,
            page_limit: description.page_limit,
            accounts,
            management,
            hierarchy,
        }
    }

    pub(crate) fn management(&self) -> &str {
        &self.management
    }

    pub(crate) fn account(&self, id: &str) -> Option<&Estate> {
        self.accounts.get(id)
    }
}

/// The operation a request stands for; `None` when AWS has no such call.
pub fn operation(world: &World, request: &Request) -> Option<Operation> {
    Call::read(world, request).map(|call| call.operation())
}

/// Every AWS service calls a request by an id.
pub(crate) fn id_headers(_: &Request) -> &'static [&'static str] {
    &["x-amzn-requestid"]
}

/// The true answer to a request.
pub fn reply(world: &World, request: &Request) -> Reply {
    let Some(call) = Call::read(world, request) else {
        return Failure::new(404, "UnknownOperationException", "The requested operation is not recognized")
            .reply(Service::Eks);
    };
    answer(world, &call).unwrap_or_else(|failure| failure.reply(call.service))
}

/// The answer to a caller without the permission.
pub fn denied(operation: &Operation) -> Reply {
    let service = Service::of_permission(&operation.permission);
    let action = operation.permission.split(':').nth(1).unwrap_or_default();
    let (account, region) = operation.scope.split_once('/').unwrap_or((&operation.scope, ""));
    let principal = format!("arn:{}:sts::{account}:assumed-role/PalisadeReader/palisade", place::partition_of(region));
    let resource = ["RoleArn=", "KeyId=", "name="]
        .into_iter()
        .find_map(|name| operation.subject.split('&').find_map(|parameter| parameter.strip_prefix(name)))
        .map(|name| {
            if service == Service::Eks {
                format!("arn:{}:eks:{region}:{account}:cluster/{name}", place::partition_of(region))
            } else {
                name.to_owned()
            }
        });
    let resource = resource.or_else(|| (service == Service::Iam).then(|| "*".to_owned()));
    error::denied(service, action, &principal, resource.as_deref()).reply(service)
}

/// The answer to a caller who asks too fast.
pub fn throttled(operation: &Operation) -> Reply {
    let service = Service::of_permission(&operation.permission);
    error::throttled(service).reply(service).with_header("retry-after", "1")
}

/// The answer when something breaks inside AWS.
pub fn server_error(operation: &Operation) -> Reply {
    let service = Service::of_permission(&operation.permission);
    error::broken(service).reply(service)
}

fn answer(world: &World, call: &Call) -> Result<Reply, Failure> {
    if call.service == Service::Sts && call.action == "AssumeRoleWithWebIdentity" {
        return sts::assume_role_with_web_identity(world, call);
    }
    if let Some(failure) = call.unauthenticated() {
        return Err(failure);
    }
    let estate =
        world.account(&call.account).ok_or_else(|| Failure::new(403, "AccessDenied", "the account does not exist"))?;
    match call.service {
        Service::Sts => sts::answer(world, call),
        Service::Organizations => organizations::answer(world, call),
        Service::Config => config::answer(world, call),
        Service::Iam => query::iam::answer(world, estate, call),
        Service::Ec2
        | Service::AutoScaling
        | Service::LoadBalancing
        | Service::ClassicLoadBalancing
        | Service::Kms
        | Service::CloudTrail
        | Service::Logs
        | Service::Ecr
        | Service::Backup
        | Service::GuardDuty
        | Service::Inspector
        | Service::Eks => {
            let fabric = estate.region(&call.region).ok_or_else(|| not_enabled(call))?;
            match call.service {
                Service::Ec2 => query::ec2::answer(world, estate, fabric, call),
                Service::AutoScaling => query::autoscaling::answer(world, fabric, call),
                Service::LoadBalancing => query::balancing::answer(world, fabric, call),
                Service::ClassicLoadBalancing => query::balancing::first_generation(world, fabric, call),
                Service::Kms => kms::answer(world, fabric, call),
                Service::CloudTrail
                | Service::Logs
                | Service::Ecr
                | Service::Backup
                | Service::GuardDuty
                | Service::Inspector => safeguards::answer(world, estate, fabric, call),
                _ => eks::answer(world, fabric, call),
            }
        }
    }
}

/// A region that is not switched on knows none of the account's credentials.
fn not_enabled(call: &Call) -> Failure {
    let stranger = Call { caller: call::Caller::Stranger, ..call.clone() };
    stranger.unauthenticated().unwrap_or_else(|| Failure::new(403, "AccessDenied", "the region is not enabled"))
}
