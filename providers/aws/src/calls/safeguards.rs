//! CloudTrail, CloudWatch Logs, Backup, ECR and GuardDuty: what is written down, kept, scanned and watched.

use palisade_model::FactKind::{
    ActivityLog, AuditStore, BackupPlans, BackupSafety, Detection, ImageScanning, Recovery, Registries, Vulnerabilities,
};
use palisade_provider::{Call, Per};

/// `cloudtrail:DescribeTrails`: the trails that write down what is asked of the account, those of the organisation among them.
pub(crate) const DESCRIBE_TRAILS: Call = Call {
    name: "cloudtrail:DescribeTrails",
    permission: "cloudtrail:DescribeTrails",
    per: Per::Network,
    feeds: &[ActivityLog],
    redact: &[],
    purpose: "the trails that write down what is asked of the account, those of the organisation among them",
};

/// `cloudtrail:GetTrailStatus`: whether a trail is at work.
pub(crate) const GET_TRAIL_STATUS: Call = Call {
    name: "cloudtrail:GetTrailStatus",
    permission: "cloudtrail:GetTrailStatus",
    per: Per::Member,
    feeds: &[ActivityLog],
    redact: &[],
    purpose: "whether a trail is at work",
};

/// `cloudtrail:GetEventSelectors`: what a trail writes down.
pub(crate) const GET_EVENT_SELECTORS: Call = Call {
    name: "cloudtrail:GetEventSelectors",
    permission: "cloudtrail:GetEventSelectors",
    per: Per::Member,
    feeds: &[ActivityLog],
    redact: &[],
    purpose: "what a trail writes down",
};

/// `logs:DescribeLogGroups`: how long the log group of a cluster's control plane keeps its audit log, and whether it may be deleted.
pub(crate) const DESCRIBE_LOG_GROUPS: Call = Call {
    name: "logs:DescribeLogGroups",
    permission: "logs:DescribeLogGroups",
    per: Per::Cluster,
    feeds: &[AuditStore],
    redact: &[],
    purpose: "how long the log group of a cluster's control plane keeps its audit log, and whether it may be deleted",
};

/// `backup:DescribeRegionSettings`: whether AWS Backup takes clusters in a region at all.
pub(crate) const DESCRIBE_REGION_SETTINGS: Call = Call {
    name: "backup:DescribeRegionSettings",
    permission: "backup:DescribeRegionSettings",
    per: Per::Network,
    feeds: &[BackupPlans, BackupSafety],
    redact: &[],
    purpose: "whether AWS Backup takes clusters in a region at all",
};

/// `backup:ListBackupPlans`: the backup plans of a region.
pub(crate) const LIST_BACKUP_PLANS: Call = Call {
    name: "backup:ListBackupPlans",
    permission: "backup:ListBackupPlans",
    per: Per::Network,
    feeds: &[BackupPlans, Recovery, BackupSafety],
    redact: &[],
    purpose: "the backup plans of a region",
};

/// `backup:GetBackupPlan`: the rules of a backup plan: when, into which vault, with which copies.
pub(crate) const GET_BACKUP_PLAN: Call = Call {
    name: "backup:GetBackupPlan",
    permission: "backup:GetBackupPlan",
    per: Per::Member,
    feeds: &[BackupPlans, Recovery, BackupSafety],
    redact: &[],
    purpose: "the rules of a backup plan: when, into which vault, with which copies",
};

/// `backup:ListBackupSelections`: what a backup plan takes.
pub(crate) const LIST_BACKUP_SELECTIONS: Call = Call {
    name: "backup:ListBackupSelections",
    permission: "backup:ListBackupSelections",
    per: Per::Member,
    feeds: &[BackupPlans, Recovery, BackupSafety],
    redact: &[],
    purpose: "what a backup plan takes",
};

/// `backup:GetBackupSelection`: which resources a selection means.
pub(crate) const GET_BACKUP_SELECTION: Call = Call {
    name: "backup:GetBackupSelection",
    permission: "backup:GetBackupSelection",
    per: Per::Member,
    feeds: &[BackupPlans, Recovery, BackupSafety],
    redact: &[],
    purpose: "which resources a selection means",
};

/// `backup:ListBackupVaults`: how the vaults of a region are encrypted and locked.
pub(crate) const LIST_BACKUP_VAULTS: Call = Call {
    name: "backup:ListBackupVaults",
    permission: "backup:ListBackupVaults",
    per: Per::Network,
    feeds: &[BackupSafety],
    redact: &[],
    purpose: "how the vaults of a region are encrypted and locked",
};

/// `backup:ListRecoveryPointsByResource`: when a cluster was last backed up.
pub(crate) const LIST_RECOVERY_POINTS: Call = Call {
    name: "backup:ListRecoveryPointsByResource",
    permission: "backup:ListRecoveryPointsByResource",
    per: Per::Cluster,
    feeds: &[Recovery],
    redact: &[],
    purpose: "when a cluster was last backed up",
};

/// `ecr:DescribeRepositories`: the image repositories of a region, and whether they scan on push.
pub(crate) const DESCRIBE_REPOSITORIES: Call = Call {
    name: "ecr:DescribeRepositories",
    permission: "ecr:DescribeRepositories",
    per: Per::Network,
    feeds: &[ImageScanning, Registries, Vulnerabilities],
    redact: &[],
    purpose: "the image repositories of a region, and whether they scan on push",
};

/// `ecr:GetRegistryScanningConfiguration`: which repositories the registry scans, and how often.
pub(crate) const GET_REGISTRY_SCANNING: Call = Call {
    name: "ecr:GetRegistryScanningConfiguration",
    permission: "ecr:GetRegistryScanningConfiguration",
    per: Per::Network,
    feeds: &[ImageScanning, Vulnerabilities],
    redact: &[],
    purpose: "which repositories the registry scans, and how often",
};

/// `ecr:GetRepositoryPolicy`: whom a repository lets in.
pub(crate) const GET_REPOSITORY_POLICY: Call = Call {
    name: "ecr:GetRepositoryPolicy",
    permission: "ecr:GetRepositoryPolicy",
    per: Per::Member,
    feeds: &[Registries],
    redact: &[],
    purpose: "whom a repository lets in",
};

/// `guardduty:ListDetectors`: whether GuardDuty is on in a region.
pub(crate) const LIST_DETECTORS: Call = Call {
    name: "guardduty:ListDetectors",
    permission: "guardduty:ListDetectors",
    per: Per::Network,
    feeds: &[Detection],
    redact: &[],
    purpose: "whether GuardDuty is on in a region",
};

/// `guardduty:GetDetector`: what GuardDuty looks at.
pub(crate) const GET_DETECTOR: Call = Call {
    name: "guardduty:GetDetector",
    permission: "guardduty:GetDetector",
    per: Per::Network,
    feeds: &[Detection],
    redact: &[],
    purpose: "what GuardDuty looks at",
};

/// `guardduty:ListCoverage`: whether the clusters' nodes report to GuardDuty.
pub(crate) const LIST_COVERAGE: Call = Call {
    name: "guardduty:ListCoverage",
    permission: "guardduty:ListCoverage",
    per: Per::Network,
    feeds: &[Detection],
    redact: &[],
    purpose: "whether the clusters' nodes report to GuardDuty",
};

/// `inspector2:BatchGetAccountStatus`: whether Amazon Inspector scans the images of a region.
pub(crate) const INSPECTOR_STATUS: Call = Call {
    name: "inspector2:BatchGetAccountStatus",
    permission: "inspector2:BatchGetAccountStatus",
    per: Per::Network,
    feeds: &[Vulnerabilities],
    redact: &[],
    purpose: "whether Amazon Inspector scans the images of a region",
};

/// `inspector2:ListCoverage`: the images that run somewhere, and whether Amazon Inspector still scans them.
pub(crate) const INSPECTOR_COVERAGE: Call = Call {
    name: "inspector2:ListCoverage",
    permission: "inspector2:ListCoverage",
    per: Per::Network,
    feeds: &[Vulnerabilities],
    redact: &[],
    purpose: "the images that run somewhere, and whether Amazon Inspector still scans them",
};

/// `inspector2:ListFindings`: the critical vulnerabilities of images that run somewhere and that a newer version mends.
pub(crate) const INSPECTOR_FINDINGS: Call = Call {
    name: "inspector2:ListFindings",
    permission: "inspector2:ListFindings",
    per: Per::Network,
    feeds: &[Vulnerabilities],
    redact: &[],
    purpose: "the critical vulnerabilities of images that run somewhere and that a newer version mends",
};

/// `inspector2:GetClustersForImage`: in which clusters an image runs.
pub(crate) const CLUSTERS_OF_IMAGE: Call = Call {
    name: "inspector2:GetClustersForImage",
    permission: "inspector2:GetClustersForImage",
    per: Per::Member,
    feeds: &[Vulnerabilities],
    redact: &[],
    purpose: "in which clusters an image runs",
};
