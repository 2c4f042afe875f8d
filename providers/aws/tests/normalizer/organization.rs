//! What the organisation takes away, from its policies to the standing of a node: vector B1-07 and its neighbours.

use super::scene::*;
use palisade_authority::{Capability, Certainty, Held};
use palisade_model::{Cluster, Gap, Guardrail, Stance, WorstSetting};
use serde_json::{Value, json};

const MANAGEMENT: &str = "999999999999";
const ALLOW_ALL: &str = "p-FullAWSAccess";

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn everything() -> Value {
    json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])
}

/// The account of the scene in the unit `work` of an organisation whose root and unit and account allow everything; its
/// nodes may do everything, and nobody may ask for a token in their name.
fn member() -> World {
    let mut world = world();
    let details = &mut world.body("iam:GetAccountAuthorizationDetails")["GetAccountAuthorizationDetailsResponse"]["GetAccountAuthorizationDetailsResult"];
    details["Policies"][1]["PolicyVersionList"][0]["Document"] = json!(document(&everything()).to_string());
    let list = |of: Value| json!({ "Policies": of, "NextToken": null });
    world
        .put(
            "organizations:DescribeOrganization",
            ACCOUNT,
            &[],
            json!({ "Organization": {
            "Id": "o-1", "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT,
        } }),
        )
        .put(
            "organizations:ListPolicies",
            MANAGEMENT,
            &[("filter", "SERVICE_CONTROL_POLICY")],
            list(json!([
                { "Id": ALLOW_ALL, "Name": "FullAWSAccess", "AwsManaged": true },
            ])),
        )
        .put("organizations:ListPolicies", MANAGEMENT, &[("filter", "RESOURCE_CONTROL_POLICY")], list(json!([])))
        .put(
            "organizations:ListParents",
            MANAGEMENT,
            &[("child", ACCOUNT)],
            json!({ "Parents": [{ "Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT" }] }),
        )
        .put(
            "organizations:ListParents",
            MANAGEMENT,
            &[("child", "ou-1")],
            json!({ "Parents": [{ "Id": "r-1", "Type": "ROOT" }] }),
        );
    attach(&mut world, ALLOW_ALL, &["r-1", "ou-1", ACCOUNT], &everything());
    world
}

/// Says where a policy is attached and what it says.
fn attach(world: &mut World, id: &str, to: &[&str], statements: &Value) {
    let names = |id: &str| match id {
        "r-1" => "Root",
        "ou-1" => "work",
        _ => "shop",
    };
    let targets: Vec<Value> = to.iter().map(|id| json!({ "TargetId": id, "Name": names(id) })).collect();
    let content = document(statements).to_string();
    world.put("organizations:ListTargetsForPolicy", MANAGEMENT, &[("policy", id)], json!({ "Targets": targets })).put(
        "organizations:DescribePolicy",
        MANAGEMENT,
        &[("policy", id)],
        json!({ "Policy": { "Content": content } }),
    );
}

/// Adds a policy of the organisation.
fn policy(world: &mut World, kind: &str, id: &str, to: &[&str], statements: &Value) {
    let of = [("filter", kind)];
    let known = match kind {
        "SERVICE_CONTROL_POLICY" => json!([{ "Id": ALLOW_ALL, "Name": "FullAWSAccess" }, { "Id": id, "Name": id }]),
        _ => json!([{ "Id": "p-RCPFullAWSAccess", "Name": "RCPFullAWSAccess" }, { "Id": id, "Name": id }]),
    };
    world.put("organizations:ListPolicies", MANAGEMENT, &of, json!({ "Policies": known }));
    if kind == "RESOURCE_CONTROL_POLICY" {
        let principals = json!([{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }]);
        attach(world, "p-RCPFullAWSAccess", &["r-1", "ou-1", ACCOUNT], &principals);
    }
    attach(world, id, to, statements);
}

struct Told {
    administrator: Option<Certainty>,
    held: Vec<Held>,
}

fn node(cluster: &Cluster) -> Told {
    let node = cluster.identities.get().unwrap().iter().find(|one| one.name == "eks-node").unwrap();
    let standing = node.standing.get().unwrap();
    Told { administrator: standing.administrator.clone().map(|(certainty, _)| certainty), held: standing.held.clone() }
}

fn capability(world: &World, capability: Capability) -> Option<Certainty> {
    node(&world.cluster()).held.into_iter().find(|held| held.capability == capability).map(|held| held.certainty)
}

fn on(certainty: Option<Certainty>) -> String {
    match certainty {
        Some(Certainty::Conditional(on)) => on.into_iter().collect::<Vec<_>>().join("; "),
        other => format!("{other:?}"),
    }
}

/// Vector B1-07: a unit that allows two services stops all others, whatever root and account allow; never in the
/// management account.
#[test]
fn b1_07_every_level_must_allow_and_the_management_account_is_not_ruled() {
    assert_eq!(node(&member().cluster()).administrator, Some(Certainty::Certain));
    let mut world = member();
    attach(&mut world, ALLOW_ALL, &["r-1", ACCOUNT], &everything());
    let two = json!([{ "Effect": "Allow", "Action": ["ec2:*", "s3:*"], "Resource": "*" }]);
    policy(&mut world, "SERVICE_CONTROL_POLICY", "p-two", &["ou-1"], &two);
    assert_eq!(node(&world.cluster()).administrator, None, "iam:CreateUser is denied at the unit");
    assert_eq!(capability(&world, Capability::EscalatePrivilege), None);
    assert_eq!(capability(&world, Capability::ExfiltrateStorage), Some(Certainty::Certain));
    assert_eq!(capability(&world, Capability::ModifyNetwork), Some(Certainty::Certain));
    world.body("organizations:DescribeOrganization")["Organization"]["MasterAccountId"] = json!(ACCOUNT);
    assert_eq!(node(&world.cluster()).administrator, Some(Certainty::Certain));
    world.body("organizations:DescribeOrganization")["Organization"] =
        json!({ "Id": "o-1", "MasterAccountId": MANAGEMENT, "FeatureSet": "CONSOLIDATED_BILLING" });
    assert_eq!(node(&world.cluster()).administrator, Some(Certainty::Certain), "it only pays together");
}

#[test]
fn a_deny_at_any_level_stops_and_conditions_are_evaluated() {
    let with = |statement: Value, at: &str| {
        let mut world = member();
        policy(&mut world, "SERVICE_CONTROL_POLICY", "p-deny", &[at], &json!([statement]));
        capability(&world, Capability::DecryptKms)
    };
    let deny =
        |condition: Value| json!({ "Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": condition });
    for level in ["r-1", "ou-1", ACCOUNT] {
        assert_eq!(with(deny(json!({})), level), None, "{level}");
    }
    let own_organisation = deny(json!({ "StringNotEquals": { "aws:PrincipalOrgID": "o-1" } }));
    assert_eq!(with(own_organisation, "r-1"), Some(Certainty::Certain));
    let other_path = deny(json!({ "StringLike": { "aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*" } }));
    assert_eq!(with(other_path, "r-1"), None);
    let elsewhere = deny(json!({ "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } }));
    assert_eq!(with(elsewhere, "r-1"), Some(Certainty::Certain), "whoever asks for the one region is let through");
    let spared = deny(json!({ "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/eks-*" } }));
    assert_eq!(with(spared, "r-1"), Some(Certainty::Certain));
    assert_eq!(with(deny(json!({})), "ou-other"), Some(Certainty::Certain), "the account does not stand there");
}

#[test]
fn a_resource_control_policy_takes_away_and_its_allowance_gives_nothing() {
    let mut world = member();
    let deny = json!([{ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" }]);
    policy(&mut world, "RESOURCE_CONTROL_POLICY", "p-buckets", &["r-1"], &deny);
    assert_eq!(capability(&world, Capability::DecryptKms), Some(Certainty::Certain));
    let storage =
        node(&world.cluster()).held.into_iter().find(|one| one.capability == Capability::ExfiltrateStorage).unwrap();
    assert!(storage.actions.iter().all(|action| !action.starts_with("s3:")), "{:?}", storage.actions);
    let perimeter = json!([{ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {
        "StringNotEqualsIfExists": { "aws:PrincipalOrgID": "o-1" }, "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
    } }]);
    policy(&mut world, "RESOURCE_CONTROL_POLICY", "p-buckets", &["r-1"], &perimeter);
    assert_eq!(node(&world.cluster()).administrator, Some(Certainty::Certain), "a perimeter lets in its own");
}

/// Whatever was not read may take anything away: what is allowed hangs on it by name, and what is denied stays denied.
#[test]
fn what_was_not_read_of_an_organisation_leaves_rights_conditional_and_names_the_permission() {
    for call in ["DescribeOrganization", "ListPolicies", "ListTargetsForPolicy", "ListParents"] {
        let mut world = member();
        world.deny(&format!("organizations:{call}"));
        let why = on(node(&world.cluster()).administrator);
        assert!(why.contains(&format!("grant `organizations:{call}`")), "{call}: {why}");
    }
    let mut world = member();
    world.forget("organizations:ListPolicies");
    assert!(on(node(&world.cluster()).administrator).contains("`organizations:ListPolicies` was not asked"));
    // A policy whose text nobody may read, and which one it is.
    let mut world = member();
    policy(&mut world, "SERVICE_CONTROL_POLICY", "p-x", &["ou-1"], &everything());
    world.deny("organizations:DescribePolicy");
    assert!(on(node(&world.cluster()).administrator).contains("grant `organizations:DescribePolicy`"));
    // What AWS wrote itself is known without being read.
    let mut world = member();
    world.deny("organizations:DescribePolicy");
    assert_eq!(node(&world.cluster()).administrator, Some(Certainty::Certain));
    // A level without any policy cannot be.
    let mut world = member();
    attach(&mut world, ALLOW_ALL, &["r-1", ACCOUNT], &everything());
    assert!(on(node(&world.cluster()).administrator).contains("no service control policy is listed for ou-1"));
    // A deny that was read denies beside what was not.
    let mut world = member();
    policy(
        &mut world,
        "SERVICE_CONTROL_POLICY",
        "p-deny",
        &["r-1"],
        &json!([{ "Effect": "Deny", "Action": "kms:*", "Resource": "*" }]),
    );
    world.fail("organizations:ListTargetsForPolicy", MANAGEMENT, &[("policy", ALLOW_ALL)], denied());
    assert_eq!(capability(&world, Capability::DecryptKms), None);
    assert!(on(node(&world.cluster()).administrator).contains("where FullAWSAccess is attached is not known"));
}

#[test]
fn where_a_kind_of_policy_is_not_in_use_or_not_offered_it_stops_nothing() {
    let mut world = member();
    attach(&mut world, ALLOW_ALL, &[], &everything());
    assert_eq!(
        node(&world.cluster()).administrator,
        Some(Certainty::Certain),
        "no policy at the root: not switched on"
    );
    let mut world = member();
    let unknown = palisade_provider::Failure::new(palisade_provider::FailureReason::Malformed, "no such filter")
        .status(400)
        .code("InvalidInputException");
    world.fail("organizations:ListPolicies", MANAGEMENT, &[("filter", "RESOURCE_CONTROL_POLICY")], unknown);
    assert_eq!(node(&world.cluster()).administrator, Some(Certainty::Certain), "a partition without such policies");
}

#[test]
fn units_without_end_are_not_followed_for_ever() {
    let mut world = member();
    world.put(
        "organizations:ListParents",
        MANAGEMENT,
        &[("child", "ou-1")],
        json!({ "Parents": [{ "Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT" }] }),
    );
    assert!(on(node(&world.cluster()).administrator).contains("the units above 111122223333 never end"));
}

/// What is said of a public endpoint in the scene's region.
fn public_endpoint(world: &World) -> Result<Stance, Gap> {
    let cluster = world.cluster();
    let all = cluster.guardrails.get()?;
    let [Guardrail { against: WorstSetting::PublicControlPlane, stance }] = all.as_slice() else { panic!("{all:?}") };
    stance.clone()
}

#[test]
fn a_public_endpoint_is_refused_when_policies_deny_it_to_every_role_they_do_not_name() {
    let deny = |condition: Value| {
        json!({ "Effect": "Deny", "Action": ["eks:CreateCluster", "eks:UpdateClusterConfig"], "Resource": "*",
            "Condition": condition })
    };
    let asks = || json!({ "Bool": { "eks:endpointPublicAccess": "true" } });
    let but = |who: &str| json!({ "Bool": { "eks:endpointPublicAccess": "true" }, "ArnNotLike": { "aws:PrincipalArn": who } });
    let elsewhere = json!({ "Bool": { "eks:endpointPublicAccess": "true" },
        "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } });
    let only_change =
        json!({ "Effect": "Deny", "Action": "eks:UpdateClusterConfig", "Resource": "*", "Condition": asks() });
    let cluster_alone =
        json!({ "Effect": "Deny", "Action": "eks:*", "Resource": "arn:aws:eks:*:*:cluster/*", "Condition": asks() });
    let cases = [
        ("denied", deny(asks()), "refused"),
        (
            "unless it is said to be private",
            deny(json!({ "StringNotEquals": { "eks:endpointPublicAccess": "false" } })),
            "refused",
        ),
        ("whatever is asked", json!({ "Effect": "Deny", "Action": "eks:*", "Resource": "*" }), "refused"),
        ("but for one role", deny(but("arn:aws:iam::*:role/admin")), "refused"),
        ("but for every role", deny(but("arn:aws:iam::*:role/*")), "allowed"),
        ("elsewhere", deny(elsewhere), "allowed"),
        ("private clusters alone", deny(json!({ "Bool": { "eks:endpointPublicAccess": "false" } })), "allowed"),
        ("changing it, not creating it", only_change, "allowed"),
        ("creating has no resource that this names", cluster_alone, "allowed"),
        (
            "from some addresses",
            deny(json!({ "Bool": { "eks:endpointPublicAccess": "true" },
            "NotIpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
            "unknown",
        ),
        ("something else", json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }), "allowed"),
    ];
    for (name, statement, expected) in cases {
        let mut world = member();
        policy(&mut world, "SERVICE_CONTROL_POLICY", "p-deny", &["ou-1"], &json!([statement]));
        let found = public_endpoint(&world);
        let word = match &found {
            Ok(Stance::Refused { by }) => {
                assert!(by.contains("p-deny"), "{name}: {by}");
                "refused"
            }
            Ok(Stance::Allowed { .. }) => "allowed",
            Err(_) => "unknown",
        };
        assert_eq!(word, expected, "{name}: {found:?}");
    }
}

#[test]
fn no_organisation_refuses_nothing_and_policies_nobody_could_read_are_unknown() {
    assert!(matches!(public_endpoint(&world()), Ok(Stance::Allowed { .. })), "it is in none");
    let mut world = member();
    assert!(matches!(public_endpoint(&world), Ok(Stance::Allowed { .. })), "everything is allowed");
    world.body("organizations:DescribeOrganization")["Organization"]["MasterAccountId"] = json!(ACCOUNT);
    assert!(matches!(public_endpoint(&world), Ok(Stance::Allowed { .. })), "the management account");
    for call in [
        "organizations:DescribeOrganization",
        "organizations:ListPolicies",
        "organizations:ListParents",
        "organizations:ListTargetsForPolicy",
    ] {
        let mut world = member();
        world.deny(call);
        assert!(public_endpoint(&world).is_err(), "{call}");
    }
    let mut world = member();
    policy(&mut world, "SERVICE_CONTROL_POLICY", "p-deny", &["ou-1"], &json!([]));
    world.deny("organizations:DescribePolicy");
    assert!(public_endpoint(&world).is_err(), "it may deny");
}
