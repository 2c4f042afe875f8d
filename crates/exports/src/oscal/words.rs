//! What the five documents are made of.

use crate::{
    Record,
    names::Uuid,
    text::{clipped, line},
};
use serde::{Serialize, Serializer};

/// Of what version the documents are.
const VERSION: &str = "1.2.1";
/// The namespace of our properties.
pub(super) const OURS: &str = "https://github.com/palisade-dev/palisade/ns/oscal";
/// Longest title, in bytes.
const TITLE: usize = 400;

/// Items that are made one by one as they are written.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Metadata {
    title: String,
    last_modified: String,
    version: String,
    oscal_version: &'static str,
    props: Vec<Prop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

impl Metadata {
    /// Of a document about a run.
    pub(super) fn of(record: &Record<'_>, title: &str, version: &str, remarks: Option<String>) -> Self {
        let run = &record.report.run;
        Self {
            title: title.to_owned(),
            last_modified: run.finished_at.to_string(),
            version: line(version),
            oscal_version: VERSION,
            props: vec![Prop::new("palisade-version", run.palisade)],
            remarks,
        }
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Prop {
    name: &'static str,
    ns: &'static str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

impl Prop {
    /// A property of our namespace.
    pub(super) fn new(name: &'static str, value: &str) -> Self {
        Self { name, ns: OURS, value: line(value), remarks: None }
    }

    /// One of several properties that belong together.
    pub(super) fn in_set(name: &'static str, value: &str, set: &str) -> Self {
        Self { remarks: Some(set.to_owned()), ..Self::new(name, value) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct BackMatter<R> {
    pub(super) resources: R,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Resource {
    pub(super) uuid: Uuid,
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rlinks: Vec<Rlink>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Rlink {
    href: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Hash {
    algorithm: &'static str,
    value: String,
}

impl Rlink {
    pub(super) fn to(href: String, media_type: Option<&'static str>) -> Self {
        Self { href, media_type, hashes: Vec::new() }
    }

    pub(super) fn with_sha256(self, digest: String) -> Self {
        Self { hashes: vec![Hash { algorithm: "SHA-256", value: digest }], ..self }
    }
}

/// The program, as a part of a system.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Component {
    pub(super) uuid: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    description: &'static str,
    props: Vec<Prop>,
    status: Status,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
}

/// The name of the program as a part of a system.
pub(super) fn tool_uuid() -> Uuid {
    Uuid::of("component", &["palisade"])
}

/// The program that judged.
pub(super) fn tool(record: &Record<'_>) -> Component {
    Component {
        uuid: tool_uuid(),
        kind: "software",
        title: "Palisade",
        description: "Reads the configuration of Kubernetes clusters through their clouds' interfaces and judges it.",
        props: vec![Prop::new("palisade-version", record.report.run.palisade)],
        status: Status { state: "operational" },
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Origin {
    actors: [Actor; 1],
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Actor {
    #[serde(rename = "type")]
    kind: &'static str,
    actor_uuid: Uuid,
}

/// Who says it: the program.
pub(super) fn origin() -> Origin {
    Origin { actors: [Actor { kind: "tool", actor_uuid: tool_uuid() }] }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct InventoryItem {
    pub(super) uuid: Uuid,
    pub(super) description: String,
    pub(super) props: Vec<Prop>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedObservation {
    pub(super) observation_uuid: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedRisk {
    pub(super) risk_uuid: Uuid,
}

/// A title of a length that lists can show.
pub(super) fn title(text: &str) -> String {
    clipped(text, TITLE)
}

/// A name of ours as a token of OSCAL: letters, digits, dots, hyphens, underscores, a letter first.
pub(super) fn token(text: &str) -> String {
    let mut token: String =
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' }).collect();
    if !token.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        token.insert(0, '_');
    }
    token
}
