//! What Defender for Containers found in the images that run in a cluster.

use super::{cluster::Read, logging::plan, observe::observe, surroundings::Surroundings};
use crate::{
    RUNNING_CONTAINERS, arm,
    record::{ContainerUpdate, ContainerUpdates, Vulnerability},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use palisade_model::{Evidence, Gap, ImageRuns, ImageVulnerabilities, ImageVulnerability, Observed};
use palisade_provider::Snapshot;

/// The parts of the plan that see what runs, and what stands in a registry.
const MACHINES: &str = "AgentlessVmScanning";
const KUBERNETES: &str = "AgentlessDiscoveryForKubernetes";
const REGISTRIES: &str = "ContainerRegistriesVulnerabilityAssessments";

/// Clusters of AKS, as they stand in ids in lower case.
const CLUSTERS: &str = "/providers/microsoft.containerservice/managedclusters/";

/// What Defender says of the containers of a subscription, read once for all its clusters.
#[derive(Debug)]
pub(super) struct Containers {
    updates: Vec<Update>,
    pages: Vec<Evidence>,
}

/// One update that a container should have.
#[derive(Debug)]
struct Update {
    /// The container's id, comparable.
    resource: String,
    name: String,
    state: State,
}

/// How the container stands to it.
#[derive(Debug)]
enum State {
    /// It has it.
    Healthy,
    /// It lacks it, and these would be mended.
    Unhealthy(Vec<Critical>),
    /// What it lacks is not told, and why.
    Silent(String),
}

/// A critical vulnerability with a fix, or one that may be critical.
#[derive(Debug)]
struct Critical {
    name: String,
    since: Option<Timestamp>,
    /// Whether Defender calls it critical; otherwise it gives no severity.
    certain: bool,
}

impl Containers {
    /// Reads the answer of Resource Graph.
    pub(super) fn read(snapshot: &Snapshot) -> Result<Self, Gap> {
        let (mut updates, mut pages) = (Vec::new(), Vec::new());
        for page in snapshot.pages::<ContainerUpdates>(&RUNNING_CONTAINERS, snapshot.scope.as_str(), &[])? {
            pages.extend(page.record.evidence(""));
            updates.extend(page.value.data.iter().map(Update::of));
        }
        Ok(Self { updates, pages })
    }
}

impl Update {
    fn of(update: &ContainerUpdate) -> Self {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let resource = arm::key(&filled(&update.resource).or_else(|| filled(&update.id)).unwrap_or_default());
        let name = filled(&update.name).unwrap_or_else(|| arm::name(&resource).to_owned());
        Self { name, state: State::of(update), resource }
    }
}

impl State {
    fn of(update: &ContainerUpdate) -> Self {
        let status = update.status.as_deref().unwrap_or_default();
        if status.eq_ignore_ascii_case("Healthy") {
            return Self::Healthy;
        }
        if !status.eq_ignore_ascii_case("Unhealthy") {
            return Self::Silent(format!("it is `{status}`: exempt, or not assessed"));
        }
        let cves = update.cves.as_deref().map(serde_json::from_str::<Vec<Vulnerability>>);
        let Some(Ok(cves)) = cves else { return Self::Silent("its vulnerabilities cannot be read".to_owned()) };
        let moment = |text: &Option<String>| text.as_deref().and_then(moment);
        let open_since = moment(&update.changed).or_else(|| moment(&update.first));
        let fixable = cves.iter().filter(|cve| is_fixable(cve)).filter_map(|cve| {
            let severity = cve.severity.as_deref().unwrap_or_default();
            let certain = severity.eq_ignore_ascii_case("Critical");
            let graded = ["High", "Medium", "Low"].iter().any(|less| severity.eq_ignore_ascii_case(less));
            if graded {
                return None;
            }
            let name = cve.cve_id.clone().unwrap_or_else(|| "a vulnerability without a number".to_owned());
            // An update gathers what comes to be known of a package: none of it was there before it was published.
            let since = open_since.map(|open| moment(&cve.published_date).map_or(open, |known| open.max(known)));
            Some(Critical { name, since, certain })
        });
        Self::Unhealthy(fixable.collect())
    }
}

/// A moment. Days of publication come without an offset too: they mean UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let plain = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(plain)
}

/// Without a word on the fix a version that mends it is one.
fn is_fixable(cve: &Vulnerability) -> bool {
    match cve.fix_status.as_deref().filter(|word| !word.is_empty()) {
        Some(word) => word.eq_ignore_ascii_case("FixAvailable"),
        None => cve.fixed_version.as_deref().is_some_and(|version| !version.is_empty()),
    }
}

/// What Defender tells. Resource Graph leaves out what the caller may not read and does not say so: a cluster of which it tells
/// nothing was not proven to be looked at.
/// <https://learn.microsoft.com/azure/defender-for-cloud/agentless-vulnerability-assessment-azure>
pub(super) fn of_images(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<ImageVulnerabilities> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        seen.extend(read.row.evidence("/properties/securityProfile"));
        let (on, machines) = plan(around, MACHINES, seen)?;
        let unsettled = |what: &str| Gap::Unsettled { what: what.to_owned() };
        if !on {
            return Err(unsettled(
                "the plan Defender for Containers is off: nothing looks at the images that run (IM-01)",
            ));
        }
        let (_, kubernetes) = plan(around, KUBERNETES, seen)?;
        let (_, registries) = plan(around, REGISTRIES, seen)?;
        let containers = around.containers.as_ref().map_err(Clone::clone)?;
        seen.extend_from_slice(&containers.pages);
        let mut uncovered = Vec::new();
        let sensor = read.properties.security_profile.defender.security_monitoring.enabled == Some(true);
        if !sensor && kubernetes != Some(true) {
            uncovered.push(unsettled(&format!(
                "Defender does not see what runs: `{KUBERNETES}` is not said to be on, and the cluster has no sensor"
            )));
        }
        if machines != Some(true) {
            let only =
                if registries == Some(true) { "images from other places than Azure's registries" } else { "images" };
            uncovered.push(unsettled(&format!("Defender does not scan {only}: `{MACHINES}` is not said to be on")));
        }
        let mut fixable = Vec::new();
        let mut told = 0_usize;
        let own = arm::key(&read.row.id);
        for update in &containers.updates {
            let runs = if arm::lies_in(&update.resource, &own) {
                told += 1;
                ImageRuns::Here
            } else if update.resource.contains(CLUSTERS) {
                continue;
            } else {
                ImageRuns::Perhaps { because: "Defender does not say in which cluster it runs".to_owned() }
            };
            match &update.state {
                State::Healthy => (),
                State::Silent(why) => {
                    uncovered.push(unsettled(&format!("what container `{}` lacks is not told: {why}", update.name)));
                }
                State::Unhealthy(all) => {
                    for one in all {
                        if !one.certain {
                            let (name, container) = (&one.name, &update.name);
                            let what = format!("Defender gives `{name}` in container `{container}` no severity");
                            uncovered.push(Gap::Unsettled { what });
                            continue;
                        }
                        fixable.push(ImageVulnerability {
                            name: one.name.clone(),
                            image: update.name.clone(),
                            since: one.since,
                            runs: runs.clone(),
                        });
                    }
                }
            }
        }
        if told == 0 {
            uncovered.push(unsettled(
                "Defender told of no container of the cluster: it did not look into it, or what it says may not be read \
                 (`Microsoft.Security/assessments/read`)",
            ));
        }
        uncovered.sort_unstable();
        uncovered.dedup();
        fixable.sort_by(|a, b| (&a.name, &a.image, a.since).cmp(&(&b.name, &b.image, b.since)));
        let covered = "Defender for Containers looks at the containers that run here".to_owned();
        Ok(ImageVulnerabilities { fixable, covered, uncovered })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(status: &str, cves: &str) -> State {
        State::of(&ContainerUpdate {
            status: Some(status.to_owned()),
            first: Some("2026-08-01T00:00:00Z".to_owned()),
            changed: Some("2026-09-01T00:00:00Z".to_owned()),
            cves: Some(cves.to_owned()),
            ..ContainerUpdate::default()
        })
    }

    fn found(cves: &str) -> Vec<(String, bool, String)> {
        let State::Unhealthy(all) = state("Unhealthy", cves) else { return Vec::new() };
        let day = |one: &Critical| one.since.map(|since| since.to_string()).unwrap_or_default();
        all.iter().map(|one| (one.name.clone(), one.certain, day(one))).collect()
    }

    #[test]
    fn a_vulnerability_counts_from_when_the_update_was_lacking_and_not_before_it_was_published() {
        let of = |published: &str| {
            let cve = format!(
                r#"[{{"CveId": "CVE-1", "Severity": "Critical", "FixStatus": "FixAvailable", "PublishedDate": "{published}"}}]"#
            );
            found(&cve).remove(0).2
        };
        assert_eq!(of("2026-05-01T00:00:00Z"), "2026-09-01T00:00:00Z");
        assert_eq!(of("2026-10-01T00:00:00Z"), "2026-10-01T00:00:00Z");
        assert_eq!(of("2026-10-01T00:00:00"), "2026-10-01T00:00:00Z");
        assert_eq!(of("2026-10-01"), "2026-10-01T00:00:00Z");
        assert_eq!(of("some day"), "2026-09-01T00:00:00Z");
    }

    #[test]
    fn only_critical_ones_with_a_fix_count_and_one_without_a_severity_is_not_taken_for_harmless() {
        let all = r#"[
            {"CveId": "a", "Severity": "critical", "FixStatus": "FixAvailable"},
            {"CveId": "b", "Severity": "High", "FixStatus": "FixAvailable"},
            {"CveId": "c", "Severity": "Critical", "FixStatus": "NoFixAvailable", "FixedVersion": "2"},
            {"CveId": "d", "Severity": "Critical", "FixedVersion": "2"},
            {"CveId": "e", "Severity": "Unknown", "FixStatus": "FixAvailable"},
            {"CveId": "f", "Severity": "Critical"}]"#;
        let named: Vec<(String, bool)> = found(all).into_iter().map(|(name, certain, _)| (name, certain)).collect();
        assert_eq!(named, [("a".to_owned(), true), ("d".to_owned(), true), ("e".to_owned(), false)]);
    }

    #[test]
    fn what_is_exempt_or_cannot_be_read_is_silent_and_never_healthy() {
        assert!(matches!(state("Healthy", ""), State::Healthy));
        assert!(matches!(state("NotApplicable", "[]"), State::Silent(_)));
        assert!(matches!(state("", "[]"), State::Silent(_)));
        assert!(matches!(state("Unhealthy", ""), State::Silent(_)));
        assert!(matches!(state("Unhealthy", "{}"), State::Silent(_)));
    }
}
