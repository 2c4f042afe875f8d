//! What is written down, backed up, scanned and watched around a project's clusters.

use super::{
    cluster::Shared,
    policies::{ReadPolicy, policy},
    roles::RoleBook,
    trusts::location,
    vulnerabilities,
};
use crate::{
    calls::{
        BACKUP_PLANS, EFFECTIVE_POLICY, IMAGE_POLICY, LOG_BUCKETS, LOG_SINKS, REPOSITORIES, REPOSITORY_POLICY, SERVICES,
    },
    record::{
        container::Cluster as Record,
        iam::Policy,
        names::{after, region_of},
        safeguards::{
            AdmissionRule, BINAUTHZ_MODE, BackupPlan as Plan, BackupPlans as Plans, Bucket, Buckets, EffectivePolicy,
            ImagePolicy, PLAN_STATE, REPOSITORY_FORMAT, RULE_ENFORCEMENT, RULE_MODE, Repositories, Repository,
            SCANNING_CONFIG, SCANNING_STATE, SERVICE_STATE, Services, Sink, Sinks,
        },
    },
};
use palisade_model::{
    ActivityLog, ActivityRoute, Answer, AuditPlace, AuditStore, BackupCopy, BackupPlan, BackupPlans, BackupSafety,
    Cluster, Detection, Evidence, Gap, Guardrail, ImageAdmission, ImageScanning, ImageVulnerabilities, Observed,
    Recovery, Registry, RegistryOpening, Retention, ScanMode, Stance, WorstSetting,
};

/// The service that scans images, and the one that watches containers.
pub(crate) const SCANNING: &str = "containerscanning.googleapis.com";
/// See [`SCANNING`].
pub(crate) const WATCHING: &str = "containerthreatdetection.googleapis.com";

/// The constraints that refuse what opens a cluster.
/// <https://docs.cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster>
pub(crate) const GUARDRAILS: [(WorstSetting, &str); 3] = [
    (WorstSetting::PublicControlPlane, "container.managed.enableControlPlaneDNSOnlyAccess"),
    (WorstSetting::PublicNodes, "container.managed.enablePrivateNodes"),
    (WorstSetting::LocalCredential, "container.managed.disableLegacyClientCertificateIssuance"),
];
/// The kinds of what Artifact Analysis says: that it looked at an image, and what it found in it.
pub(crate) const ANALYSED: &str = "DISCOVERY";
/// See [`ANALYSED`].
pub(crate) const FOUND: &str = "VULNERABILITY";

/// Fills in the facts.
pub(crate) fn fill(shared: &Shared<'_>, record: &Record, own: &[Evidence], cluster: &mut Cluster) {
    let around = Around { shared, record, own };
    cluster.activity = around.activity();
    cluster.audit_store = around.audit_store();
    cluster.detection = around.detection();
    cluster.backup_plans = around.backup_plans();
    cluster.recovery = around.recovery();
    cluster.backup_safety = around.backup_safety();
    cluster.image_scanning = around.image_scanning();
    cluster.vulnerabilities = around.vulnerabilities(&cluster.image_scanning);
    cluster.registries = around.registries();
    cluster.image_admission = around.image_admission();
    cluster.guardrails = around.guardrails();
}

/// The places in which repositories near a cluster lie: its region, and the multi-region around that.
/// <https://cloud.google.com/artifact-registry/docs/repositories/repo-locations>
pub(crate) fn registry_places(cluster: &Record) -> Vec<String> {
    let region = region_of(location(cluster));
    let around = ["asia", "europe", "us"]
        .into_iter()
        .find(|wide| region.strip_prefix(wide).is_some_and(|rest| rest.starts_with('-')));
    [Some(region), around].into_iter().flatten().filter(|place| !place.is_empty()).map(str::to_owned).collect()
}

/// Whether a constraint is enforced. Google has evaluated tags and inheritance: a condition that is left is not understood.
/// <https://docs.cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies/getEffectivePolicy>
fn stance(policy: &EffectivePolicy, constraint: &str) -> Result<Stance, Gap> {
    let unsettled = |why: &str| Gap::Unsettled { what: format!("whether `{constraint}` is enforced: {why}") };
    let spec =
        policy.spec.as_ref().ok_or_else(|| unsettled("the effective policy has no rules and does not say so"))?;
    if spec.rules.iter().any(|rule| rule.condition.is_some()) {
        return Err(unsettled("a rule has a condition"));
    }
    let enforced = spec.rules.iter().any(|rule| rule.enforce == Some(true));
    if spec.rules.iter().any(|rule| rule.enforce != Some(enforced)) {
        return Err(unsettled("its rules contradict each other, or do not say it"));
    }
    Ok(if enforced {
        Stance::Refused { by: constraint.to_owned() }
    } else {
        Stance::Allowed { because: format!("{constraint} is not enforced") }
    })
}

struct Around<'a> {
    shared: &'a Shared<'a>,
    record: &'a Record,
    /// The evidence of the cluster itself.
    own: &'a [Evidence],
}

impl Around<'_> {
    /// Admin Activity is always written and kept 400 days; what a sink adds is a place that the project cannot reach.
    /// <https://cloud.google.com/logging/docs/audit#admin-activity>
    fn activity(&self) -> Observed<ActivityLog> {
        let sinks = self.shared.snapshot.list(&LOG_SINKS, self.shared.project, &[], |page: Sinks| page.sinks);
        let sinks = sinks.resting_on(self.own);
        sinks.map(|sinks| {
            let mut log = ActivityLog {
                inherent: Some(
                    "Google writes Admin Activity and keeps it 400 days, which nobody can switch off: https://cloud.google.com/logging/docs/audit#admin-activity",
                ),
                ..ActivityLog::default()
            };
            for sink in sinks {
                let name = sink.name.clone().unwrap_or_default();
                // Made by Google for the project's own buckets.
                if matches!(name.as_str(), "_Required" | "_Default") {
                    continue;
                }
                if sink.disabled == Some(true) {
                    log.lacking.push(format!("sink `{name}` is disabled"));
                } else if takes_activity(&sink) {
                    log.routes.push(ActivityRoute { name: format!("sink {name}"), everywhere: true });
                } else {
                    log.lacking.push(format!("sink `{name}` has a filter that is not evaluated"));
                }
            }
            log
        })
    }

    /// Admin Activity, every change in the cluster among it, goes to the bucket `_Required` and to no other place by force.
    /// <https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging>
    fn audit_store(&self) -> Observed<AuditStore> {
        let buckets = self.shared.snapshot.list(&LOG_BUCKETS, self.shared.project, &[], |page: Buckets| page.buckets);
        buckets.resting_on(self.own).and_then(|buckets| {
            let is = |bucket: &&Bucket| bucket.name.as_deref().is_some_and(|name| name.ends_with("/buckets/_Required"));
            let required = buckets.iter().find(is).ok_or_else(|| Gap::Unsettled {
                what: "the bucket `_Required`, which every project has, is not in the list".to_owned(),
            })?;
            let days = required.retention_days.and_then(|days| u32::try_from(days).ok());
            let kept = days.map(Retention::Days).ok_or_else(|| Gap::Malformed {
                call: LOG_BUCKETS.name.to_owned(),
                scope: self.shared.project.to_owned(),
                pointer: "/buckets/_Required/retentionDays".to_owned(),
                why: "no number of days".to_owned(),
            });
            let protected = if required.locked == Some(true) {
                Answer::Yes("the bucket is locked".to_owned())
            } else {
                Answer::No("the bucket is not locked".to_owned())
            };
            let name = "bucket _Required".to_owned();
            Ok(AuditStore::Kept(vec![AuditPlace { name, kept: kept.clone(), searchable: kept, protected }]))
        })
    }

    /// Whether a service is on in the project.
    fn is_on(&self, name: &str) -> Observed<bool> {
        let services = self.shared.snapshot.list(&SERVICES, self.shared.project, &[], |page: Services| page.services);
        services.resting_on(self.own).and_then(|services| {
            let wanted =
                services.iter().find(|one| one.name.as_deref().is_some_and(|it| it.ends_with(&format!("/{name}"))));
            let state = wanted
                .and_then(|one| one.state.as_ref())
                .ok_or_else(|| Gap::Unsettled { what: format!("whether `{name}` is on is not in the answer") })?;
            Ok(state.is(SERVICE_STATE, "ENABLED"))
        })
    }

    /// With the service off nothing watches; with it on, Security Command Center decides, which is not asked.
    /// <https://cloud.google.com/security-command-center/docs/how-to-use-container-threat-detection>
    fn detection(&self) -> Observed<Detection> {
        self.is_on(WATCHING).and_then(|on| {
            if on {
                return Err(Gap::NotCollected {
                    what: format!(
                        "`{WATCHING}` is on; whether Container Threat Detection watches is decided in Security Command \
                         Center, which this version does not ask"
                    ),
                });
            }
            Ok(Detection::Off { because: format!("`{WATCHING}` is off in the project") })
        })
    }

    /// The plans that name the cluster. With the service off in the project there can be none.
    fn plans(&self) -> Observed<Vec<Plan>> {
        let (snapshot, project) = (self.shared.snapshot, self.shared.project);
        let all = snapshot.list(&BACKUP_PLANS, project, &[], |page: Plans| page.backup_plans).resting_on(self.own);
        let (name, location) = (self.record.name.as_deref().unwrap_or_default(), location(self.record));
        let above = &self.shared.hierarchy;
        all.and_then(|plans| {
            let mut found = Vec::new();
            for plan in plans {
                let cluster = plan.cluster.as_deref().unwrap_or_default();
                if after(cluster, "locations") != Some(location) || after(cluster, "clusters") != Some(name) {
                    continue;
                }
                let named = after(cluster, "projects").unwrap_or_default();
                // A plan may name the project by its number.
                if named == project || above.get()?.number == named {
                    found.push(plan);
                }
            }
            Ok(found)
        })
    }

    fn stopped(&self, plan: &Plan) -> Option<String> {
        let agent = self.record.addons_config.as_ref().and_then(|addons| addons.gke_backup_agent_config.as_ref());
        if agent.is_none_or(|agent| agent.enabled != Some(true)) {
            return Some("the cluster's backup agent is off".to_owned());
        }
        let state = plan.state.as_ref().map(|state| state.name(PLAN_STATE).into_owned());
        if plan.deactivated == Some(true) || state.as_deref() != Some("READY") {
            let why = plan.state_reason.as_deref().filter(|why| !why.is_empty());
            let state = state.unwrap_or_else(|| "not said".to_owned());
            return Some(
                why.map_or_else(|| format!("its state is {state}"), |why| format!("its state is {state}: {why}")),
            );
        }
        let schedule = plan.backup_schedule.as_ref();
        let by_cron = schedule.and_then(|one| one.cron_schedule.as_deref()).is_some_and(|cron| !cron.is_empty());
        let by_objective = schedule.is_some_and(|one| one.rpo_config.is_some());
        if !by_cron && !by_objective {
            return Some("it has no schedule".to_owned());
        }
        (schedule.is_some_and(|one| one.paused == Some(true))).then(|| "its schedule is paused".to_owned())
    }

    fn backup_plans(&self) -> Observed<BackupPlans> {
        self.plans().map(|plans| {
            let found = plans.iter().map(|plan| {
                let whole = plan.backup_config.as_ref().is_some_and(|config| config.all_namespaces == Some(true));
                BackupPlan {
                    name: name_of(plan),
                    stopped: self.stopped(plan),
                    partly: (!whole).then(|| "chosen namespaces alone".to_owned()),
                }
            });
            BackupPlans { found: found.collect(), unread: None }
        })
    }

    fn recovery(&self) -> Observed<Recovery> {
        self.plans().map(|plans| {
            if plans.is_empty() {
                return Recovery::NoPlan { because: "no backup plan names the cluster".to_owned() };
            }
            let times = plans.iter().filter_map(|plan| plan.last_successful_backup_time.as_deref()?.parse().ok());
            let by = plans.iter().map(name_of).min().unwrap_or_default();
            Recovery::Recorded { last_success: times.max(), last_failure: None, by: format!("the plan `{by}`") }
        })
    }

    fn backup_safety(&self) -> Observed<BackupSafety> {
        let region = region_of(location(self.record)).to_owned();
        self.plans().map(|plans| {
            if plans.is_empty() {
                return BackupSafety::NoPlan { because: "no backup plan names the cluster".to_owned() };
            }
            BackupSafety::Copies(plans.iter().map(|plan| copy(plan, &region)).collect())
        })
    }

    /// The repositories of images near the cluster.
    fn repositories(&self) -> Observed<Vec<Repository>> {
        let (snapshot, project) = (self.shared.snapshot, self.shared.project);
        let (mut all, mut sources) = (Vec::new(), self.own.to_vec());
        for place in registry_places(self.record) {
            let params = [("location", place.as_str())];
            let listed = snapshot.list(&REPOSITORIES, project, &params, |page: Repositories| page.repositories);
            sources.extend_from_slice(listed.sources());
            match listed.get() {
                Ok(listed) => all.extend(listed.iter().cloned()),
                Err(gap) => return Observed::missing(gap),
            }
        }
        let images =
            |one: &Repository| one.format.as_ref().is_some_and(|format| format.is(REPOSITORY_FORMAT, "DOCKER"));
        all.retain(images);
        Observed::known(all, sources)
    }

    fn image_scanning(&self) -> Observed<Vec<ImageScanning>> {
        let on = self.is_on(SCANNING);
        let repositories = self.repositories().resting_on(on.sources());
        repositories.and_then(|all| {
            if all.is_empty() {
                return Ok(Vec::new());
            }
            let on = *on.get()?;
            let of = |one: &Repository| ImageScanning { registry: short(one.name.as_deref()), mode: mode(one, on) };
            Ok(all.iter().map(of).collect())
        })
    }

    /// Which images run Google tells nowhere: what is in any image of the project may run, and what is in none does not.
    /// <https://cloud.google.com/artifact-analysis/docs/container-scanning-overview>
    fn vulnerabilities(&self, scanning: &Observed<Vec<ImageScanning>>) -> Observed<ImageVulnerabilities> {
        let on = self.is_on(SCANNING);
        let images = &self.shared.images;
        let told = (|| {
            if !*on.get()? {
                let what = format!("`{SCANNING}` is off in the project: images are not scanned (IM-01)");
                return Err(Gap::Unsettled { what });
            }
            let mut told = images.get()?.clone();
            match scanning.get() {
                Ok(repositories) => told.uncovered.extend(repositories.iter().filter_map(vulnerabilities::unscanned)),
                Err(gap) => told.uncovered.push(gap),
            }
            told.uncovered.sort_unstable();
            told.uncovered.dedup();
            Ok(told)
        })();
        let mut sources = Vec::new();
        for source in [on.sources(), images.sources(), scanning.sources()].into_iter().flatten() {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        Observed::from_result(told, sources)
    }

    /// The cluster says whether the project's policy counts, and the policy what it asks. A mode that is set makes the old
    /// flag mean nothing. <https://cloud.google.com/binary-authorization/docs/policy-yaml-reference>
    fn image_admission(&self) -> Observed<ImageAdmission> {
        let config = self.record.binary_authorization.as_ref();
        let mode = config.and_then(|config| config.evaluation_mode.as_ref()).map(|mode| mode.name(BINAUTHZ_MODE));
        let on = match mode.as_deref() {
            Some("PROJECT_SINGLETON_POLICY_ENFORCE" | "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE") => true,
            Some("DISABLED") => false,
            Some("POLICY_BINDINGS") => {
                let because = "policy bindings alone only watch (`POLICY_BINDINGS`)".to_owned();
                return Observed::known(ImageAdmission::Toothless { because }, self.own.to_vec());
            }
            None | Some("EVALUATION_MODE_UNSPECIFIED") => config.is_some_and(|config| config.enabled == Some(true)),
            Some(other) => {
                let what = format!("Binary Authorization has a mode that is not known: `{other}`");
                return Observed::missing(Gap::Unsettled { what });
            }
        };
        if !on {
            let because = "Binary Authorization is off for the cluster".to_owned();
            return Observed::known(ImageAdmission::Off { because }, self.own.to_vec());
        }
        let policy = self.shared.snapshot.one::<ImagePolicy>(&IMAGE_POLICY, self.shared.project, &[]);
        let key = format!("{}.{}", location(self.record), self.record.name.as_deref().unwrap_or_default());
        policy.resting_on(self.own).and_then(|policy| {
            let own = policy.cluster_admission_rules.as_ref().and_then(|rules| rules.get(&key));
            let rule = own.or(policy.default_admission_rule.as_ref()).ok_or_else(|| Gap::Unsettled {
                what: "the policy of Binary Authorization has no rule for the cluster".to_owned(),
            })?;
            Ok(admission(rule))
        })
    }

    fn guardrails(&self) -> Observed<Vec<Guardrail>> {
        let (mut sources, mut all) = (self.own.to_vec(), Vec::new());
        for (against, constraint) in GUARDRAILS {
            let params = [("constraint", constraint)];
            let policy = self.shared.snapshot.one::<EffectivePolicy>(&EFFECTIVE_POLICY, self.shared.project, &params);
            sources.extend_from_slice(policy.sources());
            let stance = policy.get().and_then(|policy| stance(policy, constraint));
            all.push(Guardrail { against, stance });
        }
        match all.iter().find_map(|one| one.stance.as_ref().err()) {
            // Nothing was read of it.
            Some(gap) if all.iter().all(|one| one.stance.is_err()) => Observed::missing(gap.clone()),
            _ => Observed::known(all, sources),
        }
    }

    fn registries(&self) -> Observed<Vec<Registry>> {
        let mut sources = Vec::new();
        let read = self.repositories();
        let above = &self.shared.hierarchy;
        sources.extend_from_slice(above.sources());
        let found = read.get().and_then(|all| {
            let registry = |one: &Repository| {
                let name = one.name.clone().unwrap_or_default();
                let params = [("repository", name.as_str())];
                let ReadPolicy { policy, unread, .. } =
                    policy(self.shared.snapshot, &REPOSITORY_POLICY, self.shared.project, &params, &mut sources);
                let mut registry = Registry { name: short(Some(&name)), openings: Vec::new(), unread: None };
                registry.unread = unread.into_iter().min();
                opened(&policy, &self.shared.roles, "the repository", &mut registry);
                match above.get() {
                    Ok(above) => {
                        for place in &above.places {
                            opened(&place.policy, &self.shared.roles, &place.name, &mut registry);
                        }
                        registry.unread = registry.unread.or_else(|| above.unread().min().cloned());
                    }
                    Err(gap) => registry.unread = registry.unread.or(Some(gap)),
                }
                registry.openings.sort();
                registry.openings.dedup();
                registry
            };
            let found: Vec<Registry> = all.iter().map(registry).collect();
            // What opens one stands; where nothing does, what was not read is the answer.
            let unread = found.iter().filter_map(|one| one.unread.clone()).min();
            match unread {
                Some(gap) if found.iter().all(|one| one.openings.is_empty()) => Err(gap),
                Some(_) | None => Ok(found),
            }
        });
        Observed::from_result(found, [read.sources(), &sources].concat())
    }
}

/// `projects/P/locations/L/repositories/NAME` without the project.
fn short(name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    match (after(name, "locations"), after(name, "repositories")) {
        (Some(location), Some(repository)) => format!("{location}/{repository}"),
        _ => name.to_owned(),
    }
}

fn name_of(plan: &Plan) -> String {
    let name = plan.name.as_deref().unwrap_or_default();
    after(name, "backupPlans").unwrap_or(name).to_owned()
}

/// A filter that surely takes Admin Activity: none, or one of the forms that say nothing else.
fn takes_activity(sink: &Sink) -> bool {
    let filter = sink.filter.as_deref().unwrap_or_default().trim();
    let plain = ["log_id(\"cloudaudit.googleapis.com/activity\")", "logName:\"cloudaudit.googleapis.com\""];
    let whole = filter.strip_prefix("logName=\"").and_then(|rest| rest.strip_suffix("\""));
    let whole = whole.and_then(|name| name.rsplit_once("/logs/"));
    filter.is_empty()
        || plain.iter().any(|form| filter.eq_ignore_ascii_case(form))
        || whole.is_some_and(|(_, log)| log.eq_ignore_ascii_case("cloudaudit.googleapis.com%2Factivity"))
}

fn mode(repository: &Repository, on: bool) -> ScanMode {
    let off = |because: &str| ScanMode::Off { because: because.to_owned() };
    let config = repository.vulnerability_scanning_config.as_ref();
    let says = config.and_then(|config| config.enablement_config.as_ref());
    let state = config.and_then(|config| config.enablement_state.as_ref());
    if !on {
        return off("Container Scanning is off in the project");
    }
    if says.is_some_and(|says| says.is(SCANNING_CONFIG, "DISABLED")) {
        return off("scanning is off for the repository");
    }
    let inactive = ["SCANNING_DISABLED", "SCANNING_UNSUPPORTED"];
    if inactive.iter().any(|word| state.is_some_and(|state| state.is(SCANNING_STATE, word))) {
        return off("the repository says that it is not scanned");
    }
    ScanMode::OnPush { by: "Artifact Analysis".to_owned() }
}

fn admission(rule: &AdmissionRule) -> ImageAdmission {
    let mode = rule.evaluation_mode.as_ref().map(|mode| mode.name(RULE_MODE)).unwrap_or_default();
    let enforced =
        rule.enforcement_mode.as_ref().is_some_and(|it| it.is(RULE_ENFORCEMENT, "ENFORCED_BLOCK_AND_AUDIT_LOG"));
    match &*mode {
        "REQUIRE_ATTESTATION" | "ALWAYS_DENY" if enforced => {
            ImageAdmission::Enforced { by: format!("Binary Authorization (`{mode}`)") }
        }
        "REQUIRE_ATTESTATION" | "ALWAYS_DENY" => ImageAdmission::Toothless {
            because: "Binary Authorization only writes down what it would turn away".to_owned(),
        },
        _ => ImageAdmission::Toothless { because: format!("the policy of Binary Authorization says `{mode}`") },
    }
}

/// What a policy opens to everybody.
fn opened(policy: &Policy, roles: &RoleBook<'_>, place: &str, registry: &mut Registry) {
    for binding in &policy.bindings {
        let everybody = ["allUsers", "allAuthenticatedUsers"];
        let Some(who) = everybody.iter().find(|who| binding.members.iter().any(|member| member == *who)) else {
            continue;
        };
        let role = binding.role.as_deref().unwrap_or_default();
        let by = format!("{who} with {role} on {place}");
        match roles.get(role) {
            _ if binding.condition.is_some() => {
                let what = format!("{by} hangs on a condition");
                registry.unread.get_or_insert(Gap::Unsettled { what });
            }
            Ok(held) if held.has("artifactregistry.repositories.uploadArtifacts") => {
                registry.openings.push(RegistryOpening::AnyonePushes { by });
            }
            Ok(held) if held.has("artifactregistry.repositories.downloadArtifacts") => {
                registry.openings.push(RegistryOpening::AnyonePulls { by });
            }
            Ok(_) => (),
            Err(gap) => {
                registry.unread.get_or_insert(gap);
            }
        }
    }
}

fn copy(plan: &Plan, region: &str) -> BackupCopy {
    let config = plan.backup_config.as_ref();
    let retention = plan.retention_policy.as_ref();
    let days = retention.and_then(|one| one.backup_delete_lock_days).unwrap_or_default();
    let key = config.and_then(|config| config.encryption_key.as_ref()?.gcp_kms_encryption_key.as_deref());
    let place = after(plan.name.as_deref().unwrap_or_default(), "locations").unwrap_or_default();
    BackupCopy {
        name: name_of(plan),
        volumes: if config.is_some_and(|config| config.include_volume_data == Some(true)) {
            Answer::Yes("volumes are taken".to_owned())
        } else {
            Answer::No("`includeVolumeData` is off".to_owned())
        },
        // <https://cloud.google.com/kubernetes-engine/docs/add-on/backup-for-gke/concepts/backup-for-gke>
        encrypted: Answer::Yes(
            key.map_or_else(|| "encrypted with Google's keys".to_owned(), |key| format!("encrypted with {key}")),
        ),
        locked: if days > 0 {
            Answer::Yes(format!("no backup may be deleted for {days} days"))
        } else {
            Answer::No("`backupDeleteLockDays` is 0".to_owned())
        },
        elsewhere: if place.is_empty() || place == region {
            Answer::No(format!("backups lie in the cluster's own region {region}"))
        } else {
            Answer::Yes(format!("backups lie in {place}"))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink(filter: &str) -> bool {
        takes_activity(&Sink { filter: Some(filter.to_owned()), ..Sink::default() })
    }

    #[test]
    fn a_filter_counts_when_it_surely_takes_admin_activity() {
        assert!(sink(""));
        assert!(sink("log_id(\"cloudaudit.googleapis.com/activity\")"));
        assert!(sink("logName=\"projects/p/logs/cloudaudit.googleapis.com%2Factivity\""));
        assert!(!sink("log_id(\"cloudaudit.googleapis.com/activity\") AND severity>=ERROR"));
        assert!(!sink("logName=\"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access\""));
    }

    #[test]
    fn repositories_near_a_cluster_lie_in_its_region_and_its_multi_region() {
        let at = |location: &str| registry_places(&Record { location: Some(location.to_owned()), ..Record::default() });
        assert_eq!(at("europe-west4-a"), ["europe-west4", "europe"]);
        assert_eq!(at("us-central1"), ["us-central1", "us"]);
        assert_eq!(at("southamerica-east1"), ["southamerica-east1"]);
    }

    #[test]
    fn a_policy_that_allows_everything_or_only_writes_it_down_has_no_teeth() {
        let of = |text: &str| admission(&serde_json::from_str(text).unwrap());
        let rule = r#"{"evaluationMode": 2, "enforcementMode": 1}"#;
        assert!(matches!(of(rule), ImageAdmission::Enforced { .. }));
        assert!(matches!(of(&rule.replace("Mode\": 1", "Mode\": 2")), ImageAdmission::Toothless { .. }));
        assert!(matches!(of(&rule.replace("Mode\": 2", "Mode\": 1")), ImageAdmission::Toothless { .. }));
    }

    #[test]
    fn a_repository_is_scanned_unless_it_or_the_project_says_otherwise() {
        let of = |config: &str, on| {
            mode(&serde_json::from_str(&format!(r#"{{"vulnerabilityScanningConfig": {config}}}"#)).unwrap(), on)
        };
        assert!(matches!(of("{}", true), ScanMode::OnPush { .. }));
        assert!(matches!(of("{}", false), ScanMode::Off { .. }));
        assert!(matches!(of(r#"{"enablementConfig": 2}"#, true), ScanMode::Off { .. }));
        assert!(matches!(of(r#"{"enablementState": "SCANNING_DISABLED"}"#, true), ScanMode::Off { .. }));
    }

    #[test]
    fn a_plan_in_the_clusters_own_region_is_not_elsewhere() {
        let of = |name: &str| copy(&Plan { name: Some(name.to_owned()), ..Plan::default() }, "europe-west4").elsewhere;
        assert!(matches!(of("projects/p/locations/europe-west4/backupPlans/daily"), Answer::No(_)));
        assert!(matches!(of("projects/p/locations/europe-west1/backupPlans/daily"), Answer::Yes(_)));
    }
}
