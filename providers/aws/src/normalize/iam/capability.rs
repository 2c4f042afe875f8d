//! What it takes in AWS to have a capability, and to become somebody else (semantics 6.1 and 6.4).

use palisade_authority::{Capability, MethodRow, Need, Outcome};

/// The actions that amount to each capability.
#[rustfmt::skip]
pub(in crate::normalize) const NEEDS: &[Need] = &[
    Need { capability: Capability::ClusterAdmin, any_of: &[&["eks:AssociateAccessPolicy", "eks:CreateAccessEntry"]] },
    Need { capability: Capability::OpenControlPlane, any_of: &[&["eks:UpdateClusterConfig"]] },
    Need { capability: Capability::AssumeAnyIdentity, any_of: &[
        &["sts:AssumeRole"],
        &["iam:PassRole", "ec2:RunInstances"],
        &["iam:PassRole", "lambda:CreateFunction"],
        &["iam:PassRole", "eks:CreatePodIdentityAssociation"],
    ] },
    Need { capability: Capability::EscalatePrivilege, any_of: &[
        &["iam:PutRolePolicy"], &["iam:AttachRolePolicy"], &["iam:PutUserPolicy"], &["iam:AttachUserPolicy"],
        &["iam:PutGroupPolicy"], &["iam:AttachGroupPolicy"], &["iam:CreatePolicyVersion"],
        &["iam:SetDefaultPolicyVersion"], &["iam:UpdateAssumeRolePolicy"],
    ] },
    Need { capability: Capability::ReadCloudSecrets, any_of: &[
        &["secretsmanager:GetSecretValue"], &["ssm:GetParameter"], &["ssm:GetParameters"], &["ssm:GetParametersByPath"],
    ] },
    Need { capability: Capability::DecryptKms, any_of: &[&["kms:Decrypt"], &["kms:CreateGrant"], &["kms:PutKeyPolicy"]] },
    Need { capability: Capability::ExfiltrateStorage, any_of: &[
        &["s3:GetObject"], &["s3:PutBucketPolicy"], &["ebs:GetSnapshotBlock"], &["ec2:ModifySnapshotAttribute"],
    ] },
    Need { capability: Capability::DestroyStorage, any_of: &[&["s3:DeleteObject"], &["s3:DeleteBucket"], &["ec2:DeleteVolume"]] },
    Need { capability: Capability::DeleteBackups, any_of: &[
        &["backup:DeleteRecoveryPoint"], &["ec2:DeleteSnapshot"], &["rds:DeleteDBSnapshot"],
    ] },
    Need { capability: Capability::ModifyNetwork, any_of: &[
        &["ec2:AuthorizeSecurityGroupIngress"], &["ec2:CreateNetworkAclEntry"], &["ec2:CreateRoute"],
        &["ec2:ModifyNetworkInterfaceAttribute"],
    ] },
    Need { capability: Capability::NodeCodeExecution, any_of: &[
        &["ssm:SendCommand"], &["ssm:StartSession"], &["ec2-instance-connect:SendSSHPublicKey"],
        &["ec2:ModifyInstanceAttribute"],
    ] },
    Need { capability: Capability::ExposeMetadata, any_of: &[&["ec2:ModifyInstanceMetadataOptions"]] },
    Need { capability: Capability::PullAnyImage, any_of: &[&["ecr:BatchGetImage"]] },
    Need { capability: Capability::PushImage, any_of: &[&["ecr:PutImage"]] },
    Need { capability: Capability::BlindAudit, any_of: &[
        &["cloudtrail:StopLogging"], &["cloudtrail:DeleteTrail"], &["eks:UpdateClusterConfig"],
    ] },
    Need { capability: Capability::DeleteCluster, any_of: &[&["eks:DeleteCluster"], &["eks:DeleteNodegroup"]] },
    Need { capability: Capability::WeakenGuardrails, any_of: &[&["organizations:DetachPolicy"]] },
];

/// Methods that make their user the administrator of the account. Each is tried on the user itself.
pub(in crate::normalize) const ON_SELF: &[MethodRow] = &[
    MethodRow {
        name: "write-own-policy",
        sentence: "It writes itself a policy, or attaches one, that allows everything.",
        needs: &[&["iam:PutRolePolicy"], &["iam:AttachRolePolicy"]],
        effect: Outcome::Administrator,
    },
    MethodRow {
        name: "rewrite-attached-policy",
        sentence: "It makes a new default version of a policy that is attached to it.",
        needs: &[&["iam:CreatePolicyVersion"]],
        effect: Outcome::Administrator,
    },
    MethodRow {
        name: "make-a-role",
        sentence: "It makes a role that allows everything and becomes that role.",
        needs: &[
            &["iam:CreateRole", "iam:AttachRolePolicy", "sts:AssumeRole"],
            &["iam:CreateRole", "iam:PutRolePolicy", "sts:AssumeRole"],
        ],
        effect: Outcome::Administrator,
    },
];

/// The same for a user, and for the groups a user is in.
pub(in crate::normalize) const ON_OWN_USER: MethodRow = MethodRow {
    name: "write-own-policy",
    sentence: "It writes itself a policy, or attaches one, that allows everything.",
    needs: &[&["iam:PutUserPolicy"], &["iam:AttachUserPolicy"]],
    effect: Outcome::Administrator,
};

/// See [`ON_OWN_USER`].
pub(in crate::normalize) const ON_OWN_GROUP: MethodRow = MethodRow {
    name: "write-own-group-policy",
    sentence: "It writes a group it is in a policy, or attaches one, that allows everything.",
    needs: &[&["iam:PutGroupPolicy"], &["iam:AttachGroupPolicy"]],
    effect: Outcome::Administrator,
};

/// Rewriting who may assume a role.
pub(in crate::normalize) const REWRITE_TRUST: MethodRow = MethodRow {
    name: "rewrite-trust",
    sentence: "It lets itself into the role's trust policy and assumes the role.",
    needs: &[&["iam:UpdateAssumeRolePolicy"]],
    effect: Outcome::Target,
};

/// Assuming a role that admits it.
pub(in crate::normalize) const ASSUME: MethodRow = MethodRow {
    name: "assume-role",
    sentence: "It assumes the role, which trusts it.",
    needs: &[&["sts:AssumeRole"]],
    effect: Outcome::Target,
};

/// Making credentials of a user.
pub(in crate::normalize) const USER_CREDENTIALS: MethodRow = MethodRow {
    name: "user-credentials",
    sentence: "It makes an access key or a password of the user.",
    needs: &[&["iam:CreateAccessKey"], &["iam:CreateLoginProfile"], &["iam:UpdateLoginProfile"]],
    effect: Outcome::Target,
};

/// Joining a group; only users can. What the group has it then has too.
pub(in crate::normalize) const JOIN_GROUP: MethodRow = MethodRow {
    name: "join-group",
    sentence: "It adds itself to a group, and what the group is given is enough.",
    needs: &[&["iam:AddUserToGroup"]],
    effect: Outcome::Target,
};

/// Going back to a version of an attached policy that exists already; it cannot write one.
pub(in crate::normalize) const RESTORE_VERSION: MethodRow = MethodRow {
    name: "restore-policy-version",
    sentence: "It makes another version of a policy that is attached to it the default, and what that one gives is enough.",
    needs: &[&["iam:SetDefaultPolicyVersion"]],
    effect: Outcome::Target,
};

/// Ruling an identity provider whose assertions a role trusts.
pub(in crate::normalize) const RULE_SAML: MethodRow = MethodRow {
    name: "rewrite-identity-provider",
    sentence: "It gives the identity provider that the role trusts its own signing key and signs itself in.",
    needs: &[&["iam:UpdateSAMLProvider"]],
    effect: Outcome::Target,
};

/// Making an identity provider that a role trusts and that does not exist.
pub(in crate::normalize) const MAKE_ISSUER: MethodRow = MethodRow {
    name: "make-identity-provider",
    sentence: "It registers the issuer that the role trusts and becomes the role with a token of that issuer.",
    needs: &[&["iam:CreateOpenIDConnectProvider"]],
    effect: Outcome::Target,
};

/// Changing what of an identity provider is trusted.
pub(in crate::normalize) const CHANGE_ISSUER: MethodRow = MethodRow {
    name: "change-identity-provider",
    sentence: "It has the provider that the role trusts accept other certificates or audiences, and comes with such a token.",
    needs: &[&["iam:UpdateOpenIDConnectProviderThumbprint"], &["iam:AddClientIDToOpenIDConnectProvider"]],
    effect: Outcome::Target,
};

/// A way to start something that carries a role.
#[derive(Debug)]
pub(in crate::normalize) struct Launcher {
    /// The service that must be allowed to receive the role, and that the role must trust.
    pub(in crate::normalize) service: &'static str,
    pub(in crate::normalize) row: MethodRow,
}

/// Ways to pass a role to something new.
pub(in crate::normalize) const LAUNCHERS: &[Launcher] = &[
    Launcher {
        service: "ec2.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-instance",
            sentence: "It starts a machine with the role and takes the role's credentials from it.",
            needs: &[
                &["iam:PassRole", "ec2:RunInstances"],
                &["iam:PassRole", "ec2:RequestSpotInstances"],
                &["iam:PassRole", "ec2:AssociateIamInstanceProfile"],
                &["iam:PassRole", "ec2:ReplaceIamInstanceProfileAssociation"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "lambda.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-function",
            sentence: "It makes a function with the role and has it run.",
            needs: &[
                &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
                &["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"],
                &["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "ecs-tasks.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-task",
            sentence: "It registers a task with the role and runs it.",
            needs: &[
                &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
                &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:StartTask"],
                &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:CreateService"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "cloudformation.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-stack",
            sentence: "It makes a stack with the role, which does what the template says.",
            needs: &[
                &["iam:PassRole", "cloudformation:CreateStack"],
                &["iam:PassRole", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"],
                &["iam:PassRole", "cloudformation:UpdateStackSet"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "codebuild.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-build",
            sentence: "It makes a build project with the role and starts it.",
            needs: &[
                &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
                &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuildBatch"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "glue.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-glue",
            sentence: "It makes a Glue endpoint or job with the role and runs code in it.",
            needs: &[
                &["iam:PassRole", "glue:CreateDevEndpoint"],
                &["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"],
                &["iam:PassRole", "glue:CreateJob", "glue:CreateTrigger"],
                &["iam:PassRole", "glue:UpdateJob", "glue:StartJobRun"],
                &["iam:PassRole", "glue:UpdateJob", "glue:CreateTrigger"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "sagemaker.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-sagemaker",
            sentence: "It makes a SageMaker notebook or job with the role and runs code in it.",
            needs: &[
                &["iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"],
                &["iam:PassRole", "sagemaker:CreateTrainingJob"],
                &["iam:PassRole", "sagemaker:CreateProcessingJob"],
            ],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "tasks.apprunner.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-app-runner",
            sentence: "It makes an App Runner service with the role and runs code in it.",
            needs: &[&["iam:PassRole", "apprunner:CreateService"]],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "datapipeline.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-pipeline",
            sentence: "It makes a data pipeline with the role and has it run a command.",
            needs: &[&[
                "iam:PassRole",
                "datapipeline:CreatePipeline",
                "datapipeline:PutPipelineDefinition",
                "datapipeline:ActivatePipeline",
            ]],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "bedrock-agentcore.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-code-interpreter",
            sentence: "It makes a Bedrock code interpreter with the role and runs code in it.",
            needs: &[&[
                "iam:PassRole",
                "bedrock-agentcore:CreateCodeInterpreter",
                "bedrock-agentcore:StartCodeInterpreterSession",
                "bedrock-agentcore:InvokeCodeInterpreter",
            ]],
            effect: Outcome::Target,
        },
    },
    Launcher {
        service: "pods.eks.amazonaws.com",
        row: MethodRow {
            name: "pass-role-to-pod",
            sentence: "It associates the role with a service account and runs a pod under it.",
            needs: &[
                &["iam:PassRole", "eks:CreatePodIdentityAssociation"],
                &["iam:PassRole", "eks:UpdatePodIdentityAssociation"],
            ],
            effect: Outcome::Target,
        },
    },
];

/// Running commands on machines that exist.
pub(in crate::normalize) const ON_MACHINES: MethodRow = MethodRow {
    name: "run-on-instance",
    sentence: "It runs a command on a machine that carries the role and takes the role's credentials.",
    needs: &[
        &["ssm:SendCommand"],
        &["ssm:StartSession"],
        &["ec2-instance-connect:SendSSHPublicKey"],
        &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"],
        &["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
    ],
    effect: Outcome::Target,
};

/// A way to use something that exists and carries a role; whether there is such a thing is not read.
#[derive(Debug)]
pub(in crate::normalize) struct Existing {
    /// The service that the role must trust.
    pub(in crate::normalize) service: &'static str,
    /// What it is that has to be there.
    pub(in crate::normalize) what: &'static str,
    pub(in crate::normalize) row: MethodRow,
}

/// Ways to run something of one's own in what is there already.
pub(in crate::normalize) const EXISTING: &[Existing] = &[
    Existing {
        service: "lambda.amazonaws.com",
        what: "a function",
        row: MethodRow {
            name: "replace-function-code",
            sentence: "It replaces the code of a function that has the role.",
            needs: &[&["lambda:UpdateFunctionCode"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "cloudformation.amazonaws.com",
        what: "a stack",
        row: MethodRow {
            name: "update-stack",
            sentence: "It gives a stack that has the role another template.",
            needs: &[
                &["cloudformation:UpdateStack"],
                &["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
                &["cloudformation:UpdateStackSet"],
            ],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "codebuild.amazonaws.com",
        what: "a build project",
        row: MethodRow {
            name: "start-build",
            sentence: "It starts a build project that has the role with commands of its own.",
            needs: &[&["codebuild:StartBuild"], &["codebuild:StartBuildBatch"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "ecs-tasks.amazonaws.com",
        what: "a task",
        row: MethodRow {
            name: "run-in-task",
            sentence: "It runs a command in a task that has the role.",
            needs: &[&["ecs:ExecuteCommand"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "glue.amazonaws.com",
        what: "a Glue endpoint",
        row: MethodRow {
            name: "enter-glue-endpoint",
            sentence: "It puts its own key on a Glue endpoint that has the role and signs in there.",
            needs: &[&["glue:UpdateDevEndpoint"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "sagemaker.amazonaws.com",
        what: "a SageMaker notebook",
        row: MethodRow {
            name: "enter-notebook",
            sentence: "It opens a notebook that has the role, or has it run a script when it starts.",
            needs: &[
                &["sagemaker:CreatePresignedNotebookInstanceUrl"],
                &[
                    "sagemaker:CreateNotebookInstanceLifecycleConfig",
                    "sagemaker:StopNotebookInstance",
                    "sagemaker:UpdateNotebookInstance",
                    "sagemaker:StartNotebookInstance",
                ],
            ],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "tasks.apprunner.amazonaws.com",
        what: "an App Runner service",
        row: MethodRow {
            name: "update-app-runner",
            sentence: "It gives an App Runner service that has the role another image.",
            needs: &[&["apprunner:UpdateService"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "datapipeline.amazonaws.com",
        what: "a data pipeline",
        row: MethodRow {
            name: "redefine-pipeline",
            sentence: "It has a data pipeline that has the role run a command.",
            needs: &[&["datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"]],
            effect: Outcome::Target,
        },
    },
    Existing {
        service: "bedrock-agentcore.amazonaws.com",
        what: "a code interpreter",
        row: MethodRow {
            name: "run-in-code-interpreter",
            sentence: "It runs code in a Bedrock code interpreter that has the role.",
            needs: &[&["bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"]],
            effect: Outcome::Target,
        },
    },
];

/// Becoming the administrator of a cluster.
pub(in crate::normalize) const CLUSTER_ADMIN: MethodRow = MethodRow {
    name: "grant-cluster-access",
    sentence: "It gives itself an access entry with the cluster administrator's policy.",
    needs: &[&["eks:AssociateAccessPolicy", "eks:CreateAccessEntry"]],
    effect: Outcome::ClusterAdmin,
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_a_table_asks_about_is_published() {
        let published: BTreeSet<&str> = crate::actions::universe().actions().map(|(name, _)| name).collect();
        let rows = ON_SELF.iter().chain(LAUNCHERS.iter().map(|launcher| &launcher.row)).chain([
            &ON_OWN_USER,
            &ON_OWN_GROUP,
            &REWRITE_TRUST,
            &ASSUME,
            &USER_CREDENTIALS,
            &JOIN_GROUP,
            &ON_MACHINES,
            &RESTORE_VERSION,
            &RULE_SAML,
            &MAKE_ISSUER,
            &CHANGE_ISSUER,
            &CLUSTER_ADMIN,
        ]);
        let rows = rows.chain(EXISTING.iter().map(|existing| &existing.row));
        let sets = NEEDS.iter().flat_map(|need| need.any_of).chain(rows.flat_map(|row| row.needs));
        let unknown: BTreeSet<&str> =
            sets.flat_map(|set| set.iter().copied()).filter(|one| !published.contains(one)).collect();
        assert_eq!(unknown, BTreeSet::new());
    }
}
