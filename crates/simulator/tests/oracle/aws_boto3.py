#!/usr/bin/env python3
"""Asks the simulated AWS everything it knows, through boto3.

    cargo run -p palisade-simulator --example serve        # prints the address
    python3 crates/simulator/tests/oracle/aws_boto3.py http://127.0.0.1:PORT

boto3 is an independent reader of the wire formats, made from AWS' own service models. Because it skips what it does
not know, every body is also walked along the model's output shape: an element or member the model does not have, or
a value of the wrong type, is a failure. The world must be the story "acme".
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BASE = "AKIAPALISADE00000000"
SHOP, PAYMENTS, DATA = "222222222222", "333333333333", "444444444444"
URL = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else sys.exit(__doc__)
results = []
asked = set()
# Members that botocore learned with 1.44; an older one may stand in by hand.
NEWER = {"controlPlaneEgressMode"}


def check(name, passed, detail=""):
    results.append(bool(passed))
    if not passed:
        print(f"FAILED {name} {detail}")


# ---- the body against the model ----------------------------------------------------------------------------------


def scalar(shape, text, path, found):
    kind = shape.type_name
    text = "" if text is None else text
    good = {
        "boolean": lambda: text in ("true", "false"),
        "integer": lambda: re.fullmatch(r"-?\d+", text),
        "long": lambda: re.fullmatch(r"-?\d+", text),
        "timestamp": lambda: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text),
    }.get(kind, lambda: True)()
    if not good:
        found.append(f"{path}: `{text}` is not a {kind}")


def walk_xml(shape, node, path, found):
    if shape.type_name == "structure":
        names = {(m.serialization.get("name") or k): m for k, m in shape.members.items()}
        for child in node:
            tag = child.tag.split("}")[-1]
            if tag not in names:
                found.append(f"{path}/{tag}: not in the model")
                continue
            walk_xml(names[tag], child, f"{path}/{tag}", found)
    elif shape.type_name == "list":
        element = shape.member.serialization.get("name") or "member"
        for child in node:
            tag = child.tag.split("}")[-1]
            if tag != element:
                found.append(f"{path}: `{tag}` where the model has `{element}`")
            walk_xml(shape.member, child, f"{path}[]", found)
    else:
        if len(node):
            found.append(f"{path}: children in a {shape.type_name}")
        scalar(shape, node.text, path, found)


def walk_json(shape, value, path, found):
    if value is None:
        return
    kind = shape.type_name
    expected = {"structure": dict, "map": dict, "list": list, "string": str, "boolean": bool}.get(kind, (int, float))
    if not isinstance(value, expected) or (expected == (int, float) and isinstance(value, bool)):
        found.append(f"{path}: {type(value).__name__} is not a {kind}")
        return
    if kind == "structure":
        names = {(m.serialization.get("name") or k): m for k, m in shape.members.items()}
        for key, inner in value.items():
            if key in names:
                walk_json(names[key], inner, f"{path}.{key}", found)
            elif key not in NEWER:
                found.append(f"{path}.{key}: not in the model")
    elif kind == "list":
        for inner in value:
            walk_json(shape.member, inner, f"{path}[]", found)


def against_the_model(operation_model, response_dict, **_):
    asked.add(f"{operation_model.service_model.service_name}:{operation_model.name}")
    if response_dict["status_code"] != 200 or operation_model.output_shape is None:
        return
    found = []
    body, shape = response_dict["body"], operation_model.output_shape
    if operation_model.service_model.metadata["protocol"] in ("query", "ec2"):
        root = ElementTree.fromstring(body)
        namespace = operation_model.service_model.metadata.get("xmlNamespace", "").rstrip("/")
        if not root.tag.startswith("{" + namespace):
            found.append(f"namespace of {root.tag}, expected {namespace}")
        if root.tag.split("}")[-1] != f"{operation_model.name}Response":
            found.append(f"root is {root.tag}")
        wrapper = shape.serialization.get("resultWrapper")
        children = {child.tag.split("}")[-1]: child for child in root}
        node = children.get(wrapper) if wrapper else root
        if not wrapper:
            node = ElementTree.Element("root")
            node.extend(child for name, child in children.items() if name not in ("requestId",))
        walk_xml(shape, node, operation_model.name, found)
    else:
        walk_json(shape, json.loads(body), operation_model.name, found)
    check(f"model {operation_model.name}", not found, "; ".join(found[:5]))


def client(service, region="eu-west-1", key=BASE, token=None):
    made = boto3.client(
        service,
        endpoint_url=URL,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="any",
        aws_session_token=token,
        config=Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=20),
    )
    made.meta.events.register("before-parse.*.*", against_the_model)
    return made


def refused(title, code, call, **arguments):
    try:
        call(**arguments)
        check(title, False, "was answered")
    except ClientError as error:
        check(title, error.response["Error"]["Code"] == code, error.response["Error"])
        return error.response["Error"]["Message"]
    return ""


def member(account, **extra):
    role = f"arn:aws:iam::{account}:role/PalisadeReader"
    got = client("sts").assume_role(RoleArn=role, RoleSessionName="oracle", **extra)["Credentials"]
    return {"key": got["AccessKeyId"], "token": got["SessionToken"]}


def pages(made, operation, key, **arguments):
    return [item for page in made.get_paginator(operation).paginate(**arguments) for item in page[key]]


# ---- identity ----------------------------------------------------------------------------------------------------

sts = client("sts")
who = sts.get_caller_identity()
check("base account", who["Account"] == "111111111111", who)
refused("unsigned stranger", "InvalidClientTokenId", client("sts", key="AKIANOBODY0000000000").get_caller_identity)
refused("expired", "ExpiredToken", client("sts", key="AKIAPALISADEEXPIRED0").get_caller_identity)
refused("expired in EC2", "RequestExpired", client("ec2", key="AKIAPALISADEEXPIRED0").describe_vpcs)
refused("expired in EKS", "ExpiredTokenException", client("eks", key="AKIAPALISADEEXPIRED0").list_clusters)
refused("expired in KMS", "ExpiredTokenException", client("kms", key="AKIAPALISADEEXPIRED0").describe_key, KeyId="alias/x")
refused("stranger in EC2", "AuthFailure", client("ec2", key="AKIANOBODY0000000000").describe_vpcs)
refused("stranger in EKS", "UnrecognizedClientException", client("eks", key="AKIANOBODY0000000000").list_clusters)
refused("region that is off", "AuthFailure", client("ec2", region="ap-east-1").describe_vpcs)
refused("region that is off in EKS", "UnrecognizedClientException", client("eks", region="ap-east-1").list_clusters)

message = refused(
    "unknown role", "AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{SHOP}:role/Nobody", RoleSessionName="oracle"
)
check("refusal names principal and action", "is not authorized to perform: sts:AssumeRole on resource" in message, message)
refused("unknown account", "AccessDenied", sts.assume_role, RoleArn="arn:aws:iam::999999999999:role/PalisadeReader", RoleSessionName="oracle")
refused("external id missing", "AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{PAYMENTS}:role/PalisadeReader", RoleSessionName="oracle")
shop, payments, data = member(SHOP), member(PAYMENTS, ExternalId="acme-7d1f"), member(DATA)
who = client("sts", **shop).get_caller_identity()
check("member account", who["Arn"] == f"arn:aws:sts::{SHOP}:assumed-role/PalisadeReader/oracle", who)
web = sts.assume_role_with_web_identity(
    RoleArn="arn:aws:iam::111111111111:role/palisade", RoleSessionName="pod", WebIdentityToken="eyJ.any.token"
)
check("web identity", web["Credentials"]["AccessKeyId"].startswith("ASIA111111111111"), web)

accounts = pages(client("organizations"), "list_accounts", "Accounts")
check("accounts", [a["Id"] for a in accounts] == ["111111111111", SHOP, PAYMENTS, DATA], accounts)
refused("accounts from a member", "AccessDeniedException", client("organizations", **shop).list_accounts)

# ---- EKS ---------------------------------------------------------------------------------------------------------

eks = client("eks", **shop)
check("clusters", pages(eks, "list_clusters", "clusters") == ["shop-prod"])
cluster = eks.describe_cluster(name="shop-prod")["cluster"]
check("endpoint", cluster["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/1", "128.0.0.0/1"])
check("created", cluster["createdAt"].isoformat() == "2023-05-02T00:00:00+00:00", cluster["createdAt"])
check("encryption", cluster["encryptionConfig"][0]["resources"] == ["secrets"])
versions = pages(eks, "describe_cluster_versions", "clusterVersions", includeAll=True)
check("versions", {"1.27", "1.33", "1.34"} <= {version["clusterVersion"] for version in versions})
insights = pages(eks, "list_insights", "insights", clusterName="shop-prod", filter={"categories": ["UPGRADE_READINESS"]})
check("insights", {insight["insightStatus"]["status"] for insight in insights} == {"PASSING", "WARNING"})
offers = pages(eks, "describe_addon_versions", "addons", addonName="coredns", kubernetesVersion="1.33")
check("offers", any(offer["addonVersion"] == "v1.12.1-eksbuild.2" for offer in offers[0]["addonVersions"]))
groups = pages(eks, "list_nodegroups", "nodegroups", clusterName="shop-prod")
check("node groups", groups == ["web"], groups)
group = eks.describe_nodegroup(clusterName="shop-prod", nodegroupName="web")["nodegroup"]
check("node group", group["scalingConfig"]["desiredSize"] == 6 and group["launchTemplate"]["version"] == "1", group)
check("add-ons", "datadog_operator" in pages(eks, "list_addons", "addons", clusterName="shop-prod"))
addon = eks.describe_addon(clusterName="shop-prod", addonName="datadog_operator")["addon"]
check("add-on secret", "dd-secret" in addon["configurationValues"], addon)
entries = pages(eks, "list_access_entries", "accessEntries", clusterName="shop-prod")
check("access entries", f"arn:aws:iam::{SHOP}:user/ci-deployer" in entries and len(entries) == 5, entries)
for principal in entries:
    entry = eks.describe_access_entry(clusterName="shop-prod", principalArn=principal)["accessEntry"]
    check("access entry", entry["principalArn"] == principal, entry)
    eks.list_associated_access_policies(clusterName="shop-prod", principalArn=principal)
policies = eks.list_associated_access_policies(clusterName="shop-prod", principalArn=f"arn:aws:iam::{SHOP}:role/shop-developers")
check("access policy", policies["associatedAccessPolicies"][0]["accessScope"]["namespaces"] == ["shop", "cart"], policies)
associations = pages(eks, "list_pod_identity_associations", "associations", clusterName="shop-prod")
check("associations", [a["serviceAccount"] for a in associations] == ["cart"] and "roleArn" not in associations[0], associations)
association = eks.describe_pod_identity_association(clusterName="shop-prod", associationId=associations[0]["associationId"])
check("association", association["association"]["roleArn"].endswith("role/shop-cart"), association)
check("no association", not eks.list_pod_identity_associations(clusterName="shop-prod", namespace="other")["associations"])
check("no capability", pages(eks, "list_capabilities", "capabilities", clusterName="shop-prod") == [])
check("no fargate", pages(eks, "list_fargate_profiles", "fargateProfileNames", clusterName="shop-prod") == [])
refused("unknown cluster", "ResourceNotFoundException", eks.describe_cluster, name="nothing")
refused("unknown node group", "ResourceNotFoundException", eks.describe_nodegroup, clusterName="shop-prod", nodegroupName="x")
refused("unknown token", "InvalidParameterException", eks.list_clusters, nextToken="rubbish")

edge = client("eks", region="us-east-1", **payments)
cluster = edge.describe_cluster(name="edge-auto")["cluster"]
check("auto mode", cluster["computeConfig"]["enabled"] and cluster["kubernetesNetworkConfig"]["ipFamily"] == "ipv6", cluster)
check("fargate", pages(edge, "list_fargate_profiles", "fargateProfileNames", clusterName="edge-auto") == ["jobs"])
profile = edge.describe_fargate_profile(clusterName="edge-auto", fargateProfileName="jobs")["fargateProfile"]
check("fargate profile", [s["namespace"] for s in profile["selectors"]] == ["jobs", "jobs-nightly"], profile)
capabilities = pages(edge, "list_capabilities", "capabilities", clusterName="edge-auto")
check("capabilities", capabilities[0]["type"] == "ARGOCD", capabilities)
capability = edge.describe_capability(clusterName="edge-auto", capabilityName="argocd")["capability"]
check("capability", capability["roleArn"].endswith("role/edge-argocd"), capability)

legacy = client("eks", **data)
cluster = legacy.describe_cluster(name="legacy-1-27")["cluster"]
check("vintage", "accessConfig" not in cluster and "upgradePolicy" not in cluster, cluster.keys())
refused("no access entries", "InvalidRequestException", legacy.list_access_entries, clusterName="legacy-1-27")

# ---- EC2 ---------------------------------------------------------------------------------------------------------

ec2 = client("ec2", **shop)
regions = ec2.describe_regions()["Regions"]
check("regions", len(regions) == 17 and {r["OptInStatus"] for r in regions} == {"opt-in-not-required"}, len(regions))
everywhere = ec2.describe_regions(AllRegions=True)["Regions"]
check("regions that are off", "not-opted-in" in {r["OptInStatus"] for r in everywhere})

vpc = ec2.describe_vpcs()["Vpcs"][0]
vpc_filter = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
check("hostile tag", any("<script>" in t["Key"] and t["Value"].startswith("=cmd|") for t in vpc["Tags"]), vpc["Tags"])
check("dns", ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"])
check("dns", ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"])
check("vpcs by page", len(pages(ec2, "describe_vpcs", "Vpcs", MaxResults=5)) == 1)
subnets = pages(ec2, "describe_subnets", "Subnets", Filters=vpc_filter)
check("subnets", len(subnets) == 4 and sum(s["MapPublicIpOnLaunch"] for s in subnets) == 2, subnets)
one = ec2.describe_subnets(SubnetIds=[subnets[0]["SubnetId"]])["Subnets"]
check("subnet by id", len(one) == 1)
tagged = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["public-*"]}])["Subnets"]
check("subnets by tag", len(tagged) == 2, tagged)
refused("unknown subnet", "InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=["subnet-0"])
refused("unknown filter", "InvalidParameterValue", ec2.describe_subnets, Filters=[{"Name": "colour", "Values": ["red"]}])

groups = {g["GroupName"]: g for g in pages(ec2, "describe_security_groups", "SecurityGroups", Filters=vpc_filter)}
check("security groups", {"default", "shop-nodes", "shop-lb", "bastion"} < set(groups), list(groups))
ssh = [p for p in groups["shop-nodes"]["IpPermissions"] if p.get("FromPort") == 22][0]
check("ssh rule", ssh["IpRanges"][0]["CidrIp"] == "0.0.0.0/0" and "office" in ssh["IpRanges"][0]["Description"], ssh)
check("group rule", groups["shop-nodes"]["IpPermissions"][1]["UserIdGroupPairs"][0]["GroupId"] == groups["shop-lb"]["GroupId"])
check("list rule", groups["shop-lb"]["IpPermissions"][0]["PrefixListIds"][0]["PrefixListId"].startswith("pl-"))
check("escape sequence", "DO NOT CHANGE" in groups["shop-nodes"]["Description"])
acls = pages(ec2, "describe_network_acls", "NetworkAcls", Filters=vpc_filter)
nodes_acl = [a for a in acls if not a["IsDefault"]][0]
check("acls", len(acls) == 2 and len(nodes_acl["Associations"]) == 2, acls)
entry = [e for e in nodes_acl["Entries"] if e["RuleNumber"] == 100 and not e["Egress"]][0]
check("acl entry", entry["Protocol"] == "6" and entry["PortRange"] == {"From": 22, "To": 22}, entry)
tables = pages(ec2, "describe_route_tables", "RouteTables", Filters=vpc_filter, MaxResults=5)
check("route tables", len(tables) == 3 and any(a["Main"] for t in tables for a in t["Associations"]), tables)
check("internet route", any(r.get("GatewayId", "").startswith("igw-") for t in tables for r in t["Routes"]))
refused("page of tables", "InvalidParameterValue", ec2.describe_route_tables, MaxResults=1000)
gateways = pages(ec2, "describe_nat_gateways", "NatGateways", Filters=vpc_filter)
check("nat", gateways[0]["NatGatewayAddresses"][0]["PublicIp"] == ec2.describe_addresses()["Addresses"][0]["PublicIp"])
check("igw", ec2.describe_internet_gateways()["InternetGateways"][0]["Attachments"][0]["VpcId"] == vpc["VpcId"])
lists = {p["PrefixListName"]: p for p in pages(ec2, "describe_managed_prefix_lists", "PrefixLists")}
check("prefix lists", lists["com.amazonaws.global.cloudfront.origin-facing"]["OwnerId"] == "AWS", lists)
entries = pages(ec2, "get_managed_prefix_list_entries", "Entries", PrefixListId=lists["offices"]["PrefixListId"])
check("prefix entries", [e["Cidr"] for e in entries] == ["203.0.113.0/24", "198.51.100.0/24"], entries)
refused("unknown list", "InvalidPrefixListID.NotFound", ec2.get_managed_prefix_list_entries, PrefixListId="pl-0")
options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
check("bpa off", options["InternetGatewayBlockMode"] == "off", options)
edge_ec2 = client("ec2", region="us-east-1", **payments)
options = edge_ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
check("bpa on", options["InternetGatewayBlockMode"] == "block-ingress" and options["State"] == "update-complete", options)
exclusions = edge_ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"]
check("exclusions", exclusions[0]["InternetGatewayExclusionMode"] == "allow-egress", exclusions)
subnet6 = edge_ec2.describe_subnets()["Subnets"][0]
check("ipv6", subnet6["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].endswith("::/64"), subnet6)

reservations = pages(ec2, "describe_instances", "Reservations", Filters=[{"Name": "tag-key", "Values": ["kubernetes.io/cluster/shop-prod"]}])
instances = [i for r in reservations for i in r["Instances"]]
check("instances", len(instances) == 9 and sum("PublicIpAddress" in i for i in instances) == 6, len(instances))
check("instances by page", len(pages(ec2, "describe_instances", "Reservations", MaxResults=5)) == 9)
check("metadata", {i["MetadataOptions"]["HttpPutResponseHopLimit"] for i in instances} == {1, 2})
check("two interfaces", {len(i["NetworkInterfaces"]) for i in instances} == {1, 2})
running = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["stopped"]}])["Reservations"]
check("no stopped instance", running == [])
interfaces = pages(ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=vpc_filter)
by_instance = [i for i in interfaces if i.get("Attachment", {}).get("InstanceId") == instances[0]["InstanceId"]]
check("interfaces", by_instance and by_instance[0]["Association"]["PublicIp"] == instances[0]["PublicIpAddress"], by_instance)
check("control plane", sum(i["Description"] == "Amazon EKS shop-prod" for i in interfaces) == 2)
node6 = pages(edge_ec2, "describe_instances", "Reservations")[0]["Instances"][0]
check("ipv6 node", node6["NetworkInterfaces"][0]["Ipv6Addresses"] and node6["Operator"]["Managed"], node6)
data_ec2 = client("ec2", region="us-east-1", **data)
versions = pages(data_ec2, "describe_launch_template_versions", "LaunchTemplateVersions", Versions=["$Latest"])
check("templates", any("LaunchTemplateData" in v and v["LaunchTemplateData"].get("UserData") for v in versions), versions)
one = data_ec2.describe_launch_template_versions(LaunchTemplateId=versions[0]["LaunchTemplateId"], Versions=["$Default"])
check("template", len(one["LaunchTemplateVersions"]) == 1)
refused("dry run", "DryRunOperation", ec2.describe_vpcs, DryRun=True)
refused("unknown action", "InvalidAction", ec2.describe_placement_groups)

# ---- Auto Scaling, Elastic Load Balancing ------------------------------------------------------------------------

scaling = client("autoscaling", **shop)
name = group["resources"]["autoScalingGroups"][0]["name"]
asg = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
check("scaling group", {i["InstanceId"] for i in asg["Instances"]} <= {i["InstanceId"] for i in instances} and len(asg["Instances"]) == 6)
check("scaling groups", len(pages(scaling, "describe_auto_scaling_groups", "AutoScalingGroups")) == 1)
check("unknown scaling group", scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["x"])["AutoScalingGroups"] == [])
by_tag = scaling.describe_auto_scaling_groups(Filters=[{"Name": "tag:eks:cluster-name", "Values": ["shop-prod"]}])
check("scaling group by tag", len(by_tag["AutoScalingGroups"]) == 1, by_tag)
balancing = client("elbv2", **shop)
balancer = pages(balancing, "describe_load_balancers", "LoadBalancers")[0]
check("balancer", balancer["Scheme"] == "internet-facing" and len(balancer["AvailabilityZones"]) == 2, balancer)
check("balancer by name", balancing.describe_load_balancers(Names=["shop-front"])["LoadBalancers"][0] == balancer)
refused("unknown balancer", "LoadBalancerNotFound", balancing.describe_load_balancers, Names=["x"])

# ---- IAM ---------------------------------------------------------------------------------------------------------

iam = client("iam", region="us-east-1", **shop)
details = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}):
    for key, found in details.items():
        found += page[key]
roles = {r["RoleName"]: r for r in details["RoleDetailList"]}
check("roles", {"shop-node", "PalisadeReader", "github-deploy"} < set(roles), list(roles))
check("profiles", len(roles["shop-node"]["InstanceProfileList"]) == 2, roles["shop-node"])
trust = roles["shop-ebs-csi"]["AssumeRolePolicyDocument"]
trust = trust if isinstance(trust, dict) else json.loads(urllib.parse.unquote(trust))
issuer = eks.describe_cluster(name="shop-prod")["cluster"]["identity"]["oidc"]["issuer"].removeprefix("https://")
check("irsa", f"{issuer}:sub" in trust["Statement"][0]["Condition"]["StringEquals"], trust)
check("policies", {"AdministratorAccess", "shop-read", "AmazonEKSWorkerNodePolicy"} <= {p["PolicyName"] for p in details["Policies"]})
versions = [p for p in details["Policies"] if p["PolicyName"] == "shop-read"][0]["PolicyVersionList"]
check("versions", [(v["VersionId"], v["IsDefaultVersion"]) for v in versions] == [("v2", True), ("v1", False)], versions)
only = iam.get_account_authorization_details(Filter=["User", "AWSManagedPolicy"], MaxItems=1000)
check("filter", only["RoleDetailList"] == [] and len(only["UserDetailList"]) == 2, only)
check("csi path", "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy" in {p["Arn"] for p in details["Policies"]})
providers = [p["Arn"] for p in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
check("providers", any(issuer in arn for arn in providers) and len(providers) == 2, providers)
keys = pages(iam, "list_access_keys", "AccessKeyMetadata", UserName="ci-deployer")
check("access keys", [k["Status"] for k in keys] == ["Active", "Inactive"], keys)
used = iam.get_access_key_last_used(AccessKeyId=keys[0]["AccessKeyId"])
check("last used", used["AccessKeyLastUsed"]["ServiceName"] == "eks" and used["UserName"] == "ci-deployer", used)
unused = iam.get_access_key_last_used(AccessKeyId=keys[1]["AccessKeyId"])
check("never used", unused["AccessKeyLastUsed"]["ServiceName"] == "N/A", unused)
refused("unknown user", "NoSuchEntity", iam.list_access_keys, UserName="nobody")
job = iam.generate_service_last_accessed_details(Arn=roles["platform-admin"]["Arn"])["JobId"]
services = iam.get_service_last_accessed_details(JobId=job)
check("services", {s["ServiceNamespace"]: "LastAuthenticated" in s for s in services["ServicesLastAccessed"]} == {"eks": True, "iam": True, "s3": False}, services)
refused("unknown entity", "NoSuchEntity", iam.generate_service_last_accessed_details, Arn=f"arn:aws:iam::{SHOP}:role/nobody")
refused("unknown job", "NoSuchEntity", iam.get_service_last_accessed_details, JobId="00000000-0000-0000-0000-000000000000")

# ---- KMS ---------------------------------------------------------------------------------------------------------

kms = client("kms", **payments)
cluster = client("eks", **payments).describe_cluster(name="payments-prod")["cluster"]
check("no public endpoint", cluster["resourcesVpcConfig"]["publicAccessCidrs"] == [], cluster)
arn = cluster["encryptionConfig"][0]["provider"]["keyArn"]
key = kms.describe_key(KeyId=arn)["KeyMetadata"]
check("key", key["KeyState"] == "Enabled" and kms.describe_key(KeyId="alias/payments-etcd")["KeyMetadata"] == key, key)
rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])
check("rotation", rotation["KeyRotationEnabled"] and rotation["RotationPeriodInDays"] == 365, rotation)
policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
check("key policy", policy["Statement"][0]["Sid"] == "administration", policy)
grants = pages(kms, "list_grants", "Grants", KeyId=arn)
check("grants", grants[0]["GranteePrincipal"].endswith("role/payments-cluster"), grants)
dying = client("kms", region="us-east-1", **data).describe_key(KeyId="alias/analytics-etcd")["KeyMetadata"]
check("pending deletion", dying["KeyState"] == "PendingDeletion" and dying["DeletionDate"].year == 2026, dying)
refused("unknown key", "NotFoundException", kms.describe_key, KeyId="alias/nothing")
refused("foreign key", "AccessDeniedException", client("kms", **shop).describe_key, KeyId=arn)

failed = results.count(False)
print(f"{len(asked)} operations, {len(results) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
