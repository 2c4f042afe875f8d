//! What the organisation has decided.

use crate::{
    Diagnostic, Diagnostics,
    node::{Node, Value},
    reader::{Map, choose, text},
};
use palisade_engine::{Answers, Policy, Severity};
use palisade_reach::{AddrSet, parse_net};
use std::collections::BTreeMap;

pub(crate) const KEYS: &[&str] = &[
    "approved_ranges",
    "narrow_ipv4_prefix",
    "narrow_ipv6_prefix",
    "short_list_entries",
    "approved_bindings",
    "approved_minters",
    "most_administrators",
    "approved_parties",
    "require_customer_key",
    "require_all_objects_encrypted",
    "key_age_days",
    "key_expiry_days",
    "rotation_days",
    "log_retention_days",
    "log_searchable_days",
    "backup_age_hours",
    "image_age_days",
    "vulnerability_days",
    "exposed_vulnerability_days",
    "require_own_disk_key",
    "untrusted_workloads",
    "retirement_notice_days",
    "require_encrypted_pod_traffic",
    "production_values",
    "severities",
    "waivers_file",
    "answers_file",
];

/// Files that a policy names, as they are written.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) waivers: Option<String>,
    pub(crate) answers: Option<String>,
}

pub(crate) fn read(node: Option<&Node>, controls: &[&str], diagnostics: &mut Diagnostics) -> (Policy, Files) {
    let standard = Policy::default();
    let Some(map) = node.and_then(|node| Map::of(node, "`policy`", KEYS, diagnostics)) else {
        return (standard, Files::default());
    };
    let set = |name: &str, diagnostics: &mut Diagnostics| {
        map.texts(name, diagnostics).map(|texts| texts.into_iter().map(|(text, _)| text).collect())
    };
    let prefix = |number: Option<u32>, otherwise: u8| number.and_then(|n| u8::try_from(n).ok()).unwrap_or(otherwise);
    let policy = Policy {
        approved_ranges: ranges(&map, diagnostics),
        narrow_v4: prefix(map.number("narrow_ipv4_prefix", 0..33, diagnostics), standard.narrow_v4),
        narrow_v6: prefix(map.number("narrow_ipv6_prefix", 0..129, diagnostics), standard.narrow_v6),
        short_list: map
            .number("short_list_entries", 1..10_001, diagnostics)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(standard.short_list),
        approved_bindings: set("approved_bindings", diagnostics).unwrap_or_default(),
        approved_minters: set("approved_minters", diagnostics),
        most_administrators: map
            .number("most_administrators", 0..10_001, diagnostics)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(standard.most_administrators),
        approved_parties: set("approved_parties", diagnostics),
        customer_key: map.flag("require_customer_key", diagnostics),
        all_objects: map.flag("require_all_objects_encrypted", diagnostics).unwrap_or(standard.all_objects),
        key_age_days: map.number("key_age_days", 1..3_651, diagnostics).unwrap_or(standard.key_age_days),
        key_expiry_days: map.number("key_expiry_days", 1..3_651, diagnostics).unwrap_or(standard.key_expiry_days),
        rotation_days: map.number("rotation_days", 1..3_651, diagnostics).unwrap_or(standard.rotation_days),
        log_retention_days: map
            .number("log_retention_days", 1..3_651, diagnostics)
            .unwrap_or(standard.log_retention_days),
        log_searchable_days: map
            .number("log_searchable_days", 1..3_651, diagnostics)
            .unwrap_or(standard.log_searchable_days),
        backup_age_hours: map.number("backup_age_hours", 1..8_785, diagnostics).unwrap_or(standard.backup_age_hours),
        image_age_days: map.number("image_age_days", 1..3_651, diagnostics).unwrap_or(standard.image_age_days),
        vulnerability_days: map
            .number("vulnerability_days", 1..3_651, diagnostics)
            .unwrap_or(standard.vulnerability_days),
        exposed_vulnerability_days: map
            .number("exposed_vulnerability_days", 1..3_651, diagnostics)
            .unwrap_or(standard.exposed_vulnerability_days),
        own_disk_key: map.flag("require_own_disk_key", diagnostics),
        untrusted_workloads: map.flag("untrusted_workloads", diagnostics),
        retirement_notice_days: map
            .number("retirement_notice_days", 1..3_651, diagnostics)
            .unwrap_or(standard.retirement_notice_days),
        encrypt_pod_traffic: map.flag("require_encrypted_pod_traffic", diagnostics),
        production: set("production_values", diagnostics).unwrap_or(standard.production),
        severities: severities(&map, controls, diagnostics),
        waivers: Vec::new(),
        waivers_digest: None,
        answers: Answers::default(),
    };
    let file = |name: &str, diagnostics: &mut Diagnostics| map.text(name, diagnostics).map(|(path, _)| path);
    let files = Files { waivers: file("waivers_file", diagnostics), answers: file("answers_file", diagnostics) };
    (policy, files)
}

fn ranges(map: &Map<'_>, diagnostics: &mut Diagnostics) -> Option<AddrSet> {
    let written = map.texts("approved_ranges", diagnostics)?;
    let nets = written.into_iter().filter_map(|(range, span)| match parse_net(&range) {
        Ok(net) => Some(net),
        Err(error) => {
            diagnostics.push(Diagnostic::at(span, format!("`{range}` is no address range")).label(error.to_string()));
            None
        }
    });
    Some(AddrSet::from_nets(nets.collect::<Vec<_>>()))
}

fn severities(map: &Map<'_>, controls: &[&str], diagnostics: &mut Diagnostics) -> BTreeMap<String, Severity> {
    let Some(entry) = map.get("severities") else { return BTreeMap::new() };
    let Value::Map(entries) = &entry.value.value else {
        diagnostics.push(
            Diagnostic::at(entry.value.span.clone(), format!("`severities` is {}", entry.value.kind()))
                .label("expected lines like `CP-03: low`"),
        );
        return BTreeMap::new();
    };
    let names: Vec<&str> = Severity::ALL.into_iter().map(Severity::name).collect();
    entries
        .iter()
        .filter_map(|(key, value)| {
            let control = choose((&key.text, key.span.clone()), "control", controls, diagnostics);
            let (word, span) = text(value, &key.text, diagnostics)?;
            let name = choose((&word, span), "severity", &names, diagnostics)?;
            Some((control?.to_owned(), name.parse().ok()?))
        })
        .collect()
}
