//! Our checks, and the requirements of others that they speak to: ids and our own words.

use super::{
    profile::catalog_resource,
    words::{BackMatter, Metadata, Prop, Resource, Rlink, title, token},
};
use crate::{OwnFramework, OwnRequirement, Record, names::Uuid};
use palisade_engine::{Entry, Framework, Meta, Requirement, mappings};
use serde::Serialize;
use std::collections::BTreeMap;

/// NIST's own catalog of SP 800-53, revision 5.
const NIST: &str = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    component_definition: Definition,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Definition {
    uuid: Uuid,
    metadata: Metadata,
    components: [Component; 1],
    back_matter: BackMatter<Vec<Resource>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    uuid: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    description: &'static str,
    props: Vec<Prop>,
    control_implementations: Vec<Implementation>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Implementation {
    uuid: Uuid,
    source: String,
    description: String,
    implemented_requirements: Vec<Implemented>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Implemented {
    uuid: Uuid,
    control_id: String,
    description: String,
    props: Vec<Prop>,
}

/// A framework in a version.
type Edition = (Framework, &'static str);

/// By requirement: the controls that speak to it.
type Requirements = BTreeMap<String, Vec<&'static Meta>>;

pub(super) fn of(record: &Record<'_>) -> Document {
    let mut editions: BTreeMap<Edition, Requirements> = BTreeMap::new();
    for meta in record.controls.iter().map(|control| control.meta) {
        for map in mappings(meta) {
            let requirements = editions.entry((map.framework, map.version)).or_default();
            for id in map.requirements.into_iter().flat_map(each) {
                let metas = requirements.entry(id).or_default();
                if metas.last().is_none_or(|last| last.id != meta.id) {
                    metas.push(meta);
                }
            }
        }
    }
    let catalog = Uuid::of("resource", &["catalog"]);
    let own = Implementation {
        uuid: Uuid::of("implementation", &["palisade"]),
        source: format!("#{catalog}"),
        description: "Each check judges the control of its own name.".to_owned(),
        implemented_requirements: record.controls.iter().map(own).collect(),
    };
    let others = editions.iter().map(|(edition, requirements)| implementation(*edition, requirements));
    // OSCAL has no implementation without a requirement.
    let users = || record.frameworks.iter().filter(|own| own.requirements.iter().any(|one| !one.controls.is_empty()));
    let others = others.chain(users().map(of_user));
    let resources = editions.keys().map(|edition| framework(*edition)).chain(users().map(framework_of_user));
    let rules = record.controls.iter().flat_map(|control| {
        let meta = control.meta;
        [
            ("Rule_Id", meta.id),
            ("Rule_Description", meta.title),
            ("Check_Id", meta.name),
            ("Check_Description", meta.title),
        ]
        .map(|(name, value)| Prop::in_set(name, value, meta.id))
    });
    let document = Definition {
        uuid: Uuid::of("component-definition", &[&super::catalog_uuid(record).to_string()]),
        metadata: Metadata::of(
            record,
            "Palisade checks and the requirements they speak to",
            record.report.run.palisade,
            Some("A check gives evidence for a requirement; that it meets the whole of it is nowhere said.".to_owned()),
        ),
        components: [Component {
            uuid: Uuid::of("component", &["palisade-checks"]),
            kind: "validation",
            title: "Palisade",
            description: "Checks of Kubernetes clusters and what surrounds them.",
            props: rules.collect(),
            control_implementations: [own].into_iter().chain(others).collect(),
        }],
        back_matter: BackMatter { resources: [catalog_resource(catalog)].into_iter().chain(resources).collect() },
    };
    Document { component_definition: document }
}

fn own(control: &Entry) -> Implemented {
    let meta = control.meta;
    Implemented {
        uuid: Uuid::of("implemented", &["palisade", meta.id]),
        control_id: meta.id.to_owned(),
        description: title(meta.title),
        props: vec![Prop::new("Rule_Id", meta.id)],
    }
}

fn key((framework, version): Edition) -> String {
    format!("{framework} {version}")
}

fn resource_uuid(edition: Edition) -> Uuid {
    Uuid::of("resource", &["framework", &key(edition)])
}

fn framework((framework, version): Edition) -> Resource {
    Resource {
        uuid: resource_uuid((framework, version)),
        title: format!("{} {version}", framework.title()),
        description: Some("Its text is its publisher's and not here: only the ids of its requirements are.".to_owned()),
        rlinks: (framework == Framework::Nist80053)
            .then(|| Rlink::to(NIST.to_owned(), Some("application/oscal+json")))
            .into_iter()
            .collect(),
    }
}

fn implementation(edition: Edition, requirements: &Requirements) -> Implementation {
    let (framework, version) = edition;
    Implementation {
        uuid: Uuid::of("implementation", &[&key(edition)]),
        source: format!("#{}", resource_uuid(edition)),
        description: format!("Requirements of {framework} {version} that checks give evidence for."),
        implemented_requirements: requirements
            .iter()
            .map(|(id, metas)| Implemented {
                uuid: Uuid::of("implemented", &[&key(edition), id]),
                control_id: control_id(framework, id),
                description: metas.iter().map(|meta| meta.title).collect::<Vec<_>>().join("; "),
                props: [Prop::new("requirement", id)]
                    .into_iter()
                    .chain(metas.iter().map(|meta| Prop::new("Rule_Id", meta.id)))
                    .collect(),
            })
            .collect(),
    }
}

fn user_key(own: &OwnFramework) -> [&str; 3] {
    ["own-framework", &own.key, &own.version]
}

fn framework_of_user(own: &OwnFramework) -> Resource {
    Resource {
        uuid: Uuid::of("resource", &user_key(own)),
        title: title(&format!("{} {}", own.title, own.version)),
        description: Some("A framework of the organisation's own.".to_owned()),
        rlinks: Vec::new(),
    }
}

fn of_user(own: &OwnFramework) -> Implementation {
    let [_, key, version] = user_key(own);
    let implemented = |one: &OwnRequirement| Implemented {
        uuid: Uuid::of("implemented", &[&user_key(own)[..], &[one.id.as_str()]].concat()),
        control_id: token(&format!("{key}-{}", one.id)),
        description: one.controls.iter().map(|meta| meta.title).collect::<Vec<_>>().join("; "),
        props: [Prop::new("requirement", &one.id)]
            .into_iter()
            .chain(one.controls.iter().map(|meta| Prop::new("Rule_Id", meta.id)))
            .collect(),
    };
    Implementation {
        uuid: Uuid::of("implementation", &user_key(own)),
        source: format!("#{}", Uuid::of("resource", &user_key(own))),
        description: title(&format!("Requirements of {key} {version} that checks give evidence for.")),
        implemented_requirements: own
            .requirements
            .iter()
            .filter(|one| !one.controls.is_empty())
            .map(implemented)
            .collect(),
    }
}

/// A requirement as OSCAL can name it. NIST's catalog writes `SC-7(3)` as `sc-7.3`; the others have no catalog, and their
/// numbers are no tokens.
fn control_id(framework: Framework, id: &str) -> String {
    match framework {
        Framework::Nist80053 => id.to_ascii_lowercase().replace('(', ".").replace(')', ""),
        _ => token(&format!("{framework}-{id}")),
    }
}

/// The requirements of a run such as `3.1.1-3.1.4`.
fn each(requirement: Requirement) -> Vec<String> {
    let (first, last) = requirement.ends();
    let split =
        |id: &'static str| id.rsplit_once('.').and_then(|(front, number)| Some((front, number.parse::<u8>().ok()?)));
    match (split(first), split(last)) {
        (Some((front, from)), Some((same, to))) if front == same => {
            (from..=to).map(|number| format!("{front}.{number}")).collect()
        }
        _ if first == last => vec![first.to_owned()],
        _ => vec![first.to_owned(), last.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::read_mappings;

    #[test]
    fn requirements_are_told_one_by_one_and_as_tokens() {
        let maps =
            read_mappings("CIS-EKS-2.0.0:3.1.1-3.1.3,5.4.1; NIST-800-53r5:SC-7(3),AC-4; NSA-CISA-1.2:Audit logging");
        let maps = maps.unwrap();
        let ids: Vec<String> = maps
            .into_iter()
            .flat_map(|map| {
                let framework = map.framework;
                map.requirements.into_iter().flat_map(each).map(move |id| control_id(framework, &id))
            })
            .collect();
        let wanted = [
            "CIS-EKS-3.1.1",
            "CIS-EKS-3.1.2",
            "CIS-EKS-3.1.3",
            "CIS-EKS-5.4.1",
            "sc-7.3",
            "ac-4",
            "NSA-CISA-Audit-logging",
        ];
        assert_eq!(ids, wanted);
    }
}
