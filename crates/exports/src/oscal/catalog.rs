//! Our controls as a catalog, with the parameters that an organisation sets.

use super::{
    catalog_uuid,
    words::{Metadata, Prop, title},
};
use crate::{Record, names::Uuid, text::prose};
use palisade_engine::{Entry, Policy, section};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Document {
    catalog: Catalog,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Catalog {
    uuid: Uuid,
    metadata: Metadata,
    groups: Vec<Group>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Group {
    id: String,
    class: &'static str,
    title: String,
    controls: Vec<Control>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Control {
    id: &'static str,
    class: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Param>,
    props: Vec<Prop>,
    parts: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Param {
    id: &'static str,
    label: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Part {
    id: String,
    name: &'static str,
    prose: String,
}

/// The name of a control's objective: what findings are about.
pub(super) fn objective(control: &str) -> String {
    format!("{control}_obj")
}

pub(super) fn of(record: &Record<'_>) -> Document {
    let mut groups: BTreeMap<&str, Vec<Control>> = BTreeMap::new();
    let standard = parameters(&Policy::default());
    for entry in record.controls {
        let area = entry.meta.id.split('-').next().unwrap_or_default();
        groups.entry(area).or_default().push(control(entry, &standard));
    }
    let groups = groups.into_iter().map(|(area, controls)| Group {
        id: format!("area-{}", area.to_ascii_lowercase()),
        class: "area",
        title: format!("Controls {area}"),
        controls,
    });
    Document {
        catalog: Catalog {
            uuid: catalog_uuid(record),
            metadata: Metadata::of(record, "Palisade controls", record.report.run.palisade, None),
            groups: groups.collect(),
        },
    }
}

fn control(entry: &Entry, standard: &[Parameter]) -> Control {
    let meta = entry.meta;
    let part = |suffix: &str, name: &'static str, heading: &str| Part {
        id: format!("{}_{suffix}", meta.id),
        name,
        prose: prose(section(entry.guide, heading).unwrap_or(meta.title)),
    };
    Control {
        id: meta.id,
        class: "palisade",
        title: title(meta.title),
        params: standard
            .iter()
            .filter(|parameter| parameter.control == meta.id)
            .map(|parameter| Param { id: parameter.id, label: parameter.label, values: parameter.values.clone() })
            .collect(),
        props: vec![
            Prop::new("name", meta.name),
            Prop::new("severity", meta.severity.name()),
            Prop::new("effort", meta.effort.name()),
            Prop::new("layer", meta.layer.name()),
            Prop::new("dimension", meta.dimension.name()),
            Prop::new("concern", meta.concern.name()),
        ],
        parts: vec![
            Part { id: format!("{}_smt", meta.id), name: "statement", prose: prose(meta.title) },
            Part { id: objective(meta.id), ..part("obj", "assessment-objective", "## What is checked") },
            part("asm", "assessment-method", "## How it is judged"),
            part("gdn", "guidance", "## Why it matters"),
        ],
    }
}

/// What an organisation decides about a control.
pub(super) struct Parameter {
    pub(super) control: &'static str,
    pub(super) id: &'static str,
    label: &'static str,
    /// None: nobody has said.
    pub(super) values: Vec<String>,
}

/// Every parameter of a policy. A field that a policy gains does not compile until it is looked at here.
pub(super) fn parameters(policy: &Policy) -> Vec<Parameter> {
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
        // Of no single control.
        production: _,
        // In the profile they change the controls.
        severities: _,
        // In the results they are risks that were accepted, and what people said.
        waivers: _,
        waivers_digest: _,
        answers: _,
    } = policy;
    let one = |control, id, label, value: String| Parameter { control, id, label, values: vec![value] };
    let said = |control, id, label, value: &Option<bool>| Parameter {
        control,
        id,
        label,
        values: value.map(|value| if value { "yes" } else { "no" }.to_owned()).into_iter().collect(),
    };
    let list = |control, id, label, values: Vec<String>| Parameter { control, id, label, values };
    let ranges = match approved_ranges {
        Some(set) => set.to_nets().iter().map(ToString::to_string).collect(),
        None => Vec::new(),
    };
    let names = |set: &std::collections::BTreeSet<String>| set.iter().map(|name| crate::text::line(name)).collect();
    vec![
        list("CP-02", "approved_ranges", "ranges that may stand in an API server's allow-list", ranges),
        one("CP-02", "narrow_v4", "widest IPv4 range that counts as narrow, as a prefix length", narrow_v4.to_string()),
        one("CP-02", "narrow_v6", "widest IPv6 range that counts as narrow, as a prefix length", narrow_v6.to_string()),
        one("CP-02", "short_list", "longest allow-list that counts as short", short_list.to_string()),
        list("CP-07", "approved_bindings", "services that may be bound to a cluster", names(approved_bindings)),
        list(
            "ID-13",
            "approved_minters",
            "principals that may make cluster credentials",
            approved_minters.as_ref().map(names).unwrap_or_default(),
        ),
        one(
            "CP-13",
            "most_administrators",
            "most administrators that the cloud may make when nobody has named them",
            most_administrators.to_string(),
        ),
        list(
            "ID-14",
            "approved_parties",
            "accounts, tenants and projects outside that may be trusted",
            approved_parties.as_ref().map(names).unwrap_or_default(),
        ),
        said("ET-09", "customer_key", "secrets must be encrypted with the customer's own key", customer_key),
        said("ET-10", "all_objects", "every API object must be encrypted, not only Secrets", &Some(*all_objects)),
        one("ID-09", "key_age_days", "oldest long-lived key that is tolerated, in days", key_age_days.to_string()),
        one("ET-11", "key_expiry_days", "how soon a key may expire, in days", key_expiry_days.to_string()),
        one("ET-12", "rotation_days", "longest rotation period of a key, in days", rotation_days.to_string()),
        one(
            "OB-02",
            "log_retention_days",
            "shortest time that an audit log is kept, in days",
            log_retention_days.to_string(),
        ),
        one(
            "OB-02",
            "log_searchable_days",
            "shortest time in which an audit log can be searched, in days",
            log_searchable_days.to_string(),
        ),
        one(
            "BK-02",
            "backup_age_hours",
            "oldest last backup that is tolerated, in hours",
            backup_age_hours.to_string(),
        ),
        one("ND-10", "image_age_days", "oldest node image that is tolerated, in days", image_age_days.to_string()),
        one(
            "IM-06",
            "vulnerability_days",
            "how long a critical vulnerability with a fix may run, in days",
            vulnerability_days.to_string(),
        ),
        one(
            "IM-06",
            "exposed_vulnerability_days",
            "the same where the internet reaches the cluster, in days",
            exposed_vulnerability_days.to_string(),
        ),
        said("ND-13", "own_disk_key", "node disks must be encrypted with the customer's own key", own_disk_key),
        said("ND-14", "untrusted_workloads", "code that nobody vouches for runs in the clusters", untrusted_workloads),
        one(
            "NW-03",
            "retirement_notice_days",
            "how long before its retirement a part of the network is a finding, in days",
            retirement_notice_days.to_string(),
        ),
        said("NW-05", "encrypt_pod_traffic", "traffic between nodes must be encrypted", encrypt_pod_traffic),
    ]
}
