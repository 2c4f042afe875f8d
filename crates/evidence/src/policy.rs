//! What the organisation has decided, as a file that reads back as the same.

use crate::{
    Broken,
    source::{LARGEST_FILE, Source},
    write::POLICY,
};
use jiff::Timestamp;
use palisade_engine::{Answers, Fingerprint, Policy, Severity, Waiver};
use palisade_model::Digest;
use palisade_reach::{AddrSet, parse_net};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const SCHEMA: &str = "palisade.policy/v1";

/// A policy that does not read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: String,
    approved_ranges: Option<Vec<String>>,
    narrow_v4: u8,
    narrow_v6: u8,
    short_list: usize,
    approved_bindings: BTreeSet<String>,
    approved_minters: Option<BTreeSet<String>>,
    most_administrators: usize,
    approved_parties: Option<BTreeSet<String>>,
    customer_key: Option<bool>,
    all_objects: bool,
    key_age_days: u32,
    key_expiry_days: u32,
    rotation_days: u32,
    log_retention_days: u32,
    log_searchable_days: u32,
    backup_age_hours: u32,
    image_age_days: u32,
    vulnerability_days: u32,
    exposed_vulnerability_days: u32,
    own_disk_key: Option<bool>,
    untrusted_workloads: Option<bool>,
    retirement_notice_days: u32,
    encrypt_pod_traffic: Option<bool>,
    production: BTreeSet<String>,
    severities: BTreeMap<String, String>,
    waivers: Vec<WrittenWaiver>,
    /// The SHA-256 of the file that the waivers stood in.
    waivers_digest: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWaiver {
    control: String,
    cluster: String,
    subject: Option<String>,
    owner: String,
    approver: String,
    reason: String,
    until: Timestamp,
    approved: Option<BTreeSet<Fingerprint>>,
    covers: Option<u64>,
}

/// The policy as a JSON text that [`read_policy`] reads back. A field that a policy gains does not compile until it stands
/// here too: a judgement that cannot be repeated is no evidence.
pub fn write_policy(policy: &Policy) -> String {
    let Policy {
        approved_ranges,
        narrow_v4,
        narrow_v6,
        short_list,
        approved_bindings,
        approved_minters,
        most_administrators,
        approved_parties,
        customer_key,
        all_objects,
        key_age_days,
        key_expiry_days,
        rotation_days,
        log_retention_days,
        log_searchable_days,
        backup_age_hours,
        image_age_days,
        vulnerability_days,
        exposed_vulnerability_days,
        own_disk_key,
        untrusted_workloads,
        retirement_notice_days,
        encrypt_pod_traffic,
        production,
        severities,
        waivers,
        waivers_digest,
        // They stand in a file of their own, as they were given.
        answers: _,
    } = policy.clone();
    let written = Written {
        schema: SCHEMA.to_owned(),
        approved_ranges: approved_ranges.map(|ranges| ranges.to_nets().iter().map(ToString::to_string).collect()),
        narrow_v4,
        narrow_v6,
        short_list,
        approved_bindings,
        approved_minters,
        most_administrators,
        approved_parties,
        customer_key,
        all_objects,
        key_age_days,
        key_expiry_days,
        rotation_days,
        log_retention_days,
        log_searchable_days,
        backup_age_hours,
        image_age_days,
        vulnerability_days,
        exposed_vulnerability_days,
        own_disk_key,
        untrusted_workloads,
        retirement_notice_days,
        encrypt_pod_traffic,
        production,
        severities: severities.into_iter().map(|(id, severity)| (id, severity.name().to_owned())).collect(),
        waivers: waivers.into_iter().map(WrittenWaiver::from).collect(),
        waivers_digest,
    };
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string_pretty(&written).map(|text| text + "\n").unwrap_or_default()
}

/// The policy of a bundle, in the one way in which it is written.
pub(crate) fn policy_of(source: &Source) -> Result<Policy, Broken> {
    let text = source.read_text(POLICY, LARGEST_FILE)?;
    let policy = read_policy(&text).map_err(|error| Broken::new(POLICY, error.to_string()))?;
    if write_policy(&policy) == text {
        return Ok(policy);
    }
    Err(Broken::new(POLICY, "it is written in another way than parameters are"))
}

/// Reads what [`write_policy`] wrote. Answers are in none: they stand in a file of their own.
pub fn read_policy(text: &str) -> Result<Policy, PolicyError> {
    let written: Written = serde_json::from_str(text).map_err(|error| PolicyError(error.to_string()))?;
    if written.schema != SCHEMA {
        return Err(PolicyError(format!("its schema is `{}`, this program reads `{SCHEMA}`", written.schema)));
    }
    let net = |text: &String| parse_net(text).map_err(|_| PolicyError(format!("`{text}` is no range of addresses")));
    let severity = |(id, text): (String, String)| {
        let severity: Severity = text.parse().map_err(|_| PolicyError(format!("`{text}` is no severity of `{id}`")))?;
        Ok((id, severity))
    };
    let approved_ranges = written
        .approved_ranges
        .map(|ranges| ranges.iter().map(net).collect::<Result<Vec<_>, _>>().map(AddrSet::from_nets))
        .transpose()?;
    Ok(Policy {
        approved_ranges,
        narrow_v4: written.narrow_v4,
        narrow_v6: written.narrow_v6,
        short_list: written.short_list,
        approved_bindings: written.approved_bindings,
        approved_minters: written.approved_minters,
        most_administrators: written.most_administrators,
        approved_parties: written.approved_parties,
        customer_key: written.customer_key,
        all_objects: written.all_objects,
        key_age_days: written.key_age_days,
        key_expiry_days: written.key_expiry_days,
        rotation_days: written.rotation_days,
        log_retention_days: written.log_retention_days,
        log_searchable_days: written.log_searchable_days,
        backup_age_hours: written.backup_age_hours,
        image_age_days: written.image_age_days,
        vulnerability_days: written.vulnerability_days,
        exposed_vulnerability_days: written.exposed_vulnerability_days,
        own_disk_key: written.own_disk_key,
        untrusted_workloads: written.untrusted_workloads,
        retirement_notice_days: written.retirement_notice_days,
        encrypt_pod_traffic: written.encrypt_pod_traffic,
        production: written.production,
        severities: written.severities.into_iter().map(severity).collect::<Result<_, _>>()?,
        waivers: written.waivers.into_iter().map(Waiver::from).collect(),
        waivers_digest: written.waivers_digest,
        answers: Answers::default(),
    })
}

impl From<Waiver> for WrittenWaiver {
    fn from(waiver: Waiver) -> Self {
        let Waiver { control, cluster, subject, owner, approver, reason, until, approved, covers } = waiver;
        Self { control, cluster, subject, owner, approver, reason, until, approved, covers }
    }
}

impl From<WrittenWaiver> for Waiver {
    fn from(waiver: WrittenWaiver) -> Self {
        let WrittenWaiver { control, cluster, subject, owner, approver, reason, until, approved, covers } = waiver;
        Self { control, cluster, subject, owner, approver, reason, until, approved, covers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_reads_back_as_it_was() {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
        let policy = Policy {
            approved_ranges: Some(AddrSet::from_nets([
                parse_net("203.0.113.0/24").unwrap(),
                parse_net("2001:db8::/32").unwrap(),
            ])),
            approved_bindings: set(&["pods.eks.amazonaws.com"]),
            approved_minters: Some(set(&["a"])),
            approved_parties: Some(BTreeSet::new()),
            most_administrators: 7,
            waivers_digest: Some(Digest::from_bytes([9; 32])),
            answers: Answers::default(),
            customer_key: Some(false),
            all_objects: true,
            key_age_days: 1,
            key_expiry_days: 2,
            rotation_days: 3,
            log_retention_days: 11,
            log_searchable_days: 12,
            backup_age_hours: 13,
            image_age_days: 14,
            vulnerability_days: 16,
            exposed_vulnerability_days: 17,
            own_disk_key: Some(true),
            untrusted_workloads: Some(false),
            retirement_notice_days: 15,
            encrypt_pod_traffic: Some(true),
            narrow_v4: 25,
            narrow_v6: 49,
            short_list: 4,
            production: set(&["live"]),
            severities: BTreeMap::from([("CP-01".to_owned(), Severity::Low)]),
            waivers: vec![Waiver {
                control: "CP-01".to_owned(),
                cluster: "shop".to_owned(),
                subject: Some("web".to_owned()),
                owner: "ana".to_owned(),
                approver: "ben".to_owned(),
                reason: "until \"then\"".to_owned(),
                until: "2027-01-01T00:00:00Z".parse().unwrap(),
                approved: Some(BTreeSet::from([Fingerprint::from_bytes([3; 16])])),
                covers: Some(2),
            }],
        };
        assert_eq!(read_policy(&write_policy(&policy)).unwrap(), policy);
        assert_eq!(read_policy(&write_policy(&Policy::default())).unwrap(), Policy::default());
        assert!(read_policy("{}").is_err());
    }
}
