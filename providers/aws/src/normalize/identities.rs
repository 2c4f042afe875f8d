//! The cloud identities of a cluster: control plane, nodes, controllers, workloads.

use super::{
    cluster::{Known, all_described, has_access_entries},
    iam::{
        directory::{Directory, account_of, short},
        standing::Need,
        trust,
    },
    region::Region,
    trail::Trail,
};
use crate::{
    calls,
    record::eks::{Association, DescribeAccessEntry},
};
use palisade_model::{Gap, IdentityKind, Observed, TrustSubject};
use std::collections::{BTreeMap, BTreeSet};

/// One identity as a cluster uses it.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) kind: IdentityKind,
    pub(super) used_by: BTreeSet<String>,
    pub(super) need: Need,
}

/// Everything a cluster uses, by ARN.
pub(super) type Uses = BTreeMap<String, Use>;

/// Add-ons that call AWS, each with the service account of its part that calls. Without a role of their own they use
/// the node's (EKS user guide, add-ons).
const CALLING_ADDONS: &[(&str, &str)] = &[
    ("vpc-cni", "aws-node"),
    ("aws-ebs-csi-driver", "ebs-csi-controller-sa"),
    ("aws-efs-csi-driver", "efs-csi-controller-sa"),
    ("aws-fsx-csi-driver", "fsx-csi-controller-sa"),
    ("aws-mountpoint-s3-csi-driver", "s3-csi-driver-sa"),
    ("amazon-cloudwatch-observability", "cloudwatch-agent"),
    ("adot", "opentelemetry-operator"),
    ("aws-network-flow-monitoring-agent", "aws-network-flow-monitor-agent-service-account"),
    ("external-dns", "external-dns"),
    ("cert-manager", "cert-manager"),
];

/// Service accounts by which controllers that people install are known.
const KNOWN_CONTROLLERS: &[&str] = &[
    "aws-load-balancer-controller",
    "cluster-autoscaler",
    "external-dns",
    "karpenter",
    "cert-manager",
    "external-secrets",
    "ebs-csi-controller-sa",
    "efs-csi-controller-sa",
    "aws-node",
    "cloudwatch-agent",
    "aws-gateway-controller",
    "ack-controller",
    "crossplane",
    "velero",
    "argocd-application-controller",
];

/// The service account under which an add-on calls AWS, if it calls at all.
pub(super) fn service_account_of(addon: &str) -> Option<&'static str> {
    CALLING_ADDONS.iter().find(|(name, _)| *name == addon).map(|(_, account)| *account)
}

impl Use {
    /// Whether several things use it. An add-on and its own service account are one.
    pub(super) fn is_shared(&self) -> bool {
        let count = |start: &str| self.used_by.iter().filter(|by| by.starts_with(start)).count();
        let (addons, accounts) = (count("add-on "), count("service account "));
        let pair = usize::from(addons == 1 && accounts == 1);
        self.used_by.len() - pair > 1
    }
}

/// Whether a service account is that of a known controller.
pub(super) fn is_controller(service_account: &str) -> bool {
    KNOWN_CONTROLLERS.contains(&service_account)
}

/// The issuer of a cluster's tokens, without the scheme.
pub(super) fn issuer(known: &Known<'_>) -> Option<String> {
    let issuer = known.described.get().ok()?.identity.as_ref()?.oidc.as_ref()?.issuer.as_deref()?;
    Some(issuer.trim_start_matches("https://").to_owned())
}

/// The issuer where service accounts that may become a role are looked for: EKS gives every cluster one, so a cluster
/// without was described before it had one, or not wholly.
pub(super) fn issuer_of(known: &Known<'_>) -> Result<String, Gap> {
    issuer(known)
        .ok_or_else(|| Gap::Unsettled { what: format!("the issuer of {}'s tokens is not in the answer", known.name) })
}

/// Finds every identity a cluster uses. Any list that is missing could hold one, so it is missing too.
pub(super) fn uses(
    region: &Region<'_>,
    known: &Known<'_>,
    directory: &Observed<&Directory>,
    trail: &mut Trail,
) -> Result<Uses, Gap> {
    let cluster = trail.read(&known.described)?;
    let directory = *trail.read(directory)?;
    if cluster.connector_config.is_some() {
        return Err(Gap::Unsupported { what: "AWS does not know the identities of a connected cluster".to_owned() });
    }
    let mut uses = Uses::new();
    let auto_mode = cluster.compute_config.as_ref().filter(|compute| compute.enabled == Some(true));
    let role = stated(cluster.role_arn.as_deref(), "the cluster")?;
    let need = Need::control_plane(auto_mode.is_some());
    add(&mut uses, role, IdentityKind::ControlPlane, "the control plane", &need);
    let addons = all_described(trail, &known.addons)?;
    let associations = all_described(trail, &known.associations)?;
    let plugin_has_role = addons.iter().any(|(name, addon)| {
        *name == "vpc-cni" && (addon.service_account_role_arn.is_some() || !addon.pod_identity_associations.is_empty())
    }) || has_own_role(known, directory, &associations, "aws-node")?;
    let node = Need::node(!plugin_has_role && auto_mode.is_none());
    if let Some(compute) = auto_mode.filter(|one| one.node_role_arn.is_some() || !one.node_pools.is_empty()) {
        // Without built-in pools there is no such role: node classes inside the cluster name their own.
        let role = stated(compute.node_role_arn.as_deref(), "Auto Mode")?;
        add(&mut uses, role, IdentityKind::Node, "nodes of Auto Mode", &node);
    }
    for (name, group) in all_described(trail, &known.node_groups)? {
        let role = stated(group.node_role.as_deref(), &format!("node group {name}"))?;
        add(&mut uses, role, IdentityKind::Node, &format!("node group {name}"), &node);
    }
    let instances = trail.read(&region.instances)?;
    for instance in region.instances_of(known.name, instances) {
        let Some(profile) = &instance.iam_instance_profile else { continue };
        // A profile that no role lists has no role, or one that came after the roles were listed.
        let unlisted = || Gap::Unsettled {
            what: format!(
                "no role of the account lists the instance profile {} of {}",
                profile.arn.as_deref().unwrap_or("without a name"),
                instance.instance_id.as_deref().unwrap_or("a machine")
            ),
        };
        let role = profile.arn.as_deref().and_then(|profile| trust::role_of_profile(directory, profile));
        add(&mut uses, role.ok_or_else(unlisted)?, IdentityKind::Node, "machines of the cluster", &node);
    }
    for (name, profile) in all_described(trail, &known.fargate)? {
        let by = format!("Fargate profile {name}");
        let role = stated(profile.pod_execution_role_arn.as_deref(), &by)?;
        add(&mut uses, role, IdentityKind::Node, &by, &Need::fargate());
    }
    entries(region, known, trail, &node, &mut uses)?;
    for (name, addon) in &addons {
        if let Some(role) = &addon.service_account_role_arn {
            add(&mut uses, role, IdentityKind::Controller, &format!("add-on {name}"), &Need::addon(name));
        }
    }
    for (name, capability) in trail.read(&known.capabilities)? {
        let by = format!("capability {name}");
        let role = stated(capability.role_arn.as_deref(), &by)?;
        add(&mut uses, role, IdentityKind::Controller, &by, &Need::default());
    }
    for (id, association) in &associations {
        let role = stated(association.role_arn.as_deref(), &format!("pod identity association {id}"))?;
        let account = association.service_account.as_deref().unwrap_or("?");
        let by = format!("service account {}/{account}", association.namespace.as_deref().unwrap_or("?"));
        let addon = addons.iter().find(|(_, addon)| {
            association.association_arn.as_ref().is_some_and(|arn| addon.pod_identity_associations.contains(arn))
        });
        let (kind, need) = match addon {
            Some((name, _)) => (IdentityKind::Controller, Need::addon(name)),
            None => (kind_of(account), Need::default()),
        };
        add(&mut uses, role, kind, &by, &need);
    }
    for (role, statements) in directory.federated(&issuer_of(known)?)? {
        for statement in statements {
            let (kind, by) = match &statement.subject {
                TrustSubject::Exact { namespace, service_account } => {
                    (kind_of(service_account), format!("service account {namespace}/{service_account}"))
                }
                TrustSubject::Nobody { .. } => (IdentityKind::Workload, "nobody".to_owned()),
                _ => (IdentityKind::Workload, "service accounts by a pattern".to_owned()),
            };
            add(&mut uses, role, kind, &by, &Need::default());
        }
    }
    Ok(uses)
}

/// Whether a service account, in whatever namespace, has a role of its own.
fn has_own_role(
    known: &Known<'_>,
    directory: &Directory,
    associations: &[(&str, &Association)],
    service_account: &str,
) -> Result<bool, Gap> {
    let associated = associations.iter().any(|(_, one)| one.service_account.as_deref() == Some(service_account));
    let issuer = issuer_of(known)?;
    let names = |subject: &TrustSubject| matches!(subject, TrustSubject::Exact { service_account: one, .. } if one == service_account);
    Ok(associated || directory.federated(&issuer)?.iter().flat_map(|(_, all)| all).any(|one| names(&one.subject)))
}

/// The role somebody works under. What has one and does not say which may have any.
fn stated<'a>(role: Option<&'a str>, whose: &str) -> Result<&'a str, Gap> {
    role.ok_or_else(|| Gap::Unsettled { what: format!("the role of {whose} is not in the answer") })
}

fn kind_of(service_account: &str) -> IdentityKind {
    if is_controller(service_account) { IdentityKind::Controller } else { IdentityKind::Workload }
}

/// Access entries name node roles that no list of node groups holds, and users with keys of their own.
fn entries(region: &Region<'_>, known: &Known<'_>, trail: &mut Trail, node: &Need, uses: &mut Uses) -> Result<(), Gap> {
    let principals = trail.read(&known.principals)?;
    if !has_access_entries(known.described.get()?) {
        return Ok(());
    }
    for principal in principals {
        let params = [("cluster", known.name), ("principal", principal.as_str())];
        let entry = region.snapshot.one::<DescribeAccessEntry>(&calls::DESCRIBE_ACCESS_ENTRY, region.scope, &params);
        let kind = trail.read(&entry)?.access_entry.kind.as_deref();
        match kind {
            Some("EC2_LINUX" | "EC2_WINDOWS" | "EC2" | "HYBRID_LINUX" | "HYPERPOD_LINUX") => {
                add(uses, principal, IdentityKind::Node, "an access entry for nodes", node);
            }
            Some("FARGATE_LINUX") => {
                add(uses, principal, IdentityKind::Node, "an access entry for Fargate", &Need::fargate());
            }
            Some("STANDARD") if principal.contains(":user/") && account_of(principal) == Some(region.account) => {
                add(uses, principal, IdentityKind::Controller, "an access entry", &Need::default());
            }
            Some("STANDARD") => (),
            // One of the future may be for nodes.
            other => {
                let what = format!("the access entry of {principal} is of a kind that is not known: {other:?}");
                return Err(Gap::Unsettled { what });
            }
        }
    }
    Ok(())
}

/// Adds a use. An identity of two kinds keeps the first: a node that a workload shares is still the node's.
fn add(uses: &mut Uses, arn: &str, kind: IdentityKind, by: &str, need: &Need) {
    // IAM's session ARNs name no path; the role is the same.
    let arn = arn.trim();
    let found =
        uses.entry(arn.to_owned()).or_insert_with(|| Use { kind, used_by: BTreeSet::new(), need: Need::default() });
    found.used_by.insert(by.to_owned());
    found.need = found.need.clone().and(need);
}

/// How people call an identity.
pub(super) fn name(arn: &str) -> String {
    short(arn).to_owned()
}
