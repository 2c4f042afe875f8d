//! Every reply, prepared: a list or a resource is found by its path and not searched for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Azure's own default for most lists is larger; a hundred makes small worlds page too.
const PAGE_SIZE: usize = 100;

/// One resource as JSON text, shared by all the lists it appears in.
pub(crate) type Item = Arc<str>;

/// What Azure Resource Manager holds. All keys are paths in lower case: ARM does not look at case.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) page_size: usize,
    pub(crate) tenant: String,
    lists: BTreeMap<String, Vec<Item>>,
    resources: BTreeMap<String, Item>,
    /// Rows for Resource Graph, in the order of their ids.
    pub(crate) rows: Vec<Row>,
    /// Which subscriptions a management group holds, at any depth.
    pub(crate) members: BTreeMap<String, Vec<String>>,
}

/// One Resource Graph row and what it is selected by.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) table: &'static str,
    pub(crate) kind: String,
    pub(crate) subscription: String,
    pub(crate) columns: serde_json::Map<String, Value>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            page_size: PAGE_SIZE,
            tenant: super::ids::guid("tenant"),
            lists: BTreeMap::new(),
            resources: BTreeMap::new(),
            rows: Vec::new(),
            members: BTreeMap::new(),
        }
    }
}

impl Wire {
    /// Keeps a resource under its id and in every list that shows it.
    pub(crate) fn add(&mut self, id: &str, body: &Value) {
        let item = text(body);
        let key = id.to_ascii_lowercase();
        let Some((parent, _name)) = key.rsplit_once('/') else { return };
        self.lists.entry(parent.to_owned()).or_default().push(Arc::clone(&item));
        if let Some(list) = list_of_subscription(parent) {
            self.lists.entry(list).or_default().push(Arc::clone(&item));
        }
        self.resources.insert(key, item);
    }

    /// Keeps a resource under its id without showing it in a list.
    pub(crate) fn hide(&mut self, id: &str, body: &Value) {
        self.resources.insert(id.to_ascii_lowercase(), text(body));
    }

    /// Shows something in one list only.
    pub(crate) fn show(&mut self, list: &str, body: &Value) {
        self.share(list, text(body));
    }

    /// Shows the same text in one more list.
    pub(crate) fn share(&mut self, list: &str, item: Item) {
        self.lists.entry(list.to_ascii_lowercase()).or_default().push(item);
    }

    /// The items of a list; the path must be in lower case.
    pub(crate) fn list(&self, path: &str) -> Option<&[Item]> {
        self.lists.get(path).map(Vec::as_slice)
    }

    /// A resource; the path must be in lower case.
    pub(crate) fn resource(&self, path: &str) -> Option<&Item> {
        self.resources.get(path)
    }

    /// How many resources there are.
    pub(crate) fn len(&self) -> usize {
        self.resources.len()
    }
}

/// Serialises once.
pub(crate) fn text(body: &Value) -> Item {
    Item::from(body.to_string())
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

/// `/subscriptions/s/resourcegroups/g/providers/p/t` is also shown at `/subscriptions/s/providers/p/t`.
fn list_of_subscription(list: &str) -> Option<String> {
    let mut parts = list.strip_prefix("/subscriptions/")?.splitn(4, '/');
    let (subscription, groups, _group) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = parts.next()?;
    // `providers/<namespace>/<type>` and nothing below it.
    (groups == "resourcegroups" && rest.split('/').count() == 3)
        .then(|| format!("/subscriptions/{subscription}/{rest}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_resource_is_listed_in_its_group_and_in_its_subscription() {
        let mut wire = Wire::default();
        wire.add("/subscriptions/S/resourceGroups/G/providers/P.Q/things/T", &json!({"name": "T"}));
        assert!(wire.resource("/subscriptions/s/resourcegroups/g/providers/p.q/things/t").is_some());
        assert!(wire.list("/subscriptions/s/providers/p.q/things").is_some());
        assert!(wire.list("/subscriptions/s/resourcegroups/g/providers/p.q/things").is_some());
    }

    #[test]
    fn a_part_of_a_resource_is_listed_only_below_it() {
        let mut wire = Wire::default();
        wire.add("/subscriptions/s/resourceGroups/g/providers/p.q/things/t/parts/1", &json!({}));
        assert!(wire.list("/subscriptions/s/resourcegroups/g/providers/p.q/things/t/parts").is_some());
        assert!(wire.list("/subscriptions/s/providers/p.q/things").is_none());
    }
}
