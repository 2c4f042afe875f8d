"""Makes a small organisation in a moto server: argv[1] is its URL. Prints what was made as JSON."""

import json
import sys

import boto3

URL = sys.argv[1]
REGION = "eu-west-1"


def client(service, credentials=None):
    keys = credentials or {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "moto", "SessionToken": None}
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


organizations = client("organizations")
organizations.create_organization(FeatureSet="ALL")
# More than one page of twenty.
members = [
    organizations.create_account(Email=f"member{n}@example.com", AccountName=f"member-{n}")["CreateAccountStatus"]["AccountId"]
    for n in range(24)
]
member = members[-1]
session = client("sts").assume_role(RoleArn=f"arn:aws:iam::{member}:role/PalisadeReader", RoleSessionName="seed")["Credentials"]

iam = client("iam", session)


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


cluster_role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=trust("eks.amazonaws.com"))["Role"]["Arn"]
node_role = iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))["Role"]["Arn"]
everything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
iam.put_role_policy(RoleName="node", PolicyName="everything", PolicyDocument=everything)

ec2 = client("ec2", session)
vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24", AvailabilityZone=REGION + "a")["Subnet"]["SubnetId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
halves = [{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}]
ec2.authorize_security_group_ingress(
    GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": halves}]
)
acl = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"][0]["NetworkAclId"]
ec2.create_network_acl_entry(
    NetworkAclId=acl,
    RuleNumber=50,
    Protocol="6",
    RuleAction="deny",
    Egress=False,
    CidrBlock="198.51.100.0/24",
    PortRange={"From": 22, "To": 22},
)
key = client("kms", session).create_key(Description="etcd")["KeyMetadata"]["Arn"]
image = ec2.describe_images()["Images"][0]["ImageId"]
instance = ec2.run_instances(
    ImageId=image,
    MinCount=1,
    MaxCount=1,
    InstanceType="t3.large",
    NetworkInterfaces=[
        {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": True}
    ],
    TagSpecifications=[
        {"ResourceType": "instance", "Tags": [{"Key": "kubernetes.io/cluster/shop", "Value": "owned"}]}
    ],
)["Instances"][0]["InstanceId"]

eks = client("eks", session)
eks.create_cluster(
    name="shop",
    roleArn=cluster_role,
    version="1.31",
    resourcesVpcConfig={
        "subnetIds": [subnet],
        "securityGroupIds": [group],
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"],
    },
    encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
)
eks.create_nodegroup(clusterName="shop", nodegroupName="workers", subnets=[subnet], nodeRole=node_role)
print(json.dumps({"member": member, "accounts": len(members) + 1, "instance": instance, "group": group, "key": key}))
