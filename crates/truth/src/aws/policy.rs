//! Random IAM policies of node roles, and what they allow (semantics, section 6.1).

use super::{ACCOUNT, ORGANIZATION, REGION};
use crate::{
    dice::Dice,
    naive::{self, Needs, matches, matches_in_any_case},
    packet::Answer,
    tally::Tally,
};
use palisade_model::Cluster;
use serde_json::{Value, json};

const ACTIONS: [&str; 40] = [
    "*",
    "iam:*",
    "iam:Pass*",
    "iam:PassRole",
    "iam:Put*",
    "iam:Attach*Policy",
    "iam:CreatePolicyVersion",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:?etObject",
    "s3:Delete*",
    "s3:PutBucketPolicy",
    "ec2:*",
    "ec2:Delete*",
    "ec2:Run*",
    "ec2:Modify*",
    "ec2:AuthorizeSecurityGroupIngress",
    "kms:*",
    "kms:Decrypt",
    "kms:Create*",
    "eks:*",
    "eks:Update*",
    "eks:*AccessEntry",
    "eks:AssociateAccessPolicy",
    "eks:CreatePodIdentityAssociation",
    "eks:DeleteNodegroup",
    "sts:AssumeRole",
    "sts:*",
    "ssm:*",
    "ssm:GetParameter?",
    "ssm:SendCommand",
    "secretsmanager:GetSecretValue",
    "ecr:*",
    "ecr:Batch*",
    "ecr:PutImage",
    "cloudtrail:*",
    "lambda:Create*",
    "organizations:*",
    "rds:DeleteDB*",
];
const RESOURCES: [&str; 12] = [
    "*",
    "*",
    "*",
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::app-*",
    "arn:aws:s3:::app-prod/*",
    "arn:aws:iam::444455556666:role/*",
    "arn:aws:iam::444455556666:role/app-*",
    "arn:aws:*",
    "arn:aws:ecr:eu-west-1:444455556666:repository/*",
    "arn:aws:?3:::*",
];
/// One name for every way in which the patterns can overlap.
const NAMES: [&str; 9] = [
    "something-else",
    "arn:aws:s3:::other",
    "arn:aws:s3:::app-x",
    "arn:aws:s3:::app-prod/key",
    "arn:aws:iam::444455556666:role/other",
    "arn:aws:iam::444455556666:role/app-x",
    "arn:aws:ecr:eu-west-1:444455556666:repository/r",
    "arn:aws:sqs:eu-west-1:444455556666:queue",
    "arn:aws:r3:::bucket",
];

/// Section 6.4 of the semantics.
#[rustfmt::skip]
const NEEDS: Needs<'static> = &[
    ("cluster-admin", &[&["eks:AssociateAccessPolicy", "eks:CreateAccessEntry"]]),
    ("open-control-plane", &[&["eks:UpdateClusterConfig"]]),
    ("assume-any-identity", &[
        &["sts:AssumeRole"], &["iam:PassRole", "ec2:RunInstances"], &["iam:PassRole", "lambda:CreateFunction"],
        &["iam:PassRole", "eks:CreatePodIdentityAssociation"],
    ]),
    ("escalate-privilege", &[
        &["iam:PutRolePolicy"], &["iam:AttachRolePolicy"], &["iam:PutUserPolicy"], &["iam:AttachUserPolicy"],
        &["iam:PutGroupPolicy"], &["iam:AttachGroupPolicy"], &["iam:CreatePolicyVersion"],
        &["iam:SetDefaultPolicyVersion"], &["iam:UpdateAssumeRolePolicy"],
    ]),
    ("read-cloud-secrets", &[
        &["secretsmanager:GetSecretValue"], &["ssm:GetParameter"], &["ssm:GetParameters"], &["ssm:GetParametersByPath"],
    ]),
    ("decrypt-kms", &[&["kms:Decrypt"], &["kms:CreateGrant"], &["kms:PutKeyPolicy"]]),
    ("exfiltrate-storage", &[
        &["s3:GetObject"], &["s3:PutBucketPolicy"], &["ebs:GetSnapshotBlock"], &["ec2:ModifySnapshotAttribute"],
    ]),
    ("destroy-storage", &[&["s3:DeleteObject"], &["s3:DeleteBucket"], &["ec2:DeleteVolume"]]),
    ("delete-backups", &[&["backup:DeleteRecoveryPoint"], &["ec2:DeleteSnapshot"], &["rds:DeleteDBSnapshot"]]),
    ("modify-network", &[
        &["ec2:AuthorizeSecurityGroupIngress"], &["ec2:CreateNetworkAclEntry"], &["ec2:CreateRoute"],
        &["ec2:ModifyNetworkInterfaceAttribute"],
    ]),
    ("node-code-execution", &[
        &["ssm:SendCommand"], &["ssm:StartSession"], &["ec2-instance-connect:SendSSHPublicKey"],
        &["ec2:ModifyInstanceAttribute"],
    ]),
    ("expose-metadata", &[&["ec2:ModifyInstanceMetadataOptions"]]),
    ("pull-any-image", &[&["ecr:BatchGetImage"]]),
    ("push-image", &[&["ecr:PutImage"]]),
    ("blind-audit", &[&["cloudtrail:StopLogging"], &["cloudtrail:DeleteTrail"], &["eks:UpdateClusterConfig"]]),
    ("delete-cluster", &[&["eks:DeleteCluster"], &["eks:DeleteNodegroup"]]),
    ("weaken-guardrails", &[&["organizations:DetachPolicy"]]),
];

/// A condition, written down, and whether it holds for a session of the role on a node.
#[derive(Clone, Debug)]
struct Condition {
    written: Value,
    holds: Answer,
}

/// A statement of a policy.
#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    actions: Vec<String>,
    not_actions: bool,
    resources: Vec<String>,
    not_resources: bool,
    condition: Option<Condition>,
}

/// What an organisation takes away from the account: at every level above it something has to allow, and nothing may deny.
#[derive(Clone, Debug)]
pub(crate) struct Ruling {
    /// Root, outer unit, inner unit, account: the policies attached there.
    levels: Vec<Level>,
    /// Policies on what is done to the account's own things; only what they deny counts.
    on_things: Vec<Vec<Statement>>,
    /// A policy of a unit in which the account does not stand.
    beside: Vec<Statement>,
}

/// The policies of one level.
#[derive(Clone, Debug)]
struct Level {
    name: &'static str,
    /// Whether the policy that allows everything is still attached.
    full: bool,
    policies: Vec<Vec<Statement>>,
}

impl Ruling {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let levels = ["root", "outer", "inner", ACCOUNT].map(|name| {
            let full = dice.chance(80);
            // There is always one.
            let count = dice.between(u32::from(!full), 2);
            let policies = (0..count).map(|_| statements(dice, true)).collect();
            Level { name, full, policies }
        });
        let on_things = (0..dice.between(0, 1)).map(|_| statements(dice, true)).collect();
        Self { levels: levels.into(), on_things, beside: statements(dice, true) }
    }

    /// The policies as the simulator takes them.
    pub(crate) fn policies(&self) -> Vec<Value> {
        let mut described =
            vec![json!({ "name": "beside", "attached": ["beside"], "document": document(&self.beside) })];
        for level in &self.levels {
            for (place, own) in level.policies.iter().enumerate() {
                let name = format!("{}-{place}", level.name);
                described.push(json!({ "name": name, "attached": [level.name], "document": document(own) }));
            }
        }
        for (place, own) in self.on_things.iter().enumerate() {
            let (name, kind) = (format!("things-{place}"), "resource-control");
            described.push(json!({ "name": name, "kind": kind, "attached": ["outer"], "document": document(own) }));
        }
        described
    }

    pub(crate) fn without_full_access(&self) -> Vec<&str> {
        self.levels.iter().filter(|level| !level.full).map(|level| level.name).collect()
    }

    fn allows(&self, action: &str, resource: &str) -> Answer {
        let mut answer = Answer::Yes;
        for level in &self.levels {
            let all: Vec<Statement> = level.policies.concat();
            let some = if level.full { Answer::Yes } else { any(&all, true, action, resource) };
            answer = answer.and(some).and(any(&all, false, action, resource).not());
        }
        answer.and(any(&self.on_things.concat(), false, action, resource).not())
    }
}

/// Whether some statement that allows, or that denies, applies.
fn any(statements: &[Statement], allow: bool, action: &str, resource: &str) -> Answer {
    let matching = statements.iter().filter(|one| one.allow == allow && one.matches(action, resource));
    matching.map(|one| one.condition.as_ref().map_or(Answer::Yes, |own| own.holds)).fold(Answer::No, Answer::or)
}

/// A few statements, mostly with one that allows everything.
fn statements(dice: &mut Dice, in_organization: bool) -> Vec<Statement> {
    let mut found: Vec<Statement> = (0..dice.between(1, 3)).map(|_| statement(dice, in_organization)).collect();
    if dice.chance(60) {
        found.push(Statement {
            allow: true,
            actions: vec!["*".to_owned()],
            not_actions: false,
            resources: vec!["*".to_owned()],
            not_resources: false,
            condition: None,
        });
    }
    found
}

/// The role of a pool.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    inline: Vec<Statement>,
    managed: Vec<Statement>,
    boundary: Option<Vec<Statement>>,
}

impl Role {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let some = |dice: &mut Dice, least: u32| {
            let count = dice.between(least, 3);
            (0..count).map(|_| statement(dice, false)).collect::<Vec<_>>()
        };
        // A boundary gives nothing, so without a wide allowance little would be left to compare.
        let boundary = statements(dice, false);
        Self { inline: some(dice, 0), managed: some(dice, 1), boundary: dice.chance(30).then_some(boundary) }
    }

    /// The managed policies it names.
    pub(crate) fn managed(&self, place: usize) -> Vec<Value> {
        let mut policies = vec![json!({ "name": format!("managed-{place}"), "document": document(&self.managed) })];
        let boundary = self.boundary.iter();
        policies.extend(boundary.map(|own| json!({ "name": format!("boundary-{place}"), "document": document(own) })));
        policies
    }

    /// The role as the simulator takes it.
    pub(crate) fn described(&self, place: usize) -> Value {
        let inline = if self.inline.is_empty() { json!({}) } else { json!({ "inline": document(&self.inline) }) };
        json!({
            "name": format!("role-{place}"),
            "trust": "ec2",
            "policies": [format!("managed-{place}")],
            "inline": inline,
            "boundary": self.boundary.as_ref().map(|_| format!("boundary-{place}")),
            "tags": { "team": "payments" },
        })
    }

    /// A denial anywhere wins; else an identity policy must allow, and the boundary if there is one.
    fn allows(&self, action: &str, resource: &str) -> Answer {
        let any = |statements: &[Statement], allow: bool| any(statements, allow, action, resource);
        let own: Vec<Statement> = self.inline.iter().chain(&self.managed).cloned().collect();
        let given = any(&own, true).and(any(&own, false).not());
        match &self.boundary {
            None => given,
            Some(limits) => given.and(any(limits, true)).and(any(limits, false).not()),
        }
    }
}

impl Statement {
    fn matches(&self, action: &str, resource: &str) -> bool {
        let named = self.actions.iter().any(|pattern| matches_in_any_case(pattern, action));
        let meant = self.resources.iter().any(|pattern| matches(pattern, resource));
        named != self.not_actions && meant != self.not_resources
    }
}

fn statement(dice: &mut Dice, in_organization: bool) -> Statement {
    let allow = dice.chance(70);
    Statement {
        allow,
        actions: dice.words(&ACTIONS, 1, 5),
        not_actions: dice.chance(12),
        resources: dice.words(&RESOURCES, 1, 2),
        not_resources: dice.chance(8),
        condition: dice.chance(35).then(|| condition(dice, allow, in_organization)),
    }
}

fn condition(dice: &mut Dice, allow: bool, in_organization: bool) -> Condition {
    // Whoever asks chooses the region; this one fits every allowance and escapes every denial, so it fits them together.
    let region = if allow {
        (json!({ "StringEquals": { "aws:RequestedRegion": REGION } }), Answer::Yes)
    } else {
        (json!({ "StringNotEquals": { "aws:RequestedRegion": [REGION, "us-east-1"] } }), Answer::No)
    };
    let mut choices = vec![
        region,
        (json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } }), Answer::Yes),
        (json!({ "StringNotEquals": { "aws:PrincipalAccount": ACCOUNT } }), Answer::No),
        (json!({ "Bool": { "aws:SecureTransport": "true" } }), Answer::Yes),
        (json!({ "Bool": { "aws:SecureTransport": "false" } }), Answer::No),
        // A role's session on a node never passed a second factor: the key is not there.
        (json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }), Answer::No),
        (json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "true" } }), Answer::Yes),
        (json!({ "Null": { "aws:MultiFactorAuthPresent": "true" } }), Answer::Yes),
        (json!({ "StringLike": { "aws:PrincipalTag/team": "pay*" } }), Answer::Yes),
        (json!({ "StringEquals": { "AWS:principaltag/team": ["x", "payments"] } }), Answer::Yes),
        (json!({ "StringNotLike": { "aws:PrincipalTag/team": ["x*", "pay*"] } }), Answer::No),
        (json!({ "StringNotEquals": { "aws:PrincipalTag/missing": "x" } }), Answer::Yes),
        (json!({ "StringEquals": { "aws:PrincipalTag/missing": "x" } }), Answer::No),
        (json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }), Answer::Open),
        (
            json!({ "IpAddress": { "aws:SourceIp": "203.0.113.0/24" }, "Bool": { "aws:SecureTransport": "false" } }),
            Answer::No,
        ),
    ];
    if in_organization {
        choices.extend([
            (json!({ "StringEquals": { "aws:PrincipalOrgID": ORGANIZATION } }), Answer::Yes),
            (json!({ "StringNotEqualsIfExists": { "aws:PrincipalOrgID": ORGANIZATION } }), Answer::No),
        ]);
    }
    let (written, holds) = dice.pick(&choices).unwrap_or((json!({}), Answer::Yes));
    Condition { written, holds }
}

fn document(statements: &[Statement]) -> Value {
    let written = statements.iter().map(|one| {
        let mut body = json!({ "Effect": if one.allow { "Allow" } else { "Deny" } });
        if let Some(members) = body.as_object_mut() {
            // A list of one may be written as a text.
            let list = |texts: &[String]| match texts {
                [text] => json!(text),
                texts => json!(texts),
            };
            members.insert(if one.not_actions { "NotAction" } else { "Action" }.to_owned(), list(&one.actions));
            members.insert(if one.not_resources { "NotResource" } else { "Resource" }.to_owned(), list(&one.resources));
            members.extend(one.condition.iter().map(|own| ("Condition".to_owned(), own.written.clone())));
        }
        body
    });
    json!({ "Version": "2012-10-17", "Statement": written.collect::<Vec<_>>() })
}

/// Compares the standing of every node role.
pub(crate) fn compare(roles: &[Role], ruling: Option<&Ruling>, cluster: &Cluster, tally: &mut Tally) {
    let names: Vec<String> = NAMES.map(str::to_owned).into();
    for (place, role) in roles.iter().enumerate() {
        let name = format!("role-{place}");
        let identities = cluster.identities.get().into_iter().flatten();
        let standing = identities
            .filter(|one| one.name.ends_with(&name) || one.id.to_string().ends_with(&name))
            .find_map(|identity| identity.standing.get().ok());
        match standing {
            Some(standing) => {
                let allows = |action: &str, on: &str| {
                    role.allows(action, on).and(ruling.map_or(Answer::Yes, |ruling| ruling.allows(action, on)))
                };
                naive::compare(&name, standing, NEEDS, (&names, &[]), allows, tally);
            }
            None => tally.differ(&name, "nothing", "an identity with a standing"),
        }
    }
}
