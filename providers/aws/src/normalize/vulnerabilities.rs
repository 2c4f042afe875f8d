//! What Amazon Inspector found in the images that run in a cluster.

use super::{cluster::Known, region::Region, trail::conclude};
use crate::{
    calls,
    record::vulnerabilities::{
        AccountStatus, ClusterOfImage, ClustersOfImage, CoveredImage, CoveredImages, Finding, Findings,
    },
};
use palisade_model::{Gap, ImageRuns, ImageScanning, ImageVulnerabilities, ImageVulnerability, Observed, ScanMode};
use std::collections::BTreeSet;

/// What Inspector tells. It sees images of ECR alone, and tells where they run: a cluster of which it tells nothing may run
/// images of other registries, or be out of its sight.
/// <https://docs.aws.amazon.com/inspector/latest/user/scanning-ecr.html>
pub(super) fn of_images(
    region: &Region<'_>,
    arn: &str,
    known: &Known<'_>,
    scanning: &Observed<Vec<ImageScanning>>,
) -> Observed<ImageVulnerabilities> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let (snapshot, scope) = (region.snapshot, region.scope);
        let status = snapshot.one::<AccountStatus>(&calls::INSPECTOR_STATUS, scope, &[]);
        let status = rests.read(&status)?;
        let own = status.accounts.iter().find(|state| state.account_id.as_deref() == Some(region.account));
        match own.and_then(|state| state.ecr()) {
            Some("ENABLED") => (),
            Some(state) => {
                let what = format!("Amazon Inspector does not scan ECR in {} (`{state}`): see IM-01", region.name);
                return Err(Gap::Unsettled { what });
            }
            None => {
                let what = format!("Amazon Inspector does not say whether it scans ECR in {}", region.name);
                return Err(Gap::Unsettled { what });
            }
        }
        let covered =
            snapshot.list(&calls::INSPECTOR_COVERAGE, scope, &[], |page: CoveredImages| page.covered_resources);
        let findings = snapshot.list(&calls::INSPECTOR_FINDINGS, scope, &[], |page: Findings| page.findings);
        let (covered, findings) = (rests.read(&covered)?, rests.read(&findings)?);
        let (mut here, mut elsewhere, mut uncovered) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for image in covered {
            let Some(id) = image.resource_id.as_deref() else {
                uncovered.push(Gap::Unsettled { what: "Amazon Inspector tells of an image without an id".to_owned() });
                continue;
            };
            let params = [("image", id)];
            let clusters =
                snapshot.list(&calls::CLUSTERS_OF_IMAGE, scope, &params, |page: ClustersOfImage| page.cluster);
            let is_here = |one: &ClusterOfImage| one.cluster_arn.as_deref() == Some(arn) && one.runs();
            match rests.read(&clusters) {
                Ok(clusters) if clusters.iter().any(is_here) => {
                    here.insert(id);
                    uncovered.extend(not_scanned(image, id));
                }
                Ok(_) => {
                    elsewhere.insert(id);
                }
                Err(gap) => uncovered.push(gap),
            }
        }
        if here.is_empty() && uncovered.is_empty() {
            let what = "Amazon Inspector saw no image of ECR run in the cluster: images of other registries may run there, \
                        or it does not see the cluster";
            uncovered.push(Gap::Unsettled { what: what.to_owned() });
        }
        match rests.read(scanning) {
            Ok(repositories) => uncovered.extend(repositories.iter().filter_map(unscanned)),
            Err(gap) => uncovered.push(gap),
        }
        uncovered.sort_unstable();
        uncovered.dedup();
        let mut fixable: Vec<ImageVulnerability> =
            findings.iter().flat_map(|finding| found(finding, &here, &elsewhere)).collect();
        fixable.sort_by(|a, b| (&a.name, &a.image, a.since).cmp(&(&b.name, &b.image, b.since)));
        let images = if here.len() == 1 { "image" } else { "images" };
        let covered = format!("Amazon Inspector scans the {} {images} of ECR that it saw run here", here.len());
        Ok(ImageVulnerabilities { fixable, covered, uncovered })
    })
}

/// Why an image that runs is not looked at any more.
fn not_scanned(image: &CoveredImage, id: &str) -> Option<Gap> {
    let status = image.scan_status.as_ref();
    let code = status.and_then(|status| status.status_code.as_deref()).unwrap_or("no status");
    let reason = status.and_then(|status| status.reason.as_deref()).unwrap_or("no reason");
    if (code, reason) == ("ACTIVE", "SUCCESSFUL") {
        return None;
    }
    let what = format!("`{}` runs here, and Amazon Inspector does not scan it now: {code}, {reason}", called(id));
    Some(Gap::Unsettled { what })
}

fn unscanned(repository: &ImageScanning) -> Option<Gap> {
    let ScanMode::Off { because } = &repository.mode else { return None };
    let what = format!("images of `{}` may run here and are not scanned: {because} (IM-01)", repository.registry);
    Some(Gap::Unsettled { what })
}

/// A finding in each image that runs here, or of which nobody could tell where it runs.
fn found<'a>(
    finding: &'a Finding,
    here: &'a BTreeSet<&str>,
    elsewhere: &'a BTreeSet<&str>,
) -> impl Iterator<Item = ImageVulnerability> + 'a {
    let details = finding.package_vulnerability_details.as_ref();
    let name = details.and_then(|details| details.vulnerability_id.as_ref()).or(finding.title.as_ref());
    let name = name.cloned().unwrap_or_else(|| "a finding without a name".to_owned());
    let ids = finding.resources.iter().map(|resource| resource.id.as_deref().unwrap_or("an image without an id"));
    ids.filter(|id| !elsewhere.contains(id)).map(move |id| ImageVulnerability {
        name: name.clone(),
        image: called(id),
        since: finding.first_observed_at,
        runs: if here.contains(id) {
            ImageRuns::Here
        } else {
            ImageRuns::Perhaps { because: "in which clusters the image runs was not read".to_owned() }
        },
    })
}

/// `arn:aws:ecr:eu-west-1:111111111111:repository/shop/web/sha256:0123…` as `shop/web@0123…`, the digest's first twelve digits.
fn called(id: &str) -> String {
    let name = id.split_once(":repository/").map_or(id, |(_, name)| name);
    match name.rsplit_once("/sha256:") {
        Some((repository, digest)) => format!("{repository}@{}", digest.chars().take(12).collect::<String>()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_its_repository_and_the_start_of_its_digest() {
        let id = "arn:aws:ecr:eu-west-1:111111111111:repository/shop/web/sha256:0123456789abcdef";
        assert_eq!(called(id), "shop/web@0123456789ab");
        assert_eq!(called("odd"), "odd");
    }

    #[test]
    fn only_a_scan_that_is_active_and_succeeded_is_one() {
        let of = |text: &str| not_scanned(&serde_json::from_str(text).unwrap(), "web").is_none();
        assert!(of(r#"{"scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}}"#));
        assert!(!of(r#"{"scanStatus": {"statusCode": "ACTIVE", "reason": "PENDING_INITIAL_SCAN"}}"#));
        assert!(!of(r#"{"scanStatus": {"statusCode": "INACTIVE", "reason": "SCAN_ELIGIBILITY_EXPIRED"}}"#));
        assert!(!of("{}"));
    }

    #[test]
    fn an_image_runs_where_pods_run_it_now_and_where_nobody_counted_them() {
        let of = |text: &str| serde_json::from_str::<ClusterOfImage>(text).unwrap().runs();
        assert!(of(r#"{"clusterDetails": [{"runningUnitCount": 0}, {"runningUnitCount": 2}]}"#));
        assert!(!of(r#"{"clusterDetails": [{"runningUnitCount": 0, "stoppedUnitCount": 3}]}"#));
        assert!(of(r#"{"clusterDetails": [{"lastInUse": 1795176000}]}"#) && of("{}"));
    }

    #[test]
    fn a_finding_counts_here_perhaps_or_not_at_all() {
        let finding: Finding = serde_json::from_str(
            r#"{"firstObservedAt": 1792584000.5, "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2026-1"},
                "resources": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}"#,
        )
        .unwrap();
        let (here, elsewhere) = (BTreeSet::from(["a"]), BTreeSet::from(["b"]));
        let all: Vec<ImageVulnerability> = found(&finding, &here, &elsewhere).collect();
        assert_eq!(all.iter().map(|one| one.image.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(all[0].runs, ImageRuns::Here);
        assert!(matches!(all[1].runs, ImageRuns::Perhaps { .. }));
        assert_eq!((all[0].name.as_str(), all[0].since.is_some()), ("CVE-2026-1", true));
    }
}
