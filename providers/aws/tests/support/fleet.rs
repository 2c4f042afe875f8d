//! Snapshots of a simulated organisation, asked for without any client library.

use palisade_aws::CALLS;
use palisade_provider::{Body, Failure, FailureReason, Outcome, Record, Snapshot, xml_to_json};
use palisade_simulator::{Request, aws};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const MANAGEMENT: &str = "AKIAPALISADE00000000";

/// The versions by which the services of the query protocol are told apart.
const VERSIONS: &[(&str, &str)] = &[
    ("sts", "2011-06-15"),
    ("ec2", "2016-11-15"),
    ("autoscaling", "2011-01-01"),
    ("elasticloadbalancing", "2015-12-01"),
    ("elb", "2012-06-01"),
    ("iam", "2010-05-08"),
];

/// One account while it is read.
struct Book<'w> {
    world: &'w aws::World,
    at: jiff::Timestamp,
    account: String,
    records: Vec<Record>,
}

/// The snapshots of every member account.
pub(crate) fn snapshots(world: &aws::World, at: jiff::Timestamp) -> Vec<Snapshot> {
    let mut first = Book { world, at, account: String::new(), records: Vec::new() };
    let pages = first.paged("organizations:ListAccounts", "100000000000", &[], ("", json!({})));
    let accounts: Vec<String> =
        pages.iter().flat_map(|page| members(page, "/Accounts")).map(|account| text(&account, "/Id")).collect();
    let of_account = |account: &String| {
        let mut book = Book { world, at, account: account.clone(), records: first.records.clone() };
        book.read();
        Snapshot::new("fleet".to_owned(), palisade_model::Provider::Aws, account.clone(), (at, at), book.records)
    };
    accounts.iter().map(of_account).collect()
}

/// The members of a list, wherever it stands below the answer's root.
fn members(value: &Value, pointer: &str) -> Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The part of an XML answer that the operation is about.
fn result(body: &Value) -> Value {
    let root = body.as_object().and_then(|body| body.values().next()).cloned().unwrap_or_default();
    let inner = root.as_object().and_then(|root| root.iter().find(|(name, _)| name.ends_with("Result")));
    inner.map(|(_, inner)| inner.clone()).unwrap_or(root)
}

impl Book<'_> {
    fn read(&mut self) {
        let account = self.account.clone();
        let regions = self.paged("ec2:DescribeRegions", &account, &[], ("", json!({})));
        let regions: Vec<String> = regions
            .iter()
            .flat_map(|page| members(&result(page), "/regionInfo"))
            .map(|region| text(&region, "/regionName"))
            .collect();
        let mut found = Found::default();
        for region in &regions {
            self.region(&format!("{account}/{region}"), &mut found);
        }
        if found.clusters == 0 {
            return;
        }
        self.paged("organizations:DescribeOrganization", &account, &[], ("", json!({})));
        self.paged("iam:GetAccountAuthorizationDetails", &account, &[], ("", json!({ "MaxItems": "1000" })));
        self.paged("iam:ListOpenIDConnectProviders", &account, &[], ("", json!({})));
        for user in &found.users {
            self.paged("iam:ListAccessKeys", &account, &[("user", user)], ("", json!({ "UserName": user })));
        }
        for role in &found.roles {
            let params = [("role", role.as_str())];
            let job = "iam:GenerateServiceLastAccessedDetails";
            let job = self.paged(job, &account, &params, ("", json!({ "Arn": role })));
            let Some(job) = job.first().map(|job| text(&result(job), "/JobId")) else { continue };
            let asked = json!({ "JobId": job, "MaxItems": "1000" });
            self.paged("iam:GetServiceLastAccessedDetails", &account, &params, ("", asked));
        }
    }

    fn region(&mut self, scope: &str, found: &mut Found) {
        let pages = self.paged("eks:ListClusters", scope, &[], ("/clusters", json!({})));
        let clusters: Vec<Value> = pages.iter().flat_map(|page| members(page, "/clusters")).collect();
        if clusters.is_empty() {
            return;
        }
        found.clusters += clusters.len();
        let (mut vpcs, mut keys, mut scaling) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for cluster in clusters.iter().filter_map(Value::as_str) {
            self.cluster(scope, cluster, found, (&mut vpcs, &mut keys, &mut scaling));
        }
        self.network(scope, &vpcs.into_iter().collect::<Vec<_>>());
        for names in scaling.into_iter().collect::<Vec<String>>().chunks(50) {
            let asked: BTreeMap<String, &String> =
                (1..).zip(names).map(|(place, name)| (format!("AutoScalingGroupNames.member.{place}"), name)).collect();
            let params = [("groups", &*names.join(","))];
            self.paged("autoscaling:DescribeAutoScalingGroups", scope, &params, ("", json!(asked)));
        }
        for key in keys {
            for name in ["kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy", "kms:ListGrants"] {
                self.paged(name, scope, &[("key", &key)], ("", json!({ "KeyId": key })));
            }
        }
    }

    fn cluster(
        &mut self,
        scope: &str,
        cluster: &str,
        found: &mut Found,
        (vpcs, keys, scaling): (&mut BTreeSet<String>, &mut BTreeSet<String>, &mut BTreeSet<String>),
    ) {
        let base = format!("/clusters/{cluster}");
        let named = [("cluster", cluster)];
        let described = self.paged("eks:DescribeCluster", scope, &named, (&base, json!({})));
        let described = described.first().cloned().unwrap_or_default();
        vpcs.insert(text(&described, "/cluster/resourcesVpcConfig/vpcId"));
        found.roles.insert(text(&described, "/cluster/roleArn"));
        for encryption in members(&described, "/cluster/encryptionConfig") {
            keys.insert(text(&encryption, "/provider/keyArn"));
        }
        for (list, many, id, path, describe, label, role) in [
            (
                "eks:ListNodegroups",
                "/nodegroups",
                "",
                "node-groups",
                "eks:DescribeNodegroup",
                "nodegroup",
                "/nodegroup/nodeRole",
            ),
            (
                "eks:ListFargateProfiles",
                "/fargateProfileNames",
                "",
                "fargate-profiles",
                "eks:DescribeFargateProfile",
                "profile",
                "/fargateProfile/podExecutionRoleArn",
            ),
            ("eks:ListAddons", "/addons", "", "addons", "eks:DescribeAddon", "addon", "/addon/serviceAccountRoleArn"),
            (
                "eks:ListPodIdentityAssociations",
                "/associations",
                "/associationId",
                "pod-identity-associations",
                "eks:DescribePodIdentityAssociation",
                "association",
                "/association/roleArn",
            ),
            (
                "eks:ListCapabilities",
                "/capabilities",
                "/capabilityName",
                "capabilities",
                "eks:DescribeCapability",
                "capability",
                "/capability/roleArn",
            ),
        ] {
            let pages = self.paged(list, scope, &named, (&format!("{base}/{path}"), json!({})));
            for member in pages.iter().flat_map(|page| members(page, many)) {
                let name = text(&member, id);
                let params = [("cluster", cluster), (label, name.as_str())];
                let answer = self.paged(describe, scope, &params, (&format!("{base}/{path}/{name}"), json!({})));
                let answer = answer.first().cloned().unwrap_or_default();
                found.roles.extend(Some(text(&answer, role)).filter(|role| !role.is_empty()));
                let (id, version) =
                    (text(&answer, "/nodegroup/launchTemplate/id"), text(&answer, "/nodegroup/launchTemplate/version"));
                if !id.is_empty() {
                    let params = [("template", id.as_str()), ("versions", version.as_str())];
                    let asked = json!({ "LaunchTemplateId": id, "LaunchTemplateVersion.1": version });
                    self.paged("ec2:DescribeLaunchTemplateVersions", scope, &params, ("", asked));
                }
                let groups = members(&answer, "/nodegroup/resources/autoScalingGroups");
                scaling.extend(groups.iter().map(|group| text(group, "/name")));
            }
        }
        if text(&described, "/cluster/accessConfig/authenticationMode") == "CONFIG_MAP" {
            return;
        }
        let pages = self.paged("eks:ListAccessEntries", scope, &named, (&format!("{base}/access-entries"), json!({})));
        for principal in pages.iter().flat_map(|page| members(page, "/accessEntries")) {
            let principal = text(&principal, "");
            let params = [("cluster", cluster), ("principal", principal.as_str())];
            let path = format!("{base}/access-entries/{principal}");
            self.paged("eks:DescribeAccessEntry", scope, &params, (&path, json!({})));
            let path = format!("{path}/access-policies");
            self.paged("eks:ListAssociatedAccessPolicies", scope, &params, (&path, json!({})));
            found.users.extend(principal.split_once(":user/").map(|(_, name)| name.to_owned()));
        }
    }

    fn network(&mut self, scope: &str, vpcs: &[String]) {
        let filter = |name: &str, values: &[String]| {
            let values = (1..).zip(values).map(|(place, value)| (format!("Filter.1.Value.{place}"), json!(value)));
            let asked = values.chain([("Filter.1.Name".to_owned(), json!(name))]);
            Value::Object(asked.collect())
        };
        let joined = vpcs.join(",");
        let mut lists = BTreeSet::new();
        let mut named: [BTreeSet<String>; 3] = Default::default();
        for operation in [
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeRouteTables",
            "ec2:DescribeInstances",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcEndpoints",
        ] {
            let pages = self.paged(operation, scope, &[("vpcs", &joined)], ("", filter("vpc-id", vpcs)));
            for page in pages {
                for machine in
                    members(&result(&page), "/reservationSet").iter().flat_map(|one| members(one, "/instancesSet"))
                {
                    for (set, field) in named.iter_mut().zip(["/imageId", "/instanceType", "/instanceId"]) {
                        set.insert(text(&machine, field));
                    }
                }
                let text = page.to_string();
                lists.extend(text.split('"').filter(|word| word.starts_with("pl-")).map(str::to_owned));
            }
        }
        for (set, (operation, param, name)) in named.into_iter().zip([
            ("ec2:DescribeImages", "images", "image-id"),
            ("ec2:DescribeInstanceTypes", "types", "instance-type"),
            ("ec2:DescribeVolumes", "machines", "attachment.instance-id"),
        ]) {
            let values: Vec<String> = set.into_iter().collect();
            self.paged(operation, scope, &[(param, &*values.join(","))], ("", filter(name, &values)));
        }
        for vpc in vpcs {
            for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
                let params = [("attribute", attribute), ("vpc", vpc.as_str())];
                let asked = json!({ "VpcId": vpc, "Attribute": attribute });
                self.paged("ec2:DescribeVpcAttribute", scope, &params, ("", asked));
            }
        }
        for list in lists {
            let asked = json!({ "PrefixListId": list });
            self.paged("ec2:GetManagedPrefixListEntries", scope, &[("list", &list)], ("", asked));
        }
        for operation in [
            "ec2:DescribeVpcBlockPublicAccessOptions",
            "ec2:DescribeVpcBlockPublicAccessExclusions",
            "ec2:GetEbsEncryptionByDefault",
            "ec2:DescribeFlowLogs",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
            "elb:DescribeLoadBalancers",
        ] {
            let pages = self.paged(operation, scope, &[], ("", json!({})));
            let results: Vec<Value> = pages.iter().map(result).collect();
            for balancer in results.iter().flat_map(|page| members(page, "/LoadBalancers")) {
                let arn = text(&balancer, "/LoadBalancerArn");
                let asked = json!({ "LoadBalancerArn": arn });
                let listeners =
                    self.paged("elasticloadbalancing:DescribeListeners", scope, &[("balancer", &arn)], ("", asked));
                let listeners: Vec<Value> = listeners.iter().map(result).collect();
                let rules = arn.contains(":loadbalancer/app/");
                for listener in listeners.iter().flat_map(|page| members(page, "/Listeners")).filter(|_| rules) {
                    let arn = text(&listener, "/ListenerArn");
                    let asked = json!({ "ListenerArn": arn });
                    self.paged("elasticloadbalancing:DescribeRules", scope, &[("listener", &arn)], ("", asked));
                }
            }
            for balancer in results.iter().flat_map(|page| members(page, "/LoadBalancerDescriptions")) {
                let name = text(&balancer, "/LoadBalancerName");
                let asked = json!({ "LoadBalancerName": name });
                self.paged("elb:DescribeInstanceHealth", scope, &[("balancer", &name)], ("", asked));
            }
            for group in results.iter().flat_map(|page| members(page, "/TargetGroups")) {
                let arn = text(&group, "/TargetGroupArn");
                for operation in ["DescribeTargetHealth", "DescribeTargetGroupAttributes"] {
                    let name = format!("elasticloadbalancing:{operation}");
                    self.paged(&name, scope, &[("group", &arn)], ("", json!({ "TargetGroupArn": arn })));
                }
            }
        }
    }

    /// All pages of one call, written down. The path is that of EKS; every other service is asked at `/`.
    fn paged(&mut self, name: &str, scope: &str, params: &[(&str, &str)], (path, asked): (&str, Value)) -> Vec<Value> {
        // A misspelt name is no declared call, so nothing would read the answer.
        let Some(call) = CALLS.iter().find(|call| call.name == name) else { return Vec::new() };
        let mut pages = Vec::new();
        let mut token = None;
        for page in 0.. {
            let answer = self.ask(name, scope, (path, &asked, token.as_ref()));
            let next = answer.as_ref().ok().and_then(following);
            let outcome = match &answer {
                Ok(body) => Outcome::Answered(Body::of(body)),
                Err(status) => Outcome::Failed(Failure::new(FailureReason::Unsupported, "refused").status(*status)),
            };
            let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (call, scope) = (Arc::from(call.name), Arc::from(scope));
            let last = next.is_none();
            self.records.push(Record { call, scope, params, page, last, at: self.at, exchange: None, outcome });
            pages.extend(answer);
            token = next;
            if last {
                break;
            }
        }
        pages
    }

    fn ask(
        &self,
        name: &str,
        scope: &str,
        (path, asked, token): (&str, &Value, Option<&(String, String)>),
    ) -> Result<Value, u16> {
        let (service, action) = name.split_once(':').unwrap_or_default();
        let region = scope.split_once('/').map_or("eu-west-1", |(_, region)| region);
        let key = if self.account.is_empty() { MANAGEMENT.to_owned() } else { format!("AKIA{}TEST", self.account) };
        let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20261120/{region}/any/aws4_request");
        let mut request = Request {
            method: "POST".to_owned(),
            host: String::new(),
            path: "/".to_owned(),
            query: BTreeMap::new(),
            headers: BTreeMap::from([("authorization".to_owned(), credential)]),
            body: Vec::new(),
        };
        let mut asked = asked.clone();
        if let (Some((name, token)), Some(asked)) = (token, asked.as_object_mut()) {
            asked.insert(name.clone(), json!(token));
        }
        let flat = |asked: &Value| -> BTreeMap<String, String> {
            asked.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value, ""))).collect()
        };
        let version = VERSIONS.iter().find(|(known, _)| *known == service).map(|(_, version)| *version);
        if let Some(version) = version {
            request.query = flat(&asked);
            request.query.insert("Action".to_owned(), action.to_owned());
            request.query.insert("Version".to_owned(), version.to_owned());
        } else if service == "eks" {
            "GET".clone_into(&mut request.method);
            let path = if path == "/clusters" || path.starts_with("/clusters/") { path } else { "/" };
            path.clone_into(&mut request.path);
            request.query = flat(&asked);
        } else {
            let target = if service == "kms" { "TrentService" } else { "AWSOrganizationsV20161128" };
            request.headers.insert("x-amz-target".to_owned(), format!("{target}.{action}"));
            request.body = asked.to_string().into_bytes();
        }
        let reply = aws::reply(self.world, &request);
        if reply.status != 200 {
            return Err(reply.status);
        }
        if version.is_some() {
            return xml_to_json(&String::from_utf8_lossy(&reply.body)).map_err(|_| 500);
        }
        serde_json::from_slice(&reply.body).map_err(|_| 500)
    }
}

/// What other calls need.
#[derive(Default)]
struct Found {
    clusters: usize,
    roles: BTreeSet<String>,
    users: BTreeSet<String>,
}

/// The name and the value of the parameter that asks for the next page.
fn following(body: &Value) -> Option<(String, String)> {
    let fields = if body.as_object()?.len() == 1 { &result(body) } else { body };
    let names =
        [("nextToken", "nextToken"), ("NextToken", "NextToken"), ("Marker", "Marker"), ("NextMarker", "Marker")];
    names.iter().find_map(|(told, asked)| Some(((*asked).to_owned(), fields.get(told)?.as_str()?.to_owned())))
}
