//! Every reply, prepared: a list or a resource is found by its path and not searched for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::enums;

/// One object as JSON text, in both spellings of its enumerations.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    named: Arc<str>,
    numbered: Option<Arc<str>>,
}

/// How the caller wants enumerations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enums {
    /// `"RUNNING"`.
    Names,
    /// `2`, when the query says `enum-encoding=int`, as Google's own Rust clients do.
    Numbers,
}

impl Item {
    /// An object of an API that leaves out what is false, zero or empty.
    pub(crate) fn sparse(mut body: Value) -> Self {
        prune(&mut body, "");
        let named = Arc::from(body.to_string());
        let numbered = enums::number(&mut body).then(|| Arc::from(body.to_string()));
        Self { named, numbered }
    }

    /// An object of Compute Engine, which says what is false.
    pub(crate) fn full(body: &Value) -> Self {
        Self { named: Arc::from(body.to_string()), numbered: None }
    }

    /// The text in the spelling that was asked for.
    pub(crate) fn text(&self, enums: Enums) -> &str {
        match (enums, &self.numbered) {
            (Enums::Numbers, Some(numbered)) => numbered,
            (Enums::Names, _) | (Enums::Numbers, None) => &self.named,
        }
    }
}

/// A list that is served as a whole or in pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// What stands around the items, for example `kind` and `selfLink`.
    pub(crate) head: Vec<(&'static str, String)>,
    pub(crate) items: Vec<Item>,
}

/// A list of Compute Engine over all regions or zones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aggregated {
    pub(crate) head: Vec<(&'static str, String)>,
    /// By scope, for example `zones/europe-west4-a`; most are empty.
    pub(crate) scopes: BTreeMap<String, Vec<Item>>,
}

/// A project as far as every call looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) number: String,
    pub(crate) disabled_apis: Vec<String>,
}

/// What the APIs hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) page_size: Option<usize>,
    pub(crate) organization: String,
    pub(crate) projects: BTreeMap<String, Known>,
    /// Project ids by project number: both are accepted in paths.
    pub(crate) numbers: BTreeMap<String, String>,
    lists: BTreeMap<String, List>,
    aggregated: BTreeMap<String, Aggregated>,
    resources: BTreeMap<String, Item>,
}

impl Wire {
    /// Keeps one object under its path.
    pub(crate) fn put(&mut self, path: &str, item: Item) {
        self.resources.insert(path.to_owned(), item);
    }

    /// The list under a path, made when it is new.
    pub(crate) fn list_mut(&mut self, path: &str) -> &mut List {
        self.lists.entry(path.to_owned()).or_default()
    }

    /// Keeps a list over all scopes.
    pub(crate) fn put_aggregated(&mut self, path: &str, list: Aggregated) {
        self.aggregated.insert(path.to_owned(), list);
    }

    pub(crate) fn list(&self, path: &str) -> Option<&List> {
        self.lists.get(path)
    }

    pub(crate) fn aggregated(&self, path: &str) -> Option<&Aggregated> {
        self.aggregated.get(path)
    }

    pub(crate) fn resource(&self, path: &str) -> Option<&Item> {
        self.resources.get(path)
    }

    /// How many objects can be asked for by name.
    pub(crate) fn len(&self) -> usize {
        self.resources.len()
    }
}

/// Sets a field of an object; anything else stays as it is.
pub(crate) fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// Adds the fields of one object to another.
pub(crate) fn merge(object: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
}

/// Booleans that the API marks as optional: false is sent when it was set.
const OPTIONAL: &[&str] = &[
    "allowExternalTraffic",
    "defaultEnablePrivateNodes",
    "enableInsecureBindingSystemAuthenticated",
    "enableInsecureBindingSystemUnauthenticated",
    "enableK8sCertsViaDns",
    "enableK8sTokensViaDns",
    "enablePublicEndpoint",
    "enforce",
    "gcpPublicCidrsAccessEnabled",
    "globalAccess",
    "insecureKubeletReadonlyPortEnabled",
    "privateEndpointEnforcementEnabled",
];

/// Maps whose values are data, empty or not.
const MAPS: &[&str] = &["labels", "resourceLabels", "metadata", "content"];

/// Takes out null, false, zero and empty text and lists, as Google does. Empty objects stay: they mean "off".
fn prune(value: &mut Value, field: &str) {
    match value {
        Value::Object(fields) if !MAPS.contains(&field) => {
            for (name, inner) in fields.iter_mut() {
                prune(inner, name);
            }
            fields.retain(|name, inner| match inner {
                Value::Null => false,
                Value::Bool(set) => *set || is_optional(name, field),
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(_) => true,
            });
        }
        Value::Array(items) => {
            for item in items {
                prune(item, field);
            }
        }
        _ => {}
    }
}

fn is_optional(name: &str, parent: &str) -> bool {
    OPTIONAL.contains(&name)
        || (name == "enabled" && parent == "ipEndpointsConfig")
        || (name == "enablePrivateNodes" && parent == "networkConfig")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_false_zero_or_empty_is_left_out() {
        let item = Item::sparse(
            json!({"enabled": false, "count": 0, "name": "", "items": [], "legacyAbac": {"enabled": false}}),
        );
        assert_eq!(item.text(Enums::Names), r#"{"legacyAbac":{}}"#);
    }

    #[test]
    fn an_optional_boolean_says_that_it_is_false() {
        let item = Item::sparse(json!({"ipEndpointsConfig": {"enabled": false, "globalAccess": false}}));
        assert_eq!(item.text(Enums::Names), r#"{"ipEndpointsConfig":{"enabled":false,"globalAccess":false}}"#);
    }

    #[test]
    fn an_empty_label_is_still_a_label() {
        let item = Item::sparse(json!({"labels": {"mark": ""}}));
        assert_eq!(item.text(Enums::Names), r#"{"labels":{"mark":""}}"#);
    }

    #[test]
    fn enumerations_come_as_names_and_as_numbers() {
        let item = Item::sparse(json!({"databaseEncryption": {"state": "ENCRYPTED"}}));
        assert_eq!(item.text(Enums::Names), r#"{"databaseEncryption":{"state":"ENCRYPTED"}}"#);
        assert_eq!(item.text(Enums::Numbers), r#"{"databaseEncryption":{"state":1}}"#);
    }
}
