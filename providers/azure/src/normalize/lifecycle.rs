//! How a cluster is kept, and who gets into it.

use super::{
    capabilities::{ADMIN_CREDENTIAL, USER_CREDENTIAL},
    cluster::{Read, labels, version},
    minters::kind,
    observe::observe,
    standing::{has_entra, has_local_accounts},
    surroundings::Surroundings,
    table::Table,
};
use crate::{
    CLUSTERS, DIAGNOSTIC_SETTINGS, FEATURES, KUBERNETES_VERSIONS, LOCKS, MAINTENANCE, arm, calendar,
    record::{DiagnosticSetting, Feature, KubernetesVersion, KubernetesVersions, Lock, Maintenance, Span},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_authority::Certainty;
use palisade_model::{
    Access, Administrator, AuditLog, Authorization, ClusterCa, Condition, DeletionGuard, Experiments, Extension,
    ExtensionFlaw, Extensions, Freeze, Gap, Health, Lifecycle, LocalCredential, Observed, Phase, Placement,
    PrincipalKind, Register, SignIn, Support, Tier, Upgrades,
};
use std::collections::{BTreeMap, BTreeSet};

/// Binding roles in the whole cluster, through Azure RBAC.
const BIND_ROLES: &str =
    "data:Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write";

/// Add-ons that AKS no longer supports, in lower case, and since when.
/// <https://learn.microsoft.com/azure/aks/integrations>
const RETIRED: &[(&str, &str)] =
    &[("httpapplicationrouting", "retired on 2025-03-03"), ("kubedashboard", "not supported from Kubernetes 1.19")];

/// Who gets in by what.
pub(super) fn access(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Access {
    let properties = read.properties;
    Access {
        local_credential: observe(|seen| {
            seen.extend(read.row.evidence("/properties/disableLocalAccounts"));
            // Absent means on. <https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad>
            Ok(match properties.disable_local_accounts {
                Some(true) => LocalCredential::Off { because: "`disableLocalAccounts` is on".to_owned() },
                Some(false) => LocalCredential::Present { because: "`disableLocalAccounts` is off".to_owned() },
                None => LocalCredential::Present {
                    because: "`disableLocalAccounts` is not set, which means that there are some".to_owned(),
                },
            })
        }),
        authorization: observe(|seen| {
            seen.extend(read.row.evidence("/properties/enableRBAC"));
            match properties.enable_rbac {
                Some(true) => Ok(Authorization::Rbac { because: "`enableRBAC` is on".to_owned() }),
                Some(false) => Ok(Authorization::Legacy {
                    because: "`enableRBAC` is off: whoever signs in is an administrator".to_owned(),
                }),
                None => Err(Gap::Unsettled { what: "the answer says nothing of `enableRBAC`".to_owned() }),
            }
        }),
        sign_in: observe(|seen| {
            seen.extend(read.row.evidence("/properties/aadProfile"));
            let Some(profile) = &properties.aad_profile else {
                return Ok(SignIn::Apart { because: "there is no `aadProfile`: certificates get in".to_owned() });
            };
            if profile.managed == Some(true) {
                let because = "people sign in through Entra (`aadProfile.managed`)".to_owned();
                return Ok(SignIn::Central { because, individuals: Vec::new() });
            }
            Err(Gap::Unsettled { what: "`aadProfile` does not say that Entra is managed by AKS".to_owned() })
        }),
        administrators: administrators(read, around),
        authority: observe(|seen| {
            seen.extend(read.row.evidence("/id"));
            Ok(ClusterCa::Attested {
                because:
                    "AKS returns its certificate authority only together with a credential, which is not asked for"
                        .to_owned(),
            })
        }),
    }
}

/// The groups that the cluster names, and whoever Azure gives a right that makes an administrator inside it.
fn administrators(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Administrator>> {
    observe(|seen| {
        let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
        for field in ["disableLocalAccounts", "aadProfile"] {
            seen.extend(read.row.evidence(&format!("/properties/{field}")));
        }
        let profile = read.properties.aad_profile.as_ref();
        let by_azure = profile.is_some_and(|profile| profile.enable_azure_rbac == Some(true));
        let ways = [
            has_local_accounts(read).then_some(ADMIN_CREDENTIAL),
            (!has_entra(read)).then_some(USER_CREDENTIAL),
            by_azure.then_some(BIND_ROLES),
        ];
        let ways: Vec<&'static str> = ways.into_iter().flatten().collect();
        let holders = assignments.holders(&ways, read.id());
        seen.extend(assignments.evidence(holders.iter().map(|holder| holder.held)));
        let mut found: BTreeMap<String, Administrator> = BTreeMap::new();
        let groups = profile.iter().flat_map(|profile| &profile.admin_group_object_ids);
        for group in groups {
            let (kind, by) = (PrincipalKind::Group, vec!["`aadProfile.adminGroupObjectIDs`".to_owned()]);
            let one = Administrator { principal: group.clone(), kind, by, certainty: Certainty::Certain };
            found.insert(group.to_ascii_lowercase(), one);
        }
        for holder in &holders {
            let principal = holder.held.principal.clone();
            let one = found.entry(principal.to_ascii_lowercase()).or_insert_with(|| Administrator {
                principal,
                kind: kind(holder.held),
                by: Vec::new(),
                certainty: holder.certainty.clone(),
            });
            if holder.certainty.is_certain() {
                one.certainty = Certainty::Certain;
            }
            one.by.push(format!("role `{}` at `{}`", holder.held.role, holder.held.scope));
        }
        for one in found.values_mut() {
            one.by.sort();
            one.by.dedup();
        }
        Ok(found.into_values().collect())
    })
}

/// How it is kept.
pub(super) fn lifecycle(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Lifecycle {
    let properties = read.properties;
    Lifecycle {
        support: support(read, around),
        upgrades: upgrades(read, around),
        placement: observe(|seen| {
            seen.extend(read.row.evidence("/location"));
            let region = read.item.location.as_deref().unwrap_or_default();
            // <https://learn.microsoft.com/azure/aks/availability-zones-overview>
            if calendar::has_zones(region) {
                let because = format!("AKS spreads every control plane over the zones of `{region}`");
                return Ok(Placement::Spread { because });
            }
            Err(Gap::Unsettled { what: format!("region `{region}` is not known to have zones") })
        }),
        blockers: Observed::missing(Gap::Unsupported {
            what:
                "AKS looks for deprecated APIs only when an upgrade is asked for, and refuses it then; no call tells \
                   beforehand (https://learn.microsoft.com/azure/aks/stop-cluster-upgrade-api-breaking-changes)"
                    .to_owned(),
        }),
        extensions: observe(|seen| {
            for field in ["addonProfiles", "serviceMeshProfile", "podIdentityProfile"] {
                seen.extend(read.row.evidence(&format!("/properties/{field}")));
            }
            extensions(read)
        }),
        experiments: experiments(read, around),
        deletion_guard: deletion_guard(read, around),
        tier: observe(|seen| {
            seen.extend(read.row.evidence("/sku"));
            // Absent means `Free`. <https://learn.microsoft.com/azure/aks/free-standard-pricing-tiers>
            let tier = read.item.sku.as_ref().and_then(|sku| sku.tier.as_deref());
            Ok(match tier {
                None => Tier::Free { because: "`sku.tier` is not set, which means Free".to_owned() },
                Some(tier) if tier.eq_ignore_ascii_case("Free") => {
                    Tier::Free { because: "`sku.tier` is Free".to_owned() }
                }
                Some(tier) => Tier::Guaranteed { because: format!("`sku.tier` is {tier}") },
            })
        }),
        audit: audit(read, around),
        health: observe(|seen| {
            seen.extend(read.row.evidence("/properties/provisioningState"));
            seen.extend(read.row.evidence("/properties/powerState"));
            let power = properties.power_state.as_ref().and_then(|power| power.code.as_deref());
            if let Some(power) = power.filter(|power| power.eq_ignore_ascii_case("Stopped")) {
                return Ok(Health { status: power.to_owned(), condition: Condition::Stopped, issues: Vec::new() });
            }
            let Some(status) = properties.provisioning_state.clone() else {
                return Err(Gap::Unsettled { what: "the state of the cluster is not in the answer".to_owned() });
            };
            let condition = match status.to_ascii_lowercase().as_str() {
                "succeeded" => Condition::Working,
                "failed" | "canceled" => Condition::Failed,
                _ => Condition::Changing,
            };
            Ok(Health { status, condition, issues: Vec::new() })
        }),
        register: observe(|seen| {
            seen.extend(read.row.evidence("/tags"));
            Ok(Register::of(&labels(read.item)))
        }),
    }
}

/// The versions that AKS offers in the cluster's region.
fn versions(
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<palisade_model::Evidence>,
) -> Result<Vec<KubernetesVersion>, Gap> {
    let region = read.item.location.as_deref().unwrap_or_default().to_ascii_lowercase();
    let params = [("location", region.as_str())];
    let answer = around.snapshot.one::<KubernetesVersions>(&KUBERNETES_VERSIONS, around.subscription, &params);
    seen.extend_from_slice(answer.sources());
    answer.get().map(|answer| answer.values.clone())
}

/// Whether AKS offers the version, and until when by the calendar this version of the program carries.
fn support(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Support> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/currentKubernetesVersion"));
        seen.extend(read.row.evidence("/properties/supportPlan"));
        let version = version(read.properties).ok_or_else(|| {
            let pointer = format!("/value/{}/properties/currentKubernetesVersion", read.row.at);
            super::malformed(&CLUSTERS, around.subscription, &pointer, "no version")
        })?;
        let offered = versions(read, around, seen)?;
        let own =
            offered.iter().find(|one| one.version.as_deref().and_then(palisade_model::Version::parse) == Some(version));
        let has_plan = |plan: &str| {
            own.is_some_and(|one| one.capabilities.support_plan.iter().any(|one| one.eq_ignore_ascii_case(plan)))
        };
        let is_long_term =
            read.properties.support_plan.as_deref().is_some_and(|plan| plan.eq_ignore_ascii_case("AKSLongTermSupport"));
        let phase = if has_plan("KubernetesOfficial") {
            Phase::Standard
        } else if has_plan("AKSLongTermSupport") && is_long_term {
            Phase::Extended
        } else {
            Phase::Ended
        };
        let dates = calendar::support(version, around.snapshot.finished_at);
        let day = calendar::day().map(|day| day.to_string()).unwrap_or_default();
        let because = if dates.is_some() {
            format!("version {version} (dates by Microsoft's calendar of {day})")
        } else {
            format!("version {version} (Microsoft's calendar of {day} is too old, or does not hold it)")
        };
        Ok(Support {
            phase,
            standard_until: dates.map(|dates| dates.community),
            extended_until: dates.filter(|_| is_long_term).map(|dates| dates.long_term),
            because,
        })
    })
}

/// The channel of the cluster, and the windows and freezes that are configured for it.
fn upgrades(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Upgrades> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/autoUpgradeProfile"));
        seen.extend(read.row.evidence("/properties/upgradeSettings"));
        let key = arm::key(read.id());
        let table =
            Table::<Maintenance>::read(around.snapshot, &MAINTENANCE, around.subscription, &[("cluster", &key)])?;
        seen.extend_from_slice(table.pages());
        let channel = read.properties.auto_upgrade_profile.upgrade_channel.clone();
        let (mut window, mut freezes) = (BTreeSet::new(), BTreeSet::new());
        for configuration in table.all()? {
            let name = configuration.name.clone().unwrap_or_default();
            let properties = &configuration.properties;
            if !properties.time_in_week.is_empty() || properties.maintenance_window.is_some() {
                window.insert(name.clone());
            }
            let dates = properties.maintenance_window.iter().flat_map(|window| &window.not_allowed_dates);
            for span in properties.not_allowed_time.iter().chain(dates) {
                freezes.insert(freeze(&name, span)?);
            }
        }
        // `aksManagedNodeOSUpgradeSchedule` is for images of nodes alone.
        window.retain(|name| !name.eq_ignore_ascii_case("aksManagedNodeOSUpgradeSchedule"));
        let overrides = &read.properties.upgrade_settings.override_settings;
        let until = overrides.until.as_deref().and_then(moment);
        let is_forced =
            overrides.force_upgrade == Some(true) && until.is_none_or(|until| until > around.snapshot.finished_at);
        Ok(Upgrades::Planned {
            channel: channel.filter(|channel| !channel.eq_ignore_ascii_case("none") && !channel.is_empty()),
            window: (!window.is_empty())
                .then(|| format!("window {}", window.into_iter().collect::<Vec<_>>().join(", "))),
            freezes: freezes.into_iter().collect(),
            forced: is_forced.then(|| "`upgradeSettings.overrideSettings.forceUpgrade` is on".to_owned()),
        })
    })
}

/// A span in which nothing is upgraded. A day ends with its last moment.
fn freeze(name: &str, span: &Span) -> Result<Freeze, Gap> {
    let read = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        moment(text).ok_or_else(|| Gap::Unsettled { what: format!("`{text}` in `{name}` is no moment") })
    };
    let until = read(&span.end)?;
    let is_a_day = span.end.as_deref().is_some_and(|end| !end.contains('T'));
    let until = if is_a_day { until + jiff::SignedDuration::from_hours(24) } else { until };
    Ok(Freeze { name: name.to_owned(), from: Some(read(&span.start)?), until: Some(until), everything: true })
}

/// A moment, or the first one of a day.
fn moment(text: &str) -> Option<Timestamp> {
    let of_day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    text.parse().ok().or_else(of_day)
}

/// AKS keeps its add-ons itself. Some were retired; which revisions of Istio are supported is not asked.
/// <https://learn.microsoft.com/azure/aks/integrations>
fn extensions(read: &Read<'_, '_>) -> Result<Extensions, Gap> {
    let enabled = read
        .properties
        .addon_profiles
        .iter()
        .flatten()
        .filter(|(_, addon)| addon.as_ref().is_some_and(|addon| addon.enabled == Some(true)));
    let mut listed: Vec<Extension> = enabled
        .map(|(name, _)| {
            let retired = RETIRED.iter().find(|(retired, _)| name.eq_ignore_ascii_case(retired));
            let flaw = retired.map(|(_, since)| ExtensionFlaw::Unsupported((*since).to_owned()));
            Extension { name: name.clone(), version: None, flaw }
        })
        .collect();
    if read.properties.pod_identity_profile.enabled == Some(true) {
        let flaw = Some(ExtensionFlaw::Unsupported("retired in favour of workload identity".to_owned()));
        listed.push(Extension { name: "pod-managed identity".to_owned(), version: None, flaw });
    }
    let mesh = read.properties.service_mesh_profile.mode.as_deref();
    let has_mesh = mesh.is_some_and(|mode| mode.eq_ignore_ascii_case("Istio"));
    if has_mesh && listed.iter().all(|one| one.flaw.is_none()) {
        let what = "which revisions of the Istio add-on are supported is not read".to_owned();
        return Err(Gap::NotCollected { what });
    }
    Ok(Extensions {
        kept_by_provider: Some(
            "AKS keeps its add-ons at versions that fit the cluster (https://learn.microsoft.com/azure/aks/integrations)"
                .to_owned(),
        ),
        listed,
    })
}

/// Preview versions, and the preview features that the subscription is registered for: nothing tells whether a cluster uses
/// them.
fn experiments(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Experiments> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/currentKubernetesVersion"));
        let version = version(read.properties);
        let offered = versions(read, around, seen)?;
        let is_own = |one: &&KubernetesVersion| {
            version.is_some() && one.version.as_deref().and_then(palisade_model::Version::parse) == version
        };
        if offered.iter().find(is_own).is_some_and(|one| one.is_preview == Some(true)) {
            let version = version.map(|version| version.to_string()).unwrap_or_default();
            return Ok(Experiments::InUse(vec![format!("version {version}, a preview")]));
        }
        let features = Table::<Feature>::read(around.snapshot, &FEATURES, around.subscription, &[])?;
        seen.extend_from_slice(features.pages());
        let registered = features.all()?.into_iter().filter(|feature| {
            feature.properties.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("Registered"))
        });
        let name = |feature: &Feature| arm::name(feature.name.as_deref().unwrap_or_default()).to_owned();
        let names: BTreeSet<String> = registered.map(name).collect();
        if names.is_empty() {
            return Ok(Experiments::InUse(Vec::new()));
        }
        let some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
        let more = if names.len() > some.len() { " and others" } else { "" };
        Err(Gap::Unsettled {
            what: format!(
                "the subscription is registered for preview features (`{}`{more}), and no call tells whether the cluster uses \
                 them",
                some.join("`, `")
            ),
        })
    })
}

/// Locks on the cluster and on what holds it.
fn deletion_guard(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<DeletionGuard> {
    observe(|seen| {
        let locks = Table::<Lock>::read(around.snapshot, &LOCKS, around.subscription, &[])?;
        seen.extend_from_slice(locks.pages());
        let cluster = arm::key(read.id());
        let mut odd = None;
        for row in locks.rows() {
            let lock = match row.get() {
                Ok(lock) => lock,
                Err(gap) => {
                    odd = odd.or(Some(gap));
                    continue;
                }
            };
            let key = arm::key(lock.id.as_deref().unwrap_or_default());
            let Some((scope, _)) = key.split_once("/providers/microsoft.authorization/locks/") else { continue };
            let reaches = cluster == scope || cluster.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'));
            let level = lock.properties.level.as_deref().unwrap_or_default();
            if reaches && ["CanNotDelete", "ReadOnly"].iter().any(|known| level.eq_ignore_ascii_case(known)) {
                let name = lock.name.as_deref().unwrap_or_default();
                return Ok(DeletionGuard::Set { because: format!("lock `{name}` ({level}) stands on `{scope}`") });
            }
        }
        match odd {
            Some(gap) => Err(gap),
            None => Ok(DeletionGuard::Missing { because: "no lock stands on it or on what holds it".to_owned() }),
        }
    })
}

/// Where the control plane's audit log goes. Nothing is kept until somebody says where.
/// <https://learn.microsoft.com/azure/aks/monitor-aks>
fn audit(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<AuditLog> {
    observe(|seen| {
        let key = arm::key(read.id());
        let params = [("cluster", key.as_str())];
        let settings =
            Table::<DiagnosticSetting>::read(around.snapshot, &DIAGNOSTIC_SETTINGS, around.subscription, &params)?;
        seen.extend_from_slice(settings.pages());
        let (mut whole, mut changes, mut odd) = (false, false, None);
        for row in settings.rows() {
            match row.get() {
                Err(gap) => odd = odd.or(Some(gap)),
                Ok(setting) => {
                    for log in setting.properties.logs.iter().filter(|log| log.enabled == Some(true)) {
                        let is = |text: &Option<String>, wanted: &str| {
                            text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
                        };
                        whole |= is(&log.category, "kube-audit")
                            || is(&log.category_group, "allLogs")
                            || is(&log.category_group, "audit");
                        changes |= is(&log.category, "kube-audit-admin");
                    }
                }
            }
        }
        match (whole, changes, odd) {
            (true, _, _) => Ok(AuditLog::On {
                because: "a diagnostic setting keeps the audit log of the control plane".to_owned(),
                without: Vec::new(),
            }),
            (false, true, _) => Ok(AuditLog::On {
                because: "a diagnostic setting keeps `kube-audit-admin`".to_owned(),
                without: vec!["requests that only read".to_owned()],
            }),
            (false, false, Some(gap)) => Err(gap),
            (false, false, None) => {
                Ok(AuditLog::Off { because: "no diagnostic setting keeps `kube-audit`".to_owned() })
            }
        }
    })
}
