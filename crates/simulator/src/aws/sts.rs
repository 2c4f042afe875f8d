//! STS: who am I, and let me be someone else.

use super::World;
use super::call::{BASE_ROLE, Call, Caller, Service, session_key, session_token};
use super::error::{Failure, denied};
use super::moment::Moment;
use super::place::{Place, partition_of};
use super::query::response;
use super::tree::{Tree, fields};
use crate::http::Reply;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Reply, Failure> {
    match call.action.as_str() {
        "GetCallerIdentity" => Ok(caller_identity(call)),
        "AssumeRole" => assume_role(world, call),
        other => {
            Err(Failure::client("InvalidAction", format!("Could not find operation {other} for version 2011-06-15")))
        }
    }
}

fn caller_identity(call: &Call) -> Reply {
    let session = match &call.caller {
        Caller::Session { session, .. } => session.as_str(),
        Caller::Nobody | Caller::Stranger | Caller::Expired => "",
    };
    let user = format!("{}:{session}", role_id(&call.account, BASE_ROLE));
    response(call, fields().put("Arn", call.principal()).put("UserId", user).put("Account", &call.account))
}

fn assume_role(world: &World, call: &Call) -> Result<Reply, Failure> {
    let arn = call.required("RoleArn")?;
    let session = call.required("RoleSessionName")?;
    let refused = || denied(Service::Sts, "AssumeRole", &call.principal(), Some(arn));
    let (account, role) =
        account_and_role(arn).ok_or_else(|| Failure::client("ValidationError", format!("{arn} is invalid")))?;
    let estate = world.account(account).ok_or_else(refused)?;
    if estate.partition() != partition_of(&call.region) {
        return Err(refused());
    }
    let reader = &estate.account.reader;
    let is_admitted = if role == reader.role {
        reader.assumable
            && (reader.external_id.is_none() || reader.external_id.as_deref() == call.parameter("ExternalId"))
    } else {
        estate.account.roles.iter().any(|known| known.name == role && known.assumable)
    };
    if !is_admitted {
        return Err(refused());
    }
    let expired = reader.expired && role == reader.role;
    Ok(response(call, credentials(account, role, session, estate.partition(), call, expired)))
}

/// The way of a pod: a token of its cluster for a role. The token is not looked at.
pub(crate) fn assume_role_with_web_identity(world: &World, call: &Call) -> Result<Reply, Failure> {
    let arn = call.required("RoleArn")?;
    let session = call.required("RoleSessionName")?;
    call.required("WebIdentityToken")?;
    let refused = || Failure::new(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let (account, role) = account_and_role(arn).ok_or_else(refused)?;
    let estate = world.account(account).ok_or_else(refused)?;
    let is_known = role == BASE_ROLE
        || role == estate.account.reader.role
        || estate.account.roles.iter().any(|known| known.name == role);
    if !is_known {
        return Err(refused());
    }
    let answer = credentials(account, role, session, estate.partition(), call, false)
        .put("SubjectFromWebIdentityToken", "system:serviceaccount:palisade:palisade")
        .put("Audience", "sts.amazonaws.com");
    Ok(response(call, answer))
}

fn credentials(
    account: &str,
    role: &str,
    session: &str,
    partition: &str,
    call: &Call,
    expired: bool,
) -> super::tree::Fields {
    // The clock of the story stands still, the client's does not: a session ends long after both.
    let lifetime = Moment::STORY.plus_days(365 * 100);
    let credentials = fields()
        .put("AccessKeyId", session_key(account, expired))
        .put("SecretAccessKey", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYSIM")
        .put("SessionToken", session_token(role, session))
        .put("Expiration", lifetime.iso());
    let user = fields()
        .put("AssumedRoleId", format!("{}:{session}", role_id(account, role)))
        .put("Arn", format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}"));
    let answer = fields().put("Credentials", Tree::from(credentials)).put("AssumedRoleUser", Tree::from(user));
    answer.maybe("SourceIdentity", call.parameter("SourceIdentity"))
}

/// The id that IAM gives to a role.
pub(crate) fn role_id(account: &str, role: &str) -> String {
    let place = Place { partition: String::new(), account: account.to_owned(), region: String::new() };
    format!("AROA{}", place.hex("role-id", &[role], 17).to_uppercase())
}

fn account_and_role(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (_arn, _partition, service, _region, account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let role = resource.strip_prefix("role/")?;
    (service == "iam").then(|| (account, role.rsplit('/').next().unwrap_or(role)))
}
