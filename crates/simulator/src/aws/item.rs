//! Things that can be listed: rendered once, with what they can be found by.

use std::collections::BTreeMap;

use super::call::Call;
use super::error::Failure;
use super::tree::{Dialect, Tree};

/// A listable thing.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// What it can be found by: filter names with their values.
    attributes: Vec<(&'static str, String)>,
    tags: Vec<(String, String)>,
    /// The rendered element's content.
    pub(crate) body: String,
}

/// A kind of listable things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The filter that finds a thing by its id, for example `subnet-id`.
    pub(crate) id: &'static str,
    /// The filters with the path to their values.
    pub(crate) filters: &'static [(&'static str, &'static str)],
    /// Where the tags are.
    pub(crate) tags: &'static str,
    /// The error of an id that does not exist.
    pub(crate) not_found: &'static str,
}

impl Kind {
    pub(crate) fn item(&self, tree: &Tree, dialect: Dialect) -> Item {
        let mut attributes = Vec::new();
        for (filter, path) in self.filters {
            let mut values = Vec::new();
            tree.values(path, &mut values);
            attributes.extend(values.into_iter().map(|value| (*filter, value.to_owned())));
        }
        let (key, value) = if dialect == Dialect::Item { ("key", "value") } else { ("Key", "Value") };
        let read = |name: &str| {
            let mut values = Vec::new();
            tree.values(&format!("{}.{name}", self.tags), &mut values);
            values.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let tags = read(key).into_iter().zip(read(value)).collect();
        Item { attributes, tags, body: tree.xml(dialect) }
    }

    /// The things with the given ids (every one when there are none) that pass the call's filters.
    pub(crate) fn select<'items>(
        &self,
        items: &'items [Item],
        ids: &[String],
        filters: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<&'items Item>, Failure> {
        for name in filters.keys() {
            let known = name.starts_with("tag:")
                || name == "tag-key"
                || name == "tag-value"
                || self.filters.iter().any(|(known, _)| known == name);
            if !known {
                return Err(Failure::client("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
        }
        for id in ids {
            if !items.iter().any(|item| item.has(self.id, id)) {
                return Err(Failure::client(self.not_found, format!("The ID '{id}' does not exist")));
            }
        }
        let chosen = |item: &&Item| {
            (ids.is_empty() || ids.iter().any(|id| item.has(self.id, id)))
                && filters.iter().all(|(name, wanted)| item.passes(name, wanted))
        };
        Ok(items.iter().filter(chosen).collect())
    }
}

impl Item {
    /// The first value of an attribute.
    pub(crate) fn value(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| *name == attribute).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, attribute: &str, value: &str) -> bool {
        self.attributes.iter().any(|(name, text)| *name == attribute && text == value)
    }

    fn passes(&self, filter: &str, wanted: &[String]) -> bool {
        let matches = |value: &str| wanted.iter().any(|pattern| wildcard(pattern, value));
        if let Some(key) = filter.strip_prefix("tag:") {
            return self.tags.iter().any(|(name, value)| name == key && matches(value));
        }
        match filter {
            "tag-key" => self.tags.iter().any(|(name, _)| matches(name)),
            "tag-value" => self.tags.iter().any(|(_, value)| matches(value)),
            _ => self.attributes.iter().any(|(name, value)| *name == filter && matches(value)),
        }
    }
}

/// The filters of an EC2 call: `Filter.1.Name`, `Filter.1.Value.1`.
pub(crate) fn filters(call: &Call, list: &str, value: &str) -> BTreeMap<String, Vec<String>> {
    let mut filters = BTreeMap::new();
    for number in 1..=200 {
        let Some(name) = call.parameter(&format!("{list}.{number}.Name")) else { break };
        filters.insert(name.to_owned(), call.list(&format!("{list}.{number}.{value}")));
    }
    filters
}

/// Whether the text has the form of the pattern, where `*` stands for any text and `?` for one character.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut text_rest) = (pattern.chars(), text.chars());
    loop {
        match pattern_rest.next() {
            None => return text_rest.next().is_none(),
            Some('*') => {
                let tail = pattern_rest.as_str();
                if tail.is_empty() {
                    return true;
                }
                loop {
                    if wildcard(tail, text_rest.as_str()) {
                        return true;
                    }
                    if text_rest.next().is_none() {
                        return false;
                    }
                }
            }
            Some('?') => {
                if text_rest.next().is_none() {
                    return false;
                }
            }
            Some(expected) => {
                if text_rest.next() != Some(expected) {
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tree::fields;

    const SUBNET: Kind = Kind {
        id: "subnet-id",
        filters: &[("subnet-id", "subnetId"), ("vpc-id", "vpcId")],
        tags: "tagSet",
        not_found: "InvalidSubnetID.NotFound",
    };

    fn subnet(id: &str, vpc: &str, tag: &str) -> Item {
        let tag = fields().put("key", "kubernetes.io/cluster/shop").put("value", tag);
        SUBNET.item(&fields().put("subnetId", id).put("vpcId", vpc).put("tagSet", vec![tag]).into(), Dialect::Item)
    }

    fn found(ids: &[&str], filters: &[(&str, &[&str])]) -> Result<usize, Failure> {
        let items = [
            subnet("subnet-1", "vpc-1", "owned"),
            subnet("subnet-2", "vpc-1", "shared"),
            subnet("subnet-3", "vpc-2", "owned"),
        ];
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let filters = filters
            .iter()
            .map(|(name, values)| ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect()))
            .collect();
        SUBNET.select(&items, &ids, &filters).map(|items| items.len())
    }

    #[test]
    fn values_of_one_filter_are_alternatives_and_filters_add_up() {
        assert_eq!(found(&[], &[]).unwrap(), 3);
        assert_eq!(found(&[], &[("vpc-id", &["vpc-1", "vpc-2"])]).unwrap(), 3);
        assert_eq!(found(&[], &[("vpc-id", &["vpc-1"]), ("tag:kubernetes.io/cluster/shop", &["owned"])]).unwrap(), 1);
        assert_eq!(found(&[], &[("tag-key", &["kubernetes.io/cluster/*"])]).unwrap(), 3);
        assert_eq!(found(&["subnet-1"], &[("vpc-id", &["vpc-2"])]).unwrap(), 0);
    }

    #[test]
    fn an_unknown_id_and_an_unknown_filter_are_errors() {
        assert_eq!(found(&["subnet-9"], &[]).unwrap_err().code, "InvalidSubnetID.NotFound");
        assert_eq!(found(&[], &[("colour", &["red"])]).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn wildcards_stand_for_any_text() {
        assert!(wildcard("eks-*-a?", "eks-shop-prod-a1"));
        assert!(wildcard("*", ""));
        assert!(!wildcard("eks-?", "eks-"));
        assert!(!wildcard("eks", "eks-1"));
    }
}
