//! The vectors of the semantics specification that IAM's evaluation decides: V-B1.
#![expect(clippy::needless_pass_by_value, reason = "a test writes its values where it uses them")]

use super::{
    baseline::BASELINES,
    capability::NEEDS,
    directory::Directory,
    escalation::Ways,
    request::Request,
    standing::{Need, standing},
    trust::federated,
};
use crate::calls;
use palisade_authority::{Capability, Decision, DenyReason, Node, Standing, Truth, capabilities, excess};
use palisade_model::{Audience, Provider, TrustSubject};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const N: &str = "arn:aws:iam::111122223333:role/n";

/// An account being described: a role `n` and whatever a test adds.
#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) roles: Vec<Value>,
    pub(super) policies: Vec<Value>,
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
}

pub(super) fn document(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

pub(super) fn trusting(principal: Value) -> String {
    document(json!([{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }]))
}

pub(super) fn allow(action: Value, resource: Value) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn deny(action: Value, resource: Value) -> Value {
    json!({ "Effect": "Deny", "Action": action, "Resource": resource })
}

impl Draft {
    /// The role `n`, a machine's, with one inline policy.
    pub(super) fn of(statements: Value) -> Self {
        let mut draft = Self::default();
        draft.role("n", trusting(json!({ "Service": "ec2.amazonaws.com" })), &document(statements));
        draft
    }

    pub(super) fn role(&mut self, name: &str, trust: String, policy: &str) -> &mut Self {
        self.roles.push(json!({
            "RoleName": name, "Arn": format!("arn:aws:iam::{ACCOUNT}:role/{name}"), "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [{ "PolicyName": "own", "PolicyDocument": policy }], "AttachedManagedPolicies": [], "Tags": [],
        }));
        self
    }

    fn boundary(mut self, statements: Value) -> Self {
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/boundary");
        self.roles[0]["PermissionsBoundary"] = json!({ "PermissionsBoundaryArn": arn });
        self.policy(&arn, &document(statements));
        self
    }

    fn policy(&mut self, arn: &str, text: &str) {
        let version = json!({ "VersionId": "v1", "IsDefaultVersion": "true", "Document": text });
        self.policies.push(json!({ "Arn": arn, "PolicyName": arn, "PolicyVersionList": [version] }));
    }

    /// Attaches one of AWS' own policies with the actions we know of it.
    fn attach(&mut self, name: &str, text: Option<String>) -> &mut Self {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        let known = BASELINES.iter().find(|baseline| baseline.policy == name);
        let text = text.unwrap_or_else(|| document(json!([allow(json!(known.unwrap().actions), json!("*"))])));
        self.policy(&arn, &text);
        let attached = self.roles[0]["AttachedManagedPolicies"].as_array_mut().unwrap();
        attached.push(json!({ "PolicyName": name, "PolicyArn": arn }));
        self
    }

    fn tag(mut self, key: &str, value: &str) -> Self {
        self.roles[0]["Tags"] = json!([{ "Key": key, "Value": value }]);
        self
    }

    pub(super) fn directory(&self) -> Directory {
        let body = json!({ "AnyResponse": { "RResult": { "RoleDetailList": self.roles, "Policies": self.policies, "UserDetailList": self.users, "GroupDetailList": self.groups } } });
        let snapshot = SnapshotBuilder::new(Provider::Aws, ACCOUNT)
            .answer(&calls::GET_ACCOUNT_AUTHORIZATION_DETAILS, ACCOUNT, &[], body)
            .answer(
                &calls::DESCRIBE_ORGANIZATION,
                ACCOUNT,
                &[],
                json!({ "__type": "AWSOrganizationsNotInUseException", "Message": "" }),
            )
            .build();
        Directory::read(&snapshot, ACCOUNT).unwrap()
    }

    fn decide(&self, action: &str, resource: &str) -> Decision {
        self.directory().authority(N).decide(action, resource)
    }

    fn standing(&self, need: &Need) -> Standing {
        let directory = self.directory();
        let ways = Ways::new(&directory, ("aws", "eu-west-1"), BTreeSet::new(), Some(BTreeSet::new()));
        standing(&directory, &ways, N, need)
    }

    fn path(&self) -> Option<(Vec<String>, Node)> {
        let path = self.standing(&Need::default()).escalation?;
        let names = path.iter().map(|hop| hop.method.name().to_owned()).collect();
        Some((names, path.last().unwrap().to.clone()))
    }
}

fn is_explicit(decision: &Decision) -> bool {
    matches!(decision, Decision::Deny { by: DenyReason::Explicit(_) })
}

fn is_implicit(decision: &Decision) -> bool {
    matches!(decision, Decision::Deny { by: DenyReason::Implicit })
}

#[test]
fn b1_01_an_explicit_deny_of_iam_closes_passing_roles_and_leaves_trust_and_access_entries() {
    let mut draft = Draft::of(json!([allow(json!("*"), json!("*")), deny(json!("iam:*"), json!("*"))]));
    assert!(is_explicit(&draft.decide("iam:PassRole", "arn:aws:iam::111122223333:role/x")));
    assert!(draft.decide("sts:AssumeRole", "arn:aws:iam::111122223333:role/x").is_allow());
    assert!(draft.decide("lambda:UpdateFunctionCode", "*").is_allow());
    assert!(draft.standing(&Need::default()).administrator.is_none());
    assert_eq!(draft.path(), Some((vec!["grant-cluster-access".to_owned()], Node::ClusterAdmin)));
    let admin = document(json!([allow(json!("*"), json!("*"))]));
    draft.role("started", trusting(json!({ "Service": "ec2.amazonaws.com" })), &admin);
    assert_eq!(draft.path().unwrap().1, Node::ClusterAdmin, "a role can no longer be passed to a machine");
    draft.role("trusting", trusting(json!({ "AWS": ACCOUNT })), &admin);
    assert_eq!(
        draft.path(),
        Some((vec!["assume-role".to_owned(), "is-administrator".to_owned()], Node::Administrator))
    );
}

#[test]
fn b1_02_allowing_everything_but_some_services_allows_everything_else() {
    let but = json!(["iam:*", "organizations:*", "account:*"]);
    let draft = Draft::of(json!([{ "Effect": "Allow", "NotAction": but, "Resource": "*" }]));
    assert!(draft.decide("s3:GetObject", "arn:aws:s3:::b/k").is_allow());
    assert!(draft.decide("kms:Decrypt", "*").is_allow());
    assert!(draft.decide("sts:AssumeRole", "*").is_allow());
    assert!(is_implicit(&draft.decide("iam:PassRole", "*")));
}

#[test]
fn b1_03_denying_everything_but_reading_buckets_leaves_reading_buckets() {
    let statements =
        json!([allow(json!("*"), json!("*")), { "Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*" }]);
    let draft = Draft::of(statements);
    assert!(draft.decide("s3:GetObject", "arn:aws:s3:::b/k").is_allow());
    assert!(is_explicit(&draft.decide("s3:PutObject", "arn:aws:s3:::b/k")));
    assert!(is_explicit(&draft.decide("ec2:DescribeInstances", "*")));
}

#[test]
fn b1_04_actions_fold_case_and_have_wildcards() {
    for action in ["IAM:passrole", "iam:Pass?ole"] {
        let draft = Draft::of(json!([allow(json!(action), json!("arn:aws:iam::111122223333:role/eks-*"))]));
        assert!(draft.decide("iam:PassRole", "arn:aws:iam::111122223333:role/eks-node").is_allow(), "{action}");
        assert!(is_implicit(&draft.decide("iam:PassRole", "arn:aws:iam::111122223333:role/ci-node")), "{action}");
    }
}

#[test]
fn b1_05_a_boundary_limits_an_administrator() {
    let draft = Draft::of(json!([allow(json!("*"), json!("*"))]))
        .boundary(json!([allow(json!(["s3:*", "ec2:Describe*"]), json!("*"))]));
    let stopped = draft.decide("iam:PutRolePolicy", N);
    assert_eq!(stopped, Decision::Deny { by: DenyReason::Guard("boundary".into()) });
    assert!(draft.decide("s3:GetObject", "arn:aws:s3:::b/k").is_allow());
    let standing = draft.standing(&Need::default());
    assert!(standing.administrator.is_none() && standing.escalation.is_none(), "{standing:?}");
}

#[test]
fn b1_06_a_boundary_that_leaves_s3_out_denies_it() {
    let draft = Draft::of(json!([allow(json!("s3:GetObject"), json!("*"))]))
        .boundary(json!([allow(json!("ec2:*"), json!("*"))]));
    let stopped = draft.decide("s3:GetObject", "arn:aws:s3:::b/k");
    assert_eq!(stopped, Decision::Deny { by: DenyReason::Guard("boundary".into()) });
}

#[test]
fn b1_07_the_unit_that_does_not_allow_is_the_reason() {
    let (everything, two) = (allow(json!("*"), json!("*")), allow(json!(["ec2:*", "s3:*"]), json!("*")));
    let role = json!({ "Arn": N, "AssumeRolePolicyDocument": trusting(json!({ "Service": "ec2.amazonaws.com" })),
        "RolePolicyList": [{ "PolicyName": "all", "PolicyDocument": document(json!([everything])) }] });
    let details = json!({ "AnyResponse": { "RResult": { "RoleDetailList": [role] } } });
    let targets =
        |ids: &[&str]| json!({ "Targets": ids.iter().map(|id| json!({ "TargetId": id })).collect::<Vec<_>>() });
    let policy = |statement: &Value| json!({ "Policy": { "Content": document(json!([statement])) } });
    let parent = |id: &str, kind: &str| json!({ "Parents": [{ "Id": id, "Type": kind }] });
    let of = |management: &str| {
        let organization =
            json!({ "Organization": { "Id": "o-1", "FeatureSet": "ALL", "MasterAccountId": management } });
        let (scp, rcp) = ([("filter", "SERVICE_CONTROL_POLICY")], [("filter", "RESOURCE_CONTROL_POLICY")]);
        let listed = json!({ "Policies": [{ "Id": "p-FullAWSAccess" }, { "Id": "p-two" }] });
        let (all, few) = ([("policy", "p-FullAWSAccess")], [("policy", "p-two")]);
        let snapshot = SnapshotBuilder::new(Provider::Aws, ACCOUNT)
            .answer(&calls::GET_ACCOUNT_AUTHORIZATION_DETAILS, ACCOUNT, &[], details.clone())
            .answer(&calls::DESCRIBE_ORGANIZATION, ACCOUNT, &[], organization)
            .answer(&calls::LIST_POLICIES, "999999999999", &scp, listed)
            .answer(&calls::LIST_POLICIES, "999999999999", &rcp, json!({ "Policies": [] }))
            .answer(&calls::LIST_TARGETS_FOR_POLICY, "999999999999", &all, targets(&["r-1", ACCOUNT]))
            .answer(&calls::LIST_TARGETS_FOR_POLICY, "999999999999", &few, targets(&["ou-1"]))
            .answer(&calls::DESCRIBE_POLICY, "999999999999", &all, policy(&everything))
            .answer(&calls::DESCRIBE_POLICY, "999999999999", &few, policy(&two))
            .answer(&calls::LIST_PARENTS, "999999999999", &[("child", ACCOUNT)], parent("ou-1", "ORGANIZATIONAL_UNIT"))
            .answer(&calls::LIST_PARENTS, "999999999999", &[("child", "ou-1")], parent("r-1", "ROOT"))
            .build();
        Directory::read(&snapshot, ACCOUNT).unwrap().authority(N).decide("iam:CreateUser", "*")
    };
    let reason = DenyReason::Guard("service control policies of ou-1".into());
    assert_eq!(of("999999999999"), Decision::Deny { by: reason });
    assert!(of(ACCOUNT).is_allow(), "the management account");
}

#[test]
fn b1_08_an_address_nobody_knows_makes_it_conditional() {
    let draft = Draft::of(json!([
        allow(json!("s3:*"), json!("*")),
        { "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": { "NotIpAddress": { "aws:SourceIp": "203.0.113.0/24" } } },
    ]));
    let Decision::Conditional { on, .. } = draft.decide("s3:GetObject", "arn:aws:s3:::b/k") else {
        panic!("not conditional")
    };
    assert_eq!(on.into_iter().collect::<Vec<_>>(), ["aws:SourceIp"]);
    // Through an endpoint the key is absent, and a negated operator holds for an absent key.
    let directory = draft.directory();
    let through_endpoint = directory.request(N).without("aws:SourceIp");
    assert!(is_explicit(&directory.authority_for(N, &through_endpoint).decide("s3:GetObject", "arn:aws:s3:::b/k")));
}

#[test]
fn b1_09_a_tag_the_caller_chooses_is_no_limit() {
    let draft = Draft::of(json!([{ "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*",
        "Condition": { "StringEquals": { "aws:RequestTag/team": "a" } } }]));
    assert!(draft.decide("ec2:RunInstances", "*").is_allow());
}

#[test]
fn b1_10_passing_a_role_needs_a_service_that_the_condition_and_the_role_both_admit() {
    let mut draft = Draft::of(json!([
        { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/ci-*",
          "Condition": { "StringEquals": { "iam:PassedToService": "ec2.amazonaws.com" } } },
        allow(json!(["lambda:CreateFunction", "lambda:InvokeFunction", "ec2:RunInstances"]), json!("*")),
    ]));
    let admin = document(json!([allow(json!("*"), json!("*"))]));
    draft.role("ci-admin", trusting(json!({ "Service": "lambda.amazonaws.com" })), &admin);
    assert_eq!(draft.path(), None);
    draft.role("ci-machine", trusting(json!({ "Service": "ec2.amazonaws.com" })), &admin);
    assert_eq!(
        draft.path(),
        Some((vec!["pass-role-to-instance".to_owned(), "is-administrator".to_owned()], Node::Administrator))
    );
}

#[test]
fn b1_11_who_a_federated_trust_admits() {
    let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/E";
    let of = |condition: Value| {
        let statement = json!([{ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition,
            "Principal": { "Federated": format!("arn:aws:iam::111122223333:oidc-provider/{issuer}") } }]);
        let found = federated(&serde_json::from_str(&document(statement)).unwrap(), issuer);
        assert_eq!(found.len(), 1);
        (found[0].subject.clone(), found[0].audience.clone())
    };
    let aud = || json!({ format!("{issuer}:aud"): "sts.amazonaws.com" });
    let sub = |value: &str| json!({ format!("{issuer}:sub"): value });
    let prod = TrustSubject::Namespace { namespace: "prod".to_owned() };
    let wide = json!({ "StringLike": sub("system:serviceaccount:prod:*"), "StringEquals": aud() });
    assert_eq!(of(wide), (prod, Audience::Checked));
    assert_eq!(of(json!({ "StringEquals": aud() })), (TrustSubject::WholeCluster, Audience::Checked));
    let literal = of(json!({ "StringEquals": sub("system:serviceaccount:*:app") }));
    assert!(matches!(literal, (TrustSubject::Nobody { .. }, Audience::Unchecked)), "{literal:?}");
    assert_eq!(of(json!({ "StringLike": sub("*") })).0, TrustSubject::WholeCluster);
    let exact = TrustSubject::Exact { namespace: "a".to_owned(), service_account: "b".to_owned() };
    assert_eq!(of(json!({ "StringEquals": sub("system:serviceaccount:a:b") })).0, exact);
    let other =
        of(json!({ "StringEquals": { "oidc.eks.eu-west-1.amazonaws.com/id/OTHER:sub": "system:serviceaccount:a:b" } }));
    assert!(matches!(other.0, TrustSubject::Nobody { .. }), "{other:?}");
}

#[test]
fn b1_13_a_variable_without_a_value_matches_nothing_and_is_text_before_2012() {
    let resource = "arn:aws:s3:::b/${aws:PrincipalTag/team}/*";
    let draft = Draft::of(json!([allow(json!("s3:GetObject"), json!(resource))]));
    assert!(is_implicit(&draft.decide("s3:GetObject", "arn:aws:s3:::b/a/k")));
    assert!(is_implicit(&draft.decide("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/k")));
    assert!(draft.clone().tag("team", "a").decide("s3:GetObject", "arn:aws:s3:::b/a/k").is_allow());
    let mut old = draft;
    let text =
        json!({ "Version": "2008-10-17", "Statement": [allow(json!("s3:GetObject"), json!(resource))] }).to_string();
    old.roles[0]["RolePolicyList"][0]["PolicyDocument"] = json!(text);
    assert!(is_implicit(&old.decide("s3:GetObject", "arn:aws:s3:::b/a/k")));
    assert!(old.decide("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/k").is_allow());
}

#[test]
fn b1_14_a_request_without_tags_satisfies_all_of_them_and_none_of_them() {
    let with = |operator: &str| {
        let condition = json!({ operator: { "aws:TagKeys": ["x"] } });
        let draft = Draft::of(
            json!([{ "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*", "Condition": condition }]),
        );
        let directory = draft.directory();
        let untagged: Request = directory.request(N).without("aws:TagKeys");
        directory.authority_for(N, &untagged).decide("ec2:RunInstances", "*")
    };
    assert!(with("ForAllValues:StringEquals").is_allow());
    assert!(is_implicit(&with("ForAnyValue:StringEquals")));
}

#[test]
fn b1_15_what_a_node_holds_beyond_its_need() {
    let nothing = Draft::of(json!([]));
    let of = |draft: &Draft| {
        let directory = draft.directory();
        let authority = directory.authority(N);
        let held = capabilities(&authority, NEEDS);
        let beyond = excess(&authority, &held, &Need::node(false).authority());
        beyond.capabilities.into_iter().map(|one| one.capability).collect::<Vec<_>>()
    };
    let mut draft = nothing;
    draft.attach("AmazonEKSWorkerNodePolicy", None).attach("AmazonEC2ContainerRegistryPullOnly", None);
    assert_eq!(of(&draft), []);
    let standing = draft.standing(&Need::node(false));
    assert_eq!((standing.outside_need, standing.wildcards), (vec![], vec![]));

    let mut with_buckets = draft.clone();
    let buckets = document(json!([allow(json!(["s3:*", "s3-object-lambda:*"]), json!("*"))]));
    with_buckets.attach("AmazonS3FullAccess", Some(buckets));
    assert_eq!(of(&with_buckets), [Capability::ExfiltrateStorage, Capability::DestroyStorage]);
    assert!(!with_buckets.standing(&Need::node(false)).outside_need.is_empty());

    let tag = "aws:RequestTag/eks:eks-cluster-name";
    let mut with_compute = draft;
    let compute = document(json!([
        { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
          "Condition": { "StringEquals": { "iam:PassedToService": ["ec2.amazonaws.com"] } } },
        { "Effect": "Allow", "Action": ["ec2:CreateFleet", "ec2:RunInstances"], "Resource": ["arn:aws:ec2:*:*:instance/*"],
          "Condition": { "StringEquals": { tag: "${aws:PrincipalTag/eks:eks-cluster-name}" } } },
        { "Effect": "Allow", "Action": ["ec2:RunInstances"], "Resource": ["arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:*::image/*"] },
    ]));
    with_compute.attach("AmazonEKSComputePolicy", Some(compute));
    let admin = document(json!([allow(json!("*"), json!("*"))]));
    with_compute.role("machine", trusting(json!({ "Service": "ec2.amazonaws.com" })), &admin);
    assert!(with_compute.decide("iam:PassRole", "arn:aws:iam::111122223333:role/machine").is_allow());
    assert_eq!(with_compute.path(), None, "the tag has no value, so no machine can be started");
    let path = with_compute.tag("eks:eks-cluster-name", "shop").path();
    assert_eq!(
        path,
        Some((vec!["pass-role-to-instance".to_owned(), "is-administrator".to_owned()], Node::Administrator))
    );
}

#[test]
fn b1_16_a_role_must_trust_whoever_assumes_it() {
    let with = |trust: String| {
        let mut draft = Draft::of(json!([allow(json!("sts:AssumeRole"), json!("*"))]));
        draft.role("r", trust, &document(json!([allow(json!("*"), json!("*"))])));
        let directory = draft.directory();
        let request = directory.request(N);
        let r = "arn:aws:iam::111122223333:role/r";
        let admits = super::trust::admits(directory.trust(r).unwrap().unwrap(), N, ACCOUNT, &request).admits;
        (admits, draft.path().is_some())
    };
    assert_eq!(with(trusting(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }))), (Truth::True, true));
    assert_eq!(with(trusting(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:role/other") }))), (Truth::False, false));
    let secret = document(json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": ACCOUNT },
        "Condition": { "StringEquals": { "sts:ExternalId": "s" } } }]));
    assert_eq!(with(secret), (Truth::unknown("sts:ExternalId"), true));
}
