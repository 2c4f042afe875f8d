//! A cluster as its own answers describe it.

use super::{
    endpoint,
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::eks::{
        Addon, Association, Capability, Cluster, DescribeAddon, DescribeCluster, DescribeFargateProfile,
        DescribeNodegroup, DescribePodIdentityAssociation, FargateProfile, ListAccessEntries, ListAddons,
        ListFargateProfiles, ListNodegroups, ListPodIdentityAssociations, Nodegroup,
    },
};
use palisade_model::{Evidence, Gap, Observed};
use palisade_provider::{Call, Record};
use serde::de::DeserializeOwned;

/// What was read of one cluster, each list with its described members.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) name: &'a str,
    pub(super) described: Observed<Cluster>,
    record: Option<&'a Record>,
    /// Node groups by name; one that could not be described is there without its description.
    pub(super) node_groups: Observed<Vec<(String, Observed<Nodegroup>)>>,
    pub(super) fargate: Observed<Vec<(String, Observed<FargateProfile>)>>,
    pub(super) addons: Observed<Vec<(String, Observed<Addon>)>>,
    pub(super) associations: Observed<Vec<(String, Observed<Association>)>>,
    pub(super) capabilities: Observed<Vec<(String, Capability)>>,
    /// The principals with an access entry.
    pub(super) principals: Observed<Vec<String>>,
}

impl<'a> Known<'a> {
    pub(super) fn read(region: &Region<'a>, name: &'a str) -> Self {
        let snapshot = region.snapshot;
        let params = [("cluster", name)];
        let record = snapshot.find(&calls::DESCRIBE_CLUSTER, region.scope, &params).first().copied();
        let described = snapshot
            .one::<DescribeCluster>(&calls::DESCRIBE_CLUSTER, region.scope, &params)
            .map(|answer| answer.cluster);
        let list = Lists { region, cluster: name };
        Self {
            node_groups: list.described(
                &calls::LIST_NODEGROUPS,
                |page: ListNodegroups| page.nodegroups,
                (&calls::DESCRIBE_NODEGROUP, "nodegroup"),
                |answer: DescribeNodegroup| answer.nodegroup,
            ),
            fargate: list.described(
                &calls::LIST_FARGATE_PROFILES,
                |page: ListFargateProfiles| page.fargate_profile_names,
                (&calls::DESCRIBE_FARGATE_PROFILE, "profile"),
                |answer: DescribeFargateProfile| answer.fargate_profile,
            ),
            addons: list.described(
                &calls::LIST_ADDONS,
                |page: ListAddons| page.addons,
                (&calls::DESCRIBE_ADDON, "addon"),
                |answer: DescribeAddon| answer.addon,
            ),
            associations: list.described(
                &calls::LIST_POD_IDENTITY_ASSOCIATIONS,
                // One without an id cannot be asked about: its description is missing.
                |page: ListPodIdentityAssociations| {
                    page.associations.into_iter().map(|one| one.association_id.unwrap_or_default()).collect()
                },
                (&calls::DESCRIBE_POD_IDENTITY_ASSOCIATION, "association"),
                |answer: DescribePodIdentityAssociation| answer.association,
            ),
            capabilities: endpoint::capabilities(region, name),
            principals: principals(region, name, &described),
            name,
            described,
            record,
        }
    }

    /// Evidence for a place in the cluster's description.
    pub(super) fn evidence(&self, pointer: &str) -> Vec<Evidence> {
        self.record.and_then(|record| record.evidence(pointer)).into_iter().collect()
    }

    /// A conclusion from the description, and whatever else is read on the way.
    pub(super) fn conclude<T>(
        &self,
        pointer: &str,
        draw: impl FnOnce(&mut Trail, &Cluster) -> Result<T, Gap>,
    ) -> Observed<T> {
        conclude(|trail| {
            let cluster = self.described.get()?;
            trail.rest_on(&self.evidence(pointer));
            draw(trail, cluster)
        })
    }
}

/// The modes in which a cluster knows access entries. Before 2023 no mode was said, and the config map decided alone.
pub(super) fn has_access_entries(cluster: &Cluster) -> bool {
    let mode = cluster.access_config.as_ref().and_then(|access| access.authentication_mode.as_deref());
    mode.is_some_and(|mode| mode != "CONFIG_MAP")
}

fn principals(region: &Region<'_>, cluster: &str, described: &Observed<Cluster>) -> Observed<Vec<String>> {
    conclude(|trail| {
        if !has_access_entries(trail.read(described)?) {
            return Ok(Vec::new());
        }
        let entries = region.snapshot.list(
            &calls::LIST_ACCESS_ENTRIES,
            region.scope,
            &[("cluster", cluster)],
            |page: ListAccessEntries| page.access_entries,
        );
        trail.read(&entries).cloned()
    })
}

struct Lists<'a, 'b> {
    region: &'b Region<'a>,
    cluster: &'a str,
}

impl Lists<'_, '_> {
    /// A list, and the description of each of its members.
    fn described<P: DeserializeOwned, A: DeserializeOwned, T>(
        &self,
        list: &Call,
        names: impl Fn(P) -> Vec<String>,
        (describe, label): (&Call, &str),
        of: impl Fn(A) -> T,
    ) -> Observed<Vec<(String, Observed<T>)>> {
        let (snapshot, scope) = (self.region.snapshot, self.region.scope);
        let names = snapshot.list(list, scope, &[("cluster", self.cluster)], names);
        names.map(|names| {
            names
                .into_iter()
                .map(|name| {
                    let params = [("cluster", self.cluster), (label, name.as_str())];
                    let answer = snapshot.one::<A>(describe, scope, &params).map(&of);
                    (name, answer)
                })
                .collect()
        })
    }
}

/// All members of a list with their descriptions, or the first gap.
pub(super) fn all_described<'a, T>(
    trail: &mut Trail,
    list: &'a Observed<Vec<(String, Observed<T>)>>,
) -> Result<Vec<(&'a str, &'a T)>, Gap> {
    let mut all = Vec::new();
    for (name, member) in trail.read(list)? {
        all.push((name.as_str(), trail.read(member)?));
    }
    Ok(all)
}
