//! The AWS vectors of the specification, said in the neutral vocabulary. Each test is named for its vector.

use palisade_authority::{
    Authority, Capability, Decision, DenyReason, Glob, Grant, Layer, LayerKind, MethodRow, Need, Outcome, Place,
    Selector, Truth, capabilities, excess, satisfied,
};

const EXPLICIT: fn(&str) -> Decision = |id| Decision::Deny { by: DenyReason::Explicit(id.into()) };
const IMPLICIT: Decision = Decision::Deny { by: DenyReason::Implicit };
const STOPPED: fn(&str) -> Decision = |layer| Decision::Deny { by: DenyReason::Guard(layer.into()) };

fn allowed(by: &str) -> Decision {
    Decision::Allow { by: vec![by.into()] }
}

const SELF: &str = "arn:aws:iam::111122223333:role/N";
const OBJECT: &str = "arn:aws:s3:::b/key";

fn actions<const N: usize>(patterns: [&str; N]) -> Selector {
    Selector::of(patterns.map(Glob::insensitive))
}

fn not_actions<const N: usize>(patterns: [&str; N]) -> Selector {
    Selector::all_but(patterns.map(Glob::insensitive))
}

fn arns<const N: usize>(patterns: [&str; N]) -> Selector {
    Selector::of(patterns.map(Glob::sensitive))
}

fn identity(statements: Vec<Grant>) -> Layer {
    Layer::new("identity policies", LayerKind::Grants, statements)
}

fn full(id: &str) -> Grant {
    Grant::allow(id, Selector::everything(), Selector::everything())
}

#[test]
fn b1_01_an_explicit_deny_of_iam_closes_pass_role_and_nothing_else() {
    let node = Authority::new(vec![identity(vec![
        full("admin"),
        Grant::deny("no iam", actions(["iam:*"]), Selector::everything()),
    ])]);
    assert_eq!(node.decide("iam:PassRole", SELF), EXPLICIT("no iam"));
    assert_eq!(node.decide("sts:AssumeRole", SELF), allowed("admin"));
    assert_eq!(node.decide("lambda:UpdateFunctionCode", "arn:aws:lambda:::function:f"), allowed("admin"));

    let pass_new = MethodRow {
        name: "pass-role-lambda",
        sentence: "starts a function under the role",
        needs: &[&["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]],
        effect: Outcome::Target,
    };
    let open = |row: &MethodRow| satisfied(&node, row, |_| Place::Somewhere).is_some();
    assert!(!open(&pass_new), "paths that pass a role to a new resource are closed");
    const STILL_OPEN: [&[&[&str]]; 4] = [
        &[&["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"]],
        &[&["lambda:UpdateFunctionCode"]],
        &[&["ssm:SendCommand"]],
        &[&["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]],
    ];
    for needs in STILL_OPEN {
        assert!(open(&MethodRow { needs, ..pass_new }), "{needs:?} stays open");
    }
    assert_eq!(node.allows_all_actions(), EXPLICIT("no iam"));
}

#[test]
fn b1_02_an_allow_of_all_but_some_gives_everything_else() {
    let node = Authority::new(vec![identity(vec![Grant::allow(
        "power",
        not_actions(["iam:*", "organizations:*", "account:*"]),
        Selector::everything(),
    )])]);
    for action in ["s3:GetObject", "kms:Decrypt", "sts:AssumeRole"] {
        assert_eq!(node.decide(action, "*"), allowed("power"), "{action}");
    }
    assert_eq!(node.decide("iam:PassRole", SELF), IMPLICIT);
    assert_eq!(node.allows_all_actions(), IMPLICIT);
}

#[test]
fn b1_03_a_deny_of_all_but_reading_leaves_reading() {
    let node = Authority::new(vec![identity(vec![
        full("admin"),
        Grant::deny("read only", not_actions(["s3:Get*"]), Selector::everything()),
    ])]);
    assert_eq!(node.decide("s3:GetObject", OBJECT), allowed("admin"));
    assert_eq!(node.decide("s3:PutObject", OBJECT), EXPLICIT("read only"));
    assert_eq!(node.decide("ec2:DescribeInstances", "*"), EXPLICIT("read only"));
}

#[test]
fn b1_04_case_and_single_wildcards_hide_nothing() {
    for pattern in ["IAM:passrole", "iam:Pass?ole"] {
        let eks = arns(["arn:aws:iam::111122223333:role/eks-*"]);
        let node = Authority::new(vec![identity(vec![Grant::allow("pass", actions([pattern]), eks)])]);
        let role = "arn:aws:iam::111122223333:role/eks-node";
        assert_eq!(node.decide("iam:PassRole", role), allowed("pass"), "{pattern}");
        assert_eq!(node.decide("iam:PassRole", SELF), IMPLICIT, "{pattern}");
    }
}

#[test]
fn b1_05_a_boundary_caps_an_administrator() {
    let boundary = Grant::allow("boundary", actions(["s3:*", "ec2:Describe*"]), Selector::everything());
    let node =
        Authority::new(vec![identity(vec![full("admin")]), Layer::new("boundary", LayerKind::Limit, [boundary])]);
    assert_eq!(node.decide("iam:PutRolePolicy", SELF), STOPPED("boundary"));
    assert_eq!(node.decide("s3:GetObject", OBJECT), allowed("admin"));
    const ESCALATE: &[Need] = &[
        Need {
            capability: Capability::EscalatePrivilege,
            any_of: &[&["iam:PutRolePolicy"], &["iam:CreatePolicyVersion"]],
        },
        Need {
            capability: Capability::AssumeAnyIdentity,
            any_of: &[&["sts:AssumeRole"], &["iam:PassRole", "ec2:RunInstances"]],
        },
        Need {
            capability: Capability::ClusterAdmin,
            any_of: &[&["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]],
        },
    ];
    assert_eq!(capabilities(&node, ESCALATE), [], "the escalation set is empty");
    assert_eq!(node.allows_all_actions(), STOPPED("boundary"));
}

#[test]
fn b1_06_a_resource_that_names_the_session_reaches_past_the_boundary() {
    let boundary = || {
        Layer::new("boundary", LayerKind::Limit, [Grant::allow("boundary", actions(["ec2:*"]), Selector::everything())])
    };
    let bucket_policy = |kind| {
        Layer::new("bucket policy", kind, [Grant::allow("bucket policy", actions(["s3:GetObject"]), arns([OBJECT]))])
    };
    let role_named = Authority::new(vec![bucket_policy(LayerKind::Grants), boundary()]);
    assert_eq!(role_named.decide("s3:GetObject", OBJECT), STOPPED("boundary"));
    let session_named = Authority::new(vec![bucket_policy(LayerKind::Direct), boundary()]);
    assert_eq!(session_named.decide("s3:GetObject", OBJECT), allowed("bucket policy"));
}

#[test]
fn b1_07_every_level_of_organisation_policy_must_allow() {
    let level = |name: &str, grant| Layer::new(name, LayerKind::Guard, [grant]);
    let member = Authority::new(vec![
        identity(vec![full("admin")]),
        level("scp at root", full("FullAWSAccess")),
        level("scp at ou", Grant::allow("ou", actions(["ec2:*", "s3:*"]), Selector::everything())),
        level("scp at account", full("FullAWSAccess")),
    ]);
    assert_eq!(member.decide("iam:CreateUser", "*"), STOPPED("scp at ou"));
    assert_eq!(member.decide("s3:GetObject", OBJECT), allowed("admin"));
    let management = Authority::new(vec![identity(vec![full("admin")])]);
    assert_eq!(management.decide("iam:CreateUser", "*"), allowed("admin"));
}

#[test]
fn b1_08_a_deny_that_hangs_on_the_source_address_makes_the_answer_hang_on_it() {
    let reading = |outside: Truth| {
        Authority::new(vec![identity(vec![
            Grant::allow("s3", actions(["s3:*"]), Selector::everything()),
            Grant::deny("outside", actions(["s3:*"]), Selector::everything()).when(outside),
        ])])
    };
    let unknown = reading(Truth::unknown("aws:SourceIp")).decide("s3:GetObject", OBJECT);
    assert_eq!(unknown, Decision::Conditional { on: ["aws:SourceIp".to_owned()].into(), by: vec!["s3".into()] });
    // Through an endpoint the key is absent, and the negated operator holds.
    assert_eq!(reading(Truth::True).decide("s3:GetObject", OBJECT), EXPLICIT("outside"));
}

#[test]
fn b1_15_what_the_need_contains_is_no_excess_and_what_is_added_is() {
    const TABLE: &[Need] = &[
        Need { capability: Capability::ExfiltrateStorage, any_of: &[&["s3:GetObject"]] },
        Need { capability: Capability::DestroyStorage, any_of: &[&["s3:DeleteObject"]] },
        Need { capability: Capability::PullAnyImage, any_of: &[&["ecr:BatchGetImage"]] },
    ];
    let worker = || Grant::allow("worker", actions(["ec2:Describe*", "eks:DescribeCluster"]), Selector::everything());
    let pull = || {
        Grant::allow("pull only", actions(["ecr:BatchGetImage", "ecr:GetAuthorizationToken"]), Selector::everything())
    };
    let storage = Grant::allow("AmazonS3FullAccess", actions(["s3:*", "s3-object-lambda:*"]), Selector::everything());
    let need = Authority::new(vec![identity(vec![worker(), pull()])]);

    let held = capabilities(&need, TABLE);
    let none = excess(&need, &held, &need);
    assert_eq!((none.capabilities, none.wildcards), (vec![], vec![]));
    assert_eq!(none.inherent.len(), 1, "pulling any image is inherent to the need, and said");

    let node = Authority::new(vec![identity(vec![worker(), pull(), storage])]);
    let over = excess(&node, &capabilities(&node, TABLE), &need);
    let names: Vec<_> = over.capabilities.iter().map(|held| (held.capability, held.everywhere)).collect();
    assert_eq!(names, [(Capability::ExfiltrateStorage, true), (Capability::DestroyStorage, true)]);
    let patterns: Vec<_> = over.wildcards.iter().map(|wild| wild.pattern.as_str()).collect();
    assert_eq!(patterns, ["s3-object-lambda:*", "s3:*"]);
}
