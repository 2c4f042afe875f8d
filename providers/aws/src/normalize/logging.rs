//! What CloudTrail and CloudWatch write down of a cluster, and what GuardDuty sees of it.

use super::{
    cluster::Known,
    region::Region,
    trail::{Trail as Rests, conclude},
};
use crate::{
    calls,
    record::safeguards::{
        Coverage, CoveredResource, Detector, Detectors, EventSelectors, LogGroup, LogGroups, Trail, TrailStatus, Trails,
    },
};
use palisade_model::{ActivityLog, ActivityRoute, Answer, AuditPlace, AuditStore, Detection, Gap, Observed, Retention};

/// Where requests to AWS are written down. A trail that surely counts proves it; without one every trail has to be known.
pub(super) fn activity(region: &Region<'_>, known: &Known<'_>) -> Observed<ActivityLog> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let (snapshot, account) = (region.snapshot, region.account);
        let trails = snapshot.list(&calls::DESCRIBE_TRAILS, region.scope, &[], |page: Trails| page.trail_list);
        let (mut log, mut unread) = (ActivityLog::default(), None);
        for trail in rests.read(&trails)? {
            match judge_trail(region, (account, trail), rests) {
                Ok(Counts::Everywhere(name)) => log.routes.push(ActivityRoute { name, everywhere: true }),
                Ok(Counts::Here(name)) => log.routes.push(ActivityRoute { name, everywhere: false }),
                Ok(Counts::Not(why)) => log.lacking.push(why),
                Err(gap) => unread = unread.or(Some(gap)),
            }
        }
        // One that was not read may be the one that writes everything down.
        match unread {
            Some(gap) if !log.routes.iter().any(|route| route.everywhere) => Err(gap),
            Some(_) | None => Ok(log),
        }
    })
}

enum Counts {
    Everywhere(String),
    Here(String),
    Not(String),
}

fn judge_trail(region: &Region<'_>, (account, trail): (&str, &Trail), rests: &mut Rests) -> Result<Counts, Gap> {
    let arn = trail.arn.as_deref().ok_or_else(|| Gap::Unsettled { what: "a trail has no ARN".to_owned() })?;
    let name = trail.name.clone().unwrap_or_else(|| arn.to_owned());
    let params = [("trail", arn)];
    let status = region.snapshot.one::<TrailStatus>(&calls::GET_TRAIL_STATUS, account, &params);
    match rests.read(&status)?.is_logging {
        Some(true) => (),
        Some(false) => return Ok(Counts::Not(format!("trail `{name}` is stopped"))),
        None => return Err(Gap::Unsettled { what: format!("whether trail `{name}` is at work is not in the answer") }),
    }
    let selectors = region.snapshot.one::<EventSelectors>(&calls::GET_EVENT_SELECTORS, account, &params);
    if !writes_changes(rests.read(&selectors)?) {
        return Ok(Counts::Not(format!("trail `{name}` leaves out requests that change something")));
    }
    let is_here = trail.home_region.as_deref() == Some(region.name);
    Ok(match trail.is_multi_region_trail {
        Some(true) => Counts::Everywhere(name),
        Some(false) if is_here => Counts::Here(name),
        Some(false) => Counts::Not(format!("trail `{name}` is for another region")),
        None => {
            let what = format!("whether trail `{name}` is for every region is not in the answer");
            return Err(Gap::Unsettled { what });
        }
    })
}

/// Whether management events that change something are written down, by either kind of selectors.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html>
fn writes_changes(selectors: &EventSelectors) -> bool {
    let basic = selectors
        .event_selectors
        .iter()
        .any(|one| one.include_management_events != Some(false) && one.read_write_type.as_deref() != Some("ReadOnly"));
    let advanced = selectors.advanced_event_selectors.iter().any(|one| {
        let field = |name: &str| one.field_selectors.iter().find(|field| field.field.as_deref() == Some(name));
        let management = field("eventCategory").is_some_and(|field| field.equals.iter().any(|one| one == "Management"));
        let reads_alone = field("readOnly").is_some_and(|field| field.equals == ["true"]);
        // Any further field narrows it down to some services or names.
        let narrowed = one.field_selectors.iter().any(|field| {
            !matches!(field.field.as_deref(), Some("eventCategory" | "readOnly" | "eventSource"))
                || (field.field.as_deref() == Some("eventSource") && !field.equals.is_empty())
        });
        management && !reads_alone && !narrowed
    });
    basic || advanced
}

/// The log group of a cluster's control plane, and how long it keeps the audit log.
pub(super) fn audit_store(region: &Region<'_>, known: &Known<'_>) -> Observed<AuditStore> {
    known.conclude("/cluster/logging", |rests, cluster| {
        let written = cluster.logging.iter().flat_map(|logging| &logging.cluster_logging);
        let mut written = written.filter(|setup| setup.enabled == Some(true)).flat_map(|setup| &setup.types);
        if !written.any(|kind| kind == "audit") {
            return Ok(AuditStore::NotWritten {
                because: "the log type `audit` is off (`logging.clusterLogging`)".to_owned(),
            });
        }
        let list = |page: LogGroups| page.log_groups;
        let params = [("cluster", known.name)];
        let groups = region.snapshot.list(&calls::DESCRIBE_LOG_GROUPS, region.scope, &params, list);
        let name = log_group(known.name);
        let own = rests.read(&groups)?.iter().find(|group| group.log_group_name.as_deref() == Some(&*name));
        let own = own.ok_or_else(|| Gap::Unsettled {
            what: format!("the audit log is on, and its log group `{name}` is not there: nobody knows where it went"),
        })?;
        Ok(AuditStore::Kept(vec![place(name, own)?]))
    })
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html>
pub(crate) fn log_group(cluster: &str) -> String {
    format!("/aws/eks/{cluster}/cluster")
}

/// Without a retention a log group keeps everything (CloudWatch Logs API reference, `LogGroup`).
fn place(name: String, group: &LogGroup) -> Result<AuditPlace, Gap> {
    let kept = match group.retention_in_days {
        None => Retention::Forever,
        Some(days) => Retention::Days(
            u32::try_from(days)
                .map_err(|_| Gap::Unsettled { what: format!("log group `{name}` keeps its log {days} days") })?,
        ),
    };
    let protected = match group.deletion_protection_enabled {
        Some(true) => Answer::Yes("deletion protection is on".to_owned()),
        Some(false) => Answer::No("deletion protection of the log group is off".to_owned()),
        // Partitions without the switch do not answer it: nothing is guarded there.
        None => Answer::No("the log group has no deletion protection".to_owned()),
    };
    Ok(AuditPlace { name, kept: Ok(kept), searchable: Ok(kept), protected })
}

/// What GuardDuty sees of the cluster.
pub(super) fn detection(region: &Region<'_>, known: &Known<'_>) -> Observed<Detection> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let (snapshot, scope) = (region.snapshot, region.scope);
        let detectors = snapshot.list(&calls::LIST_DETECTORS, scope, &[], |page: Detectors| page.detector_ids);
        // A region has one detector at most.
        let Some(id) = rests.read(&detectors)?.first() else {
            return Ok(Detection::Off { because: format!("GuardDuty is not on in {}", region.name) });
        };
        let detector = snapshot.one::<Detector>(&calls::GET_DETECTOR, scope, &[("detector", id)]);
        let detector = rests.read(&detector)?;
        if detector.status.as_deref() != Some("ENABLED") {
            return Ok(Detection::Off { because: format!("GuardDuty is suspended in {}", region.name) });
        }
        let on = |name: &str| {
            let feature = detector.features.iter().find(|feature| feature.name.as_deref() == Some(name));
            feature.is_some_and(|feature| feature.status.as_deref() == Some("ENABLED"))
        };
        let log = on("EKS_AUDIT_LOGS");
        let runtime = on("RUNTIME_MONITORING") || on("EKS_RUNTIME_MONITORING");
        if !log && !runtime {
            let because = "GuardDuty is on, and its features for EKS are off".to_owned();
            return Ok(Detection::Off { because });
        }
        let mut missing = Vec::new();
        if !log {
            missing.push("the API's log is not read (`EKS_AUDIT_LOGS` is off)".to_owned());
        }
        if runtime {
            let covered =
                snapshot.list(&calls::LIST_COVERAGE, scope, &[("detector", id)], |page: Coverage| page.resources);
            missing.extend(not_covered(rests.read(&covered)?, region.account, known.name));
        } else {
            missing.push("its nodes are not watched (`RUNTIME_MONITORING` is off)".to_owned());
        }
        let by = "GuardDuty".to_owned();
        Ok(if missing.is_empty() { Detection::Whole { by } } else { Detection::Partial { by, missing } })
    })
}

/// Why the nodes of a cluster are not watched although they should be.
fn not_covered(covered: &[CoveredResource], account: &str, cluster: &str) -> Option<String> {
    let own = covered.iter().find(|one| {
        let named = one.resource_details.as_ref().and_then(|details| details.eks_cluster_details.as_ref());
        let ours = one.account_id.as_deref().is_none_or(|id| id == account);
        ours && named.is_some_and(|named| named.cluster_name.as_deref() == Some(cluster))
    });
    match own {
        None => Some("no node of it reports".to_owned()),
        Some(one) if one.coverage_status.as_deref() == Some("HEALTHY") => None,
        Some(one) => {
            Some(format!("its nodes do not all report: {}", one.issue.as_deref().unwrap_or("no reason is given")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(text: &str) -> bool {
        writes_changes(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_trail_of_reads_or_of_data_alone_writes_no_change_down() {
        let all = r#"{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}"#;
        assert!(writes(all));
        assert!(!writes(&all.replace("All", "ReadOnly")));
        assert!(!writes(&all.replace("true", "false")));
        assert!(!writes("{}"));
    }

    #[test]
    fn an_advanced_selector_counts_when_nothing_narrows_it_down() {
        let with = |more: &str| {
            let text = format!(
                r#"{{"AdvancedEventSelectors": [{{"FieldSelectors": [{{"Field": "eventCategory", "Equals": ["Management"]}}{more}]}}]}}"#
            );
            writes(&text)
        };
        assert!(with(""));
        assert!(with(r#", {"Field": "readOnly", "Equals": ["false"]}"#));
        assert!(!with(r#", {"Field": "readOnly", "Equals": ["true"]}"#));
        assert!(!with(r#", {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}"#));
        assert!(with(r#", {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}"#));
    }

    #[test]
    fn a_cluster_that_is_not_listed_has_no_node_that_reports() {
        let listed = |status: &str| {
            let text = format!(
                r#"[{{"accountId": "1", "coverageStatus": "{status}", "issue": "an agent is missing",
                    "resourceDetails": {{"eksClusterDetails": {{"clusterName": "shop"}}}}}}]"#
            );
            let covered: Vec<CoveredResource> = serde_json::from_str(&text).unwrap();
            covered
        };
        assert_eq!(not_covered(&listed("HEALTHY"), "1", "shop"), None);
        assert!(not_covered(&listed("UNHEALTHY"), "1", "shop").is_some_and(|why| why.contains("an agent is missing")));
        assert!(not_covered(&listed("HEALTHY"), "1", "other").is_some());
    }
}
