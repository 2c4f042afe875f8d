//! The methods of the semantics specification's table (6.1), one by one: which permissions on what give the step, and what
//! it hangs on where that is not read.

use super::{
    escalation::Ways,
    vectors::{ACCOUNT, Draft, N, allow, document, trusting},
};
use palisade_authority::{Certainty, Hop, Node};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TARGET: &str = "arn:aws:iam::111122223333:role/target";
const USER: &str = "arn:aws:iam::111122223333:user/u";
const SAML: &str = "arn:aws:iam::111122223333:saml-provider/corp";
const ISSUER: &str = "token.example.com";

fn everything() -> String {
    document(json!([allow(json!("*"), json!("*"))]))
}

/// The first steps of the best way to administrator, in an account where the identity providers are known.
fn way_with(draft: &Draft, principal: &str, providers: Option<&[&str]>) -> Option<Vec<Hop>> {
    let directory = draft.directory();
    let known = providers.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let ways = Ways::new(&directory, ("aws", "eu-west-1"), BTreeSet::new(), known);
    ways.escalation(principal).0
}

fn way(draft: &Draft, principal: &str) -> Option<Vec<Hop>> {
    way_with(draft, principal, Some(&[]))
}

/// What a step hangs on; nothing when it is certain.
fn condition(hop: &Hop) -> String {
    match &hop.certainty {
        Certainty::Certain => String::new(),
        Certainty::Conditional(on) => on.iter().cloned().collect::<Vec<_>>().join("; "),
    }
}

/// A role `n` with some actions beside a role that may do everything and trusts a service.
fn beside(actions: &[&str], service: &str) -> Draft {
    let mut draft = Draft::of(json!([allow(json!(actions), json!("*"))]));
    draft.role("target", trusting(json!({ "Service": service })), &everything());
    draft
}

#[test]
fn what_exists_and_carries_a_role_is_used_if_it_exists() {
    let rows: [(&str, &[&str], &str, &str); 16] = [
        ("replace-function-code", &["lambda:UpdateFunctionCode"], "lambda.amazonaws.com", "a function"),
        ("update-stack", &["cloudformation:UpdateStack"], "cloudformation.amazonaws.com", "a stack"),
        (
            "update-stack",
            &["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
            "cloudformation.amazonaws.com",
            "a stack",
        ),
        ("update-stack", &["cloudformation:UpdateStackSet"], "cloudformation.amazonaws.com", "a stack"),
        ("start-build", &["codebuild:StartBuild"], "codebuild.amazonaws.com", "a build project"),
        ("start-build", &["codebuild:StartBuildBatch"], "codebuild.amazonaws.com", "a build project"),
        ("run-in-task", &["ecs:ExecuteCommand"], "ecs-tasks.amazonaws.com", "a task"),
        ("enter-glue-endpoint", &["glue:UpdateDevEndpoint"], "glue.amazonaws.com", "a Glue endpoint"),
        (
            "enter-notebook",
            &["sagemaker:CreatePresignedNotebookInstanceUrl"],
            "sagemaker.amazonaws.com",
            "a SageMaker notebook",
        ),
        (
            "enter-notebook",
            &[
                "sagemaker:CreateNotebookInstanceLifecycleConfig",
                "sagemaker:StopNotebookInstance",
                "sagemaker:UpdateNotebookInstance",
                "sagemaker:StartNotebookInstance",
            ],
            "sagemaker.amazonaws.com",
            "a SageMaker notebook",
        ),
        ("update-app-runner", &["apprunner:UpdateService"], "tasks.apprunner.amazonaws.com", "an App Runner service"),
        (
            "redefine-pipeline",
            &["datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
            "datapipeline.amazonaws.com",
            "a data pipeline",
        ),
        (
            "run-in-code-interpreter",
            &["bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"],
            "bedrock-agentcore.amazonaws.com",
            "a code interpreter",
        ),
        ("run-on-instance", &["ssm:SendCommand"], "ec2.amazonaws.com", "a machine"),
        (
            "run-on-instance",
            &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"],
            "ec2.amazonaws.com",
            "a machine",
        ),
        (
            "run-on-instance",
            &["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
            "ec2.amazonaws.com",
            "a machine",
        ),
    ];
    for (method, actions, service, what) in rows {
        let mut draft = beside(actions, service);
        draft.roles[1]["InstanceProfileList"] = json!([{ "Arn": "arn:aws:iam::111122223333:instance-profile/target" }]);
        let path = way(&draft, N).unwrap_or_else(|| panic!("{actions:?}"));
        assert_eq!((path[0].method.name(), &path[0].to), (method, &Node::Identity(TARGET.into())), "{actions:?}");
        assert_eq!(path[0].permissions, actions, "{method}");
        assert_eq!(path[0].by.iter().map(ToString::to_string).collect::<Vec<_>>(), ["inline policy own statement 0"]);
        let verb = if what == "a machine" { "carries" } else { "has" };
        assert_eq!(condition(&path[0]), format!("whether {what} {verb} {TARGET}"), "{method}");
        // One action less, or a role that trusts another service, and there is no way.
        for left_out in actions {
            let fewer: Vec<&str> = actions.iter().filter(|action| action != &left_out).copied().collect();
            assert_eq!(way(&beside(&fewer, service), N), None, "{method} without {left_out}");
        }
        assert_eq!(way(&beside(actions, "config.amazonaws.com"), N), None, "{method}");
    }
}

#[test]
fn passing_a_role_to_something_new_is_certain() {
    let rows: [(&str, &[&str], &str); 15] = [
        ("pass-role-to-instance", &["ec2:RunInstances"], "ec2.amazonaws.com"),
        ("pass-role-to-function", &["lambda:CreateFunction", "lambda:InvokeFunction"], "lambda.amazonaws.com"),
        (
            "pass-role-to-function",
            &["lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
            "lambda.amazonaws.com",
        ),
        ("pass-role-to-stack", &["cloudformation:CreateStack"], "cloudformation.amazonaws.com"),
        (
            "pass-role-to-stack",
            &["cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"],
            "cloudformation.amazonaws.com",
        ),
        ("pass-role-to-build", &["codebuild:CreateProject", "codebuild:StartBuild"], "codebuild.amazonaws.com"),
        ("pass-role-to-task", &["ecs:RegisterTaskDefinition", "ecs:RunTask"], "ecs-tasks.amazonaws.com"),
        ("pass-role-to-glue", &["glue:CreateDevEndpoint"], "glue.amazonaws.com"),
        ("pass-role-to-glue", &["glue:CreateJob", "glue:CreateTrigger"], "glue.amazonaws.com"),
        ("pass-role-to-glue", &["glue:UpdateJob", "glue:StartJobRun"], "glue.amazonaws.com"),
        ("pass-role-to-sagemaker", &["sagemaker:CreateTrainingJob"], "sagemaker.amazonaws.com"),
        ("pass-role-to-sagemaker", &["sagemaker:CreateProcessingJob"], "sagemaker.amazonaws.com"),
        ("pass-role-to-app-runner", &["apprunner:CreateService"], "tasks.apprunner.amazonaws.com"),
        (
            "pass-role-to-pipeline",
            &["datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
            "datapipeline.amazonaws.com",
        ),
        ("pass-role-to-pod", &["eks:CreatePodIdentityAssociation"], "pods.eks.amazonaws.com"),
    ];
    for (method, actions, service) in rows {
        let with_pass: Vec<&str> = ["iam:PassRole"].iter().chain(actions).copied().collect();
        let path = way(&beside(&with_pass, service), N).unwrap_or_else(|| panic!("{actions:?}"));
        assert_eq!((path[0].method.name(), condition(&path[0])), (method, String::new()));
        assert_eq!(path[0].permissions, with_pass, "{method}");
        let own = way(&beside(actions, service), N);
        assert!(
            own.is_none_or(|path| path.iter().any(|hop| !hop.certainty.is_certain())),
            "{method} without iam:PassRole"
        );
    }
}

/// Method 2, second half: only versions that exist can become the default, so it depends on what they say.
#[test]
fn an_older_version_of_a_policy_gives_what_it_says_and_no_more() {
    let policy = "arn:aws:iam::111122223333:policy/p";
    let with = |older: Value, more: Value, arn: &str| {
        let mut draft = Draft::of(json!([allow(json!("iam:SetDefaultPolicyVersion"), json!(policy)), more]));
        draft.roles[0]["AttachedManagedPolicies"] = json!([{ "PolicyName": "p", "PolicyArn": arn }]);
        draft.policies.push(json!({ "Arn": arn, "PolicyName": "p", "DefaultVersionId": "v2", "PolicyVersionList": [
            { "VersionId": "v2", "IsDefaultVersion": "true", "Document": document(json!([allow(json!("s3:GetObject"), json!("*"))])) },
            { "VersionId": "v1", "IsDefaultVersion": "false", "Document": document(json!([older])) },
        ] }));
        draft.role("target", trusting(json!({ "AWS": ACCOUNT })), &everything());
        way(&draft, N)
    };
    let nothing = || allow(json!("s3:GetObject"), json!("*"));
    let path = with(allow(json!("*"), json!("*")), nothing(), policy).unwrap();
    assert_eq!((path[0].method.name(), &path[0].to), ("restore-policy-version", &Node::Administrator));
    assert_eq!(path[0].permissions, ["iam:SetDefaultPolicyVersion"]);
    assert!(path[0].certainty.is_certain());
    assert!(path[0].by.iter().any(|by| by.as_str().contains("policy p version v1")), "{:?}", path[0].by);
    let path = with(allow(json!("sts:AssumeRole"), json!(TARGET)), nothing(), policy).unwrap();
    assert_eq!((path[0].method.name(), &path[0].to), ("restore-policy-version", &Node::Identity(TARGET.into())));
    assert_eq!(path[0].permissions, ["iam:SetDefaultPolicyVersion", "sts:AssumeRole"]);
    assert_eq!(with(allow(json!("s3:*"), json!("*")), nothing(), policy), None, "buckets are no way up");
    let denied = json!({ "Effect": "Deny", "Action": "iam:SetDefaultPolicyVersion", "Resource": "*" });
    assert_eq!(with(allow(json!("*"), json!("*")), denied, policy), None);
    assert_eq!(
        with(allow(json!("*"), json!("*")), nothing(), "arn:aws:iam::aws:policy/p"),
        None,
        "AWS' own cannot be changed"
    );
}

/// Method 6: what the group is given is known, so joining it is worth exactly that.
#[test]
fn joining_a_group_gives_what_the_group_has() {
    let with = |group: Value, resource: &str| {
        let own = document(json!([allow(json!("iam:AddUserToGroup"), json!(resource))]));
        let user =
            json!({ "Arn": USER, "UserName": "u", "UserPolicyList": [{ "PolicyName": "own", "PolicyDocument": own }] });
        let arn = format!("arn:aws:iam::{ACCOUNT}:group/g");
        let group = json!({ "Arn": arn, "GroupName": "g", "GroupPolicyList": [{ "PolicyName": "its", "PolicyDocument": document(json!([group])) }] });
        way(&Draft { users: vec![user], groups: vec![group], ..Draft::default() }, USER)
    };
    let path = with(allow(json!("*"), json!("*")), "*").unwrap();
    assert_eq!((path[0].method.name(), &path[0].to), ("join-group", &Node::Administrator));
    assert!(path[0].certainty.is_certain());
    assert_eq!(with(allow(json!("s3:*"), json!("*")), "*"), None);
    assert_eq!(with(allow(json!("*"), json!("*")), "arn:aws:iam::111122223333:group/other"), None);
}

/// Method 21, and its neighbour for SAML.
#[test]
fn whoever_rules_an_identity_provider_becomes_the_roles_that_trust_it() {
    let trusting = |provider: &str, action: &str| {
        document(json!([{ "Effect": "Allow", "Action": action, "Principal": { "Federated": provider } }]))
    };
    let oidc = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}");
    let with = |action: &str, provider: &str, known: Option<&[&str]>| {
        let mut draft = Draft::of(json!([allow(json!(action), json!("*"))]));
        let assume = if provider == SAML { "sts:AssumeRoleWithSAML" } else { "sts:AssumeRoleWithWebIdentity" };
        draft.role("target", trusting(provider, assume), &everything());
        way_with(&draft, N, known).map(|path| (path[0].method.name().to_owned(), condition(&path[0])))
    };
    let told = |method: &str, on: &str| Some((method.to_owned(), on.to_owned()));
    let token = "whether it gets a token of token.example.com";
    assert_eq!(with("iam:UpdateSAMLProvider", SAML, Some(&[])), told("rewrite-identity-provider", ""));
    assert_eq!(with("iam:CreateOpenIDConnectProvider", &oidc, Some(&[])), told("make-identity-provider", token));
    assert_eq!(with("iam:CreateOpenIDConnectProvider", &oidc, Some(&[ISSUER])), None, "it is registered already");
    for action in ["iam:UpdateOpenIDConnectProviderThumbprint", "iam:AddClientIDToOpenIDConnectProvider"] {
        assert_eq!(with(action, &oidc, Some(&[ISSUER])), told("change-identity-provider", token));
        assert_eq!(with(action, &oidc, Some(&[])), None, "there is nothing to change");
    }
    let unread = "whether it gets a token of token.example.com; whether token.example.com is registered";
    assert_eq!(with("iam:CreateOpenIDConnectProvider", &oidc, None), told("make-identity-provider", unread));
}

#[test]
fn a_trust_policy_that_could_not_be_read_may_admit_anybody() {
    let mut draft = Draft::of(json!([]));
    draft.role("target", "{]".to_owned(), &everything());
    let path = way(&draft, N).unwrap();
    assert_eq!(condition(&path[0]), format!("the trust policy of {TARGET}, which could not be read"));
    let mut bounded = Draft::of(json!([{ "Effect": "Deny", "Action": "sts:*", "Resource": "*" }]));
    bounded.role("target", "{]".to_owned(), &everything());
    assert_eq!(way(&bounded, N), None, "an explicit deny counts whatever the trust policy says");
    let mut passing = Draft::of(json!([allow(json!(["iam:PassRole", "ec2:RunInstances"]), json!("*")), {
        "Effect": "Deny", "Action": "sts:*", "Resource": "*" }]));
    passing.role("target", "{]".to_owned(), &everything());
    let path = way(&passing, N).unwrap();
    assert_eq!(path[0].method.name(), "pass-role-to-instance");
    assert!(condition(&path[0]).contains("could not be read"));
}
