//! STS, IAM and KMS: sessions, identities and keys.

use palisade_model::FactKind::{
    self, Controllers, Dedication, ExternalTrusts, Identities, KeyAccess, KeyRotation, KeyState, Keys, Minters,
    OtherTrust, Pipelines, Standing, Trusts, Unused, WorkloadIdentity,
};
use palisade_provider::{Call, Per};

/// `sts:GetCallerIdentity`: which account and partition the credentials belong to.
pub(crate) const GET_CALLER_IDENTITY: Call = Call {
    name: "sts:GetCallerIdentity",
    permission: "",
    per: Per::Target,
    feeds: FactKind::ALL,
    redact: &[],
    purpose: "which account and partition the credentials belong to",
};

/// `sts:AssumeRole`: a short session of the reader's role in each member account.
pub(crate) const ASSUME_ROLE: Call = Call {
    name: "sts:AssumeRole",
    permission: "sts:AssumeRole",
    per: Per::Account,
    feeds: FactKind::ALL,
    redact: &["/AssumeRoleResponse/AssumeRoleResult/Credentials"],
    purpose: "a short session of the reader's role in each member account",
};

/// `iam:GetAccountAuthorizationDetails`: roles, users, groups and policies, to evaluate what the cluster's identities may do.
pub(crate) const GET_ACCOUNT_AUTHORIZATION_DETAILS: Call = Call {
    name: "iam:GetAccountAuthorizationDetails",
    permission: "iam:GetAccountAuthorizationDetails",
    per: Per::Account,
    feeds: &[
        Trusts,
        Minters,
        Pipelines,
        KeyAccess,
        Identities,
        Standing,
        Dedication,
        OtherTrust,
        Keys,
        Unused,
        Controllers,
        ExternalTrusts,
    ],
    redact: &[],
    purpose: "roles, users, groups and policies, to evaluate what the cluster's identities may do",
};

/// `iam:ListOpenIDConnectProviders`: whether the account trusts the cluster's issuer.
pub(crate) const LIST_OPEN_ID_CONNECT_PROVIDERS: Call = Call {
    name: "iam:ListOpenIDConnectProviders",
    permission: "iam:ListOpenIDConnectProviders",
    per: Per::Account,
    feeds: &[WorkloadIdentity],
    redact: &[],
    purpose: "whether the account trusts the cluster's issuer",
};

/// `iam:ListAccessKeys`: the age of access keys of users with an access entry.
pub(crate) const LIST_ACCESS_KEYS: Call = Call {
    name: "iam:ListAccessKeys",
    permission: "iam:ListAccessKeys",
    per: Per::Identity,
    feeds: &[Keys],
    redact: &[],
    purpose: "the age of access keys of users with an access entry",
};

/// `iam:GenerateServiceLastAccessedDetails`: a report on the services a role of the cluster used; IAM classes it as a read.
pub(crate) const GENERATE_SERVICE_LAST_ACCESSED_DETAILS: Call = Call {
    name: "iam:GenerateServiceLastAccessedDetails",
    permission: "iam:GenerateServiceLastAccessedDetails",
    per: Per::Identity,
    feeds: &[Unused],
    redact: &[],
    purpose: "a report on the services a role of the cluster used; IAM classes it as a read",
};

/// `iam:GetServiceLastAccessedDetails`: that report.
pub(crate) const GET_SERVICE_LAST_ACCESSED_DETAILS: Call = Call {
    name: "iam:GetServiceLastAccessedDetails",
    permission: "iam:GetServiceLastAccessedDetails",
    per: Per::Identity,
    feeds: &[Unused],
    redact: &[],
    purpose: "that report",
};

/// `kms:DescribeKey`: whether the key that encrypts the cluster lives.
pub(crate) const DESCRIBE_KEY: Call = Call {
    name: "kms:DescribeKey",
    permission: "kms:DescribeKey",
    per: Per::Key,
    feeds: &[KeyState, KeyRotation],
    redact: &[],
    purpose: "whether the key that encrypts the cluster lives",
};

/// `kms:GetKeyRotationStatus`: whether it rotates.
pub(crate) const GET_KEY_ROTATION_STATUS: Call = Call {
    name: "kms:GetKeyRotationStatus",
    permission: "kms:GetKeyRotationStatus",
    per: Per::Key,
    feeds: &[KeyRotation],
    redact: &[],
    purpose: "whether it rotates",
};

/// `kms:GetKeyPolicy`: who may use and change it.
pub(crate) const GET_KEY_POLICY: Call = Call {
    name: "kms:GetKeyPolicy",
    permission: "kms:GetKeyPolicy",
    per: Per::Key,
    feeds: &[KeyAccess],
    redact: &[],
    purpose: "who may use and change it",
};

/// `kms:ListGrants`: who was lent its use.
pub(crate) const LIST_GRANTS: Call = Call {
    name: "kms:ListGrants",
    permission: "kms:ListGrants",
    per: Per::Key,
    feeds: &[KeyAccess],
    redact: &[],
    purpose: "who was lent its use",
};
