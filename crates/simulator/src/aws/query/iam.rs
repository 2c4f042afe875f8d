//! IAM.

use std::collections::BTreeMap;

use super::{element, invalid_action, rendered, response};
use crate::aws::World;
use crate::aws::call::Call;
use crate::aws::error::Failure;
use crate::aws::expand::Estate;
use crate::aws::expand::identity::{KeyUse, Section};
use crate::aws::moment::Moment;
use crate::aws::page::{Page, Paging};
use crate::aws::place::Place;
use crate::aws::tree::{Dialect, Fields, Tree, fields};
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "MaxItems",
    token: "Marker",
    smallest: 1,
    largest: 1000,
    usual: 100,
    bad_size: "ValidationError",
    bad_token: "ValidationError",
};

const SECTIONS: [(Section, &str, &str); 5] = [
    (Section::User, "User", "UserDetailList"),
    (Section::Group, "Group", "GroupDetailList"),
    (Section::Role, "Role", "RoleDetailList"),
    (Section::LocalManagedPolicy, "LocalManagedPolicy", "Policies"),
    (Section::AwsManagedPolicy, "AWSManagedPolicy", "Policies"),
];

pub(crate) fn answer(world: &World, estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    match call.action.as_str() {
        "GetAccountAuthorizationDetails" => details(world, estate, call),
        "ListOpenIDConnectProviders" => {
            let providers: Vec<Fields> = estate.identity.providers.iter().map(|arn| fields().put("Arn", arn)).collect();
            Ok(response(call, fields().put("OpenIDConnectProviderList", providers)))
        }
        "ListAccessKeys" => access_keys(world, estate, call),
        "GetAccessKeyLastUsed" => last_used(estate, call),
        "GenerateServiceLastAccessedDetails" => generate_last_accessed(estate, call),
        "GetServiceLastAccessedDetails" => last_accessed(world, estate, call),
        _ => Err(invalid_action(call)),
    }
}

fn details(world: &World, estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    let wanted = call.list("Filter.member");
    for name in &wanted {
        if SECTIONS.iter().all(|(_, known, _)| known != name) {
            return Err(Failure::client(
                "ValidationError",
                format!("Value '{name}' at 'filter' failed to satisfy constraint"),
            ));
        }
    }
    let is_wanted = |section: Section| {
        wanted.is_empty()
            || SECTIONS.iter().any(|(known, name, _)| *known == section && wanted.iter().any(|wanted| wanted == name))
    };
    let all: Vec<_> = estate.identity.details.iter().filter(|(section, _)| is_wanted(*section)).collect();
    let page = PAGING.page(call, all.len(), world.page_limit)?;
    let mut lists: BTreeMap<&str, String> = SECTIONS.iter().map(|(_, _, list)| (*list, String::new())).collect();
    for (section, body) in page.of(&all) {
        let list = SECTIONS.iter().find(|(known, _, _)| known == section).and_then(|(_, _, list)| lists.get_mut(list));
        if let Some(list) = list {
            list.push_str(&element("member", body));
        }
    }
    let content: String = lists.iter().map(|(name, members)| element(name, members)).collect();
    Ok(rendered(call, &format!("{content}{}", truncation(&page))))
}

/// The two members that end every page of IAM.
fn truncation(page: &Page) -> String {
    Tree::from(fields().put("IsTruncated", page.next.is_some()).maybe("Marker", page.next.as_deref()))
        .xml(Dialect::Member)
}

fn no_such(what: &str) -> Failure {
    Failure::new(404, "NoSuchEntity", format!("The {what} cannot be found."))
}

fn access_keys(world: &World, estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    let user = call.required("UserName")?;
    let keys = estate.identity.access_keys.get(user).ok_or_else(|| no_such(&format!("user with name {user}")))?;
    let page = PAGING.page(call, keys.len(), world.page_limit)?;
    let members: String = page.of(keys).iter().map(|key| element("member", &key.listed)).collect();
    Ok(rendered(call, &format!("{}{}", element("AccessKeyMetadata", &members), truncation(&page))))
}

fn last_used(estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    let id = call.required("AccessKeyId")?;
    let key: &KeyUse = estate.identity.access_keys.values().flatten().find(|key| key.id == id).ok_or_else(|| {
        Failure::new(
            403,
            "AccessDenied",
            format!("User: {} is not authorized to perform: iam:GetAccessKeyLastUsed", call.principal()),
        )
    })?;
    let used = match key.last_used {
        Some(at) => fields().put("LastUsedDate", at.iso()).put("ServiceName", &key.service).put("Region", "eu-west-1"),
        None => fields().put("ServiceName", "N/A").put("Region", "N/A"),
    };
    Ok(response(call, fields().put("UserName", &key.user).put("AccessKeyLastUsed", used)))
}

/// The id of the job that looks at one identity. It follows from the identity, so that no state has to be kept.
fn job(call: &Call, arn: &str) -> String {
    Place { region: String::new(), ..call.place() }.uuid("last-accessed", &[arn])
}

fn generate_last_accessed(estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    let arn = call.required("Arn")?;
    if !estate.identity.services.contains_key(arn) {
        return Err(no_such(&format!("entity with ARN {arn}")));
    }
    Ok(response(call, fields().put("JobId", job(call, arn))))
}

fn last_accessed(world: &World, estate: &Estate, call: &Call) -> Result<Reply, Failure> {
    let id = call.required("JobId")?;
    let (arn, services) = estate
        .identity
        .services
        .iter()
        .find(|(arn, _)| job(call, arn) == id)
        .ok_or_else(|| no_such(&format!("job with id {id}")))?;
    let services: Vec<(&String, &Option<Moment>)> = services.iter().collect();
    let page = PAGING.page(call, services.len(), world.page_limit)?;
    let one = |(namespace, at): &(&String, &Option<Moment>)| {
        let entity = at.map(|_| arn);
        fields()
            .put("ServiceName", service_name(namespace))
            .maybe("LastAuthenticated", at.map(Moment::iso))
            .put("ServiceNamespace", *namespace)
            .maybe("LastAuthenticatedEntity", entity)
            .maybe("LastAuthenticatedRegion", at.map(|_| "eu-west-1"))
            .put("TotalAuthenticatedEntities", u32::from(at.is_some()))
    };
    let listed: Vec<Fields> = page.of(&services).iter().map(one).collect();
    Ok(response(
        call,
        fields()
            .put("JobStatus", "COMPLETED")
            .put("JobType", "SERVICE_LEVEL")
            .put("JobCreationDate", Moment::STORY.iso())
            .put("ServicesLastAccessed", listed)
            .put("JobCompletionDate", Moment::STORY.iso())
            .put("IsTruncated", page.next.is_some())
            .maybe("Marker", page.next.as_deref()),
    ))
}

/// What people call a service.
fn service_name(namespace: &str) -> String {
    let name = match namespace {
        "ec2" => "Amazon EC2",
        "ecr" => "Amazon Elastic Container Registry",
        "eks" => "Amazon Elastic Kubernetes Service",
        "eks-auth" => "Amazon EKS Auth",
        "s3" => "Amazon S3",
        "iam" => "AWS Identity and Access Management",
        "kms" => "AWS Key Management Service",
        "sts" => "AWS Security Token Service",
        "ssm" => "AWS Systems Manager",
        "dynamodb" => "Amazon DynamoDB",
        "secretsmanager" => "AWS Secrets Manager",
        other => return other.to_uppercase(),
    };
    name.to_owned()
}
