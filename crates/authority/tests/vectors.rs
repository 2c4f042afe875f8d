//! The vectors of the specification, said in the neutral vocabulary. Each test is named for its vector.

use palisade_authority::{
    Authority, Capability, Certainty, Decision, DenyReason, Glob, Grant, Layer, LayerKind, MethodRow, Need, Outcome,
    Place, Selector, Truth, capabilities, excess, satisfied,
};

const EXPLICIT: fn(&str) -> Decision = |id| Decision::Deny { by: DenyReason::Explicit(id.into()) };
const IMPLICIT: Decision = Decision::Deny { by: DenyReason::Implicit };
const STOPPED: fn(&str) -> Decision = |layer| Decision::Deny { by: DenyReason::Guard(layer.into()) };

fn allowed(by: &str) -> Decision {
    Decision::Allow { by: vec![by.into()] }
}

mod aws {
    use super::*;

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
            Layer::new(
                "boundary",
                LayerKind::Limit,
                [Grant::allow("boundary", actions(["ec2:*"]), Selector::everything())],
            )
        };
        let bucket_policy = |kind| {
            Layer::new(
                "bucket policy",
                kind,
                [Grant::allow("bucket policy", actions(["s3:GetObject"]), arns([OBJECT]))],
            )
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
        let worker =
            || Grant::allow("worker", actions(["ec2:Describe*", "eks:DescribeCluster"]), Selector::everything());
        let pull = || {
            Grant::allow(
                "pull only",
                actions(["ecr:BatchGetImage", "ecr:GetAuthorizationToken"]),
                Selector::everything(),
            )
        };
        let storage =
            Grant::allow("AmazonS3FullAccess", actions(["s3:*", "s3-object-lambda:*"]), Selector::everything());
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
}

mod azure {
    use super::*;

    const S: &str = "/subscriptions/S";
    const G: &str = "/subscriptions/S/resourceGroups/G";
    const OTHER: &str = "/subscriptions/S/resourceGroups/other";
    const M: &str = "/subscriptions/S/resourceGroups/M";

    fn role(actions: &[&str], not_actions: &[&str]) -> Selector {
        Selector::of_except(
            actions.iter().map(|a| Glob::insensitive(a)),
            not_actions.iter().map(|a| Glob::insensitive(a)),
        )
    }

    fn contributor() -> Selector {
        role(
            &["*"],
            &[
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/elevateAccess/Action",
            ],
        )
    }

    fn at(scope: &str) -> Selector {
        Selector::of([Glob::insensitive(scope), Glob::insensitive(&format!("{scope}/*"))])
    }

    fn only_at(scope: &str) -> Selector {
        Selector::of([Glob::insensitive(scope)])
    }

    fn assignments(grants: Vec<Grant>) -> Layer {
        Layer::new("role assignments", LayerKind::Grants, grants)
    }

    fn denials(grant: Grant) -> Layer {
        Layer::new("deny assignments", LayerKind::Denials, [grant])
    }

    fn below(scope: &str, resource: &str) -> String {
        format!("{scope}/providers/{resource}")
    }

    #[test]
    fn b2_01_an_assignment_reaches_its_scope_and_no_further() {
        let identity = Authority::new(vec![assignments(vec![
            Grant::allow("reader at S", role(&["*/read"], &[]), at(S)),
            Grant::allow("contributor at G", contributor(), at(G)),
        ])]);
        let write = "Microsoft.Compute/virtualMachines/write";
        let machine = "Microsoft.Compute/virtualMachines/vm";
        assert_eq!(identity.decide(write, &below(G, machine)), allowed("contributor at G"));
        assert_eq!(identity.decide(write, &below(OTHER, machine)), IMPLICIT);
        let read = identity.decide("Microsoft.Compute/virtualMachines/read", &below(OTHER, machine));
        assert_eq!(read, allowed("reader at S"));
    }

    #[test]
    fn b2_02_what_one_role_leaves_out_another_may_give() {
        let identity = Authority::new(vec![assignments(vec![
            Grant::allow("contributor at S", contributor(), at(S)),
            Grant::allow("uaa at G", role(&["*/read", "Microsoft.Authorization/*"], &[]), at(G)),
        ])]);
        let assign = "Microsoft.Authorization/roleAssignments/write";
        assert_eq!(identity.decide(assign, G), allowed("uaa at G"));
        assert_eq!(identity.decide(assign, S), IMPLICIT);
    }

    #[test]
    fn b2_03_a_subtraction_in_one_role_is_no_deny() {
        let identity = Authority::new(vec![assignments(vec![
            Grant::allow("wide", role(&["*"], &["Microsoft.Authorization/*/Write"]), at(S)),
            Grant::allow("narrow", role(&["Microsoft.Authorization/roleAssignments/write"], &[]), at(S)),
        ])]);
        assert_eq!(identity.decide("Microsoft.Authorization/roleAssignments/write", S), allowed("narrow"));
    }

    #[test]
    fn b2_04_a_lockdown_denies_what_a_role_gives() {
        let kubelet = Authority::new(vec![
            assignments(vec![Grant::allow("contributor at M", contributor(), at(M))]),
            denials(Grant::deny("lockdown", role(&["*"], &["*/read"]), at(M))),
        ]);
        let group = below(M, "Microsoft.Network/networkSecurityGroups/nsg");
        assert_eq!(kubelet.decide("Microsoft.Network/networkSecurityGroups/write", &group), EXPLICIT("lockdown"));
        let read = kubelet.decide("Microsoft.Network/networkSecurityGroups/read", &group);
        assert_eq!(read, allowed("contributor at M"));
        let anywhere = kubelet.decide_any_resource("Microsoft.Network/networkSecurityGroups/write");
        assert!(anywhere.is_deny(), "the role reaches nothing the lockdown does not: {anywhere:?}");
    }

    #[test]
    fn b2_05_a_deny_that_spares_the_children_denies_the_scope_alone() {
        let identity = Authority::new(vec![
            assignments(vec![Grant::allow("contributor at S", contributor(), at(S))]),
            denials(Grant::deny("not here", role(&["*"], &["*/read"]), only_at(S))),
        ]);
        assert_eq!(identity.decide("Microsoft.Resources/tags/write", S), EXPLICIT("not here"));
        assert_eq!(identity.decide("Microsoft.Resources/tags/write", G), allowed("contributor at S"));
        let somewhere = identity.decide_any_resource("Microsoft.Resources/tags/write");
        assert_eq!(somewhere, allowed("contributor at S"));
    }

    #[test]
    fn b2_06_account_keys_are_storage_access_without_any_data_action() {
        // Data actions carry a mark of their own, so that no control-plane wildcard matches them.
        const TABLE: &[Need] = &[Need {
            capability: Capability::ExfiltrateStorage,
            any_of: &[&["data!Microsoft.Storage/blobs/read"], &["Microsoft.Storage/storageAccounts/listKeys/action"]],
        }];
        let control_plane = Selector::of_except([Glob::everything()], [Glob::insensitive("data!*")]);
        let owner = Authority::new(vec![assignments(vec![Grant::allow("owner at S", control_plane, at(S))])]);
        let owner = owner.over(Glob::insensitive(&format!("{S}/*")));
        assert_eq!(owner.decide("data!Microsoft.Storage/blobs/read", S), IMPLICIT);
        let held = capabilities(&owner, TABLE);
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].actions, ["Microsoft.Storage/storageAccounts/listKeys/action"]);
        assert_eq!((&held[0].certainty, held[0].everywhere), (&Certainty::Certain, true));
    }

    #[test]
    fn b2_07_pulling_from_one_registry_is_not_pulling_any_image() {
        const TABLE: &[Need] = &[Need {
            capability: Capability::PullAnyImage,
            any_of: &[&["Microsoft.ContainerRegistry/registries/pull/read"]],
        }];
        let pull = || role(&["Microsoft.ContainerRegistry/registries/pull/read"], &[]);
        let over = |scope: &str| {
            let kubelet = Authority::new(vec![assignments(vec![Grant::allow("AcrPull", pull(), at(scope))])]);
            let kubelet = kubelet.over(Glob::insensitive(&format!("{S}/*")));
            excess(&kubelet, &capabilities(&kubelet, TABLE), &Authority::none()).capabilities
        };
        assert_eq!(over(&below(G, "Microsoft.ContainerRegistry/registries/r")), []);
        let at_subscription = over(S);
        assert_eq!(at_subscription.len(), 1);
        assert_eq!(at_subscription[0].capability, Capability::PullAnyImage);
    }

    #[test]
    fn b2_08_the_same_role_at_a_wider_scope_is_excess() {
        const TABLE: &[Need] = &[
            Need {
                capability: Capability::ClusterAdmin,
                any_of: &[&["Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"]],
            },
            Need {
                capability: Capability::NodeCodeExecution,
                any_of: &[&["Microsoft.Compute/virtualMachines/runCommand/action"]],
            },
        ];
        let holding = |scope: &str| {
            Authority::new(vec![assignments(vec![Grant::allow("contributor", contributor(), at(scope))])])
                .over(Glob::insensitive(&format!("{S}/*")))
        };
        let need = holding(M);
        let of = |identity: &Authority| excess(identity, &capabilities(identity, TABLE), &need);
        assert_eq!(of(&need).capabilities, []);
        assert_eq!(of(&need).inherent.len(), 2);
        let names: Vec<_> = of(&holding(S)).capabilities.into_iter().map(|held| held.capability).collect();
        assert_eq!(names, [Capability::ClusterAdmin, Capability::NodeCodeExecution]);
    }
}

mod gcp {
    use super::*;

    const P: &str = "//cloudresourcemanager.googleapis.com/projects/p";

    fn permissions<const N: usize>(names: [&str; N]) -> Selector {
        Selector::of(names.map(Glob::sensitive))
    }

    fn on(resource: &str) -> Selector {
        Selector::of([Glob::sensitive(resource), Glob::sensitive(&format!("{resource}/*"))])
    }

    fn bindings(grants: Vec<Grant>) -> Layer {
        Layer::new("allow policies", LayerKind::Grants, grants)
    }

    fn owner() -> Selector {
        permissions(["resourcemanager.projects.setIamPolicy", "iam.serviceAccountKeys.create", "storage.objects.get"])
    }

    #[test]
    fn b3_01_node_scopes_clip_what_the_token_carries() {
        let scopes = permissions(["storage.objects.get", "logging.logEntries.create"]);
        let token = Authority::new(vec![
            bindings(vec![Grant::allow(
                "editor on p",
                permissions(["compute.instances.create", "logging.logEntries.create", "iam.serviceAccounts.actAs"]),
                on(P),
            )]),
            Layer::new("node scopes", LayerKind::Guard, [Grant::allow("scopes", scopes, Selector::everything())]),
        ]);
        assert_eq!(token.decide("storage.objects.get", P), IMPLICIT);
        assert_eq!(token.decide("compute.instances.create", P), STOPPED("node scopes"));
        assert_eq!(token.decide("logging.logEntries.create", P), allowed("editor on p"));
    }

    #[test]
    fn b3_05_a_binding_at_the_folder_reaches_the_project() {
        // What a folder grants is granted on everything below it: the provider writes the project as its resource.
        let node = Authority::new(vec![
            bindings(vec![Grant::allow("editor at folder", permissions(["compute.instances.create"]), on(P))]),
            Layer::new("policy of p", LayerKind::Grants, []),
        ]);
        assert_eq!(node.decide("compute.instances.create", P), allowed("editor at folder"));
    }

    #[test]
    fn b3_06_a_deny_rule_takes_one_permission_from_an_owner_and_leaves_the_rest() {
        let rule = |excepted: Truth| {
            Grant::deny("org rule", permissions(["iam.serviceAccountKeys.create"]), Selector::everything())
                .when(excepted.not())
        };
        let node = |excepted| {
            Authority::new(vec![
                bindings(vec![Grant::allow("owner on p", owner(), on(P))]),
                Layer::new("deny policies", LayerKind::Denials, [rule(excepted)]),
            ])
        };
        let outsider = node(Truth::False);
        assert_eq!(outsider.decide("iam.serviceAccountKeys.create", P), EXPLICIT("org rule"));
        assert_eq!(outsider.decide("resourcemanager.projects.setIamPolicy", P), allowed("owner on p"));
        let member_of_g = node(Truth::True);
        assert_eq!(member_of_g.decide("iam.serviceAccountKeys.create", P), allowed("owner on p"));
        // Nobody read who is in the group: the answer hangs on that.
        let maybe = node(Truth::unknown("members of group g")).decide("iam.serviceAccountKeys.create", P);
        assert_eq!(maybe.certainty(), Some(Certainty::Conditional(["members of group g".to_owned()].into())));
    }

    #[test]
    fn b3_07_an_excepted_permission_is_not_denied() {
        let denied =
            Selector::of_except([Glob::sensitive("iam.*")], [Glob::sensitive("iam.serviceAccountKeys.create")]);
        let node = Authority::new(vec![
            bindings(vec![Grant::allow("owner on p", owner(), on(P))]),
            Layer::new("deny policies", LayerKind::Denials, [Grant::deny("rule", denied, Selector::everything())]),
        ]);
        assert_eq!(node.decide("iam.serviceAccountKeys.create", P), allowed("owner on p"));
    }

    #[test]
    fn b3_08_a_binding_on_a_name_prefix_gives_those_names_only() {
        let app = Selector::of([Glob::sensitive("projects/42/secrets/app-*")]);
        let node = Authority::new(vec![bindings(vec![Grant::allow(
            "accessor",
            permissions(["secretmanager.versions.access"]),
            app,
        )])]);
        let access = |secret: &str| node.decide("secretmanager.versions.access", secret);
        assert_eq!(access("projects/42/secrets/app-db"), allowed("accessor"));
        assert_eq!(access("projects/42/secrets/other"), IMPLICIT);
    }
}
