//! CloudTrail, CloudWatch Logs and ECR (JSON 1.1), Backup, GuardDuty and Inspector (REST and JSON).

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::World;
use super::call::{Call, Service};
use super::error::Failure;
use super::expand::safeguards::{PlanFacts, TrailFacts};
use super::expand::{Estate, Fabric};
use super::page::Paging;
use crate::http::Reply;

const fn paging(size: &'static str, token: &'static str, largest: usize, usual: usize) -> Paging {
    let bad = "InvalidParameterValueException";
    Paging { size, token, smallest: 1, largest, usual, bad_size: bad, bad_token: bad }
}

const LOGS: Paging = paging("limit", "nextToken", 50, 50);
const ECR: Paging = paging("maxResults", "nextToken", 1000, 100);
const BACKUP: Paging = paging("maxResults", "nextToken", 1000, 1000);
const GUARDDUTY: Paging = paging("maxResults", "nextToken", 50, 50);
const INSPECTOR: Paging =
    Paging { bad_size: "ValidationException", bad_token: "ValidationException", ..INSPECTOR_SIZES };
const INSPECTOR_SIZES: Paging = paging("maxResults", "nextToken", 200, 100);

/// The actions of the three services that are dispatched by path.
pub(crate) fn route(method: &str, path: &str) -> Option<(Service, &'static str, BTreeMap<String, String>)> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        pairs.iter().map(|(name, value)| ((*name).to_owned(), decoded(value))).collect()
    };
    let (service, action, labels) = match (method, parts.as_slice()) {
        ("GET", ["account-settings"]) => (Service::Backup, "DescribeRegionSettings", labels(&[])),
        ("GET", ["backup", "plans"]) => (Service::Backup, "ListBackupPlans", labels(&[])),
        ("GET", ["backup", "plans", plan]) => (Service::Backup, "GetBackupPlan", labels(&[("plan", plan)])),
        ("GET", ["backup", "plans", plan, "selections"]) => {
            (Service::Backup, "ListBackupSelections", labels(&[("plan", plan)]))
        }
        ("GET", ["backup", "plans", plan, "selections", selection]) => {
            (Service::Backup, "GetBackupSelection", labels(&[("plan", plan), ("selection", selection)]))
        }
        ("GET", ["backup-vaults"]) => (Service::Backup, "ListBackupVaults", labels(&[])),
        ("GET", ["resources", rest @ .., "recovery-points"]) => {
            (Service::Backup, "ListRecoveryPointsByResource", labels(&[("resource", &rest.join("/"))]))
        }
        ("GET", ["detector"]) => (Service::GuardDuty, "ListDetectors", labels(&[])),
        ("GET", ["detector", id]) => (Service::GuardDuty, "GetDetector", labels(&[("detector", id)])),
        ("POST", ["detector", id, "coverage"]) => (Service::GuardDuty, "ListCoverage", labels(&[("detector", id)])),
        ("POST", ["status", "batch", "get"]) => (Service::Inspector, "BatchGetAccountStatus", labels(&[])),
        ("POST", ["coverage", "list"]) => (Service::Inspector, "ListCoverage", labels(&[])),
        ("POST", ["findings", "list"]) => (Service::Inspector, "ListFindings", labels(&[])),
        ("POST", ["cluster", "get"]) => (Service::Inspector, "GetClustersForImage", labels(&[])),
        _ => return None,
    };
    Some((service, action, labels))
}

pub(crate) fn answer(world: &World, estate: &Estate, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    let body = match call.service {
        Service::CloudTrail => cloudtrail(world, estate, call)?,
        Service::Logs => {
            let prefix = call.parameter("logGroupNamePrefix").unwrap_or_default();
            let name = |group: &&Value| {
                group.get("logGroupName").and_then(Value::as_str).is_some_and(|name| name.starts_with(prefix))
            };
            let groups: Vec<Value> = fabric.safeguards.log_groups.iter().filter(name).cloned().collect();
            page(world, call, LOGS, ("logGroups", "nextToken"), &groups)?
        }
        Service::Ecr => ecr(world, fabric, call)?,
        Service::Backup => backup(world, fabric, call)?,
        Service::Inspector => inspector(world, fabric, call)?,
        _ => guardduty(world, fabric, call)?,
    };
    let is_rest = matches!(call.service, Service::Backup | Service::GuardDuty | Service::Inspector);
    let reply = Reply::json(200, &body);
    Ok(if is_rest { reply } else { Reply { content_type: "application/x-amz-json-1.1", ..reply } })
}

fn page(
    world: &World,
    call: &Call,
    paging: Paging,
    (field, token): (&str, &str),
    all: &[Value],
) -> Result<Value, Failure> {
    let page = paging.page(call, all.len(), world.page_limit)?;
    let mut body = json!({ field: page.of(all) });
    if let (Some(next), Some(body)) = (page.next, body.as_object_mut()) {
        body.insert(token.to_owned(), json!(next));
    }
    Ok(body)
}

/// The trails that show in a region: its own, those of the account for every region, and the organization's.
fn trails<'w>(world: &'w World, estate: &'w Estate, region: &str) -> Vec<&'w TrailFacts> {
    let here = estate.region(region).into_iter().flat_map(|fabric| &fabric.safeguards.trails);
    let everywhere = estate.regions().flat_map(|fabric| &fabric.safeguards.trails).filter(|trail| trail.multi_region);
    let management = world.account(world.management()).filter(|_| world.organization.is_some());
    let above = management.into_iter().flat_map(Estate::regions);
    let above = above.flat_map(|fabric| &fabric.safeguards.trails).filter(|trail| trail.organization);
    let mut all: Vec<&TrailFacts> = here.chain(everywhere).chain(above).collect();
    all.sort_by(|a, b| a.arn.cmp(&b.arn));
    all.dedup_by(|a, b| a.arn == b.arn);
    all
}

fn cloudtrail(world: &World, estate: &Estate, call: &Call) -> Result<Value, Failure> {
    let trails = trails(world, estate, &call.region);
    let named = |parameter: &'static str| {
        let name = call.required(parameter)?;
        let missing = || Failure::client("TrailNotFoundException", format!("Unknown trail: {name}"));
        trails.iter().find(|trail| trail.arn == name).ok_or_else(missing)
    };
    Ok(match call.action.as_str() {
        "DescribeTrails" => json!({ "trailList": trails.iter().map(|trail| &trail.row).collect::<Vec<_>>() }),
        "GetTrailStatus" => named("Name")?.status.clone(),
        "GetEventSelectors" => named("TrailName")?.selectors.clone(),
        _ => return Err(Failure::client("UnknownOperationException", "")),
    })
}

fn ecr(world: &World, fabric: &Fabric, call: &Call) -> Result<Value, Failure> {
    let known = &fabric.safeguards;
    Ok(match call.action.as_str() {
        "DescribeRepositories" => page(world, call, ECR, ("repositories", "nextToken"), &known.repositories)?,
        "GetRegistryScanningConfiguration" => {
            json!({ "registryId": call.account, "scanningConfiguration": known.scanning })
        }
        "GetRepositoryPolicy" => {
            let name = call.required("repositoryName")?;
            let missing = || {
                let message = format!("Repository policy does not exist for the repository with name '{name}'");
                Failure::client("RepositoryPolicyNotFoundException", message)
            };
            let policy = known.policies.get(name).ok_or_else(missing)?;
            json!({ "registryId": call.account, "repositoryName": name, "policyText": policy })
        }
        _ => return Err(Failure::client("UnknownOperationException", "")),
    })
}

fn backup(world: &World, fabric: &Fabric, call: &Call) -> Result<Value, Failure> {
    let known = &fabric.safeguards;
    let missing = |what: &str| Failure::client("ResourceNotFoundException", format!("Cannot find {what}"));
    let plan = || -> Result<&PlanFacts, Failure> {
        let id = call.required("plan")?;
        known.plans.get(id).ok_or_else(|| missing(id))
    };
    let list = |field: &str, all: &[Value]| page(world, call, BACKUP, (field, "NextToken"), all);
    Ok(match call.action.as_str() {
        "DescribeRegionSettings" => json!({
            "ResourceTypeOptInPreference": { "EBS": true, "EKS": known.opted_in, "S3": false },
            "ResourceTypeManagementPreference": {},
        }),
        "ListBackupPlans" => {
            let rows: Vec<Value> = known.plans.values().map(|plan| plan.row.clone()).collect();
            list("BackupPlansList", &rows)?
        }
        "GetBackupPlan" => {
            let plan = plan()?;
            json!({ "BackupPlan": plan.plan, "BackupPlanId": call.required("plan")?, "VersionId": "v1" })
        }
        "ListBackupSelections" => list("BackupSelectionsList", &[plan()?.selection_row.clone()])?,
        "GetBackupSelection" => {
            let (plan, id) = (plan()?, call.required("selection")?);
            if plan.selection_id != id {
                return Err(missing(id));
            }
            json!({ "BackupSelection": plan.selection, "SelectionId": id })
        }
        "ListBackupVaults" => list("BackupVaultList", &known.vaults)?,
        _ => {
            let resource = call.required("resource")?;
            let points = known.points.get(resource).ok_or_else(|| missing(resource))?;
            list("RecoveryPoints", points)?
        }
    })
}

fn guardduty(world: &World, fabric: &Fabric, call: &Call) -> Result<Value, Failure> {
    let detector = fabric.safeguards.detector.as_ref();
    if call.action == "ListDetectors" {
        let ids: Vec<Value> = detector.iter().map(|(id, _, _)| json!(id)).collect();
        return page(world, call, GUARDDUTY, ("detectorIds", "nextToken"), &ids);
    }
    let wanted = call.required("detector")?;
    let unknown = || {
        Failure::client(
            "BadRequestException",
            "The request is rejected because the input detectorId is not owned by the current account.",
        )
    };
    let (_, body, covered) = detector.filter(|(id, _, _)| id == wanted).ok_or_else(unknown)?;
    match call.action.as_str() {
        "GetDetector" => Ok(body.clone()),
        _ => page(world, call, GUARDDUTY, ("resources", "nextToken"), covered),
    }
}

/// The filters are not evaluated: a story tells only of images that run and of what is critical in them.
fn inspector(world: &World, fabric: &Fabric, call: &Call) -> Result<Value, Failure> {
    let known = &fabric.safeguards.inspector;
    let list = |field: &str, all: &[Value]| page(world, call, INSPECTOR, (field, "nextToken"), all);
    Ok(match call.action.as_str() {
        "BatchGetAccountStatus" => {
            let status = if known.is_on { "ENABLED" } else { "DISABLED" };
            let of = |status: &str| json!({ "status": status, "errorCode": "ALREADY_ENABLED", "errorMessage": "" });
            json!({
                "accounts": [{
                    "accountId": call.account,
                    "state": of(status),
                    "resourceState": { "ec2": of("DISABLED"), "ecr": of(status), "lambda": of("DISABLED") },
                }],
                "failedAccounts": [],
            })
        }
        "ListCoverage" => list("coveredResources", &known.covered)?,
        "ListFindings" => list("findings", &known.findings)?,
        _ => {
            let image = call.required("filter.resourceId")?;
            let missing = || Failure::client("ValidationException", format!("The resource {image} was not found."));
            list("cluster", known.clusters.get(image).ok_or_else(missing)?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_an_action_of_one_of_the_three_services() {
        let of = |method, path| route(method, path).map(|(service, action, _)| (service, action));
        assert_eq!(of("GET", "/backup/plans/"), Some((Service::Backup, "ListBackupPlans")));
        assert_eq!(of("GET", "/backup/plans/1/selections/2"), Some((Service::Backup, "GetBackupSelection")));
        assert_eq!(of("POST", "/detector/1/coverage"), Some((Service::GuardDuty, "ListCoverage")));
        assert_eq!(of("POST", "/cluster/get"), Some((Service::Inspector, "GetClustersForImage")));
        assert_eq!(of("GET", "/clusters"), None);
        let (_, _, labels) =
            route("GET", "/resources/arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Acluster%2Fshop/recovery-points/").unwrap();
        assert_eq!(labels["resource"], "arn:aws:eks:eu-west-1:1:cluster/shop");
    }
}
