//! A small account by hand: one region, one network, one cluster, one node. Tests change what they are about.

use palisade_aws::{Aws, CALLS, Settings};
use palisade_engine::{Context, Policy, State, evaluate};
use palisade_model::{Cluster, Inventory, Pool, Provider as Cloud};
use palisade_provider::{Call, Failure, FailureReason, Params, Provider, Snapshot};
use palisade_reach::{AddrSet, Bounds, Family, PacketSet, Protocol, internet, parse_net};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const PLACE: &str = "111122223333/eu-west-1";
/// An image of the account that runs in the cluster.
pub(crate) const IMAGE: &str = "arn:aws:ecr:eu-west-1:111122223333:repository/web/sha256:0123456789abcdef";
pub(crate) const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE";

/// Answers and failures by what was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct World(BTreeMap<(String, String, Params), Result<Value, Failure>>);

pub(crate) fn call(name: &str) -> &'static Call {
    CALLS.iter().find(|call| call.name == name).unwrap()
}

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn denied() -> Failure {
    Failure::new(FailureReason::Denied, "not authorized").status(403).code("AccessDeniedException")
}

impl World {
    pub(crate) fn put(&mut self, name: &str, scope: &str, of: &[(&str, &str)], body: Value) -> &mut Self {
        call(name);
        self.0.insert((name.to_owned(), scope.to_owned(), params(of)), Ok(body));
        self
    }

    pub(crate) fn fail(&mut self, name: &str, scope: &str, of: &[(&str, &str)], failure: Failure) -> &mut Self {
        call(name);
        self.0.insert((name.to_owned(), scope.to_owned(), params(of)), Err(failure));
        self
    }

    /// Every answer to a call becomes a failure.
    pub(crate) fn deny(&mut self, name: &str) -> &mut Self {
        for ((known, _, _), outcome) in &mut self.0 {
            if known == name {
                *outcome = Err(denied());
            }
        }
        self
    }

    /// Every answer to a call is forgotten, as if it had not been asked.
    pub(crate) fn forget(&mut self, name: &str) -> &mut Self {
        self.0.retain(|(known, _, _), _| known != name);
        self
    }

    /// The answer to the first question of a name, to be changed.
    pub(crate) fn body(&mut self, name: &str) -> &mut Value {
        let found = self.0.iter_mut().find(|((known, _, _), _)| known == name);
        found.and_then(|(_, outcome)| outcome.as_mut().ok()).unwrap()
    }

    /// The whole answer that describes a cluster.
    pub(crate) fn cluster_body_of(&self, name: &str) -> &Value {
        let key = ("eks:DescribeCluster".to_owned(), PLACE.to_owned(), params(&[("cluster", name)]));
        self.0[&key].as_ref().unwrap()
    }

    /// The same answers to the same questions in other words.
    pub(crate) fn rewritten(&self, text: impl Fn(&str) -> String) -> Self {
        let told = self.0.iter().map(|((name, scope, params), outcome)| {
            let params = params.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            let outcome = outcome.as_ref().map_err(Clone::clone);
            let outcome = outcome.map(|body| serde_json::from_str(&text(&body.to_string())).unwrap());
            ((name.clone(), text(scope), params), outcome)
        });
        Self(told.collect())
    }

    pub(crate) fn bodies(&mut self) -> Vec<&mut Value> {
        self.0.values_mut().filter_map(|outcome| outcome.as_mut().ok()).collect()
    }

    pub(crate) fn asked(&self, name: &str) -> bool {
        self.0.keys().any(|(known, _, _)| known == name)
    }

    pub(crate) fn cluster_body(&mut self) -> &mut Value {
        &mut self.body("eks:DescribeCluster")["cluster"]
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut builder = SnapshotBuilder::new(Cloud::Aws, ACCOUNT);
        for ((name, scope, of), outcome) in &self.0 {
            let of: Vec<(&str, &str)> = of.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            builder = match outcome {
                Ok(body) => builder.answer(call(name), scope, &of, body.clone()),
                Err(failure) => builder.failure(call(name), scope, &of, failure.clone()),
            };
        }
        builder.build()
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let inventory = Aws::new(Settings::new("test")).normalize(&self.snapshot());
        inventory.clusters.iter().for_each(paths_say_what_is_reached);
        inventory
    }

    /// The one cluster.
    pub(crate) fn cluster(&self) -> Cluster {
        let mut inventory = self.inventory();
        assert_eq!(inventory.clusters.len(), 1, "{:?}", inventory.unseen);
        inventory.clusters.remove(0)
    }
}

/// What a control says of a cluster, once for each different answer.
pub(crate) fn verdict(cluster: &Cluster, control: &str) -> Vec<State> {
    let policy = Policy::default();
    let context = Context { policy: &policy, now: "2026-11-20T00:00:00Z".parse().unwrap() };
    let judged = evaluate(cluster, &palisade_controls::controls(), &context);
    let own = judged.findings.iter().filter(|finding| finding.control.id == control);
    let states: BTreeSet<State> = own.map(|finding| finding.state).collect();
    states.into_iter().collect()
}

/// The law of every exposure: its paths together let through what it says, for all clients and for ordinary ones.
fn paths_say_what_is_reached(cluster: &Cluster) {
    for exposure in cluster.pools.get().into_iter().flatten().filter_map(|pool| pool.exposure.get().ok()).flatten() {
        let nothing = || Bounds::exact(PacketSet::empty());
        let (mut all, mut ordinary) = (nothing(), nothing());
        for path in exposure.paths.iter() {
            let sessions = path.sessions();
            all = all.union(&sessions.any_port);
            ordinary = ordinary.union(&sessions.ordinary);
        }
        assert!(!exposure.paths.is_empty());
        assert_eq!((&all, &ordinary), (&exposure.internet, &exposure.ordinary));
    }
}

/// A certificate authority that ends on 2036-11-26, as EKS writes it.
const AUTHORITY: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJmekNDQVNXZ0F3SUJBZ0lVQmlqaW5GOVZWRXdBMmxqN1JjMndTZWFLSjZNd0NnWUlLb1pJemowRUF3SXcKRlRFVE1CRUdBMVVFQXd3S2EzVmlaWEp1WlhSbGN6QWVGdzB5TmpFeE1qa3dOakEyTlRoYUZ3MHpOakV4TWpZdwpOakEyTlRoYU1CVXhFekFSQmdOVkJBTU1DbXQxWW1WeWJtVjBaWE13V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPClBRTUJCd05DQUFSZHR0RHFZQXJEUytCRnRBK1hlZXpBWWw1RjZHNHc2VlRwT2V5akRSenQxOW9SMG84UTFhZTAKUjhoQzZmeGYyc2Y4RlVpNjJyOS9KUjU0eGdTV0Rodi9vMU13VVRBZEJnTlZIUTRFRmdRVVdjbnhuZlJpdFBSRgpPSC9CY05DUFV3ajRrYzB3SHdZRFZSMGpCQmd3Rm9BVVdjbnhuZlJpdFBSRk9IL0JjTkNQVXdqNGtjMHdEd1lEClZSMFRBUUgvQkFVd0F3RUIvekFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUJZL0o5SkxPaEVrUG9lQVVqQUdnR0cKZ2Y0cEt2Y3Vjb0M1U0l1cFdYRUJPZ0loQUtyaUZ2ZU80YStkZWx1cHdyZVhDRHJ5MEpUbmtvelV6cDhmR3JVdwpzNWdZCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";

fn addon(name: &str) -> Value {
    json!({ "addon": { "addonName": name, "addonVersion": "v1", "status": "ACTIVE", "health": { "issues": [] } } })
}

fn offers(name: &str) -> Value {
    json!({ "addons": [{ "addonName": name, "addonVersions": [
        { "addonVersion": "v1", "compatibilities": [{ "clusterVersion": "1.34" }] },
    ] }], "nextToken": null })
}

/// Everything about one cluster of one node, read without a failure.
pub(crate) fn world() -> World {
    let mut world = World::default();
    let of = [("cluster", "shop")];
    let list = |field: &str, items: Value| json!({ field: items, "nextToken": null });
    world
        .put("ec2:DescribeRegions", ACCOUNT, &[], json!({ "DescribeRegionsResponse": { "regionInfo": [
            { "regionName": "eu-west-1", "optInStatus": "opt-in-not-required" },
        ] } }))
        .put("eks:ListClusters", PLACE, &[], list("clusters", json!(["shop"])))
        .put("eks:DescribeCluster", PLACE, &of, json!({ "cluster": {
            "name": "shop", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/shop", "version": "1.34", "status": "ACTIVE",
            "roleArn": "arn:aws:iam::111122223333:role/eks-cluster",
            "resourcesVpcConfig": {
                "endpointPublicAccess": true, "endpointPrivateAccess": true, "publicAccessCidrs": ["203.0.113.0/24"],
                "vpcId": "vpc-1", "subnetIds": ["subnet-1"], "securityGroupIds": [], "clusterSecurityGroupId": "sg-cluster",
            },
            "kubernetesNetworkConfig": { "ipFamily": "ipv4" },
            "accessConfig": { "authenticationMode": "API" },
            "identity": { "oidc": { "issuer": format!("https://{ISSUER}") } },
            "tags": { "team": "shop" },
            "logging": { "clusterLogging": [
                { "types": ["api", "audit", "authenticator"], "enabled": true },
                { "types": ["controllerManager", "scheduler"], "enabled": false },
            ] },
            "upgradePolicy": { "supportType": "EXTENDED" }, "deletionProtection": true,
            "controlPlaneScalingConfig": { "tier": "standard" }, "health": { "issues": [] },
            "certificateAuthority": { "data": AUTHORITY },
        } }))
        .put("eks:DescribeClusterVersions", PLACE, &[], list("clusterVersions", json!([
            { "clusterVersion": "1.34", "versionStatus": "STANDARD_SUPPORT",
                "endOfStandardSupportDate": 1_811_808_000, "endOfExtendedSupportDate": 1_843_430_400 },
            { "clusterVersion": "1.31", "versionStatus": "EXTENDED_SUPPORT",
                "endOfStandardSupportDate": 1_763_942_400, "endOfExtendedSupportDate": 1_795_478_400 },
            { "clusterVersion": "1.29", "versionStatus": "UNSUPPORTED" },
        ])))
        .put("eks:ListInsights", PLACE, &of, list("insights", json!([
            { "name": "Deprecated APIs removed in Kubernetes v1.35", "category": "UPGRADE_READINESS",
                "insightStatus": { "status": "PASSING" } },
        ])))
        .put("eks:ListNodegroups", PLACE, &of, list("nodegroups", json!(["general"])))
        .put("eks:DescribeNodegroup", PLACE, &[("cluster", "shop"), ("nodegroup", "general")], json!({ "nodegroup": {
            "nodegroupName": "general", "nodeRole": "arn:aws:iam::111122223333:role/eks-node", "amiType": "AL2023_x86_64_STANDARD",
            "subnets": ["subnet-1"], "resources": { "autoScalingGroups": [{ "name": "asg-1" }] },
            "launchTemplate": { "id": "lt-1", "version": "1", "name": "general" },
            "releaseVersion": "1.34.2-20261103", "scalingConfig": { "minSize": 1, "maxSize": 4, "desiredSize": 1 },
            "status": "ACTIVE", "version": "1.34", "capacityType": "ON_DEMAND", "health": { "issues": [] },
            "updateConfig": { "maxUnavailable": 1 }, "nodeRepairConfig": { "enabled": true },
        } }))
        .put("eks:ListFargateProfiles", PLACE, &of, list("fargateProfileNames", json!([])))
        .put("eks:ListAddons", PLACE, &of, list("addons", json!(["vpc-cni", "coredns"])))
        .put("eks:DescribeAddon", PLACE, &[("addon", "vpc-cni"), ("cluster", "shop")], addon("vpc-cni"))
        .put("eks:DescribeAddon", PLACE, &[("addon", "coredns"), ("cluster", "shop")], addon("coredns"))
        .put("eks:DescribeAddonVersions", PLACE, &[("addon", "vpc-cni"), ("version", "1.34")], offers("vpc-cni"))
        .put("eks:DescribeAddonVersions", PLACE, &[("addon", "coredns"), ("version", "1.34")], offers("coredns"))
        .put("eks:ListAccessEntries", PLACE, &of, list("accessEntries", json!(["arn:aws:iam::111122223333:role/eks-node"])))
        .put(
            "eks:DescribeAccessEntry",
            PLACE,
            &[("cluster", "shop"), ("principal", "arn:aws:iam::111122223333:role/eks-node")],
            json!({ "accessEntry": { "type": "EC2_LINUX" } }),
        )
        .put(
            "eks:ListAssociatedAccessPolicies",
            PLACE,
            &[("cluster", "shop"), ("principal", "arn:aws:iam::111122223333:role/eks-node")],
            list("associatedAccessPolicies", json!([])),
        )
        .put("eks:ListPodIdentityAssociations", PLACE, &of, list("associations", json!([])))
        .put("eks:ListCapabilities", PLACE, &of, list("capabilities", json!([])));
    network(&mut world);
    identity(&mut world);
    world
}

fn network(world: &mut World) {
    let of = [("vpcs", "vpc-1")];
    let ec2 = |operation: &str, body: Value| json!({ format!("{operation}Response"): body });
    let interface = json!({
        "networkInterfaceId": "eni-1", "subnetId": "subnet-1", "vpcId": "vpc-1", "description": "",
        "groupSet": [{ "groupId": "sg-node" }],
        "association": { "publicIp": "198.51.100.10" },
        "privateIpAddressesSet": [{ "privateIpAddress": "10.0.1.10", "association": { "publicIp": "198.51.100.10" } }],
        "ipv6AddressesSet": [{ "ipv6Address": "2600:1f14:abc:de00::10" }],
    });
    let any = |number: &str, egress: &str, v6: bool| {
        let field = if v6 { "ipv6CidrBlock" } else { "cidrBlock" };
        let cidr = if v6 { "::/0" } else { "0.0.0.0/0" };
        json!({ "ruleNumber": number, "protocol": "-1", "ruleAction": "allow", "egress": egress, field: cidr })
    };
    world
        .put("ec2:DescribeInstances", PLACE, &of, ec2("DescribeInstances", json!({ "reservationSet": [{ "instancesSet": [{
            "instanceId": "i-1", "privateDnsName": "ip-10-0-1-10", "vpcId": "vpc-1", "subnetId": "subnet-1",
            "instanceState": { "code": "16", "name": "running" },
            "iamInstanceProfile": { "arn": "arn:aws:iam::111122223333:instance-profile/eks-node" },
            "metadataOptions": { "httpTokens": "required", "httpPutResponseHopLimit": "1", "httpEndpoint": "enabled" },
            "imageId": "ami-1", "instanceType": "m7i.large", "rootDeviceName": "/dev/xvda", "currentInstanceBootMode": "uefi",
            "blockDeviceMapping": [{ "deviceName": "/dev/xvda", "ebs": { "volumeId": "vol-1", "deleteOnTermination": "true" } }],
            "networkInterfaceSet": [interface],
            "tagSet": [
                { "key": "eks:cluster-name", "value": "shop" }, { "key": "eks:nodegroup-name", "value": "general" },
                { "key": "kubernetes.io/cluster/shop", "value": "owned" },
            ],
        }] }] })))
        .put("ec2:DescribeNetworkInterfaces", PLACE, &of, ec2("DescribeNetworkInterfaces", json!({ "networkInterfaceSet": [interface] })))
        .put("ec2:DescribeSecurityGroups", PLACE, &of, ec2("DescribeSecurityGroups", json!({ "securityGroupInfo": [
            { "groupId": "sg-node", "vpcId": "vpc-1", "ipPermissions": [], "ipPermissionsEgress": [] },
            { "groupId": "sg-cluster", "vpcId": "vpc-1", "ipPermissions": [
                { "ipProtocol": "-1", "groups": [{ "groupId": "sg-cluster" }] },
            ], "ipPermissionsEgress": [{ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] }] },
        ] })))
        .put("ec2:DescribeNetworkAcls", PLACE, &of, ec2("DescribeNetworkAcls", json!({ "networkAclSet": [{
            "networkAclId": "acl-1", "vpcId": "vpc-1", "default": "true", "associationSet": [{ "subnetId": "subnet-1" }],
            "entrySet": [any("100", "false", false), any("101", "false", true), any("100", "true", false), any("101", "true", true)],
        }] })))
        .put("ec2:DescribeRouteTables", PLACE, &of, ec2("DescribeRouteTables", json!({ "routeTableSet": [
            { "routeTableId": "rtb-1", "vpcId": "vpc-1", "associationSet": [{ "subnetId": "subnet-1", "main": "false" }], "routeSet": [
                { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
                { "destinationIpv6CidrBlock": "2600:1f14:abc:de00::/56", "gatewayId": "local", "state": "active" },
                { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" },
                { "destinationIpv6CidrBlock": "::/0", "gatewayId": "igw-1", "state": "active" },
            ] },
            { "routeTableId": "rtb-main", "vpcId": "vpc-1", "associationSet": [{ "main": "true" }], "routeSet": [
                { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
                { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" },
            ] },
        ] })))
        .put("ec2:DescribeSubnets", PLACE, &of, ec2("DescribeSubnets", json!({ "subnetSet": [
            { "subnetId": "subnet-1", "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": "true",
              "availableIpAddressCount": "200", "availabilityZone": "eu-west-1a" },
        ] })))
        .put("ec2:DescribeVpcs", PLACE, &of, ec2("DescribeVpcs", json!({ "vpcSet": [{
            "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16", "isDefault": "false",
            "ipv6CidrBlockAssociationSet": [{ "ipv6CidrBlock": "2600:1f14:abc:de00::/56" }],
        }] })))
        .put("ec2:DescribeVpcBlockPublicAccessOptions", PLACE, &[], ec2("DescribeVpcBlockPublicAccessOptions", json!({
            "vpcBlockPublicAccessOptions": { "internetGatewayBlockMode": "off" },
        })))
        .put("ec2:DescribeVpcBlockPublicAccessExclusions", PLACE, &[], ec2("DescribeVpcBlockPublicAccessExclusions", json!({
            "vpcBlockPublicAccessExclusionSet": null,
        })))
        .put("ec2:DescribeLaunchTemplateVersions", PLACE, &[("template", "lt-1"), ("versions", "1")],
            ec2("DescribeLaunchTemplateVersions", json!({ "launchTemplateVersionSet": [{
                "versionNumber": "1", "launchTemplateData": { "metadataOptions": { "httpTokens": "required", "httpPutResponseHopLimit": "1" } },
            }] })))
        .put("autoscaling:DescribeAutoScalingGroups", PLACE, &[("groups", "asg-1")], json!({ "DescribeAutoScalingGroupsResponse": {
            "DescribeAutoScalingGroupsResult": { "AutoScalingGroups": [
                { "AutoScalingGroupName": "asg-1", "Instances": [{ "InstanceId": "i-1" }] },
            ] },
        } }))
        .put("elasticloadbalancing:DescribeLoadBalancers", PLACE, &[], json!({ "DescribeLoadBalancersResponse": {
            "DescribeLoadBalancersResult": { "LoadBalancers": null },
        } }))
        .put("elb:DescribeLoadBalancers", PLACE, &[], json!({ "DescribeLoadBalancersResponse": {
            "DescribeLoadBalancersResult": { "LoadBalancerDescriptions": null },
        } }))
        .put("elasticloadbalancing:DescribeTargetGroups", PLACE, &[], json!({ "DescribeTargetGroupsResponse": {
            "DescribeTargetGroupsResult": { "TargetGroups": null },
        } }));
    machinery(world);
    for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
        let body = ec2("DescribeVpcAttribute", json!({ "vpcId": "vpc-1", attribute: { "value": "true" } }));
        world.put("ec2:DescribeVpcAttribute", PLACE, &[("attribute", attribute), ("vpc", "vpc-1")], body);
    }
}

fn machinery(world: &mut World) {
    let ec2 = |operation: &str, body: Value| json!({ format!("{operation}Response"): body });
    world
        .put("ec2:DescribeImages", PLACE, &[("images", "ami-1")], ec2("DescribeImages", json!({ "imagesSet": [{
            "imageId": "ami-1", "name": "amazon-eks-node-al2023-x86_64-standard-1.34-v20261103", "imageOwnerAlias": "amazon",
            "creationDate": "2026-11-03T01:02:03.000Z",
        }] })))
        .put("ec2:DescribeVolumes", PLACE, &[("machines", "i-1")], ec2("DescribeVolumes", json!({ "volumeSet": [{
            "volumeId": "vol-1", "encrypted": "true", "kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/disk",
        }] })))
        .put("ec2:GetEbsEncryptionByDefault", PLACE, &[], ec2("GetEbsEncryptionByDefault", json!({ "ebsEncryptionByDefault": "true" })))
        .put("ec2:DescribeFlowLogs", PLACE, &[], ec2("DescribeFlowLogs", json!({ "flowLogSet": [{
            "flowLogId": "fl-1", "resourceId": "vpc-1", "flowLogStatus": "ACTIVE", "deliverLogsStatus": "SUCCESS",
        }] })))
        .put("ec2:DescribeVpcEndpoints", PLACE, &[("vpcs", "vpc-1")], ec2("DescribeVpcEndpoints", json!({ "vpcEndpointSet": null })))
        .put("ec2:DescribeInstanceTypes", PLACE, &[("types", "m7i.large")], ec2("DescribeInstanceTypes", json!({ "instanceTypeSet": [{
            "instanceType": "m7i.large", "networkInfo": { "encryptionInTransitSupported": "true" },
        }] })));
}

fn identity(world: &mut World) {
    let trust = |service: &str| {
        json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" },
    ] })
        .to_string()
    };
    let role = |name: &str, service: &str, policy: &str| {
        json!({
            "RoleName": name, "Arn": format!("arn:aws:iam::111122223333:role/{name}"), "Path": "/",
            "CreateDate": "2020-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust(service),
            "AttachedManagedPolicies": [{ "PolicyName": policy, "PolicyArn": format!("arn:aws:iam::aws:policy/{policy}") }],
            "InstanceProfileList": [{ "Arn": format!("arn:aws:iam::111122223333:instance-profile/{name}") }],
        })
    };
    let policy = |name: &str, actions: Value| {
        json!({
            "PolicyName": name, "Arn": format!("arn:aws:iam::aws:policy/{name}"), "DefaultVersionId": "v1",
            "PolicyVersionList": [{ "VersionId": "v1", "IsDefaultVersion": "true", "Document": json!({
                "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
            }).to_string() }],
        })
    };
    let result = |operation: &str, body: Value| json!({ format!("{operation}Response"): { format!("{operation}Result"): body } });
    world
        .put("iam:GetAccountAuthorizationDetails", ACCOUNT, &[], result("GetAccountAuthorizationDetails", json!({
            "IsTruncated": "false", "UserDetailList": null, "GroupDetailList": null,
            "RoleDetailList": [
                role("eks-cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy"),
                role("eks-node", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy"),
            ],
            "Policies": [
                policy("AmazonEKSClusterPolicy", json!(["ec2:CreateRoute", "ec2:DescribeInstances"])),
                policy("AmazonEKSWorkerNodePolicy", json!(["ec2:DescribeInstances", "eks:DescribeCluster"])),
            ],
        })))
        .put("organizations:DescribeOrganization", ACCOUNT, &[], json!({ "__type": "AWSOrganizationsNotInUseException", "Message": "" }))
        .put("cloudtrail:DescribeTrails", PLACE, &[], json!({ "trailList": [] }))
        .put("logs:DescribeLogGroups", PLACE, &[("cluster", "shop")], json!({ "logGroups": [
            { "logGroupName": "/aws/eks/shop/cluster", "retentionInDays": 400, "deletionProtectionEnabled": true },
        ] }))
        .put("guardduty:ListDetectors", PLACE, &[], json!({ "detectorIds": [] }))
        .put("backup:DescribeRegionSettings", PLACE, &[], json!({ "ResourceTypeOptInPreference": { "EKS": true } }))
        .put("backup:ListBackupPlans", PLACE, &[], json!({ "BackupPlansList": [] }))
        .put("backup:ListRecoveryPointsByResource", PLACE, &[("cluster", "shop")], json!({ "RecoveryPoints": [] }))
        .put("ecr:DescribeRepositories", PLACE, &[], json!({ "repositories": [] }))
        .put("inspector2:BatchGetAccountStatus", PLACE, &[], json!({ "accounts": [
            { "accountId": "111122223333", "resourceState": { "ecr": { "status": "ENABLED" } } },
        ] }))
        .put("inspector2:ListCoverage", PLACE, &[], json!({ "coveredResources": [
            { "resourceId": IMAGE, "scanStatus": { "statusCode": "ACTIVE", "reason": "SUCCESSFUL" } },
        ] }))
        .put("inspector2:ListFindings", PLACE, &[], json!({ "findings": [{
            "firstObservedAt": 1_788_220_800, "resources": [{ "id": IMAGE }],
            "packageVulnerabilityDetails": { "vulnerabilityId": "CVE-2026-1" },
        }] }))
        .put("inspector2:GetClustersForImage", PLACE, &[("image", IMAGE)], json!({ "cluster": [{
            "clusterArn": "arn:aws:eks:eu-west-1:111122223333:cluster/shop",
            "clusterDetails": [{ "runningUnitCount": 2 }],
        }] }))
        .put("iam:ListOpenIDConnectProviders", ACCOUNT, &[], result("ListOpenIDConnectProviders", json!({
            "OpenIDConnectProviderList": [{ "Arn": format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}") }],
        })));
    for name in ["eks-cluster", "eks-node"] {
        let arn = format!("arn:aws:iam::111122223333:role/{name}");
        let of = [("role", arn.as_str())];
        world
            .put("iam:GenerateServiceLastAccessedDetails", ACCOUNT, &of, result("GenerateServiceLastAccessedDetails", json!({ "JobId": "j" })))
            .put("iam:GetServiceLastAccessedDetails", ACCOUNT, &of, result("GetServiceLastAccessedDetails", json!({
                "JobStatus": "COMPLETED", "IsTruncated": "false", "ServicesLastAccessed": [
                    { "ServiceNamespace": "ec2", "LastAuthenticated": "2019-01-01T00:00:00Z" }, { "ServiceNamespace": "eks" },
                ],
            })));
    }
}

/// A key for the cluster, with everything KMS says about it.
pub(crate) fn with_key(world: &mut World) {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let of = [("key", key)];
    world.cluster_body()["encryptionConfig"] = json!([{ "resources": ["secrets"], "provider": { "keyArn": key } }]);
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "kms:*", "Resource": "*",
    }] });
    world
        .put(
            "kms:DescribeKey",
            PLACE,
            &of,
            json!({ "KeyMetadata": { "KeyState": "Enabled", "KeyManager": "CUSTOMER", "Origin": "AWS_KMS" } }),
        )
        .put("kms:GetKeyRotationStatus", PLACE, &of, json!({ "KeyRotationEnabled": true, "RotationPeriodInDays": 180 }))
        .put("kms:GetKeyPolicy", PLACE, &of, json!({ "Policy": policy.to_string() }))
        .put("kms:ListGrants", PLACE, &of, json!({ "Grants": [], "Truncated": false }));
}

/// The rules of the node's own group.
pub(crate) fn node_rules(world: &mut World, rules: Value) {
    world.body("ec2:DescribeSecurityGroups")["DescribeSecurityGroupsResponse"]["securityGroupInfo"][0]["ipPermissions"] =
        rules;
}

/// One rule that lets a protocol and ports in from some ranges.
pub(crate) fn rule(protocol: &str, ports: Option<(u16, u16)>, ranges: &[&str]) -> Value {
    let v4: Vec<Value> = ranges.iter().filter(|one| !one.contains(':')).map(|one| json!({ "cidrIp": one })).collect();
    let v6: Vec<Value> = ranges.iter().filter(|one| one.contains(':')).map(|one| json!({ "cidrIpv6": one })).collect();
    let mut rule = json!({ "ipProtocol": protocol, "ipRanges": v4, "ipv6Ranges": v6 });
    if let Some((from, to)) = ports {
        rule["fromPort"] = json!(from.to_string());
        rule["toPort"] = json!(to.to_string());
    }
    rule
}

/// SSH from everybody in both families.
pub(crate) fn ssh_from_everybody() -> Value {
    json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0", "::/0"])])
}

pub(crate) fn pool(cluster: &Cluster) -> &Pool {
    &cluster.pools.get().unwrap()[0]
}

/// Who reaches a TCP port of the node, from the internet.
pub(crate) fn reach(world: &World, port: u16) -> Bounds<AddrSet> {
    reach_of(world, Protocol::TCP, port)
}

pub(crate) fn reach_of(world: &World, protocol: Protocol, port: u16) -> Bounds<AddrSet> {
    sources(&exposed(world).internet, protocol, port)
}

pub(crate) fn sources(packets: &Bounds<PacketSet>, protocol: Protocol, port: u16) -> Bounds<AddrSet> {
    packets.map(|packets| packets.sources(protocol, port))
}

pub(crate) fn exposed(world: &World) -> palisade_model::Exposure {
    let cluster = world.cluster();
    let exposures = pool(&cluster).exposure.get().unwrap().clone();
    assert_eq!(exposures.len(), 1);
    exposures.into_iter().next().unwrap()
}

pub(crate) fn nets(texts: &[&str]) -> AddrSet {
    texts.iter().map(|text| parse_net(text).unwrap()).collect()
}

/// The network's own addresses.
pub(crate) fn local() -> AddrSet {
    nets(&["10.0.0.0/16", "2600:1f14:abc:de00::/56"])
}

pub(crate) fn any4() -> AddrSet {
    internet().subtract(&local()).family(Family::V4)
}

pub(crate) fn any6() -> AddrSet {
    internet().subtract(&local()).family(Family::V6)
}

pub(crate) fn exactly(set: AddrSet) -> Bounds<AddrSet> {
    Bounds::exact(set)
}

pub(crate) fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}
