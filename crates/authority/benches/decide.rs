//! How long one identity takes: `cargo bench -p palisade-authority`.
#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "a benchmark prints, and knows its own lists")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use palisade_authority::{
    AccessLevel, Authority, Capability, Glob, Grant, Layer, LayerKind, Need, Selector, Truth, Universe, capabilities,
    excess, propose, within,
};

const TABLE: &[Need] = &[
    Need { capability: Capability::ClusterAdmin, any_of: &[&["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]] },
    Need { capability: Capability::OpenControlPlane, any_of: &[&["eks:UpdateClusterConfig"]] },
    Need {
        capability: Capability::AssumeAnyIdentity,
        any_of: &[
            &["sts:AssumeRole"],
            &["iam:PassRole", "ec2:RunInstances"],
            &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
            &["iam:PassRole", "cloudformation:CreateStack"],
            &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
            &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
            &["iam:PassRole", "glue:CreateDevEndpoint"],
            &["iam:PassRole", "sagemaker:CreateNotebookInstance"],
            &["iam:PassRole", "eks:CreatePodIdentityAssociation"],
        ],
    },
    Need {
        capability: Capability::EscalatePrivilege,
        any_of: &[
            &["iam:PutRolePolicy"],
            &["iam:AttachRolePolicy"],
            &["iam:PutUserPolicy"],
            &["iam:AttachUserPolicy"],
            &["iam:CreatePolicyVersion"],
            &["iam:UpdateAssumeRolePolicy"],
            &["iam:CreateRole", "iam:AttachRolePolicy"],
        ],
    },
    Need {
        capability: Capability::ReadCloudSecrets,
        any_of: &[&["secretsmanager:GetSecretValue"], &["ssm:GetParameter"]],
    },
    Need {
        capability: Capability::DecryptKms,
        any_of: &[&["kms:Decrypt"], &["kms:CreateGrant"], &["kms:PutKeyPolicy"]],
    },
    Need {
        capability: Capability::ExfiltrateStorage,
        any_of: &[
            &["s3:GetObject"],
            &["s3:PutBucketPolicy"],
            &["ebs:GetSnapshotBlock"],
            &["ec2:ModifySnapshotAttribute"],
        ],
    },
    Need {
        capability: Capability::DestroyStorage,
        any_of: &[&["s3:DeleteObject"], &["s3:DeleteBucket"], &["ec2:DeleteVolume"]],
    },
    Need {
        capability: Capability::DeleteBackups,
        any_of: &[&["backup:DeleteRecoveryPoint"], &["ec2:DeleteSnapshot"], &["rds:DeleteDBSnapshot"]],
    },
    Need {
        capability: Capability::ModifyNetwork,
        any_of: &[
            &["ec2:AuthorizeSecurityGroupIngress"],
            &["ec2:CreateNetworkAclEntry"],
            &["ec2:CreateRoute"],
            &["ec2:ModifyNetworkInterfaceAttribute"],
        ],
    },
    Need {
        capability: Capability::NodeCodeExecution,
        any_of: &[&["ssm:SendCommand"], &["ssm:StartSession"], &["ec2-instance-connect:SendSSHPublicKey"]],
    },
    Need { capability: Capability::ExposeMetadata, any_of: &[&["ec2:ModifyInstanceMetadataOptions"]] },
    Need { capability: Capability::PullAnyImage, any_of: &[&["ecr:BatchGetImage"]] },
    Need { capability: Capability::PushImage, any_of: &[&["ecr:PutImage"]] },
    Need { capability: Capability::BlindAudit, any_of: &[&["cloudtrail:StopLogging"], &["cloudtrail:DeleteTrail"]] },
    Need { capability: Capability::DeleteCluster, any_of: &[&["eks:DeleteCluster"], &["eks:DeleteNodegroup"]] },
    Need { capability: Capability::WeakenGuardrails, any_of: &[&["organizations:DetachPolicy"]] },
];

const SERVICES: [&str; 12] = [
    "ec2",
    "s3",
    "ecr",
    "iam",
    "kms",
    "ssm",
    "lambda",
    "logs",
    "sqs",
    "dynamodb",
    "autoscaling",
    "elasticloadbalancing",
];
const VERBS: [&str; 6] = ["Describe*", "Get*", "List*", "PutItem", "CreateTags", "UpdateThing"];

/// Statements such as people attach to node roles: five actions each, a resource of their own.
fn statements(count: usize) -> Vec<Grant> {
    (0..count)
        .map(|n| {
            let service = SERVICES[n % SERVICES.len()];
            let actions =
                VERBS.iter().cycle().skip(n).take(5).map(|verb| Glob::insensitive(&format!("{service}:{verb}")));
            let resource = format!("arn:aws:{service}:*:111122223333:thing/app-{n}/*");
            Grant::allow(
                format!("policy p statement {n}"),
                Selector::of(actions),
                Selector::of([Glob::sensitive(&resource)]),
            )
        })
        .collect()
}

fn identity(count: usize, guards: bool) -> Authority {
    let mut layers = vec![Layer::new("identity policies", LayerKind::Grants, statements(count))];
    if guards {
        let all = || Grant::allow("FullAWSAccess", Selector::everything(), Selector::everything());
        let audit = Selector::of([Glob::insensitive("cloudtrail:*"), Glob::insensitive("organizations:*")]);
        let deny = Grant::deny("scp deny", audit, Selector::everything());
        let region = Grant::deny("scp region", Selector::all_but([Glob::insensitive("iam:*")]), Selector::everything())
            .when(Truth::unknown("aws:SourceIp"));
        let bucket = Grant::deny(
            "scp bucket",
            Selector::of([Glob::insensitive("s3:*")]),
            Selector::of([Glob::sensitive("arn:aws:s3:::audit-*")]),
        );
        layers.push(Layer::new("scp at root", LayerKind::Guard, [all(), deny]));
        layers.push(Layer::new("scp at ou", LayerKind::Guard, [all(), region, bucket]));
    }
    Authority::new(layers)
}

/// The fastest of many rounds: what the work takes when nobody else wants the machine.
fn time<T>(what: &str, mut run: impl FnMut() -> T) {
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    while fastest == Duration::MAX || begin.elapsed() < Duration::from_millis(400) {
        let round = Instant::now();
        for _ in 0..BATCH {
            black_box(run());
        }
        fastest = fastest.min(round.elapsed() / BATCH);
    }
    println!("{what:<62} {fastest:>12.2?}");
}

const BATCH: u32 = 8;

fn main() {
    let actions: usize = TABLE.iter().flat_map(|need| need.any_of).map(|set| set.len()).sum();
    println!("{actions} actions in the table");
    for count in [20, 100, 200] {
        for guards in [false, true] {
            let authority = identity(count, guards);
            let label = if guards { "with two organisation policies" } else { "alone" };
            time(&format!("capabilities, {count} statements {label}"), || capabilities(&authority, TABLE));
            time(&format!("  decide, {count} statements {label}"), || {
                authority.decide("s3:GetObject", "arn:aws:s3:::app/x")
            });
        }
    }
    let admin = Layer::new(
        "identity policies",
        LayerKind::Grants,
        [Grant::allow("admin", Selector::everything(), Selector::everything())].into_iter().chain(statements(100)),
    );
    let admin = Authority::new(vec![admin]);
    time("capabilities, administrator with 100 statements more", || capabilities(&admin, TABLE));
    time("allows_all_actions, the same", || admin.allows_all_actions());
    let node = identity(100, false);
    let need = identity(50, false);
    let held = capabilities(&node, TABLE);
    time("excess, 100 statements against 50", || excess(&node, &held, &need));
    time("within, 100 statements against 50", || within(&node, &need));
    let group = || {
        Selector::of(
            ["/subscriptions/s/resourcegroups/nodes", "/subscriptions/s/resourcegroups/nodes/*"].map(Glob::insensitive),
        )
    };
    let locked = Authority::new(vec![
        Layer::new("assignments", LayerKind::Grants, [Grant::allow("contributor", Selector::everything(), group())]),
        Layer::new(
            "denials",
            LayerKind::Denials,
            [Grant::deny("lock", Selector::all_but([Glob::insensitive("*/read")]), group())],
        ),
    ]);
    time("capabilities, a role locked down on the same scope", || capabilities(&locked, TABLE));
    let selector = editor();
    time("building a role of 12,000 permissions", editor);
    let granted = || {
        let project = Selector::of([Glob::sensitive("projects/p"), Glob::sensitive("projects/p/*")]);
        Authority::new(vec![Layer::new(
            "bindings",
            LayerKind::Grants,
            [Grant::allow("editor", selector.clone(), project)],
        )])
    };
    let editor = granted();
    time("building an authority that holds it", granted);
    time("capabilities, that role", || capabilities(&editor, TABLE));
    time("within, that role against 50 statements", || within(&editor, &need));
    time("building an authority of 100 statements", || identity(100, false));
    universes();
}

/// A list as long as AWS's, and a policy that names every action of it one by one.
fn universes() {
    let name = |n: usize| format!("service{}:{}Thing{}", n % 445, VERBS[n % 6].trim_end_matches('*'), n / 445);
    let actions = || (0..20_455).map(|n| (name(n), AccessLevel::ALL[n % 5]));
    let universe = Universe::new("a bench", actions());
    let packed = universe.pack();
    println!("{} actions packed into {} bytes", universe.len(), packed.len());
    time("unpacking the list of actions", || Universe::unpack(&packed));
    let named = Selector::of(actions().take(20_000).map(|(name, _)| Glob::insensitive(&name)));
    time("selecting by 20,000 plain actions", || universe.select(&named));
    let all_but = Selector::all_but([Glob::insensitive("service1*:*"), Glob::insensitive("*:Get*")]);
    time("selecting everything but two patterns", || universe.select(&all_but));
    let (one, other) = (universe.select(&named), universe.select(&all_but));
    time("intersecting, subtracting and counting two sets", || {
        (one.intersect(&other), universe.count(&one.subtract(&other)))
    });
    let holder = Authority::new(vec![Layer::new(
        "policies",
        LayerKind::Grants,
        [Grant::allow("all", named, Selector::everything())],
    )]);
    time("deciding each of 20,000 actions", || universe.reached(&holder));
    let used = actions().take(40).map(|(name, _)| name).collect();
    time("proposing 40 used actions out of 100 statements and those", || propose(&holder, &Authority::none(), &used));
}

/// A role of twelve thousand plain permissions, such as a cloud's editor.
fn editor() -> Selector {
    Selector::of((0..12_000).map(|n| Glob::sensitive(&format!("service{}.resources{}.verb{n}", n % 200, n % 17))))
}
