//! The wire formats, against snippets of what AWS itself answered (recordings of botocore and Cloud Custodian).

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::Event;
use serde_json::{Value, json};

use super::*;

const SHOP: &str = "AKIA222222222222TEST";
const BASE: &str = "AKIAPALISADE00000000";

fn acme() -> World {
    serde_saphyr::from_str(include_str!("../../worlds/acme/aws.yaml")).unwrap()
}

/// A request as an SDK signs it.
fn request(method: &str, path: &str, key: &str, body: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261120/eu-west-1/any/aws4_request, SignedHeaders=host, Signature=0"
    );
    Request {
        method: method.to_owned(),
        host: "127.0.0.1".to_owned(),
        path: crate::http::decoded(path),
        query: crate::http::pairs(query),
        headers: BTreeMap::from([("authorization".to_owned(), authorization)]),
        body: body.as_bytes().to_vec(),
    }
}

fn query(version: &str, parameters: &str, key: &str) -> Request {
    request("POST", "/", key, &format!("Version={version}&Action={parameters}"))
}

fn json_call(target: &str, body: &Value, key: &str) -> Request {
    let mut request = request("POST", "/", key, &body.to_string());
    request.headers.insert("x-amz-target".to_owned(), target.to_owned());
    request
}

fn text(request: &Request) -> String {
    String::from_utf8(reply(&acme(), request).body).unwrap()
}

fn ec2(parameters: &str) -> String {
    text(&query("2016-11-15", parameters, SHOP))
}

/// The path of every element.
fn paths(xml: &str) -> BTreeSet<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut path, mut paths) = (Vec::new(), BTreeSet::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                path.push(element.name().as_ref().to_owned());
                paths.insert(path.join("/"));
            }
            Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                paths.insert(format!("{}/{name}", path.join("/")));
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => return paths,
            _ => {}
        }
    }
}

/// The path of every member.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                members(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, path, found)),
        _ => {}
    }
}

fn recorded_is_answered(recorded: &str, action: &str) {
    let answered = paths(&ec2(action));
    let missing: Vec<_> = paths(recorded).into_iter().filter(|path| !answered.contains(path)).collect();
    assert_eq!(missing, Vec::<String>::new(), "{action}");
}

#[test]
fn what_ec2_answered_about_filters_we_answer_too() {
    recorded_is_answered(
        "<DescribeNetworkAclsResponse><requestId/><networkAclSet><item><networkAclId/><vpcId/><default/><entrySet><item>\
         <ruleNumber/><protocol/><ruleAction/><egress/><cidrBlock/></item></entrySet><associationSet><item>\
         <networkAclAssociationId/><networkAclId/><subnetId/></item></associationSet><tagSet/></item></networkAclSet>\
         </DescribeNetworkAclsResponse>",
        "DescribeNetworkAcls",
    );
    recorded_is_answered(
        "<DescribeSecurityGroupsResponse><requestId/><securityGroupInfo><item><ownerId/><groupId/><groupName/><groupDescription/>\
         <vpcId/><ipPermissions><item><ipProtocol/><fromPort/><toPort/><groups><item><userId/><groupId/></item></groups>\
         <ipRanges><item><cidrIp/></item></ipRanges></item></ipPermissions><ipPermissionsEgress><item><ipProtocol/><groups/>\
         <ipRanges><item><cidrIp/></item></ipRanges></item></ipPermissionsEgress></item></securityGroupInfo>\
         </DescribeSecurityGroupsResponse>",
        "DescribeSecurityGroups",
    );
}

#[test]
fn what_ec2_answered_about_networks_we_answer_too() {
    recorded_is_answered(
        "<DescribeRouteTablesResponse><requestId/><routeTableSet><item><routeTableId/><vpcId/><routeSet><item>\
         <destinationCidrBlock/><gatewayId/><state/><origin/></item></routeSet><associationSet><item><routeTableAssociationId/>\
         <routeTableId/><subnetId/><main/></item></associationSet><propagatingVgwSet/><tagSet/></item></routeTableSet>\
         </DescribeRouteTablesResponse>",
        "DescribeRouteTables",
    );
    recorded_is_answered(
        "<DescribeSubnetsResponse><requestId/><subnetSet><item><subnetId/><state/><vpcId/><cidrBlock/><availableIpAddressCount/>\
         <availabilityZone/><defaultForAz/><mapPublicIpOnLaunch/></item></subnetSet></DescribeSubnetsResponse>",
        "DescribeSubnets",
    );
    recorded_is_answered(
        "<DescribeVpcsResponse><requestId/><vpcSet><item><vpcId/><state/><cidrBlock/><dhcpOptionsId/><instanceTenancy/><isDefault/>\
         </item></vpcSet></DescribeVpcsResponse>",
        "DescribeVpcs",
    );
    recorded_is_answered(
        "<DescribeNetworkInterfacesResponse><requestId/><networkInterfaceSet><item><networkInterfaceId/><subnetId/><vpcId/>\
         <availabilityZone/><description/><ownerId/><requesterManaged/><status/><macAddress/><privateIpAddress/><sourceDestCheck/>\
         <groupSet><item><groupId/><groupName/></item></groupSet><attachment><attachmentId/><instanceId/><instanceOwnerId/>\
         <deviceIndex/><status/><attachTime/><deleteOnTermination/></attachment><tagSet/><privateIpAddressesSet><item>\
         <privateIpAddress/><primary/></item></privateIpAddressesSet></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>",
        "DescribeNetworkInterfaces",
    );
}

#[test]
fn what_ec2_answered_about_instances_we_answer_too() {
    recorded_is_answered(
        "<DescribeInstancesResponse><requestId/><reservationSet><item><reservationId/><ownerId/><groupSet/><instancesSet><item>\
         <instanceId/><imageId/><instanceState><code/><name/></instanceState><privateDnsName/><dnsName/><amiLaunchIndex/>\
         <productCodes/><instanceType/><launchTime/><placement><availabilityZone/><groupName/><tenancy/></placement>\
         <monitoring><state/></monitoring><privateIpAddress/><ipAddress/><groupSet><item><groupId/><groupName/></item></groupSet>\
         <architecture/><rootDeviceType/><rootDeviceName/><virtualizationType/><clientToken/><tagSet><item><key/><value/></item>\
         </tagSet><hypervisor/><networkInterfaceSet/><ebsOptimized/></item></instancesSet></item></reservationSet>\
         </DescribeInstancesResponse>",
        "DescribeInstances",
    );
}

#[test]
fn a_cluster_has_the_members_of_a_recorded_one() {
    let recorded = json!({
        "name": "", "arn": "", "createdAt": 0, "version": "", "endpoint": "", "roleArn": "",
        "resourcesVpcConfig": {
            "subnetIds": [], "securityGroupIds": [], "clusterSecurityGroupId": "", "vpcId": "",
            "endpointPublicAccess": true, "endpointPrivateAccess": true, "publicAccessCidrs": []
        },
        "kubernetesNetworkConfig": { "serviceIpv4Cidr": "", "ipFamily": "", "elasticLoadBalancing": { "enabled": true } },
        "logging": { "clusterLogging": [{ "types": [], "enabled": true }] },
        "identity": { "oidc": { "issuer": "" } }, "status": "", "certificateAuthority": { "data": "" },
        "platformVersion": "", "tags": {}, "accessConfig": { "authenticationMode": "" },
        "upgradePolicy": { "supportType": "" }, "zonalShiftConfig": { "enabled": true },
        "computeConfig": { "enabled": true, "nodePools": [] }, "storageConfig": { "blockStorage": { "enabled": true } },
        "deletionProtection": false, "controlPlaneScalingConfig": { "tier": "" }
    });
    let answered: Value = serde_json::from_str(&text(&request("GET", "/clusters/shop-prod", SHOP, ""))).unwrap();
    let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
    members(&recorded, "", &mut expected);
    members(&answered["cluster"], "", &mut found);
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(answered["cluster"]["createdAt"].is_number(), "times of EKS are numbers");
}

#[test]
fn a_cluster_from_before_2023_says_nothing_about_access() {
    let answered: Value =
        serde_json::from_str(&text(&request("GET", "/clusters/legacy-1-27", "AKIA444444444444TEST", ""))).unwrap();
    for member in ["accessConfig", "upgradePolicy", "deletionProtection", "computeConfig"] {
        assert_eq!(answered["cluster"].get(member), None, "{member}");
    }
}

#[test]
fn policy_documents_are_percent_encoded() {
    let details = text(&query("2010-05-08", "GetAccountAuthorizationDetails&MaxItems=1000", SHOP));
    assert!(details.contains("<PolicyDocument>%7B%22Statement%22%3A%5B"), "inline policies");
    assert!(details.contains("<AssumeRolePolicyDocument>%7B%22"), "trust policies");
    assert!(!details.contains("sts:AssumeRole"));
}

#[test]
fn a_refusal_comes_in_the_format_of_its_service() {
    let refused = |permission: &str, subject: &str| {
        let operation = Operation {
            permission: permission.to_owned(),
            scope: "222222222222/eu-west-1".to_owned(),
            subject: subject.to_owned(),
        };
        let reply = denied(&operation);
        (reply.status, reply.headers.clone(), String::from_utf8(reply.body).unwrap())
    };
    let user = "User: arn:aws:sts::222222222222:assumed-role/PalisadeReader/palisade is not authorized to perform:";
    let (status, headers, body) = refused("eks:DescribeCluster", "name=shop-prod");
    assert_eq!((status, headers), (403, vec![("x-amzn-errortype".to_owned(), "AccessDeniedException".to_owned())]));
    let message =
        format!("{user} eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:222222222222:cluster/shop-prod");
    assert_eq!(body, json!({ "message": message }).to_string());

    let (status, _, body) = refused("ec2:DescribeInstances", "");
    assert_eq!(status, 403);
    assert!(
        body.contains("<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized"),
        "{body}"
    );

    let (status, _, body) = refused("iam:GetAccountAuthorizationDetails", "");
    assert_eq!(status, 403);
    assert!(body.starts_with("<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>AccessDenied</Code>"), "{body}");
    assert!(body.contains(&format!("{user} iam:GetAccountAuthorizationDetails on resource: *")), "{body}");

    let (status, _, body) = refused("kms:DescribeKey", "KeyId=arn:aws:kms:eu-west-1:1:key/2");
    assert_eq!(status, 400);
    assert!(
        body.starts_with("{\"Message\":\"User:") && body.ends_with("\"__type\":\"AccessDeniedException\"}"),
        "{body}"
    );

    assert_eq!(refused("organizations:ListAccounts", "").0, 400);
    assert_eq!(refused("sts:AssumeRole", "RoleArn=arn:aws:iam::1:role/x").0, 403);
}

#[test]
fn every_service_throttles_in_its_own_words() {
    let throttled = |permission: &str| {
        let reply =
            throttled(&Operation { permission: permission.to_owned(), scope: String::new(), subject: String::new() });
        let code = reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").map(|(_, code)| code.clone());
        (reply.status, code.unwrap_or_else(|| String::from_utf8(reply.body).unwrap()))
    };
    assert_eq!(throttled("eks:ListClusters"), (429, "ThrottlingException".to_owned()));
    for (permission, status, code) in [
        ("ec2:DescribeVpcs", 503, "<Code>RequestLimitExceeded</Code>"),
        ("iam:ListAccessKeys", 400, "<Code>Throttling</Code>"),
        ("kms:DescribeKey", 400, "\"__type\":\"ThrottlingException\""),
        ("organizations:ListAccounts", 400, "\"__type\":\"TooManyRequestsException\""),
    ] {
        let (answered, body) = throttled(permission);
        assert_eq!(answered, status, "{permission}");
        assert!(body.contains(code), "{permission}: {body}");
    }
}

#[test]
fn an_operation_is_named_by_its_permission_and_its_place() {
    let world = acme();
    let told = |request: &Request| {
        let operation = operation(&world, request).unwrap();
        (operation.permission, operation.scope, operation.subject)
    };
    let words =
        |permission: &str, scope: &str, subject: &str| (permission.to_owned(), scope.to_owned(), subject.to_owned());
    assert_eq!(
        told(&request("GET", "/clusters/shop-prod/node-groups?nextToken=abc", SHOP, "")),
        words("eks:ListNodegroups", "222222222222/eu-west-1", "name=shop-prod&nextToken=abc")
    );
    assert_eq!(
        told(&query("2015-12-01", "DescribeLoadBalancers", SHOP)),
        words("elasticloadbalancing:DescribeLoadBalancers", "222222222222/eu-west-1", "")
    );
    let assume = "AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2FPalisadeReader&RoleSessionName=run-7";
    assert_eq!(
        told(&query("2011-06-15", assume, BASE)),
        words("sts:AssumeRole", "111111111111", "RoleArn=arn:aws:iam::222222222222:role/PalisadeReader")
    );
    assert_eq!(
        told(&json_call("TrentService.DescribeKey", &json!({ "KeyId": "alias/shop-etcd" }), SHOP)),
        words("kms:DescribeKey", "222222222222/eu-west-1", "KeyId=alias/shop-etcd")
    );
    assert_eq!(operation(&world, &request("GET", "/health", SHOP, "")), None);
}

#[test]
fn a_small_page_limit_makes_small_worlds_long() {
    let story = "page_limit: 1\norganization: o-1\naccounts: [{ id: '111111111111', name: a }, { id: '222222222222', name: b }]";
    let world: World = serde_saphyr::from_str(story).unwrap();
    let list = |body: &Value| -> Value {
        let request = json_call("AWSOrganizationsV20161128.ListAccounts", body, BASE);
        serde_json::from_slice(&reply(&world, &request).body).unwrap()
    };
    let first = list(&json!({}));
    assert_eq!(first["Accounts"][0]["Id"], "111111111111");
    let second = list(&json!({ "NextToken": first["NextToken"] }));
    assert_eq!((&second["Accounts"][0]["Id"], second.get("NextToken")), (&json!("222222222222"), None));
}

#[test]
fn a_role_that_admits_nobody_and_a_session_that_is_over_are_refused() {
    let story = "accounts:\n- { id: '111111111111', name: a }\n- { id: '222222222222', name: b, reader: { assumable: false } }\n\
                 - { id: '333333333333', name: c, reader: { expired: true } }";
    let world: World = serde_saphyr::from_str(story).unwrap();
    let assume = |account: &str| {
        let arn = format!("arn:aws:iam::{account}:role/PalisadeReader");
        reply(&world, &query("2011-06-15", &format!("AssumeRole&RoleArn={arn}&RoleSessionName=run"), BASE))
    };
    assert_eq!(assume("222222222222").status, 403);
    let session = String::from_utf8(assume("333333333333").body).unwrap();
    assert!(session.contains("<AccessKeyId>ASIA333333333333EXPD</AccessKeyId>"), "{session}");
    let refused = reply(&world, &request("GET", "/clusters", "ASIA333333333333EXPD", ""));
    assert_eq!((refused.status, refused.headers[0].1.as_str()), (403, "ExpiredTokenException"));
}

#[test]
fn what_others_call_secrets_is_there_to_be_left_out() {
    use base64::Engine as _;
    let addon = text(&request("GET", "/clusters/shop-prod/addons/datadog_operator", SHOP, ""));
    assert!(addon.contains("dd-secret"), "{addon}");
    // These bytes are whole groups of three, so their encoding is a prefix of the encoding of the whole.
    let secret = "#!/bin/bash\nexport WAREHOUSE_PASSWORD=hunter2-warehous";
    assert_eq!(secret.len() % 3, 0);
    let secret = base64::engine::general_purpose::STANDARD.encode(secret);
    let mut request = query("2016-11-15", "DescribeLaunchTemplateVersions", "AKIA444444444444TEST");
    let signed = request.headers["authorization"].replace("eu-west-1", "us-east-1");
    request.headers.insert("authorization".to_owned(), signed);
    let templates = text(&request);
    assert!(templates.contains(&secret), "{templates}");
}

#[test]
fn another_partition_has_regions_and_names_of_its_own() {
    let story = "
accounts:
  - id: '555555555555'
    name: gov
    partition: aws-us-gov
    regions:
      us-gov-west-1:
        vpcs: [{ name: main, cidr: 10.0.0.0/16 }]
        clusters: [{ name: gov, vpc: main }]
";
    let world: World = serde_saphyr::from_str(story).unwrap();
    let ask = |request: Request| {
        let signed = request.headers["authorization"].replace("eu-west-1", "us-gov-west-1");
        let headers = BTreeMap::from([("authorization".to_owned(), signed)]);
        String::from_utf8(reply(&world, &Request { headers, ..request }).body).unwrap()
    };
    let regions = ask(query("2016-11-15", "DescribeRegions", "AKIA555555555555TEST"));
    assert_eq!(regions.matches("<regionName>us-gov-").count(), 2, "{regions}");
    assert_eq!(regions.matches("<regionName>").count(), 2, "{regions}");
    let cluster = ask(request("GET", "/clusters/gov", "AKIA555555555555TEST", ""));
    assert!(cluster.contains("\"arn:aws-us-gov:eks:us-gov-west-1:555555555555:cluster/gov\""), "{cluster}");
    assert!(cluster.contains("\"arn:aws-us-gov:iam::555555555555:role/eks-cluster\""), "{cluster}");
}
