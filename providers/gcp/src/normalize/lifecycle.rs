//! How a cluster is kept, and who gets into it.

use super::{
    cluster::{Shared, below},
    minters::{administrators, people},
};
use crate::{
    calls::{CLUSTER_UPGRADES, CLUSTERS_LIST},
    record::{
        container::{Cluster as Record, NodePool, StatusCondition, UpgradeInfo},
        names::region_of,
        nodes::is_autopilot,
        word::{
            CLUSTER_STATUS, EXCLUSION_END, EXCLUSION_SCOPE, PAUSED_REASON, POOL_STATUS, POOL_STRATEGY, RELEASE_CHANNEL,
            UPGRADE_STATUS,
        },
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_model::{
    Access, Administrator, AuditLog, Authorization, Blocker, ClusterCa, Condition, DeletionGuard, Evidence,
    Experiments, Extension, ExtensionFlaw, Extensions, Freeze, Gap, Health, Lifecycle, LocalCredential, Observed,
    Phase, Placement, PoolHealth, Register, Repair, SignIn, Support, Surge, Tier, Upgrades, Upkeep, Version, Zones,
};
use palisade_provider::certificate_end;
use std::collections::BTreeSet;

/// Who gets in by what.
pub(crate) fn access(shared: &Shared<'_>, record: &Record, evidence: &[Evidence]) -> Access {
    let at = |pointer: &str| below(evidence, pointer);
    let legacy = record.legacy_abac.as_ref().is_some_and(|switch| switch.enabled == Some(true));
    Access {
        local_credential: Observed::from_result(local_credential(record), at("/masterAuth")),
        // An empty object and no object mean off.
        authorization: Observed::known(
            if legacy {
                Authorization::Legacy { because: "`legacyAbac.enabled` is on".to_owned() }
            } else {
                Authorization::Rbac { because: "`legacyAbac.enabled` is off".to_owned() }
            },
            at("/legacyAbac"),
        ),
        sign_in: sign_in(shared, record, &at("/authenticatorGroupsConfig")),
        administrators: made(shared, evidence),
        authority: Observed::from_result(authority(shared.project, record), at("/masterAuth/clusterCaCertificate")),
    }
}

fn local_credential(record: &Record) -> Result<LocalCredential, Gap> {
    let Some(auth) = &record.master_auth else {
        return Err(Gap::Unsettled { what: "`masterAuth` is not in the answer".to_owned() });
    };
    let present = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let issues = auth.client_certificate_config.as_ref().and_then(|config| config.issue_client_certificate);
    let because = if present(&auth.username) {
        "basic authentication is on"
    } else if present(&auth.client_certificate) || issues == Some(true) {
        "a client certificate was issued"
    } else {
        return Ok(LocalCredential::Off { because: "no client certificate was issued".to_owned() });
    };
    Ok(LocalCredential::Present { because: because.to_owned() })
}

fn sign_in(shared: &Shared<'_>, record: &Record, own: &[Evidence]) -> Observed<SignIn> {
    let has_groups = record.authenticator_groups_config.as_ref().is_some_and(|switch| switch.enabled == Some(true));
    if !has_groups {
        let because = "Google signs people in, and `authenticatorGroupsConfig` is off".to_owned();
        return Observed::known(SignIn::WithoutGroups { because }, own.to_vec());
    }
    let mut sources = [own, shared.hierarchy.sources(), shared.denials.sources()].concat();
    let read = (|| people(shared.hierarchy.get()?, shared.denials.get()?, &shared.roles, shared.now))();
    sources.extend(shared.roles.evidence());
    let because = "Google signs people in, with their groups".to_owned();
    Observed::from_result(read.map(|individuals| SignIn::Central { because, individuals }), sources)
}

fn made(shared: &Shared<'_>, own: &[Evidence]) -> Observed<Vec<Administrator>> {
    let mut sources = [own, shared.hierarchy.sources(), shared.denials.sources()].concat();
    let read =
        (|| administrators(shared.project, shared.hierarchy.get()?, shared.denials.get()?, &shared.roles, shared.now))(
        );
    sources.extend(shared.roles.evidence());
    Observed::from_result(read, sources)
}

fn authority(project: &str, record: &Record) -> Result<ClusterCa, Gap> {
    let malformed = |why: String| Gap::Malformed {
        call: CLUSTERS_LIST.name.to_owned(),
        scope: project.to_owned(),
        pointer: "/masterAuth/clusterCaCertificate".to_owned(),
        why,
    };
    let bundle = record.master_auth.as_ref().and_then(|auth| auth.cluster_ca_certificate.as_deref());
    let bundle = bundle.ok_or_else(|| malformed("there is no certificate".to_owned()))?;
    let not_after = certificate_end(bundle).map_err(|error| malformed(error.to_string()))?;
    Ok(ClusterCa::Known { not_after, because: "the cluster's certificate authority".to_owned() })
}

/// How it is kept.
pub(crate) fn lifecycle(shared: &Shared<'_>, record: &Record, location: &str, evidence: &[Evidence]) -> Lifecycle {
    let at = |pointer: &str| below(evidence, pointer);
    let name = record.name.as_deref().unwrap_or_default();
    let of = format!("{location}/{name}");
    let info = shared.snapshot.one::<UpgradeInfo>(&CLUSTER_UPGRADES, shared.project, &[("cluster", &of)]);
    let is_zonal = region_of(location) != location;
    Lifecycle {
        support: support(record, &info, shared.now, &at("/currentMasterVersion")),
        upgrades: Observed::from_result(upgrades(record), at("/maintenancePolicy")),
        // <https://docs.cloud.google.com/kubernetes-engine/docs/concepts/types-of-clusters>
        placement: Observed::known(
            if is_zonal {
                Placement::OneZone { zone: location.to_owned() }
            } else {
                Placement::Spread { because: format!("the cluster is regional, in `{location}`") }
            },
            at("/location"),
        ),
        blockers: blockers(&info),
        extensions: Observed::known(extensions(record), at("/addonsConfig")),
        experiments: Observed::known(Experiments::InUse(experiments(record)), evidence.to_vec()),
        deletion_guard: Observed::known(
            DeletionGuard::Attested {
                because: "GKE has no protection against deletion on clusters; a lien may keep the project".to_owned(),
            },
            evidence.to_vec(),
        ),
        tier: Observed::known(
            Tier::Guaranteed {
                because: if is_zonal {
                    "GKE has a service level for zonal control planes".to_owned()
                } else {
                    "GKE has a service level for regional control planes".to_owned()
                },
            },
            at("/location"),
        ),
        audit: Observed::known(
            AuditLog::Inherent {
                because: "GKE always logs requests that change something \
                          (https://docs.cloud.google.com/kubernetes-engine/docs/how-to/audit-logging)"
                    .to_owned(),
            },
            at("/loggingConfig"),
        ),
        health: Observed::from_result(health(record), at("/status")),
        register: Observed::known(
            Register::of(&record.resource_labels.clone().unwrap_or_default()),
            at("/resourceLabels"),
        ),
    }
}

/// The dates are those that GKE tells of the cluster's own version.
fn support(record: &Record, info: &Observed<UpgradeInfo>, now: Timestamp, own: &[Evidence]) -> Observed<Support> {
    let read = || {
        let info = info.get()?;
        let version = record.current_master_version.as_deref().and_then(Version::parse);
        let version = version.map(|version| version.to_string()).unwrap_or_default();
        let untold = || Gap::Unsettled { what: format!("GKE does not tell until when it supports {version}") };
        let standard = info.end_of_standard_support_timestamp.as_deref().and_then(moment).ok_or_else(untold)?;
        let is_extended = record
            .release_channel
            .as_ref()
            .and_then(|channel| channel.channel.as_ref())
            .is_some_and(|channel| channel.is(RELEASE_CHANNEL, "EXTENDED"));
        let extended = info.end_of_extended_support_timestamp.as_deref().and_then(moment).filter(|_| is_extended);
        let phase = if standard > now {
            Phase::Standard
        } else if extended.is_some_and(|until| until > now) {
            Phase::Extended
        } else {
            Phase::Ended
        };
        let because = format!("version {version}");
        Ok(Support { phase, standard_until: Some(standard), extended_until: extended, because })
    };
    Observed::from_result(read(), [own, info.sources()].concat())
}

/// A moment, or the first one of a day.
fn moment(text: &str) -> Option<Timestamp> {
    let of_day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(of_day)
}

fn upgrades(record: &Record) -> Result<Upgrades, Gap> {
    let channel = record.release_channel.as_ref().and_then(|channel| channel.channel.as_ref());
    let channel = channel.map(|channel| channel.name(RELEASE_CHANNEL).into_owned());
    let window = record.maintenance_policy.as_ref().and_then(|policy| policy.window.as_ref());
    let said = window.and_then(|window| {
        if window.recurring_window.is_some() {
            Some("a window that recurs")
        } else {
            window.daily.as_ref().map(|_| "a window every day")
        }
    });
    let mut freezes = BTreeSet::new();
    for (name, exclusion) in window.iter().flat_map(|window| window.maintenance_exclusions.iter().flatten()) {
        let options = exclusion.maintenance_exclusion_options.as_ref();
        // The first value of an enum is left out: an exclusion without a scope stops every upgrade.
        let scope = options.and_then(|options| options.scope.as_ref());
        let everything = scope.is_none_or(|scope| scope.is(EXCLUSION_SCOPE, "NO_UPGRADES"));
        let end = options.and_then(|options| options.end_time_behavior.as_ref());
        let is_endless = end.is_some_and(|end| end.is(EXCLUSION_END, "UNTIL_END_OF_SUPPORT"));
        let until = exclusion.end_time.as_deref().and_then(moment);
        if until.is_none() && !is_endless {
            return Err(Gap::Unsettled { what: format!("the end of the maintenance exclusion `{name}` is not told") });
        }
        freezes.insert(Freeze {
            name: name.clone(),
            from: exclusion.start_time.as_deref().and_then(moment),
            until: until.filter(|_| !is_endless),
            everything,
        });
    }
    Ok(Upgrades::Planned {
        channel: channel.filter(|channel| channel != "UNSPECIFIED" && !channel.is_empty()),
        window: said.map(str::to_owned),
        freezes: freezes.into_iter().collect(),
        forced: None,
    })
}

/// What holds the next automatic upgrade up, beside the windows that people chose. GKE holds it up when deprecated APIs are
/// asked for, so an upgrade that is active proves that none is.
/// <https://docs.cloud.google.com/kubernetes-engine/docs/deprecations>
fn blockers(info: &Observed<UpgradeInfo>) -> Observed<Vec<Blocker>> {
    let read = || {
        let info = info.get()?;
        let reasons = info.paused_reason.iter().map(|reason| reason.name(PAUSED_REASON).into_owned());
        let found: BTreeSet<Blocker> = reasons
            .filter(|reason| !reason.starts_with("MAINTENANCE_"))
            .map(|reason| Blocker { what: reason, certain: false })
            .collect();
        let is_active = info.auto_upgrade_status.iter().any(|status| status.is(UPGRADE_STATUS, "ACTIVE"));
        if found.is_empty() && !is_active {
            let what =
                "GKE upgrades only what is active by itself, and this is not: deprecated APIs are not looked for";
            return Err(Gap::Unsettled { what: what.to_owned() });
        }
        Ok(found.into_iter().collect())
    };
    Observed::from_result(read(), info.sources().to_vec())
}

/// GKE keeps its add-ons at the version of the control plane. The dashboard is not supported any more.
fn extensions(record: &Record) -> Extensions {
    let dashboard = record.addons_config.as_ref().and_then(|addons| addons.kubernetes_dashboard.as_ref());
    let has_dashboard = dashboard.is_some_and(|dashboard| dashboard.disabled != Some(true));
    let flaw = Some(ExtensionFlaw::Unsupported("GKE does not support it any more".to_owned()));
    let dashboard = Extension { name: "kubernetesDashboard".to_owned(), version: None, flaw };
    Extensions {
        kept_by_provider: Some(
            "GKE keeps its add-ons at versions that fit the control plane \
             (https://docs.cloud.google.com/kubernetes-engine/upgrades)"
                .to_owned(),
        ),
        listed: if has_dashboard { vec![dashboard] } else { Vec::new() },
    }
}

fn experiments(record: &Record) -> Vec<String> {
    let mut found = Vec::new();
    if record.enable_kubernetes_alpha == Some(true) {
        found.push("an alpha cluster, which deletes itself after 30 days".to_owned());
    }
    found.extend(record.alpha_cluster_feature_gates.iter().map(|gate| format!("feature gate {gate}")));
    let apis = record.enable_k8s_beta_apis.iter().flat_map(|beta| &beta.enabled_apis);
    found.extend(apis.map(|api| format!("beta API {api}")));
    found
}

fn health(record: &Record) -> Result<Health, Gap> {
    let Some(status) = &record.status else {
        return Err(Gap::Unsettled { what: "the state of the cluster is not in the answer".to_owned() });
    };
    let status = status.name(CLUSTER_STATUS).into_owned();
    let condition = match status.as_str() {
        "RUNNING" => Condition::Working,
        "ERROR" | "DEGRADED" => Condition::Failed,
        _ => Condition::Changing,
    };
    let issues = record.conditions.iter().map(StatusCondition::said).collect();
    Ok(Health { status, condition, issues })
}

/// How a pool's machines are kept. On Autopilot Google decides, whatever the pool's record says.
pub(crate) fn upkeep(record: &Record, pool: Option<&NodePool>, evidence: &[Evidence]) -> Upkeep {
    let Some(pool) = pool else {
        return Upkeep::unread(&Gap::Unsupported { what: "the cluster does not list this pool".to_owned() });
    };
    let unsettled = |what: &str| Gap::Unsettled { what: what.to_owned() };
    let own = |read| Observed::from_result(read, evidence.to_vec());
    let is_autopilot = is_autopilot(record);
    let zones = if pool.locations.is_empty() || is_autopilot { &record.locations } else { &pool.locations };
    let config = pool.config.as_ref();
    let reclaimable =
        !is_autopilot && config.is_some_and(|config| config.spot == Some(true) || config.preemptible == Some(true));
    Upkeep {
        version: own(pool
            .version
            .as_deref()
            .and_then(Version::parse)
            .ok_or_else(|| unsettled("the version of the pool is not in the answer"))),
        zones: Observed::from_result(
            if zones.is_empty() {
                Err(unsettled("the zones of the pool are not in the answer"))
            } else {
                let because = "by `locations`".to_owned();
                Ok(Zones { zones: zones.iter().cloned().collect(), reclaimable, because })
            },
            evidence.to_vec(),
        ),
        surge: Observed::from_result(surge(pool, is_autopilot), evidence.to_vec()),
        health: Observed::from_result(pool_health(pool, is_autopilot), evidence.to_vec()),
    }
}

fn surge(pool: &NodePool, is_autopilot: bool) -> Result<Surge, Gap> {
    if is_autopilot {
        let because = "Autopilot replaces machines by its own rules".to_owned();
        return Ok(Surge::ByProvider { because });
    }
    let Some(settings) = &pool.upgrade_settings else {
        return Err(Gap::Unsettled { what: "`upgradeSettings` is not in the answer".to_owned() });
    };
    if settings.strategy.as_ref().is_some_and(|strategy| strategy.is(POOL_STRATEGY, "BLUE_GREEN")) {
        return Ok(Surge::Before { because: "`strategy` is BLUE_GREEN".to_owned() });
    }
    // Zero is left out.
    let surge = settings.max_surge.unwrap_or(0);
    let because = format!("`maxSurge` is {surge}");
    Ok(if surge > 0 { Surge::Before { because } } else { Surge::After { because } })
}

fn pool_health(pool: &NodePool, is_autopilot: bool) -> Result<PoolHealth, Gap> {
    let Some(status) = &pool.status else {
        return Err(Gap::Unsettled { what: "the state of the pool is not in the answer".to_owned() });
    };
    let status = status.name(POOL_STATUS);
    let is_bad = status == "ERROR" || status == "RUNNING_WITH_ERROR";
    let mut issues: Vec<String> = pool.conditions.iter().map(StatusCondition::said).collect();
    issues.extend(is_bad.then(|| format!("it is {status}")));
    // False is left out.
    let is_on = pool.management.as_ref().and_then(|management| management.auto_repair) == Some(true);
    let repair = match (is_autopilot, is_on) {
        (true, _) => Repair::On { because: "Autopilot always repairs nodes".to_owned() },
        (false, true) => Repair::On { because: "`management.autoRepair` is on".to_owned() },
        (false, false) => Repair::Off { because: "`management.autoRepair` is off".to_owned() },
    };
    Ok(PoolHealth { issues, repair })
}
