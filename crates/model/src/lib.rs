//! Says what a cluster and its surroundings are, in one vocabulary for every provider.
//!
//! A normalizer writes these types, a control reads them. Every fact is [`Observed`]: a value with the records it was
//! read from, or the [`Gap`] that explains why it is not known. There is no third way, and no default: what a provider
//! means by an absent field is written out by that provider's normalizer.
//!
//! This crate refuses to interpret: it holds no thresholds and no judgement, performs no I/O and knows no wire format.
#![warn(clippy::disallowed_methods)]

mod access;
mod admission;
mod api;
mod backup;
mod cluster;
mod data;
mod detection;
mod etcd;
mod evidence;
mod fact;
mod gap;
mod guardrail;
mod identifier;
mod identity;
mod inventory;
mod lifecycle;
mod logging;
mod machinery;
mod network;
mod observed;
mod pipeline;
mod platform;
mod pool;
mod registry;
mod tally;

pub use access::{Access, Administrator, Authorization, ClusterCa, LocalCredential, SignIn};
pub use admission::ImageAdmission;
pub use api::{
    Api, Door, DoorKind, Entry, EntryKind, PrivateGuard, PrivatePath, PublicAccess, PublicDoor, Tunnel, TunnelKind,
};
pub use backup::{BackupCopy, BackupPlan, BackupPlans, BackupSafety, Recovery};
pub use cluster::{Cluster, OWNER_LABELS};
pub use data::DataFile;
pub use detection::Detection;
pub use etcd::{Coverage, Encryption, Etcd, KeyAccess, KeyFacts, KeyHolder, KeyOwner, KeyState, Progress, Rotation};
pub use evidence::{Digest, Evidence, ParseDigestError};
pub use fact::{Fact, FactKind, Hide};
pub use gap::{Gap, GapReason};
pub use guardrail::{Guardrail, Stance, WorstSetting};
pub use identifier::{ClusterId, Location, NodeId, PoolId, Provider, Scope, Version};
pub use identity::{
    Audience, Controller, ControllerIdentity, Credential, Dedication, ExternalTrust, Identity, IdentityKind, Issuer,
    LongLivedKey, Minter, PrincipalKind, Trust, TrustSubject, UnreadGroup, Unused, WorkloadIdentity,
};
pub use inventory::{Inventory, Unseen};
pub use lifecycle::{
    AuditLog, Blocker, Condition, DeletionGuard, Experiments, Extension, ExtensionFlaw, Extensions, Freeze, Health,
    Lifecycle, Phase, Placement, PoolHealth, Register, Repair, Support, Surge, Tier, Upgrades, Upkeep, Zones,
};
pub use logging::{ActivityLog, ActivityRoute, Answer, AuditPlace, AuditStore, Retention};
pub use machinery::{
    Boot, DiskKey, Disks, FlowLogs, Image, ImageAge, Isolation, Machinery, Newest, Patching, Room, Scaling,
};
pub use network::{ClusterNetwork, NetworkPart, NetworkPlace, PolicyEngine, PrivateApis, Transit};
pub use observed::{Observed, first_proof};
pub use palisade_authority::IdentityId;
pub use pipeline::{Pipeline, PipelineReach, Pipelines};
pub use platform::{Platform, SecretStore, Telemetry};
pub use pool::{
    DefaultRoute, Egress, Exposure, Filters, Interactive, Layer, Metadata, Mitigation, Node, OpenRule, PodAccess, Pool,
    PoolKind, PublicAddresses, SubnetFilter,
};
pub use registry::{
    ImageRuns, ImageScanning, ImageVulnerabilities, ImageVulnerability, Registry, RegistryOpening, ScanMode,
};
pub use tally::{CallCount, CallRow};
