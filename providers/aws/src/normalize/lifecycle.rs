//! How a cluster is kept, and who gets into it.

use super::{
    access::kind_of,
    account::Account,
    cluster::{Known, all_described, has_access_entries},
    region::Region,
    trail::conclude,
};
use crate::{
    calls,
    record::eks::{
        Addon, Cluster, ClusterVersion, DescribeAddonVersions, DescribeClusterVersions, Issue,
        ListAssociatedAccessPolicies, ListInsights,
    },
};
use palisade_authority::Certainty;
use palisade_model::{
    Access, Administrator, AuditLog, Authorization, Blocker, ClusterCa, Condition, DeletionGuard, Experiments,
    Extension, ExtensionFlaw, Extensions, Gap, Health, Lifecycle, LocalCredential, Observed, Phase, Placement,
    Register, SignIn, Support, Tier, Upgrades,
};
use palisade_provider::certificate_end;
use std::collections::{BTreeMap, BTreeSet};

/// The logs that a control plane can keep (EKS user guide, control plane logs).
const LOGS: &[&str] = &["api", "audit", "authenticator", "controllerManager", "scheduler"];

/// The access policies that make an administrator when they hold in the whole cluster (EKS user guide, access policies).
const ADMINISTRATOR_POLICIES: &[&str] = &["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy"];

/// Who gets in by what.
pub(super) fn access(region: &Region<'_>, account: &Account<'_>, known: &Known<'_>) -> Access {
    Access {
        local_credential: known.conclude("/cluster/arn", |_, _| {
            Ok(LocalCredential::NotOffered {
                because: "EKS has no static administrator: IAM signs every request \
                          (https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html)"
                    .to_owned(),
            })
        }),
        authorization: known.conclude("/cluster/arn", |_, _| {
            Ok(Authorization::Inherent {
                because: "EKS always decides by RBAC \
                          (https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html)"
                    .to_owned(),
            })
        }),
        sign_in: sign_in(known),
        administrators: administrators(region, account, known),
        authority: authority(region, known),
    }
}

/// How it is kept.
pub(super) fn lifecycle(region: &Region<'_>, known: &Known<'_>) -> Lifecycle {
    Lifecycle {
        support: support(region, known),
        upgrades: known.conclude("/cluster/upgradePolicy", |_, cluster| {
            let extended = is_extended(cluster);
            let then = if extended { "extended support at extra cost follows" } else { "AWS upgrades it by force" };
            let because = format!("EKS has neither channel nor window; after standard support {then}");
            Ok(Upgrades::ByHand { because })
        }),
        placement: known.conclude("/cluster/arn", |_, cluster| {
            if cluster.outpost_config.is_some() {
                let what = "how many zones a control plane on an Outpost stands in is not told".to_owned();
                return Err(Gap::Unsupported { what });
            }
            Ok(Placement::Spread {
                because: "EKS runs every control plane in several zones \
                          (https://docs.aws.amazon.com/eks/latest/userguide/disaster-recovery-resiliency.html)"
                    .to_owned(),
            })
        }),
        blockers: blockers(region, known),
        extensions: extensions(region, known),
        experiments: known.conclude("/cluster/arn", |_, _| {
            Ok(Experiments::NotOffered { because: "EKS has no switch for alpha features".to_owned() })
        }),
        deletion_guard: known.conclude("/cluster/deletionProtection", |_, cluster| match cluster.deletion_protection {
            Some(true) => Ok(DeletionGuard::Set { because: "`deletionProtection` is on".to_owned() }),
            Some(false) => Ok(DeletionGuard::Missing { because: "`deletionProtection` is off".to_owned() }),
            // Regions that do not know the setting leave it out.
            None => Err(Gap::Unsupported { what: "the answer says nothing of `deletionProtection`".to_owned() }),
        }),
        tier: known.conclude("/cluster/controlPlaneScalingConfig", |_, cluster| {
            let tier = cluster.control_plane_scaling_config.as_ref().and_then(|config| config.tier.as_deref());
            let said = tier.map(|tier| format!(", tier `{tier}`")).unwrap_or_default();
            Ok(Tier::Guaranteed { because: format!("EKS has a service level for every control plane{said}") })
        }),
        audit: known.conclude("/cluster/logging", |_, cluster| audit(cluster)),
        health: known.conclude("/cluster/health", |_, cluster| health(cluster)),
        register: known.conclude("/cluster/tags", |_, cluster| Ok(Register::of(&cluster.tags))),
    }
}

/// Whether the cluster goes on with extended support. It does unless somebody says otherwise (EKS API, `upgradePolicy`).
fn is_extended(cluster: &Cluster) -> bool {
    let kind = cluster.upgrade_policy.as_ref().and_then(|policy| policy.support_type.as_deref());
    kind != Some("STANDARD")
}

/// Where people come from. The config map is not readable through AWS.
fn sign_in(known: &Known<'_>) -> Observed<SignIn> {
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        let mode = cluster.access_config.as_ref().and_then(|access| access.authentication_mode.as_deref());
        if !has_access_entries(cluster) {
            let because = format!("`authenticationMode` is {}", mode.unwrap_or("not set, which means CONFIG_MAP"));
            return Ok(SignIn::Apart { because });
        }
        let principals = trail.read(&known.principals)?;
        let individuals: Vec<String> =
            principals.iter().filter(|principal| principal.contains(":user/")).cloned().collect();
        if individuals.is_empty() && mode != Some("API") {
            let what = "the config map `aws-auth` decides too who gets in, and AWS does not return it".to_owned();
            return Err(Gap::Unsettled { what });
        }
        Ok(SignIn::Central { because: "roles of IAM get in by access entries".to_owned(), individuals })
    })
}

/// Whom access entries make administrators.
fn administrators(region: &Region<'_>, account: &Account<'_>, known: &Known<'_>) -> Observed<Vec<Administrator>> {
    conclude(|trail| {
        if !has_access_entries(trail.read(&known.described)?) {
            let what =
                "whoever made the cluster is its administrator, and without access entries nothing shows who that was";
            return Err(Gap::Unsettled { what: what.to_owned() });
        }
        let mut found = Vec::new();
        for principal in trail.read(&known.principals)? {
            let params = [("cluster", known.name), ("principal", principal.as_str())];
            let policies = region.snapshot.list(
                &calls::LIST_ASSOCIATED_ACCESS_POLICIES,
                region.scope,
                &params,
                |page: ListAssociatedAccessPolicies| page.associated_access_policies,
            );
            let mut by = BTreeSet::new();
            for policy in trail.read(&policies)? {
                let Some(arn) = policy.policy_arn.as_deref() else {
                    return Err(Gap::Unsettled { what: format!("an access policy of {principal} has no name") });
                };
                let whole = policy.access_scope.as_ref().is_none_or(|scope| scope.kind.as_deref() != Some("namespace"));
                let name = arn.rsplit('/').next().unwrap_or(arn);
                if whole && ADMINISTRATOR_POLICIES.contains(&name) {
                    by.insert(format!("access entry with {name}"));
                }
            }
            if !by.is_empty() {
                let (kind, certainty) = (kind_of(account, principal), Certainty::Certain);
                let (principal, by) = (principal.clone(), by.into_iter().collect());
                found.push(Administrator { principal, kind, by, certainty });
            }
        }
        Ok(found)
    })
}

fn authority(region: &Region<'_>, known: &Known<'_>) -> Observed<ClusterCa> {
    known.conclude("/cluster/certificateAuthority", |_, cluster| {
        let malformed = |why: String| Gap::Malformed {
            call: calls::DESCRIBE_CLUSTER.name.to_owned(),
            scope: region.scope.to_owned(),
            pointer: "/cluster/certificateAuthority/data".to_owned(),
            why,
        };
        let data = cluster.certificate_authority.as_ref().and_then(|authority| authority.data.as_deref());
        let data = data.ok_or_else(|| malformed("there is no certificate".to_owned()))?;
        let not_after = certificate_end(data).map_err(|error| malformed(error.to_string()))?;
        Ok(ClusterCa::Known { not_after, because: "the cluster's certificate authority".to_owned() })
    })
}

/// What EKS says of the version. Dates are those of the list of versions.
fn support(region: &Region<'_>, known: &Known<'_>) -> Observed<Support> {
    let versions =
        region.snapshot.list(&calls::DESCRIBE_CLUSTER_VERSIONS, region.scope, &[], |page: DescribeClusterVersions| {
            page.cluster_versions
        });
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        trail.rest_on(&known.evidence("/cluster/version"));
        let version = cluster.version.as_deref().unwrap_or_default();
        let is_it = |one: &&ClusterVersion| one.cluster_version.as_deref() == Some(version);
        let unsettled = |what: String| Gap::Unsettled { what };
        let listed = trail.read(&versions)?.iter().find(is_it);
        let listed = listed.ok_or_else(|| unsettled(format!("the list of versions does not hold {version}")))?;
        let phase = match listed.version_status.as_deref() {
            Some("STANDARD_SUPPORT") => Phase::Standard,
            Some("EXTENDED_SUPPORT") => Phase::Extended,
            Some("UNSUPPORTED") => Phase::Ended,
            other => {
                let status = other.unwrap_or_default();
                return Err(unsettled(format!("EKS calls {version} `{status}`, which this version does not know")));
            }
        };
        Ok(Support {
            phase,
            standard_until: listed.end_of_standard_support_date,
            extended_until: listed.end_of_extended_support_date.filter(|_| is_extended(cluster)),
            because: format!("version {version}"),
        })
    })
}

/// What upgrade insights say. Without any, EKS has not looked yet.
fn blockers(region: &Region<'_>, known: &Known<'_>) -> Observed<Vec<Blocker>> {
    let insights =
        region
            .snapshot
            .list(&calls::LIST_INSIGHTS, region.scope, &[("cluster", known.name)], |page: ListInsights| page.insights);
    conclude(|trail| {
        known.described.get()?;
        let insights = trail.read(&insights)?;
        let (mut found, mut open) =
            (BTreeSet::new(), insights.is_empty().then_some("EKS has no insight yet".to_owned()));
        for insight in insights.iter().filter(|one| one.category.as_deref() != Some("MISCONFIGURATION")) {
            let what = insight.name.clone().unwrap_or_else(|| "an insight without a name".to_owned());
            match insight.insight_status.as_ref().and_then(|status| status.status.as_deref()) {
                Some("PASSING") => (),
                Some("WARNING") => drop(found.insert(Blocker { what, certain: false })),
                Some("ERROR") => drop(found.insert(Blocker { what, certain: true })),
                _ => open = open.or_else(|| Some(format!("EKS does not know the state of `{what}`"))),
            }
        }
        match open {
            Some(what) if found.is_empty() => Err(Gap::Unsettled { what }),
            _ => Ok(found.into_iter().collect()),
        }
    })
}

/// The add-ons that EKS installed. A proof of badness stands where another could not be read.
fn extensions(region: &Region<'_>, known: &Known<'_>) -> Observed<Extensions> {
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        let version = cluster.version.as_deref().unwrap_or_default();
        let mut offered: BTreeMap<&str, Observed<BTreeSet<String>>> = BTreeMap::new();
        let mut listed = Vec::new();
        let addons = all_described(trail, &known.addons)?;
        for (name, _) in &addons {
            offered.insert(name, offers(region, name, version));
        }
        for (name, addon) in addons {
            let offered = offered.get(name).map_or_else(|| Ok(None), |one| trail.read(one).map(Some))?;
            let flaw = ailing(addon).or_else(|| {
                let installed = addon.addon_version.as_deref()?;
                let why = || format!("EKS does not support this version with {version}");
                let is_offered = offered.is_some_and(|versions| versions.contains(installed));
                (!is_offered).then(|| ExtensionFlaw::Unsupported(why()))
            });
            if flaw.is_none() && addon.addon_version.is_none() {
                return Err(Gap::Unsettled { what: format!("the version of add-on {name} is not in the answer") });
            }
            listed.push(Extension { name: name.to_owned(), version: addon.addon_version.clone(), flaw });
        }
        Ok(Extensions { kept_by_provider: None, listed })
    })
}

/// The versions of an add-on that go with a version of Kubernetes.
fn offers(region: &Region<'_>, name: &str, version: &str) -> Observed<BTreeSet<String>> {
    let params = [("addon", name), ("version", version)];
    let listed =
        region
            .snapshot
            .list(&calls::DESCRIBE_ADDON_VERSIONS, region.scope, &params, |page: DescribeAddonVersions| page.addons);
    listed.map(|addons| {
        let versions = addons.into_iter().filter(|addon| addon.addon_name.as_deref() == Some(name));
        let goes = versions.flat_map(|addon| addon.addon_versions).filter(|one| {
            one.compatibilities.is_empty()
                || one.compatibilities.iter().any(|with| with.cluster_version.as_deref() == Some(version))
        });
        goes.filter_map(|one| one.addon_version).collect()
    })
}

fn ailing(addon: &Addon) -> Option<ExtensionFlaw> {
    let status = addon.status.as_deref().unwrap_or_default();
    let issues = addon.health.iter().flat_map(|health| &health.issues).map(said).collect::<Vec<_>>();
    let is_broken = status == "DEGRADED" || status.ends_with("_FAILED");
    (is_broken || !issues.is_empty()).then(|| {
        let issues = if issues.is_empty() { String::new() } else { format!(": {}", issues.join(", ")) };
        ExtensionFlaw::Ailing(format!("it is `{status}`{issues}"))
    })
}

/// What EKS complains of, in a word: the messages name machines, which come and go.
pub(super) fn said(issue: &Issue) -> String {
    issue.code.clone().unwrap_or_else(|| "something without a code".to_owned())
}

/// Whether the audit log is kept. The answer holds one entry for what is on and one for what is off, in any order.
fn audit(cluster: &Cluster) -> Result<AuditLog, Gap> {
    let Some(logging) = &cluster.logging else {
        return Err(Gap::Unsettled { what: "which logs are kept is not in the answer".to_owned() });
    };
    let on: BTreeSet<&str> = logging
        .cluster_logging
        .iter()
        .filter(|entry| entry.enabled == Some(true))
        .flat_map(|entry| entry.types.iter().map(String::as_str))
        .collect();
    if !on.contains("audit") {
        return Ok(AuditLog::Off {
            because: "`audit` is not among the logs of the control plane that are kept".to_owned(),
        });
    }
    let without = LOGS.iter().filter(|log| !on.contains(**log)).map(|log| (*log).to_owned()).collect();
    Ok(AuditLog::On { because: "the audit log of the control plane goes to CloudWatch".to_owned(), without })
}

fn health(cluster: &Cluster) -> Result<Health, Gap> {
    let Some(status) = cluster.status.clone() else {
        return Err(Gap::Unsettled { what: "the state of the cluster is not in the answer".to_owned() });
    };
    let condition = match status.as_str() {
        "ACTIVE" => Condition::Working,
        "FAILED" => Condition::Failed,
        _ => Condition::Changing,
    };
    let issues = cluster.health.iter().flat_map(|health| &health.issues).map(said).collect();
    Ok(Health { status, condition, issues })
}
