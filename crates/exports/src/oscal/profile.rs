//! What the organisation has decided, as a profile of the catalog: every control, with its parameters and severities.

use super::{
    Model,
    catalog::parameters,
    words::{BackMatter, Metadata, Prop, Resource, Rlink},
};
use crate::{Record, names::Uuid};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Document {
    profile: Profile,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Profile {
    uuid: Uuid,
    metadata: Metadata,
    imports: [Import; 1],
    merge: Merge,
    modify: Modify,
    back_matter: BackMatter<[Resource; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Import {
    href: String,
    include_all: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Merge {
    as_is: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Modify {
    set_parameters: Vec<SetParameter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alters: Vec<Alter>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct SetParameter {
    param_id: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Alter {
    control_id: &'static str,
    adds: [Add; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Add {
    props: [Prop; 1],
}

pub(super) fn of(record: &Record<'_>) -> Document {
    let ids: Vec<&str> = record.controls.iter().map(|control| control.meta.id).collect();
    let set = parameters(record.policy)
        .into_iter()
        .filter(|parameter| ids.contains(&parameter.control) && !parameter.values.is_empty())
        .map(|parameter| SetParameter { param_id: parameter.id, values: parameter.values });
    let set: Vec<SetParameter> = set.collect();
    let alters: Vec<Alter> = record
        .controls
        .iter()
        .filter_map(|control| {
            let severity = record.policy.severities.get(control.meta.id)?;
            let props = [Prop::new("severity-here", severity.name())];
            Some(Alter { control_id: control.meta.id, adds: [Add { props }] })
        })
        .collect();
    let mut parts: Vec<&str> = vec![record.report.run.palisade];
    parts.extend(set.iter().flat_map(|set| [set.param_id].into_iter().chain(set.values.iter().map(String::as_str))));
    parts.extend(record.policy.severities.iter().flat_map(|(id, severity)| [id.as_str(), severity.name()]));
    let uuid = Uuid::of("profile", &parts);
    let catalog = Uuid::of("resource", &["catalog"]);
    Document {
        profile: Profile {
            uuid,
            metadata: Metadata::of(record, "Palisade controls as this organisation applies them", "1", None),
            imports: [Import { href: format!("#{catalog}"), include_all: Nothing {} }],
            merge: Merge { as_is: true },
            modify: Modify { set_parameters: set, alters },
            back_matter: BackMatter { resources: [catalog_resource(catalog)] },
        },
    }
}

/// The catalog beside this document.
pub(super) fn catalog_resource(uuid: Uuid) -> Resource {
    let path = Model::Catalog.path();
    let name = path.rsplit('/').next().unwrap_or(path);
    Resource {
        uuid,
        title: "Palisade controls".to_owned(),
        description: None,
        rlinks: vec![Rlink::to(name.to_owned(), Some("application/oscal+json"))],
    }
}
