//! What EKS says about a cluster.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keys::arn_of;
use super::nodes::{Names, remote_access_group};
use crate::aws::description::Region;
use crate::aws::description::cluster::{Access, AccessPolicy, Cluster, NodeGroup};
use crate::aws::kms::compact;
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::certificate::authority;

/// A cluster as EKS describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) describe: Value,
    /// Whether the authentication mode has access entries at all.
    pub(crate) has_access_entries: bool,
    pub(crate) node_groups: BTreeMap<String, Listed>,
    pub(crate) fargate: BTreeMap<String, Listed>,
    pub(crate) addons: BTreeMap<String, Listed>,
    pub(crate) access: BTreeMap<String, Listed>,
    pub(crate) access_policies: BTreeMap<String, Vec<Value>>,
    pub(crate) pod_identities: BTreeMap<String, Listed>,
    pub(crate) capabilities: BTreeMap<String, Listed>,
    /// What upgrade insights say, each as the list shows it.
    pub(crate) insights: Vec<Value>,
    /// The versions of add-ons that EKS offers with the cluster's, by add-on.
    pub(crate) offers: BTreeMap<String, Vec<String>>,
    pub(crate) version: String,
}

/// Something of a cluster: how its list shows it, and how its description does.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) summary: Value,
    pub(crate) describe: Value,
}

/// The logs that a control plane can keep.
const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

impl Facts {
    pub(super) fn expand(place: &Place, region: &Region, cluster: &Cluster) -> Self {
        let scribe = Scribe { place, region, cluster };
        let named = |name: &str, describe: Value| {
            (name.to_owned(), Listed { summary: json!(name), describe: compact(describe) })
        };
        let managed = cluster.node_groups.iter().filter(|group| group.kind == "managed");
        let entries = scribe.access_entries();
        Self {
            describe: compact(scribe.cluster()),
            has_access_entries: cluster.authentication != "CONFIG_MAP",
            node_groups: managed.map(|group| named(&group.name, scribe.node_group(group))).collect(),
            fargate: cluster.fargate.iter().map(|profile| named(&profile.name, scribe.fargate(profile))).collect(),
            addons: cluster.addons.iter().map(|addon| named(&addon.name, scribe.addon(addon))).collect(),
            access: entries.iter().map(|entry| named(&entry.principal, scribe.access(entry))).collect(),
            access_policies: entries
                .iter()
                .map(|entry| (entry.principal.clone(), scribe.policies(&entry.policies)))
                .collect(),
            pod_identities: scribe.pod_identities(),
            capabilities: scribe.capabilities(),
            insights: scribe.insights(),
            offers: scribe.offers(),
            version: cluster.version.clone(),
        }
    }
}

fn scaling(group: &NodeGroup) -> Value {
    let (least, most) = group.sizes.unwrap_or((1, group.count.max(1) * 2));
    json!({ "minSize": least, "maxSize": most, "desiredSize": group.count })
}

/// `KEY=VALUE:EFFECT`.
fn taint(text: &str) -> Value {
    let (rest, effect) = text.rsplit_once(':').unwrap_or((text, "NO_SCHEDULE"));
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    json!({ "key": key, "value": value, "effect": effect })
}

/// Writes the documents of one cluster.
struct Scribe<'world> {
    place: &'world Place,
    region: &'world Region,
    cluster: &'world Cluster,
}

impl Scribe<'_> {
    fn role(&self, name: &str) -> String {
        self.place.iam("role", name)
    }

    fn subnets(&self, names: &[String]) -> Vec<String> {
        let vpc = &self.cluster.vpc;
        if !names.is_empty() {
            return names.iter().map(|name| self.place.subnet(vpc, name)).collect();
        }
        let all = self.region.vpcs.iter().filter(|known| known.name == *vpc).flat_map(|known| &known.subnets);
        all.map(|subnet| self.place.subnet(vpc, &subnet.name)).collect()
    }

    fn arn(&self, kind: &str, name: &str) -> String {
        let uuid = self.place.uuid(kind, &[&self.cluster.name, name]);
        self.place.arn("eks", &format!("{kind}/{}/{name}/{uuid}", self.cluster.name))
    }

    fn cluster(&self) -> Value {
        let (place, cluster) = (self.place, self.cluster);
        let id = place.hex("cluster", &[&cluster.name], 32).to_uppercase();
        let kept: Vec<&str> = LOGS
            .into_iter()
            .filter(|log| cluster.logging.iter().any(|wanted| wanted == log || wanted == "all"))
            .collect();
        let left: Vec<&str> = LOGS.into_iter().filter(|log| !kept.contains(log)).collect();
        let logs = [(kept, true), (left, false)].into_iter().filter(|(types, _)| !types.is_empty());
        let logs: Vec<Value> = logs.map(|(types, enabled)| json!({ "types": types, "enabled": enabled })).collect();
        let groups: Vec<String> = cluster.security_groups.iter().map(|name| place.group(&cluster.vpc, name)).collect();
        let is_ipv6 = cluster.ip_family == "ipv6";
        let is_current = cluster.vintage >= 2023;
        let issue = |code: &String| json!({ "code": code, "message": "simulated", "resourceIds": [] });
        let issues: Vec<Value> = cluster.issues.iter().map(issue).collect();
        let compute = cluster.auto_mode.as_ref().map_or_else(
            || json!({ "enabled": false, "nodePools": [] }),
            |auto| json!({ "enabled": true, "nodePools": ["general-purpose", "system"], "nodeRoleArn": self.role(&auto.role) }),
        );
        json!({
            "name": cluster.name,
            "arn": place.arn("eks", &format!("cluster/{}", cluster.name)),
            "createdAt": cluster.created.epoch(),
            "version": cluster.version,
            "endpoint": format!("https://{id}.gr7.{}.eks.{}", place.region, place.domain()),
            "roleArn": self.role(&cluster.role),
            "resourcesVpcConfig": {
                "subnetIds": self.subnets(&cluster.subnets),
                "securityGroupIds": groups,
                "clusterSecurityGroupId": place.group("", &format!("eks/{}", cluster.name)),
                "vpcId": place.vpc(&cluster.vpc),
                "endpointPublicAccess": cluster.endpoint.public,
                "endpointPrivateAccess": cluster.endpoint.private,
                "publicAccessCidrs": cluster.endpoint.cidrs,
                "controlPlaneEgressMode": cluster.egress_mode,
            },
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": (!is_ipv6).then_some("172.20.0.0/16"),
                "serviceIpv6Cidr": is_ipv6.then_some("fd30:7c4e:a1b2::/108"),
                "ipFamily": cluster.ip_family,
                "elasticLoadBalancing": is_current.then(|| json!({ "enabled": cluster.auto_mode.is_some() })),
            },
            "logging": { "clusterLogging": logs },
            "identity": { "oidc": { "issuer": format!("https://{}", place.issuer(&cluster.name)) } },
            "status": cluster.status,
            "certificateAuthority": { "data": authority("kubernetes", cluster.authority_until.timestamp()) },
            "platformVersion": "eks.8",
            "tags": cluster.tags,
            "encryptionConfig": cluster.encryption.as_ref().map(|key| {
                json!([{ "resources": ["secrets"], "provider": { "keyArn": arn_of(place, key) } }])
            }),
            "health": is_current.then(|| json!({ "issues": issues })),
            "accessConfig": is_current.then(|| json!({
                "bootstrapClusterCreatorAdminPermissions": cluster.creator.is_some(),
                "authenticationMode": cluster.authentication,
            })),
            "upgradePolicy": is_current.then(|| json!({ "supportType": cluster.support })),
            "zonalShiftConfig": is_current.then(|| json!({ "enabled": false })),
            "computeConfig": is_current.then_some(compute),
            "storageConfig": is_current.then(|| json!({ "blockStorage": { "enabled": cluster.auto_mode.is_some() } })),
            "deletionProtection": is_current.then_some(cluster.deletion_protection),
            "controlPlaneScalingConfig": is_current.then(|| json!({ "tier": "standard" })),
        })
    }

    fn node_group(&self, group: &NodeGroup) -> Value {
        let (place, cluster) = (self.place, self.cluster);
        let names = Names::of(place, cluster, group);
        let version = group.version.as_ref().unwrap_or(&cluster.version);
        let made = group.remote_access.as_ref().filter(|_| group.security_groups.is_empty());
        let template = names
            .own_template
            .as_ref()
            .map(|name| json!({ "name": name, "version": "1", "id": place.id("lt", &[name]) }));
        json!({
            "nodegroupName": group.name,
            "nodegroupArn": self.arn("nodegroup", &group.name),
            "clusterName": cluster.name,
            "version": version,
            "releaseVersion": format!("{version}.2-{}", super::machinery::day(group)),
            "createdAt": cluster.created.epoch(),
            "modifiedAt": cluster.created.epoch(),
            "status": "ACTIVE",
            "capacityType": group.capacity,
            "scalingConfig": scaling(group),
            "instanceTypes": [group.instance_type],
            "subnets": self.subnets(&group.subnets),
            "remoteAccess": group.remote_access.as_ref().map(|access| {
                let sources: Vec<String> = access.security_groups.iter().map(|name| place.group(&cluster.vpc, name)).collect();
                json!({ "ec2SshKey": access.key, "sourceSecurityGroups": sources })
            }),
            "amiType": group.ami,
            "taints": (!group.taints.is_empty()).then(|| group.taints.iter().map(|taint| self::taint(taint)).collect::<Vec<_>>()),
            "nodeRole": self.role(&group.role),
            "labels": group.labels,
            "resources": {
                "autoScalingGroups": [{ "name": names.scaling_group }],
                "remoteAccessSecurityGroup": made.map(|_| remote_access_group(place, cluster, group)),
            },
            "diskSize": template.is_none().then_some(20),
            "health": { "issues": [] },
            "updateConfig": { "maxUnavailable": 1, "updateStrategy": group.update_strategy },
            "nodeRepairConfig": group.repair.then(|| json!({ "enabled": true })),
            "launchTemplate": template,
            "tags": group.tags,
        })
    }

    fn fargate(&self, profile: &crate::aws::description::cluster::Fargate) -> Value {
        let selectors: Vec<Value> =
            profile.namespaces.iter().map(|namespace| json!({ "namespace": namespace, "labels": {} })).collect();
        json!({
            "fargateProfileName": profile.name,
            "fargateProfileArn": self.arn("fargateprofile", &profile.name),
            "clusterName": self.cluster.name,
            "createdAt": self.cluster.created.epoch(),
            "podExecutionRoleArn": self.role(&profile.role),
            "subnets": self.subnets(&profile.subnets),
            "selectors": selectors,
            "status": "ACTIVE",
            "tags": {},
            "health": { "issues": [] },
        })
    }

    fn addon(&self, addon: &crate::aws::description::cluster::Addon) -> Value {
        json!({
            "addonName": addon.name,
            "clusterName": self.cluster.name,
            "status": addon.status,
            "addonVersion": addon.version,
            "health": { "issues": [] },
            "addonArn": self.arn("addon", &addon.name),
            "createdAt": self.cluster.created.epoch(),
            "modifiedAt": self.cluster.created.epoch(),
            "serviceAccountRoleArn": addon.role.as_ref().map(|role| self.role(role)),
            "tags": {},
            "configurationValues": addon.configuration,
            "publisher": "eks",
            "owner": "aws",
        })
    }

    /// The entries that the description gives, and those that EKS makes: for the creator and for the nodes' roles.
    fn access_entries(&self) -> Vec<Access> {
        let cluster = self.cluster;
        if cluster.authentication == "CONFIG_MAP" {
            return Vec::new();
        }
        let mut entries: BTreeMap<String, Access> = BTreeMap::new();
        let admin = AccessPolicy { name: "AmazonEKSClusterAdminPolicy".to_owned(), namespaces: Vec::new() };
        let managed = cluster.node_groups.iter().filter(|group| group.kind == "managed");
        let nodes = managed.map(|group| (&group.role, "EC2_LINUX", vec!["system:nodes".to_owned()], Vec::new()));
        let auto = cluster.auto_mode.iter().map(|auto| (&auto.role, "EC2", Vec::new(), Vec::new()));
        let creator = cluster.creator.iter().map(|creator| (creator, "STANDARD", Vec::new(), vec![admin.clone()]));
        for (role, kind, groups, policies) in nodes.chain(auto).chain(creator) {
            let principal = self.role(role);
            entries.insert(principal.clone(), Access { principal, kind: kind.to_owned(), groups, policies });
        }
        for entry in &cluster.access {
            let principal = self.role(&entry.principal);
            entries.insert(principal.clone(), Access { principal, ..entry.clone() });
        }
        entries.into_values().collect()
    }

    fn access(&self, entry: &Access) -> Value {
        let (account, name) =
            entry.principal.split_once("::").and_then(|(_, rest)| rest.split_once(':')).unwrap_or(("", ""));
        let user = match entry.kind.as_str() {
            "STANDARD" => match name.strip_prefix("role/") {
                Some(role) => {
                    format!("arn:{}:sts::{account}:assumed-role/{role}/{{{{SessionName}}}}", self.place.partition)
                }
                None => entry.principal.clone(),
            },
            _ => "system:node:{{EC2PrivateDNSName}}".to_owned(),
        };
        let uuid = self.place.uuid("access-entry", &[&self.cluster.name, &entry.principal]);
        let (kind, short) = name.split_once('/').unwrap_or(("role", name));
        let short = short.rsplit('/').next().unwrap_or(short);
        json!({
            "clusterName": self.cluster.name,
            "principalArn": entry.principal,
            "kubernetesGroups": entry.groups,
            "accessEntryArn": self.place.arn("eks", &format!("access-entry/{}/{kind}/{account}/{short}/{uuid}", self.cluster.name)),
            "createdAt": self.cluster.created.epoch(),
            "modifiedAt": self.cluster.created.epoch(),
            "tags": {},
            "username": user,
            "type": entry.kind,
        })
    }

    fn policies(&self, policies: &[AccessPolicy]) -> Vec<Value> {
        let at = Moment::long_ago().epoch();
        let policy = |policy: &AccessPolicy| {
            let kind = if policy.namespaces.is_empty() { "cluster" } else { "namespace" };
            json!({
                "policyArn": format!("arn:{}:eks::aws:cluster-access-policy/{}", self.place.partition, policy.name),
                "accessScope": { "type": kind, "namespaces": policy.namespaces },
                "associatedAt": at,
                "modifiedAt": at,
            })
        };
        policies.iter().map(policy).collect()
    }

    fn insights(&self) -> Vec<Value> {
        let at = Moment::STORY.epoch();
        let one = |insight: &crate::aws::description::cluster::Insight| {
            json!({
                "id": self.place.uuid("insight", &[&self.cluster.name, &insight.name]),
                "name": insight.name,
                "category": "UPGRADE_READINESS",
                "kubernetesVersion": self.cluster.version,
                "lastRefreshTime": at,
                "lastTransitionTime": at,
                "description": "simulated",
                "insightStatus": { "status": insight.status, "reason": "simulated" },
            })
        };
        self.cluster.insights.iter().map(one).collect()
    }

    fn offers(&self) -> BTreeMap<String, Vec<String>> {
        let offered = self.cluster.addons.iter().map(|addon| {
            let own = addon.offered.then(|| addon.version.clone());
            (addon.name.clone(), own.into_iter().chain(["v99.0.0-eksbuild.1".to_owned()]).collect())
        });
        offered.collect()
    }

    fn pod_identities(&self) -> BTreeMap<String, Listed> {
        let one = |identity: &crate::aws::description::cluster::PodIdentity| {
            let id = format!(
                "a-{}",
                self.place.hex(
                    "pod-identity",
                    &[&self.cluster.name, &identity.namespace, &identity.service_account],
                    17
                )
            );
            let summary = json!({
                "clusterName": self.cluster.name,
                "namespace": identity.namespace,
                "serviceAccount": identity.service_account,
                "associationArn": self.place.arn("eks", &format!("podidentityassociation/{}/{id}", self.cluster.name)),
                "associationId": id,
            });
            let mut describe = summary.clone();
            if let Some(members) = describe.as_object_mut() {
                members.insert("roleArn".to_owned(), json!(self.role(&identity.role)));
                members.insert("tags".to_owned(), json!({}));
                members.insert("createdAt".to_owned(), self.cluster.created.epoch());
                members.insert("modifiedAt".to_owned(), self.cluster.created.epoch());
                members.insert("disableSessionTags".to_owned(), json!(false));
                if let Some(target) = &identity.target_role {
                    members.insert("targetRoleArn".to_owned(), json!(self.role(target)));
                    members.insert("externalId".to_owned(), json!(self.place.uuid("external-id", &[&id])));
                }
            }
            (id, Listed { summary, describe })
        };
        self.cluster.pod_identities.iter().map(one).collect()
    }

    fn capabilities(&self) -> BTreeMap<String, Listed> {
        let one = |capability: &crate::aws::description::cluster::Capability| {
            let at = self.cluster.created.epoch();
            let arn = self.arn("capability", &format!("{}/{}", capability.kind.to_lowercase(), capability.name));
            let summary = json!({
                "capabilityName": capability.name,
                "arn": arn,
                "type": capability.kind,
                "status": "ACTIVE",
                "version": "1.0.0",
                "createdAt": at,
                "modifiedAt": at,
            });
            let mut describe = summary.clone();
            if let Some(members) = describe.as_object_mut() {
                members.insert("clusterName".to_owned(), json!(self.cluster.name));
                members.insert("roleArn".to_owned(), json!(self.role(&capability.role)));
                members.insert("tags".to_owned(), json!({}));
                members.insert("health".to_owned(), json!({ "issues": [] }));
                members.insert("deletePropagationPolicy".to_owned(), json!("RETAIN"));
            }
            (capability.name.clone(), Listed { summary, describe })
        };
        self.cluster.capabilities.iter().map(one).collect()
    }
}
