//! A cluster, its node groups, and everything else that is listed under it.

use super::{
    ask::{Paging, Wire, sending},
    boxed,
    region::{Found, Place},
};
use crate::{
    calls,
    record::eks::{
        Cluster, DescribeAddon, DescribeCapability, DescribeCluster, DescribeFargateProfile, DescribeNodegroup,
        DescribePodIdentityAssociation, ListAccessEntries, ListAddons, ListCapabilities, ListFargateProfiles,
        ListNodegroups, ListPodIdentityAssociations, Nodegroup,
    },
};
use aws_sdk_eks::types::{Category, InsightsFilter};
use futures::future::join_all;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeSet;

/// A described cluster under its name.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) cluster: Cluster,
}

macro_rules! one {
    ($place:expr, $call:ident, $params:expr, $kind:ty, $operation:expr) => {{
        let params = $params;
        let question = $place.question(&calls::$call, &params, Wire::Json, None);
        let pages = $place.context.ask::<$kind>(&$place.host("eks"), &question, sending!(|_| $operation)).await;
        pages.into_iter().flatten().next()
    }};
}

macro_rules! listed {
    ($place:expr, $call:ident, $params:expr, $kind:ty, $operation:expr) => {{
        let params = $params;
        let question = $place.question(&calls::$call, &params, Wire::Json, Some(Paging::NEXT_TOKEN));
        let send = sending!(|token| $operation.set_next_token(token));
        let pages = $place.context.ask::<$kind>(&$place.host("eks"), &question, send).await;
        pages.into_iter().flatten()
    }};
}

/// Describes a cluster.
pub(super) async fn describe(place: &Place<'_>, name: &str) -> Option<Described> {
    let eks = &place.eks;
    let answer =
        one!(place, DESCRIBE_CLUSTER, [("cluster", name)], DescribeCluster, eks.describe_cluster().name(name))?;
    Some(Described { name: name.to_owned(), cluster: answer.cluster })
}

/// Which versions are supported, and until when.
pub(super) async fn versions(place: &Place<'_>) {
    let eks = &place.eks;
    let question = place.question(&calls::DESCRIBE_CLUSTER_VERSIONS, &[], Wire::Json, Some(Paging::NEXT_TOKEN));
    let send = sending!(|token| eks.describe_cluster_versions().include_all(true).set_next_token(token));
    place.context.ask::<IgnoredAny>(&place.host("eks"), &question, send).await;
}

/// What EKS has found in the way of the next upgrade of a cluster.
pub(super) async fn insights(place: &Place<'_>, cluster: &str) {
    let eks = &place.eks;
    let filter = InsightsFilter::builder().categories(Category::UpgradeReadiness).build();
    let operation = eks.list_insights().cluster_name(cluster).filter(filter);
    let pages = listed!(place, LIST_INSIGHTS, [("cluster", cluster)], IgnoredAny, operation.clone());
    drop(pages);
}

/// Which versions of the clusters' add-ons go with the clusters' versions: each question once.
pub(super) async fn offers(place: &Place<'_>, wanted: &BTreeSet<(String, String)>) {
    let eks = &place.eks;
    join_all(wanted.iter().map(|(addon, version)| {
        boxed(async move {
            let params = [("addon", addon.as_str()), ("version", version.as_str())];
            let operation = eks.describe_addon_versions().addon_name(addon).kubernetes_version(version);
            drop(listed!(place, DESCRIBE_ADDON_VERSIONS, params, IgnoredAny, operation.clone()));
        })
    }))
    .await;
}

/// What other strands need of a cluster.
pub(super) fn of_cluster(described: &Described) -> Found {
    let cluster = &described.cluster;
    let mut found = Found::default();
    found.versions.extend(cluster.version.clone().map(|version| (described.name.clone(), version)));
    found.roles.extend(cluster.role_arn.clone());
    found.roles.extend(cluster.compute_config.as_ref().and_then(|compute| compute.node_role_arn.clone()));
    let issuer = cluster.identity.as_ref().and_then(|identity| identity.oidc.as_ref()?.issuer.as_deref());
    found.issuers.extend(issuer.map(|issuer| issuer.trim_start_matches("https://").to_owned()));
    found
}

/// The node groups of a cluster.
pub(super) async fn node_groups(place: &Place<'_>, cluster: &str) -> Vec<Nodegroup> {
    let eks = &place.eks;
    let pages = listed!(
        place,
        LIST_NODEGROUPS,
        [("cluster", cluster)],
        ListNodegroups,
        eks.list_nodegroups().cluster_name(cluster)
    );
    let names: Vec<String> = pages.flat_map(|page| page.nodegroups).collect();
    let described = join_all(names.iter().map(|name| {
        boxed(async move {
            let params = [("cluster", cluster), ("nodegroup", name.as_str())];
            let operation = eks.describe_nodegroup().cluster_name(cluster).nodegroup_name(name);
            one!(place, DESCRIBE_NODEGROUP, params, DescribeNodegroup, operation.clone())
        })
    }));
    described.await.into_iter().flatten().map(|answer| answer.nodegroup).collect()
}

/// What other strands need of a node group.
pub(super) fn of_group(group: Nodegroup) -> Found {
    Found { roles: group.node_role.into_iter().collect(), ..Found::default() }
}

/// Fargate profiles, add-ons, pod identities and capabilities of a cluster.
pub(super) async fn members(place: &Place<'_>, cluster: &str) -> Found {
    let (fargate, addons, pods, capabilities) = futures::join!(
        boxed(fargate_profiles(place, cluster)),
        boxed(addons(place, cluster)),
        boxed(pod_identities(place, cluster)),
        boxed(capabilities(place, cluster)),
    );
    let (addons, of_addons): (Vec<String>, Vec<Option<String>>) = addons.into_iter().unzip();
    let roles = fargate.into_iter().chain(of_addons).chain(pods).chain(capabilities);
    let addons = addons.into_iter().map(|addon| (cluster.to_owned(), addon)).collect();
    Found { roles: roles.flatten().collect(), addons, ..Found::default() }
}

async fn fargate_profiles(place: &Place<'_>, cluster: &str) -> Vec<Option<String>> {
    let eks = &place.eks;
    let operation = eks.list_fargate_profiles().cluster_name(cluster);
    let pages = listed!(place, LIST_FARGATE_PROFILES, [("cluster", cluster)], ListFargateProfiles, operation.clone());
    let names: Vec<String> = pages.flat_map(|page| page.fargate_profile_names).collect();
    join_all(names.iter().map(|name| async move {
        let params = [("cluster", cluster), ("profile", name.as_str())];
        let operation = eks.describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name);
        let answer = one!(place, DESCRIBE_FARGATE_PROFILE, params, DescribeFargateProfile, operation.clone());
        answer?.fargate_profile.pod_execution_role_arn
    }))
    .await
}

/// The add-ons of a cluster, each with its role.
async fn addons(place: &Place<'_>, cluster: &str) -> Vec<(String, Option<String>)> {
    let eks = &place.eks;
    let operation = eks.list_addons().cluster_name(cluster);
    let pages = listed!(place, LIST_ADDONS, [("cluster", cluster)], ListAddons, operation.clone());
    let names: Vec<String> = pages.flat_map(|page| page.addons).collect();
    join_all(names.iter().map(|name| async move {
        let params = [("cluster", cluster), ("addon", name.as_str())];
        let operation = eks.describe_addon().cluster_name(cluster).addon_name(name);
        let answer = one!(place, DESCRIBE_ADDON, params, DescribeAddon, operation.clone());
        (name.clone(), answer.and_then(|answer| answer.addon.service_account_role_arn))
    }))
    .await
}

async fn pod_identities(place: &Place<'_>, cluster: &str) -> Vec<Option<String>> {
    let eks = &place.eks;
    let params = [("cluster", cluster)];
    let operation = eks.list_pod_identity_associations().cluster_name(cluster);
    let pages = listed!(place, LIST_POD_IDENTITY_ASSOCIATIONS, params, ListPodIdentityAssociations, operation.clone());
    let ids: Vec<String> = pages.flat_map(|page| page.associations).filter_map(|one| one.association_id).collect();
    join_all(ids.iter().map(|id| async move {
        let params = [("association", id.as_str()), ("cluster", cluster)];
        let operation = eks.describe_pod_identity_association().cluster_name(cluster).association_id(id);
        let answer =
            one!(place, DESCRIBE_POD_IDENTITY_ASSOCIATION, params, DescribePodIdentityAssociation, operation.clone());
        answer?.association.role_arn
    }))
    .await
}

async fn capabilities(place: &Place<'_>, cluster: &str) -> Vec<Option<String>> {
    let eks = &place.eks;
    let operation = eks.list_capabilities().cluster_name(cluster);
    let pages = listed!(place, LIST_CAPABILITIES, [("cluster", cluster)], ListCapabilities, operation.clone());
    let names: Vec<String> = pages.flat_map(|page| page.capabilities).filter_map(|one| one.capability_name).collect();
    join_all(names.iter().map(|name| async move {
        let params = [("capability", name.as_str()), ("cluster", cluster)];
        let operation = eks.describe_capability().cluster_name(cluster).capability_name(name);
        let answer = one!(place, DESCRIBE_CAPABILITY, params, DescribeCapability, operation.clone());
        answer?.capability.role_arn
    }))
    .await
}

/// The access entries of the clusters that can have any.
pub(super) async fn access_entries(place: &Place<'_>, clusters: &[Described]) -> Found {
    let found = join_all(
        clusters
            .iter()
            .filter(|described| has_access_entries(&described.cluster))
            .map(|described| boxed(async move { entries_of(place, &described.name).await })),
    );
    found.await.into_iter().fold(Found::default(), Found::and)
}

/// Clusters that only look at their config map refuse to list access entries: they have none.
fn has_access_entries(cluster: &Cluster) -> bool {
    let mode = cluster.access_config.as_ref().and_then(|access| access.authentication_mode.as_deref());
    mode.is_some_and(|mode| mode != "CONFIG_MAP")
}

async fn entries_of(place: &Place<'_>, cluster: &str) -> Found {
    let eks = &place.eks;
    let operation = eks.list_access_entries().cluster_name(cluster);
    let pages = listed!(place, LIST_ACCESS_ENTRIES, [("cluster", cluster)], ListAccessEntries, operation.clone());
    let principals: Vec<String> = pages.flat_map(|page| page.access_entries).collect();
    let kinds = join_all(principals.iter().map(|principal| {
        boxed(async move {
            let params = [("cluster", cluster), ("principal", principal.as_str())];
            let entry = async {
                let operation = eks.describe_access_entry().cluster_name(cluster).principal_arn(principal);
                one!(place, DESCRIBE_ACCESS_ENTRY, params, Value, operation.clone())
            };
            let policies = async {
                let operation = eks.list_associated_access_policies().cluster_name(cluster).principal_arn(principal);
                listed!(place, LIST_ASSOCIATED_ACCESS_POLICIES, params, Value, operation.clone()).count()
            };
            let (entry, _) = futures::join!(entry, policies);
            let kind = entry.and_then(|entry| Some(entry.pointer("/accessEntry/type")?.as_str()?.to_owned()));
            kind.is_some_and(|kind| kind != "STANDARD")
        })
    }))
    .await;
    let mut found = Found::default();
    for (principal, for_nodes) in principals.into_iter().zip(kinds) {
        let user = principal.split_once(":user/").map(|(_, path)| path.rsplit('/').next().unwrap_or(path).to_owned());
        found.users.extend(user);
        if for_nodes {
            found.roles.insert(principal);
        }
    }
    found
}
