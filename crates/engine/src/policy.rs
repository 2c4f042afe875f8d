//! What the organisation has decided. Everything has a default that an auditor can read here.

use crate::{Answers, Severity, Waiver};
use palisade_model::Digest;
use palisade_reach::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// What the organisation has decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Ranges that may stand in an API server's allow-list (CP-02). `None`: nobody has said.
    pub approved_ranges: Option<AddrSet>,
    /// The widest IPv4 range that counts as narrow (CP-02), as a prefix length.
    pub narrow_v4: u8,
    /// The widest IPv6 range that counts as narrow (CP-02), as a prefix length.
    pub narrow_v6: u8,
    /// The longest allow-list that counts as short (CP-02).
    pub short_list: usize,
    /// Services that may be bound to a cluster or hold a gateway role (CP-07).
    pub approved_bindings: BTreeSet<String>,
    /// Principals that may make cluster credentials (ID-13) and be administrators by the cloud's word (CP-13). `None`: nobody
    /// has said.
    pub approved_minters: Option<BTreeSet<String>>,
    /// The most administrators that the cloud may make when nobody has named them (CP-13).
    pub most_administrators: usize,
    /// Accounts, tenants and projects outside that may be trusted (ID-14). `None`: nobody has said.
    pub approved_parties: Option<BTreeSet<String>>,
    /// Whether secrets must be encrypted with the customer's own key (ET-09). `None`: nobody has said.
    pub customer_key: Option<bool>,
    /// Whether every API object must be encrypted, not only Secrets (ET-10).
    pub all_objects: bool,
    /// Oldest long-lived key that is tolerated, in days (ID-09).
    pub key_age_days: u32,
    /// How soon an encryption key may expire before it is a finding, in days (ET-11).
    pub key_expiry_days: u32,
    /// Longest rotation period of an encryption key, in days (ET-12).
    pub rotation_days: u32,
    /// Shortest time that an audit log is kept, in days (OB-02).
    pub log_retention_days: u32,
    /// Shortest time in which an audit log can be searched, in days (OB-02).
    pub log_searchable_days: u32,
    /// Oldest last backup that is tolerated, in hours: the recovery point objective (BK-02).
    pub backup_age_hours: u32,
    /// Oldest node image that is tolerated where the provider does not say that it is the newest, in days (ND-10).
    pub image_age_days: u32,
    /// Oldest critical vulnerability of a running image that is tolerated once a fix exists, in days (IM-06).
    pub vulnerability_days: u32,
    /// The same where the whole internet reaches the API server or machines of the cluster, in days (IM-06).
    pub exposed_vulnerability_days: u32,
    /// Whether node disks must be encrypted with the customer's own key (ND-13). `None`: nobody has said.
    pub own_disk_key: Option<bool>,
    /// Whether code that nobody vouches for runs in the clusters (ND-14). `None`: nobody has said.
    pub untrusted_workloads: Option<bool>,
    /// How long before its retirement a part of the network is a finding, in days (NW-03).
    pub retirement_notice_days: u32,
    /// Whether traffic between nodes must be encrypted (NW-05). `None`: nobody has said.
    pub encrypt_pod_traffic: Option<bool>,
    /// Label or tag values of `environment`, `env` or `stage` that mean production.
    pub production: BTreeSet<String>,
    /// Severities the organisation sets itself, by control id.
    pub severities: BTreeMap<String, Severity>,
    /// Accepted risks.
    pub waivers: Vec<Waiver>,
    /// The SHA-256 of the file of accepted risks, if there is one.
    pub waivers_digest: Option<Digest>,
    /// What people said that no API tells.
    pub answers: Answers,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            approved_ranges: None,
            narrow_v4: 24,
            narrow_v6: 48,
            short_list: 20,
            approved_bindings: BTreeSet::new(),
            approved_minters: None,
            most_administrators: 5,
            approved_parties: None,
            customer_key: None,
            all_objects: false,
            key_age_days: 90,
            key_expiry_days: 90,
            rotation_days: 365,
            log_retention_days: 365,
            log_searchable_days: 90,
            backup_age_hours: 24,
            image_age_days: 45,
            vulnerability_days: 30,
            exposed_vulnerability_days: 7,
            own_disk_key: None,
            untrusted_workloads: None,
            retirement_notice_days: 180,
            encrypt_pod_traffic: None,
            production: ["prod", "production", "live"].into_iter().map(str::to_owned).collect(),
            severities: BTreeMap::new(),
            waivers: Vec::new(),
            waivers_digest: None,
            answers: Answers::default(),
        }
    }
}
