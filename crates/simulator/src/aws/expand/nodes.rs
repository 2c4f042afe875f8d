//! What a cluster consists of in EC2: its security groups, the control plane's interfaces, and its nodes.

use super::filters::{everything, group_tree};
use super::interfaces::{self, Wanted};
use super::network::push;
use super::{Build, kinds, machinery, scaling, tag_set, templates};
use crate::aws::description::Tags;
use crate::aws::description::cluster::{Cluster, Metadata, NodeGroup, image_day};
use crate::aws::description::network::{SecurityGroup, Subnet, Vpc};
use crate::aws::description::rules::{GroupRule, Peer, Traffic};
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Dialect, Tree, fields};

pub(super) fn expand(build: &mut Build<'_>, cluster: &Cluster) {
    let region = build.region;
    let Some(vpc) = region.vpcs.iter().find(|vpc| vpc.name == cluster.vpc) else { return };
    let owned = Tags::from([
        (format!("kubernetes.io/cluster/{}", cluster.name), "owned".to_owned()),
        ("aws:eks:cluster-name".to_owned(), cluster.name.clone()),
        ("Name".to_owned(), cluster_group_name(build.place, cluster)),
    ]);
    let group = SecurityGroup {
        name: cluster_group_name(build.place, cluster),
        description: format!(
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads. {}",
            cluster.name
        ),
        inbound: vec![GroupRule { traffic: everything(), peers: vec![Peer::Itself], note: None }],
        outbound: None,
        tags: owned,
    };
    let id = build.place.group("", &format!("eks/{}", cluster.name));
    let tree = group_tree(build.place, vpc, &group, &id);
    push(&mut build.fabric.security_groups, &kinds::SECURITY_GROUP, tree);
    control_plane(build, cluster, vpc);
    for group in &cluster.node_groups {
        node_group(build, cluster, vpc, group);
    }
    if let Some(auto) = &cluster.auto_mode {
        let group = NodeGroup {
            name: "auto".to_owned(),
            kind: "auto".to_owned(),
            count: auto.nodes,
            subnets: auto.subnets.clone(),
            role: auto.role.clone(),
            instance_type: "c7g.large".to_owned(),
            ami: "BOTTLEROCKET_ARM_64".to_owned(),
            capacity: "ON_DEMAND".to_owned(),
            version: None,
            repair: true,
            update_strategy: None,
            public_ips: Some(false),
            security_groups: Vec::new(),
            metadata: Some(Metadata::default()),
            remote_access: None,
            user_data: None,
            image_day: image_day(),
            encrypted: true,
            disk_key: None,
            tpm: false,
            sizes: None,
            taints: Vec::new(),
            pod_interfaces: 0,
            labels: Tags::new(),
            tags: Tags::new(),
        };
        node_group(build, cluster, vpc, &group);
    }
}

/// The name EKS gives to the security group it makes for a cluster.
pub(super) fn cluster_group_name(place: &Place, cluster: &Cluster) -> String {
    let digits: String =
        place.hex("sg-name", &[&cluster.name], 9).bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    format!("eks-cluster-sg-{}-{digits}", cluster.name)
}

/// The interfaces through which the control plane reaches into the VPC: two, in the cluster's first subnets.
fn control_plane(build: &mut Build<'_>, cluster: &Cluster, vpc: &Vpc) {
    let mut groups =
        vec![(build.place.group("", &format!("eks/{}", cluster.name)), cluster_group_name(build.place, cluster))];
    groups.extend(cluster.security_groups.iter().map(|name| (build.place.group(&vpc.name, name), name.clone())));
    let chosen = |subnet: &&Subnet| cluster.subnets.is_empty() || cluster.subnets.contains(&subnet.name);
    for (index, subnet) in vpc.subnets.iter().filter(chosen).take(2).enumerate() {
        let wanted = Wanted {
            name: vec!["control-plane", &cluster.name, if index == 0 { "first" } else { "second" }],
            description: format!("Amazon EKS {}", cluster.name),
            requester: Some("AMAZON"),
            groups: groups.clone(),
            ipv6: cluster.ip_family == "ipv6",
            ..Wanted::default()
        };
        interfaces::add(build, vpc, subnet, &wanted);
    }
}

/// The nodes of a group, with their auto scaling group and launch template.
fn node_group(build: &mut Build<'_>, cluster: &Cluster, vpc: &Vpc, group: &NodeGroup) {
    let names = Names::of(build.place, cluster, group);
    let mut groups = Vec::new();
    if group.security_groups.is_empty() {
        groups
            .push((build.place.group("", &format!("eks/{}", cluster.name)), cluster_group_name(build.place, cluster)));
        groups.extend(remote_access(build, cluster, vpc, group));
    }
    for name in &group.security_groups {
        groups.push(if name == "cluster" {
            (build.place.group("", &format!("eks/{}", cluster.name)), cluster_group_name(build.place, cluster))
        } else {
            (build.place.group(&vpc.name, name), name.clone())
        });
    }
    templates::add(build, cluster, group, &names, &groups);
    let subnets: Vec<&Subnet> =
        group.subnets.iter().filter_map(|name| vpc.subnets.iter().find(|subnet| subnet.name == *name)).collect();
    let mut members = Vec::new();
    for (number, subnet) in (0..group.count).zip(subnets.iter().cycle()) {
        let id = instance(build, cluster, vpc, group, subnet, &names, &groups, number);
        let member = fields()
            .put("InstanceId", id)
            .put("InstanceType", &group.instance_type)
            .put("AvailabilityZone", build.place.zone(&subnet.zone))
            .put("LifecycleState", "InService")
            .put("HealthStatus", "Healthy")
            .put("LaunchTemplate", names.template_reference(build.place))
            .put("ProtectedFromScaleIn", false);
        members.push(member);
    }
    if let Some(name) = &names.scaling_group {
        let tree = scaling::tree(build.place, cluster, vpc, group, &names, name, &subnets, members.into());
        build.fabric.scaling_groups.push(kinds::SCALING_GROUP.item(&tree, Dialect::Member));
    }
}

/// The group that EKS makes for SSH: open to the world when no source is given.
fn remote_access(build: &mut Build<'_>, cluster: &Cluster, vpc: &Vpc, group: &NodeGroup) -> Option<(String, String)> {
    let access = group.remote_access.as_ref()?;
    let id = remote_access_group(build.place, cluster, group);
    let name = format!("eks-remoteAccess-{}", build.place.uuid("remote-access", &[&cluster.name, &group.name]));
    let peers = match access.security_groups.as_slice() {
        [] => vec![Peer::Ipv4("0.0.0.0/0".to_owned())],
        sources => sources.iter().cloned().map(Peer::Group).collect(),
    };
    let traffic = Traffic { protocol: "tcp".to_owned(), ports: Some((22, 22)) };
    let made = SecurityGroup {
        name: name.clone(),
        description: "Security group for all nodes in the nodeGroup to allow SSH access".to_owned(),
        inbound: vec![GroupRule { traffic, peers, note: None }],
        outbound: None,
        tags: Tags::from([("eks".to_owned(), name.clone()), ("eks:nodegroup-name".to_owned(), group.name.clone())]),
    };
    let tree = group_tree(build.place, vpc, &made, &id);
    push(&mut build.fabric.security_groups, &kinds::SECURITY_GROUP, tree);
    Some((id, name))
}

/// The id of the group that EKS makes for SSH.
pub(super) fn remote_access_group(place: &Place, cluster: &Cluster, group: &NodeGroup) -> String {
    place.id("sg", &["remote-access", &cluster.name, &group.name])
}

/// What the parts of a node group are called.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The instance profile.
    pub(super) profile: String,
    pub(super) scaling_group: Option<String>,
    /// The launch template that the instances were made from, if any.
    pub(super) template: Option<String>,
    /// The launch template that the account made for a managed group.
    pub(super) own_template: Option<String>,
}

impl Names {
    pub(super) fn of(place: &Place, cluster: &Cluster, group: &NodeGroup) -> Self {
        let uuid = place.uuid("nodegroup", &[&cluster.name, &group.name]);
        let own = format!("{}-{}", cluster.name, group.name);
        let is_customised = !group.security_groups.is_empty() || group.metadata.is_some() || group.user_data.is_some();
        match group.kind.as_str() {
            "managed" => Self {
                profile: format!("eks-{uuid}"),
                scaling_group: Some(format!("eks-{}-{uuid}", group.name)),
                template: Some(format!("eks-{uuid}")),
                own_template: is_customised.then_some(own),
            },
            "self-managed" => Self {
                profile: group.role.clone(),
                scaling_group: Some(own.clone()),
                template: Some(own),
                own_template: None,
            },
            _ => Self { profile: group.role.clone(), scaling_group: None, template: None, own_template: None },
        }
    }

    /// A reference to the launch template, as Auto Scaling writes it.
    pub(super) fn template_reference(&self, place: &Place) -> Tree {
        let template = self.template.as_deref().unwrap_or_default();
        fields()
            .put("LaunchTemplateId", place.id("lt", &[template]))
            .put("LaunchTemplateName", template)
            .put("Version", "1")
            .into()
    }
}

#[expect(clippy::too_many_arguments, reason = "an instance is where everything meets")]
fn instance(
    build: &mut Build<'_>,
    cluster: &Cluster,
    vpc: &Vpc,
    group: &NodeGroup,
    subnet: &Subnet,
    names: &Names,
    groups: &[(String, String)],
    number: u32,
) -> String {
    let place = build.place;
    let number_text = number.to_string();
    let name = [cluster.name.as_str(), group.name.as_str(), number_text.as_str()];
    let id = place.id("i", &name);
    let tags = instance_tags(place, cluster, group, names);
    let is_public = group.public_ips.unwrap_or_else(|| subnet.gives_public_ips());
    let public_ip = is_public.then(|| place.public_ip(&name));
    let mut inside = Vec::new();
    let mut first = None;
    for index in 0..=group.pod_interfaces {
        let index_text = index.to_string();
        let wanted = Wanted {
            name: vec![name[0], name[1], name[2], &index_text],
            description: if index == 0 { String::new() } else { format!("aws-K8S-{id}") },
            groups: groups.to_vec(),
            public_ip: public_ip.clone().filter(|_| index == 0),
            ipv6: cluster.ip_family == "ipv6",
            instance: Some((id.clone(), index)),
            more_ips: 3,
            tags: Tags::from([(format!("kubernetes.io/cluster/{}", cluster.name), "owned".to_owned())]),
            ..Wanted::default()
        };
        let interface = interfaces::add(build, vpc, subnet, &wanted);
        inside.push(interface.inside.clone());
        first.get_or_insert(interface);
    }
    let (private_ip, ipv6) = first.map(|interface| (interface.private_ip, interface.ipv6)).unwrap_or_default();
    let metadata = metadata_of(group);
    let group_set: Vec<_> =
        groups.iter().map(|(id, name)| fields().put("groupId", id).put("groupName", name)).collect();
    let domain = if place.region == "us-east-1" {
        "ec2.internal".to_owned()
    } else {
        format!("{}.compute.internal", place.region)
    };
    let profile = fields()
        .put("arn", place.iam("instance-profile", &names.profile))
        .put("id", format!("AIPA{}", place.hex("profile", &[&names.profile], 17).to_uppercase()));
    let body = fields()
        .put("instanceId", &id)
        .put("imageId", machinery::image_id(place, cluster, group))
        .put("instanceState", fields().put("code", 16_u32).put("name", "running"))
        .put("privateDnsName", format!("ip-{}.{domain}", private_ip.replace('.', "-")))
        .put(
            "dnsName",
            public_ip
                .as_ref()
                .map(|ip| format!("ec2-{}.{}.compute.{}", ip.replace('.', "-"), place.region, place.domain()))
                .unwrap_or_default(),
        )
        .maybe("keyName", group.remote_access.as_ref().map(|access| &access.key))
        .put("amiLaunchIndex", 0_u32)
        .put("productCodes", Tree::nothing())
        .put("instanceType", &group.instance_type)
        .maybe("instanceLifecycle", (group.capacity == "SPOT").then_some("spot"))
        .put("launchTime", Moment::long_ago().iso_millis())
        .put(
            "placement",
            fields().put("availabilityZone", place.zone(&subnet.zone)).put("groupName", "").put("tenancy", "default"),
        )
        .put("monitoring", fields().put("state", "disabled"))
        .put("subnetId", place.subnet(&vpc.name, &subnet.name))
        .put("vpcId", place.vpc(&vpc.name))
        .put("privateIpAddress", &private_ip)
        .maybe("ipAddress", public_ip)
        .maybe("ipv6Address", ipv6)
        .put("sourceDestCheck", true)
        .put("groupSet", group_set)
        .put("architecture", if group.ami.contains("ARM") { "arm64" } else { "x86_64" })
        .put("rootDeviceType", "ebs")
        .put("rootDeviceName", machinery::ROOT)
        .put("blockDeviceMapping", vec![machinery::device(place, &name)])
        .put("currentInstanceBootMode", "uefi")
        .maybe("tpmSupport", group.tpm.then_some("v2.0"))
        .put("virtualizationType", "hvm")
        .put("hypervisor", "xen")
        .put("clientToken", place.uuid("client-token", &name))
        .put("tagSet", tag_set("", &tags))
        .put("networkInterfaceSet", Tree::List(inside))
        .put("iamInstanceProfile", profile)
        .put("ebsOptimized", true)
        .put("enaSupport", true)
        .put(
            "metadataOptions",
            fields()
                .put("state", "applied")
                .put("httpTokens", &metadata.tokens)
                .put("httpPutResponseHopLimit", metadata.hops)
                .put("httpEndpoint", &metadata.endpoint)
                .put("httpProtocolIpv6", "disabled")
                .put("instanceMetadataTags", "disabled"),
        )
        .put("enclaveOptions", fields().put("enabled", false))
        .put("platformDetails", "Linux/UNIX")
        .maybe(
            "operator",
            (group.kind == "auto").then(|| fields().put("managed", true).put("principal", "eks.amazonaws.com")),
        );
    let reservation = fields()
        .put("reservationId", place.id("r", &name))
        .put("ownerId", &place.account)
        .put("groupSet", Tree::nothing())
        .put("instancesSet", vec![body]);
    push(&mut build.fabric.instances, &kinds::INSTANCE, reservation);
    machinery::add(build, cluster, group, subnet, &name, &id);
    id
}

/// What EC2 tells a node about its metadata service when the description leaves it open.
pub(super) fn metadata_of(group: &NodeGroup) -> Metadata {
    let metadata = |tokens: &str, hops| Metadata { tokens: tokens.to_owned(), hops, endpoint: "enabled".to_owned() };
    group.metadata.clone().unwrap_or_else(|| match group.kind.as_str() {
        "managed" if group.ami.starts_with("AL2_") => metadata("optional", 2),
        "managed" if group.ami.starts_with("BOTTLEROCKET") => metadata("required", 2),
        "managed" | "auto" => metadata("required", 1),
        _ => metadata("optional", 1),
    })
}

fn instance_tags(place: &Place, cluster: &Cluster, group: &NodeGroup, names: &Names) -> Tags {
    let mut tags = group.tags.clone();
    let mut tag = |key: &str, value: &str| {
        tags.insert(key.to_owned(), value.to_owned());
    };
    tag("aws:eks:cluster-name", &cluster.name);
    if group.kind != "auto" {
        tag(&format!("kubernetes.io/cluster/{}", cluster.name), "owned");
    }
    match group.kind.as_str() {
        "managed" => {
            tag("eks:cluster-name", &cluster.name);
            tag("eks:nodegroup-name", &group.name);
        }
        "auto" => {
            tag("eks:eks-cluster-name", &cluster.name);
            tag("eks:kubernetes-node-class-name", "default");
        }
        "karpenter" => tag("karpenter.sh/nodepool", &group.name),
        _ => {}
    }
    if let Some(name) = &names.scaling_group {
        tag("aws:autoscaling:groupName", name);
    }
    if let Some(template) = &names.template {
        tag("aws:ec2launchtemplate:id", &place.id("lt", &[template]));
        tag("aws:ec2launchtemplate:version", "1");
    }
    tags
}
