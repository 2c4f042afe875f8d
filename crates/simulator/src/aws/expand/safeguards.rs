//! What is written down, kept, scanned and watched, as the services show it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::description::Region;
use crate::aws::description::safeguards::{Plan, Trail};
use crate::aws::kms::compact;
use crate::aws::moment::Moment;
use crate::aws::place::Place;

/// The state of one region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Safeguards {
    pub(crate) trails: Vec<TrailFacts>,
    pub(crate) log_groups: Vec<Value>,
    pub(crate) scanning: Value,
    pub(crate) repositories: Vec<Value>,
    /// Policies of repositories that have one, by name.
    pub(crate) policies: BTreeMap<String, String>,
    pub(crate) opted_in: bool,
    pub(crate) vaults: Vec<Value>,
    /// Plans by id: the row of the list, the plan, its selection.
    pub(crate) plans: BTreeMap<String, PlanFacts>,
    /// Recovery points by the ARN of what they are of.
    pub(crate) points: BTreeMap<String, Vec<Value>>,
    /// GuardDuty: the id, the detector and what it covers.
    pub(crate) detector: Option<(String, Value, Vec<Value>)>,
    pub(crate) inspector: InspectorFacts,
}

/// Amazon Inspector.
#[derive(Clone, Debug, Default)]
pub(crate) struct InspectorFacts {
    pub(crate) is_on: bool,
    pub(crate) covered: Vec<Value>,
    pub(crate) findings: Vec<Value>,
    /// Clusters by the image that they run.
    pub(crate) clusters: BTreeMap<String, Vec<Value>>,
}

/// A trail.
#[derive(Clone, Debug)]
pub(crate) struct TrailFacts {
    pub(crate) arn: String,
    pub(crate) multi_region: bool,
    pub(crate) organization: bool,
    pub(crate) row: Value,
    pub(crate) status: Value,
    pub(crate) selectors: Value,
}

/// A backup plan.
#[derive(Clone, Debug)]
pub(crate) struct PlanFacts {
    pub(crate) row: Value,
    pub(crate) plan: Value,
    pub(crate) selection_id: String,
    pub(crate) selection_row: Value,
    pub(crate) selection: Value,
}

impl Safeguards {
    pub(crate) fn expand(place: &Place, region: &Region) -> Self {
        let registry = &region.registry;
        let rules = registry.rules.iter().map(|rule| {
            json!({
                "scanFrequency": rule.frequency,
                "repositoryFilters": [{ "filter": rule.filter, "filterType": "WILDCARD" }],
            })
        });
        let scanning = json!({ "scanType": registry.scan_type, "rules": rules.collect::<Vec<_>>() });
        let repositories = registry.repositories.iter().map(|one| {
            json!({
                "repositoryArn": place.arn("ecr", &format!("repository/{}", one.name)),
                "registryId": place.account,
                "repositoryName": one.name,
                "repositoryUri": format!("{}.dkr.ecr.{}.{}/{}", place.account, place.region, place.domain(), one.name),
                "createdAt": Moment::long_ago().epoch(),
                "imageTagMutability": "MUTABLE",
                "imageScanningConfiguration": { "scanOnPush": one.scan_on_push },
                "encryptionConfiguration": { "encryptionType": "AES256" },
            })
        });
        let policies = registry.repositories.iter();
        let policies = policies.filter_map(|one| Some((one.name.clone(), one.policy.as_ref()?.to_string())));
        let vaults = region.backups.vaults.iter().map(|vault| {
            compact(json!({
                "BackupVaultName": vault.name,
                "BackupVaultArn": place.arn("backup", &format!("backup-vault:{}", vault.name)),
                "VaultType": "BACKUP_VAULT",
                "CreationDate": Moment::long_ago().epoch(),
                "EncryptionKeyArn": place.arn("kms", &format!("key/{}", place.uuid("vault-key", &[&vault.name]))),
                "NumberOfRecoveryPoints": 12,
                "Locked": vault.locked_days.is_some(),
                "MinRetentionDays": vault.locked_days,
            }))
        });
        let mut points: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for point in &region.backups.points {
            let arn = place.arn("eks", &format!("cluster/{}", point.cluster));
            let made = point.made.epoch();
            let id = place.uuid("recovery-point", &[&point.cluster, &made.to_string()]);
            points.entry(arn).or_default().push(json!({
                "RecoveryPointArn": place.arn("backup", &format!("recovery-point:{id}")),
                "CreationDate": made,
                "Status": point.status,
                "IsParent": true,
                "ResourceName": point.cluster,
            }));
        }
        Self {
            trails: region.trails.iter().map(|trail| TrailFacts::expand(place, trail)).collect(),
            log_groups: log_groups(place, region),
            scanning,
            repositories: repositories.collect(),
            policies: policies.collect(),
            opted_in: region.backups.opted_in,
            vaults: vaults.collect(),
            plans: region.backups.plans.iter().map(|plan| PlanFacts::expand(place, plan)).collect(),
            points,
            detector: detector(place, region),
            inspector: InspectorFacts::expand(place, region),
        }
    }
}

/// EKS makes the log group of a cluster as soon as one log is on.
fn log_groups(place: &Place, region: &Region) -> Vec<Value> {
    let logging = region.clusters.iter().filter(|cluster| !cluster.logging.is_empty());
    let groups = logging.map(|cluster| {
        let name = format!("/aws/eks/{}/cluster", cluster.name);
        let arn = place.arn("logs", &format!("log-group:{name}"));
        compact(json!({
            "logGroupName": name,
            "creationTime": 1_741_685_400_000_i64,
            "retentionInDays": cluster.log_days,
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "storedBytes": 123_456,
            "logGroupClass": "STANDARD",
            "deletionProtectionEnabled": cluster.log_protected,
        }))
    });
    groups.collect()
}

fn detector(place: &Place, region: &Region) -> Option<(String, Value, Vec<Value>)> {
    let detector = region.detector.as_ref()?;
    let id = place.hex("detector", &[], 32);
    let known = ["EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION"];
    let features = known.iter().map(|name| {
        let is_on = detector.features.iter().any(|on| on == name);
        json!({ "name": name, "status": if is_on { "ENABLED" } else { "DISABLED" }, "additionalConfiguration": [] })
    });
    let body = json!({
        "createdAt": Moment::long_ago().iso(),
        "findingPublishingFrequency": "SIX_HOURS",
        "serviceRole": place.iam("role", "aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"),
        "status": "ENABLED",
        "tags": {},
        "features": features.collect::<Vec<_>>(),
    });
    let covered = |name: &String, healthy: bool| {
        compact(json!({
            "resourceId": place.hex("coverage", &[name], 32),
            "detectorId": id,
            "accountId": place.account,
            "resourceDetails": {
                "resourceType": "EKS",
                "eksClusterDetails": { "clusterName": name, "coveredNodes": 3, "compatibleNodes": 3 },
            },
            "coverageStatus": if healthy { "HEALTHY" } else { "UNHEALTHY" },
            "issue": (!healthy).then_some("an agent of the add-on does not run on every node"),
        }))
    };
    let healthy = detector.healthy.iter().map(|name| covered(name, true));
    let all = healthy.chain(detector.unhealthy.iter().map(|name| covered(name, false))).collect();
    Some((id, body, all))
}

impl InspectorFacts {
    fn expand(place: &Place, region: &Region) -> Self {
        let Some(images) = &region.inspector else { return Self::default() };
        let mut facts = Self { is_on: true, ..Self::default() };
        for image in images {
            let digest =
                place.hex("image", &[&image.repository, "a"], 32) + &place.hex("image", &[&image.repository, "b"], 32);
            let id = place.arn("ecr", &format!("repository/{}/sha256:{digest}", image.repository));
            let in_use = json!({ "inUseCount": image.clusters.len() * 2, "lastInUseAt": Moment::STORY.epoch() });
            facts.covered.push(json!({
                "accountId": place.account,
                "resourceId": id,
                "resourceType": "AWS_ECR_CONTAINER_IMAGE",
                "resourceMetadata": { "ecrImage": in_use },
                "scanType": "PACKAGE",
                "scanStatus": {
                    "statusCode": if image.scan == "SUCCESSFUL" { "ACTIVE" } else { "INACTIVE" },
                    "reason": image.scan,
                },
            }));
            let clusters = image.clusters.iter().map(|name| {
                json!({
                    "clusterArn": place.arn("eks", &format!("cluster/{name}")),
                    "clusterDetails": [{
                        "lastInUse": Moment::STORY.epoch(),
                        "runningUnitCount": 2,
                        "stoppedUnitCount": 1,
                        "clusterMetadata": { "awsEksMetadataDetails": { "namespace": "default" } },
                    }],
                })
            });
            facts.clusters.insert(id.clone(), clusters.collect());
            facts.findings.extend(image.critical.iter().map(|(name, seen)| {
                json!({
                    "findingArn": place.arn("inspector2", &format!("finding/{}", place.hex("finding", &[name, &id], 32))),
                    "awsAccountId": place.account,
                    "type": "PACKAGE_VULNERABILITY",
                    "title": format!("{name} - openssl"),
                    "description": "A package of the image has a known vulnerability.",
                    "severity": "CRITICAL",
                    "status": "ACTIVE",
                    "fixAvailable": "YES",
                    "firstObservedAt": seen.epoch(),
                    "lastObservedAt": Moment::STORY.epoch(),
                    "packageVulnerabilityDetails": { "vulnerabilityId": name, "source": "NVD", "vulnerablePackages": [] },
                    "resources": [{ "id": id, "type": "AWS_ECR_CONTAINER_IMAGE", "region": place.region }],
                })
            }));
        }
        facts
    }
}

impl TrailFacts {
    fn expand(place: &Place, trail: &Trail) -> Self {
        let arn = place.arn("cloudtrail", &format!("trail/{}", trail.name));
        let management = trail.management != "None";
        let row = json!({
            "Name": trail.name,
            "S3BucketName": format!("trail-{}", place.account),
            "IncludeGlobalServiceEvents": trail.multi_region,
            "IsMultiRegionTrail": trail.multi_region,
            "HomeRegion": place.region,
            "TrailARN": arn,
            "LogFileValidationEnabled": true,
            "HasCustomEventSelectors": trail.management != "All",
            "HasInsightSelectors": false,
            "IsOrganizationTrail": trail.organization,
        });
        let selectors = json!({ "TrailARN": arn, "EventSelectors": [{
            "ReadWriteType": if management { trail.management.as_str() } else { "All" },
            "IncludeManagementEvents": management,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }] });
        let status = json!({ "IsLogging": trail.logging, "StartLoggingTime": Moment::long_ago().epoch() });
        Self { multi_region: trail.multi_region, organization: trail.organization, row, status, selectors, arn }
    }
}

impl PlanFacts {
    fn expand(place: &Place, plan: &Plan) -> (String, Self) {
        let id = place.uuid("backup-plan", &[&plan.name]);
        let selection_id = place.uuid("backup-selection", &[&plan.name]);
        let copies: Vec<Value> = plan
            .copy_to
            .iter()
            .map(|region| {
                let there = Place { region: region.clone(), ..place.clone() };
                let vault = there.arn("backup", &format!("backup-vault:{}", plan.vault));
                json!({ "DestinationBackupVaultArn": vault, "Lifecycle": { "DeleteAfterDays": 90 } })
            })
            .collect();
        let rule = json!({
            "RuleName": "daily",
            "TargetBackupVaultName": plan.vault,
            "ScheduleExpression": "cron(0 3 ? * * *)",
            "Lifecycle": { "DeleteAfterDays": 35 },
            "CopyActions": copies,
        });
        let tags = plan.tags.iter().map(
            |(key, value)| json!({ "ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value }),
        );
        let selection = json!({
            "SelectionName": plan.name,
            "IamRoleArn": place.iam("role", "service-role/AWSBackupDefaultServiceRole"),
            "Resources": plan.resources,
            "ListOfTags": tags.collect::<Vec<_>>(),
            "NotResources": [],
        });
        let row = json!({
            "BackupPlanArn": place.arn("backup", &format!("backup-plan:{id}")),
            "BackupPlanId": id,
            "BackupPlanName": plan.name,
            "CreationDate": Moment::long_ago().epoch(),
            "VersionId": "v1",
        });
        let selection_row = json!({ "SelectionId": selection_id, "SelectionName": plan.name, "BackupPlanId": id });
        let plan = json!({ "BackupPlanName": plan.name, "Rules": [rule] });
        (id, Self { row, plan, selection_id, selection_row, selection })
    }
}
